"""Vertex AI custom jobs behind the port: orchestration only."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence

from adapters.actions import ActionResult, Preview
from adapters.calls import call, method_specs
from adapters.errors import AdapterError, NotFound, Unsupported
from adapters.http import HttpClient, Reply, Transport
from adapters.model import Event, Health, Json, Kind, LogChunk, LogSource, Ref, Resource
from adapters.names import nearest
from adapters.permit import Permit
from adapters.port import ANY, Change, Feature, MethodSpec, Page, Params, Query, Schema
from adapters.sections import Detail
from adapters.vertex import SCHEMA, logs, mapping, wire
from adapters.vertex.adc import DefaultCredentials
from adapters.vertex.api import VertexApi
from adapters.vertex.details import CONSOLE, job_detail, job_events, part_detail
from adapters.vertex.errors import read_error
from adapters.vertex.lists import Lists, slice_of
from adapters.vertex.logread import LogReader
from adapters.vertex.settings import VertexSettings
from adapters.vertex.writes import Writes

SERVICE_LINES, SERVICE_PAGES = 200, 5


class VertexAdapter:
    def __init__(
        self,
        context: str,
        settings: VertexSettings,
        *,
        transport: Transport | None = None,
        credentials: DefaultCredentials | None = None,
    ) -> None:
        self.context = context
        self._settings = settings
        self._credentials = credentials or (DefaultCredentials() if settings.credentials == "adc" else None)
        self._http = HttpClient(
            settings, context=context, error_reader=read_error, auth=self._identity, transport=transport
        )
        self.stats = self._http.stats
        self.stats.auth = "token" if settings.token else settings.credentials or "none"
        self._api = VertexApi(self._http, settings.parent, settings.logging_url)
        self._lists = Lists(context, self._api, settings)
        self._logs = LogReader(self._api)
        self._writes = Writes(context, self._api)

    async def _identity(self) -> Mapping[str, str]:
        headers = {}
        if self._settings.token:
            headers["Authorization"] = f"Bearer {await self._settings.token.read()}"
        elif self._credentials is not None:
            headers["Authorization"] = f"Bearer {await self._credentials.token()}"
            self.stats.auth_expires = self._credentials.expires
        if self._settings.quota_project:
            headers["x-goog-user-project"] = self._settings.quota_project
        return headers

    async def describe(self) -> Schema:
        return SCHEMA

    async def health(self) -> Health:
        wire.parse(await self._api.list_custom_jobs(page_size=1), wire.JobPage)
        return Health(True, "v1", None, {"project": self._settings.project, "region": self._settings.region})

    async def list(self, kind: Kind, query: Query = ANY, *, cursor: str | None = None, limit: int = 50) -> Page:
        parent = query.parent
        if kind is Kind.RUN:
            if parent is not None:
                raise self._unsupported(f"runs are not listed under a {parent.kind.value}")
            return await self._lists.runs(query, cursor, limit)
        if kind not in SCHEMA.kinds:
            raise self._absent(kind)
        if parent is None:
            return await self._lists.live_parts(kind, cursor, limit)
        above = SCHEMA.kinds.get(parent.kind)
        if above is None or kind not in above.children:
            raise self._unsupported(f"{kind.plural} are not listed under a {parent.kind.value}")
        job, _, part = await self._read(parent)
        return slice_of(self._lists.parts(kind, job, part), cursor, limit)

    async def get(self, ref: Ref) -> Resource:
        job, _, part = await self._read(ref)
        return self._resource(ref, job, part)

    def _resource(self, ref: Ref, job: wire.CustomJob, part: str | None) -> Resource:
        if part is None:
            return self._lists.run(job)
        pool = self._pool(ref, job, part)
        if ref.kind is Kind.TASK:
            return mapping.to_task(self.context, job, pool, self._settings.region)
        return mapping.to_pod(self.context, job, pool, part, self._settings.region)

    def _pool(self, ref: Ref, job: wire.CustomJob, part: str) -> mapping.Pool:
        """The worker pool that `ref` is, or that its replica is in."""
        pool = mapping.find_pool(job, part) if ref.kind is Kind.TASK else mapping.find_node(job, part)
        if pool is None:
            what = "worker pool" if ref.kind is Kind.TASK else "replica"
            raise NotFound(f"{self.context}: the job has no {what} {part}")
        return pool

    async def detail(self, ref: Ref) -> Detail:
        job, raw, part = await self._read(ref)
        resource = self._resource(ref, job, part)
        if part is not None:
            return part_detail(resource, job, self._pool(ref, job, part), raw)
        return job_detail(resource, job, raw, self._console(job))

    def _console(self, job: wire.CustomJob) -> str | None:
        """The job's page in Google's console, where it is Google who answers."""
        if not self._settings.url.endswith(".googleapis.com"):
            return None
        return CONSOLE.format(region=self._settings.region, job=job.id, project=self._settings.project)

    async def events(self, ref: Ref) -> Sequence[Event]:
        if ref.kind in (Kind.TASK, Kind.POD):
            raise self._unsupported(f"no events of {ref.kind.plural}; see those of the job")
        job, _, _ = await self._read(ref)
        try:
            return job_events(self.context, job, await self._service_lines(job), None)
        except AdapterError as error:
            return job_events(self.context, job, [], error.sentence)

    async def _service_lines(self, job: wire.CustomJob) -> Sequence[wire.LogEntry]:
        """What the service itself has logged about the job; a page may be empty and yet go on."""
        key = logs.LogKey(job.id, logs.SERVICE, job.create_time or "")
        token = None
        for _ in range(SERVICE_PAGES):
            text = logs.filter_text(key, key.since)
            reply = await self._api.list_log_entries(filter=text, page_size=SERVICE_LINES, page_token=token)
            page = wire.parse(reply, wire.EntryPage)
            token = page.next_page_token
            if page.entries or not token:
                return page.entries
        return []

    async def log_sources(self, ref: Ref, *, attempt: int | None = None) -> Sequence[LogSource]:
        job, _, part = await self._read(ref)
        if part is None:
            return logs.sources(self.context, job)
        pool = self._pool(ref, job, part)
        return logs.sources(self.context, job, pool.nodes if ref.kind is Kind.TASK else [part])

    async def read_log(self, source: LogSource, cursor: str | None = None, *, tail: int | None = None) -> LogChunk:
        return await self._logs.read(source, cursor, tail)

    async def preview(self, action: str, ref: Ref, params: Params) -> Preview:
        self._check_action(action, ref)
        if action == "create":
            return self._writes.preview_create(params)
        job, raw, _ = await self._read(ref)
        return self._writes.preview(action, job, raw, params)

    async def perform(self, action: str, ref: Ref, params: Params, permit: Permit) -> ActionResult:
        self._check_action(action, ref)
        return await self._writes.perform(action, ref, params, permit)

    def watch(self, kind: Kind, query: Query) -> AsyncIterator[Change]:
        raise self._unsupported(SCHEMA.features[Feature.WATCH].reason)

    def methods(self) -> Sequence[MethodSpec]:
        return method_specs(VertexApi)

    async def call(self, method: str, params: Params, permit: Permit | None = None) -> Json:
        reply: Reply = await call(self._api, self.context, method, params, permit)
        return reply.json() if reply.raw.strip() else {}

    async def aclose(self) -> None:
        await self._http.aclose()

    async def _read(self, ref: Ref) -> tuple[wire.CustomJob, dict[str, Json], str | None]:
        """The job that `ref` is, or is a part of; the server's own JSON; the name of the part."""
        job_id, part = ref.id, None
        if ref.kind in (Kind.TASK, Kind.POD):
            parts = mapping.split_id(ref.id)
            if parts is None:
                example = "777/workerpool0" if ref.kind is Kind.TASK else "777/workerpool0-0"
                raise NotFound(f"{ref} is not a {ref.kind.value}; its id is like {example}", executed=False)
            job_id, part = parts
        elif ref.kind is not Kind.RUN:
            raise self._absent(ref.kind)
        if "/" in job_id:
            raise NotFound(f"{self.context}: no job {job_id}; its id is the last part of its name", executed=False)
        reply = await self._api.get_custom_job(name=job_id)
        raw = reply.json()
        return wire.parse(reply, wire.CustomJob), raw if isinstance(raw, dict) else {}, part

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
