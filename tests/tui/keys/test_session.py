"""Each key that works on every screen: pressed, and its effect seen."""

from __future__ import annotations

from dataclasses import replace

import pytest

from adapters.model import Ref
from tests.tui.conftest import Open
from tests.tui.data import pods, runs
from tests.tui.fake import FakeAdapter
from tests.tui.keys.proof import CASE, Effect, case, cases, do, loses, on, press, proves, sees
from tui.screens.list import ListScreen
from tui.screens.pulse import PulseScreen

pytestmark = pytest.mark.anyio

PODS, RUNS = sees("› pods", "5 pods"), sees("11 runs")
DOWN = ("enter", "=5 pods")

ANYWHERE = [
    *cases("back", "escape q", RUNS, *DOWN),
    case("history-back", "[", RUNS, *DOWN),
    case("history-forward", "]", PODS, *DOWN, "[", "=11 runs"),
    case("history-last", "-", PODS, *DOWN, "[", "=11 runs"),
    case("errors", "!", sees("ERRORS  of this session", "no command 'rnus'"), ":", "'rnus", "enter", "=nearest"),
    case("pulse", "P", on(PulseScreen)),
    case("command", ":", sees("tab take")),
    case("aliases", "ctrl-a", sees("ALIASES")),
    case("read-only", "ctrl-o", lambda t: "read-only" in t.lines[0]),
    case("pause", "=", lambda t: "paused" in t.lines[0]),
    case("header", "ctrl-e", loses("prod-kfp ›")),
    case("crumbs", "ctrl-g", sees("prod-kfp › pods"), *DOWN),
    *cases("help", "? f1", sees("HELP  runs in prod-kfp")),
    case("interrupt", "ctrl-c", sees("ctrl-c again quits")),
]


@pytest.mark.parametrize(CASE, ANYWHERE)
async def test_anywhere(console: Open, key: str, effect: Effect, before: tuple[str, ...]) -> None:
    adapter = FakeAdapter("prod-kfp", [*runs(), *pods(runs()[0].ref)])
    async with console(adapter) as t:
        await t.see("ocr-detector-train-87")
        await do(t, *before)
        await proves(t, key, effect)
        assert isinstance(t.app.screen, ListScreen | PulseScreen)


@pytest.mark.presses("refresh", "ctrl-r")
async def test_refresh(console: Open) -> None:
    adapter = FakeAdapter("prod-kfp", runs())
    async with console(adapter) as t:
        await t.see("ocr-detector-train-87")
        row = adapter.rows[Ref("prod-kfp", runs()[0].ref.kind, "churn-xgb-weekly-34")]
        adapter.rows[row.ref] = replace(row, group="mallory")
        await proves(t, "ctrl-r", sees("mallory"))


@pytest.mark.presses("interrupt", "ctrl-c")
async def test_twice_quits(console: Open) -> None:
    async with console(FakeAdapter("prod-kfp", runs())) as t:
        await t.see("ocr-detector-train-87")
        await press(t, "ctrl-c")
        await press(t, "ctrl-c")
        await t.until(lambda: not t.app.is_running)


@pytest.mark.presses("quit", ":quit")
async def test_quit_is_a_verb_without_a_key(console: Open) -> None:
    async with console(FakeAdapter("prod-kfp", runs())) as t:
        await t.see("ocr-detector-train-87")
        await do(t, ":", "'quit", "enter")
        await t.until(lambda: not t.app.is_running)
