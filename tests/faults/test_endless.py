"""Lists that never end: the same page for ever, empty pages that go on; bounded requests, and the rows stay."""

from __future__ import annotations

import itertools
import json
import tomllib
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from adapters import registry
from adapters.mock.server import MockServer, config_toml
from adapters.model import Kind
from adapters.port import Adapter
from tests.faults.matrix import QUICK, check_sentence, until
from tests.trust.world import BACKENDS
from tui.core.store import Snapshot, Store
from tui.core.sync import SyncEngine

pytestmark = pytest.mark.anyio

TOKENS = ("next_page_token", "nextPageToken", "scroll_id")
COUNTS = ("total_size", "total", "totalCount")
MOST_REQUESTS = 400


class Endless(httpx.AsyncBaseTransport):
    """Each place answers as it did first, and says each time that there is more. `empty` pages hold no rows."""

    def __init__(self, tokens: Iterator[str], *, empty: bool) -> None:
        self.inner = httpx.AsyncHTTPTransport()
        self.tokens, self.empty = tokens, empty
        self.first: dict[str, tuple[int, str, bytes]] = {}
        self.requests = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.requests += 1
        if self.requests > 20 * MOST_REQUESTS:
            raise AssertionError("it never stops asking")
        place = request.headers.get("rpc-procedure") or request.url.path
        again = place in self.first
        if not again:
            answer = await self.inner.handle_async_request(request)
            kind = answer.headers.get("content-type", "")
            self.first[place] = (answer.status_code, kind, await answer.aread())
            await answer.aclose()
        status, kind, body = self.first[place]
        return httpx.Response(status, headers={"content-type": kind}, content=self.more(body, again))

    def more(self, body: bytes, again: bool) -> bytes:
        try:
            found = json.loads(body)
        except ValueError:
            return body
        return json.dumps(self._walk(found, again)).encode()

    def _walk(self, value: Any, again: bool) -> Any:
        if not isinstance(value, dict):
            return value
        changed = {key: self._walk(inner, again) for key, inner in value.items()}
        if any(isinstance(inner, list) and inner and isinstance(inner[0], dict) for inner in value.values()):
            if again and self.empty:
                changed = {key: [] if isinstance(inner, list) else inner for key, inner in changed.items()}
            token = next(self.tokens)
            changed |= dict.fromkeys(TOKENS, token) | {name: 10**9 for name in COUNTS if name in value}
        return changed

    async def aclose(self) -> None:
        await self.inner.aclose()


def numbered() -> Iterator[str]:
    return (f"t{number}" for number in itertools.count())


WAYS: dict[str, tuple[Callable[[], Iterator[str]], bool]] = {
    "the same token for ever": (lambda: itertools.repeat("again"), False),
    "new tokens, the same rows": (numbered, False),
    "new tokens, no rows": (numbered, True),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("backend", BACKENDS)
async def test_a_list_without_end(backend: str, way: str) -> None:
    tokens, empty = WAYS[way]
    with MockServer(seed=7, runs=25, hosts=4, clock="virtual", backends=[backend]) as server:
        weather = Endless(tokens(), empty=empty)
        config = tomllib.loads(config_toml(server.url, [backend]))["contexts"][backend]
        entry = registry.backend(backend)
        settings = entry.load_settings()(**{**config, "retries": 0, "requests_per_second": 1e6})
        adapter: Adapter = entry.load_adapter()(backend, settings, transport=weather)
        try:
            for kind in entry.schema.kinds:
                if kind in (Kind.RUN, Kind.HOST, Kind.POOL):
                    weather.first.clear()
                    await end_of_loading(adapter, kind, weather)
        finally:
            await adapter.aclose()


def ended(found: Snapshot) -> bool:
    return found.as_of is not None and not found.loading


async def end_of_loading(adapter: Adapter, kind: Kind, weather: Endless) -> None:
    """Rows are there, loading comes to an end, and what it cost is bounded."""
    store = Store()
    engine = SyncEngine({adapter.context: adapter}, store, settings={adapter.context: QUICK})
    before = weather.requests
    sub = engine.subscribe(adapter.context, kind)
    try:
        await until(lambda: ended(store.snapshot(sub.key)), f"{kind}: no end")
        found = store.snapshot(sub.key)
        assert weather.requests - before < MOST_REQUESTS
        assert found.rows or weather.empty
        if found.error is not None:
            check_sentence(f"{kind}", found.error)
    finally:
        sub.release()
        await engine.aclose()
