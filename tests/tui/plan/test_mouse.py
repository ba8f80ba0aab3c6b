"""The mouse on a plan: it does what the keys do, under the same rules, and never more."""

from __future__ import annotations

import asyncio

import pytest

from adapters.model import Kind, Ref
from tests.tui.conftest import Open
from tests.tui.detail.world import RUN, World, drain_world
from tests.tui.fake import Tester
from tests.tui.plan.test_plan import HOST, PROTECTED, fleet, opened, ref
from tui.screens import plan as plan_module
from tui.screens.plan import PlanSheet
from tui.screens.planface import Phase

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def short_guard(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if "at_once" not in request.node.name:
        monkeypatch.setattr(plan_module, "GUARD", 0.05)


async def again(t: Tester) -> None:
    """Let the moment pass in which clicks are dropped."""
    await asyncio.sleep(plan_module.GUARD + 0.02)
    await t.pilot.pause()


async def test_the_whole_way_by_mouse(console: Open) -> None:
    world = drain_world()
    async with console(world, view=Kind.HOST, guard=PROTECTED) as t:
        sheet = await opened(t, "drain", HOST)
        await t.click("Drain", line=22)
        assert sheet.on == "cancel", "a button that is not armed does nothing"
        await t.click("reason")
        assert sheet.on == "field:0"
        await t.type("disk errors")
        await t.click("type gpu-a100-0417", line=22)
        assert sheet.on == "phrase"
        await t.type("gpu-a100-041")
        await t.click("Drain", line=22)
        assert sheet.on == "phrase"
        assert world.performed == []
        await t.type("7")
        await t.click("Drain", line=22)
        await t.until(lambda: sheet.phase is Phase.ENDED)
        assert world.performed == [("drain", HOST)]
        await again(t)
        await t.click("Close", line=22)
        assert t.screen.sheet is None


async def test_cancel_cancels(console: Open) -> None:
    world = fleet("one")
    async with console(world) as t:
        await opened(t, "abort", ref("one"))
        await t.click("Cancel", line=22)
        assert t.screen.sheet is None
        assert world.performed == []


async def test_one_unprotected_target_is_confirmed_by_its_button(console: Open) -> None:
    world = fleet("one")
    async with console(world) as t:
        sheet = await opened(t, "abort", ref("one"))
        await t.click("Abort", line=22)
        await t.until(lambda: sheet.phase is Phase.ENDED)
        assert world.performed == [("abort", ref("one"))]


async def test_clicks_at_once_after_the_drawing_are_dropped(console: Open) -> None:
    world = fleet("one")
    async with console(world) as t:
        await t.until(lambda: t.screen.model.refs)
        t.app.open_plan("abort", [ref("one")])
        await t.until(lambda: isinstance(t.screen.sheet, PlanSheet) and t.screen.sheet.phase is Phase.ASKING)
        await t.see("Abort")
        await t.click("Abort", times=3, line=22)
        await t.click("y abort", line=23)
        await t.click("Cancel", line=22)
        assert isinstance(t.screen.sheet, PlanSheet)
        assert world.performed == []


async def test_the_first_click_after_an_object_moved_only_takes_the_focus(console: Open) -> None:
    world = fleet("one")
    async with console(world) as t:
        sheet = await opened(t, "abort", ref("one"))
        sheet.moved = True
        await t.click("Abort", line=22)
        assert world.performed == []
        assert sheet.on == "go"
        await t.click("Abort", line=22)
        await t.until(lambda: world.performed)


async def test_what_is_chosen_from_is_stepped_through_by_clicks(console: Open) -> None:
    world = World()
    async with console(world) as t:
        sheet = await opened(t, "clone", RUN)
        await t.click("mode")
        assert sheet.on == "field:1"
        await t.see("‹ slow ›")
        await t.click("‹ slow ›")
        await t.see("‹ fast ›")
        assert world.performed == []


async def test_rows_behind_a_plan_do_not_move(console: Open) -> None:
    async with console(fleet("one", "two", "three")) as t:
        await opened(t, "abort", ref("one"), ref("two"))
        before = t.cursor
        other = next(name for name in ("one", "two", "three") if name != before)
        await t.click(other, times=2)
        assert t.cursor == before
        assert isinstance(t.screen.sheet, PlanSheet)
        assert isinstance(t.screen.sheet.refs[0], Ref)
