"""Kubeflow Pipelines behind the port: orchestration only."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeVar

from adapters.actions import ActionResult, Preview
from adapters.calls import call, method_specs
from adapters.errors import AdapterError, NotFound, Unsupported
from adapters.http import HttpClient, Reply, Transport
from adapters.kfp import SCHEMA, logs, mapping, wire
from adapters.kfp.api import KfpApi, filter_text
from adapters.kfp.errors import read_error
from adapters.kfp.names import Names, parse
from adapters.kfp.query import Asked, ask
from adapters.kfp.rows import RunRows
from adapters.kfp.settings import KfpSettings
from adapters.kfp.tree import Step, arrange
from adapters.model import Event, Health, Json, Kind, LogChunk, LogSource, Ref, Resource, Run, Task
from adapters.names import nearest
from adapters.permit import Permit
from adapters.port import ANY, Change, Feature, MethodSpec, Page, Params, Query, Schema

if TYPE_CHECKING:
    from adapters.kfp.writes import Writes
    from adapters.sections import Detail

R = TypeVar("R", bound=wire.RunRow)
MAX_PAGE = 200
LIVE_RUNS = 10


class KfpAdapter:
    def __init__(self, context: str, settings: KfpSettings, *, transport: Transport | None = None) -> None:
        self.context = context
        self._settings = settings
        self._http = HttpClient(
            settings, context=context, error_reader=read_error, auth=self._identity, transport=transport
        )
        self.stats = self._http.stats
        self.stats.auth = (
            "bearer" if settings.token else "header" if settings.user else "cookie" if settings.cookies else "none"
        )
        self._api = KfpApi(self._http)
        self._names = Names(self._api, settings.namespace)
        self._rows = RunRows(context, self._names)
        self._schema: Schema | None = None
        self._pods: dict[str, tuple[str, ...]] = {}

    async def _identity(self) -> Mapping[str, str]:
        headers = {}
        if self._settings.token:
            headers["Authorization"] = f"Bearer {await self._settings.token.read()}"
        if self._settings.user:
            headers[self._settings.user_header] = self._settings.user_prefix + self._settings.user
        return headers

    async def describe(self) -> Schema:
        """With the server's version; as declared while the server does not answer."""
        if self._schema is None:
            try:
                found = parse(await self._api.healthz(), wire.Healthz)
            except AdapterError:
                return SCHEMA
            self._schema = dataclasses.replace(SCHEMA, version=found.tag_name)
        return self._schema

    async def health(self) -> Health:
        found = parse(await self._api.healthz(), wire.Healthz)
        note = None
        if found.multi_user and not self._settings.namespace:
            note = "the server is multi-user: set namespace in this context"
        extra: dict[str, Json] = {
            "commit_sha": found.commit_sha,
            "multi_user": found.multi_user,
            "pipeline_store": found.pipeline_store,
        }
        return Health(True, found.tag_name, note, extra)

    async def list(self, kind: Kind, query: Query = ANY, *, cursor: str | None = None, limit: int = 50) -> Page:
        if kind is Kind.RUN:
            if query.parent is not None:
                raise self._unsupported(f"runs are not listed under a {query.parent.kind.value}")
            return await self._list_runs(query, cursor, limit)
        if kind is not Kind.TASK:
            raise self._absent(kind)
        if query.parent is None:
            return await self._live_tasks(cursor, limit)
        run, _ = await self._read(query.parent, wire.RunRow)
        tasks = self._tasks(run)
        if query.parent.kind is Kind.TASK:
            tasks = tuple(task for task in tasks if task.parent == query.parent)
        start = int(cursor) if cursor and cursor.isdecimal() else 0
        after = start + limit
        return Page(tuple(tasks[start:after]), str(after) if after < len(tasks) else None, len(tasks))

    async def _list_runs(self, query: Query, cursor: str | None, limit: int) -> Page:
        if any(term.field == "group" for term in query.terms):
            await self._names.learn_all()
        asked = ask(query, show_archived=self._settings.show_archived, experiments=self._names.experiment_ids())
        reply = await self._ask_for_runs(asked, cursor, limit)
        page = await self._rows.page(reply, remember=query.active or cursor is None)
        return Page(page.rows, page.cursor, page.total, asked.applied, asked.sorted)

    async def _live_tasks(self, cursor: str | None, limit: int) -> Page:
        """The tasks of the runs that have not ended; the cursor is the runs' own and how many tasks to skip."""
        token, skip = _split_cursor(cursor)
        asked = ask(Query(active=True), show_archived=self._settings.show_archived)
        page = parse(await self._ask_for_runs(asked, token, LIVE_RUNS), wire.RunPage)
        await self._names.learn(row.experiment_id for row in page.runs)
        tasks = [task for row in page.runs for task in self._tasks(row)]
        after = skip + limit
        further: str | None = None
        if after < len(tasks):
            further = json.dumps([token, after])
        elif page.next_page_token:
            further = json.dumps([page.next_page_token, 0])
        total = len(page.runs) if page.total_size is None else page.total_size
        note = f"tasks of the {total:,} runs that have not ended"
        return Page(tuple(tasks[skip:after]), further, note=note)

    async def _ask_for_runs(self, asked: Asked, token: str | None, limit: int) -> Reply:
        return await self._api.list_runs(
            namespace=self._settings.namespace,
            experiment_id=asked.experiment_id,
            page_token=token,
            page_size=max(1, min(limit, MAX_PAGE)),
            sort_by=asked.sort_by,
            filter=filter_text(asked.predicates),
        )

    async def get(self, ref: Ref) -> Resource:
        run, _ = await self._read(ref, wire.RunRow)
        if ref.kind is Kind.RUN:
            return self._run(run)
        steps = self._steps(run)
        return self._task(run, self._step(ref, steps))

    async def detail(self, ref: Ref) -> Detail:
        from adapters.kfp.details import run_detail, task_detail  # a list needs none of it, and waits for imports

        run, raw = await self._read(ref, wire.FullRun)
        steps = self._steps(run)
        if ref.kind is Kind.TASK:
            step = self._step(ref, steps)
            return task_detail(self._task(run, step), step, raw)
        return run_detail(await self._with_names(self._run(run), run), run, steps, raw)

    async def _with_names(self, resource: Resource, run: wire.FullRun) -> Resource:
        """Pipeline and version by name, where the run refers to an uploaded version."""
        version = run.pipeline_version_reference
        if version is None or not version.pipeline_id:
            return resource
        named = {"pipeline": await self._names.pipeline(version.pipeline_id)}
        if version.pipeline_version_id:
            named["pipeline_version"] = await self._names.pipeline(version.pipeline_id, version.pipeline_version_id)
        known = {key: name for key, name in named.items() if name}
        return dataclasses.replace(resource, extra=MappingProxyType({**resource.extra, **known}))

    async def events(self, ref: Ref) -> Sequence[Event]:
        run, _ = await self._read(ref, wire.FullRun)
        if ref.kind is Kind.RUN:
            return mapping.run_events(self.context, run)
        return mapping.in_order(mapping.step_events(ref, self._step(ref, self._steps(run))))

    async def log_sources(self, ref: Ref, *, attempt: int | None = None) -> Sequence[LogSource]:
        run, _ = await self._read(ref, wire.RunRow)
        steps = self._steps(run)
        step = None if ref.kind is Kind.RUN else self._step(ref, steps)
        return logs.sources(self.context, run, steps, step, attempt)

    async def read_log(self, source: LogSource, cursor: str | None = None, *, tail: int | None = None) -> LogChunk:
        key = logs.LogKey.parse(source.key)
        problem = "the server names no pod for it" if not key.pods else None
        for pod in self._pods.get(source.key, key.pods):
            reply = await self._api.read_log(run_id=key.run_id, node_id=pod)
            body, failure = logs.parse_body(reply.raw)
            if body or failure is None:
                self._pods[source.key] = (pod,)
                return logs.chunk(body, failure, cursor, tail)
            problem = problem or failure
        if logs.seen(cursor):
            return LogChunk(b"", cursor or "", True, note=f"the log is gone: {problem}")
        raise NotFound(f"{self.context}: no log of {source.name}: {problem}")

    async def preview(self, action: str, ref: Ref, params: Params) -> Preview:
        self._check_action(action, ref)
        run, raw = await self._read(ref, wire.FullRun)
        return await self._writes().preview(action, run, raw, self._steps(run), params)

    async def perform(self, action: str, ref: Ref, params: Params, permit: Permit) -> ActionResult:
        self._check_action(action, ref)
        return await self._writes().perform(action, ref, params, permit)

    def watch(self, kind: Kind, query: Query) -> AsyncIterator[Change]:
        raise self._unsupported(SCHEMA.features[Feature.WATCH].reason)

    def methods(self) -> Sequence[MethodSpec]:
        return method_specs(KfpApi)

    async def call(self, method: str, params: Params, permit: Permit | None = None) -> Json:
        reply: Reply = await call(self._api, self.context, method, params, permit)
        return reply.raw.decode("utf-8", "replace") if method == "ReadRunLog" else reply.json()

    async def aclose(self) -> None:
        await self._http.aclose()

    def _writes(self) -> Writes:
        from adapters.kfp.writes import Writes

        return Writes(self.context, self._api, self._names)

    async def _read(self, ref: Ref, model: type[R]) -> tuple[R, dict[str, Json]]:
        """The run that `ref` is, or is a task of; with its experiment learned, and the server's own JSON."""
        run_id = ref.id
        if ref.kind is Kind.TASK:
            parts = mapping.split_task_id(ref.id)
            if parts is None:
                raise NotFound(f"{ref} is not a task; its id is run-id/task-id", executed=False)
            run_id = parts[0]
        elif ref.kind is not Kind.RUN:
            raise self._absent(ref.kind)
        if "/" in run_id:  # the gateway takes it for another path, and calls that a call it does not know
            raise NotFound(f"{self.context}: no run {run_id}", executed=False)
        reply = await self._api.get_run(run_id=run_id)
        run = parse(reply, model)
        await self._names.learn([run.experiment_id])
        raw = reply.json() if model is wire.FullRun else {}
        assert isinstance(raw, dict)
        return run, raw

    def _run(self, row: wire.RunRow) -> Run:
        return mapping.to_run(self.context, row, self._names.experiment(row.experiment_id))

    def _steps(self, row: wire.RunRow) -> Sequence[Step]:
        return arrange(row.run_details.task_details) if row.run_details else []

    def _step(self, ref: Ref, steps: Sequence[Step]) -> Step:
        parts = mapping.split_task_id(ref.id)
        for step in steps:
            if parts and step.id == parts[1]:
                return step
        raise NotFound(f"{self.context}: the run has no task {ref.id}")

    def _task(self, run: wire.RunRow, step: Step) -> Task:
        experiment = self._names.experiment(run.experiment_id)
        group = (experiment.display_name if experiment else None) or run.experiment_id
        return mapping.to_task(self.context, run.run_id, step, group)

    def _tasks(self, run: wire.RunRow) -> Sequence[Task]:
        return tuple(self._task(run, step) for step in self._steps(run))

    def _check_action(self, action: str, ref: Ref) -> None:
        if ref.kind not in SCHEMA.kinds:
            raise self._absent(ref.kind)
        if SCHEMA.action(action, ref.kind) is None:
            known = [spec.id for spec in SCHEMA.actions_for(ref.kind)]
            raise self._unsupported(f"no action {action!r} for a {ref.kind.value}{nearest(action, known)}")

    def _absent(self, kind: Kind) -> Unsupported:
        return self._unsupported(SCHEMA.absent.get(kind, f"no {kind.plural}"))

    def _unsupported(self, reason: str) -> Unsupported:
        return Unsupported(f"{self.context}: {reason}", executed=False)


def _split_cursor(cursor: str | None) -> tuple[str | None, int]:
    if cursor is None:
        return None, 0
    token, skip = json.loads(cursor)
    return token, skip
