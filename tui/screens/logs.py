"""Logs: followed into the spool, shown from it; nothing is dropped, what is missing is a marker line."""

from __future__ import annotations

import asyncio
from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from textual.app import ComposeResult

from adapters.errors import AdapterError
from adapters.model import Ref
from tui import keys
from tui.core.format import clock
from tui.core.logrows import LogRows
from tui.core.logsearch import LogSearch
from tui.core.logspool import SpoolError
from tui.core.text import safe
from tui.core.why import look_through
from tui.screens import logtext
from tui.screens.logfeed import LogFeed
from tui.screens.panes import PaneScreen, save_path
from tui.widgets.keybar import Hint
from tui.widgets.logview import SIDE_STEP, LogView, line_text
from tui.widgets.strip import VolumeStrip

FIXED: tuple[Hint, ...] = (("/", "find", True), (":", "go", True), ("x", "menu", True), ("?", "help", True))
REDRAW_EVERY = 0.1
TICK = 1.0


class LogsScreen(PaneScreen):
    """The logs of one object, or of several merged by time. `line` is where to begin, in the log `source`."""

    where = keys.LOGS

    def __init__(
        self, refs: Sequence[Ref], attempt: int | None = None, source: str = "", line: int | None = None
    ) -> None:
        super().__init__(refs[0])
        self.refs = tuple(refs)
        self.attempt = attempt
        self.wanted_source, self.wanted_line = source, line
        self.view = LogView(id="log")
        self.strip = VolumeStrip()
        self.feed: LogFeed | None = None
        self.rows: LogRows | None = None
        self.search: LogSearch | None = None
        self.problem = ""
        self.latest: int | None = None
        self._dirty = False
        self._extending = asyncio.Lock()

    @property
    def pane(self) -> LogView:
        return self.view

    def body(self) -> ComposeResult:
        yield self.strip
        yield self.view

    # Life.

    def on_mount(self) -> None:
        self.crumbs(*(["logs"] if len(self.refs) == 1 else [f"and {len(self.refs) - 1} more", "logs"]))
        self.set_freshness("loading")
        self.set_counts_text([("looking for logs", "muted")])
        self._say_keys()
        self.set_interval(TICK, self._say)
        self.open_feed()

    def on_unmount(self) -> None:
        self._close()

    def _close(self) -> None:
        if self.feed is not None:
            self.feed.close()
            self.feed = None

    def open_feed(self) -> None:
        """Find the sources of the present attempt and begin to follow them."""
        self.run_worker(self._open(), group="open", exclusive=True, exit_on_error=False)

    async def _open(self) -> None:
        self._close()
        self.problem = ""
        feed = LogFeed(self.services, self.refs, self.attempt, self.wanted_source)
        try:
            await feed.open()
        except (AdapterError, SpoolError) as error:
            self._fail(str(error), getattr(error, "hint", ""))
            return
        if not feed.logs:
            self._fail(f"the server names no log of {safe(self.ref.id, 60)}", "")
            return
        feed.attempts = self.latest = max((each for each in (feed.attempts, self.latest) if each), default=None)
        self.feed, self.rows = feed, LogRows(feed.logs)
        self.view.following = self.wanted_line is None
        await self.rows.extend()
        self.view.show(self.rows, feed.names)
        for index in range(len(feed.logs)):
            self.run_worker(self._follow(feed, index), group=f"follow-{index}", exclusive=True, exit_on_error=False)
        self._changed()

    async def _follow(self, feed: LogFeed, index: int) -> None:
        try:
            await feed.follow(index, self._changed)
        except AdapterError as error:
            self._fail(error.sentence, error.hint)
        except SpoolError as error:
            self._fail(f"the log can no longer be kept on disk: {error}", "")
        self._changed()

    def _fail(self, sentence: str, hint: str) -> None:
        self.problem = safe(f"{sentence}{'; ' + hint if hint else ''}")
        self.console.note(self.problem, "failed")
        if self.feed is None:
            self.set_freshness("")
            self.set_counts_text([("no log", "muted")])
        self._say()

    def _changed(self) -> None:
        """More bytes have come: draw soon, several times a second at most."""
        if not self._dirty and self.is_mounted:
            self._dirty = True
            self.set_timer(REDRAW_EVERY, self._take_in)

    def _take_in(self) -> None:
        self._dirty = False
        self.run_worker(self._extend(), group="extend", exit_on_error=False)

    async def _extend(self) -> None:
        rows, feed = self.rows, self.feed
        if rows is None or feed is None:
            return
        async with self._extending:
            await rows.extend()
            if self.rows is not rows:
                return
            self._go_to_wanted(feed)
            self.view.grown()
            for log in feed.logs:
                await look_through(log)
            if self.search is not None:
                self.search.extend()
        first = feed.logs[0]
        self.strip.show(first.volume, first.count, feed.last_time)
        self.view.refresh()
        self._say()

    def _go_to_wanted(self, feed: LogFeed) -> None:
        line = self.wanted_line
        if line is not None and feed.logs[0].count > line:
            self.wanted_line = None
            self.view.move_to(line)

    # What the lines say.

    def _say(self) -> None:
        feed = self.feed
        if feed is None:
            self.set_peek([[("✗ ", "failed"), (self.problem, "failed")]] if self.problem else [])
            return
        now = self.services.clock()
        self.set_counts_text(logtext.status(feed, self.rows, now))
        self.set_freshness(f"{'complete, read' if feed.ended else 'live'} {clock(feed.read_at or now, now)}")
        self.set_peek([logtext.bottom(feed, self.view, self.search, self.problem, now)])
        self._say_keys()

    def _say_keys(self) -> None:
        live = self.services.keys
        named = [("follow", "follow"), ("next-fault", "error"), ("matches-only", "only"), ("attempts", "try")]
        hints = [(live.key(id), title, True) for id, title in named]
        if not self.view.following:
            hints[0] = (live.key("follow"), "follow", True)
        more_ids = [("next-pane", "source"), ("wrap", "wrap"), ("times", "time"), ("save", "save")]
        self.key_hints(hints, FIXED, [(live.key(id), title, True) for id, title in more_ids])

    def on_log_view_changed(self) -> None:
        self._say()

    def on_volume_strip_jump(self, event: VolumeStrip.Jump) -> None:
        if self.rows is not None:
            self.view.following = False
            self.view.move_to(self.rows.index_of(0, self.strip.buckets[event.bucket].first))

    # Finding.

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
        self._say()

    async def _find(self, search: LogSearch, cursor: int, step: int) -> None:
        gone = bool(step)
        async for found in search.find():
            if self.search is not search:
                return
            ahead = [hit for hit in found if hit >= cursor]
            if ahead and not gone:
                gone = True
                self._go(ahead[0])
            self._say()
        if step:
            self._step_hit(step)
        elif search.hits and not gone:
            self._go(search.hits[0])
        self._say()

    def _go(self, index: int) -> None:
        self.view.following = False
        self.view.move_to(index)

    def do_next_match(self) -> None:
        self._step_hit(1)

    def do_previous_match(self) -> None:
        self._step_hit(-1)

    def _step_hit(self, step: int) -> None:
        search = self.search
        if search is not None and search.outdated:
            self._search(search.needle, step)
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
        self._say()

    def _hop(self, step: int) -> None:
        """By the index of errors, not by looking at lines: a log has a million of them."""
        rows = self.rows
        if rows is not None and len(rows.logs) == 1 and not rows.needle:
            errors = rows.logs[0].errors
            at = bisect_right(errors, self.view.cursor) if step > 0 else bisect_left(errors, self.view.cursor) - 1
            if 0 <= at < len(errors):
                self._go(errors[at])
                return
        elif rows is not None and self.view.hop(step):
            return
        self.message("no error " + ("below" if step > 0 else "above"), "muted")

    # Looking.

    def do_follow(self) -> None:
        self.view.follow(True)

    def do_pause(self) -> None:
        self.view.follow(not self.view.following)

    def do_wrap(self) -> None:
        self.view.flip_wrap()

    def do_times(self) -> None:
        self.view.flip_times()

    def do_open(self) -> None:
        self.view.flip_unfold()

    def do_left(self) -> None:
        self.view.sideways(-SIDE_STEP)

    def do_right(self) -> None:
        self.view.sideways(SIDE_STEP)

    def do_minute_back(self) -> None:
        self._minutes(-60)

    def do_minute_on(self) -> None:
        self._minutes(60)

    def _minutes(self, seconds: float) -> None:
        row, rows = self.view.current, self.rows
        if row is None or rows is None or row.line.time is None:
            self.message("this line has no time", "muted")
            return
        number = rows.logs[row.log].at_time(row.line.time + seconds)
        if number is not None:
            self.view.following = False
            self.view.move_to(rows.index_of(row.log, min(number, rows.logs[row.log].count - 1)))

    def do_refresh(self) -> None:
        self.open_feed()

    def do_next_pane(self) -> None:
        self._source(1)

    def do_previous_pane(self) -> None:
        self._source(-1)

    def _source(self, step: int) -> None:
        """The other log of the object: stdout, stderr."""
        names = self.feed.choices if self.feed is not None else []
        if len(names) < 2:
            self.message("there is no other log here", "muted")
            return
        present = self.feed.sources[0].name if self.feed else names[0]
        self.wanted_source = names[(names.index(present) + step) % len(names)]
        self.open_feed()

    def do_attempts(self) -> None:
        """The attempt before; from the first one back to the latest."""
        source = self.feed.sources[0] if self.feed is not None else None
        attempt = source.attempt if source is not None else self.attempt
        if attempt is None:
            self.message("no attempts are known here", "muted")
        elif attempt > 1:
            self.attempt = attempt - 1
            self.open_feed()
        elif self.feed is not None and self.feed.attempts and self.feed.attempts > 1:
            self.attempt = None
            self.open_feed()
        else:
            self.message("there is no earlier try", "muted")

    def do_copy(self) -> None:
        row = self.view.current
        if row is not None:
            self.console.copy(line_text(row.line))
            self.message("copied the line", "muted")

    def do_save(self) -> None:
        feed = self.feed
        if feed is None:
            return
        for source, log in zip(feed.sources, feed.logs, strict=True):
            path = save_path(source.ref, [source.name], ".log")
            try:
                log.save(path)
            except OSError as error:
                self.message(f"✗ not saved: {error.strerror or error}", "failed")
                return
            self.message(f"saved as {path}", "muted")
