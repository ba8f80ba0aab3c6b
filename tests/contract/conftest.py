"""Every backend of the registry over its mock server: in the same process, and on a socket."""

from __future__ import annotations

import tomllib
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from adapters import registry
from adapters.mock.clock import SimClock
from adapters.mock.cluster import SimCluster
from adapters.mock.server import MockServer, build_app, config_toml
from adapters.model import Kind, Resource
from adapters.port import ANY, Adapter, Page, Query, Schema
from adapters.registry import Backend

RUNS, HOSTS = 40, 12


@dataclass
class World:
    """One backend's mock server, and adapters on it that are closed with the test."""

    name: str
    backend: Backend
    url: str
    app: Any
    over_socket: bool
    opened: list[Adapter] = field(default_factory=list)

    @property
    def schema(self) -> Schema:
        return self.backend.schema

    @property
    def faults(self) -> Any:
        return self.app.state.faults

    def arrived(self) -> int:
        """How many requests the server has seen."""
        return sum(1 for request in self.app.state.requests if not request.path.startswith("/_mock"))

    def adapter(self, *, transport: httpx.AsyncBaseTransport | None = None, **settings: Any) -> Adapter:
        config = tomllib.loads(config_toml(self.url, [self.name]))["contexts"][self.name]
        quick = {"retries": 0, "requests_per_second": 1e6}
        made = self.backend.load_settings()(**{**config, **quick, **settings})
        if transport is None and not self.over_socket:
            transport = httpx.ASGITransport(app=self.app)
        adapter: Adapter = self.backend.load_adapter()(self.name, made, transport=transport)
        self.opened.append(adapter)
        return adapter


def built() -> list[str]:
    """The backends that have an adapter and a mock."""
    found = []
    for name in registry.names():
        backend = registry.backend(name)
        backend.load_adapter()
        backend.load_mock()
        found.append(name)
    return found


@pytest.fixture(scope="module", params=["asgi", "socket"])
def way(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module", params=built())
def mounted(request: pytest.FixtureRequest, way: str) -> Iterator[World]:
    name = str(request.param)
    backend = registry.backend(name)
    if way == "asgi":
        cluster = SimCluster(seed=7, runs=RUNS, hosts=HOSTS, clock=SimClock(virtual=True))
        yield World(name, backend, "http://mock.test", build_app(cluster, backends=[name]), False)
        return
    with MockServer(seed=7, runs=RUNS, hosts=HOSTS, clock="virtual", backends=[name]) as server:
        yield World(name, backend, server.url, server.app, True)


@pytest.fixture
async def world(mounted: World) -> AsyncIterator[World]:
    mounted.faults.replace(())
    async with AsyncExitStack() as closing:
        yield mounted
        for adapter in mounted.opened:
            closing.push_async_callback(adapter.aclose)
        mounted.opened.clear()
    mounted.faults.replace(())


@pytest.fixture
def adapter(world: World) -> Adapter:
    return world.adapter()


async def everything(adapter: Adapter, kind: Kind, query: Query = ANY, *, limit: int = 100) -> list[Resource]:
    """Every row of a list, page by page; fails on a list that does not end."""
    return [row for page in await pages(adapter, kind, query, limit=limit) for row in page.items]


async def pages(adapter: Adapter, kind: Kind, query: Query = ANY, *, limit: int = 100) -> list[Page]:
    found: list[Page] = []
    cursor: str | None = None
    for _ in range(2000):
        page = await adapter.list(kind, query, cursor=cursor, limit=limit)
        found.append(page)
        cursor = page.cursor
        if cursor is None:
            return found
    raise AssertionError(f"the list of {kind.plural} does not end")
