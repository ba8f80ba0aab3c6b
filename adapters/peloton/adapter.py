"""The port over Peloton: which read, write or scan answers which question. The parts know how."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace

from adapters.actions import ActionResult, Preview
from adapters.endpoint import Effect
from adapters.errors import NotFound, Unsupported
from adapters.http import HttpClient, Transport
from adapters.model import Event, Health, Json, Kind, LogChunk, LogSource, Pod, Ref, Resource
from adapters.names import nearest
from adapters.peloton import SCHEMA, events, wire
from adapters.peloton.api import PelotonApi
from adapters.peloton.details import host_detail, pod_detail, pool_detail, run_detail, update_detail, why
from adapters.peloton.failures import read_error
from adapters.peloton.lists import Lists, slice_of
from adapters.peloton.live import FanOut, HostIndex, LiveJobs, pod_states
from adapters.peloton.logs import Logs, most_useful_first
from adapters.peloton.mapping import pod as map_pod
from adapters.peloton.mapping import summary_of
from adapters.peloton.reads import Reader
from adapters.peloton.request import body_of
from adapters.peloton.rpc import RPCS
from adapters.peloton.settings import PelotonSettings
from adapters.peloton.streams import Streams
from adapters.peloton.volumes import Volumes
from adapters.peloton.watching import Watching
from adapters.peloton.writes import Writer
from adapters.permit import Permit, PermitRefused
from adapters.port import ANY, Change, Feature, MethodSpec, Page, Params, Query, Schema, Stats
from adapters.sections import Detail

PROBE_TIMEOUT = 5.0
PROBE_AGAIN = 30.0
LOG_PODS = 8
TRIES_SHOWN = 10


class PelotonAdapter:
    """One context. `transport` is httpx', for tests and for a mock in the same process."""

    def __init__(self, context: str, settings: PelotonSettings, *, transport: Transport | None = None) -> None:
        self.context = context
        self.settings = settings
        self._client = HttpClient(
            settings,
            context=context,
            error_reader=read_error,
            auth=self._login,
            transport=transport,
        )
        self.stats: Stats = self._client.stats
        self.stats.auth = "basic" if settings.username else "none"
        self._api = PelotonApi(self._client, settings)
        self._live = LiveJobs(self._api)
        self._index = HostIndex(self._api, self._live, settings.fan_out_jobs, settings.concurrency)
        self._reader = Reader(context, self._api, self._live, self._index)
        fan_out = FanOut(self._live, settings.fan_out_jobs, settings.concurrency)
        self._streams = Streams(context, settings)
        self._watching = Watching(context, self._streams, self._reader)
        self._volumes = Volumes(context, self._api, self._reader)
        self._lists = Lists(self._api, self._reader, fan_out, self._volumes)
        self._writer = Writer(self._api, self._reader, self._index, settings.concurrency)
        self._logs = Logs(self._api, context, allowed=settings.agent_logs)
        self._probed: float | None = None

    async def _login(self) -> Mapping[str, str]:
        return await self._api.login()

    # --- what it can do ------------------------------------------------------------------------------------

    async def describe(self) -> Schema:
        """The schema without the kinds this cluster turns out not to serve; real ones lack v1alpha's hosts and
        pools. A backend that does not answer is described as usual and asked again later."""
        if self._probed is None or time.monotonic() - self._probed > PROBE_AGAIN:
            self._probed = float("inf") if await self._probe() else time.monotonic()
        absent, watch = self._reader.absent, self._watching.capability
        kinds = {
            kind: replace(spec, children=tuple(child for child in spec.children if child not in absent))
            for kind, spec in SCHEMA.kinds.items()
            if kind not in absent
        }
        actions = tuple(action for action in SCHEMA.actions if not action.kinds <= set(absent))
        features = {**SCHEMA.features, Feature.WATCH: watch}
        return replace(SCHEMA, kinds=kinds, actions=actions, absent={**SCHEMA.absent, **absent}, features=features)

    async def _probe(self) -> bool:
        """Whether the cluster has said what it serves."""
        probes = (
            self._reader.host_infos(),
            self._reader.read_tree(),
            self._volumes.probe(),
            self._watching.probe(),
        )
        try:
            async with asyncio.timeout(PROBE_TIMEOUT):
                found = await asyncio.gather(*probes, return_exceptions=True)
        except TimeoutError:
            return False
        return all(not isinstance(one, BaseException) or isinstance(one, Unsupported) for one in found)

    async def health(self) -> Health:
        """One job is asked for: that needs an answer, a login and the right service name."""
        await self._api.query_jobs({"pagination": {"offset": 0, "limit": 1, "maxLimit": 1}})
        return Health(True, "v1alpha", note=self.settings.jobs.service)

    # --- lists ---------------------------------------------------------------------------------------------

    async def list(self, kind: Kind, query: Query = ANY, *, cursor: str | None = None, limit: int = 50) -> Page:
        self._check(kind, query)
        match kind:
            case Kind.RUN:
                return await self._lists.runs(query, cursor, limit)
            case Kind.POD:
                return await self._lists.pods(query, cursor, limit)
            case Kind.UPDATE:
                return await self._lists.updates(query, cursor, limit)
            case Kind.VOLUME:
                return await self._lists.volumes(query, cursor, limit)
            case Kind.HOST:
                return slice_of(await self._reader.hosts(), cursor, limit)
            case _:
                pools = await self._reader.pools()
                if query.parent is not None:
                    if all(pool.ref != query.parent for pool in pools):
                        raise self._no_pool(query.parent)
                    pools = [pool for pool in pools if pool.parent == query.parent]
                return slice_of(pools, cursor, limit)

    def _check(self, kind: Kind, query: Query) -> None:
        spec = SCHEMA.kinds.get(kind)
        if spec is None:
            raise Unsupported(f"{self.context}: {SCHEMA.absent.get(kind, f'no {kind.plural}')}", executed=False)
        parent = query.parent
        above = SCHEMA.kinds.get(parent.kind) if parent is not None else None
        if parent is not None and (above is None or kind not in above.children):
            raise Unsupported(
                f"{self.context}: {kind.plural} cannot be listed under a {parent.kind.value}", executed=False
            )

    # --- single objects ------------------------------------------------------------------------------------

    async def get(self, ref: Ref) -> Resource:
        self._check(ref.kind, ANY)
        match ref.kind:
            case Kind.RUN:
                answer, _ = await self._reader.job(ref.id)
                return self._reader.run(summary_of(answer, ref.id), await self._reader.tree())
            case Kind.POD:
                return (await self._reader.pod(ref.id))[0]
            case Kind.HOST:
                return (await self._reader.host(ref.id))[0]
            case Kind.UPDATE:
                return (await self._reader.update(ref))[0]
            case Kind.VOLUME:
                return (await self._volumes.get(ref))[0]
            case _:
                return await self._pool(ref)

    async def _pool(self, ref: Ref) -> Resource:
        for pool in await self._reader.pools():
            if pool.ref == ref:
                return pool
        raise self._no_pool(ref)

    def _no_pool(self, ref: Ref) -> NotFound:
        return NotFound(f"{self.context}: no pool {ref.id!r}")

    async def detail(self, ref: Ref) -> Detail:
        self._check(ref.kind, ANY)
        match ref.kind:
            case Kind.RUN:
                return await self._run_detail(ref)
            case Kind.POD:
                pod, answer, raw = await self._reader.pod(ref.id, tries=TRIES_SHOWN)
                return pod_detail(pod, answer, _object(raw))
            case Kind.HOST:
                host, raw = await self._reader.host(ref.id)
                return host_detail(host, _object(raw))
            case Kind.UPDATE:
                update, info, raw = await self._reader.update(ref, instance_events=True)
                return update_detail(update, info, _object(raw))
            case Kind.VOLUME:
                return await self._volumes.detail(ref)
            case _:
                pool = await self._pool(ref)
                raw = (await self._api.get_pool(ref.id)).json()
                found = _object(raw).get("respool", _object(raw).get("poolinfo", raw))
                return pool_detail(pool, _object(found))  # type: ignore[arg-type]  # _pool finds pools only

    async def _run_detail(self, ref: Ref) -> Detail:
        answer, raw = await self._reader.job(ref.id)
        run = self._reader.run(summary_of(answer, ref.id), await self._reader.tree())
        cause = None
        if run.extra.get("pods_failed"):
            spec: dict[str, Json] = {"podStates": pod_states(["FAILED"])}
            failed = await self._api.query_pods(ref.id, {**spec, "pagination": {"limit": 1, "maxLimit": 1}})
            if failed.pods and (told := why(failed.pods[0])):
                pod = map_pod(self.context, failed.pods[0], ref.id, run.name)
                cause = f"{pod.name}: {told}"
        shown = _without_secrets(_object(raw))
        return run_detail(run, answer.job_info or wire.JobInfo(), answer.workflow_info, shown, cause)

    async def events(self, ref: Ref) -> Sequence[Event]:
        self._check(ref.kind, ANY)
        if not SCHEMA.kinds[ref.kind].events.supported:
            raise Unsupported(f"{self.context}: Peloton keeps no events of {ref.kind.plural}", executed=False)
        match ref.kind:
            case Kind.POD:
                return await events.of_pod(self._api, ref)
            case Kind.RUN:
                summary = await self._reader.summary(ref.id)
                _, infos = await self._reader.workflows(ref.id)
                return events.of_run(ref, summary, infos)
            case _:
                _, info, _ = await self._reader.update(ref, instance_events=True)
                return events.of_update(ref, info)

    # --- logs ----------------------------------------------------------------------------------------------

    async def log_sources(self, ref: Ref, *, attempt: int | None = None) -> Sequence[LogSource]:
        self._check(ref.kind, ANY)
        if not SCHEMA.kinds[ref.kind].logs.supported:
            raise Unsupported(f"{self.context}: a {ref.kind.value} has no logs of its own", executed=False)
        self._logs.check()
        if ref.kind is Kind.RUN:
            return await self._run_sources(ref, attempt)
        pod, _, _ = await self._reader.pod(ref.id)
        return await self._logs.sources(pod, _pod_id(pod, attempt), attempt or pod.attempt, browse=True)

    async def _run_sources(self, ref: Ref, attempt: int | None) -> Sequence[LogSource]:
        name = await self._reader.job_name(ref.id)
        pods: dict[Ref, Pod] = {}
        for words in (["FAILED", "LOST"], []):
            spec: dict[str, Json] = {"podStates": pod_states(words)} if words else {}
            found, _, _ = await self._reader.pods(ref.id, name, spec, 0, LOG_PODS)
            pods.update({pod.ref: pod for pod in found})
        sources: list[LogSource] = []
        for pod in most_useful_first(list(pods.values()), LOG_PODS):
            number = attempt or pod.attempt
            sources += await self._logs.sources(pod, _pod_id(pod, attempt), number, browse=False)
        return sources

    async def read_log(self, source: LogSource, cursor: str | None = None, *, tail: int | None = None) -> LogChunk:
        return await self._logs.read(source, cursor, tail)

    # --- actions -------------------------------------------------------------------------------------------

    def _declared(self, action: str, ref: Ref) -> None:
        """A ref without an id stands for the context, for what has no object yet."""
        specs = [spec for spec in SCHEMA.actions_for(ref.kind) if spec.context_level == (not ref.id)]
        known = [spec.id for spec in specs]
        if action not in known:
            what = f"a {ref.kind.value}" if ref.id else "the context"
            near = nearest(action, known)
            raise Unsupported(f"{self.context}: no action {action!r} for {what}{near}", executed=False)

    async def preview(self, action: str, ref: Ref, params: Params) -> Preview:
        self._declared(action, ref)
        return await self._writer.preview(action, ref, params)

    async def perform(self, action: str, ref: Ref, params: Params, permit: Permit) -> ActionResult:
        self._declared(action, ref)
        return await self._writer.perform(action, ref, params, permit)

    # --- the rest of the API -------------------------------------------------------------------------------

    def watch(self, kind: Kind, query: Query) -> AsyncIterator[Change]:
        return self._watching.watch(kind, query)

    def methods(self) -> Sequence[MethodSpec]:
        return [MethodSpec(rpc.name, rpc.effect.value, rpc.summary, rpc.params) for rpc in RPCS.values()]

    async def call(self, method: str, params: Params, permit: Permit | None = None) -> Json:
        """Any procedure; bare ids are wrapped and enum names become the numbers that real servers want."""
        rpc = RPCS.get(method)
        if rpc is None:
            near = nearest(method, RPCS)
            raise Unsupported(f"{self.context}: Peloton has no method {method!r}{near}", executed=False)
        if rpc.effect is Effect.WRITE and (permit is None or permit.spent):
            raise PermitRefused(f"{method} is a write and has no fresh permit")
        body = body_of(self.context, rpc, params)
        if rpc.stream:
            return await self._streams.collect(method, body)
        return (await self._api.call(method, body, permit)).json()

    async def aclose(self) -> None:
        await self._index.aclose()
        await self._streams.aclose()
        await self._client.aclose()


def _object(raw: Json) -> dict[str, Json]:
    return raw if isinstance(raw, dict) else {}


def _without_secrets(raw: dict[str, Json]) -> dict[str, Json]:
    if "secrets" not in raw:
        return raw
    listed = raw["secrets"]
    kept = [
        {key: value for key, value in _object(secret).items() if key != "value"}
        for secret in (listed if isinstance(listed, list) else [])
    ]
    return {**raw, "secrets": kept}  # type: ignore[dict-item]  # lists are invariant


def _pod_id(pod: Pod, attempt: int | None) -> str:
    """The id of one run of the pod; the server's own word for the present one."""
    if attempt is not None and attempt != pod.attempt:
        return f"{pod.ref.id}-{attempt}"
    known = pod.extra.get("pod_id")
    return known if isinstance(known, str) else ""
