"""PodService: runs, events, goals, and what a real server leaves out."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

import pytest

from tests.mock.peloton.client import Failed, Peloton

pytestmark = pytest.mark.anyio


def name(job: str, instance: int) -> dict[str, str]:
    return {"value": f"{job}-{instance}"}


async def status(mock: Peloton, job: str, instance: int) -> Any:
    return (await mock.pod(job, instance))["current"]["status"]


async def test_the_life_of_a_new_run(mock: Peloton) -> None:
    job = await mock.job("feature-cache")
    await mock.call("Pod", "RestartPod", podName=name(job, 0))
    seen: list[tuple[str, str]] = []
    for _ in range(250):
        found = await status(mock, job, 0)
        step = (found["podId"]["value"].rsplit("-", 1)[1], found["state"].removeprefix("POD_STATE_"))
        if seen[-1:] != [step]:
            seen.append(step)
        mock.clock.advance(0.1)
    first, second = seen[0][0], str(int(seen[0][0]) + 1)
    assert seen == [
        (first, "KILLING"), (first, "KILLED"), (second, "INITIALIZED"), (second, "PENDING"), (second, "LAUNCHED"),
        (second, "STARTING"), (second, "RUNNING"),
    ]  # fmt: skip


async def test_a_new_run_has_nothing_of_the_old_one(mock: Peloton) -> None:
    job = await mock.job("rank-serving")
    await mock.call("Pod", "RestartPod", podName=name(job, 2))
    mock.clock.advance(6)
    whole = await mock.pod(job, 2)
    now, before = whole["current"]["status"], whole["previous"][0]["status"]
    assert now["state"] in ("POD_STATE_INITIALIZED", "POD_STATE_PENDING")
    for field in ("host", "agentId", "startTime", "completionTime", "reason", "message"):
        assert field not in now
    assert "terminationStatus" not in now["containersStatus"][0]
    assert "ports" not in now["containersStatus"][0]
    ended = before["containersStatus"][0]["terminationStatus"]
    assert ended["reason"] == "TERMINATION_STATUS_REASON_KILLED_FOR_RESTART"
    assert before["message"] == "Task restarted via API"
    assert now["prevPodId"] == before["podId"]


async def test_pending_lasts_at_least_5_seconds(mock: Peloton) -> None:
    job = await mock.job("feature-cache")
    await mock.call("Pod", "RestartPod", podName=name(job, 0))
    mock.clock.advance(60)
    events = (await mock.call("Pod", "GetPodEvents", podName=name(job, 0)))["events"]
    world = mock.cluster.fleet.world
    found = world.jobs[job].pods[0].run.events
    times = {event.state.value: event.time for event in found}
    assert times["LAUNCHED"] - times["PENDING"] >= 5
    assert len(events) == len(found)


async def test_one_container_status_without_name_state_and_image(mock: Peloton) -> None:
    job = await mock.job("rank-serving")
    for pod in await mock.pods(job):
        (container,) = pod["status"]["containersStatus"]
        assert not {"name", "state", "image"} & set(container)
        assert set(container["ports"]) == {"http", "metrics"}
        assert pod["spec"]["containers"][0]["name"] == "main"
    health = [pod["status"]["containersStatus"][0]["healthy"]["state"] for pod in await mock.pods(job)]
    assert health.count("HEALTH_STATE_UNHEALTHY") == 1
    assert health.count("HEALTH_STATE_HEALTHY") == 5


async def test_get_pod_limit_counts_the_current_one(mock: Peloton) -> None:
    job = await mock.job("spell-corrector")
    whole = await mock.pod(job, 0)
    assert len(whole["previous"]) >= 3
    runs = [int(run["status"]["podId"]["value"].rsplit("-", 1)[1]) for run in whole["previous"]]
    assert runs == list(range(runs[0], 0, -1))
    assert "previous" not in await mock.pod(job, 0, limit=1)
    assert len((await mock.pod(job, 0, limit=3))["previous"]) == 2
    assert "spec" not in (await mock.pod(job, 0, statusOnly=True))["current"]


async def test_repeated_failures_are_throttled(mock: Peloton) -> None:
    job = await mock.job("spell-corrector")
    found = await status(mock, job, 0)
    assert (found["state"], found["message"]) == ("POD_STATE_INITIALIZED", "Task throttled due to failure")
    assert found["failureCount"] >= 3
    runs = mock.cluster.fleet.world.jobs[job].pods[0].runs
    waits = [after.created for after in runs]
    gaps = [b - a for a, b in pairwise(waits[1:])]
    assert gaps[-1] > gaps[0]


async def test_events_are_strings_newest_first_to_the_second(mock: Peloton) -> None:
    job = await mock.job("ctr-train-0822")
    latest = (await mock.call("Pod", "GetPodEvents", podName=name(job, 6)))["events"]
    assert [event["actualState"] for event in latest][-1] == "POD_STATE_INITIALIZED"
    assert {event["podId"]["value"] for event in latest} == {f"{job}-6-2"}
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", event["timestamp"]) for event in latest)
    first = await mock.call("Pod", "GetPodEvents", podName=name(job, 6), podId={"value": f"{job}-6-1"})
    assert first["events"][0]["actualState"] == "POD_STATE_FAILED"
    assert "NCCL timeout" in first["events"][0]["message"]
    assert first["events"][0]["healthy"] == "HEALTH_STATE_DISABLED"


async def test_stop_and_start_of_one_pod(mock: Peloton) -> None:
    job = await mock.job("feature-cache")
    version = await mock.version(job)
    assert await mock.call("Pod", "StopPod", podName=name(job, 1)) == {}
    assert (await status(mock, job, 1))["state"] == "POD_STATE_KILLING"
    mock.clock.advance(10)
    stopped = await status(mock, job, 1)
    assert (stopped["state"], stopped["desiredState"]) == ("POD_STATE_KILLED", "POD_STATE_KILLED")
    info = (await mock.info(job))["jobInfo"]["status"]
    assert (info["state"], info["desiredState"]) == ("JOB_STATE_RUNNING", "JOB_STATE_RUNNING")
    assert await mock.version(job) == version
    await mock.call("Pod", "RestartPod", podName=name(job, 1))
    mock.clock.advance(60)
    assert (await status(mock, job, 1))["state"] == "POD_STATE_KILLED"
    await mock.call("Pod", "StartPod", podName=name(job, 1))
    assert (await status(mock, job, 1))["message"] == "PodSVC.StartPod request"
    mock.clock.advance(60)
    running = await status(mock, job, 1)
    await mock.call("Pod", "StartPod", podName=name(job, 1))
    assert (await status(mock, job, 1))["podId"] == running["podId"]
    assert running["state"] == "POD_STATE_RUNNING"


async def test_a_pod_that_never_started_is_killed_at_once(mock: Peloton) -> None:
    job = await mock.job("ads-ctr-sweep-441")
    await mock.call("Pod", "StopPod", podName=name(job, 0))
    killed = await status(mock, job, 0)
    assert (killed["state"], killed["message"]) == ("POD_STATE_KILLED", "Non-running task killed")


async def test_restart_minds_the_sla_if_asked(mock: Peloton) -> None:
    job = await mock.job("rank-serving")
    with pytest.raises(Failed) as refused:
        await mock.call("Pod", "RestartPod", podName=name(job, 0), checkSla=True)
    assert (refused.value.code, refused.value.text) == ("aborted", "pod restart would violate SLA")
    assert await mock.call("Pod", "RestartPod", podName=name(job, 5), checkSla=True) == {}
    assert await mock.call("Pod", "RestartPod", podName=name(job, 0)) == {}


@pytest.mark.parametrize(
    ("method", "pod", "code", "words"),
    [
        ("GetPod", "nope", "invalid-argument", "invalid pelotonTaskID nope"),
        ("GetPod", "00000000-0000-4000-8000-000000000000-x", "invalid-argument", "unable to parse instanceID x"),
        ("StopPod", "00000000-0000-4000-8000-000000000000-1", "not-found", None),
        ("RestartPod", "00000000-0000-4000-8000-000000000000-x", "invalid-argument", "invalid pod name"),
        ("GetPodEvents", "", "invalid-argument", None),
    ],
)
async def test_bad_and_unknown_pod_names(
    mock: Peloton, method: str, pod: str, code: str, words: str | None
) -> None:
    with pytest.raises(Failed) as refused:
        await mock.call("Pod", method, podName={"value": pod})
    assert refused.value.code == code
    assert refused.value.text == (words if words is not None else refused.value.text)


async def test_an_instance_beyond_the_last_is_not_found(mock: Peloton) -> None:
    job = await mock.job("rank-serving")
    with pytest.raises(Failed) as refused:
        await mock.pod(job, 6)
    assert (refused.value.code, refused.value.text) == ("not-found", f"task:{job}-6 not found")


async def test_cache_refresh_and_deleting_events(mock: Peloton) -> None:
    job, ended = await mock.job("rank-serving"), await mock.job("churn-xgb-weekly-34")
    assert set(await mock.call("Pod", "GetPodCache", podName=name(job, 0))) == {"status", "labels"}
    with pytest.raises(Failed):
        await mock.call("Pod", "GetPodCache", podName=name(ended, 0))
    assert await mock.call("Pod", "RefreshPod", podName=name(job, 0)) == {}
    with pytest.raises(Failed) as refused:
        await mock.call("Pod", "DeletePodEvents", podName=name(job, 0))
    assert refused.value.code == "invalid-argument"
    run = {"value": f"{job}-0-1"}
    assert await mock.call("Pod", "DeletePodEvents", podName=name(job, 0), podId=run) == {}
    assert await mock.call("Pod", "GetPodEvents", podName=name(job, 0), podId=run) == {}


async def test_resource_usage_grows_with_time(mock: Peloton) -> None:
    job = await mock.job("rank-serving")
    before = (await status(mock, job, 0))["resourceUsage"]
    mock.clock.advance(100)
    after = (await status(mock, job, 0))["resourceUsage"]
    assert set(after) == {"cpu", "gpu", "memory"}
    assert after["gpu"] - before["gpu"] == pytest.approx(100)
    assert after["cpu"] - before["cpu"] == pytest.approx(800)


async def test_volumes(mock: Peloton) -> None:
    job = {"value": await mock.job("rank-serving")}
    assert await mock.call("Volume", "ListVolumes", jobId=job) == {}
    spec = (await mock.info(job["value"]))["jobInfo"]["spec"]
    spec["defaultSpec"]["volume"] = {"containerPath": "/data", "sizeMb": 512}
    answer = await mock.call("Job", "CreateJob", spec=spec)
    mock.clock.advance(60)
    volumes = (await mock.call("Volume", "ListVolumes", jobId=answer["jobId"]))["volumes"]
    assert len(volumes) == 6
    volume = next(iter(volumes))
    found = await mock.call("Volume", "GetVolume", volumeId={"value": volume})
    assert found["result"] == volumes[volume]
    assert found["result"]["sizeMb"] == 512
    await mock.call("Volume", "DeleteVolume", volumeId={"value": volume})
    with pytest.raises(Failed) as gone:
        await mock.call("Volume", "GetVolume", volumeId={"value": volume})
    assert gone.value.code == "not-found"
