"""A Job Manager server of canned answers, which notes what it is asked."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx

from adapters.jobmanager.adapter import JobManagerAdapter
from adapters.jobmanager.settings import JobManagerSettings
from adapters.model import Kind, Ref
from adapters.permit import Permit

Answer = httpx.Response | Callable[[httpx.Request], httpx.Response]
SUBMITTED = "2026-08-22T14:00:00+00:00"
SERVER_START = "2026-08-01T00:00:00+00:00"


def field(path: str, display: str = "X", **more: Any) -> dict[str, Any]:
    return {"field": path, "display": display, **more}


CAPABILITIES: dict[str, Any] = {
    "displayFields": [
        field("id", "Workflow ID"),
        field("name", "Name", filterable=True),
        field("status", "Status"),
        field("submission", "Submitted", fieldType="date"),
        field("labels.label", "Label", editable=True, bulkEditable=True),
        field(
            "labels.flag",
            "Flag",
            editable=True,
            bulkEditable=True,
            fieldType="list",
            validFieldValues=["archive", "follow-up"],
        ),
        field("labels.comment", "Comment", editable=True, primary=False),
    ],
    "commonLabels": ["label", "flag"],
    "queryExtensions": ["hideArchived"],
}


def row(number: int = 1, status: str = "Running", **more: Any) -> dict[str, Any]:
    """A result of a query."""
    made = {"id": f"job-{number}", "name": "wf", "status": status, "submission": SUBMITTED, "labels": {}}
    return {**made, "extensions": {}, **more}


def problem(status: int, detail: str = "x", title: str = "y") -> httpx.Response:
    body = {"type": "about:blank", "title": title, "detail": detail, "status": status}
    return httpx.Response(status, json=body, headers={"content-type": "application/problem+json"})


CRASH = problem(500, "The server encountered an internal error and was unable to complete your request.")


class Server:
    """Answers by method and end of the path; an unknown path is connexion's 404."""

    def __init__(self, capabilities: dict[str, Any] | None = None) -> None:
        self.asked: list[httpx.Request] = []
        self.answers: dict[tuple[str, str], Answer] = {}
        told = CAPABILITIES if capabilities is None else capabilities
        self.on("GET", "/capabilities", httpx.Response(200, json=told))

    def on(self, method: str, end: str, answer: Answer) -> Server:
        self.answers[method, end] = answer
        return self

    def job(self, **more: Any) -> Server:
        """GetJob answers with this."""
        found = row(**more)
        return self.on("GET", f"/jobs/{found['id']}", httpx.Response(200, json=found))

    def rows(self, *rows: dict[str, Any], **more: Any) -> Server:
        """QueryJobs answers with these."""
        return self.on("POST", "/jobs/query", httpx.Response(200, json={"results": [*rows], **more}))

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        path = request.url.raw_path.decode().split("?")[0]
        for (method, end), answer in self.answers.items():
            if request.method == method and path.endswith(end):
                return answer(request) if callable(answer) else _fresh(answer)
        return problem(404, "The requested URL was not found on the server.", "Not Found")

    def adapter(self, **settings: Any) -> JobManagerAdapter:
        given = {"url": "http://jm.test", "retries": 0, "requests_per_second": 1e6, **settings}
        return JobManagerAdapter("jm", JobManagerSettings(**given), transport=httpx.MockTransport(self))

    def bodies(self, end: str = "/jobs/query") -> list[dict[str, Any]]:
        return [json.loads(request.content) for request in self.asked if request.url.path.endswith(end)]

    def paths(self) -> list[str]:
        return [f"{request.method} {request.url.raw_path.decode()}" for request in self.asked]


def _fresh(answer: httpx.Response) -> httpx.Response:
    return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)


def run_ref(job_id: str = "job-1") -> Ref:
    return Ref("jm", Kind.RUN, job_id)


def permit(action: str = "abort") -> Permit:
    return Permit("plan", "record", action, run_ref())
