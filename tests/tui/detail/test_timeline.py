"""The time axis: shades of waiting and tries, the now line, zoom and scroll, and what is said of nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from adapters.errors import Unsupported
from adapters.model import Event, Kind, Pod, Ref, Resource, State
from adapters.port import ANY, Page, Query
from tests.tui import data
from tests.tui.conftest import Open
from tests.tui.detail.world import BEGAN, RUN, World, failed_run, task, tasks
from tests.tui.fake import NOW, SCHEMA, Tester
from tests.tui.keys.proof import CASE, Effect, case, do, on, proves, sees
from tui.core.tries import Try
from tui.screens.detail import DetailScreen
from tui.screens.tree import TreeScreen
from tui.widgets import tree
from tui.widgets.timeline import SHORTEST, Axis, Window, bar

pytestmark = pytest.mark.anyio

AXIS = Axis(BEGAN, BEGAN + 100, 21)


def drawn(row: tree.TreeRow, axis: Axis = AXIS, now: float = NOW) -> str:
    return "".join(text for text, _ in bar(row, axis, now))


def tokens(row: tree.TreeRow, now: float = NOW) -> dict[str, str]:
    """Each sign of the bar with its token."""
    return {sign: token for text, token in bar(row, AXIS, now) for sign in text.strip()}


# The bar.


def test_waiting_work_and_a_group_have_shades_of_their_own() -> None:
    row = tree.build([task("a", State.SUCCEEDED, 0, 20, 60)])[0]
    assert drawn(row) == "····━━━━━━━━✓        "
    assert tokens(row) == {"·": "muted", "━": "text", "✓": "ok"}
    waits = tree.build([task("w", State.QUEUED, 0)])[0]
    assert tokens(waits, BEGAN + 50)["·"] == "waiting"  # it waits now


def test_earlier_tries_are_drawn_in_the_bar_of_what_was_tried() -> None:
    pod = task("p", State.RUNNING, 0, 80, attempt=2)
    tries = {
        pod.ref: [
            Try(1, State.FAILED, "", BEGAN, BEGAN + 20, BEGAN + 50),
            Try(2, State.RUNNING, "", None, BEGAN + 80),
        ]
    }
    row = tree.build([pod], tries=tries)[0]
    assert drawn(row, now=BEGAN + 100) == "····━━━━━━✗     ━━━━▸"
    shades = [token for text, token in bar(row, AXIS, BEGAN + 100) if "━" in text]
    assert shades == ["muted", "text"]


def test_a_folded_task_shows_its_tries_and_an_open_one_the_whole() -> None:
    both = [
        task("train", State.FAILED, 0, 0, 100, attempt=2),
        task("try 1", State.FAILED, 0, 0, 40, parent="train", attempt=1),
        task("try 2", State.FAILED, 50, 60, 100, parent="train", attempt=2),
    ]
    folded = tree.build(both, closed={str(both[0].ref)})
    assert [drawn(row) for row in folded] == ["━━━━━━━━✗ ··━━━━━━━━✗"]
    assert drawn(tree.build(both)[0]) == "────────────────────✗"


def test_the_now_line_is_where_nothing_else_is() -> None:
    ended = tree.build([task("a", State.SUCCEEDED, 0, 0, 20)])[0]
    assert drawn(ended, now=BEGAN + 50) == "━━━━✓     ┊          "
    assert "┊" not in drawn(ended, now=BEGAN + 500)
    assert drawn(tree.build([task("r", State.RUNNING, 0, 0)])[0], now=BEGAN + 50) == "━━━━━━━━━━▸          "


def test_what_ends_beyond_the_window_goes_to_its_edge_without_a_state() -> None:
    row = tree.build([task("a", State.SUCCEEDED, 0, 0, 500)])[0]
    assert drawn(row) == "━" * 21
    assert drawn(tree.build([task("b", State.SUCCEEDED, 200, 200, 500)])[0]).strip() == ""


# The window.


def test_a_window_zooms_scrolls_and_stays_within_the_whole() -> None:
    whole, window = Axis(0.0, 100.0, 50), Window()
    assert window.of(whole) == whole
    assert not window.scroll(whole, 0.25)  # this is all of it
    assert window.scale(whole, 0.5, around=80.0)
    assert window.part == (50.0, 100.0)
    assert window.scroll(whole, -0.25)
    assert window.part == (37.5, 87.5)
    for _ in range(9):
        window.scroll(whole, -0.25)
    assert window.part == (0.0, 50.0)
    assert not window.scroll(whole, -0.25)
    while window.scale(whole, 0.5):
        pass
    assert SHORTEST <= window.of(whole).end - window.of(whole).start < 2 * SHORTEST
    while window.scale(whole, 2.0):
        pass
    assert window.part is None


def test_a_window_at_the_end_moves_on_with_it() -> None:
    window = Window()
    window.show(Axis(0.0, 100.0, 50), 80.0, 100.0)
    later = Axis(0.0, 130.0, 50)
    assert (window.of(later).start, window.of(later).end) == (110.0, 130.0)
    window.show(later, 20.0, 40.0)
    assert (window.of(Axis(0.0, 200.0, 50)).start, window.of(Axis(0.0, 200.0, 50)).end) == (20.0, 40.0)


# The screen.


def detail(t: Tester) -> DetailScreen:
    assert isinstance(t.app.screen, DetailScreen)
    return t.app.screen


def shows(text: str) -> Effect:
    """Line 2 tells which part of the axis is shown."""
    return lambda t: text in t.lines[1]


ZOOM = [
    case("zoom-in", ")", shows("2x 14:04:27 to 14:25:06Z")),
    case("zoom-out", "(", shows("2x "), ")", ")", "=4x"),
    case("time-back", "<", shows("2x 13:59:17 to 14:19:56Z"), ")", "=2x"),
    case("time-on", ">", shows("2x 14:04:2"), ")", "=2x", "<", "=13:59:17"),
    case("zoom", "z", shows("x 14:1")),
    case("timeline", "T", sees("[Tasks]"), "v", "=[Events"),
    case("tree", "ctrl-t", on(TreeScreen, ref=RUN)),
]


@pytest.mark.parametrize(CASE, ZOOM)
async def test_zoom_and_scroll(console: Open, key: str, effect: Effect, before: tuple[str, ...]) -> None:
    async with console(World()) as t:
        t.app.open_detail(RUN)
        await t.see("└ try 2")
        await do(t, *before)
        await proves(t, key, effect)


async def test_the_axis_says_where_there_is_more(console: Open) -> None:
    async with console(World()) as t:
        t.app.open_detail(RUN)
        await t.see("└ try 2")
        head = next(line for line in t.lines if "TASK " in line)
        assert "‹" not in head
        await t.press("<")
        await t.see("this is all of it, ) zooms in")
        await t.press(")", ")", "<")
        await t.see("4x")
        head = next(line for line in t.lines if "TASK " in line)
        assert "‹" in head
        assert head.rstrip().endswith("›")
        await t.press("(", "(")
        await t.gone("2x")
        await t.press("(")
        await t.see("this is all of it")
        await t.press("v")
        await t.press(")")
        await t.see("that works on the time axis, T shows it")


POD = Ref("peloton", Kind.POD, "p-1")


def pods_only() -> World:
    run = data.run("peloton", State.RUNNING, "serve", age="2h00m", dur="2h00m")
    pod = Pod(
        ref=POD,
        name="p-1",
        state=State.RUNNING,
        native_state="RUNNING",
        parent=run.ref,
        created=NOW - 7200,
        started=NOW - 600,
        attempt=2,
    )
    world = World("peloton", [run, pod], SCHEMA)
    world.events_of = [
        Event(NOW - 7100, POD, State.RUNNING, "RUNNING", "", {"attempt": 1}),
        Event(NOW - 3600, POD, State.FAILED, "FAILED", "", {"attempt": 1}),
    ]
    return world


async def test_a_run_without_tasks_has_its_pods_on_the_axis_with_their_tries(console: Open) -> None:
    async with console(pods_only()) as t:
        await t.see("serve")
        await t.press("T")
        await t.see("[Time]")
        await t.until(
            lambda: any("p-1" in line and "━✗" in line and line.rstrip().endswith("▸") for line in t.lines)
        )
        await t.press("enter")
        await t.see("› p-1")
        await t.press("T")
        await t.until(lambda: any("p-1" in line and "━✗" in line for line in t.lines))
        await t.press("enter")
        await t.see("this is it")


class Without(World):
    """A run of whose tasks the server says nothing, or that it cannot have."""

    def __init__(self, run: Resource, error: bool = False) -> None:
        super().__init__(rows=[run])
        self.unsupported = error

    async def list(self, kind: Kind, query: Query = ANY, *, cursor: str | None = None, limit: int = 50) -> Page:
        if self.unsupported and kind is Kind.TASK:
            raise Unsupported("only pipelines have steps")
        return await super().list(kind, query, cursor=cursor, limit=limit)


@pytest.mark.parametrize(
    ("run", "error", "said"),
    [
        (failed_run(), False, "no tasks: it ended without any, or the server no longer lists them"),
        (replace(failed_run(), state=State.PENDING, finished=None), False, "no tasks yet: it has not started"),
        (replace(failed_run(), state=State.RUNNING, finished=None), False, "the server lists none under this run"),
        (failed_run(), True, "only pipelines have steps"),
    ],
)
async def test_a_run_without_tasks_says_why(console: Open, run: Resource, error: bool, said: str) -> None:
    async with console(Without(run, error)) as t:
        t.app.open_detail(RUN)
        await t.see(said)
        assert "[Tasks]" in "".join(t.lines)


def test_the_tasks_of_the_mock_up_are_all_on_the_axis() -> None:
    assert len(tree.build(tasks(), folds=False)) == len(tasks())
