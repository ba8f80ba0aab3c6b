"""Following a log into the spool: by byte offset, by overlapping windows, or by fetching it whole again.

Nothing is lost silently: whatever is missing, doubled or begun anew is a marker line.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Protocol

from adapters.errors import (
    AdapterError,
    BadPayload,
    Forbidden,
    Invalid,
    NotFound,
    RateLimited,
    Unauthorized,
    Unsupported,
)
from adapters.model import LogChunk, LogMode, LogSource
from adapters.port import Adapter

WINDOW = 1024 * 1024
LONGEST_REFETCH_PAUSE = 60.0
LONGEST_OUTAGE_PAUSE = 30.0
LEAST_OVERLAP = 64
QUIET_READS = 5
STARTS_LATER = "--- starts"
"""The beginning of the marker of a log that was not read from its beginning."""
FINAL = (NotFound, Forbidden, Invalid, Unsupported, BadPayload)
"""What waiting does not heal. A login may be renewed meanwhile, so Unauthorized is not among them."""


class LogSink(Protocol):
    """Where a followed log goes: a SpooledLog, or standard output. See SpooledLog for the members."""

    cursor: str | None
    follow_lock: asyncio.Lock

    @property
    def generation_size(self) -> int: ...
    def append(self, data: bytes) -> None: ...
    def mark(self, text: str) -> None: ...
    def restart(self, text: str) -> None: ...
    def begins(self, data: bytes) -> bool: ...
    def tail(self, size: int) -> bytes: ...


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

    `tail` starts about so many bytes before the end of a log of which nothing is here yet. Two followers of
    one log take turns.
    """
    async with log.follow_lock:
        await _Follower(adapter, source, log, poll, tail, on_change, clock, sleep).run(once)


