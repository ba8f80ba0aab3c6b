"""Which methods of a backend's API the console and the command line lead to, found by using all that they offer."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Mapping
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
from adapters.port import Adapter, Query
from tests.contract.conftest import World
from tests.contract.every.drive import is_at, place_of

ROWS = 40
"""So many objects of a kind are tried for one on which an action is legal."""

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
        self.arrived.clear()
        rows: dict[Kind, list[Resource]] = {}
        for kind in schema.kinds:
            rows[kind] = await self._list(kind)
        for kind, found in rows.items():
            for action in schema.actions_for(kind):
                if not action.context_level:
                    await self._act(action, found)
        for action in schema.actions:
            if action.context_level:
                here = Ref(self.adapter.context, min(action.kinds, default=Kind.RUN), "")
                await self._do(action, here, Way(f"`:{action.id}`", f"`runyard do {action.id} CTX`"))
        for kind, found in rows.items():
            await self._look(kind, found)

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

    async def _act(self, action: ActionSpec, rows: list[Resource]) -> None:
        for row in rows:
            with suppress(AdapterError):
                now = await self.adapter.get(row.ref)
                if action.reason_against(now) is None:
                    way = f"`runyard do {action.id} {row.ref.kind.value}`"
                    await self._do(action, row.ref, Way(f"{action.id} on {row.ref.kind.plural}", way))
                    return
        self.arrived.clear()

    async def _do(self, action: ActionSpec, ref: Ref, way: Way) -> None:
        """The request of the action itself; what it reads before is no way to a method."""
        params = {param.id: sample(param) for param in action.params if param.required}
        self.arrived.clear()
        with suppress(AdapterError):
            await self.adapter.preview(action.id, ref, params)
        with suppress(AdapterError, PermitRefused):
            await self.adapter.perform(action.id, ref, params, Permit("plan", "record", action.id, ref))
        self._note(way, "write")

    def _note(self, way: Way, effect: str = "read") -> None:
        """What arrived since the last look is where `way` leads; it is meant to do `effect`."""
        places = {place_of(each) for each in self.arrived}
        self.arrived.clear()
        for method, place in self.defined.items():
            if any(is_at(each, place) for each in places):
                kept = self.ways.found if self.effects.get(method) == effect else self.ways.passed
                kept.setdefault(method, []).append(way)


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


def sample(param: ParamSpec) -> Json:
    return param.default if param.default is not None else (param.choices or (SAMPLES[param.type],))[0]
