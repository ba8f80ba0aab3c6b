"""Run detail, and that of every other kind: generated from the schema and from what the server says."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events

from adapters.errors import NotFound
from adapters.model import FAULTY, Kind, Ref, Resource
from adapters.port import KindSpec, Query
from tui.core.format import age, clock
from tui.core.text import safe
from tui.screens import detailview
from tui.screens.detaildrain import DetailDrain
from tui.screens.detailtabs import pane_rows
from tui.widgets.detailhead import DetailHead, Tab
from tui.widgets.draw import Piece
from tui.widgets.keybar import Hint
from tui.widgets.rows import RowsPane
from tui.widgets.tasktree import TaskTree

SIDE_FROM = 160


class DetailScreen(DetailDrain):
    """Draws the panes and answers to the keys."""

    CSS = """
    DetailScreen #side { width: 62; display: none; }
    """

    # Drawing.

    def redraw(self) -> None:
        self._drawing = False
        if not self.is_mounted:
            return
        now = self.true_at
        tabs = self.tabs
        ids = [tab.id for tab in tabs]
        if self._wanted_tab is not None:
            self._turn_to_wanted(tabs)
        if self.tab not in ids:
            self.tab = ids[0]
        self._fresh(self.as_of or self.services.clock())
        found, parts = self.found, self.parts()
        if found is not None:
            self.names[self.ref] = found.name
            self.crumbs()
        self.facts.tabs, self.facts.tab = tabs, self.tab
        if self.detail is not None:
            leaves = [row.resource for row in self.tasks.rows if row.resource and not row.has_children] or parts
            key = self.services.keys.key("why")
            self.facts.why, self.facts.why_right = detailview.why(self.detail, leaves, key)
            self.facts.facts = detailview.facts(self.detail, self.spec, now)
        self.facts.show()
        self.feed(now)
        if found is not None:
            self.set_counts_text(detailview.status(found, parts, now), self._right())
        self.show_pane(now)
        self.update_peek()

    def _turn_to_wanted(self, tabs: Sequence[Tab]) -> None:
        """The tab asked for when the screen was opened, once it is there; `Why` searches the logs."""
        wanted = self._wanted_tab
        if wanted == "Why":
            if self.detail is not None and self._answered():
                self._wanted_tab = None
                self.do_why()
            return
        titles = {"Timeline": ("Tasks", "Time")}.get(wanted or "", (wanted,))
        match = next((tab.id for tab in tabs if tab.title in titles), None)
        if match is not None:
            self.tab, self._wanted_tab = match, None
        elif self.detail is not None:
            self._wanted_tab = None

    def _answered(self) -> bool:
        """Whether every list of children has been read, or cannot be."""
        lists = [self.children_of(kind) for kind in self._subscriptions]
        return all(each is not None and (each.as_of is not None or each.error is not None) for each in lists)

    def show_pane(self, now: float) -> None:
        on_tree = self.pane is self.tasks
        self.tasks.display, self.rows.display = on_tree, not on_tree
        if self.tab == detailview.DRAIN:
            self.rows.show(self.drain_rows)
        elif not on_tree:
            self.rows.show(pane_rows(self, self.tab, now))
        wide = self.size.width >= SIDE_FROM and on_tree
        self.side.display = wide
        if wide:
            self.show_side(now)

    def _right(self) -> list[Piece]:
        """What can be done about it, where there is room to say so."""
        found, schema = self.found, self.schema
        if self.tasks.zoomed and self.pane is self.tasks:
            return [(self.tasks.zoomed, "accent")]
        if self.size.width < SIDE_FROM or found is None or schema is None or found.state not in FAULTY:
            return []
        spec = schema.action("retry", self.ref.kind)
        return [(f"retry {spec.summary}", "muted")] if spec and not spec.reason_against(found) else []

    def _fresh(self, now: float) -> None:
        if self.error is None:
            if self.as_of is not None:
                self.set_freshness(f"as of {clock(now, now)}")
        elif self.as_of is None:
            gone = isinstance(self.error, NotFound)
            self.set_freshness([("not found" if gone else "not read", "failed")])
        else:
            late = age(self.services.clock() - self.as_of)
            self.set_freshness([(f"stale {late}, last {clock(self.as_of, now)}", "waiting")])

    def update_peek(self) -> None:
        now = self.true_at
        shown = self.current or self.found
        more: list[Piece] = [(safe(str(shown.ref)), "muted")] if shown is not None else []
        self.set_peek([detailview.peek(shown, now), more] if shown is not None else [])
        self._say_keys()

    def _say_keys(self) -> None:
        live = self.services.keys
        here = self.current
        hints: list[Hint] = [(live.key("open"), self._opens(here), True)] if here is not None else []
        spec = self._spec_of(here.ref.kind if here is not None else self.ref.kind)
        if spec is not None and spec.logs.supported:
            hints.append((live.key("logs"), "logs", True))
        found, schema = here or self.found, self.schema
        if found is not None and schema is not None:
            if not schema.actions_for(found.ref.kind):
                found = self.found or found
            for action in ("retry", "abort", "drain", "undrain"):
                each = schema.action(action, found.ref.kind)
                if each is not None and each.reason_against(found) is None:
                    hints.append((live.key(action), each.title.lower(), True))
                    break
        tabs = self.facts.tabs
        after = next((tabs[(i + 1) % len(tabs)].title for i, tab in enumerate(tabs) if tab.id == self.tab), "")
        hints.append((live.key("next-pane"), after, True))
        axis = (("zoom-in", "zoom in"), ("time-back", "earlier")) if self.pane is self.tasks else ()
        more = [(live.key(id), title, True) for id, title in (("why", "why"), *axis, ("raw", "raw"))]
        self.key_hints(hints, more=more)

    def _spec_of(self, kind: Kind) -> KindSpec | None:
        return self.schema.kinds.get(kind) if self.schema else None

    def _opens(self, here: Resource | None) -> str:
        """What enter leads to from the row under the cursor."""
        row = self.tasks.row if self.pane is self.tasks else None
        if row is not None and (row.has_children or row.is_fold):
            return "unfold" if row.closed or row.is_fold else "fold"
        if here is not None and self.pane is self.tasks:
            spec = self._spec_of(here.ref.kind)
            in_list = spec is not None and spec.opens is not None and here.ref.kind is Kind.TASK
            return spec.opens.plural if spec and spec.opens and in_list else "detail"
        return "open"

    def on_line_list_rested(self) -> None:
        self.update_peek()

    def on_resize(self, event: events.Resize) -> None:
        if self.is_mounted:
            self.show_pane(self.true_at)

    # Keys.

    def targets(self) -> list[Ref]:
        """The object under the cursor if its kind has actions of its own, else the object of the screen."""
        here = self.current if self.tab != detailview.DRAIN else None
        if here is not None and self.schema is not None and self.schema.actions_for(here.ref.kind):
            return [here.ref]
        return [self.ref]

    def shown(self, refs: Sequence[Ref]) -> dict[Ref, Resource]:
        known = {each.ref: each for each in (self.found, self.current) if each is not None}
        return {ref: known[ref] for ref in refs if ref in known}

    def show_tab(self, tab: str) -> None:
        self._cursors[self.tab] = self.pane.cursor
        self.tab = tab
        self.rows.cursor = self._cursors.get(tab, 0)
        self.redraw()

    def on_detail_head_tab_clicked(self, event: DetailHead.TabClicked) -> None:
        self.show_tab(event.tab)

    def _beside(self, step: int) -> None:
        ids = [tab.id for tab in self.facts.tabs]
        if ids:
            self.show_tab(ids[(ids.index(self.tab) + step) % len(ids)])

    def do_next_pane(self) -> None:
        self._beside(1)

    def do_previous_pane(self) -> None:
        self._beside(-1)

    def do_open(self) -> None:
        if isinstance(self.pane, TaskTree):
            self.tasks.open()
        elif self.tab == "logs":
            self.do_logs()
        else:
            self.rows.open()

    def on_task_tree_open(self, event: TaskTree.Open) -> None:
        spec = self._spec_of(event.task.ref.kind)
        if event.task.ref == self.ref:
            self.message("this is it", "muted")
        elif spec is not None and spec.opens is not None and event.task.ref.kind is Kind.TASK:
            name = safe(self.found.name if self.found else self.ref.id, 200)
            trail = (self.ref.kind.plural, name, safe(event.task.name, 200))
            self.console.open_list(spec.opens, [self.ref.context], Query(parent=event.task.ref), trail=trail)
        else:
            self.console.open_detail(event.task.ref)

    def on_rows_pane_open(self, event: RowsPane.Open) -> None:
        if event.ref != self.ref:
            self.console.open_detail(event.ref)

    def do_left(self) -> None:
        if isinstance(self.pane, TaskTree):
            self.tasks.fold()

    def do_right(self) -> None:
        if isinstance(self.pane, TaskTree):
            self.tasks.unfold()

    def do_times(self) -> None:
        self.tasks.flip_times()

    def do_refresh(self) -> None:
        super().do_refresh()
        for held in self._subscriptions.values():
            held.refresh()
        self.run_worker(self._read(), group="refresh", exclusive=True, exit_on_error=False)

    def do_describe(self) -> None:
        self.console.open_document((self.current or self.found or self).ref, "describe")

    def do_raw(self) -> None:
        self.console.open_document((self.current or self.found or self).ref, "yaml")

    def do_logs(self) -> None:
        here = self.current
        spec = self._spec_of(here.ref.kind if here else self.ref.kind)
        ref = here.ref if here is not None and spec is not None and spec.logs.supported else self.ref
        own = self._spec_of(ref.kind)
        if own is not None and not own.logs.supported:
            self.message(f"no logs: {own.logs.reason}", "muted")
        else:
            self.console.open_logs([ref])

    def do_attempts(self) -> None:
        here = self.current or self.found
        attempt = getattr(here, "attempt", None)
        if here is None or attempt is None or attempt < 2:
            self.message("no earlier try is known here", "muted")
        else:
            self.console.open_logs([here.ref], attempt - 1)

    def do_events(self) -> None:
        tab = next((tab.id for tab in self.facts.tabs if tab.title == "Events"), None)
        if tab is None:
            self.message("no events are known here", "muted")
        else:
            self.show_tab(tab)

    def do_host(self) -> None:
        host = next((each.host for each in (self.current, self.found) if each is not None and each.host), None)
        if self.schema is not None and Kind.HOST in self.schema.absent:
            self.message(self.schema.absent[Kind.HOST], "muted")
        elif host is None:
            self.message("no host is known here", "muted")
        else:
            self.console.open_list(Kind.HOST, [self.ref.context], goto=host)

    def do_owner(self) -> None:
        parent = self.found.parent if self.found is not None else None
        if parent is None:
            self.message("it belongs to nothing above it", "muted")
        else:
            self.console.open_detail(parent)

    def do_used_by(self) -> None:
        under = next((kind for kind in (Kind.RUN, Kind.POD) if self.spec and kind in self.spec.children), None)
        if self.ref.kind not in (Kind.HOST, Kind.POOL) or under is None:
            self.message(f"nothing here uses a {self.ref.kind.value}", "muted")
            return
        name = safe(self.found.name if self.found else self.ref.id, 200)
        self.console.open_list(
            under, [self.ref.context], Query(parent=self.ref), trail=(self.ref.kind.plural, name)
        )

    def do_copy_id(self) -> None:
        ref = (self.current or self.found or self).ref
        self.console.copy(ref.id)
        self.message("copied the id", "muted")

    def do_menu(self) -> None:
        from tui.screens.menu import MenuSheet

        targets = self.targets()
        found = next(
            (each for each in (self.current, self.found) if each is not None and each.ref in targets), None
        )
        if found is not None:
            self.open_sheet(MenuSheet(self, found, targets))
        else:
            self.message("it has not been read yet", "muted")

    def do_why(self) -> None:
        from tui.screens.why import WhySheet

        self.open_sheet(WhySheet(self))
