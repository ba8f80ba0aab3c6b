"""Keeps the lists on screen true: one refresh per list, however many screens show it."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from contextvars import Context
from dataclasses import replace
from typing import Any, TypeVar

from adapters.errors import AdapterError, Forbidden, Invalid, NotFound, Unsupported
from adapters.frozen import dataclass
from adapters.model import Kind, Ref, Resource
from adapters.port import ANY, Adapter, KindSpec, Query, Schema
from tui.core.store import Key, Store
from tui.core.sync_list import ListSync
from tui.core.sync_walk import SyncSettings, World, as_adapter_error

__all__ = ["ContextHealth", "Subscription", "SyncEngine", "SyncSettings"]

T = TypeVar("T")
SLOW = 1.0
"""Median latency in seconds from which a context is called slow."""

_OF_THE_LIST = (Forbidden, Invalid, NotFound, Unsupported)
"""Errors that say something about one list, not about the context."""


@dataclass(frozen=True, slots=True)
class ContextHealth:
    """How a context answers. `state` is ok, slow, down or unknown; latency in seconds, median of the last 20.

    `since` is when it went down, `tries` how often it was asked since, `next_try` when it will be asked again.
    """

    context: str
    state: str = "unknown"
    latency: float | None = None
    as_of: float | None = None
    next_try: float | None = None
    since: float | None = None
    tries: int = 0
    error: str | None = None
    auth: str = "none"
    auth_expires: float | None = None
    requests: int = 0
    errors: int = 0
    in_flight: int = 0


@dataclass(slots=True)
class _Contact:
    as_of: float | None = None
    since: float | None = None
    tries: int = 0
    error: AdapterError | None = None
    next_try: float | None = None


class Subscription:
    """A screen's claim on a list: while it is held the list is refreshed, slower while it is `hidden`."""

    def __init__(self, engine: SyncEngine, key: Key, hidden: bool) -> None:
        self.key = key
        self._engine = engine
        self._hidden = hidden
        self._released = False

    @property
    def hidden(self) -> bool:
        return self._hidden

    @hidden.setter
    def hidden(self, hidden: bool) -> None:
        shown_again = self._hidden and not hidden
        self._hidden = hidden
        self._engine._visibility(self.key)
        if shown_again:
            self.refresh()

    def refresh(self) -> None:
        """Ask now; a refresh that is under way is followed by one more."""
        self._engine.refresh(self.key)

    def release(self) -> None:
        """Give up the claim. Idempotent."""
        if not self._released:
            self._released = True
            self._engine._release(self)


@dataclass(slots=True)
class _Held:
    sync: ListSync
    task: asyncio.Task[None]
    claims: list[Subscription]


