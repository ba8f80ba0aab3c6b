"""Which endpoints there are, from which version on, and who handles them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from adapters.clearml.mock_auth import OPERATOR, SERVER_BUILD, SERVER_VERSION, Guard, user_id
from adapters.clearml.mock_events import EventService
from adapters.clearml.mock_places import QueueService, WorkerService
from adapters.clearml.mock_status import StatusService
from adapters.clearml.mock_tasks import TaskService
from adapters.clearml.mock_wire import Call, Version
from adapters.clearml.mock_world import World

Handler = Callable[[Call], Any]


@dataclass(frozen=True, slots=True)
class Endpoint:
    minimum: Version
    handler: Handler
    batch: bool = False


def endpoints(world: Callable[[], World], guard: Guard, *, seed_era: bool) -> dict[str, list[Endpoint]]:
    """By name, the newest implementation first."""
    tasks, status, events = TaskService(world), StatusService(world, seed_era=seed_era), EventService(world)
    queues, workers = QueueService(world), WorkerService(world)

    def login(call: Call) -> Any:
        given = call.data.get("expiration_sec")
        call.cookie = guard.token(float(given) if given is not None else None)
        return {"token": call.cookie}

    made: dict[str, list[Endpoint]] = {"auth.login": [Endpoint((1, 0), login)]}
    for name in (
        "get_by_id",
        "get_all",
        "get_all_ex",
        "create",
        "validate",
        "update",
        "edit",
        "set_requirements",
        "ping",
    ):
        made[f"tasks.{name}"] = [Endpoint((1, 0), getattr(tasks, name))]
    for name in (
        "started",
        "stop",
        "stopped",
        "failed",
        "close",
        "publish",
        "enqueue",
        "dequeue",
        "reset",
        "delete",
    ):
        made[f"tasks.{name}"] = [Endpoint((1, 0), getattr(status, name))]
    made["events.get_task_log"] = [Endpoint((2, 9), events.get_task_log), Endpoint((1, 0), events.get_task_log)]
    made["queues.get_all"] = [Endpoint((1, 0), queues.get_all)]
    made["workers.get_all"] = [Endpoint((1, 0), workers.get_all)]
    return made


def truth(world: World, task_id: str | None) -> Any:
    return None
