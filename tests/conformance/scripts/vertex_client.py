"""Drives the mock with google-cloud-aiplatform and google-cloud-logging and prints what they saw."""

from __future__ import annotations

import json
import sys
import urllib.request
import warnings
from collections.abc import Callable
from typing import Any

warnings.simplefilter("ignore")

from google.api_core import exceptions  # type: ignore[import-not-found]  # noqa: E402
from google.cloud import aiplatform, aiplatform_v1, logging_v2  # type: ignore[import-not-found]  # noqa: E402
from google.cloud.aiplatform_v1.types import JobState  # type: ignore[import-not-found]  # noqa: E402
from google.oauth2.credentials import Credentials  # type: ignore[import-not-found]  # noqa: E402

PROJECT, NUMBER, REGION = "atlas-ml", "418350217094", "us-central1"
PARENT = f"projects/{PROJECT}/locations/{REGION}"


class Renewing(Credentials):  # type: ignore[misc]
    """A literal token whose renewal changes nothing."""

    def refresh(self, request: Any) -> None:
        pass


def advance(url: str, seconds: float) -> None:
    request = urllib.request.Request(f"{url}/_mock/advance?seconds={seconds}", method="POST")
    urllib.request.urlopen(request).read()


def client(url: str, token: str) -> Any:
    return aiplatform_v1.JobServiceClient(
        transport="rest", credentials=Renewing(token), client_options={"api_endpoint": url}
    )


def refusal(call: Callable[..., Any], **named: Any) -> list[str]:
    """The class and the message of a call that must fail."""
    try:
        call(**named)
    except exceptions.GoogleAPICallError as error:
        return [type(error).__name__, error.message]
    return ["not refused", ""]


def listed(jobs: Any, **named: Any) -> list[Any]:
    return list(jobs.list_custom_jobs(request={"parent": PARENT, **named}))


def lists(jobs: Any) -> dict[str, Any]:
    every = listed(jobs, page_size=7)
    masked = listed(jobs, page_size=5, filter='state="JOB_STATE_FAILED"', read_mask="name,displayName")
    since = every[9].create_time.isoformat()
    wild = every[0].display_name[:6]
    return {
        "names": [job.name for job in every],
        "created": [job.create_time.timestamp() for job in every],
        "states": sorted({job.state.name for job in every}),
        "failed": [[job.name, job.state.value, job.display_name] for job in masked],
        "and": [
            job.state.name
            for job in listed(jobs, filter='state="JOB_STATE_RUNNING" AND display_name:"*" AND NOT labels.nope:*')
        ],
        "or": sorted(
            {job.state.name for job in listed(jobs, filter='state="JOB_STATE_PAUSED" OR state="JOB_STATE_QUEUED"')}
        ),
        "since": len(listed(jobs, filter=f'create_time>="{since}"')),
        "wild": [wild, *(job.display_name for job in listed(jobs, filter=f'display_name:"{wild}*"'))],
        "label": [job.labels["owner"] for job in listed(jobs, filter="labels.owner=ci")],
        "camel": refusal(jobs.list_custom_jobs, request={"parent": PARENT, "filter": 'displayName="x"'}),
        "elsewhere": refusal(jobs.list_custom_jobs, request={"parent": f"projects/other/locations/{REGION}"}),
    }


def details(jobs: Any) -> dict[str, Any]:
    found = [jobs.get_custom_job(name=job.name) for job in listed(jobs)]
    failed = next(job for job in found if job.state == JobState.JOB_STATE_FAILED)
    cancelled = next(job for job in found if job.state == JobState.JOB_STATE_CANCELLED)
    empty = next(job for job in found if any(not pool.replica_count for pool in job.job_spec.worker_pool_specs))
    gpus = next(job for job in found if "8xh100" in job.display_name)
    machine = gpus.job_spec.worker_pool_specs[0].machine_spec
    return {
        "failed": [failed.error.code, failed.error.message],
        "cancelled": cancelled.error.code,
        "replicas": [pool.replica_count for pool in empty.job_spec.worker_pool_specs],
        "machine": [machine.machine_type, machine.accelerator_type.name, machine.accelerator_count],
        "timeout": gpus.job_spec.scheduling.timeout.total_seconds(),
        "shells": [sorted(job.web_access_uris) for job in found if job.web_access_uris][:1],
        "missing": refusal(jobs.get_custom_job, name=f"{PARENT}/customJobs/777"),
    }


def spec(**pool: Any) -> dict[str, Any]:
    machine = {"machine_type": "n1-standard-8", "accelerator_type": "NVIDIA_TESLA_T4", "accelerator_count": 2}
    primary = {
        "machine_spec": machine,
        "replica_count": 1,
        "container_spec": {"image_uri": "gcr.io/x/train:1", "args": ["--epochs=3"]},
        **pool,
    }
    return {
        "worker_pool_specs": [primary, {}, {**primary, "replica_count": 3}],
        "scheduling": {"timeout": {"seconds": 604800}, "strategy": "SPOT"},
    }


