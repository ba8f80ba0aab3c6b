"""A long text with search, folds and sideways scrolling: describe and raw."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import replace

from tui.widgets.draw import width_of
from tui.widgets.folding import Outline, outline
from tui.widgets.lines import Line, beyond, gutter, mark
from tui.widgets.rows import TAKEN, RowsPane
from tui.widgets.sections import Row

SIDE_STEP = 16


class DocumentView(RowsPane):
    """`hits` are the lines that match `needle`, ascending; lines below a closed one are not counted."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.needle = ""
        self.hits: list[int] = []
        self.every: Sequence[Row] = ()
        self.closed: set[str] = set()
        self.left = 0
        self._outline = Outline((), (), ())
        self._lines: list[int] = []

    # What is shown.

    def _remake(self) -> None:
        width = self.size.width
        if width and self._made_for != width:
            self._made_for = width
            self.every = list(self._make(width - TAKEN))
            self._outline = outline([row.full or "".join(text for text, _ in row.pieces) for row in self.every])
        self._fold()

    def _fold(self) -> None:
        """Leave out what is below closed lines; the cursor stays on its line, or goes to the one that hides it."""
        here = self._lines[self.cursor] if self.cursor < len(self._lines) else None
        self._lines = self._outline.shown(self.closed)
        self.rows = [self._row_of(line) for line in self._lines]
        if here is not None:
            self.cursor = max(0, bisect_right(self._lines, here) - 1)
        self._find()
        self.clamp()
        self.refresh()

    def _row_of(self, line: int) -> Row:
        row = self.every[line]
        if self._outline.places[line] not in self.closed or not self._outline.holds(line):
            return row
        hidden = range(line + 1, self._outline.ends[line])
        red = row.red or any(self.every[each].red for each in hidden)
        return replace(
            row, pieces=(*row.pieces, (f"  … {len(hidden):,} lines", "failed" if red else "accent")), red=red
        )

    def texts(self) -> list[str]:
        """Every line, the folded ones too."""
        return [row.full or "".join(text for text, _ in row.pieces) for row in self.every]

    def line(self, index: int, width: int, *, selected: bool) -> Line:
        row = self.row(index)
        return [*gutter(selected), *beyond(mark(row.pieces if row else (), self.needle), self.left)]

    # Folds, and sideways.

    def fold(self) -> None:
        """Back from the side; else close what is below this line, or go to the line that it is below."""
        if self.left:
            self.left = max(0, self.left - SIDE_STEP)
            self.refresh()
            return
        line = self._lines[self.cursor] if self._lines else 0
        if self._lines and self._outline.holds(line) and self._outline.places[line] not in self.closed:
            self.closed.add(self._outline.places[line])
            self._fold()
        elif self._lines and (parent := self._outline.parents[line]) is not None:
            self.move_to(self._lines.index(parent))

    def unfold(self) -> None:
        """Open what is closed here, else scroll sideways."""
        place = self._outline.places[self._lines[self.cursor]] if self._lines else ""
        if place in self.closed:
            self.closed.discard(place)
            self._fold()
        elif any(width_of(row.pieces) > self.left + self.size.width - TAKEN for row in self.rows):
            self.left += SIDE_STEP
            self.refresh()

    # Search.

    def search(self, needle: str) -> None:
        """Mark every match, unfolding where it is; the cursor goes to the first one at or below it."""
        self.needle = needle
        if needle and self.closed:
            for line in self._matching(self.texts()):
                self.closed -= self._outline.above(line)
            self._fold()
        self._find()
        if self.hits and self.cursor not in self.hits:
            self.move_to(self.hits[bisect_left(self.hits, self.cursor) % len(self.hits)])
        self.refresh()

    def _find(self) -> None:
        self.hits = self._matching([self.text_of(index) for index in range(self.count)]) if self.needle else []

    def _matching(self, texts: Sequence[str]) -> list[int]:
        needle = self.needle
        fold = needle == needle.lower()
        return [i for i, text in enumerate(texts) if needle in (text.lower() if fold else text)]

    def next_hit(self, step: int) -> None:
        """To the next or previous match, round the end."""
        if not self.hits:
            return
        at = bisect_right(self.hits, self.cursor) if step > 0 else bisect_left(self.hits, self.cursor) - 1
        self.move_to(self.hits[at % len(self.hits)])

    @property
    def place(self) -> int:
        """Which hit the cursor is on, counted from 1; 0 when it is on none."""
        at = bisect_left(self.hits, self.cursor)
        return at + 1 if at < len(self.hits) and self.hits[at] == self.cursor else 0
