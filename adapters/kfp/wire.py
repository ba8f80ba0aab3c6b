"""The JSON of KFP v2beta1 as it arrives: zero values and unset fields are missing, new fields are ignored.

Row models hold only what a row shows, so that a page of heavy runs parses quickly.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from adapters.model import Json
from adapters.reply import loads


def instant(text: str | None) -> float | None:
    """An RFC 3339 time as epoch seconds. Never null on the wire: 1970 and 0001 mean that it is unset."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.year <= 1970:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


class Wire(BaseModel):
    model_config = ConfigDict(
        extra="ignore", frozen=True, defer_build=True, coerce_numbers_to_str=True, hide_input_in_errors=True
    )


class Status(Wire):
    """google.rpc.Status."""

    code: int = 0
    message: str = ""


class RuntimeStatus(Wire):
    update_time: str | None = None
    state: str | None = None
    error: Status | None = None


class ChildTask(Wire):
    """Either a task id, or `pod_name`, which a real server fills with an Argo node id."""

    task_id: str | None = None
    pod_name: str | None = None


class Artifacts(Wire):
    artifact_ids: list[str] = []


class ExecutorDetail(Wire):
    main_job: str | None = None
    failed_main_jobs: list[str] = []


class Task(Wire):
    """PipelineTaskDetail."""

    task_id: str | None = None
    display_name: str = ""
    create_time: str | None = None
    start_time: str | None = None
    end_time: str | None = None
    state: str | None = None
    error: Status | None = None
    parent_task_id: str | None = None
    pod_name: str | None = None
    execution_id: str | None = None
    child_tasks: list[ChildTask] = []


class FullTask(Task):
    state_history: list[RuntimeStatus] = []
    executor_detail: ExecutorDetail | None = None
    inputs: dict[str, Artifacts] = {}
    outputs: dict[str, Artifacts] = {}


class RunDetails(Wire):
    task_details: list[Task] = []


class FullRunDetails(Wire):
    task_details: list[FullTask] = []


class VersionReference(Wire):
    pipeline_id: str | None = None
    pipeline_version_id: str | None = None


class PipelineInfo(Wire):
    name: str | None = None


class SpecHead(Wire):
    """The only part of a pipeline spec that a row shows; with platform config the spec is one level down."""

    info: PipelineInfo | None = Field(None, alias="pipelineInfo")
    inner: SpecHead | None = Field(None, alias="pipeline_spec")


class RunRow(Wire):
    experiment_id: str | None = None
    run_id: str
    display_name: str = ""
    storage_state: str | None = None
    description: str | None = None
    pipeline_version_id: str | None = None
    pipeline_spec: SpecHead | None = None
    pipeline_version_reference: VersionReference | None = None
    service_account: str | None = None
    created_at: str | None = None
    scheduled_at: str | None = None
    finished_at: str | None = None
    state: str | None = None
    error: Status | None = None
    recurring_run_id: str | None = None
    state_history: list[RuntimeStatus] = []
    run_details: RunDetails | None = None


class RuntimeConfig(Wire):
    parameters: dict[str, Any] = {}
    pipeline_root: str | None = None


class FullRun(RunRow):
    runtime_config: RuntimeConfig | None = None
    run_details: FullRunDetails | None = None  # type: ignore[assignment]  # tasks with everything they say


class Experiment(Wire):
    experiment_id: str
    display_name: str = ""
    namespace: str | None = None
    storage_state: str | None = None


class Named(Wire):
    """A pipeline or a pipeline version, as far as its name goes."""

    display_name: str | None = None
    name: str | None = None


class Healthz(Wire):
    commit_sha: str | None = None
    tag_name: str | None = None
    multi_user: bool = False
    pipeline_store: str | None = None


class ListPage(Wire):
    """`{}` is an empty list; an object with none of the fields is some other answer."""

    next_page_token: str = ""
    total_size: int | None = None


class RunPage(ListPage):
    runs: list[RunRow] = []


class ExperimentPage(ListPage):
    experiments: list[Experiment] = []


M = TypeVar("M", bound=Wire)
MENDING_ROUNDS = 10


class NotTheApi(ValueError):
    """The body is not what the endpoint promises; the message says where."""


def read(model: type[M], raw: bytes | Mapping[str, Json]) -> M:
    """The model, taking a field of the wrong type as missing. Raises NotTheApi when the shape itself is wrong.

    Only the elements of a list or object inside are forgiven: a page whose `runs` is not a list is no page.
    """
    try:
        found = model.model_validate_json(raw) if isinstance(raw, bytes) else model.model_validate(raw)
    except ValidationError:
        found = _mended(model, raw)
    if isinstance(found, ListPage) and not found.model_fields_set and raw and _parsed(raw):
        raise NotTheApi("it has nothing that such a list has")
    return found


def _parsed(raw: bytes | Mapping[str, Json]) -> Any:
    try:
        return loads(raw if isinstance(raw, bytes) else json.dumps(dict(raw)).encode())
    except (ValueError, RecursionError):
        raise NotTheApi("it is not JSON") from None


def _mended(model: type[M], raw: bytes | Mapping[str, Json]) -> M:
    forgiving = 3 if issubclass(model, ListPage) else 1
    data = _parsed(raw)
    for _ in range(MENDING_ROUNDS):
        try:
            return model.model_validate(data)
        except ValidationError as error:
            problem = error
        # Backwards, so that removing an element of a list does not move those still to be removed.
        for item in reversed(problem.errors(include_url=False, include_input=False)):
            where = item["loc"]
            if len(where) < forgiving or item["type"] == "missing" or not _drop(data, where):
                raise NotTheApi(f"{'.'.join(str(part) for part in where) or 'the body'}: {item['msg']}")
    raise NotTheApi("too little of it has the promised types")


def _drop(data: Any, where: tuple[int | str, ...]) -> bool:
    """Remove the element at the end of the path."""
    *outer, last = where
    try:
        for part in outer:
            data = data[part]
        del data[last]
    except (KeyError, IndexError, TypeError):
        return False
    return True
