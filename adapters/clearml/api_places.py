"""Where tasks wait, run and belong: the queues, workers and projects services."""

from __future__ import annotations

from adapters.clearml.caller import Caller, given
from adapters.endpoint import Effect, endpoint
from adapters.http import Reply
from adapters.model import Json
from adapters.permit import Permit


class QueuesApi:
    """The queues service."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    @endpoint("queues.get_all", Effect.READ, seed=False)
    async def get_all(
        self,
        *,
        id: Json = None,
        name: str | None = None,
        only_fields: Json = None,
        order_by: Json = None,
        page: int | None = None,
        page_size: int | None = None,
        more: Json = None,
    ) -> Reply:
        """Queues with the ids of their entries, in order."""
        return await self._caller.read(
            "queues.get_all",
            given(
                more, id=id, name=name, only_fields=only_fields, order_by=order_by, page=page, page_size=page_size
            ),
        )

    @endpoint("queues.get_all_ex", Effect.READ, seed=False)
    async def get_all_ex(
        self,
        *,
        id: Json = None,
        name: str | None = None,
        order_by: Json = None,
        page: int | None = None,
        page_size: int | None = None,
        more: Json = None,
    ) -> Reply:
        """Queues with the names of their entries, and their workers."""
        return await self._caller.read(
            "queues.get_all_ex", given(more, id=id, name=name, order_by=order_by, page=page, page_size=page_size)
        )

    @endpoint("queues.get_by_id", Effect.READ, seed=False)
    async def get_by_id(self, *, queue: str) -> Reply:
        """One queue."""
        return await self._caller.read("queues.get_by_id", given(queue=queue))

    @endpoint("queues.get_default", Effect.READ, seed=False)
    async def get_default(
        self,
    ) -> Reply:
        """The queue that is used when none is named."""
        return await self._caller.read("queues.get_default", None)

    @endpoint("queues.get_num_entries", Effect.READ, seed=False)
    async def get_num_entries(self, *, queue: str) -> Reply:
        """How many entries a queue has."""
        return await self._caller.read("queues.get_num_entries", given(queue=queue))

    @endpoint("queues.get_next_task", Effect.WRITE, seed=False)
    async def get_next_task(self, *, queue: str, get_task_info: bool | None = None, permit: Permit) -> Reply:
        """Take the first entry out, as a worker does."""
        return await self._caller.write(
            "queues.get_next_task", given(queue=queue, get_task_info=get_task_info), permit
        )

    @endpoint("queues.create", Effect.WRITE, seed=False)
    async def create(
        self,
        *,
        name: str,
        tags: Json = None,
        system_tags: Json = None,
        display_name: str | None = None,
        permit: Permit,
    ) -> Reply:
        """Make a queue."""
        return await self._caller.write(
            "queues.create", given(name=name, tags=tags, system_tags=system_tags, display_name=display_name), permit
        )

    @endpoint("queues.update", Effect.WRITE, seed=False)
    async def update(
        self,
        *,
        queue: str,
        name: str | None = None,
        tags: Json = None,
        system_tags: Json = None,
        display_name: str | None = None,
        permit: Permit,
    ) -> Reply:
        """Rename or tag a queue."""
        return await self._caller.write(
            "queues.update",
            given(queue=queue, name=name, tags=tags, system_tags=system_tags, display_name=display_name),
            permit,
        )

    @endpoint("queues.delete", Effect.WRITE, seed=False)
    async def delete(self, *, queue: str, force: bool | None = None, permit: Permit) -> Reply:
        """Delete a queue; with force one that has entries."""
        return await self._caller.write("queues.delete", given(queue=queue, force=force), permit)

    @endpoint("queues.clear_queue", Effect.WRITE, seed=False)
    async def clear_queue(self, *, queue: str, permit: Permit) -> Reply:
        """Take every entry out."""
        return await self._caller.write("queues.clear_queue", given(queue=queue), permit)

    @endpoint("queues.add_task", Effect.WRITE, seed=False)
    async def add_task(
        self, *, queue: str, task: str, update_task_status: bool | None = None, permit: Permit
    ) -> Reply:
        """Add an entry; the task's status stays unless said."""
        return await self._caller.write(
            "queues.add_task", given(queue=queue, task=task, update_task_status=update_task_status), permit
        )

    @endpoint("queues.remove_task", Effect.WRITE, seed=False)
    async def remove_task(
        self, *, queue: str, task: str, update_task_status: bool | None = None, permit: Permit
    ) -> Reply:
        """Take an entry out; the task's status stays unless said."""
        return await self._caller.write(
            "queues.remove_task", given(queue=queue, task=task, update_task_status=update_task_status), permit
        )

    @endpoint("queues.move_task_forward", Effect.WRITE, seed=False)
    async def move_task_forward(self, *, queue: str, task: str, count: int | None = None, permit: Permit) -> Reply:
        """Move an entry toward the head."""
        return await self._caller.write(
            "queues.move_task_forward", given(queue=queue, task=task, count=count), permit
        )

    @endpoint("queues.move_task_backward", Effect.WRITE, seed=False)
    async def move_task_backward(self, *, queue: str, task: str, count: int | None = None, permit: Permit) -> Reply:
        """Move an entry toward the end."""
        return await self._caller.write(
            "queues.move_task_backward", given(queue=queue, task=task, count=count), permit
        )

    @endpoint("queues.move_task_to_front", Effect.WRITE, seed=False)
    async def move_task_to_front(self, *, queue: str, task: str, permit: Permit) -> Reply:
        """Make an entry the next."""
        return await self._caller.write("queues.move_task_to_front", given(queue=queue, task=task), permit)

    @endpoint("queues.move_task_to_back", Effect.WRITE, seed=False)
    async def move_task_to_back(self, *, queue: str, task: str, permit: Permit) -> Reply:
        """Make an entry the last."""
        return await self._caller.write("queues.move_task_to_back", given(queue=queue, task=task), permit)


