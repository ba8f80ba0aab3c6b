"""Short ways to ask the Vertex AI mock."""

from __future__ import annotations

from typing import Any

from tests.mock.calling import Caller

NUMBER = "418350217094"
JOBS = "/v1/projects/atlas-ml/locations/us-central1/customJobs"
INT = {"$alt": "json;enum-encoding=int"}
POOL: dict[str, Any] = {
    "machineSpec": {"machineType": "n1-standard-8"},
    "replicaCount": "1",
    "containerSpec": {"imageUri": "gcr.io/x/train:1"},
}
TERMINAL = ("SUCCEEDED", "FAILED", "CANCELLED", "EXPIRED", "PARTIALLY_SUCCEEDED")


def mock(**settings: Any) -> Caller:
    return Caller(backends=("vertex",), **settings)


def listed(caller: Caller, size: int = 100, **params: str) -> list[dict[str, Any]]:
    """Every job of a list, page by page."""
    found: list[dict[str, Any]] = []
    token = ""
    while True:
        page = caller.get(JOBS, params={"pageSize": size, "pageToken": token, **params}).json()
        assert set(page) <= {"customJobs", "nextPageToken"}, page
        assert len(page.get("customJobs", [])) <= size
        found += page.get("customJobs", [])
        token = page.get("nextPageToken", "")
        if not token:
            return found


def in_state(caller: Caller, word: str) -> dict[str, Any]:
    return next(job for job in listed(caller) if job["state"] == f"JOB_STATE_{word}")


def id_of(job: dict[str, Any]) -> str:
    return str(job["name"].rpartition("/")[2])


def path_of(job: dict[str, Any]) -> str:
    return f"{JOBS}/{id_of(job)}"


def truth(caller: Caller, job: dict[str, Any]) -> Any:
    asked = {"backend": "vertex", "id": id_of(job)}
    return caller.get("/_mock/state", params=asked).json()["backends"]["vertex"]


def problem(answer: Any) -> tuple[int, str, str]:
    """HTTP status, canonical name and message of an error."""
    error = answer.json()["error"]
    assert error["code"] == answer.status_code
    return answer.status_code, error["status"], error["message"]
