"""What an action would do, worked out before it is done. Reads only."""

from __future__ import annotations

import json
from collections.abc import Mapping

from adapters.actions import Affected, Preview
from adapters.clearml import wire
from adapters.clearml.mapping import ARCHIVED, place, run_ref, to_state
from adapters.clearml.tasks import CONTROLLER, Tasks
from adapters.clearml.writes import UPDATABLE, Writes, text_of
from adapters.errors import Conflict
from adapters.model import ENDED, Json, Ref, State
from adapters.port import Params

CALLS: Mapping[str, str] = {
    "abort": "tasks.stop",
    "retry": "tasks.enqueue",
    "enqueue": "tasks.enqueue",
    "dequeue": "tasks.dequeue",
    "reset": "tasks.reset",
    "publish": "tasks.publish",
    "close": "tasks.close",
    "set-labels": "tasks.update",
    "set-requirements": "tasks.set_requirements",
    "delete": "tasks.delete",
    "create": "tasks.create",
    "validate": "tasks.validate",
}
UNDO: Mapping[str, str] = {
    "abort": "retry enqueues it again",
    "retry": "dequeue while it waits, abort once it runs",
    "enqueue": "dequeue while it waits, abort once it runs",
    "dequeue": "enqueue, at the end of the queue",
    "move": "move it back",
    "reset": "none: its log, metrics and output are gone",
    "clone": "delete the draft",
    "create": "delete the draft",
    "publish": "none without force",
    "close": "none: it can be reset, and starts anew",
    "edit": "edit it back",
    "set-labels": "set them back",
    "set-requirements": "set them back",
    "archive": "unarchive; what was stopped stays so",
    "unarchive": "archive",
    "delete": "none: the task is gone",
    "validate": "nothing is changed",
}
MOVES: Mapping[str, str] = {
    "forward": "queues.move_task_forward",
    "backward": "queues.move_task_backward",
    "front": "queues.move_task_to_front",
    "back": "queues.move_task_to_back",
}
STEPS = 100
LONGEST = 60
Note = tuple[str, str]


