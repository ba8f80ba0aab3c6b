"""Pages of jobs, and of the worker pools and replicas that are parts of them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence

from adapters.errors import Invalid
from adapters.model import ENDED, Kind, Resource, Run
from adapters.port import Page, Query
from adapters.vertex import mapping, wire
from adapters.vertex.api import MAX_PAGE, VertexApi
from adapters.vertex.query import ask
from adapters.vertex.settings import VertexSettings

LIVE_JOBS = 25
ROWS_AT_ONCE = 25
"""Rows mapped before others get a turn on the event loop."""


class Lists:
    def __init__(self, context: str, api: VertexApi, settings: VertexSettings) -> None:
        self._context = context
        self._api = api
        self._settings = settings

    def run(self, job: wire.CustomJob) -> Run:
        return mapping.to_run(self._context, job, self._settings.region, self._settings.owner_label)

    async def runs(self, query: Query, cursor: str | None, limit: int) -> Page:
        asked = ask(query, self._settings.owner_label)
        page = await self._page(asked.filter, cursor, limit)
        items: list[Run] = []
        for job in page.custom_jobs:
            if len(items) % ROWS_AT_ONCE == ROWS_AT_ONCE - 1:
                await asyncio.sleep(0)
            items.append(self.run(job))
        if query.active:
            items = [run for run in items if run.state not in ENDED]
        # The API promises no order; within a page at least it is that of every other list.
        items.sort(key=lambda run: run.created or 0.0, reverse=True)
        return Page(tuple(items), page.next_page_token or None, applied=asked.applied)

    async def _page(self, filter_text: str, token: str | None, limit: int) -> wire.JobPage:
        reply = await self._api.list_custom_jobs(
            filter=filter_text, page_size=max(1, min(limit, MAX_PAGE)), page_token=token
        )
        page = wire.parse(reply, wire.JobPage)
        if page.next_page_token and page.next_page_token == token:
            return page.model_copy(update={"next_page_token": None})
        return page

    async def live_parts(self, kind: Kind, cursor: str | None, limit: int) -> Page:
        """The parts of the jobs that have not ended; the cursor is the jobs' own and how many parts to skip."""
        token, skip = _split_cursor(cursor, self._context)
        page = await self._page(ask(Query(active=True), self._settings.owner_label).filter, token, LIVE_JOBS)
        live = [job for job in page.custom_jobs if mapping.to_state(job.state)[0] not in ENDED]
        parts = [part for job in live for part in self.parts(kind, job)]
        after = skip + limit
        further: str | None = None
        if after < len(parts):
            further = json.dumps([token, after])
        elif page.next_page_token:
            further = json.dumps([page.next_page_token, 0])
        what = "worker pools" if kind is Kind.TASK else "replicas"
        return Page(tuple(parts[skip:after]), further, note=f"{what} of the jobs that have not ended")

    def parts(self, kind: Kind, job: wire.CustomJob, pool_name: str | None = None) -> list[Resource]:
        """The worker pools of a job, or the replicas of all of them or of one."""
        region = self._settings.region
        found = [pool for pool in mapping.pools(job) if pool_name in (None, pool.name)]
        if kind is Kind.TASK:
            return [mapping.to_task(self._context, job, pool, region) for pool in found]
        return [mapping.to_pod(self._context, job, pool, node, region) for pool in found for node in pool.nodes]


def slice_of(items: Sequence[Resource], cursor: str | None, limit: int) -> Page:
    """A page of a list that is known whole."""
    start = int(cursor) if cursor and cursor.isdecimal() else 0
    end = start + limit
    return Page(tuple(items[start:end]), str(end) if end < len(items) else None, len(items))


def _split_cursor(cursor: str | None, context: str) -> tuple[str | None, int]:
    if cursor is None:
        return None, 0
    try:
        token, skip = json.loads(cursor)
        return (None if token is None else str(token)), int(skip)
    except (ValueError, TypeError):
        raise Invalid(f"{context}: this is not a cursor of the list", executed=False) from None
