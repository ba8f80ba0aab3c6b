"""A context that was added while the console is open is used at once, without a restart."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tui.config import ContextConfig
from tui.wiring import join

if TYPE_CHECKING:
    from tui.navigation import Navigator


def use(app: Navigator, context: ContextConfig, path: Path) -> None:
    """Show a context that has just been added to the config; on the first start everything begins with it."""
    services = app.services
    everything, first = set(app.scope) >= set(services.adapters), not services.adapters
    said, token = f"{context.name} is added to {path}", "ok"
    try:
        problems = join(services, context)
    except Exception as error:  # the next start will say it again
        app.say_failure(f"{said}, but cannot be opened: {error}")
        return
    app.learn()
    if everything:
        app.scope = (*app.scope, context.name)
    if first:
        app.pop_screen()
        app.open_start()
    elif app.grid is not None:
        app.grid.freshen()
    if problems:
        said, token = "; ".join([said, *problems]), "waiting"
    app.call_after_refresh(app._say, said, token)
