"""Custom jobs as the mock plays them: the cast, JSON rules, create, cancel, delete and its operation."""

from __future__ import annotations

import time
from typing import Any

import pytest

from adapters.mock.clock import SimClock
from adapters.mock.stories import STORIES
from adapters.vertex.mock_schema import JOB_STATES
from adapters.vertex.mock_world import World
from tests.mock.vertex.calls import (
    INT,
    JOBS,
    NUMBER,
    POOL,
    TERMINAL,
    id_of,
    in_state,
    listed,
    mock,
    path_of,
    problem,
    truth,
)


@pytest.mark.parametrize("runs", [20, 37, 60, 500])
def test_the_cast_has_every_state_and_every_story(runs: int) -> None:
    caller = mock(runs=runs)
    jobs = listed(caller)
    assert len(jobs) == len({job["name"] for job in jobs}) == runs
    assert {job["state"] for job in jobs} == set(JOB_STATES) - {"JOB_STATE_UNSPECIFIED"}
    assert {truth(caller, job)["story"] for job in jobs} >= {story.id for story in STORIES}
    assert [job["createTime"] for job in jobs] == sorted((job["createTime"] for job in jobs), reverse=True)


def test_the_same_seed_gives_the_same_jobs() -> None:
    assert listed(mock()) == listed(mock())
    assert listed(mock()) != listed(mock(seed=8))


def test_a_hundred_thousand_jobs_cost_nothing() -> None:
    began = time.monotonic()
    caller = mock(runs=100_000)
    page = caller.get(JOBS, params={"pageSize": 50}).json()
    live = " AND ".join(f'state!="JOB_STATE_{word}"' for word in TERMINAL)
    assert len(page["customJobs"]) == 50
    assert len(listed(caller, filter=live)) > 100
    oldest = caller.get(path_of(page["customJobs"][-1]))
    assert oldest.status_code == 200
    assert time.monotonic() - began < 2


@pytest.mark.parametrize("word", [state.removeprefix("JOB_STATE_") for state in JOB_STATES[1:]])
def test_what_is_set_in_which_state(word: str) -> None:
    job = in_state(mock(), word)
    assert ("endTime" in job) == (word in ("SUCCEEDED", "FAILED", "CANCELLED"))
    assert ("error" in job) == (word in ("FAILED", "CANCELLED"))
    assert "startTime" not in job or word not in ("QUEUED", "PENDING", "EXPIRED")
    assert not [key for key, value in job.items() if value in (None, "", [])]
    for key in ("createTime", "startTime", "endTime", "updateTime"):
        assert job.get(key, "Z").endswith("Z")
    if word == "CANCELLED":
        assert job["error"]["code"] == 1
    for pool in job["jobSpec"]["workerPoolSpecs"]:
        assert isinstance(pool.get("replicaCount", ""), str)  # int64
        assert isinstance(pool.get("machineSpec", {}).get("acceleratorCount", 0), int)  # int32


def test_failures_have_messages_that_name_the_replica() -> None:
    caller = mock()
    failed = [job for job in listed(caller) if job["state"] == "JOB_STATE_FAILED"]
    texts = {truth(caller, job)["story"]: job["error"]["message"] for job in failed}
    assert all(message.startswith("The replica workerpool") for message in texts.values())
    assert "ran out-of-memory" in texts["oom"]
    assert "non-zero status of 2" in texts["bad-argument"]
    assert "failed to pull image" in texts["image-pull"]
    for job in failed:
        assert truth(caller, job)["victim"] in job["error"]["message"]


def test_an_empty_pool_keeps_its_place() -> None:
    pools = [job["jobSpec"]["workerPoolSpecs"] for job in listed(mock())]
    assert any({} in found[1:-1] for found in pools)


def test_enums_are_numbers_where_the_official_client_asks_for_them() -> None:
    caller = mock()
    job = next(job for job in listed(caller) if "acceleratorType" in str(job) and "strategy" in str(job))
    numbered = caller.get(path_of(job), params=INT).json()
    assert numbered["state"] == JOB_STATES.index(job["state"])
    assert isinstance(numbered["jobSpec"]["scheduling"]["strategy"], int)
    machine = numbered["jobSpec"]["workerPoolSpecs"][0]["machineSpec"]
    assert isinstance(machine["acceleratorType"], int)
    page = caller.get(JOBS, params=INT).json()
    assert {type(each["state"]) for each in page["customJobs"]} == {int}


