"""Places in a log: bookmarks, which stay with the log on disk, and times to go to."""

from __future__ import annotations

from tui.core.format import clock, count
from tui.core.logspool import SpoolError
from tui.core.moments import NoMoment, read_moment
from tui.screens.logfeed import LogFeed
from tui.screens.logfind import LogFinding


class LogPlaces(LogFinding):
    """What of a log screen goes to places that somebody names."""

    feed: LogFeed | None = None

    # Bookmarks.

    def do_bookmark(self) -> None:
        """Put one at the line under the cursor, or take it away."""
        row, rows = self.view.current, self.rows
        if row is None or rows is None:
            return
        try:
            there = rows.logs[row.log].bookmark(row.line.number)
        except SpoolError as error:
            self.message(f"the bookmark is not kept: {error}", "failed")
            return
        self.view.refresh()
        number, key = sum(len(log.bookmarks) for log in rows.logs), self.services.keys.key("next-bookmark")
        many = f"{count(number)} bookmark{'' if number == 1 else 's'} here, {key} goes to the next"
        self.message(many if there else f"no bookmark any more; {count(number)} left", "muted")

    def do_next_bookmark(self) -> None:
        self._to_bookmark(1)

    def do_previous_bookmark(self) -> None:
        self._to_bookmark(-1)

    def _to_bookmark(self, step: int) -> None:
        """Round the end; a bookmark whose line the filter hides is passed over."""
        rows = self.rows
        if rows is None:
            return
        marked = [(place, number) for place, log in enumerate(rows.logs) for number in log.bookmarks]
        found = [(each, rows.index_of(*each)) for each in marked] if rows.count else []
        places = sorted(at for each, at in found if rows.address(at) == each)
        if not places:
            key = self.services.keys.key("bookmark")
            self.message(
                "the filter hides every bookmark" if found else f"no bookmark here; {key} puts one", "muted"
            )
            return
        ahead = [at for at in places if (at > self.view.cursor if step > 0 else at < self.view.cursor)]
        at = (ahead or places)[0 if step > 0 else -1]
        self._go(at)
        self.message(f"bookmark {places.index(at) + 1} of {len(places)}", "muted")

    # Times.

    def do_at(self) -> None:
        prompt = self.prompt("@ ", on_done=lambda text: self.verb_at(text) if text else None)
        prompt.hint = "14:32  -5m  +5m  1h  2026-08-22 14:32"
        self.peek.refresh()

    def verb_at(self, text: str) -> None:
        """Go to the first line at or after a time."""
        row, rows, feed = self.view.current, self.rows, self.feed
        last = feed.last_time if feed is not None else None
        if rows is None or last is None:
            self.message("these lines have no times", "muted")
            return
        try:
            when = read_moment(text, last, row.line.time if row is not None else None)
        except NoMoment as error:
            self.message(str(error), "failed")
            return
        self._to_time(when, last)

    def _to_time(self, when: float, last: float) -> None:
        rows = self.rows
        at = rows.at_time(when) if rows is not None else None
        if rows is None or at is None:
            self.message("these lines have no times", "muted")
        elif at >= rows.count:
            self._go(rows.count - 1)
            self.message(f"nothing at or after {clock(when, last)}; this is the last line", "muted")
        else:
            self._go(at)
            self.message(f"from {clock(when, last)} on", "muted")
