"""What of a query goes to the server, in its words: never less than the operator asked to see."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.clearml.query import ask, page_of
from adapters.port import Op, Query, SortKey, Term

PROJECTS = {"p1": "vision", "p2": "vision/a", "p3": "Vision"}


def asked(*terms: Term, **more: Any) -> dict[str, Any]:
    return ask(Query(terms=terms, **more), show_archived=True, projects=PROJECTS, within=None).body


def term(field: str, op: Op, *values: str) -> Term:
    return Term(field, op, values)


@pytest.mark.parametrize(
    ("wish", "body"),
    [
        (term("state", Op.EQ, "failed"), {"status": ["failed"]}),
        (term("state", Op.EQ, "running"), {"status": ["in_progress"]}),
        (term("state", Op.EQ, "aborting"), {"status": ["in_progress"]}),
        (term("state", Op.EQ, "aborted"), {"status": ["stopped", "closed"]}),
        (term("native_state", Op.EQ, "Published"), {"status": ["published"]}),
        (term("name", Op.MATCH, "resnet"), {"_any_": {"pattern": "resnet", "fields": ["name"]}}),
        (term("id", Op.EQ, "AB" * 16), {"id": ["ab" * 16]}),
        (term("task_type", Op.EQ, "Controller"), {"type": ["controller"]}),
        (term("group", Op.EQ, "vision"), {"project": ["p1", "p3"]}),
        (term("archived", Op.EQ, "true"), {"system_tags": ["archived"]}),
        (term("archived", Op.NE, "yes"), {"system_tags": ["-archived"]}),
        (term("updated", Op.GT, "1795234914.5"), {"last_update": [">=2026-11-21T04:21:54.500000+00:00"]}),
        (term("changed", Op.LE, "1795234914"), {"status_changed": ["<=2026-11-21T04:21:54+00:00"]}),
    ],
)
def test_terms_the_server_knows(wish: Term, body: dict[str, Any]) -> None:
    assert asked(wish) == {**body, "order_by": ["-created"]}


@pytest.mark.parametrize(
    "wish",
    [
        term("state", Op.EQ, "unknown", "failed"),  # words of newer servers cannot be asked for
        term("state", Op.NE, "failed"),
        term("state", Op.EQ, "lost"),
        term("name", Op.MATCH, "a.*b"),  # patterns are evaluated here, as everywhere
        term("name", Op.EQ, "resnet"),
        term("id", Op.EQ, "-" + "a" * 31),  # would exclude it
        term("id", Op.EQ, "__$not"),
        term("id", Op.EQ, "0b3e"),
        term("task_type", Op.EQ, "training", "import"),  # an unknown one matches nothing
        term("group", Op.EQ, "nobody"),  # an empty list would be no filter
        term("group", Op.MATCH, "vision"),
        term("archived", Op.EQ, "maybe"),
        term("updated", Op.EQ, "1795234914"),
        term("updated", Op.GE, "soon"),
        term("updated", Op.GE, "1e99"),
        term("owner", Op.EQ, "ana"),
        Term("state", Op.EQ, ()),
    ],
)
def test_terms_it_does_not(wish: Term) -> None:
    found = ask(Query(terms=(wish,)), show_archived=True, projects=PROJECTS, within=None)
    assert (found.body, found.applied) == ({"order_by": ["-created"]}, frozenset())


def test_two_wishes_for_one_field_are_one_and_a_rest() -> None:
    first, second = term("state", Op.EQ, "failed"), term("state", Op.EQ, "aborted")
    found = ask(Query(terms=(first, second)), show_archived=True, projects={}, within=None)
    assert found.body["status"] == ["failed"]
    assert found.applied == {first}


def test_active_and_archived() -> None:
    assert asked(active=True)["status"] == ["created", "queued", "in_progress", "unknown"]
    hidden = ask(Query(), show_archived=False, projects={}, within=None)
    assert hidden.body["system_tags"] == ["-archived"]
    wish = term("archived", Op.EQ, "true")
    shown = ask(Query(terms=(wish,)), show_archived=False, projects={}, within=None)
    assert shown.body["system_tags"] == ["archived"]


def test_a_context_of_one_project_never_shows_another() -> None:
    def within(*terms: Term) -> Any:
        return ask(Query(terms=terms), show_archived=True, projects=PROJECTS, within=["p1", "p2"]).body["project"]

    assert within() == ["p1", "p2"]
    assert within(term("group", Op.EQ, "vision")) == ["p1"]
    assert within(term("project_id", Op.EQ, "f" * 32)) == ["none"]


@pytest.mark.parametrize(
    ("wishes", "order", "kept"),
    [
        ((), "-created", True),
        ((SortKey("created"),), "created", True),
        ((SortKey("age"),), "-created", True),
        ((SortKey("updated", True),), "-last_update", True),
        ((SortKey("iteration"), SortKey("name")), "last_iteration", False),
        ((SortKey("name"),), "-created", False),
        ((SortKey("finished"),), "-created", False),
    ],
)
def test_orders(wishes: tuple[SortKey, ...], order: str, kept: bool) -> None:
    found = ask(Query(sort=wishes), show_archived=True, projects={}, within=None)
    assert (found.body["order_by"], found.sorted) == ([order], kept)


@given(st.lists(st.integers(1, 700), min_size=1, max_size=12))
def test_pages_of_any_size_cover_everything_once(limits: list[int]) -> None:
    offset = 0
    for limit in limits:
        page, size = page_of(offset, limit)
        assert page * size == offset
        assert 1 <= size <= min(limit, 500)
        offset += size
