"""What the console shows when nothing is configured: the demo, what is on this machine, and a form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.app import ComposeResult

from adapters.discovery import Found
from tui import keys
from tui.core.text import cut, pad, safe
from tui.oneshot.failure import WANTS_DEMO
from tui.screens.base import GridScreen
from tui.screens.configedit import edit_config
from tui.screens.contextform import ContextForm, found_here, target
from tui.widgets.choices import Choices
from tui.widgets.draw import Piece

TITLE, WHAT = 18, 43
"""Columns of a line; its verb stands behind them."""


@dataclass(frozen=True, slots=True)
class Choice:
    title: str
    what: str
    verb: str
    peek: str
    found: Found | None = None


class FirstScreen(GridScreen):
    """Focus on Demo, the harmless one. Nothing has been contacted."""

    where = keys.CONTEXTS

    def body(self) -> ComposeResult:
        self.path = target(self.services)
        self.entries = {
            "demo": Choice(
                "Demo",
                "five simulated backends on this machine",
                "open",
                "Demo: simulates a cluster here and opens its runs; nothing real is touched",
            ),
            **{f"found-{number}": _offer(found) for number, found in enumerate(found_here())},
            "form": Choice(
                "New context",
                "a form that checks before it writes",
                "open",
                "a context is one connection to one backend; nobody is contacted before you say so",
            ),
            "config": Choice(
                "Your editor",
                str(self.path),
                "open",
                "opens it, from an example with every key where there is none; what is in it then is used at once",
            ),
        }
        self.choices = Choices(self._rows(), self._said)
        yield self.choices

    def _rows(self) -> list[tuple[str, Sequence[Piece]]]:
        found = [id for id in self.entries if id.startswith("found-")]
        rows = [("", []), *self._group("Try it, nothing real is touched", ["demo"])]
        if found:
            rows += self._group("Found here, used only after your yes", found)
        return rows + self._group("By hand", ["form", "config"])

    def _group(self, title: str, ids: Sequence[str]) -> list[tuple[str, Sequence[Piece]]]:
        return [("", [(f"  {title}", "muted")]), *((id, self._row(id)) for id in ids), ("", [])]

    def _row(self, id: str) -> list[Piece]:
        entry = self.entries[id]
        what = pad(cut(safe(entry.what), WHAT), WHAT)
        return [(f" {pad(entry.title, TITLE)}  ", "text"), (f"{what}  ", "muted"), (entry.verb, "accent")]

    def on_mount(self) -> None:
        self.set_crumbs(["runyard"])
        self.set_freshness("no context yet")
        self.set_counts_text([("nothing is configured and nothing has been contacted", "muted")])
        self.key_hints(
            [("enter", "choose", True), ("j k", "move", True), (":q", "quit", True)], fixed=(("?", "help", True),)
        )
        self._said("demo")

    def _said(self, id: str) -> None:
        if id in self.entries:
            self.set_peek(self.entries[id].peek)

    def update_peek(self) -> None:
        self._said(self.choices.current)

    def do_down(self) -> None:
        self.choices.move(1)

    def do_up(self) -> None:
        self.choices.move(-1)

    def do_top(self) -> None:
        self.choices.move(-len(self.entries))

    def do_bottom(self) -> None:
        self.choices.move(len(self.entries))

    def on_choices_chosen(self, event: Choices.Chosen) -> None:
        self.do_open()

    def do_open(self) -> None:
        chosen = self.choices.current
        if chosen == "demo":
            self.app.exit(WANTS_DEMO)
        elif chosen == "config":
            self.run_worker(edit_config(self, self.path), group="editor", exclusive=True, exit_on_error=True)
        else:
            self.open_sheet(ContextForm(self, self.entries[chosen].found))


def _offer(found: Found) -> Choice:
    more = f"; it asks for {' and '.join(found.missing)}" if found.missing else ""
    peek = f"{found.title}: opens the form with what is there{more}; nobody is contacted yet"
    return Choice(found.title, found.says, "check, add", peek, found)
