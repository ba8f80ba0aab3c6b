"""The typed values of objects: what columns show, filters compare and sorts order by.

A `Field` reads one value of any object; backends add theirs as FieldSpecs, their words as aliases.
"""

from __future__ import annotations

import math
import re
import string
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields as dataclass_fields
from functools import lru_cache
from operator import attrgetter
from types import MappingProxyType
from typing import Any, TypeAlias

from adapters.fields import FieldSpec, FieldType
from adapters.frozen import dataclass
from adapters.model import Kind, Progress, Resource, State
from adapters.port import Schema

SortValue: TypeAlias = str | float | int | bool | None
Getter: TypeAlias = Callable[[Any, float], Any]

_CORE = frozenset(each.name for each in dataclass_fields(Resource))
_STATES = frozenset(state.value for state in State)
_DIGITS = re.compile(r"\d+")

_BEST_TO_WORST = (
    *(
        State.SUCCEEDED,
        State.UP,
        State.SKIPPED,
        State.ABORTED,
        State.DRAFT,
        State.QUEUED,
        State.PENDING,
        State.PAUSED,
    ),
    *(State.RUNNING, State.UNKNOWN, State.DRAINED, State.ABORTING, State.DRAINING, State.LOST, State.FAILED),
    State.DOWN,
)
RANK: Mapping[State, int] = MappingProxyType({state: rank for rank, state in enumerate(_BEST_TO_WORST)})
"""How bad a state is: sorting by state descending puts the worst first."""


@dataclass(frozen=True, slots=True)
class Field:
    """`get` reads the value of an object at a time: text, number, State, Progress, bool, or None.

    A `live` value moves by itself while nothing changes on the server. `natural` text sorts its numbers
    as numbers.
    """

    id: str
    type: FieldType
    get: Getter
    live: bool = False
    natural: bool = False


def sort_value(field: Field, resource: Resource, now: float) -> str | float | None:
    """The value as something comparable within the field; None sorts last."""
    return comparable(field, field.get(resource, now))


def comparable(field: Field, value: Any) -> str | float | None:
    if value is None:
        return None
    if isinstance(value, State):
        return RANK[value]
    if isinstance(value, str):
        folded = value.casefold()
        return natural(folded) if field.natural else folded
    if isinstance(value, Progress):
        return value.done / value.total if value.total > 0 else 0.0
    return float(value) if math.isfinite(value) else None


def natural(text: str) -> str:
    """A text that compares as people count: `run-9` before `run-10`."""
    name = text.rstrip(string.digits)
    if _has_number(name):
        return _DIGITS.sub(lambda found: found[0].zfill(12), text)
    return name + text[len(name) :].zfill(12) if len(name) < len(text) else text


@lru_cache(4096)
def _has_number(name: str) -> bool:
    """Most names are one of a few with a number behind it, and a sort asks this of every row."""
    return _DIGITS.search(name) is not None


def _attribute(name: str) -> Getter:
    """Attributes of the common core exist on every object; those of one kind are None on others."""
    if name in _CORE:
        read = attrgetter(name)
        return lambda resource, now: read(resource)
    return lambda resource, now: getattr(resource, name, None)


def age(resource: Any, now: float) -> float | None:
    return None if resource.created is None else max(0.0, now - resource.created)


def duration(resource: Any, now: float) -> float | None:
    found: float | None = resource.duration(now)
    return found


def since(resource: Any, now: float) -> float | None:
    """How long the object has been in its state, where the server says so; `up` needs no age."""
    return None if resource.started is None or resource.state is State.UP else max(0.0, now - resource.started)


def _pool(resource: Any, now: float) -> str | None:
    found: str | None = resource.pool if resource.pool is not None else resource.group
    return found


def parent_name(resource: Any, now: float) -> str | None:
    name: str | None = getattr(resource, "parent_name", None)
    return name or (resource.parent.id if resource.parent is not None else None)


