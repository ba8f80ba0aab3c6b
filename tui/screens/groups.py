"""The rows of a list counted by what they share; enter opens the rows of a group."""

from __future__ import annotations

from asyncio import to_thread
from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual import work

from tui.core.grouping import FIELDS, Group, filter_of, grouped
from tui.core.text import cut, safe
from tui.styles import tokens
from tui.widgets.draw import Piece
from tui.widgets.keybar import Hint
from tui.widgets.sheet import LinesSheet

if TYPE_CHECKING:
    from tui.screens.listtable import ListTable

BAR = 12
USUAL_LINES = 12


class GroupSheet(LinesSheet):
    """The groups of the rows shown when it was opened; ← and → group by something else."""

    def __init__(self, host: ListTable, by: str) -> None:
        super().__init__()
        self.host, self.by = host, by
        self.objects = [row for ref in host.model.refs if (row := host.model.row(ref)) is not None]
        self.groups: list[Group] = []
        self.title_left = f"GROUP by {by}"

    def on_mount(self) -> None:
        self._count()

    @work(group="count", exclusive=True, exit_on_error=True)
    async def _count(self) -> None:
        self.groups = await to_thread(grouped, self.objects, self.by)
        many = f"{len(self.groups):,} {'group' if len(self.groups) == 1 else 'groups'}"
        self.title_left = f"GROUP by {self.by}"
        noun = self.host.kind.value if len(self.objects) == 1 else self.host.kind.plural
        self.title_right = f"{many} of {len(self.objects):,} {noun}"
        self.heads = [[(f"  {'ROWS':>7}  {'RED':>7}  {'':{BAR}}  {self.by.upper()}", "muted")]]
        self.rows = [self._row(group) for group in self.groups]
        self.cursor, self.first = 0, 0
        self.host.sheet_changed()
        self.refresh()

    def _row(self, group: Group) -> list[Piece]:
        most = self.groups[0].count
        bar = ("#" if tokens.active().ascii else "█") * max(1, round(BAR * group.count / most))
        title = "-" if group.title is None else cut(safe(group.title), max(8, self.host.size.width - BAR - 24))
        return [
            (f" {group.count:>7,}  ", "text"),
            (f"{group.faulty:>7,}  ", "failed" if group.faulty else "muted"),
            (f"{bar:<{BAR}}  ", "muted"),
            (title, "muted" if group.title is None else "text"),
        ]

    def wanted_lines(self, most: int) -> int:
        return min(most, max(USUAL_LINES, self.fixed + len(self.rows)))

    def hints(self) -> Sequence[Hint]:
        ways: tuple[Hint, ...] = (("enter", "its rows", True), ("space", "mark them", True))
        return (*ways, ("← →", "group by", True), ("esc", "close", True))

    def peek(self) -> Sequence[Sequence[Piece]]:
        pieces: list[Piece] = [("by ", "muted")]
        for field in FIELDS:
            pieces.append((f"{field}  ", "accent" if field == self.by else "muted"))
        return [pieces]

    def press(self, key: str, character: str | None) -> bool:
        if key in ("left", "right", "tab"):
            self.by = FIELDS[(FIELDS.index(self.by) + (-1 if key == "left" else 1)) % len(FIELDS)]
            self._count()
        elif key in ("j", "k"):
            self.move(1 if key == "j" else -1)
        elif key == "space" and self.groups:
            self._mark(self.groups[self.cursor or 0])
        elif key == "q":
            self.close()
        else:
            return super().press(key, character)
        return True

    def _mark(self, group: Group) -> None:
        """Its rows in the list, so that an action key is about them."""
        refs = [row.ref for row in self.objects if filter_of(row, self.by) == group.filter]
        self.host.model.marks.update(dict.fromkeys(refs))
        self.host.tells_changed()
        self.host.message(f"{len(refs):,} marked: {safe(group.title or '-')}", "muted")

    def chosen(self, index: int) -> None:
        group = self.groups[index]
        self.close()
        self.host.open_group(group)
