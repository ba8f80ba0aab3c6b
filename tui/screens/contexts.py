"""The configured connections: how each answers, and which ones the tables show."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.app import ComposeResult

from adapters.port import SortKey
from tui import keys
from tui.core import format
from tui.core.columns import context_columns
from tui.core.sync import ContextHealth
from tui.core.text import safe
from tui.screens import listtext, login
from tui.screens.base import GridScreen
from tui.screens.contextrows import TOKENS, ContextRow, ContextsModel, Rates, row_of
from tui.widgets.draw import Piece
from tui.widgets.table import ResourceTable

LOOKS = {
    "open": "its runs, and nothing else",
    "refresh": "asks every context for an answer",
    "login": "with another secret, kept in memory only",
    "read-only": "changes nothing from here on",
    "add-context": "asks, checks, and adds to the config",
}
EVERY = 1.0
WORTH_TELLING = 30.0
"""Seconds that a server's clock may be wrong without a word."""


class ContextsScreen(GridScreen):
    """`enter` shows one context, `space` chooses which ones the merged tables show."""

    where = keys.CONTEXTS

    def body(self) -> ComposeResult:
        self.chosen: dict[str, None] = dict.fromkeys(self.console.scope)
        self.filter_text = ""
        self.model, self.rates = ContextsModel(self), Rates()
        self.table = ResourceTable(self.model)
        yield self.table

    def about(self) -> Sequence[str]:
        return ()  # the table has a column for it

    def on_mount(self) -> None:
        self.set_interval(EVERY, self.freshen)
        self.freshen()

    def on_screen_resume(self) -> None:
        self.freshen()

    def on_resize(self, event: events.Resize) -> None:
        self.table.set_columns(context_columns(event.size.width), (SortKey("context"),))

    def freshen(self) -> None:
        if not self.is_current:
            return
        health = self.services.sync.contexts()
        names = [name for name in sorted(self.services.adapters) if self.filter_text.lower() in name.lower()]
        rows = [row_of(self.services, name, health.get(name) or ContextHealth(name), self.rates) for name in names]
        self.model.take(rows)
        self.table.reload()
        self._say(rows)
        self.update_peek()

    def _say(self, rows: Sequence[ContextRow]) -> None:
        states = [row.state for row in rows]
        self.set_crumbs(["contexts"])
        self.set_freshness(f"{len(rows) - states.count('down')} of {len(rows)} reachable")
        ascii = self.services.ascii
        noun = "context" if len(rows) == 1 else "contexts"
        pieces: list[Piece] = [(f"{len(rows)} {noun}", "text")]
        for state, (token, sign) in (("down", TOKENS["down"]), ("slow", TOKENS["slow"]), ("ok", TOKENS["ok"])):
            count = states.count(state)
            pieces += [("   ", "text"), (format.symbol(sign, ascii), token if count else "muted")]
            pieces.append((f" {count} {state}", "text" if count else "muted"))
        self.set_counts_text(pieces, [(f"/ {safe(self.filter_text)}", "accent")] if self.filter_text else ())
        open_key = self.services.keys.key
        self.key_hints(
            [
                (open_key("open"), "switch", True),
                (open_key("mark"), "show", True),
                (open_key("refresh"), "check", True),
                (open_key("add-context"), "add", True),
                (open_key("back"), "back", True),
            ]
        )

    @property
    def current(self) -> ContextRow | None:
        return self.model.rows.get(self.table.cursor) if self.table.cursor is not None else None

    def update_peek(self) -> None:
        row = self.current
        if row is None or self.sheet is not None:
            return
        health = self.services.sync.contexts().get(row.context)
        trouble = listtext.trouble(None, health, self.services.clock(), ascii=self.services.ascii)
        if trouble:
            self.set_peek([trouble])
        elif abs(ahead := self.services.ahead(row.context)) >= WORTH_TELLING:
            way = "ahead of" if ahead > 0 else "behind"
            self.set_peek([[(f"its clock is {format.age(abs(ahead))} {way} this machine's", "waiting")]])
        elif health is not None:
            calls = f"{format.count(health.requests)} requests, {format.count(health.errors)} failed"
            pace = f"every {row.every}" + (f", {row.rate} a second" if row.rate else "")
            said = f"{calls}, {health.in_flight} in flight, {pace}"
            self.set_peek([[(f"{row.url}  ", "text"), (said, "muted")]])

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
        count = len(self.model.refs)
        for offset in range(1, count + 1):
            index = (self.table.cursor_index + step * offset) % count
            if self.model.rows[self.model.refs[index]].state == "down":
                self.table.move_to(index)
                return
        self.message("every context answers", "muted")

    def do_open(self) -> None:
        row = self.current
        if row is not None:
            self.console.use_contexts([row.context])

    def do_mark(self) -> None:
        row = self.current
        if row is None:
            return
        if row.context in self.chosen and len(self.chosen) > 1:
            del self.chosen[row.context]
        else:
            self.chosen[row.context] = None
        self.console.scope = tuple(name for name in self.services.adapters if name in self.chosen)
        self.table.move(1)
        self.table.repaint_changed()

    def do_refresh(self) -> None:
        self.services.sync.refresh()
        self.run_worker(self._check(), group="check", exclusive=True, exit_on_error=False)

    async def _check(self) -> None:
        """Ask every context for one cheap answer; what comes of it is in its health."""
        import asyncio

        await asyncio.gather(*(a.health() for a in self.services.adapters.values()), return_exceptions=True)
        self.freshen()

    def do_menu(self) -> None:
        from tui.screens.menu import ContextMenu

        if self.current is not None:
            self.open_sheet(ContextMenu(self, [self.current.context], LOOKS))

    def do_login(self) -> None:
        if self.current is not None:
            login.ask(self, self.current.context)

    def do_filter(self) -> None:
        def changed(text: str) -> None:
            self.filter_text = text
            self.freshen()

        before = self.filter_text
        self.prompt("/ ", before, on_change=changed, on_done=lambda text: changed(before if text is None else text))

    def do_back(self) -> None:
        if self.filter_text:
            self.filter_text = ""
            self.freshen()
        else:
            super().do_back()
