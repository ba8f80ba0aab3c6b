"""The guardrails of a context against keys, menu, commands, mouse and marks of the console."""

from __future__ import annotations

import pytest

from adapters.model import Kind, Ref, State
from tests.tui.conftest import Open
from tests.tui.data import run
from tests.tui.fake import FakeAdapter, Tester
from tests.tui.keys.proof import press
from tui.core.plan import Guard
from tui.screens import plan as plan_module
from tui.screens.plan import PlanSheet
from tui.screens.planface import Phase

pytestmark = pytest.mark.anyio
NAMES = ("a", "b", "c")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan_module, "GUARD", 0.0)


def fleet() -> FakeAdapter:
    return FakeAdapter("prod", [run("prod", State.RUNNING, name) for name in NAMES])


async def consent(t: Tester) -> None:
    """Every way to say yes that a hurried hand knows, and back."""
    await t.pilot.pause()
    sheet = t.screen.sheet
    if isinstance(sheet, PlanSheet):
        await t.until(lambda: sheet.phase is not Phase.READING and sheet._drawn_at is not None)
    await t.press("y", "enter")
    if t.app.grid is not None and t.app.grid.sheet is not None:
        await t.press("tab", "enter", "shift+tab", "enter")


async def by_key(t: Tester) -> None:
    await press(t, "ctrl-d")


async def by_menu(t: Tester) -> None:
    await press(t, "x")
    await t.type("abort")
    await t.press("enter")


async def by_mouse(t: Tester) -> None:
    await press(t, "x")
    await t.see("ACTIONS")
    await t.click("Abort", times=2)


async def by_alias(t: Tester) -> None:
    await press(t, ":")
    await t.type("terminate")
    await t.press("enter")


async def by_again(t: Tester) -> None:
    t.app.last_plan = ("abort", (Ref("prod", Kind.RUN, "a"),))
    await press(t, ".")


WAYS = [by_key, by_menu, by_mouse, by_alias, by_again]
GUARDS = {
    "deny": Guard(deny=("abort",)),
    "typed": Guard(confirm_typed=True),
    "protected": Guard(protected=True),
    "names": Guard(protected_names=("*",)),
    "reason": Guard(require_reason=True),
    "none at all": Guard(max_targets=0),
}


async def home(t: Tester) -> None:
    """Back on the list, with nothing open on it."""
    while len(t.app.screen_stack) > 2 or t.screen.asking:
        await t.press("escape")
    await t.until(lambda: t.cursor)


@pytest.mark.parametrize("name", list(GUARDS))
async def test_no_way_goes_round_it(console: Open, name: str) -> None:
    world = fleet()
    async with console(world, guard={"prod": GUARDS[name]}) as t:
        for way in WAYS:
            await home(t)
            await way(t)
            await consent(t)
            assert world.performed == [], way.__name__


async def test_each_of_these_ways_does_lead_somewhere(console: Open) -> None:
    """Without a guard the same hand gets it done: the test above proves something."""
    world = fleet()
    async with console(world) as t:
        for count, way in enumerate(WAYS, 1):
            await home(t)
            await way(t)
            await consent(t)
            await t.until(lambda count=count: len(world.performed) == count)  # type: ignore[misc]


async def test_more_marks_than_allowed_are_refused_and_said(console: Open) -> None:
    world = fleet()
    async with console(world, guard={"prod": Guard(max_targets=2)}) as t:
        await t.until(lambda: t.cursor)
        await press(t, "*")
        await press(t, "ctrl-d")
        await t.see("abort for 3 objects at once; prod allows 2 (max_targets)")
        await consent(t)
        assert world.performed == []


@pytest.mark.parametrize("reason", ["", "   ", "\u00a0"])
async def test_a_reason_that_is_none_arms_nothing(console: Open, reason: str) -> None:
    world = fleet()
    async with console(world, guard={"prod": Guard(require_reason=True)}) as t:
        await t.until(lambda: t.cursor)
        await press(t, "ctrl-d")
        await t.until(lambda: isinstance(t.screen.sheet, PlanSheet) and t.screen.sheet.phase is Phase.ASKING)
        sheet = t.screen.sheet
        assert isinstance(sheet, PlanSheet)
        await t.until(lambda: sheet._drawn_at is not None)
        await press(t, "tab")
        assert sheet.paste(reason) or not reason
        assert "go" not in sheet.stops
        await t.press("enter", "enter", "shift+tab", "enter")
        assert world.performed == []


async def test_deny_is_said_where_it_is_looked_for(console: Open) -> None:
    async with console(fleet(), guard={"prod": Guard(deny=("abort",))}) as t:
        await t.until(lambda: t.cursor)
        await press(t, "x")
        await t.see("abort is denied in prod")
