"""An apiserver of canned answers, which notes what it is asked."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from adapters.clearml.adapter import ClearmlAdapter
from adapters.clearml.settings import ClearmlSettings
from adapters.model import Kind, Ref
from adapters.permit import Permit

FIXTURES = Path(__file__).parents[2] / "fixtures" / "clearml"
DATA: dict[str, Any] = json.loads((FIXTURES / "tasks.json").read_text(encoding="utf-8"))
NATIVE = "0b3e7a5241d04c8e9a775f1d2c6b9c41"
RUN = Ref("clearml", Kind.RUN, NATIVE)
QUEUE = "e20b748be0adb80e39157a6890f6a4a7"
NOW = 1_800_000_000.0
Answer = dict[str, Any] | httpx.Response | Callable[[dict[str, Any]], "dict[str, Any] | httpx.Response"]


@dataclass(frozen=True, slots=True)
class Asked:
    name: str
    path: str
    body: Any
    headers: httpx.Headers


def jwt(*, exp: float | None = NOW + 30 * 86400, version: str | None = "2.31", number: int = 1) -> str:
    claims: dict[str, Any] = {"session_id": number, "exp": exp, "api_version": version}
    kept = {key: value for key, value in claims.items() if value is not None}
    parts = ({"alg": "HS256"}, kept)
    return ".".join(
        [*(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts), "s"]
    )


def envelope(data: dict[str, Any], code: int = 200, subcode: int = 0, message: str = "OK") -> httpx.Response:
    meta = {
        "id": "a" * 32,
        "trx": "a" * 32,
        "endpoint": {"name": "x", "requested_version": "2.31", "actual_version": "1.0"},
        "result_code": code,
        "result_subcode": subcode,
        "result_msg": message,
        "error_stack": None if code != 200 else "",
        "error_data": {},
    }
    return httpx.Response(code, json={"meta": meta, "data": data})


def refusal(code: int, subcode: int, message: str) -> httpx.Response:
    return envelope({}, code, subcode, message)


def row(**changes: Any) -> dict[str, Any]:
    """A row of get_all_ex; a change to None leaves the field out, as the server does."""
    return {key: value for key, value in {**DATA["row"], **changes}.items() if value is not None}


class Server:
    """Answers by endpoint name; what nobody defined is the server's own 404."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.answers: dict[str, Answer] = {}
        self.logins = 0
        self.version: str | None = "2.31"
        self.life: float | None = 30 * 86400.0
        self.on("auth.login", self._login)
        self.on("queues.get_all_ex", {"queues": DATA["queues"]})
        self.on("workers.get_all", {"workers": DATA["workers"]})
        self.on("workers.get_stats", refusal(400, 1005, "Worker stats not found"))
        self.on("server.info", {"version": "2.0.0", "build": "613", "commit": "x", "api_version": "2.31"})
        self.on("users.get_current_user", {"user": {"id": "u", "name": "ana"}})
        self.on(
            "projects.get_all", {"projects": [{"id": "p1", "name": "vision"}, {"id": "p2", "name": "vision/a"}]}
        )
        self.tasks(row())

    def _login(self, body: dict[str, Any]) -> dict[str, Any]:
        self.logins += 1
        exp = None if self.life is None else NOW + self.life
        return {"token": jwt(exp=exp, version=self.version, number=self.logins)}

    def on(self, name: str, answer: Answer) -> Server:
        self.answers[name] = answer
        return self

    def tasks(self, *rows: dict[str, Any]) -> Server:
        return self.on("tasks.get_all_ex", {"tasks": list(rows)})

    def __call__(self, request: httpx.Request) -> httpx.Response:
        name = request.url.path.rsplit("/", 1)[-1]
        try:
            body = json.loads(request.content or b"{}")
        except ValueError:
            body = request.content.decode()
        self.asked.append(Asked(name, request.url.path, body, request.headers))
        answer = self.answers.get(name)
        if answer is None:
            return refusal(404, 0, f"Unable to find endpoint for name {name} and version 2.31")
        found = answer(body) if callable(answer) else answer
        if isinstance(found, httpx.Response):
            return httpx.Response(found.status_code, headers=found.headers, content=found.content)
        return envelope(found)

    def adapter(self, **settings: Any) -> ClearmlAdapter:
        given = {
            "url": "http://clearml.test",
            "retries": 0,
            "access_key": "KEY",
            "secret_key": "SECRET",
            **settings,
        }
        made = ClearmlSettings(**{key: value for key, value in given.items() if value is not None})
        adapter = ClearmlAdapter("clearml", made, transport=httpx.MockTransport(self))
        adapter._session._clock = lambda: NOW
        return adapter

    def names(self) -> list[str]:
        return [asked.name for asked in self.asked if asked.name != "auth.login"]

    def last(self, name: str) -> Any:
        """The body of the last request of that name."""
        return next(asked.body for asked in reversed(self.asked) if asked.name == name)


def permit(action: str = "abort", ref: Ref | str = RUN) -> Permit:
    return Permit("plan", "record", action, ref)