def _alone(work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
    """A task that does not remember which screen began it: it would keep that screen for as long as it goes on."""
    return asyncio.get_running_loop().create_task(work, context=Context())


class SyncEngine:
    """All lists of all contexts. Runs in one event loop; a slow or dead context delays only its own lists."""

    def __init__(
        self,
        adapters: Mapping[str, Adapter],
        store: Store,
        *,
        clock: Callable[[], float] = time.time,
        ticks: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        settings: SyncSettings | Mapping[str, SyncSettings] | None = None,
        rng: random.Random | None = None,
    ) -> None:
        self.store = store
        self._adapters = adapters
        self._settings = dict(settings) if isinstance(settings, Mapping) else settings or SyncSettings()
        self._world = World(clock, ticks, sleep, rng or random.Random())
        self._running = asyncio.Event()
        self._running.set()
        self._paces: dict[str, float] = {}
        self._held: dict[Key, _Held] = {}
        self._contacts: dict[str, _Contact] = {context: _Contact() for context in adapters}
        self._schemas: dict[str, asyncio.Task[Schema]] = {}
        self._released: dict[Key, None] = {}

    def join(self, context: str, settings: SyncSettings) -> None:
        """One more context; its adapter is among the adapters by now."""
        self._contacts[context] = _Contact()
        if isinstance(self._settings, dict):
            self._settings[context] = settings

    def subscribe(self, context: str, kind: Kind, query: Query = ANY, *, hidden: bool = False) -> Subscription:
        """Keep this list true until the answer is released. KeyError for an unknown context."""
        key = Key(context, kind, query)
        adapter = self._adapters[context]
        claim = Subscription(self, key, hidden)
        held = self._held.get(key)
        if held is None:
            sync = ListSync(
                key,
                adapter,
                lambda: self._kind_spec(context, kind),
                lambda: self.schema(context),
                self.store,
                self._settings_of(context),
                self._world,
                self._running,
                lambda error, next_try: self._noted(context, error, next_try),
            )
            held = self._held[key] = _Held(sync, _alone(sync.run()), [])
            self._released.pop(key, None)
        held.claims.append(claim)
        self._visibility(key)
        return claim

    def refresh(self, key: Key | None = None) -> None:
        """Ask now for one list, or for all that are on screen."""
        for held in self._held.values() if key is None else filter(None, [self._held.get(key)]):
            held.sync.wake()

    @property
    def paused(self) -> bool:
        return not self._running.is_set()

    def pause(self) -> None:
        """Send no more requests; those under way may end."""
        self._running.clear()

    def resume(self) -> None:
        self._running.set()
        self.refresh()

    async def touch(self, ref: Ref) -> Resource | None:
        """Re-read one object now, as after an action, and show it wherever it is listed. None: it is gone."""
        adapter = self._adapters[ref.context]
        now = self._world.clock
        holders = [key for key in self.store.held if ref in self.store.snapshot(key).rows]
        try:
            found = await adapter.get(ref)
        except NotFound:
            for key in holders:
                self.store.apply(key, remove=[ref], now=now())
            return None
        for key in holders:
            self.store.apply(key, [found], now=now())
            if key in self._held:
                self._held[key].sync.notice(found)
        return found

    async def schema(self, context: str) -> Schema:
        """The schema of a context, asked for once. Raises AdapterError."""
        asked = self._schemas.get(context)
        if asked is None or (asked.done() and (asked.cancelled() or asked.exception() is not None)):
            asked = self._schemas[context] = _alone(self._adapters[context].describe())
        return await asyncio.shield(asked)

    async def check(self, context: str) -> ContextHealth:
        """Ask the context whether it answers, and how."""
        try:
            await self._adapters[context].health()
        except Exception as found:
            self._noted(context, as_adapter_error(context, found), None)
        else:
            self._noted(context, None, None)
        return self.contexts()[context]

    def contexts(self) -> dict[str, ContextHealth]:
        """How every context answers, by what its requests have shown."""
        return {context: self._health(context, contact) for context, contact in self._contacts.items()}

    async def aclose(self) -> None:
        """Stop everything. The adapters stay open: they are not ours. Idempotent."""
        tasks: list[asyncio.Task[None] | asyncio.Task[Schema]] = [held.task for held in self._held.values()]
        tasks += [task for task in self._schemas.values() if not task.done()]
        walks = [held.sync.walking for held in self._held.values() if held.sync.walking is not None]
        self._held.clear()
        for task in (*tasks, *walks):
            task.cancel()
        await asyncio.gather(*tasks, *walks, return_exceptions=True)

    def interval(self, context: str) -> float:
        """The seconds between two looks at what is on screen."""
        return self._settings_of(context).interval

    def set_interval(self, seconds: float | None, contexts: Iterable[str]) -> None:
        """Ask these contexts so often from now on, None as it was at first; what is on screen is asked at once."""
        for context in contexts:
            if seconds is None:
                self._paces.pop(context, None)
            else:
                self._paces[context] = seconds
            for key, held in self._held.items():
                if key.context == context:
                    held.sync.keep_pace(self.interval(context))

    def _settings_of(self, context: str) -> SyncSettings:
        known = self._settings
        settings = known if isinstance(known, SyncSettings) else known.get(context, SyncSettings())
        pace = self._paces.get(context)
        return settings if pace is None else replace(settings, interval=pace)

    async def _kind_spec(self, context: str, kind: Kind) -> KindSpec:
        schema = await self.schema(context)
        spec = schema.kinds.get(kind)
        if spec is None:
            reason = schema.absent.get(kind) or f"{schema.title} has no {kind.plural}"
            raise Unsupported(f"{context}: {reason}")
        return spec

    def _visibility(self, key: Key) -> None:
        held = self._held.get(key)
        if held is not None:
            held.sync.hidden = all(claim.hidden for claim in held.claims)

    def _release(self, claim: Subscription) -> None:
        held = self._held.get(claim.key)
        if held is None or claim not in held.claims:
            return
        held.claims.remove(claim)
        if held.claims:
            self._visibility(claim.key)
            return
        del self._held[claim.key]
        held.task.cancel()
        self.store.apply(claim.key, now=self._world.clock(), loading=False, live=False)
        self._released[claim.key] = None
        while len(self._released) > self._settings_of(claim.key.context).kept:
            oldest = next(iter(self._released))
            del self._released[oldest]
            self.store.drop(oldest)

    def _noted(self, context: str, error: AdapterError | None, next_try: float | None) -> None:
        contact, now = self._contacts[context], self._world.clock()
        contact.next_try = next_try
        if error is None or isinstance(error, _OF_THE_LIST):
            contact.as_of = now if error is None else contact.as_of
            contact.since, contact.tries, contact.error = None, 0, None
            return
        contact.since = now if contact.since is None else contact.since
        contact.tries += 1
        contact.error = error

    def _health(self, context: str, contact: _Contact) -> ContextHealth:
        stats = self._adapters[context].stats
        latency = sorted(stats.latencies)[len(stats.latencies) // 2] if stats.latencies else None
        if contact.error is not None:
            state = "down"
        elif contact.as_of is None:
            state = "unknown"
        else:
            state = "slow" if latency is not None and latency >= SLOW else "ok"
        return ContextHealth(
            context,
            state,
            latency,
            contact.as_of,
            contact.next_try,
            contact.since,
            contact.tries,
            contact.error.sentence if contact.error else None,
            stats.auth,
            stats.auth_expires,
            stats.requests,
            stats.errors,
            stats.in_flight,
        )
