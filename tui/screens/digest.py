"""`D`: what happened since somebody last looked, with the way to each of it; leaving it is having looked."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence

from adapters.model import Kind, State, Timestamp
from tui import keys
from tui.core import format
from tui.core.acted import Acted, acted_since
from tui.core.digest import Digest, digest, sides_of
from tui.core.moments import NoMoment, read_moment
from tui.screens import listtext
from tui.screens.base import GridScreen
from tui.screens.digestrows import digest_rows
from tui.screens.overview import KINDS, NO_MENU, OverviewScreen
from tui.widgets.draw import Piece
from tui.widgets.keybar import Hint
from tui.widgets.rows import TAKEN

UNSEEN = 8 * 3600.0
"""How far back it goes for a context that nobody has looked at before."""

SAME = 60.0
"""Looks at several contexts that lie so close together are told as one time."""


class DigestScreen(OverviewScreen):
    """`<` and `>` go to earlier looks; `asked` is a time that was asked for instead of the last look."""

    where = keys.DIGEST
    crumb = "digest"

    def __init__(self, contexts: Sequence[str], asked: Timestamp | None = None) -> None:
        super().__init__(contexts)
        self.asked = asked
        self.earlier = 0
        self.digest: Digest | None = None
        self.since: Mapping[str, Timestamp] = {}
        self._acted: list[Acted] = []
        self._acted_for: Mapping[str, Timestamp] | None = None

    @property
    def known(self) -> bool:
        return self.digest is not None

    def again(self) -> None:
        self.console.open_screen(DigestScreen(self.contexts, self.asked))

    def on_unmount(self) -> None:
        super().on_unmount()
        if self.digest is not None and not self.reading:
            self.console.looked(self.contexts)

    # since when

    def marks(self, context: str) -> list[Timestamp]:
        """When somebody looked at a context, the newest first."""
        return [look.at for look in reversed(self.services.looks.of(context))]

    def _since(self, context: str, now: Timestamp) -> Timestamp:
        if self.asked is not None:
            return self.asked
        marks = self.marks(context)
        return marks[min(self.earlier, len(marks) - 1)] if marks else now - UNSEEN

    def _spans(self, now: Timestamp) -> str:
        """`since 06:02:11Z, 8h30m ago`; of several contexts each its own where these differ."""
        first, last = min(self.since.values(), default=now), max(self.since.values(), default=now)
        if last - first <= SAME:
            return f"since {format.clock(first, now)}, {format.age(now - first)} ago"
        return "since " + ", ".join(f"{name} {format.clock(at, now)}" for name, at in self.since.items())

    # computing

    @property
    def reading(self) -> bool:
        """Whether nobody has answered yet. A slow context does not keep the others waiting."""
        return all(each.as_of is None and each.error is None for each in self.snapshots(Kind.RUN))

    async def take(self) -> None:
        snapshots = [each for kind in KINDS for each in self.snapshots(kind)]
        now = self.services.clock()
        if self.reading:
            self.say()
            return
        looks = {name: self.services.looks.of(name) for name in self.contexts}
        self.since = {name: self._since(name, now) for name in self.contexts}
        began = time.monotonic()
        await self._read_journal()
        sides = sides_of(self.contexts, self.since, looks, snapshots)
        self.digest = await asyncio.to_thread(digest, sides, self._acted, now)
        self.cost = time.monotonic() - began
        self.draw()
        self.say()

    async def _read_journal(self) -> None:
        if self._acted_for == self.since:
            return
        journal, since = self.services.journal, min(self.since.values(), default=0.0)
        try:
            found = await asyncio.to_thread(acted_since, journal, since, set(self.contexts))
        except OSError as error:
            self.message(f"the journal cannot be read: {error.strerror or error}", "failed")
            found = []
        self._acted, self._acted_for = found, dict(self.since)

    # what the lines say

    def say(self) -> None:
        names = "all" if self.everything() else ",".join(self.contexts)
        self.set_crumbs([names, "digest"], self.console.banner)
        now = self.services.clock()
        self.set_freshness(listtext.freshness(self.snapshots(Kind.RUN), now, paused=self.services.paused))
        found = self.digest
        if found is None:
            self.set_counts_text([("reading what there is", "muted")])
            return
        pieces: list[Piece] = [(self._spans(now), "text"), ("   ", "text")]
        red = f"{format.symbol(State.FAILED, self.services.ascii)} {found.failed:,} failed"
        pieces.append((red, "failed" if found.failed else "muted"))
        for number, word in ((found.recovered, "recovered"), (found.ended, "ended")):
            pieces.append((f"   {number:,} {word}", "text" if number else "muted"))
        self.set_counts_text(pieces)

    def draw(self) -> None:
        found, size = self.digest, self.pane.size
        if found is None or not size.width:
            return
        journal = self.services.journal.directory is not None
        self.pane.put(digest_rows(found, size.width - TAKEN, journal, self.services.ascii, len(self.contexts) > 1))
        self.update_peek()

    def update_peek(self) -> None:
        if self.sheet is not None:
            return
        entry, shown = self.pane.entry, self.services.keys.key
        self.set_peek(entry.said if entry is not None else "")
        hints: list[Hint] = [(shown("open"), self.opens(), True)] if entry is not None else []
        hints += [
            (f"{shown('look-earlier')} {shown('look-later')}", "other look", True),
            (shown("next-fault"), "red", True),
            (shown("back"), "back", True),
        ]
        self.key_hints(hints, NO_MENU)

    def opens(self) -> str:
        entry = self.pane.entry
        return "object" if entry is not None and entry.ref is not None else "its rows"

    # keys

    def do_open(self) -> None:
        entry = self.pane.entry
        if entry is None:
            return
        if entry.ref is not None:
            self.console.open_detail(entry.ref)
        elif entry.kind is not None:
            self.rows_behind(entry.kind, entry.filter, entry.contexts)

    def do_look_earlier(self) -> None:
        self._other_look(1)

    def do_look_later(self) -> None:
        self._other_look(-1)

    def _other_look(self, step: int) -> None:
        most = max((len(self.marks(name)) for name in self.contexts), default=0)
        if self.asked is not None:  # back among the looks, where the time that was asked for is
            before = max((sum(at > self.asked for at in self.marks(name)) for name in self.contexts), default=0)
            self.asked, wanted = None, before if step > 0 else before - 1
        else:
            wanted = self.earlier + step
        if not 0 <= wanted < most:
            self.message("no earlier look is kept" if step > 0 else "this is the last look", "muted")
            return
        self.earlier = wanted
        self._wake.set()

    def verb_digest(self, text: str) -> None:
        """Since a time: `8h`, `06:00`, `2026-08-21`."""
        try:
            self.asked = read_moment(text, self.services.clock())
        except NoMoment as error:
            self.message(str(error), "failed")
            return
        self._wake.set()

    def _hop(self, step: int) -> None:
        if not self.pane.hop(step):
            self.message("no failure " + ("below" if step > 0 else "above"), "muted")


def open_digest(screen: GridScreen, contexts: Sequence[str] = (), since: str = "") -> None:
    """The digest of these contexts, else of those that the screen shows."""
    if isinstance(screen, DigestScreen) and not contexts:
        if since:
            screen.verb_digest(since)
        return
    asked: Timestamp | None = None
    if since:
        try:
            asked = read_moment(since, screen.services.clock())
        except NoMoment as error:
            screen.message(str(error), "failed")
            return
    shown = contexts or getattr(screen, "contexts", ()) or screen.console.scope
    screen.console.open_screen(DigestScreen(tuple(shown), asked))
