"""The log of a task: events with a time, turned into lines, and followed without losing late ones.

The server's log has times, not offsets, and a line may arrive after one with a later time was read. So the
source is `append`, in the order of arrival: the adapter remembers where each cursor is, and every look goes back
over the last minute. A cursor is a byte offset all the same: the time from which a reading counts, times
`ORIGIN`, plus the bytes since. Whoever comes with one from an earlier session is counted up to it again.
"""

from __future__ import annotations

import re
from collections import Counter, OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from adapters.clearml import wire
from adapters.clearml.api_events import EventsApi
from adapters.clearml.details import iso
from adapters.clearml.mapping import to_state
from adapters.clearml.session import Session
from adapters.model import ENDED, LogChunk, LogMode, LogSource, Ref

BATCH = 1000
LATE = 60_000
"""Milliseconds that a line may be late by. Elasticsearch shows what is written after a second or so."""
KEPT_EVENTS = 4000
KEPT_READINGS = 64
ORIGIN = 10**12
BYTES_A_LINE = 40
LONGEST_LINE = 1 << 20
NEW_LOG = (2, 9)
"""Since this version the log is read by time; before, by a scroll that ends where the log ended when it began."""
PAGED = re.compile(r"\d+:(.*)", re.DOTALL)

GONE = "the log was deleted, most likely by a reset"
Line = tuple[int, str, str, str]


def sources(ref: Ref, rows: Iterable[tuple[Ref, wire.TaskRow]], session: Session) -> list[LogSource]:
    """The task's own log, then those of its steps; `rows` come in the order in which they are useful."""
    mode = LogMode.APPEND if session.at_least(*NEW_LOG) else LogMode.REFETCH
    return [
        LogSource(
            of,
            "console" if of.id == ref.id else row.name or row.id,
            mode,
            ended=to_state(row)[0] in ENDED,
            key=row.id,
        )
        for of, row in rows
    ]


