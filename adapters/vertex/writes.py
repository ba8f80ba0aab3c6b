"""The writes of a job: what each would do, and doing it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping

from adapters.actions import ActionResult, Affected, Preview
from adapters.errors import AdapterError, Invalid
from adapters.model import Json, Kind, Ref
from adapters.permit import Permit
from adapters.port import Params
from adapters.vertex import wire
from adapters.vertex.api import VertexApi
from adapters.vertex.errors import operation_error
from adapters.vertex.mapping import part_ref, pools, run_ref, strategy

SET_BY_SERVER = frozenset(
    {
        *("name", "state", "createTime", "startTime", "endTime", "updateTime", "error", "webAccessUris"),
        *("satisfiesPzs", "satisfiesPzi"),
    }
)
UNDO: Mapping[str, str] = {
    "abort": "none; retry creates a new job from the same spec",
    "delete": "none: the job's record is gone",
    "retry": "cancel and delete the new job",
    "clone": "cancel and delete the new job",
    "create": "cancel and delete the new job",
}
POLLS = (0.2, 0.5, 1.0, 1.5, 2.0)
"""Seconds between looks at an operation; what takes longer goes on by itself."""

Note = tuple[str, str]


class Writes:
    def __init__(
        self, context: str, api: VertexApi, *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        self._context = context
        self._api = api
        self._sleep = sleep

    def preview(self, action: str, job: wire.CustomJob, raw: dict[str, Json], params: Params) -> Preview:
        if action in ("retry", "clone"):
            return self._creates(action, self.copy(raw, params))
        affected = tuple(
            Affected(part_ref(self._context, Kind.POD, job.id, node), node, "is stopped", pool=pool.machine)
            for pool in pools(job)
            for node in pool.nodes
        )
        if action == "abort":
            gpus = sum(pool.gpus for pool in pools(job))
            notes: tuple[Note, ...] = (("frees", f"{gpus} GPUs"),) if gpus else ()
            late: Note = ("later", "the job stays CANCELLING until Vertex AI has stopped it, and may still succeed")
            call = f"JobService.CancelCustomJob POST {self._api.job_path(job.id, ':cancel')}"
            return Preview(call, UNDO[action], affected, (*notes, late))
        call = f"JobService.DeleteCustomJob DELETE {self._api.job_path(job.id)}, then its operation is awaited"
        return Preview(call, UNDO[action], notes=(("keeps", "its logs and outputs are not deleted with it"),))

    def preview_create(self, params: Params) -> Preview:
        return self._creates("create", self._given(params))

    def _creates(self, action: str, body: dict[str, Json]) -> Preview:
        job = wire.read(wire.CustomJob, {**body, "name": "new"})
        found = pools(job)
        notes: list[Note] = [("name", job.display_name or "none: the server will refuse it")]
        if found:
            notes.append(("runs", " + ".join(f"{p.spec.replica_count}×{p.machine or '?'}" for p in found)))
        if gpus := sum(pool.gpus for pool in found):
            notes.append(("gpus", str(gpus)))
        if strategy(job):
            notes.append(("strategy", str(strategy(job))))
        if action != "create":
            notes.append(("new", "it gets an id of its own, and nothing links it to this one"))
        notes.append(("starts", "at once; sent twice it runs twice"))
        return Preview(f"JobService.CreateCustomJob POST {self._api.jobs_path()}", UNDO[action], notes=tuple(notes))

    def copy(self, raw: Mapping[str, Json], params: Params) -> dict[str, Json]:
        """The CustomJob to create from one that was read: what the server sets left out, changes merged in."""
        body = {key: value for key, value in raw.items() if key not in SET_BY_SERVER}
        changes = self._object(params.get("changes"), "changes") if "changes" in params else {}
        merged = merge_patch(body, changes)
        assert isinstance(merged, dict)
        name = params.get("name")
        if isinstance(name, str) and name:
            merged["displayName"] = name
        return merged

    def _given(self, params: Params) -> dict[str, Json]:
        job = self._object(params.get("job"), "job")
        return {key: value for key, value in job.items() if key not in SET_BY_SERVER}

    def _object(self, given: Json, name: str) -> dict[str, Json]:
        if isinstance(given, str) and given.strip():
            try:
                given = json.loads(given)
            except ValueError as error:
                raise Invalid(f"{self._context}: {name} is not JSON: {error}", executed=False) from None
        if not isinstance(given, dict):
            raise Invalid(f"{self._context}: {name} must be an object, as in a CustomJob", executed=False)
        return given

    async def perform(self, action: str, ref: Ref, params: Params, permit: Permit) -> ActionResult:
        if action == "create":
            return await self._create(self._given(params), permit)
        if action in ("retry", "clone"):
            return await self._create(self.copy(await self._original(ref), params), permit)
        if action == "abort":
            await self._api.cancel_custom_job(name=ref.id, permit=permit)
            return ActionResult("asked to cancel; it takes effect when Vertex AI has stopped it")
        reply = await self._api.delete_custom_job(name=ref.id, permit=permit)
        return ActionResult(await self._awaited(wire.parse(reply, wire.Operation)))

    async def _original(self, ref: Ref) -> dict[str, Json]:
        """What is to be copied; when it cannot be read, nothing was written."""
        try:
            original = (await self._api.get_custom_job(name=ref.id)).json()
        except AdapterError as error:
            error.executed = False
            raise
        if not isinstance(original, dict):
            raise Invalid(f"{self._context}: {ref.id} cannot be read, so it cannot be copied", executed=False)
        return original

    async def _create(self, body: dict[str, Json], permit: Permit) -> ActionResult:
        made = wire.parse(await self._api.create_custom_job(custom_job=body, permit=permit), wire.CustomJob)
        return ActionResult(f"created a new job, {made.id}", run_ref(self._context, made.id))

    async def _awaited(self, operation: wire.Operation) -> str:
        """What became of a deletion. Raises the error it ended with."""
        name = operation.name.rpartition("/")[2]
        for pause in POLLS:
            if operation.done or not operation.name:
                break
            await self._sleep(pause)
            try:
                operation = wire.parse(await self._api.get_operation(name=operation.name), wire.Operation)
            except AdapterError as error:
                return f"deletion accepted as operation {name}; whether it is done cannot be read: {error.sentence}"
        if operation.error is not None and operation.error.code:
            raise operation_error(self._context, operation.error.code, operation.error.message)
        return f"deleted, operation {name}" if operation.done else f"deletion goes on, operation {name}"


def merge_patch(target: Json, patch: Json) -> Json:
    """RFC 7386: objects are merged, null removes, everything else replaces."""
    if not isinstance(patch, dict):
        return patch
    made = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            made.pop(key, None)
        else:
            made[key] = merge_patch(made.get(key), value)
    return made
