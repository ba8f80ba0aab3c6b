"""JobService: reading jobs and their pods, and steering whole jobs."""

from __future__ import annotations

import uuid

from adapters.mock.fleet import jobs
from adapters.mock.fleet.model import Job
from adapters.mock.fleet.states import JobState
from adapters.peloton import mock_query, mock_render
from adapters.peloton.mock_wire import Call, Message, aborted, flag, invalid, not_found, part, text, value_of, wrap


def job_for_read(call: Call, what: str = "job runtime") -> Job:
    """The job of `jobId`. Raises not-found."""
    job_id = value_of(call.body, "jobId")
    job = call.fleet.find(job_id)
    if job is None:
        raise not_found(f"fail to get {what}: code:not-found message:Job runtime not found {job_id}")
    return job


def job_for_write(call: Call, *, versioned: bool = True) -> Job:
    """The job to change, if the whole entity version in the request is its present one."""
    job_for_read(call)
    job = call.fleet.claim(value_of(call.body, "jobId"))
    assert job is not None
    if versioned:
        check_version(call, job)
    return job


def check_version(call: Call, job: Job) -> None:
    if value_of(call.body, "version") != job.version:
        raise aborted("unexpected entity version")


def version_of(job: Job) -> Message:
    return {"version": wrap(job.version)}


def get_job(call: Call) -> Message:
    job = job_for_read(call)
    if flag(call.body, "summaryOnly"):
        return {"summary": mock_render.job_summary(call, job)}
    asked = value_of(call.body, "version")
    if asked:
        spec = mock_render.job_spec(call, job, _config_of(asked, job))
        return {"jobInfo": {"jobId": wrap(job.id), "spec": spec}}
    workflow = job.workflow
    info = {
        "jobId": wrap(job.id),
        "spec": mock_render.job_spec(call, job),
        "status": mock_render.job_status(call, job),
    }
    return {
        "jobInfo": info,
        "secrets": [{"secretId": secret.get("secretId"), "path": secret.get("path")} for secret in job.secrets],
        "workflowInfo": mock_render.workflow_info(call, workflow) if workflow else None,
    }


def _config_of(entity_version: str, job: Job) -> int:
    parts = entity_version.split("-")
    if len(parts) != 3 or not all(each.isascii() and each.isdigit() for each in parts):
        raise invalid("entityVersion has wrong format")
    number = int(parts[0])
    if number not in job.specs:
        raise not_found(f"job config not found: job {job.id} version {number}")
    return number


def start_job(call: Call) -> Message:
    job = job_for_write(call)
    jobs.start(call.fleet.world, job)
    return version_of(job)


def stop_job(call: Call) -> Message:
    job = job_for_write(call)
    workflow = job.workflow
    if workflow is not None and not workflow.ended and workflow.start_pods:
        raise aborted("job is being updated with start_pods, cannot be stopped")
    jobs.stop(call.fleet.world, job)
    return version_of(job)


def delete_job(call: Call) -> Message:
    job = job_for_write(call)
    if job.state is not JobState.KILLED and not flag(call.body, "force"):
        raise aborted("job is not stopped")
    jobs.stop(call.fleet.world, job, JobState.DELETED)
    return {}


def ids_by_name(call: Call) -> Message:
    found = call.fleet.ids_by_name(text(call.body, "jobName"))
    if not found:
        raise not_found(f"job id for job name not found: {text(call.body, 'jobName')}")
    return {"jobId": [wrap(job_id) for job_id in found]}


def refresh_job(call: Call) -> Message:
    job_for_read(call)
    return {}


def get_job_cache(call: Call) -> Message:
    """Only what the job manager works on is in its cache: jobs that have not ended."""
    job_id = value_of(call.body, "jobId")
    job = call.fleet.world.jobs.get(job_id)
    if job is None or job.ended:
        raise not_found("job not found in cache")
    return {"spec": mock_render.job_spec(call, job), "status": mock_render.job_status(call, job)}


def check_uuid(text_of_id: str) -> None:
    try:
        uuid.UUID(text_of_id)
    except ValueError:
        raise invalid("jobID is not valid UUID") from None


def unsupported_patch(call: Call) -> Message:
    """A stub in the real server too: it answers, and does nothing."""
    part(call.body, "spec")
    return {}


METHODS = {
    "GetJob": get_job,
    "StartJob": start_job,
    "StopJob": stop_job,
    "DeleteJob": delete_job,
    "GetJobIDFromJobName": ids_by_name,
    "RefreshJob": refresh_job,
    "GetJobCache": get_job_cache,
    "PatchJob": unsupported_patch,
    "QueryJobs": mock_query.query_jobs,
    "QueryPods": mock_query.query_pods,
}
