"""Jumps, marker lines and the menu of a log screen: what does not read the log but goes about in it."""

from __future__ import annotations

from adapters.model import Ref
from tui.core.format import clock
from tui.core.logspool import SpoolError
from tui.screens.logfeed import LogFeed
from tui.screens.logplaces import LogPlaces


class LogLooking(LogPlaces):
    """`0` is the end, `1` the beginning, `2` to `6` so long before the last line."""

    refs: tuple[Ref, ...]
    feed: LogFeed | None = None

    def targets(self) -> list[Ref]:
        return list(self.refs)

    # Jumping.

    def do_log_end(self) -> None:
        self.view.follow(True)

    def do_log_beginning(self) -> None:
        self._go(0)

    def do_log_1m(self) -> None:
        self._back(60)

    def do_log_5m(self) -> None:
        self._back(300)

    def do_log_15m(self) -> None:
        self._back(900)

    def do_log_30m(self) -> None:
        self._back(1800)

    def do_log_1h(self) -> None:
        self._back(3600)

    def _back(self, seconds: float) -> None:
        """To the first line within so long before the last one; nothing is hidden."""
        last = self.feed.last_time if self.feed is not None else None
        if last is None:
            self.message("these lines have no times", "muted")
            return
        self._to_time(last - seconds, last)

    # Marking.

    def do_marker(self) -> None:
        """A bookmarked line of our own at the end, to see what comes after it; in the spool, never in the log."""
        if self.feed is None:
            return
        now = self.services.clock()
        try:
            for log in self.feed.logs:
                log.mark(f"--- marked at {clock(now, now)}")
                log.bookmark(log.count - 1)
        except SpoolError as error:
            self.message(f"not marked: {error}", "failed")
            return
        self._changed()

    def _changed(self) -> None:
        """Draw what is new in the log soon."""
        raise NotImplementedError

    # The object.

    def do_menu(self) -> None:
        from tui.screens.menu import MenuSheet

        found = self.services.store.find(self.ref)
        if found is None:
            self.message("the object has not been read, only its log", "muted")
        else:
            self.open_sheet(MenuSheet(self, found, self.targets(), without=("open", "logs")))

    def do_describe(self) -> None:
        self.console.open_document(self.ref, "describe")

    def do_raw(self) -> None:
        self.console.open_document(self.ref, "yaml")

    def do_why(self) -> None:
        self.console.open_detail(self.ref, "Why")

    def do_events(self) -> None:
        self.console.open_detail(self.ref, "Events")
