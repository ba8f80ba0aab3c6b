"""Detail screens: an object's sections, and under `Fields` everything no section has claimed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from adapters.model import Host, Json, Pod, Pool, Run, State, Update
from adapters.peloton import wire
from adapters.peloton.ids import spell_ranges, split_pod_id
from adapters.peloton.states import short
from adapters.sections import Bar, Bars, Detail, Fields, Section, Table, unclaimed

Raw: TypeAlias = Mapping[str, Json]


def _fields(title: str, **rows: Json) -> Fields:
    return Fields(title, tuple((name.replace("_", " "), value) for name, value in rows.items()))


def run_detail(
    run: Run, info: wire.JobInfo, workflow: wire.WorkflowInfo | None, raw: Raw, cause: str | None
) -> Detail:
    spec, status = info.spec, info.status
    sections: list[Section] = [
        _fields(
            "Job",
            id=info.job_id,
            name=spec.name,
            description=spec.description or None,
            owner=spec.owner or None,
            team=spec.owning_team or None,
            pool=run.pool,
            instances=spec.instance_count,
            goal=short(status.desired_state) or None,
            created=status.creation_time or None,
            entity_version=status.version or None,
        ),
        _fields(
            "SLA",
            priority=spec.sla.priority,
            preemptible=spec.sla.preemptible,
            revocable=spec.sla.revocable,
            unavailable_pods_allowed=spec.sla.maximum_unavailable_instances or None,
        ),
        Table(
            "Pods by state",
            ("STATE", "PODS"),
            tuple((short(word), number) for word, number in sorted(status.pod_stats.items())),
        ),
        containers_table(spec.default_spec.containers),
    ]
    if workflow is not None and workflow.status.state:
        sections.append(_workflow("Update", workflow))
    claimed = {
        "jobInfo.jobId",
        "jobInfo.status.podStats",
        *(f"jobInfo.spec.{key}" for key in ("name", "description", "owner", "owningTeam", "instanceCount", "sla")),
        *(f"jobInfo.status.{key}" for key in ("creationTime", "desiredState", "version")),
    }
    return Detail(run, (*sections, unclaimed(raw, frozenset(claimed))), dict(raw), cause)


def containers_table(containers: Sequence[wire.ContainerSpec]) -> Table:
    return Table(
        "Containers",
        ("NAME", "IMAGE", "CPU", "GPU", "MEMORY MB", "DISK MB"),
        tuple(
            (
                found.name,
                found.image or found.container.docker.image or None,
                found.resource.cpu_limit or None,
                found.resource.gpu_limit or None,
                found.resource.mem_limit_mb or None,
                found.resource.disk_limit_mb or None,
            )
            for found in containers
        ),
    )


def _workflow(title: str, info: wire.WorkflowInfo) -> Fields:
    status = info.status
    return _fields(
        title,
        type=short(status.type) or None,
        state=short(status.state) or None,
        before_the_pause=short(status.prev_state) or None,
        done=status.num_instances_completed,
        left=status.num_instances_remaining,
        failed=status.num_instances_failed,
        in_flight=spell_ranges(status.instances_current) or None,
        batch=info.update_spec.batch_size or info.restart_spec.batch_size or info.restart_batch_size or None,
        created=status.creation_time or None,
        updated=status.update_time or None,
        ended=status.completion_time or None,
        from_version=status.prev_version or None,
        to_version=status.version or None,
    )


def update_detail(update: Update, info: wire.WorkflowInfo, raw: Raw) -> Detail:
    events = tuple((found.timestamp, short(found.type), short(found.state)) for found in info.events)
    sections: tuple[Section, ...] = (_workflow("Update", info), Table("Events", ("TIME", "TYPE", "STATE"), events))
    return Detail(update, (*sections, unclaimed(raw, frozenset({"status", "events"}))), dict(raw))


def pod_detail(pod: Pod, answer: wire.GetPodResponse, raw: Raw) -> Detail:
    current = answer.current or wire.PodInfo()
    status = current.status
    tries = [(info, split_pod_id(info.status.pod_id)[1]) for info in (current, *answer.previous)]
    sections: tuple[Section, ...] = (
        _fields(
            "Pod",
            name=pod.ref.id,
            run=pod.attempt,
            goal=short(status.desired_state) or None,
            host=pod.host,
            health=pod.health,
            message=pod.message,
            exit_code=pod.exit_code,
            started=status.start_time or None,
            ended=status.completion_time or None,
        ),
        containers_table(current.spec.containers),
        Table(
            "Tries",
            ("TRY", "STATE", "HOST", "STARTED", "ENDED", "WHY"),
            tuple(
                (
                    number,
                    short(info.status.state),
                    info.status.host or None,
                    info.status.start_time or None,
                    info.status.completion_time or None,
                    why(info),
                )
                for info, number in tries
            ),
        ),
    )
    claimed = {"current.status.message", "current.status.startTime", "current.status.completionTime", "previous"}
    cause = why(current) if pod.state in (State.FAILED, State.LOST) else None
    return Detail(pod, (*sections, unclaimed(raw, frozenset(claimed))), dict(raw), cause)


def why(info: wire.PodInfo) -> str | None:
    """Why a run of a pod ended, in the server's words: message, else reason; exit code, signal."""
    status = info.status
    told = [status.message or next((c.message for c in status.containers_status if c.message), "")]
    ended = next((c.termination_status for c in status.containers_status if c.termination_status), None)
    if not told[0]:
        told[0] = status.reason or (short(ended.reason).lower().replace("_", " ") if ended else "")
    if ended is not None:
        told += [f"exit {ended.exit_code}" if ended.exit_code else "", ended.signal]
    return ", ".join(part for at, part in enumerate(told) if part and (not at or part not in told[0])) or None


def host_detail(host: Host, raw: Raw) -> Detail:
    sections: tuple[Section, ...] = (
        _fields(
            "Host",
            hostname=host.name,
            ip=host.ip,
            state=short(host.native_state),
            goal=host.extra.get("goal_state"),
            host_pool=host.group,
            pods=host.pods,
        ),
    )
    claimed = frozenset({"hostname", "ip", "state", "goalState"})
    return Detail(host, (*sections, unclaimed(raw, claimed)), dict(raw))


def pool_detail(pool: Pool, raw: Raw) -> Detail:
    bars = tuple(
        Bar(found.kind, found.allocation or 0.0, found.limit, found.reservation) for found in pool.capacity
    )
    table = Table(
        "Resources",
        ("RESOURCE", "ALLOCATION", "SLACK", "RESERVATION", "LIMIT", "SHARE"),
        tuple((c.kind, c.allocation, c.slack, c.reservation, c.limit, c.share) for c in pool.capacity),
    )
    sections: tuple[Section, ...] = (
        _fields(
            "Pool",
            path=pool.name,
            id=pool.ref.id,
            team=pool.owner,
            description=pool.extra.get("description"),
            policy=pool.extra.get("policy"),
            running=pool.running,
            waiting=pool.waiting,
        ),
        Bars("Use", "", bars),
        table,
    )
    claimed = frozenset({"path", "respoolId", "spec.resources", "usages", "usage", "spec.description"})
    return Detail(pool, (*sections, unclaimed(raw, claimed)), dict(raw))
