"""One list kept true: refreshed at its pace, later and later while it fails, and by a watch where there is one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace
from typing import Any

from adapters.errors import AdapterError, Unsupported
from adapters.model import Resource
from adapters.port import Adapter, Change, ChangeType, KindSpec, Schema
from tui.core.store import Key, Store
from tui.core.sync_read import ListRead
from tui.core.sync_walk import SyncSettings, World, as_adapter_error
from tui.core.sync_watch import ListWatch


class ListSync:
    """Refreshes one key until it is cancelled. `report(error, next_try)` tells how the context answers."""

    def __init__(
        self,
        key: Key,
        adapter: Adapter,
        spec: Callable[[], Awaitable[KindSpec]],
        schema: Callable[[], Awaitable[Schema]],
        store: Store,
        settings: SyncSettings,
        world: World,
        running: asyncio.Event,
        report: Callable[[AdapterError | None, float], None],
    ) -> None:
        self.key = key
        self.hidden = False
        self.failures = 0
        self._settings = settings
        self._world = world
        self._running = running
        self._report = report
        self._wake = asyncio.Event()
        self._not_before = 0.0
        self._read = ListRead(
            key,
            adapter,
            spec,
            store,
            settings,
            world,
            running,
            lambda: self._backoff(max(1, self.failures)),
            self.wake,
        )
        self._watch = ListWatch(key, adapter, schema, settings, world, running, self._take, self._watch_told)

    @property
    def walking(self) -> asyncio.Task[None] | None:
        """The task that reads all of the list, if there is or was one."""
        return self._read.walking

    def wake(self) -> None:
        self._wake.set()

    def keep_pace(self, interval: float) -> None:
        """Ask so often from now on, and once at once."""
        self._settings = replace(self._settings, interval=interval)
        self.wake()

    def notice(self, resource: Resource) -> None:
        """Something else has read this row."""
        self._read.notice(resource)

    async def run(self) -> None:
        watching = asyncio.ensure_future(self._watch.run())
        try:
            while True:
                self._wake.clear()
                await self._running.wait()
                delay = await self._round()
                await self._nap(delay)
        finally:
            watching.cancel()
            if self.walking is not None:
                self.walking.cancel()
            await asyncio.gather(watching, return_exceptions=True)  # its stream is closed by then

    async def _round(self) -> float:
        """One refresh; returns the seconds until the next one."""
        began, at = self._world.clock(), self._world.ticks()
        try:
            as_of = await self._watched(self._read.refresh(began) if self._read.loaded else self._read.load(began))
        except Exception as found:
            return self._failed(as_adapter_error(self.key.context, found))
        self.failures = 0
        self._read.say(as_of=began if self._watch.live else as_of, error=None, stale_since=None)
        took = self._world.ticks() - at
        delay = self._jittered(max(self._interval(), 2 * took))  # a server that needs long is asked less
        self._report(None, self._world.clock() + delay)
        return delay

    def _interval(self) -> float:
        settings = self._settings
        if self._watch.live:
            return settings.watched
        fan_out = settings.fan_out_factor if self._read.fans_out else 1.0
        return settings.interval * fan_out * (settings.hidden_factor if self.hidden else 1.0)

    def _jittered(self, seconds: float) -> float:
        return seconds * (1.0 + self._settings.jitter * self._world.rng.random())

    async def _watched(self, work: Coroutine[Any, Any, float]) -> float:
        """Do it; when there is no answer for two intervals, say meanwhile that the rows are out of date."""
        doing = asyncio.ensure_future(work)
        waiting = asyncio.ensure_future(self._world.sleep(2 * self._interval()))
        try:
            await asyncio.wait({doing, waiting}, return_when=asyncio.FIRST_COMPLETED)
            if not doing.done():
                self._read.say(stale_since=self._read.snapshot.as_of)
            return await doing
        finally:
            waiting.cancel()
            doing.cancel()

    def _failed(self, error: AdapterError) -> float:
        """Keep the old rows, say since when they are true, and how long to wait."""
        self.failures += 1
        now, known = self._world.clock(), self._read.snapshot
        stale = known.stale_since
        if known.as_of is not None and (self.failures > 1 or now - known.as_of >= 2 * self._interval()):
            stale = known.as_of
        loading = known.loading and self._read.walks
        self._read.say(error=error, stale_since=stale, loading=loading)
        delay = self._backoff(self.failures)
        if error.retry_after is not None:
            delay = max(delay, self._jittered(error.retry_after))
            self._not_before = self._world.ticks() + error.retry_after
        if isinstance(error, Unsupported):
            delay = 3600.0
        self._report(error, now + delay)
        return delay

    def _backoff(self, failures: int) -> float:
        return self._jittered(min(self._settings.backoff_cap, self._interval() * 2.0 ** min(failures - 1, 16)))

    async def _nap(self, delay: float) -> None:
        """Until the next refresh is due or asked for, but never before the server allows it."""
        sleeping = asyncio.ensure_future(self._world.sleep(delay))
        woken = asyncio.ensure_future(self._wake.wait())
        try:
            await asyncio.wait({sleeping, woken}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            sleeping.cancel()
            woken.cancel()
        forbidden = self._not_before - self._world.ticks()
        if forbidden > 0:
            await self._world.sleep(forbidden)

    def _take(self, change: Change) -> None:
        """One change out of the watch."""
        if change.type is ChangeType.RELIST:
            self._read.read_anew()
        elif change.ref is not None and self._read.loaded:  # what comes before is in the list that is read anyway
            self._read.take(change, change.ref)

    def _watch_told(self) -> None:
        """The watch has begun or ended: say so, and ask at the new pace from now on."""
        self._read.say_live(self._watch.live, self._watch.note)
        self.wake()
