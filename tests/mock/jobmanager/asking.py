"""Asking the mock of Job Manager."""

from __future__ import annotations

import base64
import json
from typing import Any

import httpx

from tests.mock.calling import Caller

BASE = "/api/v1"


class JobManager(Caller):
    """Keyword arguments that are no settings of the simulated cluster are options of the mock."""

    def __init__(self, *, runs: int = 60, seed: int = 7, faults: tuple[str, ...] = (), **options: Any) -> None:
        super().__init__(
            backends=("jobmanager",), options={"jobmanager": options}, runs=runs, seed=seed, faults=faults
        )

    def query(self, **body: Any) -> httpx.Response:
        return self.post(f"{BASE}/jobs/query", json=body)

    def jobs(self, **body: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.query(**{"pageSize": 200, **body}).json()["results"]
        return found

    def job(self, job_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.get(f"{BASE}/jobs/{job_id}").json()
        return found

    def one(self, status: str) -> str:
        """The id of a job of that status."""
        return next(str(job["id"]) for job in self.jobs() if job["status"] == status)

    def tail(self, path: str) -> httpx.Response:
        bucket, _, name = path.removeprefix("gs://").partition("/")
        return self.get(f"{BASE}/jobs/tailFile", params={"bucket": bucket, "object": name})


def said(answer: httpx.Response) -> tuple[int, str]:
    """Status and detail of a problem document."""
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert set(body) == {"type", "title", "detail", "status"}
    assert body["status"] == answer.status_code
    return answer.status_code, body["detail"]


def opened(token: str) -> Any:
    assert "=" not in token
    return json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
