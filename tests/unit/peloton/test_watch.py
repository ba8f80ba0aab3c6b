"""Streams: the adapter against a scripted gRPC server and the mock's; and what is said where there are none."""

from __future__ import annotations

import asyncio
import json
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

import grpc
import httpx
import pytest

from adapters.errors import BadPayload, Invalid, Unauthorized, Unavailable, Unsupported
from adapters.mock.clock import SimClock
from adapters.mock.cluster import SimCluster
from adapters.mock.server import build_app, second_ports
from adapters.model import Kind, Ref, State
from adapters.peloton.adapter import PelotonAdapter
from adapters.peloton.settings import PelotonSettings
from adapters.port import ANY, Change, ChangeType, Feature, Query
from tests.unit.peloton.fake import POD, RUN, Body, Fake, job, permit, pod
from tui.core.store import Key, Store
from tui.core.sync import SyncEngine, SyncSettings

pytestmark = pytest.mark.anyio

RELIST, PUT, REMOVE = ChangeType.RELIST, ChangeType.PUT, ChangeType.REMOVE
Script: TypeAlias = "list[Body | bytes | grpc.StatusCode | str]"


class Scripted:
    """A gRPC server whose streams send what `scripts` hold, one script a call; a status ends a stream."""

    def __init__(self) -> None:
        self.scripts: list[Script] = []
        self.calls: list[tuple[str, dict[str, Any], Body]] = []
        self.url = ""

    def service(self, details: grpc.HandlerCallDetails) -> Any:
        async def stream(request: bytes, context: Any) -> AsyncIterator[bytes]:
            metadata = {key: value for key, value in context.invocation_metadata() if not key.startswith("user-")}
            self.calls.append((details.method, metadata, json.loads(request)))
            for said in self.scripts.pop(0) if self.scripts else []:
                if isinstance(said, grpc.StatusCode):
                    await context.abort(said, "event overflow: full" if said is grpc.StatusCode.ABORTED else "no")
                elif said == "wait":
                    await asyncio.sleep(60)
                else:
                    yield said if isinstance(said, bytes) else json.dumps(said).encode()

        return grpc.unary_stream_rpc_method_handler(stream)


@pytest.fixture
async def server(anyio_backend: str) -> AsyncIterator[Scripted]:
    scripted = Scripted()

    class Inbound(grpc.GenericRpcHandler):
        def service(self, handler_call_details: grpc.HandlerCallDetails) -> Any:
            return scripted.service(handler_call_details)

    made = grpc.aio.server()
    made.add_generic_rpc_handlers((Inbound(),))
    scripted.url = f"grpc://127.0.0.1:{made.add_insecure_port('127.0.0.1:0')}"
    await made.start()
    yield scripted
    await made.stop(None)


@asynccontextmanager
async def connected(fake: Fake, **settings: Any) -> AsyncIterator[PelotonAdapter]:
    adapter = fake.adapter(**settings)
    try:
        yield adapter
    finally:
        await adapter.aclose()


async def changes(adapter: PelotonAdapter, kind: Kind, query: Query, count: int) -> list[Change]:
    found: list[Change] = []
    async with asyncio.timeout(10):
        stream = adapter.watch(kind, query)
        async for change in stream:
            found.append(change)
            if len(found) == count:
                await stream.aclose()  # type: ignore[attr-defined]  # it is a generator
                return found
    return found


async def test_a_watch_of_runs(fake: Fake, server: Scripted) -> None:
    server.scripts = [
        [
            {"watchId": "job_1"},
            {"watchId": "job_1", "statelessJobs": [job(1, "FAILED")]},
            {"statelessJobs": [job(2, "DELETED")]},
            {"statelessJobsNotFound": [{"value": "gone"}], "revision": "7"},
            "wait",
        ]
    ]
    async with connected(fake, grpc_url=server.url, username="ana", password="s3cret", caller="me") as adapter:
        first, put, deleted, gone = await changes(adapter, Kind.RUN, ANY, 4)
    assert first == Change(RELIST)
    assert put.type is PUT
    assert put.ref == RUN
    assert put.resource is not None
    assert (put.resource.state, put.resource.pool) == (State.FAILED, "/ml/ads")
    assert (deleted.type, gone) == (REMOVE, Change(REMOVE, Ref("lab", Kind.RUN, "gone")))
    path, metadata, body = server.calls[0]
    assert path == "/peloton.api.v1alpha.watch.svc.WatchService/Watch"
    assert metadata == {
        "rpc-caller": "me",
        "rpc-service": "peloton-apiserver",
        "rpc-encoding": "json",
        "username": "ana",
        "password": "s3cret",
    }
    assert body == {"statelessJobFilter": {}}


