"""The tree: what is below an object, unfolded step by step, followed, opened."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from adapters.errors import Unavailable
from adapters.model import Event, Kind, Pod, Ref, State
from tests.tui import data
from tests.tui.conftest import Open
from tests.tui.detail.world import RUN, World, failed_run, spool, task
from tests.tui.fake import FakeAdapter, Tester
from tests.tui.keys.proof import CASE, Effect, case, cases, copied, do, loses, on, proves, sees
from tui.screens.detail import DetailScreen
from tui.screens.document import DocumentScreen
from tui.screens.list import ListScreen
from tui.screens.logs import LogsScreen
from tui.screens.tree import TreeScreen

pytestmark = pytest.mark.anyio

OWNER = Ref("peloton", Kind.RUN, "ctr-train-0822")


def cluster() -> FakeAdapter:
    """Pools with a run in one of them, the run's pods, and the hosts that they are on."""
    owner = data.run("peloton", State.RUNNING, "ctr-train-0822", pool="/ml/ads")
    return FakeAdapter("peloton", [owner, *data.pods(OWNER), *data.hosts(), *data.pools()])


def shown(t: Tester) -> TreeScreen:
    assert isinstance(t.app.screen, TreeScreen)
    return t.app.screen


async def opened(t: Tester, *, see: str) -> TreeScreen:
    await t.press("ctrl+t")
    await t.until(lambda: isinstance(t.app.screen, TreeScreen))
    await t.see(see)
    return shown(t)


def at(label: str) -> Effect:
    """The cursor is on the line that is drawn with this label."""
    return lambda t: any(line.startswith("▌") and label in line for line in t.lines)


async def go(t: Tester, label: str) -> None:
    await t.press("g")
    for _ in range(60):
        if at(label)(t):
            return
        await t.press("j")
    raise AssertionError(f"no line {label}\n" + "\n".join(t.lines))


async def to_host(t: Tester, name: str) -> None:
    t.screen.table.select(Ref("peloton", Kind.HOST, name))
    await t.until(lambda: t.cursor == name)


async def test_a_run_unfolds_to_its_tasks(console: Open) -> None:
    async with console(World()) as t:
        await t.see("fraud-gbdt")
        await opened(t, see="try 2")
        lines = t.lines
    assert lines[0].startswith(" prod-kfp › runs › fraud-gbdt-nightly-0822 › tree")
    assert "17 shown   ✗ 4" in lines[1]
    assert lines[3].startswith("▌ ✗ fraud-gbdt-nightly-0822 ")
    assert any(line.startswith("  ✗ │ └ try 2") and "task    FAILED           2   7m46s" in line for line in lines)
    assert all(len(line) == 80 for line in lines)


async def test_lists_are_asked_for_when_they_are_unfolded_and_given_up_when_they_are_folded(console: Open) -> None:
    adapter = cluster()
    async with console(adapter, view=Kind.POOL) as t:
        await t.see("ranking")
        await t.press("g")
        await opened(t, see="├ /infra")
        asked = {query.parent.id for _, query in adapter.queries if query.parent is not None}
        assert asked == {"/"}
        await go(t, "/ml")
        await t.press("right")
        await t.see("├ /ml/ads")
        await go(t, "/ml/ads")
        await t.press("right")
        await t.see("ctr-train-0822")
        await go(t, "ctr-train-0822")
        await t.press("right")
        await t.see("ctr-train-0822-10")
        lists = {(key.kind, key.query.parent.id if key.query.parent else "") for key in shown(t)._subscriptions}
        assert (Kind.POD, "ctr-train-0822") in lists
        await go(t, "/ml/ads")
        await t.press("left")
        await t.gone("ctr-train-0822-10")
        assert Kind.POD not in {key.kind for key in shown(t)._subscriptions}


