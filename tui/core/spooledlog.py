"""What is asked of a spooled log: its errors, its matches, its times and its volume."""

from __future__ import annotations

import asyncio
import os
import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import AsyncIterator
from pathlib import Path

from adapters.frozen import dataclass
from adapters.model import LogSource, Timestamp
from tui.core.logfile import REGION, LogFile
from tui.core.loglines import Level, line_level, suspects

NEARBY = 200
FINE = 4
"""So many lines of a long log are looked at for each column of its volume."""


@dataclass(frozen=True, slots=True)
class VolumeBucket:
    """One column of the volume strip: lines from `first` on, `start` its time where known."""

    first: int
    lines: int
    errors: int
    start: Timestamp | None


class SpooledLog(LogFile):
    """`errors` and `warnings` are ascending line numbers, as far as `scan` has come."""

    def __init__(self, source: LogSource, path: Path) -> None:
        super().__init__(source, path)
        self.errors = array("L")
        self.warnings = array("L")
        self._scanned = 0
        self._probed: dict[int, Timestamp | None] = {}

    def scan(self, budget: int = REGION) -> bool:
        """Find levels in about `budget` more bytes; True when all there is has been looked at. Fills `errors`
        and `warnings`: ascending line numbers. A line that still grows is left for later."""
        first = bisect_left(self._index, self._scanned)
        last = bisect_right(self._index, self._scanned + budget, lo=min(first + 1, self.count))
        whole = self.count if self._fresh else self.count - 1
        last = min(last, whole)
        if first >= last:
            return True
        begin, end = self._index[first], self._after(last - 1)
        region = os.pread(self._data, min(end - begin, budget * 2), begin)
        numbers = {bisect_right(self._index, begin + offset) - 1 for offset in suspects(region)}
        for number in sorted(numbers - self._marks):
            level = line_level(region[self._index[number] - begin : self._after(number) - begin])
            if level is Level.ERROR:
                self.errors.append(number)
            elif level is Level.WARNING:
                self.warnings.append(number)
        self._scanned = end
        return last >= whole

    async def search(self, needle: str, *, regex: bool = False) -> AsyncIterator[list[int]]:
        """Line numbers that match, ascending, in batches, over the whole log; a lower-case needle ignores
        case. ValueError for a bad regex."""
        source = needle.encode() if regex else re.escape(needle.encode())
        flags = re.MULTILINE if needle != needle.lower() else re.MULTILINE | re.IGNORECASE
        try:
            pattern = re.compile(source, flags)
        except re.error as error:
            raise ValueError(f"{needle!r} is not a regular expression: {error}") from None
        number = 0
        while number < self.count:
            upto = max(number + 1, bisect_right(self._index, self._index[number] + REGION) - 1)
            begin = self._index[number]
            region = os.pread(self._data, self._after(upto - 1) - begin, begin)
            hits: list[int] = []
            for match in pattern.finditer(region):
                hit = bisect_right(self._index, begin + match.start()) - 1
                if not hits or hits[-1] < hit:
                    hits.append(hit)
            if hits:
                yield hits
            number = upto
            await asyncio.sleep(0)

    def at_time(self, when: Timestamp, start: int = 0) -> int | None:
        """The first line, from `start` on, at or after a time; None where the log has no times there."""
        low, high = start, self.count
        known = False
        while low < high:
            middle = (low + high) // 2
            found = self._time_near(middle, high)
            if found is None:
                high = middle
                continue
            known = True
            number, at = found
            if at < when:
                low = number + 1
            else:
                high = middle
        return low if known else None

    def volume(self, columns: int) -> list[VolumeBucket]:
        """The log in `columns` parts of equal time, or of equally many lines where it has no times.

        Of a long log only every so many lines are looked at, and each of them once: this is asked for again
        and again while the log grows.
        """
        first, last = self._time_near(0, self.count), self._last_time()
        borders = [self.count * column // columns for column in range(columns)]
        times: list[Timestamp | None] = [None] * columns
        if first is not None and last is not None and last > first[1]:
            grain = 1 << max(0, (self.count // (columns * FINE)).bit_length() - 1)
            step = (last - first[1]) / columns
            times = [first[1] + step * column for column in range(columns)]
            borders = [0]
            for column in range(1, columns):
                borders.append(self._border(first[1] + step * column, borders[-1], grain))
        ends = [*borders[1:], self.count]
        return [
            VolumeBucket(a, b - a, bisect_left(self.errors, b) - bisect_left(self.errors, a), at)
            for a, b, at in zip(borders, ends, times, strict=True)
        ]

    def _border(self, when: Timestamp, start: int, grain: int) -> int:
        """Of every `grain`th line the first at or after a time; `start`, where there is none with a time."""
        if grain == 1:
            found = self.at_time(when, start)
            return start if found is None else found
        low, high = -(-start // grain), -(-self.count // grain)
        known = False
        while low < high:
            middle = (low + high) // 2
            at = self._probe(middle * grain)
            if at is None:
                high = middle
                continue
            known = True
            if at < when:
                low = middle + 1
            else:
                high = middle
        return min(low * grain, self.count) if known else start

    def _probe(self, number: int) -> Timestamp | None:
        """The time at or soon after a line. What is there does not change, but for the end of the log."""
        if number in self._probed:
            return self._probed[number]
        found = self._time_near(number, self.count)
        at = found[1] if found is not None else None
        if number + NEARBY < self.count:
            self._probed[number] = at
        return at

    def _time_near(self, number: int, stop: int) -> tuple[int, Timestamp] | None:
        """The first line with a time at or soon after `number`."""
        for first, last in ((number, number + 1), (number + 1, number + 20), (number + 20, number + NEARBY)):
            for line in self.lines(first, min(last, stop)):
                if line.time is not None:
                    return line.number, line.time
        return None

    def _last_time(self) -> Timestamp | None:
        for line in reversed(self.lines(max(0, self.count - NEARBY), self.count)):
            if line.time is not None:
                return line.time
        return None
