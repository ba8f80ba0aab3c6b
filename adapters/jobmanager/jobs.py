"""Reading jobs: what the server can do, pages of them, and one with its tasks."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from adapters.errors import AdapterError, Invalid, NotFound
from adapters.frozen import dataclass
from adapters.jobmanager import wire
from adapters.jobmanager.api import JobManagerApi
from adapters.jobmanager.capabilities import UNTOLD, Abilities, understand
from adapters.jobmanager.errors import crashed, not_there, truer_read
from adapters.jobmanager.learned import Learned, Part
from adapters.jobmanager.mapping import Step, cause, split_task_id, steps_of, to_run, to_task, to_tasks
from adapters.jobmanager.query import Allowed, Asked, Cursor, ask
from adapters.jobmanager.settings import JobManagerSettings
from adapters.model import Json, Kind, Ref, Run, State, Task
from adapters.port import Page, Query

LIVE_JOBS = 10
KEPT_CAUSES = 2000
LABELS_CRASH = "this server fails on filters by label; they are applied here"


@dataclass(frozen=True, slots=True)
class Found:
    """A job as it was read: the model, and the server's own JSON."""

    job: wire.Job
    raw: dict[str, Json]
    steps: tuple[Step, ...]


class Jobs:
    def __init__(self, context: str, api: JobManagerApi, settings: JobManagerSettings, learned: Learned) -> None:
        self._context = context
        self._api = api
        self._settings = settings
        self._learned = learned
        self._abilities: Abilities | None = None
        self._turn = asyncio.Lock()
        self._causes: dict[str, str] = {}

    async def abilities(self) -> Abilities:
        """What the server says it can do, asked for once; a server without that call says nothing."""
        async with self._turn:
            if self._abilities is None:
                try:
                    found = understand(wire.read(await self._api.get_capabilities(), wire.Capabilities))
                except AdapterError as error:
                    if not isinstance(error, NotFound) and not not_there(error):
                        raise
                    if crashed(error):
                        return UNTOLD  # that may pass
                    found = UNTOLD
                self._abilities = found
            return self._abilities

    # Lists

    async def page(self, query: Query, cursor: str | None, limit: int) -> Page:
        """One page of jobs, newest first."""
        try:
            at = Cursor.parse(cursor, limit)
        except (ValueError, TypeError):
            raise Invalid(f"{self._context}: {cursor!r} does not continue a list", executed=False) from None
        allowed = replace(await self._allowed(), exact=at.exact)
        asked = ask(query, allowed)
        self._check_project(asked, allowed)
        try:
            page = await self._query(asked, at)
        except AdapterError as error:
            if not crashed(error) or "labels" not in asked.body or at.token is not None:
                raise
            asked = ask(query, replace(allowed, labels=False))
            page = await self._query(asked, at)  # if that works it was the labels
            self._learned.lacks(Part.LABEL_FILTER, LABELS_CRASH)
        if asked.exact and at.token is None and not page.results and not page.next_page_token:
            # The server minds the case of letters, a filter here does not.
            at = replace(at, exact=False)
            asked = ask(query, replace(allowed, exact=False))
            page = await self._query(asked, at)
        return self._page(page, asked, at, limit, await self.abilities())

    async def _allowed(self) -> Allowed:
        abilities, settings = await self.abilities(), self._settings
        labels = Part.LABEL_FILTER not in self._learned.missing
        return Allowed(abilities.extensions, labels, True, settings.project, settings.hide_archived)

    def _check_project(self, asked: Asked, allowed: Allowed) -> None:
        if "projectId" in allowed.extensions and asked.project is None:
            raise Invalid(
                f"{self._context}: this server lists the jobs of one project at a time, and none is named",
                hint=f"set project in [contexts.{self._context}], or filter by project=NAME",
                executed=False,
            )

    async def _query(self, asked: Asked, at: Cursor) -> wire.QueryPage:
        body = {key: value for key, value in asked.body.items() if key not in ("labels", "extensions")}
        reply = await self._api.query_jobs(
            **body,  # type: ignore[arg-type]  # the keys are those of the method, each with its type
            labels=asked.body.get("labels"),
            extensions=asked.body.get("extensions"),
            page_size=at.size,
            page_token=at.token,
        )
        return wire.read(reply, wire.QueryPage)

    def _page(self, page: wire.QueryPage, asked: Asked, at: Cursor, limit: int, abilities: Abilities) -> Page:
        """A token may lead nowhere, and pages may be empty: the list ends with the token or when all have come."""
        rows = [row for row in page.results if row is not None]
        total = int(page.total_size) if page.total_size is not None and page.total_size >= 0 else None
        loaded, given = at.loaded + len(page.results), rows[at.skip : at.skip + limit]
        further: Cursor | None = None
        if at.skip + limit < len(rows):
            further = replace(at, skip=at.skip + limit)
        elif page.next_page_token and page.next_page_token != at.token and (total is None or loaded < total):
            further = Cursor(at.size, page.next_page_token, loaded, 0, at.exact)
        runs = tuple(self._told(to_run(self._context, row, asked.project, abilities.columns)) for row in given)
        if asked.hide_archived and "hideArchived" not in abilities.extensions:
            runs = tuple(run for run in runs if not run.extra["archived"])
            total = None
        return Page(runs, str(further) if further else None, total, asked.applied, asked.sorted)

    def _told(self, run: Run) -> Run:
        """With the cause that reading the job has shown; a list does not say why a job failed."""
        why = self._causes.get(run.ref.id) if run.state is State.FAILED and run.message is None else None
        return run if why is None else replace(run, message=why)

    async def tasks(self, parent: Ref | None, cursor: str | None, limit: int) -> Page:
        """The tasks and shards of a job, what is below a task, or the tasks of jobs that go on."""
        if parent is None:
            return await self._live_tasks(cursor, limit)
        if parent.kind is Kind.RUN:
            found = await self.read(parent.id)
            tasks = to_tasks(self._context, found.job, self.group(found.job))
        else:
            tasks = await self._below(parent)
        start = int(cursor) if cursor and cursor.isdecimal() else 0
        after = start + limit
        return Page(tuple(tasks[start:after]), str(after) if after < len(tasks) else None, len(tasks))

    async def _below(self, parent: Ref) -> list[Task]:
        """The shards of a task, or the tasks of the job that it is."""
        found, step = await self.step(parent)
        if step.said.job_id and not step.shards:
            found = await self.read(step.said.job_id)
            return to_tasks(self._context, found.job, self.group(found.job))
        return [to_task(self._context, found.job, shard, self.group(found.job)) for shard in step.shards]

    async def _live_tasks(self, cursor: str | None, limit: int) -> Page:
        """The cursor is that of the jobs, and how many of their tasks have been given."""
        token, _, given = (cursor or "").rpartition(" ")
        skip = int(given) if given.isdecimal() else 0
        page = await self.page(Query(active=True), token or None, LIVE_JOBS)
        read = await asyncio.gather(*(self._maybe(run) for run in page.items))
        tasks = [task for found in read if found for task in self._tasks_of(found)]
        after = skip + limit
        further = None
        if after < len(tasks):
            further = f"{token} {after}"
        elif page.cursor is not None:
            further = f"{page.cursor} 0"
        total = f"{len(page.items):,}" if page.total is None else f"{page.total:,}"
        return Page(tuple(tasks[skip:after]), further, note=f"tasks of the {total} jobs that have not ended")

    def _tasks_of(self, found: Found) -> Sequence[Task]:
        return to_tasks(self._context, found.job, self.group(found.job))

    async def _maybe(self, run: object) -> Found | None:
        """None for a job that has gone meanwhile."""
        assert isinstance(run, Run)
        try:
            return await self.read(run.ref.id)
        except NotFound:
            return None

    # One job

    async def read(self, job_id: str) -> Found:
        """Raises NotFound, however the server says it."""
        if "/" in job_id or not job_id.strip("."):  # would be another path
            raise NotFound(f"{self._context}: no job {job_id}", executed=False)
        try:
            reply = await self._api.get_job(id=job_id)
        except AdapterError as error:
            raise truer_read(error, self._context, job_id) from None
        job, raw = wire.read(reply, wire.Job), reply.json()
        self._remember(job)
        return Found(job, raw if isinstance(raw, dict) else {}, tuple(steps_of(job)))

    def _remember(self, job: wire.Job) -> None:
        why = cause(job)
        if why is None:
            return
        while len(self._causes) >= KEPT_CAUSES:
            del self._causes[next(iter(self._causes))]
        self._causes[job.id] = why

    async def step(self, ref: Ref) -> tuple[Found, Step]:
        """The task or shard that a ref is, with its job."""
        parts = split_task_id(ref.id)
        if parts is None:
            raise NotFound(f"{ref} is not a task; its id is job/task or job/task/shard", executed=False)
        job_id, name, index = parts
        found = await self.read(job_id)
        for step in found.steps:
            if (step.task.name or "unnamed") != name:
                continue
            shard = next((each for each in step.shards if each.index == index), None)
            chosen = step if index is None else shard
            if chosen is not None:
                return found, chosen
        raise NotFound(f"{self._context}: the job has no task {ref.id.partition('/')[2]}")

    def group(self, job: wire.Row) -> str | None:
        """The project, where the server says that it knows any."""
        parts = job.id.split("+")
        asked = "projectId" in (self._abilities or UNTOLD).extensions
        return (parts[0] if len(parts) == 4 else None) or (self._settings.project if asked else None)

    async def run(self, found: Found) -> Run:
        columns = (await self.abilities()).columns
        return to_run(self._context, found.job, self.group(found.job), columns)
