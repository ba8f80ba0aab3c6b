"""The pulse of one or several contexts as a table: what is unusual now, and since when."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Horizontal

from adapters.model import Kind, State
from adapters.port import Query
from tui import keys
from tui.core import format
from tui.core.pulse import SPANS, Pulse, Signal, p95, take
from tui.screens import listtext
from tui.screens.base import GridScreen
from tui.screens.overview import KINDS, NO_MENU, OverviewPane, OverviewScreen
from tui.screens.pulserows import Entry, Look, pulse_rows
from tui.screens.pulsewide import HALF, Answer, left_rows, right_rows
from tui.widgets.draw import Piece
from tui.widgets.head import Head
from tui.widgets.keybar import Hint
from tui.widgets.rows import TAKEN

WIDE, HIGH = 160, 36
"""From this size on there are two halves."""


class PulseScreen(OverviewScreen):
    """`enter` opens the rows behind a line."""

    where = keys.PULSE
    crumb = "pulse"
    CSS = f"""
    PulseScreen #left {{ width: {HALF}; }}
    PulseScreen #right {{ width: 1fr; display: none; }}
    PulseScreen.narrow #left {{ width: 1fr; }}
    """

    def __init__(self, contexts: Sequence[str]) -> None:
        super().__init__(contexts)
        self.pulse: Pulse | None = None
        self.chosen: dict[str, int] = {}
        self.span = "24h"
        self.left, self.right = OverviewPane(id="left"), OverviewPane(id="right")
        self.right.active = False
        self.pane = self.left
        self.add_class("narrow")

    def body(self) -> ComposeResult:
        yield Horizontal(self.left, self.right)

    def again(self) -> None:
        open_pulse(self, self.contexts)

    @property
    def known(self) -> bool:
        return self.pulse is not None

    async def take(self) -> None:
        """Snapshots never change, so that a thread may read 100,000 rows while keys are answered."""
        runs, hosts, pools = (self.snapshots(kind) for kind in KINDS)
        now = max((s.as_of for s in runs if s.as_of is not None), default=self.services.clock())
        began = time.monotonic()
        self.pulse = await asyncio.to_thread(take, runs, hosts, pools, now, SPANS[self.span])
        self.cost = time.monotonic() - began
        seen = self.services.samples
        if any(snapshot.as_of is not None for snapshot in hosts):
            seen.note(self._seen("hosts"), now, float(sum(state is not State.UP for state in self.pulse.hosts)))
        answers = p95([value for name in self.contexts for value in self.services.adapters[name].stats.latencies])
        for name in self.contexts:
            answer = p95(self.services.adapters[name].stats.latencies)
            if answer is not None:
                seen.note(f"answer {name}", now, answer)
        if answers is not None:
            seen.note(self._seen("p95"), now, answers)
        self.draw()
        self.say()

    def _seen(self, id: str) -> str:
        return f"{id} {','.join(self.contexts)}"

    def _signals(self, pulse: Pulse) -> list[Signal]:
        found = list(pulse.signals)
        if self.snapshots(Kind.HOST):
            marks = self.services.samples.marks(self._seen("hosts"), pulse.now, SPANS[self.span])
            found.append(Signal("hosts", "hosts not up", marks, marks[-1], kind=Kind.HOST, filter="state!=up"))
        marks = self.services.samples.marks(self._seen("p95"), pulse.now, SPANS[self.span])
        return [*found, Signal("p95", "answer p95", marks, marks[-1], kind=None)]

    # the halves

    @property
    def halves(self) -> bool:
        return self.size.width >= WIDE and self.size.height >= HIGH

    def draw(self) -> None:
        pulse, halves = self.pulse, self.halves
        self.set_class(not halves, "narrow")
        self.right.display = halves
        if not halves:
            self._use(self.left)
        if pulse is None or not self.left.size.width:
            return
        signals, hosts = self._signals(pulse), bool(self.snapshots(Kind.HOST))
        if halves:
            self.left.put(left_rows(pulse, signals, self._look(HALF)))
            self.right.put(right_rows(pulse, self._answers(pulse.now), self._look(self.size.width - HALF), hosts))
        else:
            self.left.put(pulse_rows(pulse, signals, self._look(self.size.width), hosts))
        self.update_peek()

    def _look(self, width: int) -> Look:
        cursor = self.pane.entry.id if self.pane.entry is not None else ""
        return Look(width - TAKEN, self.left.size.height, cursor, self.chosen, self.services.ascii, self.span)

    def _answers(self, now: float) -> list[Answer]:
        health, seen = self.services.sync.contexts(), self.services.samples
        latencies = {name: self.services.adapters[name].stats.latencies for name in self.contexts}
        return [
            Answer(name, health[name].state, seen.marks(f"answer {name}", now, SPANS[self.span]), p95(found))
            for name, found in latencies.items()
        ]

    def _use(self, pane: OverviewPane) -> None:
        """The keys go to this half."""
        if self.pane is not pane:
            self.pane = pane
            for each in (self.left, self.right):
                each.active = each is pane
                each.refresh_index(each.cursor)
            self.update_peek()

    @property
    def _other(self) -> OverviewPane:
        return self.right if self.pane is self.left else self.left

    def on_overview_pane_touched(self, event: OverviewPane.Touched) -> None:
        self._use(event.pane)

    def do_next_pane(self) -> None:
        if self.halves and any(self._other.entries):
            self._use(self._other)
        else:
            self.message("there is one half only", "muted")

    def do_previous_pane(self) -> None:
        self.do_next_pane()

    # what the lines say

    def say(self) -> None:
        self.set_crumbs(["all" if self.everything() else ",".join(self.contexts), "pulse"], self.console.banner)
        runs = self.snapshots(Kind.RUN)
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
        if self.halves:
            hints.append((shown("next-pane"), "other half", True))
        hints.append((f"{shown('span-shorter')} {shown('span-longer')}", "span", True))
        self.key_hints([*hints, (shown("next-fault"), "unusual", True), (shown("back"), "back", True)], NO_MENU)

    def opens(self) -> str:
        entry = self.pane.entry
        return "contexts" if entry is not None and entry.kind is None else "rows behind"

    # keys

    def on_head_slot_clicked(self, event: Head.SlotClicked) -> None:
        if not self.asking:
            self.rows_behind(Kind.RUN, event.filter)

    def do_open(self) -> None:
        entry = self.pane.entry
        if entry is None:
            return
        if entry.kind is None:
            self.console.open_contexts()
        elif entry.parent is not None:
            self._open_pool(entry)
        elif entry.ref is not None:
            trail = (self.crumb,)
            self.console.open_list(entry.kind, self.contexts, trail=trail, filter=entry.filter, goto=entry.ref)
        elif entry.items:
            self.rows_behind(
                entry.kind, entry.items[min(self.chosen.get(entry.id, 0), len(entry.items) - 1)].filter
            )
        else:
            self.rows_behind(entry.kind, entry.filter)

    def _open_pool(self, entry: Entry) -> None:
        """Its runs where the backend lists them, else the object itself."""
        assert entry.parent is not None
        spec = self.services.schemas[entry.parent.context].kinds[Kind.POOL]
        if Kind.RUN in spec.children:
            query, trail = Query(parent=entry.parent), ("pulse", entry.title)
            self.console.open_list(Kind.RUN, [entry.parent.context], query, trail=trail)
        else:
            self.console.open_detail(entry.parent)

    async def do_span_shorter(self) -> None:
        await self._spanned(-1)

    async def do_span_longer(self) -> None:
        await self._spanned(1)

    async def _spanned(self, step: int) -> None:
        """The marks of a shorter or longer past; what is usual, and causes, stay as they are."""
        spans = list(SPANS)
        at = spans.index(self.span) + step
        if not 0 <= at < len(spans):
            self.message(f"{self.span} is the {'shortest' if step < 0 else 'longest'}", "muted")
            return
        self.span = spans[at]
        await self.take()

    def do_left(self) -> None:
        self._choose(-1)

    def do_right(self) -> None:
        self._choose(1)

    def _choose(self, step: int) -> None:
        entry = self.pane.entry
        if self.halves:
            self._use(self.right if step > 0 else self.left)
        elif entry is not None and entry.items:
            at = self.chosen.get(entry.id, 0) + step
            self.chosen[entry.id] = max(0, min(at, len(entry.items) - 1))
            self.draw()

    def _hop(self, step: int) -> None:
        other = self._other
        if self.pane.hop(step):
            return
        red = [at for at in range(other.count) if other.is_red(at)] if self.halves else []
        if red:
            self._use(other)
            other.move_to(red[0 if step > 0 else -1])
        else:
            self.message("nothing unusual " + ("below" if step > 0 else "above"), "muted")


def open_pulse(screen: GridScreen, contexts: Sequence[str] = ()) -> None:
    """The pulse of these contexts, else of those that the screen shows."""
    shown = contexts or getattr(screen, "contexts", ()) or screen.console.scope
    if isinstance(screen, PulseScreen) and not contexts:
        return
    screen.console.open_screen(PulseScreen(tuple(shown)))
