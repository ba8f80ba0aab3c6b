"""A few lines of which some can be chosen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from tui.styles import tokens
from tui.widgets.draw import Piece, blank, line


class Choices(Widget):
    """`rows` are (id, pieces); a row without an id is only text. `on_cursor(id)` runs after every move."""

    DEFAULT_CSS = "Choices { height: 1fr; }"
    can_focus = False

    @dataclass
    class Chosen(Message):
        id: str

    def __init__(self, rows: Sequence[tuple[str, Sequence[Piece]]], on_cursor: Callable[[str], None]) -> None:
        super().__init__()
        self.rows = list(rows)
        self.on_cursor = on_cursor
        self.stops = [index for index, (id, _) in enumerate(rows) if id]
        self.at = self.first = 0

    @property
    def current(self) -> str:
        return self.rows[self.stops[self.at]][0]

    def move(self, by: int) -> None:
        self.at = max(0, min(self.at + by, len(self.stops) - 1))
        row = self.stops[self.at]
        title = row - 1 if row and not self.rows[row - 1][0] else row  # what says of what kind these are
        self.first = max(row - self.size.height + 1, min(self.first, title)) if self.at else 0
        self.refresh()
        self.on_cursor(self.current)

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        y += self.first
        if y >= len(self.rows):
            return blank(width)
        id, pieces = self.rows[y]
        selected = bool(id) and id == self.current
        bar = ("|" if tokens.active().ascii else "▌") if selected else " "
        return line([(bar, "accent"), *pieces], width, selected=selected)

    def on_click(self, event: events.Click) -> None:
        event.stop()
        if event.y + self.first in self.stops:
            self.at = self.stops.index(event.y + self.first)
            self.move(0)
            if event.chain == 2:
                self.post_message(self.Chosen(self.current))
