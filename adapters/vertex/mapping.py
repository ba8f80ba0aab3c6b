"""Vertex AI's JSON models to domain objects: pure, tolerant, and inventing nothing.

The API says nothing about a worker pool's or a replica's own state: both show the job's, marked `derived`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import quote, unquote

from adapters.frozen import dataclass
from adapters.model import DERIVED, ENDED, Instant, Json, Kind, Pod, Ref, Run, State, Task
from adapters.vertex import wire

UNSPECIFIED = "JOB_STATE_UNSPECIFIED"
STATE_MAP: Mapping[str, State] = MappingProxyType(
    {
        UNSPECIFIED: State.UNKNOWN,
        "JOB_STATE_QUEUED": State.QUEUED,
        "JOB_STATE_PENDING": State.PENDING,
        "JOB_STATE_RUNNING": State.RUNNING,
        "JOB_STATE_SUCCEEDED": State.SUCCEEDED,
        "JOB_STATE_FAILED": State.FAILED,
        "JOB_STATE_CANCELLING": State.ABORTING,
        "JOB_STATE_CANCELLED": State.ABORTED,
        "JOB_STATE_PAUSED": State.PAUSED,
        "JOB_STATE_EXPIRED": State.FAILED,
        "JOB_STATE_UPDATING": State.RUNNING,
        "JOB_STATE_PARTIALLY_SUCCEEDED": State.SUCCEEDED,
    }
)
NUMBERED = dict(enumerate(STATE_MAP))
ENDED_STATES = tuple(word for word, state in STATE_MAP.items() if state in ENDED)
ACCELERATORS = dict(
    enumerate(
        (
            *("ACCELERATOR_TYPE_UNSPECIFIED", "NVIDIA_TESLA_K80", "NVIDIA_TESLA_P100", "NVIDIA_TESLA_V100"),
            *("NVIDIA_TESLA_P4", "NVIDIA_TESLA_T4", "TPU_V2", "TPU_V3", "NVIDIA_TESLA_A100", "NVIDIA_A100_80GB"),
            *("TPU_V4_POD", "NVIDIA_L4", "TPU_V5_LITEPOD", "NVIDIA_H100_80GB", "NVIDIA_H100_MEGA_80GB"),
            *("NVIDIA_H200_141GB", "NVIDIA_B200", "NVIDIA_GB200", "NVIDIA_RTX_PRO_6000"),
        )
    )
)
STRATEGIES = {
    0: "STRATEGY_UNSPECIFIED",
    1: "ON_DEMAND",
    2: "LOW_COST",
    3: "STANDARD",
    4: "SPOT",
    6: "FLEX_START",
}
ROLES = ("primary", "workers", "parameter servers", "evaluators")
POOL_NAME = re.compile(r"workerpool(\d+)")
NODE_NAME = re.compile(r"workerpool(\d+)-(\d+)")
CULPRIT = re.compile(r"\b[Rr]eplica (workerpool\d+-\d+)\b")
EXIT_STATUS = re.compile(r"non-zero status of (\d+)")
MOST_REPLICAS = 10_000


def _word(given: str, names: Mapping[int, str]) -> str:
    """An enum's name; its number where the server writes numbers."""
    return names.get(int(given), given) if given.isdecimal() and len(given) < 4 else given


def to_state(word: str) -> tuple[State, str]:
    """The normal state and the server's word. A missing one is the enum's zero value, which JSON leaves out."""
    native = _word(word, NUMBERED) or UNSPECIFIED
    return STATE_MAP.get(native, State.UNKNOWN), native


def run_ref(context: str, job: str) -> Ref:
    return Ref(context, Kind.RUN, job)


def part_ref(context: str, kind: Kind, job: str, part: str) -> Ref:
    """Of a worker pool (`777/workerpool0`) or a replica (`777/workerpool0-0`)."""
    return Ref(context, kind, f"{quote(job, safe='')}/{quote(part, safe='')}")


def split_id(native: str) -> tuple[str, str] | None:
    """Job id and part of a composite id; None when it is not made of the two."""
    job, slash, part = native.partition("/")
    return (unquote(job), unquote(part)) if slash and job and part and "/" not in part else None


@dataclass(frozen=True, slots=True)
class Pool:
    """One worker pool that has replicas; `index` is its place, which empty pools before it count in."""

    index: int
    spec: wire.WorkerPool

    @property
    def name(self) -> str:
        return f"workerpool{self.index}"

    @property
    def replicas(self) -> int:
        return min(self.spec.replica_count, MOST_REPLICAS)

    @property
    def nodes(self) -> list[str]:
        return [f"{self.name}-{replica}" for replica in range(self.replicas)]

    @property
    def role(self) -> str | None:
        return ROLES[self.index] if self.index < len(ROLES) else None

    @property
    def machine(self) -> str | None:
        return self.spec.machine_spec.machine_type or None

    @property
    def accelerator(self) -> str | None:
        found = _word(self.spec.machine_spec.accelerator_type, ACCELERATORS)
        return None if found in ("", ACCELERATORS[0]) else found

    @property
    def gpus(self) -> int:
        """Of all replicas; TPUs are none."""
        tpu = (self.accelerator or "").startswith("TPU")
        return (
            0 if tpu or not self.accelerator else self.spec.replica_count * self.spec.machine_spec.accelerator_count
        )

    @property
    def image(self) -> str | None:
        container, package = self.spec.container_spec, self.spec.python_package_spec
        return (container.image_uri if container else package.executor_image_uri if package else "") or None

    @property
    def disk(self) -> str | None:
        disk = self.spec.disk_spec
        if disk is None:
            return None
        size = f"{disk.boot_disk_size_gb} GB" if disk.boot_disk_size_gb else ""
        return " ".join(part for part in (disk.boot_disk_type, size) if part) or None


