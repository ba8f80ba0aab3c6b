"""Bars on a common time axis: `·` waits, `━` runs, `─` a group, and the last glyph is the state."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass

from adapters.model import ENDED
from tui.core.format import state_token, symbol
from tui.widgets.draw import Piece
from tui.widgets.lines import piece
from tui.widgets.tree import TreeRow


@dataclass(frozen=True, slots=True)
class Axis:
    """`width` columns from `start` to `end`, seconds since the epoch."""

    start: float
    end: float
    width: int

    def column(self, at: float) -> int:
        span = max(self.end - self.start, 1e-9)
        share = (at - self.start) / span
        return max(0, min(self.width - 1, int(share * (self.width - 1))))

    def labels(self) -> str:
        """Clock times at the quarters and at the end, as many as fit, exactly `width` columns."""
        stamps = [self.start + (self.end - self.start) * quarter / 4 for quarter in range(5)]
        drawn = [self._label(stamp) for stamp in stamps]
        line = [" "] * self.width
        size = len(drawn[0])
        last = max(0, self.width - size)
        if self.width >= size:
            line[last:] = drawn[4]
        for quarter in (0, 2, 1, 3):
            at = quarter * self.width // 4
            room = line[max(0, at - 1) : at + size + 1]
            if at + size < last and all(column == " " for column in room):
                line[at : at + size] = drawn[quarter]
        return "".join(line)

    def _label(self, stamp: float) -> str:
        span = self.end - self.start
        form = "%H:%M:%S" if span < 600 else "%H:%M" if span < 86400 else "%m-%d %H:%M"
        return time.strftime(form, time.gmtime(stamp))


def axis_of(rows: Iterable[TreeRow], now: float, width: int) -> Axis | None:
    """The axis over everything that has a time; it ends now while anything goes on."""
    starts: list[float] = []
    ends: list[float] = []
    for row in rows:
        times = [each for each in (row.queued, row.start, row.end) if each is not None]
        if times:
            starts.append(min(times))
            ends.append(now if row.state not in ENDED and row.end is None else max(times))
    if not starts or width < 1:
        return None
    return Axis(min(starts), max(min(starts) + 1.0, *ends), width)


def bar(row: TreeRow, axis: Axis, now: float, *, ascii: bool = False) -> list[Piece]:
    """The bar of one row, `axis.width` columns; nothing is drawn of what the server did not say."""
    glyph = symbol(row.state, ascii=ascii)
    token = state_token(row.state)
    began = row.start if row.start is not None else row.queued
    if began is None:
        return [piece(" " * axis.width)]
    over = row.state in ENDED
    end = row.end if row.end is not None else (began if over else now)
    if end < axis.start or min(began, row.queued if row.queued is not None else began) > axis.end:
        return [piece(" " * axis.width)]
    first = axis.column(row.queued if row.queued is not None else began)
    last = axis.column(end)
    # What never began has no bar, only its end; and the clocks of servers differ.
    first = last if row.start is None and (over or row.end is not None) else min(first, last)
    works = axis.column(row.start) if row.start is not None else last
    wait, work, group = (".", "=", "-") if ascii else ("·", "━", "─")
    waiting = wait * max(0, min(works, last) - first)
    working = (group if row.has_children else work) * max(0, last - max(first, works))
    if row.has_children:
        waiting, working = "", group * (last - first)
    return [
        piece(" " * first),
        piece(waiting + working, "muted"),
        piece(glyph, token),
        piece(" " * (axis.width - last - 1)),
    ]
