"""Leaving the console while a plan runs: it asks, begins no further target, and waits for those under way."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from tui.core.services import Services
    from tui.screens.base import GridScreen

LOOK_EVERY = 0.05
CUT_OFF = "a plan is being carried out; type yes to stop it there and quit › "
WAITING = "waiting for the answers to what was sent; ctrl-c twice quits without them"


class Quits(Protocol):
    services: Services

    @property
    def grid(self) -> GridScreen | None: ...
    def exit(self, result: Any = ...) -> None: ...
    def run_worker(self, work: Awaitable[None], *, group: str, exit_on_error: bool) -> object: ...


def quit(app: Quits) -> None:
    """At once, unless changes are under way. Who asks once more while they are waited for is not held up."""
    running, grid = app.services.running, app.grid
    if not running or grid is None or all(stop.is_set() for stop in running.values()):
        app.exit(0)
        return

    def done(text: str | None) -> None:
        if (text or "").strip().lower() not in ("yes", "y"):
            grid.message("the plan goes on", "muted")
            return
        for stop in running.values():
            stop.set()
        grid.message(WAITING, "waiting")
        app.run_worker(_leave(app), group="quit", exit_on_error=False)

    grid.prompt(CUT_OFF, on_done=done, hints=(("enter", "answer", True), ("esc", "stay", True)))


async def _leave(app: Quits) -> None:
    while app.services.running:  # noqa: ASYNC110  plans end by themselves, in workers of their own
        await asyncio.sleep(LOOK_EVERY)
    app.exit(0)
