"""What the adapter sends and what the mock answers, held field by field against the API's own tables."""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from adapters import registry
from adapters.mock.clock import SimClock
from adapters.mock.cluster import SimCluster
from adapters.mock.server import build_app, second_ports
from adapters.model import Json, Kind, Ref, Resource, State
from adapters.peloton import rpc
from adapters.peloton.adapter import PelotonAdapter
from adapters.peloton.settings import PelotonSettings
from adapters.peloton.streams import Streams
from adapters.permit import Permit
from adapters.port import ANY, Query
from tests.contract.conftest import everything
from tests.contract.every.drive import CASES, Drive
from tests.mock.peloton.client import OPAQUE, SERVICES, check, tables
from tui.core.journal import Journal

pytestmark = pytest.mark.anyio

importlib.import_module("tests.contract.every.peloton")

TYPES: dict[str, Any] = {
    "string": str,
    "bytes": str,
    "bool": bool,
    "uint32": int,
    "uint64": (int, str),
    "double": (int, float),
}


def check_request(message: str, value: Any, at: str = "") -> None:
    """Fail on a field, a type or an enum that a real server would not take: unknown keys it would drop in silence,
    enum names it refuses."""
    fields = tables()["messages"][message]
    assert isinstance(value, dict), f"{at}: {message} is {value!r}"
    for name, item in value.items():
        where = f"{at}.{name}"
        assert name in fields, f"{where} is not a field of {message}"
        kind = fields[name]
        if entries := re.fullmatch(r"map<(\w+),(.+)>", kind):
            for key, each in item.items():
                _check(entries[2], each, f"{where}[{key}]")
        elif kind.startswith("r "):
            assert isinstance(item, list), f"{where}: {item!r} is no list"
            for number, each in enumerate(item):
                _check(kind[2:], each, f"{where}[{number}]")
        else:
            _check(kind, item, where)


def _check(kind: str, value: Any, where: str) -> None:
    if kind in tables()["messages"]:
        check_request(kind, value, where)
    elif kind in tables()["enums"]:
        assert isinstance(value, int), f"{where}: {value!r} is no number, so the server refuses it"
        assert 0 <= value < len(tables()["enums"][kind]), where
    elif kind == "google.protobuf.Timestamp":
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z", value), where
    elif not kind.startswith(OPAQUE):
        assert isinstance(value, TYPES[kind]), f"{where}: {value!r} is no {kind}"
        assert kind == "bool" or not isinstance(value, bool), where


class Checked(httpx.AsyncBaseTransport):
    """In-process, and every request and answer is held against the tables on its way."""

    def __init__(self, app: Any) -> None:
        self.inner = httpx.ASGITransport(app=app)
        self.seen: set[str] = set()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        procedure = request.headers.get("Rpc-Procedure")
        if procedure is not None:
            service, _, method = procedure.partition("::")
            found = tables()["services"].get(service, {}).get(method) or _older(method)
            check_request(found["request"], json.loads(request.content), method)
            self.seen.add(method)
        answer = await self.inner.handle_async_request(request)
        body = await answer.aread()
        if procedure is not None and answer.status_code == 200:
            check(found["response"], json.loads(body), method)
        return httpx.Response(answer.status_code, headers=answer.headers, content=body)


def _older(method: str) -> Any:
    raise AssertionError(f"{method} is not in the tables")


class Lab:
    def __init__(self, cluster: SimCluster, app: Any, adapter: PelotonAdapter, transport: Checked) -> None:
        self.cluster, self.app, self.adapter, self.transport = cluster, app, adapter, transport

    async def do(self, action: str, ref: Ref, **params: Json) -> Ref | None:
        await self.adapter.preview(action, ref, params)
        return (await self.adapter.perform(action, ref, params, Permit("p", "r", action, ref))).created

    async def one(self, kind: Kind, *states: State, query: Query = ANY) -> Resource:
        return next(row for row in await everything(self.adapter, kind, query) if row.state in states)


@pytest.fixture
async def lab(anyio_backend: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Lab]:
    """The mock refuses names of enums here, as real servers do; streams are held against the tables as well."""
    plain = Streams.messages

    async def messages(self: Streams, method: str, body: Any, seconds: float | None = None) -> AsyncIterator[Any]:
        found = tables()["services"][rpc.RPCS[method].service][method]
        async for message in plain(self, method, body, seconds):
            check(found["response"], message, method)
            yield message

    monkeypatch.setattr(Streams, "messages", messages)
    cluster = SimCluster(seed=7, runs=40, hosts=12, clock=SimClock(virtual=True))
    strict = {"peloton": {"strict_enums": True}}
    app = build_app(cluster, backends=["peloton"], options=strict)
    async with second_ports(cluster, "127.0.0.1", ["peloton"], strict, app.state.requests) as ports:
        given = {"backend": "peloton", "url": "http://127.0.0.1:8000", "requests_per_second": 1e6, "retries": 0}
        settings = PelotonSettings.model_validate({**given, **ports["peloton"]})
        transport = Checked(app)
        adapter = PelotonAdapter("peloton", settings, transport=transport)
        yield Lab(cluster, app, adapter, transport)
        await adapter.aclose()


