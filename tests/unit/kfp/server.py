"""A KFP server of canned answers, which notes what it is asked."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from adapters.kfp.adapter import KfpAdapter
from adapters.kfp.settings import KfpSettings
from adapters.model import Ref
from adapters.permit import Permit

FIXTURES = Path(__file__).parents[2] / "fixtures" / "kfp"
EXPERIMENTS = {"experiments": [{"experiment_id": "e-fraud", "display_name": "fraud", "namespace": "team-a"}]}
Answer = httpx.Response | Callable[[httpx.Request], httpx.Response]


def fixture(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FIXTURES / f"{name}.json").read_text(encoding="utf-8"))
    return found


class Server:
    """Answers by method and path, the longest match first; an unknown path is the new gateway's 404."""

    def __init__(self, **answers: Answer) -> None:
        self.asked: list[httpx.Request] = []
        self.answers: dict[tuple[str, str], Answer] = {}
        self.on("GET", "/experiments", httpx.Response(200, json=EXPERIMENTS))

    def on(self, method: str, path: str, answer: Answer) -> Server:
        self.answers[method, path] = answer
        return self

    def run(self, name: str) -> Server:
        run = fixture(name)
        return self.on("GET", f"/runs/{run['run_id']}", httpx.Response(200, json=run))

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        path = request.url.raw_path.decode().split("?")[0]
        for (method, end), answer in self.answers.items():
            if request.method == method and path.endswith(end):
                return answer(request) if callable(answer) else _fresh(answer)
        return httpx.Response(404, json={"code": 5, "message": "Not Found"})

    def adapter(self, **settings: Any) -> KfpAdapter:
        given = {"url": "http://kfp.test/pipeline", "retries": 0, **settings}
        return KfpAdapter("kfp", KfpSettings(**given), transport=httpx.MockTransport(self))

    def paths(self) -> list[str]:
        return [f"{request.method} {request.url.path}" for request in self.asked]


def _fresh(answer: httpx.Response) -> httpx.Response:
    return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)


def permit(ref: Ref | str = "kfp", action: str = "abort") -> Permit:
    return Permit("plan", "record", action, ref)


def error(status: int, code: int, message: str, short: str | None = None, *, old: bool = False) -> httpx.Response:
    """The server's envelope: `message` is the chain of internal errors, `short` the presentable text."""
    body: dict[str, Any] = {"error": message} if old else {}
    body |= {"code": code, "message": message}
    if short is not None:
        body["details"] = [{"@type": "type.googleapis.com/google.rpc.Status", "code": code, "message": short}]
    return httpx.Response(status, json=body)
