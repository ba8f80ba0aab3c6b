"""The tasks service, changes of status: the transition table, queueing, stopping, publishing, reset, delete."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from adapters.clearml.mock_auth import COMPANY, OPERATOR
from adapters.clearml.mock_site import Queue
from adapters.clearml.mock_task import LATER, TRANSITIONS, Task
from adapters.clearml.mock_tasks import find
from adapters.clearml.mock_wire import Call, Refused, invalid
from adapters.clearml.mock_world import World

LIVE_FOR = 600.0  # a task with a report younger than this has a live worker


class StatusService:
    def __init__(self, world: Callable[[], World], *, seed_era: bool) -> None:
        self._world = world
        self._seed_era = seed_era

    def check(self, old: str, new: str, force: bool) -> None:
        """Refuse what the table does not know. The state unknown is not in it, and the server trips over that."""
        if force or old == new:
            return
        if old not in TRANSITIONS:
            raise Refused(500, 1, err=f"'{old}'")
        if new not in TRANSITIONS[old] or (self._seed_era and (old, new) in LATER):
            raise Refused(400, 110, "Invalid status change", current_status=old, new_status=new)

    def _change(self, world: World, task: Task, call: Call, new: str, **more: Any) -> tuple[Task, dict[str, Any]]:
        """Check and change; the task as it is kept now, and the `fields` of the answer."""
        if more.get("checked", True):
            self.check(task.status, new, call.flag("force"))
        task, now = world.keep(task), world.now
        reason, message = str(call.data.get("status_reason") or ""), str(call.data.get("status_message") or "")
        reason, message = more.get("reason", reason), more.get("message", message)
        world.set(task, new, now, reason, message, call.user)
        return task, self._fields(world, task)

    def _fields(self, world: World, task: Task) -> dict[str, Any]:
        assert task.changed is not None
        updated = task.last_update(world.now)
        return {
            "status": task.status,
            "status_reason": task.reason,
            "status_message": task.message,
            "status_changed": world.told(task.changed),
            "last_update": world.told(updated),
            "last_change": world.told(max(updated, task.changed)),
            "last_changed_by": task.changed_by,
        }

    def started(self, call: Call) -> Any:
        world = self._world()
        task, fields = self._change(world, find(world, call), call, "in_progress")
        if task.started is None:
            task.started = world.now
            fields["started"] = world.told(world.now)
        return {"started": 1, "updated": 1, "fields": fields}

    def stop(self, call: Call) -> Any:
        world, task, now = self._world(), find(self._world(), call), self._world().now
        if call.flag("include_pipeline_steps"):
            for child in world.children(task):
                if child.status in ("queued", "in_progress"):
                    self._stop(world, world.keep(child), call, now)
        return {"updated": 1, "fields": self._stop(world, task, call, now)}

    def _stop(self, world: World, task: Task, call: Call, now: float) -> dict[str, Any]:
        reason = str(call.data.get("status_reason") or "")
        text = str(call.data.get("status_message") or f"Stopped by {OPERATOR}")
        development = "development" in task.fields["system_tags"]
        idle = task.worker is None or now - task.last_update(now) > LIVE_FOR
        if task.status == "queued" or development or idle:
            self.check(task.status, "stopped", call.flag("force"))
            if task.status == "queued":
                world.site.remove(task.id, now)
            return self._change(world, task, call, "stopped", reason=reason, message=text)[1]
        task = world.keep(task)
        world.life.ask_to_stop(task, now, call.user, reason=reason)
        return self._fields(world, task)

    def stopped(self, call: Call) -> Any:
        return self._ended(call, "stopped")

    def completed(self, call: Call) -> Any:
        made = self._ended(call, "completed")
        if not call.flag("publish"):
            return {**made, "published": 0}
        return {**made, **self.publish(call), "published": 1}

    def _ended(self, call: Call, status: str) -> dict[str, Any]:
        world = self._world()
        task, fields = self._change(world, find(world, call), call, status)
        task.completed = world.now
        return {"updated": 1, "fields": {**fields, "completed": world.told(world.now)}}

    def failed(self, call: Call) -> Any:
        world = self._world()
        return {"updated": 1, "fields": self._change(world, find(world, call), call, "failed")[1]}

    def close(self, call: Call) -> Any:
        world = self._world()
        return {"updated": 1, "fields": self._change(world, find(world, call), call, "closed")[1]}

    def publish(self, call: Call) -> Any:
        world, task = self._world(), find(self._world(), call)
        if task.status == "published":  # it passes through publishing, where there is no way back to
            self.check(task.status, "publishing", call.flag("force"))
        task, fields = self._change(world, task, call, "published")
        task.published = world.now
        if call.flag("publish_model", True):
            for each in task.fields["models"].get("output", []):
                world.ready_models.add(each["model"])
        return {"updated": 1, "fields": {**fields, "published": world.told(world.now)}}

    # Queues

    def _queue(self, world: World, call: Call) -> Queue | str:
        """The queue asked for; its id where there is none of it. Raises Refused."""
        name, queue_id = call.maybe("queue_name"), call.maybe("queue")
        if name and queue_id:
            raise invalid("queue_name", "only one of queue or queue_name can be specified")
        if name:
            return world.site.named(name) or world.site.add_queue(name, world.now)
        if queue_id:
            return world.site.queues.get(queue_id) or queue_id
        return default_queue(world)

    def enqueue(self, call: Call) -> Any:
        world, now = self._world(), self._world().now
        task = find(world, call)
        if self._seed_era:
            self._complete(task)
        queue, before = self._queue(world, call), task.status
        if before != "queued":
            self.check(before, "queued", call.flag("force"))
        elif self._seed_era:
            raise Refused(400, 110, "Invalid status change", current_status=before, new_status="queued")
        missing = isinstance(queue, str)
        if missing or world.site.queued_in(task.id) is not None:
            task = world.keep(task)
            task.reason, task.message, task.updated = "failed enqueueing", "", max(task.updated, now)
            if isinstance(queue, str):
                raise Refused(400, 701, id=queue, company=COMPANY)
            raise Refused(400, 706, task=task.id)
        assert isinstance(queue, Queue)
        task, fields = self._change(world, task, call, "queued")
        task.before = before if before != "queued" else task.before
        if call.flag("update_execution_queue", True):
            task.queue = queue.id
        tags = task.fields["system_tags"]
        task.fields["system_tags"] = [tag for tag in tags if tag != "development"]
        world.life.enqueue(task, queue, now)
        fields |= {"enqueue_status": task.before, "execution.queue": queue.id}
        answer = {"queued": 1, "updated": 1, "fields": fields}
        if call.flag("verify_watched_queue"):
            alive = (each for each in world.site.workers.values() if each.alive(now))
            answer["queue_watched"] = any(queue.id in worker.queues for worker in alive)
        return answer

    def _complete(self, task: Task) -> None:
        script = task.fields["script"]
        missing = [name for name in ("repository", "entry_point") if not script.get(name)]
        if missing:
            raise Refused(400, 102, "Task is missing script fields", fields=", ".join(missing))

    def dequeue(self, call: Call) -> Any:
        world, now = self._world(), self._world().now
        task = world.find(call.text("task"))
        if self._seed_era:
            return self._dequeue_once(world, task, call)
        if task is None or task.status not in ("queued", "in_progress"):
            return {"dequeued": 1, "updated": 0, "fields": {}}
        new = call.maybe("new_status") or (task.before if task.status == "queued" else "created")
        world.site.remove(task.id, now)
        return {"dequeued": 1, "updated": 1, "fields": self._change(world, task, call, new, checked=False)[1]}

    def _dequeue_once(self, world: World, task: Task | None, call: Call) -> Any:
        if task is None or task.status != "queued":
            raise Refused(400, 101, id=call.text("task"), company=COMPANY)
        world.site.remove(task.id, world.now)
        task, fields = self._change(world, task, call, "created")
        task.queue = None
        return {"dequeued": 1, "updated": 1, "fields": fields}

    # Beginning anew, and the end

    def reset(self, call: Call) -> Any:
        world, task = self._world(), find(self._world(), call)
        self.check(task.status, "created", call.flag("force"))
        removed = world.site.remove(task.id, world.now)
        task, fields = self._change(world, task, call, "created", reason="reset", message="reset")
        task.started = task.completed = task.published = task.worker = task.queue = None
        task.work, task.events, task.limit = (), [], world.now
        stored = task.fields
        inputs = [each for each in stored["execution"].get("artifacts", []) if each.get("mode") == "input"]
        stored["execution"] = {**stored["execution"], "artifacts": inputs}
        deleted = len(stored["models"].get("output", []))
        stored["models"] = {**stored["models"], "output": []}
        stored["output"] = {k: v for k, v in stored["output"].items() if k == "destination"}
        stored["runtime"] = {}
        for name in ("last_metrics", "last_iteration", "report"):
            stored.pop(name, None)
        if call.flag("clear_all"):
            stored["script"] = {"binary": "python", "repository": "", "entry_point": "", "requirements": {}}
            stored["execution"] = {
                "test_split": 0, "parameters": {}, "model_desc": {}, "model_labels": {}, "artifacts": [],
            }  # fmt: skip
        answer = {
            "updated": 1,
            "fields": {**fields, "last_iteration": 0, "last_metrics": {}},
            "deleted_models": deleted,
            "dequeued": {"removed": 1} if removed else {},
            "events": {},
        }
        return {**answer, "urls": {}} if call.flag("return_file_urls") else answer

    def delete(self, call: Call) -> Any:
        world, task = self._world(), find(self._world(), call)
        force = call.flag("force")
        if task.status != "created" and "archived" not in task.fields["system_tags"] and not force:
            raise Refused(
                400, 123, "due to status, use force=True", task=task.id, expected="created", current=task.status
            )
        children = world.children(task)
        if any(child.status == "published" for child in children) and not force:
            raise Refused(400, 123, "has children, use force=True", task=task.id, children=len(children))
        for child in children:
            world.keep(child).fields["parent"] = f"__DELETED__{task.id}"
        world.site.remove(task.id, world.now)
        world.set(task := world.keep(task), "created", world.now)
        world.forget(task)
        urls: dict[str, list[str]] = {"model_urls": [], "artifact_urls": [], "event_urls": []}
        return {
            "deleted": True,
            "updated_children": len(children),
            "updated_models": 0,
            "deleted_models": len(task.fields["models"].get("output", [])),
            "urls": urls if call.flag("return_file_urls") else None,
        }

    def archive(self, call: Call) -> Any:
        """{tasks}: how many were put away; those in progress are stopped, those in a queue taken out."""
        world = self._world()
        done = [self.put_away(world, call, task_id) for task_id in call.ids("tasks")]
        return {"archived": sum(done)}

    def unarchive(self, call: Call) -> Any:
        world = self._world()
        return {"unarchived": sum(self.take_back(world, call, task_id) for task_id in call.ids("tasks"))}

    def put_away(self, world: World, call: Call, task_id: str) -> bool:
        task = world.find(task_id)
        if task is None:
            raise Refused(400, 101, ids=f"({task_id})", company=COMPANY)
        task = world.keep(task)
        if world.site.remove(task.id, world.now):
            world.set(task, task.before, world.now, by=call.user)
        elif task.status == "in_progress":
            world.set(task, "stopped", world.now, by=call.user)
        tags = task.fields["system_tags"]
        task.fields["system_tags"] = list(dict.fromkeys([*tags, "archived"]))
        return True

    def take_back(self, world: World, call: Call, task_id: str) -> bool:
        task = world.find(task_id)
        if task is None:
            raise Refused(400, 101, ids=f"({task_id})", company=COMPANY)
        tags = world.keep(task).fields["system_tags"]
        task = world.keep(task)
        task.fields["system_tags"] = [tag for tag in tags if tag != "archived"]
        return True


def default_queue(world: World) -> Queue:
    """The queue with the system tag `default`."""
    found = [queue for queue in world.site.queues.values() if "default" in queue.system_tags]
    if not found:
        raise Refused(400, 707)
    if len(found) > 1:
        raise Refused(400, 708, queues=", ".join(queue.name for queue in found))
    return found[0]
