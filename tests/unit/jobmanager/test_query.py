"""What of a query goes to the server: only what it can answer with a superset."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.jobmanager.query import Allowed, Asked, Cursor, ask
from adapters.port import Op, Query, SortKey, Term

ALL = Allowed(frozenset({"projectId", "userId", "hideArchived"}))


def asked(*terms: Term, allowed: Allowed = ALL, **query: Any) -> Asked:
    return ask(Query(terms=terms, **query), allowed)


def term(field: str, op: Op, *values: str) -> Term:
    return Term(field, op, values)


@pytest.mark.parametrize(
    ("given", "body"),
    [
        (term("state", Op.EQ, "failed"), {"status": ["Failed"]}),
        (term("state", Op.EQ, "failed", "paused"), {"status": ["OnHold", "Failed"]}),
        (term("state", Op.EQ, "OnHold"), {"status": ["OnHold"]}),
        (term("name", Op.EQ, "align-wf"), {"name": "align-wf"}),
        (term("id", Op.EQ, "ab-12"), {"id": "ab-12"}),
        (term("label.flag", Op.EQ, "archive"), {"labels": {"flag": "archive"}}),
        (term("created", Op.GE, "1787400000.7"), {"submission": "2026-08-22T12:00:00.000Z"}),
        (term("started", Op.GT, "1787400000"), {"start": "2026-08-22T12:00:00.000Z"}),
        (term("finished", Op.LE, "1787400000.2"), {"end": "2026-08-22T12:00:01.000Z"}),
        (term("owner", Op.EQ, "ana"), {"extensions": {"userId": "ana"}}),
        (term("group", Op.EQ, "atlas"), {"extensions": {"projectId": "atlas"}}),
        (term("archived", Op.EQ, "false"), {"extensions": {"hideArchived": True}}),
    ],
)
def test_what_the_server_can_answer(given: Term, body: dict[str, Any]) -> None:
    found = asked(given)
    assert found.body == body
    assert found.applied == {given}


@pytest.mark.parametrize(
    "given",
    [
        term("state", Op.EQ, "unknown"),
        term("state", Op.EQ, "failed", "unknown"),
        term("state", Op.NE, "failed"),
        term("state", Op.EQ, "lost"),
        term("name", Op.EQ, "9lives"),
        term("name", Op.EQ, "two words"),
        term("name", Op.EQ, "a", "b"),
        term("name", Op.MATCH, "a"),
        term("id", Op.EQ, "x"),
        term("id", Op.EQ, "p+j+t+1"),
        term("created", Op.LT, "1787400000"),
        term("created", Op.GE, "nonsense"),
        term("created", Op.GE, "inf"),
        term("finished", Op.GE, "1787400000"),
        term("label.flag", Op.NE, "archive"),
        term("label.flag", Op.EQ, ""),
        term("archived", Op.EQ, "true"),
        term("group", Op.EQ, "a", "b"),
        term("frobnicate", Op.EQ, "x"),
    ],
)
def test_what_it_cannot(given: Term) -> None:
    found = asked(given)
    assert found.body == {}
    assert found.applied == frozenset()


def test_extensions_that_the_server_does_not_name_are_not_sent() -> None:
    terms = (term("owner", Op.EQ, "ana"), term("group", Op.EQ, "p"), term("archived", Op.EQ, "false"))
    found = asked(*terms, allowed=Allowed(project="p", hide_archived=True))
    assert found.body == {}
    assert found.project is None


def test_the_project_is_sent_where_it_is_wanted_and_a_filter_may_name_another() -> None:
    allowed = Allowed(frozenset({"projectId"}), project="p")
    assert asked(allowed=allowed).project == "p"
    assert asked(term("group", Op.EQ, "q"), allowed=allowed).body == {"extensions": {"projectId": "q"}}


def test_archived_jobs_are_hidden_unless_asked_for() -> None:
    allowed = Allowed(frozenset({"hideArchived"}), hide_archived=True)
    assert asked(allowed=allowed).body == {"extensions": {"hideArchived": True}}
    shown = asked(term("archived", Op.EQ, "true"), allowed=allowed)
    assert shown.body == {}
    assert not shown.hide_archived


def test_labels_are_anded_and_one_key_is_said_once() -> None:
    found = asked(
        term("label.a", Op.EQ, "1"),
        term("label.b", Op.EQ, "2"),
        term("label.a", Op.EQ, "3"),
        term("name", Op.EQ, "x"),
        term("name", Op.EQ, "y"),
    )
    assert found.body == {"labels": {"a": "1", "b": "2"}, "name": "x"}
    assert len(found.applied) == 3
    assert found.exact


def test_servers_that_cannot_filter_by_label_are_not_asked_to() -> None:
    assert asked(term("label.a", Op.EQ, "1"), allowed=Allowed(labels=False)).body == {}


def test_active_is_by_status() -> None:
    assert asked(active=True).body == {"status": ["Submitted", "OnHold", "Running", "Aborting"]}


@pytest.mark.parametrize(
    ("sort", "as_asked"),
    [
        ((), True),
        ((SortKey("created", True),), True),
        ((SortKey("age"),), True),
        ((SortKey("created"),), False),
        ((SortKey("name"),), False),
        ((SortKey("age"), SortKey("name")), False),
    ],
)
def test_the_order_is_newest_first_and_no_other(sort: tuple[SortKey, ...], as_asked: bool) -> None:
    assert asked(sort=sort).sorted is as_asked


def test_times_that_a_server_would_refuse_together_are_not_sent_together() -> None:
    late, early = "1787400000", "1787300000"
    crossed = asked(term("started", Op.GE, late), term("finished", Op.LE, early))
    assert crossed.body.keys() == {"start"}
    assert len(crossed.applied) == 1
    same = asked(term("created", Op.GE, late), term("finished", Op.LE, late))
    assert same.body.keys() == {"submission"}
    after = asked(term("created", Op.GE, late), term("started", Op.GE, early))
    assert after.body.keys() == {"submission"}
    fine = asked(term("created", Op.GE, early), term("started", Op.GE, early), term("finished", Op.LE, late))
    assert fine.body.keys() == {"submission", "start", "end"}


def test_a_cursor_is_read_back() -> None:
    at = Cursor(50, "eyJvZiI6IDN9", 150, 7, False)
    assert Cursor.parse(str(at), 100) == at
    assert Cursor.parse(None, 100) == Cursor(100)
