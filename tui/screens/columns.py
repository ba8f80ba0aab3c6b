"""The columns of a list: which, in which order, how wide. The table above follows at once; enter keeps it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from tui.core.columns import CHOICE_FROM, known_columns
from tui.core.memory import NARROWEST, WIDEST, ColumnChoice
from tui.core.text import pad, safe
from tui.styles import tokens
from tui.widgets.draw import Piece
from tui.widgets.keybar import Hint
from tui.widgets.sheet import LinesSheet

if TYPE_CHECKING:
    from tui.screens.listtable import ListTable


class ColumnsSheet(LinesSheet):
    """Every column there is, those of the table marked; whatever closes it without `enter` changes nothing."""

    def __init__(self, host: ListTable) -> None:
        super().__init__()
        self.host = host
        self.before = self.choice = host.choice
        schemas = [host.services.schemas[name] for name in host.supporting()]
        merged, width = len(schemas) > 1, max(host.size.width, CHOICE_FROM)
        self.every = known_columns(host.kind, schemas, merged=merged, width=width, wide=True)
        self.usual = {column.id for column in known_columns(host.kind, schemas, merged=merged, width=width)}
        self.title_left, self.title_right = f"COLUMNS of {host.kind.plural}", "kept for every context"
        self.cursor = 0
        self.on_close = self._put_back
        self._fill()

    def _fill(self) -> None:
        self.order = self.choice.ordered(self.every)
        self.there = {column.id: column.width for column in self.host.columns_of(self.choice)}
        self.rows = [self._row(index) for index in range(len(self.order))]

    def _row(self, index: int) -> list[Piece]:
        column = self.order[index]
        shown = column.id in self.there
        sign = ("x" if tokens.active().ascii else "✓") if shown else " "
        title = pad(safe(column.title or column.id), 16)
        width = self.choice.widths.get(column.id)
        size = f"{width} wide" if width is not None else ""
        if not shown and self.choice.shows(column, self.usual):
            size = f"{size}  no room at {self.host.size.width}".strip()
        what = "own" if column.own else ""
        return [
            (f" {sign} ", "accent"),
            (f"{title} ", "text" if shown else "muted"),
            (f"{column.id:<16}  {what:<3}  {size}", "muted"),
        ]

    def hints(self) -> Sequence[Hint]:
        return (("space", "show", True), ("J K", "move", True), ("← →", "width", True), ("enter", "keep", True))

    def fixed_hints(self) -> Sequence[Hint]:
        return (("R", "reset", True), ("esc", "as it was", True))

    def peek(self) -> Sequence[Sequence[Piece]]:
        return [[("space shows or hides, J and K move, ← and → set the width, R resets", "muted")]]

    def press(self, key: str, character: str | None) -> bool:
        at = self.cursor or 0
        column = self.order[at]
        if key == "space":
            self._toggle(at)
        elif key in ("J", "shift-down", "K", "shift-up"):
            self._carry(at, 1 if key in ("J", "shift-down") else -1)
        elif key in ("left", "right"):
            width = self.choice.widths.get(column.id) or self.there.get(column.id) or column.min
            wider = max(NARROWEST, min(width + (1 if key == "right" else -1), WIDEST))
            self._now(replace(self.choice, widths={**self.choice.widths, column.id: wider}))
        elif key == "R":
            self._now(ColumnChoice())
        elif key == "enter":
            self._keep()
        elif key in ("j", "k"):
            self.move(1 if key == "j" else -1)
        else:
            return super().press(key, character)
        return True

    def chosen(self, index: int) -> None:
        self._toggle(index)

    def _toggle(self, index: int) -> None:
        column = self.order[index]
        if column.main:
            self.host.message("the name is always shown", "muted")
            return
        id, choice = column.id, self.choice
        if id in self.there or id in choice.show:
            hide = choice.hide | {id} if id in self.usual else choice.hide
            self._now(replace(choice, show=choice.show - {id}, hide=hide))
        else:
            self._now(replace(choice, show=choice.show | {id}, hide=choice.hide - {id}))

    def _carry(self, index: int, by: int) -> None:
        to = index + by
        if not 0 <= to < len(self.order):
            return
        names = [column.id for column in self.order]
        names[index], names[to] = names[to], names[index]
        self.cursor = to
        self._now(replace(self.choice, order=tuple(names)))
        self.show_cursor()

    def _now(self, choice: ColumnChoice) -> None:
        self.choice = choice
        self._fill()
        self.host.use_columns(choice)
        self.refresh()

    def _keep(self) -> None:
        self.before = self.choice
        self.close()
        self.host.keep_columns(self.choice)

    def _put_back(self) -> None:
        self.host.use_columns(self.before)