async def test_a_host_has_its_pods_and_a_pod_its_tries(console: Open) -> None:
    adapter = World("peloton", [*data.hosts(), *data.pods(OWNER)], cluster().schema)
    pod = Ref("peloton", Kind.POD, "ctr-train-0822-7")
    adapter.events_of = [
        Event(10.0, pod, State.RUNNING, "RUNNING", "started", {"attempt": 1}),
        Event(70.0, pod, State.FAILED, "FAILED", "exit 9", {"attempt": 1, "host": "gpu-old"}),
    ]
    async with console(adapter, view=Kind.HOST) as t:
        await t.see("gpu-a100-0417")
        await to_host(t, "gpu-a100-0417")
        await opened(t, see="ctr-train-0822-7 ▸")
        await go(t, "ctr-train-0822-7")
        await t.press("right")
        await t.see("try 1")
        assert [node.tried.number for node in shown(t).grown.nodes if node.tried] == [3, 2, 1]
        await go(t, "try 1")
        await t.see("try 1  FAILED  gpu-old  exit 9")
        assert any("try 1" in line and line.rstrip().endswith("1m00s") for line in t.lines)


async def test_the_cursor_stays_on_its_object_when_others_come(console: Open) -> None:
    adapter = World()
    async with console(adapter) as t:
        await t.see("fraud-gbdt")
        await opened(t, see="try 2")
        await go(t, "validate")
        early = task("aaa-first", State.RUNNING, -50, -50)
        adapter.rows[early.ref] = early
        await t.press("ctrl+r")
        await t.see("aaa-first")
        assert at("validate")(t)
        del adapter.rows[Ref("prod-kfp", Kind.TASK, "validate")]
        await t.press("ctrl+r")
        await t.gone("validate")
        await t.until(lambda: at("fraud-gbdt-nightly-0822")(t))  # it was below this


async def test_a_change_of_state_is_followed(console: Open) -> None:
    adapter = World()
    async with console(adapter) as t:
        await t.see("fraud-gbdt")
        await opened(t, see="try 2")
        ref = Ref("prod-kfp", Kind.TASK, "register")
        adapter.rows[ref] = replace(adapter.rows[ref], state=State.LOST, native_state="GONE")
        adapter.rows[RUN] = failed_run(native_state="BROKEN")
        await t.press("ctrl+r")
        await t.see("GONE")
        await t.see("✗ failed BROKEN")


async def test_errors_and_nothing_are_said_in_a_line(console: Open) -> None:
    adapter = cluster()
    async with console(adapter, view=Kind.HOST) as t:
        await t.see("gpu-a100-0311")
        await t.press("g")
        await opened(t, see="nothing below: no pods")
        await t.press("escape")
        await t.until(lambda: isinstance(t.app.screen, ListScreen))
        await to_host(t, "gpu-a100-0417")
        adapter.error = Unavailable("refused by 10.2.0.9")
        await opened(t, see="pods: refused by 10.2.0.9")
        adapter.error = None
        await go(t, "refused")
        await t.press("enter")  # asks again
        await t.see("ctr-train-0822-5")
        await t.gone("refused by")


async def test_star_unfolds_everything_below_and_back(console: Open) -> None:
    async with console(cluster(), view=Kind.POOL) as t:
        await t.see("ranking")
        await t.press("g")
        await opened(t, see="├ /infra")
        await t.press("*")
        await t.see("ctr-train-0822-10")
        await t.see("nothing below: no pools or runs")
        await t.press("*")
        await t.gone("ctr-train-0822-10")
        assert sees("├ /infra")(t)


async def test_the_tree_of_a_reference_and_of_what_is_wrong(console: Open) -> None:
    async with console(cluster(), view=Kind.HOST) as t:
        await t.see("gpu-a100-0311")
        await t.press("colon")
        await t.type("tree peloton/run/ctr-train-0822")
        await t.press("enter")
        await t.see("runs › ctr-train-0822 › tree")
        await t.see("ctr-train-0822-10")
        for text, said in (
            ("tree lab/run/x", "no context 'lab'"),
            ("tree nonsense", "is not a reference"),
            ("tree peloton/run/gone", "is not there"),
        ):
            await t.press("colon")
            await t.type(text)
            await t.press("enter")
            await t.see(said)
        await t.see("not found")


async def test_several_marked_are_several_roots(console: Open) -> None:
    async with console(cluster(), view=Kind.HOST) as t:
        await t.see("gpu-a100-0311")
        await t.press("g", "space", "space")
        await opened(t, see="hosts › gpu-a100-0311 and 1 more › tree")
        assert len(shown(t).roots) == 2