MAIN_RESOURCE = "gpu"


def _capacity(attribute: str) -> Getter:
    """Of a pool's main resource: GPUs where it has any, else whatever comes first."""

    def read(resource: Any, now: float) -> float | None:
        capacities = getattr(resource, "capacity", ())
        main = next(
            (each for each in capacities if each.kind == MAIN_RESOURCE), capacities[0] if capacities else None
        )
        value: float | None = getattr(main, attribute, None)
        return value

    return read


def _use(resource: Any, now: float) -> float | None:
    limit, allocation = _LIMIT(resource, now), _ALLOCATION(resource, now)
    return allocation / limit if limit and allocation is not None else None


_LIMIT, _ALLOCATION = _capacity("limit"), _capacity("allocation")


def _labels(resource: Any, now: float) -> str | None:
    return ",".join(f"{key}={value}" for key, value in sorted(resource.labels.items())) or None


def _restarts(resource: Any, now: float) -> float | None:
    """How often it was begun again, where tries are counted."""
    attempt = getattr(resource, "attempt", None)
    return None if attempt is None else max(0, attempt - 1)


_TEXT = FieldType.TEXT
COMMON: Mapping[str, Field] = MappingProxyType(
    {
        field.id: field
        for field in (
            Field("id", _TEXT, lambda resource, now: resource.ref.id, natural=True),
            Field("context", _TEXT, lambda resource, now: resource.ref.context),
            Field("kind", _TEXT, lambda resource, now: resource.ref.kind.value),
            Field("ref", _TEXT, lambda resource, now: str(resource.ref)),
            Field("name", _TEXT, _attribute("name"), natural=True),
            Field("state", FieldType.STATE, _attribute("state")),
            Field("native_state", _TEXT, _attribute("native_state")),
            Field("owner", _TEXT, _attribute("owner")),
            Field("group", _TEXT, _attribute("group")),
            Field("pool", _TEXT, _pool),
            Field("parent", _TEXT, parent_name),
            Field("message", _TEXT, _attribute("message")),
            Field("host", _TEXT, _attribute("host"), natural=True),
            Field("version", _TEXT, _attribute("version")),
            Field("labels", _TEXT, _labels),
            Field("created", FieldType.TIME, _attribute("created")),
            Field("started", FieldType.TIME, _attribute("started")),
            Field("finished", FieldType.TIME, _attribute("finished")),
            Field("age", FieldType.DURATION, age, live=True),
            Field("duration", FieldType.DURATION, duration, live=True),
            Field("since", FieldType.DURATION, since, live=True),
            Field("progress", FieldType.PROGRESS, _attribute("progress")),
            Field("gpus", FieldType.NUMBER, _attribute("gpus")),
            Field("attempt", FieldType.NUMBER, _attribute("attempt")),
            Field("restarts", FieldType.NUMBER, _restarts),
            Field("health", _TEXT, _attribute("health")),
            Field("exit_code", FieldType.NUMBER, _attribute("exit_code")),
            Field("ip", _TEXT, _attribute("ip"), natural=True),
            Field("pods", FieldType.NUMBER, _attribute("pods")),
            Field("running", FieldType.NUMBER, _attribute("running")),
            Field("waiting", FieldType.NUMBER, _attribute("waiting")),
            Field("type", _TEXT, _attribute("type")),
            Field("current", FieldType.BOOL, _attribute("current")),
            Field("size", FieldType.SIZE, _attribute("size")),
            Field("allocation", FieldType.NUMBER, _ALLOCATION),
            Field("slack", FieldType.NUMBER, _capacity("slack")),
            Field("reservation", FieldType.NUMBER, _capacity("reservation")),
            Field("limit", FieldType.NUMBER, _LIMIT),
            Field("share", FieldType.NUMBER, _capacity("share")),
            Field("use", FieldType.PROGRESS, _use),
        )
    }
)

