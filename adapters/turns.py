"""Whose turn it is on the event loop: background work is done in short pieces, and stands back while somebody waits
for what a key does."""

from __future__ import annotations

import asyncio
from time import monotonic

STAND_BACK = 0.02
"""Seconds from a key in which nothing but what it does is worked on; a key that is held down comes every 30 ms."""

_until = float("-inf")


def somebody_waits() -> None:
    """A key was pressed, or the mouse."""
    global _until
    _until = monotonic() + STAND_BACK


def pressed() -> float:
    """Changes with every key."""
    return _until


def is_awaited() -> bool:
    """Whether somebody waits."""
    return monotonic() < _until


async def give_way() -> None:
    """Between two pieces of background work."""
    await asyncio.sleep(0)
    rest = _until - monotonic()
    if rest > 0:
        await asyncio.sleep(rest)
