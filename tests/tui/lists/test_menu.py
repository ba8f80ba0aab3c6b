"""The action menu: a reason for each dimmed entry, shares of several marked rows, and actions without an object."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from adapters.actions import ActionSpec
from adapters.model import Kind, Ref, State
from tests.tui.conftest import Open
from tests.tui.data import run
from tests.tui.fake import SCHEMA, FakeAdapter, Tester
from tui.core.plan import Guard
from tui.screens.menu import ContextMenu, MenuSheet
from tui.screens.plan import PlanSheet

pytestmark = pytest.mark.anyio

CREATE = ActionSpec("create", "Create", frozenset({Kind.RUN}), "makes a new one", context_level=True)
WITH_CREATE = replace(SCHEMA, actions=(*SCHEMA.actions, CREATE))


def lab(*states: State, context: str = "lab") -> FakeAdapter:
    rows = [run(context, state, f"{state.value}-{number}") for number, state in enumerate(states)]
    return FakeAdapter(context, rows, WITH_CREATE)


def entry(t: Tester, word: str) -> str:
    return next(line for line in t.lines if word in line)


def sheet(t: Tester) -> MenuSheet:
    found = t.app.screen.sheet  # type: ignore[attr-defined]
    assert isinstance(found, MenuSheet)
    return found


async def test_every_dimmed_entry_has_its_reason(console: Open) -> None:
    async with console(lab(State.SUCCEEDED), size=(120, 40)) as t:
        await t.until(lambda: t.cursor)
        await t.press("x")
        dimmed = [each for each in sheet(t).entries if each.act is None]
        assert {each.verb for each in dimmed} == {"retry", "abort", "tell"}
        assert all(each.what.startswith("- ") and len(each.what) > 4 for each in dimmed)
        assert "it has already ended" in entry(t, "Abort")
        assert "it is succeeded (SUCCEEDED)" in entry(t, "Retry")


async def test_several_marked_rows_say_for_how_many(console: Open) -> None:
    async with console(lab(State.RUNNING, State.RUNNING, State.SUCCEEDED), size=(120, 40)) as t:
        await t.until(lambda: t.cursor)
        await t.press("asterisk", "x")
        await t.see("3 marked")
        assert "2 of 3: ends its running tasks" in entry(t, "Abort")
        assert "- it is running (RUNNING)" in entry(t, "Retry")
        assert "danger: the run, for good" in entry(t, "Delete")


@pytest.mark.parametrize(
    ("guard", "why"),
    [
        (Guard(read_only=True), "lab is read-only"),
        (Guard(deny=("create",)), "create is denied in lab"),
        (Guard(), ""),
    ],
)
async def test_actions_of_the_context_are_in_the_menu_of_a_row(console: Open, guard: Guard, why: str) -> None:
    async with console(lab(State.RUNNING), guard={"lab": guard}, size=(120, 40)) as t:
        await t.until(lambda: t.cursor)
        await t.press("x")
        await t.type("create")
        await t.see(f"- {why}" if why else "makes a new one, in lab")
        await t.press("enter")
        if why:
            assert isinstance(t.app.screen.sheet, MenuSheet)  # type: ignore[attr-defined]
        else:
            await t.until(lambda: isinstance(t.screen.sheet, PlanSheet))
            plan = t.screen.sheet
            assert isinstance(plan, PlanSheet)
            assert (plan.action, plan.refs) == ("create", ("lab",))


async def test_an_empty_list_offers_what_needs_no_object(console: Open) -> None:
    async with console(lab(), lab(context="two"), size=(120, 40)) as t:
        await t.press("x")
        assert isinstance(sheet(t), ContextMenu)
        await t.see("ACTIONS  in 2 contexts")
        await t.see("makes a new one, in two")
        await t.type("in two")
        await t.press("enter")
        await t.until(lambda: isinstance(t.screen.sheet, PlanSheet))
        plan = t.screen.sheet
        assert isinstance(plan, PlanSheet)
        assert plan.refs == ("two",)


async def test_a_context_has_a_menu(console: Open) -> None:
    async with console(lab(State.RUNNING), lab(context="two"), size=(120, 40)) as t:
        await t.press("colon")
        await t.type("contexts")
        await t.press("enter")
        await t.see("2 contexts")
        await t.press("j", "x")
        await t.see("ACTIONS  in two")
        await t.see("makes a new one, in two")
        await t.see("its runs, and nothing else")
        await t.see("asks every context for an answer")
        await t.type("its runs")
        await t.press("enter")
        await t.see("two › runs")


async def test_a_context_without_such_actions_says_so(console: Open) -> None:
    async with console(FakeAdapter("lab")) as t:
        await t.press("x")
        await t.see("nothing can be done here without an object")
        await t.press("escape")
        assert t.screen.sheet is None


async def test_what_is_chosen_gets_all_marked_rows(console: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    async with console(lab(State.RUNNING, State.RUNNING), size=(120, 40)) as t:
        planned: list[tuple[str, list[Ref]]] = []
        opened: Callable[[str, list[Ref]], None] = lambda action, refs: planned.append((action, list(refs)))  # noqa: E731
        monkeypatch.setattr(t.app, "open_plan", opened)
        await t.until(lambda: t.cursor)
        await t.press("asterisk", "x")
        await t.type("abort")
        await t.press("enter")
        ((action, refs),) = planned
        assert action == "abort"
        assert len(refs) == 2
