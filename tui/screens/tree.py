"""`:tree`: an object and what is below it, unfolded step by step: a run's tasks, pods and tries, a host's pods,
a pool's pools and runs. Generated from the schema; what is unfolded is kept fresh like any list."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from textual.app import ComposeResult

from adapters.errors import AdapterError, NotFound
from adapters.model import ENDED, Ref, Resource
from tui import keys
from tui.core.store import Diff, Key, Snapshot
from tui.core.sync import Subscription
from tui.core.text import safe
from tui.core.treemodel import MOST_LISTS, Folds, Known, Node, Path, Tree, Tries, grow
from tui.core.tries import tries_of
from tui.screens.detailbase import SLOWER
from tui.screens.panes import PaneScreen
from tui.screens.treesay import TreeSay
from tui.widgets.lines import LineList
from tui.widgets.nodelist import NodeList

if TYPE_CHECKING:
    from tui.screens.base import GridScreen

BURST = 0.1
"""Changes within so many seconds are one redraw."""


class TreeScreen(TreeSay):
    """`roots` are the topmost objects; the lists below them are asked for when they are unfolded."""

    where = keys.TREE

    def __init__(self, roots: Sequence[Ref], folds: Folds | None = None) -> None:
        super().__init__(roots[0])
        self.roots = tuple(roots)
        self.folds = folds or Folds({(root,) for root in roots})
        self.grown = Tree()
        self.nodes = NodeList(id="nodes")
        self.found: dict[Ref, Resource] = {}
        self.error: AdapterError | None = None
        self._tries: dict[Ref, tuple[object, Tries]] = {}
        self._subscriptions: dict[Key, Subscription] = {}
        self._unlisten: Callable[[], None] = lambda: None
        self._wake = asyncio.Event()

    @property
    def pane(self) -> LineList:
        return self.nodes

    def body(self) -> ComposeResult:
        yield self.nodes

    # Life.

    def again(self) -> None:
        self.console.open_screen(TreeScreen(self.roots, self.folds))

    def on_mount(self) -> None:
        self._unlisten = self.services.store.listen(self._stored)
        for root in self.roots:
            held = self.services.store.find(root)
            if held is not None:
                self.found[root] = held
        self.run_worker(self._keep_reading(), group="read", exit_on_error=False)
        self.run_worker(self._follow(), group="follow", exit_on_error=True)
        self.redraw()

    def on_unmount(self) -> None:
        self._unlisten()
        for held in self._subscriptions.values():
            held.release()

    def on_screen_suspend(self) -> None:
        for held in self._subscriptions.values():
            held.hidden = True

    def on_screen_resume(self) -> None:
        self._wake.set()

    def freshen(self) -> None:
        self._wake.set()

    async def _keep_reading(self) -> None:
        """The roots are in no list of this screen, so they are read by themselves."""
        while True:
            if self.is_current or len(self.found) < len(self.roots):
                await self._read()
            config = self.services.config.contexts.get(self.ref.context) if self.services.config else None
            ended = all(each.state in ENDED for each in self.found.values()) and self.found
            await asyncio.sleep((config.refresh if config is not None else 2.0) * (SLOWER if ended else 1))

    async def _read(self) -> None:
        if self.services.paused and self.found:
            return
        for root in self.roots:
            try:
                self.found[root] = await self.services.adapters[root.context].get(root)
                self.error = None
            except AdapterError as error:
                if self.error is None:
                    self.failed(error)
                self.error = error
                if isinstance(error, NotFound):
                    break
        self._wake.set()

    def _stored(self, key: Key, diff: Diff) -> None:
        if key in self._subscriptions:
            self._wake.set()

    async def _follow(self) -> None:
        while True:
            await self._wake.wait()
            await asyncio.sleep(BURST)
            self._wake.clear()
            if self.is_current:
                self.redraw()

    # Drawing.

    def redraw(self) -> None:
        """Grow the tree from what is known, and ask for the lists that it lacks."""
        found = [self.found[root] for root in self.roots if root in self.found]
        known = Known(self.services.schemas.get, self.services.store.snapshot, self._known_tries)
        self.grown = grow(found, self.folds, known)
        self._claim()
        self._ask_tries()
        self.nodes.show(self.grown.nodes, self.now())
        self._see()
        self.say()
        self.update_peek()

    def _claim(self) -> None:
        for key in set(self._subscriptions) - set(self.grown.lists):
            self._subscriptions.pop(key).release()
        for key in self.grown.lists:
            if key not in self._subscriptions:
                self._subscriptions[key] = self.services.sync.subscribe(key.context, key.kind, key.query)

    def _see(self) -> None:
        """Lists that are scrolled out of view are refreshed less often."""
        first, last = self.nodes.top, self.nodes.top + self.nodes.page_size
        for key, held in self._subscriptions.items():
            begins, ends = self.grown.lists.get(key, (0, 0))
            hidden = ends < first or begins > last
            if held.hidden != hidden:
                held.hidden = hidden

    def snapshots(self) -> list[Snapshot]:
        return [self.services.store.snapshot(key) for key in self._subscriptions]

    def now(self) -> float:
        times = [each.as_of for each in self.snapshots() if each.as_of is not None]
        return max(times, default=self.services.clock())

    def _known_tries(self, ref: Ref) -> Tries:
        return self._tries.get(ref, (None, Tries()))[1]

    def _ask_tries(self) -> None:
        """Once for each state in which the object is seen: tries of the past do not change."""
        for ref, found in self.grown.tried.items():
            seen = (found.state, found.native_state, getattr(found, "attempt", None))
            before = self._tries.get(ref)
            if before is None or before[0] != seen:
                self._tries[ref] = (seen, before[1] if before is not None else Tries())
                self.run_worker(self._read_tries(found), group="tries", exit_on_error=False)

    async def _read_tries(self, found: Resource) -> None:
        ref, error = found.ref, ""
        try:
            events = await self.services.adapters[ref.context].events(ref)
        except AdapterError as failed:
            events, error = (), failed.sentence
        self._tries[ref] = (self._tries[ref][0], Tries(tries_of(found, events), error))
        self._wake.set()

    # Keys.

    def on_line_list_rested(self) -> None:
        self._see()
        self.update_peek()

    def do_open(self) -> None:
        node = self.nodes.current
        found = self.current_object()
        if node is None:
            return
        if node.tried is not None and found is not None:
            self._logs(found, node.tried.number)
        elif found is not None:
            self.console.open_detail(found.ref)
        else:
            self._open_remark(node)

    def _open_remark(self, node: Node) -> None:
        above = next((each.resource for each in self.grown.nodes if each.path == node.path[:-1]), None)
        if node.opens is not None and above is not None:
            self.list_under(above, node.opens)
        else:
            self.do_refresh()

    def do_left(self) -> None:
        """Fold, or go up to what this is below."""
        node = self.nodes.current
        if node is None:
            return
        if node.open:
            self.folds.fold(node.path)
            self.redraw()
        elif (above := self.nodes.place_of(node.path[:-1])) is not None:
            self.nodes.move_to(above)

    def do_right(self) -> None:
        """Unfold, or go down to the first line below."""
        node = self.nodes.current
        if node is None:
            return
        if node.open:
            self.nodes.step(1)
        elif node.unfolds:
            self.folds.unfold(node.path)
            self.redraw()
        elif node.resource is not None:
            self.message(f"nothing is listed below {safe(node.resource.name, 60)}", "muted")

    def do_unfold_all(self) -> None:
        """Everything below the cursor as it comes, up to a bound; again: nothing of it."""
        node = self.nodes.current
        if node is None or not node.unfolds:
            self.do_right()
            return
        path = node.path
        if path in self.folds.deep:
            self._fold_below(path)
        else:
            self.folds.unfold(path)
            self.folds.shut = {each for each in self.folds.shut if each[: len(path)] != path}
            self.folds.deep.add(path)
        self.redraw()
        if self.grown.full:
            self.message(f"{MOST_LISTS} lists are unfolded, the rest one by one", "waiting")

    def _fold_below(self, path: Path) -> None:
        self.folds.deep.discard(path)
        self.folds.opened = {each for each in self.folds.opened if each[: len(path)] != path}
        self.folds.unfold(path)

    def do_times(self) -> None:
        self.nodes.clock_times = not self.nodes.clock_times
        self.nodes.refresh()

    def do_refresh(self) -> None:
        self._tries.clear()
        for held in self._subscriptions.values():
            held.refresh()
        self.run_worker(self._read(), group="refresh", exclusive=True, exit_on_error=False)

    def command_line(self) -> str:
        found = self.current_object()
        return f"runyard describe {found.ref}" if found is not None else ""


def open_tree(screen: GridScreen, text: str = "") -> None:
    """The tree of an object given by its reference, else of what is marked or under the cursor."""
    if text:
        try:
            refs = [Ref.parse(word) for word in text.split()]
        except ValueError as error:
            screen.message(str(error), "failed")
            return
        unknown = [ref.context for ref in refs if ref.context not in screen.services.adapters]
        if unknown:
            screen.message(f"no context {unknown[0]!r}", "failed")
            return
    elif isinstance(screen, PaneScreen) and not isinstance(screen, TreeScreen):
        refs = [screen.ref]
    else:
        refs = screen.targets()
    if refs:
        screen.console.open_screen(TreeScreen(refs))
    else:
        screen.message("there is no object here; :tree context/kind/id names one", "muted")
