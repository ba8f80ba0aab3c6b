"""Every word that command mode knows, the shorter ones beside what they stand for; enter goes there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from adapters.actions import ACTION_ALIASES
from adapters.model import KIND_ALIASES, Kind
from tui.commands import CommandLine
from tui.core.text import cut, pad, safe
from tui.keys import WORDS
from tui.widgets.draw import Piece
from tui.widgets.keybar import Hint
from tui.widgets.sheet import LinesSheet

if TYPE_CHECKING:
    from tui.screens.base import GridScreen


class AliasSheet(LinesSheet):
    """The config's own first; kinds, those that no context has dim; then the words, then the actions."""

    def __init__(self, host: GridScreen) -> None:
        super().__init__()
        self.host = host
        self.title_left, self.title_right = "ALIASES  what : knows", "and every key by its name"
        self.heads = [[(f"  {'WORD':<12}  {'ALSO':<44}  WHAT", "muted")]]
        self.words: list[str] = []
        self.rows = self._rows()
        self.cursor = 0

    def _rows(self) -> list[list[Piece]]:
        schemas = self.host.services.schemas.values()
        kinds = {kind for schema in schemas for kind in schema.kinds}
        actions = {spec.id: spec.title for schema in schemas for spec in schema.actions}
        own = self.host.services.config.aliases
        rows = [self._row(name, (), cut(safe(meant), 60)) for name, meant in own.items()]
        for kind in Kind:
            also = [word for word, meant in KIND_ALIASES.items() if meant is kind and word != kind.plural]
            what = "list" if kind in kinds else "no context has it"
            rows.append(self._row(kind.plural, also, what, kind in kinds))
        for meant in dict.fromkeys(WORDS.values()):
            also = [word for word, verb in WORDS.items() if verb == meant and word != meant]
            rows.append(self._row(meant, also, "command"))
        for id in actions:
            also = [word for word, meant in ACTION_ALIASES.items() if meant == id]
            rows.append(self._row(id, also, "action, asks first"))
        return rows

    def _row(self, word: str, also: Sequence[str], what: str, live: bool = True) -> list[Piece]:
        self.words.append(word if live else "")
        key, text = ("key", "text") if live else ("muted", "muted")
        return [(f" {pad(word, 12)}  ", key), (f"{pad(' '.join(also), 44)}  ", text), (what, "muted")]

    def hints(self) -> Sequence[Hint]:
        return (("enter", "type it", True), ("esc", "close", True))

    def chosen(self, index: int) -> None:
        """Begin a command with the word: whoever looks it up may want a context or a filter with it."""
        if self.words[index]:
            self.close()
            CommandLine(self.host).start(self.words[index])

    def press(self, key: str, character: str | None) -> bool:
        turned = {"j": "down", "k": "up", "g": "home", "G": "end", "q": "escape"}.get(key, key)
        return super().press(turned, character)