class WorkersApi:
    """The workers service."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    @endpoint("workers.get_all", Effect.READ, seed=False)
    async def get_all(
        self,
        *,
        last_seen: int | None = None,
        tags: Json = None,
        system_tags: Json = None,
        worker_pattern: str | None = None,
    ) -> Reply:
        """Workers that were heard of in the last hour, or `last_seen` seconds."""
        return await self._caller.read(
            "workers.get_all",
            given(last_seen=last_seen, tags=tags, system_tags=system_tags, worker_pattern=worker_pattern),
        )

    @endpoint("workers.get_stats", Effect.READ, seed=False)
    async def get_stats(
        self,
        *,
        items: Json,
        from_date: float,
        to_date: float,
        interval: int,
        worker_ids: Json = None,
        split_by_variant: bool | None = None,
    ) -> Reply:
        """Machine statistics; dates in seconds, at least 40 apart."""
        return await self._caller.read(
            "workers.get_stats",
            given(
                items=items,
                from_date=from_date,
                to_date=to_date,
                interval=interval,
                worker_ids=worker_ids,
                split_by_variant=split_by_variant,
            ),
        )

    @endpoint("workers.get_metric_keys", Effect.READ, seed=False)
    async def get_metric_keys(self, *, worker_ids: Json = None) -> Reply:
        """The names that statistics have."""
        return await self._caller.read("workers.get_metric_keys", given(worker_ids=worker_ids))

    @endpoint("workers.get_activity_report", Effect.READ, seed=False)
    async def get_activity_report(self, *, from_date: float, to_date: float, interval: int) -> Reply:
        """How many workers were active, over time."""
        return await self._caller.read(
            "workers.get_activity_report", given(from_date=from_date, to_date=to_date, interval=interval)
        )

    @endpoint("workers.register", Effect.WRITE, seed=False)
    async def register(
        self, *, worker: str, queues: Json = None, timeout: int | None = None, tags: Json = None, permit: Permit
    ) -> Reply:
        """Register a worker, as an agent does."""
        return await self._caller.write(
            "workers.register", given(worker=worker, queues=queues, timeout=timeout, tags=tags), permit
        )

    @endpoint("workers.unregister", Effect.WRITE, seed=False)
    async def unregister(self, *, worker: str, permit: Permit) -> Reply:
        """Unregister a worker, as an agent does."""
        return await self._caller.write("workers.unregister", given(worker=worker), permit)

    @endpoint("workers.status_report", Effect.WRITE, seed=False)
    async def status_report(
        self,
        *,
        worker: str,
        timestamp: int,
        task: str | None = None,
        queue: str | None = None,
        queues: Json = None,
        machine_stats: Json = None,
        tags: Json = None,
        permit: Permit,
    ) -> Reply:
        """Report for a worker, as an agent does; timestamp in milliseconds."""
        return await self._caller.write(
            "workers.status_report",
            given(
                worker=worker,
                timestamp=timestamp,
                task=task,
                queue=queue,
                queues=queues,
                machine_stats=machine_stats,
                tags=tags,
            ),
            permit,
        )


class ProjectsApi:
    """The projects service."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    @endpoint("projects.get_all", Effect.READ, seed=False)
    async def get_all(
        self,
        *,
        id: Json = None,
        name: str | None = None,
        only_fields: Json = None,
        order_by: Json = None,
        page: int | None = None,
        page_size: int | None = None,
        more: Json = None,
    ) -> Reply:
        """Projects; names are paths."""
        return await self._caller.read(
            "projects.get_all",
            given(
                more, id=id, name=name, only_fields=only_fields, order_by=order_by, page=page, page_size=page_size
            ),
        )

    @endpoint("projects.get_all_ex", Effect.READ, seed=False)
    async def get_all_ex(
        self,
        *,
        id: Json = None,
        name: str | None = None,
        include_stats: bool | None = None,
        order_by: Json = None,
        page: int | None = None,
        page_size: int | None = None,
        more: Json = None,
    ) -> Reply:
        """Projects with statistics, where asked for."""
        return await self._caller.read(
            "projects.get_all_ex",
            given(
                more,
                id=id,
                name=name,
                include_stats=include_stats,
                order_by=order_by,
                page=page,
                page_size=page_size,
            ),
        )

    @endpoint("projects.create", Effect.WRITE, seed=False)
    async def create(
        self, *, name: str, description: str | None = None, tags: Json = None, permit: Permit
    ) -> Reply:
        """Make a project and those above it."""
        return await self._caller.write(
            "projects.create", given(name=name, description=description, tags=tags), permit
        )

    @endpoint("projects.delete", Effect.WRITE, seed=False)
    async def delete(
        self, *, project: str, force: bool | None = None, delete_contents: bool | None = None, permit: Permit
    ) -> Reply:
        """Delete a project; with force one that has tasks."""
        return await self._caller.write(
            "projects.delete", given(project=project, force=force, delete_contents=delete_contents), permit
        )
