"""The task tree and its bars, without a terminal."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.model import Kind, Ref, State, Task
from tests.tui.detail.world import BEGAN, task, tasks
from tui.core.text import cell_len
from tui.widgets import tree
from tui.widgets.timeline import Axis, axis_of, bar

NOW = BEGAN + 2900


def shape(rows: list[tree.TreeRow]) -> list[str]:
    return [f"{row.guide}{row.label}" for row in rows]


def drawn(row: tree.TreeRow, axis: Axis, now: float = NOW, ascii: bool = False) -> str:
    return "".join(text for text, _ in bar(row, axis, now, ascii=ascii))


def test_children_stand_under_their_parent_and_shards_are_one_row() -> None:
    assert shape(tree.build(tasks())) == [
        "ingest",
        "├ read-events",
        "└ read-labels",
        "validate",
        "drift-report",
        "features",
        "└ 4 shards",
        "train",
        "├ try 1",
        "└ try 2",
        "evaluate",
        "register",
        "notify",
    ]


def test_the_order_of_the_list_does_not_matter() -> None:
    shuffled = tasks()
    random.Random(3).shuffle(shuffled)
    ordered, other = tree.build(tasks()), tree.build(shuffled)
    timed = [row for row in ordered if row.label not in ("evaluate", "register", "notify")]
    assert shape(timed) == shape([row for row in other if row.label not in ("evaluate", "register", "notify")])


def test_a_fold_knows_its_members_times_and_worst_state() -> None:
    members = [
        task(f"s-{i}", State.RUNNING if i == 2 else State.SUCCEEDED, 0, i, None if i == 2 else 9) for i in range(4)
    ]
    (fold,) = tree.build(members)
    assert fold.is_fold
    assert (fold.state, fold.start, fold.end) == (State.RUNNING, BEGAN, None)
    assert len(fold.refs) == 4
    assert fold.live


def test_what_failed_is_never_hidden_in_a_fold() -> None:
    members = [task(f"s-{i}", State.FAILED if i == 2 else State.SUCCEEDED, i, i, 9) for i in range(5)]
    assert sorted(shape(tree.build(members))) == ["4 s", "s-2"]


def test_unfolding_shows_each_and_closing_hides_what_is_below() -> None:
    fold = next(row for row in tree.build(tasks()) if row.is_fold)
    assert "└ shard-3" in shape(tree.build(tasks(), unfolded={fold.key}))
    closed = tree.build(tasks(), closed={"prod-kfp/task/train"})
    assert "├ try 1" not in shape(closed)
    assert next(row for row in closed if row.label == "train").closed


def test_two_alike_are_not_folded() -> None:
    assert shape(tree.build([task("s-1", State.SUCCEEDED, 0), task("s-2", State.SUCCEEDED, 1)])) == ["s-1", "s-2"]


def test_tries_are_not_shards() -> None:
    tries = [task(f"try {i}", State.SUCCEEDED, i, i, i + 1, attempt=i) for i in range(1, 6)]
    assert len(tree.build(tries)) == 5


def test_parents_in_a_circle_still_show_every_task() -> None:
    def looped(name: str, parent: str) -> Task:
        return Task(
            ref=Ref("c", Kind.TASK, name),
            name=name,
            state=State.RUNNING,
            native_state="R",
            parent=Ref("c", Kind.TASK, parent),
        )

    rows = tree.build([looped("a", "b"), looped("b", "a"), looped("self", "self")])
    assert sorted(row.label for row in rows) == ["a", "b", "self"]


def test_a_chain_of_ten_thousand_is_no_recursion() -> None:
    chain = [
        Task(
            ref=Ref("c", Kind.TASK, str(i)),
            name=f"t{i}x",
            state=State.RUNNING,
            native_state="R",
            parent=Ref("c", Kind.TASK, str(i - 1)) if i else None,
        )
        for i in range(10_000)
    ]
    rows = tree.build(chain)
    assert len(rows) == 10_000
    assert cell_len(rows[-1].guide) <= 2 * tree.MAX_GUIDES + 2


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12), st.sampled_from(list(State))), max_size=25))
def test_no_task_is_lost_and_none_is_shown_twice(given: list[tuple[int, int, State]]) -> None:
    made = {
        Ref("c", Kind.TASK, str(own)): Task(
            ref=Ref("c", Kind.TASK, str(own)),
            name=f"task-{own}",
            state=state,
            native_state="",
            parent=Ref("c", Kind.TASK, str(above)),
        )
        for own, above, state in given
    }
    shown = [ref for row in tree.build(made.values()) for ref in row.refs]
    assert sorted(shown) == sorted(made)


@pytest.mark.parametrize(
    ("states", "label"),
    [
        ({}, "└ try 2"),
        ({"try 2": State.SUCCEEDED, "train": State.SUCCEEDED, "try 1": State.SUCCEEDED}, "ingest"),
        ({"try 2": State.RUNNING, "train": State.RUNNING, "try 1": State.SUCCEEDED}, "└ try 2"),
    ],
)
def test_the_cursor_starts_on_the_last_try_of_what_failed_first_else_on_what_runs(
    states: dict[str, State], label: str
) -> None:
    from dataclasses import replace

    changed = [replace(each, state=states.get(each.name, each.state)) for each in tasks()]
    rows = tree.build(changed)
    row = rows[tree.first_to_look_at(rows)]
    assert f"{row.guide}{row.label}" == label


def test_the_earliest_failure_leads() -> None:
    rows = tree.build([task("late", State.FAILED, 0, 1, 50), task("early", State.FAILED, 5, 6, 20)])
    assert rows[tree.first_to_look_at(rows)].label == "early"


def test_bars_wait_run_and_end_in_the_state() -> None:
    axis = Axis(BEGAN, BEGAN + 100, 21)
    (row,) = tree.build([task("a", State.FAILED, 0, 20, 60)])
    assert drawn(row, axis) == "····━━━━━━━━✗        "
    assert drawn(row, axis, ascii=True) == "....========X        "


def test_a_group_is_one_thin_line() -> None:
    rows = tree.build([task("g", State.SUCCEEDED, 0, 10, 100), task("x", State.SUCCEEDED, 0, 10, 100, parent="g")])
    axis = Axis(BEGAN, BEGAN + 100, 11)
    assert drawn(rows[0], axis) == "──────────✓"


def test_what_runs_ends_now_and_what_the_server_did_not_say_is_blank() -> None:
    axis = Axis(BEGAN, BEGAN + 100, 11)
    running, unsaid, skipped = tree.build(
        [task("r", State.RUNNING, 0, 0), task("u", State.SKIPPED), task("s", State.SKIPPED, 50)]
    )[0:3]
    assert drawn(running, axis, BEGAN + 50) == "━━━━━▸     "
    by_name = {row.label: row for row in (running, unsaid, skipped)}
    assert drawn(by_name["u"], axis).strip() == ""
    assert drawn(by_name["s"], axis) == "     »     "


def test_while_anything_runs_the_axis_ends_now() -> None:
    rows = tree.build([task("r", State.RUNNING, 0, 10), task("d", State.SUCCEEDED, 0, 5, 8)])
    axis = axis_of(rows, NOW, 40)
    assert axis is not None
    assert axis.end == NOW
    ended = axis_of(tree.build(tasks()), NOW, 40)
    assert ended is not None
    assert ended.end == BEGAN + 2478
    assert axis_of([], NOW, 40) is None


def test_the_labels_of_the_mock_up() -> None:
    axis = Axis(BEGAN, BEGAN + 2478, 44)
    assert axis.labels() == "13:43      13:54      14:04      14:14 14:25"


@given(st.floats(0, 1e9), st.floats(1, 1e7), st.integers(1, 200))
def test_labels_always_fit(start: float, span: float, width: int) -> None:
    assert len(Axis(start, start + span, width).labels()) == width


@settings(deadline=None)
@given(
    st.sampled_from(list(State)),
    st.one_of(st.none(), st.floats(-500, 500)),
    st.one_of(st.none(), st.floats(-500, 500)),
    st.one_of(st.none(), st.floats(-500, 500)),
    st.integers(1, 120),
)
def test_a_bar_is_as_wide_as_the_axis_whatever_the_times(
    state: State, queued: float | None, start: float | None, end: float | None, width: int
) -> None:
    row = tree.TreeRow("k", "l", "", state, queued, start, end)
    assert cell_len(drawn(row, Axis(0, 100, width), 50)) == width
