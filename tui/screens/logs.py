"""Logs: followed into the spool, shown from it; nothing is dropped, what is missing is a marker line."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

from textual._time import get_time
from textual.app import ComposeResult

from adapters.errors import AdapterError, NotFound
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
from tui.screens.logopen import LogOpening
from tui.screens.panes import save_path
from tui.widgets.keybar import Hint
from tui.widgets.logview import SIDE_STEP, LogView, line_text
from tui.widgets.strip import VolumeStrip

FIXED: tuple[Hint, ...] = (("/", "find", True), (":", "go", True), ("x", "menu", True), ("?", "help", True))
REDRAW_EVERY = 0.1
TICK = 1.0
MEASURE_EVERY = 2.0


class _Place(NamedTuple):
    needle: str
    at: tuple[int, int] | None


class LogsScreen(LogOpening):
    """The logs of one object, or of several merged by time. `line` is where to begin, in the log `source`."""

    where = keys.LOGS
    leads = True

    def __init__(
        self, refs: Sequence[Ref], attempt: int | None = None, source: str = "", line: int | None = None
    ) -> None:
        super().__init__(refs[0])
        self.refs = tuple(refs)
        self.attempt = attempt
        self.wanted_source, self.wanted_line = source, line
        self.merged = False
        self.view = LogView(id="log")
        self.strip = VolumeStrip()
        self.feed: LogFeed | None = None
        self.rows: LogRows | None = None
        self.search: LogSearch | None = None
        self.problem = ""
        self.latest: int | None = None
        self._dirty = False
        self._measuring = False
        self._measured_at = float("-inf")
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
        self.set_interval(TICK, self.say)
        self.open_feed()

    def on_unmount(self) -> None:
        self._close()

    def _close(self) -> None:
        """Nothing reads a log that is closed, nor draws it."""
        for group in ("follow", "extend", "find", "only"):
            self.workers.cancel_group(self, group)
        feed, self.feed, self.rows, self.search, self.view.rows = self.feed, None, None, None, None
        if feed is not None:
            feed.close()

    def open_feed(self) -> None:
        """Find the sources of the present attempt and begin to follow them."""
        self.run_worker(self._open(), group="open", exclusive=True, exit_on_error=False)

    async def _open(self) -> None:
        self.problem = ""
        feed = LogFeed(self.services, self.refs, self.attempt, self.wanted_source, merged=self.merged)
        try:
            await feed.open()
            if not feed.logs:
                raise NotFound(f"the server names no log of {safe(self.ref.id, 60)}")
            place = self._place(feed)
            rows = LogRows(feed.logs)
            await rows.set_filter(place.needle if place else "")
        except (AdapterError, SpoolError) as error:
            feed.close()  # what was shown before stays
            self._fail(str(error), getattr(error, "hint", ""))
            return
        self._close()
        feed.attempts = self.latest = max((each for each in (feed.attempts, self.latest) if each), default=None)
        self.feed, self.rows, self._measured_at = feed, rows, float("-inf")
        self.view.following = self.wanted_line is None
        self.view.show(rows, feed.names)
        if place is not None and place.at is not None:
            self._go(rows.index_of(*place.at))
        for index in range(len(feed.logs)):
            self.run_worker(self._follow(feed, index), group="follow", exit_on_error=False)
        self._changed()

    def _place(self, again: LogFeed) -> _Place | None:
        """Where somebody is in the logs shown, if these are what is opened again: nobody shall be moved."""
        rows, view = self.rows, self.view
        if self.feed is None or rows is None or self.feed.keys != again.keys:
            return None
        return _Place(rows.needle, rows.address(view.cursor) if rows.count and not view.following else None)

    async def _follow(self, feed: LogFeed, index: int) -> None:
        try:
            await feed.follow(index, self._changed)
        except AdapterError as error:
            self._fail(error.sentence, error.hint)
        except SpoolError as error:
            self._fail(f"no longer kept on disk ({error.why})", "ctrl-r goes on when there is room")
        self._changed()

    def _fail(self, sentence: str, hint: str) -> None:
        self.problem = safe(f"{sentence}{'; ' + hint if hint else ''}")
        self.console.note(self.problem, "failed")
        if self.feed is None:
            self.set_freshness("")
            self.set_counts_text([("no log", "muted")])
        self.say()

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
        self._measure()
        self.say()

    def _measure(self) -> None:
        """The volume is measured now and then: it looks all over the log."""
        rows, feed, now = self.rows, self.feed, get_time()
        wait = self._measured_at + MEASURE_EVERY - now
        if rows is None or feed is None:
            return
        if wait <= 0 or not self.strip.buckets:
            self._measured_at = now
            self.strip.show(rows.volume, rows.count, feed.last_time)
        elif not self._measuring:
            self._measuring = True
            self.set_timer(wait, self._measure_late)

    def _measure_late(self) -> None:
        self._measuring = False
        self._measure()

    def _go_to_wanted(self, feed: LogFeed) -> None:
        line = self.wanted_line
        if line is not None and feed.logs[0].count > line:
            self.wanted_line = None
            self.view.move_to(line)

    # What the lines say.

    def say(self) -> None:
        feed = self.feed
        if feed is None:
            self.set_peek([[("✗ ", "failed"), (self.problem, "failed")]] if self.problem else [])
            return
        now = self.services.clock()
        self.set_counts_text(logtext.status(feed, self.rows, now))
        self.set_freshness(f"{feed.standing} {clock(feed.read_at or now, now)}")
        self.set_peek([logtext.bottom(feed, self.view, self.search, self.problem, now)])
        self._say_keys()

    def _say_keys(self) -> None:
        live = self.services.keys
        named = [("follow", "follow"), ("next-fault", "error"), ("matches-only", "only"), ("attempts", "try")]
        hints = [(live.key(id), title, True) for id, title in named]
        if not self.view.following:
            hints[0] = (live.key("follow"), "follow", True)
        more_ids = [
            *(("next-pane", "source"), ("all-sources", "all"), ("bookmark", "bookmark"), ("at", "to a time")),
            *(("pager", "pager"), ("wrap", "wrap"), ("times", "time"), ("save", "save")),
        ]
        self.key_hints(hints, FIXED, [(live.key(id), title, True) for id, title in more_ids])

    def on_log_view_changed(self) -> None:
        self.say()

    def on_volume_strip_jump(self, event: VolumeStrip.Jump) -> None:
        if self.rows is not None:
            self.view.following = False
            self.view.move_to(self.strip.buckets[event.bucket].first)

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
        self.merged = self.merged and self.feed is not None and len({each.name for each in self.feed.sources}) == 1
        self.open_feed()

    def do_all_sources(self) -> None:
        """The logs of all parts merged by time, or again the one that was shown."""
        feed = self.feed
        if feed is None or (max(feed.parts, len(feed.choices)) < 2 and not self.merged):
            self.message("there is no other log here", "muted")
            return
        self.merged, self.wanted_source = not self.merged, feed.sources[0].name
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
