"""Cloud Logging's entries:list: filters, orders, pages, late entries and equal times."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.vertex.mock_wire import nanoseconds
from tests.mock.calling import Caller
from tests.mock.vertex.calls import JOBS, POOL, id_of, in_state, listed, mock, path_of, problem, truth

ENTRIES = "/v2/entries:list"


def ask(caller: Caller, **body: Any) -> Any:
    return caller.post(ENTRIES, json={"resourceNames": ["projects/atlas-ml"], **body})


def of_job(job: dict[str, Any], *more: str) -> str:
    return " AND ".join(['resource.type="ml_job"', f'resource.labels.job_id="{id_of(job)}"', *more])


def read(caller: Caller, text: str, size: int = 1000, **body: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    token: dict[str, Any] = {}
    for _ in range(5000):
        page = ask(caller, filter=text, pageSize=size, **token, **body).json()
        assert set(page) <= {"entries", "nextPageToken"}, page
        assert page.get("nextPageToken") != ""
        assert len(page.get("entries", [])) <= size
        found += page.get("entries", [])
        if "nextPageToken" not in page:
            return found
        token = {"pageToken": page["nextPageToken"]}
    raise AssertionError("the log does not end")


def order(entry: dict[str, Any]) -> tuple[int, str]:
    return nanoseconds(entry["timestamp"]), entry["insertId"]


def test_a_jobs_log_is_in_order_once_and_has_every_replica() -> None:
    caller = mock()
    job = next(each for each in listed(caller) if each["displayName"].startswith("llama"))
    entries = read(caller, of_job(job))
    assert [order(entry) for entry in entries] == sorted({order(entry) for entry in entries})
    times = [entry["timestamp"] for entry in entries]
    assert len(set(times)) < len(times)  # some have the same time
    tasks = {entry["resource"]["labels"]["task_name"] for entry in entries}
    assert tasks == {"service", "workerpool0-0", "workerpool1-0", "workerpool1-1", "workerpool1-2"}
    for size in (1, 3, 50):
        assert (
            read(caller, of_job(job), size)[:200] == entries[:200] if size == 1 else read(caller, of_job(job), size)
        )
    assert read(caller, of_job(job), orderBy="timestamp desc") == entries[::-1]


def test_an_entry_has_the_shape_of_the_real_ones() -> None:
    caller = mock()
    job = in_state(caller, "SUCCEEDED")
    line, service = (
        next(
            e
            for e in read(caller, of_job(job))
            if (e["resource"]["labels"]["task_name"] == "service") == of_service
        )
        for of_service in (False, True)
    )
    node = line["resource"]["labels"]["task_name"]
    assert line["resource"] == {
        "type": "ml_job",
        "labels": {"project_id": "atlas-ml", "job_id": id_of(job), "task_name": node},
    }
    assert line["jsonPayload"]["attrs"] == {"tag": node}
    assert line["logName"] == f"projects/atlas-ml/logs/{node}"
    assert line["receiveTimestamp"] > line["timestamp"]
    assert service["textPayload"] == "Waiting for job to be provisioned."
    assert service["labels"] == {"ml.googleapis.com/job_state": "QUEUED"}


def test_failures_can_be_read_in_the_log_of_the_replica_they_happened_to() -> None:
    caller = mock()
    for job in listed(caller):
        if job["state"] != "JOB_STATE_FAILED":
            continue
        known = truth(caller, job)
        node = f'resource.labels.task_name="{known["victim"]}"'
        lines = [entry["jsonPayload"]["message"] for entry in read(caller, of_job(job, node))]
        service = [
            entry["textPayload"] for entry in read(caller, of_job(job, 'resource.labels.task_name="service"'))
        ]
        assert service[-1] == "Job failed."
        if known["story"] == "image-pull":
            assert lines == []
        elif known["story"] == "user-code":
            assert "KeyError: 'merchant_category'" in lines[-1]
            assert "Traceback (most recent call last):" in lines
        else:
            assert lines


def test_filters_narrow_it() -> None:
    caller = mock()
    job = next(each for each in listed(caller) if truth(caller, each)["story"] == "nccl-timeout")
    every = read(caller, of_job(job))
    middle = every[len(every) // 2]
    at, native = middle["timestamp"], middle["insertId"]
    after = [entry for entry in every if order(entry) > order(middle)]
    assert read(caller, of_job(job, f'((timestamp="{at}" AND insertId>"{native}") OR timestamp>"{at}")')) == after
    assert read(caller, of_job(job, f'timestamp>="{at}"'))[-len(after) :] == after
    assert read(caller, of_job(job, f'timestamp<"{at}"')) == [e for e in every if e["timestamp"] < at]
    errors = read(caller, of_job(job, "severity>=ERROR"))
    assert errors == [entry for entry in every if entry["severity"] == "ERROR"]
    assert errors
    assert (
        read(caller, of_job(job, 'timestamp>="2026-08-01T00:00:00.000000+0000"')) == every
    )  # as the client adds it
    assert read(caller, of_job(job, 'jsonPayload.message:"nccl"'))
    assert read(caller, of_job(job, 'jsonPayload.message=~"^step .* loss"')) == []
    assert read(caller, of_job(job).replace(" AND ", "\n")) == every  # AND may be implied
    assert read(caller, of_job(job, f'(severity=ERROR OR timestamp>="{every[-1]["timestamp"]}")'))[:1] == errors[:1]


def test_late_entries_turn_up_before_those_already_there() -> None:
    caller = mock()
    job = next(each for each in listed(caller) if each["displayName"].startswith("llama"))
    seen: list[tuple[int, str]] = []
    late = 0
    for _ in range(60):
        now = [order(entry) for entry in read(caller, of_job(job))]
        assert set(seen) <= set(now)
        late += sum(entry < max(seen) for entry in now if entry not in set(seen)) if seen else 0
        seen = now
        caller.advance(5)
    assert late > 10


def test_pages_may_be_empty_and_yet_go_on() -> None:
    caller = mock()
    empty = 0
    for job in listed(caller):
        page = ask(caller, filter=of_job(job)).json()
        empty += "entries" not in page and "nextPageToken" in page
    assert 5 < empty < 55


def test_a_log_grows_at_its_end_only_and_stops_with_the_job() -> None:
    caller = mock()
    job = in_state(caller, "RUNNING")
    before = len(read(caller, of_job(job)))
    caller.advance(120)
    assert len(read(caller, of_job(job))) > before
    caller.post(f"{path_of(job)}:cancel", json={})
    caller.advance(120)
    ended = read(caller, of_job(job))
    assert ended[-1]["textPayload"] == "Job cancelled."
    caller.advance(600)
    assert read(caller, of_job(job)) == ended


def test_a_log_is_there_for_a_job_that_a_client_made() -> None:
    caller = mock()
    made = caller.post(JOBS, json={"displayName": "mine", "jobSpec": {"workerPoolSpecs": [POOL]}}).json()
    assert [entry["textPayload"] for entry in read(caller, of_job(made))] == ["Waiting for job to be provisioned."]
    caller.advance(180)
    assert {entry["resource"]["labels"]["task_name"] for entry in read(caller, of_job(made))} == {
        "service",
        "workerpool0-0",
    }


@pytest.mark.parametrize(
    "body",
    [
        {"pageSize": -1},
        {"pageSize": 1001},
        {"orderBy": "severity"},
        {"pageToken": "x"},
        {"filter": "severity>=LOUD"},
        {"filter": 'timestamp>="now"'},
        {"filter": 'nope="x"'},
        {"filter": 'textPayload=~"("'},
        {"filter": "x" * 20_001},
        {"resourceNames": []},
        {"resourceNames": [f"projects/{n}" for n in range(101)]},
        {"frobs": 1},
    ],
)
def test_requests_that_make_no_sense(body: dict[str, Any]) -> None:
    assert problem(ask(mock(), **body))[:2] == (400, "INVALID_ARGUMENT")


def test_another_project_is_denied_and_the_number_is_the_same_one() -> None:
    caller = mock()
    denied = caller.post(ENTRIES, json={"resourceNames": ["projects/other"]})
    assert problem(denied)[:2] == (403, "PERMISSION_DENIED")
    same = caller.post(
        ENTRIES, json={"resourceNames": ["projects/418350217094"], "filter": 'resource.type="ml_job"'}
    )
    assert same.json()["entries"]
    assert (
        caller.post(f"{ENTRIES}?prettyPrint=false", json={"resourceNames": ["projects/atlas-ml"]}).status_code
        == 200
    )
    assert len(caller.post(ENTRIES, json={"resourceNames": ["projects/atlas-ml"]}).json()["entries"]) == 50


def test_a_token_belongs_to_its_filter() -> None:
    caller = mock()
    jobs = listed(caller)
    token = next(
        page["nextPageToken"]
        for job in jobs
        if "nextPageToken" in (page := ask(caller, filter=of_job(job), pageSize=2).json())
    )
    assert problem(ask(caller, filter='resource.type="ml_job"', pageToken=token))[:2] == (400, "INVALID_ARGUMENT")
