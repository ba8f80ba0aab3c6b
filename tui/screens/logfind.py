"""Finding in a log screen: search, only matches, errors, and how the cursor gets there."""

from __future__ import annotations

from tui.core.logrows import LogRows
from tui.core.logsearch import LogSearch
from tui.core.text import safe
from tui.screens.panes import PaneScreen
from tui.widgets.logview import LogView


class LogFinding(PaneScreen):
    """What of a log screen looks for lines."""

    view: LogView
    rows: LogRows | None = None
    search: LogSearch | None = None

    def say(self) -> None:
        """Say again what the lines around the log say."""
        raise NotImplementedError

    def do_filter(self) -> None:
        """Search as it is typed; the first match at or below the cursor is gone to."""
        before, was_following = self.view.cursor, self.view.following

        def done(text: str | None) -> None:
            if text is None:
                self._search("")
                self.view.following = was_following
                self.view.move_to(before)
            elif text and self.search is not None and not self.search.hits:
                self.message(f"no line has {safe(text, 60)!r} so far", "waiting")

        self.prompt("/ ", self.view.needle, on_change=self._search, on_done=done)

    def _search(self, needle: str, step: int = 0) -> None:
        """Begin a search; `step` goes to the next or previous hit when it is done, 0 to the first below."""
        self.view.needle = needle
        self.search = LogSearch(self.rows, needle) if needle and self.rows is not None else None
        self.view.refresh()
        if self.search is not None:
            find = self._find(self.search, self.view.cursor, step)
            self.run_worker(find, group="find", exclusive=True, exit_on_error=False)
        self.say()

    async def _find(self, search: LogSearch, cursor: int, step: int) -> None:
        gone = bool(step)
        async for found in search.find():
            if self.search is not search:
                return
            ahead = [hit for hit in found if hit >= cursor]
            if ahead and not gone:
                gone = True
                self._go(ahead[0])
            self.say()
        if step:
            self._step_hit(step)
        elif search.hits and not gone:
            self._go(search.hits[0])
        self.say()

    def _go(self, index: int) -> None:
        self.view.following = False
        self.view.move_to(index)

    def do_next_match(self) -> None:
        self._step_hit(1)

    def do_previous_match(self) -> None:
        self._step_hit(-1)

    def _step_hit(self, step: int) -> None:
        search = self.search
        if self.view.needle and (search is None or search.outdated):
            self._search(self.view.needle, step)
            return
        hit = search.beside(self.view.cursor, step) if search is not None else None
        if hit is None:
            self.message("nothing is found; / searches", "muted")
        else:
            self._go(hit)

    def do_matches_only(self) -> None:
        """Hide every line that does not match; an empty text shows all again."""
        rows = self.rows
        if rows is None:
            return

        def done(text: str | None) -> None:
            if text is not None:
                self.run_worker(self._keep_only(rows, text), group="only", exclusive=True, exit_on_error=False)

        self.prompt("& ", rows.needle or self.view.needle, on_done=done)

    async def _keep_only(self, rows: LogRows, needle: str) -> None:
        at = rows.address(self.view.cursor) if rows.count else (0, 0)
        await rows.set_filter(needle)
        self.view.cursor = rows.index_of(*at)
        self.view.grown()
        self._search(self.view.needle)
        if not rows.count and needle:
            self.message(f"no line has {safe(needle, 60)!r}; & with nothing shows all again", "waiting")
        self.say()

    def _hop(self, step: int) -> None:
        """By the index of errors, not by looking at lines: a log has a million of them."""
        rows = self.rows
        looked = [log.scan() for log in rows.logs] if rows is not None else []
        at = rows.beside_error(self.view.cursor, step) if rows is not None else None
        if at is not None:
            self._go(at)
            return
        far = "" if all(looked) else " so far, still looking"
        self.message(f"no error {'below' if step > 0 else 'above'}{far}", "muted")
