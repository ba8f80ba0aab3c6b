"""Peloton's wire models turned into domain objects. Pure: no I/O, no clock, nothing invented."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from adapters.model import (
    ENDED,
    Capacity,
    Host,
    Json,
    Kind,
    Pod,
    Pool,
    Progress,
    Ref,
    Run,
    State,
    Update,
)
from adapters.peloton import states, wire
from adapters.peloton.ids import spell_ranges, split_pod_id, split_pod_name, update_id
from adapters.peloton.pools import PoolTree
from adapters.peloton.states import seconds, short

MB = 2**20
HEALTH: Mapping[str, str] = {"HEALTHY": "ok", "UNHEALTHY": "bad", "DISABLED": "off"}
ROOT_POOL = "root"


def filled(**values: Json) -> dict[str, Json]:
    """Only what the server said: no empty texts, no Nones."""
    return {key: value for key, value in values.items() if value not in (None, "", [])}


def labels(found: Iterable[wire.Label]) -> dict[str, str]:
    return {label.key: label.value for label in found}


def run(context: str, job: wire.JobSummary, tree: PoolTree, gpus: int | None = None) -> Run:
    """A run from a job's summary.

    v1alpha has no start time for a job: its rollout begins when it is created, so that is the start of every
    job that has left pending. Its end is when its status last changed, once that is terminal.
    """
    status = job.status
    state = states.JOB.get(short(status.state), State.UNKNOWN)
    created = seconds(status.creation_time) or seconds(status.revision.created_at)
    counts = {short(word): number for word, number in status.pod_stats.items()}
    workflow = status.workflow_status
    sla = job.sla
    pool = tree.path(job.respool_id)
    return Run(
        ref=Ref(context, Kind.RUN, job.job_id),
        name=job.name or job.job_id,
        state=state,
        native_state=status.state or "JOB_STATE_INVALID",
        owner=job.owner or None,
        group=pool,
        created=created,
        started=None if state in (State.PENDING, State.UNKNOWN) else created,
        finished=seconds(status.revision.updated_at) if state in ENDED else None,
        progress=_progress(job.instance_count, counts),
        message=run_message(counts, workflow),
        labels=labels(job.labels),
        pool=pool,
        version=status.version or None,
        gpus=gpus,
        extra=filled(
            desired_state=short(status.desired_state),
            workflow_state=short(workflow.state) if workflow else None,
            workflow_type=short(workflow.type) if workflow else None,
            workflow_done=workflow.num_instances_completed if workflow and workflow.state else None,
            pods_running=counts.get("RUNNING", 0),
            pods_failed=counts.get("FAILED", 0),
            owning_team=job.owning_team,
            priority=sla.priority if sla else None,
            preemptible=sla.preemptible if sla else None,
            revocable=sla.revocable if sla else None,
            max_unavailable=sla.maximum_unavailable_instances if sla else None,
            respool_id=job.respool_id,
        ),
    )


def _progress(total: int, counts: Mapping[str, int]) -> Progress | None:
    total = total or sum(number for word, number in counts.items() if word != "DELETED")
    return Progress(counts.get("RUNNING", 0) + counts.get("SUCCEEDED", 0), total) if total else None


def run_message(counts: Mapping[str, int], workflow: wire.WorkflowStatus | None) -> str | None:
    """What an operator should know of the job, out of its pod counts and its update."""
    told = []
    for word in ("FAILED", "LOST"):
        if number := counts.get(word, 0):
            told.append(f"{number} {'pod' if number == 1 else 'pods'} {word.lower()}")
    if workflow is not None:
        what, where = short(workflow.type).lower() or "update", short(workflow.state)
        if where in ("PAUSED", "FAILED", "ROLLING_BACKWARD", "ROLLED_BACK"):
            told.append(f"{what} {where.lower().replace('_', ' ')}")
        elif where == "ROLLING_FORWARD":
            whole = (
                workflow.num_instances_completed + workflow.num_instances_remaining + workflow.num_instances_failed
            )
            told.append(f"{what} {workflow.num_instances_completed} of {whole}")
    return ", ".join(told) or None


def instances(status: wire.WorkflowStatus) -> int:
    return status.num_instances_completed + status.num_instances_remaining + status.num_instances_failed


def summary_of(info: wire.GetJobResponse, job: str) -> wire.JobSummary:
    """A summary out of either answer of GetJob."""
    if info.job_info is None:
        return info.summary or wire.JobSummary(job_id=job)
    spec = info.job_info.spec
    return wire.JobSummary(
        job_id=info.job_info.job_id or job,
        name=spec.name,
        owner=spec.owner,
        owning_team=spec.owning_team,
        labels=spec.labels,
        instance_count=spec.instance_count,
        respool_id=spec.respool_id,
        status=info.job_info.status,
        sla=spec.sla,
    )


def pod_gpus(spec: wire.PodSpec) -> float:
    return sum(container.resource.gpu_limit for container in spec.containers)


def gpus_of(spec: wire.JobSpec) -> int | None:
    """GPUs the job asks for: its pods' limits added up, with what single instances override. None: no limits."""

    if not spec.default_spec.containers and not spec.instance_spec:
        return None
    count = spec.instance_count or len(spec.instance_spec)
    own = {number: pod for number, pod in spec.instance_spec.items() if pod.containers and number < count}
    each = pod_gpus(spec.default_spec)
    return round(each * (count - len(own)) + sum(pod_gpus(pod) for pod in own.values()))


