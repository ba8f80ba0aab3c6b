"""The JSON of the apiserver as it arrives: unset fields are absent, references are ids or objects, units mix."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from adapters.errors import BadPayload
from adapters.http import Reply, bad_payload
from adapters.model import Json

SPARSE = 1_000_000_000
"""No instant of interest is that early (2001); a number below it is no time."""


def instant(text: Any) -> float | None:
    """An ISO time, or a number of seconds or milliseconds, as epoch seconds."""
    if isinstance(text, int | float) and not isinstance(text, bool):
        return None if text < SPARSE else float(text) if text < 1e11 else text / 1000
    if not isinstance(text, str) or not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.year <= 1970:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


class Wire(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, coerce_numbers_to_str=True, hide_input_in_errors=True)


class Named(Wire):
    """A reference: get_all gives the id, get_all_ex an object with what was projected."""

    id: str
    name: str | None = None

    @property
    def shown(self) -> str:
        return self.name or self.id


def _reference(given: Any) -> Any:
    if isinstance(given, str):
        return {"id": given} if given else None
    return given if isinstance(given, Mapping) and given.get("id") else None


Reference = Annotated[Named | None, BeforeValidator(_reference)]
Time = Annotated[float | None, BeforeValidator(instant)]


def _texts(given: Any) -> Any:
    return [item for item in given if isinstance(item, str)] if isinstance(given, list) else []


Texts = Annotated[list[str], BeforeValidator(_texts)]


class Execution(Wire):
    queue: Reference = None


class Output(Wire):
    error: str | None = None


class Metric(Wire):
    metric: str
    variant: str
    value: float | None = None
    min_value: float | None = None
    max_value: float | None = None


def _metrics(given: Any) -> list[Metric]:
    """The entries of last_metrics, which are two levels down under digests of their names."""
    found = []
    for variants in given.values() if isinstance(given, Mapping) else ():
        for entry in variants.values() if isinstance(variants, Mapping) else ():
            try:
                found.append(Metric.model_validate(entry))
            except ValidationError:
                continue
    return found


class TaskRow(Wire):
    """A task as far as a row shows it."""

    id: str
    name: str = ""
    type: str | None = None
    status: str = ""
    status_reason: str | None = None
    status_message: str | None = None
    status_changed: Time = None
    user: Reference = None
    project: Reference = None
    parent: Reference = None
    created: Time = None
    started: Time = None
    completed: Time = None
    published: Time = None
    last_update: Time = None
    last_worker: str | None = None
    last_iteration: int | None = None
    active_duration: float | None = None
    tags: Texts = []
    system_tags: Texts = []
    comment: str | None = None
    execution: Execution = Execution()
    output: Output = Output()
    runtime: dict[str, Any] = {}
    metrics: Annotated[list[Metric], BeforeValidator(_metrics)] = Field([], alias="last_metrics")


class Entry(Wire):
    task: Reference = None
    added: Time = None


class QueueWorker(Wire):
    name: str | None = None
    key: str | None = None
    task: Reference = None


class Queue(Wire):
    id: str
    name: str = ""
    display_name: str | None = None
    created: Time = None
    last_update: Time = None
    tags: Texts = []
    system_tags: Texts = []
    entries: list[Entry] = []
    workers: list[QueueWorker] | None = None

    @property
    def shown(self) -> str:
        return self.display_name or self.name or self.id


class WorkerQueue(Wire):
    id: str = ""
    name: str | None = None
    display_name: str | None = None


class CurrentTask(Wire):
    id: str
    name: str | None = None
    running_time: float | None = None
    last_iteration: int | None = None


class Worker(Wire):
    id: str
    ip: str | None = None
    user: Reference = None
    register_time: Time = None
    register_timeout: float | None = None
    last_activity_time: Time = None
    last_report_time: Time = None
    tags: Texts = []
    queues: list[WorkerQueue] = []
    queue: Reference = None
    task: CurrentTask | None = None
    project: Reference = None


class LogEvent(Wire):
    timestamp: int
    worker: str = ""
    level: str = ""
    msg: str = ""


M = TypeVar("M", bound=Wire)


def data_of(reply: Reply) -> dict[str, Json]:
    """What is inside the envelope; BadPayload when there is none."""
    body = reply.json()
    if isinstance(body, dict) and isinstance(body.get("meta"), dict) and isinstance(body.get("data"), dict):
        return body["data"]  # type: ignore[return-value]  # just asked
    raise bad_payload(reply.context, reply.raw, "it has no meta and data, as every answer of the API has")


def list_of(reply: Reply, name: str, model: type[M]) -> list[M]:
    """The models in one list of an answer. Raises BadPayload when it is no list."""
    found = data_of(reply).get(name)
    if not isinstance(found, list):
        raise bad_payload(reply.context, reply.raw, f"it has no list of {name}")
    return models(reply.context, found, model)


def models(context: str, rows: Iterable[Json], model: type[M]) -> list[M]:
    return [read(context, row, model) for row in rows]


def read(context: str, given: Json, model: type[M]) -> M:
    """The model, taking a field of the wrong type as missing. Raises BadPayload when it is no such object."""
    try:
        return model.model_validate(given)
    except ValidationError as error:
        wrong = {item["loc"][0] for item in error.errors(include_url=False, include_input=False) if item["loc"]}
        rest = (
            {name: value for name, value in given.items() if name not in wrong} if isinstance(given, dict) else {}
        )
    try:
        return model.model_validate(rest)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise BadPayload(f"{context}: the answer cannot be read: {where}: {first['msg']}") from None
