"""Command mode: `:` goes to a kind, with contexts and a filter, or does an action; the rest is ghost text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar

from tui.completing import Completer, Option, word_start
from tui.core.commandline import CommandError, read
from tui.core.text import pad
from tui.widgets.draw import Piece
from tui.widgets.sheet import LinesSheet

if TYPE_CHECKING:
    from tui.screens.base import GridScreen

MOST_SHOWN, TALL = 6, 40
"""So many suggestions at a time; twice as many from so many lines on."""

HISTORY = 50
WORD = 28


class SuggestSheet(LinesSheet):
    """The best matches directly above the prompt, the best one lowest."""

    titled = False

    def __init__(self, take: Callable[[int], None], most: int) -> None:
        super().__init__()
        self.most = most
        self.take = take
        self.skipped = 0

    def chosen(self, index: int) -> None:
        """A click takes the word, as tab does."""
        self.take(self.skipped + len(self.rows) - 1 - index)

    def fill(self, options: Sequence[Option], chosen: int) -> None:
        """As many as fit, so that the chosen one is among them."""
        first = max(0, min(chosen - self.most + 1, len(options) - self.most))
        shown = list(options[first : first + self.most])
        self.skipped = first
        width = max((len(option.word) for option in shown), default=0)
        self.rows = [self._row(option, max(WORD, width)) for option in reversed(shown)]
        self.cursor = len(shown) - 1 - (chosen - first) if shown else None
        self.refresh()

    def _row(self, option: Option, width: int) -> list[Piece]:
        word = pad(option.word, width) if option.detail else option.word
        return [(f" {option.what:<8}  ", "muted"), (word, "text"), (f"  {option.detail}", "muted")]


class CommandLine:
    """One visit to the command line, opened on a screen."""

    past: ClassVar[list[str]] = []

    def __init__(self, screen: GridScreen) -> None:
        self.screen = screen
        self.services = screen.services
        self.verbs = [verb for verb in self.services.keys.verbs if verb not in ("command", "interrupt")]
        self.completer = Completer(screen, self.verbs)
        self.options: list[Option] = []
        self.picked = False
        self._typed = ""
        self.chosen = 0
        self._old = 0
        self.sheet: SuggestSheet | None = None

    def start(self, initial: str = "") -> None:
        self.prompt = self.screen.prompt(
            ":",
            initial,
            on_change=self._changed,
            on_done=self._done,
            on_key=self._key,
            hints=(
                ("tab", "take", True),
                ("↑ ↓", "choose", True),
                ("enter", "go", True),
                ("^p", "older", True),
                ("esc", "close", True),
            ),
        )
        self._suggest()

    # completion

    def _changed(self, text: str) -> None:
        if text == self._typed:  # only the choice has moved
            return
        self._typed = text
        self.chosen, self.picked = 0, False
        self._suggest()

    def _suggest(self) -> None:
        edit = self.prompt.edit
        self.options = self.completer.options(edit.text, edit.cursor)
        self.prompt.ghost = self._ghost()
        if not self.options:
            self._close_sheet()
            return
        if self.sheet is None:
            self.sheet = SuggestSheet(
                self._clicked, MOST_SHOWN if self.screen.size.height < TALL else 2 * MOST_SHOWN
            )
            self.sheet.fill(self.options, self.chosen)
            self.screen.open_sheet(self.sheet)
        self.sheet.fill(self.options, self.chosen)
        self.screen.size_sheet()

    def _clicked(self, option: int) -> None:
        self.chosen = option
        self._key("tab")
        self._suggest()
        self.screen.peek.refresh()

    def _ghost(self) -> str:
        edit = self.prompt.edit
        word = edit.text[word_start(edit.text, edit.cursor) :]
        if not self.options or edit.cursor != len(edit.text) or not (word or self.picked):
            return ""
        best = self.options[self.chosen].word
        return best[len(word) :] if best.lower().startswith(word.lower()) else ""

    def _take(self) -> None:
        """Put the chosen word in place of the one that was begun."""
        edit, word = self.prompt.edit, self.options[self.chosen].word
        start = word_start(edit.text, edit.cursor)
        tail = "" if word.endswith(("=", "/", "<", "@")) else " "
        edit.text = edit.text[:start] + word + tail + edit.text[edit.cursor :].lstrip()
        edit.cursor = start + len(word) + len(tail)

    def _key(self, key: str) -> bool:
        if key == "tab":
            if self.options:
                self._take()
        elif key in ("up", "down") and self.options:
            self.chosen = (self.chosen + (1 if key == "up" else -1)) % len(self.options)
            self.picked = True
            self.prompt.ghost = self._ghost()
            if self.sheet is not None:
                self.sheet.fill(self.options, self.chosen)
            self.screen.peek.refresh()
            return True
        elif key == "enter" and self.picked and self.options:
            self._take()  # what was gone to is what is meant
            self.picked = False
            return False
        elif key in ("ctrl-p", "ctrl-n") and self.past:
            self._old = max(0, min(self._old + (1 if key == "ctrl-p" else -1), len(self.past)))
            self.prompt.edit.set(self.past[-self._old] if self._old else "")
        else:
            return key in ("tab", "ctrl-p", "ctrl-n")
        return True

    def _close_sheet(self) -> None:
        if self.sheet is not None:
            if self.screen.sheet is self.sheet:
                self.screen.close_sheet()
            self.sheet = None

    # doing

    def _done(self, text: str | None) -> None:
        self._close_sheet()
        if text is None or not text.strip():
            return
        if not self.past or self.past[-1] != text:
            self.past.append(text)
            del self.past[:-HISTORY]
        try:
            aliases = self.services.config.aliases
            self.screen.run_command(read(text, list(self.services.adapters), self.verbs, aliases))
        except CommandError as error:
            self.screen.message(str(error), "failed")
