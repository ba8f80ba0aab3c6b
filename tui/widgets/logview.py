"""The view over spooled logs: visible lines only, follow or pause, search, wrap, unfolded structure."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence

from rich.cells import cell_len
from textual.message import Message
from textual.strip import Strip

from adapters.model import Timestamp
from tui.core import zone
from tui.core.loglines import Level
from tui.core.logrows import LogRow, LogRows
from tui.core.logspool import SpoolLine
from tui.core.sgr import pieces, without_colors
from tui.core.text import pad, safe
from tui.core.unfold import unfold
from tui.styles import tokens
from tui.styles.tokens import SOURCES
from tui.widgets import draw
from tui.widgets.draw import Piece
from tui.widgets.lines import LineList, beyond, gutter, mark, piece

SOURCE_WIDTH = 12
TIME_WIDTH = 12
SIDE_STEP = 16
MOST_KEPT = 512
SIGNS = {Level.ERROR: ("✗", "failed"), Level.WARNING: ("!", "waiting")}
_STAMP = re.compile(
    r"^\s*[\[(]?(?:\d{4}[-/]\d\d[-/]\d\d[T ])?\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?[\])]?[ \t]?"
)


class LogView(LineList):
    """`top` and `top_part` say which screen line is the first: a wrapped or unfolded line has several parts."""

    class Changed(Message):
        """Follow or pause, the cursor, or what is pending has changed."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.rows: LogRows | None = None
        self.sources: Sequence[str] = ()
        self.following = True
        self.wrap = False
        self.times = True
        self.left = 0
        self.needle = ""
        self.top_part = 0
        self._unfolded: set[tuple[int, int]] = set()
        self._seen = 0
        self._thumb: list[str] = []
        self._has_times = False
        self._laid_out: dict[tuple[object, ...], tuple[list[list[Piece]], list[str]]] = {}
        self._drawn: dict[tuple[object, ...], Strip] = {}

    def show(self, rows: LogRows, sources: Sequence[str]) -> None:
        """Draw these lines; `sources` are the names of the SOURCE column, none for a single log."""
        self.rows, self.sources = rows, sources
        self._unfolded.clear()
        self._drawn.clear()
        self._seen, self.cursor, self.top, self.top_part = 0, 0, 0, 0
        self.grown()

    def grown(self) -> None:
        """There are more lines: follow them, or let them wait below."""
        if self.following:
            self.cursor = max(0, self.count - 1)
        self.clamp()
        merged = self.rows is not None and len(self.rows.logs) > 1  # a line may come in between
        thumb = [self.thumb(y) for y in range(self.page_size)]
        if merged or self.following or self._seen <= self._last_visible() + 1 or thumb != self._thumb:
            self.refresh()
        self._seen, self._thumb = self.count, thumb
        self.post_message(self.Changed())

    @property
    def count(self) -> int:
        return self.rows.count if self.rows is not None else 0

    def row(self, index: int) -> LogRow | None:
        return self.rows.row(index) if self.rows is not None and 0 <= index < self.count else None

    @property
    def current(self) -> LogRow | None:
        return self.row(self.cursor)

    @property
    def pending(self) -> int:
        """Lines below the last one that is visible."""
        return max(0, self.count - 1 - self._last_visible())

    def is_red(self, index: int) -> bool:
        row = self.row(index)
        return row is not None and row.line.level is Level.ERROR

    # Moving: up pauses, down to the end does not follow by itself, as `s` does.

    def move_to(self, index: int) -> None:
        if index < self.cursor and self.following and self.count:
            self.following = False
        first, cursor = (self.top, self.top_part), self.cursor
        self.cursor = index
        self.clamp()
        if (self.top, self.top_part) == first and self._single:
            self.refresh_index(cursor)
            self.refresh_index(self.cursor)
        elif ((self.top, self.top_part), self.cursor) != (first, cursor):
            self.refresh()
        if ((self.top, self.top_part), self.cursor) != (first, cursor):
            self.post_message(self.Changed())

    def follow(self, on: bool) -> None:
        self.following = on
        if on:
            self.cursor = max(0, self.count - 1)
        self.clamp()
        self.refresh()
        self.post_message(self.Changed())

    def sideways(self, columns: int) -> None:
        if not self.wrap:
            self.left = max(0, self.left + columns)
            self.refresh()

    def flip_wrap(self) -> None:
        self.wrap, self.left = not self.wrap, 0
        self.clamp()
        self.refresh()

    def flip_times(self) -> None:
        self.times = not self.times
        self.refresh()

    def flip_unfold(self) -> None:
        """Show the structure of the line under the cursor, or fold it again."""
        if self.rows is None or not self.count:
            return
        self._unfolded ^= {self.rows.address(self.cursor)}
        self.clamp()
        self.refresh()

    def open_line(self, index: int) -> None:
        self.flip_unfold()

    def clamp(self) -> None:
        """Keep the cursor's line in view, with parts counted; following keeps the last part at the bottom."""
        self.cursor = max(0, min(self.cursor, self.count - 1))
        self.top = max(0, min(self.top, self.count - 1))
        if self.count == 0:
            self.top_part = 0
            return
        if self.cursor < self.top or (self.cursor == self.top and not self.following):
            self.top, self.top_part = self.cursor, 0 if self.cursor < self.top else self.top_part
        first, part = self._first_for_last(self.cursor)
        if (self.top, self.top_part) < (first, part):
            self.top, self.top_part = first, part
        self.top_part = min(self.top_part, self._height(self.top) - 1)

    def _first_for_last(self, last: int) -> tuple[int, int]:
        """The first screen line if `last` is to end at the bottom; of a line longer than the screen, its start."""
        left, index = self.page_size, last
        if self._single:
            return max(0, last - left + 1), 0
        while True:
            height = self._height(index)
            if height >= left:
                return index, (height - left if index != last or self.following else 0)
            left -= height
            if index == 0:
                return 0, 0
            index -= 1

    def _last_visible(self) -> int:
        if self._single:
            return min(self.count, self.top + self.page_size) - 1
        left, index = self.page_size + self.top_part, self.top
        while index < self.count:
            left -= self._height(index)
            if left <= 0:
                return index
            index += 1
        return self.count - 1

    @property
    def _single(self) -> bool:
        """Whether each line is one line of the screen."""
        return not self.wrap and not self._unfolded

    def _height(self, index: int) -> int:
        if self._single:
            return 1
        return len(self._parts(index))

    def index_at(self, y: int) -> int | None:
        found = self._locate(y)
        return found[0] if found else None

    def _locate(self, y: int) -> tuple[int, int] | None:
        if self._single:
            return (self.top + y, 0) if self.top + y < self.count else None
        index, part = self.top, self.top_part + y
        while index < self.count:
            height = self._height(index)
            if part < height:
                return index, part
            part -= height
            index += 1
        return None

    # Drawing.

    def render_line(self, y: int) -> Strip:
        found = self._locate(y)
        if found is None:
            return draw.blank(self.size.width)
        index, part = found
        selected = index == self.cursor and self.count > 0
        if self._single:
            return self._whole(index, y, selected)
        parts = self._parts(index, selected=selected)
        return self.with_thumb(parts[min(part, len(parts) - 1)], y, selected=selected)

    def _whole(self, index: int, y: int, selected: bool) -> Strip:
        """A line that takes one line of the screen, kept: scrolling shows most of them again."""
        assert self.rows is not None
        at, number = self.rows.address(index)
        log = self.rows.logs[at]
        marked = number in log.bookmarks
        look = (self.size.width, self.left, self.needle, self.times, self._has_times, tokens.active())
        key = (at, number, selected, marked, self.thumb(y), look)
        found = self._drawn.get(key)
        if found is None:
            found = self.with_thumb(self._parts(index, selected=selected)[0], y, selected=selected)
            if len(self._drawn) >= MOST_KEPT:
                self._drawn.clear()
            if number < log.count - 1:  # the last one may still grow
                self._drawn[key] = found
        return found

    def _parts(self, index: int, *, selected: bool = False) -> list[list[Piece]]:
        """The screen lines of one line."""
        row = self.row(index)
        if row is None or self.rows is None:
            return [[]]
        line = row.line
        if line.marker:
            return [[*gutter(selected, "-", "stale"), piece("-- " + safe(line.text), "stale")]]
        head, text = self._head(row, selected)
        width = max(8, self.size.width - 1 - draw.width_of(head))
        unfolded = self.rows.address(index) in self._unfolded
        if not self.wrap and not unfolded:
            return [[*head, *beyond(mark(pieces(text), self.needle), self.left)]]
        indent = [*gutter(selected), piece(" " * (draw.width_of(head) - 2))]
        chunks, more = self._lay_out(text, width, unfolded)
        parts = [[*(indent if place else head), *chunk] for place, chunk in enumerate(chunks)]
        return parts + [[*indent, piece(each, "muted")] for each in more]

    def _lay_out(self, text: str, width: int, unfolded: bool) -> tuple[list[list[Piece]], list[str]]:
        """A line wrapped to `width`, and its structure; kept, because heights are asked for again and again."""
        key = (text, width, unfolded, self.needle)
        found = self._laid_out.get(key)
        if found is None:
            if len(self._laid_out) >= MOST_KEPT:
                self._laid_out.clear()
            more = [safe(each) for each in unfold(without_colors(text))] if unfolded else []
            found = self._laid_out[key] = (wrapped(mark(pieces(text), self.needle), width), more)
        return found

    def _head(self, row: LogRow, selected: bool) -> tuple[list[Piece], str]:
        line = row.line
        sign, token = SIGNS.get(line.level, (" ", "text")) if line.level else (" ", "text")
        kept = self.rows is not None and line.number in self.rows.logs[row.log].bookmarks
        head = [*gutter(selected, sign, token), piece("*", "accent") if kept else piece(" ")]
        if line.time is not None and not self._has_times:
            self._has_times = True
            self.refresh()  # all lines get the column
        text = without_stamp(line)
        if self.times and self._has_times:
            head.append(piece(pad(stamp(line.time) if line.time is not None else "", TIME_WIDTH) + "  ", "muted"))
        if self.sources:
            hue = f"source{row.log % len(SOURCES) + 1}"
            head.append(piece(pad(safe(self.sources[row.log]), SOURCE_WIDTH) + "  ", hue))
        return head, text


def without_stamp(line: SpoolLine) -> str:
    """The text without the time it begins with, which stands in a column of its own."""
    return _STAMP.sub("", line.text, count=1) if line.time is not None else line.text


def stamp(at: Timestamp) -> str:
    seconds, thousandths = divmod(round(at * 1000), 1000)
    return time.strftime("%H:%M:%S", zone.at(seconds)) + f".{thousandths:03d}"


def wrapped(body: Sequence[Piece], width: int) -> list[list[Piece]]:
    """The pieces on as many lines of at most `width` columns as they need."""
    lines: list[list[Piece]] = [[]]
    room = width
    for text, token in body:
        start = 0
        for place, char in enumerate(text):
            columns = 1 if char.isascii() else cell_len(char)
            if columns > room:
                lines[-1].append((text[start:place], token))
                lines.append([])
                start, room = place, width
            room -= columns
        lines[-1].append((text[start:], token))
    return lines


def line_text(line: SpoolLine) -> str:
    """The line as it is copied: its own text, made harmless."""
    return safe(without_colors(line.text), 100_000)
