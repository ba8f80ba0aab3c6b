"""The pulse of one or several contexts as a table: what is unusual now, and since when."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

from textual import events
from textual.app import ComposeResult
from textual.message import Message

from adapters.model import Kind, State
from adapters.port import Query
from tui import keys
from tui.core import format
from tui.core.pulse import Pulse, Signal, p95, take
from tui.core.store import Diff, Key, Snapshot
from tui.core.sync import Subscription
from tui.screens import listtext
from tui.screens.base import GridScreen
from tui.screens.pulserows import Entry, Look, PulseRow, pulse_rows
from tui.widgets.draw import Piece
from tui.widgets.head import Head
from tui.widgets.keybar import FIXED, Hint
from tui.widgets.lines import LineList
from tui.widgets.rows import TAKEN, RowsPane

KINDS = (Kind.RUN, Kind.HOST, Kind.POOL)
BURST = 0.2
"""Changes within so many seconds are one computation."""

REST = 5.0
"""How many times longer than it takes to compute it rests, so that many rows that keep changing cost little."""


class PulsePane(RowsPane):
    """The cursor stops only at lines that open something, and stays on its line when others come and go."""

    class Picked(Message):
        """A line was clicked twice."""

    def __init__(self) -> None:
        super().__init__()
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

    def open_line(self, index: int) -> None:
        self.post_message(self.Picked())


class PulseScreen(GridScreen):
    """`enter` opens the rows behind a line; `0` shows all contexts, and again those of before."""

    where = keys.PULSE

    def __init__(self, contexts: Sequence[str]) -> None:
        super().__init__()
        self.contexts = tuple(contexts)
        self.before_all: tuple[str, ...] | None = None
        self.pane = PulsePane()
        self.pulse: Pulse | None = None
        self.chosen: dict[str, int] = {}
        self._subscriptions: dict[Key, Subscription] = {}
        self._unlisten: Callable[[], None] = lambda: None
        self._wake = asyncio.Event()
        self._cost = 0.0

    def body(self) -> ComposeResult:
        yield self.pane

    # life

    def again(self) -> None:
        open_pulse(self, self.contexts)

    def about(self) -> Sequence[str]:
        return self.contexts

    def on_mount(self) -> None:
        self._unlisten = self.services.store.listen(self._store_changed)
        self._subscribe()
        self.run_worker(self._follow(), name="follow", group="follow", exit_on_error=True)
        self._say()

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
        self._say()

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
            await asyncio.sleep(max(BURST, REST * self._cost) if self.pulse is not None else 0.0)
            self._wake.clear()
            if self.is_current:
                await self._take()

    def _snapshots(self, kind: Kind) -> list[Snapshot]:
        return [self.services.store.snapshot(key) for key in self._subscriptions if key.kind is kind]

    async def _take(self) -> None:
        """Snapshots never change, so that a thread may read 100,000 rows while keys are answered."""
        runs, hosts, pools = (self._snapshots(kind) for kind in KINDS)
        now = max((s.as_of for s in runs if s.as_of is not None), default=self.services.clock())
        began = time.monotonic()
        self.pulse = await asyncio.to_thread(take, runs, hosts, pools, now)
        self._cost = time.monotonic() - began
        seen = self.services.samples
        if any(snapshot.as_of is not None for snapshot in hosts):
            seen.note(self._seen("hosts"), now, float(sum(state is not State.UP for state in self.pulse.hosts)))
        answers = p95([value for name in self.contexts for value in self.services.adapters[name].stats.latencies])
        if answers is not None:
            seen.note(self._seen("p95"), now, answers)
        self._draw()
        self._say()

    def _seen(self, id: str) -> str:
        return f"{id} {','.join(self.contexts)}"

    def _signals(self, pulse: Pulse) -> list[Signal]:
        found = list(pulse.signals)
        if self._snapshots(Kind.HOST):
            marks = self.services.samples.marks(self._seen("hosts"), pulse.now)
            found.append(Signal("hosts", "hosts not up", marks, marks[-1], kind=Kind.HOST, filter="state!=up"))
        marks = self.services.samples.marks(self._seen("p95"), pulse.now)
        return [*found, Signal("p95", "answer p95", marks, marks[-1], kind=None)]

    def _draw(self) -> None:
        pulse, size = self.pulse, self.pane.size
        if pulse is None or not size.width:
            return
        cursor = self.pane.entry.id if self.pane.entry is not None else ""
        look = Look(size.width - TAKEN, size.height, cursor, self.chosen, self.services.ascii)
        self.pane.put(pulse_rows(pulse, self._signals(pulse), look, bool(self._snapshots(Kind.HOST))))
        self.update_peek()

    def on_resize(self, event: events.Resize) -> None:
        super().on_resize(event)
        self.call_after_refresh(self._draw)

    # what the lines say

    def _say(self) -> None:
        everything = set(self.contexts) >= set(self.services.adapters) and len(self.contexts) > 1
        self.set_crumbs(["all" if everything else ",".join(self.contexts), "pulse"], self.console.banner)
        runs = self._snapshots(Kind.RUN)
        self.set_freshness(listtext.freshness(runs, self.services.clock(), paused=self.services.paused))
        pulse = self.pulse
        if pulse is None:
            self.set_counts_text([("reading the runs", "muted")])
            return
        total = listtext.total_text(Kind.RUN, pulse.counts, runs, filtered=False)
        self.set_counts(listtext.slots(total, pulse.counts, ascii=self.services.ascii), self._missing(pulse))

    def _missing(self, pulse: Pulse) -> list[Piece]:
        """Why the marks are not the whole truth."""
        if pulse.since is not None:
            known = pulse.since <= pulse.now
            text = f"loaded from {format.clock(pulse.since, pulse.now)}" if known else "nothing loaded yet"
            return [(text, "waiting")]
        return [(f"{pulse.undated} undated", "muted")] if pulse.undated else []

    def update_peek(self) -> None:
        entry = self.pane.entry
        if entry is None or self.sheet is not None:
            return
        self.set_peek(entry.said)
        shown = self.services.keys.key
        hints: list[Hint] = [(shown("open"), self.opens(), True)]
        if len(entry.items) > 1:
            hints.append((f"{shown('left')} {shown('right')}", "choose", True))
        self.key_hints([*hints, (shown("next-fault"), "unusual", True), (shown("back"), "back", True)], _FIXED)

    def opens(self) -> str:
        entry = self.pane.entry
        return "contexts" if entry is not None and entry.kind is None else "rows behind"

    # keys

    def on_line_list_rested(self, event: LineList.Rested) -> None:
        self._draw()

    def on_pulse_pane_picked(self) -> None:
        self.do_open()

    def on_head_slot_clicked(self, event: Head.SlotClicked) -> None:
        if not self.asking:
            self._list(Kind.RUN, event.filter)

    def do_open(self) -> None:
        entry = self.pane.entry
        if entry is None:
            return
        if entry.kind is None:
            self.console.open_contexts()
        elif entry.parent is not None:
            self._open_pool(entry)
        elif entry.items:
            self._list(entry.kind, entry.items[min(self.chosen.get(entry.id, 0), len(entry.items) - 1)].filter)
        else:
            self._list(entry.kind, entry.filter)

    def _open_pool(self, entry: Entry) -> None:
        """Its runs where the backend lists them, else the object itself."""
        assert entry.parent is not None
        spec = self.services.schemas[entry.parent.context].kinds[Kind.POOL]
        if Kind.RUN in spec.children:
            query, trail = Query(parent=entry.parent), ("pulse", entry.title)
            self.console.open_list(Kind.RUN, [entry.parent.context], query, trail=trail)
        else:
            self.console.open_detail(entry.parent)

    def _list(self, kind: Kind, filter: str) -> None:
        self.console.open_list(kind, self.contexts, trail=("pulse",), filter=filter)

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

    def do_left(self) -> None:
        self._choose(-1)

    def do_right(self) -> None:
        self._choose(1)

    def _choose(self, step: int) -> None:
        entry = self.pane.entry
        if entry is not None and entry.items:
            at = self.chosen.get(entry.id, 0) + step
            self.chosen[entry.id] = max(0, min(at, len(entry.items) - 1))
            self._draw()

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
        if not self.pane.hop(step):
            self.message("nothing unusual " + ("below" if step > 0 else "above"), "muted")


_FIXED = [hint for hint in FIXED if hint[1] not in ("menu", "filter")]


def open_pulse(screen: GridScreen, contexts: Sequence[str] = ()) -> None:
    """The pulse of these contexts, else of those that the screen shows."""
    shown = contexts or getattr(screen, "contexts", ()) or screen.console.scope
    if isinstance(screen, PulseScreen) and not contexts:
        return
    screen.console.open_screen(PulseScreen(tuple(shown)))