ALIASES: Mapping[str, str] = MappingProxyType(
    {
        "dur": "duration",
        "ns": "group",
        "namespace": "group",
        "experiment": "group",
        "project": "group",
        "hostpool": "group",
        "native": "native_state",
        "st": "state",
        "status": "state",
        "user": "owner",
        "queue": "pool",
        "respool": "pool",
        "run": "parent",
        "note": "message",
        "cause": "message",
        "node": "host",
        "done": "progress",
        "tasks": "progress",
        "moved": "progress",
        "gpu": "gpus",
        "try": "attempt",
        "tries": "attempt",
        "attempts": "attempt",
        "exit": "exit_code",
        "wait": "waiting",
        "alloc": "allocation",
        "resv": "reservation",
        "start": "started",
        "ended": "finished",
        "finish": "finished",
        "ctx": "context",
        "pod": "name",
        "task": "name",
    }
)


def from_spec(spec: FieldSpec) -> Field:
    """A backend's own field."""
    path = spec.path or f"extra.{spec.id}"
    if path.startswith("extra."):
        read: Getter = _extra(path.removeprefix("extra."))
    elif path in COMMON:
        read = COMMON[path].get
    else:
        read = _attribute(path)
    convert: Callable[[Any], Any] = _CONVERT.get(spec.type, _text)
    return Field(spec.id, spec.type, lambda resource, now: convert(read(resource, now)), natural=spec.type is _TEXT)


def from_spec_path(path: str) -> Field:
    """A key of `extra` that no FieldSpec describes, as text."""
    read = _extra(path.removeprefix("extra."))
    return Field(path, _TEXT, lambda resource, now: _text(read(resource, now)))


def _extra(path: str) -> Getter:
    keys = path.split(".")

    def read(resource: Any, now: float) -> Any:
        value: Any = resource.extra
        if path in value:  # keys may hold dots themselves
            return value[path]
        for key in keys:
            value = value.get(key) if isinstance(value, Mapping) else None
            if value is None:
                return None
        return value

    return read


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(filter(None, map(_text, value))) or None
    if isinstance(value, Mapping):
        return ", ".join(f"{key}={_text(inner)}" for key, inner in value.items()) or None
    return str(value)


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int):
        return value  # an exit code is 1, not 1.0
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def _bool(value: Any) -> bool | None:
    if isinstance(value, str):
        return {"true": True, "yes": True, "false": False, "no": False}.get(value.lower())
    return value if isinstance(value, bool) else None


def _state(value: Any) -> State | None:
    return State(value) if value in _STATES else None


def _progress(value: Any) -> Progress | None:
    if isinstance(value, Progress):
        return value
    if isinstance(value, list | tuple) and len(value) == 2 and all(isinstance(part, int) for part in value):
        return Progress(*value)
    return None


_CONVERT: Mapping[FieldType, Callable[[Any], Any]] = {
    FieldType.NUMBER: _number,
    FieldType.TIME: _number,
    FieldType.DURATION: _number,
    FieldType.SIZE: _number,
    FieldType.BOOL: _bool,
    FieldType.STATE: _state,
    FieldType.PROGRESS: _progress,
}


def fields_for(schemas: Iterable[Schema], kind: Kind | None = None) -> dict[str, Field]:
    """Every name a filter or a sort may use, aliases included: common, the backends' own, and their heads."""
    known = {**COMMON, **{alias: COMMON[name] for alias, name in ALIASES.items()}}
    for schema in schemas:
        for found, spec in schema.kinds.items():
            if kind is not None and found is not kind:
                continue
            for field in spec.fields:
                known.setdefault(field.id, from_spec(field))
            for attribute, head in spec.heads.items():
                word = head.lower().replace(" ", "_")
                if word and attribute in known:
                    known.setdefault(word, known[attribute])
    return known


DEFAULT_FIELDS: Mapping[str, Field] = MappingProxyType(fields_for(()))
