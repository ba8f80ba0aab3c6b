"""Reading a log of Cloud Logging as if it were a file: every entry once, in the order they became known.

Cloud Logging has no offsets, and entries arrive late: one with an earlier time can turn up after later ones. So
each look goes back over what was read, and entries are told apart by time and insertId. The bytes given so far
are the offset. A reader that comes with an offset nobody here remembers (its log was kept on disk) is brought
there by counting, and gets again what may have been missed.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import field, replace
from datetime import UTC, datetime

from adapters.errors import Invalid
from adapters.frozen import dataclass
from adapters.model import LogChunk, LogSource
from adapters.vertex import wire
from adapters.vertex.api import VertexApi
from adapters.vertex.logs import LogKey, filter_text, line

SECOND = 10**9
OVERLAP = 60 * SECOND
DEEP, DEEP_EVERY = 15 * 60 * SECOND, 10
"""Now and then a look goes back further, for what comes very late."""
GRACE = 30 * SECOND
"""What came later than this after its time may have been missed by a reader of before."""
PAGES_AT_ONCE = 4
CHUNK = 256 * 1024
KEPT_READINGS = 64
MOST_BARREN = 200

Identity = tuple[int, str]


@dataclass(frozen=True, slots=True)
class CatchUp:
    """On the way to an offset of before: `left` bytes to go, what may have to be given again."""

    left: int
    recent: tuple[tuple[int, bytes], ...] = ()
    late: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """Where a reader is.

    `end` is its offset, `newest` the latest time read, `seen` what was read near it. `since`, `token` and `barren`
    (pages in a row without entries) are those of a look under way; `floor` is where a log read from its end begins.
    """

    end: int = 0
    newest: int = 0
    seen: frozenset[Identity] = frozenset()
    looks: int = 0
    since: str | None = None
    token: str | None = None
    barren: int = 0
    floor: Identity = (0, "")
    catch_up: CatchUp | None = None


@dataclass(slots=True)
class _Taken:
    """What one look brings."""

    reading: Reading
    data: list[bytes] = field(default_factory=list)
    note: str | None = None


class LogReader:
    def __init__(self, api: VertexApi) -> None:
        self._api = api
        self._readings: OrderedDict[str, Reading] = OrderedDict()

    async def read(self, source: LogSource, cursor: str | None, tail: int | None) -> LogChunk:
        key = LogKey.parse(source.key)
        if cursor is None and tail is not None:
            return await self._tail(key, source.key, tail)
        reading = self._where(source.key, cursor)
        taken = _Taken(reading)
        at_end = False
        for _ in range(PAGES_AT_ONCE):
            at_end = await self._page(key, taken)
            if at_end or sum(map(len, taken.data)) >= CHUNK:
                break
        self._keep(source.key, taken.reading)
        return LogChunk(b"".join(taken.data), str(taken.reading.end), at_end, None, taken.note)

    def _where(self, key: str, cursor: str | None) -> Reading:
        if cursor is None:
            return Reading()
        offset = int(cursor) if cursor.isdecimal() else 0
        known = self._readings.get(key)
        if known is not None and known.end == offset:
            return known
        return Reading(end=offset, catch_up=CatchUp(offset) if offset else None)

    def _keep(self, key: str, reading: Reading) -> None:
        self._readings[key] = reading
        self._readings.move_to_end(key)
        while len(self._readings) > KEPT_READINGS:
            self._readings.popitem(last=False)

    async def _page(self, key: LogKey, taken: _Taken) -> bool:
        """Read one page of the present look, or the first of a new one. Whether it was the last."""
        reading = taken.reading
        since = reading.since if reading.since is not None else _since(reading, key)
        try:
            page = await self._ask(key, since, reading.token)
        except Invalid:
            if reading.token is None:
                raise
            # Page tokens do not live for ever; what has been read of this look is remembered near its end.
            since = _rfc3339(max(0, reading.newest - DEEP)) if reading.newest else since
            page = await self._ask(key, since, None)
        token = page.next_page_token or None
        barren = 0 if page.entries else reading.barren + 1
        taken.reading = replace(reading, since=since, token=token, barren=barren)
        _take(page.entries, taken, with_node=not key.node)
        if token is not None and token != reading.token and barren < MOST_BARREN:
            return False
        _end_of_look(taken)
        return True

    async def _ask(
        self, key: LogKey, since: str, token: str | None, order: str = "timestamp asc"
    ) -> wire.EntryPage:
        reply = await self._api.list_log_entries(filter=filter_text(key, since), order_by=order, page_token=token)
        return wire.parse(reply, wire.EntryPage)

    async def _tail(self, key: LogKey, source: str, size: int) -> LogChunk:
        """About the last `size` bytes, read backwards."""
        found: list[wire.LogEntry] = []
        lines: list[bytes] = []
        token, tokens, seen = None, set[str](), set[Identity]()
        while True:
            page = await self._ask(key, key.since, token, "timestamp desc")
            for entry in page.entries:
                if _identity(entry) not in seen:
                    seen.add(_identity(entry))
                    found.append(entry)
                    lines.append(line(entry, with_node=not key.node))
            token = page.next_page_token
            if not token or token in tokens or sum(map(len, lines)) >= size:
                break
            tokens.add(token)
        data = b"".join(reversed(lines))
        newest = max(map(_reliable, found), default=0)
        floor = _identity(found[-1]) if token and found else (0, "")
        near = frozenset(map(_identity, found))
        self._keep(source, Reading(end=len(data), newest=newest, seen=near, floor=floor))
        note = "starts in the middle of the log; earlier lines were not read" if token else None
        return LogChunk(data, str(len(data)), True, None, note)


def _since(reading: Reading, key: LogKey) -> str:
    """From when on to look: the job's creation, later some time before the newest entry."""
    if not reading.newest:
        return key.since
    deep = reading.looks % DEEP_EVERY == 0
    return _rfc3339(max(0, reading.floor[0], reading.newest - (DEEP if deep else OVERLAP)))


