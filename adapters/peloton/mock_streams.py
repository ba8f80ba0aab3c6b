"""Peloton's gRPC inbound, on a port of its own: the streams and every unary procedure, in JSON."""

from __future__ import annotations

import asyncio
import json
import os
from collections import deque
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from adapters.mock.cluster import SimCluster
from adapters.mock.front import Arrived
from adapters.peloton import mock_render
from adapters.peloton.mock import Envelope, answer_to, authenticate, decode_body, find_handler
from adapters.peloton.mock_watch import Watch, hub_of, pod_summary
from adapters.peloton.mock_wire import Call, Message, Options, RpcError, encode, part, uint, value_of

if TYPE_CHECKING:
    import grpc

LOOK_EVERY = 0.05
"""Seconds between two looks of a watch at a world that moves only when it is looked at."""


@dataclass(frozen=True, slots=True)
class StreamPort:
    """The open port. `config` are the keys that a context of this backend needs for it."""

    config: Mapping[str, str]
    server: grpc.aio.Server
    cluster: SimCluster

    async def close(self) -> None:
        """Watches are ended first: gRPC prints a traceback for each call that it has to break off."""
        hub_of(self.cluster).closing = True
        await self.server.stop(10 * LOOK_EVERY)


async def open_port(
    cluster: SimCluster,
    host: str,
    requests: deque[Arrived] | None = None,
    *,
    strict_enums: bool = False,
    users: Mapping[str, str] | None = None,
) -> StreamPort | None:
    """Serve on any free port of `host`; None where grpcio is not installed. Calls are noted in `requests`."""
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # stdout and stderr are the server's own
    try:
        import grpc
    except ImportError:
        return None
    options = Options(strict_enums, users)

    class Inbound(grpc.GenericRpcHandler):
        def service(self, handler_call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[Any, Any] | None:
            envelope = _envelope(handler_call_details.method, handler_call_details.invocation_metadata)

            noted = _noted(cluster, requests, handler_call_details.method, envelope)

            async def unary(request: bytes, context: Any) -> bytes:
                try:
                    handler = find_handler(envelope)
                    assert handler is not None
                    if context.time_remaining() is None:
                        raise RpcError("invalid-argument", "missing TTL")
                    answer = answer_to(cluster, handler, _body(options, envelope, request, context))
                    noted.status = 200
                    return _bytes(answer)
                except RpcError as error:
                    await context.abort(_status(error), error.message)
                    raise

            async def stream(request: bytes, context: Any) -> AsyncIterator[bytes]:
                try:
                    find_handler(envelope)
                    body = _body(options, envelope, request, context)
                    async for message in _stream(cluster, envelope, body):
                        noted.status = 200
                        yield _bytes(message)
                except RpcError as error:
                    await context.abort(_status(error), error.message)

            if envelope.procedure.rpartition("::")[2] in STREAMS:
                return grpc.unary_stream_rpc_method_handler(stream)
            return grpc.unary_unary_rpc_method_handler(unary)

    server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
    server.add_generic_rpc_handlers((Inbound(),))
    address = f"[{host}]" if ":" in host else host
    port = server.add_insecure_port(f"{address}:0")
    await server.start()
    return StreamPort({"grpc_url": f"grpc://{address}:{port}"}, server, cluster)


def _noted(cluster: SimCluster, requests: deque[Arrived] | None, path: str, envelope: Envelope) -> Arrived:
    """The call as the server's list of requests has it, where there is one; its status follows."""
    number = requests[-1].number if requests else 0
    headers = {"rpc-procedure": envelope.procedure, "rpc-caller": envelope.caller, "rpc-service": envelope.service}
    arrived = Arrived(number, cluster.clock.now(), "peloton", "POST", path, "", headers)
    if requests is not None:
        requests.append(arrived)
    return arrived


def _envelope(path: str, metadata: Iterable[tuple[str, str | bytes]]) -> Envelope:
    """The YARPC request in a gRPC call: /service/method, the rest in its metadata."""
    given = dict(metadata)
    service, _, method = path.strip("/").rpartition("/")
    return Envelope(
        str(given.get("rpc-service", "")),
        f"{service}::{method}",
        str(given.get("rpc-caller", "")),
        str(given.get("rpc-encoding", "proto")),
        "",
    )


def _body(options: Options, envelope: Envelope, request: bytes, context: Any) -> Message:
    given = dict(context.invocation_metadata() or ())
    authenticate(options, str(given.get("username", "")), str(given.get("password", "")))
    return decode_body(request, options, envelope)


def _bytes(message: Message) -> bytes:
    return json.dumps(encode(message), separators=(",", ":"), ensure_ascii=False).encode(errors="replace")


def _status(error: RpcError) -> grpc.StatusCode:
    import grpc

    found: grpc.StatusCode = getattr(grpc.StatusCode, error.code.upper().replace("-", "_"))
    return found


async def _stream(cluster: SimCluster, envelope: Envelope, body: Message) -> AsyncIterator[Message]:
    fleet = cluster.fleet
    fleet.catch_up()
    call = Call(cluster, fleet, body)
    async for message in STREAMS[envelope.procedure.rpartition("::")[2]](call):
        yield message


async def _list_jobs(call: Call) -> AsyncIterator[Message]:
    for found in call.fleet.newest_first():
        yield {"jobs": [mock_render.job_summary(call, call.fleet.whole(found))]}


async def _list_pods(call: Call) -> AsyncIterator[Message]:
    """A job that is not there has no pods; a range is [from, to), the whole job without one."""
    job = call.fleet.find(value_of(call.body, "jobId"))
    wanted = part(call.body, "range")
    low, high = uint(wanted, "from"), uint(wanted, "to")
    for instance, pod in sorted(job.pods.items()) if job else ():
        if not wanted or low <= instance < high:
            yield {"pods": [pod_summary(call, pod)]}


async def _watch(call: Call) -> AsyncIterator[Message]:
    """First the id alone, then one object a message."""
    hub = hub_of(call.cluster)
    watch = hub.open(call)
    try:
        yield {"watchId": watch.id}
        while True:
            _check(watch, over=hub.over)
            call.fleet.catch_up()
            while watch.buffer:
                yield {"watchId": watch.id, **watch.buffer.popleft()}
            _check(watch, over=hub.over)
            await asyncio.sleep(LOOK_EVERY)
    finally:
        hub.close(watch)


def _check(watch: Watch, *, over: bool) -> None:
    if watch.overflown:
        raise RpcError("aborted", "event overflow: the buffer of the watch is full")
    if watch.cancelled:
        raise RpcError("cancelled", "watch cancelled")
    if over:
        raise RpcError("cancelled", "leadership lost, the watch is closed")


STREAMS = {"ListJobs": _list_jobs, "ListPods": _list_pods, "Watch": _watch}
