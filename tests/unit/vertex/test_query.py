"""Which wishes become a filter: snake_case fields, quoted enum names, and never less than what was asked for."""

from __future__ import annotations

import pytest

from adapters.port import Op, Query, Term
from adapters.vertex.query import ask


@pytest.mark.parametrize(
    ("term", "filter_text"),
    [
        (Term("state", Op.EQ, ("running",)), '(state="JOB_STATE_RUNNING" OR state="JOB_STATE_UPDATING")'),
        (Term("state", Op.EQ, ("aborted",)), 'state="JOB_STATE_CANCELLED"'),
        (Term("state", Op.EQ, ("Job_State_Expired",)), 'state="JOB_STATE_EXPIRED"'),
        (Term("state", Op.EQ, ("expired", "queued")), '(state="JOB_STATE_QUEUED" OR state="JOB_STATE_EXPIRED")'),
        (Term("created", Op.GT, ("1787407200",)), 'create_time>="2026-08-22T14:00:00Z"'),
        (Term("created", Op.LE, ("1787407200.5",)), 'create_time<="2026-08-22T14:00:00.500000Z"'),
        (Term("owner", Op.EQ, ("Mei",)), 'labels.owner="mei"'),
        (Term("label.team", Op.EQ, ("ads", "llm")), '(labels.team="ads" OR labels.team="llm")'),
        (Term("label.team", Op.EQ, ('a"b\\',)), 'labels.team="a\\"b\\\\"'),
    ],
)
def test_what_the_server_can_answer(term: Term, filter_text: str) -> None:
    asked = ask(Query(terms=(term,)), "owner")
    assert asked.filter == filter_text
    assert asked.applied == {term}


@pytest.mark.parametrize(
    "term",
    [
        Term("state", Op.EQ, ("unknown",)),  # a word that only newer servers have
        Term("state", Op.EQ, ("running", "unknown")),
        Term("state", Op.EQ, ("running", "frobnicating")),
        Term("state", Op.NE, ("running",)),
        Term("state", Op.MATCH, ("run",)),
        Term("name", Op.MATCH, ("llama",)),
        Term("name", Op.EQ, ("llama",)),
        Term("created", Op.GT, ("soon",)),
        Term("created", Op.GT, ("1e99",)),
        Term("created", Op.EQ, ("1787407200",)),
        Term("owner", Op.EQ, ("",)),
        Term("owner", Op.NE, ("mei",)),
        Term("label.", Op.EQ, ("x",)),
        Term('label.a" OR state="x', Op.EQ, ("x",)),
        Term("gpus", Op.GT, ("3",)),
    ],
)
def test_what_is_left_to_the_console(term: Term) -> None:
    asked = ask(Query(terms=(term,)), "owner")
    assert asked.filter == ""
    assert not asked.applied


def test_active_is_what_is_not_known_to_have_ended() -> None:
    found = ask(Query(active=True, terms=(Term("owner", Op.EQ, ("mei",)),)), "owner").filter
    assert found == (
        'state!="JOB_STATE_SUCCEEDED" AND state!="JOB_STATE_FAILED" AND state!="JOB_STATE_CANCELLED" AND '
        'state!="JOB_STATE_EXPIRED" AND state!="JOB_STATE_PARTIALLY_SUCCEEDED" AND labels.owner="mei"'
    )


def test_the_owner_is_a_label_of_ones_own_choice() -> None:
    term = Term("owner", Op.EQ, ("mei",))
    assert ask(Query(terms=(term,)), "created-by").filter == 'labels.created-by="mei"'
    assert ask(Query(terms=(term,)), "No Label").filter == ""
