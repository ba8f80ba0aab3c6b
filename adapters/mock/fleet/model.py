"""The objects of the fleet. They change only through the engine, which keeps their events and totals right."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from adapters.mock.fleet.states import (
    JOB_ENDED,
    ON_HOST,
    POD_ENDED,
    WORKFLOW_ENDED,
    Ending,
    Health,
    HostState,
    JobState,
    PodState,
    WorkflowState,
    WorkflowType,
)

KINDS_OF_RESOURCE = ("cpu", "gpu", "memory", "disk")
KEPT_RUNS = 100


class Resources(NamedTuple):
    """Cores, GPUs, and MB of memory and disk."""

    cpu: float = 0.0
    gpu: float = 0.0
    memory: float = 0.0
    disk: float = 0.0

    def plus(self, other: Resources) -> Resources:
        return Resources(*(a + b for a, b in zip(self, other, strict=True)))

    def minus(self, other: Resources) -> Resources:
        return Resources(*(a - b for a, b in zip(self, other, strict=True)))

    def times(self, factor: float) -> Resources:
        return Resources(*(a * factor for a in self))

    def fits(self, room: Resources) -> bool:
        return all(a <= b + 1e-6 for a, b in zip(self, room, strict=True))


NOTHING = Resources()
ONE_CORE = Resources(1, 0, 1024, 1024)


@dataclass(frozen=True, slots=True)
class Spec:
    """What a job asks for, under one version of its configuration. `document` is the spec as a client wrote it."""

    name: str
    pool: str
    instances: int
    owner: str = ""
    team: str = ""
    description: str = ""
    labels: tuple[tuple[str, str], ...] = ()
    image: str = ""
    command: str = ""
    resources: Resources = ONE_CORE
    batch: bool = False
    priority: int = 0
    preemptible: bool = False
    revocable: bool = False
    max_unavailable: int = 0
    max_failures: int = 0
    kill_on_preempt: bool = False
    health_check: bool = False
    grace: int = 0
    ports: tuple[str, ...] = ()
    volume_mb: int = 0
    document: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of the pods that run one version of a job: the part of the story no client can see.

    `seconds` is how long a run works before it succeeds, 0 for ever. `story` names the failure that comes
    after `fails_after` seconds to the pods in `victims` (empty: all), in their first `failing_runs` runs
    (0: in every one). `unhealthy` pods run, but never pass their health check. `settle` is how long a health
    check takes to pass. `work` chooses what the log says.
    """

    seconds: float = 0.0
    story: str = ""
    fails_after: float = 0.0
    victims: tuple[int, ...] = ()
    failing_runs: int = 0
    unhealthy: tuple[int, ...] = ()
    settle: float = 6.0
    work: str = "service"

    def fails(self, instance: int, run: int) -> bool:
        hit = bool(self.story) and (not self.victims or instance in self.victims)
        return hit and (not self.failing_runs or run <= self.failing_runs)


@dataclass(frozen=True, slots=True)
class PodEvent:
    time: float
    state: PodState
    goal: PodState
    version: int
    desired_version: int
    desired_run: int
    health: Health
    host: str = ""
    agent: str = ""
    message: str = ""
    reason: str = ""


@dataclass(slots=True)
class Run:
    """One attempt of a pod; numbers start at 1."""

    number: int
    version: int
    created: float
    state: PodState = PodState.INITIALIZED
    started: float | None = None
    ended: float | None = None
    host: str = ""
    agent: str = ""
    message: str = ""
    reason: str = ""
    ending: Ending | None = None
    exit_code: int = 0
    signal: str = ""
    story: str = ""
    health: Health = Health.DISABLED
    ports: tuple[int, ...] = ()
    events: list[PodEvent] = field(default_factory=list)


