"""What a list is asked for: page by page at first, then what can have changed, and now and then all of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from adapters.frozen import dataclass
from adapters.model import ENDED, Kind, Ref, Resource
from adapters.port import Adapter, Change, KindSpec, Op, Page, Query, Scope, Term
from adapters.turns import give_way
from tui.core import garbage
from tui.core.slices import Pace, pieces
from tui.core.store import Key, Snapshot, Store
from tui.core.sync_walk import BARREN_PAGES, SyncSettings, Walk, World, as_adapter_error, read_each
from tui.core.sync_watch import Heard, applied

VERIFIED = 50
RE_READ = 200
TOGETHER = 50
"""So many ids in one question: they stand in an address, which must not become too long."""
FEW = 20
FREEZE_EVERY = 1_000


@dataclass(frozen=True, slots=True)
class _Pages:
    walk: Walk
    stream: AsyncIterator[Page]


class ListRead:
    """Reads one list into the store. `later()` is how many seconds to wait after a failure, `wake()` asks for a
    refresh now."""

    def __init__(
        self,
        key: Key,
        adapter: Adapter,
        spec: Callable[[], Awaitable[KindSpec]],
        store: Store,
        settings: SyncSettings,
        world: World,
        running: asyncio.Event,
        later: Callable[[], float],
        wake: Callable[[], None],
    ) -> None:
        self.key = key
        self.loaded = self.fans_out = False
        self.walking: asyncio.Task[None] | None = None
        self._adapter = adapter
        self._spec = spec
        self._store = store
        self._settings = settings
        self._world = world
        self._running = running
        self._later = later
        self._wake = wake
        self._relist_at = self._walked_at = 0.0
        self._again = False
        self._missing: frozenset[Ref] = frozenset()
        self._put_since: set[Ref] = set()
        self._active_refs = {ref for ref, row in self.snapshot.rows.items() if row.state not in ENDED}
        self._re_read_from = 0
        self._filters_ids = True
        self._list_note: str | None = None
        self._watch_note: str | None = None
        self._heard = Heard()

    @property
    def snapshot(self) -> Snapshot:
        return self._store.snapshot(self.key)

    @property
    def walks(self) -> bool:
        return self.walking is not None and not self.walking.done()

    def notice(self, resource: Resource) -> None:
        """Keep count of what is active: a run that was retried is again."""
        if resource.state in ENDED:
            self._active_refs.discard(resource.ref)
        else:
            self._active_refs.add(resource.ref)

    def say(self, **status: Any) -> None:
        """Set the status of the list."""
        self._apply(**status)

    def say_live(self, live: bool, note: str | None) -> None:
        """Whether a watch tells of each change, and why not."""
        self._watch_note = note
        self._apply(live=live, note=self._list_note)

    def take(self, change: Change, ref: Ref) -> None:
        """One changed row out of the watch."""
        self._heard.tell(ref)
        self._put_since.add(ref)
        put, remove, total = applied(change, ref, self.snapshot)
        self._apply(put, remove, mark_new=True, total=total, as_of=self._world.clock())

    def read_anew(self) -> None:
        """All of it, at the next refresh."""
        self._again, self._relist_at = True, 0.0
        self._wake()

    def _apply(
        self, put: Iterable[Resource] = (), remove: Iterable[Ref] = (), *, mark_new: bool = False, **status: Any
    ) -> None:
        put, remove = tuple(put), tuple(remove)
        for item in put:
            self.notice(item)
        self._active_refs.difference_update(remove)
        if "note" in status:
            self._list_note = status["note"]
            status["note"] = "; ".join(note for note in (self._list_note, self._watch_note) if note) or None
        self._store.apply(self.key, put, remove, now=self._world.clock(), mark_new=mark_new, **status)

    async def _ask(self, query: Query, cursor: str | None, limit: int) -> Page:
        await self._running.wait()
        with self._heard.asking() as fresh:
            page = await self._adapter.list(self.key.kind, query, cursor=cursor, limit=limit)
            items = fresh(page.items)
        return page if len(items) == len(page.items) else replace(page, items=items)

    async def load(self, began: float) -> float:
        """The first page is published at once; the rest follows in the background."""
        spec = await self._spec()
        self.fans_out = spec.scope is Scope.PARENT and self.key.query.parent is None
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
        self.loaded = True
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
        if first:
            garbage.started()
        try:
            async for page in pages.stream:
                self._apply(page.items, **_total(page))
                if hurry and len(pages.walk.seen) - frozen >= FREEZE_EVERY:
                    frozen = len(pages.walk.seen)
                    garbage.rows_came()
                await self._world.sleep(0.0 if hurry else self._settings.relist_pause)
                await give_way()
            await self._settle(pages)
        except Exception as found:
            error = as_adapter_error(self.key.context, found)
            self._relist_at = self._world.ticks() + self._later()
            self._apply(loading=False, note=f"the list is incomplete: {error.sentence}")
            return
        self._walked_at = began
        few = self._changing_are_few(await self._spec())
        if self._again:  # the watch was opened while this went on
            self._again, self._relist_at = False, self._world.ticks()
            self._wake()
            return
        pause = max(self._settings.relist_every, self._settings.relist_per_page * pages.walk.pages)
        self._relist_at = self._world.ticks() + (pause if few else self._settings.relist_pause * pages.walk.pages)

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
        pace, unseen = Pace(give_way=give_way), list[Ref]()
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

    async def refresh(self, began: float) -> float:
        """What can have changed; returns the time as of which the rows are true.

        Small lists are read whole. Of long ones the newest page and the active ones are, and now and then
        all of it. Hosts and pools do not end: long lists of these are read whole as often as their
        length allows.
        """
        walking = self.walks
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
        if not walking and self._world.ticks() >= self._relist_at:
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
                self._settings.page_active,
                self._settings.page_active,
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
        """Each by its id; None for what is not there any more."""
        found: dict[Ref, Resource | None] = {}
        found.update(await self._read_together(refs))
        left = [ref for ref in refs if ref not in found]

        async def get(ref: Ref) -> Resource:
            await self._running.wait()
            with self._heard.asking() as fresh:
                found = await self._adapter.get(ref)
                return found if fresh([found]) else self.snapshot.rows.get(ref, found)

        found.update(zip(left, await read_each(left, get, self._settings.parallel), strict=True))
        return [found[ref] for ref in refs]

    async def _read_together(self, refs: Sequence[Ref]) -> dict[Ref, Resource]:
        """Those that a server which can filter by id gives in one answer. It may hide some (archived ones, say)."""
        found: dict[Ref, Resource] = {}
        if len(refs) > 1 and self._filters_ids and "id" in (await self._spec()).server_filter:
            for piece in pieces(refs, TOGETHER):
                term = Term("id", Op.EQ, tuple(ref.id for ref in piece))
                query = Query(parent=self.key.query.parent, terms=(term,))
                page = await self._ask(query, None, len(piece))
                found.update({item.ref: item for item in page.items if item.ref in piece})
                if term not in page.applied:  # by one, it seems, but not by several
                    self._filters_ids = False
                    break
        return found


def _total(page: Page) -> dict[str, Any]:
    return {} if page.total is None else {"total": page.total}
