"""Lists of tasks: as runs, as the steps of a pipeline, as the entries of a queue, as what a worker does."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from adapters.clearml import mapping, wire
from adapters.clearml.api import TasksApi
from adapters.clearml.places import Projects, Queues
from adapters.clearml.query import NEWER_ROW_FIELDS, ROW_FIELDS, Asked, ask, page_of
from adapters.clearml.settings import ClearmlSettings
from adapters.clearml.workers import Workers
from adapters.errors import Invalid, NotFound
from adapters.model import Json, Kind, Ref, Run, Task
from adapters.port import Page, Query

UNKNOWN_FIELD = "400/14"
CONTROLLER = "controller"
LIVE_PIPELINES = 100
NO_STEPS = "only pipelines have steps; tasks cloned from it name it as their parent"
ROWS_AT_ONCE = 50
"""Rows read before others get a turn on the event loop."""


class Tasks:
    def __init__(
        self,
        context: str,
        settings: ClearmlSettings,
        api: TasksApi,
        queues: Queues,
        projects: Projects,
        workers: Workers,
    ) -> None:
        self._context = context
        self._settings = settings
        self._api = api
        self._queues = queues
        self._projects = projects
        self._workers = workers
        self._newer = True
        self.metrics: frozenset[str] | None = frozenset(settings.metrics) or None

    async def rows(self, body: dict[str, Json], *, page: int = 0, size: int = 500) -> list[wire.TaskRow]:
        """One page. `get_all_ex` gives the id even unasked, and users and projects by name. Raises AdapterError."""
        try:
            fields: list[Json] = [*ROW_FIELDS, *(NEWER_ROW_FIELDS if self._newer else ())]
            reply = await self._api.get_all_ex(only_fields=fields, page=page, page_size=size, more=body)
        except Invalid as error:
            if error.code != UNKNOWN_FIELD or not self._newer:
                raise
            self._newer = False
            return await self.rows(body, page=page, size=size)
        found = wire.data_of(reply).get("tasks")
        if not isinstance(found, list):
            return wire.list_of(reply, "tasks", wire.TaskRow)  # which says what is wrong
        rows: list[wire.TaskRow] = []
        for start in range(0, len(found), ROWS_AT_ONCE):
            if start:
                await asyncio.sleep(0)
            rows += wire.models(self._context, found[start : start + ROWS_AT_ONCE], wire.TaskRow)
        return rows

    async def row(self, native: str) -> wire.TaskRow:
        """One task as a row shows it. An id may look like an operator of the list, so the answer is checked."""
        for row in await self.rows({"id": [native]}, size=1):
            if row.id == native:
                return row
        raise NotFound(f"{self._context}: no task {native}", executed=False)

    async def run(self, native: str) -> Run:
        return (await self.runs_of([await self.row(native)]))[0]

    async def task(self, ref: Ref) -> Task:
        row = await self.row(ref.id)
        if mapping.parent_ref(self._context, row) is None:
            raise NotFound(f"{self._context}: {ref.id} is no step of a pipeline; it is the run {row.name}")
        return (await self.steps_of([row]))[0]

    async def runs_of(self, rows: list[wire.TaskRow]) -> list[Run]:
        queues = self._queues
        await queues.learn(rows)
        return [
            mapping.to_run(self._context, row, queues.name(row), queues.place(row), self.metrics) for row in rows
        ]

    async def steps_of(self, rows: list[wire.TaskRow]) -> list[Task]:
        queues = self._queues
        await queues.learn(rows)
        return [
            mapping.to_task(self._context, row, queues.name(row), queues.place(row), self.metrics) for row in rows
        ]

    async def runs(self, query: Query, cursor: str | None, limit: int) -> Page:
        parent = query.parent
        if parent is not None and parent.kind is Kind.POOL:
            return await self._waiting(parent, cursor, limit)
        if parent is not None:
            return await self._running_on(parent)
        asked = await self._ask(query)
        rows, further = await self._page(asked.body, cursor, limit)
        return Page(tuple(await self.runs_of(rows)), further, None, asked.applied, asked.sorted)

    async def _ask(self, query: Query) -> Asked:
        within = await self._projects.below(self._settings.project) if self._settings.project else None
        if any(term.field == "group" for term in query.terms):
            await self._projects.learn()
        return ask(query, show_archived=self._settings.show_archived, projects=self._projects.known, within=within)

    async def _page(
        self, body: dict[str, Json], cursor: str | None, limit: int
    ) -> tuple[list[wire.TaskRow], str | None]:
        """The rows from an offset on. The server counts nothing; a page that is not full is the last."""
        offset = _offset(cursor)
        page, size = page_of(offset, limit)
        rows = await self.rows(body, page=page, size=size)
        return rows, str(offset + size) if len(rows) >= size else None

    async def _waiting(self, pool: Ref, cursor: str | None, limit: int) -> Page:
        """The entries of a queue in the order in which they will run."""
        queue, _ = await self._queues.one(pool.id)
        ids = [entry.task.id for entry in queue.entries if entry.task is not None]
        start = _offset(cursor)
        wanted = ids[start : start + limit]
        rows = await self._in_order(wanted)
        further = str(start + limit) if start + limit < len(ids) else None
        return Page(tuple(await self.runs_of(rows)), further, len(ids) if len(rows) == len(wanted) else None)

    async def _in_order(self, ids: Sequence[str]) -> list[wire.TaskRow]:
        if not ids:
            return []
        found = {row.id: row for row in await self.rows({"id": list(ids)}, size=len(ids))}
        return [found[native] for native in ids if native in found]

    async def _running_on(self, host: Ref) -> Page:
        worker, _ = await self._workers.one(host.id)
        rows = await self._in_order([worker.task.id] if worker.task else [])
        return Page(tuple(await self.runs_of(rows)), total=len(rows))

    async def steps(self, query: Query, cursor: str | None, limit: int) -> Page:
        """The steps of one pipeline, oldest first, or of all that have not ended."""
        note = None
        if query.parent is not None:
            above = await self.row(query.parent.id)
            if above.type != CONTROLLER:
                return Page((), total=0, note=NO_STEPS)
            pipelines = [above.id]
        else:
            asked = await self._ask(Query(active=True))
            live = await self.rows({**asked.body, "type": [CONTROLLER]}, size=LIVE_PIPELINES)
            pipelines = [row.id for row in live]
            more = " at least" if len(live) >= LIVE_PIPELINES else ""
            note = f"steps of the{more} {len(live)} pipelines that have not ended"
        if not pipelines:
            return Page((), total=0, note=note)
        body: dict[str, Json] = {"parent": list(pipelines), "search_hidden": True, "order_by": ["created"]}
        if query.active:
            body["status"] = list(mapping.ACTIVE_STATUSES)
        rows, further = await self._page(body, cursor, limit)
        # A clone has its source for a parent; one of a pipeline is not a step of it.
        return Page(tuple(await self.steps_of([row for row in rows if row.type != CONTROLLER])), further, note=note)

    async def children(self, native: str, limit: int) -> list[wire.TaskRow]:
        rows = await self.rows({"parent": [native], "search_hidden": True, "order_by": ["created"]}, size=limit)
        return [row for row in rows if row.type != CONTROLLER]


def _offset(cursor: str | None) -> int:
    return int(cursor) if cursor and cursor.isdecimal() else 0
