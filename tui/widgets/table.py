"""The table of live objects: line API over a sequence of refs, cursor and marks by Ref, never by row number.

Only what is visible is ever asked of the model. A cursor move repaints two lines; new data repaints the
visible lines whose cells differ. The table keeps its own first line instead of Textual's scroll offset,
because a changed row count would otherwise lay out the whole screen anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol, TypeAlias

from rich.segment import Segment
from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from adapters.frozen import dataclass
from adapters.model import Ref
from adapters.port import SortKey
from tui.core.columns import Cell, Column, fit, head_line
from tui.styles import tokens
from tui.widgets.draw import blank, strip

GUTTER = 2
GAP = 2
WHEEL = 3


class TableModel(Protocol):
    """What a table shows. `refs` is in display order; `index` is its inverse."""

    @property
    def refs(self) -> Sequence[Ref]: ...

    def index(self, ref: Ref) -> int | None: ...

    def cells(self, ref: Ref, columns: Sequence[Column]) -> tuple[Cell, ...]:
        """One cell per column, unpadded."""

    def flag(self, ref: Ref) -> str:
        """Column 2: one of `*~+'` or a blank."""


@dataclass(frozen=True, slots=True)
class Row:
    """Everything that one painted line depends on; two equal rows are the same line."""

    cells: tuple[Cell, ...]
    flag: str
    selected: bool
    thumb: bool


Painted: TypeAlias = tuple[Ref, Row] | None


class ResourceTable(ScrollView, inherit_bindings=False):
    """Rows of a model under one head line. It has no keys of its own: the screen moves the cursor."""

    DEFAULT_CSS = """
    ResourceTable { height: 1fr; overflow: hidden hidden; scrollbar-size: 0 0; }
    """
    can_focus = False

    @dataclass
    class Moved(Message):
        """The cursor is on another object, or on none."""

        ref: Ref | None
        by_user: bool

    @dataclass
    class Opened(Message):
        ref: Ref

    @dataclass
    class SortClicked(Message):
        column: str

    def __init__(self, model: TableModel, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.model = model
        self.columns: Sequence[Column] = ()
        self.sort: Sequence[SortKey] = ()
        self.cursor: Ref | None = None
        self.top = 0
        self.first_column = 0
        self.touched = False
        self._index = 0
        self._lifted = 0
        self._clicked: Ref | None = None
        self._painted: dict[int, Painted] = {}
        self._strips: dict[Ref, tuple[Row, Strip]] = {}

    # what is where

    @property
    def lines(self) -> int:
        """How many rows fit."""
        return max(0, self.size.height - 1)

    @property
    def cursor_index(self) -> int:
        return self._index

    @property
    def shown_columns(self) -> list[Column]:
        """The columns as scrolled sideways: state and name stay, of the others whole columns go."""
        if not self.first_column:
            return list(self.columns)
        fixed = [column for index, column in enumerate(self.columns) if index == 0 or column.main]
        return [*fixed, *[column for column in self.columns if column not in fixed][self.first_column :]]

    def visible_refs(self) -> Sequence[Ref]:
        return self.model.refs[self.top : self.top + self.lines]

    # changes from outside

    def set_columns(self, columns: Sequence[Column], sort: Sequence[SortKey]) -> None:
        if list(columns) == list(self.columns) and tuple(sort) == tuple(self.sort):
            return
        self.columns, self.sort = list(columns), tuple(sort)
        self.first_column = min(self.first_column, max(0, len(self.columns) - 3))
        self._strips.clear()
        self._painted.clear()
        self.refresh()

    def scroll_columns(self, by: int) -> None:
        """Scroll sideways by whole columns; state and name stay."""
        wanted = max(0, min(self.first_column + by, len(self.columns) - 3))
        overflow = sum(column.width + GAP for column in self.columns) - GAP > self.size.width - GUTTER - 1
        if not overflow:
            wanted = 0
        if wanted != self.first_column:
            self.first_column = wanted
            self.repaint()

    def repaint(self) -> None:
        """Draw everything anew: the theme or the geometry is another."""
        self._strips.clear()
        self._painted.clear()
        self.refresh()

    def reload(self, *, anchor: bool = True, lost_to_top: bool = False) -> None:
        """The model's rows or cells have changed: keep the line being read where it is, repaint what differs.

        The cursor stays on its object; if that is gone, on the same row number, or with `lost_to_top` on the
        first row. Until somebody has moved it, and while `anchor` is False, it stays on the first row.
        """
        refs = self.model.refs
        before = self.cursor
        if not refs:
            self.cursor, self._index, self.top = None, 0, 0
        else:
            line = self._index - self.top
            found = self.model.index(self.cursor) if self.cursor is not None else None
            if not self.touched and not anchor:
                found = 0
            if found is None:
                found = 0 if lost_to_top else min(self._index, len(refs) - 1)
            self._index, self.cursor = found, refs[found]
            self.top = found - line
            self._clamp()
        if self.cursor != before:
            self.post_message(self.Moved(self.cursor, by_user=False))
        self.repaint_changed()

    def repaint_changed(self, lines: Iterable[int] | None = None) -> None:
        """Repaint the visible lines that would look different now; only `lines` can, where they are given."""
        if not self.is_mounted or self.size.height == 0:
            return
        for y in range(self.lines) if lines is None else lines:
            if y in self._painted:
                before, after = self._painted[y], self._line(y)
                if before != after:
                    del self._painted[y]
                    self.refresh(*self._regions(y + 1, before, after))
        if len(self._strips) > 4 * max(1, self.lines):
            self._strips.clear()

    def _regions(self, y: int, before: Painted, after: Painted) -> list[Region]:
        """What of a line must be sent again: an age that counts on costs its own cells, not the whole line."""
        whole = [Region(0, y, self.size.width, 1)]
        if before is None or after is None or before[0] != after[0]:
            return whole
        old, new = before[1], after[1]
        if (old.flag, old.selected, old.thumb) != (new.flag, new.selected, new.thumb):
            return whole
        regions, left = [], GUTTER
        for column, was, now in zip(self.shown_columns, old.cells, new.cells, strict=True):
            if was != now:
                regions.append(Region(left, y, column.width, 1))
            left += column.width + GAP
        return regions

    # the cursor

    def move(self, by: int) -> None:
        self.move_to(self._index + by)

    def page(self, by: int) -> None:
        self.move(by * max(1, self.lines - 1))

    def move_to(self, index: int) -> None:
        """Put the cursor on a row number; the user did it."""
        refs = self.model.refs
        if not refs:
            return
        self.touched = True
        index = max(0, min(index, len(refs) - 1))
        if index == self._index and self.cursor is not None:
            return
        before, self._index, self.cursor = self._index, index, refs[index]
        top = self.top
        self._clamp()
        if self.top != top:
            self._lifted = 0
        self.post_message(self.Moved(self.cursor, by_user=True))
        if self.top != top:
            self._painted.clear()
            self.refresh(Region(0, 1, self.size.width, self.lines))
        else:
            self.repaint_changed((before - top, index - top))

    def select(self, ref: Ref) -> bool:
        """Put the cursor on an object; False when it is not among the rows."""
        index = self.model.index(ref)
        if index is None:
            return False
        self.move_to(index)
        return True

    def place(self, ref: Ref | None, top: int) -> None:
        """Restore cursor and first line exactly, as far as the rows allow."""
        index = self.model.index(ref) if ref is not None else None
        if index is not None:
            self._index, self.cursor = index, ref
        self.top, self._lifted = top, 0
        self.reload()

    def _clamp(self) -> None:
        lines, count = max(1, self.lines), len(self.model.refs)
        self.top = max(self._index - lines + 1, min(self.top, self._index))
        self.top = max(0, min(self.top, count - lines))

    # drawing

    def _line(self, y: int) -> tuple[Ref, Row] | None:
        index = self.top + y
        refs = self.model.refs
        if index >= len(refs):
            return None
        ref = refs[index]
        cells = self.model.cells(ref, self.shown_columns)
        return ref, Row(cells, self.model.flag(ref), ref == self.cursor, self._thumb(y))

    def _thumb(self, y: int) -> bool:
        lines, count = self.lines, len(self.model.refs)
        if count <= lines or lines == 0:
            return False
        size = max(1, lines * lines // count)
        start = round(self.top * (lines - size) / max(1, count - lines))
        return start <= y < start + size

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        if y == 0:
            return self._head(width)
        found = self._line(y - 1)
        self._painted[y - 1] = found
        if found is None:
            return blank(width)
        ref, row = found
        cached = self._strips.get(ref)
        if cached is not None and cached[0] == row and cached[1].cell_length == width:
            return cached[1]
        drawn = self._draw(row, width)
        self._strips[ref] = (row, drawn)
        return drawn

    def _head(self, width: int) -> Strip:
        palette = tokens.active()
        muted, accent = palette.style("muted", ground="surface"), palette.style("accent", ground="surface")
        plain = head_line(self.shown_columns, (), palette.ascii).ljust(width)
        text = head_line(self.shown_columns, self.sort[:1], palette.ascii).ljust(width)
        at = next((index for index, pair in enumerate(zip(plain, text, strict=False)) if pair[0] != pair[1]), width)
        segments = [Segment(text[:at], muted), Segment(text[at : at + 1], accent), Segment(text[at + 1 :], muted)]
        return Strip(segments).adjust_cell_length(width, muted)

    def _draw(self, row: Row, width: int) -> Strip:
        ascii = tokens.active().ascii
        stale = row.flag == "~"
        bar = ("|" if ascii else "▌") if row.selected else " "
        pieces = [(bar, "accent"), (row.flag, "accent" if row.flag == "*" else "stale" if stale else "text")]
        for column, drawn in zip(self.shown_columns, row.cells, strict=True):
            pieces += [(text, "stale" if stale else token) for text, token in fit(drawn, column, ascii)]
            pieces.append((" " * GAP, "text"))
        body = strip(pieces, max(0, width - 1), selected=row.selected)
        thumb = ("#" if ascii else "▐") if row.thumb else " "
        return Strip.join([body, strip([(thumb, "muted")], 1, selected=row.selected)])

    # events

    def on_resize(self) -> None:
        """A sheet below pushes the cursor row up into view; when it is gone everything comes back exactly."""
        before = self.top
        self.top -= self._lifted
        self._clamp()
        wanted = before - self._lifted
        self._lifted = self.top - wanted if wanted >= 0 else 0
        self.repaint()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._strips.clear()

    def _on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        event.prevent_default()
        self.move(WHEEL)

    def _on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        event.prevent_default()
        self.move(-WHEEL)

    def on_click(self, event: events.Click) -> None:
        event.stop()
        if getattr(self.screen, "asking", False):  # what a sheet asks about must not move behind it
            return
        if event.y == 0:
            column = self.column_at(event.x)
            if column is not None:
                self.post_message(self.SortClicked(column.id))
            return
        index = self.top + event.y - 1
        if index >= len(self.model.refs):
            return
        self.move_to(index)
        # The first click of a double one may have been on a sheet that is gone now, or on another row.
        first, self._clicked = self._clicked, self.cursor
        if event.chain == 2 and self.cursor is not None and first == self.cursor:
            self.post_message(self.Opened(self.cursor))

    def column_at(self, x: int) -> Column | None:
        left = GUTTER
        for column in self.shown_columns:
            if left <= x < left + column.width + GAP:
                return column
            left += column.width + GAP
        return None
