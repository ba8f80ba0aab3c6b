"""DataBiosphere Job Manager: every operation of its definition."""

from __future__ import annotations

import json
from typing import Any

from adapters.model import ENDED, Kind, State, Task
from adapters.port import Query
from tests.contract.every.drive import Drive, drives


@drives("jobmanager.GetCapabilities")
async def get_capabilities(drive: Drive) -> None:
    told = await drive.call("GetCapabilities")
    shown = {field["field"] for field in told["displayFields"]}
    fields = (await drive.adapter.describe()).kinds[Kind.RUN].fields
    assert {
        f"labels.{field.id.removeprefix('label.')}" for field in fields if field.id.startswith("label.")
    } <= shown


@drives("jobmanager.QueryJobs")
async def query_jobs(drive: Drive) -> None:
    first = await drive.call("QueryJobs", pageSize=7)
    second = await drive.call("QueryJobs", pageSize=7, pageToken=first["nextPageToken"])
    ids = [job["id"] for page in (first, second) for job in page["results"]]
    rows = {row.ref.id: row for row in await drive.rows(Kind.RUN)}
    assert len(set(ids)) == 14
    assert set(ids) <= set(rows)
    failed = await drive.call("QueryJobs", status=["Failed"], pageSize=100)
    assert {job["id"] for job in failed["results"]} == {k for k, row in rows.items() if row.state is State.FAILED}


@drives("jobmanager.GetJob")
async def get_job(drive: Drive) -> None:
    row = await drive.one(Kind.RUN, State.FAILED)
    job = await drive.call("GetJob", id=row.ref.id)
    assert (job["id"], job["name"], job["status"]) == (row.ref.id, row.name, row.native_state)
    assert job["failures"]
    assert job["extensions"]["tasks"]


@drives("jobmanager.AbortJob")
async def abort_job(drive: Drive) -> None:
    row = await drive.one(Kind.RUN, State.RUNNING)
    assert await drive.call("AbortJob", id=row.ref.id) is None
    assert (await drive.adapter.get(row.ref)).state is State.ABORTING
    drive.cluster.clock.advance(600)
    assert (await drive.adapter.get(row.ref)).state is State.ABORTED


@drives("jobmanager.UpdateJobLabels")
async def update_job_labels(drive: Drive) -> None:
    row = await drive.one(Kind.RUN, State.SUCCEEDED)
    told = await drive.call("UpdateJobLabels", id=row.ref.id, labels={"comment": "kept for the audit"})
    again = await drive.adapter.get(row.ref)
    assert told["labels"] == dict(again.labels)
    assert dict(again.labels) == {**row.labels, "comment": "kept for the audit"}


@drives("jobmanager.GetTaskAttempts")
async def get_task_attempts(drive: Drive) -> None:
    task = await _task(drive, attempts=2)
    job, name = task.ref.id.split("/")
    tried = (await drive.call("GetTaskAttempts", id=job, task=name))["attempts"]
    assert [each["attemptNumber"] for each in tried] == [1, 2]
    assert all("executionStatus" in each for each in tried)


@drives("jobmanager.GetShardAttempts")
async def get_shard_attempts(drive: Drive) -> None:
    shard = await _task(drive, shard=True)
    job, name, index = shard.ref.id.split("/")
    tried = (await drive.call("GetShardAttempts", id=job, task=name, index=index))["attempts"]
    assert len(tried) == shard.attempt
    assert (await drive.call("GetShardAttempts", id=job, task=name, index="4711"))["attempts"] == []


@drives("jobmanager.GetOperationDetails")
async def get_operation_details(drive: Drive) -> None:
    task = await _task(drive, attempts=1)
    operation = task.extra["operation_id"]
    told = await drive.call("GetOperationDetails", job=task.ref.id.split("/")[0], operation=operation)
    assert json.loads(told["details"])["name"] == operation


@drives("jobmanager.TailFileContents")
async def tail_file_contents(drive: Drive) -> None:
    task = await _task(drive, attempts=1)
    bucket, _, name = str(task.extra["backend_log"]).removeprefix("gs://").partition("/")
    told = await drive.call("TailFileContents", bucket=bucket, object=name)
    source = (await drive.adapter.log_sources(task.ref))[0]
    assert told["contents"].encode() == (await drive.adapter.read_log(source)).data
    assert told["truncated"] is False


@drives("jobmanager.GetJobAggregations")
async def get_job_aggregations(drive: Drive) -> None:
    told = await drive.call("GetJobAggregations", timeFrame="ALL_TIME")
    counts: dict[str, int] = {}
    for row in await drive.rows(Kind.RUN):
        counts[row.native_state] = counts.get(row.native_state, 0) + 1
    assert _counts(told["summary"]) == counts
    by_name = next(each for each in told["aggregations"] if each["key"] == "name")
    assert sum(sum(_counts(entry["statusCounts"]).values()) for entry in by_name["entries"]) == sum(counts.values())


@drives("jobmanager.Health")
async def health(drive: Drive) -> None:
    assert await drive.call("Health") == {"available": True}
    assert (await drive.adapter.health()).ok


def _counts(of: dict[str, Any]) -> dict[str, int]:
    return {each["status"]: each["count"] for each in of["counts"]}


async def _task(drive: Drive, *, attempts: int | None = None, shard: bool = False) -> Task:
    """A task, or a shard, of any job that has ended and left a log."""
    for run in await drive.rows(Kind.RUN):
        for task in (await drive.adapter.list(Kind.TASK, Query(parent=run.ref), limit=100)).items:
            assert isinstance(task, Task)
            wanted = (task.ref.id.count("/") == 2) == shard and attempts in (None, task.attempt)
            if wanted and task.extra["backend_log"] and task.state in ENDED:
                return task
    raise AssertionError("no such task")
