"""Rows counted by what they share: state, owner, pool, host or cause; each group with the filter that shows it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from adapters.frozen import dataclass
from adapters.model import FAULTY, Resource
from tui.core.causes import cause_of, quoted
from tui.core.values import COMMON

FIELDS = ("state", "owner", "pool", "host", "cause")
WORD = "cause"


@dataclass(frozen=True, slots=True)
class Group:
    """`title` is what the rows share, None where they say nothing; `filter` selects them."""

    title: str | None
    filter: str
    count: int
    faulty: int


def grouped(rows: Iterable[Resource], by: str) -> list[Group]:
    """The groups of the rows, the largest first; `by` is one of FIELDS."""
    counts: dict[str, list[int]] = {}
    named: dict[str, str | None] = {}
    for row in rows:
        title, filter = _cause(row) if by == WORD else _value(row, by)
        named.setdefault(filter, title)
        count = counts.setdefault(filter, [0, 0])
        count[0] += 1
        count[1] += row.state in FAULTY
    groups = [Group(named[filter], filter, count, faulty) for filter, (count, faulty) in counts.items()]
    return sorted(groups, key=lambda group: (-group.count, group.title is None, group.title or ""))


def _cause(row: Resource) -> tuple[str | None, str]:
    if not (row.message or "").strip():
        return None, cause_of(None).filter
    cause = cause_of(row.message)
    return cause.title, cause.filter


def _value(row: Resource, by: str) -> tuple[str | None, str]:
    value = COMMON[by].get(row, 0.0)
    if not value or value == "-":
        return None, f"{by}=-"
    return str(value), f"{by}={quoted(str(value).casefold())}"


def filter_of(row: Resource, by: str) -> str:
    """The filter of the group that a row is in."""
    return (_cause(row) if by == WORD else _value(row, by))[1]


def both(filter: str, more: str) -> str:
    """A filter for the rows that pass two; `or` binds weaker than what stands side by side."""
    return f"({filter}) {more}" if filter.strip() else more


def field_named(word: str) -> str | None:
    """The field to group by that a word means; its beginning is enough."""
    found: Sequence[str] = [field for field in FIELDS if field.startswith(word.lower())] if word else ()
    return found[0] if len(found) == 1 else None
