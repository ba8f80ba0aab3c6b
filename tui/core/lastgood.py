"""The run to compare a failed one with: the last that succeeded of those like it. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Iterable

from adapters.model import ENDED, FAULTY, Kind, Resource, State
from adapters.sections import Detail, Fields

LATEST = 30
"""So many runs of a family are told of."""

_NUMBER = re.compile(r"(?:[-_. #]*(?:\d+|(?=[0-9a-f]*\d)[0-9a-f]{6,}))+$", re.IGNORECASE)


def family(run: Resource) -> str:
    """The name without the number, date or hash at its end."""
    return _NUMBER.sub("", run.name) or run.name


def alike(one: Resource, other: Resource) -> bool:
    """Whether they are runs of one family: the same pipeline where both name one, and names that differ in
    the number at the end only."""
    if one.ref.kind is not Kind.RUN or other.ref.kind is not Kind.RUN or one.ref.context != other.ref.context:
        return False
    if family(one) != family(other) or (one.group and other.group and one.group != other.group):
        return False
    pipelines = [each.extra.get("pipeline") for each in (one, other)]
    return None in pipelines or pipelines[0] == pipelines[1]


def _time(run: Resource) -> float:
    return next((time for time in (run.started, run.created) if time is not None), 0.0)


def last_good(run: Resource, rows: Iterable[Resource]) -> Resource | None:
    """The latest that succeeded and began before it."""
    good = (
        row
        for row in rows
        if row.state is State.SUCCEEDED and row.ref != run.ref and _time(row) < _time(run) and alike(run, row)
    )
    return max(good, key=_time, default=None)


def record(run: Resource, rows: Iterable[Resource]) -> tuple[int, int]:
    """How many of the latest runs of its family have failed, and of how many, itself included."""
    like = [row for row in rows if row.state in ENDED and _time(row) <= _time(run) and alike(run, row)]
    latest = sorted(like, key=_time)[-LATEST:]
    return sum(1 for row in latest if row.state in FAULTY), len(latest)


def params_of(detail: Detail) -> Fields | None:
    """What it was started with: the first fields that a backend shows; the last ones are everything unclaimed."""
    return next((each for each in detail.sections[:-1] if isinstance(each, Fields)), None)
