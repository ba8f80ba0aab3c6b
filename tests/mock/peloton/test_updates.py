"""Workflows: create, replace, restart, and their batches, pauses, aborts, failures and rollbacks."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tests.mock.peloton.client import Failed, Peloton

pytestmark = pytest.mark.anyio

NEW_ID = "0f6f9a3e-7a43-4c0e-9f35-1d2c3b4a5f60"


async def spec_of(mock: Peloton, job: str) -> Any:
    return copy.deepcopy((await mock.info(job))["jobInfo"]["spec"])


async def with_image(mock: Peloton, job: str, image: str) -> Any:
    spec = await spec_of(mock, job)
    spec["defaultSpec"]["containers"][0]["container"]["docker"]["image"] = image
    return spec


async def new_spec(mock: Peloton, path: str = "/research/vision", **more: Any) -> Any:
    pool = await mock.call("Pool", "LookupResourcePoolID", path={"value": path})
    limits = {"cpuLimit": 1, "memLimitMb": 512}
    container = {"name": "web", "image": "registry/web:1", "resource": limits}
    return {
        "name": "web",
        "owner": "mei",
        "instanceCount": 3,
        "respoolId": pool["respoolId"],
        "defaultSpec": {"containers": [container]},
        **more,
    }


async def states(mock: Peloton, job: str, steps: int, every: float = 1.0) -> list[str]:
    """The states the newest workflow went through, each once, in order."""
    seen: list[str] = []
    for _ in range(steps):
        state = (await mock.workflow(job))["state"].removeprefix("WORKFLOW_STATE_")
        if seen[-1:] != [state]:
            seen.append(state)
        mock.clock.advance(every)
    return seen


async def test_a_created_job_comes_up(mock: Peloton) -> None:
    answer = await mock.call("Job", "CreateJob", jobId={"value": NEW_ID}, spec=await new_spec(mock))
    assert answer == {"jobId": {"value": NEW_ID}, "version": {"value": "1-1-1"}}
    assert await mock.state(NEW_ID) == "JOB_STATE_UNINITIALIZED"
    mock.clock.advance(3)
    assert await mock.state(NEW_ID) == "JOB_STATE_PENDING"
    mock.clock.advance(30)
    assert await mock.state(NEW_ID) == "JOB_STATE_RUNNING"
    info = await mock.info(NEW_ID)
    assert info["jobInfo"]["spec"]["defaultSpec"]["containers"][0]["name"] == "web"
    assert info["workflowInfo"]["instancesAdded"] == [{"to": 3}]
    assert info["workflowInfo"]["status"]["state"] == "WORKFLOW_STATE_SUCCEEDED"
    assert (await mock.jobs())[0]["jobId"]["value"] == NEW_ID


async def test_a_spec_comes_back_as_it_was_understood(mock: Peloton) -> None:
    wanted = await new_spec(mock, owning_team="web", nobodyKnows=1, sla={"priority": 3})
    answer = await mock.call("Job", "CreateJob", spec=wanted)
    spec = (await mock.info(answer["jobId"]["value"]))["jobInfo"]["spec"]
    assert (spec["owningTeam"], spec["sla"]) == ("web", {"priority": 3})
    assert "nobodyKnows" not in spec
    assert spec["defaultSpec"] == wanted["defaultSpec"]


async def test_create_without_id_in_batches_and_paused(mock: Peloton) -> None:
    create = {"batchSize": 1, "startPaused": True}
    answer = await mock.call("Job", "CreateJob", spec=await new_spec(mock), createSpec=create)
    job = answer["jobId"]["value"]
    mock.clock.advance(60)
    workflow = await mock.workflow(job)
    assert workflow["state"] == "WORKFLOW_STATE_PAUSED"
    assert workflow["prevState"] == "WORKFLOW_STATE_INITIALIZED"
    assert await mock.pods(job) == []
    await mock.write("ResumeJobWorkflow", job)
    mock.clock.advance(2)
    assert len(await mock.pods(job)) == 1
    mock.clock.advance(120)
    assert len(await mock.pods(job)) == 3


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        ({"jobId": {"value": "nope"}}, "invalid-argument", "jobID is not valid UUID"),
        ({"spec": {"respoolId": None}}, "invalid-argument", "resource pool ID is null"),
        (
            {"spec": {"respoolId": {"value": "root"}}},
            "invalid-argument",
            "cannot submit jobs to the `root` resource pool",
        ),
        ({"spec": {"respoolId": {"value": "nope"}}}, "not-found", "resource pool nope not found"),
    ],
)
async def test_what_create_refuses(mock: Peloton, change: Any, code: str, words: str) -> None:
    body = {"spec": {**await new_spec(mock), **change.pop("spec", {})}, **change}
    with pytest.raises(Failed) as refused:
        await mock.call("Job", "CreateJob", **body)
    assert (refused.value.code, refused.value.text) == (code, words)


async def test_create_refuses_a_pool_with_children_and_an_id_in_use(mock: Peloton) -> None:
    with pytest.raises(Failed) as inner:
        await mock.call("Job", "CreateJob", spec=await new_spec(mock, "/research"))
    assert inner.value.code == "invalid-argument"
    taken = {"value": await mock.job("rank-serving")}
    with pytest.raises(Failed) as twice:
        await mock.call("Job", "CreateJob", jobId=taken, spec=await new_spec(mock))
    assert (twice.value.code, twice.value.response.status_code) == ("already-exists", 409)


async def test_replace_rolls_through_in_batches(mock: Peloton) -> None:
    job = await mock.job("feature-cache")
    assert await mock.version(job) == "2-1-3"
    spec = await with_image(mock, job, "registry/new:2")
    answer = await mock.write("ReplaceJob", job, spec=spec, updateSpec={"batchSize": 2}, opaqueData={"data": "why"})
    assert answer["version"]["value"] == "3-1-4"
    mock.clock.advance(3)
    workflow = await mock.workflow(job)
    assert (workflow["instancesCurrent"], workflow["numInstancesRemaining"]) == ([0, 1], 4)
    killing = await mock.pod(job, 0)
    assert killing["current"]["status"]["message"] == "Job configuration updated via API"
    assert await states(mock, job, 100) == ["ROLLING_FORWARD", "SUCCEEDED"]
    versions = {pod["status"]["version"]["value"] for pod in await mock.pods(job)}
    assert versions == {"3-0-0"}
    done = (await mock.pod(job, 0))["previous"][0]["status"]["containersStatus"][0]["terminationStatus"]
    assert done["reason"] == "TERMINATION_STATUS_REASON_KILLED_FOR_UPDATE"
    assert (await mock.info(job))["workflowInfo"]["opaqueData"] == {"data": "why"}


async def test_replace_adds_and_removes_instances(mock: Peloton) -> None:
    job = await mock.job("feature-cache")
    spec = await spec_of(mock, job)
    await mock.write("ReplaceJob", job, spec={**spec, "instanceCount": 6})
    mock.clock.advance(60)
    assert len(await mock.pods(job)) == 6
    await mock.write("ReplaceJob", job, spec={**spec, "instanceCount": 2})
    mock.clock.advance(60)
    assert [pod["spec"]["podName"]["value"][-2:] for pod in await mock.pods(job)] == ["-0", "-1"]
    infos = (await mock.call("Job", "ListJobUpdates", jobId={"value": job}))["workflowInfos"]
    assert infos[0]["instancesRemoved"] == [{"from": 2, "to": 6}]
    assert infos[1]["instancesAdded"] == [{"from": 4, "to": 6}]


async def test_replace_may_not_move_to_another_pool_nor_overwrite_a_restart(mock: Peloton) -> None:
    job = await mock.job("query-rewriter")
    spec = await spec_of(mock, job)
    with pytest.raises(Failed) as restart:
        await mock.write("ReplaceJob", job, spec=spec)
    assert restart.value.text == "workflow UPDATE cannot overwrite workflow RESTART"
    cache = await mock.job("feature-cache")
    other = {**await spec_of(mock, cache), "respoolId": spec["respoolId"]}
    with pytest.raises(Failed) as moved:
        await mock.write("ReplaceJob", cache, spec=other)
    assert (moved.value.code, moved.value.text) == ("invalid-argument", "resource pool identifier is immutable")


async def test_a_bad_image_fails_the_update_or_rolls_it_back(mock: Peloton) -> None:
    job = await mock.job("feature-cache")
    careful = {"batchSize": 1, "maxInstanceRetries": 1, "maxTolerableInstanceFailures": 1}
    spec = await with_image(mock, job, "registry/web:broken")
    await mock.write("ReplaceJob", job, spec=spec, updateSpec=careful)
    assert await states(mock, job, 90) == ["INITIALIZED", "ROLLING_FORWARD", "FAILED"]
    assert (await mock.workflow(job))["numInstancesFailed"] == 1
    good = await with_image(mock, job, "registry/web:2")
    await mock.write("ReplaceJob", job, spec=good)
    mock.clock.advance(120)
    assert (await mock.workflow(job))["state"] == "WORKFLOW_STATE_SUCCEEDED"
    await mock.write("ReplaceJob", job, spec=spec, updateSpec={**careful, "rollbackOnFailure": True})
    expected = ["INITIALIZED", "ROLLING_FORWARD", "ROLLING_BACKWARD", "ROLLED_BACK"]
    assert await states(mock, job, 150) == expected
    image = (await spec_of(mock, job))["defaultSpec"]["containers"][0]["container"]["docker"]["image"]
    assert image == "registry/web:2"
    assert len({pod["status"]["version"]["value"] for pod in await mock.pods(job)}) == 1


async def test_restart_in_both_shapes(mock: Peloton) -> None:
    job = await mock.job("geo-index")
    before = await mock.version(job)
    wanted = {"batchSize": 1, "ranges": [{"from": 1, "to": 3}, {"from": 4, "to": 99}]}
    answer = await mock.write("RestartJob", job, restartSpec=wanted)
    config, desired, workflow = (int(each) for each in before.split("-"))
    assert answer["version"]["value"] == f"{config + 1}-{desired}-{workflow + 1}"
    mock.clock.advance(120)
    runs = [int(pod["status"]["podId"]["value"].rsplit("-", 1)[1]) for pod in await mock.pods(job)]
    await mock.write("RestartJob", job, **wanted)
    mock.clock.advance(120)
    again = [int(pod["status"]["podId"]["value"].rsplit("-", 1)[1]) for pod in await mock.pods(job)]
    assert [b - a for a, b in zip(runs, again, strict=True)] == [0, 1, 1, 0, 1]
    info = (await mock.info(job))["workflowInfo"]
    assert info["restartSpec"]["batchSize"] == info["restartBatchSize"] == 1
    assert info["restartSpec"]["ranges"] == info["restartRanges"] == [{"from": 1, "to": 3}, {"from": 4, "to": 99}]


async def test_restart_revives_a_stopped_job_and_overwrites_nothing(mock: Peloton) -> None:
    job = await mock.job("resnet50-aug-sweep-31")
    await mock.write("RestartJob", job)
    mock.clock.advance(60)
    assert await mock.state(job) == "JOB_STATE_RUNNING"
    busy = await mock.job("embedding-api")
    with pytest.raises(Failed) as refused:
        await mock.write("RestartJob", busy)
    assert refused.value.text == "workflow RESTART cannot overwrite workflow UPDATE"


async def test_pause_resume_abort_each_raise_the_workflow_version(mock: Peloton) -> None:
    job = await mock.job("query-rewriter")
    assert await mock.version(job) == "2-1-2"
    for method, version, state in [
        ("PauseJobWorkflow", "2-1-3", "PAUSED"),
        ("PauseJobWorkflow", "2-1-4", "PAUSED"),
        ("ResumeJobWorkflow", "2-1-5", "ROLLING_FORWARD"),
        ("ResumeJobWorkflow", "2-1-6", "ROLLING_FORWARD"),
        ("AbortJobWorkflow", "2-1-7", "ABORTED"),
        ("AbortJobWorkflow", "2-1-8", "ABORTED"),
        ("ResumeJobWorkflow", "2-1-9", "ABORTED"),
    ]:
        answer = await mock.write(method, job)
        assert answer["version"]["value"] == version
        assert (await mock.workflow(job))["state"] == f"WORKFLOW_STATE_{state}"


async def test_a_paused_workflow_starts_nothing_new(mock: Peloton) -> None:
    job = await mock.job("query-rewriter")
    await mock.write("PauseJobWorkflow", job)
    mock.clock.advance(300)
    done = (await mock.workflow(job))["numInstancesCompleted"]
    mock.clock.advance(900)
    workflow = await mock.workflow(job)
    assert workflow["numInstancesCompleted"] == done < 12
    assert "instancesCurrent" not in workflow
    await mock.write("ResumeJobWorkflow", job)
    mock.clock.advance(1800)
    assert (await mock.workflow(job))["state"] == "WORKFLOW_STATE_SUCCEEDED"


async def test_an_aborted_workflow_leaves_the_rest_on_the_old_version(mock: Peloton) -> None:
    job = await mock.job("query-rewriter")
    await mock.write("AbortJobWorkflow", job)
    mock.clock.advance(3600)
    assert {pod["status"]["version"]["value"] for pod in await mock.pods(job)} == {"1-0-0", "2-0-0"}


async def test_stopping_a_job_in_the_middle_of_its_restart(mock: Peloton) -> None:
    job = await mock.job("query-rewriter")
    await mock.write("StopJob", job)
    mock.clock.advance(600)
    assert await mock.state(job) == "JOB_STATE_KILLED"


async def test_an_update_leaves_stopped_pods_alone_unless_told(mock: Peloton) -> None:
    job = await mock.job("feature-cache")
    await mock.call("Pod", "StopPod", podName={"value": f"{job}-1"})
    mock.clock.advance(10)
    await mock.write("ReplaceJob", job, spec=await with_image(mock, job, "registry/new:2"))
    mock.clock.advance(90)
    assert (await mock.workflow(job))["state"] == "WORKFLOW_STATE_SUCCEEDED"
    assert (await mock.pod(job, 1))["current"]["status"]["state"] == "POD_STATE_KILLED"
    start = {"startPods": True}
    await mock.write("ReplaceJob", job, spec=await with_image(mock, job, "registry/new:3"), updateSpec=start)
    with pytest.raises(Failed) as refused:
        await mock.write("StopJob", job)
    assert refused.value.code == "aborted"
    mock.clock.advance(90)
    assert (await mock.pod(job, 1))["current"]["status"]["state"] == "POD_STATE_RUNNING"


async def test_diff_is_read_only_and_checks_the_version(mock: Peloton) -> None:
    job = await mock.job("feature-cache")
    before = await mock.info(job)
    spec = {**await with_image(mock, job, "registry/new:2"), "instanceCount": 6}
    diff = await mock.write("GetReplaceJobDiff", job, spec=spec)
    assert diff == {"instancesAdded": [{"from": 4, "to": 6}], "instancesUpdated": [{"to": 4}]}
    same = await mock.write("GetReplaceJobDiff", job, spec={**before["jobInfo"]["spec"], "instanceCount": 3})
    assert same == {"instancesRemoved": [{"from": 3, "to": 4}], "instancesUnchanged": [{"to": 3}]}
    assert await mock.info(job) == before
    with pytest.raises(Failed) as stale:
        await mock.call("Job", "GetReplaceJobDiff", jobId={"value": job}, version={"value": "1-1-1"}, spec=spec)
    assert stale.value.code == "aborted"


async def test_lists_of_workflows_and_their_events(mock: Peloton) -> None:
    job = await mock.job("geo-index")
    newer = await mock.call("Job", "ListJobWorkflows", jobId={"value": job}, instanceEvents=True, updatesLimit=1)
    older = await mock.call("Job", "ListJobUpdates", jobId={"value": job})
    assert len(newer["workflowInfos"]) == 1
    assert len(older["workflowInfos"]) == 2
    events = newer["workflowInfos"][0]["instanceEvents"]
    assert events[0]["events"][0]["state"] == "WORKFLOW_STATE_SUCCEEDED"
    times = [event["timestamp"] for event in newer["workflowInfos"][0]["events"]]
    assert times == sorted(times, reverse=True)
    of_pod = await mock.call("Job", "GetWorkflowEvents", jobId={"value": job}, instanceId=1, limit=1)
    assert len(of_pod["events"]) == 1
    for method in ("ListJobWorkflows", "ListJobUpdates"):
        with pytest.raises(Failed) as nameless:
            await mock.call("Job", method)
        assert (nameless.value.code, nameless.value.text) == ("invalid-argument", "no job id provided")
    with pytest.raises(Failed) as bad:
        await mock.call("Job", "GetWorkflowEvents", jobId={"value": "nope"})
    assert bad.value.code == "invalid-argument"
