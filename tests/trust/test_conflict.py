"""Somebody else was faster: the version that the plan showed is no more. It is shown, and asked about again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from adapters.actions import ActionResult
from adapters.errors import Conflict
from adapters.model import Kind, Ref, Resource, State
from adapters.permit import Permit
from adapters.port import Adapter, Params
from tests.contract.every.drive import place_of
from tests.trust.world import World
from tests.tui.conftest import Open
from tests.tui.data import run
from tests.tui.fake import FakeAdapter
from tui.core.plan import Outcome
from tui.core.planner import Planner
from tui.screens import plan as plan_module
from tui.screens.plan import PlanSheet
from tui.screens.planface import Phase

pytestmark = pytest.mark.anyio


class Racing(httpx.AsyncBaseTransport):
    """A rival's write arrives just before the first one of this client."""

    def __init__(self, world: World, at: str, rival: Callable[[], Awaitable[None]]) -> None:
        self._inner = httpx.ASGITransport(app=world.app)
        self.at, self.rival, self.raced = at, rival, False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        place = request.headers.get("rpc-procedure") or request.url.raw_path.decode()
        if self.at in place and not self.raced:
            self.raced = True
            await self.rival()
        return await self._inner.handle_async_request(request)


async def running(adapter: Adapter) -> Resource:
    page = await adapter.list(Kind.RUN, limit=50)
    return next(row for row in page.items if row.state is State.RUNNING)


async def test_a_stale_entity_version_is_shown_and_asked_again(tmp_path: Path) -> None:
    world = World("peloton", tmp_path)
    row = await running(world.adapter)
    action = "abort"

    async def rival() -> None:
        permit = world.journal.issue("rival", "restart", row.ref, {})
        await world.adapter.perform("restart", row.ref, {"batch": 1}, permit)

    mine = world.another(Racing(world, "StopJob", rival))
    planner = Planner({world.name: mine}, world.journal)
    plan = await planner.make(action, [row.ref])
    ran = await planner.run(plan)
    (target,) = ran.targets
    assert target.outcome is Outcome.SKIPPED, target.message
    assert "the job has changed since it was read" in target.message
    assert f"version {row.version} is now" in target.message
    stops = [each for each in world.arrived() if "StopJob" in place_of(each)]
    assert len(stops) == 1  # it was not sent again by itself
    assert ran.remainder() == (row.ref,)
    again = await planner.make(action, list(ran.remainder()))
    assert again.targets[0].resource is not None
    assert again.targets[0].resource.version != row.version  # what is asked about now is what there is now
    done = await planner.run(again)
    assert [each.outcome for each in done.targets] == [Outcome.DONE]
    await mine.aclose()


async def test_a_run_that_ended_meanwhile_is_skipped_and_says_so(tmp_path: Path) -> None:
    world = World("clearml", tmp_path)
    row = await running(world.adapter)
    planner = Planner({world.name: world.adapter}, world.journal)
    plan = await planner.make("abort", [row.ref])
    assert plan.can
    permit = world.journal.issue("rival", "abort", row.ref, {})
    await world.adapter.perform("abort", row.ref, {"force": True}, permit)
    ran = await planner.run(plan)
    assert ran.targets[0].outcome is Outcome.SKIPPED
    assert "it has changed: was running (in_progress), is" in ran.targets[0].message
    assert sum("tasks.stop" in place for place in world.writes()) == 1


class Faster(FakeAdapter):
    """The first write meets a version that somebody else has made."""

    async def perform(self, action: str, ref: Ref, params: Params, permit: Permit) -> ActionResult:
        if self.rows[ref].version == "1":
            permit.spend()
            self.rows[ref] = replace(self.rows[ref], version="2")
            raise Conflict("prod: the run has changed since it was read", executed=True)
        return await super().perform(action, ref, params, permit)


async def test_the_sheet_shows_it_and_asks_anew_with_what_there_is(
    console: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan_module, "GUARD", 0.0)
    ref = Ref("prod", Kind.RUN, "a")
    world = Faster("prod", [run("prod", State.RUNNING, "a", version="1")])
    async with console(world, size=(120, 24)) as t:

        async def asked() -> PlanSheet:
            await t.until(lambda: isinstance(t.screen.sheet, PlanSheet) and t.screen.sheet.phase is Phase.ASKING)
            sheet = t.screen.sheet
            assert isinstance(sheet, PlanSheet)
            await t.until(lambda: sheet._drawn_at is not None)
            return sheet

        await t.until(lambda: t.cursor)
        t.app.open_plan("abort", [ref])
        first = await asked()
        await t.press("y")
        await t.see("the run has changed since it was read; it has changed: version 1 is now 2")
        await t.see("plan 1 again")
        assert world.performed == []
        await t.until(lambda: first.phase is Phase.ENDED and first._drawn_at is not None)
        await t.press("full_stop")
        second = await asked()
        assert second is not first
        assert world.performed == []
        await t.press("y")
        await t.until(lambda: world.performed)
        await t.until(lambda: second.phase is Phase.ENDED)
        assert second.again == ()
