"""Updates and restarts: a workflow goes through a job's instances in batches, and can stop, fail or go back."""

from __future__ import annotations

from adapters.mock.fleet import lifecycle
from adapters.mock.fleet.model import Job, Pod, Workflow, WorkflowEvent
from adapters.mock.fleet.states import (
    ROLLING,
    Ending,
    JobState,
    PodState,
    WorkflowState,
    WorkflowType,
)
from adapters.mock.fleet.world import World

RESTARTED = "Task restarted via API"
UPDATED = "Job configuration updated via API"
ROLLED_BACK = "Job configuration updated due to rollback"
REDUCED = "Task Count reduced via API"
KEPT_EVENTS = 50


def mark(world: World, workflow: Workflow, state: WorkflowState) -> None:
    """Enter a state and write the event."""
    workflow.state = state
    workflow.updated = world.now
    workflow.events.append(WorkflowEvent(world.now, state))
    if workflow.ended:
        workflow.completed = world.now


def _mark_instance(world: World, workflow: Workflow, instance: int, state: WorkflowState) -> None:
    events = workflow.instance_events.setdefault(instance, [])
    events.append(WorkflowEvent(world.now, state))
    del events[:-KEPT_EVENTS]


def begin(world: World, job: Job, workflow: Workflow) -> None:
    """Leave INITIALIZED: roll, or wait paused where the client asked for that."""
    if workflow.state is not WorkflowState.INITIALIZED:
        return
    if workflow.start_paused:
        workflow.prev_state = WorkflowState.INITIALIZED
        mark(world, workflow, WorkflowState.PAUSED)
    else:
        mark(world, workflow, WorkflowState.ROLLING_FORWARD)
    world.touch(job)


def attach(world: World, job: Job, workflow: Workflow) -> None:
    """Make it the job's current workflow; one that has not ended is overwritten, so it is aborted."""
    current = job.workflow
    if current is not None and not current.ended:
        mark(world, current, WorkflowState.ABORTED)
    job.workflow_number += 1
    job.workflows.append(workflow)
    mark(world, workflow, workflow.state)
    world.after(1.0, begin, job, workflow)
    world.touch(job)


def pause(world: World, job: Job, workflow: Workflow) -> None:
    job.workflow_number += 1
    if not workflow.ended and workflow.state is not WorkflowState.PAUSED:
        workflow.prev_state = workflow.state
        mark(world, workflow, WorkflowState.PAUSED)


def resume(world: World, job: Job, workflow: Workflow) -> None:
    job.workflow_number += 1
    if workflow.state is WorkflowState.PAUSED:
        back_to = workflow.prev_state or WorkflowState.ROLLING_FORWARD
        workflow.prev_state = WorkflowState.PAUSED
        workflow.start_paused = False
        mark(world, workflow, back_to)
        if back_to is WorkflowState.INITIALIZED:
            begin(world, job, workflow)
        world.touch(job)


def abort(world: World, job: Job, workflow: Workflow) -> None:
    job.workflow_number += 1
    if not workflow.ended:
        workflow.prev_state = workflow.state
        mark(world, workflow, WorkflowState.ABORTED)
        world.touch(job)


def advance(world: World, job: Job) -> None:
    """Count what is done, then take up the next instances while the batch has room."""
    workflow = job.workflow
    if workflow is None or workflow.ended or workflow.state is WorkflowState.INITIALIZED:
        return
    for instance in list(workflow.current):
        _judge(world, job, workflow, instance)
        if workflow.state not in ROLLING and workflow.state is not WorkflowState.PAUSED:
            return
    if workflow.state not in ROLLING:
        return
    while workflow.todo and (not workflow.batch or len(workflow.current) < workflow.batch):
        instance = workflow.todo.pop(0)
        workflow.current.append(instance)
        _mark_instance(world, workflow, instance, workflow.state)
        _apply(world, job, workflow, instance)
        _judge(world, job, workflow, instance)
    if not workflow.todo and not workflow.current:
        forward = workflow.state is WorkflowState.ROLLING_FORWARD
        mark(world, workflow, WorkflowState.SUCCEEDED if forward else WorkflowState.ROLLED_BACK)


