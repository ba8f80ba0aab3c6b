"""Peloton: jobs, pods, hosts, pools and volumes."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from adapters.errors import NotFound, Unavailable
from adapters.model import ENDED, Json, Kind, Resource, State
from adapters.port import Query
from tests.contract.every.drive import Drive, drives


async def version(drive: Drive, job: str) -> str:
    return str((await read(drive, job))["jobInfo"]["status"]["version"]["value"])


async def read(drive: Drive, job: str) -> Any:
    return await drive.call("GetJob", jobId=job)


async def running(drive: Drive) -> Resource:
    """A running job that no update is changing."""
    for row in await drive.rows(Kind.RUN):
        if row.state is State.RUNNING and await workflow(drive, row.ref.id) in ("", "SUCCEEDED", "ABORTED"):
            return row
    raise AssertionError("no running job is at rest")


async def workflow(drive: Drive, job: str) -> str:
    found = (await read(drive, job)).get("workflowInfo") or {}
    return str(found.get("status", {}).get("state", "")).removeprefix("WORKFLOW_STATE_")


async def pod_of(drive: Drive, *states: State) -> Resource:
    for run in await drive.rows(Kind.RUN):
        for pod in await drive.rows(Kind.POD, Query(parent=run.ref)) if run.state is State.RUNNING else []:
            if pod.state in states:
                return pod
    raise AssertionError(f"no pod is {states}")


async def restarted(drive: Drive) -> str:
    """A job that a restart is rolling over."""
    job = (await running(drive)).ref.id
    await drive.call("RestartJob", jobId=job, version=await version(drive, job), restartSpec={"batchSize": 1})
    return job


@drives("peloton.GetJob")
async def get_job(drive: Drive) -> None:
    row = await running(drive)
    answer = await drive.call("GetJob", jobId=row.ref.id, summaryOnly=True)
    assert list(answer) == ["summary"]
    assert answer["summary"]["name"] == row.name


@drives("peloton.GetJobIDFromJobName")
async def job_ids(drive: Drive) -> None:
    row = await running(drive)
    answer = await drive.call("GetJobIDFromJobName", jobName=row.name)
    assert {"value": row.ref.id} in answer["jobId"]


@drives("peloton.QueryJobs")
async def query_jobs(drive: Drive) -> None:
    wanted: dict[str, Json] = {"jobStates": ["JOB_STATE_RUNNING"], "pagination": {"limit": 50}}
    answer = await drive.call("QueryJobs", spec=wanted)
    assert answer["records"]
    assert {record["status"]["state"] for record in answer["records"]} == {"JOB_STATE_RUNNING"}


@drives("peloton.GetJobCache")
async def job_cache(drive: Drive) -> None:
    answer = await drive.call("GetJobCache", jobId=(await running(drive)).ref.id)
    assert answer["status"]["state"] == "JOB_STATE_RUNNING"


@drives("peloton.QueryPods")
async def query_pods(drive: Drive) -> None:
    row = await running(drive)
    answer = await drive.call("QueryPods", jobId=row.ref.id, spec={"pagination": {"limit": 3}})
    assert 0 < len(answer["pods"]) <= 3


@drives("peloton.GetWorkflowEvents")
async def workflow_events(drive: Drive) -> None:
    job = await restarted(drive)
    drive.cluster.clock.advance(120)
    answer = await drive.call("GetWorkflowEvents", jobId=job, instanceId=0, limit=5)
    assert answer["events"][0]["state"].startswith("WORKFLOW_STATE_")


@drives("peloton.ListJobUpdates")
async def job_updates(drive: Drive) -> None:
    answer = await drive.call("ListJobUpdates", jobId=await restarted(drive))
    assert answer["workflowInfos"][0]["status"]["type"] == "WORKFLOW_TYPE_RESTART"


@drives("peloton.GetReplaceJobDiff")
async def replace_diff(drive: Drive) -> None:
    job = (await running(drive)).ref.id
    spec = (await read(drive, job))["jobInfo"]["spec"]
    count = spec["instanceCount"]
    more = {**spec, "instanceCount": count + 2}
    answer = await drive.call("GetReplaceJobDiff", jobId=job, version=await version(drive, job), spec=more)
    assert answer["instancesAdded"] == [{"from": count, "to": count + 2}]
    assert await version(drive, job) == (await read(drive, job))["jobInfo"]["status"]["version"]["value"]


@drives("peloton.CreateJob")
async def create_job(drive: Drive) -> None:
    spec = (await read(drive, (await running(drive)).ref.id))["jobInfo"]["spec"]
    made = await drive.call("CreateJob", spec={**spec, "name": "made-by-hand", "instanceCount": 1})
    job = made["jobId"]["value"]
    assert (await read(drive, job))["jobInfo"]["spec"]["name"] == "made-by-hand"
    assert job in {row.ref.id for row in await drive.rows(Kind.RUN)}


@drives("peloton.ReplaceJob")
async def replace_job(drive: Drive) -> None:
    job = (await running(drive)).ref.id
    spec = (await read(drive, job))["jobInfo"]["spec"]
    count = spec["instanceCount"] + 1
    before = await version(drive, job)
    new = {**spec, "instanceCount": count}
    answer = await drive.call("ReplaceJob", jobId=job, version=before, spec=new, updateSpec={"batchSize": 1})
    now = await read(drive, job)
    assert now["jobInfo"]["spec"]["instanceCount"] == count
    assert answer["version"] == now["jobInfo"]["status"]["version"] != {"value": before}


@drives("peloton.PatchJob")
async def patch_job(drive: Drive) -> None:
    """A stub in the servers: it answers, and changes nothing."""
    job = (await running(drive)).ref.id
    before = await version(drive, job)
    assert await drive.call("PatchJob", jobId=job, version=before, spec={"description": "other"}) == {}
    assert await version(drive, job) == before


@drives("peloton.RestartJob")
async def restart_job(drive: Drive) -> None:
    job = await restarted(drive)
    assert await workflow(drive, job) in ("ROLLING_FORWARD", "INITIALIZED")


@drives("peloton.PauseJobWorkflow")
async def pause(drive: Drive) -> None:
    job = await restarted(drive)
    await drive.call("PauseJobWorkflow", jobId=job, version=await version(drive, job))
    assert await workflow(drive, job) == "PAUSED"


@drives("peloton.ResumeJobWorkflow")
async def resume(drive: Drive) -> None:
    job = await restarted(drive)
    await drive.call("PauseJobWorkflow", jobId=job, version=await version(drive, job))
    await drive.call("ResumeJobWorkflow", jobId=job, version=await version(drive, job))
    assert await workflow(drive, job) in ("ROLLING_FORWARD", "INITIALIZED")


@drives("peloton.AbortJobWorkflow")
async def abort(drive: Drive) -> None:
    job = await restarted(drive)
    await drive.call("AbortJobWorkflow", jobId=job, version=await version(drive, job))
    assert await workflow(drive, job) == "ABORTED"


@drives("peloton.StopJob")
async def stop_job(drive: Drive) -> None:
    row = await running(drive)
    await drive.call("StopJob", jobId=row.ref.id, version=await version(drive, row.ref.id))
    assert (await drive.adapter.get(row.ref)).state in (State.ABORTING, State.ABORTED)
    drive.cluster.clock.advance(600)
    assert (await drive.adapter.get(row.ref)).state is State.ABORTED


@drives("peloton.StartJob")
async def start_job(drive: Drive) -> None:
    row = await drive.one(Kind.RUN, State.ABORTED)
    await drive.call("StartJob", jobId=row.ref.id, version=await version(drive, row.ref.id))
    assert (await drive.adapter.get(row.ref)).state not in ENDED


@drives("peloton.DeleteJob")
async def delete_job(drive: Drive) -> None:
    row = await drive.one(Kind.RUN, State.ABORTED)
    await drive.call("DeleteJob", jobId=row.ref.id, version=await version(drive, row.ref.id))
    drive.cluster.clock.advance(600)
    with pytest.raises(NotFound):
        await drive.adapter.get(row.ref)


@drives("peloton.RefreshJob")
async def refresh_job(drive: Drive) -> None:
    row = await running(drive)
    assert await drive.call("RefreshJob", jobId=row.ref.id) == {}
    assert (await drive.adapter.get(row.ref)).version == row.version


@drives("peloton.GetPod")
async def get_pod(drive: Drive) -> None:
    pod = await pod_of(drive, State.RUNNING)
    answer = await drive.call("GetPod", podName=pod.ref.id, limit=1)
    assert answer["current"]["spec"]["podName"]["value"] == pod.ref.id


@drives("peloton.GetPodEvents")
async def pod_events(drive: Drive) -> None:
    pod = await pod_of(drive, State.RUNNING)
    answer = await drive.call("GetPodEvents", podName=pod.ref.id)
    assert answer["events"][0]["actualState"] == pod.native_state


@drives("peloton.GetPodCache")
async def pod_cache(drive: Drive) -> None:
    pod = await pod_of(drive, State.RUNNING)
    assert (await drive.call("GetPodCache", podName=pod.ref.id))["status"]["state"] == pod.native_state


@drives("peloton.BrowsePodSandbox")
async def browse(drive: Drive) -> None:
    pod = await pod_of(drive, State.RUNNING)
    assert (await drive.call("BrowsePodSandbox", podName=pod.ref.id))["paths"]


@drives("peloton.StopPod")
async def stop_pod(drive: Drive) -> None:
    pod = await pod_of(drive, State.RUNNING)
    await drive.call("StopPod", podName=pod.ref.id)
    drive.cluster.clock.advance(300)
    assert (await drive.adapter.get(pod.ref)).state is State.ABORTED


@drives("peloton.StartPod")
async def start_pod(drive: Drive) -> None:
    pod = await pod_of(drive, State.RUNNING)
    await drive.call("StopPod", podName=pod.ref.id)
    drive.cluster.clock.advance(300)
    await drive.call("StartPod", podName=pod.ref.id)
    assert (await drive.adapter.get(pod.ref)).state not in ENDED


@drives("peloton.RestartPod")
async def restart_pod(drive: Drive) -> None:
    pod = await pod_of(drive, State.RUNNING)
    await drive.call("RestartPod", podName=pod.ref.id, checkSla=False)
    drive.cluster.clock.advance(300)
    again = await drive.adapter.get(pod.ref)
    assert isinstance(again, type(pod))
    assert again.extra["pod_id"] != pod.extra["pod_id"]


@drives("peloton.RefreshPod")
async def refresh_pod(drive: Drive) -> None:
    pod = await pod_of(drive, State.RUNNING)
    assert await drive.call("RefreshPod", podName=pod.ref.id) == {}


@drives("peloton.DeletePodEvents")
async def delete_events(drive: Drive) -> None:
    pod = await pod_of(drive, State.RUNNING)
    pod_id = pod.extra["pod_id"]
    await drive.call("DeletePodEvents", podName=pod.ref.id, podId=pod_id)
    assert not (await drive.call("GetPodEvents", podName=pod.ref.id, podId=pod_id)).get("events")


@drives("peloton.QueryHosts")
async def query_hosts(drive: Drive) -> None:
    answer = await drive.call("QueryHosts", hostStates=["HOST_STATE_UP"])
    up = {row.ref.id for row in await drive.rows(Kind.HOST) if row.state is State.UP}
    assert {info["hostname"] for info in answer["hostInfos"]} == up


@drives("peloton.StartMaintenance")
async def drain(drive: Drive) -> None:
    host = await drive.one(Kind.HOST, State.UP)
    await drive.call("StartMaintenance", hostnames=[host.ref.id])
    assert (await drive.adapter.get(host.ref)).state is not State.UP


@drives("peloton.CompleteMaintenance")
async def undrain(drive: Drive) -> None:
    host = await drive.one(Kind.HOST, State.DOWN)
    await drive.call("CompleteMaintenance", hostname=host.ref.id)
    assert (await drive.adapter.get(host.ref)).state is State.UP


@drives("peloton.QueryResourcePools")
async def query_pools(drive: Drive) -> None:
    answer = await drive.call("QueryResourcePools")
    ids = {info["respoolId"]["value"] for info in answer["respools"]}
    assert {row.ref.id for row in await drive.rows(Kind.POOL)} <= ids


async def leaf(drive: Drive) -> Any:
    """A pool that holds none, as the server tells it."""
    answer = await drive.call("QueryResourcePools")
    parents = {info.get("parent", {}).get("value") for info in answer["respools"]}
    return next(info for info in answer["respools"] if info["respoolId"]["value"] not in parents)


async def new_pool(drive: Drive) -> tuple[str, Any]:
    parent = (await leaf(drive))["parent"]
    spec = {
        "name": "by-hand",
        "parent": parent,
        "owningTeam": "ml",
        "resources": [{"kind": "cpu", "reservation": 0, "limit": 1, "share": 1}],
    }
    return (await drive.call("CreateResourcePool", spec=spec))["respoolId"]["value"], spec


@drives("peloton.GetResourcePool")
async def get_pool(drive: Drive) -> None:
    parent = (await leaf(drive))["parent"]["value"]
    answer = await drive.call("GetResourcePool", respoolId=parent, includeChildPools=True)
    assert {info["parent"]["value"] for info in answer["childRespools"]} == {parent}


@drives("peloton.LookupResourcePoolID")
async def lookup_pool(drive: Drive) -> None:
    info = await leaf(drive)
    answer = await drive.call("LookupResourcePoolID", path=info["path"]["value"])
    assert answer["respoolId"] == info["respoolId"]


@drives("peloton.CreateResourcePool")
async def create_pool(drive: Drive) -> None:
    pool, spec = await new_pool(drive)
    made = (await drive.call("GetResourcePool", respoolId=pool))["respool"]
    assert (made["spec"]["name"], made["parent"]) == ("by-hand", spec["parent"])
    assert pool in {row.ref.id for row in await drive.rows(Kind.POOL)}


@drives("peloton.UpdateResourcePool")
async def update_pool(drive: Drive) -> None:
    pool, spec = await new_pool(drive)
    await drive.call("UpdateResourcePool", respoolId=pool, spec={**spec, "description": "changed"})
    now = await drive.call("GetResourcePool", respoolId=pool)
    assert now["respool"]["spec"]["description"] == "changed"


@drives("peloton.DeleteResourcePool")
async def delete_pool(drive: Drive) -> None:
    pool, _ = await new_pool(drive)
    await drive.call("DeleteResourcePool", respoolId=pool)
    with pytest.raises(NotFound):
        await drive.call("GetResourcePool", respoolId=pool)


async def volumes(drive: Drive) -> tuple[str, dict[str, Any]]:
    """A job that has volumes, and these."""
    for row in await drive.rows(Kind.RUN):
        found = await drive.call("ListVolumes", jobId=row.ref.id)
        if found.get("volumes"):
            return row.ref.id, found["volumes"]
    raise AssertionError("no job has a volume")


@drives("peloton.ListVolumes")
async def list_volumes(drive: Drive) -> None:
    job, found = await volumes(drive)
    assert all(volume["podName"]["value"].startswith(job) for volume in found.values())


@drives("peloton.GetVolume")
async def get_volume(drive: Drive) -> None:
    _, found = await volumes(drive)
    volume_id, volume = next(iter(found.items()))
    assert (await drive.call("GetVolume", volumeId=volume_id))["result"] == volume


@drives("peloton.DeleteVolume")
async def delete_volume(drive: Drive) -> None:
    job, found = await volumes(drive)
    gone = next(iter(found))
    await drive.call("DeleteVolume", volumeId=gone)
    assert gone not in (await drive.call("ListVolumes", jobId=job)).get("volumes", {})


@drives("peloton.ListJobs")
async def list_jobs(drive: Drive) -> None:
    streamed = {job["jobId"]["value"] for job in (await drive.call("ListJobs"))["jobs"]}
    assert streamed == {row.ref.id for row in await drive.rows(Kind.RUN)}


@drives("peloton.ListPods")
async def list_pods(drive: Drive) -> None:
    run = await running(drive)
    streamed = [pod["podName"]["value"] for pod in (await drive.call("ListPods", jobId=run.ref.id))["pods"]]
    assert set(streamed) == {row.ref.id for row in await drive.rows(Kind.POD, Query(parent=run.ref))}
    first = await drive.call("ListPods", jobId=run.ref.id, range={"to": 1})
    assert [pod["podName"]["value"] for pod in first["pods"]] == [f"{run.ref.id}-0"]
    assert (await drive.call("ListPods", jobId="00000000-0000-4000-8000-000000000000")) == {"pods": []}


@drives("peloton.Watch")
async def watch(drive: Drive) -> None:
    run = await running(drive)
    listening = asyncio.ensure_future(drive.call("Watch", statelessJobFilter={}, seconds=2))
    await opened(drive)
    await drive.call("StopJob", jobId=run.ref.id, version=await version(drive, run.ref.id))
    first, *told = (await listening)["messages"]
    assert list(first) == ["watchId"], "no snapshot"
    jobs = [job for message in told for job in message["statelessJobs"]]
    assert {job["jobId"]["value"] for job in jobs} == {run.ref.id}
    assert jobs[0]["status"]["state"] == "JOB_STATE_KILLING"


@drives("peloton.Cancel")
async def cancel(drive: Drive) -> None:
    run = await running(drive)
    listening = asyncio.ensure_future(drive.call("Watch", podFilter={"jobId": run.ref.id}, seconds=20))
    await drive.call("Cancel", watchId=await opened(drive))
    with pytest.raises(Unavailable, match="watch cancelled"):
        await listening


async def opened(drive: Drive) -> str:
    """The id of the watch that was asked for, once the server has opened it."""
    for _ in range(1000):
        hub = drive.cluster.memory.get("peloton-watches")
        if hub and hub.watches:
            return str(next(iter(hub.watches)))
        await asyncio.sleep(0.01)
    raise AssertionError("the watch was not opened")
