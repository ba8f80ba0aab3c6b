"""Where one can go: the screens that are opened over each other, and the way back and on again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from adapters.model import ALL_CONTEXTS, Kind, Ref
from adapters.names import nearest
from adapters.port import ANY, Query
from tui.defects import DefectsApp
from tui.screens.base import GridScreen

if TYPE_CHECKING:
    from pathlib import Path

    from tui.config import ContextConfig
    from tui.core.services import Services


class Navigator(DefectsApp, inherit_bindings=False):
    """The stack of screens. Screens are imported when they are first opened."""

    services: Services
    scope: tuple[str, ...]
    start_view: Kind
    last_plan: tuple[str, tuple[Ref, ...]] | None = None
    _forward: list[Callable[[], None]]

    def open_start(self) -> None:
        raise NotImplementedError

    def learn(self) -> None:
        raise NotImplementedError

    @property
    def grid(self) -> GridScreen | None:
        return self.screen if isinstance(self.screen, GridScreen) else None

    def open_screen(self, screen: GridScreen) -> None:
        self._forward.clear()
        self.push_screen(screen)

    def do_history_back(self) -> None:
        self.go_back()

    def do_history_forward(self) -> None:
        """Open again what was left last."""
        if not self._forward:
            self._say("there is nothing to go on to", "muted")
            return
        again, rest = self._forward[-1], self._forward[:-1]
        again()
        self._forward = rest

    def do_history_last(self) -> None:
        """Between the last two screens."""
        if self._forward:
            self.do_history_forward()
        else:
            self.go_back()

    def keep(self, text: str) -> None:
        raise NotImplementedError

    def say(self, text: str, token: str = "text") -> None:
        """In the message line of whatever screen is shown."""
        self._say(text, token)

    def _say(self, text: str, token: str) -> None:
        if self.grid is not None:
            self.grid.message(text, token)

    def open_list(
        self,
        kind: Kind,
        contexts: Sequence[str] | None = None,
        query: Query = ANY,
        title: str = "",
        *,
        trail: Sequence[str] = (),
        filter: str = "",
        goto: Ref | str | None = None,
    ) -> None:
        """A list of a kind. `trail` are the crumbs before it, `goto` the object (or name) to put the cursor on."""
        from tui.screens.list import ListScreen

        if not self.services.adapters:
            self._say("there is no context yet; :add-context adds one", "muted")
            return
        self.open_screen(
            ListScreen(
                kind,
                tuple(contexts or self.scope),
                query=query,
                title=title,
                trail=tuple(trail),
                filter=filter,
                goto=goto,
            )
        )

    def open_detail(self, ref: Ref, tab: str | None = None) -> None:
        from tui.screens.detail import DetailScreen

        self.open_screen(DetailScreen(ref, tab=tab) if tab else DetailScreen(ref))

    def open_logs(self, refs: Sequence[Ref], attempt: int | None = None) -> None:
        from tui.screens.logs import LogsScreen

        self.open_screen(LogsScreen(tuple(refs), attempt=attempt))

    def open_document(self, ref: Ref, mode: str = "describe") -> None:
        from tui.screens.document import DocumentScreen

        self.open_screen(DocumentScreen(ref, mode=mode))

    def open_plan(self, action: str, refs: Sequence[Ref]) -> None:
        """Raise the plan sheet of an action over the current screen."""
        grid = self.grid
        if grid is None or not refs:
            return
        if action in self.services.config.plugins:
            from tui.screens.plugins import open_plugin

            open_plugin(grid, action, refs)
            return
        from tui.screens.plan import PlanSheet

        self.last_plan = (action, tuple(refs))
        grid.open_sheet(PlanSheet(action, tuple(refs)))

    def open_contexts(self) -> None:
        from tui.screens.contexts import ContextsScreen

        self.open_screen(ContextsScreen())

    def do_add_context(self) -> None:
        from tui.screens.contextform import ask

        if self.grid is not None:
            ask(self.grid)

    def use_new_contexts(self, contexts: Sequence[ContextConfig], path: Path) -> None:
        from tui.newcontext import use

        use(self, contexts, path)

    def use_contexts(self, names: Sequence[str]) -> None:
        """Make these the contexts that new lists show, and show the runs (or what there is) of them."""
        if ALL_CONTEXTS in names:
            names = tuple(self.services.adapters)
        unknown = [name for name in names if name not in self.services.adapters]
        if unknown:
            self._say(f"no context {unknown[0]!r}{nearest(unknown[0], self.services.adapters)}", "failed")
            return
        self.scope = tuple(names)
        self.open_list(self.start_view, self.scope)

    def go_back(self) -> None:
        """One level up; on the first screen there is none, and `q` never quits."""
        if len(self.screen_stack) <= 2:
            self._say("this is the first screen; :q or ctrl-c twice quits", "muted")
            return
        again = getattr(self.screen, "again", None)
        if again is not None:
            self._forward.append(again)
        self.pop_screen()

    def go_back_to(self, way: Sequence[str]) -> None:
        """To the nearest screen at or above the end of `way`, crumbs from the context on; else the contexts."""
        from tui.screens.contexts import ContextsScreen

        stack = [screen for screen in self.screen_stack if isinstance(screen, GridScreen)]
        wanted = list(way[1:])  # a list of all contexts leads to an object of one
        for depth, screen in reversed(list(enumerate(stack))):
            crumbs = screen.head.crumbs[1:]
            there = crumbs and crumbs == wanted[: len(crumbs)]
            if there or (not wanted and isinstance(screen, ContextsScreen)):
                for _ in stack[depth + 1 :]:
                    self.go_back()
                return
        self.open_contexts()
