"""The mock against google-cloud-aiplatform (REST) and google-cloud-logging: lists, actions, refusals, logs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from adapters.mock.server import MockServer
from tests.conformance.peers import ask

pytestmark = pytest.mark.slow

RUNS, NUMBER = 60, "418350217094"


@pytest.fixture(scope="module")
def served() -> Iterator[MockServer]:
    options = {"vertex": {"token": "t0ken"}}
    with MockServer(seed=7, runs=RUNS, clock="virtual", backends=["vertex"], options=options) as server:
        yield server


@pytest.fixture(scope="module")
def seen(served: MockServer, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return ask("vertex", "vertex_client.py", tmp_path_factory.mktemp("vertex"), served.url, "t0ken")


def test_lists_every_job_once_newest_first(seen: dict[str, Any]) -> None:
    lists = seen["lists"]
    assert len(set(lists["names"])) == len(lists["names"]) == RUNS
    assert all(name.startswith(f"projects/{NUMBER}/locations/us-central1/customJobs/") for name in lists["names"])
    assert lists["created"] == sorted(lists["created"], reverse=True)
    words = (
        "QUEUED PENDING RUNNING SUCCEEDED FAILED CANCELLING CANCELLED PAUSED EXPIRED UPDATING PARTIALLY_SUCCEEDED"
    )
    assert set(lists["states"]) == {f"JOB_STATE_{word}" for word in words.split()}


def test_filters_as_the_documentation_has_them(seen: dict[str, Any]) -> None:
    lists = seen["lists"]
    assert len(lists["failed"]) > 10
    assert all(name and state == 0 and title for name, state, title in lists["failed"])  # the mask left state out
    assert set(lists["and"]) == {"JOB_STATE_RUNNING"}
    assert lists["or"] == ["JOB_STATE_PAUSED", "JOB_STATE_QUEUED"]
    assert lists["since"] == 10
    prefix, *found = lists["wild"]
    assert found
    assert all(name.startswith(prefix) for name in found)
    assert set(lists["label"]) == {"ci"}
    assert lists["camel"][0] == "BadRequest"
    assert "snake_case" in lists["camel"][1]
    assert lists["elsewhere"][0] == "Forbidden"


def test_reads_jobs_whole(seen: dict[str, Any]) -> None:
    details = seen["details"]
    code, text = details["failed"]
    assert code == 3
    assert "exited with a non-zero status of" in text
    assert details["cancelled"] == 1
    assert 0 in details["replicas"][1:-1]
    assert details["machine"] == ["a3-highgpu-8g", "NVIDIA_H100_80GB", 8]
    assert details["timeout"] == 604800
    assert "workerpool0-0" in details["shells"][0]
    assert details["missing"][0] == "NotFound"


def test_creates_cancels_deletes_and_waits_for_the_operation(seen: dict[str, Any]) -> None:
    actions = seen["actions"]
    assert actions["made"] == [NUMBER, "JOB_STATE_QUEUED", "by the client"]
    assert actions["spec"] == [
        [1, "NVIDIA_TESLA_T4"],
        [0, "ACCELERATOR_TYPE_UNSPECIFIED"],
        [3, "NVIDIA_TESLA_T4"],
    ]
    assert actions["strategy"] == "SPOT"
    assert actions["cancelling"] == "JOB_STATE_CANCELLING"
    assert actions["ended"] == ["JOB_STATE_CANCELLED", 1, True, False]
    result, done, name = actions["deleted"]
    assert (result, done) == ("Empty", True)
    assert name.startswith(f"projects/{NUMBER}/locations/us-central1/operations/")
    assert actions["operations"] == 1
    assert actions["locations"] == ["us-central1"]
    for refused, kind in (
        ("delete live", "BadRequest"),
        ("gone", "NotFound"),
        ("cancel ended", "BadRequest"),
        ("nameless", "BadRequest"),
    ):
        assert actions[refused][0] == kind


def test_the_high_level_client_goes_round(seen: dict[str, Any], served: MockServer) -> None:
    sdk = seen["sdk"]
    assert sdk["listed"][0] > 10
    assert sdk["listed"][1]
    assert sdk["one"][0].startswith(f"projects/{NUMBER}/")
    assert sdk["one"][1]
    assert sdk["submitted"] == ["JOB_STATE_QUEUED", "JOB_STATE_CANCELLED"]
    assert sdk["shells"] == ["workerpool0-0"]
    assert sdk["gone"][0] == "NotFound"
    assert any(each.path.startswith("/ui/projects/") and "/operations/" in each.path for each in served.requests)


def test_logs_are_read_forwards_and_backwards(seen: dict[str, Any]) -> None:
    logs = seen["logs"]
    assert len(logs["ids"]) == len(set(logs["ids"])) > 100
    assert logs["times"] == sorted(logs["times"])
    assert len(set(logs["times"])) < len(logs["times"])  # entries of one moment are told apart
    assert logs["reversed"]
    assert {"service", "workerpool0-0", "workerpool1-0"} <= set(logs["tasks"])
    assert logs["node"][0] > 20
    assert logs["node"][1]
    assert logs["errors"][0] == "BadRequest"


def test_a_wrong_token_is_refused(seen: dict[str, Any]) -> None:
    assert seen["unauthorised"][0] == "Unauthorized"


def test_application_default_credentials_are_those_of_google_auth(tmp_path: Path) -> None:
    seen = ask("vertex", "google_auth.py", tmp_path, str(tmp_path))
    assert seen["tokens"] == ["token-1", "token-1"]
    assert seen["asked"] == 1
    assert seen["expires"]
    assert seen["missing"][0] == "Unauthorized"
    assert "no Application Default Credentials" in seen["missing"][1]
    assert seen["refused"][0] == "Unauthorized"
    assert "invalid_grant" in seen["refused"][1]
    assert seen["down"][0] == "Unavailable"