def _apply(world: World, job: Job, workflow: Workflow, instance: int) -> None:
    pod = job.pods.get(instance)
    if instance in workflow.removed and workflow.state is WorkflowState.ROLLING_FORWARD:
        if pod is not None:
            pod.goal = PodState.DELETED
            lifecycle.kill(world, pod, Ending.KILLED_ON_REQUEST, REDUCED)
            world.touch(job)
        return
    if pod is None:
        pod = job.pods[instance] = Pod(job, instance, workflow.to_version)
        lifecycle.start_run(world, pod)
        if job.goal is not JobState.RUNNING:
            pod.goal = PodState.KILLED
            lifecycle.kill(world, pod, Ending.KILLED_ON_REQUEST, "")
        return
    pod.version = workflow.to_version
    pod.update_failures = 0
    if workflow.in_place:
        pod.wanted_host = pod.run.host
    if pod.goal is not PodState.RUNNING:
        wanted = workflow.start_pods or workflow.type is WorkflowType.RESTART
        if not wanted or job.goal is not JobState.RUNNING:
            return
        pod.goal = PodState.RUNNING
    pod.desired_run = pod.run.number + 1
    pod.failures = 0
    if pod.ended:
        lifecycle.start_run(world, pod)
        return
    ending, message = _cause(workflow)
    lifecycle.kill(world, pod, ending, message)


def _cause(workflow: Workflow) -> tuple[Ending, str]:
    if workflow.type is WorkflowType.RESTART:
        return Ending.KILLED_FOR_RESTART, RESTARTED
    back = workflow.state is WorkflowState.ROLLING_BACKWARD
    return Ending.KILLED_FOR_UPDATE, ROLLED_BACK if back else UPDATED


def _judge(world: World, job: Job, workflow: Workflow, instance: int) -> None:
    """Is this instance done, or has it failed often enough?"""
    pod = job.pods.get(instance)
    if pod is None or _is_done(workflow, pod):
        workflow.current.remove(instance)
        workflow.done.append(instance)
        _mark_instance(world, workflow, instance, WorkflowState.SUCCEEDED)
        workflow.updated = world.now
    elif workflow.max_retries and pod.update_failures >= workflow.max_retries:
        workflow.current.remove(instance)
        workflow.failed.append(instance)
        _mark_instance(world, workflow, instance, WorkflowState.FAILED)
        workflow.updated = world.now
        if workflow.tolerable_failures and len(workflow.failed) >= workflow.tolerable_failures:
            _give_up(world, job, workflow)


def _is_done(workflow: Workflow, pod: Pod) -> bool:
    if pod.goal is PodState.DELETED:
        return False
    if pod.goal is PodState.KILLED:
        return pod.ended
    if pod.run.version != workflow.to_version or pod.run.number < pod.desired_run:
        return False
    if pod.spec.batch and pod.ended:
        return True
    return pod.available


def _give_up(world: World, job: Job, workflow: Workflow) -> None:
    """Too many instances failed: stop there, or bring the old configuration back under a new version."""
    if not workflow.rollback or workflow.state is WorkflowState.ROLLING_BACKWARD or not workflow.from_version:
        mark(world, workflow, WorkflowState.FAILED)
        return
    good = workflow.from_version
    job.config += 1
    job.specs[job.config], job.fates[job.config] = job.specs[good], job.fates[good]
    touched = sorted({*workflow.current, *workflow.failed, *workflow.done})
    workflow.to_version = job.config
    workflow.todo = [instance for instance in touched if instance not in workflow.removed]
    workflow.current, workflow.failed, workflow.done = [], [], []
    for pod in job.pods.values():
        if pod.instance not in touched:
            # It still runs the old configuration, which is the new one.
            pod.version = pod.run.version = job.config
    mark(world, workflow, WorkflowState.ROLLING_BACKWARD)
    world.touch(job)
