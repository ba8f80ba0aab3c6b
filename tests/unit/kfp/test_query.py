"""Which wishes go to the server: only those whose answer is a superset."""

from __future__ import annotations

import pytest

from adapters.kfp.query import ask
from adapters.port import Op, Query, SortKey, Term

EXPERIMENTS = [("fraud", "e1"), ("eval", "e2"), ("twice", "e3"), ("Twice", "e4")]


def asked(*terms: Term, **wishes: object) -> tuple[list[dict[str, object]], frozenset[Term]]:
    found = ask(Query(terms=terms, **wishes), show_archived=True, experiments=EXPERIMENTS)  # type: ignore[arg-type]
    return [dict(predicate) for predicate in found.predicates], found.applied


@pytest.mark.parametrize(
    ("term", "predicate"),
    [
        (
            Term("name", Op.MATCH, ("abc",)),
            {"key": "display_name", "operation": "IS_SUBSTRING", "string_value": "abc"},
        ),
        (
            Term("state", Op.EQ, ("failed", "aborted")),
            {"key": "state", "operation": "IN", "string_values": {"values": ["FAILED", "CANCELED"]}},
        ),
        (
            Term("state", Op.EQ, ("CANCELING",)),
            {"key": "state", "operation": "IN", "string_values": {"values": ["CANCELING"]}},
        ),
        (
            Term("created", Op.GT, ("1787407506.5",)),
            {"key": "created_at", "operation": "GREATER_THAN_EQUALS", "timestamp_value": "2026-08-22T14:05:06Z"},
        ),
        (
            Term("id", Op.EQ, ("a", "b")),
            {"key": "run_id", "operation": "IN", "string_values": {"values": ["a", "b"]}},
        ),
        (
            Term("archived", Op.NE, ("true",)),
            {"key": "storage_state", "operation": "NOT_EQUALS", "string_value": "ARCHIVED"},
        ),
    ],
)
def test_terms_the_server_answers(term: Term, predicate: dict[str, object]) -> None:
    predicates, applied = asked(term)
    assert predicates == [predicate]
    assert applied == {term}


@pytest.mark.parametrize(
    "term",
    [
        Term("name", Op.NOT_MATCH, ("abc",)),
        Term("name", Op.MATCH, ("a.*c",)),  # a pattern, which the server would take at its word
        Term("name", Op.EQ, ("abc",)),  # the collation decides about case
        Term("state", Op.NE, ("failed",)),
        Term("state", Op.EQ, ("unknown", "failed")),  # words nobody knows are unknown as well
        Term("state", Op.EQ, ("draining",)),
        Term("created", Op.GT, ("yesterday",)),
        Term("created", Op.GT, ("1e300",)),
        Term("duration", Op.GT, ("60",)),
        Term("owner", Op.EQ, ("ana",)),
        Term("label.team", Op.EQ, ("x",)),
        Term("archived", Op.EQ, ("perhaps",)),
        Term("group", Op.EQ, ("nowhere",)),
        Term("group", Op.EQ, ("twice",)),
        Term("group", Op.MATCH, ("fraud",)),
        Term("name", Op.MATCH, ()),
    ],
)
def test_terms_that_stay_here(term: Term) -> None:
    assert asked(term) == ([], frozenset())


def test_a_group_is_the_experiment_parameter() -> None:
    term = Term("group", Op.EQ, ("Fraud",))
    found = ask(Query(terms=(term,)), show_archived=True, experiments=EXPERIMENTS)
    assert (found.experiment_id, found.applied) == ("e1", frozenset({term}))


def test_active_is_every_word_that_is_not_an_end() -> None:
    predicates, _ = asked(active=True)
    assert predicates == [
        {
            "key": "state",
            "operation": "IN",
            "string_values": {"values": ["RUNTIME_STATE_UNSPECIFIED", "PENDING", "RUNNING", "CANCELING", "PAUSED"]},
        }
    ]


@pytest.mark.parametrize(
    ("sort", "text", "kept"),
    [
        ((), "created_at desc", True),
        ((SortKey("name"),), "display_name asc", True),
        ((SortKey("age"),), "created_at desc", True),
        ((SortKey("age", True),), "created_at asc", True),
        ((SortKey("finished", True),), "finished_at desc", True),
        ((SortKey("name"), SortKey("created")), "display_name asc", False),
        ((SortKey("state"),), "created_at desc", False),
        ((SortKey("group"),), "created_at desc", False),
    ],
)
def test_sorting(sort: tuple[SortKey, ...], text: str, kept: bool) -> None:
    found = ask(Query(sort=sort), show_archived=True)
    assert (found.sort_by, found.sorted) == (text, kept)
