"""The time axis of a detail: its tasks, else its pods or runs, with their tries; zoom and scroll."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Mapping, Sequence

from adapters.errors import AdapterError
from adapters.model import ENDED, FAULTY, WAITING, Kind, Ref, Resource
from tui.core.store import Snapshot
from tui.core.text import safe
from tui.core.tries import Try, number_of, tries_of, was_tried
from tui.screens.detailbase import DetailBase
from tui.screens.detailview import TIMELINE

MOST_TIMED = 500
"""So many pods or runs are on the axis: what is red, then the newest."""

STEP = 0.25
"""Scrolling moves by this share of what is shown."""


class DetailTime(DetailBase):
    """Feeds the pane of bars and answers to the keys of its axis."""

    def __init__(self, ref: Ref, tab: str | None = None) -> None:
        super().__init__(ref, tab)
        self._tried: dict[Ref, tuple[object, Sequence[Try]]] = {}

    @property
    def timed(self) -> Kind | None:
        """The kind whose objects are on the axis."""
        return next((kind for kind in (Kind.TASK, Kind.POD, Kind.RUN) if kind in self._subscriptions), None)

    def feed(self, now: float) -> None:
        """Hand the pane of bars what there is now, or why there is nothing."""
        kind, found = self.timed, self.found
        if kind is None:
            if found is not None:
                self.tasks.title = found.ref.kind.value.upper()
                self.tasks.show([found], now, tries={found.ref: tries_of(found, self.events or ())})
            return
        snapshot = self.children_of(kind)
        if snapshot is None:
            return
        self.tasks.title = kind.value.upper()
        self.tasks.empty, self.tasks.empty_token = self._empty(snapshot, kind)
        if snapshot.as_of is not None and (kind is Kind.TASK or self.tab == TIMELINE):
            rows = list(snapshot.rows.values()) if kind is Kind.TASK else newest(snapshot.rows.values())
            tries = self._known_tries(rows)
            self.tasks.show(rows, now, complete=snapshot.complete, tries=tries, folds=kind is Kind.TASK)
            if self.pane is self.tasks:
                self._ask_tries()
        else:
            self.tasks.refresh()

    def _empty(self, snapshot: Snapshot, kind: Kind) -> tuple[str, str]:
        """What stands where there are no rows: never just nothing."""
        if snapshot.error is not None:
            return snapshot.error.sentence, "failed" if snapshot.as_of is None else "muted"
        if snapshot.as_of is None:
            return f"reading the {kind.plural}", "muted"
        if snapshot.note:
            return snapshot.note, "muted"
        found = self.found
        if found is not None and found.state in WAITING:
            return f"no {kind.plural} yet: it has not started", "muted"
        if found is not None and found.state in ENDED:
            return f"no {kind.plural}: it ended without any, or the server no longer lists them", "muted"
        return f"no {kind.plural}: the server lists none under this {self.ref.kind.value}", "muted"

    # Tries that are no objects of their own are read from events, of the lines in view.

    def _known_tries(self, rows: Sequence[Resource]) -> Mapping[Ref, Sequence[Try]]:
        return {row.ref: self._tried[row.ref][1] for row in rows if row.ref in self._tried}

    def _ask_tries(self) -> None:
        top, page = self.tasks.top, self.tasks.page_size
        seen = [row.resource for row in self.tasks.rows[top : top + page] if row.resource and not row.has_children]
        wanted = [row for row in seen if was_tried(row) and self._tried.get(row.ref, (None,))[0] != _stamp(row)]
        if wanted:
            for row in wanted:
                self._tried[row.ref] = (_stamp(row), self._tried.get(row.ref, (None, ()))[1])
            self.run_worker(self._read_tries(wanted), group="tries", exit_on_error=False)

    async def _read_tries(self, rows: Sequence[Resource]) -> None:
        for row in rows:
            try:
                events = await self.adapter.events(row.ref)
            except AdapterError as error:
                self.message(safe(f"earlier tries: {error.sentence}"), "muted")
                return
            self._tried[row.ref] = (_stamp(row), tries_of(row, events))
        self.redraw()

    # Keys.

    def show_tab(self, tab: str) -> None:
        raise NotImplementedError

    def do_timeline(self) -> None:
        ids = [tab.id for tab in self.facts.tabs]
        wanted = next((tab for tab in (Kind.TASK.value, TIMELINE) if tab in ids), None)
        if wanted is None:
            self.message("nothing here has times to draw", "muted")
        else:
            self.show_tab(wanted)

    def _on_axis(self) -> bool:
        if self.pane is self.tasks:
            return True
        self.message(f"that works on the time axis, {self.services.keys.key('timeline')} shows it", "muted")
        return False

    def _moved(self, changed: bool, otherwise: str) -> None:
        if not changed:
            self.message(otherwise, "muted")
        self.redraw()

    def do_zoom(self) -> None:
        if self._on_axis():
            self.tasks.zoom()
            self.redraw()

    def do_zoom_in(self) -> None:
        if self._on_axis():
            self._moved(self.tasks.scale(0.5), "these are single seconds")

    def do_zoom_out(self) -> None:
        if self._on_axis():
            self._moved(self.tasks.scale(2.0), "this is all of it")

    def do_time_back(self) -> None:
        self._scroll(-STEP, "nothing is earlier")

    def do_time_on(self) -> None:
        self._scroll(STEP, "nothing is later")

    def _scroll(self, share: float, otherwise: str) -> None:
        if not self._on_axis():
            return
        whole = self.tasks.window.part is None
        zoom = self.services.keys.key("zoom-in")
        self._moved(self.tasks.scroll_time(share), f"this is all of it, {zoom} zooms in" if whole else otherwise)


def _stamp(row: Resource) -> object:
    """Tries of the past change only when there is a new one."""
    return number_of(row), row.state


def newest(rows: Collection[Resource]) -> list[Resource]:
    if len(rows) <= MOST_TIMED:
        return list(rows)
    return heapq.nlargest(MOST_TIMED, rows, key=lambda row: (row.state in FAULTY, row.created or 0.0))
