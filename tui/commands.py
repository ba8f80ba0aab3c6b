"""Command mode: `:` goes to a kind, with contexts and a filter, or does an action; the rest is ghost text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from adapters.actions import ACTION_ALIASES, ACTION_IDS
from adapters.model import ALL_CONTEXTS, KIND_ALIASES, Kind, Ref
from adapters.names import nearest
from tui.core.apicall import completions as api_completions
from tui.core.query import completions
from tui.core.values import fields_for
from tui.keys import WORDS
from tui.widgets.sheet import LinesSheet

if TYPE_CHECKING:
    from tui.screens.base import GridScreen

MOST_SHOWN = 6
HISTORY = 50


class CommandError(ValueError):
    """One sentence: what is wrong with a command, and the nearest right word."""


@dataclass(frozen=True, slots=True)
class Command:
    """What a line means: exactly one of `kind`, `verb`, `action`, `ref`."""

    kind: Kind | None = None
    verb: str = ""
    action: str = ""
    ref: Ref | None = None
    contexts: tuple[str, ...] = ()
    filter: str = ""


def read(text: str, contexts: Sequence[str], verbs: Sequence[str]) -> Command:
    """Parse a command line. Raises CommandError."""
    head, _, rest = text.strip().partition(" ")
    scope, tail = scoped(rest)
    for name in scope:
        if name != ALL_CONTEXTS and name not in contexts:
            raise CommandError(f"no context {name!r}{nearest(name, [*contexts, ALL_CONTEXTS])}")
    chosen = tuple(contexts) if ALL_CONTEXTS in scope else tuple(scope)
    lower = head.lower()
    filter = tail if lower == "api" else " ".join(tail.split())  # blanks mean something within JSON
    if "/" in head:
        try:
            ref = Ref.parse(head)
        except ValueError as error:
            raise CommandError(str(error)) from None
        if ref.context not in contexts:
            raise CommandError(f"no context {ref.context!r}{nearest(ref.context, contexts)}")
        return Command(ref=ref)
    if lower in WORDS:
        return Command(verb=WORDS[lower], contexts=chosen, filter=filter)
    if lower in KIND_ALIASES:
        return Command(kind=KIND_ALIASES[lower], contexts=chosen, filter=filter)
    if lower in ACTION_IDS or lower in ACTION_ALIASES:
        return Command(action=lower, contexts=chosen, filter=filter)
    if lower in verbs:
        return Command(verb=lower, contexts=chosen, filter=filter)
    known = [*WORDS, *(kind.plural for kind in Kind), *ACTION_IDS, *verbs]
    raise CommandError(f"no command {head!r}{nearest(head, known)}")


def scoped(text: str) -> tuple[list[str], str]:
    """The contexts that `@a,b` in front names, and what follows."""
    names: list[str] = []
    rest = text.strip()
    while rest.startswith("@"):
        word, _, rest = rest.partition(" ")
        names += [name for name in word[1:].split(",") if name]
        rest = rest.lstrip()
    return names, rest


class SuggestSheet(LinesSheet):
    """The best matches directly above the prompt, the best one lowest."""

    titled = False

    def __init__(self, take: Callable[[int], None]) -> None:
        super().__init__()
        self.take = take

    def chosen(self, index: int) -> None:
        """A click takes the word, as tab does."""
        self.take(len(self.rows) - 1 - index)

    def fill(self, rows: Sequence[tuple[str, str]], cursor: int) -> None:
        shown = list(reversed(rows))
        self.rows = [[(f" {what:<8}  ", "muted"), (word, "text")] for word, what in shown]
        self.cursor = len(shown) - 1 - cursor if shown else None
        self.refresh()


class CommandLine:
    """One visit to the command line, opened on a screen."""

    past: ClassVar[list[str]] = []

    def __init__(self, screen: GridScreen) -> None:
        self.screen = screen
        self.services = screen.services
        self.verbs = [spec.id for spec in self.services.keys.specs if spec.id not in ("command", "interrupt")]
        self.options: list[tuple[str, str]] = []
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

    # completion

    def _changed(self, text: str) -> None:
        self.chosen = 0
        self._suggest()

    def _suggest(self) -> None:
        self.options = self._options() if self.prompt.edit.text else []
        self.prompt.ghost = self._ghost()
        if not self.options:
            self._close_sheet()
            return
        if self.sheet is None:
            self.sheet = SuggestSheet(self._clicked)
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
        if not self.options or edit.cursor != len(edit.text):
            return ""
        word = edit.text[self._start() :]
        best = self.options[self.chosen][0]
        return best[len(word) :] if best.lower().startswith(word.lower()) else ""

    def _start(self) -> int:
        return self.prompt.edit.text.rfind(" ", 0, self.prompt.edit.cursor) + 1

    def _options(self) -> list[tuple[str, str]]:
        """(word, what it is) for the word before the cursor, best first."""
        text = self.prompt.edit.text
        start = self._start()
        word = text[start : self.prompt.edit.cursor].lower()
        if start == 0:
            return self._first_words(word)
        kind = KIND_ALIASES.get(text.split(" ", 1)[0].lower())
        if word.startswith("@"):
            typed = word[1:].rsplit(",", 1)[-1]
            names = [*self.services.adapters, ALL_CONTEXTS]
            lead = text[start : self.prompt.edit.cursor][: len(word) - len(typed)]
            return [(lead + name, "context") for name in names if name.lower().startswith(typed)][:MOST_SHOWN]
        if text.split(" ", 1)[0].lower() == "api":
            return self._api_words(text[:start], text[start : self.prompt.edit.cursor])
        if kind is None or not word:
            return []
        fields = fields_for(self.services.schemas.values(), kind)
        found = completions(text[start:], self.prompt.edit.cursor - start, fields)
        return [(name if "=" in name else f"{name}=", "field") for name in found][:MOST_SHOWN]

    def _api_words(self, before: str, word: str) -> list[tuple[str, str]]:
        """Methods of the contexts that are named or shown, then the parameters of the one that was typed."""
        named, rest = scoped(before.partition(" ")[2])
        adapters = self.services.adapters
        scope = [name for name in named if name in adapters] or self.screen.console.scope or tuple(adapters)
        methods = [spec for name in scope for spec in adapters[name].methods()]
        return api_completions(methods, rest, word)[:MOST_SHOWN]

    def _first_words(self, word: str) -> list[tuple[str, str]]:
        here = {kind for schema in self.services.schemas.values() for kind in schema.kinds}
        kinds = [(kind.plural, "kind") for kind in Kind if kind in here]
        actions = dict.fromkeys(spec.id for schema in self.services.schemas.values() for spec in schema.actions)
        known = [*kinds, ("contexts", "go"), ("quit", "session"), ("help", "look")]
        known += [("cli", "copy"), ("api", "call")]
        known += [(name, "action") for name in actions]
        known += [(verb, "key") for verb in self.verbs]
        seen: dict[str, str] = {}
        for name, what in known:
            seen.setdefault(name, what)
        return [(name, what) for name, what in seen.items() if name.startswith(word)][:MOST_SHOWN]

    def _key(self, key: str) -> bool:
        if key == "tab":
            if self.options:
                edit = self.prompt.edit
                start, word = self._start(), self.options[self.chosen][0]
                tail = "" if word.endswith("=") else " "
                edit.text = edit.text[:start] + word + tail + edit.text[edit.cursor :]
                edit.cursor = start + len(word) + len(tail)
        elif key in ("up", "down") and self.options:
            self.chosen = (self.chosen + (1 if key == "up" else -1)) % len(self.options)
            self.prompt.ghost = self._ghost()
            if self.sheet is not None:
                self.sheet.fill(self.options, self.chosen)
            self.screen.peek.refresh()
            return True
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
            self.screen.run_command(read(text, list(self.services.adapters), self.verbs))
        except CommandError as error:
            self.screen.message(str(error), "failed")
