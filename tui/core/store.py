"""What is known of every list, as immutable snapshots with a revision, and keyed diffs between them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field, replace
from types import MappingProxyType
from typing import Any

from adapters.errors import AdapterError
from adapters.frozen import dataclass
from adapters.model import Kind, Ref, Resource, State
from adapters.port import ANY, Query, Term
from tui.core.drains import Drains

_NO_ROWS: Mapping[Ref, Resource] = MappingProxyType({})
_NO_MARKS: Mapping[Ref, CellChange] = MappingProxyType({})
_NO_TIMES: Mapping[Ref, float] = MappingProxyType({})

WATCHED = ("state", "owner", "host", "pool", "attempt", "health", "exit_code", "current")
"""What makes a row `changed since you last looked`. Progress and messages move all the time, so they do not."""


@dataclass(frozen=True, slots=True)
class Key:
    """One list: what is asked of one context."""

    context: str
    kind: Kind
    query: Query = ANY


@dataclass(frozen=True, slots=True)
class CellChange:
    """What changed in a row since the user last looked: from `before` (None: the row is new), at `since`."""

    before: Resource | None
    since: float

    @property
    def is_new(self) -> bool:
        return self.before is None

    @property
    def state_from(self) -> State | None:
        return self.before.state if self.before is not None else None

    def differs(self, resource: Resource, get: Callable[[Any, float], Any], now: float) -> bool:
        """Whether the value of one column is another than when the user last looked."""
        return self.before is not None and get(self.before, now) != get(resource, now)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One list as it was at `as_of`. Never changes; a newer one has a higher revision.

    `total` is how many there are where the server says so, `complete` that all of them are here.
    `stale_since` is the time of the last good answer once the rows are out of date. `error` is the last
    failure, None after a success. `applied` are the terms of the query the server has evaluated,
    `server_sorted` that its order is the one asked for. `first_seen` holds, for rows without a time of
    their own, when they were first seen in their present state. `live`: a watch tells of each change, so the rows
    are true now, whatever `as_of` says.
    """

    key: Key
    revision: int = 0
    rows: Mapping[Ref, Resource] = field(default_factory=lambda: _NO_ROWS)
    total: int | None = None
    complete: bool = False
    as_of: float | None = None
    error: AdapterError | None = None
    loading: bool = False
    stale_since: float | None = None
    note: str | None = None
    applied: frozenset[Term] = frozenset()
    server_sorted: bool = False
    changed: Mapping[Ref, CellChange] = field(default_factory=lambda: _NO_MARKS)
    first_seen: Mapping[Ref, float] = field(default_factory=lambda: _NO_TIMES)
    live: bool = False

    @property
    def loaded(self) -> int:
        return len(self.rows)


@dataclass(frozen=True, slots=True)
class Diff:
    """What a new snapshot of `key` has beyond the one before. Empty when only its status changed."""

    key: Key
    added: tuple[Ref, ...] = ()
    changed: tuple[Ref, ...] = ()
    removed: tuple[Ref, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.removed)


Listener = Callable[[Key, Diff], None]


