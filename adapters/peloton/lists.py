"""Pages of runs, pods and updates; pods and updates can only be asked for job by job."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from adapters.errors import NotFound
from adapters.frozen import dataclass
from adapters.model import Json, Kind, Resource
from adapters.peloton import states, wire
from adapters.peloton.api import PelotonApi
from adapters.peloton.jobs import Window, query_spec, read_window
from adapters.peloton.live import MOST_PODS, FanOut, pod_states
from adapters.peloton.reads import Reader
from adapters.peloton.states import ON_HOST
from adapters.peloton.volumes import Volumes
from adapters.port import Op, Page, Query, SortKey, Term


@dataclass(frozen=True, slots=True)
class Lists:
    api: PelotonApi
    reader: Reader
    fan_out: FanOut
    shelf: Volumes

    async def runs(self, query: Query, cursor: str | None, limit: int) -> Page:
        tree = await self.reader.tree()
        asked = query_spec(query, tree)
        if asked is None:
            return Page(())
        spec, applied = asked
        below = None
        if query.parent is not None:
            if tree.pools and query.parent.id not in tree.pools:
                raise NotFound(f"{self.reader.context}: no pool {query.parent.id!r}")
            below = tree.below(query.parent.id) | {query.parent.id}
            if len(below) == 1 and tree.path(query.parent.id) and query.parent.id in tree.pools:
                spec["respool"] = tree.path(query.parent.id)
        window = Window.parse(cursor) if cursor else Window()
        page = await read_window(self.api, spec, window, limit)
        runs = [self.reader.run(job, tree) for job in page.jobs if below is None or job.respool_id in below]
        return Page(
            tuple(runs),
            page.following.text() if page.following else None,
            page.total if below is None else None,
            applied,
            sorted=query.sort == (SortKey("created", True),),
        )

    async def pods(self, query: Query, cursor: str | None, limit: int) -> Page:
        asked = pod_spec(query)
        if asked is None:
            return Page(())
        spec, applied = asked
        parent = query.parent
        if parent is not None and parent.kind is Kind.RUN:
            start = int(cursor) if cursor and cursor.isdecimal() else 0
            name = await self.reader.job_name(parent.id)
            items, more, total = await self.reader.pods(parent.id, name, spec, start, min(limit, 100))
            following = str(start + len(items)) if more and items else None
            exact = total if following and total < MOST_PODS else None if following else start + len(items)
            return Page(tuple(items), following, exact, applied)
        on_host = parent is not None
        if parent is not None:
            if cursor is None:
                await self.reader.check_host(parent.id)
            spec = {**spec, "hosts": [parent.id], "podStates": spec.get("podStates", pod_states(sorted(ON_HOST)))}

        async def fetch(job: wire.JobSummary, offset: int, room: int) -> tuple[Sequence[Resource], bool]:
            pods, more, _ = await self.reader.pods(job.job_id, job.name or None, spec, offset, min(room, 100))
            return pods, more

        page = await self.fan_out.page(fetch, "pods", cursor, limit, hosted=on_host, per_job=1 if on_host else None)
        return replace(page, applied=applied)

    async def updates(self, query: Query, cursor: str | None, limit: int) -> Page:
        if query.parent is not None:
            summary = await self.reader.summary(query.parent.id)
            return slice_of(await self.reader.updates(summary), cursor, limit)

        async def fetch(job: wire.JobSummary, offset: int, room: int) -> tuple[Sequence[Resource], bool]:
            found = (await self.reader.updates(job))[offset:]
            return found[:room], len(found) > room

        return await self.fan_out.page(fetch, "updates", cursor, limit, per_job=3)

    async def volumes(self, query: Query, cursor: str | None, limit: int) -> Page:
        if query.parent is not None:
            return slice_of(await self.shelf.of_job(query.parent.id), cursor, limit)

        async def fetch(job: wire.JobSummary, offset: int, room: int) -> tuple[Sequence[Resource], bool]:
            found = (await self.shelf.of_job(job.job_id))[offset:]
            return found[:room], len(found) > room

        return await self.fan_out.page(fetch, "volumes", cursor, limit, per_job=1)


def slice_of(items: Sequence[Resource], cursor: str | None, limit: int) -> Page:
    """A page of a list that the server gives whole."""
    start = int(cursor) if cursor and cursor.isdecimal() else 0
    end = start + limit
    return Page(tuple(items[start:end]), str(end) if end < len(items) else None, len(items))


def pod_spec(query: Query) -> tuple[dict[str, Json], frozenset[Term]] | None:
    """The server's side of a pod query and the terms it covers; None when nothing can match."""
    words = list(states.live(states.POD)) if query.active else list(states.POD)
    applied: set[Term] = set()
    for term in query.terms:
        if term.field == "state" and term.op is Op.EQ:
            native = states.native_for(states.POD, term.values)
            if native is not None:
                words = [word for word in words if word in native]
                applied.add(term)
    if not words:
        return None
    spec: dict[str, Json] = {} if len(words) == len(states.POD) else {"podStates": pod_states(words)}
    return spec, frozenset(applied)
