"""Columns have the widths of the screens, and leave in the order given."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.fields import FieldSpec, FieldType
from adapters.model import DERIVED, Capacity, Host, Kind, Pool, Progress, Ref, Resource, State
from adapters.port import KindSpec, Schema, SortKey
from tests.unit.core.fakes import START, make_pod, make_run
from tui.core.cells import native_word
from tui.core.columns import (
    DEFAULT_SORT,
    Cell,
    Column,
    cell,
    columns_for,
    context_columns,
    find,
    fit,
    head_line,
)
from tui.core.text import cell_len
from tui.core.values import COMMON, fields_for, from_spec

KFP = Schema(
    "kfp",
    "Kubeflow Pipelines",
    {Kind.RUN: KindSpec(Kind.RUN, heads={"group": "EXPERIMENT", "progress": "TASKS"})},
    {},
)
PELOTON = Schema("peloton", "Peloton", {kind: KindSpec(kind) for kind in Kind}, {})

HEADS = {
    "runs": "  STATE        NAME                       EXPERIMENT      TASKS     AGE↑    DUR",
    "merged": "  STATE        CONTEXT     NAME                            DONE     AGE↑    DUR",
    "hosts": "  STATE↓      HOST             PODS  MOVED            SINCE  NOTE",
    "pods": "  STATE        POD↑                HOST             TRY  HEALTH     AGE     DUR",
    "pools": "  POOL                  gpu █used ▒slack │resv  ALLOC   RESV  LIMIT  RUN   WAIT↓",
    "runs wide": (
        "  STATE        NATIVE       CONTEXT     NAME                         OWNER     POOL                 DONE"
        "  GPU     AGE↑    DUR  NOTE"
    ),
    "contexts": "  STATE     CONTEXT↑    BACKEND      LATENCY  AUTH          AS OF     MODE",
}


def heads(kind: Kind, schemas: list[Schema], width: int, merged: bool = False, **more: Any) -> str:
    return head_line(columns_for(kind, schemas, merged=merged, width=width, **more), DEFAULT_SORT[kind])


def test_the_heads_are_exactly_those_of_the_screens() -> None:
    assert heads(Kind.RUN, [KFP], 80) == HEADS["runs"]
    assert heads(Kind.RUN, [KFP, PELOTON], 80, merged=True) == HEADS["merged"]
    assert heads(Kind.HOST, [PELOTON], 80) == HEADS["hosts"]
    assert heads(Kind.POD, [PELOTON], 80) == HEADS["pods"]
    assert heads(Kind.POOL, [PELOTON], 80) == HEADS["pools"]
    assert heads(Kind.RUN, [KFP, PELOTON], 160, merged=True) == HEADS["runs wide"]
    assert head_line(context_columns(80), [SortKey("context")]) == HEADS["contexts"]


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("merged", [False, True])
def test_columns_fill_the_width_and_never_exceed_it(kind: Kind, merged: bool) -> None:
    for width in range(40, 240):
        columns = columns_for(kind, [PELOTON], merged=merged, width=width)
        used = 2 + sum(column.width for column in columns) + 2 * (len(columns) - 1) + 1
        assert used <= width, (width, [(column.id, column.width) for column in columns])
        assert all(
            column.min <= column.width <= max(column.max, column.width if column.rest else 0) for column in columns
        )
        assert any(column.main for column in columns)


def test_runs_leave_in_the_order_of_the_screens() -> None:
    gone: list[str] = []
    before = [column.title for column in columns_for(Kind.RUN, [PELOTON], merged=True, width=160)]
    for width in range(159, 79, -1):
        now = [column.title for column in columns_for(Kind.RUN, [PELOTON], merged=True, width=width)]
        gone += [title for title in before if title not in now]
        before = now
    assert gone == ["NOTE", "GPU", "NATIVE", "OWNER", "POOL"]


def test_narrow_terminals() -> None:
    sixty = columns_for(Kind.RUN, [KFP], merged=False, width=60)
    state = sixty[0]
    assert "".join(text for text, _ in fit(cell(state, make_run(0, State.FAILED), START), state)) == "✗ fail"
    forty = columns_for(Kind.RUN, [KFP], merged=False, width=40)
    assert [column.id for column in forty] == ["state", "name", "duration"]
    assert cell(forty[0], make_run(0, State.FAILED), START).text == "✗"


def test_a_sample_with_long_names_widens_the_name_at_the_note_s_cost_only_beyond_its_need() -> None:
    rows = [make_run(0, name="x" * 60)]
    plain = {c.id: c.width for c in columns_for(Kind.RUN, [PELOTON], merged=True, width=180)}
    sampled = {c.id: c.width for c in columns_for(Kind.RUN, [PELOTON], merged=True, width=180, sample=rows)}
    assert sampled["name"] == 40
    assert sampled["name"] >= plain["name"]


OWN = (
    FieldSpec("framework", "FRAMEWORK", width=12, wide=False),
    FieldSpec("cost", "COST", FieldType.NUMBER, "extra.cost", width=6),
    FieldSpec("dur", "DURATION", FieldType.DURATION, "duration", wide=False),
)
LAB = Schema("lab", "Lab", {Kind.RUN: KindSpec(Kind.RUN, fields=OWN)}, {})


def test_a_backends_own_fields_come_before_the_note_and_all_of_them_in_the_wide_view() -> None:
    assert "FRAMEWORK" in heads(Kind.RUN, [LAB], 200)
    assert "COST" not in heads(Kind.RUN, [LAB], 200)
    assert "FRAMEWORK" not in heads(Kind.RUN, [LAB, KFP], 200, merged=True)
    wide = [column.title for column in columns_for(Kind.RUN, [LAB, KFP], merged=True, width=80, wide=True)]
    assert wide[-3:] == ["FRAMEWORK", "COST", "NOTE"]
    assert wide.count("DUR") == 1
    assert "DURATION" not in wide, "it is there already"
    assert "FRAMEWORK" not in heads(Kind.RUN, [LAB], 80), "what a backend adds leaves first"


def test_a_backend_hides_a_column_by_an_empty_head() -> None:
    schema = Schema("x", "X", {Kind.HOST: KindSpec(Kind.HOST, heads={"progress": "", "pods": "JOBS"})}, {})
    line = heads(Kind.HOST, [schema], 80)
    assert "MOVED" not in line
    assert "JOBS" in line


def test_whole_numbers_of_a_backend_stay_whole() -> None:
    field = from_spec(FieldSpec("code", "EXIT", FieldType.NUMBER))
    assert str(field.get(make_run(1, extra={"code": 137}), START)) == "137"
    assert str(field.get(make_run(1, extra={"code": "1.5"}), START)) == "1.5"


def test_columns_are_found_by_id_head_and_alias() -> None:
    columns = columns_for(Kind.RUN, [KFP], merged=False, width=160)
    for name in ("progress", "TASKS", "done", "Dur", "experiment", "ns", "gpu"):
        assert find(columns, name) is not None, name
    assert find(columns, "nope") is None


def shown(columns: list[Column], row: Resource, **more: Any) -> dict[str, str]:
    return {column.id: cell(column, row, START, **more).text for column in columns}


def test_a_row_of_runs() -> None:
    columns = columns_for(Kind.RUN, [PELOTON], merged=True, width=160)
    row = make_run(48, State.FAILED, finished=START - 400, group="fraud", progress=Progress(9, 14))
    assert shown(columns, row) == {
        "state": "✗ failed",
        "native_state": "FAILED",
        "context": "kfp",
        "name": "run-48",
        "owner": "-",
        "pool": "fraud",
        "progress": "9/14",
        "gpus": "-",
        "age": "48m00s",
        "duration": "41m15s",
        "message": "",
    }
    assert shown(columns, row, ascii=True)["state"] == "X failed"
    clocks = shown(columns, row, clock=True)
    assert clocks["age"].endswith("Z")


def test_a_row_of_hosts() -> None:
    columns = columns_for(Kind.HOST, [PELOTON], merged=False, width=80)
    host = Host(
        ref=Ref("peloton", Kind.HOST, "a"),
        name="a",
        state=State.DRAINING,
        native_state="HOST_STATE_DRAINING",
        pods=6,
        progress=Progress(5, 11),
        message="SLA: rank-serving",
    )
    assert shown(columns, host, first_seen=START - 724) == {
        "state": "▾ draining",
        "name": "a",
        "pods": "6",
        "progress": "████░░░░  5/11",
        "since": ">12m04s",
        "message": "SLA: rank-serving",
    }
    up = replace(host, state=State.UP, progress=None, message=None, started=START - 5)
    assert shown(columns, up, first_seen=START)["since"] == "-"
    assert shown(columns, up)["progress"] == ""
    assert native_word("HOST_STATE_DRAINING") == "DRAINING"
    assert native_word("JOB_STATE_RUNNING") == "RUNNING"
    assert native_word("in_progress") == "in_progress"


def test_a_row_of_pools_shows_the_resource_asked_for() -> None:
    pool = Pool(
        ref=Ref("p", Kind.POOL, "1"),
        name="/ml/ads",
        state=State.UP,
        native_state="",
        capacity=(
            Capacity("gpu", 128, 160, 2, 160, 0),
            Capacity("memory", None, 24 * 2.0**40, None, 18.2 * 2.0**40, None),
        ),
        running=12,
        waiting=19,
    )
    columns = columns_for(Kind.POOL, [PELOTON], merged=False, width=80)
    row = shown(columns, pool)
    assert row["use"] == "█████████████████│████"
    assert (row["allocation"], row["reservation"], row["limit"], row["waiting"]) == ("160", "128", "160", "19")
    use = find(columns, "use")
    assert use is not None
    assert cell(use, pool, START).token == "waiting"
    memory = columns_for(Kind.POOL, [PELOTON], merged=False, width=80, resource="memory")
    assert shown(memory, pool)["limit"] == "24.0Ti"
    assert shown(memory, pool)["reservation"] == "-"
    assert "memory █used" in head_line(memory)


def test_a_state_that_is_derived_from_another_object_is_not_coloured_as_its_own() -> None:
    state = columns_for(Kind.RUN, [KFP], merged=False, width=80)[0]
    for own in (State.FAILED, State.SUCCEEDED):
        drawn = cell(state, replace(make_run(0, own), native_state=DERIVED), START)
        assert drawn.text.endswith(own.value)
        assert {token for _, token in drawn.spans} == {"stale"}


def test_cells_fit_their_column_with_their_colours() -> None:
    columns = columns_for(Kind.POD, [PELOTON], merged=False, width=80)
    pod = make_pod(1, State.SUCCEEDED, name="日本語" * 20, health="bad", attempt=3, exit_code=137)
    for column in columns:
        spans = fit(cell(column, pod, START), column)
        assert sum(cell_len(text) for text, _ in spans) == column.width
    state, name = columns[0], columns[1]
    assert fit(cell(state, pod, START), state)[:2] == (("✓", "ok"), (" succeeded", "muted"))
    assert fit(cell(name, pod, START), name)[0][0].rstrip().endswith("…")
    health = find(columns, "health")
    assert health is not None
    assert cell(health, pod, START) == Cell((("bad", "failed"),))


@given(st.text(max_size=80), st.text(max_size=80), st.integers(40, 200))
def test_hostile_rows_keep_to_their_columns(name: str, message: str, width: int) -> None:
    row = make_run(0, name=name, message=message, owner=name, group=message, native_state=name)
    for column in columns_for(Kind.RUN, [PELOTON], merged=True, width=width, sample=[row]):
        spans = fit(cell(column, row, START), column)
        assert sum(cell_len(text) for text, _ in spans) == column.width
        assert not any(ord(char) < 32 or 0x7F <= ord(char) < 0xA0 for text, _ in spans for char in text)


def test_every_column_can_be_sorted_and_filtered_by() -> None:
    for kind in Kind:
        fields = fields_for([PELOTON], kind)
        for column in columns_for(kind, [PELOTON], merged=True, width=200, wide=True):
            assert fields[column.id].type is column.type
            for name in column.also:
                assert name in fields, (column.id, name)


def test_pools_sort_by_their_main_resource() -> None:
    def pool(name: str, *capacity: Capacity) -> Pool:
        return Pool(ref=Ref("p", Kind.POOL, name), name=name, state=State.UP, native_state="", capacity=capacity)

    assert (
        COMMON["allocation"].get(pool("a", Capacity("cpu", allocation=3), Capacity("gpu", allocation=8)), START)
        == 8
    )
    assert COMMON["allocation"].get(pool("a", Capacity("cpu", allocation=3)), START) == 3
    assert COMMON["use"].get(pool("a", Capacity("gpu", allocation=40, limit=160)), START) == 0.25
    assert COMMON["use"].get(pool("a"), START) is None


def test_a_pool_that_does_not_fit_keeps_its_end() -> None:
    found = find(columns_for(Kind.RUN, [PELOTON], merged=False, width=160), "pool")
    assert found is not None
    drawn = fit(Cell((("/research/eval", "text"),)), replace(found, width=12))
    assert drawn == (("…search/eval", "text"),)