def test_project_id_and_number_name_the_same_job() -> None:
    caller = mock()
    job = listed(caller)[0]
    assert job["name"].startswith(f"projects/{NUMBER}/")
    assert caller.get(f"/v1/{job['name']}").json() == caller.get(path_of(job)).json() == job


@pytest.mark.parametrize(
    ("path", "status", "name"),
    [
        (f"{JOBS}/777", 404, "NOT_FOUND"),
        (f"{JOBS}/no-such-job", 404, "NOT_FOUND"),
        ("/v1/projects/other/locations/us-central1/customJobs", 403, "PERMISSION_DENIED"),
        ("/v1/projects/atlas-ml/locations/nowhere/customJobs", 404, "NOT_FOUND"),
        (f"{JOBS}?frobnicate=1", 400, "INVALID_ARGUMENT"),
        (f"{JOBS}?pageSize=-1", 400, "INVALID_ARGUMENT"),
        (f"{JOBS}?pageSize=x", 400, "INVALID_ARGUMENT"),
        (f"{JOBS}?pageToken=x", 400, "INVALID_ARGUMENT"),
        (f"{JOBS}?readMask=nope", 400, "INVALID_ARGUMENT"),
        ("/v1/projects/atlas-ml/locations/us-central1/operations/1", 404, "NOT_FOUND"),
    ],
)
def test_errors_are_googles_envelope(path: str, status: int, name: str) -> None:
    assert problem(mock().get(path))[:2] == (status, name)


def test_another_region_is_empty_and_an_unknown_path_is_a_page() -> None:
    caller = mock()
    assert caller.get("/v1/projects/atlas-ml/locations/europe-west4/customJobs").json() == {}
    answer = caller.get("/v1/projects/atlas-ml/locations/us-central1/frobs")
    assert answer.status_code == 404
    assert answer.text.startswith("<!DOCTYPE html>")
    assert caller.ask("PATCH", path_of(listed(caller)[0])).status_code == 404


def create(caller: Any, **job: Any) -> Any:
    return caller.post(JOBS, json={"displayName": "mine", "jobSpec": {"workerPoolSpecs": [POOL]}, **job})


def test_a_new_job_goes_through_its_states() -> None:
    caller = mock()
    made = create(caller, labels={"owner": "mei"}).json()
    assert (made["state"], made["displayName"], made["labels"]) == ("JOB_STATE_QUEUED", "mine", {"owner": "mei"})
    assert made["name"].startswith(f"projects/{NUMBER}/locations/us-central1/customJobs/")
    assert listed(caller)[0]["name"] == made["name"]
    seen = ["JOB_STATE_QUEUED"]
    for _ in range(400):
        caller.advance(3)
        state = caller.get(path_of(made)).json()["state"]
        if state != seen[-1]:
            seen.append(state)
    assert seen[:3] == ["JOB_STATE_QUEUED", "JOB_STATE_PENDING", "JOB_STATE_RUNNING"]
    assert seen[3:] in (["JOB_STATE_SUCCEEDED"], ["JOB_STATE_FAILED"], [])


def test_a_body_may_have_numbers_names_and_snake_case() -> None:
    pool = {
        "machine_spec": {"machineType": "n1-standard-8", "accelerator_type": 5, "acceleratorCount": "2"},
        "replica_count": 1,
        "container_spec": {"image_uri": "x", "env": [{"name": "A", "value": ""}]},
    }
    scheduling = {"timeout": "3600.5s", "strategy": 4}
    spec = {"worker_pool_specs": [pool, {}, {**POOL, "replicaCount": 3}], "scheduling": scheduling}
    made = mock().post(JOBS, json={"display_name": "mine", "job_spec": spec, "name": "x", "state": 5}).json()
    found = made["jobSpec"]
    assert found["workerPoolSpecs"][0]["machineSpec"] == {
        "machineType": "n1-standard-8",
        "acceleratorType": "NVIDIA_TESLA_T4",
        "acceleratorCount": 2,
    }
    assert [pool.get("replicaCount") for pool in found["workerPoolSpecs"]] == ["1", None, "3"]
    assert found["scheduling"] == {"timeout": "3600.500s", "strategy": "SPOT"}
    assert made["state"] == "JOB_STATE_QUEUED"  # what a client says of it is ignored


