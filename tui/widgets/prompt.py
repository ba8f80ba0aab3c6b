"""A line of text being typed, as plain data; the peek line draws it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

LIMIT = 2000
WORD_STOPS = " =~<>!@/,"


@dataclass
class LineEdit:
    """Text and cursor with the usual editing keys of a shell."""

    text: str = ""
    cursor: int = 0

    def set(self, text: str) -> None:
        self.text, self.cursor = text[:LIMIT], len(text[:LIMIT])

    def insert(self, text: str) -> None:
        clean = "".join(char for char in text if char.isprintable())
        room = LIMIT - len(self.text)
        clean = clean[: max(0, room)]
        self.text = self.text[: self.cursor] + clean + self.text[self.cursor :]
        self.cursor += len(clean)

    def press(self, key: str, character: str | None) -> bool:
        """Apply a key, named as in the key table; False when it is not an editing key."""
        before = self.text, self.cursor
        if key == "backspace":
            if self.cursor:
                self.text = self.text[: self.cursor - 1] + self.text[self.cursor :]
                self.cursor -= 1
        elif key in ("delete", "ctrl-d"):
            self.text = self.text[: self.cursor] + self.text[self.cursor + 1 :]
        elif key in ("left", "ctrl-b"):
            self.cursor = max(0, self.cursor - 1)
        elif key in ("right", "ctrl-f"):
            self.cursor = min(len(self.text), self.cursor + 1)
        elif key in ("home", "ctrl-a"):
            self.cursor = 0
        elif key in ("end", "ctrl-e"):
            self.cursor = len(self.text)
        elif key == "ctrl-u":
            self.text, self.cursor = self.text[self.cursor :], 0
        elif key == "ctrl-k":
            self.text = self.text[: self.cursor]
        elif key in ("ctrl-w", "alt-backspace"):
            self._erase_word()
        elif character is not None and character.isprintable() and len(character) == 1:
            self.insert(character)
        else:
            return False
        return before != (self.text, self.cursor) or key != "right"

    def _erase_word(self) -> None:
        start = self.cursor
        while start and self.text[start - 1] in WORD_STOPS:
            start -= 1
        while start and self.text[start - 1] not in WORD_STOPS:
            start -= 1
        self.text = self.text[:start] + self.text[self.cursor :]
        self.cursor = start


@dataclass
class Prompt:
    """One question on the prompt line. `lead` stands before the text, `ghost` after it, muted.

    `on_change(text)` after every edit, `on_done(text)` on enter, `on_done(None)` on escape; `on_key(key)` is asked
    first and says whether it took the key (completion, history). The text of a `secret` one is never drawn.
    """

    lead: str
    edit: LineEdit = field(default_factory=LineEdit)
    ghost: str = ""
    hint: str = ""
    secret: bool = False
    hints: Sequence[tuple[str, str, bool]] = ()
    on_change: Callable[[str], None] = lambda text: None
    on_done: Callable[[str | None], None] = lambda text: None
    on_key: Callable[[str], bool] = lambda key: False

    def press(self, key: str, character: str | None) -> str:
        """Apply a key: `done`, `cancelled`, `changed` or `ignored`."""
        if self.on_key(key):
            return "changed"
        if key in ("escape", "ctrl-c", "ctrl-g"):
            return "cancelled"
        if key == "enter":
            return "done"
        if key == "right" and self.ghost and self.edit.cursor == len(self.edit.text):
            self.edit.insert(self.ghost)
            return "changed"
        if self.edit.press(key, character):
            return "changed"
        return "ignored"
