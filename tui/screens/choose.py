"""A sheet to choose one of a few things: letters search, only enter takes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tui.widgets.draw import Piece
from tui.widgets.keybar import Hint
from tui.widgets.sheet import LinesSheet


class ChooseSheet(LinesSheet):
    """`choices` are (id, text); `on_choose(id)` runs after the sheet is gone."""

    def __init__(self, title: str, choices: Sequence[tuple[str, str]], on_choose: Callable[[str], None]) -> None:
        super().__init__()
        self.title_left, self.title_right = title, "type to find"
        self.choices = list(choices)
        self.on_choose = on_choose
        self.typed = ""
        self.cursor = 0
        self._fill()

    @property
    def matching(self) -> list[tuple[str, str]]:
        typed = self.typed.lower()
        return [choice for choice in self.choices if typed in f"{choice[0]} {choice[1]}".lower()]

    def _fill(self) -> None:
        self.rows = [[(f"  {text}", "text")] for _, text in self.matching]
        self.cursor = min(self.cursor or 0, max(0, len(self.rows) - 1))
        self.first = 0
        self.title_right = f"find {self.typed}" if self.typed else "type to find"

    def wanted_lines(self, most: int) -> int:
        return min(most, 1 + len(self.choices))

    def hints(self) -> Sequence[Hint]:
        return (("enter", "choose", True), ("esc", "close", True))

    def peek(self) -> Sequence[Sequence[Piece]]:
        return [[("letters search, only enter chooses", "muted")]]

    def chosen(self, index: int) -> None:
        if index < len(self.matching):
            id = self.matching[index][0]
            self.close()
            self.on_choose(id)

    def press(self, key: str, character: str | None) -> bool:
        if super().press(key, character):
            return True
        if key == "backspace":
            self.typed = self.typed[:-1]
        elif character is not None and character.isprintable():
            self.typed += character
        else:
            return False
        self._fill()
        self.refresh()
        return True