def pod_name_of(info: wire.PodInfo) -> str:
    return info.spec.pod_name or split_pod_id(info.status.pod_id)[0]


def pod(context: str, info: wire.PodInfo, job: str, job_name: str | None) -> Pod:
    status = info.status
    name = pod_name_of(info)
    state = states.POD.get(short(status.state), State.UNKNOWN)
    container = status.containers_status[0] if status.containers_status else wire.ContainerStatus()
    ended = next((c.termination_status for c in status.containers_status if c.termination_status), None)
    healthy = next((c.healthy.state for c in status.containers_status if c.healthy), "")
    attempt = split_pod_id(status.pod_id)[1] if status.pod_id else None
    instance = split_pod_name(name)[1]
    return Pod(
        ref=Ref(context, Kind.POD, name),
        name=f"{job_name}-{instance}" if job_name and instance else name,
        state=state,
        native_state=status.state or "POD_STATE_INVALID",
        parent=Ref(context, Kind.RUN, job),
        parent_name=job_name,
        created=seconds(status.revision.created_at),
        started=seconds(status.start_time) or seconds(container.start_time),
        finished=(seconds(status.completion_time) or seconds(container.completion_time))
        if state in ENDED
        else None,
        message=_pod_message(status, container, ended),
        labels=labels(info.spec.labels),
        host=status.host or None,
        attempt=attempt,
        health=HEALTH.get(short(healthy)),
        exit_code=_exit_code(state, ended),
        version=status.version or None,
        extra=filled(
            desired_state=short(status.desired_state),
            pod_id=status.pod_id,
            reason=status.reason or container.reason,
            termination=short(ended.reason) if ended else None,
            signal=ended.signal if ended else None,
            failures=status.failure_count or None,
            job_version=status.version,
            desired_host=status.desired_host,
        ),
    )


def _exit_code(state: State, ended: wire.TerminationStatus | None) -> int | None:
    """Zero is left out on the wire, so a termination without a code is exit 0 only where it went well."""
    if ended is None:
        return None
    return ended.exit_code or (0 if state is State.SUCCEEDED else None)


def _pod_message(
    status: wire.PodStatus, container: wire.ContainerStatus, ended: wire.TerminationStatus | None
) -> str | None:
    told = status.message or container.message or status.reason or container.reason
    if not told and ended is not None:
        told = short(ended.reason).lower().replace("_", " ")
    return told or None


def host(
    context: str, info: wire.HostInfo, pods: int | None, group: str | None, sla_jobs: Sequence[str] = ()
) -> Host:
    """`sla_jobs` have pods there that may be moved only a few at a time."""
    state = states.HOST.get(short(info.state), State.UNKNOWN)
    return Host(
        ref=Ref(context, Kind.HOST, info.hostname),
        name=info.hostname,
        state=state,
        native_state=info.state or "HOST_STATE_INVALID",
        group=group or info.current_pool or None,
        host=info.hostname,
        ip=info.ip or None,
        pods=pods,
        message=_host_message(state, short(info.goal_state), sla_jobs),
        labels=labels(info.labels),
        extra=filled(goal_state=short(info.goal_state)),
    )


