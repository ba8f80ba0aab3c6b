"""`:journal`: what was changed from this machine's journal, newest first, and what is left to be done."""

from __future__ import annotations

import asyncio
from asyncio import to_thread
from pathlib import Path

from textual import events, work
from textual.app import ComposeResult

from tui import keys
from tui.core import format
from tui.core.exportfile import ExportError
from tui.core.filter_parse import FilterError
from tui.core.journalentry import JournalPlan
from tui.core.journalview import JournalFilter, export
from tui.core.plan import Plan
from tui.core.text import safe
from tui.screens import journalrows
from tui.screens.base import GridScreen
from tui.screens.journalplan import JournalPlanSheet, plan_again
from tui.widgets.draw import Piece
from tui.widgets.keybar import FIXED
from tui.widgets.table import ResourceTable

EVERY = 2.0
"""Seconds between looks at the files: another console may have written."""


def _s(noun: str, count: int) -> str:
    return noun if count == 1 else f"{noun}s"


class JournalScreen(GridScreen):
    """`enter` opens a plan with what became of each target, `.` plans again what was not done."""

    where = keys.JOURNAL

    def __init__(self) -> None:
        super().__init__()
        self.model = journalrows.JournalModel(lambda: self.services)
        self.table = ResourceTable(self.model)
        self.plans: list[JournalPlan] = []
        self.filter = JournalFilter("")
        self.problem = ""
        self._stamp: object = None

    def body(self) -> ComposeResult:
        yield self.table

    def about(self) -> list[str]:
        return []

    def on_mount(self) -> None:
        self.set_crumbs(["journal"])
        self.set_freshness("reading")
        self.set_interval(EVERY, self.look)
        self.look()

    def on_resize(self, event: events.Resize) -> None:
        self.table.set_columns(journalrows.columns(event.size.width), ())

    # what there is

    def look(self) -> None:
        """Read again where a file has changed."""
        if self.is_current:
            self.run_worker(self._read(), group="read", exclusive=True, exit_on_error=False)

    async def _read(self) -> None:
        journal = self.services.journal
        try:
            stamp = await to_thread(journal.stamp)
            if stamp == self._stamp:
                return
            plans = await to_thread(journal.plans)
        except OSError as error:
            self.set_freshness("not read")
            self.message(f"the journal cannot be read: {safe(error.strerror or str(error))}", "failed")
            return
        self._stamp = stamp
        self.plans = plans[::-1]
        self.freshen()

    def freshen(self) -> None:
        now = self.services.clock()
        shown = [plan for plan in self.plans if self.filter.wants_plan(plan, now)]
        self.model.show(shown)
        self.table.reload()
        self._say(shown, now)
        self.update_peek()

    def _say(self, shown: list[JournalPlan], now: float) -> None:
        journal = self.services.journal
        self.set_freshness(
            "nothing is journalled" if journal.directory is None else f"as of {format.clock(now, now)}"
        )
        writes = sum(len(plan.targets) for plan in shown)
        of = f" of {len(self.plans):,}" if len(shown) != len(self.plans) else ""
        said = f"{len(shown):,}{of} {_s('plan', len(self.plans))}, {writes:,} {_s('target', writes)}"
        pieces: list[Piece] = [(said, "text")]
        counts: dict[str, int] = {}
        for plan in shown:
            for word, count in plan.counts().items():
                counts[word] = counts.get(word, 0) + count
        for word in ("failed", "unknown", "not-started", "done"):
            if counts.get(word):
                mark, token = journalrows.sign(word)
                pieces += [("   ", "text"), (f"{mark} ", token), (f"{counts[word]:,} {word}", "text")]
        note: list[Piece] = [(f"/ {safe(self.filter.text)}", "accent")] if self.filter.text else []
        if self.problem:
            note = [(safe(self.problem, 60), "waiting")]
        self.set_counts_text(pieces, note)
        key = self.services.keys.key
        self.key_hints(
            [
                (key("open"), "what became of it", True),
                (key("again"), "plan the rest again", True),
                (key("export"), "export", True),
                (key("back"), "back", True),
            ],
            fixed=[hint for hint in FIXED if hint[1] != "menu"],
        )

    @property
    def current(self) -> JournalPlan | None:
        return self.model.plans.get(self.table.cursor) if self.table.cursor is not None else None

    def update_peek(self) -> None:
        plan = self.current
        if self.sheet is not None:
            return
        if plan is None:
            self.set_peek("nothing was changed yet" if not self.plans else "no plan is as the filter wants it")
            return
        first = plan.first
        words = f"plan {plan.id}  {len(plan.remainder)} left to be done" if plan.remainder else f"plan {plan.id}"
        said = first.reason or next((each.said for each in plan.targets if each.said), "")
        self.set_peek([[(safe(words), "text"), (f"  {safe(said, 300)}", "muted")]])

    # keys

    def do_open(self) -> None:
        if self.current is not None:
            self.open_sheet(JournalPlanSheet(self, self.current))

    def do_again(self) -> None:
        if self.current is not None:
            plan_again(self, self.current)

    def plan_ended(self, plan: Plan) -> None:
        self.look()

    def do_refresh(self) -> None:
        self._stamp = None
        self.look()

    def do_copy_id(self) -> None:
        if self.current is not None:
            self.console.copy(self.current.id)
            self.message(f"copied {safe(self.current.id, 60)}", "muted")

    def do_filter(self) -> None:
        before = self.filter

        def changed(text: str) -> None:
            try:
                self.filter, self.problem = JournalFilter(text), ""
            except FilterError as error:
                self.problem = str(error)
            self.freshen()

        def done(text: str | None) -> None:
            failed, self.problem = self.problem, ""
            if text is None or failed:
                self.filter = before
            self.freshen()
            if failed and text is not None:
                self.message(f"filter not applied: {safe(failed, 200)}", "failed")

        self.prompt("/ ", before.text, on_change=changed, on_done=done)

    def do_back(self) -> None:
        if self.filter.text:
            self.filter = JournalFilter("")
            self.freshen()
        else:
            super().do_back()

    def again(self) -> None:
        """Open it anew, for the way on again."""
        self.console.open_screen(JournalScreen())

    def command_line(self) -> str:
        import shlex

        return "runyard journal" + (f" --filter {shlex.quote(self.filter.text)}" if self.filter.text else "")

    # export

    def do_export(self) -> None:
        self.verb_export("journal.csv")

    def verb_export(self, text: str) -> None:
        """`:export FILE`: the targets of the plans shown; the ending says how."""
        try:
            path = Path(text).expanduser()
            path = path if path.suffix else path.with_name(f"{path.name}.csv")
        except (RuntimeError, ValueError):
            self.message(f"not exported: {safe(text, 200)} is no name of a file", "failed")
        else:
            self._write_out(path)

    @work(group="export", exit_on_error=True)
    async def _write_out(self, path: Path) -> None:
        entries = [each for plan in self.model.plans.values() for each in plan.targets]
        try:
            where = await asyncio.to_thread(export, path.absolute(), entries)
        except ExportError as error:
            self.message(f"not exported: {safe(str(error), 300)}", "failed")
        else:
            self.message(f"{len(entries):,} targets in {safe(str(where), 300)}", "ok")

    # moving

    def on_resource_table_moved(self, event: ResourceTable.Moved) -> None:
        self.update_peek()

    def on_resource_table_opened(self, event: ResourceTable.Opened) -> None:
        self.do_open()

    def do_down(self) -> None:
        self.table.move(1)

    def do_up(self) -> None:
        self.table.move(-1)

    def do_top(self) -> None:
        self.table.move_to(0)

    def do_bottom(self) -> None:
        self.table.move_to(len(self.model.refs) - 1)

    def do_page_down(self) -> None:
        self.table.page(1)

    def do_page_up(self) -> None:
        self.table.page(-1)

    def do_next_fault(self) -> None:
        self._hop(1)

    def do_previous_fault(self) -> None:
        self._hop(-1)

    def _hop(self, step: int) -> None:
        index = self.table.cursor_index + step
        while 0 <= index < len(self.model.refs):
            if journalrows.is_red(self.model.plans[self.model.refs[index]]):
                self.table.move_to(index)
                return
            index += step
        self.message("nothing red " + ("below" if step > 0 else "above"), "muted")
