"""The queues and workers services."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from adapters.clearml.mock_auth import COMPANY, COMPANY_NAME, OPERATOR, user_id
from adapters.clearml.mock_site import POLL, Queue, Worker
from adapters.clearml.mock_status import default_queue
from adapters.clearml.mock_wire import Call
from adapters.clearml.mock_world import World


class QueueService:
    def __init__(self, world: Callable[[], World]) -> None:
        self._world = world

    def get_all(self, call: Call) -> Any:
        world = self._world()
        return {"queues": [queue_json(world, queue) for queue in world.site.queues.values()]}

    def get_default(self, call: Call) -> Any:
        found = default_queue(self._world())
        return {"id": found.id, "name": found.name}


def queue_json(world: World, queue: Queue) -> dict[str, Any]:
    return {
        "id": queue.id,
        "name": queue.name,
        "company": COMPANY,
        "created": world.told(queue.created),
        "tags": queue.tags,
        "system_tags": queue.system_tags,
        "entries": [{"task": entry.task, "added": world.told(entry.added)} for entry in queue.entries],
        "last_update": world.told(queue.updated),
        "metadata": queue.metadata,
    }


class WorkerService:
    def __init__(self, world: Callable[[], World]) -> None:
        self._world = world

    def get_all(self, call: Call) -> Any:
        world = self._world()
        return {"workers": [worker_json(world, worker) for worker in world.site.workers.values()]}


def worker_json(world: World, worker: Worker) -> dict[str, Any]:
    now = world.now
    seen = now - now % POLL if worker.simulated else worker.seen
    made: dict[str, Any] = {
        "id": worker.name,
        "key": f"worker_{COMPANY}_{user_id(OPERATOR)}_{worker.name}",
        "ip": worker.ip,
        "user": {"id": user_id(OPERATOR), "name": OPERATOR},
        "company": {"id": COMPANY, "name": COMPANY_NAME},
        "register_time": world.told(worker.registered),
        "register_timeout": worker.timeout,
        "last_activity_time": world.told(now if worker.simulated else worker.seen),
        "last_report_time": world.told(max(seen, worker.registered)),
        "tags": worker.tags,
        "system_tags": worker.system_tags,
        "queues": [_queue_of(world, queue_id) for queue_id in worker.queues],
    }
    task = world.find(worker.task) if worker.task else None
    if task is not None:
        made["task"] = {
            "id": task.id,
            "name": task.fields["name"],
            "running_time": int((now - worker.since) * 1000),
            "last_iteration": task.metrics(now)[0],
        }
        project = world.projects.get(task.fields.get("project", ""))
        if project is not None:
            made["project"] = {"id": project.id, "name": project.name}
        if worker.source in world.site.queues:
            made["queue"] = {"id": worker.source, "name": world.site.queues[worker.source].name}
    return made


def _queue_of(world: World, queue_id: str) -> dict[str, Any]:
    queue = world.site.queues.get(queue_id)
    if queue is None:
        return {"id": queue_id}
    made: dict[str, Any] = {"id": queue.id, "name": queue.name, "num_tasks": len(queue.entries)}
    if queue.entries:
        task = world.find(queue.entries[0].task)
        made["next_task"] = {"id": queue.entries[0].task, "name": task.fields["name"] if task else ""}
    return made