@pytest.mark.parametrize("name", sorted(name for name in CASES if name.startswith("peloton.")))
async def test_every_method_by_hand(lab: Lab, name: str, tmp_path: Path) -> None:
    await CASES[name](Drive(lab.adapter, lab.cluster, Journal(tmp_path / "journal"), lab.app.state.requests))


async def test_every_list_object_event_and_detail(lab: Lab) -> None:
    schema = await lab.adapter.describe()
    for kind, spec in schema.kinds.items():
        rows = (await lab.adapter.list(kind, Query(active=spec.active_list), limit=20)).items
        for row in rows[:4]:
            await lab.adapter.get(row.ref)
            await lab.adapter.detail(row.ref)
            for child in spec.children:
                await lab.adapter.list(child, Query(parent=row.ref))
            if spec.events.supported:
                await lab.adapter.events(row.ref)
            if spec.logs.supported:
                await lab.adapter.log_sources(row.ref)
    assert lab.transport.seen >= {"QueryJobs", "QueryPods", "GetPodEvents", "GetWorkflowEvents", "ListVolumes"}


async def test_every_action(lab: Lab) -> None:
    run = await lab.one(Kind.RUN, State.RUNNING)
    volume = await lab.one(Kind.VOLUME, State.UP)
    raw = (await lab.adapter.detail(run.ref)).raw
    spec: Any = raw["jobInfo"]["spec"]  # type: ignore[call-overload, index]  # it is the server's JSON
    more = {**spec, "instanceCount": spec["instanceCount"] + 1}
    made = await lab.do("create", Ref("peloton", Kind.RUN, ""), spec=spec, start_paused=True, batch_size=1)
    assert made is not None
    assert (await lab.adapter.get(made)).name == spec["name"]
    await lab.do("replace", run.ref, spec=more, batch_size=1, rollback_on_failure=True)
    await lab.do("patch", run.ref, spec=more)
    update = await lab.one(Kind.UPDATE, State.PENDING, State.RUNNING, query=Query(parent=run.ref))
    for action in ("pause", "resume", "abort-update"):
        await lab.do(action, update.ref)
    await lab.do("refresh", run.ref)
    await lab.do("restart", run.ref, ranges="0", batch_size=1)
    pod = await lab.one(Kind.POD, State.RUNNING)
    for action in ("refresh", "restart", "abort", "start", "delete-events"):
        await lab.do(action, pod.ref)
    await lab.do("delete", volume.ref)
    host = await lab.one(Kind.HOST, State.UP)
    await lab.do("drain", host.ref)
    lab.cluster.clock.advance(3600)
    await lab.do("undrain", host.ref)
    pool: dict[str, Json] = {"name": "spare", "resources": [{"kind": "gpu", "type": "RESERVATION_TYPE_ELASTIC"}]}
    made = await lab.do("create-pool", Ref("peloton", Kind.POOL, ""), spec=pool, under="/infra")
    assert made is not None
    await lab.do("update-pool", made, spec={"description": "for tests", "owningTeam": "infra"})
    assert (await lab.adapter.get(made)).owner == "infra"
    await lab.do("delete-pool", made)
    for action in ("abort", "start"):
        await lab.do(action, run.ref)
    await lab.do("delete", run.ref, force=True)
    declared = {action.id for action in registry.backend("peloton").schema.actions}
    assert len(declared) == 17, "what is new here wants a line above"


def test_the_table_of_procedures_is_the_api() -> None:
    services = tables()["services"]
    for name, found in rpc.RPCS.items():
        told = services[found.service][name]
        assert (told["stream"], told["seed"]) == (found.stream, found.seed), name
        fields = tables()["messages"][told["request"]]
        words = {param: kind.partition(",")[0] for param, kind in found.params if param not in found.local}
        assert set(words) <= set(fields), name
        assert set(fields) <= set(words) | {"opaqueData"}, name
        for param, kind in words.items():
            assert kind == _word(fields[param]), (name, param)
    seed = {method for methods in services.values() for method, told in methods.items() if told["seed"]}
    assert seed <= set(rpc.RPCS)
    assert {found.service for found in rpc.RPCS.values()} == set(SERVICES.values())


def _word(kind: str) -> str:
    """How a field is called in `runyard api`: wrappers of one text are texts there."""
    wrapper = tables()["messages"].get(kind) == {"value": "string"}
    plain = {"uint32": "number", "uint64": "number", "double": "number", "bool": "true or false", "string": "text"}
    return "text" if wrapper else plain.get(kind, "JSON")
