"""A long text with search: describe and raw."""

from __future__ import annotations

from bisect import bisect_left, bisect_right

from tui.widgets.lines import Line, gutter, mark
from tui.widgets.rows import RowsPane


class DocumentView(RowsPane):
    """`hits` are the lines that match `needle`, ascending."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.needle = ""
        self.hits: list[int] = []

    def search(self, needle: str) -> None:
        """Mark every match; the cursor goes to the first one at or below it."""
        self.needle = needle
        self._find()
        if self.hits and self.cursor not in self.hits:
            self.move_to(self.hits[bisect_left(self.hits, self.cursor) % len(self.hits)])
        self.refresh()

    def _find(self) -> None:
        needle = self.needle
        fold = needle == needle.lower()
        texts = (self.text_of(index) for index in range(self.count))
        self.hits = (
            [i for i, text in enumerate(texts) if needle in (text.lower() if fold else text)] if needle else []
        )

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

    def _remake(self) -> None:
        super()._remake()
        self._find()

    def line(self, index: int, width: int, *, selected: bool) -> Line:
        row = self.row(index)
        return [*gutter(selected), *mark(row.pieces if row else (), self.needle)]
