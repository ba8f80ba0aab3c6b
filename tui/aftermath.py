"""What the console says at its start of how the last one ended: writes that were cut off, a disk that was full."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

from tui.core import unfinished
from tui.core.services import Note
from tui.core.text import safe

if TYPE_CHECKING:
    from collections import deque

    from tui.core.services import Services
    from tui.screens.base import GridScreen

MONTHS = 2
TORN = "the last line of the journal was cut off: the disk was full or the machine went down"


class Told(Protocol):
    services: Services
    notes: deque[Note]

    @property
    def grid(self) -> GridScreen | None: ...


async def tell(app: Told) -> None:
    """Announce writes whose process died before their outcome was known, and write down what is seen now."""
    services = app.services
    journal = services.journal
    try:
        entries = await asyncio.to_thread(journal.unfinished, MONTHS)
        torn = await asyncio.to_thread(journal.torn)
    except OSError as error:
        _say(app, f"the journal cannot be read: {error.strerror or error}")
        return
    if torn:
        _say(app, TORN)
    if not entries:
        return
    seen = await unfinished.look_at_all(services.adapters, entries)
    app.notes.extend(Note(services.clock(), unfinished.sentence(entry, seen)) for entry in entries)
    where = services.keys.key("journal") or ":journal"
    _say(
        app,
        unfinished.announcement(entries, seen, f"{where} shows them" if len(entries) > 1 else f"{where} shows it"),
    )
    await asyncio.to_thread(unfinished.write_down, journal, entries, seen)


def _say(app: Told, text: str) -> None:
    if app.grid is not None:
        app.grid.message(safe(text), "failed")
