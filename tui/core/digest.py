"""What happened since somebody last looked: from what the server says of the past and from the look that was kept.

Nothing is made up: what neither can tell is a sentence in `unknown`.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from adapters.model import ENDED, FAULTY, Kind, Ref, Resource, State, Timestamp
from tui.core import format
from tui.core.acted import Acted
from tui.core.causes import Cause, cause_of
from tui.core.digestplaces import ARROW, MOST_LINES, Item, Side, hosts_of, pools_of
from tui.core.looks import Look
from tui.core.pulse import begins
from tui.core.store import Snapshot
from tui.core.text import safe

FAILED = "state=failed,lost"

MOST_CAUSES = 7
"""So many causes have a line each; the rest are counted, and opened, together with them."""


@dataclass(frozen=True, slots=True)
class Part:
    title: str
    count: int
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Digest:
    failed: int
    recovered: int
    ended: int
    parts: tuple[Part, ...]
    unknown: tuple[str, ...]


def digest(sides: Sequence[Side], acted: Sequence[Acted], now: Timestamp) -> Digest:
    failures, ended, recovered, gone = _Runs(), _Runs(), list[Item](), list[Item]()
    for side in sides:
        _runs(side, failures, ended, recovered, gone)
    hosts = [item for side in sides for item in hosts_of(side)]
    pools = [item for side in sides for item in pools_of(side)]
    parts = (
        Part("FAILED", failures.count, tuple(failures.by_cause())),
        Part("RECOVERED", len(recovered), _few(recovered)),
        Part("ENDED", ended.count, tuple(ended.by_state())),
        Part("GONE", len(gone), _few(gone)),
        Part("HOSTS", len(hosts), tuple(hosts)),
        Part("POOLS", len(pools), _few(pools)),
        Part("ACTED", len(acted), tuple(_act(each, now) for each in reversed(acted))),
    )
    unknown: dict[str, list[str]] = {}
    for side in sides:
        for sentence in _unknown(side, now):
            unknown.setdefault(sentence, []).append(side.context)
    said = tuple(f"{', '.join(names)}: {sentence}" for sentence, names in unknown.items())
    return Digest(failures.count, len(recovered), ended.count, tuple(p for p in parts if p.items), said)


def failed_since(row: Resource, since: Timestamp, base: Look | None) -> bool | None:
    """Whether it has failed since; None when nobody can tell."""
    return row.state in FAULTY and _since(row, since, base, FAULTY)


def _since(row: Resource, since: Timestamp, base: Look | None, states: frozenset[State]) -> bool | None:
    """Whether it has come into one of these states since: by its own time, else by what it was at the look."""
    if row.finished is not None:
        return row.finished > since
    if row.created is not None and row.created > since:
        return True
    if base is None or base.runs is None:
        return None
    before = base.runs.get(row.ref.id)
    if before is None:  # it had ended by then, unless it is younger than that look
        return None if row.created is not None and row.created > base.at else False
    return before[0] not in states


class _Runs:
    """Runs that have ended since, with the context's own mark."""

    def __init__(self) -> None:
        self.rows: list[tuple[Timestamp, Resource]] = []

    @property
    def count(self) -> int:
        return len(self.rows)

    def by_cause(self) -> Iterator[Item]:
        yield from self._grouped(lambda row: cause_of(row.message), FAILED, State.FAILED)

    def by_state(self) -> Iterator[Item]:
        yield from self._grouped(lambda row: Cause(row.state.value, ""), "", None)

    def _grouped(self, of: Callable[[Resource], Cause], lead: str, state: State | None) -> Iterator[Item]:
        groups: dict[tuple[Cause, Timestamp], list[Resource]] = {}
        for since, row in self.rows:
            groups.setdefault((of(row), since), []).append(row)
        ordered = sorted(groups.items(), key=lambda each: -len(each[1]))
        left = [row for _, rows in ordered[MOST_CAUSES:] for row in rows]
        if len(ordered) == MOST_CAUSES + 1:
            left = []
        for (cause, since), rows in ordered[: MOST_CAUSES if left else None]:
            newest = sorted(rows, key=lambda row: -(row.finished or row.created or 0.0))
            single = newest[0].ref if len(rows) == 1 else None
            when = f"finished>{format.iso(since)}"
            if any(row.finished is None for row in rows):
                when = f"({when} or finished=-)"
            words = [lead or f"state={rows[0].state.value}", when, cause.filter]
            yield Item(
                cause.title,
                ", ".join(safe(row.name, 60) for row in newest[:3]) + (", …" if len(rows) > 3 else ""),
                len(rows),
                state or rows[0].state,
                single,
                Kind.RUN,
                " ".join(word for word in words if word),
                tuple(dict.fromkeys(row.ref.context for row in rows)),
            )
        if left:
            first = min(since for since, _ in self.rows)
            yield Item(
                f"{len(ordered) - MOST_CAUSES} other causes",
                "all of them",
                len(left),
                state,
                kind=Kind.RUN,
                filter=f"{lead} finished>{format.iso(first)}".strip(),
                contexts=tuple(dict.fromkeys(row.ref.context for _, row in self.rows)),
            )


