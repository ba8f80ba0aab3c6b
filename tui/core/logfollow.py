"""Following a log into the spool: by byte offset, by overlapping windows, or by fetching it whole again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Protocol

from adapters.model import LogSource
from adapters.port import Adapter


class LogSink(Protocol):
    """Where a followed log goes: a SpooledLog, or standard output."""

    cursor: str | None

    def append(self, data: bytes) -> None: ...
    def mark(self, text: str) -> None: ...


async def follow(
    adapter: Adapter,
    source: LogSource,
    log: LogSink,
    *,
    poll: float = 2.0,
    tail: int | None = None,
    once: bool = False,
    on_change: Callable[[], None] = lambda: None,
    clock: Callable[[], float] = time.time,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """Read until the source has ended (`once`: until its present end). Outages become marker lines and are
    waited out; what cannot heal (not found, not allowed, unsupported) is marked, then raised.
    """
    raise NotImplementedError
