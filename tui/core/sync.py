"""Keeps the lists on screen true: one refresh per list, however many screens show it."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from adapters.model import Kind, Ref, Resource
from adapters.port import ANY, Adapter, Query, Schema
from tui.core.store import Key, Store


@dataclass(frozen=True, slots=True)
class SyncSettings:
    """Seconds and rows. `interval` is the time between refreshes of what is on screen."""

    interval: float = 2.0
    max_rows: int = 20_000
    page_first: int = 50
    page: int = 100
    relist_every: float = 60.0
    hidden_factor: float = 5.0
    backoff_cap: float = 30.0
    jitter: float = 0.1
    parallel: int = 4
    kept: int = 8


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


class Subscription:
    """A screen's claim on a list: while it is held the list is refreshed."""

    key: Key
    hidden: bool

    def release(self) -> None: ...

    def refresh(self) -> None: ...


class SyncEngine:
    def __init__(
        self,
        adapters: Mapping[str, Adapter],
        store: Store,
        *,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        settings: SyncSettings | Mapping[str, SyncSettings] = SyncSettings(),
        rng: random.Random | None = None,
    ) -> None: ...

    def subscribe(self, context: str, kind: Kind, query: Query = ANY, *, hidden: bool = False) -> Subscription: ...

    def refresh(self, key: Key | None = None) -> None: ...

    def pause(self) -> None: ...

    def resume(self) -> None: ...

    async def touch(self, ref: Ref) -> Resource | None: ...

    def contexts(self) -> dict[str, ContextHealth]: ...

    async def schema(self, context: str) -> Schema: ...

    async def aclose(self) -> None: ...
