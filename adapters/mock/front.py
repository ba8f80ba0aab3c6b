"""What every request to the mock passes first: it is recorded, and it meets the faults in force."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from starlette.requests import ClientDisconnect
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from adapters.mock.cluster import SimCluster
from adapters.mock.faults import Fault, Faults

LOGIN_PAGE = "<!DOCTYPE html><html><head><title>Sign in</title></head><body><h1>Sign in</h1></body></html>"
KEPT_BODY = 4096


@dataclass(slots=True)
class Arrived:
    """One request as it arrived. `at` is simulated time; `status` is None where no answer was sent."""

    number: int
    at: float
    backend: str
    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: str = ""
    status: int | None = None
    faults: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


class Front:
    """ASGI middleware. `owner` says which backend a request belongs to, "" for none."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        cluster: SimCluster,
        faults: Faults,
        requests: deque[Arrived],
        owner: Callable[[Scope], str],
    ) -> None:
        self.app = app
        self.cluster = cluster
        self.faults = faults
        self.requests = requests
        self.owner = owner
        self._count = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith("/_mock"):
            await self.app(scope, receive, send)
            return
        self._count += 1
        arrived = Arrived(
            self._count,
            self.cluster.clock.now(),
            self.owner(scope),
            scope["method"],
            scope["path"],
            scope["query_string"].decode("latin-1"),
            {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]},
        )
        self.requests.append(arrived)
        struck = self.faults.strike(arrived.backend, arrived.path)
        arrived.faults = [str(fault) for fault in struck]
        heard = _listening(receive, arrived)
        noted = _noting(send, arrived)
        # A client that hung up while it was being heard is nothing to tell the operator of the server.
        with contextlib.suppress(ClientDisconnect):
            if not struck:
                await self.app(scope, heard, noted)
            else:
                await self._weather(scope, receive, heard, noted, {fault.kind: fault for fault in struck})

    async def _weather(
        self, scope: Scope, receive: Receive, heard: Receive, send: Send, faults: dict[str, Fault]
    ) -> None:
        if latency := faults.pop("latency", None):
            await asyncio.sleep(latency.value)
        if "reset" in faults:
            await break_connection(receive)
            return
        if refused := self._refusal(scope, faults.values()):
            await refused(scope, heard, send)
            return
        if not faults:
            await self.app(scope, heard, send)
            return
        answer = _Held()
        await self.app(scope, heard, answer.hold)
        if "lost" in faults:
            await break_connection(receive)
        else:
            await _spoil(answer, receive, send, faults)

    def _refusal(self, scope: Scope, faults: Iterable[Fault]) -> Response | None:
        """The answer given in place of the API's; the request is not executed."""
        for fault in faults:
            match fault.kind:
                case "status":
                    return self._error(scope, int(fault.value))
                case "rate-limit":
                    response = self._error(scope, 429)
                    response.headers["retry-after"] = f"{fault.value:g}"
                    return response
                case "html":
                    return HTMLResponse(LOGIN_PAGE, int(fault.value))
                case "redirect":
                    return Response(status_code=302, headers={"location": "/login"})
                case "empty":
                    return Response(status_code=int(fault.value))
        return None

    def _error(self, scope: Scope, status: int) -> Response:
        make = self.cluster.errors.get(self.owner(scope))
        if make is None:
            return PlainTextResponse("upstream connect error or disconnect/reset before headers", status)
        made = make(status)
        assert isinstance(made, Response)
        return made


class _Held:
    """An answer that is kept back whole."""

    def __init__(self) -> None:
        self.start: Message = {}
        self.body = b""

    async def hold(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.start = message
        else:
            self.body += message.get("body", b"")


async def _spoil(answer: _Held, receive: Receive, send: Send, faults: dict[str, Fault]) -> None:
    body = answer.body
    if "malformed" in faults:
        body = body[: len(body) // 2] + b'\x00{"oops":' + body[len(body) // 2 :]
    start = dict(answer.start)
    start["headers"] = [pair for pair in start["headers"] if pair[0].lower() != b"content-length"]
    start["headers"].append((b"content-length", str(len(body)).encode()))
    await send(start)
    if cut := faults.get("truncate"):
        kept = len(body) // 2 if cut.value < 0 else int(cut.value)
        await send({"type": "http.response.body", "body": body[:kept], "more_body": True})
        await break_connection(receive, gently=True)
        return
    if slow := faults.get("slow"):
        parts = 10
        size = max(1, -(-len(body) // parts))
        for place in range(0, len(body), size):
            await asyncio.sleep(slow.value / parts)
            await send({"type": "http.response.body", "body": body[place : place + size], "more_body": True})
        body = b""
    await send({"type": "http.response.body", "body": body})


async def break_connection(receive: Receive, *, gently: bool = False) -> None:
    """Close the client's connection under it: with a reset, or gently after what was already sent.

    ASGI has no word for this, so it reaches for the transport behind uvicorn's `receive`. In-process there
    is no connection, and the client sees the error itself.
    """
    cycle = getattr(receive, "__self__", None)
    transport = getattr(cycle, "transport", None)
    if transport is None:
        raise ConnectionResetError("the connection was reset by a fault")
    if gently:
        transport.close()
    else:
        raw = transport.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    # Until uvicorn has noticed, it would complain that no answer was given.
    for _ in range(1000):
        if getattr(cycle, "disconnected", True):
            break
        await asyncio.sleep(0.001)


def _listening(receive: Receive, arrived: Arrived) -> Receive:
    async def heard() -> Message:
        message = await receive()
        if message["type"] == "http.request" and len(arrived.body) < KEPT_BODY:
            arrived.body += message.get("body", b"")[:KEPT_BODY].decode("utf-8", "replace")
        return message

    return heard


def _noting(send: Send, arrived: Arrived) -> Send:
    async def noted(message: Message) -> None:
        if message["type"] == "http.response.start":
            arrived.status = message["status"]
        await send(message)

    return noted
