"""Actions that have no object, such as create: command mode names them, and the context they are for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tui.core.planner import find_action
from tui.screens.hints import meaning
from tui.screens.plan import PlanSheet

if TYPE_CHECKING:
    from tui.screens.base import GridScreen


def plan_for_context(screen: GridScreen, action: str, contexts: Sequence[str]) -> bool:
    """Open the plan of an action that belongs to a context; False where the objects of the screen have it."""
    schemas = screen.services.schemas
    refs = screen.targets()
    for_objects = any(meaning(schemas.get(ref.context), action, ref) for ref in refs)
    if for_objects and not contexts:
        return False
    here = dict.fromkeys(ref.context for ref in refs)
    wanted = list(contexts) or list(here) or list(screen.console.scope) or list(schemas)
    for names in (wanted, [] if contexts else list(schemas)):
        found = [name for name in names if name in schemas and find_action(schemas[name], action, None) is not None]
        if len(found) > 1:
            screen.message(f"{action} is in {', '.join(found)}; say which, as in :{action} @{found[0]}", "failed")
            return True
        if found:
            screen.open_sheet(PlanSheet(action, found))
            return True
    if contexts and not for_objects:
        screen.message(f"{action}: {', '.join(contexts)} has no such action", "failed")
        return True
    return False
