"""Vertex AI's and Cloud Logging's JSON as pydantic models: tolerant of new fields, of fields that are missing,
and of fields of the wrong type, which count as missing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidatorFunctionWrapHandler,
    field_validator,
)
from pydantic.alias_generators import to_camel
from pydantic_core.core_schema import ValidationInfo

from adapters.http import Reply, bad_payload
from adapters.model import Json

_DURATION = re.compile(r"(-?\d{1,12}(?:\.\d{1,9})?)s")
_FRACTION = re.compile(r"\.(\d+)")


def instant(text: str | None) -> float | None:
    """An RFC 3339 time as epoch seconds."""
    nanos = nanoseconds(text)
    return None if nanos is None else nanos / 1e9


def nanoseconds(text: str | None) -> int | None:
    """An RFC 3339 time as epoch nanoseconds; log entries are told apart by them."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(_FRACTION.sub("", text, count=1))
    except ValueError:
        return None
    fraction = _FRACTION.search(text)
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    try:
        return int(aware.timestamp()) * 10**9 + int((fraction[1] if fraction else "0").ljust(9, "0")[:9])
    except (OverflowError, ValueError):
        return None


def seconds(text: str | None) -> float | None:
    """A duration such as `604800s`."""
    match = _DURATION.fullmatch(text or "")
    return float(match[1]) if match else None


class Wire(BaseModel):
    model_config = ConfigDict(
        extra="ignore",
        frozen=True,
        alias_generator=to_camel,
        populate_by_name=True,
        coerce_numbers_to_str=True,
        hide_input_in_errors=True,
    )


class Lenient(Wire):
    """A message of which every field may be missing, or be something else than promised."""

    @field_validator("*", mode="wrap")
    @classmethod
    def _wrong_is_missing(cls, given: Any, handler: ValidatorFunctionWrapHandler, info: ValidationInfo) -> Any:
        try:
            return handler(given)
        except ValidationError:
            field = cls.model_fields[str(info.field_name)]
            if field.is_required():
                raise
            return field.get_default(call_default_factory=True)


def _texts(given: Any) -> Any:
    """A map without what is no text."""
    if not isinstance(given, dict):
        return given
    return {key: str(value) for key, value in given.items() if isinstance(value, str | int | float)}


def _objects(given: Any) -> Any:
    """A list in which what is no object is an empty one, so that the others keep their places."""
    return [each if isinstance(each, dict) else {} for each in given] if isinstance(given, list) else given


Texts = Annotated[dict[str, str], BeforeValidator(_texts)]


class Status(Lenient):
    """google.rpc.Status."""

    code: int = 0
    message: str = ""


class MachineSpec(Lenient):
    machine_type: str = ""
    accelerator_type: str = ""
    accelerator_count: int = 0
    tpu_topology: str = ""


class DiskSpec(Lenient):
    boot_disk_type: str = ""
    boot_disk_size_gb: int | None = None


class ContainerSpec(Lenient):
    image_uri: str = ""


class PythonPackageSpec(Lenient):
    executor_image_uri: str = ""
    python_module: str = ""


class WorkerPool(Lenient):
    """`replica_count` is an int64, and so text on the wire; absent is 0: an empty pool that keeps its place."""

    machine_spec: MachineSpec = MachineSpec()
    replica_count: int = 0
    disk_spec: DiskSpec | None = None
    container_spec: ContainerSpec | None = None
    python_package_spec: PythonPackageSpec | None = None


class Scheduling(Lenient):
    timeout: str | None = None
    strategy: str = ""
    max_wait_duration: str | None = None


class JobSpec(Lenient):
    worker_pool_specs: Annotated[list[WorkerPool], BeforeValidator(_objects)] = []
    scheduling: Scheduling = Scheduling()
    service_account: str | None = None
    experiment: str | None = None
    enable_web_access: bool = False


class CustomJob(Lenient):
    name: str = Field(pattern=r"[^/]$")
    display_name: str = ""
    job_spec: JobSpec = JobSpec()
    state: str = ""
    create_time: str | None = None
    start_time: str | None = None
    end_time: str | None = None
    update_time: str | None = None
    error: Status | None = None
    labels: Texts = {}
    web_access_uris: Texts = {}

    @property
    def id(self) -> str:
        return self.name.rpartition("/")[2]

    @property
    def region(self) -> str | None:
        parts = self.name.split("/")
        return parts[3] if len(parts) == 6 and parts[2] == "locations" else None


class Operation(Lenient):
    name: str = ""
    done: bool = False
    error: Status | None = None


class Resource(Lenient):
    labels: Texts = {}


class LogEntry(Lenient):
    insert_id: str = ""
    timestamp: str = ""
    receive_timestamp: str | None = None
    severity: str = "DEFAULT"
    resource: Resource = Resource()
    labels: Texts = {}
    text_payload: str | None = None
    json_payload: dict[str, Any] | None = None
    proto_payload: dict[str, Any] | None = None


class ListPage(Wire):
    """`{}` is an empty list; an object with none of the fields is some other answer."""

    next_page_token: str | None = None


class JobPage(ListPage):
    custom_jobs: list[CustomJob] = []


class EntryPage(ListPage):
    entries: list[LogEntry] = []


M = TypeVar("M", bound=Wire)


def parse(reply: Reply, model: type[M]) -> M:
    """The answer as a wire model; BadPayload when it is something else."""
    data = reply.json()
    try:
        found = read(model, data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the body"
        raise bad_payload(reply.context, reply.raw, f"{where}: {first['msg']}") from None
    if isinstance(found, ListPage) and not found.model_fields_set and data:
        raise bad_payload(reply.context, reply.raw, "it has nothing that such a list has")
    return found


def read(model: type[M], data: Json | Mapping[str, Json]) -> M:
    return model.model_validate(data)
