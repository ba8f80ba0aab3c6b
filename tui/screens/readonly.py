"""`:read-only`: nothing is changed from now on. Back only by a restart, or by typing the context's name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from adapters.names import nearest
from tui.core.text import safe

if TYPE_CHECKING:
    from tui.core.services import Services
    from tui.screens.base import GridScreen

ASKS = "type the name of the context that may be changed again › "


def words(services: Services, contexts: Sequence[str], guard: str) -> str:
    """What the head says of the guardrails of what it shows."""
    locked = [name for name in contexts if services.guards(name).read_only]
    if not locked:
        return guard
    said = "read-only" if len(locked) == len(contexts) else f"{len(locked)} of {len(contexts)} read-only"
    return f"{guard} {said}".strip()


def switch(screen: GridScreen, names: Sequence[str] = ()) -> None:
    """On for these contexts, or for every one; where it is on already, ask what may be changed again."""
    services = screen.services
    unknown = [name for name in names if name not in services.adapters]
    if unknown:
        screen.message(f"no context {unknown[0]!r}{nearest(unknown[0], services.adapters)}", "failed")
        return
    wanted = list(names) or list(services.adapters)
    if not wanted:
        screen.message("there is no context", "muted")
        return
    new = services.guards.switch_on(wanted)
    if new:
        told = "every context" if len(wanted) == len(services.adapters) > 1 else ", ".join(new)
        key = services.keys.key("read-only") or ":read-only"
        changed(screen)
        screen.message(f"{told}: nothing can be changed now; {key} and a name typed end it", "waiting")
    elif screen.sheet is None:
        _ask(screen, wanted)


def _ask(screen: GridScreen, wanted: Sequence[str]) -> None:
    guards = screen.services.guards
    off = [name for name in wanted if name in guards.switched]
    if not off:
        screen.message("read-only by config or flag; only a restart without it ends that", "waiting")
        return

    def done(text: str | None) -> None:
        name = (text or "").strip()
        if guards.switch_off(name):
            changed(screen)
            screen.message(f"{name} may be changed again", "text")
        elif name:
            screen.message(f"no context {safe(name, 60)!r} was made read-only here; nothing is allowed", "failed")

    screen.prompt(ASKS, on_done=done, hints=(("enter", "allow changes", True), ("esc", "stay read-only", True)))


def changed(screen: GridScreen) -> None:
    """Every screen says it, and plans that are open are made anew."""
    from tui.screens.base import GridScreen
    from tui.screens.plan import PlanSheet

    for each in screen.app.screen_stack:
        if isinstance(each, GridScreen):
            each.say_guard()
            each.freshen()
            if isinstance(each.sheet, PlanSheet):
                each.sheet.guard_changed()
