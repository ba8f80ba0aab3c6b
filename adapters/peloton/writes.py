"""Carrying out one action: re-read the entity version, then exactly one write, spent from the permit."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from adapters.actions import ActionResult
from adapters.errors import Conflict, Invalid
from adapters.model import Json, Kind, Ref
from adapters.peloton import wire
from adapters.peloton.api import PelotonApi
from adapters.peloton.ids import parse_ranges, split_update_id
from adapters.peloton.reads import Reader
from adapters.peloton.states import short
from adapters.permit import Permit
from adapters.port import Params

NOT_KILLED = "only a job that is KILLED can be deleted; this one is {}"


class Writer:
    def __init__(self, api: PelotonApi, reader: Reader, context: str) -> None:
        self._api = api
        self._reader = reader
        self._context = context

    async def perform(self, action: str, ref: Ref, params: Params, permit: Permit) -> ActionResult:
        """The one write. A stale version is a Conflict, never repeated here."""
        match ref.kind:
            case Kind.RUN:
                return await self._run(action, ref.id, params, permit)
            case Kind.POD:
                return await self._pod(action, ref.id, params, permit)
            case Kind.HOST:
                return await self._host(action, ref.id, permit)
            case _:
                return await self._update(action, ref, permit)

    async def _run(self, action: str, job: str, params: Params, permit: Permit) -> ActionResult:
        ranges = parse_ranges_or_refuse(self._context, params.get("ranges"))
        summary, version = await self._reader.version(job)
        if action == "restart":
            batch = _count(self._context, params.get("batch_size"))
            new = await self._api.restart_job(job, version, batch, ranges, permit=permit)
        elif action == "delete":
            force = bool(params.get("force"))
            refuse_delete(self._context, summary, force)
            await self._api.delete_job(job, version, force=force, permit=permit)
            return ActionResult("deletion accepted" + (", its pods are killed first" if force else ""))
        else:
            write = {"start": self._api.start_job, "abort": self._api.stop_job}[action]
            new = await write(job, version, permit=permit)
        return _accepted(version, new)

    async def _pod(self, action: str, pod: str, params: Params, permit: Permit) -> ActionResult:
        if action == "restart":
            await self._api.restart_pod(pod, check_sla=bool(params.get("check_sla", True)), permit=permit)
            return ActionResult("accepted: its next run begins when this one has ended")
        if action == "start":
            await self._api.start_pod(pod, permit=permit)
        else:
            await self._api.stop_pod(pod, permit=permit)
        return ActionResult("accepted")

    async def _host(self, action: str, host: str, permit: Permit) -> ActionResult:
        if action == "drain":
            await self._api.start_maintenance(host, permit=permit)
            return ActionResult("accepted: its pods are evicted in rounds, then it goes down")
        await self._api.complete_maintenance(host, permit=permit)
        return ActionResult("accepted: it takes pods again")

    async def _update(self, action: str, ref: Ref, permit: Permit) -> ActionResult:
        job, created = split_update_id(ref.id)
        summary, version = await self._reader.version(job)
        now = summary.status.workflow_status
        if now is not None and now.creation_time and now.creation_time != created:
            raise Conflict(f"{self._context}: {ref.id} is no longer the job's current update; nothing was sent")
        write: Callable[..., Awaitable[str]] = {
            "pause": self._api.pause_workflow,
            "resume": self._api.resume_workflow,
            "abort-update": self._api.abort_workflow,
        }[action]
        return _accepted(version, await write(job, version, permit=permit))


def refuse_delete(context: str, job: wire.JobSummary, force: bool) -> None:
    """Raises Conflict for a delete that the server would refuse with `job is not stopped`."""
    state = short(job.status.state)
    if not force and state != "KILLED":
        raise Conflict(
            f"{context}: {NOT_KILLED.format(state or 'in an unknown state')}",
            hint="stop it first and wait until it is KILLED, or set force",
        )


def parse_ranges_or_refuse(context: str, given: Json) -> list[tuple[int, int]]:
    try:
        return parse_ranges(str(given)) if given not in (None, "") else []
    except ValueError as error:
        raise Invalid(f"{context}: {error}", executed=False) from None


def _count(context: str, given: Json) -> int:
    """A batch size; 0 is all at once."""
    if given in (None, ""):
        return 0
    if isinstance(given, bool) or not isinstance(given, int | float | str) or not str(given).isdecimal():
        raise Invalid(f"{context}: the batch size is a whole number, not {given!r}", executed=False)
    return int(given)


def _accepted(old: str, new: str) -> ActionResult:
    return ActionResult(f"accepted, version {old} is now {new}" if new and new != old else "accepted")
