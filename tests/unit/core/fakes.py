"""A clock that only moves when told to, and an adapter over a plain list, which counts what it is asked."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from adapters.errors import NotFound
from adapters.model import ENDED, Health, Kind, Pod, Progress, Ref, Resource, Run, State
from adapters.port import ANY, KindSpec, Page, Query, Schema, Stats

START = 1_787_000_000.0


def make_run(index: int, state: State = State.SUCCEEDED, *, context: str = "kfp", **more: Any) -> Run:
    created = START - 60.0 * index
    values: dict[str, Any] = {
        "ref": Ref(context, Kind.RUN, f"id-{index}"),
        "name": f"run-{index}",
        "state": state,
        "native_state": state.value.upper(),
        "created": created,
        "started": created + 5,
        "finished": created + 50 if state in ENDED else None,
        **more,
    }
    return Run(**values)


def make_pod(index: int, state: State = State.RUNNING, **more: Any) -> Pod:
    values: dict[str, Any] = {
        "ref": Ref("peloton", Kind.POD, f"job-{index}"),
        "name": f"job-{index}",
        "state": state,
        "native_state": f"POD_STATE_{state.value.upper()}",
        "progress": Progress(0, 1),
        **more,
    }
    return Pod(**values)


class FakeTime:
    """`now` moves only by `advance`, which wakes the sleepers in their order. `jumped` is how far the clock of the
    machine was set since."""

    def __init__(self) -> None:
        self.now = START
        self.jumped = 0.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._count = itertools.count()

    def clock(self) -> float:
        return self.now + self.jumped

    def ticks(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        future = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.now + seconds, next(self._count), future))
        await future

    async def advance(self, seconds: float) -> None:
        until = self.now + seconds
        await settle()
        while self._sleepers and self._sleepers[0][0] <= until:
            at, _, future = heapq.heappop(self._sleepers)
            self.now = max(self.now, at)
            if not future.done():
                future.set_result(None)
                await settle()
        self.now = until
        await settle()


async def settle() -> None:
    """Let everything run that can run without time passing."""
    for _ in range(400):
        await asyncio.sleep(0)


class FakeAdapter:
    """Lists `rows`, newest first, by offset. Unused calls of the port are not there."""

    def __init__(self, context: str, rows: Sequence[Resource] = (), *, active_list: bool = True) -> None:
        self.context = context
        self.stats = Stats()
        self.rows: dict[Ref, Resource] = {row.ref: row for row in rows}
        self.kinds = {kind: KindSpec(kind, active_list=active_list) for kind in (Kind.RUN, Kind.POD, Kind.HOST)}
        self.asked: list[tuple[str, Any]] = []
        self.hidden: set[Ref] = set()
        self.applies_ids = True
        self.error: Exception | None = None
        self.hold: asyncio.Event | None = None
        self.page_of: Callable[[str | None, int], Page] | None = None
        self.in_flight = self.most_in_flight = 0

    def put(self, *rows: Resource) -> None:
        """New ones become the newest."""
        fresh = {row.ref: row for row in rows if row.ref not in self.rows}
        self.rows.update({row.ref: row for row in rows if row.ref in self.rows})
        self.rows = {**fresh, **self.rows}

    def change(self, ref: Ref, **values: Any) -> None:
        self.rows[ref] = replace(self.rows[ref], **values)

    def taken(self) -> list[tuple[str, Any]]:
        asked, self.asked = self.asked, []
        return asked

    async def _answer(self) -> None:
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            await asyncio.sleep(0)
            if self.hold is not None:
                await self.hold.wait()
            if self.error is not None:
                raise self.error
        finally:
            self.in_flight -= 1

    async def describe(self) -> Schema:
        return Schema("fake", "Fake", self.kinds, {Kind.POOL: "Fake has no pools"})

    async def health(self) -> Health:
        await self._answer()
        return Health(True)

    async def list(self, kind: Kind, query: Query = ANY, *, cursor: str | None = None, limit: int = 50) -> Page:
        ids = next((term.values for term in query.terms if term.field == "id"), None)
        if ids is not None:
            self.asked.append(("ids", len(ids)))
            found = [row for row in self.rows.values() if row.ref.id in ids and row.ref not in self.hidden]
            if not self.applies_ids:
                return Page(tuple(self.rows.values())[:limit])
            return Page(tuple(found), applied=frozenset(query.terms))
        self.asked.append(("active" if query.active else "list", cursor))
        await self._answer()
        if self.page_of is not None and not query.active:
            return self.page_of(cursor, limit)
        rows = [row for row in self.rows.values() if row.ref.kind is kind]
        if query.active:
            rows = [row for row in rows if row.state not in ENDED]
        start = int(cursor or 0)
        end = start + limit
        return Page(tuple(rows[start:end]), str(end) if end < len(rows) else None, total=len(rows))

    async def get(self, ref: Ref) -> Resource:
        self.asked.append(("get", ref.id))
        await self._answer()
        if ref not in self.rows:
            raise NotFound(f"no {ref}")
        return self.rows[ref]
