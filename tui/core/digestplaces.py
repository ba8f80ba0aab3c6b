"""The lines of a digest, and those about hosts and pools: what they were at the look, and what they are now."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from adapters.model import FAULTY, Kind, Pool, Ref, State, Timestamp
from tui.core import format
from tui.core.looks import Look, Quota, SeenPool, seen_pool
from tui.core.pulse import HOST_ORDER
from tui.core.store import Snapshot
from tui.core.text import safe

MOST_LINES = 6
"""Objects that changed alike have so many lines; more of them are counted in one."""

ARROW = "→"


@dataclass(frozen=True, slots=True)
class Item:
    """One line. It opens `ref`, else the rows of `kind` in `contexts` that `filter` selects, else nothing."""

    title: str
    more: str = ""
    count: int | None = None
    state: State | None = None
    ref: Ref | None = None
    kind: Kind | None = None
    filter: str = ""
    contexts: tuple[str, ...] = ()

    @property
    def where(self) -> tuple[str, ...]:
        """The contexts that it is about."""
        return self.contexts or ((self.ref.context,) if self.ref is not None else ())

    @property
    def red(self) -> bool:
        return self.state in FAULTY


@dataclass(frozen=True, slots=True)
class Side:
    """One context: since when, its looks from before (the newest first), and its lists as they are now."""

    context: str
    since: Timestamp
    looks: tuple[Look, ...]
    runs: Snapshot | None = None
    hosts: Snapshot | None = None
    pools: Snapshot | None = None

    def base(self, kind: Kind) -> Look | None:
        """The newest look from before that has seen lists of a kind."""
        return next((look for look in self.looks if getattr(look, kind.plural) is not None), None)


def hosts_of(side: Side) -> Iterator[Item]:
    """What hosts have become, the worst first; up is the last."""
    base, snapshot = side.base(Kind.HOST), side.hosts
    if base is None or base.hosts is None or snapshot is None or not snapshot.complete:
        return
    now = {row.ref.id: row for row in snapshot.rows.values()}
    moves = [
        (row.state, base.hosts[id], row) for id, row in now.items() if base.hosts.get(id, row.state) != row.state
    ]
    moves.sort(key=lambda move: (HOST_ORDER.index(move[0]), move[1], move[2].name))
    for (state, was), found in groupby(moves, key=lambda move: move[:2]):
        rows = [row for _, _, row in found]
        said = f"{was} {ARROW} {state.value}"
        if len(rows) <= MOST_LINES:
            yield from (Item(row.name, said, state=state, ref=row.ref) for row in rows)
        else:
            yield _many(side, len(rows), said, state, f"state={state.value}")
    gone = sorted(id for id in base.hosts if id not in now)
    if len(gone) <= MOST_LINES:
        was_of = {id: f"gone, was {base.hosts[id]}" for id in gone}
        yield from (Item(id, was, state=State.UNKNOWN, contexts=(side.context,)) for id, was in was_of.items())
    else:
        yield _many(side, len(gone), "gone, the server lists them no more", State.UNKNOWN, "")
    new = [row for id, row in now.items() if id not in base.hosts]
    if new:
        yield _many(side, len(new), "new", State.UP, "")


def _many(side: Side, count: int, said: str, state: State, filter: str) -> Item:
    title = "host" if count == 1 else "hosts"
    return Item(title, said, count, state, kind=Kind.HOST, filter=filter, contexts=(side.context,))


def pools_of(side: Side) -> Iterator[Item]:
    base, snapshot = side.base(Kind.POOL), side.pools
    if base is None or base.pools is None or snapshot is None or not snapshot.complete:
        return
    now = {row.ref.id: row for row in snapshot.rows.values() if isinstance(row, Pool)}
    for id, row in sorted(now.items(), key=lambda each: each[1].name):
        before = base.pools.get(id)
        said = "new" if before is None else ", ".join(_moved(before, seen_pool(row)))
        if said:
            yield Item(row.name, said, ref=row.ref)
    for id, pool in base.pools.items():
        if id not in now:
            said = "gone, the server lists it no more"
            yield Item(pool.name, said, state=State.UNKNOWN, contexts=(side.context,))


def _moved(before: SeenPool, after: SeenPool) -> Iterator[str]:
    if before.name != after.name:
        yield f"was {safe(before.name, 80)}"
    for kind in dict.fromkeys([*before.quotas, *after.quotas]):
        old, new = before.quotas.get(kind, _NO_QUOTA), after.quotas.get(kind, _NO_QUOTA)
        for index, word in enumerate(("reservation", "limit")):
            if old[index] != new[index]:
                yield f"{safe(kind, 20)} {word} {_amount(old[index])} {ARROW} {_amount(new[index])}"


_NO_QUOTA: Quota = (None, None)


def _amount(value: float | None) -> str:
    return format.NOTHING if value is None else f"{value:g}"