@dataclass(slots=True)
class Pod:
    """One instance of a job. `epoch` grows whenever what was planned for the pod no longer holds."""

    job: Job
    instance: int
    version: int
    runs: list[Run] = field(default_factory=list)
    goal: PodState = PodState.RUNNING
    desired_run: int = 1
    failures: int = 0
    epoch: int = 0
    update_failures: int = 0
    wanted_host: str = ""

    @property
    def run(self) -> Run:
        return self.runs[-1]

    @property
    def name(self) -> str:
        return f"{self.job.id}-{self.instance}"

    @property
    def state(self) -> PodState:
        return self.run.state

    @property
    def spec(self) -> Spec:
        """What the run in hand was started with."""
        return self.job.specs[self.run.version]

    @property
    def fate(self) -> Fate:
        return self.job.fates[self.run.version]

    @property
    def ended(self) -> bool:
        return self.run.state in POD_ENDED

    @property
    def on_host(self) -> bool:
        return self.run.state in ON_HOST

    @property
    def available(self) -> bool:
        """It runs, and has passed its health check if it has one."""
        return self.run.state is PodState.RUNNING and self.run.health in (Health.DISABLED, Health.HEALTHY)

    def find_run(self, number: int) -> Run | None:
        return next((run for run in self.runs if run.number == number), None)


@dataclass(frozen=True, slots=True)
class WorkflowEvent:
    time: float
    state: WorkflowState


@dataclass(slots=True)
class Workflow:
    """An update or a restart that goes through a job's instances, `batch` at a time (0: all at once)."""

    type: WorkflowType
    created: float
    updated: float
    from_version: int
    to_version: int
    state: WorkflowState = WorkflowState.INITIALIZED
    prev_state: WorkflowState | None = None
    completed: float | None = None
    batch: int = 0
    max_retries: int = 0
    tolerable_failures: int = 0
    rollback: bool = False
    start_paused: bool = False
    start_pods: bool = False
    in_place: bool = False
    ranges: tuple[tuple[int, int], ...] = ()
    opaque: str = ""
    added: tuple[int, ...] = ()
    updated_instances: tuple[int, ...] = ()
    removed: tuple[int, ...] = ()
    todo: list[int] = field(default_factory=list)
    current: list[int] = field(default_factory=list)
    done: list[int] = field(default_factory=list)
    failed: list[int] = field(default_factory=list)
    events: list[WorkflowEvent] = field(default_factory=list)
    instance_events: dict[int, list[WorkflowEvent]] = field(default_factory=dict)

    @property
    def ended(self) -> bool:
        return self.state in WORKFLOW_ENDED

    @property
    def total(self) -> int:
        return len(self.todo) + len(self.current) + len(self.done) + len(self.failed)


@dataclass(slots=True)
class Job:
    """A stateless job. `versions` are the three counters of its entity version: config, desired state, workflow."""

    id: str
    index: int
    created: float
    specs: dict[int, Spec]
    fates: dict[int, Fate]
    state: JobState = JobState.UNINITIALIZED
    goal: JobState = JobState.RUNNING
    config: int = 1
    desired: int = 1
    workflow_number: int = 1
    updated: float = 0.0
    completed: float | None = None
    pods: dict[int, Pod] = field(default_factory=dict)
    workflows: list[Workflow] = field(default_factory=list)
    secrets: tuple[Mapping[str, Any], ...] = ()

    @property
    def spec(self) -> Spec:
        return self.specs[self.config]

    @property
    def version(self) -> str:
        return f"{self.config}-{self.desired}-{self.workflow_number}"

    @property
    def workflow(self) -> Workflow | None:
        return self.workflows[-1] if self.workflows else None

    @property
    def ended(self) -> bool:
        return self.state in JOB_ENDED

    @property
    def unavailable(self) -> int:
        """Pods that should run and cannot be used."""
        return sum(1 for pod in self.pods.values() if pod.goal is PodState.RUNNING and not pod.available)


@dataclass(slots=True)
class Host:
    name: str
    ip: str
    agent: str
    capacity: Resources
    state: HostState = HostState.UP
    goal: HostState = HostState.UP
    used: Resources = NOTHING
    pods: dict[str, Pod] = field(default_factory=dict)
    crashed: bool = False
    pool: str = "shared"
    since: float = 0.0

    @property
    def free(self) -> Resources:
        return self.capacity.minus(self.used)
