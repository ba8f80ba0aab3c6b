"""What happens to whole jobs: created, started, stopped, deleted, and their state recomputed from their pods."""

from __future__ import annotations

from collections import Counter

from adapters.mock.fleet import lifecycle, rollout
from adapters.mock.fleet.model import Fate, Job, Pod, Spec, Workflow
from adapters.mock.fleet.states import JOB_ENDED, POD_ENDED, Ending, JobState, PodState, WorkflowType
from adapters.mock.fleet.world import World

STOPPED = "Task stop API request"
PEER = "peer"
GANG = "exit 1: a peer of this pod has failed, the group is taken down"
INITIALIZE_SECONDS = 2.0


def create(
    world: World,
    job_id: str,
    index: int,
    spec: Spec,
    fate: Fate,
    workflow: Workflow | None = None,
    wait: float = INITIALIZE_SECONDS,
) -> Job:
    """A job whose first workflow adds all its instances; it is initialized after `wait` seconds."""
    job = Job(job_id, index, world.now, {1: spec}, {1: fate}, updated=world.now)
    world.jobs[job_id] = job
    first = workflow or Workflow(WorkflowType.UPDATE, world.now, world.now, 0, 1)
    first.added = tuple(range(spec.instances))
    first.todo = list(first.added)
    job.workflows.append(first)
    rollout.mark(world, first, first.state)
    world.after(wait, _initialized, job)
    return job


def _initialized(world: World, job: Job) -> None:
    if job.state is JobState.UNINITIALIZED:
        job.state = JobState.PENDING
        workflow = job.workflows[0]
        rollout.begin(world, job, workflow)
        world.touch(job)


def settle(world: World, job: Job) -> None:
    """Recompute the state, move the workflow on, and take a failed batch job down as a whole."""
    if job.id not in world.jobs or job.state is JobState.UNINITIALIZED:
        return
    rollout.advance(world, job)
    _take_gang_down(world, job)
    _remove_deleted(world, job)
    before = job.state
    job.state = _state_of(job)
    if job.state is not before:
        job.updated = world.now
        job.completed = world.now if job.state in JOB_ENDED else None
    if job.goal is JobState.DELETED and all(pod.ended for pod in job.pods.values()):
        _forget(world, job)


def _state_of(job: Job) -> JobState:
    states = Counter(pod.state for pod in job.pods.values())
    total = sum(states.values())
    if not total:
        return JobState.KILLED if job.goal is not JobState.RUNNING else JobState.PENDING
    if states[PodState.SUCCEEDED] == total:
        return JobState.SUCCEEDED
    bad = states[PodState.FAILED] + states[PodState.LOST]
    if states[PodState.SUCCEEDED] + bad == total:
        return JobState.FAILED
    if sum(states[state] for state in POD_ENDED) == total:
        return JobState.KILLED
    if job.state is JobState.KILLING:
        return JobState.KILLING
    return JobState.RUNNING if states[PodState.RUNNING] else JobState.PENDING


def _take_gang_down(world: World, job: Job) -> None:
    if not job.spec.batch or job.goal is not JobState.RUNNING:
        return
    if not any(lifecycle.beyond_help(pod) for pod in job.pods.values()):
        return
    for pod in job.pods.values():
        if not pod.ended and pod.state is not PodState.KILLING:
            pod.failures = pod.spec.max_failures + 1
            pod.run.ending, pod.run.exit_code = Ending.FAILED, 1
            pod.run.story = PEER
            lifecycle.end(world, pod, PodState.FAILED, GANG, "REASON_COMMAND_EXECUTOR_FAILED")


def _remove_deleted(world: World, job: Job) -> None:
    for pod in [pod for pod in job.pods.values() if pod.goal is PodState.DELETED and pod.ended]:
        del job.pods[pod.instance]


def _forget(world: World, job: Job) -> None:
    for pod in job.pods.values():
        pod.epoch += 1
        world.waiting.pop(pod.name, None)
    world.jobs.pop(job.id, None)


def start(world: World, job: Job) -> None:
    """Desired state RUNNING: every ended pod gets a new run."""
    job.desired += 1
    revive(job)
    rollout.begin(world, job, job.workflows[-1])
    for pod in list(job.pods.values()):
        start_pod(world, pod)
    world.touch(job)


def revive(job: Job) -> None:
    """Aim at RUNNING; the state follows from the pods again, also after a stop."""
    job.goal = JobState.RUNNING
    if job.state is not JobState.RUNNING:
        job.state, job.completed = JobState.PENDING, None


def stop(world: World, job: Job, goal: JobState = JobState.KILLED) -> None:
    job.desired += 1
    job.goal = goal
    if not job.ended:
        job.state = JobState.KILLING
    for pod in list(job.pods.values()):
        stop_pod(world, pod)
    world.touch(job)


def start_pod(world: World, pod: Pod, message: str = "") -> None:
    """A pod that is being killed gets its new run when it is gone."""
    pod.goal = PodState.RUNNING
    if pod.ended:
        pod.failures = 0
        lifecycle.start_run(world, pod, message=message)
    elif pod.state is PodState.KILLING:
        pod.desired_run = pod.run.number + 1


def stop_pod(world: World, pod: Pod, message: str = STOPPED, goal: PodState = PodState.KILLED) -> None:
    pod.goal = goal
    if pod.ended:
        pod.epoch += 1
        world.touch(pod.job)
    lifecycle.kill(world, pod, Ending.KILLED_ON_REQUEST, message)


def restart_pod(world: World, pod: Pod, ending: Ending, message: str) -> None:
    """A new run of a pod whose goal is RUNNING, after the one in hand was killed."""
    if pod.goal is not PodState.RUNNING:
        return
    pod.desired_run = pod.run.number + 1
    pod.failures = 0
    if pod.ended:
        lifecycle.start_run(world, pod)
    else:
        lifecycle.kill(world, pod, ending, message)
