"""What the console shows when nothing is configured: the demo, and how to add a context."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.app import ComposeResult

from tui import keys
from tui.paths import config_path
from tui.screens.base import GridScreen
from tui.widgets.choices import Choices
from tui.widgets.draw import Piece

WANTS_DEMO = 64
"""The app's result that asks the command line to run the demo; no exit code of its own is that high."""


@dataclass(frozen=True, slots=True)
class Choice:
    title: str
    what: str
    verb: str
    peek: str


class FirstScreen(GridScreen):
    """Focus on Demo, the harmless one. Nothing has been contacted."""

    where = keys.CONTEXTS

    def body(self) -> ComposeResult:
        path, _ = config_path()
        self.entries: dict[str, Choice] = {
            "demo": Choice(
                "Demo",
                "simulated backends on this machine",
                "open",
                "Demo: simulates a cluster here and opens its runs; nothing real is touched",
            ),
            "config": Choice(
                "Your editor",
                str(path),
                "copy path",
                "runyard config init writes an example there; runyard config check reads it",
            ),
        }
        rows: list[tuple[str, Sequence[Piece]]] = [
            ("", [("  Try it, nothing real is touched", "muted")]),
            ("demo", self._row("demo")),
            ("", []),
            ("", [("  By hand", "muted")]),
            ("config", self._row("config")),
            ("", []),
            ("", [("  A context is one connection to one backend:", "muted")]),
            ("", [("    runyard config init        writes an example with every key", "muted")]),
            ("", [("    runyard config check       says everything that is wrong at once", "muted")]),
            ("", [("    runyard contexts --check   asks each one whether it answers", "muted")]),
        ]
        self.choices = Choices(rows, self._said)
        yield self.choices

    def _row(self, id: str) -> list[Piece]:
        entry = self.entries[id]
        return [(f" {entry.title:<18}  ", "text"), (f"{entry.what:<46}", "muted"), (entry.verb, "accent")]

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
        if self.choices.current == "demo":
            self.app.exit(WANTS_DEMO)
        elif self.choices.current == "config":
            path, _ = config_path()
            self.console.copy(str(path))
            self.message(f"copied {path}", "muted")
