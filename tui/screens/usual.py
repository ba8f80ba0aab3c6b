"""`:usual`: what runs, against how long its like have taken; the most overdue first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from adapters.errors import AdapterError
from adapters.model import Kind, Ref, Resource
from tui.core import format
from tui.core.everywhere import newest
from tui.core.store import Key
from tui.core.text import cut_shared, pad, safe
from tui.core.usual import FEWEST, Pace, paces
from tui.styles.tokens import active
from tui.widgets.draw import Piece
from tui.widgets.keybar import Hint
from tui.widgets.sheet import LinesSheet

if TYPE_CHECKING:
    from tui.screens.base import GridScreen

LATE = 2.0
"""So many times longer than usual is red."""

NAMES = 26
CONTEXT = 10


class UsualSheet(LinesSheet):
    """Of the contexts that are shown; enter opens the run."""

    def __init__(self, host: GridScreen) -> None:
        super().__init__()
        self.host = host
        self.found: list[Pace] = []
        self.refs: list[Ref] = []
        self.title_left, self.title_right = "USUAL  what runs, against its like that succeeded", "reading"
        heads = f"   {'TIMES':>6}  {'RAN':>6}  {'USUAL':>6}  {'OF':>3}  {'ENDS':<10} {'CONTEXT':<{CONTEXT}}  NAME"
        self.heads = [[(heads, "muted")]]

    def on_mount(self) -> None:
        self.run_worker(self._read(), group="usual", exit_on_error=True)

    async def _read(self) -> None:
        services, rows, unread = self.host.services, list[Resource](), list[str]()
        for name in self.host.console.scope:
            known = services.store.snapshot(Key(name, Kind.RUN))
            if known.as_of is not None:
                rows += known.rows.values()
                continue
            try:
                rows += (await newest(services.adapters[name], Kind.RUN, known.rows.values()))[0]
            except AdapterError:
                unread.append(name)
        now = services.clock()
        self.found = await paces(rows, now)
        self.refs = [pace.run.ref for pace in self.found]
        names = cut_shared([safe(pace.run.name, 200) for pace in self.found], NAMES, active().ascii)
        self.rows = [_row(pace, name, now) for pace, name in zip(self.found, names, strict=True)]
        late = sum((pace.times or 0.0) >= LATE for pace in self.found)
        self.title_right = (
            f"{len(self.found):,} run, {late:,} late{'; not read: ' + ', '.join(unread) if unread else ''}"
        )
        self.cursor = 0 if self.refs else None
        self.host.size_sheet()
        self.host.sheet_changed()
        self.refresh()

    def wanted_lines(self, most: int) -> int:
        return min(most, max(4, super().wanted_lines(most)))

    def hints(self) -> Sequence[Hint]:
        return (*((("enter", "open", True),) if self.refs else ()), ("esc", "close", True))

    def peek(self) -> Sequence[Sequence[Piece]]:
        if not self.found:
            return [[("nothing runs that began at a known time", "muted")]]
        return [[(f"usual is the median of the last that succeeded; fewer than {FEWEST} say nothing", "muted")]]

    def chosen(self, index: int) -> None:
        ref = self.refs[index]
        self.close()
        self.host.console.open_detail(ref)

    def press(self, key: str, character: str | None) -> bool:
        turned = {"j": "down", "k": "up", "g": "home", "G": "end", "q": "escape"}.get(key, key)
        return super().press(turned, character)


def _row(pace: Pace, name: str, now: float) -> list[Piece]:
    times = pace.times
    token = "muted" if times is None else "failed" if times >= LATE else "waiting" if times > 1.0 else "text"
    ends = pace.ends(now)
    said = format.clock(ends, now) if ends is not None else "late" if times is not None else "-"
    usual = format.age(pace.usual) if pace.usual is not None else "-"
    return [
        (f"  {f'{times:.1f}x' if times is not None else '-':>6}  ", token),
        (f"{format.age(pace.ran):>6}  ", "text"),
        (f"{usual:>6}  {pace.count:>3}  ", "muted"),
        (pad(said, 10), token if said == "late" else "text"),
        (f" {pad(safe(pace.run.ref.context), CONTEXT)}  ", "muted"),
        (name, "text"),
    ]
