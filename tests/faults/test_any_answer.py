"""Whatever is changed in a server's answers, each reading ends in objects that can be drawn or in one sentence."""

from __future__ import annotations

import asyncio
import copy
import json
import tomllib
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters import registry
from adapters.errors import AdapterError
from adapters.mock.clock import SimClock
from adapters.mock.cluster import SimCluster
from adapters.mock.server import build_app, config_toml
from adapters.model import Kind, Ref, Resource
from adapters.port import Adapter, Page
from tests.faults.matrix import check_sentence
from tests.trust.world import BACKENDS
from tui.core.columns import cell, columns_for
from tui.core.export import to_record
from tui.oneshot.output import dumps

NOW = 1_787_409_127.0
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False),
    st.text(max_size=12),
    st.sampled_from(
        ["", "0", "-1", "NaN", "1e400", "2026-02-30T25:61:61Z", "0001-01-01T00:00:00Z", "99999999-01-01"]
    ),
    st.just([]),
    st.just({}),
    st.lists(st.integers() | st.text(max_size=3), max_size=3),
    st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=2),
)
GONE = object()
Step = str | int


class Changing(httpx.AsyncBaseTransport):
    """Answers of the mock with `changes` made: each (a number that chooses the place, the new value)."""

    def __init__(self, app: Any) -> None:
        self.inner = httpx.ASGITransport(app=app)
        self.changes: list[tuple[int, Any]] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await self.inner.handle_async_request(request)
        body = await answer.aread()
        try:
            found = json.loads(body)
        except ValueError:
            return answer
        for which, value in self.changes:
            places = list(below(found))
            if places:
                change(found, places[which % len(places)], value)
        headers = {"content-type": answer.headers.get("content-type", "")}
        return httpx.Response(answer.status_code, headers=headers, content=json.dumps(found).encode())


def below(value: Any, path: tuple[Step, ...] = ()) -> Iterator[tuple[Step, ...]]:
    """The path of everything inside a JSON value."""
    inside: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in inside:
        yield (*path, step)
        yield from below(inner, (*path, step))


def change(value: Any, path: tuple[Step, ...], new: Any) -> None:
    *way, last = path
    for step in way:
        value = value[step]
    if new is GONE:
        del value[last]
    else:
        value[last] = copy.deepcopy(new)


@cache
def app_of(backend: str) -> Any:
    return build_app(SimCluster(seed=7, runs=25, hosts=6, clock=SimClock(virtual=True)), backends=[backend])


async def read(adapter: Adapter, transport: Changing, kind: Kind, changes: list[tuple[int, Any]]) -> None:
    """Everything that can be read of a kind, first truly, to know what to ask for, then changed."""
    transport.changes = []
    known = (await adapter.list(kind, limit=25)).items
    await adapter.detail(known[0].ref)  # what is asked once only, such as the server's version, is known from here
    transport.changes = changes
    spec = registry.backend(adapter.context).schema.kinds[kind]
    chosen = next((row for row in known if row.state == "failed"), known[0])
    calls: list[Callable[[], Any]] = [
        lambda: adapter.list(kind, limit=25),
        lambda: adapter.get(chosen.ref),
        lambda: adapter.detail(chosen.ref),
    ]
    if spec.events.supported:
        calls.append(lambda: adapter.events(chosen.ref))
    if spec.logs.supported:
        calls.append(lambda: log(adapter, chosen.ref))
    for call in calls:
        try:
            draw(adapter, kind, await call())
        except AdapterError as error:
            check_sentence(f"{adapter.context} {kind}", error)


async def log(adapter: Adapter, ref: Ref) -> None:
    for source in (await adapter.log_sources(ref))[:1]:
        chunk = await adapter.read_log(source)
        await adapter.read_log(source, chunk.cursor)


def draw(adapter: Adapter, kind: Kind, answer: Any) -> None:
    """What is done with every row: its cells and its record."""
    rows = answer.items if isinstance(answer, Page) else [answer]
    schema = registry.backend(adapter.context).schema
    columns = columns_for(kind, [schema], merged=False, width=200, wide=True)
    for row in rows:
        if isinstance(row, Resource):
            assert all(isinstance(cell(column, row, NOW).text, str) for column in columns)
            dumps(to_record(row, NOW))


@pytest.mark.parametrize("backend", BACKENDS)
def test_any_answer_can_be_taken(backend: str) -> None:
    kinds = st.sampled_from(sorted(registry.backend(backend).schema.kinds))
    changes = st.lists(st.tuples(st.integers(0, 10**6), st.just(GONE) | ODD), min_size=1, max_size=4)

    @settings(
        max_examples=120, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(kind=kinds, changes=changes)
    def check(kind: Kind, changes: list[tuple[int, Any]]) -> None:
        asyncio.run(one(backend, kind, changes))

    check()


async def one(backend: str, kind: Kind, changes: list[tuple[int, Any]]) -> None:
    config = tomllib.loads(config_toml("http://mock.test", [backend]))["contexts"][backend]
    entry = registry.backend(backend)
    given = entry.load_settings()(**{**config, "retries": 0, "requests_per_second": 1e6})
    transport = Changing(app_of(backend))
    adapter: Adapter = entry.load_adapter()(backend, given, transport=transport)
    try:
        await read(adapter, transport, kind, changes)
    finally:
        await adapter.aclose()
