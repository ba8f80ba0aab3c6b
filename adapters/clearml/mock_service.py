"""Which endpoints there are, from which version on, and who handles them; and what is true of the tasks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from adapters.clearml.mock_auth import Guard
from adapters.clearml.mock_bulk import bulk
from adapters.clearml.mock_catalog import ModelService, ProjectService, everything
from adapters.clearml.mock_events import EventService
from adapters.clearml.mock_people import PeopleService
from adapters.clearml.mock_queues import QueueService
from adapters.clearml.mock_scalars import ScalarService
from adapters.clearml.mock_status import StatusService
from adapters.clearml.mock_tasks import TaskService
from adapters.clearml.mock_wire import Call, Version
from adapters.clearml.mock_workers import WorkerService
from adapters.clearml.mock_world import World

Handler = Callable[[Call], Any]
BATCH = frozenset({"events.add_batch", "tasks.update_batch"})
# Everything else is there from 1.0 on.
SINCE: dict[str, Version] = {
    "tasks.completed": (2, 2),
    "tasks.clone": (2, 5),
    "tasks.get_types": (2, 8),
    "tasks.edit_hyper_params": (2, 9),
    "tasks.edit_configuration": (2, 9),
    "tasks.add_or_update_artifacts": (2, 10),
    "tasks.archive": (2, 12),
    "tasks.unarchive": (2, 12),
    "tasks.move": (2, 12),
    "tasks.add_or_update_model": (2, 13),
    "tasks.update_tags": (2, 27),
    "events.download_task_log": (2, 9),
    "queues.clear_queue": (2, 20),
    "queues.get_num_entries": (2, 20),
    "workers.get_count": (2, 20),
}
BULK_SINCE: Version = (2, 13)


@dataclass(frozen=True, slots=True)
class Endpoint:
    minimum: Version
    handler: Handler
    batch: bool = False


def endpoints(world: Callable[[], World], guard: Guard, *, seed_era: bool) -> dict[str, list[Endpoint]]:
    """By name, the newest implementation first."""
    status, events = StatusService(world, seed_era=seed_era), EventService(world)
    people = PeopleService(world, guard, seed_era=seed_era)
    handlers: dict[str, Handler] = {
        **_tasks(world, status),
        **_places(world),
        **_events(world, events),
        **_catalog(world),
        "auth.login": people.login,
        "auth.logout": people.logout,
        "login.supported_modes": people.modes,
        "users.get_current_user": people.current,
        "users.get_all": people.users,
        "server.info": people.info,
        "server.endpoints": people.for_admins,
        "server.config": people.for_admins,
        "debug.ping": people.ping,
    }
    made = {}
    for name, handler in handlers.items():
        since = SINCE.get(name, BULK_SINCE if name.endswith("_many") else (1, 0))
        made[name] = [Endpoint(since, handler, name in BATCH)]
    made["events.get_task_log"] = [Endpoint((2, 9), events.get_task_log), Endpoint((1, 5), events.get_task_log)]
    return made


def _tasks(world: Callable[[], World], status: StatusService) -> dict[str, Handler]:
    tasks = TaskService(world)
    documents: dict[str, Handler] = {
        name: getattr(tasks, name)
        for name in (
            *("get_by_id", "get_all", "get_all_ex", "get_types", "create", "validate", "clone", "update", "edit"),
            *("update_batch", "update_tags", "set_requirements", "edit_hyper_params", "edit_configuration", "move"),
            *("add_or_update_artifacts", "add_or_update_model", "ping"),
        )
    }
    changes: dict[str, Handler] = {
        name: getattr(status, name)
        for name in (
            *("started", "stop", "stopped", "failed", "close", "completed", "publish", "enqueue", "dequeue"),
            *("reset", "delete", "archive", "unarchive"),
        )
    }
    found = documents | changes | bulk(status, world)
    return {f"tasks.{name}": handler for name, handler in found.items()}


def _places(world: Callable[[], World]) -> dict[str, Handler]:
    queues, workers = QueueService(world), WorkerService(world)
    made: dict[str, Handler] = {
        f"queues.{name}": getattr(queues, name)
        for name in (
            *("get_all", "get_all_ex", "get_by_id", "get_default", "get_num_entries", "create", "update", "delete"),
            *("clear_queue", "add_task", "remove_task", "get_next_task"),
        )
    }
    made |= {
        "queues.move_task_forward": queues.move(lambda place, count, last: place - count),
        "queues.move_task_backward": queues.move(lambda place, count, last: place + count),
        "queues.move_task_to_front": queues.move(lambda place, count, last: 0),
        "queues.move_task_to_back": queues.move(lambda place, count, last: last),
    }
    names = (
        *("get_all", "get_count", "register", "unregister", "status_report", "get_stats", "get_metric_keys"),
        "get_activity_report",
    )
    return made | {f"workers.{name}": getattr(workers, name) for name in names}


def _events(world: Callable[[], World], events: EventService) -> dict[str, Handler]:
    scalars = ScalarService(world)
    return {
        "events.add": events.add,
        "events.add_batch": events.add_batch,
        "events.get_task_events": events.get_task_events,
        "events.download_task_log": events.download,
        "events.scalar_metrics_iter_histogram": scalars.histogram,
        "events.multi_task_scalar_metrics_iter_histogram": scalars.of_several,
        "events.get_task_latest_scalar_values": scalars.latest,
        "events.get_scalar_metrics_and_variants": scalars.names,
    }


def _catalog(world: Callable[[], World]) -> dict[str, Handler]:
    projects, models = ProjectService(world), ModelService(world)
    made: dict[str, Handler] = {
        f"projects.{name}": getattr(projects, name)
        for name in ("get_all", "get_all_ex", "get_by_id", "create", "update", "delete")
    }
    made |= {
        f"models.{name}": getattr(models, name) for name in ("get_by_id", "get_all", "create", "update", "delete")
    }
    return made | {
        "models.get_all_ex": models.get_all,
        "models.edit": models.update,
        "models.set_ready": models.set_ready,
    }


def truth(world: World, task_id: str | None) -> Any:
    """What is so: of all tasks the number by status, of one what it is doing."""
    if task_id is None:
        counts: dict[str, int] = {}
        for task in everything(world):
            if "hidden" not in task.fields["system_tags"]:
                counts[task.status] = counts.get(task.status, 0) + 1
        queues = {queue.name: [entry.task for entry in queue.entries] for queue in world.site.queues.values()}
        busy = {worker.name: worker.task for worker in world.site.workers.values()}
        return {"tasks": sum(counts.values()), "statuses": counts, "queues": queues, "workers": busy}
    found = world.find(task_id)
    if found is None:
        return None
    story = found.work[-1].story if found.work else None
    return {
        "status": found.status,
        "message": found.message,
        "worker": found.worker,
        "executing": found.alive,
        "story": story.id if story is not None else None,
        "executions": len(found.work),
    }
