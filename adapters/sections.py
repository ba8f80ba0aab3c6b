"""What a detail screen is made of: plain data that any backend can fill and any front end can draw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import TypeAlias

from adapters.frozen import dataclass
from adapters.model import Json, Ref, Resource, State, Timestamp


@dataclass(frozen=True, slots=True)
class Fields:
    """Label and value, in display order. Values are JSON; the drawer formats them."""

    title: str
    rows: tuple[tuple[str, Json], ...]


@dataclass(frozen=True, slots=True)
class Table:
    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[Json, ...], ...]


@dataclass(frozen=True, slots=True)
class Node:
    label: str
    state: State | None = None
    ref: Ref | None = None
    note: str = ""
    children: tuple[Node, ...] = ()


@dataclass(frozen=True, slots=True)
class Tree:
    title: str
    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Span:
    """One bar on the common time axis: it waits from `queued`, works from `start`, ends at `end`."""

    label: str
    queued: Timestamp | None
    start: Timestamp | None
    end: Timestamp | None
    state: State
    ref: Ref | None = None


@dataclass(frozen=True, slots=True)
class Spans:
    title: str
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Bar:
    label: str
    value: float
    limit: float | None = None
    mark: float | None = None


@dataclass(frozen=True, slots=True)
class Bars:
    title: str
    unit: str
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Series:
    title: str
    unit: str
    lines: Mapping[str, Sequence[tuple[float, float]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Text:
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Diff:
    title: str
    left: str
    right: str
    rows: tuple[tuple[str, Json, Json], ...]


Section: TypeAlias = Fields | Table | Tree | Spans | Bars | Series | Text | Diff


@dataclass(frozen=True, slots=True)
class Detail:
    """One object, freshly read. `raw` is the server's own JSON; `cause` one sentence why it failed, from
    the server (None: it gave none). Sections come in tab order; the last is `Fields` with every key of
    `raw` that no other section claims, so that nothing the server said is hidden.
    """

    resource: Resource
    sections: tuple[Section, ...]
    raw: Json
    cause: str | None = None


def unclaimed(raw: Mapping[str, Json], claimed: frozenset[str]) -> Fields:
    """The Fields section of every key nobody claimed; nested objects are flattened to dotted paths."""
    rows: list[tuple[str, Json]] = []

    def walk(prefix: str, value: Json) -> None:
        if prefix in claimed:
            return
        if isinstance(value, dict) and value:
            for key, inner in value.items():
                walk(f"{prefix}.{key}" if prefix else key, inner)
        else:
            rows.append((prefix, value))

    walk("", dict(raw))
    return Fields("Fields", tuple(rows))
