"""Logs, scalars, login and the server itself."""

from __future__ import annotations

from adapters.clearml.caller import Caller, given
from adapters.endpoint import Effect, endpoint
from adapters.http import Reply
from adapters.model import Json
from adapters.permit import Permit

LONG = 60.0
"""Seconds for a whole log."""


class EventsApi:
    """The events service."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    @endpoint("events.get_task_log", Effect.READ, seed=False)
    async def get_task_log(
        self,
        *,
        task: str,
        batch_size: int | None = None,
        navigate_earlier: bool | None = None,
        from_timestamp: int | None = None,
        order: str | None = None,
        scroll_id: str | None = None,
        more: Json = None,
    ) -> Reply:
        """Log events of a task; from_timestamp in milliseconds, exclusive."""
        return await self._caller.read(
            "events.get_task_log",
            given(
                more,
                task=task,
                batch_size=batch_size,
                navigate_earlier=navigate_earlier,
                from_timestamp=from_timestamp,
                order=order,
                scroll_id=scroll_id,
            ),
        )

    @endpoint("events.download_task_log", Effect.READ, seed=False)
    async def download_task_log(
        self, *, task: str, line_type: str | None = None, line_format: str | None = None
    ) -> Reply:
        """The whole log as text."""
        return await self._caller.read(
            "events.download_task_log", given(task=task, line_type=line_type, line_format=line_format), timeout=LONG
        )

    @endpoint("events.scalar_metrics_iter_histogram", Effect.READ, seed=False)
    async def scalar_metrics_iter_histogram(
        self, *, task: str, samples: int | None = None, key: str | None = None, metrics: Json = None
    ) -> Reply:
        """Scalars of a task over iterations or time."""
        return await self._caller.read(
            "events.scalar_metrics_iter_histogram", given(task=task, samples=samples, key=key, metrics=metrics)
        )

    @endpoint("events.multi_task_scalar_metrics_iter_histogram", Effect.READ, seed=False)
    async def multi_task_scalar_metrics_iter_histogram(
        self, *, tasks: Json, samples: int | None = None, key: str | None = None
    ) -> Reply:
        """The same of several tasks."""
        return await self._caller.read(
            "events.multi_task_scalar_metrics_iter_histogram", given(tasks=tasks, samples=samples, key=key)
        )

    @endpoint("events.get_task_latest_scalar_values", Effect.READ, seed=False)
    async def get_task_latest_scalar_values(self, *, task: str) -> Reply:
        """The last values of every scalar."""
        return await self._caller.read("events.get_task_latest_scalar_values", given(task=task))

    @endpoint("events.add", Effect.WRITE, seed=False)
    async def add(self, *, event: Json, permit: Permit) -> Reply:
        """Add one event."""
        return await self._caller.write("events.add", given(event), permit)

    @endpoint("events.add_batch", Effect.WRITE, seed=False)
    async def add_batch(self, *, events: Json, permit: Permit) -> Reply:
        """Add several events, a list of objects."""
        return await self._caller.write_lines("events.add_batch", events, permit)


class ServerApi:
    """Login and the server itself."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    @endpoint("auth.login", Effect.READ, seed=False)
    async def login(self, *, expiration_sec: int | None = None) -> Reply:
        """A token for whoever asks."""
        return await self._caller.read("auth.login", given(expiration_sec=expiration_sec))

    @endpoint("auth.logout", Effect.WRITE, seed=False)
    async def logout(self, *, permit: Permit) -> Reply:
        """Revoke the token in use; the next call logs in anew."""
        return await self._caller.write("auth.logout", None, permit)

    @endpoint("server.info", Effect.READ, seed=False)
    async def info(
        self,
    ) -> Reply:
        """The server's version."""
        return await self._caller.read("server.info", None)

    @endpoint("debug.ping", Effect.READ, seed=False)
    async def ping(self, *, more: Json = None) -> Reply:
        """Echo."""
        return await self._caller.read("debug.ping", given(more))

    @endpoint("users.get_current_user", Effect.READ, seed=False)
    async def get_current_user(
        self,
    ) -> Reply:
        """Who asks."""
        return await self._caller.read("users.get_current_user", None)
