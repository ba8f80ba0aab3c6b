"""The writes of a run: what each would do, and doing it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from urllib.parse import quote

from adapters.actions import ActionResult, Affected, Preview
from adapters.errors import AdapterError, Conflict, Invalid
from adapters.http import Reply
from adapters.kfp import wire
from adapters.kfp.api import BASE, KfpApi
from adapters.kfp.mapping import run_ref, task_ref, to_state
from adapters.kfp.names import Names, parse
from adapters.kfp.tree import Step
from adapters.model import ENDED, Json, Ref, State
from adapters.permit import Permit
from adapters.port import Params

METHODS: Mapping[str, tuple[str, str, str]] = {
    "abort": ("TerminateRun", "POST", ":terminate"),
    "retry": ("RetryRun", "POST", ":retry"),
    "archive": ("ArchiveRun", "POST", ":archive"),
    "unarchive": ("UnarchiveRun", "POST", ":unarchive"),
    "delete": ("DeleteRun", "DELETE", ""),
}
UNDO: Mapping[str, str] = {
    "abort": "retry runs what was ended again; finished tasks are kept",
    "retry": "abort ends it again",
    "archive": "unarchive",
    "unarchive": "archive",
    "delete": "none: the run and its workflow are gone",
    "clone": "abort and delete the new run",
}
COPIED = (
    "experiment_id",
    "description",
    "pipeline_version_reference",
    "pipeline_version_id",
    "pipeline_spec",
    "service_account",
    "plugins_input",
)
"""What a clone takes over from its original; the server sets the rest."""

Note = tuple[str, str]


class Writes:
    def __init__(self, context: str, api: KfpApi, names: Names) -> None:
        self._context = context
        self._api = api
        self._names = names

    async def preview(
        self, action: str, run: wire.FullRun, raw: dict[str, Json], steps: Sequence[Step], params: Params
    ) -> Preview:
        if action == "clone":
            body = self._clone_of(raw, params)
            return Preview(f"RunService.CreateRun POST {BASE}/runs", UNDO[action], notes=_clone_notes(raw, body))
        name, verb, suffix = METHODS[action]
        call = f"RunService.{name} {verb} {BASE}/runs/{quote(run.run_id, safe='')}{suffix}"
        affected = tuple(
            Affected(task_ref(self._context, run.run_id, step.id), step.name, what)
            for step in steps
            if step.leaf and (what := _what_happens(action, step)) is not None
        )
        return Preview(call, UNDO[action], affected, await self._notes(action, run, steps))

    async def _notes(self, action: str, run: wire.FullRun, steps: Sequence[Step]) -> tuple[Note, ...]:
        live = to_state(run.state)[0] not in ENDED
        if action == "abort":
            return (("native", "KFP will most likely call it FAILED"),)
        if action == "retry":
            kept = sum(step.leaf and step.task.state == "SUCCEEDED" for step in steps)
            return (("keeps", f"{kept} finished tasks; the pods of failed ones are deleted"),)
        if action == "archive" and live:
            return (("runs on", "archiving does not stop it"),)
        if action == "delete" and live:
            return (("running", "it has not ended; its workflow is removed with it"),)
        if action == "unarchive" and run.experiment_id:
            experiment = await self._names.refresh(run.experiment_id)
            if experiment and experiment.storage_state == "ARCHIVED":
                return (("blocked", f"its experiment {experiment.display_name} is archived; unarchive that first"),)
        return ()

    async def perform(self, action: str, ref: Ref, params: Params, permit: Permit) -> ActionResult:
        if action == "clone":
            return await self._clone(ref, params, permit)
        try:
            await self._send(action, ref.id, permit)
        except AdapterError as error:
            raise _truer(self._context, action, error) from None
        return ActionResult()

    async def _send(self, action: str, run_id: str, permit: Permit) -> Reply:
        api = self._api
        write = {
            "abort": api.terminate_run,
            "retry": api.retry_run,
            "archive": api.archive_run,
            "unarchive": api.unarchive_run,
            "delete": api.delete_run,
        }[action]
        return await write(run_id=run_id, permit=permit)

    async def _clone(self, ref: Ref, params: Params, permit: Permit) -> ActionResult:
        original = (await self._api.get_run(run_id=ref.id)).json()
        if not isinstance(original, dict):
            raise Invalid(f"{self._context}: {ref.id} cannot be read, so it cannot be cloned", executed=False)
        body = self._clone_of(original, params)
        created = parse(await self._api.create_run(run=body, permit=permit), wire.RunRow)
        return ActionResult(
            f"created {created.display_name or created.run_id}", run_ref(self._context, created.run_id)
        )

    def _clone_of(self, raw: dict[str, Json], params: Params) -> dict[str, Json]:
        """The Run to create. Raises Invalid when there is nothing to run, or the parameters are no object."""
        body = {key: raw[key] for key in COPIED if raw.get(key) not in (None, "")}
        if not body.keys() & {"pipeline_version_reference", "pipeline_version_id", "pipeline_spec"}:
            raise Invalid(
                f"{self._context}: the server names no pipeline of this run, so it cannot be cloned", executed=False
            )
        config = raw.get("runtime_config")
        config = dict(config) if isinstance(config, dict) else {}
        before = config.get("parameters")
        changed = self._parameters(params.get("parameters"))
        config["parameters"] = {**(before if isinstance(before, dict) else {}), **changed}
        name = params.get("name")
        body["display_name"] = (
            name if isinstance(name, str) and name else f"Clone of {raw.get('display_name') or 'run'}"
        )
        body["runtime_config"] = config
        return body

    def _parameters(self, given: Json) -> dict[str, Json]:
        if isinstance(given, str) and given.strip():
            try:
                given = json.loads(given)
            except ValueError as error:
                raise Invalid(f"{self._context}: parameters are not JSON: {error}", executed=False) from None
        if not given:
            return {}
        if not isinstance(given, dict):
            raise Invalid(f'{self._context}: parameters must be an object like {{"epochs": 3}}', executed=False)
        return given


def _what_happens(action: str, step: Step) -> str | None:
    state = to_state(step.task.state)[0]
    if action in ("abort", "delete") and state in (State.RUNNING, State.PENDING, State.PAUSED):
        return "is killed" if state is State.RUNNING else "does not start"
    if action == "retry" and state in (State.FAILED, State.ABORTED):
        return "runs again"
    return None


def _clone_notes(raw: dict[str, Json], body: dict[str, Json]) -> tuple[Note, ...]:
    old, new = _parameters_of(raw), _parameters_of(body)
    changed = [
        f"{key}={json.dumps(value, ensure_ascii=False)}" for key, value in new.items() if old.get(key) != value
    ]
    source = "the same pipeline version" if "pipeline_spec" not in body else "the spec inside the run"
    return (
        ("name", str(body["display_name"])),
        ("from", source),
        ("changed", ", ".join(changed) or "no parameter"),
    )


def _parameters_of(run: dict[str, Json]) -> dict[str, Json]:
    config = run.get("runtime_config")
    found = config.get("parameters") if isinstance(config, dict) else None
    return found if isinstance(found, dict) else {}


def _truer(context: str, action: str, error: AdapterError) -> AdapterError:
    """KFP calls an illegal terminate `Row not found`, which sends people looking for the wrong thing."""
    if action == "abort" and error.status == 400 and "Row not found" in error.sentence:
        sentence = "it is not pending, running or paused any more, so it cannot be terminated"
        hint = "the server's words are 'Row not found'"
    elif action == "unarchive" and isinstance(error, Conflict):
        sentence, hint = "its experiment is archived; a run cannot leave the archive before it", error.sentence
    else:
        return error
    return Conflict(
        f"{context}: {sentence}",
        hint=hint,
        status=error.status,
        code=error.code,
        request_id=error.request_id,
    )
