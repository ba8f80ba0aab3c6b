"""What an action would do, worked out before it is done. Reads only."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from adapters.actions import Affected, Preview
from adapters.errors import AdapterError
from adapters.frozen import dataclass
from adapters.model import Kind, Ref
from adapters.peloton import mapping, states, wire
from adapters.peloton.api import PelotonApi
from adapters.peloton.ids import count_in, split_pod_id, split_pod_name
from adapters.peloton.live import HostIndex, Scan
from adapters.peloton.pools import PoolTree
from adapters.peloton.states import live, seconds, short
from adapters.port import Params

CALLS: dict[tuple[Kind, str], str] = {
    (Kind.RUN, "abort"): "JobService.StopJob",
    (Kind.RUN, "start"): "JobService.StartJob",
    (Kind.RUN, "restart"): "JobService.RestartJob",
    (Kind.RUN, "delete"): "JobService.DeleteJob",
    (Kind.POD, "abort"): "PodService.StopPod",
    (Kind.POD, "start"): "PodService.StartPod",
    (Kind.POD, "restart"): "PodService.RestartPod",
    (Kind.HOST, "drain"): "HostService.StartMaintenance",
    (Kind.HOST, "undrain"): "HostService.CompleteMaintenance",
    (Kind.UPDATE, "pause"): "JobService.PauseJobWorkflow",
    (Kind.UPDATE, "resume"): "JobService.ResumeJobWorkflow",
    (Kind.UPDATE, "abort-update"): "JobService.AbortJobWorkflow",
    (Kind.RUN, "refresh"): "JobService.RefreshJob",
    (Kind.POD, "refresh"): "PodService.RefreshPod",
    (Kind.POD, "delete-events"): "PodService.DeletePodEvents",
    (Kind.VOLUME, "delete"): "VolumeService.DeleteVolume",
}

UNDO: dict[tuple[Kind, str], str] = {
    (Kind.RUN, "abort"): "start brings the job back, with new runs of its pods",
    (Kind.RUN, "start"): "abort stops it again",
    (Kind.RUN, "restart"): "none; abort-update stops the rollout where it is",
    (Kind.RUN, "delete"): "none: the job and its history are gone",
    (Kind.POD, "abort"): "start begins the pod's next run",
    (Kind.POD, "start"): "abort stops it again",
    (Kind.POD, "restart"): "none: the present run ends",
    (Kind.HOST, "drain"): "none while it drains; CompleteMaintenance is legal only once down",
    (Kind.HOST, "undrain"): "drain, which moves its pods away again",
    (Kind.UPDATE, "pause"): "resume goes on where it was paused",
    (Kind.UPDATE, "resume"): "pause",
    (Kind.UPDATE, "abort-update"): "none: an aborted update does not go on",
    (Kind.RUN, "refresh"): "none is needed: it changes nothing that is stored",
    (Kind.POD, "refresh"): "none is needed: it changes nothing that is stored",
    (Kind.POD, "delete-events"): "none: they are gone",
    (Kind.VOLUME, "delete"): "none: what was on it is gone",
}

KILLED, WAITS, SLA, MOVES = "killed, no restart", "restart, waits: full", "{} at a time: SLA", "restarts elsewhere"
LEAST_HOURS = 0.1
UNREAD = "not known: it could not be read"


def call_text(action: str, ref: Ref, params: Params) -> str:
    """The request as Peloton knows it, with its arguments."""
    name = {Kind.HOST: "hostname", Kind.POD: "podName", Kind.VOLUME: "volumeId"}.get(ref.kind, "jobId")
    given = " ".join(f"{key}={value}" for key, value in params.items() if value not in (None, "", False))
    target = ref.id.partition("/")[0] if ref.kind is Kind.UPDATE else ref.id
    return " ".join(part for part in (CALLS[ref.kind, action], f"{name}={target}", given) if part)


def plain(action: str, ref: Ref, params: Params) -> Preview:
    return Preview(call_text(action, ref, params), UNDO[ref.kind, action])


def run_preview(
    action: str, ref: Ref, params: Params, job: wire.JobSummary, spec: wire.JobSpec | None, tree: PoolTree
) -> Preview:
    """Stop, delete and restart touch the job's pods: how many, whose, and what they hold."""
    run = mapping.run(ref.context, job, tree, mapping.gpus_of(spec) if spec else None)
    counts = {short(word): number for word, number in job.status.pod_stats.items()}
    going = sum(counts.get(word, 0) for word in live(states.POD))
    what = {"restart": "its pods restart", "start": "its pods start again"}.get(action, "its pods are stopped")
    pods = going if action != "start" else job.instance_count
    if action == "restart" and params.get("ranges"):
        chosen = count_in(str(params["ranges"]), job.instance_count)
        pods, what = chosen, f"{chosen} of its {job.instance_count} pods restart"
    if action == "refresh":
        return plain(action, ref, params)
    affected = Affected(ref, run.name, what, run.pool, run.owner, pods)
    notes: list[tuple[str, str]] = []
    if run.gpus and action in ("abort", "delete") and job.instance_count:
        notes.append(("frees", f"{round(run.gpus * going / job.instance_count)} GPU"))
    if action == "delete" and params.get("force"):
        notes.append(("force", "live pods are killed first"))
    if action == "restart" and not params.get("batch_size"):
        notes.append(("batch", "all at once: no batch size was given"))
    return Preview(call_text(action, ref, params), UNDO[ref.kind, action], (affected,), tuple(notes))


