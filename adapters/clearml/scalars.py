"""The scalar history of a task as series, and its last values as a table."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable

from adapters.clearml import wire
from adapters.clearml.api_events import EventsApi
from adapters.clearml.mapping import MACHINE, METRIC_PREFIX, reported
from adapters.errors import AdapterError
from adapters.fields import FieldSpec, FieldType
from adapters.model import Json
from adapters.sections import Series, Table

SAMPLES = 200
COLUMNS = 12
Points = list[tuple[float, float]]


async def history(api: EventsApi, task: str) -> list[Series]:
    """What it reported over its iterations, and what its machine did. Empty where there is nothing.
    Does not fail."""
    try:
        data = wire.data_of(await api.scalar_metrics_iter_histogram(task=task, samples=SAMPLES, key="iter"))
    except AdapterError:
        return []
    scalars: dict[str, Points] = {}
    machine: dict[str, Points] = {}
    for metric, variants in sorted(data.items()):
        for variant, curve in sorted(variants.items()) if isinstance(variants, dict) else ():
            points = _points(curve)
            if points:
                of_machine = metric.startswith(MACHINE)
                label = f"{metric.removeprefix(MACHINE)}/{variant}"
                (machine if of_machine else scalars)[label] = points
    found = [Series("Scalars", "", scalars)] if scalars else []
    return [*found, Series("Machine", "", machine)] if machine else found


def _points(curve: Json) -> Points:
    if not isinstance(curve, dict):
        return []
    along, values = curve.get("x"), curve.get("y")
    pairs = zip(along if isinstance(along, list) else [], values if isinstance(values, list) else [], strict=False)
    return [
        (float(at), float(value))
        for at, value in pairs
        if isinstance(at, int | float) and isinstance(value, int | float) and math.isfinite(value)
    ]


def last_values(raw: Json) -> Table | None:
    """Every last value with its best ones, from the task itself."""
    rows = []
    for variants in raw.values() if isinstance(raw, dict) else ():
        for entry in variants.values() if isinstance(variants, dict) else ():
            if isinstance(entry, dict) and entry.get("metric"):
                name = f"{entry.get('metric')}/{entry.get('variant')}"
                rows.append((name, *(entry.get(key) for key in ("value", "min_value", "max_value", "count"))))
    return (
        Table(
            "Metrics", ("METRIC", "LAST", "MIN", "MAX", "COUNT"), tuple(sorted(rows, key=lambda row: str(row[0])))
        )
        if rows
        else None
    )


def columns(rows: Iterable[wire.TaskRow], wanted: Iterable[str]) -> list[FieldSpec]:
    """The wanted metrics as columns, else those that most of these tasks have."""
    chosen = list(wanted)
    if not chosen:
        seen = Counter(name for row in rows for name in reported(row))
        chosen = sorted(sorted(seen), key=lambda name: -seen[name])[:COLUMNS]
    found: dict[str, FieldSpec] = {}
    for name in chosen:
        word = "".join(char if char.isalnum() or char in "_.-/" else "_" for char in name).lower()
        word = word if word[:1].isalpha() and word.isascii() else f"metric.{word}"
        found.setdefault(
            word,
            FieldSpec(word, name, FieldType.NUMBER, f"extra.{METRIC_PREFIX}{name}", min(20, max(8, len(name)))),
        )
    return list(found.values())
