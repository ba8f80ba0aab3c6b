"""Contexts that came into the config while the console is open are used at once, without a restart."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tui.config import ContextConfig
from tui.wiring import join

if TYPE_CHECKING:
    from tui.navigation import Navigator


def use(app: Navigator, contexts: Sequence[ContextConfig], path: Path) -> None:
    """Show contexts that are new in the config; on the first start everything begins with them."""
    services = app.services
    everything, first = set(app.scope) >= set(services.adapters), not services.adapters
    problems: list[str] = []
    joined: list[str] = []
    for context in contexts:
        try:
            problems += join(services, context)
            joined.append(context.name)
        except Exception as error:  # the next start will say it again; the others are not to wait for it
            problems.append(f"{context.name} cannot be opened: {error}")
    if joined:
        app.learn()
        app.scope = (*app.scope, *joined) if everything else app.scope
        if first:
            app.pop_screen()
            app.open_start()
        elif app.grid is not None:
            app.grid.freshen()
    many = f"{joined[0]} is" if len(joined) == 1 else f"{len(joined)} contexts are"
    said = "; ".join([f"{many} in {path}", *problems] if joined else problems)
    app.call_after_refresh(app._say, said, "waiting" if problems else "ok")
