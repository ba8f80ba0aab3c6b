"""A scripted Peloton: answers by procedure, in the shapes of the real servers, and remembers what it was asked."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import httpx

from adapters.model import Kind, Ref
from adapters.peloton.adapter import PelotonAdapter
from adapters.peloton.settings import PelotonSettings
from adapters.permit import Permit

Body: TypeAlias = dict[str, Any]
Handler: TypeAlias = Callable[[Body], Body | httpx.Response]

STATUS = {
    "cancelled": 499,
    "unknown": 500,
    "invalid-argument": 400,
    "deadline-exceeded": 504,
    "not-found": 404,
    "already-exists": 409,
    "permission-denied": 403,
    "resource-exhausted": 429,
    "failed-precondition": 400,
    "aborted": 409,
    "out-of-range": 400,
    "unimplemented": 501,
    "internal": 500,
    "unavailable": 503,
    "data-loss": 500,
    "unauthenticated": 401,
}


def failure(code: str, message: str) -> httpx.Response:
    """An error as YARPC sends it; Rpc-Status says success, as it does for many."""
    headers = {"Rpc-Error-Code": code, "Rpc-Status": "success", "Content-Type": "text/plain; charset=utf8"}
    return httpx.Response(STATUS[code], headers=headers, content=f"{message}\n".encode())


@dataclass
class Asked:
    method: str
    procedure: str
    headers: httpx.Headers
    body: Body
    url: httpx.URL


@dataclass
class Fake:
    """`handlers` by method name; what has none is unimplemented. `agent` answers GET requests."""

    handlers: dict[str, Handler] = field(default_factory=dict)
    agent: Callable[[httpx.Request], httpx.Response] | None = None
    asked: list[Asked] = field(default_factory=list)
    agent_asked: list[httpx.Request] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            self.agent_asked.append(request)
            return self.agent(request) if self.agent else httpx.Response(404, content=b"404 page not found\n")
        if request.url.path != "/api/v1":
            return httpx.Response(404, content=b"404 page not found\n")
        procedure = request.headers["Rpc-Procedure"]
        method = procedure.rpartition("::")[2]
        body = json.loads(request.content or b"{}")
        self.asked.append(Asked(method, procedure, request.headers, body, request.url))
        handler = self.handlers.get(procedure) or self.handlers.get(method)
        if handler is None:
            service = request.headers["Rpc-Service"]
            return failure("unimplemented", f'unrecognized procedure "{procedure}" for service "{service}"')
        answer = handler(body)
        if isinstance(answer, httpx.Response):
            return answer
        return httpx.Response(200, headers={"Rpc-Status": "success"}, json=answer)

    def on(self, method: str, answer: Body | httpx.Response | Handler) -> Fake:
        self.handlers[method] = answer if callable(answer) else lambda body: answer
        return self

    def count(self, method: str) -> int:
        return sum(asked.method == method for asked in self.asked)

    def last(self, method: str) -> Asked:
        return next(asked for asked in reversed(self.asked) if asked.method == method)

    def adapter(self, **settings: Any) -> PelotonAdapter:
        given = {"backend": "peloton", "url": "http://peloton:5297", "retries": 0, "requests_per_second": 10_000}
        return PelotonAdapter(
            "lab", PelotonSettings.model_validate({**given, **settings}), transport=httpx.MockTransport(self)
        )


def permit(ref: Ref | str = "lab") -> Permit:
    return Permit("plan", "record", "action", ref)


def uuid(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


def stamp(seconds: float) -> str:
    """RFC 3339 with nine digits, around June 2019."""
    whole = 1_560_000_000 + int(seconds)
    from datetime import UTC, datetime

    return f"{datetime.fromtimestamp(whole, UTC):%Y-%m-%dT%H:%M:%S}.{int((seconds % 1) * 1e9):09d}Z"


def job(number: int, state: str = "RUNNING", *, created: float | None = None, **more: Any) -> Body:
    """A JobSummary as QueryJobs gives it: zero values are absent, enums are names, uint64 are strings."""
    status: Body = {
        "state": f"JOB_STATE_{state}",
        "creationTime": stamp(number if created is None else created),
        "podStats": {"POD_STATE_RUNNING": 3, "POD_STATE_FAILED": 1},
        "desiredState": "JOB_STATE_RUNNING",
        "version": {"value": "1-1-1"},
        "revision": {"createdAt": "1560000000000000000", "updatedAt": "1560000900500000000"},
        **more.pop("status", {}),
    }
    return {
        "jobId": {"value": uuid(number)},
        "name": f"train-{number}",
        "owner": "ana",
        "owningTeam": "ads",
        "instanceCount": 4,
        "respoolId": {"value": "pool-ads"},
        "status": status,
        **more,
    }


def pod(number: int, instance: int, state: str = "RUNNING", *, run: int = 1, **status: Any) -> Body:
    name = f"{uuid(number)}-{instance}"
    return {
        "spec": {"podName": {"value": name}},
        "status": {
            "state": f"POD_STATE_{state}",
            "podId": {"value": f"{name}-{run}"},
            "desiredState": "POD_STATE_RUNNING",
            **status,
        },
    }


POOLS: Body = {
    "respools": [
        {
            "respoolId": {"value": "root"},
            "spec": {"name": "root", "resources": [{"kind": "gpu", "reservation": 8, "limit": 16, "share": 1}]},
            "children": [{"value": "pool-ml"}],
            "path": {"value": "/"},
            "usages": [{"kind": "cpu"}, {"kind": "gpu", "allocation": 9}, {"kind": "memory"}, {"kind": "disk"}],
        },
        {
            "respoolId": {"value": "pool-ml"},
            "spec": {"name": "ml", "parent": {"value": "root"}},
            "parent": {"value": "root"},
            "children": [{"value": "pool-ads"}],
            "path": {"value": "/ml"},
        },
        {
            "respoolId": {"value": "pool-ads"},
            "spec": {
                "name": "ads",
                "owningTeam": "ads",
                "policy": "SCHEDULING_POLICY_PRIORITY_FIFO",
                "resources": [
                    {
                        "kind": "gpu",
                        "reservation": 4,
                        "limit": 8,
                        "share": 2,
                        "type": "RESERVATION_TYPE_ELASTIC",
                    },
                    {"kind": "memory", "reservation": 1024, "limit": 2048, "share": 1},
                ],
            },
            "parent": {"value": "pool-ml"},
            "path": {"value": "/ml/ads"},
            "usages": [
                {"kind": "cpu", "allocation": 12},
                {"kind": "gpu", "allocation": 6, "slack": 2},
                {"kind": "memory", "allocation": 512},
                {"kind": "disk"},
            ],
        },
    ]
}

RUN = Ref("lab", Kind.RUN, uuid(1))
POD = Ref("lab", Kind.POD, f"{uuid(1)}-0")
HOST = Ref("lab", Kind.HOST, "h1")
