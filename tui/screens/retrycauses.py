"""`R`: the failed rows by cause, to choose from which are retried; the plan then lists and reports each of them."""

from __future__ import annotations

from asyncio import to_thread
from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual import work

from adapters.model import FAULTY, Ref, Resource
from tui.core.retrycauses import CauseGroup, failures_by_cause
from tui.core.text import cut, safe
from tui.screens.hints import against, meaning
from tui.widgets.draw import Piece
from tui.widgets.keybar import Hint
from tui.widgets.sheet import LinesSheet

if TYPE_CHECKING:
    from tui.screens.listkeys import ListKeys

USUAL_LINES = 10
ACTION = "retry"


def open_causes(host: ListKeys) -> None:
    """Of the marked rows, else of those that the filter shows."""
    refs = host.model.marked() if host.model.marks else list(host.model.refs)
    rows = [row for ref in refs if (row := host.model.row(ref)) is not None]
    if not any(row.state in FAULTY for row in rows):
        host.message(f"none of these {len(rows):,} {host.kind.plural} has failed", "muted")
        return
    host.open_sheet(CauseSheet(host, rows))


class CauseSheet(LinesSheet):
    """Space takes a group or leaves it; enter makes the plan."""

    def __init__(self, host: ListKeys, objects: Sequence[Resource]) -> None:
        super().__init__()
        self.host, self.objects = host, objects
        self.groups: list[CauseGroup] = []
        self.taken: set[str] = set()
        self.title_left = "RETRY by cause"

    def on_mount(self) -> None:
        self._count()

    @work(group="count", exclusive=True, exit_on_error=True)
    async def _count(self) -> None:
        self.groups = await to_thread(failures_by_cause, self.objects, self._against)
        self.taken = {group.title for group in self.groups if not group.off}
        failed = sum(len(group.refs) + group.cannot for group in self.groups)
        of = "marked" if self.host.model.marks else "shown"
        self.title_right = f"{failed:,} failed of {len(self.objects):,} {of}"
        self.heads = [[(f"   {'':3}  {'ROWS':>6}  CAUSE", "muted")]]
        self.cursor, self.first = 0, 0
        self._fill()

    def _against(self, row: Resource) -> str | None:
        services = self.host.services
        spec = meaning(services.schemas.get(row.ref.context), ACTION, row)
        if spec is None:
            return f"{row.ref.context} has no retry for {row.ref.kind.plural}"
        return against(services, spec, row)

    def _fill(self) -> None:
        self.rows = [self._row(group) for group in self.groups]
        self.host.sheet_changed()
        self.refresh()

    def _row(self, group: CauseGroup) -> list[Piece]:
        taken, can = group.title in self.taken, bool(group.refs)
        note = group.off if not taken or not can else ""
        if can and group.cannot:
            note = f"{note + '; ' if note else ''}{group.cannot} cannot: {group.why}"
        room = max(12, self.host.size.width - 18)
        title = cut(safe(group.title), room)
        pieces: list[Piece] = [
            (" [x]  " if taken else " [ ]  " if can else "  -   ", "accent" if taken else "muted"),
            (f"{len(group.refs) or group.cannot:>6,}  ", "text" if can else "muted"),
            (title, "text" if taken else "muted"),
        ]
        if note:
            pieces.append((f"  - {cut(safe(note), max(8, room - len(title) - 4))}", "waiting" if can else "muted"))
        return pieces

    def wanted_lines(self, most: int) -> int:
        return min(most, max(USUAL_LINES, self.fixed + len(self.rows)))

    def hints(self) -> Sequence[Hint]:
        ways: tuple[Hint, ...] = (("space", "take or leave", True), ("esc", "close", True))
        return (("enter", "plan", bool(self.chosen_refs())), *ways)

    def peek(self) -> Sequence[Sequence[Piece]]:
        chosen = len(self.chosen_refs())
        group = self.groups[self.cursor] if self.groups and self.cursor is not None else None
        said = f"   {group.title}: {group.off}" if group is not None and group.off else ""
        return [[(f"retries {chosen:,}, asks first", "text" if chosen else "muted"), (safe(said), "muted")]]

    def chosen_refs(self) -> list[Ref]:
        return [ref for group in self.groups if group.title in self.taken for ref in group.refs]

    def move(self, by: int) -> None:
        super().move(by)
        self.host.sheet_changed()

    def press(self, key: str, character: str | None) -> bool:
        if key == "space" and self.groups:
            self.chosen(self.cursor or 0)
        elif key == "enter":
            self._plan()
        elif key in ("j", "k"):
            self.move(1 if key == "j" else -1)
        elif key == "q":
            self.close()
        else:
            return super().press(key, character)
        return True

    def chosen(self, index: int) -> None:
        """Take a group or leave it, by space or by a click."""
        group = self.groups[index]
        if group.refs:
            self.taken ^= {group.title}
            self._fill()
        else:
            self.host.message(f"{safe(group.title)}: {safe(group.off)}", "muted")

    def _plan(self) -> None:
        refs = self.chosen_refs()
        if not refs:
            self.host.message("no group is taken; space takes one", "muted")
            return
        self.close()
        self.host.model.marks = dict.fromkeys(refs)
        self.host.tells_changed()
        self.host.act(ACTION)