def _rfc3339(nanos: int) -> str:
    seconds, rest = divmod(nanos, SECOND)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:09d}Z"


def _identity(entry: wire.LogEntry) -> Identity:
    """Entries of one time are told apart by their insertId, which the server makes where the writer does not."""
    return (wire.nanoseconds(entry.timestamp) or 0, entry.insert_id)


def _reliable(entry: wire.LogEntry) -> int:
    """The entry's time, but not one that lies in the future of its arrival: that would hide what comes next."""
    moment, received = wire.nanoseconds(entry.timestamp) or 0, wire.nanoseconds(entry.receive_timestamp)
    return moment if received is None else min(moment, received)


def _take(entries: Sequence[wire.LogEntry], taken: _Taken, *, with_node: bool) -> None:
    reading = taken.reading
    seen, newest = set(reading.seen), reading.newest
    for entry in entries:
        identity = _identity(entry)
        newest = max(newest, _reliable(entry))
        if identity in seen or identity < reading.floor:
            continue
        seen.add(identity)
        text = line(entry, with_node=with_node)
        if taken.reading.catch_up is not None:
            _skip(entry, text, taken)
        else:
            taken.data.append(text)
            taken.reading = replace(taken.reading, end=taken.reading.end + len(text))
    kept = frozenset(one for one in seen if one[0] >= newest - DEEP)
    taken.reading = replace(taken.reading, seen=kept, newest=newest)


def _skip(entry: wire.LogEntry, text: bytes, taken: _Taken) -> None:
    """Pass by what the reader has; at its offset give what it may not have, and go on from there."""
    state = taken.reading.catch_up
    assert state is not None
    moment, received = wire.nanoseconds(entry.timestamp) or 0, wire.nanoseconds(entry.receive_timestamp)
    if len(text) <= state.left:
        if received is not None and received - moment > GRACE:
            late, recent = (*state.late, text), state.recent
        else:
            late = state.late
            recent = (*(one for one in state.recent if one[0] >= moment - GRACE), (moment, text))
        taken.reading = replace(taken.reading, catch_up=CatchUp(state.left - len(text), recent, late))
        return
    again = [*state.late, *(one[1] for one in state.recent)]
    if again:
        taken.note = f"read on after a pause; up to {len(again):,} lines may be repeated"
    taken.data += [*again, text]
    passed = taken.reading.end - state.left
    taken.reading = replace(taken.reading, end=passed + len(text), catch_up=None)


def _end_of_look(taken: _Taken) -> None:
    reading, state = taken.reading, taken.reading.catch_up
    if state is not None:
        if state.left:
            taken.note = "Cloud Logging has less of this log than was read before; lines may be missing or repeated"
            taken.data += [*state.late, *(one[1] for one in state.recent)]
        reading = replace(reading, end=reading.end - state.left, catch_up=None)
    taken.reading = replace(reading, since=None, token=None, barren=0, looks=reading.looks + 1)
