"""Each key of a run's detail: pressed, and its effect seen."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.model import Host, Kind, Pod, Ref, State
from tests.tui.conftest import Open
from tests.tui.detail.world import CAUSE, RUN, World, failed_run, spool
from tests.tui.fake import Tester
from tests.tui.keys.proof import CASE, Effect, case, cases, copied, do, loses, on, proves, sees
from tui.screens.detail import DetailScreen
from tui.screens.document import DocumentScreen
from tui.screens.list import ListScreen
from tui.screens.logs import LogsScreen

pytestmark = pytest.mark.anyio


def detail(t: Tester) -> DetailScreen | None:
    return t.app.screen if isinstance(t.app.screen, DetailScreen) else None


def row(label: str) -> Effect:
    def there(t: Tester) -> bool:
        shown = detail(t)
        return shown is not None and shown.tasks.row is not None and shown.tasks.row.label == label

    return there


TREE = [
    *cases("down", "j down", row("evaluate")),
    *cases("up", "k up", row("try 1")),
    *cases("top", "g home", row("ingest")),
    *cases("bottom", "G end", row("notify")),
    *cases("page-down", "ctrl-f pagedown", row("notify"), "g"),
    *cases("page-up", "ctrl-b pageup", row("ingest"), "G"),
    *cases("left", "left h", row("train")),
    case("right", "right", sees("├ try 1"), "left", "=train", "left", "~try 1"),
    case("next-fault", "e", row("train"), "g"),
    case("previous-fault", "E", row("try 1")),
    case("open", "enter", on(DetailScreen, ref=Ref("prod-kfp", Kind.TASK, "train.try 2"))),
    case("describe", "d", on(DocumentScreen, mode="describe")),
    case("raw", "y", on(DocumentScreen, mode="yaml")),
    case("logs", "l", on(LogsScreen)),
    case("attempts", "p", on(LogsScreen, attempt=1)),
    case("why", "X", sees("WHY  fraud-gbdt-nightly-0822")),
    case("events", "v", on(DetailScreen, tab="events")),
    case("timeline", "T", on(DetailScreen, tab="task"), "v"),
    case("next-pane", "tab", on(DetailScreen, tab="section:Params")),
    case("previous-pane", "shift-tab", on(DetailScreen, tab="raw")),
    case("retry", "r", sees("PLAN  retry run fraud-gbdt-nightly-0822")),
    case("delete", "ctrl-k", sees("PLAN  delete run fraud-gbdt-nightly-0822")),
    case("menu", "x", sees("ACTIONS  fraud-gbdt-nightly-0822")),
    case("again", ".", sees("PLAN  retry"), "r", "=PLAN", "-PLAN"),
    case("copy-id", "c", copied("train.try 2")),
    case("times", "t", sees("START")),
    *cases("back", "escape q", on(ListScreen)),
]


@pytest.mark.parametrize(CASE, TREE)
async def test_run(console: Open, tmp_path: Path, key: str, effect: Effect, before: tuple[str, ...]) -> None:
    async with console(World(), spool=spool(tmp_path)) as t:
        t.app.open_detail(RUN)
        await t.see(CAUSE)
        await t.until(lambda: row("try 2")(t))
        await do(t, *before)
        await proves(t, key, effect)


POD = Ref("prod-kfp", Kind.POD, "pod-1")
PODS = [
    case("abort", "ctrl-d", sees("PLAN  abort run fraud-gbdt-nightly-0822")),
    case("host", "o", on(ListScreen, kind=Kind.HOST), "enter", "=› pod-1"),
    case("owner", "J", on(DetailScreen, ref=RUN), "enter", "=› pod-1"),
]


@pytest.mark.parametrize(CASE, PODS)
async def test_running(console: Open, key: str, effect: Effect, before: tuple[str, ...]) -> None:
    host = Host(ref=Ref("prod-kfp", Kind.HOST, "gpu-1"), name="gpu-1", state=State.UP, native_state="UP")
    pod = Pod(ref=POD, name=POD.id, state=State.RUNNING, native_state="R", parent=RUN, host="gpu-1")
    async with console(World(rows=[failed_run(state=State.RUNNING, finished=None), pod, host])) as t:
        t.app.open_detail(RUN, "Pods")
        await t.see("▌")
        await t.see("pod-1")
        await do(t, *before)
        await proves(t, key, effect)


HOST = [
    case("drain", "C", sees("PLAN  drain host gpu-1")),
    case("undrain", "U", sees("PLAN  undrain host gpu-1"), "=gpu-1"),
    case("used-by", "u", sees("gpu-1 › pods"), "=gpu-1"),
]


@pytest.mark.parametrize(CASE, HOST)
async def test_host(console: Open, key: str, effect: Effect, before: tuple[str, ...]) -> None:
    state = State.DOWN if key == "U" else State.UP
    host = Host(ref=Ref("prod-kfp", Kind.HOST, "gpu-1"), name="gpu-1", state=state, native_state=state.value)
    async with console(World(rows=[host]), view=Kind.HOST) as t:
        t.app.open_detail(host.ref)
        await t.until(lambda: (shown := detail(t)) is not None and shown.detail is not None)
        await do(t, *before)
        await proves(t, key, effect)


@pytest.mark.presses("zoom", "z")
async def test_zoom(console: Open) -> None:
    async with console(World()) as t:
        t.app.open_detail(RUN)
        await t.see("13:54")
        await proves(t, "z", loses("13:54"))
