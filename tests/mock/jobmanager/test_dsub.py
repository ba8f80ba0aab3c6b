"""The server in front of dsub: other ids, other refusals, no tasks."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from tests.mock.jobmanager.asking import BASE, JobManager, opened, said


def path(job_id: str, rest: str = "") -> str:
    return f"{BASE}/jobs/{quote(job_id, safe='')}{rest}"


def test_ids_have_four_parts() -> None:
    mock = JobManager(family="dsub")
    for job in mock.jobs()[:5]:
        parts = job["id"].split("+")
        assert len(parts) == 4
        assert parts[0] == ""
        assert job["labels"] == {"job-id": parts[1], "task-id": parts[2], "attempt": parts[3]}
        assert mock.get(path(job["id"])).json()["id"] == job["id"]
    assert said(mock.get(path("one+two")))[0] == 400
    assert said(mock.get(path("+a+b+c")))[0] == 404


def test_statuses_are_fewer() -> None:
    assert {job["status"] for job in JobManager(family="dsub").jobs()} == {
        *("Submitted", "Running", "Failed", "Succeeded", "Aborted"),
    }


def test_what_a_job_has_instead_of_tasks() -> None:
    mock = JobManager(family="dsub")
    failed = mock.get(path(mock.one("Failed"))).json()
    extensions = failed["extensions"]
    assert "tasks" not in extensions
    assert set(extensions["logs"]) == {"Controller Log", "Error Log", "Output Log"}
    assert extensions["sourceFile"].startswith("#!")
    assert extensions["events"][0]["content"] == "created"
    assert len(failed["failures"]) == 1
    assert extensions["statusDetail"] == failed["failures"][0]["failure"]
    waiting = mock.get(path(mock.one("Submitted"))).json()
    assert "start" not in waiting


def test_pages_have_no_total_and_no_token_too_many() -> None:
    mock = JobManager(family="dsub")
    token, seen, pages = None, list[str](), 0
    while True:
        page = mock.query(pageSize=25, **({"pageToken": token} if token else {})).json()
        assert "totalSize" not in page
        seen += [job["id"] for job in page["results"]]
        pages += 1
        token = page.get("nextPageToken")
        if token is None:
            break
        assert opened(token)["oi"] == page["results"][-1]["id"]
    assert (pages, len(seen), len(set(seen))) == (3, 60, 60)
    assert len(mock.query().json()["results"]) == 32
    assert len(JobManager(family="dsub", runs=400).query(pageSize=1000).json()["results"]) == 256


def test_labels_are_filters_here() -> None:
    mock = JobManager(family="dsub")
    job = mock.jobs()[3]
    assert [found["id"] for found in mock.jobs(labels=job["labels"])] == [job["id"]]
    user = job["extensions"]["userId"]
    found = mock.jobs(extensions={"userId": user})
    assert {each["extensions"]["userId"] for each in found} == {user}


@pytest.mark.parametrize(
    "body",
    [
        {"start": "2026-08-22T14:00:00Z", "end": "2026-08-22T14:00:00Z"},
        {"submission": "2026-08-22T15:00:00Z", "start": "2026-08-22T14:00:00Z"},
        {"submission": "2026-08-22T15:00:00Z", "end": "2026-08-22T14:00:00Z"},
        {"pageSize": -1},
        {"extensions": {"projectId": "p"}},
    ],
)
def test_queries_that_cannot_be(body: dict[str, object]) -> None:
    assert said(JobManager(family="dsub").query(**body))[0] == 400


def test_offsets_are_read_here() -> None:
    mock = JobManager(family="dsub")
    early = mock.jobs(submission="2026-08-22T15:00:00+02:00")
    assert early == mock.jobs(submission="2026-08-22T13:00:00Z")
    assert len(early) > len(mock.jobs(submission="2026-08-22T15:00:00Z"))


def test_a_local_provider_takes_no_token() -> None:
    mock = JobManager(family="dsub")
    answer = mock.post(f"{BASE}/jobs/query", json={}, headers={"Authentication": "Bearer x"})
    assert said(answer)[0] == 400


def test_google_wants_a_project() -> None:
    mock = JobManager(family="dsub", project="atlas")
    assert said(mock.query())[0] == 400
    jobs = mock.jobs(extensions={"projectId": "atlas"})
    assert all(job["id"].startswith("atlas+") for job in jobs)


@pytest.mark.parametrize("status", ["Submitted", "Failed", "Succeeded", "Aborted"])
def test_only_what_runs_can_be_aborted(status: str) -> None:
    mock = JobManager(family="dsub")
    answer = mock.post(path(mock.one(status), "/abort"), json={})
    assert said(answer) == (412, f"Job already in terminal status `{status}`")


def test_an_abort() -> None:
    mock = JobManager(family="dsub")
    job = mock.one("Running")
    assert mock.post(path(job, "/abort"), json={}).status_code == 200
    mock.advance(60)
    assert mock.get(path(job)).json()["status"] == "Aborted"
    assert said(mock.post(path("+a+b+c", "/abort"), json={}))[0] == 404


def test_what_was_never_written() -> None:
    mock = JobManager(family="dsub")
    job = mock.one("Running")
    assert said(mock.post(path(job, "/updateLabels"), json={"labels": {}}))[0] == 500
    assert said(mock.get(path(job, "/x/attempts")))[0] == 500
    assert said(mock.get(path(job, "/x/0/attempts")))[0] == 500
    assert said(mock.get(f"{BASE}/jobs/tailFile", params={"bucket": "b", "object": "o"}))[0] == 500
    assert said(mock.get(f"{BASE}/jobs/operationDetails", params={"job": job}))[0] == 500
    told = mock.get(f"{BASE}/aggregations", params={"timeFrame": "DAYS_7"}).json()
    assert {"userId", "name"} <= {group["key"] for group in told["aggregations"]}
