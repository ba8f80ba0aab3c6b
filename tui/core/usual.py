"""How long runs take against those like them that succeeded: the median, how often longer, when they should end."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import TypeAlias

from adapters.model import Kind, Resource, State, Timestamp
from tui.core.lastgood import family

FEWEST = 3
"""Fewer runs than these say nothing of what is usual."""

LATEST = 30
SLICE = 500

Family: TypeAlias = tuple[str, str, str | None, object]


@dataclass(frozen=True, slots=True)
class Pace:
    """A run that runs, for so many seconds; `usual` is the median of `count` like it, None if they are too few."""

    run: Resource
    ran: float
    usual: float | None
    count: int

    @property
    def times(self) -> float | None:
        return self.ran / self.usual if self.usual else None

    def ends(self, now: Timestamp) -> Timestamp | None:
        """When it ends if it takes as long as usual; None once it is late."""
        return now + self.usual - self.ran if self.usual is not None and self.ran < self.usual else None


async def paces(rows: Sequence[Resource], now: Timestamp) -> list[Pace]:
    """The runs that run, what takes longest against its like first, what cannot be compared last."""
    took: dict[Family, list[tuple[float, float]]] = {}
    running: list[tuple[Family, Resource]] = []
    for start in range(0, len(rows), SLICE):
        for row in rows[start : start + SLICE]:
            if row.ref.kind is not Kind.RUN or row.started is None:
                continue
            if row.state is State.RUNNING:
                running.append((_family(row), row))
            elif row.state is State.SUCCEEDED and row.finished is not None:
                took.setdefault(_family(row), []).append((row.started, max(0.0, row.finished - row.started)))
        await asyncio.sleep(0)  # keys are answered between slices
    found = [_pace(row, took.get(of, ()), now) for of, row in running]
    return sorted(found, key=lambda pace: (pace.times is None, -(pace.times or 0.0), -pace.ran))


def _family(row: Resource) -> Family:
    return row.ref.context, family(row), row.group, row.extra.get("pipeline")


def _pace(row: Resource, took: Sequence[tuple[float, float]], now: Timestamp) -> Pace:
    latest = [seconds for _, seconds in sorted(took)[-LATEST:]]
    usual = median(latest) if len(latest) >= FEWEST else None
    return Pace(row, row.duration(now) or 0.0, usual or None, len(latest))
