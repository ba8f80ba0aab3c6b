"""Bad weather between one backend's adapter and its mock server: by the server's faults, and by what it says."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx

from tests.trust.world import is_write

SERVER = {
    "reset": "reset before the answer",
    "lost": "carried out, then reset",
    "truncate": "broken off in the body",
    "latency=1.5": "no answer in time",
    "slow=3": "a body that drips",
    "malformed": "JSON that is none",
    "html": "a proxy's page with 200",
    "html=502": "a proxy's page with 502",
    "empty": "an empty body",
    "empty=204": "204",
    "redirect": "302 to a login",
    "status=400": "400",
    "status=401": "401",
    "status=403": "403",
    "status=404": "404",
    "status=409": "409",
    "status=429": "429",
    "rate-limit=0": "429 with Retry-After",
    "status=500": "500",
    "status=502": "502",
    "status=503": "503",
}
"""Faults of the mock server, as `/_mock/faults` takes them."""

ONCE = {"401-once": ("401, then good", "status=401"), "503-once": ("503, then good", "status=503")}
"""Faults of the server that strike a single request."""

TIME = re.compile(rb"\b20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d")
"""As every one of these APIs writes times, whatever follows the seconds."""

STATE = re.compile(rb'"(RUNNING|Running|JOB_STATE_RUNNING|in_progress|JOB_STATE_[A-Z]+|POD_STATE_[A-Z]+)"')


def _extended(given: dict[str, Any]) -> dict[str, Any]:
    """With a field more, but for maps of counts, which have no fields."""
    counts = all(isinstance(value, int) for value in given.values())
    return given if counts and given else {**given, "new_field": {"x": [1]}}


def _shifted(hours: int) -> Callable[[bytes], bytes]:
    """Every time as a server with another clock would tell it."""

    def moved(found: re.Match[bytes]) -> bytes:
        return (datetime.fromisoformat(found[0].decode()) + timedelta(hours=hours)).isoformat().encode()

    return lambda body: TIME.sub(moved, body)


def _rows(change: Callable[[list[Any]], list[Any]]) -> Callable[[bytes], bytes]:
    """Every list of objects changed."""

    def walk(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: walk(inner) for key, inner in value.items()}
        if isinstance(value, list):
            changed = [walk(item) for item in value]
            return change(changed) if changed and isinstance(changed[0], dict) else changed
        return value

    return _in_json(walk)


LARGE = "x" * 2_000_000


def _deep(value: Any, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Any:
    if isinstance(value, dict):
        return change({key: _deep(inner, change) for key, inner in value.items()})
    return [_deep(item, change) for item in value] if isinstance(value, list) else value


def _in_json(change: Callable[[Any], Any]) -> Callable[[bytes], bytes]:
    def rewrite(body: bytes) -> bytes:
        try:
            return json.dumps(change(json.loads(body))).encode()
        except ValueError:
            return body  # a log's own text

    return rewrite


def _wrong(value: Any) -> Any:
    """Every text a number, every list a text."""
    if isinstance(value, dict):
        return {key: _wrong(inner) for key, inner in value.items()}
    return "no list" if isinstance(value, list) else 7 if isinstance(value, str) else [value]


SAID: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "types": ("wrong types all over", _in_json(_wrong)),
    "list": ("a list for an object", lambda body: b'[{"a": 1}]'),
    "null": ("null", lambda body: b"null"),
    "nested": ("absurdly nested", lambda body: b"[" * 100_000),
    "bytes": ("broken UTF-8", lambda body: b'{"\xff\xfe": "\xc3\x28"}'),
    "extra": ("fields nobody knows", _in_json(lambda v: _deep(v, _extended))),
    "enum": ("states nobody knows", lambda body: STATE.sub(b'"STATE_OF_2031"', body)),
    "hundredfold": (
        "a hundred times the size",
        _in_json(lambda v: {**v, "pad": LARGE} if isinstance(v, dict) else v),
    ),
    "ahead": ("a clock three hours ahead", _shifted(3)),
    "behind": ("a clock three hours behind", _shifted(-3)),
    "doubled": ("every row twice", _rows(lambda rows: [row for row in rows for _ in range(2)])),
    "overlap": ("the last row again at the top", _rows(lambda rows: [rows[-1], *rows])),
    "bomb": ("over the size that is read", lambda body: b" " * (65 * 1024 * 1024)),
}
"""What is done to the body of a good answer; over and above the server's faults."""


@dataclass
class Weather(httpx.AsyncBaseTransport):
    """`fault` strikes every request, or only writes. `arrived` are the places of the writes that were sent on."""

    backend: str
    faults: Any
    inner: httpx.AsyncBaseTransport = field(default_factory=httpx.AsyncHTTPTransport)
    fault: str = ""
    writes_only: bool = False
    times: int | None = None
    arrived: list[str] = field(default_factory=list)

    def strike(self, fault: str) -> None:
        if fault in ONCE:
            self.fault, self.times = ONCE[fault][1], 1
        else:
            self.fault = fault

    def fair(self) -> None:
        self.fault, self.writes_only, self.times = "", False, None
        self.faults.replace([])

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        path = request.url.raw_path.decode().partition("?")[0]
        place = request.headers.get("rpc-procedure") or f"{request.method} {path}"
        write = is_write(self.backend, place)
        struck = bool(self.fault) and (write or not self.writes_only) and self.times != 0
        if struck and self.times is not None:
            self.times -= 1
        self.faults.replace([f"{self.backend}:*:{self.fault}"] if struck and self.fault in SERVER else [])
        if struck and self.fault == "refused":
            raise httpx.ConnectError("All connection attempts failed", request=request)
        if write:
            self.arrived.append(place)
        answer = await self.inner.handle_async_request(request)
        if not struck or self.fault not in SAID:
            return answer
        body = SAID[self.fault][1](await answer.aread())
        await answer.aclose()
        headers = {"content-type": answer.headers.get("content-type", "application/json")}
        return httpx.Response(answer.status_code, headers=headers, content=body)

    async def aclose(self) -> None:
        await self.inner.aclose()