@pytest.mark.parametrize(
    ("job", "says"),
    [
        ({"displayName": ""}, "display name is required"),
        ({"displayName": "x" * 129}, "at most 128"),
        ({"displayName": 3}, "custom_job.displayName"),
        ({"labels": {"Owner": "x"}}, "Label"),
        ({"jobSpec": {}}, "worker pool"),
        ({"jobSpec": {"workerPoolSpecs": [{}, POOL]}}, "worker pool"),
        ({"jobSpec": {"workerPoolSpecs": [{**POOL, "machineSpec": {}}]}}, "machine type is required"),
        ({"jobSpec": {"workerPoolSpecs": [{**POOL, "containerSpec": None}]}}, "Exactly one"),
        ({"jobSpec": {"workerPoolSpecs": [{**POOL, "replicaCount": "2"}]}}, "first worker pool must be 1"),
        ({"jobSpec": {"workerPoolSpecs": [{**POOL, "replicaCount": "many"}]}}, "TYPE_INT64"),
        ({"jobSpec": {"workerPoolSpecs": [POOL], "scheduling": {"timeout": "1 h"}}}, "TYPE_DURATION"),
        ({"jobSpec": {"workerPoolSpecs": [POOL], "scheduling": {"strategy": "FAST"}}}, "TYPE_ENUM"),
        ({"frobs": 1}, 'Unknown name "frobs"'),
    ],
)
def test_a_new_job_that_is_not_right(job: dict[str, Any], says: str) -> None:
    caller = mock()
    status, name, message = problem(create(caller, **job))
    assert (status, name) == (400, "INVALID_ARGUMENT")
    assert says in message
    assert len(listed(caller)) == 60


def test_a_body_that_is_no_object_is_refused() -> None:
    for body in (b"{", b"[]", b"3"):
        assert problem(mock().post(JOBS, content=body))[:2] == (400, "INVALID_ARGUMENT")


@pytest.mark.parametrize("word", ["QUEUED", "PENDING", "RUNNING", "PAUSED", "UPDATING"])
def test_cancel_takes_effect_later(word: str) -> None:
    caller = mock()
    job = in_state(caller, word)
    answer = caller.post(f"{path_of(job)}:cancel", json={})
    assert (answer.status_code, answer.json()) == (200, {})
    assert caller.get(path_of(job)).json()["state"] == "JOB_STATE_CANCELLING"
    assert caller.post(f"{path_of(job)}:cancel").status_code == 200
    caller.advance(30)
    after = caller.get(path_of(job)).json()
    assert (after["state"], after["error"]["code"]) == ("JOB_STATE_CANCELLED", 1)
    assert ("startTime" in after) == (word not in ("QUEUED", "PENDING"))


def test_a_job_that_ends_meanwhile_ends_as_it_would_have() -> None:
    caller = mock()
    made = create(caller).json()
    while caller.get(path_of(made)).json()["state"] in ("JOB_STATE_QUEUED", "JOB_STATE_PENDING"):
        caller.advance(5)
    world = caller.cluster.memory["vertex"]
    assert isinstance(world, World)
    index = world.find(id_of(made))
    assert index is not None
    life = world.life(index)
    caller.advance(life.ended - caller.cluster.clock.now() - 2)
    caller.post(f"{path_of(made)}:cancel", json={})
    assert caller.get(path_of(made)).json()["state"] == "JOB_STATE_CANCELLING"
    caller.advance(3)
    assert caller.get(path_of(made)).json()["state"] == life.final


@pytest.mark.parametrize("word", TERMINAL)
def test_a_job_that_has_ended_cannot_be_cancelled(word: str) -> None:
    caller = mock()
    job = in_state(caller, word)
    assert problem(caller.post(f"{path_of(job)}:cancel", json={}))[:2] == (400, "FAILED_PRECONDITION")
    lenient = mock(options={"vertex": {"lenient_cancel": True}})
    assert lenient.post(f"{path_of(job)}:cancel", json={}).json() == {}
    assert lenient.get(path_of(job)).json() == job


def test_the_colon_of_a_verb_is_no_part_of_an_id() -> None:
    caller = mock()
    job = in_state(caller, "RUNNING")
    for path in (f"{path_of(job)}%3Acancel", f"{path_of(job)}/cancel", f"{path_of(job)}:frobnicate"):
        assert caller.post(path, json={}).status_code == 404
    assert caller.get(path_of(job)).json()["state"] == "JOB_STATE_RUNNING"


