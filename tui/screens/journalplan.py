"""One plan of the journal: what became of each target, and what the unknown ones are now."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from adapters.model import Json, Ref
from tui.core import unfinished
from tui.core.again import Again, NotAgain, again
from tui.core.apicall import find_method
from tui.core.journalentry import NOT_STARTED, UNKNOWN, Entry, JournalPlan
from tui.core.text import cut, pad, safe
from tui.core.unfinished import Seen
from tui.screens.journalrows import name_of, sign, when
from tui.screens.plan import PlanSheet
from tui.widgets.draw import Piece
from tui.widgets.keybar import Hint
from tui.widgets.sheet import LinesSheet

if TYPE_CHECKING:
    from tui.screens.base import GridScreen

OUTCOME, OTHERS = 11, 52
NARROWEST, WIDEST = 8, 40


class JournalPlanSheet(LinesSheet):
    """Enter opens a target's object; `.` plans again what was not done."""

    def __init__(self, host: GridScreen, plan: JournalPlan) -> None:
        super().__init__()
        self.host, self.plan = host, plan
        self.seen: dict[str, Seen] = {}
        first = plan.first
        count = len(plan.targets)
        about = name_of(host.services, first.target) if count == 1 else f"{count} objects"
        self.title_left = f"PLAN  {safe(first.action)} {safe(about, 60)} in {safe(', '.join(plan.contexts), 60)}"
        self.title_right = f"{when(first, host.services.clock())} by {safe(first.user, 20)}"
        self.cursor = 0
        self._fill()

    def on_mount(self) -> None:
        if any(each.word == UNKNOWN for each in self.plan.targets):
            self.run_worker(self._look(), group="look", exit_on_error=False)

    async def _look(self) -> None:
        """What nobody knows is looked at now; what was cut off is then known as far as it ever will be."""
        services = self.host.services
        unknown = [each for each in self.plan.targets if each.word == UNKNOWN]
        self.seen = await unfinished.look_at_all(services.adapters, unknown)
        self._fill()
        self.host.sheet_changed()
        self.refresh()
        cut_off = [each for each in unknown if each.unfinished]
        await asyncio.to_thread(unfinished.write_down, services.journal, cut_off, self.seen)

    def _fill(self) -> None:
        width = max(NARROWEST, min(WIDEST, (self.host.size.width or 80) - OTHERS))
        first = self.plan.first
        heads: list[list[Piece]] = []
        if first.reason:
            heads.append([(" reason   ", "muted"), (safe(first.reason, 400), "text")])
        if first.params:
            params: Json = dict(first.params)
            heads.append([(" with     ", "muted"), (safe(json.dumps(params, ensure_ascii=False), 400), "text")])
        if self.plan.alive:
            heads.append([(" now      ", "muted"), (f"under way in process {first.pid}", "running")])
        heads.append([(f"    {pad('OUTCOME', OUTCOME)} {pad('TARGET', width)}  WHAT CAME OF IT", "muted")])
        self.heads = heads
        self.rows = [self._row(each, width) for each in self.plan.targets]

    def _row(self, entry: Entry, width: int) -> list[Piece]:
        mark, token = sign(entry.word)
        name = pad(cut(safe(name_of(self.host.services, entry.target), 300), width), width)
        return [
            (f" {mark} ", token),
            (pad(entry.word, OUTCOME) + " ", token if entry.word == "failed" else "text"),
            (name + "  ", "text"),
            (safe(self._said(entry), 500), "muted"),
        ]

    def _said(self, entry: Entry) -> str:
        made = f"created {entry.created}" if entry.created else ""
        seen = self.seen.get(entry.target) if entry.word == UNKNOWN else None
        now = f"now {seen.words}" if seen is not None else ""
        nothing = "nothing was sent" if entry.word == NOT_STARTED and not entry.said else ""
        return "; ".join(part for part in (now, entry.said, made, nothing) if part)

    def hints(self) -> Sequence[Hint]:
        left = len(self.plan.remainder)
        more: tuple[Hint, ...] = ((".", f"plan {left} again", True),) if left and not self.plan.alive else ()
        return (("enter", "its object", True), *more, ("c", "copy id", True), ("esc", "close", True))

    def chosen(self, index: int) -> None:
        try:
            ref = Ref.parse(self.plan.targets[index].target)
        except ValueError:
            self.host.message("it was no call about one object", "muted")
            return
        if ref.context not in self.host.services.adapters:
            self.host.message(f"{safe(ref.context, 60)} is not configured", "failed")
            return
        self.close()
        self.host.console.open_detail(ref)

    def press(self, key: str, character: str | None) -> bool:
        if key == ".":
            self.close()
            plan_again(self.host, self.plan)
            return True
        if key == "c":
            self.host.console.copy(self.plan.id)
            self.host.message(f"copied {safe(self.plan.id, 60)}", "muted")
            return True
        turned = {"j": "down", "k": "up", "g": "home", "G": "end", "q": "escape"}.get(key, key)
        used = super().press(turned, character)
        if self.host.sheet is self:
            self.host.sheet_changed()
        return used

    def peek(self) -> Sequence[Sequence[Piece]]:
        """What came of the target under the cursor, where the row has no room for it."""
        entry = self.plan.targets[self.cursor or 0]
        return [[(safe(self._said(entry) or entry.word, 1000), "text")]]


def plan_again(host: GridScreen, plan: JournalPlan) -> None:
    """Open a new plan of what was not done: re-read, shown and confirmed like any other."""
    try:
        what = again(plan)
    except NotAgain as error:
        host.message(safe(str(error)), "waiting")
        return
    adapters = host.services.adapters
    names = [target.context if isinstance(target, Ref) else target for target in what.targets]
    missing = [name for name in names if name not in adapters]
    if missing:
        host.message(f"{safe(missing[0], 60)} is not configured", "failed")
        return
    host.open_sheet(_sheet(host, what))


def _sheet(host: GridScreen, what: Again) -> PlanSheet:
    adapters = host.services.adapters
    if what.method(adapters):
        from tui.screens.apicall import CallSheet

        context = str(what.targets[0])
        spec = find_method(adapters[context].methods(), what.action)
        assert spec is not None
        return CallSheet(context, spec, what.params)
    return PlanSheet(what.action, what.targets, what.params)
