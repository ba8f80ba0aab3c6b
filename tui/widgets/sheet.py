"""Sheets rise from line H-2 over the body: a reversed title, then lines. What lists or asks is a sheet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, cast

from textual import events
from textual.strip import Strip
from textual.widget import Widget
from textual.worker import Worker

from tui.styles import tokens
from tui.widgets.draw import Piece, blank, line, title
from tui.widgets.keybar import Hint


class SheetHost(Protocol):
    """What a sheet asks of its screen."""

    @property
    def sheet(self) -> Sheet | None: ...

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None: ...

    def close_sheet(self) -> None: ...

    def sheet_changed(self) -> None: ...


class Sheet(Widget):
    """Base of all sheets. The screen hands it every key while it is open.

    `titled` sheets have the reversed line; `wanted_lines` says how many lines it wants, title included, of
    `most`; `hints` are the keys of line H. `on_close` runs when it is gone, whoever closed it.
    """

    DEFAULT_CSS = "Sheet { height: auto; }"
    can_focus = False
    titled = True
    tall = False  # may cover the body but for two lines, as help does

    def __init__(self) -> None:
        super().__init__()
        self.title_left = ""
        self.title_right = ""
        self.on_close: Callable[[], None] = lambda: None

    @property
    def grid(self) -> SheetHost:
        """The screen this sheet is open on."""
        return cast("SheetHost", self.screen)

    def hints(self) -> Sequence[Hint]:
        return (("esc", "close", True),)

    def fixed_hints(self) -> Sequence[Hint]:
        return (("?", "help", True),)

    def peek(self) -> Sequence[Sequence[Piece]]:
        """What line H-1 says while the sheet is open."""
        return ()

    def wanted_lines(self, most: int) -> int:
        return most

    def press(self, key: str, character: str | None) -> bool:
        """Take a key, named as in the key table; True when it was used."""
        return False

    def paste(self, text: str) -> bool:
        return False

    def pointed(self, text: str) -> bool:
        """A piece of line H-1 was clicked; True when it was used."""
        return False

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        if self.is_attached:
            self.grid.on_worker_state_changed(event)

    def close(self) -> None:
        self.grid.close_sheet()


class LinesSheet(Sheet):
    """A sheet of lines with an optional cursor: menus, help, choices.

    Subclasses fill `heads` (fixed lines under the title) and `rows`; `cursor` is None where nothing is chosen.
    """

    def __init__(self) -> None:
        super().__init__()
        self.heads: Sequence[Sequence[Piece]] = ()
        self.rows: Sequence[Sequence[Piece]] = ()
        self.cursor: int | None = None
        self.first = 0

    @property
    def fixed(self) -> int:
        return (1 if self.titled else 0) + len(self.heads)

    @property
    def room(self) -> int:
        return max(1, self.size.height - self.fixed)

    def wanted_lines(self, most: int) -> int:
        return min(most, self.fixed + len(self.rows))

    def move(self, by: int) -> None:
        if self.cursor is None:
            self.scroll_lines(by)
        elif self.rows:
            self.cursor = max(0, min(self.cursor + by, len(self.rows) - 1))
            self.show_cursor()
        self.refresh()

    def scroll_lines(self, by: int) -> None:
        self.first = max(0, min(self.first + by, len(self.rows) - self.room))
        self.refresh()

    def show_cursor(self) -> None:
        if self.cursor is not None:
            self.first = max(self.cursor - self.room + 1, min(self.first, self.cursor))

    def chosen(self, index: int) -> None:
        """Enter or a click on a row."""

    def press(self, key: str, character: str | None) -> bool:
        steps = {"down": 1, "up": -1, "pagedown": self.room - 1, "pageup": 1 - self.room}
        if key in steps:
            self.move(steps[key])
        elif key in ("home", "end"):
            self.move(-len(self.rows) if key == "home" else len(self.rows))
        elif key == "enter" and self.cursor is not None and self.rows:
            self.chosen(self.cursor)
        elif key == "escape":
            self.close()
        else:
            return False
        return True

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        if self.titled and y == 0:
            return title(self.title_left, self.title_right, width)
        y -= 1 if self.titled else 0
        if y < len(self.heads):
            return line(self.heads[y], width, ground="surface")
        index = self.first + y - len(self.heads)
        if index >= len(self.rows):
            return blank(width, "surface")
        selected = index == self.cursor
        bar = ("|" if tokens.active().ascii else "▌") if selected else " "
        return line([(bar, "accent"), *self.rows[index]], width, ground="surface", selected=selected)

    def on_click(self, event: events.Click) -> None:
        """A click on a row of those that can be chosen chooses it, once: the second of a double click finds the
        sheet closed but not yet gone."""
        event.stop()
        if self.grid.sheet is not self:
            return
        index = self.first + event.y - self.fixed
        if event.y >= self.fixed and index < len(self.rows) and self.cursor is not None:
            self.cursor = index
            self.refresh()
            self.chosen(index)

    def _on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.move(3)

    def _on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.move(-3)
