"""The one grid of every screen: crumbs, counts, body, sheet slot, peek and keys; what each line says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from textual import events
from textual.app import ComposeResult
from textual.widget import Widget
from textual.worker import Worker

from adapters.model import Kind, Ref
from adapters.port import ANY, Query
from tui import keys
from tui.screens import readonly
from tui.screens.atonce import AtOnce
from tui.styles.tokens import hued
from tui.widgets.draw import Piece
from tui.widgets.head import Head, Slot
from tui.widgets.keybar import FIXED, Hint, KeyBar
from tui.widgets.peek import Peek
from tui.widgets.prompt import LineEdit, Prompt
from tui.widgets.sheet import Sheet
from tui.widgets.small import TooSmall

if TYPE_CHECKING:
    from tui.config import ContextConfig
    from tui.core.services import Services
    from tui.screens.base import GridScreen

SMALLEST = (40, 10)
PEEK_DELAY = 0.08
HEAD_AND_CURSOR = 2
"""Lines of the body that a sheet leaves in view: the heads of the columns and the cursor row."""


class Console(Protocol):
    """What screens ask of the app."""

    services: Services
    scope: tuple[str, ...]
    banner: str
    last_plan: tuple[str, tuple[Ref, ...]] | None
    pointed_at: float

    def open_start(self) -> None: ...
    def open_list(
        self,
        kind: Kind,
        contexts: Sequence[str] | None = None,
        query: Query = ANY,
        title: str = "",
        *,
        trail: Sequence[str] = (),
        filter: str = "",
        goto: Ref | str | None = None,
    ) -> None: ...
    def open_detail(self, ref: Ref, tab: str | None = None) -> None: ...
    def open_logs(self, refs: Sequence[Ref], attempt: int | None = None) -> None: ...
    def open_document(self, ref: Ref, mode: str = "describe") -> None: ...
    def open_plan(self, action: str, refs: Sequence[Ref]) -> None: ...
    def open_contexts(self) -> None: ...
    def open_screen(self, screen: GridScreen) -> None: ...
    def use_contexts(self, names: Sequence[str]) -> None: ...
    def use_new_contexts(self, contexts: Sequence[ContextConfig], path: Path) -> None: ...
    def go_back(self) -> None: ...
    def interrupt(self) -> None: ...
    def do_quit(self) -> None: ...
    def go_back_to(self, way: Sequence[str]) -> None: ...
    def in_background(self, event: Worker.StateChanged) -> None: ...
    def looked(self, contexts: Sequence[str]) -> None: ...
    def copy(self, text: str) -> None: ...
    def note(self, text: str, token: str) -> None: ...
    def say(self, text: str, token: str = "text") -> None: ...


class Grid(AtOnce, inherit_bindings=False):
    """Composes the grid and keeps its lines; `GridScreen` adds the keys."""

    DEFAULT_CSS = """
    Grid { layout: vertical; background: $background; overflow: hidden hidden; }
    """
    AUTO_FOCUS = ""
    where = keys.LIST
    leads = False
    """Whether the body begins with widgets of fixed height, which give way to a sheet."""

    def __init__(self) -> None:
        super().__init__()
        self.head = Head()
        self.peek = Peek()
        self.keybar = KeyBar()
        self.small = TooSmall()
        self.sheet: Sheet | None = None

    @property
    def console(self) -> Console:
        return cast("Console", self.app)

    @property
    def services(self) -> Services:
        return self.console.services

    @property
    def header_shown(self) -> bool:
        return "header" not in self.services.hidden

    @property
    def footer_shown(self) -> bool:
        return "footer" not in self.services.hidden

    def compose(self) -> ComposeResult:
        self.middle = list(self.body())
        yield self.small
        yield self.head
        yield from self.middle
        yield self.peek
        yield self.keybar

    def body(self) -> ComposeResult:
        """The widgets of lines 3 to H-2; one of them has the height 1fr."""
        yield Widget()

    def wanted(self, widget: Widget) -> bool:
        """Whether a widget of the body is to be shown at all; subclasses that swap widgets say so here."""
        return True

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        self.console.in_background(event)

    # what the lines say

    def set_crumbs(self, crumbs: Sequence[str], guard: str = "", guard_token: str = "bold") -> None:
        """Where am I: the context, its guard, and the way here. That it is read-only is added."""
        self.head.crumbs, self.head.guard_token, self._guard_said = list(crumbs), guard_token, guard
        info = self.services.contexts.get(crumbs[0]) if crumbs else None
        self.head.first_token = hued(info.color) if info is not None and info.color else "text"
        self.say_guard()

    _guard_said = ""

    def about(self) -> Sequence[str]:
        """The contexts of what this screen shows."""
        return self.console.scope

    def say_guard(self) -> None:
        self.head.guard = readonly.words(self.services, self.about(), self._guard_said)
        self.head.refresh_lines()

    def set_freshness(self, text: str | Sequence[Piece]) -> None:
        self.head.freshness = [(text, "muted")] if isinstance(text, str) else list(text)
        self.head.refresh_lines()

    def set_counts(self, slots: Sequence[Slot], note: Sequence[Piece] = ()) -> None:
        """Line 2: fixed slots on the left, filter and marks on the right."""
        self.head.slots, self.head.note, self.head.counts_text = list(slots), list(note), ()
        self.head.refresh_lines()

    def set_counts_text(self, pieces: Sequence[Piece], note: Sequence[Piece] = ()) -> None:
        """Line 2 as free text, where the four slots do not apply."""
        self.head.counts_text, self.head.note = list(pieces), list(note)
        self.head.refresh_lines()

    def set_peek(self, lines: Sequence[Sequence[Piece]] | str) -> None:
        self.peek.show([[(lines, "text")]] if isinstance(lines, str) else lines)

    def message(self, text: str, token: str = "text") -> None:
        """Say something on line H-1 until the next key; failures are kept in the error list."""
        self.peek.say([(text, token)])
        self.console.note(text, token)

    def key_hints(self, hints: Sequence[Hint], fixed: Sequence[Hint] = FIXED, more: Sequence[Hint] = ()) -> None:
        self._hints = (list(hints), list(fixed), list(more))
        if self.sheet is None and self.peek.prompt is None:
            self.keybar.show(hints, fixed, more)

    _hints: tuple[list[Hint], list[Hint], list[Hint]] = ([], list(FIXED), [])

    # prompts and sheets

    def prompt(
        self,
        lead: str,
        initial: str = "",
        on_change: Callable[[str], None] | None = None,
        on_done: Callable[[str | None], None] | None = None,
        on_key: Callable[[str], bool] | None = None,
        hints: Sequence[Hint] = (("enter", "take", True), ("esc", "leave", True)),
    ) -> Prompt:
        """Ask on line H-1. `on_done` gets the text, or None when it was left with esc."""
        edit = LineEdit()
        edit.set(initial)
        prompt = Prompt(lead, edit)
        prompt.on_change = on_change or prompt.on_change
        prompt.on_done = on_done or prompt.on_done
        prompt.on_key = on_key or prompt.on_key
        prompt.hints = hints
        self.peek.prompt = prompt
        self.peek.say(None)
        self.peek.refresh()
        self._restore_hints()
        return prompt

    def end_prompt(self) -> None:
        self.peek.prompt = None
        self.peek.refresh()
        self._restore_hints()

    @property
    def asking(self) -> bool:
        """Whether a sheet or a prompt has the keys, and with them the mouse."""
        return self.sheet is not None or self.peek.prompt is not None

    def open_sheet(self, sheet: Sheet) -> None:
        """Let a sheet rise from line H-2; one at a time, a second one replaces the first."""
        if self.sheet is not None:
            self._remove_sheet()
        self.sheet = sheet
        self.lay_out(self.size.width, self.size.height)
        self.mount(sheet, before=self.peek)
        self.sheet_changed()

    def size_sheet(self) -> None:
        if self.sheet is not None:
            room = self.room_for(tall=True)
            most = max(3, self.room_for(self.sheet.tall))
            wanted = max(1, min(most, self.sheet.wanted_lines(most)))
            self.sheet.styles.height = wanted
            self._give_way(room - wanted)

    def room_for(self, tall: bool) -> int:
        """Lines that a sheet may take, its title included."""
        return self.size.height - self._lines_around(self.size.height) - (0 if tall else HEAD_AND_CURSOR)

    def _give_way(self, room: int) -> None:
        """What stands above the pane leaves where its cursor line would have no room above a sheet."""
        leads = self.middle[:-1] if self.leads else []
        taken = sum(int(each.styles.height.value) if each.styles.height else 1 for each in leads)
        for widget in leads:
            widget.display = room >= taken + HEAD_AND_CURSOR and self.wanted(widget)

    def _lines_around(self, height: int) -> int:
        """Lines that the body and a sheet share the screen with."""
        head = (1 if height < 24 else 2) if self.header_shown else 0
        return head + (4 if height >= 40 else 1) + (1 if height >= 16 and self.footer_shown else 0)

    def sheet_changed(self) -> None:
        """The open sheet has something else to say on lines H-1 and H."""
        if self.sheet is None:
            return
        if self.peek.prompt is None:
            self.keybar.show(self.sheet.hints(), self.sheet.fixed_hints())
        lines = self.sheet.peek()
        if lines:
            self.peek.show(lines)

    def close_sheet(self) -> None:
        """Close the open sheet, if any; the focus is the body's again."""
        sheet = self.sheet
        if sheet is None:
            return
        self._remove_sheet()
        self.lay_out(self.size.width, self.size.height)
        self.set_focus(None)
        self._restore_hints()
        self.update_peek()
        sheet.on_close()

    def _remove_sheet(self) -> None:
        if self.sheet is not None:
            self.sheet.remove()
            self.sheet = None

    def _restore_hints(self) -> None:
        if self.peek.prompt is not None:
            self.keybar.show(self.peek.prompt.hints, ())
        elif self.sheet is not None:
            self.sheet_changed()
        else:
            self.keybar.show(*self._hints)

    def update_peek(self) -> None:
        """Say again what belongs on the peek lines; subclasses know."""

    def freshen(self) -> None:
        """Say again how fresh this is; refreshing was paused, or goes on."""

    # size

    def on_resize(self, event: events.Resize) -> None:
        self.lay_out(event.size.width, event.size.height)

    def lay_out(self, width: int, height: int) -> None:
        """What is left out on small screens, and added on large ones."""
        tiny = width < SMALLEST[0] or height < SMALLEST[1]
        self.small.display = tiny
        for widget in (*self.middle, *([self.sheet] if self.sheet is not None else [])):
            covered = self.sheet is not None and self.sheet.tall and widget is not self.sheet
            widget.display = not tiny and not covered and self.wanted(widget)
        for widget in (self.head, self.peek, self.keybar):
            widget.display = not tiny
        if tiny:
            self.small.tell(width, height, SMALLEST)
            return
        self.head.display = self.header_shown
        self.head.styles.height = 1 if height < 24 else 2
        self.keybar.display = height >= 16 and self.footer_shown
        self.peek.styles.height = 4 if height >= 40 else 1
        self.size_sheet()
