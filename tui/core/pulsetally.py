"""What runs have in common: the causes of failures, owners, and who waits longest. Pure functions over rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from heapq import nsmallest

from adapters.model import Ref, Resource, Run, State
from tui.core.causes import Cause, cause_of, quoted

RUNNING = frozenset({State.RUNNING, State.ABORTING})
FAILED, OK = "state=failed,lost", "state=succeeded"
MOST_WAITS = 6


@dataclass(frozen=True, slots=True)
class Tally:
    """How many runs share a cause or an owner; `filter` selects them. `where` says in which pools or groups most of
    them are; `running`, `waiting` and `gpus` (of those that run, None: no run says) are told of owners."""

    title: str
    count: int
    filter: str
    where: str = ""
    running: int = 0
    waiting: int = 0
    gpus: int | None = None


@dataclass(frozen=True, slots=True)
class Wait:
    """A run that waits since `since`, and what it waits for as far as anybody says."""

    ref: Ref
    name: str
    state: State
    since: float
    what: str


def causes(failed: Sequence[Resource], within: str) -> tuple[Tally, ...]:
    found: dict[Cause, list[Resource]] = {}
    for row in failed:
        found.setdefault(cause_of(row.message), []).append(row)
    ordered = sorted(found.items(), key=lambda each: -len(each[1]))
    return tuple(
        Tally(cause.title, len(rows), f"{FAILED} finished<{within} {cause.filter}", _where(rows))
        for cause, rows in ordered
    )


def _where(rows: Sequence[Resource]) -> str:
    """The pools, else groups, that most of them are in: `19 in /ml/ads, 12 in fraud`, `all in /ml/ads`."""
    found = Counter(place for row in rows if (place := row.pool or row.group))
    most = found.most_common(2)
    if most and len(rows) > 1 and most[0][1] == len(rows):
        return f"all in {most[0][0]}"
    return ", ".join(f"{number} in {place}" for place, number in most)


def owners(rows: Sequence[Resource]) -> tuple[Tally, ...]:
    found: dict[str, list[Resource]] = {}
    for row in rows:
        if row.owner:
            found.setdefault(row.owner, []).append(row)
    ordered = sorted(found.items(), key=lambda each: -len(each[1]))
    return tuple(_owner(owner, rows) for owner, rows in ordered)


def _owner(owner: str, rows: Sequence[Resource]) -> Tally:
    running = [row for row in rows if row.state in RUNNING]
    gpus = [row.gpus for row in running if isinstance(row, Run) and row.gpus is not None]
    return Tally(
        owner,
        len(rows),
        f"state=active owner={quoted(owner)}",
        running=len(running),
        waiting=len(rows) - len(running),
        gpus=sum(gpus) if gpus else None,
    )


def longest_waits(rows: Iterable[Resource]) -> tuple[Wait, ...]:
    """The runs that have waited longest for others to make room; drafts and what somebody paused do not."""
    queued = [row for row in rows if row.state in (State.PENDING, State.QUEUED) and row.created is not None]
    first = nsmallest(MOST_WAITS, queued, key=lambda row: row.created or 0.0)
    return tuple(Wait(row.ref, row.name, row.state, row.created or 0.0, _waits_for(row)) for row in first)


def _waits_for(row: Resource) -> str:
    if row.message:
        return row.message
    gpus = f"{row.gpus} gpu " if isinstance(row, Run) and row.gpus else ""
    return f"{gpus}in {row.pool}" if row.pool else "not said"
