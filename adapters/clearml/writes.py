"""The writes of a task: what each would do, and doing it."""

from __future__ import annotations

from collections.abc import Mapping

from adapters.actions import ActionResult
from adapters.clearml import wire
from adapters.clearml.api import TasksApi
from adapters.clearml.api_more import MoreTasksApi
from adapters.clearml.api_places import QueuesApi
from adapters.clearml.copies import copied, parameters, with_parameters
from adapters.clearml.errors import error_info, of_item
from adapters.clearml.mapping import ARCHIVED, STOPPING, place, run_ref
from adapters.clearml.places import Projects, Queues
from adapters.clearml.session import Session
from adapters.clearml.tasks import Tasks
from adapters.errors import AdapterError, Conflict, Invalid
from adapters.http import Reply
from adapters.model import Json, Ref
from adapters.permit import Permit
from adapters.port import Params

BULK = (2, 13)
"""Since this version there are bulk calls, archive among them."""
CLONE = (2, 5)
UPDATABLE = frozenset({"name", "comment", "tags", "system_tags", "project", "output__error"})
"""What tasks.update changes whatever the status; the rest takes tasks.edit, and a draft."""


def text_of(params: Params, name: str) -> str | None:
    value = params.get(name)
    return value if isinstance(value, str) and value else None


def flag(params: Params, name: str) -> bool | None:
    """True or nothing, except where the operator said no."""
    value = params.get(name)
    return value if isinstance(value, bool) else None


def force(params: Params) -> bool | None:
    return True if params.get("force") else None


