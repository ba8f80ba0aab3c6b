"""Everything Vertex AI says about a job, a worker pool or a replica, as sections."""

from __future__ import annotations

from collections.abc import Sequence

from adapters.model import Event, Json, Resource, State
from adapters.sections import Detail, Fields, Section, Table, unclaimed
from adapters.vertex import wire
from adapters.vertex.logs import message
from adapters.vertex.mapping import Pool, cause, culprit, error_text, pools, run_ref, strategy, to_state

CLAIMED = frozenset({"jobSpec.workerPoolSpecs", "jobSpec.scheduling", "webAccessUris", "labels"})
POOL_HEADS = ("#", "ROLE", "REPLICAS", "MACHINE", "ACCELERATORS", "DISK", "IMAGE")
SCHEDULING = {
    "strategy": "strategy",
    "timeout": "timeout",
    "maxWaitDuration": "waits for capacity",
    "restartJobOnWorkerRestart": "restarts when a worker restarts",
    "disableRetries": "retries are disabled",
}
CONSOLE = "https://console.cloud.google.com/agent-platform/locations/{region}/training/{job}?project={project}"


def job_detail(resource: Resource, job: wire.CustomJob, raw: dict[str, Json], console: str | None) -> Detail:
    sections: list[Section] = [_pools(job), *_scheduling(job, raw)]
    links = [*sorted(job.web_access_uris.items()), *([("console", console)] if console else [])]
    if links:
        rows: tuple[tuple[Json, ...], ...] = tuple((where, address) for where, address in links)
        sections.append(Table("Web access", ("WHERE", "ADDRESS"), rows))
    if job.labels:
        sections.append(Fields("Labels", tuple(sorted(job.labels.items()))))
    sections.append(unclaimed(raw, CLAIMED))
    return Detail(resource, tuple(sections), raw, cause(job))


def _pools(job: wire.CustomJob) -> Table:
    """All of them: one without replicas is empty, and keeps its place."""
    found = {pool.index: pool for pool in pools(job)}
    rows: list[tuple[Json, ...]] = []
    for index in range(len(job.job_spec.worker_pool_specs)):
        pool = found.get(index)
        rows.append((index, "empty", 0, None, None, None, None) if pool is None else _pool_row(pool))
    return Table("Worker pools", POOL_HEADS, tuple(rows))


def _pool_row(pool: Pool) -> tuple[Json, ...]:
    machine = pool.spec.machine_spec
    count = f"{machine.accelerator_count}×{pool.accelerator}" if pool.accelerator else machine.tpu_topology or None
    return (pool.index, pool.role, pool.spec.replica_count, pool.machine, count, pool.disk, pool.image)


def _scheduling(job: wire.CustomJob, raw: dict[str, Json]) -> list[Section]:
    spec = raw.get("jobSpec")
    given = spec.get("scheduling") if isinstance(spec, dict) else None
    if not isinstance(given, dict) or not given:
        return []
    named = {**given, **({"strategy": strategy(job)} if "strategy" in given else {})}
    return [Fields("Scheduling", tuple((SCHEDULING.get(key, key), value) for key, value in named.items()))]


def part_detail(resource: Resource, job: wire.CustomJob, pool: Pool, raw: dict[str, Json]) -> Detail:
    """A worker pool or a replica: what the job says of it. `raw` is the pool's own part of the job."""
    specs = raw.get("jobSpec")
    listed = specs.get("workerPoolSpecs") if isinstance(specs, dict) else None
    own = listed[pool.index] if isinstance(listed, list) and pool.index < len(listed) else {}
    part: dict[str, Json] = dict(own) if isinstance(own, dict) else {}
    derived = Fields(
        "State",
        (
            ("state", f"{resource.state.value}, derived from the job's: Vertex AI knows no state of its parts"),
            ("job", job.display_name or job.id),
            ("job id", job.id),
        ),
    )
    guilty = culprit(job) == resource.name and to_state(job.state)[0] is State.FAILED
    return Detail(
        resource, (derived, unclaimed(part, frozenset())), part or raw, error_text(job) if guilty else None
    )


def job_events(
    context: str, job: wire.CustomJob, lines: Sequence[wire.LogEntry], problem: str | None
) -> list[Event]:
    """What the job's times say, and the lines the service itself has logged, oldest first."""
    ref = run_ref(context, job.id)
    found: list[Event] = []
    for stamp, native, text in (
        (job.create_time, "JOB_STATE_QUEUED", "created"),
        (job.start_time, "JOB_STATE_RUNNING", "started"),
        (job.end_time, job.state, f"ended: {cause(job) or to_state(job.state)[1]}"),
    ):
        moment = wire.instant(stamp)
        if moment is not None:
            found.append(Event(moment, ref, *to_state(native), text))
    for entry in lines:
        said = entry.labels.get("ml.googleapis.com/job_state")
        state, word = to_state(f"JOB_STATE_{said}") if said else (None, None)
        found.append(
            Event(wire.instant(entry.timestamp), ref, state, word, message(entry).strip() or "(an empty line)")
        )
    if problem:
        found.append(Event(None, ref, None, None, f"Cloud Logging has more, but: {problem}"))
    return sorted(found, key=lambda event: float("inf") if event.time is None else event.time)
