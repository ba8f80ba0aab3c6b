"""What the tasks service has beyond the seed: clone, archive, tags and the bulk calls."""

from __future__ import annotations

from adapters.clearml.caller import Caller, given
from adapters.endpoint import Effect, endpoint
from adapters.http import Reply
from adapters.model import Json
from adapters.permit import Permit


class MoreTasksApi:
    """What newer servers have. Bulk calls answer 200: look into `failed`."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    @endpoint("tasks.clone", Effect.WRITE, seed=False)
    async def clone(
        self,
        *,
        task: str,
        new_task_name: str | None = None,
        new_task_comment: str | None = None,
        new_task_project: str | None = None,
        more: Json = None,
        permit: Permit,
    ) -> Reply:
        """Make a draft of it."""
        return await self._caller.write(
            "tasks.clone",
            given(
                more,
                task=task,
                new_task_name=new_task_name,
                new_task_comment=new_task_comment,
                new_task_project=new_task_project,
            ),
            permit,
        )

    @endpoint("tasks.archive", Effect.WRITE, seed=False)
    async def archive(
        self, *, tasks: Json, status_reason: str | None = None, status_message: str | None = None, permit: Permit
    ) -> Reply:
        """Archive tasks; running ones are stopped."""
        return await self._caller.write(
            "tasks.archive", given(tasks=tasks, status_reason=status_reason, status_message=status_message), permit
        )

    @endpoint("tasks.move", Effect.WRITE, seed=False)
    async def move(
        self, *, ids: Json, project: str | None = None, project_name: str | None = None, permit: Permit
    ) -> Reply:
        """Move tasks to another project."""
        return await self._caller.write(
            "tasks.move", given(ids=ids, project=project, project_name=project_name), permit
        )

    @endpoint("tasks.update_tags", Effect.WRITE, seed=False)
    async def update_tags(
        self, *, ids: Json, add_tags: Json = None, remove_tags: Json = None, permit: Permit
    ) -> Reply:
        """Add and remove tags."""
        return await self._caller.write(
            "tasks.update_tags", given(ids=ids, add_tags=add_tags, remove_tags=remove_tags), permit
        )

    @endpoint("tasks.get_types", Effect.READ, seed=False)
    async def get_types(self, *, projects: Json = None) -> Reply:
        """The types that the tasks of these projects have."""
        return await self._caller.read("tasks.get_types", given(projects=projects))

    @endpoint("tasks.edit_hyper_params", Effect.WRITE, seed=False)
    async def edit_hyper_params(
        self,
        *,
        task: str,
        hyperparams: Json,
        replace_hyperparams: str | None = None,
        force: bool | None = None,
        permit: Permit,
    ) -> Reply:
        """Change hyperparameters of a draft."""
        return await self._caller.write(
            "tasks.edit_hyper_params",
            given(task=task, hyperparams=hyperparams, replace_hyperparams=replace_hyperparams, force=force),
            permit,
        )

    @endpoint("tasks.stop_many", Effect.WRITE, seed=False)
    async def stop_many(
        self,
        *,
        ids: Json,
        force: bool | None = None,
        status_reason: str | None = None,
        status_message: str | None = None,
        permit: Permit,
    ) -> Reply:
        """Stop each."""
        return await self._caller.write(
            "tasks.stop_many",
            given(ids=ids, force=force, status_reason=status_reason, status_message=status_message),
            permit,
        )

    @endpoint("tasks.enqueue_many", Effect.WRITE, seed=False)
    async def enqueue_many(
        self,
        *,
        ids: Json,
        queue: str | None = None,
        queue_name: str | None = None,
        status_reason: str | None = None,
        status_message: str | None = None,
        permit: Permit,
    ) -> Reply:
        """Enqueue each."""
        return await self._caller.write(
            "tasks.enqueue_many",
            given(
                ids=ids,
                queue=queue,
                queue_name=queue_name,
                status_reason=status_reason,
                status_message=status_message,
            ),
            permit,
        )

    @endpoint("tasks.dequeue_many", Effect.WRITE, seed=False)
    async def dequeue_many(
        self, *, ids: Json, status_reason: str | None = None, status_message: str | None = None, permit: Permit
    ) -> Reply:
        """Dequeue each."""
        return await self._caller.write(
            "tasks.dequeue_many", given(ids=ids, status_reason=status_reason, status_message=status_message), permit
        )

    @endpoint("tasks.reset_many", Effect.WRITE, seed=False)
    async def reset_many(
        self,
        *,
        ids: Json,
        force: bool | None = None,
        clear_all: bool | None = None,
        delete_output_models: bool | None = None,
        permit: Permit,
    ) -> Reply:
        """Reset each."""
        return await self._caller.write(
            "tasks.reset_many",
            given(ids=ids, force=force, clear_all=clear_all, delete_output_models=delete_output_models),
            permit,
        )

    @endpoint("tasks.delete_many", Effect.WRITE, seed=False)
    async def delete_many(
        self, *, ids: Json, force: bool | None = None, move_to_trash: bool | None = None, permit: Permit
    ) -> Reply:
        """Delete each."""
        return await self._caller.write(
            "tasks.delete_many", given(ids=ids, force=force, move_to_trash=move_to_trash), permit
        )

    @endpoint("tasks.publish_many", Effect.WRITE, seed=False)
    async def publish_many(
        self,
        *,
        ids: Json,
        force: bool | None = None,
        publish_model: bool | None = None,
        status_reason: str | None = None,
        status_message: str | None = None,
        permit: Permit,
    ) -> Reply:
        """Publish each."""
        return await self._caller.write(
            "tasks.publish_many",
            given(
                ids=ids,
                force=force,
                publish_model=publish_model,
                status_reason=status_reason,
                status_message=status_message,
            ),
            permit,
        )

    @endpoint("tasks.archive_many", Effect.WRITE, seed=False)
    async def archive_many(
        self, *, ids: Json, status_reason: str | None = None, status_message: str | None = None, permit: Permit
    ) -> Reply:
        """Archive each."""
        return await self._caller.write(
            "tasks.archive_many", given(ids=ids, status_reason=status_reason, status_message=status_message), permit
        )

    @endpoint("tasks.unarchive_many", Effect.WRITE, seed=False)
    async def unarchive_many(
        self, *, ids: Json, status_reason: str | None = None, status_message: str | None = None, permit: Permit
    ) -> Reply:
        """Bring each back from the archive."""
        return await self._caller.write(
            "tasks.unarchive_many",
            given(ids=ids, status_reason=status_reason, status_message=status_message),
            permit,
        )
