"""Bars on a common time axis: `·` waits, `━` runs, `─` a group, `┊` is now, and the last glyph is the state."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from adapters.model import ENDED, State
from tui.core import zone
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

    def holds(self, at: float) -> bool:
        return self.start <= at <= self.end

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
        return time.strftime(form, zone.at(stamp))


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


@dataclass(slots=True)
class Window:
    """Which part of the whole axis is shown. A part that reaches the end stays there while the end moves."""

    part: tuple[float, float] | None = None
    at_end: bool = False

    def of(self, whole: Axis) -> Axis:
        if self.part is None:
            return whole
        start, end = self.part
        moved = max(0.0, whole.end - end) if self.at_end else 0.0
        return Axis(start + moved, end + moved, whole.width)

    def scale(self, whole: Axis, factor: float, around: float | None = None) -> bool:
        """Show `factor` of what is shown now; False where there is no more or no less to show."""
        shown = self.of(whole)
        span = (shown.end - shown.start) * factor
        if span < SHORTEST and factor < 1:
            return False
        if span >= whole.end - whole.start:
            changed = self.part is not None
            self.part = None
            return changed
        middle = around if around is not None and shown.holds(around) else (shown.start + shown.end) / 2
        return self.show(whole, middle - span / 2, middle + span / 2)

    def show(self, whole: Axis, start: float, end: float) -> bool:
        """This part, moved into the whole where it is beyond; False where that is what is shown already."""
        before = self.of(whole)
        span = end - start
        start = max(whole.start, min(start, whole.end - span))
        self.part, self.at_end = (start, start + span), start + span >= whole.end
        return self.part != (before.start, before.end)

    def scroll(self, whole: Axis, share: float) -> bool:
        shown = self.of(whole)
        step = (shown.end - shown.start) * share
        return self.part is not None and self.show(whole, shown.start + step, shown.end + step)


SHORTEST = 5.0
"""So many seconds are shown at least."""


def bar(row: TreeRow, axis: Axis, now: float, *, ascii: bool = False) -> list[Piece]:
    """The bar of one row, `axis.width` columns; nothing is drawn of what the server did not say."""
    canvas = Canvas(axis, ascii)
    if row.tries and (row.closed or not row.has_children):
        for tried in row.tries[:-1]:
            canvas.spell(tried.queued, tried.start, tried.end, tried.state, "muted")
        last = row.tries[-1]
        canvas.spell(last.queued, last.start, last.end, last.state, "text", now=now)
    else:
        token = "muted" if row.has_children else "text"
        canvas.spell(row.queued, row.start, row.end, row.state, token, now=now, group=row.has_children)
    canvas.line_at(now)
    return canvas.pieces()


class Canvas:
    """One line of the axis: what is drawn later covers what was drawn before, but for the now line."""

    def __init__(self, axis: Axis, ascii: bool) -> None:
        self.axis, self.ascii = axis, ascii
        self.cells: list[Piece] = [piece(" ")] * axis.width

    def spell(
        self,
        queued: float | None,
        start: float | None,
        end: float | None,
        state: State,
        token: str,
        *,
        now: float | None = None,
        group: bool = False,
    ) -> None:
        """Waiting, work, and the state where it ends; without an end it goes on until `now`, if that is given."""
        axis = self.axis
        began = start if start is not None else queued
        if began is None:
            return
        over = state in ENDED
        until = end if end is not None else began if over or now is None else now
        earliest = min(began, queued if queued is not None else began)
        if until < axis.start or earliest > axis.end:
            return
        first = axis.column(queued if queued is not None else began)
        last = axis.column(until)
        # What never began has no bar, only its end; and the clocks of servers differ.
        first = last if start is None and (over or end is not None) else min(first, last)
        works = axis.column(start) if start is not None else last
        wait, work, grouped = (".", "=", "-") if self.ascii else ("·", "━", "─")
        if group:
            self._fill(first, last, grouped, "muted")
        else:
            still = start is None and not over
            self._fill(first, min(works, last), wait, "waiting" if still else "muted")
            self._fill(max(first, works), last, work, token)
        if axis.holds(until):
            self.cells[last] = piece(symbol(state, ascii=self.ascii), state_token(state))
        elif until > axis.end:
            self._fill(last, last + 1, grouped if group else work if start is not None else wait, token)

    def _fill(self, first: int, last: int, glyph: str, token: str) -> None:
        for column in range(first, last):
            self.cells[column] = piece(glyph, token)

    def line_at(self, now: float) -> None:
        column = self.axis.column(now)
        if self.axis.holds(now) and self.cells and self.cells[column][0] == " ":
            self.cells[column] = piece(":" if self.ascii else "┊", "accent")

    def pieces(self) -> list[Piece]:
        return [
            piece("".join(text for text, _ in run), token)
            for token, run in groupby(self.cells, key=lambda cell: cell[1])
        ]
