"""Calling the mock's ClearML API: `api("tasks.stop", task=...)` is the data, a refusal is raised."""

from __future__ import annotations

from typing import Any

import httpx

from adapters.clearml.mock_auth import ACCESS_KEY, SECRET_KEY
from tests.mock.calling import Caller

KEYS = (ACCESS_KEY, SECRET_KEY)


class RefusedCall(Exception):
    """What the envelope of an error said."""

    def __init__(self, meta: dict[str, Any]) -> None:
        super().__init__(meta["result_msg"])
        self.codes = meta["result_code"], meta["result_subcode"]
        self.message = meta["result_msg"]


class Api(Caller):
    """One installation; `api.raw` for the answer as it came."""

    def __init__(self, *, options: dict[str, Any] | None = None, **settings: Any) -> None:
        super().__init__(backends=("clearml",), options={"clearml": options or {}}, **settings)

    def raw(self, path: str, body: Any = None, *, method: str = "POST", **named: Any) -> httpx.Response:
        if "headers" not in named:
            named["auth"] = KEYS
        return self.ask(method, f"/{path}", json={} if body is None else body, **named)

    def __call__(self, path: str, **body: Any) -> Any:
        answer = self.raw(path, body)
        meta = answer.json()["meta"]
        assert answer.status_code == meta["result_code"]
        if meta["result_code"] != 200:
            raise RefusedCall(meta)
        return answer.json()["data"]

    def codes(self, path: str, **body: Any) -> tuple[int, int]:
        """HTTP status and subcode."""
        meta = self.raw(path, body).json()["meta"]
        return meta["result_code"], meta["result_subcode"]

    def task(self, task_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self("tasks.get_by_id", task=task_id)["task"]
        return found

    def status(self, task_id: str) -> str:
        return str(self.task(task_id)["status"])

    def tasks(self, **body: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self("tasks.get_all", **body)["tasks"]
        return found

    def of_status(self, status: str) -> str:
        """The id of a task in that status; not one of people's own machines."""
        return str(self.tasks(status=[status], system_tags=["-development"], only_fields=["id"])[0]["id"])

    def create(self, name: str = "made by a test", **body: Any) -> str:
        return str(self("tasks.create", **{"name": name, "type": "training", **body})["id"])

    def queue(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self("queues.get_all", name=f"^{name}$")["queues"][0]
        return found

    def entries(self, name: str) -> list[str]:
        return [entry["task"] for entry in self.queue(name)["entries"]]

    def set_status(self, task_id: str, status: str) -> None:
        """Whatever it was, by force."""
        self("tasks.edit", task=task_id, status=status, force=True)
