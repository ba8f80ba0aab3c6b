"""The lines of one or several logs as one sequence: merged by time, and filtered, without holding their text."""

from __future__ import annotations

import asyncio
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from operator import itemgetter
from typing import NamedTuple

from adapters.model import Timestamp
from tui.core.logspool import SpooledLog, SpoolLine, VolumeBucket

SLICE = 2000
MOST_ERRORS = 2000
_SHIFT = 40
_NUMBER = (1 << _SHIFT) - 1


class LogRow(NamedTuple):
    """One line and the log (by its place) it comes from."""

    log: int
    line: SpoolLine


class LogRows:
    """One log unfiltered is the log itself; else an index of 16 bytes a line, extended in slices.

    The last line of a log may still grow, so it is looked at again each time.
    """

    def __init__(self, logs: Sequence[SpooledLog]) -> None:
        self.logs = tuple(logs)
        self.needle = ""
        self._indexed = len(self.logs) != 1
        self._lock = asyncio.Lock()
        self._errors_at: dict[tuple[int, int], float] = {}
        self._reset()

    def _reset(self) -> None:
        self._rows = array("Q")
        self._times = array("d")
        self._taken = [0] * len(self.logs)
        self._clock = [float("-inf")] * len(self.logs)
        self._tentative: list[int] = []

    @property
    def count(self) -> int:
        return len(self._rows) if self._indexed else self.logs[0].count

    def address(self, index: int) -> tuple[int, int]:
        """Which log and which of its lines."""
        if not self._indexed:
            return 0, index
        packed = self._rows[index]
        return packed >> _SHIFT, packed & _NUMBER

    def row(self, index: int) -> LogRow:
        log, number = self.address(index)
        return LogRow(log, self.logs[log].line(number))

    def some(self, start: int, stop: int) -> list[LogRow]:
        """The rows from `start` to before `stop`; of one whole log they are read at once."""
        if not self._indexed:
            return [LogRow(0, line) for line in self.logs[0].lines(start, stop)]
        return [self.row(index) for index in range(start, min(stop, self.count))]

    def index_of(self, log: int, number: int) -> int:
        """Where a line is, or would be, among the rows; for a merged view by search from the end."""
        if not self._indexed:
            return min(number, max(0, self.count - 1))
        packed = log << _SHIFT | number
        if len(self.logs) == 1:
            return min(bisect_left(self._rows, packed), max(0, self.count - 1))
        for index in range(self.count - 1, -1, -1):
            if self._rows[index] == packed:
                return index
        return max(0, self.count - 1)

    def at_time(self, when: Timestamp) -> int | None:
        """The first row at or after a time, `count` when all are before it; None where no row has a time."""
        if not self._indexed:
            return self.logs[0].at_time(when)
        return bisect_left(self._times, when) if self._times and self._times[-1] > float("-inf") else None

    def beside_error(self, cursor: int, step: int) -> int | None:
        """The next row below that is an error, or with a negative `step` the next one above."""
        if not self._indexed:
            errors = self.logs[0].errors
            at = bisect_right(errors, cursor) if step > 0 else bisect_left(errors, cursor) - 1
            return errors[at] if 0 <= at < len(errors) else None
        red = {place << _SHIFT | number for place, log in enumerate(self.logs) for number in log.errors}
        ahead = range(cursor + 1, len(self._rows)) if step > 0 else range(cursor - 1, -1, -1)
        return next((index for index in ahead if self._rows[index] in red), None) if red else None

    async def set_filter(self, needle: str) -> None:
        """Only the lines with `needle` in them, upper case minding only if it has any; empty: all lines."""
        self.needle = needle
        async with self._lock:
            self._indexed = bool(needle) or len(self.logs) != 1
            self._reset()
        await self.extend()

    async def extend(self) -> bool:
        """Take in what the logs have grown by, in slices that leave the event loop alone; whether it was any."""
        if not self._indexed:
            return True
        async with self._lock:
            return await self._extend()

    async def _extend(self) -> bool:
        needle, before = self.needle, len(self._rows)
        self._drop_tentative()
        for place, log in enumerate(self.logs):
            while self._taken[place] < log.count - 1:
                stop = min(log.count - 1, self._taken[place] + SLICE)
                self._take(place, self._taken[place], stop)
                self._taken[place] = stop
                await asyncio.sleep(0)
                if self.needle != needle:
                    return True
            if log.count > self._taken[place]:
                last = len(self._rows)
                self._take(place, log.count - 1, log.count)
                if len(self._rows) > last:
                    self._tentative.append(place << _SHIFT | log.count - 1)
        return len(self._rows) != before

    def _drop_tentative(self) -> None:
        for packed in self._tentative:
            for index in range(len(self._rows) - 1, -1, -1):
                if self._rows[index] == packed:
                    del self._rows[index]
                    del self._times[index]
                    break
        self._tentative.clear()

    def _take(self, place: int, start: int, stop: int) -> None:
        batch: list[tuple[float, int]] = []
        for line in self.logs[place].lines(start, stop):
            when = self._clock[place] = line.time if line.time is not None else self._clock[place]
            if not self.needle or contains(line.text, self.needle):
                batch.append((when, place << _SHIFT | line.number))
        self._merge(batch)

    def _merge(self, batch: list[tuple[float, int]]) -> None:
        """Put rows where their times are, behind those of the same time; the rest is moved once for all of them."""
        batch.sort(key=itemgetter(0))
        at = bisect_right(self._times, batch[0][0]) if batch else len(self._times)
        times, rows, taken = self._times[at:], self._rows[at:], 0
        del self._times[at:], self._rows[at:]
        for when, packed in batch:
            upto = bisect_right(times, when, taken)
            if upto > taken:
                self._times.extend(times[taken:upto])
                self._rows.extend(rows[taken:upto])
                taken = upto
            self._times.append(when)
            self._rows.append(packed)
        self._times.extend(times[taken:])
        self._rows.extend(rows[taken:])

    def volume(self, columns: int) -> list[VolumeBucket]:
        """As SpooledLog.volume, over the rows as they are shown; `first` is a row."""
        if not self._indexed:
            return self.logs[0].volume(columns)
        low = bisect_right(self._times, float("-inf"))
        if low >= len(self._times):
            return []
        begin = self._times[low]
        step = max(self._times[-1] - begin, 1e-3) / columns
        borders = [bisect_left(self._times, begin + step * column) for column in range(columns)]
        errors = [0] * columns
        for when in self._error_times():
            errors[max(0, min(columns - 1, int((when - begin) / step)))] += 1
        ends = [*borders[1:], len(self._times)]
        return [
            VolumeBucket(first, end - first, errors[column], begin + step * column)
            for column, (first, end) in enumerate(zip(borders, ends, strict=True))
        ]

    def _error_times(self) -> Iterator[float]:
        """When the errors were, read once each; the newest of very many."""
        for place, log in enumerate(self.logs):
            for number in log.errors[-MOST_ERRORS:]:
                known = self._errors_at.get((place, number))
                if known is None:
                    when = log.line(number).time
                    known = self._errors_at[place, number] = when if when is not None else float("nan")
                if known == known:
                    yield known


def contains(text: str, needle: str) -> bool:
    """Smart case: a needle without capitals finds them as well."""
    return needle in text if needle != needle.lower() else needle in text.lower()
