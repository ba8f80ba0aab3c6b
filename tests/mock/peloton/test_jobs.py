"""JobService: queries with their caps, reading, versions, start, stop, delete."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.mock.peloton.client import Failed, Peloton, enum

pytestmark = pytest.mark.anyio

DAY = timedelta(days=1)


def jobs_state(word: str) -> int:
    return enum("job.stateless.JobState", f"JOB_STATE_{word}")


async def query(mock: Peloton, **spec: object) -> tuple[list[str], dict[str, int]]:
    answer = await mock.call("Job", "QueryJobs", spec=spec)
    return [record["jobId"]["value"] for record in answer.get("records", [])], answer["pagination"]


async def test_the_defaults_are_10_of_at_most_100() -> None:
    mock = Peloton(runs=500)
    ids, page = await query(mock)
    assert len(ids) == 10
    assert page == {"limit": 10, "total": 100}


async def test_pages_together_are_every_job_newest_first() -> None:
    mock = Peloton(runs=450)
    seen: list[str] = []
    for offset in range(0, 450, 100):
        ids, page = await query(mock, pagination={"offset": offset, "limit": 100, "maxLimit": 1000})
        seen += ids
    assert len(seen) == len(set(seen)) == 450 == page["total"]
    records = await mock.jobs(limit=450)
    times = [datetime.fromisoformat(record["status"]["creationTime"]) for record in records]
    assert times == sorted(times, reverse=True)


async def test_total_is_capped_at_max_limit_and_nothing_lies_beyond(mock: Peloton) -> None:
    ids, page = await query(mock, pagination={"offset": 5, "limit": 20, "maxLimit": 12})
    assert len(ids) == 7
    assert page == {"offset": 5, "limit": 20, "total": 12}


async def test_creation_time_windows_meet_without_loss() -> None:
    mock = Peloton(runs=300)
    everything = await mock.jobs(limit=300)
    middle = everything[150]["status"]["creationTime"]
    newer = await mock.jobs(limit=300, creationTimeRange={"min": middle})
    older = await mock.jobs(limit=300, creationTimeRange={"max": middle})
    assert [record["jobId"] for record in newer] == [record["jobId"] for record in everything[:151]]
    assert [record["jobId"] for record in older] == [record["jobId"] for record in everything[150:]]


async def test_ended_states_without_a_range_are_the_last_7_days() -> None:
    mock = Peloton(runs=300)
    ended = [jobs_state(word) for word in ("SUCCEEDED", "FAILED", "KILLED")]
    week = datetime.fromtimestamp(mock.clock.now(), UTC) - 7 * DAY
    recent = await mock.jobs(limit=300, jobStates=ended)
    assert all(datetime.fromisoformat(record["status"]["creationTime"]) >= week for record in recent)
    everything = await mock.jobs(limit=300, jobStates=ended, creationTimeRange={"min": "2020-01-01T00:00:00Z"})
    assert len(everything) > len(recent) > 0


async def test_echoed_times_have_three_digits_or_six(mock: Peloton) -> None:
    answer = await mock.call("Job", "QueryJobs", spec={"creationTimeRange": {"min": "2026-08-01T00:00:00Z"}})
    assert answer["spec"]["creationTimeRange"] == {"min": "2026-08-01T00:00:00.000Z"}


async def test_filters(mock: Peloton) -> None:
    names = {record["name"] for record in await mock.jobs(name="RANK-")}
    assert names >= {"rank-serving", "rank-twotower-retrain-210"}
    assert all("rank-" in name for name in names)
    assert {record["owner"] for record in await mock.jobs(owner="ana")} == {"ana"}
    assert await mock.jobs(owner="an") == []
    assert all("speech" in str(record) for record in await mock.jobs(keywords=["SPEECH"]))
    assert await mock.jobs(keywords=["speech", "no-such-word"]) == []


async def test_labels_match_on_the_value_alone(mock: Peloton) -> None:
    found = await mock.jobs(labels=[{"key": "no-such-key", "value": "rank-serving"}])
    assert [record["name"] for record in found] == ["rank-serving"]


async def test_an_unknown_pool_is_no_filter(mock: Peloton) -> None:
    in_ads = await mock.jobs(respool={"value": "/ml/ads"})
    assert {record["name"] for record in in_ads} == {"ctr-train-0822", "ads-ctr-sweep-441"}
    assert len(await mock.jobs(respool={"value": "/ml/nope"})) == 60


async def test_order_by_another_property(mock: Peloton) -> None:
    order = [{"property": {"value": "name"}, "order": enum("query.OrderBy.Order", "ORDER_BY_ASC")}]
    records = await mock.jobs(pagination={"limit": 60, "orderBy": order})
    names = [record["name"] for record in records]
    assert names == sorted(names)
    with pytest.raises(Failed) as refused:
        await mock.jobs(pagination={"orderBy": [{"property": {"value": "mood"}}]})
    assert refused.value.code == "internal"


async def test_get_job_in_its_three_forms(mock: Peloton) -> None:
    job = await mock.job("rank-serving")
    whole = await mock.info(job)
    assert set(whole) == {"jobInfo", "workflowInfo"}
    assert set(whole["jobInfo"]) == {"jobId", "spec", "status"}
    brief = await mock.call("Job", "GetJob", jobId={"value": job}, summaryOnly=True)
    assert set(brief) == {"summary"}
    versioned = await mock.call("Job", "GetJob", jobId={"value": job}, version={"value": "1-0-0"})
    assert set(versioned["jobInfo"]) == {"jobId", "spec"}
    with pytest.raises(Failed) as refused:
        await mock.call("Job", "GetJob", jobId={"value": job}, version={"value": "one"})
    assert (refused.value.code, refused.value.text) == ("invalid-argument", "entityVersion has wrong format")


async def test_an_unknown_job_is_not_found_with_the_inner_error_quoted(mock: Peloton) -> None:
    with pytest.raises(Failed) as refused:
        await mock.info("nope")
    assert refused.value.code == "not-found"
    assert refused.value.text == "fail to get job runtime: code:not-found message:Job runtime not found nope"


async def test_ids_by_name_newest_first(mock: Peloton) -> None:
    answer = await mock.call("Job", "GetJobIDFromJobName", jobName="fraud-gbdt-nightly-0822")
    ids = [each["value"] for each in answer["jobId"]]
    by_age = [r["jobId"]["value"] for r in await mock.jobs(name="fraud-gbdt-nightly-0822")]
    assert ids == by_age
    assert len(ids) > 1
    with pytest.raises(Failed) as refused:
        await mock.call("Job", "GetJobIDFromJobName", jobName="nobody")
    assert refused.value.code == "not-found"


async def test_stop_then_start(mock: Peloton) -> None:
    job = await mock.job("asr-ft-nightly")
    before = await mock.version(job)
    answer = await mock.write("StopJob", job)
    assert (before, answer["version"]["value"]) == ("1-1-1", "1-2-1")
    assert await mock.state(job) == "JOB_STATE_KILLING"
    mock.clock.advance(10)
    assert await mock.state(job) == "JOB_STATE_KILLED"
    for pod in await mock.pods(job):
        ended = pod["status"]["containersStatus"][0]["terminationStatus"]
        assert ended["reason"] == "TERMINATION_STATUS_REASON_KILLED_ON_REQUEST"
        assert pod["status"]["message"] == "Task stop API request"
    await mock.write("StartJob", job)
    assert await mock.state(job) == "JOB_STATE_PENDING"
    mock.clock.advance(30)
    assert await mock.state(job) == "JOB_STATE_RUNNING"
    assert {pod["status"]["podId"]["value"].rsplit("-", 1)[1] for pod in await mock.pods(job)} == {"2"}


async def test_stop_is_idempotent_but_for_the_version(mock: Peloton) -> None:
    job = await mock.job("resnet50-aug-sweep-31")
    assert await mock.state(job) == "JOB_STATE_KILLED"
    before = await mock.version(job)
    after = (await mock.write("StopJob", job))["version"]["value"]
    assert await mock.state(job) == "JOB_STATE_KILLED"
    assert int(after.split("-")[1]) == int(before.split("-")[1]) + 1


@pytest.mark.parametrize(
    "method",
    [
        "StartJob",
        "StopJob",
        "DeleteJob",
        "RestartJob",
        "PauseJobWorkflow",
        "ResumeJobWorkflow",
        "AbortJobWorkflow",
        "ReplaceJob",
    ],
)
@pytest.mark.parametrize("stale", ["1-1-0", "", "nonsense", "1-1-1-1"])
async def test_a_stale_version_is_aborted_and_nothing_happens(mock: Peloton, method: str, stale: str) -> None:
    job = await mock.job("asr-ft-nightly")
    before = await mock.info(job)
    with pytest.raises(Failed) as refused:
        await mock.call("Job", method, jobId={"value": job}, version={"value": stale})
    assert (refused.value.code, refused.value.text) == ("aborted", "unexpected entity version")
    assert refused.value.response.status_code == 409
    assert await mock.info(job) == before


async def test_delete_wants_killed_exactly_or_force(mock: Peloton) -> None:
    for name in ("rank-serving", "rank-twotower-retrain-210", "churn-xgb-weekly-34"):
        job = await mock.job(name)
        with pytest.raises(Failed) as refused:
            await mock.write("DeleteJob", job)
        assert (refused.value.code, refused.value.text) == ("aborted", "job is not stopped")
    killed = await mock.job("resnet50-aug-sweep-31")
    assert await mock.write("DeleteJob", killed) == {}
    with pytest.raises(Failed) as gone:
        await mock.info(killed)
    assert gone.value.code == "not-found"
    forced = await mock.job("asr-ft-nightly")
    assert await mock.write("DeleteJob", forced, force=True) == {}
    mock.clock.advance(10)
    with pytest.raises(Failed):
        await mock.info(forced)
    assert len(await mock.jobs()) == 58


async def test_a_finished_job_of_the_past_can_be_deleted_and_stays_away() -> None:
    mock = Peloton(runs=200)
    past = (
        await mock.jobs(
            limit=200, jobStates=[jobs_state("KILLED")], creationTimeRange={"min": "2020-01-01T00:00:00Z"}
        )
    )[-1]
    job = past["jobId"]["value"]
    await mock.write("DeleteJob", job)
    assert len(await mock.jobs(limit=200)) == 199
    with pytest.raises(Failed):
        await mock.info(job)


async def test_a_finished_job_of_the_past_can_be_started_again() -> None:
    mock = Peloton(runs=200)
    past = (await mock.jobs(limit=200, jobStates=[jobs_state("SUCCEEDED")], name="etl"))[-1]["jobId"]["value"]
    await mock.write("StartJob", past)
    assert await mock.state(past) == "JOB_STATE_PENDING"
    mock.clock.advance(2 * 3600)
    assert await mock.state(past) == "JOB_STATE_SUCCEEDED"
    assert (await mock.pods(past))[0]["status"]["podId"]["value"].endswith("-2")
    assert len(await mock.jobs(limit=200)) == 200


async def test_query_pods_is_cut_by_the_pagination_inside_spec(mock: Peloton) -> None:
    job = await mock.job("query-rewriter")
    plain = await mock.call("Job", "QueryPods", jobId={"value": job})
    assert len(plain["pods"]) == 10
    assert plain["pagination"] == {"total": 12}
    body = {"spec": {"pagination": {"offset": 10, "limit": 5}}, "pagination": {"offset": 3, "limit": 1}}
    answer = await mock.call("Job", "QueryPods", jobId={"value": job}, summaryOnly=True, **body)
    assert [pod["spec"]["podName"]["value"] for pod in answer["pods"]] == [f"{job}-10", f"{job}-11"]
    assert answer["pagination"] == {"offset": 3, "limit": 1, "total": 12}


async def test_query_pods_filters_and_order(mock: Peloton) -> None:
    job = await mock.job("rank-serving")
    held = await mock.pods(job, hosts=["gpu-a100-0417"])
    assert {pod["status"]["host"] for pod in held} == {"gpu-a100-0417"}
    assert len(await mock.pods(job, names=[{"value": "main"}])) == 6
    assert await mock.pods(job, names=[{"value": f"{job}-0"}]) == []
    assert await mock.pods(job, podStates=[enum("pod.PodState", "POD_STATE_PENDING")]) == []
    order = {"orderBy": [{"property": {"value": "instanceId"}, "order": 2}], "limit": 100}
    assert (await mock.pods(job, pagination=order))[0]["spec"]["podName"]["value"] == f"{job}-5"
    with pytest.raises(Failed) as refused:
        await mock.pods(job, pagination={"orderBy": [{"property": {"value": "age"}}]})
    assert refused.value.code == "internal"
    with pytest.raises(Failed) as unknown:
        await mock.call("Job", "QueryPods", jobId={"value": "nope"})
    assert unknown.value.code == "not-found"


async def test_refresh_cache_and_patch(mock: Peloton) -> None:
    running, ended = await mock.job("rank-serving"), await mock.job("churn-xgb-weekly-34")
    assert await mock.call("Job", "RefreshJob", jobId={"value": running}) == {}
    assert set(await mock.call("Job", "GetJobCache", jobId={"value": running})) == {"spec", "status"}
    with pytest.raises(Failed) as miss:
        await mock.call("Job", "GetJobCache", jobId={"value": ended})
    assert miss.value.code == "not-found"
    before = await mock.info(running)
    assert await mock.call("Job", "PatchJob", jobId={"value": running}, spec={"name": "other"}) == {}
    assert await mock.info(running) == before