class Previews:
    def __init__(self, context: str, tasks: Tasks, writes: Writes) -> None:
        self._context = context
        self._tasks = tasks
        self._writes = writes

    async def preview(self, action: str, ref: Ref, params: Params) -> Preview:
        if action in ("create", "validate"):
            name, kind, body = await self._writes.new_task(params)
            call = _call(CALLS[action], {"name": name, "type": kind, **body})
            return Preview(call, UNDO[action])
        row = await self._tasks.row(ref.id)
        self._check(action, row, params)
        call, notes = await self._words(action, row, params)
        affected = await self._steps(action, row)
        return Preview(call, UNDO[action], affected, notes)

    def _check(self, action: str, row: wire.TaskRow, params: Params) -> None:
        """What the server does only by force. Raises Conflict."""
        if params.get("force"):
            return
        refused = {
            "delete": row.status != "created" and ARCHIVED not in row.system_tags,
            "reset": row.status in ("publishing", "published"),
            "close": row.status not in ("stopped", "closed"),
        }
        if refused.get(action):
            but = "archive it first, or use force" if action == "delete" else "only force does it"
            raise Conflict(f"{self._context}: it is {row.status}; {but}", executed=False)

    async def _words(self, action: str, row: wire.TaskRow, params: Params) -> tuple[str, tuple[Note, ...]]:
        writes = self._writes
        plain = {"task": row.id, **_given(params)}
        match action:
            case "move":
                queue, number = await writes.place_of(row.id)
                where = str(params.get("to") or "front")
                body = {"queue": queue.id, "task": row.id}
                if where in ("forward", "backward"):
                    body["count"] = str(params.get("count") or 1)
                now = f"{place(number)} of {len(queue.entries)} in {queue.shown}"
                return _call(MOVES.get(where, "queues.move"), body), (("now", now),)
            case "retry" | "enqueue":
                return await self._enqueue(row, params)
            case "clone":
                call, new = await writes.clone_of(row, params)
                named = new.get("new_task_name") or new.get("name")
                return _call(call, {"task": row.id}), (("name", str(named)), _parameters_note(params))
            case "edit":
                changes = await writes.changes(params)
                by_update = changes.keys() <= UPDATABLE and not params.get("force")
                if not by_update and row.status != "created" and not params.get("force"):
                    fields = ", ".join(sorted(changes.keys() - UPDATABLE))
                    raise Conflict(
                        f"{self._context}: it is {row.status}; {fields} can be edited only in a draft, or by force",
                        executed=False,
                    )
                call = "tasks.update" if by_update else "tasks.edit"
                return _call(call, {"task": row.id, **changes}), ()
            case "set-labels":
                tags = ", ".join(writes.tags(row, params)) or "none"
                return _call("tasks.update", {"task": row.id, "tags": tags}), (
                    ("now", ", ".join(row.tags) or "none"),
                )
            case "archive" | "unarchive":
                return self._archive(action, row)
        return _call(CALLS[action], plain), _notes(action, row, params)

    def _archive(self, action: str, row: wire.TaskRow) -> tuple[str, tuple[Note, ...]]:
        call = f"tasks.{action}_many" if self._writes.bulk else "tasks.update"
        live = action == "archive" and to_state(row)[0] not in ENDED | {State.DRAFT}
        notes: tuple[Note, ...] = (("stops it", f"it is {row.status}"),) if live and self._writes.bulk else ()
        return _call(call, {"ids" if self._writes.bulk else "task": row.id}), notes

    async def _enqueue(self, row: wire.TaskRow, params: Params) -> tuple[str, tuple[Note, ...]]:
        queue = await self._writes.queue_for(row, params)
        notes: list[Note] = []
        if queue is None:
            notes.append(("queue", "the server's default queue"))
        else:
            notes.append(("queue", f"{queue.shown}, after {len(queue.entries)} others"))
            if queue.workers == []:
                notes.append(("waits", "no worker listens to that queue"))
        if row.status in ("stopped", "failed"):
            notes.append(("keeps", "its log and metrics; reset it first for a clean start"))
        body: dict[str, Json] = {"task": row.id, **({"queue": queue.id} if queue else {})}
        return _call("tasks.enqueue", {**body, **_given(params, without="queue")}), tuple(notes)

    async def _steps(self, action: str, row: wire.TaskRow) -> tuple[Affected, ...]:
        """A pipeline's steps are tasks of their own, which go on."""
        if action not in ("abort", "delete", "reset") or row.type != CONTROLLER:
            return ()
        steps = await self._tasks.children(row.id, STEPS)
        return tuple(
            Affected(
                run_ref(self._context, step.id),
                step.name,
                f"is {step.status}, and goes on"
                if to_state(step)[0] not in ENDED
                else f"is {step.status}, and stays",
                owner=step.user.shown if step.user else None,
                warn=to_state(step)[0] is State.RUNNING,
            )
            for step in steps
        )


def _given(params: Params, *, without: str = "") -> dict[str, Json]:
    names = {"reason": "status_reason", "message": "status_message"}
    return {
        names.get(key, key): value
        for key, value in params.items()
        if key != without and value not in (None, "", False)
    }


def _call(name: str, body: Mapping[str, Json]) -> str:
    words = []
    for key, value in body.items():
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        words.append(f"{key}={text if len(text) <= LONGEST else f'{text[: LONGEST - 1]}…'}")
    return " ".join([name, *words])


def _parameters_note(params: Params) -> Note:
    given = params.get("parameters")
    text = ", ".join(f"{key}={value}" for key, value in given.items()) if isinstance(given, dict) else ""
    return ("changed", text or "no parameter")


def _notes(action: str, row: wire.TaskRow, params: Params) -> tuple[Note, ...]:
    said = "; ".join(text for text in (row.status_reason, row.status_message) if text)
    state = to_state(row)[0]
    if action == "abort" and state in (State.RUNNING, State.ABORTING):
        worker = row.last_worker or "its worker"
        return (("native", f"{worker} obeys at its next poll; until then the task runs on, as stopping"),)
    if action == "abort":
        return (("queue", "it leaves its queue"),)
    if action == "reset":
        notes: list[Note] = [("deletes", "its log, metrics, output artifacts and draft models")]
        if state in (State.RUNNING, State.ABORTING):
            notes.append(("running", f"{row.last_worker or 'its worker'} sees the reset and ends it"))
        return tuple(notes)
    if action == "delete" and state not in ENDED | {State.DRAFT}:
        return (("running", f"it is {row.status}"),)
    if action in ("dequeue",) and said and not (text_of(params, "reason") or text_of(params, "message")):
        return (("lost", f"what it says now: {said[:200]}"),)
    return ()
