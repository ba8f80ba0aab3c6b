"""The console: wiring of config, adapters, store, sync, planner and screens, and nothing else."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from textual import events
from textual._compositor import CompositorUpdate
from textual.screen import Screen

from adapters.errors import AdapterError
from adapters.model import Kind, Ref, parse_kind
from tui import aftermath, quitting
from tui.appearance import Appearance
from tui.clipboard import osc52
from tui.core import zone
from tui.core.looks import Looks
from tui.core.services import Note, Services
from tui.oneshot.failure import CRASHED, Failure
from tui.painting import Changes, Painter, erases_in_color
from tui.resume import come_back, leave
from tui.stylecache import free_what_is_closed
from tui.styles import tokens
from tui.telling import Teller

if TYPE_CHECKING:
    from tui.config import Config

TWICE = 2.0
"""Within so many seconds a second ctrl-c quits."""

MOST_NOTES = 200
EARLY = 5.0
"""Seconds after which the first screen holds for itself what was asked for before it was there."""

LEARN_AGAIN = 15.0
"""Seconds after which a backend that did not say what it can do is asked again."""


class ConsoleApp(Appearance, inherit_bindings=False):
    """Holds the services and the stack of screens."""

    ENABLE_COMMAND_PALETTE = False
    TITLE = "runyard"
    CSS = "Screen { background: $background; }"

    def __init__(
        self,
        services: Services,
        *,
        scope: Sequence[str] = (),
        view: Kind = Kind.RUN,
        filter: str = "",
        banner: str = "",
        problems: Sequence[str] = (),
        start_contexts: bool = False,
        theme: tokens.Theme | None = None,
        resume: bool = True,
    ) -> None:
        free_what_is_closed()
        self.services = services
        self._theme = theme or tokens.THEMES["dark"]
        tokens.use(self._theme, ascii=services.ascii)
        zone.use_local(services.config.ui.zone == "local")
        # Indices are sent as they are: turned into RGB and back they would come out as their neighbours.
        super().__init__(ansi_color=True)
        self.painter = Painter(erases=erases_in_color())
        self.scope: tuple[str, ...] = tuple(scope) or tuple(services.adapters)
        self.start_view, self.start_filter, self.banner = view, filter, banner
        self.problems, self.start_contexts = tuple(problems), start_contexts
        self.resume = resume
        self.notes: deque[Note] = deque(maxlen=MOST_NOTES)
        self.last_plan: tuple[str, tuple[Ref, ...]] | None = None
        self._interrupted = float("-inf")
        self.pointed_at = float("-inf")
        self._forward: list[Callable[[], None]] = []

    # life

    def on_mount(self) -> None:
        self.use_theme(self._theme)
        self._watch_terminal()
        self.app_resume_signal.subscribe(self, self._resumed)
        Teller(self)
        self.learn()
        if self.services.adapters:
            if not (self.resume and come_back(self)):
                self.open_start()
            if self.start_contexts:
                self.open_contexts()
            if self.problems:
                self.call_after_refresh(self._say_problems)
            self.run_worker(aftermath.tell(self), group="aftermath", exit_on_error=False)
        else:
            from tui.screens.first import FirstScreen

            self.push_screen(FirstScreen())

    def open_start(self) -> None:
        self._ask_early()
        self.open_list(self.start_view, self.scope, filter=self.start_filter)

    def _ask_early(self) -> None:
        """The first rows are on their way while the screen that shows them is still being made."""
        services, kind = self.services, self.start_view
        there = [name for name in self.scope if name in services.schemas and kind in services.schemas[name].kinds]
        claims = [services.sync.subscribe(name, kind) for name in there]
        for claim in claims:
            self.set_timer(EARLY, claim.release)

    def exit(self, *args: Any, **options: Any) -> None:
        leave(self.services, self.screen_stack)
        super().exit(*args, **options)

    def _watch_terminal(self) -> None:
        """Leave when the terminal goes away, instead of burning the CPU of a bastion for ever."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGHUP, signal.SIGTERM):
            with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
                loop.add_signal_handler(number, self.exit, 0)
        if not self.is_headless:
            self.set_interval(5.0, self._still_there)

    def _still_there(self) -> None:
        try:
            os.tcgetpgrp(0)
        except OSError:
            self.exit(0)

    def on_resize(self) -> None:
        self.painter.forget()

    def _resumed(self, _: object) -> None:
        """The terminal is ours again; whatever had it has drawn on it."""
        self.painter.forget()
        self.refresh(layout=True)

    def _display(self, screen: Screen[Any], renderable: Any) -> None:
        """Textual writes what it drew; the painter leaves out what the terminal shows already."""
        if isinstance(renderable, CompositorUpdate):
            renderable = Changes(renderable, self.painter, self.size)
        super()._display(screen, renderable)

    def _say_problems(self) -> None:
        if self.grid is not None:
            for problem in self.problems:
                self.grid.message(problem, "failed")

    def learn(self) -> None:
        self.run_worker(self._learn(), name="learn", group="learn", exit_on_error=False)

    async def _learn(self) -> None:
        """Ask every backend what this very server can do; until it says, its defaults hold."""
        waiting = list(self.services.adapters)
        while waiting:
            for name in list(waiting):
                with contextlib.suppress(AdapterError):
                    self.services.schemas[name] = await self.services.sync.schema(name)
                    waiting.remove(name)
            if self.grid is not None:
                self.grid.freshen()
            if waiting:
                await asyncio.sleep(LEARN_AGAIN)

    def on_app_focus(self) -> None:
        """Somebody is back at the terminal: show what is true now."""
        refresh = getattr(self.screen, "do_refresh", None)
        if refresh is not None and not self.services.paused:
            refresh()

    def notices(self) -> list[str]:
        return [note.text for note in self.notes]

    def say_failure(self, text: str) -> None:
        self._say(text, "failed")

    async def on_unmount(self) -> None:
        await self.services.sync.aclose()
        for adapter in self.services.adapters.values():
            with contextlib.suppress(Exception):
                await adapter.aclose()

    def interrupt(self) -> None:
        now = time.monotonic()
        if now - self._interrupted <= TWICE:
            quitting.quit(self)
            return
        self._interrupted = now
        self._say("ctrl-c again quits", "text")

    def do_pause(self) -> None:
        """Stop refreshing by itself, or go on."""
        services = self.services
        services.paused = not services.paused
        if services.paused:
            services.sync.pause()
        else:
            services.sync.resume()
        if self.grid is not None:
            self.grid.freshen()

    def do_interrupt(self) -> None:
        self.interrupt()

    def do_reload(self) -> None:
        from tui.reload import reload

        reload(self)

    def do_quit(self) -> None:
        quitting.quit(self)

    def do_again(self) -> None:
        if self.last_plan is None:
            self._say("no plan was made yet", "muted")
            return
        self.open_plan(*self.last_plan)

    def do_suspend(self) -> None:
        from tui.jobcontrol import suspend

        if why := suspend(self):
            self._say(why, "muted")

    def do_errors(self) -> None:
        from tui.screens.help import NotesSheet

        if self.grid is not None:
            self.grid.open_sheet(NotesSheet(list(self.notes), self.services.tells.names))

    async def on_event(self, event: events.Event) -> None:
        """Notes when the mouse was pressed; clicks are made from that later, when the queue allows."""
        if isinstance(event, events.MouseDown) and not event.is_forwarded:
            self.pointed_at = event.time
        await super().on_event(event)

    # small services

    def keep(self, text: str) -> None:
        """Among what `!` shows, whatever its colour."""
        self.notes.append(Note(self.services.clock(), text))

    def note(self, text: str, token: str) -> None:
        """Keep what was said in red for the error list."""
        if token == "failed":
            self.keep(text)

    def copy(self, text: str) -> None:
        """To the clipboard of the terminal by OSC 52, through tmux and screen where they are in between."""
        self._clipboard = text
        if self._driver is not None:
            self._driver.write(osc52(text, os.environ))


def run_console(
    config: Config,
    *,
    contexts: Sequence[str] = (),
    view: str | Kind = Kind.RUN,
    filter: str = "",
    read_only: bool = False,
    journal: bool = True,
    demo_banner: str = "",
    resume: bool = True,
) -> int:
    """Open the console and stay in it; the exit code of the command line, or `WANTS_DEMO`."""
    from tui.escape import Driver, answer_escape_soon
    from tui.wiring import build_services, choose_theme

    answer_escape_soon(os.environ)
    services, problems = build_services(config, read_only=read_only, journal=journal)
    if demo_banner:
        services.looks = Looks()  # the next demo is another cluster
    on_contexts = view == "contexts"
    app = ConsoleApp(
        services,
        scope=contexts,
        view=Kind.RUN if on_contexts else parse_kind(view),
        filter=filter,
        banner=demo_banner,
        problems=problems,
        start_contexts=on_contexts,
        theme=choose_theme(config),
        resume=resume,
    )
    app.driver_class = Driver
    try:
        code = app.run(mouse=config.ui.mouse) or app.return_code or 0
    except OSError:  # the terminal is gone: there is nobody left to tell
        return 0
    if app.crash:
        raise Failure(f"the console has ended: {app.crash}", code=CRASHED)
    return code
