"""A pane of lines drawn with the line API: own cursor, own scroll offset, a thumb in the last column."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from tui.core.text import cell_len
from tui.widgets import draw
from tui.widgets.draw import Piece

Line = Sequence[Piece]


def piece(text: str, token: str = "text") -> Piece:
    return text, token


def plain(pieces: Iterable[Piece]) -> str:
    return "".join(text for text, _ in pieces)


def mark(pieces: Line, needle: str) -> list[Piece]:
    """The pieces with every match of `needle` standing out; without capitals it matches them as well."""
    if not needle:
        return list(pieces)
    finder = re.compile(re.escape(needle), 0 if needle != needle.lower() else re.IGNORECASE)
    found: list[Piece] = []
    for text, token in pieces:
        at = 0
        for match in finder.finditer(text):
            found += [(text[at : match.start()], token), (match[0], "key changed")]
            at = match.end()
        found.append((text[at:], token))
    return found


def beyond(body: Sequence[Piece], columns: int) -> list[Piece]:
    """The pieces without their first so many columns."""
    if not columns:
        return list(body)
    found: list[Piece] = []
    for text, token in body:
        drop = 0
        while columns > 0 and drop < len(text):
            columns -= cell_len(text[drop])
            drop += 1
        found.append((text[drop:], token))
    return found


class LineList(Widget, can_focus=True):
    """Lines with a cursor. Subclasses say how many there are and draw one; heads stay in place.

    `cursor` is an index; subclasses that redraw from data keep it on the same thing by key.
    """

    DEFAULT_CSS = """
    LineList { width: 1fr; height: 1fr; }
    """

    class Rested(Message):
        """The cursor has moved to another line, or what is under it has changed."""

        def __init__(self, pane: LineList) -> None:
            super().__init__()
            self.pane = pane

        @property
        def control(self) -> LineList:
            return self.pane

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, LineList.Rested)

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.cursor = 0
        self.top = 0
        self._pushed = (0, 0, 0)
        self._clicked: int | None = None

    # What subclasses answer.

    @property
    def count(self) -> int:
        raise NotImplementedError

    @property
    def heads(self) -> int:
        """Lines above the scrolling part."""
        return 0

    def head(self, row: int, width: int) -> Line:
        return ()

    def line(self, index: int, width: int, *, selected: bool) -> Line:
        """The cells of one line, the two gutter columns included."""
        raise NotImplementedError

    def is_red(self, index: int) -> bool:
        return False

    # Geometry.

    @property
    def page_size(self) -> int:
        return max(1, self.size.height - self.heads)

    def index_at(self, y: int) -> int | None:
        index = self.top + y - self.heads
        return index if y >= self.heads and 0 <= index < self.count else None

    def clamp(self) -> None:
        """Bring cursor and offset back into what there is; the cursor stays in view."""
        self.cursor = max(0, min(self.cursor, self.count - 1))
        self.top = max(0, min(self.top, self.count - self.page_size))
        if self.cursor < self.top:
            self.top = self.cursor
        elif self.cursor >= self.top + self.page_size:
            self.top = self.cursor - self.page_size + 1

    def on_resize(self) -> None:
        # The first painting may have happened with the offset of another size.
        self.clamp()
        self.refresh()

    # Movement.

    def move_to(self, index: int) -> None:
        """Put the cursor on a line; only what changed is repainted."""
        old_cursor, old_top = self.cursor, self.top
        self.cursor = index
        self.clamp()
        if self.top != old_top:
            self.refresh()
        elif self.cursor != old_cursor:
            self.refresh_index(old_cursor)
            self.refresh_index(self.cursor)
        if self.cursor != old_cursor:
            self.post_message(self.Rested(self))

    def refresh_index(self, index: int) -> None:
        y = index - self.top + self.heads
        if self.heads <= y < self.size.height:
            self.refresh(Region(0, y, self.size.width, 1))

    def step(self, lines: int) -> None:
        self.move_to(self.cursor + lines)

    def to_first(self) -> None:
        self.move_to(0)

    def to_last(self) -> None:
        self.move_to(self.count - 1)

    def page(self, pages: int) -> None:
        self.move_to(self.cursor + pages * self.page_size)

    def hop(self, step: int) -> bool:
        """Hop to the next or previous red line; False, and stay, where there is none."""
        index = self.cursor + step
        while 0 <= index < self.count:
            if self.is_red(index):
                self.move_to(index)
                return True
            index += step
        return False

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.step(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.step(-3)

    def on_click(self, event: events.Click) -> None:
        index = self.index_at(event.y)
        if index is None or getattr(self.screen, "asking", False):
            return
        event.stop()
        self.focus()
        again = index == self._clicked and index == self.cursor and event.chain > 1
        self._clicked = index
        self.move_to(index)
        if again:
            self.open_line(index)

    def open_line(self, index: int) -> None:
        """A double click; subclasses that open something override it."""

    # Drawing.

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        if y < self.heads:
            return draw.line(self.head(y, width), width)
        index = self.top + y - self.heads
        if index >= self.count:
            return draw.blank(width)
        selected = index == self.cursor and self.shows_cursor
        return self.with_thumb(self.line(index, width - 1, selected=selected), y, selected=selected)

    def with_thumb(self, pieces: Line, y: int, *, selected: bool) -> Strip:
        """The line as a strip, the scroll thumb in its last column."""
        width = self.size.width
        fitted = draw.fit(pieces, width - 1)
        gap = " " * (width - 1 - draw.width_of(fitted))
        thumb = self.thumb(y - self.heads)
        return draw.line([*fitted, piece(gap), piece(thumb, "muted")], width, selected=selected)

    @property
    def shows_cursor(self) -> bool:
        return True

    def thumb(self, y: int) -> str:
        count, page = self.count, self.page_size
        if count <= page:
            return " "
        size = max(1, page * page // count)
        at = round(self.top / (count - page) * (page - size))
        return "▐" if at <= y < at + size else " "

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self.refresh()


def gutter(selected: bool, mark: str = " ", token: str = "muted") -> list[Piece]:
    """The first two columns: cursor bar, then mark or sign."""
    return [piece("▌" if selected else " ", "accent"), piece(mark, token)]
