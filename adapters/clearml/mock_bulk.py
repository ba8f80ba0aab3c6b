"""The `*_many` calls: always answered with 200, what succeeded and what failed side by side."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from adapters.clearml.mock_status import StatusService
from adapters.clearml.mock_wire import Call, Refused
from adapters.clearml.mock_world import World

Handler = Callable[[Call], Any]
FLAGS = {"queued": bool, "dequeued": bool, "deleted": bool, "started": bool}


def bulk(status: StatusService, world: Callable[[], World]) -> dict[str, Handler]:
    """By the name of the action."""

    def archive(call: Call) -> Any:
        return {"archived": status.put_away(world(), call, call.text("task"))}

    def unarchive(call: Call) -> Any:
        return {"unarchived": status.take_back(world(), call, call.text("task"))}

    single: dict[str, Handler] = {
        "stop": status.stop,
        "enqueue": lambda call: status.enqueue(_without(call, "force")),
        "dequeue": status.dequeue,
        "reset": status.reset,
        "delete": status.delete,
        "publish": status.publish,
        "archive": archive,
        "unarchive": unarchive,
    }
    return {f"{name}_many": _many(handler) for name, handler in single.items()}


def _without(call: Call, name: str) -> Call:
    return replace(call, data={key: value for key, value in call.data.items() if key != name})


def _many(handler: Handler) -> Handler:
    def answer(call: Call) -> Any:
        succeeded, failed = [], []
        for task_id in call.ids():
            try:
                made = handler(replace(call, data={**call.data, "task": task_id}))
            except Refused as error:
                told = {"codes": [error.code, error.subcode], "msg": error.message, "data": {}}
                failed.append({"id": task_id, "error": told})
                continue
            made = {name: bool(value) if name in FLAGS else value for name, value in made.items()}
            succeeded.append({"id": task_id, **made})
        return {"succeeded": succeeded, "failed": failed}

    return answer
