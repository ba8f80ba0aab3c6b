"""Objects whose end somebody waits for: known from the lists on screen, else asked for one by one."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable

from adapters.errors import AdapterError
from adapters.frozen import dataclass
from adapters.model import ENDED, Kind, Ref, Resource, State
from tui.core.store import Diff, Key, Store

EVERY = 5.0
"""Seconds between two looks at the same object, while no list shows it."""

GAP = 0.2
"""Seconds between two looks at any."""

MOST = 200
SETTLED = frozenset({State.DRAINED, State.DOWN})
"""Where a drain ends."""


@dataclass(frozen=True, slots=True)
class End:
    """`now` is the object as it ended; None: it is gone."""

    ref: Ref
    name: str
    now: Resource | None


def has_ended(row: Resource) -> bool:
    return row.state in (SETTLED if row.ref.kind is Kind.HOST else ENDED)


def cannot_end(row: Resource) -> str:
    """Why nobody can wait for the end of an object, or an empty string."""
    if row.ref.kind in (Kind.POOL, Kind.VOLUME):
        return f"a {row.ref.kind.value} does not end"
    if row.ref.kind is Kind.HOST and row.state is State.UP:
        return "no drain goes on there"
    return "it has already ended" if has_ended(row) else ""


class Tells:
    """Waits for the end of objects, across screens and filters. `touch` re-reads one, None: it is gone."""

    def __init__(
        self,
        store: Store,
        touch: Callable[[Ref], Awaitable[Resource | None]],
        paused: Callable[[], bool] = lambda: False,
    ) -> None:
        self._store = store
        self._touch = touch
        self._paused = paused
        self._names: dict[Ref, str] = {}
        self._unlisten: Callable[[], None] | None = None
        self.on_end: Callable[[End], None] = lambda end: None

    def __contains__(self, ref: object) -> bool:
        return ref in self._names

    def __len__(self) -> int:
        return len(self._names)

    @property
    def names(self) -> list[str]:
        """What is waited for, in the order in which it was asked for."""
        return list(self._names.values())

    def add(self, rows: Iterable[Resource]) -> int:
        """Wait for these; how many were taken, as there is a limit."""
        taken = 0
        for row in rows:
            if len(self._names) < MOST and not cannot_end(row):
                self._names[row.ref] = row.name
                taken += 1
        if self._names and self._unlisten is None:
            self._unlisten = self._store.listen(self._stored)
        return taken

    def drop(self, refs: Iterable[Ref]) -> None:
        """Wait for these no longer; with the last one everything is let go."""
        for ref in refs:
            self._names.pop(ref, None)
        if not self._names and self._unlisten is not None:
            self._unlisten()
            self._unlisten = None

    async def watch(self) -> None:
        """Ask for each in turn until none is left."""
        while self._names:
            for ref in list(self._names):
                await asyncio.sleep(max(GAP, EVERY / max(1, len(self._names))))
                if ref in self._names and not self._paused():
                    with contextlib.suppress(AdapterError):  # asked again in its turn
                        now = await self._touch(ref)
                        if now is None or has_ended(now):
                            self._end(ref, now)

    def _stored(self, key: Key, diff: Diff) -> None:
        rows = self._store.snapshot(key).rows
        for ref in (*diff.added, *diff.changed):
            if ref in self._names and (row := rows.get(ref)) is not None and has_ended(row):
                self._end(ref, row)

    def _end(self, ref: Ref, now: Resource | None) -> None:
        name = self._names.get(ref)
        if name is not None:
            self.drop([ref])
            self.on_end(End(ref, name, now))
