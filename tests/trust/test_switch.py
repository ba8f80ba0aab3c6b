"""Read-only switched on in the console: at once, for all that is open or running; off only by a name typed."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from adapters.actions import ActionResult, ActionSpec
from adapters.endpoint import Effect
from adapters.http import HttpClient
from adapters.model import Kind, Ref, State
from adapters.permit import Permit
from adapters.port import Params
from adapters.settings import ContextSettings
from tests.tui.conftest import Open
from tests.tui.data import run
from tests.tui.fake import FakeAdapter, Tester
from tests.unit.plan import fakes
from tui.core.guards import Guards
from tui.core.journal import Journal, ReadOnly
from tui.core.plan import Guard, Outcome, Plan, PlanTarget
from tui.core.planner import Planner
from tui.core.pluginrun import Command, Ended, carry_out
from tui.core.plugins import Plugin
from tui.screens import plan as plan_module
from tui.screens.plan import PlanSheet
from tui.screens.planface import Phase

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan_module, "GUARD", 0.0)


def fleet(*names: str, context: str = "prod") -> FakeAdapter:
    return FakeAdapter(context, [run(context, State.RUNNING, name) for name in names])


def ref(name: str, context: str = "prod") -> Ref:
    return Ref(context, Kind.RUN, name)


async def command(t: Tester, text: str) -> None:
    await t.press("colon")
    await t.type(text)
    await t.press("enter")


async def asked(t: Tester) -> PlanSheet:
    await t.until(lambda: isinstance(t.screen.sheet, PlanSheet) and t.screen.sheet.phase is not Phase.READING)
    sheet = t.screen.sheet
    assert isinstance(sheet, PlanSheet)
    await t.until(lambda: sheet._drawn_at is not None)
    return sheet


@pytest.mark.parametrize("way", ["ctrl+o", ":read-only", ":read-only prod", ":read-only @prod"])
async def test_it_is_on_at_once_and_the_head_says_it(console: Open, way: str) -> None:
    world = fleet("a")
    async with console(world) as t:
        await t.until(lambda: t.cursor)
        assert "read-only" not in t.lines[0]
        await (command(t, way[1:]) if way.startswith(":") else t.press(way))
        await t.see("prod read-only ›")
        await t.see("nothing can be changed now")
        await t.press("ctrl+d")
        sheet = await asked(t)
        assert sheet.phase is Phase.REFUSED
        await t.see("prod is read-only")
        await t.press("y", "tab", "enter", "escape")
        assert world.performed == []


async def test_one_context_of_several(console: Open) -> None:
    one, two = fleet("a", context="one"), fleet("b", context="two")
    async with console(one, two) as t:
        await t.until(lambda: t.cursor)
        await command(t, "read-only one")
        await t.see("1 of 2 read-only")
        plan = await t.app.services.planner.make("abort", [ref("a", "one"), ref("b", "two")])
        assert [target.reason for target in plan.targets] == ["one is read-only", ""]
        await command(t, "read-only three")
        await t.see("no context 'three'")
        await command(t, "contexts")
        await t.until(lambda: any("one" in line and "read-only" in line for line in t.lines[2:]))


async def test_every_screen_that_is_open_says_it(console: Open) -> None:
    async with console(fleet("a")) as t:
        await t.until(lambda: t.cursor)
        t.app.open_document(ref("a"))
        await t.see("describe")
        await t.press("ctrl+o")
        await t.see("prod read-only")
        await t.press("escape")
        await t.until(lambda: "read-only" in t.lines[0])


@pytest.mark.parametrize("typed", ["", "prdo", "PROD", "yes", "y"])
async def test_it_is_off_only_by_the_whole_name(console: Open, typed: str) -> None:
    world = fleet("a")
    async with console(world) as t:
        await t.until(lambda: t.cursor)
        await t.press("ctrl+o", "ctrl+o")
        await t.see("type the name of the context")
        await t.type(typed)
        await t.press("enter")
        assert t.app.services.guards("prod").read_only
        await t.press("ctrl+o", "escape")
        assert t.app.services.guards("prod").read_only
        await t.press("ctrl+o")
        await t.type("prod")
        await t.press("enter")
        await t.see("prod may be changed again")
        assert "read-only" not in t.lines[0]
        await t.press("ctrl+d")
        assert (await asked(t)).phase is Phase.ASKING
        await t.press("y")
        await t.until(lambda: world.performed)


async def test_what_config_or_flag_forbid_no_name_allows(console: Open) -> None:
    async with console(fleet("a"), guard={"prod": Guard(read_only=True)}) as t:
        await t.until(lambda: t.cursor)
        await t.press("ctrl+o")
        await t.see("only a restart without it ends that")
        assert not t.app.services.guards.switch_off("prod")
        assert t.app.services.guards("prod").read_only


async def test_between_the_drawn_plan_and_its_confirmation(console: Open) -> None:
    world = fleet("a")
    async with console(world) as t:
        await t.until(lambda: t.cursor)
        await t.press("ctrl+d")
        sheet = await asked(t)
        assert sheet.phase is Phase.ASKING
        await t.press("ctrl+o")
        await t.until(lambda: sheet.phase is Phase.REFUSED)
        await t.see("prod is read-only")
        await t.press("y", "tab", "enter")
        assert world.performed == []


async def test_in_the_same_moment_as_the_confirmation(console: Open) -> None:
    """`y` was taken, the switch comes before the request has left."""
    world = fleet("a")
    async with console(world) as t:
        await t.until(lambda: t.cursor)
        await t.press("ctrl+d")
        sheet = await asked(t)
        t.screen.pressed_at = float("inf")
        sheet.press("y", "y")
        t.app.services.guards.switch_on(["prod"])
        await t.until(lambda: sheet.phase is Phase.ENDED)
        assert world.performed == []
        await t.see("prod is read-only")


class Slow(FakeAdapter):
    def __init__(self, *names: str) -> None:
        super().__init__("prod", list(fleet(*names).rows.values()))
        self.turn = asyncio.Event()

    async def perform(self, action: str, ref: Ref, params: Params, permit: Permit) -> ActionResult:
        await self.turn.wait()
        return await super().perform(action, ref, params, permit)


async def test_a_running_plan_starts_no_further_target_and_can_be_planned_again(console: Open) -> None:
    names = [f"r{number}" for number in range(8)]
    world = Slow(*names)
    async with console(world) as t:
        await t.until(lambda: t.cursor)
        t.app.open_plan("abort", [ref(name) for name in names])
        sheet = await asked(t)
        await t.press("shift+tab")
        await t.type("abort 8")
        await t.press("enter", "enter")
        await t.see("under way")
        await t.press("ctrl+o")
        assert t.screen.sheet is sheet
        world.turn.set()
        await t.until(lambda: sheet.phase is Phase.ENDED)
        assert sheet.plan is not None
        began = len(world.performed)
        assert 0 < began < 8
        outcomes = [target.outcome for target in sheet.plan.targets]
        assert outcomes.count(Outcome.NOT_STARTED) == 8 - began
        await t.until(lambda: sum("prod is read-only" in line for line in t.lines) == 8 - began)
        assert len(sheet.plan.remainder()) == 8 - began


async def test_between_two_targets_and_between_permit_and_request(tmp_path: Path) -> None:
    guards = Guards()
    adapter = fakes.FakeAdapter(rows=[fakes.run("a"), fakes.run("b"), fakes.run("c")])
    log = Journal(tmp_path / "journal", read_only=guards.why_read_only)
    planner = Planner({"one": adapter}, log, guards, parallel=1)
    plan = await planner.make("abort", list(adapter.rows))

    def on_second(ref: Ref) -> None:
        if ref.id == "b":
            guards.switch_on(["one"])
            adapter.permits[-1].check()  # as the HTTP client asks it when the request is about to leave

    adapter.before_write = on_second
    ran = await planner.run(plan)
    assert [target.outcome.value for target in ran.targets] == ["done", "not-started", "not-started"]
    assert adapter.sent == [("abort", "a")]
    assert [entry.outcome for entry in log.records()] == ["done", "not-started"]


async def test_a_write_that_waits_for_its_turn_is_not_sent(tmp_path: Path) -> None:
    """The permit was given and spent; other requests of the context are in front of it."""
    guards, sent, gate = Guards(), [], asyncio.Event()

    async def server(request: httpx.Request) -> httpx.Response:
        sent.append(request.method)
        await gate.wait()
        return httpx.Response(200, json={})

    settings = ContextSettings(backend="kfp", url="http://127.0.0.1:9", concurrency=1)
    client = HttpClient(
        settings, context="one", error_reader=lambda *given: None, transport=httpx.MockTransport(server)
    )
    log = Journal(tmp_path / "journal", read_only=guards.why_read_only)
    permit = log.issue("p", "abort", ref("a", "one"), {})
    reading = asyncio.create_task(client.request("GET", "/x", effect=Effect.READ))
    while not sent:  # noqa: ASYNC110  there is no event to wait for
        await asyncio.sleep(0)
    writing = asyncio.create_task(client.request("POST", "/x", effect=Effect.WRITE, permit=permit))
    while not permit.spent:  # noqa: ASYNC110
        await asyncio.sleep(0)
    guards.switch_on(["one"])
    gate.set()
    await reading
    with pytest.raises(ReadOnly):
        await writing
    assert sent == ["GET"]
    await client.aclose()


async def test_an_external_command_that_waits_for_its_turn_is_not_run(tmp_path: Path) -> None:
    """Plugins ask the same guardrails: at the journal, and once more when the program would start."""
    guards = Guards()
    row = fakes.run("a")
    plugin = Plugin("probe", ("true",), "probe")
    spec = ActionSpec("probe", "Probe", frozenset(), "")
    plan = Plan("p", "probe", (PlanTarget(row.ref, "a", row, spec),), 0.0, external=True)
    log = Journal(tmp_path / "journal", read_only=guards.why_read_only)
    issue, ran = log.issue, []

    def issued(*given: Any, **more: Any) -> Permit:
        permit = issue(*given, **more)
        guards.switch_on(["one"])  # the line is on disk, the program has not started
        return permit

    async def run(words: Sequence[str], env: Mapping[str, str]) -> Ended:
        ran.append(words)
        return Ended(0, "has ended", "")

    log.issue = issued  # type: ignore[method-assign]
    done = await carry_out(plan, plugin, log, run, {row.ref: Command(("true",), {})})
    assert ran == []
    assert done.targets[0].outcome is Outcome.NOT_STARTED
    assert [entry.outcome for entry in log.records()] == ["not-started"]
