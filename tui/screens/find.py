"""`:find WORDS`: what matches, of every kind in every context, and what could not be looked at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from adapters.model import FAULTY, Kind, Ref, Resource
from tui.core import format
from tui.core.everywhere import Found, everywhere
from tui.core.text import cut_shared, pad, safe
from tui.styles.tokens import active
from tui.widgets.draw import Piece
from tui.widgets.keybar import Hint
from tui.widgets.sheet import LinesSheet

if TYPE_CHECKING:
    from tui.screens.base import GridScreen

MOST = 500
NAMES = 28
STATE = 13
CONTEXT = 10


class FindSheet(LinesSheet):
    """Runs first, then the other kinds; what was not looked at stands below."""

    def __init__(self, host: GridScreen, text: str) -> None:
        super().__init__()
        self.host, self.text = host, text
        self.answers: list[Found] = []
        self.done = False
        self.moved = False
        self.refs: list[Ref] = []
        self.title_left = f"FIND  {safe(text, 60)}"
        self.cursor = 0
        self._say()

    def on_mount(self) -> None:
        self.run_worker(self._search(), group="find", exit_on_error=True)

    async def _search(self) -> None:
        services = self.host.services
        found = everywhere(self.text, services.adapters, services.schemas, services.store, services.clock())
        async for each in found:
            self.answers.append(each)
            self._say()
        self.done = True
        self._say()

    def _say(self) -> None:
        here = self.refs[self.cursor] if self.moved and self.cursor is not None else None
        order = {kind: place for place, kind in enumerate(Kind)}
        answers = sorted(self.answers, key=lambda each: (order[each.kind], each.context))
        rows = [row for each in answers for row in each.rows]
        self.refs = [row.ref for row in rows[:MOST]]
        names = cut_shared([safe(row.name, 200) for row in rows[:MOST]], NAMES, active().ascii)
        self.rows = [_row(row, name) for row, name in zip(rows, names, strict=False)]
        self.rows += [_note(each) for each in answers if each.note]
        self.cursor = (self.refs.index(here) if here in self.refs else 0) if self.refs else None
        looked = sum(each.looked_at for each in self.answers)
        lists = "1 list" if len(self.answers) == 1 else f"{len(self.answers)} lists"
        counted = f"{len(rows):,} of {looked:,} in {lists}"
        self.title_right = counted if self.done else f"{counted}, searching"
        self.show_cursor()
        if self.is_attached:
            self.host.size_sheet()
            self.host.sheet_changed()
            self.refresh()

    def hints(self) -> Sequence[Hint]:
        return (*((("enter", "open", True),) if self.refs else ()), ("e E", "red", True), ("esc", "close", True))

    def peek(self) -> Sequence[Sequence[Piece]]:
        here = self.refs[self.cursor] if self.cursor is not None and self.cursor < len(self.refs) else None
        return [[(safe(str(here)), "muted")] if here is not None else [("nothing has it", "muted")]]

    def move(self, by: int) -> None:
        self.moved = bool(self.refs)
        super().move(min(by, len(self.refs) - 1 - (self.cursor or 0)))
        self.host.sheet_changed()

    def chosen(self, index: int) -> None:
        if index < len(self.refs):
            ref = self.refs[index]
            self.close()
            self.host.console.open_detail(ref)

    def press(self, key: str, character: str | None) -> bool:
        if key in ("e", "E"):
            self._hop(1 if key == "e" else -1)
            return True
        turned = {"j": "down", "k": "up", "g": "home", "G": "end", "q": "escape"}.get(key, key)
        return super().press(turned, character)

    def _hop(self, step: int) -> None:
        red = {row.ref for each in self.answers for row in each.rows if row.state in FAULTY}
        count = len(self.refs)
        ahead = (((self.cursor or 0) + step * way) % count for way in range(1, count + 1))
        index = next((place for place in ahead if self.refs[place] in red), None)
        if index is not None:
            self.move(index - (self.cursor or 0))


def _row(row: Resource, name: str) -> list[Piece]:
    state = list(format.state_spans(row.state, active().ascii))
    lead = " " * max(0, STATE - sum(len(text) for text, _ in state))
    return [
        (" ", "text"),
        *state,
        (f"{lead}{row.ref.kind.value:<5}  {pad(safe(row.ref.context), CONTEXT)}  ", "muted"),
        (pad(name, NAMES), "text"),
        (f"  {safe(row.message or row.owner or row.host or '', 200)}", "muted"),
    ]


def _note(found: Found) -> list[Piece]:
    return [("   ", "text"), (f"{safe(found.context)} {found.kind.plural}: {safe(found.note)}", "waiting")]


def find(screen: GridScreen, text: str) -> None:
    """Look for it, or ask for what."""

    def done(typed: str | None) -> None:
        if typed and typed.strip():
            screen.open_sheet(FindSheet(screen, typed.strip()))

    if text.strip():
        done(text)
    else:
        screen.prompt("find › ", on_done=done)