class Store:
    """Holds the newest snapshot of every key and tells listeners what changed. Single-threaded."""

    def __init__(self) -> None:
        self._snapshots: dict[Key, Snapshot] = {}
        self._listeners: list[Listener] = []
        self._revision = 0
        self._drains = Drains()

    def snapshot(self, key: Key) -> Snapshot:
        """The newest snapshot; an empty one of revision 0 when nothing is known yet."""
        found = self._snapshots.get(key)
        return found if found is not None else Snapshot(key)

    @property
    def held(self) -> tuple[Key, ...]:
        return tuple(self._snapshots)

    def listen(self, callback: Listener) -> Callable[[], None]:
        """Call `callback(key, diff)` after every change; the answer unsubscribes."""
        self._listeners.append(callback)

        def unsubscribe() -> None:
            if callback in self._listeners:
                self._listeners.remove(callback)

        return unsubscribe

    def apply(
        self,
        key: Key,
        put: Iterable[Resource] = (),
        remove: Iterable[Ref] = (),
        *,
        now: float,
        mark_new: bool = True,
        **status: Any,
    ) -> Diff:
        """Put and remove rows and set status fields of the snapshot; returns and announces the difference.

        Changes are marked for the user; rows that were added only with `mark_new`, for a first load brings
        nothing new.
        """
        old = self.snapshot(key)
        told = self._drains.told(put) if key.kind is Kind.HOST else put
        added, changed, rows = _put(old, told)
        removed = tuple(dict.fromkeys(ref for ref in remove if ref in old.rows or ref in rows))
        if removed:
            rows = rows if rows is not old.rows else _copied(old.rows)
            for ref in removed:
                rows.pop(ref, None)  # type: ignore[attr-defined]
        if not (added or changed or removed) and all(getattr(old, name) == value for name, value in status.items()):
            if key not in self._snapshots:
                self._publish(replace(old, **status), Diff(key))
            return Diff(key)
        diff = Diff(key, tuple(added), tuple(changed), removed)
        marks = _marks(old, rows, diff, now, mark_new)
        snapshot = replace(
            old,
            rows=rows if rows is old.rows else MappingProxyType(rows),
            changed=marks,
            first_seen=_first_seen(old, rows, diff, now),
            **status,
        )
        self._publish(snapshot, diff)
        return diff

    def seen(self, key: Key, refs: Iterable[Ref]) -> None:
        """The user has looked at these rows: their change marks go."""
        old = self.snapshot(key)
        gone = [ref for ref in refs if ref in old.changed]
        if gone:
            self._publish(replace(old, changed=_without(old.changed, gone)), Diff(key, changed=tuple(gone)))

    def drop(self, key: Key) -> None:
        """Forget a list nobody shows any more."""
        self._snapshots.pop(key, None)

    def find(self, ref: Ref) -> Resource | None:
        """The newest known row of that identity, from whichever list has it."""
        holders = [s for key, s in self._snapshots.items() if key.context == ref.context and ref in s.rows]
        return max(holders, key=lambda s: s.revision).rows[ref] if holders else None

    def _publish(self, snapshot: Snapshot, diff: Diff) -> None:
        self._revision += 1
        self._snapshots[snapshot.key] = replace(snapshot, revision=self._revision)
        for listener in list(self._listeners):
            listener(snapshot.key, diff)


def _put(old: Snapshot, put: Iterable[Resource]) -> tuple[list[Ref], list[Ref], Mapping[Ref, Resource]]:
    """The rows after `put`; the old mapping itself when nothing differs. The last of duplicates wins."""
    newest = {resource.ref: resource for resource in put}
    added: list[Ref] = []
    changed: list[Ref] = []
    for ref, resource in newest.items():
        known = old.rows.get(ref)
        if known is None:
            added.append(ref)
        elif known is not resource and known != resource:
            changed.append(ref)
    if not added and not changed:
        return added, changed, old.rows
    rows = _copied(old.rows)
    for ref in (*changed, *added):
        rows[ref] = newest[ref]
    return added, changed, rows


def _copied(rows: Mapping[Ref, Resource]) -> dict[Ref, Resource]:
    """A copy that does not hash every key again, as `dict(proxy)` would: 1 ms instead of 80 for 100,000."""
    return rows.copy() if isinstance(rows, MappingProxyType) else dict(rows)


def _without(marks: Mapping[Ref, CellChange], gone: Sequence[Ref]) -> Mapping[Ref, CellChange]:
    if not marks or not gone:
        return marks
    left = {ref: marks[ref] for ref in marks.keys() - frozenset(gone)}
    return marks if len(left) == len(marks) else MappingProxyType(left)


def _marks(
    old: Snapshot, rows: Mapping[Ref, Resource], diff: Diff, now: float, mark_new: bool
) -> Mapping[Ref, CellChange]:
    marks = {ref: CellChange(None, now) for ref in diff.added} if mark_new else {}
    for ref in diff.changed:
        before, after = old.rows[ref], rows[ref]
        if any(getattr(before, name, None) != getattr(after, name, None) for name in WATCHED):
            known = old.changed.get(ref)
            marks[ref] = CellChange(known.before if known else before, now)
    kept = _without(old.changed, diff.removed)
    return MappingProxyType({**kept, **marks}) if marks else kept


def _first_seen(old: Snapshot, rows: Mapping[Ref, Resource], diff: Diff, now: float) -> Mapping[Ref, float]:
    """Kept only for what needs it: hosts, whose servers mostly do not say since when."""
    if old.key.kind is not Kind.HOST or not diff:
        return old.first_seen
    seen = dict(old.first_seen)
    for ref in diff.added:
        seen[ref] = now
    for ref in diff.changed:
        if old.rows[ref].state is not rows[ref].state:
            seen[ref] = now
    for ref in diff.removed:
        seen.pop(ref, None)
    return MappingProxyType(seen)