def _host_message(state: State, goal: str, sla_jobs: Sequence[str]) -> str | None:
    """Why a host is not simply up: who holds up its drain, or what it is steered to where that is another way."""
    if state is State.DRAINING and sla_jobs:
        return f"SLA: {', '.join(sla_jobs)}"
    if state is State.DOWN and goal == "DOWN":
        return "drained: undrain takes it back"
    expected = {State.UP: "UP", State.DRAINING: "DOWN", State.DRAINED: "DOWN"}.get(state)
    return None if goal in ("", "INVALID", "UNKNOWN", expected) else f"goal is {goal}"


def pool(context: str, info: wire.PoolInfo, tree: PoolTree, running: int | None, waiting: int | None) -> Pool:
    spec = info.spec
    path = info.path or tree.path(info.respool_id)
    parent = info.parent if info.respool_id != ROOT_POOL else ""
    return Pool(
        ref=Ref(context, Kind.POOL, info.respool_id),
        name=path or spec.name or info.respool_id,
        state=State.UP,
        native_state="",
        owner=spec.owning_team or None,
        parent=Ref(context, Kind.POOL, parent) if parent else None,
        capacity=capacities(info),
        running=running,
        waiting=waiting,
        pool=path,
        extra=filled(
            respool_id=info.respool_id,
            leaf=not info.children,
            policy=short(spec.policy),
            type=", ".join(sorted({short(found.type).lower() for found in spec.resources if found.type})),
            description=spec.description,
            controller_limit=spec.controller_limit.max_percent if spec.controller_limit else None,
            slack_limit=spec.slack_limit.max_percent if spec.slack_limit else None,
        ),
    )


def capacities(info: wire.PoolInfo) -> tuple[Capacity, ...]:
    """Every resource the server named, in its order; memory and disk in bytes (they come in MB)."""
    specs = {found.kind: found for found in info.spec.resources}
    used = {found.kind: found for found in info.usages}
    known = []
    for kind in dict.fromkeys([*specs, *used]):
        scale = MB if kind in ("memory", "disk") else 1
        spec, usage = specs.get(kind), used.get(kind)
        known.append(
            Capacity(
                kind,
                reservation=spec.reservation * scale if spec else None,
                limit=spec.limit * scale if spec else None,
                share=spec.share if spec else None,
                allocation=usage.allocation * scale if usage else None,
                slack=usage.slack * scale if usage else None,
            )
        )
    return tuple(known)


def update(
    context: str,
    job: str,
    job_name: str | None,
    info: wire.WorkflowInfo,
    *,
    current: bool,
    version: str | None = None,
) -> Update:
    """An update of a job. `version` is the job's entity version: it guards pause, resume and abort."""
    status = info.status
    state = states.WORKFLOW.get(short(status.state), State.UNKNOWN)
    created = seconds(status.creation_time)
    total = instances(status)
    batch = info.update_spec.batch_size or info.restart_spec.batch_size or info.restart_batch_size
    kind = short(status.type).lower()
    return Update(
        ref=Ref(context, Kind.UPDATE, update_id(job, status)),
        name=f"{job_name or job} {kind}".strip(),
        state=state,
        native_state=status.state or "WORKFLOW_STATE_INVALID",
        type=kind or None,
        parent=Ref(context, Kind.RUN, job),
        parent_name=job_name,
        current=current,
        created=created,
        started=None if state is State.PENDING else created,
        finished=(seconds(status.completion_time) or seconds(status.update_time)) if state in ENDED else None,
        progress=Progress(status.num_instances_completed, total) if total else None,
        message=f"{status.num_instances_failed} failed" if status.num_instances_failed else None,
        version=version,
        extra=filled(
            failed=status.num_instances_failed,
            remaining=status.num_instances_remaining,
            in_flight=spell_ranges(status.instances_current),
            batch_size=batch or None,
            previous_version=status.prev_version,
            target_version=status.version,
        ),
    )