async def test_a_watch_of_a_runs_pods_keeps_the_labels_that_the_list_has(fake: Fake, server: Scripted) -> None:
    listed = pod(1, 0)
    listed["spec"]["labels"] = [{"key": "team", "value": "ads"}]
    fake.on("GetJob", {"summary": job(1)}).on("QueryPods", {"pods": [listed]})
    status = pod(1, 0, "FAILED", run=2)["status"]
    server.scripts = [[{"watchId": "task_1"}, {"pods": [{"podName": {"value": POD.id}, "status": status}]}, "wait"]]
    async with connected(fake, grpc_url=server.url) as adapter:
        (row,) = (await adapter.list(Kind.POD, Query(parent=RUN))).items
        _, put = await changes(adapter, Kind.POD, Query(parent=RUN), 2)
        assert put.resource is not None
        assert (put.ref, put.resource.state, put.resource.name) == (POD, State.FAILED, row.name)
        assert put.resource.labels == row.labels == {"team": "ads"}
    assert server.calls[0][2] == {"podFilter": {"jobId": {"value": RUN.id}}}


async def test_an_overflow_is_opened_again_and_says_relist(
    fake: Fake, server: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.peloton.watching.PAUSE_AFTER_OVERFLOW", 0.0)
    server.scripts = [[{"watchId": 1}, grpc.StatusCode.ABORTED], [{"watchId": "2"}, "wait"]]
    async with connected(fake, grpc_url=server.url) as adapter:
        assert await changes(adapter, Kind.RUN, ANY, 2) == [Change(RELIST), Change(RELIST)]
    assert len(server.calls) == 2


@pytest.mark.parametrize(
    ("script", "error", "told"),
    [
        ([grpc.StatusCode.CANCELLED], Unavailable, "no"),
        ([grpc.StatusCode.UNAUTHENTICATED], Unauthorized, "no"),
        ([grpc.StatusCode.UNIMPLEMENTED], Unsupported, "no"),
        ([grpc.StatusCode.INVALID_ARGUMENT], Invalid, "no"),
        ([], Unavailable, "has ended the watch"),
        ([b"\xff{"], BadPayload, "not a JSON object"),
        ([b"[]"], BadPayload, "not a JSON object"),
        ([{"watchId": "x", "statelessJobs": 3}], BadPayload, "cannot be read"),
    ],
)
async def test_whatever_ends_a_watch_is_one_sentence(
    fake: Fake, server: Scripted, script: Script, error: type[Exception], told: str
) -> None:
    server.scripts = [script]
    async with connected(fake, grpc_url=server.url) as adapter:
        with pytest.raises(error, match=told):
            await changes(adapter, Kind.RUN, ANY, 9)


async def test_streams_by_hand(fake: Fake, server: Scripted) -> None:
    pods = [{"podName": {"value": POD.id}}]
    server.scripts = [[{"jobs": [job(1)]}, {"jobs": [job(2)]}], [{"pods": pods}, {}], [{"watchId": "w"}, "wait"]]
    async with connected(fake, grpc_url=server.url) as adapter:
        assert await adapter.call("ListJobs", {}) == {"jobs": [job(1), job(2)]}
        assert await adapter.call("ListPods", {"job_id": RUN.id, "range": '{"from": 0, "to": 4}'}) == {"pods": pods}
        assert await adapter.call("Watch", {"podFilter": {}, "seconds": 0.2}) == {"messages": [{"watchId": "w"}]}
        with pytest.raises(Invalid, match="jobId"):
            await adapter.call("ListPods", {})
    assert [body for _, _, body in server.calls] == [
        {},
        {"jobId": {"value": RUN.id}, "range": {"from": 0, "to": 4}},
        {"podFilter": {}},
    ]


@pytest.mark.parametrize(
    ("kind", "query"),
    [
        (Kind.HOST, ANY),
        (Kind.POD, ANY),
        (Kind.RUN, Query(active=True)),
        (Kind.RUN, Query(parent=Ref("lab", Kind.POOL, "pool-ads"))),
        (Kind.UPDATE, Query(parent=RUN)),
    ],
)
async def test_lists_without_a_watch_say_so_unasked(fake: Fake, server: Scripted, kind: Kind, query: Query) -> None:
    async with connected(fake, grpc_url=server.url) as adapter:
        with pytest.raises(Unsupported, match="polled"):
            adapter.watch(kind, query)
    assert not server.calls


async def test_what_is_declared(fake: Fake, server: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    async with connected(fake) as adapter:
        watch = (await adapter.describe()).features[Feature.WATCH]
        assert (watch.supported, watch.wanted) == (False, False)
        with pytest.raises(Unsupported, match="grpc_url"):
            adapter.watch(Kind.RUN, ANY)
        with pytest.raises(Unsupported, match="grpc_url"):
            await adapter.call("ListJobs", {})
    async with connected(fake, grpc_url=server.url) as adapter:
        assert (await adapter.describe()).features[Feature.WATCH].supported
    async with connected(fake, grpc_url="grpc://127.0.0.1:1") as adapter:
        watch = (await adapter.describe()).features[Feature.WATCH]
        assert (watch.supported, watch.wanted) == (False, True)
        assert watch.reason == "no answer: grpc://127.0.0.1:1 takes no gRPC connection"
    monkeypatch.setitem(sys.modules, "grpc", None)
    async with connected(fake, grpc_url=server.url) as adapter:
        watch = (await adapter.describe()).features[Feature.WATCH]
        assert watch.wanted
        assert "pip install 'runyard[grpc]'" in watch.reason
        with pytest.raises(Unsupported, match=r"runyard\[grpc\]"):
            await adapter.call("ListJobs", {})


async def test_a_port_that_opens_later_is_found(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapters.peloton.adapter.PROBE_AGAIN", 0.0)
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        port = reserved.getsockname()[1]
    async with connected(fake, grpc_url=f"grpc://127.0.0.1:{port}") as adapter:
        assert not (await adapter.describe()).features[Feature.WATCH].supported
        made = grpc.aio.server()
        made.add_insecure_port(f"127.0.0.1:{port}")
        await made.start()

        async def found() -> bool:
            return (await adapter.describe()).features[Feature.WATCH].supported

        await until(found)
        await made.stop(None)


# --- against the mock ------------------------------------------------------------------------------------------


@asynccontextmanager
async def over_the_mock() -> AsyncIterator[tuple[PelotonAdapter, SimCluster]]:
    cluster = SimCluster(seed=7, runs=40, hosts=12, clock=SimClock(virtual=True))
    app = build_app(cluster, backends=["peloton"])
    async with second_ports(cluster, "127.0.0.1", ["peloton"]) as ports:
        given = {"backend": "peloton", "url": "http://127.0.0.1:8000", "requests_per_second": 10_000, "retries": 0}
        settings = PelotonSettings.model_validate({**given, **ports["peloton"]})
        adapter = PelotonAdapter("peloton", settings, transport=httpx.ASGITransport(app=app))
        yield adapter, cluster
        await adapter.aclose()


async def until(what: Callable[[], bool | Awaitable[bool]]) -> None:
    for _ in range(500):
        found = what()
        if found if isinstance(found, bool) else await found:
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not happen")


async def test_the_console_follows_runs_live_and_polls_when_the_port_is_gone() -> None:
    async with over_the_mock() as (adapter, cluster):
        store = Store()
        engine = SyncEngine({"peloton": adapter}, store, settings=SyncSettings(interval=60.0, watched=600.0))
        key = Key("peloton", Kind.RUN)
        engine.subscribe("peloton", Kind.RUN)
        await until(lambda: store.snapshot(key).live and store.snapshot(key).complete)
        run = next(row for row in store.snapshot(key).rows.values() if row.state is State.RUNNING)
        await adapter.perform("abort", run.ref, {}, permit(run.ref))
        await until(lambda: store.snapshot(key).rows[run.ref].state is State.ABORTING)
        cluster.reset()  # to a client: the leader has changed
        await until(lambda: not store.snapshot(key).live)
        assert store.snapshot(key).note == "not live: leadership lost, the watch is closed; asked every 60 s"
        await engine.aclose()


async def test_rows_of_a_watch_are_those_of_the_list() -> None:
    async with over_the_mock() as (adapter, _):
        run = next(row for row in (await adapter.list(Kind.RUN)).items if row.state is State.RUNNING)
        for kind, query in ((Kind.POD, Query(parent=run.ref)), (Kind.RUN, ANY)):
            listed = {row.ref: row for row in (await adapter.list(kind, query, limit=100)).items}
            stream = adapter.watch(kind, query)
            assert await anext(stream) == Change(RELIST)
            action = "restart" if kind is Kind.POD else "abort"
            target = next(ref for ref, row in listed.items() if row.state is State.RUNNING)
            await adapter.perform(action, target, {"check_sla": False}, permit(target))
            change = await asyncio.wait_for(anext(stream), 5)
            now = next(row for row in (await adapter.list(kind, query, limit=100)).items if row.ref == target)
            assert change == Change(PUT, target, now)
            await stream.aclose()  # type: ignore[attr-defined]  # it is a generator
