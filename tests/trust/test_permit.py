"""The permit is the one way out: every write of every backend, by every door, against what arrived."""

from __future__ import annotations

import ast
import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

import adapters
from adapters import registry
from adapters.actions import ActionSpec
from adapters.errors import AdapterError
from adapters.model import Json, Kind, Ref
from adapters.permit import Permit, PermitRefused
from adapters.retry import RetryPolicy
from tests.contract.conftest import everything
from tests.trust.world import BACKENDS, World, arguments, is_write
from tui.core.plan import Plan
from tui.core.planner import Planner

pytestmark = pytest.mark.anyio

WEATHER = ["", "status=401", "status=403", "status=409", "status=500", "status=503", "rate-limit=0", "redirect"]
WEATHER += ["html=502", "empty=500", "malformed", "reset", "lost"]


@pytest.fixture(params=BACKENDS)
async def world(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[World]:
    monkeypatch.setattr(RetryPolicy, "delay", lambda *_: 0.0)  # reads, and logins, are tried again at once
    made = World(str(request.param), tmp_path, settings={"retries": 2})
    yield made
    await made.adapter.aclose()


async def test_each_permit_sends_one_write_whatever_the_server_says(world: World) -> None:
    await world.adapter.list(Kind.RUN, limit=1)  # logged in, where there is a login
    specs = world.write_methods()
    assert specs
    for weather in WEATHER:
        world.app.state.faults.replace([f"{world.name}:*:{weather}"] if weather else [])
        for spec in specs:
            permit = Permit("plan", "record", spec.name, world.name)
            before = len(world.writes())
            with contextlib.suppress(AdapterError):
                await world.adapter.call(spec.name, arguments(spec), permit)
            arrived = world.writes()[before:]
            if not weather:
                assert len(arrived) == 1, f"{spec.name} did not leave, so nothing is shown about it"
            assert len(arrived) <= 1, f"{spec.name} with {weather}: {arrived}"
            assert permit.spent or not arrived
            if permit.spent:
                with pytest.raises(PermitRefused):
                    await world.adapter.call(spec.name, arguments(spec), permit)
            assert len(world.writes()) == before + len(arrived)


async def test_no_write_method_sends_anything_without_a_permit(world: World) -> None:
    spent = Permit("plan", "record", "x", world.name)
    spent.spend()
    for spec in world.write_methods():
        for permit in (None, spent):
            with pytest.raises(PermitRefused):
                await world.adapter.call(spec.name, arguments(spec), permit)
    assert world.arrived() == []


async def test_no_action_sends_a_write_on_a_spent_permit(world: World) -> None:
    spent = Permit("plan", "record", "x", world.name)
    spent.spend()
    for spec in registry.backend(world.name).schema.actions:
        for ref in await _targets(world, spec) if spec.id not in ONLY_LOOK else ():
            with pytest.raises((PermitRefused, AdapterError)):
                await world.adapter.perform(spec.id, ref, _params(world.name, spec), spent)
    assert world.writes() == []


async def test_what_reads_sends_no_write(world: World) -> None:
    """The effect that a method declares is held against the API's own words for it."""
    for spec in world.adapter.methods():
        if spec.effect == "read":
            with contextlib.suppress(AdapterError):
                await world.adapter.call(spec.name, arguments(spec))
    for kind in registry.backend(world.name).schema.kinds:
        for row in (await everything(world.adapter, kind))[:3]:
            await world.adapter.detail(row.ref)
            with contextlib.suppress(AdapterError):
                await world.adapter.events(row.ref)
            with contextlib.suppress(AdapterError):
                for source in await world.adapter.log_sources(row.ref):
                    await world.adapter.read_log(source)
    assert world.arrived()
    assert world.writes() == []


# Actions, through plans.

ONLY_LOOK = frozenset({"validate"})
"""An action that asks the server what it would say: planned and journalled like the others, and no write leaves."""

PARAMS: dict[str, dict[str, Json]] = {
    "edit": {"changes": {"name": "renamed"}},
    "set-requirements": {"requirements": {"pip": "torch"}},
    "create-pool": {"spec": {"name": "new"}},
}


NEEDED: dict[str, Json] = {
    "tags": "a",
    "labels": {"a": "b"},
    "name": "made",
    "job": {"displayName": "made"},
    "spec": {"name": "made"},
}


def _params(backend: str, spec: ActionSpec) -> dict[str, Json]:
    if spec.id in PARAMS:
        return PARAMS[spec.id]
    given: dict[str, Json] = {}
    for param in spec.params:
        if param.required:
            given[param.id] = NEEDED[param.id]
    return given


async def _targets(world: World, spec: ActionSpec) -> list[Ref]:
    """The first object of each kind that the action is legal for."""
    if spec.context_level:
        return [Ref(world.name, min(spec.kinds), "")]
    found: list[Ref] = []
    for kind in sorted(spec.kinds & set(registry.backend(world.name).schema.kinds)):
        rows = await everything(world.adapter, kind)
        found += [row.ref for row in rows if spec.reason_against(row) is None][:2]
    return found


def _every_action() -> Iterator[tuple[str, str]]:
    for name in BACKENDS:
        yield from dict.fromkeys((name, spec.id) for spec in registry.backend(name).schema.actions)


@pytest.mark.parametrize(("name", "action"), _every_action())
@pytest.mark.parametrize("weather", ["", "lost"])
async def test_what_arrives_is_what_is_journalled(name: str, action: str, weather: str, tmp_path: Path) -> None:
    """And every request finds its own intention on disk when it comes, not only afterwards."""
    seen: list[str] = []

    def watch(place: str) -> None:
        if is_write(name, place):
            seen.append(place)
            entries = run.journal.records()
            assert len(entries) == len(seen), f"{place} left without a line in the journal"
            assert entries[-1].outcome is None

    run = World(name, tmp_path, watch=watch)
    planner = Planner({name: run.adapter}, run.journal, parallel=1)
    plans: list[Plan] = []
    try:
        for spec in [each for each in registry.backend(name).schema.actions if each.id == action]:
            targets: list[Ref | str] = [ref if ref.id else name for ref in await _targets(run, spec)]
            if targets:
                plan = await planner.make(action, targets, _params(name, spec))
                run.app.state.faults.replace([f"{name}:*:lost"] if weather else [])
                plans.append(await planner.run(plan))
                run.app.state.faults.replace([])
    finally:
        await run.adapter.aclose()
    entries = run.journal.records()
    assert run.writes() == seen
    assert len(seen) == (0 if action in ONLY_LOOK else len(entries))
    assert len(entries) == sum(target.attempts for plan in plans for target in plan.targets)
    assert {entry.plan for entry in entries} <= {plan.id for plan in plans}
    ended = {target.outcome.value for plan in plans for target in plan.targets if target.attempts}
    assert {entry.outcome for entry in entries} == ended


def test_nothing_but_the_client_opens_a_connection() -> None:
    """The doors that a write could take past the permit: the one client, the streams that only read, the logins."""
    opens = {"httpx", "socket", "http.client", "urllib.request", "grpc", "aiohttp", "requests", "ssl"}
    root = Path(next(iter(adapters.__path__)))
    found = set()
    for path in root.rglob("*.py"):
        if "mock" in path.relative_to(root).as_posix():
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            if any(name in opens or name.partition(".")[0] in opens for name in names):
                found.add(path.relative_to(root).as_posix())
    assert found == {"http.py", "peloton/streams.py", "vertex/adc.py"}


async def test_a_stream_carries_no_write() -> None:
    from adapters.peloton.settings import PelotonSettings
    from adapters.peloton.streams import Streams

    streams = Streams(
        "p", PelotonSettings(backend="peloton", url="http://127.0.0.1:9", grpc_url="grpc://127.0.0.1:9")
    )
    with pytest.raises(PermitRefused):
        async for _ in streams.messages("DeleteJob", {"jobId": "x"}):
            pass


def test_places_are_told_apart() -> None:
    assert is_write("kfp", "POST /apis/v2beta1/runs/x:terminate")
    assert is_write("clearml", "POST /v2.31/queues.get_next_task")
    assert not is_write("clearml", "POST /auth.login")
    assert is_write("peloton", "peloton.api.v1alpha.job.stateless.svc.JobService::StopJob")
