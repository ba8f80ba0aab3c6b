"""Sentences in the body where rows would be."""

from __future__ import annotations

from collections.abc import Sequence

from textual.strip import Strip
from textual.widget import Widget

from tui.widgets.draw import Piece, blank, line


class NoticeView(Widget):
    DEFAULT_CSS = "NoticeView { height: 1fr; display: none; }"
    can_focus = False

    def __init__(self) -> None:
        super().__init__()
        self.lines: Sequence[Sequence[Piece]] = ()

    def show(self, lines: Sequence[Sequence[Piece]]) -> None:
        if list(lines) != list(self.lines):
            self.lines = list(lines)
            self.refresh()

    def render_line(self, y: int) -> Strip:
        if y == 0:
            return blank(self.size.width)
        if y - 1 < len(self.lines):
            return line([(" ", "text"), *self.lines[y - 1]], self.size.width)
        return blank(self.size.width)
