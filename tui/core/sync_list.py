"""One list kept true: loaded page by page, refreshed by what can have changed, relisted now and then."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from adapters.errors import AdapterError, Unsupported
from adapters.model import ENDED, Kind, Ref, Resource
from adapters.port import Adapter, Change, ChangeType, KindSpec, Page, Query, Schema, Scope
from tui.core.slices import Pace, pieces
from tui.core.store import Key, Snapshot, Store
from tui.core.sync_walk import BARREN_PAGES, SyncSettings, Walk, World, as_adapter_error, read_each
from tui.core.sync_watch import Heard, ListWatch, applied

VERIFIED = 50
RE_READ = 200
FEW = 20
FREEZE_EVERY = 2_000


@dataclass(frozen=True, slots=True)
class _Pages:
    walk: Walk
    stream: AsyncIterator[Page]


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
        self._adapter = adapter
        self._spec = spec
        self._store = store
        self._settings = settings
        self._world = world
        self._running = running
        self._report = report
        self._wake = asyncio.Event()
        self._not_before = 0.0
        self._loaded = self._fans_out = False
        self.walking: asyncio.Task[None] | None = None
        self._relist_at = self._walked_at = 0.0
        self._missing: frozenset[Ref] = frozenset()
        self._put_since: set[Ref] = set()
        self._active_refs = {ref for ref, row in self.snapshot.rows.items() if row.state not in ENDED}
        self._re_read_from = 0
        self._again = False
        self._list_note: str | None = None
        self._heard = Heard()
        self._watch = ListWatch(key, adapter, schema, settings, world, running, self._take, self._watch_told)

    @property
    def snapshot(self) -> Snapshot:
        return self._store.snapshot(self.key)

    def wake(self) -> None:
        self._wake.set()

    def notice(self, resource: Resource) -> None:
        """Keep count of what is active: a run that was retried is again."""
        if resource.state in ENDED:
            self._active_refs.discard(resource.ref)
        else:
            self._active_refs.add(resource.ref)

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
        began = self._world.clock()
        try:
            as_of = await self._watched(self._load(began) if not self._loaded else self._refresh(began))
        except Exception as found:
            return self._failed(as_adapter_error(self.key.context, found))
        self.failures = 0
        self._apply(as_of=began if self._watch.live else as_of, error=None, stale_since=None)
        took = self._world.clock() - began
        delay = self._jittered(max(self._interval(), 2 * took))  # a server that needs long is asked less
        self._report(None, self._world.clock() + delay)
        return delay

    def _interval(self) -> float:
        settings = self._settings
        if self._watch.live:
            return settings.watched
        fan_out = settings.fan_out_factor if self._fans_out else 1.0
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
                self._apply(stale_since=self.snapshot.as_of)
            return await doing
        finally:
            waiting.cancel()
            doing.cancel()

    def _failed(self, error: AdapterError) -> float:
        """Keep the old rows, say since when they are true, and how long to wait."""
        self.failures += 1
        now, known = self._world.clock(), self.snapshot
        stale = known.stale_since
        if known.as_of is not None and (self.failures > 1 or now - known.as_of >= 2 * self._interval()):
            stale = known.as_of
        loading = known.loading and self.walking is not None and not self.walking.done()
        self._apply(error=error, stale_since=stale, loading=loading)
        delay = self._backoff(self.failures)
        if error.retry_after is not None:
            delay = max(delay, self._jittered(error.retry_after))
            self._not_before = now + error.retry_after
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
        forbidden = self._not_before - self._world.clock()
        if forbidden > 0:
            await self._world.sleep(forbidden)

    def _apply(
        self, put: Iterable[Resource] = (), remove: Iterable[Ref] = (), *, mark_new: bool = False, **status: Any
    ) -> None:
        put, remove = tuple(put), tuple(remove)
        for item in put:
            self.notice(item)
        self._active_refs.difference_update(remove)
        if "note" in status:
            self._list_note = status["note"]
            status["note"] = self._note()
        self._store.apply(self.key, put, remove, now=self._world.clock(), mark_new=mark_new, **status)

    async def _ask(self, query: Query, cursor: str | None, limit: int) -> Page:
        await self._running.wait()
        with self._heard.asking() as fresh:
            page = await self._adapter.list(self.key.kind, query, cursor=cursor, limit=limit)
            items = fresh(page.items)
        return page if len(items) == len(page.items) else replace(page, items=items)

    def _take(self, change: Change) -> None:
        """One change out of the watch."""
        if change.type is ChangeType.RELIST:
            self._again, self._relist_at = True, 0.0
            self.wake()
        elif change.ref is not None and self._loaded:  # what comes before is in the list that is read anyway
            self._heard.tell(change.ref)
            self._put_since.add(change.ref)
            put, remove, total = applied(change, change.ref, self.snapshot)
            self._apply(put, remove, mark_new=True, total=total, as_of=self._world.clock())

    def _watch_told(self) -> None:
        """The watch has begun or ended: say so, and ask at the new pace from now on."""
        self._apply(live=self._watch.live, note=self._list_note)
        self.wake()

    def _note(self) -> str | None:
        return "; ".join(note for note in (self._list_note, self._watch.note) if note) or None

    async def _load(self, began: float) -> float:
        """The first page is published at once; the rest follows in the background."""
        spec = await self._spec()
        self._fans_out = spec.scope is Scope.PARENT and self.key.query.parent is None
        pages = self._pages()
        page = await anext(pages.stream)
        known = bool(self.snapshot.rows)
        self._apply(
            page.items,
            mark_new=known,
            as_of=began,
            error=None,
            stale_since=None,
            total=page.total,
            note=page.note,
            applied=page.applied,
            server_sorted=page.sorted,
            loading=page.cursor is not None,
            complete=pages.walk.complete and not known,
        )
        self._loaded = True
        self._start_walk(pages, first=True)
        return began

    def _pages(self) -> _Pages:
        walk = Walk()
        settings, query = self._settings, self.key.query
        stream = walk.pages_of(
            lambda cursor, limit: self._ask(query, cursor, limit),
            settings.page_first,
            settings.page,
            settings.max_rows,
        )
        self._put_since = set()
        return _Pages(walk, stream)

    def _start_walk(self, pages: _Pages, *, first: bool) -> None:
        self._relist_at, self._again = float("inf"), self._again and first
        self.walking = asyncio.ensure_future(self._walk_on(pages, first))

    async def _walk_on(self, pages: _Pages, first: bool) -> None:
        """Take the remaining pages; on an error wait and begin again later, the refresh says what is wrong."""
        frozen, began = 0, self._world.clock()
        hurry = first or not self.snapshot.complete
        self._apply(loading=not self.snapshot.complete)
        try:
            async for page in pages.stream:
                self._apply(page.items, **_total(page))
                if hurry and len(pages.walk.seen) - frozen >= FREEZE_EVERY:
                    frozen = len(pages.walk.seen)
                    gc.collect()  # what is garbage now would be frozen with the rest, and stay
                    gc.freeze()  # rows live long; walking over them again and again would stall the keys
                await self._world.sleep(0.0 if hurry else self._settings.relist_pause)
            await self._settle(pages)
        except Exception as found:
            error = as_adapter_error(self.key.context, found)
            self._relist_at = self._world.clock() + self._backoff(max(1, self.failures))
            self._apply(loading=False, note=f"the list is incomplete: {error.sentence}")
            return
        self._walked_at = began
        few = self._changing_are_few(await self._spec())
        if self._again:  # the watch was opened while this went on
            self._again, self._relist_at = False, self._world.clock()
            self.wake()
            return
        pause = max(self._settings.relist_every, self._settings.relist_per_page * pages.walk.pages)
        self._relist_at = self._world.clock() + (pause if few else self._settings.relist_pause * pages.walk.pages)

    async def _settle(self, pages: _Pages) -> None:
        """The list was read to its end: what it no longer holds goes, what it did not reach is known."""
        walk = pages.walk
        note = "the server repeats its pages; the list may be incomplete" if walk.broken else walk.note
        unseen: list[Ref] = [] if walk.broken else await self._unseen(walk)
        if walk.complete and walk.pages > 1:
            unseen = await self._confirmed_gone(unseen)
        elif not walk.complete:
            unseen = [ref for ref in unseen if ref not in self._active_refs]
        self._apply(remove=unseen, loading=False, complete=walk.complete, note=note)

    async def _unseen(self, walk: Walk) -> list[Ref]:
        pace, unseen = Pace(), list[Ref]()
        for piece in pieces(list(self.snapshot.rows)):
            unseen += [ref for ref in piece if ref not in walk.seen and ref not in self._put_since]
            await pace.step()
        return unseen

    async def _confirmed_gone(self, unseen: list[Ref]) -> list[Ref]:
        """Pages by offset can skip a row: it is gone when it cannot be read, or was missing twice."""
        twice = [ref for ref in unseen if ref in self._missing]
        self._missing = frozenset(unseen).difference(twice)
        once = sorted(self._missing)[:VERIFIED]
        read = await self._read(once)
        return [*twice, *(ref for ref, found in zip(once, read, strict=True) if found is None)]

    async def _refresh(self, began: float) -> float:
        """What can have changed; returns the time as of which the rows are true.

        Small lists are read whole. Of long ones the newest page and the active ones are, and now and then
        all of it. Hosts and pools do not end: long lists of these are read whole as often as their
        length allows.
        """
        walking = self.walking is not None and not self.walking.done()
        spec = await self._spec()
        snapshot = self.snapshot
        if not walking and (
            self.key.query.active or (snapshot.complete and snapshot.loaded <= 2 * self._settings.page)
        ):
            await self._relist()
            return began
        newest = await self._newest()
        changing_few = self._changing_are_few(spec)
        if changing_few:
            await self._active(spec, newest)
        if not walking and began >= self._relist_at:
            self._start_walk(self._pages(), first=False)
        return began if changing_few or walking else self._walked_at

    def _changing_are_few(self, spec: KindSpec) -> bool:
        if self.key.kind not in (Kind.RUN, Kind.TASK, Kind.POD):
            return False
        return spec.active_list or len(self._active_refs) <= FEW

    async def _relist(self) -> None:
        pages = self._pages()
        async for page in pages.stream:
            self._apply(page.items, mark_new=True, note=page.note, **_total(page))
        await self._settle(pages)

    async def _newest(self) -> set[Ref]:
        """The newest page, and on until a row that was there already: all that came since."""
        query = replace(self.key.query, sort=())
        walk = Walk()
        known = self.snapshot.rows
        ask = walk.pages_of(
            lambda cursor, limit: self._ask(query, cursor, limit),
            self._settings.page_first,
            self._settings.page,
            self._settings.max_rows,
        )
        async for page in ask:
            self._put(page.items, mark_new=True, **_total(page))
            if any(item.ref in known for item in page.items) or walk.pages >= BARREN_PAGES:
                break
        return walk.seen

    async def _active(self, spec: KindSpec, newest: set[Ref]) -> None:
        """The active ones, and those that are not among them any more; `newest` have just been read."""
        before = self._active_refs - newest
        active = set[Ref]()
        if spec.active_list:
            query = replace(self.key.query, active=True, sort=())
            walk = Walk()
            async for page in walk.pages_of(
                lambda cursor, limit: self._ask(query, cursor, limit),
                self._settings.page,
                self._settings.page,
                self._settings.max_rows,
            ):
                self._put(page.items, mark_new=self.snapshot.complete)
            active = walk.seen
        left = sorted(before - active)
        if len(left) > RE_READ:
            start = self._re_read_from % len(left)
            self._re_read_from = start + RE_READ
            left = (left + left)[start : start + RE_READ]
        read = await self._read(left)
        self._put([found for found in read if found is not None])
        self._apply(remove=[ref for ref, found in zip(left, read, strict=True) if found is None])

    def _put(self, items: Iterable[Resource], *, mark_new: bool = False, **status: Any) -> None:
        items = tuple(items)
        self._put_since.update(item.ref for item in items)
        self._apply(items, mark_new=mark_new, **status)

    async def _read(self, refs: Sequence[Ref]) -> list[Resource | None]:
        async def get(ref: Ref) -> Resource:
            await self._running.wait()
            with self._heard.asking() as fresh:
                found = await self._adapter.get(ref)
                return found if fresh([found]) else self.snapshot.rows.get(ref, found)

        return await read_each(refs, get, self._settings.parallel)


def _total(page: Page) -> dict[str, Any]:
    return {} if page.total is None else {"total": page.total}