def line_of(event: wire.LogEvent) -> bytes:
    """One event as a line, or several: `msg` may hold line breaks."""
    moment = iso(event.timestamp // 1000)
    time = "" if moment is None else f"{moment.removesuffix('Z')}.{event.timestamp % 1000:03d}Z "
    level = f"{event.level.upper()} " if event.level else ""
    text = f"{time}{level}{event.msg}".rstrip("\r\n")
    return text.encode("utf-8", "replace")[:LONGEST_LINE] + b"\n"


def _identity(event: wire.LogEvent) -> Line:
    return (event.timestamp, event.worker, event.level, event.msg)


@dataclass(slots=True)
class _Reading:
    """Where one cursor is. `since` is the time it counts from, `size` the bytes given, `newest` the latest time
    given; `recent` is all that was given with times from `floor` on; `at_end`: nothing more was there."""

    since: int = 0
    size: int = 0
    newest: int = 0
    floor: int = 0
    recent: list[Line] = field(default_factory=list)
    at_end: bool = False

    @property
    def cursor(self) -> str:
        return str(self.since * ORIGIN + self.size)

    def took(self, events: list[wire.LogEvent]) -> None:
        self.newest = max([self.newest, *(event.timestamp for event in events)])
        self.floor = max(self.floor, self.since, self.newest - LATE)
        lines = [line for line in [*self.recent, *map(_identity, events)] if line[0] >= self.floor]
        if len(lines) > KEPT_EVENTS:
            self.floor = sorted(line[0] for line in lines)[-KEPT_EVENTS] + 1
            lines = [line for line in lines if line[0] >= self.floor]
        self.recent = lines

    def copy(self) -> _Reading:
        return replace(self, recent=list(self.recent))


class Logs:
    def __init__(self, context: str, api: EventsApi) -> None:
        self._context = context
        self._api = api
        self._readings: OrderedDict[tuple[str, str], _Reading] = OrderedDict()

    async def read(self, source: LogSource, cursor: str | None, tail: int | None) -> LogChunk:
        """What follows the cursor. Raises AdapterError."""
        if source.mode is LogMode.REFETCH:
            return await self._scroll(source.key, cursor)
        if cursor is None and tail is not None:
            return await self._tail(source.key, tail)
        if cursor is None:
            return await self._onward(source.key, _Reading())
        known = self._readings.get((source.key, cursor))
        if known is not None:
            return await self._onward(source.key, known.copy())
        return await self._counted(source.key, int(cursor) if cursor.isdecimal() else 0)

    async def _events(self, task: str, after: int) -> tuple[list[wire.LogEvent], bool]:
        """The events later than a time, oldest first, and whether these are all. A page may be longer than asked:
        events of the same time stay together."""
        reply = await self._api.get_task_log(
            task=task,
            batch_size=BATCH,
            navigate_earlier=False,
            from_timestamp=after if after >= 0 else None,
            order="asc",
        )
        events = wire.list_of(reply, "events", wire.LogEvent)
        return sorted(events, key=lambda event: event.timestamp), len(events) < BATCH

    async def _onward(self, task: str, reading: _Reading) -> LogChunk:
        """What is new. A reading that was at the end looks over the last minute again, and first of all whether
        what it gave is still there: a reset deletes the log."""
        if not reading.at_end:
            events, at_end = await self._events(task, reading.newest or reading.since - 1)
            return self._given(task, reading, events, at_end)
        events, at_end = await self._events(task, reading.floor - 1)
        had, there = Counter(reading.recent), Counter(map(_identity, events))
        while had - there and not at_end:
            more, at_end = await self._events(task, events[-1].timestamp)
            events += more
            there.update(map(_identity, more))
        if had - there:
            return LogChunk(b"", "0", False, size=0, note=GONE)
        fresh = []
        for event in events:
            if had[_identity(event)] > 0:
                had[_identity(event)] -= 1
            else:
                fresh.append(event)
        return self._given(task, reading, fresh, at_end)

    def _given(
        self, task: str, reading: _Reading, events: list[wire.LogEvent], at_end: bool, note: str | None = None
    ) -> LogChunk:
        data = b"".join(map(line_of, events))
        reading.took(events)
        reading.size += len(data)
        reading.at_end = at_end
        self._keep(task, reading)
        return LogChunk(data, reading.cursor, at_end, note=note)

    def _keep(self, task: str, reading: _Reading) -> None:
        self._readings[task, reading.cursor] = reading
        self._readings.move_to_end((task, reading.cursor))
        while len(self._readings) > KEPT_READINGS:
            self._readings.popitem(last=False)

    async def _tail(self, task: str, tail: int) -> LogChunk:
        """At least the last bytes, from a time on with all its lines; less only when that is the whole log."""
        events: list[wire.LogEvent] = []
        size, before, more = 0, None, True
        while more and size < tail:
            batch = max(1, min(BATCH, (tail - size) // BYTES_A_LINE + 1))
            reply = await self._api.get_task_log(
                task=task, batch_size=batch, navigate_earlier=True, from_timestamp=before, order="asc"
            )
            page = wire.list_of(reply, "events", wire.LogEvent)
            events = [*sorted(page, key=lambda event: event.timestamp), *events]
            size += sum(len(line_of(event)) for event in page)
            more = len(page) >= batch
            before = events[0].timestamp if events else None
        if not more:
            return self._given(task, _Reading(), events, True)
        note = "starts later; what came before was not read"
        return self._given(task, _Reading(since=events[0].timestamp if events else 0), events, True, note)

    async def _counted(self, task: str, cursor: int) -> LogChunk:
        """From a cursor of an earlier session: what was given then is counted off. When the count does not fall
        between two lines, late ones have come in before it; then the last minute comes again."""
        since, wanted = divmod(cursor, ORIGIN)
        reading, passed = _Reading(since=since), list[wire.LogEvent]()
        after, at_end = since - 1, False
        while not at_end and reading.size < wanted:
            events, at_end = await self._events(task, after)
            after = events[-1].timestamp if events else after
            for index, event in enumerate(events):
                length = len(line_of(event))
                if reading.size + length > wanted:
                    return self._given_from(task, reading, passed + events, len(passed) + index, wanted, at_end)
                reading.size += length
            reading.took(events)
            passed = [event for event in [*passed, *events] if event.timestamp >= reading.newest - LATE]
        if reading.size < wanted:
            return LogChunk(b"", "0", False, size=0, note=GONE)
        reading.at_end = at_end
        return await self._onward(task, reading)

    def _given_from(
        self, task: str, reading: _Reading, events: list[wire.LogEvent], index: int, wanted: int, at_end: bool
    ) -> LogChunk:
        """The events from an index on; those before it were counted off."""
        note = None
        if reading.size != wanted:
            note, reading.size = "late lines have come in; the last minute comes again", wanted
            first = events[index].timestamp - LATE
            index = next(at for at, event in enumerate(events) if event.timestamp >= first)
        reading.recent = []  # `events` begin with the same ones
        reading.took(events[:index])
        return self._given(task, reading, events[index:], at_end, note)

    async def _scroll(self, task: str, cursor: str | None) -> LogChunk:
        """Servers of the first versions: the whole log, page by page."""
        scroll = PAGED.fullmatch(cursor or "")
        number = int((cursor or "0").partition(":")[0] or 0) + 1
        reply = await self._api.get_task_log(
            task=task,
            batch_size=BATCH,
            order="asc",
            scroll_id=scroll[1] if scroll else None,
            more={"from": "head"},
        )
        events = wire.list_of(reply, "events", wire.LogEvent)
        following = wire.data_of(reply).get("scroll_id")
        data = b"".join(map(line_of, events))
        at_end = len(events) < BATCH or not isinstance(following, str)
        return LogChunk(data, f"{number}:{following}", at_end)
