"""The data behind a detail: the object itself, its children, its events, kept fresh while it is shown."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from textual.app import ComposeResult
from textual.containers import Horizontal

from adapters.errors import AdapterError
from adapters.model import ENDED, Event, Kind, Ref, Resource
from adapters.port import KindSpec, Query, Schema
from adapters.sections import Detail
from tui import keys
from tui.core.store import Diff, Key, Snapshot
from tui.core.sync import Subscription
from tui.screens import detailview
from tui.screens.panes import PaneScreen
from tui.widgets.detailhead import DetailHead, Tab
from tui.widgets.lines import LineList
from tui.widgets.rows import RowsPane, SidePane
from tui.widgets.tasktree import TaskTree

SLOWER = 5
"""An object that has ended is read again so many times less often."""


class DetailBase(PaneScreen):
    """One object, read again and again while it is on the screen. The panes are named by their tabs."""

    where = keys.DETAIL
    leads = True

    def __init__(self, ref: Ref, tab: str | None = None) -> None:
        super().__init__(ref)
        self.facts = DetailHead()
        self.tasks = TaskTree(id="tree")
        self.rows = RowsPane(id="rows")
        self.side = SidePane(id="side")
        self.detail: Detail | None = None
        self.events: Sequence[Event] | None = None
        self.error: AdapterError | None = None
        self.as_of: float | None = None
        self.tab = ""
        self._wanted_tab = tab
        self._subscriptions: dict[Kind, Subscription] = {}
        self._unlisten: Callable[[], None] = lambda: None
        self._cursors: dict[str, int] = {}
        self._drawing = False

    # What there is.

    @property
    def schema(self) -> Schema | None:
        return self.services.schemas.get(self.ref.context)

    @property
    def spec(self) -> KindSpec | None:
        return self.schema.kinds.get(self.ref.kind) if self.schema else None

    @property
    def pane(self) -> LineList:
        return self.tasks if self.tab in (Kind.TASK.value, detailview.TIMELINE) else self.rows

    @property
    def found(self) -> Resource | None:
        return self.detail.resource if self.detail else self.services.store.find(self.ref)

    def children_of(self, kind: Kind) -> Snapshot | None:
        held = self._subscriptions.get(kind)
        return self.services.store.snapshot(held.key) if held is not None else None

    def parts(self) -> list[Resource]:
        """The tasks, else the first other kind of children: what line 2 counts."""
        for kind in self.spec.children if self.spec else ():
            snapshot = self.children_of(kind)
            if snapshot is not None and snapshot.rows:
                return list(snapshot.rows.values())
        return []

    @property
    def tabs(self) -> list[Tab]:
        counts = {
            kind: (snapshot.total if snapshot.total is not None else snapshot.loaded)
            for kind in self._subscriptions
            if (snapshot := self.children_of(kind)) is not None and snapshot.as_of is not None
        }
        events = len(self.events) if self.events is not None else None
        drains = self.schema is not None and self.schema.action("drain", self.ref.kind) is not None
        return detailview.tabs(self.detail, self.spec, counts, events, drains)

    @property
    def current(self) -> Resource | None:
        """The child object under the cursor, if the pane lists any."""
        if self.pane is self.tasks:
            return self.tasks.current
        row = self.rows.current
        return self.services.store.find(row.ref) if row is not None and row.ref is not None else None

    # Life.

    def body(self) -> ComposeResult:
        yield self.facts
        yield Horizontal(self.tasks, self.rows, self.side)

    def on_mount(self) -> None:
        self.crumbs()
        self.set_freshness("loading")
        self._unlisten = self.services.store.listen(self._stored)
        for kind in self.spec.children if self.spec else ():
            query = Query(parent=self.ref)
            self._subscriptions[kind] = self.services.sync.subscribe(self.ref.context, kind, query)
        self.run_worker(self._keep_reading(), group="read", exit_on_error=False)
        self.redraw()

    def on_unmount(self) -> None:
        self._unlisten()
        for held in self._subscriptions.values():
            held.release()

    def on_screen_suspend(self) -> None:
        for held in self._subscriptions.values():
            held.hidden = True

    def on_screen_resume(self) -> None:
        for held in self._subscriptions.values():
            held.hidden = False

    async def _keep_reading(self) -> None:
        while True:
            if (self.is_current and not self.services.paused) or self.detail is None:
                await self._read()
            ended = self.found is not None and self.found.state in ENDED
            await asyncio.sleep(self.services.sync.interval(self.ref.context) * (SLOWER if ended else 1))

    @property
    def true_at(self) -> float:
        """When what is shown was true, by the clock of its server."""
        return (self.as_of or self.services.clock()) + self.services.ahead(self.ref.context)

    async def _read(self) -> None:
        try:
            self.detail = await self.adapter.detail(self.ref)
            if self.spec and self.spec.events.supported and not self._has_events:
                self.events = await self.adapter.events(self.ref)
            self.error, self.as_of = None, self.services.clock()
        except AdapterError as error:
            if self.error is None:
                self.failed(error)
            self.error = error
        self.redraw()

    @property
    def _has_events(self) -> bool:
        return any(section.title == "Events" for section in (self.detail.sections if self.detail else ()))

    def _stored(self, key: Key, diff: Diff) -> None:
        if any(held.key == key for held in self._subscriptions.values()) and not self._drawing:
            self._drawing = True
            self.call_later(self.redraw)

    def redraw(self) -> None:
        """Draw everything from what is known now."""
        raise NotImplementedError
