"""One browser for every kind: a table over the store, for one, several or all contexts."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from textual import events
from textual.app import ComposeResult

from adapters import turns
from adapters.errors import Unauthorized
from adapters.model import ALL_CONTEXTS, Kind, Ref
from adapters.port import ANY, Query, Schema, SortKey, Term
from tui import keys
from tui.core.columns import DEFAULT_SORT
from tui.core.query import FilterError, parse
from tui.core.store import Diff, Key, Snapshot
from tui.core.values import fields_for
from tui.core.view import TableView
from tui.screens import login
from tui.screens.filtering import FilterPrompt
from tui.screens.listmodel import ListModel
from tui.screens.listsay import ListSay
from tui.screens.pasting import in_table
from tui.styles.tokens import hued
from tui.widgets.head import Head
from tui.widgets.notice import NoticeView
from tui.widgets.table import ResourceTable

if TYPE_CHECKING:
    from tui.core.plan import Plan
    from tui.core.sync import Subscription

BURST = 0.03
"""Changes within so many seconds become one redraw."""


class ListScreen(ListSay):
    """Rows of one kind. `trail` are the crumbs before it; `goto` is the object, or name, to start on."""

    where = keys.LIST

    def __init__(
        self,
        kind: Kind,
        contexts: Sequence[str],
        *,
        query: Query = ANY,
        title: str = "",
        trail: Sequence[str] = (),
        filter: str = "",
        goto: Ref | str | None = None,
    ) -> None:
        super().__init__()
        self.kind = kind
        self.contexts = tuple(contexts)
        self.asked = query
        self.title_word = title or kind.plural
        self.trail = tuple(trail)
        self.filter_text = filter
        self._goto = goto
        self._before_all: tuple[str, ...] | None = None
        self._subscriptions: dict[Key, Subscription] = {}
        self._pushed_terms: tuple[Term, ...] = ()
        self._unlisten: Callable[[], None] = lambda: None
        self._pending: list[Diff] = []
        self._wake = asyncio.Event()
        self._rebuild = True
        self._rested: Ref | None = None
        self._place: tuple[Ref | None, int] | None = None
        self._first_wins = False
        self._settled = False

    def body(self) -> ComposeResult:
        fields = fields_for(self._schemas(), self.kind)
        memory = self.services.memory
        self.view = TableView(self.kind, fields=fields, sort=memory.sort(self.kind, fields))
        self.choice = memory.columns(self.kind)
        self.model = ListModel(self.kind, self.view, ascii=self.services.ascii)
        self.model.clock_times = self.services.config.ui.times == "clock"
        self.model.hues = {name: hued(info.color) for name, info in self.services.contexts.items() if info.color}
        self.model.awaited = self.services.tells
        self.model.ahead = self.services.ahead
        self.wide = self.services.config.ui.wide
        self.table = ResourceTable(self.model)
        self.notice = NoticeView()
        yield self.table
        yield self.notice

    # life

    def again(self) -> None:
        """Open this list anew, after it was left."""
        self.console.open_list(
            self.kind,
            self.contexts,
            self.asked,
            self.title_word,
            trail=self.trail,
            filter=self.filter_text,
            goto=self.table.cursor,
        )

    def on_mount(self) -> None:
        self._unlisten = self.services.store.listen(self._store_changed)
        given, self.filter_text = self.filter_text, ""
        problem = self.apply_filter(given) if given else ""
        self._subscribe()
        self.run_worker(self._follow(), name="follow", group="follow", exit_on_error=True)
        self.set_interval(1.0, self._tick)
        self.say()
        if problem:
            self.message(f"filter not applied: {problem}", "failed")

    def on_unmount(self) -> None:
        self._unlisten()
        for subscription in self._subscriptions.values():
            subscription.release()

    def freshen(self) -> None:
        self._subscribe()
        self.say()

    def on_screen_suspend(self) -> None:
        for subscription in self._subscriptions.values():
            subscription.hidden = True

    def on_screen_resume(self) -> None:
        for subscription in self._subscriptions.values():
            subscription.hidden = False
        self._wake.set()

    def _schemas(self) -> list[Schema]:
        known = self.services.schemas
        return [known[name] for name in self.contexts if name in known]

    @property
    def merged(self) -> bool:
        return len(self.contexts) > 1

    def _subscribe(self) -> None:
        wanted = {Key(name, self.kind, self._query(name)) for name in self.supporting()}
        for key in list(self._subscriptions):
            if key not in wanted:
                self._subscriptions.pop(key).release()
        for key in sorted(wanted - set(self._subscriptions), key=lambda key: key.context):
            self._subscriptions[key] = self.services.sync.subscribe(key.context, self.kind, key.query)
        self._rebuild = True
        self._wake.set()

    def _query(self, context: str) -> Query:
        """What the server is asked for: with the terms of a kept filter that it can evaluate."""
        spec = self.services.schemas[context].kinds[self.kind]
        terms = tuple(term for term in self._pushed_terms if term.field in spec.server_filter)
        return replace(self.asked, terms=terms) if terms else self.asked

    # new data

    def _store_changed(self, key: Key, diff: Diff) -> None:
        if key in self._subscriptions:
            if diff:
                self._pending.append(diff)
            self._wake.set()

    async def _follow(self) -> None:
        """Bring the view up to date whenever something changed; a burst becomes one redraw."""
        while True:
            await self._wake.wait()
            awaited = self._rebuild or not self.view.total  # a new order or filter, or the very first rows
            await asyncio.sleep(0.0 if awaited else BURST)
            if not awaited:
                await turns.give_way()
            self._wake.clear()
            if self.is_current:
                await self.update_view()
                if awaited:
                    turns.somebody_waits()  # still: it is drawn at once

    def do_login(self) -> None:
        """Log in where the login was refused, else in the context of the cursor row."""
        store = self.services.store
        refused = [k.context for k in self._subscriptions if isinstance(store.snapshot(k).error, Unauthorized)]
        row = self.current
        context = refused[0] if refused else row.ref.context if row is not None else self.contexts[0]
        login.ask(self, context)

    async def update_view(self) -> None:
        store = self.services.store
        snapshots = {key: store.snapshot(key) for key in self._subscriptions}
        pending, self._pending = self._pending, []
        now = self._now(snapshots.values())
        first = not self.model.snapshots
        for diff in pending:
            self.model.forget_gone([] if self.model.faults_only else diff.removed)
            if not self.view.apply(snapshots, diff, now):  # also before a rebuild: else that loads everything anew
                self._rebuild = True
        if self._rebuild or first:
            self._rebuild = False
            self.view.apply(snapshots, None, now)
            await self.view.rebuild(now)
        self.model.update(snapshots)
        above = self.table.top
        place, self._place = self._place, None
        loading = any(s.loading or (s.as_of is None and s.error is None) for s in snapshots.values())
        self.relayout()
        # The rows that end the loading may come above those of a context that answered before.
        settled, self._settled = self._settled, self._settled or not loading
        self.table.reload(anchor=settled, lost_to_top=self._first_wins)
        self._first_wins = False
        if place is not None:
            self.table.place(*place)
        if settled and not loading and self.table.top > above and pending:
            self._new_above += self.table.top - above
        if self.table.top == 0:
            self._new_above = 0
        self._go()
        self.say()
        self.update_peek()

    def _now(self, snapshots: object) -> float:
        times = [s.as_of for s in cast("Sequence[Snapshot]", list(snapshots)) if s.as_of is not None]  # type: ignore[call-overload]
        return max(times, default=self.services.clock())

    def _go(self) -> None:
        """Put the cursor where the list was opened for, as soon as that row is there."""
        if self._goto is None or self.table.touched:
            return
        wanted = self._goto
        for ref in self.model.refs if isinstance(wanted, str) else ():
            row = self.model.row(ref)
            if row is not None and wanted in (row.name, row.host, ref.id):
                wanted = ref
                break
        if isinstance(wanted, Ref) and self.table.select(wanted):
            self._goto = None

    def reload(self) -> None:
        self.model.update(self.model.snapshots)
        self.table.reload()
        self.say()
        self.update_peek()

    def resort(self, keys: Sequence[SortKey]) -> None:
        self.view.set_sort(keys)
        self._rebuild = True
        self._wake.set()

    def on_resize(self, event: events.Resize) -> None:
        self.relayout()
        self.say()
        self.update_peek()

    def on_resource_table_moved(self, event: ResourceTable.Moved) -> None:
        if event.by_user:
            self.peek.say(None)
            self._look_later(event.ref)
            if self.table.top == 0 and self._new_above:
                self._new_above = 0
                self.say()
        self.update_peek()

    def _look_later(self, ref: Ref | None) -> None:
        """Change marks go once the user has left a row on which the cursor rested."""
        rested, self._rested = self._rested, ref
        if rested is not None:
            for key, snapshot in self.model.snapshots.items():
                if rested in snapshot.changed:
                    self.services.store.seen(key, [rested])

    def on_resource_table_opened(self, event: ResourceTable.Opened) -> None:
        self.do_open()

    # scope, filter, refresh

    def do_all_contexts(self) -> None:
        everything = tuple(self.services.adapters)
        if self.asked.parent is not None:
            self.message(f"these {self.kind.plural} belong to one object; esc goes back to all", "muted")
        elif self._before_all is not None:
            self._set_contexts(self._before_all)
            self._before_all = None
        elif set(self.contexts) != set(everything):
            self._before_all = self.contexts
            self._set_contexts(everything)
        else:
            self.message("these are all contexts", "muted")

    def _set_contexts(self, contexts: tuple[str, ...]) -> None:
        self.contexts = contexts
        self._subscribe()
        self.say()

    def do_filter(self) -> None:
        self.filtering = FilterPrompt(self)
        self.filtering.start()

    def apply_filter(self, text: str) -> str:
        """Filter the rows; the problem, or an empty string. A filter that cannot be read changes nothing."""
        try:
            wanted = parse(text, fields_for(self._schemas(), self.kind)) if text.strip() else None
        except FilterError as error:
            self.filter_error = error
            return error.message
        self.view.set_filter(wanted)
        self.filter_error = None
        self.filter_text = text.strip()
        self._first_wins = True
        if wanted is None and self._pushed_terms:
            self._push(())
        self._rebuild = True
        self._wake.set()
        return ""

    def push_filter(self) -> None:
        """Let the servers evaluate a kept filter where not everything is loaded; it is applied here as well."""
        incomplete = any(not snapshot.complete for snapshot in self.model.snapshots.values())
        if self.view.filter is not None and incomplete:
            self._push(self.view.filter.terms)

    def _push(self, terms: tuple[Term, ...]) -> None:
        self._pushed_terms = terms
        self._subscribe()
        self.pushed = any(key.query.terms for key in self._subscriptions)

    def restore_place(self, cursor: Ref | None, top: int) -> None:
        """Cursor and scroll exactly as they were, once the rows are back."""
        self._place = (cursor, top)

    def on_head_slot_clicked(self, event: Head.SlotClicked) -> None:
        if not self.asking:
            self.apply_filter("" if event.filter == self.filter_text else event.filter)

    def do_back(self) -> None:
        if self.view.filter is not None:
            self.apply_filter("")
        else:
            super().do_back()

    def command_line(self) -> str:
        """The `runyard get` that prints these rows."""
        contexts = ALL_CONTEXTS if self.merged and self._scope_name() == ALL_CONTEXTS else ",".join(self.contexts)
        parts = ["runyard", "get", self.kind.plural, "-c", contexts]
        if self.asked.parent is not None:
            parts += ["--of", str(self.asked.parent)]
        if self.filter_text:
            parts += ["--filter", self.filter_text]
        if self.view.sort != DEFAULT_SORT[self.kind]:
            parts += ["--sort", ",".join(f"-{k.field}" if k.descending else k.field for k in self.view.sort)]
        return shlex.join(parts)

    def do_refresh(self) -> None:
        for subscription in self._subscriptions.values():
            subscription.refresh()

    def pasted(self, text: str) -> None:
        """An id, a reference or a console's URL: the cursor goes there if it is here, else the object opens."""
        found = in_table(self.model, text)
        if found is not None:
            self.table.select(found)
        else:
            super().pasted(text)

    def do_menu(self) -> None:
        from tui.screens.menu import ContextMenu, MenuSheet

        targets = self.targets()
        first = self.model.row(targets[0]) if targets else None
        self.open_sheet(MenuSheet(self, first, targets) if first else ContextMenu(self, self.contexts))

    def plan_ended(self, plan: Plan) -> None:
        """What failed or is unknown stays marked, the rest is done with."""
        left = set(plan.remainder())
        self.model.marks = {ref: None for ref in self.model.marks if ref in left}
        self.table.repaint_changed()
        self.say()
