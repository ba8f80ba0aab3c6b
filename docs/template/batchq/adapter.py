"""batchq behind the port: orchestration only."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence

from adapters.actions import ActionResult, Preview
from adapters.batchq import SCHEMA, wire
from adapters.batchq.api import BatchqApi
from adapters.batchq.errors import read_error
from adapters.batchq.mapping import STATE_MAP, to_run
from adapters.batchq.settings import BatchqSettings
from adapters.calls import call, method_specs
from adapters.errors import Unsupported
from adapters.http import HttpClient, Reply, Transport
from adapters.model import (
    ENDED,
    Event,
    Health,
    Json,
    Kind,
    LogChunk,
    LogMode,
    LogSource,
    Ref,
    Resource,
)
from adapters.names import nearest
from adapters.permit import Permit
from adapters.port import ANY, Change, Feature, MethodSpec, Op, Page, Params, Query, Schema, Stats, Term
from adapters.sections import Detail, unclaimed

ACTIVE = tuple(word for word, state in STATE_MAP.items() if state not in ENDED)


class BatchqAdapter:
    def __init__(self, context: str, settings: BatchqSettings, *, transport: Transport | None = None) -> None:
        self.context = context
        self._settings = settings
        self._http = HttpClient(
            settings, context=context, error_reader=read_error, auth=self._identity, transport=transport
        )
        self.stats: Stats = self._http.stats
        self.stats.auth = "bearer" if settings.token else "none"
        self._api = BatchqApi(self._http)

    async def _identity(self) -> Mapping[str, str]:
        token = self._settings.token
        return {} if token is None else {"Authorization": f"Bearer {await token.read()}"}

    # --- what it can do

    async def describe(self) -> Schema:
        return SCHEMA

    async def health(self) -> Health:
        return Health(True, version=(await self._api.ping()).model(wire.Ping).version)

    # --- lists and objects

    async def list(self, kind: Kind, query: Query = ANY, *, cursor: str | None = None, limit: int = 50) -> Page:
        self._check(kind)
        if query.parent is not None:
            raise self._unsupported(f"runs are not listed under a {query.parent.kind.value}")
        words, applied = _states(query)
        reply = await self._api.list_jobs(state=words, after=cursor, limit=limit)
        found = reply.model(wire.Jobs)
        rows = tuple(to_run(self.context, job) for job in found.jobs)
        return Page(rows, found.next, found.total, applied)

    async def get(self, ref: Ref) -> Resource:
        self._check(ref.kind)
        return to_run(self.context, (await self._api.get_job(id=ref.id)).model(wire.Job))

    async def detail(self, ref: Ref) -> Detail:
        """Everything the server says; a key that nobody claims is shown all the same."""
        self._check(ref.kind)
        reply = await self._api.get_job(id=ref.id)
        run, raw = to_run(self.context, reply.model(wire.Job)), reply.json()
        assert isinstance(raw, dict)  # or it would not have fitted the model
        return Detail(run, (unclaimed(raw, frozenset()),), raw, cause=run.message)

    async def events(self, ref: Ref) -> Sequence[Event]:
        self._check(ref.kind)
        raise self._unsupported(SCHEMA.features[Feature.EVENTS].reason)

    # --- logs

    async def log_sources(self, ref: Ref, *, attempt: int | None = None) -> Sequence[LogSource]:
        run = await self.get(ref)
        return [LogSource(ref, "output", LogMode.APPEND, ended=run.state in ENDED)]

    async def read_log(self, source: LogSource, cursor: str | None = None, *, tail: int | None = None) -> LogChunk:
        offset = int(cursor or 0)
        found = (await self._api.get_log(id=source.ref.id, offset=offset)).model(wire.Log)
        data = found.text.encode()
        if tail is not None and cursor is None:
            data = data[-tail:]
        return LogChunk(data, cursor=str(found.size), at_end=True, size=found.size)

    # --- actions

    async def preview(self, action: str, ref: Ref, params: Params) -> Preview:
        self._declared(action, ref)
        return Preview(f"POST /jobs/{ref.id}/cancel", undo="none: submit it again")

    async def perform(self, action: str, ref: Ref, params: Params, permit: Permit) -> ActionResult:
        self._declared(action, ref)
        await self._api.cancel_job(id=ref.id, permit=permit)
        return ActionResult("asked to cancel")

    def _declared(self, action: str, ref: Ref) -> None:
        self._check(ref.kind)
        if SCHEMA.action(action, ref.kind) is None:
            known = [spec.id for spec in SCHEMA.actions_for(ref.kind)]
            raise self._unsupported(f"no action {action!r} for a {ref.kind.value}{nearest(action, known)}")

    # --- the rest of the API

    def watch(self, kind: Kind, query: Query) -> AsyncIterator[Change]:
        raise self._unsupported(SCHEMA.features[Feature.WATCH].reason)

    def methods(self) -> Sequence[MethodSpec]:
        return method_specs(BatchqApi)

    async def call(self, method: str, params: Params, permit: Permit | None = None) -> Json:
        reply: Reply = await call(self._api, self.context, method, params, permit)
        return reply.json()

    async def aclose(self) -> None:
        await self._http.aclose()

    def _check(self, kind: Kind) -> None:
        if kind not in SCHEMA.kinds:
            raise self._unsupported(SCHEMA.absent[kind])

    def _unsupported(self, reason: str) -> Unsupported:
        return Unsupported(f"{self.context}: {reason}", executed=False)


def _states(query: Query) -> tuple[str | None, frozenset[Term]]:
    """The server's words for the states that are asked for, and the terms which that answers."""
    wanted, applied = set(ACTIVE if query.active else STATE_MAP), set()
    for term in query.terms:
        words = {word for word, state in STATE_MAP.items() if state.value in term.values or word in term.values}
        # A state it has no word for cannot be asked for: the rows would be missing.
        if term.field == "state" and term.op is Op.EQ and len(words) >= len(term.values):
            wanted &= words
            applied.add(term)
    asked = query.active or bool(applied)
    return ",".join(sorted(wanted)) or "none" if asked else None, frozenset(applied)