def actions(jobs: Any, url: str) -> dict[str, Any]:
    made = jobs.create_custom_job(parent=PARENT, custom_job={"display_name": "by the client", "job_spec": spec()})
    again = jobs.get_custom_job(name=made.name)
    jobs.cancel_custom_job(name=made.name)
    cancelling = jobs.get_custom_job(name=made.name).state.name
    live = refusal(jobs.delete_custom_job, name=made.name)
    advance(url, 60)
    ended = jobs.get_custom_job(name=made.name)
    operation = jobs.delete_custom_job(name=made.name)
    result = type(operation.result(timeout=30)).__name__
    done = next(job for job in listed(jobs) if job.state == JobState.JOB_STATE_SUCCEEDED)
    return {
        "made": [made.name.split("/")[1], made.state.name, made.display_name],
        "spec": [
            [pool.replica_count, pool.machine_spec.accelerator_type.name]
            for pool in again.job_spec.worker_pool_specs
        ],
        "strategy": again.job_spec.scheduling.strategy.name,
        "cancelling": cancelling,
        "delete live": live,
        "ended": [ended.state.name, ended.error.code, bool(ended.end_time), bool(ended.start_time)],
        "deleted": [result, operation.done(), operation.operation.name],
        "operations": len(jobs.list_operations(request={"name": PARENT}).operations),
        "gone": refusal(jobs.get_custom_job, name=made.name),
        "cancel ended": refusal(jobs.cancel_custom_job, name=done.name),
        "nameless": refusal(jobs.create_custom_job, parent=PARENT, custom_job={"job_spec": spec()}),
        "locations": [
            each.location_id for each in jobs.list_locations(request={"name": f"projects/{PROJECT}"}).locations
        ],
    }


def sdk(url: str, token: str) -> dict[str, Any]:
    """The high-level client: names by number, and an operation that it waits for."""
    aiplatform.init(
        project=PROJECT,
        location=REGION,
        credentials=Renewing(token),
        api_endpoint=url,
        api_transport="rest",
        staging_bucket="gs://staging",
    )
    jobs = aiplatform.CustomJob.list(filter='state="JOB_STATE_SUCCEEDED"', order_by="create_time desc")
    one = aiplatform.CustomJob.get(jobs[0].name)
    pool = {
        "machine_spec": {"machine_type": "n1-standard-4"},
        "replica_count": 1,
        "container_spec": {"image_uri": "gcr.io/x/y"},
    }
    made = aiplatform.CustomJob(display_name="submitted", worker_pool_specs=[pool])
    made.submit(enable_web_access=True, service_account="me@atlas-ml.iam.gserviceaccount.com", timeout=3600)
    before = made.state.name
    advance(url, 120)
    made._sync_gca_resource()
    shells = dict(made.web_access_uris)
    made.cancel()
    advance(url, 60)
    after = made.state.name
    made.delete()
    return {
        "listed": [len(jobs), {job.state.name for job in jobs} == {"JOB_STATE_SUCCEEDED"}],
        "one": [one.resource_name, one.display_name == jobs[0].display_name],
        "submitted": [before, after],
        "shells": list(shells),
        "gone": refusal(aiplatform.CustomJob.get, resource_name=made.resource_name),
    }


def logs(url: str, token: str, jobs: Any) -> dict[str, Any]:
    reader = logging_v2.Client(
        project=PROJECT, credentials=Renewing(token), _use_grpc=False, client_options={"api_endpoint": url}
    )
    job = next(job for job in listed(jobs) if job.state == JobState.JOB_STATE_RUNNING)
    native = job.name.rpartition("/")[2]
    base = f'resource.type="ml_job" AND resource.labels.job_id="{native}" AND timestamp>="2026-01-01T00:00:00Z"'
    every = list(reader.list_entries(filter_=base, page_size=40))
    newest = list(reader.list_entries(filter_=base, order_by="timestamp desc", page_size=1000))
    node = list(reader.list_entries(filter_=f'{base} AND resource.labels.task_name="workerpool0-0"'))
    return {
        "ids": [entry.insert_id for entry in every],
        "times": [entry.timestamp.timestamp() for entry in every],
        "reversed": [entry.insert_id for entry in newest][::-1] == [entry.insert_id for entry in every],
        "tasks": sorted({entry.resource.labels["task_name"] for entry in every}),
        "node": [len(node), {entry.resource.labels["task_name"] for entry in node} == {"workerpool0-0"}],
        "payloads": [type(entry).__name__ for entry in every[:1]],
        "errors": refusal(lambda: list(reader.list_entries(filter_=f"{base} AND (", page_size=5))),
    }


def main() -> None:
    url, token = sys.argv[1:]
    jobs = client(url, token)
    seen = {
        "lists": lists(jobs),
        "details": details(jobs),
        "actions": actions(jobs, url),
        "logs": logs(url, token, jobs),
        "sdk": sdk(url, token),
        "unauthorised": refusal(client(url, "wrong").list_custom_jobs, parent=PARENT),
    }
    print(json.dumps(seen))


if __name__ == "__main__":
    main()
