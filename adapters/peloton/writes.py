"""Carrying out one action: re-read the entity version, then exactly one write, spent from the permit."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

from adapters.actions import ActionResult, Preview
from adapters.errors import Conflict, Invalid
from adapters.model import Json, Kind, Ref
from adapters.peloton import previews, wire
from adapters.peloton.api import PelotonApi
from adapters.peloton.documents import whole_number
from adapters.peloton.ids import parse_ranges, split_update_id
from adapters.peloton.live import HostIndex
from adapters.peloton.mapping import summary_of
from adapters.peloton.pool_writes import PoolWriter
from adapters.peloton.reads import Reader
from adapters.peloton.states import short
from adapters.peloton.submit import Submit
from adapters.permit import Permit
from adapters.port import Params

NOT_KILLED = "only a job that is KILLED can be deleted; this one is {}"


class Writer:
    """Actions before and while they are done. `parallel` bounds the reads of one preview."""

    def __init__(self, api: PelotonApi, reader: Reader, index: HostIndex, parallel: int) -> None:
        self._api = api
        self._reader = reader
        self._index = index
        self._parallel = parallel
        self._context = reader.context
        self._submit = Submit(self._context, api, reader)
        self._pools = PoolWriter(self._context, api, reader)

    async def preview(self, action: str, ref: Ref, params: Params) -> Preview:
        match ref.kind, action:
            case Kind.HOST, "drain":
                tree = await self._reader.tree(fresh=True)
                return await previews.drain(self._api, self._index, ref, tree, self._parallel, time.time())
            case Kind.POOL, _:
                return await self._pools.preview(action, ref, params)
            case Kind.RUN, "create":
                return await self._submit.preview_create(params)
            case Kind.RUN, "replace" | "patch":
                return await self._submit.preview_replace(action, ref, params)
            case Kind.RUN, _:
                return await self._run_preview(action, ref, params)
            case Kind.POD, _:
                pod, found, _ = await self._reader.pod(ref.id)
                return previews.pod_preview(action, ref, params, pod.parent_name, found.current or wire.PodInfo())
            case _:
                return previews.plain(action, ref, params)

    async def _run_preview(self, action: str, ref: Ref, params: Params) -> Preview:
        parse_ranges_or_refuse(self._context, params.get("ranges"))
        answer, _ = await self._reader.job(ref.id)
        summary = summary_of(answer, ref.id)
        if action == "delete":
            refuse_delete(self._context, summary, bool(params.get("force")))
        spec = answer.job_info.spec if answer.job_info else None
        return previews.run_preview(action, ref, params, summary, spec, await self._reader.tree())

    async def perform(self, action: str, ref: Ref, params: Params, permit: Permit) -> ActionResult:
        """The one write. A stale version is a Conflict, never repeated here."""
        match ref.kind:
            case Kind.RUN:
                return await self._run(action, ref, params, permit)
            case Kind.POD:
                return await self._pod(action, ref.id, params, permit)
            case Kind.HOST:
                return await self._host(action, ref.id, permit)
            case Kind.POOL:
                return await self._pools.perform(action, ref, params, permit)
            case Kind.VOLUME:
                await self._api.delete_volume(ref.id, permit=permit)
                return ActionResult("deletion accepted")
            case _:
                return await self._update(action, ref, permit)

    async def _run(self, action: str, ref: Ref, params: Params, permit: Permit) -> ActionResult:
        job = ref.id
        if action == "create":
            return await self._submit.create(params, permit)
        if action in ("replace", "patch"):
            return await self._submit.replace(action, ref, params, permit)
        if action == "refresh":
            await self._api.refresh_job(job, permit=permit)
            return ActionResult("read from storage again")
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
        if action == "refresh":
            await self._api.refresh_pod(pod, permit=permit)
            return ActionResult("read from storage again")
        if action == "delete-events":
            number = whole_number(self._context, "run", params.get("run") or await self._present_run(pod))
            await self._api.delete_pod_events(pod, f"{pod}-{number}", permit=permit)
            return ActionResult(f"the events of run {number} are gone")
        if action == "start":
            await self._api.start_pod(pod, permit=permit)
        else:
            await self._api.stop_pod(pod, permit=permit)
        return ActionResult("accepted")

    async def _present_run(self, pod: str) -> int:
        """The number of its latest run; the server wants one to be named."""
        found = (await self._reader.pod(pod))[0].attempt
        if found is None:
            raise Invalid(f"{self._context}: {pod} came without its run; run=NUMBER names it", executed=False)
        return found

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
    return 0 if given in (None, "") else whole_number(context, "batch_size", given)


def _accepted(old: str, new: str) -> ActionResult:
    return ActionResult(f"accepted, version {old} is now {new}" if new and new != old else "accepted")