async def test_back_and_on_keep_what_was_unfolded(console: Open) -> None:
    async with console(cluster(), view=Kind.POOL) as t:
        await t.see("ranking")
        await t.press("g")
        await opened(t, see="├ /infra")
        await go(t, "/ml")
        await t.press("right")
        await t.see("/ml/ads")
        await t.press("[")
        await t.until(lambda: isinstance(t.app.screen, ListScreen))
        await t.press("]")
        await t.until(lambda: isinstance(t.app.screen, TreeScreen))
        await t.see("/ml/ads")


@pytest.mark.parametrize("size", [(160, 48), (120, 30), (60, 20), (40, 10)])
async def test_every_size_is_drawn(console: Open, size: tuple[int, int]) -> None:
    async with console(World(), size=size) as t:
        await t.see("fraud-gbdt")
        await t.press("ctrl+t")
        await t.until(lambda: isinstance(t.app.screen, TreeScreen))
        await t.see("ingest")
        await t.press("G", "g", "ctrl+f", "e", "E", "t")
        assert all(len(line) == size[0] for line in t.lines)


# Every key.

HOST = Ref("prod-kfp", Kind.HOST, "h1")
TREE = [
    *cases("down", "j down", at("├ ingest")),
    *cases("up", "k up", at("fraud-gbdt-nightly-0822"), "j"),
    *cases("top", "g home", at("fraud-gbdt-nightly-0822"), "G"),
    *cases("bottom", "G end", at("p-1")),
    *cases("page-down", "ctrl-f pagedown", at("p-1")),
    *cases("page-up", "ctrl-b pageup", at("fraud-gbdt-nightly-0822"), "G"),
    case("next-fault", "e", at("├ train")),
    case("previous-fault", "E", at("try 2"), "G"),
    *cases("left", "left h", loses("ingest")),
    case("right", "right", sees("ingest"), "left", "~ingest"),
    case("unfold-all", "*", sees("try 9"), "G", "right", "=try 9", "g", "left", "~try 9"),
    case("open", "enter", on(DetailScreen, ref=RUN)),
    case("describe", "d", on(DocumentScreen, mode="describe")),
    case("raw", "y", on(DocumentScreen, mode="yaml")),
    case("logs", "l", on(LogsScreen)),
    case("attempts", "p", on(LogsScreen, attempt=8), "G"),
    case("why", "X", sees("WHY  fraud-gbdt-nightly-0822")),
    case("events", "v", on(DetailScreen, tab="events")),
    case("timeline", "T", on(DetailScreen, tab="task")),
    case("host", "o", on(ListScreen, kind=Kind.HOST), "G"),
    case("owner", "J", on(DetailScreen, ref=RUN), "G"),
    case("tree", "ctrl-t", on(TreeScreen, ref=Ref("prod-kfp", Kind.POD, "p-1")), "G"),
    case("retry", "r", sees("PLAN  retry run fraud-gbdt-nightly-0822")),
    case("delete", "ctrl-k", sees("PLAN  delete run fraud-gbdt-nightly-0822")),
    case("menu", "x", sees("ACTIONS  fraud-gbdt-nightly-0822")),
    case("again", ".", sees("PLAN  retry"), "r", "=PLAN", "-PLAN"),
    case("copy-id", "c", copied(RUN.id)),
    case("times", "t", sees("STARTED")),
    *cases("back", "escape q", on(ListScreen)),
]


@pytest.mark.parametrize(CASE, TREE)
async def test_keys(console: Open, tmp_path: Path, key: str, effect: Effect, before: tuple[str, ...]) -> None:
    world = World()
    pod = Pod(
        ref=Ref("prod-kfp", Kind.POD, "p-1"),
        name="p-1",
        state=State.RUNNING,
        native_state="RUNNING",
        parent=RUN,
        host="h1",
        attempt=9,
    )
    world.rows[pod.ref] = pod
    async with console(world, spool=spool(tmp_path), size=(100, 30)) as t:
        await t.see("fraud-gbdt")
        await opened(t, see="p-1")
        await t.see("try 2")
        await do(t, *before)
        await proves(t, key, effect)
