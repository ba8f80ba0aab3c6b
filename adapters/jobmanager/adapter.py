"""Job Manager behind the port: orchestration only."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace

from adapters.actions import ActionResult, Preview
from adapters.calls import call, method_specs
from adapters.errors import AdapterError, Unsupported
from adapters.http import HttpClient, Reply, Transport
from adapters.jobmanager import SCHEMA, details, events, wire
from adapters.jobmanager.api import JobManagerApi
from adapters.jobmanager.errors import not_there, read_error
from adapters.jobmanager.jobs import Found, Jobs
from adapters.jobmanager.learned import Learned, Part, schema_for
from adapters.jobmanager.logs import Logs
from adapters.jobmanager.mapping import Step, to_task
from adapters.jobmanager.settings import JobManagerSettings
from adapters.jobmanager.totals import Totals
from adapters.jobmanager.writes import Writes
from adapters.model import Event, Health, Json, Kind, LogChunk, LogSource, Ref, Resource
from adapters.names import nearest
from adapters.permit import Permit
from adapters.port import ANY, Change, Feature, MethodSpec, Page, Params, Query, Schema, Stats
from adapters.reply import NO_CONTENT
from adapters.sections import Detail, Section

CAPITAL = re.compile(r"(?<=[a-z])([A-Z])")


class JobManagerAdapter:
    def __init__(self, context: str, settings: JobManagerSettings, *, transport: Transport | None = None) -> None:
        self.context = context
        self._settings = settings
        self._http = HttpClient(
            settings, context=context, error_reader=read_error, auth=self._identity, transport=transport
        )
        self.stats: Stats = self._http.stats
        self.stats.auth = "bearer" if settings.token else "cookie" if settings.cookies else "none"
        self._api = JobManagerApi(self._http, settings.base)
        self._learned = Learned()
        self._jobs = Jobs(context, self._api, settings, self._learned)
        self._logs = Logs(context, self._api, self._learned)
        self._totals = Totals(self._api, settings, self._learned)
        self._writes = Writes(context, self._api, self._learned)

    async def _identity(self) -> Mapping[str, str]:
        """These servers read `Authentication`; what stands in front of them may read `Authorization`."""
        if self._settings.token is None:
            return {}
        bearer = f"Bearer {await self._settings.token.read()}"
        return {"Authentication": bearer, "Authorization": bearer}

    # --- what it can do

    async def describe(self) -> Schema:
        """As this very server says and has shown; as declared while it does not answer."""
        try:
            abilities = await self._jobs.abilities()
        except AdapterError:
            return SCHEMA
        return schema_for(abilities, self._learned)

    async def health(self) -> Health:
        found = wire.read(await self._api.health(), wire.HealthAnswer)
        if found.available is False:
            return Health(False, note="the server does not reach what it stands in front of")
        try:
            abilities = await self._jobs.abilities()
        except AdapterError as error:
            return Health(True, note=error.sentence)
        missing = abilities.needs_login and self._settings.token is None
        note = "the server asks for a login: set token in this context" if missing else None
        extensions: list[Json] = [*sorted(abilities.extensions)]
        return Health(True, note=note, extra={"query_extensions": extensions})

    # --- lists and objects

    async def list(self, kind: Kind, query: Query = ANY, *, cursor: str | None = None, limit: int = 50) -> Page:
        self._check(kind)
        if kind is Kind.TASK:
            return await self._jobs.tasks(query.parent, cursor, limit)
        if query.parent is not None:
            raise self._unsupported(f"runs are not listed under a {query.parent.kind.value}")
        return await self._jobs.page(query, cursor, limit)

    async def get(self, ref: Ref) -> Resource:
        self._check(ref.kind)
        if ref.kind is Kind.RUN:
            await self._jobs.abilities()
            return await self._jobs.run(await self._jobs.read(ref.id))
        found, step = await self._step(ref)
        return self._task(found, step)

    async def _step(self, ref: Ref) -> tuple[Found, Step]:
        await self._jobs.abilities()
        return await self._jobs.step(ref)

    def _task(self, found: Found, step: Step) -> Resource:
        return to_task(self.context, found.job, step, self._jobs.group(found.job))

    async def detail(self, ref: Ref) -> Detail:
        self._check(ref.kind)
        if ref.kind is Kind.TASK:
            found, step = await self._step(ref)
            more = [await self._attempts(found, step), await self._operation(found, step)]
            return details.task_detail(self.context, self._task(found, step), found, step, more)
        found = await self._jobs.read(ref.id)
        run = await self._jobs.run(found)
        totals = await self._totals.sections(found.job, run.group)
        return details.job_detail(self.context, run, found, totals)

    async def _attempts(self, found: Found, step: Step) -> Section | None:
        """Tries that can be listed; a task is shown without them rather than not at all."""
        if step.shards or Part.ATTEMPTS in self._learned.missing:
            return None
        try:
            return details.attempts_table(await self._logs.attempts(found, step))
        except AdapterError:
            return None

    async def _operation(self, found: Found, step: Step) -> Section | None:
        """What the backend says itself, where the server can be asked for it."""
        operation = step.said.operation_id
        if not operation or Part.OPERATIONS in self._learned.missing:
            return None
        try:
            reply = await self._api.get_operation_details(job=found.job.id, operation=operation)
            answer = None if reply.status == NO_CONTENT else wire.read(reply, wire.Operation)
        except AdapterError as error:
            if not_there(error):
                self._learned.lacks(Part.OPERATIONS, "this server does not know operations")
            return None
        if answer is None:
            self._learned.lacks(Part.OPERATIONS, "this server does not ask for operations")
            return None
        self._learned.has(Part.OPERATIONS)
        return details.operation(answer)

    async def events(self, ref: Ref) -> Sequence[Event]:
        self._check(ref.kind)
        if ref.kind is Kind.TASK:
            found, step = await self._step(ref)
            return events.of_step(self.context, found.job, step)
        found = await self._jobs.read(ref.id)
        return events.of_job(self.context, found.job, found.steps)

    # --- logs

    async def log_sources(self, ref: Ref, *, attempt: int | None = None) -> Sequence[LogSource]:
        self._check(ref.kind)
        if reason := self._learned.missing.get(Part.FILES):
            raise self._unsupported(reason)
        if ref.kind is Kind.RUN:
            return await self._logs.sources(await self._jobs.read(ref.id), None, attempt)
        found, step = await self._step(ref)
        if step.said.job_id and not step.shards and not step.said.backend_log:
            return await self._logs.sources(await self._jobs.read(step.said.job_id), None, attempt)
        return await self._logs.sources(found, step, attempt)

    async def read_log(self, source: LogSource, cursor: str | None = None, *, tail: int | None = None) -> LogChunk:
        return await self._logs.read(source, cursor, tail)

    # --- actions

    async def preview(self, action: str, ref: Ref, params: Params) -> Preview:
        self._declared(action, ref)
        found = await self._jobs.read(ref.id)
        return self._writes.preview(action, found, params, await self._jobs.abilities())

    async def perform(self, action: str, ref: Ref, params: Params, permit: Permit) -> ActionResult:
        self._declared(action, ref)
        return await self._writes.perform(action, ref, params, await self._jobs.abilities(), permit)

    def _declared(self, action: str, ref: Ref) -> None:
        self._check(ref.kind)
        if SCHEMA.action(action, ref.kind) is None:
            known = [spec.id for spec in SCHEMA.actions_for(ref.kind)]
            raise self._unsupported(f"no action {action!r} for a {ref.kind.value}{nearest(action, known)}")
        if action != "abort" and (reason := self._learned.missing.get(Part.LABELS)):
            raise self._unsupported(reason)

    # --- the rest of the API

    def watch(self, kind: Kind, query: Query) -> AsyncIterator[Change]:
        raise self._unsupported(SCHEMA.features[Feature.WATCH].reason)

    def methods(self) -> Sequence[MethodSpec]:
        """With the parameters as the API calls them."""
        return [
            replace(spec, params=tuple((_camel(name), words) for name, words in spec.params))
            for spec in method_specs(JobManagerApi)
        ]

    async def call(self, method: str, params: Params, permit: Permit | None = None) -> Json:
        """Any method; an answer without a body is null."""
        given = {CAPITAL.sub(r"_\1", name).lower(): value for name, value in params.items()}
        reply: Reply = await call(self._api, self.context, method, given, permit)
        return reply.json() if reply.raw.strip() else None

    async def aclose(self) -> None:
        await self._http.aclose()

    def _check(self, kind: Kind) -> None:
        if kind not in SCHEMA.kinds:
            raise self._unsupported(SCHEMA.absent.get(kind, f"no {kind.plural}"))

    def _unsupported(self, reason: str) -> Unsupported:
        return Unsupported(f"{self.context}: {reason}", executed=False)


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)
