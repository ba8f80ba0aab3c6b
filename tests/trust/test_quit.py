"""Quitting while changes are under way: it asks, stops there, and waits for what was sent."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from adapters.actions import ActionResult
from adapters.model import Kind, Ref, State
from adapters.permit import Permit
from adapters.port import Params
from tests.tui.conftest import Open
from tests.tui.data import run
from tests.tui.fake import FakeAdapter, Tester
from tests.tui.keys.proof import press
from tui.core.journal import Journal
from tui.screens import plan as plan_module
from tui.screens.plan import PlanSheet
from tui.screens.planface import Phase

pytestmark = pytest.mark.anyio
NAMES = [f"r{number}" for number in range(8)]


class Slow(FakeAdapter):
    def __init__(self) -> None:
        super().__init__("prod", [run("prod", State.RUNNING, name) for name in NAMES])
        self.turn = asyncio.Event()
        self.begun = 0

    async def perform(self, action: str, ref: Ref, params: Params, permit: Permit) -> ActionResult:
        self.begun += 1
        await self.turn.wait()
        return await super().perform(action, ref, params, permit)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan_module, "GUARD", 0.0)


async def under_way(t: Tester) -> PlanSheet:
    await t.until(lambda: t.cursor)
    t.app.open_plan("abort", [Ref("prod", Kind.RUN, name) for name in NAMES])
    await t.until(lambda: isinstance(t.screen.sheet, PlanSheet) and t.screen.sheet.phase is Phase.ASKING)
    sheet = t.screen.sheet
    assert isinstance(sheet, PlanSheet)
    await t.until(lambda: sheet._drawn_at is not None)
    await press(t, "shift-tab")
    await t.type("abort 8")
    await t.press("enter", "enter")
    await t.see("under way")
    return sheet


async def test_it_asks_stops_there_and_waits(console: Open, tmp_path: Path) -> None:
    world, log = Slow(), Journal(tmp_path / "journal")
    async with console(world, journal=log) as t:
        await under_way(t)
        await t.press("ctrl+c", "ctrl+c")
        await t.see("type yes to stop it there and quit")
        assert t.app.is_running
        await t.type("yes")
        await t.press("enter")
        await t.see("waiting for the answers")
        assert t.app.is_running
        world.turn.set()
        await t.until(lambda: not t.app.is_running)
    assert 0 < len(world.performed) < 8
    (plan,) = log.plans()
    assert plan.counts() == {"not-started": 8 - len(world.performed), "done": len(world.performed)}
    assert log.unfinished() == []


@pytest.mark.parametrize("answer", [["escape"], ["enter"], ["n", "o", "enter"]])
async def test_anything_but_yes_stays(console: Open, answer: list[str]) -> None:
    world = Slow()
    async with console(world) as t:
        sheet = await under_way(t)
        await t.press("ctrl+c", "ctrl+c")
        await t.see("type yes")
        await t.press(*answer)
        await t.see("the plan goes on")
        world.turn.set()
        await t.until(lambda: sheet.phase is Phase.ENDED)
        assert len(world.performed) == 8


async def test_who_asks_again_is_not_held_up_and_what_was_sent_is_unknown(console: Open, tmp_path: Path) -> None:
    world, log = Slow(), Journal(tmp_path / "journal")
    async with console(world, journal=log) as t:
        await under_way(t)
        await t.press("ctrl+c", "ctrl+c")
        await t.see("type yes")
        await t.type("yes")
        await t.press("enter")
        await t.see("waiting for the answers")
        await t.press("ctrl+c", "ctrl+c")
        await t.until(lambda: not t.app.is_running)
    (plan,) = log.plans()
    assert plan.counts() == {"unknown": world.begun, "not-started": 8 - world.begun}
    assert world.performed == []


async def test_without_a_plan_it_quits_at_once(console: Open) -> None:
    async with console(Slow()) as t:
        await t.until(lambda: t.cursor)
        await press(t, ":")
        await t.type("q")
        await t.press("enter")
        await t.until(lambda: not t.app.is_running)


async def test_the_command_asks_as_well(console: Open) -> None:
    world = Slow()
    async with console(world) as t:
        sheet = await under_way(t)
        t.screen.close_sheet()  # the plan goes on without it
        await press(t, ":")
        await t.type("quit")
        await t.press("enter")
        await t.see("type yes to stop it there and quit")
        await t.press("escape")
        world.turn.set()
        await t.until(lambda: sheet.phase is Phase.ENDED)
