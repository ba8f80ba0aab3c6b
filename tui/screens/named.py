"""Command mode on objects that are named: `:logs lab/pod/x`, `:abort lab/run/1 lab/run/2`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapters.model import Ref
from tui.core.commandline import Command, CommandError, ref_of
from tui.screens.hints import meaning

if TYPE_CHECKING:
    from tui.screens.base import GridScreen

TABS = {"why": "Why", "events": "Events", "timeline": "Timeline"}
LOOKS = ("describe", "raw", "logs", *TABS)


def carried_out(screen: GridScreen, command: Command) -> bool:
    """Do what the line says to the objects it names; False where it names none, and none are asked for.

    A line that names something else is refused: it is not about the row under the cursor.
    """
    words = command.filter.split()
    if not words or not (command.action or command.verb in LOOKS):
        return False
    try:
        refs = [ref_of(word, screen.services.adapters) for word in words]
    except CommandError as error:
        screen.message(f"{command.action or command.verb}: {error}", "failed")
        return True
    if command.action:
        spec = meaning(screen.services.schemas.get(refs[0].context), command.action, refs[0])
        screen.console.open_plan(spec.id if spec is not None else command.action, refs)
    else:
        _look(screen, command.verb, refs)
    return True


def _look(screen: GridScreen, verb: str, refs: list[Ref]) -> None:
    if verb == "logs":
        screen.console.open_logs(refs)
    elif verb in TABS:
        screen.console.open_detail(refs[0], TABS[verb])
    else:
        screen.console.open_document(refs[0], "yaml" if verb == "raw" else "describe")
