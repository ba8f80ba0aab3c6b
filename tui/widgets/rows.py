"""A pane of ready-made lines with a cursor: fields, tables, events, raw text, lists of resources."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from textual.message import Message

from adapters.model import FAULTY, Ref, Resource
from adapters.port import Schema
from tui.core.cells import Cell
from tui.core.columns import Column, cell, columns_for, fit, head_line
from tui.core.text import cut_shared, safe
from tui.styles.tokens import active
from tui.widgets.draw import Piece
from tui.widgets.lines import Line, LineList, gutter, piece, plain
from tui.widgets.sections import Row

TAKEN = 3
"""Columns of a pane that its lines do not have: cursor, mark, thumb."""


class RowsPane(LineList):
    """Lines that a function makes for the pane's width, so that they are made anew when it changes."""

    class Open(Message):
        """Enter on a line that stands for an object."""

        def __init__(self, pane: RowsPane, ref: Ref) -> None:
            super().__init__()
            self.pane = pane
            self.ref = ref

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.rows: Sequence[Row] = ()
        self._make: Callable[[int], Sequence[Row]] = lambda width: ()
        self._made_for = -1

    def show(self, make: Callable[[int], Sequence[Row]]) -> None:
        """The lines, given the width. The cursor keeps its place."""
        self._make = make
        self._made_for = -1
        self._remake()

    def _remake(self) -> None:
        width = self.size.width
        if width and self._made_for != width:
            self._made_for = width
            self.rows = list(self._make(width - TAKEN))
        self.clamp()
        self.refresh()

    def on_resize(self) -> None:
        self._remake()

    @property
    def _heads(self) -> Sequence[Row]:
        return self.rows[:1] if self.rows and self.rows[0].head else ()

    @property
    def count(self) -> int:
        return len(self.rows) - len(self._heads)

    @property
    def heads(self) -> int:
        return len(self._heads)

    def head(self, row: int, width: int) -> Line:
        return [piece("  "), *self._heads[row].pieces]

    def row(self, index: int) -> Row | None:
        return self.rows[index + self.heads] if 0 <= index < self.count else None

    @property
    def current(self) -> Row | None:
        return self.row(self.cursor)

    def line(self, index: int, width: int, *, selected: bool) -> Line:
        row = self.row(index)
        return [*gutter(selected), *(row.pieces if row else ())]

    def is_red(self, index: int) -> bool:
        row = self.row(index)
        return row is not None and row.red

    def text_of(self, index: int) -> str:
        row = self.row(index)
        return "" if row is None else row.full or plain(row.pieces)

    def open(self) -> None:
        self.open_line(self.cursor)

    def open_line(self, index: int) -> None:
        row = self.row(index)
        if row is not None and row.ref is not None:
            self.post_message(self.Open(self, row.ref))


class SidePane(RowsPane):
    """Rows beside another pane: nothing is chosen in it."""

    can_focus = False

    @property
    def shows_cursor(self) -> bool:
        return False

    def thumb(self, y: int) -> str:
        return " "

    def line(self, index: int, width: int, *, selected: bool) -> Line:
        row = self.row(index)
        return row.pieces if row else ()


def resource_rows(resources: Iterable[Resource], schema: Schema, width: int, now: float) -> list[Row]:
    """A small table of objects of one kind, in the columns of their list."""
    listed = list(resources)
    if not listed:
        return []
    columns = columns_for(listed[0].ref.kind, [schema], merged=False, width=width + TAKEN, sample=listed[:200])
    ascii = active().ascii
    rows = [Row(((head_line(columns, ascii=ascii)[2:], "muted"),), head=True)]
    main = next((column for column in columns if column.main), columns[0])
    names = cut_shared([safe(resource.name) for resource in listed], main.width, ascii)
    for resource, name in zip(listed, names, strict=True):
        rows.append(
            Row(
                tuple(_cells(columns, resource, name, now, ascii)),
                resource.ref,
                resource.state in FAULTY,
                safe(resource.name),
            )
        )
    return rows


def _cells(columns: Sequence[Column], resource: Resource, name: str, now: float, ascii: bool) -> list[Piece]:
    pieces: list[Piece] = []
    for index, column in enumerate(columns):
        if index:
            pieces.append(("  ", "text"))
        drawn = cell(column, resource, now, ascii=ascii)
        if column.main and len(drawn.spans) == 1:  # names are cut so that the end that differs stays
            drawn = Cell(((name, drawn.spans[0][1]),))
        pieces += fit(drawn, column, ascii)
    return pieces
