"""Objects as plain records: the same keys for every kind and backend, for scripts, copies and exports."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from adapters.model import Instant, Json, Ref, Resource
from tui.core.format import iso

KEYS = (
    *("context", "kind", "id", "name", "state", "native_state", "owner", "group", "parent"),
    *("created", "started", "finished", "duration_s", "progress", "message", "labels", "host", "pool"),
    *("stale_s", "extra"),
)
"""In this order; a value that the server did not give is null, never left out."""

_COMMON = frozenset(field.name for field in fields(Resource))
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def to_record(resource: Resource, now: float, stale_s: float | None = None) -> dict[str, Json]:
    """The record of an object: times ISO 8601 UTC, sizes in bytes, durations in seconds up to `now`.

    What only its kind has (attempt, exit code, capacity, ...) is in `extra`, beside the backend's own fields.
    """
    duration = resource.duration(now)
    progress = resource.progress
    return {
        "context": resource.ref.context,
        "kind": resource.ref.kind.value,
        "id": resource.ref.id,
        "name": resource.name,
        "state": resource.state.value,
        "native_state": resource.native_state,
        "owner": resource.owner,
        "group": resource.group,
        "parent": None if resource.parent is None else str(resource.parent),
        "created": iso(resource.created),
        "started": iso(resource.started),
        "finished": iso(resource.finished),
        "duration_s": None if duration is None else round(duration, 3),
        "progress": None if progress is None else {"done": progress.done, "total": progress.total},
        "message": resource.message,
        "labels": dict(resource.labels),
        "host": resource.host,
        "pool": resource.pool,
        "stale_s": None if stale_s is None else round(stale_s, 3),
        "extra": _extra(resource),
    }


def _extra(resource: Resource) -> dict[str, Json]:
    typed = {
        field.name: _plain(getattr(resource, field.name)) for field in fields(resource) if field.name not in _COMMON
    }
    own = {
        key: iso(value) if isinstance(value, Instant) else value
        for key, value in resource.extra.items()
        if key not in typed
    }
    return {**own, **typed}


def _plain(value: Any) -> Json:
    if isinstance(value, Ref):
        return str(value)
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if hasattr(value, "__dataclass_fields__"):
        return asdict(value)
    plain: Json = value
    return plain


def csv_cell(value: Json) -> str:
    """One value for a CSV file. Text that a spreadsheet would run as a formula is made text by a leading `'`."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"{value}"
    if isinstance(value, str):
        return f"'{value}" if value.startswith(_FORMULA) else value
    if isinstance(value, Mapping) and set(value) == {"done", "total"}:
        return f"{value['done']}/{value['total']}"
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True) if value else ""


def csv_row(record: Mapping[str, Json]) -> list[str]:
    """The record's values in the order of KEYS, each safe for a spreadsheet."""
    return [csv_cell(record.get(key)) for key in KEYS]