class Writes:
    def __init__(
        self,
        context: str,
        api: TasksApi,
        more: MoreTasksApi,
        queue_api: QueuesApi,
        tasks: Tasks,
        queues: Queues,
        projects: Projects,
        session: Session,
    ) -> None:
        self._context = context
        self._api = api
        self._more = more
        self._queue_api = queue_api
        self._tasks = tasks
        self._queues = queues
        self._projects = projects
        self._session = session

    @property
    def bulk(self) -> bool:
        return self._session.at_least(*BULK)

    async def perform(self, action: str, ref: Ref, params: Params, permit: Permit) -> ActionResult:
        """One write. What it needs to know is read first. Raises AdapterError."""
        try:
            await self._session.headers()  # which also tells what this server can do
            return await self._perform(action, ref, params, permit)
        except AdapterError as error:
            if not permit.spent:
                error.executed = False  # it was a read that failed
            raise
        finally:
            self._queues.forget()

    async def _perform(self, action: str, ref: Ref, params: Params, permit: Permit) -> ActionResult:
        match action:
            case "create":
                return await self._create(params, permit)
            case "validate":
                name, kind, body = await self.new_task(params)
                await self._api.validate(name=name, type=kind, more=body)
                return ActionResult("it would be accepted")
            case "clone":
                return await self._clone(ref.id, params, permit)
            case "retry" | "enqueue":
                return await self._enqueue(ref.id, params, permit)
            case "move":
                return await self._move(ref.id, params, permit)
            case "archive" | "unarchive":
                return await self._archive(action, ref.id, permit)
            case "set-labels":
                row = await self._tasks.row(ref.id)
                tags: list[Json] = [*self.tags(row, params)]
                return self._updated(await self._api.update(task=ref.id, tags=tags, permit=permit))
            case "edit":
                return await self._edit(ref.id, params, permit)
        return await self._status(action, ref.id, params, permit)

    async def _status(self, action: str, task: str, params: Params, permit: Permit) -> ActionResult:
        api, reason, message = self._api, text_of(params, "reason"), text_of(params, "message")
        match action:
            case "abort":
                reply = await api.stop(
                    task=task, status_reason=reason, status_message=message, force=force(params), permit=permit
                )
                return ActionResult(_stopped(wire.data_of(reply)))
            case "dequeue":
                reply = await api.dequeue(task=task, status_reason=reason, status_message=message, permit=permit)
                if wire.data_of(reply).get("updated") == 0:
                    raise Conflict(f"{self._context}: it was in no queue; nothing was changed")
                return ActionResult(_became(wire.data_of(reply)))
            case "reset":
                reply = await api.reset(
                    task=task,
                    force=force(params),
                    clear_all=flag(params, "clear_all") or None,
                    delete_output_models=flag(params, "delete_output_models"),
                    permit=permit,
                )
            case "publish" | "close":
                # Whoever says nothing would blank what the task says of its end.
                row = await self._tasks.row(task)
                words = {
                    "status_reason": reason or row.status_reason or None,
                    "status_message": message or row.status_message or None,
                }
                if action == "close":
                    reply = await api.close(task=task, **words, force=force(params), permit=permit)
                else:
                    model = False if params.get("publish_model") is False else None
                    reply = await api.publish(
                        task=task, publish_model=model, **words, force=force(params), permit=permit
                    )
            case "set-requirements":
                wanted = params.get("requirements")
                reply = await api.set_requirements(task=task, requirements=wanted, permit=permit)
                return self._updated(reply)
            case _:
                await api.delete(task=task, force=force(params), permit=permit)
                return ActionResult("deleted")
        return ActionResult(_became(wire.data_of(reply)))

    def _updated(self, reply: Reply) -> ActionResult:
        if wire.data_of(reply).get("updated") == 0:
            raise Conflict(f"{self._context}: the server changed nothing")
        return ActionResult()

    # --- queues --------------------------------------------------------------------------------------------

    async def queue_for(self, row: wire.TaskRow, params: Params) -> wire.Queue | None:
        """The queue that is meant: by name or id, else its last one, else None for the default."""
        await self._queues.read()
        word = text_of(params, "queue")
        if word is not None:
            return self._queues.find(word)
        last = row.execution.queue
        return self._queues.known.get(last.id) if last else None

    async def _enqueue(self, task: str, params: Params, permit: Permit) -> ActionResult:
        queue = await self.queue_for(await self._tasks.row(task), params)
        reply = await self._api.enqueue(
            task=task,
            queue=queue.id if queue else None,
            status_reason=text_of(params, "reason"),
            status_message=text_of(params, "message"),
            permit=permit,
        )
        watched = wire.data_of(reply).get("queue_watched")
        told = f"enqueued in {queue.shown}" if queue else "enqueued in the default queue"
        return ActionResult(f"{told}; no worker listens to it" if watched is False else told)

    async def place_of(self, task: str) -> tuple[wire.Queue, int]:
        """Its queue and place as they are now. Raises Conflict when it does not wait."""
        await self._queues.read()
        row = await self._tasks.row(task)
        native, number = self._queues.queue_of(row), self._queues.place(row)
        if native is None or number is None:
            raise Conflict(f"{self._context}: it is in no queue any more", executed=False)
        return self._queues.known[native], number

    async def _move(self, task: str, params: Params, permit: Permit) -> ActionResult:
        queue, _ = await self.place_of(task)
        api, where = self._queue_api, str(params.get("to") or "front")
        count = params.get("count")
        places = int(count) if isinstance(count, int | float) and count >= 1 else 1
        match where:
            case "forward":
                reply = await api.move_task_forward(queue=queue.id, task=task, count=places, permit=permit)
            case "backward":
                reply = await api.move_task_backward(queue=queue.id, task=task, count=places, permit=permit)
            case "front":
                reply = await api.move_task_to_front(queue=queue.id, task=task, permit=permit)
            case "back":
                reply = await api.move_task_to_back(queue=queue.id, task=task, permit=permit)
            case _:
                raise Invalid(f"{self._context}: to is front, forward, backward or back", executed=False)
        position = wire.data_of(reply).get("position")
        now = f"now {place(position + 1)} in {queue.shown}" if isinstance(position, int) else "moved"
        return ActionResult(now)

    # --- what makes or changes a task --------------------------------------------------------------------------

    async def new_task(self, params: Params) -> tuple[str, str, dict[str, Json]]:
        """Name, type and the other arguments of tasks.create and tasks.validate."""
        more = params.get("task")
        if more is not None and not isinstance(more, dict):
            raise Invalid(f"{self._context}: task is an object with the fields of tasks.create", executed=False)
        body: dict[str, Json] = {**more} if isinstance(more, dict) else {}
        if project := text_of(params, "project"):
            body["project"] = await self._projects.find(project)
        return str(params.get("name") or ""), str(params.get("type") or "training"), body

    async def _create(self, params: Params, permit: Permit) -> ActionResult:
        name, kind, body = await self.new_task(params)
        return self._made(await self._api.create(name=name, type=kind, more=body, permit=permit), name)

    def _made(self, reply: Reply, name: str) -> ActionResult:
        native = wire.data_of(reply).get("id")
        made = run_ref(self._context, native) if isinstance(native, str) else None
        return ActionResult(f"created {name}", made)

    async def clone_of(self, row: wire.TaskRow, params: Params) -> tuple[str, dict[str, Json]]:
        """The call that clones, and its body: tasks.clone where the server has it and nothing is changed that it
        could not; else a new task of the same fields."""
        name = text_of(params, "name") or f"Clone of {row.name}"
        project = text_of(params, "project")
        target = await self._projects.find(project) if project else None
        comment = text_of(params, "comment")
        changed = parameters(self._context, params.get("parameters"))
        if self._session.at_least(*CLONE) and not changed:
            return "tasks.clone", {
                "task": row.id,
                "new_task_name": name,
                **({"new_task_project": target} if target else {}),
                **({"new_task_comment": comment} if comment else {}),
            }
        raw = wire.data_of(await self._api.get_by_id(task=row.id)).get("task")
        body = copied(raw if isinstance(raw, dict) else {})
        body |= {
            "name": name,
            **({"project": target} if target else {}),
            **({"comment": comment} if comment else {}),
        }
        return "tasks.create", with_parameters(body, changed, sections=self._session.at_least(2, 9))

    async def _clone(self, task: str, params: Params, permit: Permit) -> ActionResult:
        call, body = await self.clone_of(await self._tasks.row(task), params)
        if call == "tasks.clone":
            return self._made(
                await self._more.clone(task=task, more=body, permit=permit), str(body["new_task_name"])
            )
        kind = str(body.pop("type", "training"))
        reply = await self._api.create(name=str(body["name"]), type=kind, more=body, permit=permit)
        return self._made(reply, str(body["name"]))

    async def changes(self, params: Params) -> dict[str, Json]:
        """The fields that `edit` sets; a project may be given by name. Raises Invalid."""
        given = params.get("changes")
        if not isinstance(given, dict) or not given:
            raise Invalid(f"{self._context}: changes is an object with fields of tasks.edit", executed=False)
        project = given.get("project")
        return {**given, "project": await self._projects.find(project)} if isinstance(project, str) else {**given}

    async def _edit(self, task: str, params: Params, permit: Permit) -> ActionResult:
        body = await self.changes(params)
        if body.keys() <= UPDATABLE and not params.get("force"):
            return self._updated(await self._api.update(task=task, more=body, permit=permit))
        reply = await self._api.edit(task=task, force=force(params), more=body, permit=permit)
        return self._updated(reply)

    def tags(self, row: wire.TaskRow, params: Params) -> list[str]:
        """The tags it will have. Raises Invalid when signs and bare words are mixed."""
        words = [word.strip() for word in str(params.get("tags") or "").split(",") if word.strip()]
        signed = [word for word in words if word[0] in "+-" and len(word) > 1]
        if not words or (signed and len(signed) < len(words)):
            example = "prod,nightly replaces the tags, +prod,-old adds and removes"
            raise Invalid(f"{self._context}: give either kind of tags: {example}", executed=False)
        removed = {word[1:] for word in signed if word[0] == "-"}
        added = [word[1:] for word in signed if word[0] == "+"] if signed else words
        kept = [tag for tag in row.tags if tag not in removed] if signed else []
        return list(dict.fromkeys([*kept, *added]))

    async def _archive(self, action: str, task: str, permit: Permit) -> ActionResult:
        if self.bulk:
            api = self._more
            call = api.archive_many if action == "archive" else api.unarchive_many
            self._check_items(wire.data_of(await call(ids=[task], permit=permit)))
            return ActionResult()
        row = await self._tasks.row(task)
        kept: list[Json] = [tag for tag in row.system_tags if tag != ARCHIVED]
        wanted: list[Json] = [*kept, ARCHIVED] if action == "archive" else kept
        return self._updated(await self._api.update(task=task, system_tags=wanted, permit=permit))

    def _check_items(self, data: Mapping[str, Json]) -> None:
        """A bulk call is always answered with 200; what failed is inside."""
        failed = data.get("failed")
        for item in failed if isinstance(failed, list) else []:
            error = item.get("error") if isinstance(item, dict) else None
            told = error if isinstance(error, dict) else {}
            codes = told.get("codes")
            pair = [code for code in (codes if isinstance(codes, list) else []) if isinstance(code, int)]
            code, subcode = (pair[0], pair[1]) if len(pair) >= 2 else (400, 0)
            raise of_item(self._context, error_info(code, subcode, str(told.get("msg") or "")), code)


def _fields(data: Mapping[str, Json]) -> Mapping[str, Json]:
    found = data.get("fields")
    return found if isinstance(found, dict) else {}


def _became(data: Mapping[str, Json]) -> str:
    status = _fields(data).get("status")
    return f"now {status}" if isinstance(status, str) and status else ""


def _stopped(data: Mapping[str, Json]) -> str:
    """A stop of a task with a live worker changes its message only; the worker obeys later."""
    if STOPPING in str(_fields(data).get("status_message") or "").lower():
        return "its worker is asked to stop; it obeys at its next poll"
    return _became(data)
