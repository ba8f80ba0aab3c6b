"""Searching the lines of a log view: every match, found in slices, and the way from one to the next."""

from __future__ import annotations

import asyncio
from bisect import bisect_left, bisect_right
from collections.abc import AsyncIterator

from tui.core.logrows import LogRows, contains

SLICE = 1000


class LogSearch:
    """`hits` are the indices of the rows that match, ascending, as far as `searched` rows."""

    def __init__(self, rows: LogRows, needle: str) -> None:
        self.rows = rows
        self.needle = needle
        self.hits: list[int] = []
        self.searched = 0

    async def find(self) -> AsyncIterator[list[int]]:
        """Search what there is now; yields the hits of each slice."""
        upto = self.rows.count
        async for found in self._slices(upto):
            self.hits += found
            yield found
        self.searched = upto

    async def _slices(self, upto: int) -> AsyncIterator[list[int]]:
        if self._plain:
            async for batch in self.rows.logs[0].search(self.needle):
                yield [number for number in batch if number < upto]
            return
        for start in range(0, upto, SLICE):
            yield self._look(start, min(upto, start + SLICE))
            await asyncio.sleep(0)

    @property
    def _plain(self) -> bool:
        return len(self.rows.logs) == 1 and not self.rows.needle

    def _look(self, start: int, stop: int) -> list[int]:
        return [i for i in range(start, stop) if contains(self.rows.row(i).line.text, self.needle)]

    def extend(self) -> None:
        """Look at some of what has come since; only where rows are never put in between."""
        if self._plain and self.searched:
            stop = min(self.rows.count, self.searched + 5 * SLICE)
            self.hits += self._look(self.searched, stop)
            self.searched = stop

    @property
    def outdated(self) -> bool:
        """Rows have come in between the ones that were searched."""
        return not self._plain and self.searched != self.rows.count

    def place(self, cursor: int) -> int:
        """Which hit the cursor is on, counted from 1; 0 when it is on none."""
        at = bisect_left(self.hits, cursor)
        return at + 1 if at < len(self.hits) and self.hits[at] == cursor else 0

    def beside(self, cursor: int, step: int) -> int | None:
        """The next or previous hit, round the end."""
        if not self.hits:
            return None
        at = bisect_right(self.hits, cursor) if step > 0 else bisect_left(self.hits, cursor) - 1
        return self.hits[at % len(self.hits)]
