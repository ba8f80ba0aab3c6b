"""Job Manager's JSON as models: camelCase on the wire, tolerant of what is missing, new or of the wrong type."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, ValidatorFunctionWrapHandler
from pydantic.alias_generators import to_camel
from pydantic.functional_validators import WrapValidator

from adapters.reply import Reply, bad_payload

T = TypeVar("T")


def instant(text: str | None) -> float | None:
    """An ISO 8601 time as epoch seconds; without an offset it is UTC."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def moment(seconds: float) -> str:
    """As it is sent: always UTC, because the offset is not read."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _or_missing(value: Any, read: ValidatorFunctionWrapHandler) -> Any:
    try:
        return read(value)
    except ValidationError:
        return None


def _each(value: Any) -> Any:
    """The elements that are objects."""
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []


def _mapping(value: Any) -> Any:
    return value if isinstance(value, Mapping) else {}


Maybe = Annotated[T | None, WrapValidator(_or_missing)]
"""A value of the wrong type is a missing one."""
Many = Annotated[list[T], BeforeValidator(_each)]
Object = Annotated[dict[str, Any], BeforeValidator(_mapping)]


class Wire(BaseModel):
    model_config = ConfigDict(
        extra="ignore",
        frozen=True,
        alias_generator=to_camel,
        populate_by_name=True,
        coerce_numbers_to_str=True,
        hide_input_in_errors=True,
    )


class Authentication(Wire):
    is_required: Maybe[bool] = None
    outside_auth: Maybe[bool] = None


class DisplayField(Wire):
    """`field` is a dotted path into a row; no type means text."""

    field: str
    display: Maybe[str] = None
    editable: Maybe[bool] = None
    bulk_editable: Maybe[bool] = None
    field_type: Maybe[str] = None
    valid_field_values: Maybe[list[str]] = None
    primary: Maybe[bool] = None
    filterable: Maybe[bool] = None


class Capabilities(Wire):
    authentication: Maybe[Authentication] = None
    display_fields: Annotated[list[Maybe[DisplayField]], BeforeValidator(_each)] = []
    common_labels: Maybe[list[str]] = None
    query_extensions: Maybe[list[str]] = None


class EventDetail(Wire):
    time: Maybe[str] = None
    content: Maybe[str] = None


class ExecutionEvent(Wire):
    name: Maybe[str] = None
    start: Maybe[str] = None
    end: Maybe[str] = None
    attempt_number: Maybe[int] = None
    shard_index: Maybe[int] = None


class Execution(Wire):
    """What tasks, shards and attempts have in common. Servers before the definition had stdout and stderr too."""

    execution_status: Maybe[str] = None
    start: Maybe[str] = None
    end: Maybe[str] = None
    backend_log: Maybe[str] = None
    stdout: Maybe[str] = None
    stderr: Maybe[str] = None
    call_root: Maybe[str] = None
    operation_id: Maybe[str] = None
    failure_messages: Maybe[list[str]] = None
    job_id: Maybe[str] = None


class Attempt(Execution):
    attempt_number: Maybe[int] = None
    call_cached: Maybe[bool] = None


class Shard(Execution):
    shard_index: Maybe[int] = None
    attempts: Maybe[int] = None


class Task(Execution):
    """`attempts` of a scattered task is the number of its shards."""

    name: Maybe[str] = None
    inputs: Object = {}
    outputs: Object = {}
    shards: Many[Shard] = []
    return_code: Maybe[int] = None
    attempts: Maybe[int] = None
    call_cached: Maybe[bool] = None
    execution_events: Many[ExecutionEvent] = []


class Extensions(Wire):
    user_id: Maybe[str] = None
    status_detail: Maybe[str] = None
    logs: Object = {}
    last_update: Maybe[str] = None
    envs: Object = {}
    source_file: Maybe[str] = None
    parent_job_id: Maybe[str] = None
    tasks: Many[Task] = []
    events: Many[EventDetail] = []


class Failure(Wire):
    failure: Maybe[str] = None
    task_name: Maybe[str] = None
    timestamp: Maybe[str] = None
    backend_log: Maybe[str] = None
    shard_index: Maybe[int] = None
    job_id: Maybe[str] = None


class Row(Wire):
    """A result of a query, and the head of a job."""

    id: str
    name: Maybe[str] = None
    status: Maybe[str] = None
    submission: Maybe[str] = None
    start: Maybe[str] = None
    end: Maybe[str] = None
    labels: Object = {}
    extensions: Annotated[Extensions, BeforeValidator(_mapping)] = Extensions()


class Job(Row):
    inputs: Object = {}
    outputs: Object = {}
    failures: Many[Failure] = []


class QueryPage(Wire):
    """A result that makes no sense is None."""

    results: list[Maybe[Row]]
    total_size: Maybe[float] = None
    next_page_token: Maybe[str] = None


class Attempts(Wire):
    attempts: Many[Attempt] = []


class Labels(Wire):
    labels: Object = {}


class Operation(Wire):
    details: Maybe[str] = None
    id: Maybe[str] = None


class FileContents(Wire):
    """`truncated` is a boolean on the wire, though the definition calls it a text."""

    contents: str
    truncated: Maybe[bool] = None


class StatusCount(Wire):
    status: Maybe[str] = None
    count: Maybe[int] = None


class StatusCounts(Wire):
    counts: Many[StatusCount] = []


class AggregationEntry(Wire):
    label: Maybe[str] = None
    status_counts: Maybe[StatusCounts] = None


class Aggregation(Wire):
    name: Maybe[str] = None
    key: Maybe[str] = None
    entries: Many[AggregationEntry] = []


class Aggregations(Wire):
    summary: Maybe[StatusCounts] = None
    aggregations: Many[Aggregation] = []


class HealthAnswer(Wire):
    available: Maybe[bool] = None


M = TypeVar("M", bound=Wire)


def read(reply: Reply, model: type[M]) -> M:
    """The answer as a model; BadPayload when it is something else. A 204 is an answer without anything in it."""
    try:
        return model.model_validate_json(reply.raw)
    except ValidationError:
        data = reply.json()  # some texts that are no proper UTF-8 can be read all the same
    try:
        return model.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the body"
        raise bad_payload(reply.context, reply.raw, f"{where}: {first['msg']}") from None
