"""One job: tasks, shards, attempts, failures, sub-workflows, files, operations, and what can be done to it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.mock.jobmanager.asking import BASE, JobManager, said

NOBODY = "00000000-0000-4000-8000-000000000000"


def tasks(mock: JobManager, status: str | None = None) -> list[tuple[str, dict[str, Any]]]:
    """Job id and task, of all jobs of that status."""
    jobs = [job["id"] for job in mock.jobs() if status in (None, job["status"])]
    return [(job_id, task) for job_id in jobs for task in mock.job(job_id)["extensions"]["tasks"]]


def a_running_task(mock: JobManager) -> tuple[str, dict[str, Any]]:
    running = [(job, task) for job, task in tasks(mock, "Running") if task["executionStatus"] == "Running"]
    return next((job, task) for job, task in running if "backendLog" in task)


def test_what_has_not_begun_has_no_tasks() -> None:
    mock = JobManager()
    for status in ("Submitted", "OnHold"):
        assert mock.job(mock.one(status))["extensions"]["tasks"] == []


def test_a_plain_task_has_the_values_of_its_last_attempt() -> None:
    mock = JobManager()
    plain = [(job, task) for job, task in tasks(mock, "Failed") if "shards" not in task]
    job, task = next((job, task) for job, task in plain if task["attempts"] == 2)
    tried = mock.get(f"{BASE}/jobs/{job}/{task['name']}/attempts").json()["attempts"]
    assert [each["attemptNumber"] for each in tried] == [1, 2]
    assert task["backendLog"] == tried[1]["backendLog"] != tried[0]["backendLog"]
    assert "attempt-2" in task["callRoot"]
    assert task["returnCode"] == 1
    assert all(key.startswith("llama_sft_8xh100.") for each in tried for key in each["inputs"])
    assert not any("llama" in key for key in task["inputs"])


def test_a_scattered_task_has_shards_and_nothing_of_its_own() -> None:
    mock = JobManager()
    found = [(job, task) for job, task in tasks(mock) if "shards" in task]
    assert found
    for job, task in found:
        assert task["attempts"] == len(task["shards"])
        assert [shard["shardIndex"] for shard in task["shards"]] == sorted(s["shardIndex"] for s in task["shards"])
        assert not {"inputs", "outputs", "returnCode", "backendLog"} & set(task)
        assert ("end" in task) == all("end" in shard for shard in task["shards"])
        one = mock.get(f"{BASE}/jobs/{job}/{task['name']}/0/attempts").json()["attempts"]
        mixed = mock.get(f"{BASE}/jobs/{job}/{task['name']}/attempts").json()["attempts"]
        assert len(mixed) >= len(task["shards"]) > len(one) - 1
    again = [
        s for _, task in found for s in task["shards"] if s["attempts"] == 2 and s["executionStatus"] == "Succeeded"
    ]
    assert again, "no shard was preempted and tried again"


def test_the_status_of_a_scattered_task_is_the_worst_of_its_shards() -> None:
    order = ("Failed", "Aborting", "Aborted", "Running", "Submitted", "Succeeded")
    for _, task in tasks(JobManager()):
        if "shards" in task:
            present = {shard["executionStatus"] for shard in task["shards"]}
            assert task["executionStatus"] == next(status for status in order if status in present)


def test_attempts_that_go_on_have_an_end_that_is_made_up() -> None:
    mock = JobManager()
    job, task = next(
        (j, t) for j, t in tasks(mock, "Running") if t["executionStatus"] == "Running" and "backendLog" in t
    )
    tried = mock.get(f"{BASE}/jobs/{job}/{task['name']}/attempts").json()["attempts"]
    assert tried[-1]["executionStatus"] == "Running"
    assert tried[-1]["end"] == "2026-08-22T14:32:07+00:00"
    assert "end" not in task


def test_attempts_that_cannot_be() -> None:
    mock = JobManager()
    job, task = next((j, t) for j, t in tasks(mock) if "shards" in t)
    assert said(mock.get(f"{BASE}/jobs/{job}/nonsense/attempts"))[0] == 500
    assert said(mock.get(f"{BASE}/jobs/{job}/{task['name']}/x/attempts"))[0] == 500
    assert mock.get(f"{BASE}/jobs/{job}/{task['name']}/99/attempts").json() == {"attempts": []}
    assert said(mock.get(f"{BASE}/jobs/{NOBODY}/x/attempts"))[0] == 404


def test_failures_name_their_task_and_shard() -> None:
    mock = JobManager()
    for job in mock.jobs(status=["Failed"]):
        found = mock.job(job["id"])
        names = {task["name"] for task in found["extensions"]["tasks"]}
        assert found["failures"]
        for failure in found["failures"]:
            assert failure["taskName"] in names
            assert failure["shardIndex"] >= -1
            assert failure["failure"]
    assert all("failures" not in mock.job(job["id"]) for job in mock.jobs(status=["Succeeded", "Running"]))


def test_events_of_execution_follow_each_other() -> None:
    for _, task in tasks(JobManager()):
        for event in task["executionEvents"]:
            assert set(event) >= {"name", "start", "attemptNumber", "shardIndex"}
            assert event["start"] <= event.get("end", "9")
        if task["executionStatus"] == "Succeeded" and not task["callCached"]:
            assert all("end" in event for event in task["executionEvents"])


def test_what_came_from_the_cache() -> None:
    cached = [task for _, task in tasks(JobManager(), "Succeeded") if task["callCached"]]
    assert cached
    assert all("backendLog" not in task and task["returnCode"] == 0 for task in cached)


def test_a_sub_workflow_is_a_job_of_its_own() -> None:
    mock = JobManager(runs=200)
    parent, task = next((j, t) for j, t in tasks(mock) if "jobId" in t)
    child = mock.job(task["jobId"])
    assert child["extensions"]["parentJobId"] == parent
    assert child["name"] == task["name"]
    assert child["status"] == task["executionStatus"]
    assert [each["name"] for each in child["extensions"]["tasks"]] == ["score"]
    assert task["jobId"] not in {job["id"] for job in mock.jobs()}
    assert mock.tail(child["extensions"]["tasks"][0]["backendLog"]).json()["contents"]


# Files and operations


def a_log(mock: JobManager, status: str = "Succeeded") -> tuple[str, dict[str, Any]]:
    return next((job, task) for job, task in tasks(mock, status) if "backendLog" in task)


def test_logs_tell_why_a_task_failed() -> None:
    mock = JobManager()
    told = {
        line
        for _, task in tasks(mock, "Failed")
        if "backendLog" in task and task["executionStatus"] == "Failed"
        for line in mock.tail(task["backendLog"]).json().get("contents", "").splitlines()
    }
    assert any("KeyError: 'merchant_category'" in line for line in told)
    assert any(line == "Killed" for line in told)


def test_a_log_that_is_never_written_is_not_found() -> None:
    mock = JobManager()
    pulled = [
        s
        for _, t in tasks(mock, "Failed")
        for s in (t.get("shards") or [t])
        if "manifest" in str(s.get("failureMessages"))
    ]
    assert pulled
    assert {said(mock.tail(each["backendLog"]))[0] for each in pulled} == {404}


def test_only_the_end_of_a_log_is_given() -> None:
    whole = JobManager()
    path = a_log(whole)[1]["backendLog"]
    contents = whole.tail(path).json()["contents"]
    assert whole.tail(path).json()["truncated"] is False
    cut = JobManager(window=1000).tail(path).json()
    assert cut == {"contents": contents[-1000:], "truncated": True}
    exactly = JobManager(window=len(contents.encode())).tail(path).json()
    assert exactly == {"contents": contents, "truncated": True}


def test_logs_only_grow() -> None:
    mock = JobManager()
    _, task = next(
        (j, t) for j, t in tasks(mock, "Running") if t["executionStatus"] == "Running" and "backendLog" in t
    )
    before = mock.tail(task["backendLog"]).json()["contents"]
    mock.advance(30)
    after = mock.tail(task["backendLog"]).json()["contents"]
    assert after.startswith(before)
    assert len(after) > len(before)


def test_files_that_are_not_there() -> None:
    mock = JobManager()
    assert said(mock.tail("gs://atlas-cromwell/nowhere"))[0] == 404
    assert said(mock.tail("gs://elsewhere/a/b/c/d/e"))[0] == 404
    assert said(mock.get(f"{BASE}/jobs/tailFile", params={"bucket": "b"}))[0] == 400


def test_operations_are_json_in_a_text_under_the_id_of_the_job() -> None:
    mock = JobManager()
    job, task = a_log(mock, "Failed")
    path = f"{BASE}/jobs/operationDetails"
    told = mock.get(path, params={"job": job, "operation": task["operationId"]}).json()
    assert told["id"] == job
    details = json.loads(told["details"])
    assert details["name"] == task["operationId"]
    assert details["metadata"]["pipeline"]["resources"]["virtualMachine"]["machineType"]
    assert said(mock.get(path, params={"job": job}))[0] == 500
    assert said(mock.get(path, params={"operation": "x"}))[0] == 400
    assert said(mock.get(path, params={"job": job, "operation": "x"}))[0] == 404


def test_without_a_service_account_there_is_nothing() -> None:
    mock = JobManager(outside_auth=False)
    job, task = a_log(mock)
    operation = {"job": job, "operation": task["operationId"]}
    for answer in (mock.tail(task["backendLog"]), mock.get(f"{BASE}/jobs/operationDetails", params=operation)):
        assert (answer.status_code, answer.content) == (204, b"")


# Writes


@pytest.mark.parametrize("status", ["Submitted", "OnHold", "Running", "Aborting"])
def test_an_abort_takes_a_while(status: str) -> None:
    mock = JobManager()
    job = mock.one(status)
    answer = mock.post(f"{BASE}/jobs/{job}/abort", json={})
    assert (answer.status_code, answer.content) == (204, b"")
    assert mock.job(job)["status"] == "Aborting"
    mock.advance(3600)
    assert mock.job(job)["status"] == "Aborted"
    assert "end" in mock.job(job)


@pytest.mark.parametrize("status", ["Failed", "Succeeded", "Aborted"])
def test_what_has_ended_cannot_be_aborted(status: str) -> None:
    mock = JobManager()
    job = mock.one(status)
    sentence = f"Couldn't abort {job} because no workflow with that ID is in progress"
    assert said(mock.post(f"{BASE}/jobs/{job}/abort", json={})) == (403, sentence)
    assert said(mock.post(f"{BASE}/jobs/{NOBODY}/abort"))[0] == 404


def test_labels_are_merged_and_all_of_them_come_back() -> None:
    mock = JobManager()
    job = mock.one("Succeeded")
    before = mock.job(job)["labels"]
    told = mock.post(f"{BASE}/jobs/{job}/updateLabels", json={"labels": {"comment": "ok", "flag": ""}}).json()
    assert told == {"labels": {**before, "comment": "ok", "flag": ""}}
    assert mock.job(job)["labels"] == told["labels"]


def test_changed_labels_may_be_seen_later() -> None:
    mock = JobManager(label_lag=5)
    job = mock.one("Succeeded")
    before = mock.job(job)["labels"]
    told = mock.post(f"{BASE}/jobs/{job}/updateLabels", json={"labels": {"comment": "ok"}}).json()
    assert told["labels"]["comment"] == "ok"
    assert mock.job(job)["labels"] == before
    mock.advance(6)
    assert mock.job(job)["labels"] == told["labels"]


@pytest.mark.parametrize("labels", [{"a": 3}, {"a": None}, {"": "x"}, {"a": "x" * 256}, {"a" * 256: "x"}, ["a"]])
def test_labels_that_cannot_be(labels: object) -> None:
    mock = JobManager()
    assert said(mock.post(f"{BASE}/jobs/{mock.one('Running')}/updateLabels", json={"labels": labels}))[0] == 400


# Totals


def test_totals_add_up() -> None:
    mock = JobManager()
    told = mock.get(f"{BASE}/aggregations", params={"timeFrame": "ALL_TIME"}).json()
    counts = {each["status"]: each["count"] for each in told["summary"]["counts"]}
    assert sum(counts.values()) == 60
    assert all(counts.values())
    assert {group["key"] for group in told["aggregations"]} >= {"name"}
    short = mock.get(f"{BASE}/aggregations", params={"timeFrame": "HOURS_1"}).json()["summary"]["counts"]
    assert sum(each["count"] for each in short) < 60
    live = {each["status"] for each in short}
    assert {"Running", "Submitted", "OnHold"} <= live


def test_totals_that_cannot_be() -> None:
    assert said(JobManager().get(f"{BASE}/aggregations"))[0] == 400
    assert said(JobManager().get(f"{BASE}/aggregations", params={"timeFrame": "DAYS_8"}))[0] == 400
    off = JobManager(aggregates=False)
    assert said(off.get(f"{BASE}/aggregations", params={"timeFrame": "DAYS_7"}))[0] == 501
