"""How a case talks to a backend: any method by its name, writes by a permit of a real journal."""

from __future__ import annotations

import asyncio
import json
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from adapters.mock.cluster import SimCluster
from adapters.mock.front import Arrived
from adapters.model import Json, Kind, Resource, State
from adapters.port import ANY, Adapter, MethodSpec, Query
from tests.contract.conftest import everything
from tui.core.journal import Journal

DEFINED: Mapping[str, Mapping[str, str]] = json.loads(
    (Path(__file__).parents[2] / "fixtures" / "seed_methods.json").read_text(encoding="utf-8")
)
"""backend -> method -> where it is in the API's own definition: HTTP verb and path, or the procedure."""

Case: TypeAlias = "Callable[[Drive], Awaitable[None]]"
CASES: dict[str, Case] = {}
"""`backend.method` -> what drives it."""


def drives(name: str) -> Callable[[Case], Case]:
    """Register the case of `backend.method`."""

    def register(case: Case) -> Case:
        assert name not in CASES
        CASES[name] = case
        return case

    return register


@dataclass
class Drive:
    """One backend over its own mock server."""

    adapter: Adapter
    cluster: SimCluster
    journal: Journal
    requests: Iterable[Arrived] = field(repr=False)
    called: Counter[str] = field(default_factory=Counter)

    def spec(self, method: str) -> MethodSpec:
        found = {spec.name: spec for spec in self.adapter.methods()}
        assert method in found, f"{self.adapter.context} does not offer {method}"
        return found[method]

    async def call(self, method: str, /, **params: Json) -> Any:
        """The answer; a write is journalled first and its permit is spent after."""
        context = self.adapter.context
        self.called[method] += 1
        if self.spec(method).effect == "read":
            return await self.adapter.call(method, params)
        permit = await asyncio.to_thread(self.journal.issue, "plan", method, context, params)
        answer = await self.adapter.call(method, params, permit)
        self.journal.outcome(permit, "done")
        assert permit.spent
        return answer

    async def rows(self, kind: Kind, query: Query = ANY) -> list[Resource]:
        return await everything(self.adapter, kind, query)

    async def one(self, kind: Kind, *states: State, **extra: Json) -> Resource:
        """An object of these states (any, without one) whose `extra` has these values."""
        for row in await self.rows(kind):
            if (not states or row.state in states) and extra.items() <= dict(row.extra).items():
                return row
        raise AssertionError(f"no {kind.value} is {states} with {extra}")


def place_of(arrived: Arrived) -> str:
    """What a definition calls the place where a request arrived."""
    return arrived.headers.get("rpc-procedure") or f"{arrived.method} {arrived.path}"


def is_at(place: str, defined: str) -> bool:
    """Whether a place is the one of a definition, with anything for each `{name}`. ClearML's paths may carry a
    version, and take every verb."""
    if "/tasks." in defined:
        place, defined = re.sub(r"^\w+ (/v[\d.]+)?", "", place), defined.partition(" ")[2]
    parts = ("[^/]+" if part[:1] == "{" else re.escape(part) for part in re.split(r"(\{\w+\})", defined))
    return re.fullmatch("".join(parts), place) is not None
