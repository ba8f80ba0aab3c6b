"""Asking the mock in-process, without a loop in the test."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx

from adapters.mock.clock import SimClock
from adapters.mock.cluster import SimCluster
from adapters.mock.server import build_app


class Caller:
    """A mock in-process; each call is one request."""

    def __init__(
        self,
        *,
        backends: tuple[str, ...] = ("kfp",),
        options: Mapping[str, Mapping[str, Any]] | None = None,
        faults: tuple[str, ...] = (),
        **settings: Any,
    ) -> None:
        chosen: dict[str, Any] = {"seed": 7, "runs": 60, "clock": SimClock(virtual=True)}
        self.cluster = SimCluster(**chosen | settings)
        self.app = build_app(self.cluster, faults, backends, options)

    def ask(self, method: str, path: str, **named: Any) -> httpx.Response:
        async def go() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://mock") as client:
                return await client.request(method, path, **named)

        return asyncio.run(go())

    def get(self, path: str, **named: Any) -> httpx.Response:
        return self.ask("GET", path, **named)

    def post(self, path: str, **named: Any) -> httpx.Response:
        return self.ask("POST", path, **named)

    def delete(self, path: str, **named: Any) -> httpx.Response:
        return self.ask("DELETE", path, **named)

    def advance(self, seconds: float) -> None:
        self.cluster.clock.advance(seconds)
