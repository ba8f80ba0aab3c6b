"""Base of all screens: the grid, and the one place where keys are dispatched."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from textual import events

from adapters.model import Ref, Resource
from tui import keys
from tui.screens import pace, readonly
from tui.screens.grid import PEEK_DELAY, Console, Grid
from tui.widgets.head import Head
from tui.widgets.keybar import KeyBar
from tui.widgets.peek import Peek
from tui.widgets.prompt import Prompt

if TYPE_CHECKING:
    from tui.core.commandline import Command
    from tui.core.plan import Plan

__all__ = ["PEEK_DELAY", "Console", "GridScreen"]


class GridScreen(Grid, inherit_bindings=False):
    """Subclasses yield their body and answer to keys with methods `do_<id>`."""

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
        spec = self.services.keys.lookup(self.where, key)
        if self.sheet is not None:
            if spec is not None and spec.id == "read-only":  # the brake works whatever is open
                self.do_read_only()
                return True
            return self.sheet.press(key, character) or True
        if spec is None:
            return False
        self.peek.say(None)
        await self.perform(spec)
        return True

    async def on_key_bar_pressed(self, event: KeyBar.Pressed) -> None:
        await self._press_shown(event.key)

    async def on_peek_clicked(self, event: Peek.Clicked) -> None:
        self.pressed_at = self.console.pointed_at
        if self.sheet is not None:
            self.sheet.pointed(event.text)
        elif "key" in event.token.split():
            await self._press_shown(event.text.strip())

    async def _press_shown(self, text: str) -> None:
        """A key was clicked where its name is written."""
        self.pressed_at = self.console.pointed_at
        if text == ":q":
            self.console.do_quit()
            return
        key = keys.unshown(text)
        if keys.valid_key(key):
            await self.press(key, key if len(key) == 1 else None)

    def on_head_crumb_clicked(self, event: Head.CrumbClicked) -> None:
        if not self.asking:
            self.console.go_back_to(event.way)

    async def perform(self, spec: keys.KeySpec) -> None:
        """Do what a key or verb means, here or in the app."""
        if spec.plugin:
            from tui.screens.plugins import start

            start(self, spec.id)
            return
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
        """Text was pasted into the body: what it names opens."""
        from tui.screens.pasting import open_pasted

        open_pasted(self, text)

    def current_object(self) -> Resource | None:
        """The object the keys of this screen are about."""
        return None

    def offers(self, spec: keys.KeySpec) -> bool:
        """Whether a key that this screen has makes sense for what it shows."""
        return True

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
        self._hide("header")

    def do_footer(self) -> None:
        self._hide("footer")

    def _hide(self, part: str) -> None:
        """Of every screen, or show it again."""
        self.services.hidden ^= {part}
        for screen in self.app.screen_stack:
            if isinstance(screen, GridScreen):
                screen.lay_out(screen.size.width, screen.size.height)

    def do_crumbs(self) -> None:
        """Only the context and the last crumb, or the whole way."""
        self.head.short = not self.head.short
        self.head.refresh_lines()

    def do_help(self) -> None:
        from tui.screens.help import HelpSheet

        self.open_sheet(HelpSheet(self))

    def do_aliases(self) -> None:
        from tui.screens.aliases import AliasSheet

        self.open_sheet(AliasSheet(self))

    def do_pulse(self) -> None:
        from tui.screens.pulse import open_pulse

        open_pulse(self)

    def do_journal(self) -> None:
        from tui.screens.journal import JournalScreen

        self.console.open_screen(JournalScreen())

    def do_find(self) -> None:
        self.verb_find("")

    def verb_find(self, text: str) -> None:
        """`:find WORDS`: in every kind of every context."""
        from tui.screens.find import find

        find(self, text)

    def do_usual(self) -> None:
        from tui.screens.usual import UsualSheet

        self.open_sheet(UsualSheet(self))

    def do_every(self) -> None:
        pace.every(self, (), "")

    def do_read_only(self) -> None:
        readonly.switch(self)

    def do_tree(self) -> None:
        self.verb_tree("")

    def verb_tree(self, text: str) -> None:
        """`:tree REF`: what is below an object."""
        from tui.screens.tree import open_tree

        open_tree(self, text)

    def do_digest(self) -> None:
        from tui.screens.digest import open_digest

        open_digest(self)

    def do_diff(self) -> None:
        from tui.screens.diff import open_diff

        open_diff(self)

    def do_tell(self) -> None:
        from tui.telling import toggle

        toggle(self)

    def tells_changed(self) -> None:
        """It was asked to be told, or no longer; subclasses that show it draw it."""

    def do_command(self) -> None:
        from tui.commands import CommandLine

        CommandLine(self).start()

    # commands

    def run_command(self, command: Command) -> None:
        """Carry out a line of command mode."""
        from tui.screens.named import carried_out

        console = self.console
        if carried_out(self, command):
            return
        if command.ref is not None:
            console.open_detail(command.ref)
        elif command.kind is not None:
            console.open_list(command.kind, command.contexts or None, filter=command.filter)
        elif command.action:
            from tui.screens.atcontext import plan_for_context

            if not plan_for_context(self, command.action, command.contexts):
                self.act(command.action)
        elif command.verb == "contexts":
            if command.filter or command.contexts:
                names = command.contexts or tuple(command.filter.replace(",", " ").split())
                console.use_contexts(names)
            else:
                console.open_contexts()
        elif command.verb == "api":
            from tui.screens.apicall import call

            call(self, command.contexts, command.filter)
        elif command.verb == "every":
            pace.every(self, command.contexts, command.filter)
        elif command.verb == "read-only":
            readonly.switch(self, (*command.contexts, *command.filter.split()))
        elif command.verb == "pulse" and command.contexts:
            from tui.screens.pulse import open_pulse

            open_pulse(self, command.contexts)
        elif command.verb == "digest" and (command.contexts or command.filter):
            from tui.screens.digest import open_digest

            open_digest(self, command.contexts, command.filter)
        elif command.verb == "cli":
            self.copy_command()
        else:
            spec = self.services.keys.verbs.get(command.verb)
            name = spec.method.replace("do_", "verb_", 1) if spec is not None else ""
            told = getattr(self, name, None) or getattr(self.app, name, None) if name else None
            if told is not None and command.filter:
                told(command.filter)
            elif spec is not None:
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
