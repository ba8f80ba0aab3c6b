"""Line H: on the left at most four keys that this row allows now, on the right always the same four."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from tui.widgets.draw import Piece, laid_out, strip, width_of

Hint = tuple[str, str, bool]
"""Key as shown, title, and whether it can be used now."""

FIXED: tuple[Hint, ...] = (("/", "filter", True), (":", "go", True), ("x", "menu", True), ("?", "help", True))

MOST = 4
"""So many hints of what the row allows are always there."""


class KeyBar(Widget):
    DEFAULT_CSS = "KeyBar { height: 1; }"
    can_focus = False

    @dataclass
    class Pressed(Message):
        """A hint was clicked; `key` is written as it is shown."""

        key: str

    def __init__(self) -> None:
        super().__init__()
        self.hints: Sequence[Hint] = ()
        self.more: Sequence[Hint] = ()
        self.fixed: Sequence[Hint] = FIXED

    def show(self, hints: Sequence[Hint], fixed: Sequence[Hint] = FIXED, more: Sequence[Hint] = ()) -> None:
        """`more` are drawn beside the fixed ones where the screen is wide, as many as there is room for."""
        if (list(hints), list(fixed), list(more)) != (list(self.hints), list(self.fixed), list(self.more)):
            self.hints, self.fixed, self.more = list(hints), list(fixed), list(more)
            self.refresh()

    def render_line(self, y: int) -> Strip:
        return strip(self._line(self.size.width), self.size.width, ground="surface")

    def _line(self, width: int) -> list[Piece]:
        if width < 80 and self.fixed:
            right: list[Piece] = [(" ".join(key for key, _, _ in self.fixed), "key")]
        else:
            right = _pieces(self.fixed)
        more = list(self.more) if width >= 120 else []
        taken = width_of(right) + width_of(_pieces(self.hints[:MOST])) + 6
        while more and width_of(_pieces(more)) + taken > width:
            more.pop()
        if more:
            right = [*_pieces(more), ("  ", "muted"), *right]
        limit = 10 if width >= 160 or len(self.fixed) < len(FIXED) else MOST
        shown = list(self.hints[:limit])
        room = width - width_of(right) - 4
        while shown and width_of(_pieces(shown)) > room:
            shown.pop()
        return laid_out([(" ", "muted"), *_pieces(shown)], width, right, margin=1)

    def on_click(self, event: events.Click) -> None:
        """A click on a key or on its title is that key; of several keys of one hint each is itself."""
        event.stop()
        left, key = 0, ""
        for text, token in self._line(self.size.width):
            here = left <= event.x < left + cell_len(text)
            if text.isspace():
                key = ""
            elif token == "key" or not text.startswith(" "):
                words = text.split(" ")
                key = words[0]
                if here:
                    key = words[text[: event.x - left].count(" ")] if text[event.x - left] != " " else ""
            if here:
                break
            left += cell_len(text)
        if key:
            self.post_message(self.Pressed(key))


def _pieces(hints: Sequence[Hint]) -> list[Piece]:
    pieces: list[Piece] = []
    for key, title, enabled in hints:
        if pieces:
            pieces.append(("  ", "muted"))
        pieces.append((key, "key" if enabled else "muted"))
        if title:
            pieces.append((f" {title}", "muted"))
    return pieces
