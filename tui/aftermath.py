"""What the console says at its start: how the last one ended, and what cannot be written now."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Protocol

from tui.core import disk, unfinished
from tui.core.services import Note
from tui.core.text import safe

if TYPE_CHECKING:
    from collections import deque
    from collections.abc import Sequence
    from pathlib import Path

    from tui.core.journalentry import Entry
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
    """The most important comes last: it stays on the message line; the error list has all."""
    services = app.services
    for text in await asyncio.to_thread(_troubles, services):
        _say(app, text)
    journal = services.journal
    try:
        torn = await asyncio.to_thread(journal.torn)
        entries = await asyncio.to_thread(journal.unfinished, MONTHS)
    except OSError as error:
        _say(app, f"the journal cannot be read: {error.strerror or error}")
        return
    if torn:
        _say(app, TORN)
    if entries:
        await _tell_unfinished(app, entries)


async def _tell_unfinished(app: Told, entries: Sequence[Entry]) -> None:
    """Announce writes whose process died before their outcome was known, and write down what is seen now."""
    services = app.services
    seen = await unfinished.look_at_all(services.adapters, entries)
    app.notes.extend(Note(services.clock(), unfinished.sentence(entry, seen)) for entry in entries)
    where = services.keys.key("journal") or ":journal"
    pointer = f"{where} shows {'them' if len(entries) > 1 else 'it'}"
    _say(app, unfinished.announcement(entries, seen, pointer))
    await asyncio.to_thread(unfinished.write_down, services.journal, entries, seen)


def _troubles(services: Services) -> list[str]:
    """What went wrong with a disk last time, and what would go wrong now."""
    told = [f"last time: {text}" for text in services.memory.troubles()]
    with contextlib.suppress(OSError):
        services.memory.forget_troubles()
    path = services.memory.path
    folders: list[tuple[str, Path | None, str]] = [
        ("the log spool", getattr(services.spool, "directory", None), "so no logs can be shown"),
        ("what you set", path.parent if path is not None else None, "so it is forgotten when you leave"),
        ("the journal", services.journal.directory, "so nothing can be changed"),
    ]
    for what, folder, so in folders:
        why = disk.trouble(folder) if folder is not None else None
        if why:
            told.append(f"{what} cannot be kept ({why}), {so}")
    return told


def _say(app: Told, text: str) -> None:
    if app.grid is not None:
        app.grid.message(safe(text), "failed")
