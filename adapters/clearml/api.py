"""The tasks service, one method per endpoint; each returns the whole answer as it came."""

from __future__ import annotations

from adapters.clearml.caller import Caller, given
from adapters.endpoint import Effect, endpoint
from adapters.http import Reply
from adapters.model import Json
from adapters.permit import Permit

LONG = 60.0
"""Seconds for what deletes a task's events, which can be many."""


class TasksApi:
    """`more` is an object with any further field of the request."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    @endpoint("tasks.get_by_id", Effect.READ)
    async def get_by_id(self, *, task: str) -> Reply:
        """One task with everything the server stores of it."""
        return await self._caller.read("tasks.get_by_id", given(task=task))

    @endpoint("tasks.get_all", Effect.READ)
    async def get_all(
        self,
        *,
        id: Json = None,
        name: str | None = None,
        user: Json = None,
        project: Json = None,
        type: Json = None,
        status: Json = None,
        tags: Json = None,
        system_tags: Json = None,
        parent: Json = None,
        status_changed: Json = None,
        search_text: str | None = None,
        order_by: Json = None,
        only_fields: Json = None,
        page: int | None = None,
        page_size: int | None = None,
        more: Json = None,
    ) -> Reply:
        """Tasks, at most 500, archived ones included; references are ids."""
        body = given(
            more,
            id=id,
            name=name,
            user=user,
            project=project,
            type=type,
            status=status,
            tags=tags,
            system_tags=system_tags,
            parent=parent,
            status_changed=status_changed,
            search_text=search_text,
            order_by=order_by,
            only_fields=only_fields,
            page=page,
            page_size=page_size,
        )
        return await self._caller.read("tasks.get_all", body)

    @endpoint("tasks.get_all_ex", Effect.READ)
    async def get_all_ex(
        self,
        *,
        id: Json = None,
        name: str | None = None,
        user: Json = None,
        project: Json = None,
        type: Json = None,
        status: Json = None,
        tags: Json = None,
        system_tags: Json = None,
        parent: Json = None,
        status_changed: Json = None,
        search_text: str | None = None,
        order_by: Json = None,
        only_fields: Json = None,
        page: int | None = None,
        page_size: int | None = None,
        more: Json = None,
    ) -> Reply:
        """The same, with references as objects that have names where these are asked for."""
        body = given(
            more,
            id=id,
            name=name,
            user=user,
            project=project,
            type=type,
            status=status,
            tags=tags,
            system_tags=system_tags,
            parent=parent,
            status_changed=status_changed,
            search_text=search_text,
            order_by=order_by,
            only_fields=only_fields,
            page=page,
            page_size=page_size,
        )
        return await self._caller.read("tasks.get_all_ex", body)

    @endpoint("tasks.create", Effect.WRITE)
    async def create(
        self, *, name: str, type: str, project: str | None = None, more: Json = None, permit: Permit
    ) -> Reply:
        """Make a draft."""
        return await self._caller.write("tasks.create", given(more, name=name, type=type, project=project), permit)

    @endpoint("tasks.validate", Effect.READ)
    async def validate(self, *, name: str, type: str, project: str | None = None, more: Json = None) -> Reply:
        """Check what would be created."""
        return await self._caller.read("tasks.validate", given(more, name=name, type=type, project=project))

    @endpoint("tasks.update", Effect.WRITE)
    async def update(
        self,
        *,
        task: str,
        name: str | None = None,
        tags: Json = None,
        system_tags: Json = None,
        comment: str | None = None,
        project: str | None = None,
        output__error: str | None = None,
        created: str | None = None,
        more: Json = None,
        permit: Permit,
    ) -> Reply:
        """Change name, tags, description, project or error, whatever the status; other fields are ignored."""
        body = given(
            more,
            task=task,
            name=name,
            tags=tags,
            system_tags=system_tags,
            comment=comment,
            project=project,
            output__error=output__error,
            created=created,
        )
        return await self._caller.write("tasks.update", body, permit)

    @endpoint("tasks.update_batch", Effect.WRITE)
    async def update_batch(self, *, updates: Json, permit: Permit) -> Reply:
        """Several updates at once, a list of objects; an unknown id among them and none is applied."""
        return await self._caller.write_lines("tasks.update_batch", updates, permit)

    @endpoint("tasks.edit", Effect.WRITE)
    async def edit(
        self,
        *,
        task: str,
        name: str | None = None,
        comment: str | None = None,
        project: str | None = None,
        force: bool | None = None,
        more: Json = None,
        permit: Permit,
    ) -> Reply:
        """Change any field of a draft; with force of any task."""
        body = given(more, task=task, name=name, comment=comment, project=project, force=force)
        return await self._caller.write("tasks.edit", body, permit)

    @endpoint("tasks.reset", Effect.WRITE)
    async def reset(
        self,
        *,
        task: str,
        force: bool | None = None,
        clear_all: bool | None = None,
        delete_output_models: bool | None = None,
        return_file_urls: bool | None = None,
        permit: Permit,
    ) -> Reply:
        """Make it a draft again; deletes its log, metrics and output."""
        body = given(
            task=task,
            force=force,
            clear_all=clear_all,
            delete_output_models=delete_output_models,
            return_file_urls=return_file_urls,
        )
        return await self._caller.write("tasks.reset", body, permit, timeout=LONG)

    @endpoint("tasks.delete", Effect.WRITE)
    async def delete(
        self,
        *,
        task: str,
        force: bool | None = None,
        move_to_trash: bool | None = None,
        return_file_urls: bool | None = None,
        status_reason: str | None = None,
        status_message: str | None = None,
        permit: Permit,
    ) -> Reply:
        """Delete a draft or an archived task; with force any."""
        body = given(
            task=task,
            force=force,
            move_to_trash=move_to_trash,
            return_file_urls=return_file_urls,
            status_reason=status_reason,
            status_message=status_message,
        )
        return await self._caller.write("tasks.delete", body, permit, timeout=LONG)

    @endpoint("tasks.started", Effect.WRITE)
    async def started(
        self,
        *,
        task: str,
        status_reason: str | None = None,
        status_message: str | None = None,
        force: bool | None = None,
        permit: Permit,
    ) -> Reply:
        """Mark it as running; `started` keeps the earliest time."""
        body = given(task=task, status_reason=status_reason, status_message=status_message, force=force)
        return await self._caller.write("tasks.started", body, permit)

    @endpoint("tasks.stop", Effect.WRITE)
    async def stop(
        self,
        *,
        task: str,
        status_reason: str | None = None,
        status_message: str | None = None,
        force: bool | None = None,
        permit: Permit,
    ) -> Reply:
        """Ask its worker to stop it; a queued or abandoned one is stopped at once."""
        body = given(task=task, status_reason=status_reason, status_message=status_message, force=force)
        return await self._caller.write("tasks.stop", body, permit)

    @endpoint("tasks.stopped", Effect.WRITE)
    async def stopped(
        self,
        *,
        task: str,
        status_reason: str | None = None,
        status_message: str | None = None,
        force: bool | None = None,
        permit: Permit,
    ) -> Reply:
        """Mark it as stopped, as its worker does."""
        body = given(task=task, status_reason=status_reason, status_message=status_message, force=force)
        return await self._caller.write("tasks.stopped", body, permit)

    @endpoint("tasks.failed", Effect.WRITE)
    async def failed(
        self,
        *,
        task: str,
        status_reason: str | None = None,
        status_message: str | None = None,
        force: bool | None = None,
        permit: Permit,
    ) -> Reply:
        """Mark it as failed."""
        body = given(task=task, status_reason=status_reason, status_message=status_message, force=force)
        return await self._caller.write("tasks.failed", body, permit)

    @endpoint("tasks.close", Effect.WRITE)
    async def close(
        self,
        *,
        task: str,
        status_reason: str | None = None,
        status_message: str | None = None,
        force: bool | None = None,
        permit: Permit,
    ) -> Reply:
        """Close a stopped task."""
        body = given(task=task, status_reason=status_reason, status_message=status_message, force=force)
        return await self._caller.write("tasks.close", body, permit)

    @endpoint("tasks.publish", Effect.WRITE)
    async def publish(
        self,
        *,
        task: str,
        publish_model: bool | None = None,
        status_reason: str | None = None,
        status_message: str | None = None,
        force: bool | None = None,
        permit: Permit,
    ) -> Reply:
        """Publish it and its last output model."""
        body = given(
            task=task,
            publish_model=publish_model,
            status_reason=status_reason,
            status_message=status_message,
            force=force,
        )
        return await self._caller.write("tasks.publish", body, permit)

    @endpoint("tasks.enqueue", Effect.WRITE)
    async def enqueue(
        self,
        *,
        task: str,
        queue: str | None = None,
        queue_name: str | None = None,
        verify_watched_queue: bool | None = None,
        status_reason: str | None = None,
        status_message: str | None = None,
        force: bool | None = None,
        permit: Permit,
    ) -> Reply:
        """Put it at the end of a queue, the default one unless said; a queue_name that is missing is made."""
        body = given(
            task=task,
            queue=queue,
            queue_name=queue_name,
            verify_watched_queue=verify_watched_queue,
            status_reason=status_reason,
            status_message=status_message,
            force=force,
        )
        return await self._caller.write("tasks.enqueue", body, permit)

    @endpoint("tasks.dequeue", Effect.WRITE)
    async def dequeue(
        self,
        *,
        task: str,
        status_reason: str | None = None,
        status_message: str | None = None,
        permit: Permit,
    ) -> Reply:
        """Take it out of its queue. Beware: a running task becomes a draft."""
        body = given(task=task, status_reason=status_reason, status_message=status_message)
        return await self._caller.write("tasks.dequeue", body, permit)

    @endpoint("tasks.set_requirements", Effect.WRITE)
    async def set_requirements(self, *, task: str, requirements: Json, permit: Permit) -> Reply:
        """Replace the requirements of its script."""
        return await self._caller.write(
            "tasks.set_requirements", given(task=task, requirements=requirements), permit
        )

    @endpoint("tasks.completed", Effect.WRITE)
    async def completed(
        self,
        *,
        task: str,
        publish: bool | None = None,
        status_reason: str | None = None,
        status_message: str | None = None,
        force: bool | None = None,
        permit: Permit,
    ) -> Reply:
        """Mark it as completed; needs version 2.2."""
        body = given(
            task=task,
            publish=publish,
            status_reason=status_reason,
            status_message=status_message,
            force=force,
        )
        return await self._caller.write("tasks.completed", body, permit)

    @endpoint("tasks.ping", Effect.WRITE)
    async def ping(self, *, task: str, permit: Permit) -> Reply:
        """Tell the server that it is alive; unknown ids are taken too."""
        return await self._caller.write("tasks.ping", given(task=task), permit)
