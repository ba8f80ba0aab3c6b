"""Queries: the cast, filters, pages and their tokens, and what 100,000 jobs cost."""

from __future__ import annotations

import time

import pytest

from adapters.mock.stories import STORIES
from tests.mock.jobmanager.asking import BASE, JobManager, opened, said

STATUSES = {"Submitted", "OnHold", "Running", "Aborting", "Failed", "Succeeded", "Aborted"}
START = "2026-08-22T14:32:07+00:00"
"""When the server was started."""


@pytest.mark.parametrize("runs", [20, 60, 500])
@pytest.mark.parametrize("seed", [0, 7])
def test_the_cast_shows_every_status_and_every_story(runs: int, seed: int) -> None:
    mock = JobManager(runs=runs, seed=seed)
    jobs = mock.jobs(pageSize=500)
    assert {job["status"] for job in jobs} == STATUSES
    told = " ".join(
        failure["failure"]
        for job in jobs[:150]
        if job["status"] == "Failed"
        for failure in mock.job(job["id"]).get("failures", [])
    )
    assert all(story.message in told for story in STORIES)


def test_newest_submission_first() -> None:
    times = [job["submission"] for job in JobManager().jobs()]
    assert len(times) == 60
    assert times == sorted(times, reverse=True)


def test_the_start_of_what_has_not_begun_is_that_of_the_server() -> None:
    jobs = JobManager().jobs()
    waiting = [job for job in jobs if job["status"] in ("Submitted", "OnHold")]
    assert waiting
    assert {job["start"] for job in waiting} == {START}
    assert all("end" not in job for job in jobs if job["status"] not in ("Failed", "Succeeded", "Aborted"))
    assert all("end" in job for job in jobs if job["status"] in ("Failed", "Succeeded", "Aborted"))


def test_filters() -> None:
    mock = JobManager()
    jobs = mock.jobs()
    ids = {status: {job["id"] for job in jobs if job["status"] == status} for status in STATUSES}
    assert {job["id"] for job in mock.jobs(status=["Failed", "OnHold"])} == ids["Failed"] | ids["OnHold"]
    name = jobs[0]["name"]
    assert {job["name"] for job in mock.jobs(name=name)} == {name}
    assert len(mock.jobs(name=name)) == sum(job["name"] == name for job in jobs)
    assert [job["id"] for job in mock.jobs(id=jobs[5]["id"])] == [jobs[5]["id"]]
    middle = jobs[30]["submission"]
    assert mock.jobs(submission=middle) == jobs[:31]
    ended = sorted(job["end"] for job in jobs if "end" in job)[10]
    assert {job["id"] for job in mock.jobs(end=ended)} == {
        job["id"] for job in jobs if job.get("end", "9") <= ended
    }
    assert mock.query(labels={}).json()["totalSize"] == 60


def test_started_after_leaves_out_what_has_not_begun() -> None:
    mock = JobManager()
    found = mock.jobs(start="2026-08-22T14:00:00Z")
    assert found
    assert not {job["status"] for job in found} & {"Submitted", "OnHold"}


def test_the_offset_of_a_time_is_not_read() -> None:
    mock = JobManager()
    right = mock.jobs(submission="2026-08-22T14:00:00Z")
    assert mock.jobs(submission="2026-08-22T14:00:00+02:00") == right
    assert len(right) < 60


def test_any_label_in_a_filter_crashes_the_server() -> None:
    assert said(JobManager().query(labels={"flag": "archive"}))[0] == 500


def test_archived_jobs_can_be_left_out() -> None:
    mock = JobManager()
    archived = [job for job in mock.jobs() if job["labels"].get("flag") == "archive"]
    left = mock.jobs(extensions={"hideArchived": True})
    assert archived
    assert len(left) == 60 - len(archived)


@pytest.mark.parametrize(("size", "pages"), [(64, 2), (60, 1), (30, 2), (25, 4), (7, 10), (20, 3)])
def test_a_token_follows_the_last_page_unless_it_is_full(size: int, pages: int) -> None:
    mock = JobManager()
    token, seen, count = None, list[str](), 0
    while True:
        page = mock.query(pageSize=size, **({"pageToken": token} if token else {})).json()
        count += 1
        seen += [job["id"] for job in page["results"]]
        assert page["totalSize"] == 60
        token = page.get("nextPageToken")
        if token is None:
            break
        assert opened(token) == {"of": count * size}
    assert count == pages
    assert len(set(seen)) == len(seen) == 60
    if 60 % size:
        assert page["results"] == []


def test_pages_are_numbered_so_that_their_size_must_not_change() -> None:
    mock = JobManager()
    first = mock.query(pageSize=10).json()
    wrong = mock.query(pageSize=20, pageToken=first["nextPageToken"]).json()
    assert wrong["results"][:10] == first["results"]


def test_the_usual_size_of_a_page() -> None:
    assert len(JobManager(runs=80).query().json()["results"]) == 64
    assert len(JobManager(runs=80).query(pageSize=0).json()["results"]) == 64


@pytest.mark.parametrize("token", ["garbage", "e30", "W10", "eyJvZiI6ICJ4In0", "eyJvZiI6IC0xfQ"])
def test_a_garbage_token_crashes_the_server(token: str) -> None:
    answer = JobManager().query(pageToken=token)
    assert answer.status_code == (200 if token == "e30" else 500)


def test_a_project_must_be_named_where_the_server_wants_one() -> None:
    mock = JobManager(project="atlas")
    assert said(mock.query())[0] == 400
    assert said(mock.query(extensions={"projectId": "other"}))[0] == 400
    assert mock.query(extensions={"projectId": "atlas"}).json()["totalSize"] == 60


def test_a_hundred_thousand_jobs_cost_nothing() -> None:
    mock = JobManager(runs=100_000)
    began = time.perf_counter()
    deep = mock.query(pageSize=100, pageToken="eyJvZiI6IDkwMDAwfQ").json()
    assert (len(deep["results"]), deep["totalSize"]) == (100, 100_000)
    assert mock.job(deep["results"][7]["id"])["id"] == deep["results"][7]["id"]
    live = mock.query(status=["Submitted", "OnHold", "Running", "Aborting"]).json()
    assert live["results"]
    assert time.perf_counter() - began < 2


@pytest.mark.parametrize("hours", [0, 5, 30])
def test_what_has_not_ended_is_found_whole(hours: int) -> None:
    mock = JobManager(runs=3000)
    mock.advance(hours * 3600)
    live = ["Submitted", "OnHold", "Running", "Aborting"]
    found = [job["id"] for job in mock.jobs(status=live, pageSize=3000)]
    assert found == [job["id"] for job in mock.jobs(pageSize=3000) if job["status"] in live]


def test_the_truth_is_told() -> None:
    mock = JobManager()
    told = mock.get("/_mock/state").json()["backends"]["jobmanager"]
    assert told["runs"] == 60
    assert set(told["states"]) == STATUSES
    job_id = mock.one("Failed")
    about = mock.get("/_mock/state", params={"id": job_id}).json()["backends"]["jobmanager"]
    assert about["status"] == "Failed"
    assert about["story"]
    mock.post("/_mock/reset", json={"runs": 25})
    assert mock.query().json()["totalSize"] == 25


def test_arrivals_come_and_end() -> None:
    mock = JobManager()
    mock.advance(36 * 3600)
    jobs = mock.jobs()
    assert {job["status"] for job in jobs} <= {"Failed", "Succeeded", "Aborted", "OnHold"}
    assert mock.get(f"{BASE}/health").status_code == 200
