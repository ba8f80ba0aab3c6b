"""A list kept true by the backend's own stream of changes, and what is told while there is none."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator

from adapters.errors import AdapterError, Unavailable, Unsupported
from adapters.model import Ref, Resource
from adapters.port import Adapter, Change, ChangeType, Feature, Schema
from tui.core.store import Key, Snapshot
from tui.core.sync_walk import SyncSettings, World, as_adapter_error


class Heard:
    """What a watch told while a page was on its way: the page is older than that, so it must not undo it."""

    def __init__(self) -> None:
        self._told: dict[Ref, int] = {}
        self._count = 0
        self._asking = 0

    def tell(self, ref: Ref) -> None:
        if self._asking:
            self._count += 1
            self._told[ref] = self._count

    @contextlib.contextmanager
    def asking(self) -> Iterator[Callable[[Iterable[Resource]], tuple[Resource, ...]]]:
        """While a question is out; gives what leaves out of its answer the rows that are known better by then."""
        since = self._count
        self._asking += 1
        try:
            yield lambda items: tuple(item for item in items if self._told.get(item.ref, 0) <= since)
        finally:
            self._asking -= 1
            if not self._asking:
                self._told.clear()


def applied(
    change: Change, ref: Ref, snapshot: Snapshot
) -> tuple[tuple[Resource, ...], tuple[Ref, ...], int | None]:
    """(rows to put, rows to remove, how many there are) after one change of one row."""
    known, total = ref in snapshot.rows, snapshot.total
    if change.type is ChangeType.REMOVE:
        return (), (ref,), total - 1 if known and total else total
    put = (change.resource,) if change.resource is not None else ()
    return put, (), total + 1 if put and not known and total is not None else total


class ListWatch:
    """Follows the watch of one list until it is cancelled, or for good where there is none.

    `take` gets each change, `told` is called when `live` or `note` have changed. A stream that ends is opened
    again, later and later; meanwhile `note` says why the list is polled.
    """

    def __init__(
        self,
        key: Key,
        adapter: Adapter,
        schema: Callable[[], Awaitable[Schema]],
        settings: SyncSettings,
        world: World,
        running: asyncio.Event,
        take: Callable[[Change], None],
        told: Callable[[], None],
    ) -> None:
        self.live = False
        self.note: str | None = None
        self._key = key
        self._adapter = adapter
        self._schema = schema
        self._settings = settings
        self._world = world
        self._running = running
        self._take = take
        self._told = told
        self._failures = 0

    async def run(self) -> None:
        try:
            if not _watchable(await self._schema()):
                return
            while await self._follow():
                self._failures += 1
                await self._world.sleep(self._pause())
        except AdapterError:
            return  # the list itself says why the backend cannot be described

    async def _follow(self) -> bool:
        """One stream from its opening to its end; whether it is worth opening another."""
        await self._running.wait()
        try:
            changes = await self._open()
        except Unsupported:
            return False  # this list has none, and nobody has promised one
        except Exception as found:
            self._ended(as_adapter_error(self._key.context, found))
            return True
        try:
            async with contextlib.aclosing(changes):  # type: ignore[type-var]  # adapters give generators
                async for change in changes:
                    await self._running.wait()
                    self._heard(change)
            raise Unavailable(f"{self._key.context}: the watch has ended")
        except Exception as found:
            error = as_adapter_error(self._key.context, found)
            self._ended(error)
            return not isinstance(error, Unsupported)

    async def _open(self) -> AsyncIterator[Change]:
        changes = self._adapter.watch(self._key.kind, self._key.query)
        schema = await (self._adapter.describe() if self._failures else self._schema())
        watch = schema.features[Feature.WATCH]
        if not watch.supported:
            raise Unavailable(watch.reason)
        return changes

    def _heard(self, change: Change) -> None:
        self._failures = 0
        if not self.live:
            self.live, self.note = True, None
            self._told()
        self._take(change)

    def _ended(self, error: AdapterError) -> None:
        why = error.sentence.removeprefix(f"{self._key.context}: ")
        self.live, self.note = False, f"not live: {why}; asked every {self._settings.interval:g} s"
        self._told()

    def _pause(self) -> float:
        settings = self._settings
        longest = min(settings.backoff_cap, settings.interval * 2.0 ** min(self._failures - 1, 16))
        return longest * (1.0 + settings.jitter * self._world.rng.random())


def _watchable(schema: Schema) -> bool:
    """Whether the backend has a watch, or would have one if what the config asks for could be had."""
    watch = schema.features.get(Feature.WATCH)
    return watch is not None and (watch.supported or watch.wanted)
