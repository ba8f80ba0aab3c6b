"""A read-only console: no key, command, click or moment gets a write out of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from adapters.model import Kind, Ref, Run, State
from adapters.permit import Permit
from adapters.port import Params
from tests.trust.world import World
from tests.tui.fake import Tester
from tests.unit.plan.fakes import FakeAdapter, run
from tui.app import ConsoleApp
from tui.config import parse
from tui.core.journal import Journal, ReadOnly
from tui.core.plan import OPEN, Guard, Outcome
from tui.core.planner import Planner
from tui.core.services import Services
from tui.paths import journal_folder
from tui.screens import plan as plan_module
from tui.wiring import build_services

pytestmark = pytest.mark.anyio
QUITS = {"ctrl+c", "ctrl+q", "ctrl+z", "suspend"}


@asynccontextmanager
async def console(world: World) -> AsyncIterator[Tester]:
    body = {"backend": world.name, "url": "http://127.0.0.1:9"}
    made = parse({"contexts": {world.name: body}})
    services, _ = build_services(made, read_only=True, adapters={world.name: world.adapter})
    app = ConsoleApp(services)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await pilot.pause()
        yield Tester(app, pilot)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(plan_module, "GUARD", 0.0)
    monkeypatch.chdir(tmp_path)


async def consent(t: Tester) -> None:
    """The ways to agree to whatever is open, and back to the list."""
    await t.press("y", "tab", "enter", "escape", "escape")


async def test_keys_commands_and_clicks_send_nothing(tmp_path: Path) -> None:
    world = World("kfp", tmp_path)
    row = next(r for r in (await world.adapter.list(Kind.RUN, limit=50)).items if r.state is State.RUNNING)
    async with console(world) as t:
        await t.see("read-only")
        await t.until(lambda: t.cursor)
        keys = [spec for spec in t.app.services.keys.specs if not QUITS & set(spec.keys)]
        acts = [spec for spec in keys if spec.id in {a.id for a in world_actions(world)}]
        assert {"abort", "delete", "retry"} <= {spec.id for spec in acts}
        for spec in acts:
            await t.press(spec.keys[0])
            await consent(t)
        for action in world_actions(world):
            await command(t, action.id)
            await consent(t)
        await command(t, f"api TerminateRun run_id={row.ref.id}")
        await consent(t)
        await t.press("x")
        await t.see("ACTIONS")
        for line, text in enumerate(t.lines):
            if "read-only" in text and line > 2:
                await t.click_at(6, line, times=2)
        await consent(t)
    assert world.writes() == []
    assert world.arrived()
    assert not journal_folder().exists()


def world_actions(world: World):  # type: ignore[no-untyped-def]
    from adapters import registry

    return registry.backend(world.name).schema.actions


async def command(t: Tester, text: str) -> None:
    await t.press("colon")
    prompt = t.app.screen.peek.prompt  # type: ignore[attr-defined]
    prompt.edit.insert(text)
    prompt.on_change(prompt.edit.text)
    await t.press("enter")


async def test_the_journal_is_the_last_to_ask(tmp_path: Path) -> None:
    """Whoever has the planner's or the adapter's ear instead of the screens' meets the same refusal."""
    services: Services
    made = parse({"contexts": {"kfp": {"backend": "kfp", "url": "http://127.0.0.1:9", "read_only": True}}})
    services, _ = build_services(made)
    with pytest.raises(ReadOnly):
        services.journal.issue("p", "abort", Ref("kfp", Kind.RUN, "x"), {})
    with pytest.raises(ReadOnly):
        services.journal.issue("p", "abort", "kfp", {})
    careless = Planner(services.adapters, services.journal, lambda context: OPEN)
    plan = await careless.make_call("kfp", "TerminateRun", {"run_id": "x"})
    assert plan.can  # this planner's guardrails are gone
    ran = await careless.run(plan)
    assert [target.outcome for target in ran.targets] == [Outcome.NOT_STARTED]
    assert not journal_folder().exists()
    for adapter in services.adapters.values():
        await adapter.aclose()


class Turning(FakeAdapter):
    """Read-only is switched on while its first write is under way."""

    switched = False

    async def perform(self, action: str, ref: Ref, params: Params, permit: Permit):  # type: ignore[no-untyped-def]
        self.switched = True
        return await super().perform(action, ref, params, permit)


@pytest.mark.parametrize("when", ["open", "running"])
async def test_switched_on_while_a_plan_is_open_or_running(tmp_path: Path, when: str) -> None:
    rows: list[Run] = [run(str(number)) for number in range(4)]
    adapter = Turning("one", rows)
    journal = Journal(
        tmp_path / "journal", read_only=lambda context: "one is read-only" if adapter.switched else None
    )
    planner = Planner({"one": adapter}, journal, lambda context: Guard(read_only=adapter.switched), parallel=1)
    plan = await planner.make("abort", [row.ref for row in rows])
    assert len(plan.can) == 4
    adapter.switched = when == "open"
    ran = await planner.run(plan, stop=asyncio.Event())
    outcomes = [target.outcome for target in ran.targets]
    done = [Outcome.DONE] if when == "running" else []
    assert outcomes == [*done, *[Outcome.NOT_STARTED] * (4 - len(done))]
    assert len(adapter.sent) == len(done) == len(journal.records())
