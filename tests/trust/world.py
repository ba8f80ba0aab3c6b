"""One backend over its mock server, what of its traffic changes things, and a real journal."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from adapters import registry
from adapters.mock.clock import SimClock
from adapters.mock.cluster import SimCluster
from adapters.mock.front import Arrived
from adapters.mock.server import build_app, config_toml
from adapters.model import Json
from adapters.port import Adapter, MethodSpec
from tests.contract.every.drive import place_of
from tui.core.journal import Journal

BACKENDS = tuple(registry.BUILT_IN)
READS = {
    "kfp": r"GET .*",
    "clearml": r"POST (/v[\d.]+)?/(auth\.login|debug\.ping|server\.info|events\.download_task_log"
    r"|\w+\.(get_(?!next_task$)\w+|validate|(multi_task_)?scalar_\w+|vector_\w+))",
    "jobmanager": r"GET .*|POST .*/jobs/query",
    "vertex": r"GET .*|POST .*/entries:list|POST .*:wait",
    "peloton": r".*::(Query|Get|List|Lookup|Browse|Watch)\w*|GET .*",
}
"""What may arrive without a permit, told by hand from the APIs' definitions and not from the adapters."""

LISTS = {"tasks.update_batch": "updates", "events.add_batch": "events"}
"""ClearML's batch calls take a list, and the client knows it."""


def is_write(name: str, place: str) -> bool:
    return re.fullmatch(READS[name], place) is None


@dataclass
class World:
    """`journal` is on disk in `folder`; `watch` sees each request just before the server does."""

    name: str
    folder: Path
    runs: int = 25
    watch: Callable[[str], None] = lambda place: None
    settings: dict[str, Any] = field(default_factory=dict)
    app: Any = None
    adapter: Adapter = field(init=False)
    journal: Journal = field(init=False)

    def __post_init__(self) -> None:
        cluster = SimCluster(seed=7, runs=self.runs, hosts=12, clock=SimClock(virtual=True))
        self.app = build_app(cluster, backends=[self.name])
        config = tomllib.loads(config_toml("http://mock.test", [self.name]))["contexts"][self.name]
        self._given = {**config, "retries": 0, "requests_per_second": 1e6, **self.settings}
        self.adapter = self.another(_Watched(self))
        self.journal = Journal(self.folder / "journal")

    def another(self, transport: httpx.AsyncBaseTransport) -> Adapter:
        """One more client of the same server."""
        backend = registry.backend(self.name)
        made: Adapter = backend.load_adapter()(
            self.name, backend.load_settings()(**self._given), transport=transport
        )
        return made

    def arrived(self) -> list[Arrived]:
        return list(self.app.state.requests)

    def writes(self) -> list[str]:
        """The places of every request that changes things, in order of arrival."""
        places = [place_of(each) for each in self.arrived()]
        return [place for place in places if is_write(self.name, place)]

    def write_methods(self) -> list[MethodSpec]:
        return [spec for spec in self.adapter.methods() if spec.effect == "write"]


class _Watched(httpx.AsyncBaseTransport):
    def __init__(self, world: World) -> None:
        self._world = world
        self._inner = httpx.ASGITransport(app=world.app)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        path = request.url.raw_path.decode().partition("?")[0]
        self._world.watch(request.headers.get("rpc-procedure") or f"{request.method} {path}")
        try:
            return await self._inner.handle_async_request(request)
        except ConnectionResetError as error:  # what a socket's reset is to the client
            raise httpx.ReadError(str(error), request=request) from None


def arguments(spec: MethodSpec) -> dict[str, Json]:
    """Values of the right type for a method, about nothing that exists."""
    return {name: [] if LISTS.get(spec.name) == name else _value(words) for name, words in spec.params}


def _value(words: str) -> Json:
    if "true or false" in words:
        return True
    return 1 if "number" in words else {} if "JSON" in words else "x"