class _Follower:
    def __init__(
        self,
        adapter: Adapter,
        source: LogSource,
        log: LogSink,
        poll: float,
        tail: int | None,
        on_change: Callable[[], None],
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self.adapter, self.source, self.log = adapter, source, log
        self.poll, self.tail = poll, tail
        self.on_change, self.clock, self.sleep = on_change, clock, sleep
        self.down_since: float | None = None
        self.pause = poll
        self.quiet = 0
        self.tries = 0
        self.vanished = False

    async def run(self, once: bool) -> None:
        while True:
            try:
                at_end = await self._read()
            except AdapterError as error:
                if once:
                    raise
                if isinstance(error, FINAL):
                    self._say_why(error)
                    raise
                await self._wait_out(error)
                continue
            if at_end and (once or await self._ended()):
                return
            await self.sleep(self.pause if at_end else 0)

    async def _read(self) -> bool:
        match self.source.mode:
            case LogMode.APPEND:
                return await self._append()
            case LogMode.WINDOW:
                return self._window(await self._whole())
        return self._refetch(await self._whole())

    async def _append(self) -> bool:
        before = self.log.cursor
        chunk = await self._fetch(before)
        if before is not None and chunk.size is not None and chunk.size < int(before):
            was = int(before)
            self.log.restart(f"--- the log was cut or rotated: {was:,} bytes were read, it has {chunk.size:,} now")
            self.on_change()
            return False
        if chunk.note:
            self.log.mark(f"--- {chunk.note}")
        elif gap := _gap(before, chunk):
            self.log.mark(f"--- {gap}")
        self._add(chunk.data)
        self.log.cursor = chunk.cursor
        return chunk.at_end

    def _window(self, chunk: LogChunk) -> bool:
        data, had = chunk.data, self.log.tail(WINDOW)
        if not had:
            self._note(chunk)
            self._add(data)
            return True
        new = _after_overlap(had, data)
        if new is None:
            self.log.mark(
                f"--- gap: the server keeps only the last {len(data):,} bytes; what came before is missing"
            )
            new = data
        self._add(new)
        return True

    def _refetch(self, chunk: LogChunk) -> bool:
        have = self.log.generation_size
        if have and not chunk.data:
            if not self.vanished:
                self.log.mark("--- the server has no log any more; what was read is kept")
                self.on_change()
            self.vanished = True
            self.quiet += 1
            self.pause = min(self.pause * 1.5, LONGEST_REFETCH_PAUSE)
            return True
        if self.log.begins(chunk.data):
            if not have:
                self._note(chunk)
            self._add(chunk.data[have:])
        else:
            self.log.restart(f"--- the log began anew: it no longer starts with the {have:,} bytes read before")
            self._add(chunk.data)
        grown = self.log.generation_size != have
        self.pause = self.poll if grown else min(self.pause * 1.5, LONGEST_REFETCH_PAUSE)
        return True

    async def _fetch(self, cursor: str | None) -> LogChunk:
        tail = self.tail if cursor is None and self.source.mode is not LogMode.REFETCH else None
        chunk = await self.adapter.read_log(self.source, cursor, tail=tail)
        self.tail = None
        self._up_again()
        return chunk

    async def _whole(self) -> LogChunk:
        """All that the source gives, joined; only an `append` source is read piece by piece into the spool."""
        chunk = await self._fetch(None)
        parts, note, seen = [chunk.data], chunk.note, {chunk.cursor}
        while not chunk.at_end:
            chunk = await self._fetch(chunk.cursor)
            parts.append(chunk.data)
            if chunk.cursor in seen:
                break
            seen.add(chunk.cursor)
        return LogChunk(b"".join(parts), chunk.cursor, True, chunk.size, note)

    def _add(self, data: bytes) -> None:
        self.quiet = 0 if data else self.quiet + 1
        if data:
            self.log.append(data)
            self.on_change()

    def _note(self, chunk: LogChunk) -> None:
        if chunk.note:
            self.log.mark(f"--- {chunk.note}")

    async def _ended(self) -> bool:
        """Whether the log will not grow any more. Asked again after some quiet reads, then read once more."""
        if self.source.ended:
            return True
        if self.quiet < QUIET_READS:
            return False
        self.quiet = 0
        try:
            sources = await self.adapter.log_sources(self.source.ref, attempt=self.source.attempt)
        except AdapterError:
            return False
        mine = [s for s in sources if s.name == self.source.name and s.attempt == self.source.attempt]
        if mine and mine[0].ended:
            self.source = mine[0]
            return await self._read()
        return False

    async def _wait_out(self, error: AdapterError) -> None:
        if self.down_since is None:
            self.down_since = self.clock()
            self.log.mark(f"--- no answer: {error.sentence}; reading goes on when it returns")
            self.on_change()
        self.tries += 1
        pause = min(self.poll * 2.0 ** min(self.tries - 1, 10), LONGEST_OUTAGE_PAUSE)
        if isinstance(error, RateLimited | Unauthorized) and error.retry_after:
            pause = max(pause, error.retry_after)
        await self.sleep(pause)

    def _up_again(self) -> None:
        if self.down_since is None:
            return
        seconds = max(0, round(self.clock() - self.down_since))
        kept = "resumed at the same byte, none missing" if self.source.mode is LogMode.APPEND else "read again"
        self.log.mark(f"--- reconnected after {seconds}s; {kept}")
        self.down_since, self.tries = None, 0
        self.on_change()

    def _say_why(self, error: AdapterError) -> None:
        if isinstance(error, NotFound) and self.log.generation_size:
            self.log.mark(f"--- the log is gone from the server; what was read is kept: {error.sentence}")
        else:
            self.log.mark(f"--- {error.sentence}")
        self.on_change()


def _gap(before: str | None, chunk: LogChunk) -> str | None:
    """What an `append` answer leaves out, by its offsets; None when it joins on."""
    if not chunk.cursor.isdecimal():
        return None
    missing = int(chunk.cursor) - len(chunk.data) - int(before or 0)
    if missing <= 0:
        return None
    if before is None:
        return f"starts {missing:,} bytes into the log"
    return f"gap: {missing:,} bytes are missing here"


def _after_overlap(had: bytes, window: bytes) -> bytes | None:
    """What of `window` comes after the end of `had`, by the longest overlap; None when they do not meet.

    A log that repeats itself exactly can overlap in more than one way; the longest is the least that can
    have been added.
    """
    least = min(LEAST_OVERLAP, len(had), len(window))
    probe = window[:least]
    at = had.find(probe, max(0, len(had) - len(window)))
    while at >= 0:
        overlap = len(had) - at
        ends_alike = had[-least:] == window[max(0, overlap - least) : overlap]
        if ends_alike and had[at:] == window[:overlap]:
            return window[overlap:]
        at = had.find(probe, at + 1)
    return None
