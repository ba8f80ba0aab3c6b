"""JobService: creating and replacing jobs, restarts, and the workflows that carry them out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from adapters.mock.fleet import jobs, rollout, work
from adapters.mock.fleet.model import Job, Spec, Workflow
from adapters.mock.fleet.pools import ROOT
from adapters.mock.fleet.states import WorkflowType
from adapters.mock.fleet.world import World
from adapters.peloton import mock_render, mock_spec
from adapters.peloton.mock_jobs import check_uuid, job_for_read, job_for_write, version_of
from adapters.peloton.mock_wire import (
    Call,
    Message,
    RpcError,
    flag,
    invalid,
    not_found,
    part,
    parts,
    text,
    uint,
    value_of,
    wrap,
)


def _check_pool(call: Call, spec: Spec) -> None:
    tree = call.fleet.world.pools
    if not spec.pool or spec.pool == ROOT:
        raise invalid(
            "resource pool ID is null" if not spec.pool else "cannot submit jobs to the `root` resource pool"
        )
    pool = tree.by_id.get(spec.pool)
    if pool is None:
        raise not_found(f"resource pool {spec.pool} not found")
    if pool.children:
        raise invalid("cannot submit jobs to a non leaf resource pool")


def create_job(call: Call) -> Message:
    world = call.fleet.world
    wanted = value_of(call.body, "jobId")
    if wanted:
        check_uuid(wanted)
        if call.fleet.find(wanted) is not None:
            raise RpcError("already-exists", f"job {wanted} already exists")
    spec = mock_spec.parse(part(call.body, "spec"))
    _check_pool(call, spec)
    index = call.fleet.new_index()
    create_spec = part(call.body, "createSpec")
    workflow = Workflow(WorkflowType.UPDATE, world.now, world.now, 0, 1, batch=uint(create_spec, "batchSize"))
    workflow.max_retries = uint(create_spec, "maxInstanceRetries")
    workflow.tolerable_failures = uint(create_spec, "maxTolerableInstanceFailures")
    workflow.start_paused = flag(create_spec, "startPaused")
    workflow.opaque = text(part(call.body, "opaqueData"), "data")
    job_id = wanted.lower() or work.job_id(call.fleet.seed, index)
    job = jobs.create(world, job_id, index, spec, mock_spec.fate_of(spec), workflow)
    world.tell(job)
    job.secrets = tuple(secret for secret in parts(call.body, "secrets"))
    return {"jobId": wrap(job.id), **version_of(job)}


def _changes(job: Job, spec: Spec) -> tuple[list[int], list[int], list[int], list[int]]:
    """Instances that a new spec adds, removes, updates and leaves alone."""
    have = set(job.pods) or set(range(job.spec.instances))
    want = set(range(spec.instances))
    same = _essence(job.spec) == _essence(spec)
    both = sorted(have & want)
    return sorted(want - have), sorted(have - want), [] if same else both, both if same else []


def _essence(spec: Spec) -> Spec:
    """What of a spec concerns its pods."""
    return replace(spec, instances=0, document=None, description="", owner="", team="")


def replace_job(call: Call) -> Message:
    job = job_for_write(call)
    spec = mock_spec.parse(part(call.body, "spec"))
    if spec.pool != job.spec.pool:
        raise invalid("resource pool identifier is immutable")
    wanted = part(call.body, "updateSpec")
    current = job.workflow
    if current is not None and not current.ended:
        if current.type is WorkflowType.RESTART:
            raise invalid("workflow UPDATE cannot overwrite workflow RESTART")
        if (
            _essence(job.spec) == _essence(spec)
            and job.spec.instances == spec.instances
            and current.batch == uint(wanted, "batchSize")
        ):
            return version_of(job)
    added, removed, updated, _ = _changes(job, spec)
    job.config += 1
    job.specs[job.config] = spec
    job.fates[job.config] = mock_spec.fate_of(spec, job.fates[job.config - 1])
    workflow = _workflow(call, WorkflowType.UPDATE, job)
    workflow.batch, workflow.rollback = uint(wanted, "batchSize"), flag(wanted, "rollbackOnFailure")
    workflow.max_retries = uint(wanted, "maxInstanceRetries")
    workflow.tolerable_failures = uint(wanted, "maxTolerableInstanceFailures")
    workflow.start_paused, workflow.in_place = flag(wanted, "startPaused"), flag(wanted, "inPlace")
    workflow.start_pods = flag(wanted, "startPods")
    workflow.added, workflow.removed, workflow.updated_instances = tuple(added), tuple(removed), tuple(updated)
    workflow.todo = sorted([*added, *updated]) + removed
    rollout.attach(call.fleet.world, job, workflow)
    return version_of(job)


def _workflow(call: Call, kind: WorkflowType, job: Job) -> Workflow:
    now = call.fleet.world.now
    workflow = Workflow(kind, now, now, job.config - 1, job.config)
    workflow.opaque = text(part(call.body, "opaqueData"), "data")
    return workflow


def restart_job(call: Call) -> Message:
    """In the newer shape with `restartSpec`, or flat as in the older one."""
    job = job_for_write(call)
    current = job.workflow
    if current is not None and not current.ended:
        raise invalid(f"workflow RESTART cannot overwrite workflow {current.type}")
    wanted = part(call.body, "restartSpec") or call.body
    ranges = [(uint(each, "from"), uint(each, "to")) for each in parts(wanted, "ranges")]
    count = job.spec.instances
    chosen = (
        sorted({at for low, high in ranges for at in range(low, min(high, count))})
        if ranges
        else list(range(count))
    )
    job.config += 1
    job.specs[job.config], job.fates[job.config] = job.specs[job.config - 1], job.fates[job.config - 1]
    jobs.revive(job)
    workflow = _workflow(call, WorkflowType.RESTART, job)
    workflow.batch, workflow.ranges, workflow.in_place = (
        uint(wanted, "batchSize"),
        tuple(ranges),
        flag(wanted, "inPlace"),
    )
    workflow.todo, workflow.updated_instances = list(chosen), tuple(chosen)
    rollout.attach(call.fleet.world, job, workflow)
    return version_of(job)


def _steer(act: Callable[[World, Job, Workflow], None]) -> Callable[[Call], Message]:
    """Pause, resume or abort; each raises the version, also where it changes nothing."""

    def handle(call: Call) -> Message:
        job = job_for_write(call)
        if job.workflow is None:
            raise not_found("no workflow found")
        act(call.fleet.world, job, job.workflow)
        call.fleet.world.tell(job)
        return version_of(job)

    return handle


def list_workflows(call: Call) -> Message:
    """Newest first; `ListJobUpdates` in the older API, with fewer fields in the request."""
    job_id = value_of(call.body, "jobId")
    if not job_id:
        raise invalid("no job id provided")
    workflows = list(reversed(job_for_read(call).workflows))
    most = uint(call.body, "updatesLimit")
    events, limit = flag(call.body, "instanceEvents"), uint(call.body, "instanceEventsLimit")
    return {
        "workflowInfos": [
            mock_render.workflow_info(call, workflow, instance_events=events, limit=limit)
            for workflow in (workflows[:most] if most else workflows)
        ]
    }


def workflow_events(call: Call) -> Message:
    check_uuid(value_of(call.body, "jobId"))
    workflow = job_for_read(call).workflow
    if workflow is None:
        raise RpcError("unavailable", "job runtime does not have workflow")
    instance, limit = uint(call.body, "instanceId"), uint(call.body, "limit")
    return {"events": mock_render.workflow_events(call, workflow, instance, limit)}


def replace_diff(call: Call) -> Message:
    job = job_for_read(call)
    if value_of(call.body, "version") != job.version:
        raise RpcError("aborted", "unexpected entity version")
    spec = mock_spec.parse(part(call.body, "spec"))
    added, removed, updated, unchanged = _changes(job, spec)
    return {
        "instancesAdded": mock_render.ranges(added),
        "instancesRemoved": mock_render.ranges(removed),
        "instancesUpdated": mock_render.ranges(updated),
        "instancesUnchanged": mock_render.ranges(unchanged),
    }


METHODS = {
    "CreateJob": create_job,
    "ReplaceJob": replace_job,
    "RestartJob": restart_job,
    "PauseJobWorkflow": _steer(rollout.pause),
    "ResumeJobWorkflow": _steer(rollout.resume),
    "AbortJobWorkflow": _steer(rollout.abort),
    "ListJobWorkflows": list_workflows,
    "ListJobUpdates": list_workflows,
    "GetWorkflowEvents": workflow_events,
    "GetReplaceJobDiff": replace_diff,
}
