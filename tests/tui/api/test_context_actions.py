"""Actions of a context: `:create` opens their plan, with its form, for the context that is meant."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from adapters.actions import ActionSpec, ParamSpec
from adapters.model import Kind, Ref, State
from tests.tui.api.test_api import command
from tests.tui.conftest import Open
from tests.tui.data import run
from tests.tui.fake import SCHEMA, FakeAdapter, Tester
from tui.screens import plan as plan_module
from tui.screens.plan import PlanSheet
from tui.screens.planface import Phase

pytestmark = pytest.mark.anyio

CREATE = ActionSpec(
    "create",
    "Create",
    frozenset({Kind.RUN}),
    "makes a run",
    params=(ParamSpec("name", "name", required=True),),
    creates=True,
    context_level=True,
)
WITH_CREATE = replace(SCHEMA, actions=(*SCHEMA.actions, CREATE))


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan_module, "GUARD", 0.05)


def backend(context: str, *, create: bool = True) -> FakeAdapter:
    return FakeAdapter(context, [run(context, State.RUNNING, "first")], WITH_CREATE if create else SCHEMA)


async def ready(t: Tester) -> PlanSheet:
    await t.until(lambda: isinstance(t.screen.sheet, PlanSheet) and t.screen.sheet.phase is not Phase.READING)
    found = t.screen.sheet
    assert isinstance(found, PlanSheet)
    await t.until(lambda: found._drawn_at is not None)
    await asyncio.sleep(plan_module.GUARD)
    return found


async def test_create_asks_for_what_it_needs_and_is_done(console: Open) -> None:
    kfp = backend("prod-kfp")
    async with console(kfp) as t:
        await command(t, "create")
        shown = await ready(t)
        await t.see("required here")
        await t.type("by-hand")
        await t.press("tab")
        await t.until(lambda: shown.plan is not None and shown.phase is Phase.ASKING)
        await asyncio.sleep(plan_module.GUARD * 2)
        assert kfp.performed == []
        await t.press("y")
        await t.until(lambda: shown.phase is Phase.ENDED)
        assert kfp.performed == [("create", Ref("prod-kfp", Kind.RUN, ""))]


async def test_the_context_that_has_it_is_meant_or_must_be_named(console: Open) -> None:
    async with console(backend("one"), backend("two", create=False)) as t:
        await command(t, "create @two")
        await t.see("create: two has no such action")
        await command(t, "create @one")
        assert (await ready(t)).refs == ("one",)
    async with console(backend("one"), backend("two"), scope=("one", "two")) as t:
        await command(t, "create @one,two")
        await t.see("create is in one, two; say which, as in :create @one")


async def test_what_objects_have_is_done_to_them(console: Open) -> None:
    async with console(backend("prod-kfp")) as t:
        await command(t, "abort")
        assert (await ready(t)).refs == (Ref("prod-kfp", Kind.RUN, "first"),)
