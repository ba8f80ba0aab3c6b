"""What screens over whole lists share: the lists they keep true, lines that open something, and the keys."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from textual import events
from textual.app import ComposeResult
from textual.message import Message

from adapters.model import Kind
from tui.core.store import Diff, Key, Snapshot
from tui.core.sync import Subscription
from tui.screens.base import GridScreen
from tui.screens.pulserows import Entry, PulseRow
from tui.widgets.keybar import FIXED
from tui.widgets.lines import LineList
from tui.widgets.rows import RowsPane

KINDS = (Kind.RUN, Kind.HOST, Kind.POOL)
BURST = 0.2
"""Changes within so many seconds are one computation."""

REST = 5.0
"""How many times longer than it takes to compute it rests, so that many rows that keep changing cost little."""


NO_MENU = [hint for hint in FIXED if hint[1] not in ("menu", "filter")]
"""The fixed keys of a screen that is about no object."""


class OverviewPane(RowsPane):
    """The cursor stops only at lines that open something, and stays on its line when others come and go."""

    class Picked(Message):
        """A line was clicked twice."""

    class Touched(Message):
        """It was clicked, so that the keys go to it."""

        def __init__(self, pane: OverviewPane) -> None:
            super().__init__()
            self.pane = pane

    active = True
    """Whether it has the keys; of several panes only one has."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.entries: list[Entry | None] = []

    def put(self, rows: Sequence[PulseRow]) -> None:
        before = self.entry
        made = [each.row for each in rows]
        self.entries = [each.entry for each in rows[1:]]
        self.show(lambda width: made)
        ids = [entry.id if entry else "" for entry in self.entries]
        self.cursor = ids.index(before.id) if before is not None and before.id in ids else self.cursor
        self.move_to(self.cursor)
        self.refresh()

    @property
    def entry(self) -> Entry | None:
        return self.entries[self.cursor] if 0 <= self.cursor < len(self.entries) else None

    def move_to(self, index: int) -> None:
        stops = [at for at, entry in enumerate(self.entries) if entry is not None]
        if stops:
            ahead = [at for at in stops if (at >= index if index >= self.cursor else at <= index)]
            index = min(ahead or stops, key=lambda at: abs(at - index))
        super().move_to(index)
        self._show_edge(stops)

    def _show_edge(self, stops: Sequence[int]) -> None:
        """Lines at which the cursor cannot stop are seen with the first and the last one at which it can."""
        top = self.top
        if stops and self.cursor == stops[0] < self.page_size:
            top = 0
        elif stops and self.cursor == stops[-1]:
            top = min(self.cursor, max(top, self.count - self.page_size))
        if top != self.top:
            self.top = top
            self.refresh()

    @property
    def shows_cursor(self) -> bool:
        return self.active

    def on_click(self, event: events.Click) -> None:
        super().on_click(event)
        self.post_message(self.Touched(self))

    def open_line(self, index: int) -> None:
        self.post_message(self.Picked())


class OverviewScreen(GridScreen):
    """Subclasses compute what they show from the snapshots. `0` shows all contexts, and again those of before."""

    crumb = ""

    def __init__(self, contexts: Sequence[str]) -> None:
        super().__init__()
        self.contexts = tuple(contexts)
        self.before_all: tuple[str, ...] | None = None
        self.pane = OverviewPane()
        self.cost = 0.0
        self._subscriptions: dict[Key, Subscription] = {}
        self._unlisten: Callable[[], None] = lambda: None
        self._wake = asyncio.Event()

    def body(self) -> ComposeResult:
        yield self.pane

    # what subclasses do

    @property
    def known(self) -> bool:
        """Whether anything has been computed yet."""
        raise NotImplementedError

    async def take(self) -> None:
        """Compute anew from the snapshots, then draw and say."""
        raise NotImplementedError

    def draw(self) -> None:
        raise NotImplementedError

    def say(self) -> None:
        """Lines 1 and 2."""
        raise NotImplementedError

    def do_open(self) -> None:
        """Open what is behind the line under the cursor."""
        raise NotImplementedError

    # life

    def on_mount(self) -> None:
        self._unlisten = self.services.store.listen(self._store_changed)
        self._subscribe()
        self.run_worker(self._follow(), name="follow", group="follow", exit_on_error=True)
        self.say()

    def on_unmount(self) -> None:
        self._unlisten()
        for subscription in self._subscriptions.values():
            subscription.release()

    def on_screen_suspend(self) -> None:
        for subscription in self._subscriptions.values():
            subscription.hidden = True

    def on_screen_resume(self) -> None:
        for subscription in self._subscriptions.values():
            subscription.hidden = False
        self._wake.set()

    def freshen(self) -> None:
        self._subscribe()
        self.say()

    def _subscribe(self) -> None:
        known = self.services.schemas
        wanted = {
            Key(name, kind)
            for name in self.contexts
            for kind in KINDS
            if name in known and kind in known[name].kinds
        }
        for key in set(self._subscriptions) - wanted:
            self._subscriptions.pop(key).release()
        for key in sorted(wanted - set(self._subscriptions), key=lambda key: (key.context, key.kind)):
            self._subscriptions[key] = self.services.sync.subscribe(key.context, key.kind)
        self._wake.set()

    def _store_changed(self, key: Key, diff: Diff) -> None:
        if key in self._subscriptions:
            self._wake.set()

    async def _follow(self) -> None:
        while True:
            await self._wake.wait()
            await asyncio.sleep(max(BURST, REST * self.cost) if self.known else 0.0)
            self._wake.clear()
            if self.is_current:
                await self.take()

    def snapshots(self, kind: Kind) -> list[Snapshot]:
        return [self.services.store.snapshot(key) for key in self._subscriptions if key.kind is kind]

    def everything(self) -> bool:
        return set(self.contexts) >= set(self.services.adapters) and len(self.contexts) > 1

    def on_resize(self, event: events.Resize) -> None:
        super().on_resize(event)
        self.call_after_refresh(self.draw)

    # keys

    def on_line_list_rested(self, event: LineList.Rested) -> None:
        self.draw()

    def on_overview_pane_picked(self) -> None:
        self.do_open()

    def rows_behind(self, kind: Kind, filter: str, contexts: Sequence[str] = ()) -> None:
        self.console.open_list(kind, contexts or self.contexts, trail=(self.crumb,), filter=filter)

    def do_all_contexts(self) -> None:
        everything = tuple(self.services.adapters)
        if self.before_all is not None:
            self.contexts, self.before_all = self.before_all, None
        elif set(self.contexts) != set(everything):
            self.before_all, self.contexts = self.contexts, everything
        else:
            self.message("these are all contexts", "muted")
        self.freshen()

    def do_refresh(self) -> None:
        for subscription in self._subscriptions.values():
            subscription.refresh()

    def do_down(self) -> None:
        self.pane.step(1)

    def do_up(self) -> None:
        self.pane.step(-1)

    def do_top(self) -> None:
        self.pane.to_first()

    def do_bottom(self) -> None:
        self.pane.to_last()

    def do_page_down(self) -> None:
        self.pane.page(1)

    def do_page_up(self) -> None:
        self.pane.page(-1)

    def do_next_fault(self) -> None:
        self._hop(1)

    def do_previous_fault(self) -> None:
        self._hop(-1)

    def _hop(self, step: int) -> None:
        raise NotImplementedError