def _runs(side: Side, failures: _Runs, ended: _Runs, recovered: list[Item], gone: list[Item]) -> None:
    base, snapshot = side.base(Kind.RUN), side.runs
    if snapshot is None:
        return
    for row in snapshot.rows.values():
        if row.state in FAULTY:
            if _since(row, side.since, base, FAULTY):
                failures.rows.append((side.since, row))
        elif row.state in ENDED and _since(row, side.since, base, ENDED):
            ended.rows.append((side.since, row))
    for id, (was, name) in (base.runs or {}).items() if base is not None else ():
        ref = Ref(side.context, Kind.RUN, id)
        found = snapshot.rows.get(ref)
        if found is None:
            if snapshot.complete:
                said = f"was {was}, is not listed any more"
                gone.append(Item(name, said, state=State.UNKNOWN, contexts=(side.context,)))
        elif was in FAULTY and found.state not in FAULTY:
            recovered.append(Item(found.name, f"{was} {ARROW} {found.state.value}", state=found.state, ref=ref))


def _few(items: Sequence[Item], most: int = 2 * MOST_LINES) -> tuple[Item, ...]:
    """So many lines at most; what is left out is counted."""
    left = len(items) - most
    return tuple(items) if left <= 0 else (*items[:most], Item(f"and {left} more"))


def _act(act: Acted, now: Timestamp) -> Item:
    one = act.refs[0] if len(act.refs) == 1 else None
    kinds = {ref.kind for ref in act.refs}
    what = safe(act.name) if len(act.targets) == 1 else f"{len(act.targets)} objects"
    counted = Counter(act.endings)
    said = ", ".join(word if len(act.endings) == 1 else f"{count} {word}" for word, count in counted.items())
    reason = f"  ({safe(act.reason, 60)})" if act.reason else ""
    several = len(act.refs) > 1 and len(kinds) == 1
    return Item(
        f"{format.clock(act.at, now)}  {safe(act.user, 20)}  {safe(act.action, 30)}  {what}",
        f"{said}{reason}",
        ref=one,
        state=State.FAILED if counted.keys() & {"failed", "unknown"} else None,
        kind=next(iter(kinds)) if several else None,
        filter="id=" + ",".join(f'"{ref.id}"' for ref in act.refs) if several else "",
        contexts=tuple(dict.fromkeys(ref.context for ref in act.refs)),
    )


def _unknown(side: Side, now: Timestamp) -> Iterator[str]:
    """What cannot be said of a context, and why."""
    for snapshot in (side.runs, side.hosts, side.pools):
        if snapshot is not None and snapshot.error is not None:
            asked = f"since {format.clock(snapshot.as_of, now)}" if snapshot.as_of is not None else "yet"
            yield f"no answer about its {snapshot.key.kind.plural} {asked}: {snapshot.error.sentence}"
        elif snapshot is not None and snapshot.as_of is None:
            yield f"its {snapshot.key.kind.plural} are being read"
    if side.runs is not None and side.runs.as_of is not None and not side.runs.complete:
        since = begins(side.runs)
        before = f" before {format.clock(since, now)}" if since is not None and since != math.inf else ""
        yield f"{side.runs.loaded:,} runs are loaded; of those created{before} some may be missing"
    undated = _undated(side)
    if undated:
        yield "1 failed run does not say when" if undated == 1 else f"{undated:,} failed runs do not say when"
    if not side.looks:
        yield "no look from before is kept to compare hosts, pools and recoveries with"
        return
    for kind, snapshot in ((Kind.RUN, side.runs), (Kind.HOST, side.hosts), (Kind.POOL, side.pools)):
        base = side.base(kind)
        if snapshot is None:
            continue
        if base is None:
            yield f"its {kind.plural} were not seen before {format.clock(side.since, now)}"
        elif side.since - base.at > 60 and kind is not Kind.RUN:
            yield f"{kind.plural} are compared with what they were at {format.clock(base.at, now)}"


def _undated(side: Side) -> int:
    rows = side.runs.rows.values() if side.runs is not None else ()
    base = side.base(Kind.RUN)
    return sum(1 for row in rows if row.state in FAULTY and failed_since(row, side.since, base) is None)


def sides_of(
    contexts: Iterable[str],
    since: Mapping[str, Timestamp],
    looks: Mapping[str, Sequence[Look]],
    snapshots: Iterable[Snapshot],
) -> list[Side]:
    """Each context with its looks from before its mark and the lists there are of it now."""
    found: dict[tuple[str, Kind], Snapshot] = {(each.key.context, each.key.kind): each for each in snapshots}
    return [
        Side(
            name,
            since[name],
            tuple(look for look in reversed(looks[name]) if look.at <= since[name] + 1.0),
            *(found.get((name, kind)) for kind in (Kind.RUN, Kind.HOST, Kind.POOL)),
        )
        for name in contexts
    ]
