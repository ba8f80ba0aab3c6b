"""What differs between two objects: their own fields, then section by section, name by name."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from adapters.model import Json, Progress, Resource
from adapters.sections import Detail, Diff, Fields, Section, Table, Text
from tui.core.format import iso

TIMES = ("created", "started", "finished")
OWN = (
    "state",
    "native_state",
    "owner",
    "group",
    "host",
    "pool",
    "message",
    "version",
    *TIMES,
)


def compare(left: Detail, right: Detail, times: Collection[str] = ()) -> tuple[Diff, ...]:
    """One Diff for each section that either has; what only one of them has is None in the other.

    `times` are the backend's own fields that hold seconds since the epoch.
    """
    names = left.resource.name, right.resource.name
    sides = _sections(left), _sections(right)
    found = [Diff("Object", *names, _rows(_own(left.resource, times), _own(right.resource, times)))]
    for title in dict.fromkeys([*sides[0], *sides[1]]):
        rows = _rows(sides[0].get(title, {}), sides[1].get(title, {}))
        if rows:
            found.append(Diff(title, *names, rows))
    return tuple(found)


def differing(diff: Diff) -> tuple[tuple[str, Json, Json], ...]:
    return tuple(row for row in diff.rows if not same(row[1], row[2]))


def same(left: Json, right: Json) -> bool:
    """Whether two values are equal as JSON: true is not 1."""
    return left == right and isinstance(left, bool) == isinstance(right, bool)


def _rows(left: Mapping[str, Json], right: Mapping[str, Json]) -> tuple[tuple[str, Json, Json], ...]:
    return tuple((name, left.get(name), right.get(name)) for name in dict.fromkeys([*left, *right]))


def _own(row: Resource, times: Collection[str]) -> dict[str, Json]:
    found: dict[str, Json] = {name: getattr(row, name) for name in OWN if getattr(row, name) is not None}
    found["state"] = row.state.value
    if isinstance(row.progress, Progress):
        found["progress"] = f"{row.progress.done}/{row.progress.total}"
    if row.started is not None and row.finished is not None:
        found["ran, seconds"] = round(max(0.0, row.finished - row.started), 3)
    found.update({f"label.{key}": value for key, value in sorted(row.labels.items())})
    found.update({key: value for key, value in row.extra.items() if value is not None})
    for name in {*times, *TIMES} & set(found):
        value = found[name]
        found[name] = iso(value) if isinstance(value, int | float) else value
    return found


def _sections(detail: Detail) -> dict[str, dict[str, Json]]:
    """Titles to names and values, of the sections that are made of these; equal titles are one."""
    found: dict[str, dict[str, Json]] = {}
    for section in detail.sections:
        pairs = _pairs(section)
        if pairs:
            found.setdefault(section.title, {}).update(_unique(pairs))
    return found


def _pairs(section: Section) -> list[tuple[str, Json]]:
    match section:
        case Fields():
            return list(section.rows)
        case Table():
            return [
                (str(row[0]), row[1] if len(row) == 2 else list(row[1:])) for row in section.rows if len(row) > 1
            ]
        case Text():
            return [(f"line {number}", line) for number, line in enumerate(section.text.splitlines(), 1)]
        case _:
            return []


def _unique(pairs: Sequence[tuple[str, Json]]) -> dict[str, Json]:
    """Rows of a table may share their first cell; they are compared in their order."""
    found: dict[str, Json] = {}
    for name, value in pairs:
        key, number = name, 1
        while key in found:
            number += 1
            key = f"{name} ({number})"
        found[key] = value
    return found
