"""Events, logs and actions of every backend; and no write without a permit, by any door."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from contextlib import suppress

import pytest

from adapters.endpoint import Effect, endpoints
from adapters.errors import AdapterError, Conflict, Unsupported
from adapters.model import FAULTY, Event, Json, Kind, Resource, State
from adapters.permit import Permit, PermitRefused
from adapters.port import Adapter
from tests.contract.conftest import World, everything
from tests.contract.test_lists import samples

pytestmark = pytest.mark.anyio


async def test_events_are_in_order_and_about_something_listed(world: World, adapter: Adapter) -> None:
    for kind, spec in world.schema.kinds.items():
        if not spec.events.supported:
            continue
        found: list[Event] = []
        for row in await samples(adapter, kind, 6):
            events = await adapter.events(row.ref)
            times = [event.time for event in events if event.time is not None]
            assert times == sorted(times)
            assert all(event.text and isinstance(event.state, State | None) for event in events)
            found += events
        assert found, kind


async def test_logs_can_be_read_and_continued(world: World, adapter: Adapter) -> None:
    for kind, spec in world.schema.kinds.items():
        if not spec.logs.supported:
            continue
        read = 0
        rows = await everything(adapter, kind)
        failed = [row for row in rows if row.state in FAULTY]
        for row in [*failed[:4], *rows[:4]]:
            for source in (await adapter.log_sources(row.ref))[:2]:
                try:
                    first = await adapter.read_log(source)
                except AdapterError:
                    continue  # a log that is not there says so
                read += len(first.data)
                again = await adapter.read_log(source, first.cursor)
                while not again.at_end:
                    again = await adapter.read_log(source, again.cursor)
                assert (await adapter.read_log(source, again.cursor)).data == b""
        assert read, kind


async def test_illegal_actions_have_a_reason(world: World, adapter: Adapter) -> None:
    for kind in world.schema.kinds:
        rows = await samples(adapter, kind, 10)
        for action in world.schema.actions_for(kind):
            assert action.summary
            assert action.title
            for row in rows:
                reason = action.reason_against(row)
                assert reason is None or (0 < len(reason) < 100 and "\n" not in reason)


async def test_previews_only_read(world: World, adapter: Adapter) -> None:
    for kind in world.schema.kinds:
        for row in await samples(adapter, kind, 6):
            for action in world.schema.actions_for(kind):
                if action.reason_against(row) is not None or action.context_level:
                    continue
                if any(param.required for param in action.params):
                    continue
                with suppress(Conflict):  # what only a fresh look at the server shows to be illegal
                    assert (await adapter.preview(action.id, row.ref, {})).call
            assert (await adapter.get(row.ref)).state is row.state


async def test_an_action_nobody_declared_is_refused_unasked(world: World, adapter: Adapter) -> None:
    row = (await samples(adapter, Kind.RUN, 1))[0]
    asked = world.arrived()
    permit = Permit("p", "r", "frobnicate", row.ref)
    with pytest.raises(Unsupported):
        await adapter.perform("frobnicate", row.ref, {}, permit)
    with pytest.raises(Unsupported):
        await adapter.preview("frobnicate", row.ref, {})
    with pytest.raises(Unsupported):
        await adapter.call("Frobnicate", {}, permit)
    assert not permit.spent
    assert world.arrived() == asked


def api_classes(name: str) -> list[type]:
    package = importlib.import_module(f"adapters.{name}")
    modules = [
        importlib.import_module(f"{package.__name__}.{found.name}")
        for found in pkgutil.iter_modules(package.__path__)
        if not found.name.startswith("mock")
    ]
    members = {member for module in modules for member in vars(module).values() if inspect.isclass(member)}
    return [member for member in members if endpoints(member)]


def test_every_write_takes_a_permit_and_no_read_does(mounted: World) -> None:
    apis = api_classes(mounted.name)
    assert apis
    for api in apis:
        for attribute, declared in endpoints(api).items():
            parameters = inspect.signature(getattr(api, attribute)).parameters
            assert ("permit" in parameters) == (declared.effect is Effect.WRITE), attribute


async def test_no_write_leaves_without_a_fresh_permit(world: World, adapter: Adapter) -> None:
    methods = adapter.methods()
    assert {"read", "write"} >= {method.effect for method in methods}
    spent = Permit("p", "r", "x", "ctx")
    spent.spend()
    asked = world.arrived()
    for method in methods:
        if method.effect == "write":
            params = {name: value_for(words) for name, words in method.params}
            for permit in (None, spent):
                with pytest.raises(PermitRefused):
                    await adapter.call(method.name, params, permit)
    assert world.arrived() == asked


def value_for(words: str) -> Json:
    return {} if "JSON" in words or "object" in words else 1 if "number" in words else "x"


async def test_abort_is_done_once_and_then_illegal(world: World, adapter: Adapter) -> None:
    action = world.schema.action("abort", Kind.RUN) or world.schema.action("stop", Kind.RUN)
    if action is None:
        pytest.skip("no abort here")
    rows = await everything(adapter, Kind.RUN)
    run = next(row for row in rows if row.state is State.RUNNING and action.reason_against(row) is None)
    permit = Permit("p", "r", action.id, run.ref)
    await adapter.perform(action.id, run.ref, {}, permit)
    assert permit.spent
    after: Resource = await adapter.get(run.ref)
    assert after.state in (State.ABORTING, State.ABORTED, State.FAILED) or after.version != run.version
    with pytest.raises(PermitRefused):
        await adapter.perform(action.id, run.ref, {}, permit)
    if action.reason_against(after):
        with suppress(AdapterError):  # a server may take it a second time, without effect
            await adapter.perform(action.id, run.ref, {}, Permit("p", "r2", action.id, run.ref))
        assert (await adapter.get(run.ref)).state is after.state
