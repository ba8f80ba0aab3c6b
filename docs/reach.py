"""Which methods of a backend's API the console and the command line lead to, found by using all that they offer."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

import httpx
from starlette.types import ASGIApp

from adapters import registry
from adapters.actions import ActionSpec, ParamSpec, ParamType
from adapters.errors import AdapterError
from adapters.mock.clock import SimClock
from adapters.mock.cluster import SimCluster
from adapters.mock.front import Arrived
from adapters.mock.server import build_app
from adapters.model import Json, Kind, Ref, Resource
from adapters.permit import Permit, PermitRefused
from adapters.port import Adapter, Params, Query
from tests.contract.conftest import World
from tests.contract.every.drive import is_at, place_of

ROWS = 40
"""So many objects of a kind are tried for one on which an action is legal."""

TRIES = 4

SAMPLES: Mapping[ParamType, Json] = {
    ParamType.TEXT: "by-hand",
    ParamType.NUMBER: 1,
    ParamType.BOOL: True,
    ParamType.RANGES: "0",
    ParamType.LABELS: "a=b",
    ParamType.JSON: {},
}


@dataclass(frozen=True, slots=True)
class Way:
    """One thing that can be done in the console, and the same on the command line."""

    console: str
    command: str


@dataclass
class Ways:
    """What leads where: `offered` by the adapter by its own name, `served` by the mock server."""

    offered: set[str] = field(default_factory=set)
    served: set[str] = field(default_factory=set)
    found: dict[str, list[Way]] = field(default_factory=dict)
    passed: dict[str, list[Way]] = field(default_factory=dict)
    """What an action reads on its way; it leads there only where nothing else does."""

    def _of(self, method: str) -> list[Way]:
        return self.found.get(method) or self.passed.get(method, [])

    def console(self, method: str) -> str:
        return _joined([way.console for way in self._of(method)], f"`:api {method}`")

    def command(self, method: str) -> str:
        return _joined([way.command for way in self._of(method)], f"`runyard api CTX {method}`")


def _joined(ways: list[str], otherwise: str) -> str:
    """The first few; what is done to a thing says more than the lists that pass by it."""
    return ", ".join(list(dict.fromkeys(ways))[:2]) or otherwise


async def ways(backend: str, defined: Mapping[str, str]) -> Ways:
    """Everything the backend offers, done once against its mock server."""
    cluster = SimCluster(seed=7, runs=40, hosts=12, clock=SimClock(virtual=True))
    app = build_app(cluster, backends=[backend])
    adapter = World(backend, registry.backend(backend), "http://mock.test", app, False).adapter()
    effects = {spec.name: spec.effect for spec in adapter.methods()}
    walk = Walk(adapter, app.state.requests, defined, effects, Ways(set(effects)))
    try:
        await walk.all()
    finally:
        await adapter.aclose()
    walk.ways.served = await served(app, defined)
    return walk.ways


@dataclass
class Walk:
    adapter: Adapter
    arrived: deque[Arrived]
    defined: Mapping[str, str]
    effects: Mapping[str, str]
    ways: Ways

    async def all(self) -> None:
        schema = await self.adapter.describe()
        with suppress(AdapterError):
            await self.adapter.health()
        self._note(Way("`:contexts`", "`runyard contexts --check`"), "in passing")
        rows: dict[Kind, list[Resource]] = {}
        for kind in schema.kinds:
            rows[kind] = await self._list(kind)
        for kind, found in rows.items():
            await self._look(kind, found)
        for action in sorted(schema.actions, key=lambda each: each.danger):  # deletes last: others need the objects
            if action.context_level:
                await self._make(action, rows)
                continue
            for kind in sorted(action.kinds & rows.keys(), reverse=True):
                await self._act(action, rows[kind])

    async def _list(self, kind: Kind) -> list[Resource]:
        with suppress(AdapterError):
            page = await self.adapter.list(kind, Query(), limit=50)
            self._note(Way(f"`:{kind.plural}`", f"`runyard get {kind.plural}`"))
            return list(page.items)[:ROWS]
        return []

    async def _look(self, kind: Kind, rows: list[Resource]) -> None:
        for row in rows[:6]:
            with suppress(AdapterError):
                await self.adapter.detail(row.ref)
            self._note(Way(f"enter on {kind.plural}", f"`runyard describe {kind.value}`"))
            with suppress(AdapterError):
                await self.adapter.events(row.ref)
            self._note(Way(f"timeline of {kind.plural}", f"`runyard describe {kind.value}`"))
            with suppress(AdapterError):
                for source in (await self.adapter.log_sources(row.ref))[:1]:
                    await self.adapter.read_log(source)
            self._note(Way(f"logs of {kind.plural}", f"`runyard logs {kind.value}`"))

    async def _make(self, action: ActionSpec, rows: Mapping[Kind, list[Resource]]) -> None:
        kind = min(action.kinds, default=Kind.RUN)
        way = Way(f"`:{action.id}`", f"`runyard do {action.id} CTX`")
        await self._try(action, Ref(self.adapter.context, kind, ""), rows.get(kind, []), way)

    async def _act(self, action: ActionSpec, rows: list[Resource]) -> None:
        """On objects for which it is legal, until its request arrives."""
        tried = 0
        for row in rows:
            with suppress(AdapterError):
                now = await self.adapter.get(row.ref)
                if action.reason_against(now) is not None:
                    continue
                tried += 1
                way = Way(f"{action.id} on {row.ref.kind.plural}", f"`runyard do {action.id} {row.ref.kind.value}`")
                if await self._try(action, row.ref, [row], way) or tried == TRIES:
                    return

    async def _try(self, action: ActionSpec, ref: Ref, like: list[Resource], way: Way) -> bool:
        """With the parameters it needs, then with all; a document is that of an object of the kind."""
        needed = [param for param in action.params if param.required]
        whole = next((param.id for param in needed if param.type is ParamType.JSON), None)
        given = {param.id: sample(param) for param in needed}
        tries = [given, {param.id: sample(param) for param in action.params}]
        if whole is not None:
            raw = (await self.adapter.detail(like[0].ref)).raw if like else {}
            tries = [{**given, whole: document} for document in documents(raw)]
        for params in tries:
            if await self._do(action, ref, params, way):
                return True
        return False

    async def _do(self, action: ActionSpec, ref: Ref, params: Params, way: Way) -> bool:
        """The request of the action itself; what it reads before is no way to a method."""
        self.arrived.clear()
        with suppress(AdapterError):
            await self.adapter.preview(action.id, ref, params)
        with suppress(AdapterError, PermitRefused):
            await self.adapter.perform(action.id, ref, params, Permit("plan", "record", action.id, ref))
        return self._note(way, "write")

    def _note(self, way: Way, effect: str = "read") -> bool:
        """What arrived since the last look is where `way` leads; whether it led to a method of that effect."""
        places = {place_of(each) for each in self.arrived}
        self.arrived.clear()
        led = False
        for method, place in self.defined.items():
            if any(is_at(each, place) for each in places):
                meant = self.effects.get(method) == effect
                led = led or meant
                (self.ways.found if meant else self.ways.passed).setdefault(method, []).append(way)
        return led


async def served(app: ASGIApp, defined: Mapping[str, str]) -> set[str]:
    """The methods that the mock server knows: it answers otherwise than to one that is not there."""
    found = set()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://mock.test") as client:
        for method, place in defined.items():
            filled = re.sub(r"\{\w+\}", "probe", place)
            if await _answer(client, filled) != await _answer(client, _nonsense(filled)):
                found.add(method)
    return found


def _nonsense(place: str) -> str:
    before, sign, _ = place.rpartition("::" if "::" in place else "/tasks.")
    return f"{before}{sign}nonsense" if sign else f"{place}/nonsense/x"


async def _answer(client: httpx.AsyncClient, place: str) -> tuple[int, str]:
    """Status and text without the words that only repeat the request."""
    if "::" in place:
        headers = {"Rpc-Service": "peloton-apiserver", "Rpc-Caller": "docs", "Rpc-Encoding": "json"}
        headers |= {"Rpc-Procedure": place, "Context-TTL-MS": "1000"}
        answer = await client.post("/api/v1", headers=headers, content=b"")
    else:
        verb, _, path = place.partition(" ")
        answer = await client.request(verb, path)
    text = answer.text
    for word in sorted(re.split(r"[ /]|::", place), key=len, reverse=True):
        text = text.replace(word, "") if word else text
    return answer.status_code, text


def documents(raw: Json) -> Iterator[Json]:
    """An object as the server tells it, and the spec in it, which is what is given to make another."""
    if isinstance(raw, dict):
        for key in ("spec", "jobSpec"):
            if isinstance(raw.get(key), dict):
                yield raw[key]
        for held in raw.values():
            yield from documents(held)
        yield raw


def sample(param: ParamSpec) -> Json:
    if param.type is ParamType.BOOL or param.default is None:
        return (param.choices or (SAMPLES[param.type],))[0]
    return param.default
