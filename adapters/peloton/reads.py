"""Reading Peloton's objects: what the lists, the single reads and the details of the adapter are made of."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from pydantic import ValidationError

from adapters.errors import AdapterError, BadPayload, Invalid, NotFound, Unsupported
from adapters.model import Host, Json, Kind, Pod, Pool, Ref, Run, State, Update
from adapters.peloton import mapping, states, wire
from adapters.peloton.api import PelotonApi
from adapters.peloton.ids import split_pod_name, split_update_id
from adapters.peloton.live import HostIndex, LiveJobs, Load, has_more, pagination
from adapters.peloton.pools import PoolTree
from adapters.peloton.states import short

M = TypeVar("M", bound=wire.Wire)

TREE_KEPT = 30.0
POOLS_KEPT = 60.0
KNOWN_JOBS = 20_000
KNOWN_PODS = 50_000
WORKFLOWS = 20
UUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")


def parsed(kind: type[M], raw: Json, context: str) -> M:
    try:
        return kind.model_validate(raw)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the body"
        raise BadPayload(f"{context}: the answer cannot be read: {where}: {first['msg']}") from None


@dataclass(slots=True)
class Reader:
    """One context's reads, with the few things it remembers: the pool tree, job names, GPUs per job."""

    context: str
    api: PelotonApi
    live: LiveJobs
    index: HostIndex
    absent: dict[Kind, str] = field(default_factory=dict)
    clock: Callable[[], float] = time.monotonic
    _tree: tuple[float, PoolTree] | None = None
    _groups: tuple[float, Mapping[str, str]] | None = None
    _names: dict[str, str] = field(default_factory=dict)
    _gpus: dict[str, tuple[str, int | None]] = field(default_factory=dict)
    _old_updates: bool = False
    pod_labels: dict[str, tuple[wire.Label, ...]] = field(default_factory=dict)

    # --- pools ---------------------------------------------------------------------------------------------

    async def tree(self, *, fresh: bool = False) -> PoolTree:
        """The pool tree, at most half a minute old; an empty one where pools cannot be had."""
        if not fresh and self._tree is not None and self.clock() - self._tree[0] < TREE_KEPT:
            return self._tree[1]
        try:
            return await self.read_tree()
        except AdapterError:
            kept = self._tree[1] if self._tree else PoolTree()
            self._tree = (self.clock(), kept)
            return kept

    async def read_tree(self) -> PoolTree:
        """As it is now. Raises Unsupported, in words, where the cluster has no pool service."""
        try:
            tree = PoolTree.of(await self.api.query_pools())
        except Unsupported as error:
            raise self.lacks(Kind.POOL, error) from None
        self.absent.pop(Kind.POOL, None)
        self._tree = (self.clock(), tree)
        return tree

    def lacks(self, kind: Kind, error: Unsupported) -> Unsupported:
        """What is learned from a refusal: from now on the kind is absent, with the reason."""
        if error.status is None:
            reason = error.sentence.removeprefix(f"{self.context}: ")
        elif kind is Kind.VOLUME:
            reason = "this cluster does not serve VolumeService; the daemons of Peloton do not implement it"
        else:
            is_host = kind is Kind.HOST
            service, key = ("HostService", "hostmgr_url") if is_host else ("ResourcePoolService", "resmgr_url")
            reason = f"this cluster does not serve {service}, neither v1alpha nor v0; {key} may name one that does"
        self.absent[kind] = reason
        return Unsupported(
            f"{self.context}: {reason}", hint=error.hint, status=error.status, code=error.code, executed=False
        )

    async def pools(self) -> list[Pool]:
        """Every pool in tree order; runs are counted in their pool and all above it."""
        tree = await self.read_tree()
        running: dict[str, int] = {}
        waiting: dict[str, int] = {}
        try:
            live = await self.live.get()
        except AdapterError:
            live = None
        for job in live.jobs if live else ():
            state = states.JOB.get(short(job.status.state))
            counts = {State.RUNNING: running, State.PENDING: waiting}.get(state) if state else None
            if counts is not None:
                for above in tree.upwards(job.respool_id):
                    counts[above] = counts.get(above, 0) + 1
        known = live is not None and live.complete
        return [
            mapping.pool(
                self.context,
                info,
                tree,
                running.get(info.respool_id, 0) if known else None,
                waiting.get(info.respool_id, 0) if known else None,
            )
            for info in tree.ordered()
        ]

    # --- hosts ---------------------------------------------------------------------------------------------

    async def host_infos(self) -> tuple[Json, tuple[wire.HostInfo, ...]]:
        try:
            raw = (await self.api.query_hosts()).json()
        except Unsupported as error:
            raise self.lacks(Kind.HOST, error) from None
        self.absent.pop(Kind.HOST, None)
        return raw, parsed(wire.QueryHostsResponse, raw, self.context).host_infos

    async def hosts(self) -> list[Host]:
        _, infos = await self.host_infos()
        groups = await self.host_groups()
        loads = await self.index.loads() if infos else {}
        return [self._host(info, loads, groups) for info in infos]

    async def check_host(self, name: str) -> None:
        """Raises NotFound for a host that is not registered; silent where hosts cannot be listed."""
        try:
            _, infos = await self.host_infos()
        except Unsupported:
            return
        if all(info.hostname != name for info in infos):
            raise NotFound(f"{self.context}: no host {name!r} is registered")

    async def host(self, name: str) -> tuple[Host, Json]:
        raw, infos = await self.host_infos()
        for position, info in enumerate(infos):
            if info.hostname == name:
                loads, groups = await self.index.loads(), await self.host_groups()
                listed = raw.get("hostInfos") if isinstance(raw, dict) else None
                return self._host(info, loads, groups), listed[position] if isinstance(listed, list) else None
        raise NotFound(f"{self.context}: no host {name!r} is registered")

    def _host(self, info: wire.HostInfo, loads: Mapping[str, Load] | None, groups: Mapping[str, str]) -> Host:
        load = None if loads is None else loads.get(info.hostname, Load())
        held_by = load.sla_jobs if load else ()
        return mapping.host(
            self.context, info, load.pods if load else None, groups.get(info.hostname), sorted(held_by)
        )

    async def host_groups(self) -> Mapping[str, str]:
        """Host to host pool, where the server has host pools; asked once a minute."""
        if self._groups is None or self.clock() - self._groups[0] >= POOLS_KEPT:
            try:
                answer = await self.api.host_pools()
                found = {host: pool.name for pool in answer.pools for host in pool.hosts}
            except AdapterError:
                found = {}
            self._groups = (self.clock(), found)
        return self._groups[1]

    # --- runs ----------------------------------------------------------------------------------------------

    def run(self, job: wire.JobSummary, tree: PoolTree) -> Run:
        if len(self._names) >= KNOWN_JOBS:
            self._names.clear()
        self._names[job.job_id] = job.name
        config, gpus = self._gpus.get(job.job_id, ("", None))
        return mapping.run(self.context, job, tree, gpus if config == _config(job) else None)

    async def job(self, job: str) -> tuple[wire.GetJobResponse, Json]:
        """The whole job. NotFound also when the id is not one; it then names the run of that name."""
        try:
            raw = (await self.api.get_job(job)).json()
        except (NotFound, Invalid) as error:
            if UUID.fullmatch(job):
                raise
            raise NotFound(
                f"{self.context}: no job {job!r}", hint=await self._named(job), status=error.status, code=error.code
            ) from None
        answer = parsed(wire.GetJobResponse, raw, self.context)
        if answer.job_info is not None:
            if len(self._gpus) >= KNOWN_JOBS:
                self._gpus.clear()
            summary = mapping.summary_of(answer, job)
            self._gpus[job] = (_config(summary), mapping.gpus_of(answer.job_info.spec))
        return answer, raw

    async def _named(self, name: str) -> str:
        try:
            found = (await self.api.job_ids(name)).job_id
        except AdapterError:
            return ""
        return f"the job of that name is {Ref(self.context, Kind.RUN, found[0])}" if found else ""

    async def summary(self, job: str) -> wire.JobSummary:
        """The job as it is now, without its spec."""
        try:
            raw = (await self.api.get_job(job, summary=True)).json()
        except Invalid as error:
            raise NotFound(f"{self.context}: no job {job!r}", status=error.status, code=error.code) from None
        return mapping.summary_of(parsed(wire.GetJobResponse, raw, self.context), job)

    async def version(self, job: str) -> tuple[wire.JobSummary, str]:
        """The job and its entity version, read for one write and then forgotten."""
        summary = await self.summary(job)
        if not summary.status.version:
            raise BadPayload(f"{self.context}: the job {job} came without an entity version", executed=False)
        return summary, summary.status.version

    async def job_name(self, job: str) -> str | None:
        """Its name, from memory if it was ever listed."""
        if job not in self._names:
            self._names[job] = (await self.summary(job)).name
        return self._names[job] or None

    # --- pods ----------------------------------------------------------------------------------------------

    async def pods(
        self, job: str, name: str | None, spec: Mapping[str, Json], offset: int, limit: int
    ) -> tuple[list[Pod], bool, int]:
        """(pods from the offset, whether there are more, total)."""
        answer = await self.api.query_pods(job, {**spec, "pagination": pagination(offset, limit)})
        if len(self.pod_labels) >= KNOWN_PODS:
            self.pod_labels.clear()
        self.pod_labels.update((mapping.pod_name_of(info), info.spec.labels) for info in answer.pods)
        items = [mapping.pod(self.context, info, job, name) for info in answer.pods]
        more = has_more(answer, offset, limit)
        return items, more, answer.pagination.total

    async def pod(self, name: str, *, tries: int = 1) -> tuple[Pod, wire.GetPodResponse, Json]:
        try:
            raw = (await self.api.get_pod(name, limit=tries)).json()
        except Invalid as error:
            raise NotFound(f"{self.context}: no pod {name!r}", status=error.status, code=error.code) from None
        answer = parsed(wire.GetPodResponse, raw, self.context)
        if answer.current is None:
            raise NotFound(f"{self.context}: no pod {name!r}")
        job = split_pod_name(name)[0]
        try:
            job_name = await self.job_name(job)
        except AdapterError:
            job_name = None
        return mapping.pod(self.context, answer.current, job, job_name), answer, raw

    # --- updates -------------------------------------------------------------------------------------------

    async def workflows(
        self, job: str, *, instance_events: bool = False
    ) -> tuple[Json, tuple[wire.WorkflowInfo, ...]]:
        """The job's updates as the server orders them; older servers call the method ListJobUpdates."""
        raw: Json = None
        if not self._old_updates:
            try:
                raw = (await self.api.list_workflows(job, WORKFLOWS, instance_events=instance_events)).json()
            except Unsupported:
                self._old_updates = True
        if self._old_updates:
            raw = (await self.api.list_updates(job)).json()
        return raw, parsed(wire.WorkflowsResponse, raw, self.context).workflow_infos

    async def updates(self, job: wire.JobSummary) -> list[Update]:
        """The job's updates, newest first; the one its status shows is the current one."""
        _, infos = await self.workflows(job.job_id)
        return self._updates(job, infos)

    def _updates(self, job: wire.JobSummary, infos: Sequence[wire.WorkflowInfo]) -> list[Update]:
        now = job.status.workflow_status
        shown = now.creation_time if now else ""
        newest = max(
            (info.status.creation_time for info in infos), key=lambda at: states.nanoseconds(at) or 0, default=""
        )
        found = [
            mapping.update(
                self.context,
                job.job_id,
                job.name or None,
                info,
                current=info.status.creation_time == (shown or newest),
                version=job.status.version or None,
            )
            for info in infos
        ]
        return sorted(found, key=lambda update: -(update.created or 0.0))

    async def update(self, ref: Ref, *, instance_events: bool = False) -> tuple[Update, wire.WorkflowInfo, Json]:
        job, created = split_update_id(ref.id)
        summary = await self.summary(job)
        raw, infos = await self.workflows(job, instance_events=instance_events)
        listed = raw.get("workflowInfos") if isinstance(raw, dict) else None
        for position, info in enumerate(infos):
            if created in (info.status.creation_time, info.status.version) and created:
                update = next((each for each in self._updates(summary, infos) if each.ref == ref), None)
                if update is not None:
                    return update, info, listed[position] if isinstance(listed, list) else None
        raise NotFound(f"{self.context}: the job {job} has no update of {created or 'that time'}")


def _config(job: wire.JobSummary) -> str:
    """The part of the entity version that counts configurations."""
    return job.status.version.partition("-")[0]
