"""The queues service: queues and their entries, in the order in which they run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from adapters.clearml.mock_auth import COMPANY, user_id
from adapters.clearml.mock_rows import listed
from adapters.clearml.mock_site import Entry, Queue
from adapters.clearml.mock_status import default_queue
from adapters.clearml.mock_wire import Call, Refused
from adapters.clearml.mock_world import World

FIELDS = frozenset(
    {
        *("id", "name", "display_name", "user", "company", "created", "tags", "system_tags", "entries"),
        *("last_update", "metadata"),
    }
)


class QueueService:
    def __init__(self, world: Callable[[], World]) -> None:
        self._world = world

    def _find(self, world: World, call: Call) -> Queue:
        queue_id = call.text("queue")
        found = world.site.queues.get(queue_id)
        if found is None:
            raise Refused(400, 701, id=queue_id, company=COMPANY)
        return found

    # Reading

    def get_all(self, call: Call) -> Any:
        world = self._world()
        rows = [queue_json(world, queue, call) for queue in world.site.queues.values()]
        return {"queues": listed(call, rows, FIELDS, hidden_tag="k8s-glue")}

    def get_all_ex(self, call: Call) -> Any:
        world = self._world()
        rows = [queue_json(world, queue, call) for queue in world.site.queues.values()]
        found = listed(call, rows, FIELDS, hidden_tag="k8s-glue", ex=True)
        for row in found:
            row["company"] = {"id": row["company"]}
            row["user"] = {"id": row["user"]}
            row["entries"] = [{**entry, "task": _named(world, entry["task"])} for entry in row["entries"]]
            row["workers"] = [
                {
                    "name": worker.name,
                    "ip": worker.ip,
                    "key": f"worker_{COMPANY}_{row['user']['id']}_{worker.name}",
                    "task": _named(world, worker.task) if worker.task else None,
                }
                for worker in world.site.workers.values()
                if row["id"] in worker.queues and worker.alive(world.now)
            ]
        return {"queues": found}

    def get_by_id(self, call: Call) -> Any:
        world = self._world()
        return {"queue": queue_json(world, self._find(world, call), call)}

    def get_default(self, call: Call) -> Any:
        found = default_queue(self._world())
        return {"id": found.id, "name": found.name}

    def get_num_entries(self, call: Call) -> Any:
        return {"num": len(self._find(self._world(), call).entries)}

    # Queues themselves

    def _unique(self, world: World, name: str, own: Queue | None = None) -> str:
        name = name.strip()
        if len(name) < 3:
            raise Refused(400, 800, "String value is too short", field="name")
        if (world.site.named(name) or own) is not own:
            raise Refused(400, 801, name=name, company=COMPANY)
        return name

    def create(self, call: Call) -> Any:
        world = self._world()
        made = world.site.add_queue(self._unique(world, call.text("name")), world.now)
        made.tags, made.system_tags = call.items("tags"), call.items("system_tags")
        made.metadata, made.display_name = call.mapping("metadata"), call.maybe("display_name")
        return {"id": made.id}

    def update(self, call: Call) -> Any:
        world = self._world()
        queue = self._find(world, call)
        fields: dict[str, Any] = {}
        if (name := call.maybe("name")) is not None:
            queue.name = fields["name"] = self._unique(world, name, queue)
        for key, read in (("tags", call.items), ("system_tags", call.items), ("metadata", call.mapping)):
            if call.data.get(key) is not None:
                fields[key] = read(key)
                setattr(queue, key, fields[key])
        if (display := call.maybe("display_name")) is not None:
            queue.display_name = fields["display_name"] = display
        return {"updated": int(bool(fields)), "fields": fields}

    def delete(self, call: Call) -> Any:
        world = self._world()
        queue = self._find(world, call)
        if queue.entries and not call.flag("force"):
            raise Refused(400, 702, "use force=true to delete", id=queue.id)
        self._clear(world, queue, call, f"Queue {queue.id} was deleted")
        del world.site.queues[queue.id]
        for worker in world.site.workers.values():
            worker.queues = [each for each in worker.queues if each != queue.id]
        return {"deleted": 1}

    def clear_queue(self, call: Call) -> Any:
        world = self._world()
        queue = self._find(world, call)
        return {"removed_tasks": self._clear(world, queue, call, f"Queue {queue.id} was cleared")}

    def _clear(self, world: World, queue: Queue, call: Call, reason: str) -> list[str]:
        ids = [entry.task for entry in queue.entries]
        queue.entries, queue.updated = [], world.now
        for task_id in ids:
            task = world.find(task_id)
            if task is not None and task.status == "queued":
                task = world.keep(task)
                world.set(task, task.before, world.now, reason, "", call.user)
        return ids

    # Entries

    def add_task(self, call: Call) -> Any:
        """The status of the task stays as it is, unless asked for."""
        world, now = self._world(), self._world().now
        queue, task = self._find(world, call), world.find(call.text("task"))
        if task is None:
            raise Refused(400, 101, id=call.text("task"), company=COMPANY)
        if queue.place(task.id) is not None:
            raise Refused(400, 706, task=task.id)
        if call.flag("update_task_status") and task.status != "queued":
            task = world.keep(task)
            task.before = task.status
            world.set(task, "queued", now, "", "", call.user)
            task.queue = queue.id
        world.life.enqueue(task, queue, now)
        return {"added": 1}

    def _entry(self, world: World, call: Call) -> tuple[Queue, int]:
        queue, task_id = self._find(world, call), call.text("task")
        place = queue.place(task_id)
        if place is None:
            raise Refused(400, 703, queue=queue.id, task=task_id)
        return queue, place

    def remove_task(self, call: Call) -> Any:
        world = self._world()
        queue, place = self._entry(world, call)
        entry = queue.entries.pop(place)
        queue.updated = world.now
        task = world.find(entry.task)
        if call.flag("update_task_status") and task is not None and task.status == "queued":
            task = world.keep(task)
            world.set(task, task.before, world.now, "", "", call.user)
        return {"removed": 1}

    def get_next_task(self, call: Call) -> Any:
        """Take the head, as an agent does."""
        world = self._world()
        queue = self._find(world, call)
        if not queue.entries:
            return {}
        entry = queue.entries.pop(0)
        queue.updated = world.now
        task = world.find(entry.task)
        if task is not None and task.status == "stopped":
            world.set(world.keep(task), "queued", world.now, "", "", call.user)
        made: dict[str, Any] = {"entry": {"task": entry.task, "added": world.told(entry.added)}}
        if call.flag("get_task_info") and task is not None:
            made["task_info"] = {"company": COMPANY, "user": task.fields["user"]}
        return made

    def move(self, where: Callable[[int, int, int], int]) -> Callable[[Call], Any]:
        """`where` is given the place, the count asked for and the last place."""

        def handler(call: Call) -> Any:
            world = self._world()
            queue, place = self._entry(world, call)
            last = len(queue.entries) - 1
            target = min(max(0, where(place, call.whole("count", 1, 1), last)), last)
            entry: Entry = queue.entries.pop(place)
            queue.entries.insert(target, entry)
            queue.updated = world.now
            return {"position": target}

        return handler


def queue_json(world: World, queue: Queue, call: Call) -> dict[str, Any]:
    most = call.whole("max_task_entries", len(queue.entries), 0)
    made = {
        "id": queue.id,
        "name": queue.name,
        "user": user_id("operator"),
        "company": COMPANY,
        "created": world.told(queue.created),
        "tags": queue.tags,
        "system_tags": queue.system_tags,
        "entries": [{"task": entry.task, "added": world.told(entry.added)} for entry in queue.entries[:most]],
        "last_update": world.told(queue.updated),
        "metadata": queue.metadata,
    }
    return {**made, "display_name": queue.display_name} if queue.display_name else made


def _named(world: World, task_id: str) -> dict[str, Any]:
    task = world.find(task_id)
    return {"id": task_id, "name": task.fields["name"]} if task is not None else {"id": task_id}
