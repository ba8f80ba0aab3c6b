"""The one grid: crumbs, counts, body, sheet slot, peek and keys, on every screen. Keys are dispatched here."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol, cast

from textual import events
from textual.app import ComposeResult
from textual.screen import Screen
from textual.widget import Widget

from adapters.model import Kind, Ref, Resource
from adapters.port import ANY, Query
from tui import keys
from tui.widgets.draw import Piece
from tui.widgets.head import Head, Slot
from tui.widgets.keybar import FIXED, Hint, KeyBar
from tui.widgets.peek import Peek
from tui.widgets.prompt import LineEdit, Prompt
from tui.widgets.sheet import Sheet
from tui.widgets.small import TooSmall

if TYPE_CHECKING:
    from tui.commands import Command
    from tui.core.plan import Plan
    from tui.core.services import Services

SMALLEST = (40, 10)
PEEK_DELAY = 0.08


class Console(Protocol):
    """What screens ask of the app."""

    services: Services
    scope: tuple[str, ...]
    last_plan: tuple[str, tuple[Ref, ...]] | None

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
    def use_contexts(self, names: Sequence[str]) -> None: ...
    def go_back(self) -> None: ...
    def interrupt(self) -> None: ...
    def copy(self, text: str) -> None: ...
    def note(self, text: str, token: str) -> None: ...


class GridScreen(Screen[None], inherit_bindings=False):
    """Base of all screens. Subclasses yield their body and answer to keys with methods `do_<id>`."""

    DEFAULT_CSS = """
    GridScreen { layout: vertical; background: $background; overflow: hidden hidden; }
    """
    AUTO_FOCUS = ""
    where = keys.LIST

    def __init__(self) -> None:
        super().__init__()
        self.head = Head()
        self.peek = Peek()
        self.keybar = KeyBar()
        self.small = TooSmall()
        self.sheet: Sheet | None = None
        self.header_shown = True

    @property
    def console(self) -> Console:
        return cast("Console", self.app)

    @property
    def services(self) -> Services:
        return self.console.services

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

    # what the lines say

    def set_crumbs(self, crumbs: Sequence[str], guard: str = "", guard_token: str = "bold") -> None:
        self.head.crumbs, self.head.guard, self.head.guard_token = list(crumbs), guard, guard_token
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
            most = max(3, self.size.height - (4 if self.sheet.tall else 6))
            self.sheet.styles.height = max(1, min(most, self.sheet.wanted_lines(most)))

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
        self.keybar.display = height >= 16
        self.peek.styles.height = 4 if height >= 40 else 1
        self.size_sheet()

    # keys

    pressed_at = 0.0
    """When the key that is being handled was pressed, on Textual's clock; it may have waited in the queue."""

    async def on_key(self, event: events.Key) -> None:
        self.pressed_at = event.time
        key = keys.key_name(event.key, event.character)
        character = event.character if event.is_printable else None
        if await self.press(key, character):
            event.stop()
            event.prevent_default()

    async def press(self, key: str, character: str | None) -> bool:
        """One key: for the prompt, else for the sheet, else for the screen, else for the app."""
        if self.peek.prompt is not None:
            self._press_prompt(self.peek.prompt, key, character)
            return True
        if key == "ctrl-c":
            self.console.interrupt()
            return True
        if self.sheet is not None:
            return self.sheet.press(key, character) or True
        spec = self.services.keys.lookup(self.where, key)
        if spec is None:
            return False
        self.peek.say(None)
        await self.perform(spec)
        return True

    async def perform(self, spec: keys.KeySpec) -> None:
        """Do what a key or verb means, here or in the app."""
        handler = getattr(self, spec.method, None) or getattr(self.app, spec.method, None)
        if handler is None and spec.action:
            self.act(spec.id)
            return
        if handler is None and spec.id.startswith("saved-"):
            handler = lambda: self.saved_filter(int(spec.id[6:]))  # noqa: E731
        if handler is None:
            self.message(f"{spec.title}: nothing to do here", "muted")
            return
        result = handler()
        if inspect.isawaitable(result):
            await result

    def _press_prompt(self, prompt: Prompt, key: str, character: str | None) -> None:
        outcome = prompt.press(key, character)
        if outcome == "changed":
            prompt.on_change(prompt.edit.text)
        elif outcome in ("done", "cancelled"):
            if self.peek.prompt is prompt:
                self.end_prompt()
            prompt.on_done(prompt.edit.text if outcome == "done" else None)
        self.peek.refresh()

    def on_paste(self, event: events.Paste) -> None:
        text = event.text
        if self.peek.prompt is not None:
            self.peek.prompt.edit.insert(text.replace("\n", " "))
            self.peek.prompt.on_change(self.peek.prompt.edit.text)
            self.peek.refresh()
        elif self.sheet is not None:
            self.sheet.paste(text)
        else:
            self.pasted(text.strip())

    def pasted(self, text: str) -> None:
        """Text was pasted into the body."""

    def current_object(self) -> Resource | None:
        """The object the keys of this screen are about."""
        return None

    def opens(self) -> str:
        """What enter leads to."""
        return "open"

    def action_title(self, key_id: str, title: str) -> tuple[str, bool]:
        """What an action key does to the current object, and whether it is allowed now."""
        from tui.screens.hints import NOT_HERE, against, meaning

        target = self.current_object()
        if target is None:
            return title, True
        spec = meaning(self.services.schemas.get(target.ref.context), key_id, target)
        if spec is None:
            return NOT_HERE, False
        why = against(self.services, spec, target)
        return (spec.title.lower(), True) if why is None else (f"{spec.title.lower()} - {why}", False)

    def targets(self) -> list[Ref]:
        """What an action would be about: the marked objects, else the one under the cursor."""
        return []

    def shown(self, refs: Sequence[Ref]) -> Mapping[Ref, Resource]:
        """The objects as this screen shows them; a plan says what has moved since."""
        return {}

    def hidden(self, refs: Sequence[Ref]) -> int:
        """How many of these are marked but not visible because of the filter."""
        return 0

    def plan_ended(self, plan: Plan) -> None:
        """A plan was carried out from this screen; what it did not do stays marked."""

    def act(self, action: str) -> None:
        """Open the plan of an action for `targets()`."""
        from tui.screens.hints import meaning

        refs = self.targets()
        if not refs:
            self.message(f"{action}: there is no object here", "muted")
            return
        shown = self.shown(refs)
        for ref in refs:
            schema = self.services.schemas.get(ref.context)
            spec = meaning(schema, action, shown.get(ref, ref))
            if spec is not None:
                self.console.open_plan(spec.id, refs)
                return
        self.message(f"{action}: {refs[0].context} has no such action for {refs[0].kind.plural}", "muted")

    def saved_filter(self, number: int) -> None:
        """Apply the saved filter of a number key."""

    # keys of every screen

    def do_back(self) -> None:
        self.console.go_back()

    def do_header(self) -> None:
        self.header_shown = not self.header_shown
        self.lay_out(self.size.width, self.size.height)

    def do_help(self) -> None:
        from tui.screens.help import HelpSheet

        self.open_sheet(HelpSheet(self))

    def do_command(self) -> None:
        from tui.commands import CommandLine

        CommandLine(self).start()

    # commands

    def run_command(self, command: Command) -> None:
        """Carry out a line of command mode."""
        console = self.console
        if command.ref is not None:
            console.open_detail(command.ref)
        elif command.kind is not None:
            console.open_list(command.kind, command.contexts or None, filter=command.filter)
        elif command.action:
            self.act(command.action)
        elif command.verb == "contexts":
            if command.filter or command.contexts:
                names = command.contexts or tuple(command.filter.split())
                console.use_contexts(names)
            else:
                console.open_contexts()
        elif command.verb == "cli":
            self.copy_command()
        else:
            spec = self.services.keys.spec(command.verb)
            if spec is not None:
                self.run_worker(self.perform(spec), group="command", exit_on_error=True)

    def copy_command(self) -> None:
        """Copy the `runyard get` that prints what is on this screen."""
        line = self.command_line()
        if line:
            self.console.copy(line)
            self.message(f"copied  {line}", "muted")
        else:
            self.message("there is no command line for this screen", "muted")

    def command_line(self) -> str:
        return ""
