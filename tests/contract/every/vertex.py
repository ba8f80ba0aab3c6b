"""Vertex AI: every method of its JobService for custom jobs."""

from __future__ import annotations

import pytest

from adapters.errors import NotFound
from adapters.model import Json, Kind, State
from tests.contract.every.drive import Drive, drives


@drives("vertex.CreateCustomJob")
async def create_custom_job(drive: Drive) -> None:
    like = await drive.call("GetCustomJob", name=(await drive.one(Kind.RUN, State.SUCCEEDED)).ref.id)
    job = {"displayName": "made by hand", "jobSpec": like["jobSpec"], "labels": {"owner": "mei"}}
    made = await drive.call("CreateCustomJob", custom_job=job)
    again = await drive.call("GetCustomJob", name=made["name"])
    assert (again["displayName"], again["labels"]) == ("made by hand", {"owner": "mei"})
    assert again["jobSpec"] == like["jobSpec"]
    assert again["name"] != like["name"]


@drives("vertex.GetCustomJob")
async def get_custom_job(drive: Drive) -> None:
    row = await drive.one(Kind.RUN, State.FAILED)
    job = await drive.call("GetCustomJob", name=row.ref.id)
    assert job["name"].endswith(f"/customJobs/{row.ref.id}")
    assert (job["displayName"], job["state"]) == (row.name, row.native_state)


@drives("vertex.ListCustomJobs")
async def list_custom_jobs(drive: Drive) -> None:
    asked: dict[str, Json] = {"filter": 'state="JOB_STATE_FAILED"', "page_size": 3, "read_mask": "name,state"}
    first = await drive.call("ListCustomJobs", **asked)
    second = await drive.call("ListCustomJobs", **asked, page_token=first["nextPageToken"])
    jobs = [job for page in (first, second) for job in page["customJobs"]]
    assert len({job["name"] for job in jobs}) == len(jobs) == 6
    assert all(set(job) == {"name", "state"} and job["state"] == "JOB_STATE_FAILED" for job in jobs)


@drives("vertex.CancelCustomJob")
async def cancel_custom_job(drive: Drive) -> None:
    row = await drive.one(Kind.RUN, State.RUNNING)
    assert await drive.call("CancelCustomJob", name=row.ref.id) == {}
    assert (await drive.adapter.get(row.ref)).state is State.ABORTING
    drive.cluster.clock.advance(60)
    assert (await drive.adapter.get(row.ref)).native_state == "JOB_STATE_CANCELLED"


@drives("vertex.DeleteCustomJob")
async def delete_custom_job(drive: Drive) -> None:
    row = await drive.one(Kind.RUN, State.ABORTED)
    operation = await drive.call("DeleteCustomJob", name=row.ref.id)
    done = await drive.call("WaitOperation", name=operation["name"])
    assert done["done"] is True
    with pytest.raises(NotFound):
        await drive.adapter.get(row.ref)