def pools(job: wire.CustomJob) -> list[Pool]:
    """The worker pools that have replicas."""
    specs = job.job_spec.worker_pool_specs
    return [Pool(index, spec) for index, spec in enumerate(specs) if spec.replica_count > 0]


def find_pool(job: wire.CustomJob, name: str) -> Pool | None:
    return next((pool for pool in pools(job) if pool.name == name), None)


def find_node(job: wire.CustomJob, name: str) -> Pool | None:
    """The pool that a replica of that name is in."""
    match = NODE_NAME.fullmatch(name)
    pool = find_pool(job, f"workerpool{match[1]}") if match else None
    return pool if pool is not None and name in pool.nodes else None


def strategy(job: wire.CustomJob) -> str | None:
    found = _word(job.job_spec.scheduling.strategy, STRATEGIES)
    return None if found in ("", STRATEGIES[0]) else found


def culprit(job: wire.CustomJob) -> str | None:
    """The replica that the job's error names."""
    match = CULPRIT.search(job.error.message) if job.error else None
    return match[1] if match else None


def cause(job: wire.CustomJob) -> str | None:
    """Why it failed, in the server's words. A cancelled job has an error as well, which is none."""
    if to_state(job.state)[0] is not State.FAILED:
        return None
    return error_text(job)


def error_text(job: wire.CustomJob) -> str | None:
    if job.error is None:
        return None
    return job.error.message or (f"code {job.error.code}" if job.error.code else None)


def to_run(context: str, job: wire.CustomJob, region: str, owner_label: str) -> Run:
    state, native = to_state(job.state)
    found = pools(job)
    strongest = max(found, key=lambda pool: (pool.gpus, -pool.index), default=None)
    return Run(
        ref=run_ref(context, job.id),
        name=job.display_name or job.id,
        state=state,
        native_state=native,
        owner=job.labels.get(owner_label) or None,
        group=job.region or region,
        created=wire.instant(job.create_time),
        started=wire.instant(job.start_time),
        finished=wire.instant(job.end_time),
        message=error_text(job),
        labels=MappingProxyType(dict(job.labels)),
        pool=strongest.machine if strongest else None,
        gpus=sum(pool.gpus for pool in found) if found else None,
        extra=_run_extra(job, found),
    )


def _run_extra(job: wire.CustomJob, found: list[Pool]) -> Mapping[str, Json]:
    spec = job.job_spec
    return MappingProxyType(
        {
            "pools": " + ".join(f"{pool.spec.replica_count}×{pool.machine or '?'}" for pool in found) or None,
            "replicas": sum(pool.spec.replica_count for pool in found) if found else None,
            "accelerators": _accelerators(found),
            "strategy": strategy(job),
            "timeout": wire.seconds(spec.scheduling.timeout),
            "max_wait": wire.seconds(spec.scheduling.max_wait_duration),
            "service_account": spec.service_account or None,
            "image": found[0].image if found else None,
            "error_code": job.error.code if job.error and job.error.code else None,
            "experiment": (spec.experiment or "").rpartition("/")[2] or None,
            "web_access": spec.enable_web_access,
            "updated": Instant.of(wire.instant(job.update_time)),
        }
    )


def _accelerators(found: list[Pool]) -> str | None:
    """`32×NVIDIA_H100_80GB`, TPUs included."""
    counts: dict[str, int] = {}
    for pool in found:
        if pool.accelerator and pool.spec.machine_spec.accelerator_count:
            number = pool.spec.replica_count * pool.spec.machine_spec.accelerator_count
            counts[pool.accelerator] = counts.get(pool.accelerator, 0) + number
    return " + ".join(f"{number}×{name}" for name, number in counts.items()) or None


def to_task(context: str, job: wire.CustomJob, pool: Pool, region: str) -> Task:
    return Task(
        ref=part_ref(context, Kind.TASK, job.id, pool.name),
        name=pool.name,
        state=to_state(job.state)[0],
        native_state=DERIVED,
        group=job.region or region,
        parent=run_ref(context, job.id),
        created=wire.instant(job.create_time),
        started=wire.instant(job.start_time),
        finished=wire.instant(job.end_time),
        pool=pool.machine,
        extra=MappingProxyType({"replicas": pool.spec.replica_count, **_machine(pool)}),
    )


def _machine(pool: Pool) -> dict[str, Json]:
    machine = pool.spec.machine_spec
    return {
        "role": pool.role,
        "machine_type": pool.machine,
        "accelerator": pool.accelerator,
        "accelerators": machine.accelerator_count or None,
        "tpu_topology": machine.tpu_topology or None,
        "disk": pool.disk,
        "image": pool.image,
    }


def to_pod(context: str, job: wire.CustomJob, pool: Pool, node: str, region: str) -> Pod:
    """A replica. Only what the job's error says of this very one is its own."""
    guilty = culprit(job) == node and to_state(job.state)[0] is State.FAILED
    status = EXIT_STATUS.search(job.error.message) if guilty and job.error else None
    return Pod(
        ref=part_ref(context, Kind.POD, job.id, node),
        name=node,
        state=to_state(job.state)[0],
        native_state=DERIVED,
        group=job.region or region,
        parent=part_ref(context, Kind.TASK, job.id, pool.name),
        parent_name=job.display_name or job.id,
        created=wire.instant(job.create_time),
        started=wire.instant(job.start_time),
        finished=wire.instant(job.end_time),
        message=error_text(job) if guilty else None,
        pool=pool.machine,
        exit_code=int(status[1]) if status and len(status[1]) < 6 else None,
        extra=MappingProxyType({**_machine(pool), "shell": job.web_access_uris.get(node)}),
    )