def pod_preview(action: str, ref: Ref, params: Params, job_name: str | None, pod: wire.PodInfo) -> Preview:
    notes: tuple[tuple[str, str], ...] = ()
    if action == "abort":
        notes = (("note", "the job's goal stays as it is; only this pod is stopped"),)
    run = split_pod_id(pod.status.pod_id)[1]
    if action == "delete-events":
        run = int(str(params.get("run") or run or 0))
    name = f"{job_name}-{ref.id.rpartition('-')[2]}" if job_name else ref.id
    return Preview(
        call_text(action, ref, params),
        UNDO[ref.kind, action],
        (Affected(ref, name, f"run {run or '-'} of the pod", pods=1),),
        notes,
    )


@dataclass(frozen=True, slots=True)
class Evicted:
    """One job with pods on a host that is to be drained."""

    job: wire.JobSummary
    pods: tuple[wire.PodInfo, ...]
    spec: wire.JobSpec | None

    def specs(self) -> list[wire.PodSpec]:
        """What each of the pods was made from: its own spec where it has one, else the job's default."""
        spec = self.spec
        if spec is None:
            return []
        numbers = (split_pod_name(mapping.pod_name_of(pod))[1] for pod in self.pods)
        own = (spec.instance_spec.get(int(number)) if number.isdecimal() else None for number in numbers)
        return [found or spec.default_spec for found in own]

    @property
    def killed(self) -> bool:
        """Its pods stay killed when they are preempted."""
        default = self.spec is not None and self.spec.default_spec.preemption_policy.kill_on_preempt
        return default or any(spec.preemption_policy.kill_on_preempt for spec in self.specs())

    def gpu_hours(self, now: float) -> float:
        """What its pods on that host have worked since their last start."""
        starts = (seconds(pod.status.start_time) for pod in self.pods)
        default = mapping.pod_gpus(self.spec.default_spec) if self.spec else 0.0
        gpus = (mapping.pod_gpus(spec) if spec.containers else default for spec in self.specs())
        return sum(
            each * max(0.0, now - at) / 3600 for each, at in zip(gpus, starts, strict=False) if at is not None
        )

    @property
    def unavailable(self) -> int:
        sla = self.spec.sla if self.spec else self.job.sla
        return sla.maximum_unavailable_instances if sla else 0


async def drain(api: PelotonApi, index: HostIndex, ref: Ref, tree: PoolTree, parallel: int, now: float) -> Preview:
    """Whose pods a drain moves, worst first: killed for good, waiting for room, slowed by an SLA, moved."""
    scan = await index.on_host(ref.id, max_age=0.0)
    evicted = await _evicted(api, scan, parallel)
    rows: list[tuple[int, Affected]] = []
    notes: list[tuple[str, str]] = []
    for found in evicted:
        rank, what = _fate(found, tree)
        job = found.job
        run_ref = Ref(ref.context, Kind.RUN, job.job_id)
        name, pool = job.name or job.job_id, tree.path(job.respool_id)
        affected = Affected(run_ref, name, what, pool, job.owner or None, len(found.pods), warn=rank < 2)
        rows.append((rank, affected))
        if found.unavailable:
            pods = "pod" if found.unavailable == 1 else "pods"
            sentence = f"{name} allows {found.unavailable} unavailable {pods}; may stay draining for long"
            notes.append(("slow", sentence))
        if found.spec is None:
            notes.append(("unknown", f"{name} could not be read; what will happen to it is not known"))
    hours = sum(found.gpu_hours(now) for found in evicted)
    if hours >= LEAST_HOURS:
        notes.append(("work", f"{hours:,.1f} GPU-hours since their last start"))
    if scan.note:
        notes.append(("scan", f"only {scan.note} were looked at; there may be more"))
    return Preview(
        f"{call_text('drain', ref, {})}, then watch it",
        UNDO[Kind.HOST, "drain"],
        tuple(affected for _, affected in sorted(rows, key=lambda row: (row[0], row[1].name))),
        tuple(notes),
        complete=scan.note is None and all(found.spec is not None for found in evicted),
    )


async def _evicted(api: PelotonApi, scan: Scan, parallel: int) -> Sequence[Evicted]:
    slots = asyncio.Semaphore(parallel)

    async def one(job: str, pods: tuple[wire.PodInfo, ...]) -> Evicted:
        async with slots:
            try:
                info = (await api.get_job(job)).model(wire.GetJobResponse).job_info
            except AdapterError:
                info = None
        return Evicted(scan.jobs[job], pods, info.spec if info else None)

    return await asyncio.gather(*(one(job, pods) for job, pods in scan.pods.items()))


def _fate(found: Evicted, tree: PoolTree) -> tuple[int, str]:
    if found.spec is None:
        return 1, UNREAD
    if found.killed:
        return 0, KILLED
    if tree.full(found.job.respool_id):
        return 1, WAITS
    if found.unavailable:
        return 2, SLA.format(found.unavailable)
    return 3, MOVES
