"""Vertex AI's and Cloud Logging's JSON as pydantic models: tolerant of new fields, of fields that are missing,
and of fields of the wrong type, which count as missing."""

from __future__ import annotations

import copy
import re
from datetime import UTC, datetime
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

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


class Status(Wire):
    """google.rpc.Status."""

    code: int = 0
    message: str = ""


class MachineSpec(Wire):
    machine_type: str = ""
    accelerator_type: str = ""
    accelerator_count: int = 0
    tpu_topology: str = ""


class DiskSpec(Wire):
    boot_disk_type: str = ""
    boot_disk_size_gb: int | None = None


class ContainerSpec(Wire):
    image_uri: str = ""


class PythonPackageSpec(Wire):
    executor_image_uri: str = ""
    python_module: str = ""


class WorkerPool(Wire):
    """`replica_count` is an int64, and so text on the wire; absent is 0: an empty pool that keeps its place."""

    machine_spec: MachineSpec = MachineSpec()
    replica_count: int = 0
    disk_spec: DiskSpec | None = None
    container_spec: ContainerSpec | None = None
    python_package_spec: PythonPackageSpec | None = None


class Scheduling(Wire):
    timeout: str | None = None
    strategy: str = ""
    max_wait_duration: str | None = None


class JobSpec(Wire):
    worker_pool_specs: list[WorkerPool] = []
    scheduling: Scheduling = Scheduling()
    service_account: str | None = None
    experiment: str | None = None
    enable_web_access: bool = False


class CustomJob(Wire):
    name: str = Field(pattern=r"[^/]$")
    display_name: str = ""
    job_spec: JobSpec = JobSpec()
    state: str = ""
    create_time: str | None = None
    start_time: str | None = None
    end_time: str | None = None
    update_time: str | None = None
    error: Status | None = None
    labels: dict[str, str] = {}
    web_access_uris: dict[str, str] = {}

    @property
    def id(self) -> str:
        return self.name.rpartition("/")[2]

    @property
    def region(self) -> str | None:
        parts = self.name.split("/")
        return parts[3] if len(parts) == 6 and parts[2] == "locations" else None


class Operation(Wire):
    name: str = ""
    done: bool = False
    error: Status | None = None


class Resource(Wire):
    labels: dict[str, str] = {}


class LogEntry(Wire):
    insert_id: str = ""
    timestamp: str = ""
    receive_timestamp: str | None = None
    severity: str = "DEFAULT"
    resource: Resource = Resource()
    labels: dict[str, str] = {}
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
MENDING_ROUNDS = 10


class NotTheApi(ValueError):
    """The body is not what the endpoint promises; the message says where."""


def parse(reply: Reply, model: type[M]) -> M:
    """The answer as a wire model; BadPayload when it is something else."""
    try:
        found = model.model_validate_json(reply.raw)
    except ValidationError:
        try:
            found = read(model, reply.json())
        except NotTheApi as why:
            raise bad_payload(reply.context, reply.raw, str(why)) from None
    # An empty object is a list without rows, as the service writes it; an answer without a word is none.
    empty = not reply.raw.strip() or reply.json()
    if isinstance(found, ListPage) and not found.model_fields_set and empty:
        raise bad_payload(reply.context, reply.raw, "it has nothing that such a list has")
    return found


def read(model: type[M], given: Json) -> M:
    """The model, taking a field of the wrong type as missing. Raises NotTheApi when the shape itself is wrong.

    Of a page only what is inside its elements is forgiven: one whose jobs are no list is no page.
    """
    forgiving = 3 if issubclass(model, ListPage) else 1
    data = copy.deepcopy(given)
    for _ in range(MENDING_ROUNDS):
        try:
            return model.model_validate(data)
        except ValidationError as error:
            problems = error.errors(include_url=False, include_input=False)
        for item in problems:
            where = item["loc"]
            if len(where) < forgiving or item["type"] == "missing" or not _blank(data, where):
                raise NotTheApi(f"{'.'.join(str(part) for part in where) or 'the body'}: {item['msg']}")
    raise NotTheApi("too little of it has the promised types")


def _blank(data: Any, where: tuple[int | str, ...]) -> bool:
    """Remove the member at the end of the path; the element of a list leaves an empty object in its place."""
    *outer, last = where
    try:
        for part in outer:
            data = data[part]
        if isinstance(data, list) and isinstance(last, int):
            data[last] = {}
        else:
            del data[last]
    except (KeyError, IndexError, TypeError):
        return False
    return True
