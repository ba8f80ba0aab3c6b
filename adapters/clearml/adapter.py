"""ClearML behind the port: which read or write answers which question. The parts know how."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Mapping, Sequence

from adapters.actions import ActionResult, Preview
from adapters.calls import call, method_specs
from adapters.clearml import SCHEMA, logs, mapping, wire
from adapters.clearml.api import TasksApi
from adapters.clearml.api_events import EventsApi, ServerApi
from adapters.clearml.api_more import MoreTasksApi
from adapters.clearml.api_places import ProjectsApi, QueuesApi, WorkersApi
from adapters.clearml.caller import Caller
from adapters.clearml.details import queue_detail, task_detail, worker_detail
from adapters.clearml.errors import read_error
from adapters.clearml.places import Projects, Queues, to_pool
from adapters.clearml.previews import Previews
from adapters.clearml.scalars import columns, history
from adapters.clearml.session import Session
from adapters.clearml.settings import ClearmlSettings
from adapters.clearml.tasks import CONTROLLER, Tasks
from adapters.clearml.workers import Workers
from adapters.clearml.writes import Writes
from adapters.errors import AdapterError, Unsupported
from adapters.fields import FieldSpec
from adapters.http import HttpClient, Reply, Transport
from adapters.model import FAULTY, Event, Health, Json, Kind, LogChunk, LogSource, Ref, Resource, State
from adapters.names import nearest
from adapters.permit import Permit
from adapters.port import ANY, Capability, Change, Feature, MethodSpec, Page, Params, Query, Schema
from adapters.sections import Detail

NEWEST = 50
"""So many of the newest tasks say which metrics are columns."""
LOG_STEPS = 8
LOG_TEXT = "events.download_task_log"


class ClearmlAdapter:
    """One context. `transport` is httpx', for tests and for a mock in the same process."""

    def __init__(self, context: str, settings: ClearmlSettings, *, transport: Transport | None = None) -> None:
        self.context = context
        self._settings = settings
        self._http = HttpClient(settings, context=context, error_reader=read_error, transport=transport)
        self.stats = self._http.stats
        self._session = Session(settings, self._http)
        caller = Caller(self._http, self._session)
        self._api, self._more, self._events = TasksApi(caller), MoreTasksApi(caller), EventsApi(caller)
        self._server, queue_api = ServerApi(caller), QueuesApi(caller)
        worker_api, project_api = WorkersApi(caller), ProjectsApi(caller)
        self._apis: tuple[object, ...] = (
            *(self._api, self._more, self._events),
            *(queue_api, worker_api, project_api, self._server),
        )
        self._queues = Queues(context, queue_api)
        self._workers = Workers(context, worker_api)
        projects = Projects(context, project_api)
        self._tasks = Tasks(context, settings, self._api, self._queues, projects, self._workers)
        self._writes = Writes(
            context, self._api, self._more, queue_api, self._tasks, self._queues, projects, self._session
        )
        self._previews = Previews(context, self._tasks, self._writes)
        self._logs = logs.Logs(context, self._events)
        self._schema: Schema | None = None

    # --- what it can do ------------------------------------------------------------------------------------

    async def describe(self) -> Schema:
        """With the server's version and the metrics of its tasks; as declared while it does not answer."""
        if self._schema is None:
            try:
                version = (await self.health()).version
                rows = await self._tasks.rows({"order_by": ["-last_update"]}, size=NEWEST)
            except AdapterError:
                return SCHEMA
            self._schema = self._with_metrics(columns(rows, self._settings.metrics), version)
        return self._schema

    def _with_metrics(self, found: Sequence[FieldSpec], version: str | None) -> Schema:
        shown = bool(self._settings.metrics)  # who names them wants to see them
        specs = tuple(dataclasses.replace(spec, wide=not shown) for spec in found)
        self._tasks.metrics = frozenset(spec.path.removeprefix(f"extra.{mapping.METRIC_PREFIX}") for spec in specs)
        kinds = {
            kind: dataclasses.replace(spec, fields=(*spec.fields, *specs))
            if kind in (Kind.RUN, Kind.TASK)
            else spec
            for kind, spec in SCHEMA.kinds.items()
        }
        return dataclasses.replace(SCHEMA, kinds=kinds, version=version)

    async def health(self) -> Health:
        """`server.info` needs no login on some servers, so somebody's name is asked for as well."""
        info = wire.data_of(await self._server.info())
        self._session.offered(info.get("api_version"))
        note = None
        try:
            user = wire.data_of(await self._server.get_current_user()).get("user")
            note = f"as {user.get('name')}" if isinstance(user, dict) and user.get("name") else None
        except Unsupported:
            await self._tasks.rows({}, size=1)
        version = info.get("version")
        return Health(True, version if isinstance(version, str) else None, note, extra={**info})

    # --- lists ---------------------------------------------------------------------------------------------

    async def list(self, kind: Kind, query: Query = ANY, *, cursor: str | None = None, limit: int = 50) -> Page:
        self._check(kind)
        if query.parent is not None and kind not in self._spec_children(query.parent):
            raise self._unsupported(f"{kind.plural} are not listed under a {query.parent.kind.value}")
        match kind:
            case Kind.RUN:
                return await self._tasks.runs(query, cursor, limit)
            case Kind.TASK:
                return await self._tasks.steps(query, cursor, limit)
            case Kind.HOST:
                return _slice(await self._workers.hosts(), cursor, limit)
            case _:
                queues = [to_pool(self.context, queue) for queue, _ in await self._queues.read()]
                return _slice(sorted(queues, key=lambda pool: pool.name), cursor, limit)

    def _spec_children(self, ref: Ref) -> tuple[Kind, ...]:
        spec = SCHEMA.kinds.get(ref.kind)
        return spec.children if spec else ()

    # --- single objects ------------------------------------------------------------------------------------

    async def get(self, ref: Ref) -> Resource:
        self._check(ref.kind)
        match ref.kind:
            case Kind.RUN:
                return await self._tasks.run(ref.id)
            case Kind.TASK:
                return await self._tasks.task(ref)
            case Kind.HOST:
                return (await self._workers.host(ref.id))[0]
            case _:
                return to_pool(self.context, (await self._queues.one(ref.id))[0])

    async def detail(self, ref: Ref) -> Detail:
        self._check(ref.kind)
        match ref.kind:
            case Kind.HOST:
                host, raw = await self._workers.host(ref.id)
                worker, _ = await self._workers.one(ref.id)
                return worker_detail(host, raw, await self._workers.history(worker))
            case Kind.POOL:
                queue, raw = await self._queues.one(ref.id)
                return queue_detail(to_pool(self.context, queue), queue, raw)
        row = await self._tasks.row(ref.id)
        reply, series = await asyncio.gather(
            self._api.get_by_id(task=ref.id), history(self._events, ref.id), return_exceptions=True
        )
        if isinstance(reply, BaseException):
            raise reply
        raw_task = wire.data_of(reply).get("task")
        found = await self._tasks.runs_of([row]) if ref.kind is Kind.RUN else await self._tasks.steps_of([row])
        shown = [] if isinstance(series, BaseException) else series
        return task_detail(found[0], row, raw_task if isinstance(raw_task, dict) else {}, shown)

    async def events(self, ref: Ref) -> Sequence[Event]:
        self._check(ref.kind)
        self._capable(SCHEMA.kinds[ref.kind].events)
        return mapping.events(ref, await self._tasks.row(ref.id))

    # --- logs ----------------------------------------------------------------------------------------------

    async def log_sources(self, ref: Ref, *, attempt: int | None = None) -> Sequence[LogSource]:
        """Its own log, and for a pipeline those of its steps: failed ones first, then running ones."""
        self._check(ref.kind)
        self._capable(SCHEMA.kinds[ref.kind].logs)
        own = await self._tasks.row(ref.id)
        rows = [(ref, own)]
        if own.type == CONTROLLER:
            steps = await self._tasks.children(ref.id, 100)
            useful = sorted(steps, key=_usefulness)[:LOG_STEPS]
            rows += [(Ref(self.context, Kind.TASK, step.id), step) for step in useful]
        return logs.sources(ref, rows, self._session)

    async def read_log(self, source: LogSource, cursor: str | None = None, *, tail: int | None = None) -> LogChunk:
        return await self._logs.read(source, cursor, tail)

    # --- actions -------------------------------------------------------------------------------------------

    async def preview(self, action: str, ref: Ref, params: Params) -> Preview:
        self._check_action(action, ref)
        return await self._previews.preview(action, ref, params)

    async def perform(self, action: str, ref: Ref, params: Params, permit: Permit) -> ActionResult:
        self._check_action(action, ref)
        return await self._writes.perform(action, ref, params, permit)

    # --- the rest of the API -------------------------------------------------------------------------------

    def watch(self, kind: Kind, query: Query) -> AsyncIterator[Change]:
        raise self._unsupported(SCHEMA.features[Feature.WATCH].reason)

    def methods(self) -> Sequence[MethodSpec]:
        return [spec for api in self._apis for spec in method_specs(type(api))]

    async def call(self, method: str, params: Params, permit: Permit | None = None) -> Json:
        """Any method by the API's own name. The answer is what is inside the envelope."""
        by_method: Mapping[str, object] = {spec.name: api for api in self._apis for spec in method_specs(type(api))}
        if method not in by_method:
            raise self._unsupported(f"no method {method!r}{nearest(method, by_method)}")
        reply: Reply = await call(by_method[method], self.context, method, params, permit)
        return reply.raw.decode("utf-8", "replace") if method == LOG_TEXT else wire.data_of(reply)

    async def aclose(self) -> None:
        await self._http.aclose()

    def _check(self, kind: Kind) -> None:
        if kind not in SCHEMA.kinds:
            raise self._unsupported(SCHEMA.absent.get(kind, f"no {kind.plural}"))

    def _capable(self, capability: Capability) -> None:
        if not capability.supported:
            raise self._unsupported(capability.reason)

    def _check_action(self, action: str, ref: Ref) -> None:
        self._check(ref.kind)
        if SCHEMA.action(action, ref.kind) is None:
            known = [spec.id for spec in SCHEMA.actions_for(ref.kind)]
            raise self._unsupported(f"no action {action!r} for a {ref.kind.value}{nearest(action, known)}")

    def _unsupported(self, reason: str) -> Unsupported:
        return Unsupported(f"{self.context}: {reason}", executed=False)


def _usefulness(row: wire.TaskRow) -> tuple[int, float]:
    state = mapping.to_state(row)[0]
    rank = 0 if state in FAULTY else 1 if state in (State.RUNNING, State.ABORTING) else 2
    return (rank, -(row.started or 0.0))


def _slice(rows: Sequence[Resource], cursor: str | None, limit: int) -> Page:
    start = int(cursor) if cursor and cursor.isdecimal() else 0
    after = start + limit
    return Page(tuple(rows[start:after]), str(after) if after < len(rows) else None, len(rows))