def test_a_deletion_is_an_operation_under_both_prefixes() -> None:
    caller = mock()
    job = in_state(caller, "SUCCEEDED")
    started = caller.delete(path_of(job)).json()
    assert set(started) == {"name", "metadata"}
    assert started["metadata"]["@type"].endswith(".DeleteOperationMetadata")
    assert started["name"].startswith(f"projects/{NUMBER}/locations/us-central1/operations/")
    assert caller.get(path_of(job)).status_code == 404
    assert caller.get(f"/ui/{started['name']}").json() == started
    caller.advance(3)
    for prefix in ("v1", "ui"):
        done = caller.get(f"/{prefix}/{started['name']}").json()
        assert set(done) == {"name", "metadata", "done", "response"}
        assert done["response"] == {"@type": "type.googleapis.com/google.protobuf.Empty"}
    assert len(listed(caller)) == 59


def test_an_operation_is_done_at_the_latest_when_it_was_looked_at_often() -> None:
    caller = mock()
    name = caller.delete(path_of(in_state(caller, "FAILED"))).json()["name"]
    looks = [caller.get(f"/ui/{name}").json().get("done", False) for _ in range(4)]
    assert looks == [False, False, True, True]


def test_operations_are_listed_waited_for_cancelled_and_forgotten() -> None:
    caller = mock()
    first = caller.delete(path_of(in_state(caller, "FAILED"))).json()["name"]
    second = caller.delete(path_of(in_state(caller, "FAILED"))).json()["name"]
    where = "/ui/projects/atlas-ml/locations/us-central1/operations"
    assert [each["name"] for each in caller.get(where).json()["operations"]] == [first, second]
    assert caller.post(f"/v1/{first}:wait", json={"timeout": "5s"}).json()["done"] is True
    assert caller.post(f"/v1/{second}:cancel", json={}).json() == {}
    assert caller.delete(f"/v1/{first}").json() == {}
    assert problem(caller.get(f"/v1/{first}"))[:2] == (404, "NOT_FOUND")
    assert caller.get("/ui/projects/atlas-ml/locations").json()["locations"][0]["locationId"] == "us-central1"


@pytest.mark.parametrize("word", ["QUEUED", "PENDING", "RUNNING", "CANCELLING", "PAUSED", "UPDATING"])
def test_a_job_that_goes_on_is_not_deleted(word: str) -> None:
    caller = mock()
    job = in_state(caller, word)
    assert problem(caller.delete(path_of(job)))[:2] == (400, "FAILED_PRECONDITION")
    assert caller.get(path_of(job)).status_code == 200


def test_shells_are_there_while_the_job_runs() -> None:
    caller = mock()
    made = create(
        caller,
        jobSpec={"workerPoolSpecs": [POOL], "enableWebAccess": True, "enableDashboardAccess": True},
    ).json()
    assert "webAccessUris" not in made
    while caller.get(path_of(made)).json()["state"] != "JOB_STATE_RUNNING":
        caller.advance(5)
    uris = caller.get(path_of(made)).json()["webAccessUris"]
    assert set(uris) == {"workerpool0-0", "workerpool0-0:8888"}
    assert all(uri.startswith("https://") for uri in uris.values())


def test_a_token_is_checked_where_the_option_says_so() -> None:
    caller = mock(options={"vertex": {"token": "t0ken"}})
    assert problem(caller.get(JOBS))[:2] == (401, "UNAUTHENTICATED")
    wrong = caller.get(JOBS, headers={"authorization": "Bearer other"})
    assert wrong.json()["error"]["details"][0]["reason"] == "ACCESS_TOKEN_EXPIRED"
    assert caller.get(JOBS, headers={"authorization": "Bearer t0ken"}).status_code == 200
    assert problem(caller.post("/v2/entries:list", json={}))[0] == 401


def test_a_reset_brings_back_what_was_there() -> None:
    caller = mock()
    before = listed(caller)
    caller.delete(path_of(in_state(caller, "FAILED")))
    create(caller)
    caller.post("/_mock/reset")
    assert listed(caller) == before


def test_faults_speak_the_envelope() -> None:
    caller = mock(faults=("vertex:*:status=429",))
    assert problem(caller.get(JOBS)) == (429, "RESOURCE_EXHAUSTED", "Injected by a fault.")


def test_a_fast_clock_tells_no_time_in_the_readers_future() -> None:
    wall = [1_787_409_127.0]
    caller = mock(clock=SimClock(speed=60.0, wall=lambda: wall[0]))
    made = create(caller).json()
    wall[0] += 30.0
    job = caller.get(path_of(made)).json()
    assert job["state"] not in ("JOB_STATE_QUEUED", "JOB_STATE_PENDING")
    assert "2026-08-22T14:32:07" <= job["startTime"] <= "2026-08-22T14:32:37.1"
