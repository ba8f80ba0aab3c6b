"""What the last 24 hours were like, computed from the rows that are loaded and from nothing else.

The past is read from the created, started and finished times of rows. What no row can tell is None: a time
before the loaded rows begin, a usual value without enough days, a signal that only this session has seen.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import field
from itertools import accumulate
from math import inf
from statistics import median

from adapters.frozen import dataclass
from adapters.model import ENDED, FAULTY, WAITING, Capacity, Kind, Pool, Ref, Resource, State
from tui.core.format import is_full
from tui.core.pulsetally import FAILED, OK, RUNNING, Tally, Wait, causes, longest_waits, owners
from tui.core.store import Snapshot
from tui.core.values import MAIN_RESOURCE
from tui.core.view import Counts, Slot

HOUR, DAY = 3600.0, 86400.0
MARKS = 48
STEP = DAY / MARKS
SPANS = {"1h": HOUR, "6h": 6 * HOUR, "24h": DAY, "7d": 7 * DAY}
"""How far back the marks go."""

DAYS = 7
FEWEST_DAYS = 3
"""A usual value is the median of at least so many days."""

HOST_ORDER = (State.DOWN, State.UNKNOWN, State.DRAINING, State.DRAINED, State.UP)


@dataclass(frozen=True, slots=True)
class Signal:
    """One line: `marks` are MARKS values of which the last ends now, `days` the same hour on earlier days.

    `filter` selects, in the list of `kind`, the rows behind `now`.
    """

    id: str
    title: str
    marks: tuple[float | None, ...]
    now: float | None
    days: tuple[float, ...] = ()
    kind: Kind | None = Kind.RUN
    filter: str = ""
    both: bool = False
    """Whether too few are as unusual as too many."""
    few: bool = False
    """Whether only too few are unusual."""

    @property
    def usual(self) -> float | None:
        return median(self.days) if len(self.days) >= FEWEST_DAYS else None

    @property
    def outside(self) -> bool:
        """Whether it is now beyond everything that this hour was on the days before."""
        if self.now is None or self.usual is None:
            return False
        too_few = self.now < min(self.days)
        return too_few if self.few else self.now > max(self.days) or (self.both and too_few)


@dataclass(frozen=True, slots=True)
class PoolUse:
    """A pool that has none below it, by its main resource."""

    ref: Ref
    name: str
    capacity: Capacity | None
    waiting: int | None

    @property
    def share(self) -> float | None:
        found = self.capacity
        return found.allocation / found.limit if found and found.limit and found.allocation is not None else None

    @property
    def full(self) -> bool:
        return self.capacity is not None and is_full(self.capacity)


@dataclass(frozen=True, slots=True)
class Pulse:
    """`since` is when the loaded runs begin if that is within what is shown, else None: all are here.

    `undated` is how many runs lack a time that would say when they waited, ran or failed. `hosts` are the
    states of all hosts, the worst first.
    """

    now: float
    since: float | None
    counts: Counts
    undated: int
    signals: tuple[Signal, ...]
    causes: tuple[Tally, ...]
    owners: tuple[Tally, ...]
    failed_hour: tuple[Tally, ...]
    waits: tuple[Wait, ...]
    pools: tuple[PoolUse, ...]
    hosts: tuple[State, ...]


def take(
    runs: Sequence[Snapshot], hosts: Sequence[Snapshot], pools: Sequence[Snapshot], now: float, span: float = DAY
) -> Pulse:
    """The pulse of these lists at `now`; a context that has not answered yet has no part in it."""
    rows = [row for snapshot in runs for row in snapshot.rows.values()]
    answered = [snapshot for snapshot in runs if snapshot.rows or snapshot.complete]
    since = max((begin for snapshot in answered if (begin := begins(snapshot)) is not None), default=-inf)
    since = since if answered else inf
    known = max((begin for snapshot in runs if (begin := _oldest(snapshot.rows.values())) is not None), default=inf)
    history = _History(now, since, max(since, known), span)
    failed = [row for row in rows if row.state in FAULTY]
    waits, ran, undated = spells(rows)
    undated += sum(1 for row in failed if row.finished is None and row.started is None)
    states = [row.state for snapshot in hosts for row in snapshot.rows.values()]
    last_day, last_hour = _ended_within(failed, now, DAY), _ended_within(failed, now, HOUR)
    at_work = [row for row in rows if row.state in RUNNING or row.state in WAITING]
    return Pulse(
        now=now,
        since=since if since > now - max(span, DAY) else None,
        counts=_counts(rows),
        undated=undated,
        signals=(
            history.ended("failed", "failed / h", _times(failed), f"{FAILED} finished<1h"),
            history.held("running", "state=running,aborting", ran, _in(rows, RUNNING), both=True),
            history.held("waiting", "state=waiting", waits, _in(rows, WAITING)),
            history.ended("ok", "ended ok / h", _times(rows, State.SUCCEEDED), f"{OK} finished<1h", few=True),
        ),
        causes=causes(last_day, "24h"),
        owners=owners(at_work),
        failed_hour=causes(last_hour, "1h"),
        waits=longest_waits(at_work),
        pools=_pools([row for snapshot in pools for row in snapshot.rows.values() if isinstance(row, Pool)]),
        hosts=tuple(sorted(states, key=HOST_ORDER.index)),
    )


def begins(snapshot: Snapshot) -> float | None:
    """From when on this list has every run; None for always.

    Lists are read newest first, but what has not ended is read however old it is.
    """
    if snapshot.complete:
        return None
    return _oldest(row for row in snapshot.rows.values() if row.state in ENDED) or inf


def _oldest(rows: Iterable[Resource]) -> float | None:
    return min((row.created for row in rows if row.created is not None), default=None)


Spells = list[tuple[float, float]]


def spells(rows: Iterable[Resource]) -> tuple[Spells, Spells, int]:
    """When each run waited and when it ran, from and to; and of how many that cannot be told."""
    waits: Spells = []
    ran: Spells = []
    undated = 0
    for row in rows:
        ended = row.state in ENDED
        if row.started is not None:
            if row.created is not None and row.created < row.started:
                waits.append((row.created, row.started))
            if row.finished is not None or not (ended or row.state is State.UNKNOWN):
                ran.append((row.started, inf if row.finished is None else row.finished))
                continue
        elif row.created is not None and (row.finished is not None or row.state in WAITING):
            waits.append((row.created, inf if row.finished is None else row.finished))
            continue
        undated += 1
    return waits, ran, undated


class _History:
    """Reads the past at the times of the marks, and at this hour of the days before."""

    def __init__(self, now: float, since: float, known: float, span: float) -> None:
        self.now, self.since, self.step = now, since, span / MARKS
        self.ends = [now - self.step * (MARKS - 1 - index) for index in range(MARKS)]
        self.days = [now - DAY * day for day in range(DAYS, 0, -1) if now - DAY * day - HOUR >= known]

    def ended(self, id: str, title: str, times: Sequence[float], filter: str, *, few: bool = False) -> Signal:
        """How many ended at these times within each mark, and within the last hour."""
        ordered = sorted(times)

        def between(start: float, end: float) -> float:
            return float(bisect_right(ordered, end) - bisect_right(ordered, start))

        step = self.step
        marks = tuple(between(end - step, end) if end - step >= self.since else None for end in self.ends)
        days = tuple(between(day - HOUR, day) for day in self.days)
        latest = between(self.now - HOUR, self.now) if self.now - HOUR >= self.since else None
        return Signal(id, title, marks, latest, days, filter=filter, few=few)

    def held(self, title: str, filter: str, spells: Spells, now: int, *, both: bool = False) -> Signal:
        """How many spells were under way at each time."""
        times = sorted({*self.days, *self.ends})
        steps = [0] * (len(times) + 1)
        for start, end in spells:
            steps[bisect_left(times, start)] += 1
            steps[max(bisect_left(times, start), bisect_left(times, end))] -= 1
        at = dict(zip(times, accumulate(steps), strict=False))
        marks = tuple(float(at[end]) if end >= self.since else None for end in self.ends)
        days = tuple(float(at[day]) for day in self.days)
        return Signal(title, title, marks, float(now), days, filter=filter, both=both)


def _times(rows: Iterable[Resource], state: State | None = None) -> list[float]:
    """When these (of them those in a state) ended."""
    return [row.finished for row in rows if row.finished is not None and state in (None, row.state)]


def _in(rows: Iterable[Resource], states: frozenset[State]) -> int:
    return sum(1 for row in rows if row.state in states)


def _counts(rows: Sequence[Resource]) -> Counts:
    found = Counter(row.state for row in rows)

    def slot(state: State, title: str, states: Iterable[State]) -> Slot:
        return Slot(state, title, sum(found[each] for each in states))

    four = (
        slot(State.FAILED, "failed", FAULTY),
        slot(State.RUNNING, "running", RUNNING),
        slot(State.QUEUED, "waiting", WAITING),
        slot(State.SUCCEEDED, "ended", ENDED - FAULTY),
    )
    return Counts(len(rows), len(rows), four)


def _ended_within(rows: Iterable[Resource], now: float, seconds: float) -> list[Resource]:
    return [row for row in rows if row.finished is not None and now - seconds < row.finished <= now]


def _pools(rows: Sequence[Pool]) -> tuple[PoolUse, ...]:
    above = {row.parent for row in rows}
    uses = [PoolUse(row.ref, row.name, _main(row), row.waiting) for row in rows if row.ref not in above]
    return tuple(sorted(uses, key=lambda use: (-(use.waiting or 0), -(use.share or 0.0), use.name)))


def _main(pool: Pool) -> Capacity | None:
    found = (each for each in pool.capacity if each.kind == MAIN_RESOURCE)
    return next(found, pool.capacity[0] if pool.capacity else None)


def host_marks(hosts: Sequence[State], room: int) -> tuple[tuple[State, ...], int]:
    """At most `room` marks and how many hosts each stands for; it shows the worst of them."""
    each = max(1, -(-len(hosts) // max(1, room)))
    return tuple(hosts[at] for at in range(0, len(hosts), each)), each


def p95(latencies: Sequence[float]) -> float | None:
    ordered = sorted(latencies)
    return ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))] if ordered else None


@dataclass(slots=True)
class Samples:
    """Values that no server keeps, as this session has seen them: one a minute, for a day."""

    seen: dict[str, dict[int, float]] = field(default_factory=dict)

    def note(self, id: str, now: float, value: float) -> None:
        kept = self.seen.setdefault(id, {})
        minute = int(now // 60)
        kept[minute] = value
        for old in [each for each in kept if each < minute - DAY / 60]:
            del kept[old]

    def marks(self, id: str, now: float, span: float = DAY) -> tuple[float | None, ...]:
        """The last value of each mark; None where nobody was looking."""
        found: list[float | None] = [None] * MARKS
        for minute, value in sorted(self.seen.get(id, {}).items()):
            at = MARKS - 1 - int((now - minute * 60) // (span / MARKS))
            if 0 <= at < MARKS:
                found[at] = value
        return tuple(found)
