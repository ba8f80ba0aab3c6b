"""Work that ended before the start: pure functions of (seed, index), built when somebody looks."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import OrderedDict
from dataclasses import dataclass

from adapters.mock.chance import Draw
from adapters.mock.fleet import work
from adapters.mock.fleet.model import Fate, Job, Pod, PodEvent, Run, Spec, Workflow, WorkflowEvent
from adapters.mock.fleet.states import (
    Ending,
    Health,
    JobState,
    PodState,
    WorkflowState,
    WorkflowType,
)
from adapters.mock.names import workload_of
from adapters.mock.stories import STORIES, Story

YOUNGEST = 3600.0
DAY = 86400.0
KEPT = 512
STATES = ((JobState.SUCCEEDED, 0.76), (JobState.FAILED, 0.16), (JobState.KILLED, 0.08))


@dataclass(frozen=True, slots=True)
class Header:
    """What a query looks at, without the pods."""

    seed: int
    index: int
    created: float
    completed: float
    state: JobState
    spec: Spec

    @property
    def id(self) -> str:
        return work.job_id(self.seed, self.index)


class History:
    """`count` jobs with the indices from `first` on, newest first; their ages spread over days or months."""

    def __init__(
        self, seed: int, first: int, count: int, start: float, pools: dict[str, str], hosts: list[tuple[str, str]]
    ) -> None:
        self.seed, self.first, self.count, self.start = seed, first, count, start
        self.gone: set[int] = set()
        self._pools, self._hosts = pools, hosts
        self._span = min(120.0, 10 + count / 100) * DAY
        self._headers: dict[int, Header] = {}
        self._jobs: OrderedDict[int, Job] = OrderedDict()
        self._names: dict[str, list[int]] | None = None

    def created(self, nth: int) -> float:
        """When the nth newest was created; falls strictly with nth."""
        jitter = Draw(self.seed, "history", nth).unit("jitter")
        return self.start - YOUNGEST - self._span * math.pow((nth + jitter) / self.count, 1.3)

    def window(self, newest: float | None, oldest: float | None) -> range:
        """The places in the order of those created in [oldest, newest]."""
        low = 0 if newest is None else bisect_left(range(self.count), -newest, key=lambda nth: -self.created(nth))
        high = self.count
        if oldest is not None:
            high = bisect_left(range(self.count), True, key=lambda nth: self.created(nth) < oldest)
        return range(low, max(low, high))

    def find(self, job_id: str) -> int | None:
        """The index of that id, if it is one of these and nobody has changed or deleted it."""
        index = work.job_index(self.seed, job_id)
        if index is None or not self.first <= index < self.first + self.count or index in self.gone:
            return None
        return index

    def header(self, nth: int) -> Header | None:
        index = self.first + nth
        if index in self.gone:
            return None
        found = self._headers.get(nth)
        if found is None:
            found = self._headers[nth] = self._make_header(nth)
        return found

    def _make_header(self, nth: int) -> Header:
        index, created = self.first + nth, self.created(nth)
        draw = Draw(self.seed, "batch", index)
        state = draw.weighted("state", STATES)
        spec = work.batch_spec(draw, self._pools, created)
        took = draw.between("took", 120, 3000) * (
            1.0 if state is JobState.SUCCEEDED else draw.between("cut", 0.1, 0.9)
        )
        return Header(self.seed, index, created, created + 12 + took, state, spec)

    def by_name(self, name: str) -> list[int]:
        """Indices of the jobs of that name, newest first. The first call looks at every one."""
        if self._names is None:
            self._names = {}
            for nth in range(self.count):
                header = self.header(nth)
                if header is not None:
                    self._names.setdefault(header.spec.name, []).append(header.index)
        return [index for index in self._names.get(name, []) if index not in self.gone]

    def job(self, index: int) -> Job:
        """The whole job with its pods, runs and events."""
        found = self._jobs.get(index)
        if found is None:
            found = self._jobs[index] = self._make_job(index)
            if len(self._jobs) > KEPT:
                self._jobs.popitem(last=False)
        return found

    def _make_job(self, index: int) -> Job:
        header = self.header(index - self.first)
        assert header is not None
        draw = Draw(self.seed, "batch", index)
        kind = work.work_kind(workload_of(draw))
        story: Story | None = None
        if header.state is JobState.FAILED:
            fitting = [(s, s.weight) for s in STORIES if not s.kinds or kind in s.kinds]
            story = draw.weighted("how", fitting)
        fate = Fate(header.completed - header.created, story.id if story else "", work=kind)
        job = Job(header.id, index, header.created, {1: header.spec}, {1: fate}, header.state)
        job.updated = job.completed = header.completed
        job.workflows.append(_creation(header))
        victim = draw.number("victim") % header.spec.instances
        for instance in range(header.spec.instances):
            host = self._hosts[draw.number(f"host{instance}") % len(self._hosts)]
            job.pods[instance] = _ended_pod(job, instance, host, story, instance == victim)
        if header.state is JobState.KILLED:
            job.goal, job.desired = JobState.KILLED, 2
        return job


def _creation(header: Header) -> Workflow:
    made = Workflow(WorkflowType.UPDATE, header.created, header.created + 12, 0, 1, state=WorkflowState.SUCCEEDED)
    made.completed = header.created + 12
    made.added = tuple(range(header.spec.instances))
    made.done = list(made.added)
    for offset, state in (
        (0, WorkflowState.INITIALIZED),
        (2, WorkflowState.ROLLING_FORWARD),
        (12, WorkflowState.SUCCEEDED),
    ):
        made.events.append(WorkflowEvent(header.created + offset, state))
    return made


def _ended_pod(job: Job, instance: int, host: tuple[str, str], story: Story | None, victim: bool) -> Pod:
    pod = Pod(job, instance, 1)
    run = Run(1, 1, job.created + 2, host=host[0], agent=host[1])
    pod.runs.append(run)
    assert job.completed is not None
    ran = story is None or story.started or not victim
    run.started = job.created + 11 if ran else None
    run.ended = job.completed
    if job.state is JobState.KILLED:
        pod.goal, run.state, run.ending = PodState.KILLED, PodState.KILLED, Ending.KILLED_ON_REQUEST
        run.message, run.exit_code, run.signal = "Task stop API request", 143, "Terminated"
    elif story is None:
        run.state, run.message = PodState.SUCCEEDED, "Command exited with status 0"
    elif victim and story.id == "lost-host":
        run.state, run.story, run.reason = PodState.LOST, story.id, "REASON_AGENT_REMOVED"
        run.message = story.message.replace("gpu-a100-0402", run.host)
    else:
        run.state, run.ending, pod.failures = PodState.FAILED, Ending.FAILED, 1
        run.story = story.id if victim else "peer"
        run.exit_code = (story.exit_code or 0) if victim else 1
        run.message = story.message if victim else "exit 1: a peer of this pod has failed, the group is taken down"
        run.reason = "REASON_COMMAND_EXECUTOR_FAILED"
    run.events = _events(pod, run)
    return pod


def _events(pod: Pod, run: Run) -> list[PodEvent]:
    assert run.ended is not None
    steps = [
        (0.0, PodState.INITIALIZED),
        (0.4, PodState.PENDING),
        (6.0, PodState.LAUNCHED),
        (7.0, PodState.STARTING),
    ]
    times = [(run.created + offset, state) for offset, state in steps]
    if run.started is not None:
        times.append((run.started, PodState.RUNNING))
    times.append((run.ended, run.state))
    made = []
    for when, state in times:
        placed = state not in (PodState.INITIALIZED, PodState.PENDING)
        last = state is run.state
        made.append(
            PodEvent(
                when, state, pod.goal if last else PodState.RUNNING, 1, 1, 1, Health.DISABLED,
                run.host if placed else "", run.agent if placed else "",
                run.message if last else "", run.reason if last else "",
            )
        )  # fmt: skip
    return made
