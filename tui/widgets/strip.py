"""The volume of a whole log on one line: how much came when, and where the errors are."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from tui.core import zone
from tui.core.format import count, sparkline
from tui.core.spooledlog import VolumeBucket
from tui.styles.tokens import active
from tui.widgets import draw
from tui.widgets.draw import Piece

LABEL = 5


class VolumeStrip(Widget):
    """` 14:01 ▁▁▂▁✗▁▃ 14:32`. A click asks to jump to the column's first line."""

    DEFAULT_CSS = "VolumeStrip { height: 1; }"
    can_focus = False

    class Jump(Message):
        def __init__(self, bucket: int) -> None:
            super().__init__()
            self.bucket = bucket

    def __init__(self) -> None:
        super().__init__()
        self.buckets: Sequence[VolumeBucket] = ()
        self.end: float | None = None
        self.lines = 0
        self._measure: Callable[[int], Sequence[VolumeBucket]] = lambda columns: ()

    def show(self, measure: Callable[[int], Sequence[VolumeBucket]], lines: int, end: float | None) -> None:
        """`measure` gives so many buckets; `end` is the time of the last line where it has one."""
        self._measure, self.lines, self.end = measure, lines, end
        self._again()

    def _again(self) -> None:
        columns = self.size.width - 2 * (LABEL + 1) - 2
        self.buckets = self._measure(columns) if columns > 0 and self.lines else ()
        self.refresh()

    def on_resize(self) -> None:
        self._again()

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        if not self.buckets:
            return draw.blank(width, "surface")
        ascii = active().ascii
        marks = sparkline([float(each.lines) for each in self.buckets], ascii)
        pieces: list[Piece] = [(f" {self._label(self.buckets[0].start, '1')} ", "muted")]
        run = ""
        for mark, bucket in zip(marks, self.buckets, strict=True):
            if bucket.errors:
                pieces += [(run, "muted"), ("X" if ascii else "✗", "failed")]
                run = ""
            else:
                run += mark
        pieces += [(run, "muted"), (f" {self._label(self.end, count(self.lines))}", "muted")]
        return draw.line(pieces, width, ground="surface")

    def _label(self, stamp: float | None, otherwise: str) -> str:
        timed = self.buckets[0].start is not None
        text = time.strftime("%H:%M", zone.at(stamp)) if timed and stamp is not None else otherwise
        return f"{text[-LABEL:]:<{LABEL}}"

    def on_click(self, event: events.Click) -> None:
        event.stop()
        column = event.x - LABEL - 2
        if 0 <= column < len(self.buckets):
            self.post_message(self.Jump(column))
