"""What refreshing a list is made of: its pages walked to an end, objects read by id, errors in words."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

from adapters.errors import AdapterError, BadPayload, NotFound
from adapters.frozen import dataclass
from adapters.model import Ref, Resource
from adapters.port import Page

BARREN_PAGES = 20
"""After so many pages in a row without a row that was not seen before, a list is taken to go in circles."""


@dataclass(frozen=True, slots=True)
class SyncSettings:
    """Seconds and rows. `interval` is the time between refreshes of what is on screen; it is longer for what
    is hidden, and for a list that costs a request for each parent; `watched` is that of a list with a watch.
    The active ones come in larger pages: most of them are known, and cost nothing but their way.
    """

    interval: float = 2.0
    watched: float = 30.0
    max_rows: int = 20_000
    page_first: int = 50
    page: int = 100
    page_active: int = 200
    relist_every: float = 60.0
    relist_per_page: float = 3.0
    relist_pause: float = 0.2
    hidden_factor: float = 5.0
    fan_out_factor: float = 3.0
    backoff_cap: float = 30.0
    jitter: float = 0.1
    parallel: int = 4
    kept: int = 8


@dataclass(frozen=True, slots=True)
class World:
    """Time and chance, so that tests can hold them. `clock` is the time of day, which may be set or jump;
    `ticks` never does, and is what anything is waited for by."""

    clock: Callable[[], float]
    ticks: Callable[[], float]
    sleep: Callable[[float], Awaitable[None]]
    rng: random.Random


class Walk:
    """The pages of one list, from its beginning until it ends, repeats itself or has brought enough rows."""

    def __init__(self) -> None:
        self.seen: set[Ref] = set()
        self.pages = 0
        self.complete = False
        self.broken = False
        self.note: str | None = None

    async def pages_of(
        self, ask: Callable[[str | None, int], Awaitable[Page]], first: int, size: int, most: int
    ) -> AsyncIterator[Page]:
        cursor: str | None = None
        cursors: set[str] = set()
        barren = 0
        while True:
            page = await ask(cursor, min(first if cursor is None else size, most - len(self.seen)))
            self.pages += 1
            before = len(self.seen)
            self.seen.update(item.ref for item in page.items)
            barren = 0 if len(self.seen) > before else barren + 1
            cursor = page.cursor
            self.note = page.note or self.note
            self.complete = cursor is None
            self.broken = cursor is not None and (cursor in cursors or barren >= BARREN_PAGES)
            yield page
            if cursor is None or self.broken or len(self.seen) >= most:
                return
            cursors.add(cursor)


async def read_each(
    refs: Sequence[Ref], get: Callable[[Ref], Awaitable[Resource]], parallel: int
) -> list[Resource | None]:
    """Each by its id, a few at a time; None for what is not there any more. Raises the first other error."""
    slots = asyncio.Semaphore(parallel)

    async def one(ref: Ref) -> Resource | None:
        async with slots:
            try:
                return await get(ref)
            except NotFound:
                return None

    reading = [asyncio.ensure_future(one(ref)) for ref in refs]
    try:
        return list(await asyncio.gather(*reading))
    finally:
        for task in reading:
            task.cancel()


def as_adapter_error(context: str, found: Exception) -> AdapterError:
    """Whatever a backend's code raises becomes a sentence: a defect there must not end the refreshing."""
    if isinstance(found, AdapterError):
        return found
    return BadPayload(f"{context}: the answer was not understood ({type(found).__name__})")
