"""Long work in short pieces: sorting and scanning that give way to the keyboard between pieces."""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from collections.abc import Awaitable, Callable, Iterator, Sequence
from time import perf_counter
from typing import Any, TypeVar

from adapters import turns

T = TypeVar("T")

RUN = 10_000
PIECE = 1_000
BUDGET = 0.005
TURNS = 12
"""Of the event loop, from a key to what it shows. Somebody waits for an order or a filter as well, so no longer."""


class Pace:
    """Gives way once a budget of seconds is used up, and to a key that was pressed meanwhile until it is done."""

    def __init__(self, budget: float = BUDGET, give_way: Callable[[], Awaitable[None]] | None = None) -> None:
        self._budget = budget
        self._give_way = give_way or self._to_keys
        self._pressed = turns.pressed()
        self._until = perf_counter() + budget

    async def _to_keys(self) -> None:
        await asyncio.sleep(0)
        if turns.pressed() != self._pressed:
            self._pressed = turns.pressed()
            for _ in range(TURNS):
                await asyncio.sleep(0)

    async def step(self) -> None:
        if perf_counter() >= self._until:
            await self._give_way()
            self._until = perf_counter() + self._budget


def pieces(items: Sequence[T], size: int = PIECE) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


async def sorted_in_slices(items: Sequence[T], pace: Pace, key: Callable[[T], Any], run: int = RUN) -> list[T]:
    """The items in ascending order of their keys, which must be pairwise different.

    Runs are sorted one by one; then the range of keys is cut at sampled ones, and what all runs hold between
    two cuts is merged at once. No step touches more than about `run` items.
    """
    runs: list[list[T]] = []
    for piece in pieces(items, run):
        part = sorted(piece, key=key)
        runs.append(part)
        await pace.step()
    if len(runs) <= 1:
        return runs[0] if runs else []
    ordered: list[T] = []
    starts = [0] * len(runs)
    for cut in [*_cuts(runs, key, run), None]:
        ends = [len(part) if cut is None else bisect_left(part, cut, key=key) for part in runs]
        merged: list[T] = []
        for part, start, end in zip(runs, starts, ends, strict=True):
            merged += part[start:end]
        merged.sort(key=key)  # a few ascending stretches, which the sort recognises and merges
        ordered += merged
        starts = ends
        await pace.step()
    return ordered


def _cuts(runs: Sequence[list[T]], key: Callable[[T], Any], run: int) -> list[Any]:
    """Keys that cut all the runs into stretches of about half of `run` items together."""
    sample = sorted(key(item) for part in runs for item in part[:: max(1, run // 64)])
    each = max(1, len(sample) // (2 * len(runs)))
    return sample[each::each]
