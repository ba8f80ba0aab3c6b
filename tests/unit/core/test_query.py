"""The filter language, its errors with their column, and what of it a server may do."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from adapters.fields import FieldSpec, FieldType
from adapters.model import Kind, Progress, Ref, State
from adapters.port import KindSpec, Op, Schema, Term
from tests.unit.core.fakes import START, make_pod, make_run
from tui.core.query import FilterError, completions, haystack, parse
from tui.core.values import fields_for

NOW = START + 3600.0
SCHEMA = Schema(
    "lab",
    "Lab",
    {
        Kind.RUN: KindSpec(
            Kind.RUN,
            fields=(
                FieldSpec("memory", "MEMORY", FieldType.SIZE, "extra.memory"),
                FieldSpec("framework", "FRAMEWORK", path="extra.task.framework"),
                FieldSpec("scheduled", "SCHEDULED", FieldType.TIME, "extra.scheduled"),
                FieldSpec("archived", "ARCHIVED", FieldType.BOOL, "extra.archived"),
            ),
            heads={"group": "EXPERIMENT LINE"},
            server_filter=frozenset({"state", "owner"}),
        )
    },
    {},
)
FIELDS = fields_for([SCHEMA], Kind.RUN)

ROW = make_run(
    7,
    State.FAILED,
    name="fraud-gbdt-nightly-0822",
    owner="Ana",
    group="fraud",
    pool="/ml/ads",
    host="gpu-a100-0417",
    message="train: OOMKilled, exit 137",
    labels={"team": "risk", "app.k8s.io/name": "x"},
    created=START - 3 * 3600,
    started=START - 3 * 3600,
    finished=START - 1800,
    progress=Progress(6, 24),
    gpus=4,
    extra={
        "memory": 5 * 2**30,
        "task": {"framework": "torch"},
        "scheduled": START - 60,
        "archived": True,
        "note": "odd",
    },
)


@pytest.mark.parametrize(
    ("text", "matches"),
    [
        ("", True),
        ("   ", True),
        ("fraud", True),
        ("FRAUD gbdt", True),
        ("fraud etl", False),
        ("oomkilled", True),
        ("team=risk", None),
        ("risk", True),
        ("failed", True),
        ("0417", True),
        ("-etl", True),
        ("-fraud", False),
        ("~~frnt22", True),
        ("~~22fr", False),
        ("etl or fraud", True),
        ("etl OR spark", False),
        ("etl or fraud nightly", True),
        ("(etl or fraud) 9999", False),
        ("-(etl or spark)", True),
        ("(fraud and (gbdt or x))", True),
        ('"train: OOM"', True),
        ('"train: oom"', True),
        ('"or"', False),
        ("state=failed", True),
        ("state=FAILED,lost", True),
        ("state!=failed", False),
        ("state=ended", True),
        ("state=active", False),
        ("state~fail", True),
        ("owner=ana", True),
        ("owner=an", False),
        ("owner!=ci", True),
        ("owner~^a", True),
        ("owner!~^a", False),
        ("owner=-", False),
        ("host!=-", True),
        ("label.team=risk", True),
        ("label.app.k8s.io/name=x", True),
        ("label.none=-", True),
        ("label.none=x", False),
        ("label.none!=x", True),
        ("pool=/ml/ads", True),
        ("pool~^/ml", True),
        ("dur>2h", True),
        ("dur>2h30m", False),
        ("duration<=3h", True),
        ("age>3h", True),
        ("age>1d", False),
        ("created<5h", True),
        ("created<1h", False),
        ("created>2026-01-01", True),
        ("created<2026-01-01T00:00Z", False),
        ("finished!=-", True),
        ("gpu>=4", True),
        ("gpu>4", False),
        ("gpu=4,8", True),
        ("gpu!=4", False),
        ("gpu~4", True),
        ("done>=25%", True),
        ("done>0.5", False),
        ("done<7/24", True),
        ("memory>4G", True),
        ("memory>=5Gi", True),
        ("memory<512M", False),
        ("framework=torch", True),
        ("scheduled<2h", True),
        ("archived=yes", True),
        ("archived=false", False),
        ("experiment_line=fraud", True),
        ("ns=fraud", True),
        ("extra.note=odd", True),
        ("context=kfp", True),
        ("kind=run", True),
        ("name~(gbdt|xgb)-nightly", True),
        ("(name~(gbdt|xgb))", True),
        ("attempt>1", False),
        ("attempt=-", True),
        ("native=failed", True),
        ('owner="Ana"', True),
        ('message="train: OOMKilled, exit 137"', True),
        ("and fraud", False),
    ],
)
def test_what_matches(text: str, matches: bool | None) -> None:
    if matches is None:
        with pytest.raises(FilterError):
            parse(text, FIELDS)
        return
    assert parse(text, FIELDS).matches(ROW, NOW) is matches


@pytest.mark.parametrize(
    ("text", "message", "column", "nearest"),
    [
        ("state=failed,lost ownr~ana dur>2h", "no field ownr; nearest: owner", 18, "owner"),
        ("state=faild", "no state faild; nearest: failed", 6, "failed"),
        ("state=failed,lst", "no state lst; nearest: lost", 13, "lost"),
        ("state>failed", "states have no order; write state=failed", 0, ""),
        ("owner>ana", "owner is text, which has no >; use = or ~", 0, ""),
        ("owner=", "a value is missing after owner=", 6, ""),
        ("x owner=a,", "a value is missing after owner=", 10, ""),
        ("dur>soon", "duration wants a duration, as 90s, 2h or 1d12h", 4, ""),
        ("gpu>=many", "gpus wants a number, as 3 or 12.9k", 5, ""),
        ("done>most", "progress wants a share, as 50% or 6/24", 5, ""),
        ("created>never", "created wants a time", 8, ""),
        ("created=2h", "created is a time; use > or <", 0, ""),
        ("name~(", "not a regular expression", 5, ""),
        ("(fraud", "( is never closed", 0, ""),
        ("fraud )", "nothing is open that ) could close", 6, ""),
        ("fraud or", "or needs something on both sides", 8, ""),
        ("or fraud", "or needs something on both sides", 0, ""),
        ("()", "nothing stands between ( and )", 0, ""),
        ("--a", "one - is enough", 1, ""),
        ("a -", "- leaves out what follows; nothing follows", 2, ""),
        ('a "b', "the quote is never closed", 2, ""),
        ("~~", "~~ needs a word", 0, ""),
        ("(" * 60, "too many parentheses", 40, ""),
        ("x" * 3000, "a filter is at most 2000 characters long", 2000, ""),
    ],
)
def test_errors_know_their_column(text: str, message: str, column: int, nearest: str) -> None:
    with pytest.raises(FilterError) as caught:
        parse(text, FIELDS)
    assert caught.value.message.startswith(message)
    assert caught.value.column == column
    assert caught.value.nearest == nearest


def test_terms_are_what_a_server_may_do() -> None:
    found = parse("state=failed,lost -owner=ci word dur>2h (pool=/a host~x) created<1d memory>4G", FIELDS)
    assert found.terms == (
        Term("state", Op.EQ, ("failed", "lost")),
        Term("owner", Op.NE, ("ci",)),
        Term("duration", Op.GT, ("7200",)),
        Term("pool", Op.EQ, ("/a",)),
        Term("host", Op.MATCH, ("x",)),
        Term("age", Op.LT, ("86400",)),
        Term("memory", Op.GT, ("4294967296",)),
    )
    assert found.pushable(SCHEMA.kinds[Kind.RUN]) == found.terms[:2]


@pytest.mark.parametrize(
    "text", ["a or state=failed", "-(state=failed owner=x)", "-dur>2h", "owner=-", "word", "~~fz"]
)
def test_nothing_is_pushed_whose_answer_could_lack_rows(text: str) -> None:
    assert parse(text).terms == ()


def test_state_groups_are_pushed_as_states() -> None:
    assert parse("state=waiting").terms == (Term("state", Op.EQ, ("draft", "pending", "queued", "paused")),)


def test_parts_can_be_counted_alone() -> None:
    found = parse("state=failed owner~bo")
    assert [part.text for part in found.parts] == ["state=failed", "owner~bo"]
    assert [part.matches(ROW, NOW) for part in found.parts] == [True, False]


def test_filters_that_depend_on_the_time_say_so() -> None:
    assert parse("dur>2h").live
    assert parse("(x or -created<2h)").live
    assert not parse("state=failed created>2026-01-01").live


def test_missing_values_never_satisfy_a_comparison() -> None:
    bare = make_pod(1)
    for text in ("created<2h", "created>1h", "dur>1s", "exit>=0", "exit<1", "owner~."):
        assert not parse(text).matches(bare, NOW), text


def test_a_word_does_not_reach_across_fields() -> None:
    assert "ana" in haystack(ROW)
    assert not parse('"ana /ml"').matches(ROW, NOW)


def test_completions() -> None:
    assert completions("sta", 3, FIELDS)[:2] == ["start", "state"]
    assert completions("x own", 5) == ["owner"]
    assert completions("state=fa", 8) == ["state=failed"]
    assert completions("state=lost,fa", 13) == ["state=lost,failed"]
    assert completions("-owner=a", 8, FIELDS, lambda field: ["ana", "a b", "bo"]) == ["-owner=ana", '-owner="a b"']
    assert completions("", 0) == []


WORDS = st.text(st.characters(codec="utf-8"), max_size=30)
PIECES = st.sampled_from(
    [
        "state=failed",
        "-",
        "(",
        ")",
        " or ",
        " ",
        "owner~",
        "dur>2h",
        '"',
        "~~a",
        ",",
        "x",
        "label.a=b",
        "gpu>=",
        "and",
        "=",
        "\\",
    ]
)


@given(WORDS | st.lists(PIECES, max_size=15).map("".join))
@example("-" * 1990)
@example("-(" * 30)
def test_any_text_is_a_filter_or_an_error_with_a_column(text: str) -> None:
    problem: FilterError | None = None
    try:
        matched = parse(text, FIELDS).matches(ROW, NOW)
    except FilterError as error:
        problem = error
    else:
        assert matched in (True, False)
    if problem is not None:
        assert 0 <= problem.column <= len(text)
        assert problem.message
        assert "\n" not in problem.message


@given(st.text(st.characters(exclude_characters='"\\', codec="utf-8"), min_size=1, max_size=20))
def test_a_quoted_value_is_matched_to_the_letter(value: str) -> None:
    row = make_run(1, owner=value)
    if value.strip() not in ("", "-"):
        assert parse(f'owner="{value}"').matches(row, NOW)
        assert not parse(f'owner!="{value}"').matches(row, NOW)


@given(st.lists(st.sampled_from(["fraud", "etl", "state=failed", "gpu>9", "owner=ana"]), min_size=1, max_size=4))
def test_and_or_and_minus_are_those_of_logic(pieces: list[str]) -> None:
    truth = [parse(piece).matches(ROW, NOW) for piece in pieces]
    assert parse(" ".join(pieces)).matches(ROW, NOW) is all(truth)
    assert parse(" or ".join(pieces)).matches(ROW, NOW) is any(truth)
    assert parse(f"-({' '.join(pieces)})").matches(ROW, NOW) is not all(truth)


def test_every_common_field_can_be_asked_of_every_kind() -> None:
    rows: list[Any] = [ROW, make_pod(1)]
    for name, field in FIELDS.items():
        for row in rows:
            field.get(row, NOW)
        assert field.id
        assert name == name.lower()
    assert Ref("a", Kind.RUN, "b")
