"""A Vertex AI and a Cloud Logging of canned answers, which note what they are asked."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from typing import Any

import httpx

from adapters.model import Kind, Ref
from adapters.permit import Permit
from adapters.vertex.adapter import VertexAdapter
from adapters.vertex.settings import VertexSettings
from adapters.vertex.wire import nanoseconds

PARENT = "projects/418350217094/locations/us-central1"
BASE = "/v1/projects/atlas-ml/locations/us-central1"
JOB = Ref("vertex", Kind.RUN, "777")
Answer = httpx.Response | Callable[[httpx.Request], httpx.Response]


def job(**fields: Any) -> dict[str, Any]:
    """A CustomJob as the real service writes it: int64 as text, absent what is not set, the project's number."""
    return {
        "name": f"{PARENT}/customJobs/777",
        "displayName": "llama-sft-8xh100-0822",
        "jobSpec": {
            "workerPoolSpecs": [
                {
                    "machineSpec": {
                        "machineType": "a3-highgpu-8g",
                        "acceleratorType": "NVIDIA_H100_80GB",
                        "acceleratorCount": 8,
                    },
                    "replicaCount": "1",
                    "diskSpec": {"bootDiskType": "pd-ssd", "bootDiskSizeGb": 100},
                    "containerSpec": {"imageUri": "gcr.io/atlas/train:1", "args": ["--epochs=3"]},
                },
                {},
                {
                    "machineSpec": {"machineType": "n1-highcpu-16"},
                    "replicaCount": "2",
                    "pythonPackageSpec": {
                        "executorImageUri": "gcr.io/vertex/reduce:1",
                        "packageUris": ["gs://b/p.tar.gz"],
                        "pythonModule": "reduce.main",
                    },
                },
            ],
            "scheduling": {"timeout": "604800s", "strategy": "SPOT"},
            "serviceAccount": "llm@atlas-ml.iam.gserviceaccount.com",
        },
        "state": "JOB_STATE_RUNNING",
        "createTime": "2026-08-22T14:00:00.123456Z",
        "startTime": "2026-08-22T14:01:00Z",
        "updateTime": "2026-08-22T14:01:00.500Z",
        "labels": {"owner": "mei", "team": "llm"},
        **fields,
    }


FAILED: dict[str, Any] = {
    "state": "JOB_STATE_FAILED",
    "endTime": "2026-08-22T14:31:00Z",
    "error": {
        "code": 3,
        "message": "The replica workerpool2-1 exited with a non-zero status of 137. Termination reason: OOMKilled.",
    },
}


class Server:
    """Answers by method and path; an unknown path is the front end's own 404 page."""

    def __init__(self, *jobs: dict[str, Any]) -> None:
        self.asked: list[httpx.Request] = []
        self.answers: dict[tuple[str, str], Answer] = {}
        for each in jobs:
            native = each["name"].rpartition("/")[2]
            self.on("GET", f"{BASE}/customJobs/{native}", httpx.Response(200, json=each))
        if jobs:
            self.on("GET", f"{BASE}/customJobs", httpx.Response(200, json={"customJobs": list(jobs)}))

    def on(self, method: str, path: str, answer: Answer) -> Server:
        self.answers[method, path] = answer
        return self

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        path = request.url.raw_path.decode().split("?")[0]
        answer = self.answers.get((request.method, path))
        if answer is None:
            return httpx.Response(404, html="<!DOCTYPE html><title>Error 404 (Not Found)!!1</title>")
        if callable(answer):
            return answer(request)
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)

    def adapter(self, **settings: Any) -> VertexAdapter:
        given = {
            "project": "atlas-ml",
            "region": "us-central1",
            "url": "http://vertex.test",
            "logging_url": "http://logging.test",
            "retries": 0,
            "requests_per_second": 1e6,
            **settings,
        }
        return VertexAdapter("vertex", VertexSettings(**given), transport=httpx.MockTransport(self))

    def paths(self) -> list[str]:
        return [f"{request.method} {request.url.raw_path.decode().split('?')[0]}" for request in self.asked]

    def body(self, number: int = -1) -> Any:
        return json.loads(self.asked[number].content)


def permit(ref: Ref | str = JOB, action: str = "abort") -> Permit:
    return Permit("plan", "record", action, ref)


def error(http: int, status: str, message: str, *details: dict[str, Any]) -> httpx.Response:
    body: dict[str, Any] = {"code": http, "message": message, "status": status}
    if details:
        body["details"] = list(details)
    return httpx.Response(http, json={"error": body})


class Logging:
    """entries:list over entries that a test adds: ordered by time and insertId, bounded by `timestamp>=`."""

    def __init__(self, page_size: int = 1000) -> None:
        self.page_size = page_size
        self.entries: list[dict[str, Any]] = []
        self.filters: list[str] = []
        self.empty_first = False

    def add(self, at: str, insert_id: str, text: str, **fields: Any) -> None:
        node = fields.pop("node", "workerpool0-0")
        self.entries.append(
            {
                "insertId": insert_id,
                "timestamp": at,
                "receiveTimestamp": fields.pop("received", at),
                "severity": "INFO",
                "resource": {"type": "ml_job", "labels": {"job_id": "777", "task_name": node}},
                "jsonPayload": {"message": text, "levelname": "INFO", "attrs": {"tag": node}},
                **fields,
            }
        )

    def __call__(self, request: httpx.Request) -> httpx.Response:
        assert request.url.host == "logging.test"
        body = json.loads(request.content)
        assert body["resourceNames"] == ["projects/atlas-ml"]
        assert 0 < body["pageSize"] <= 1000
        self.filters.append(body["filter"])
        bound = re.search(r'timestamp>="([^"]+)"', body["filter"])
        since = nanoseconds(bound[1]) if bound else 0
        node = re.search(r'task_name="([^"]+)"', body["filter"])
        found = sorted(
            (
                (nanoseconds(entry["timestamp"]) or 0, entry["insertId"], entry)
                for entry in self.entries
                if node is None or entry["resource"]["labels"]["task_name"] == node[1]
            ),
            key=lambda row: row[:2],
            reverse=body["orderBy"] == "timestamp desc",
        )
        rows = [row for row in found if row[0] >= (since or 0)]
        token = body.get("pageToken")
        if self.empty_first and token is None:
            return httpx.Response(200, json={"nextPageToken": "start"})
        start = 0
        if token and token != "start":
            last = json.loads(base64.b64decode(token))
            descending = body["orderBy"] == "timestamp desc"
            start = sum((list(row[:2]) >= last if descending else list(row[:2]) <= last) for row in rows)
        page = rows[start : start + self.page_size]
        answer: dict[str, Any] = {"entries": [row[2] for row in page]} if page else {}
        if len(rows) > start + self.page_size:
            answer["nextPageToken"] = base64.b64encode(json.dumps(page[-1][:2]).encode()).decode()
        return httpx.Response(200, json=answer)
