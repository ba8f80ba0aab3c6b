"""A filtered and sorted table over the snapshots of one or several contexts.

All rows are kept in order, so that a keystroke in the filter is one pass and never a sort. Small diffs are
put in place; whatever is larger is done by `rebuild`, in slices, while the old rows stay readable.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, overload

from adapters.model import FAULTY, WAITING, Kind, Ref, Resource, State
from adapters.port import SortKey
from tui.core.columns import DEFAULT_SORT
from tui.core.query import Filter, haystack
from tui.core.slices import Pace, pieces, sorted_in_slices
from tui.core.sortkeys import fields_of, key_maker
from tui.core.store import Diff, Key, Snapshot
from tui.core.values import DEFAULT_FIELDS, Field

AT_ONCE = 256
"""A diff of at most this many rows is put in place; each costs a bisection and a shift of the list."""

LIVE_EVERY = 10.0
"""Seconds after which an order or a filter that depends on the time is worth building again."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One of the four counts of line 2: the state whose sign stands before it, its title, how many."""

    state: State
    title: str
    count: int


@dataclass(frozen=True, slots=True)
class Counts:
    """`loaded` rows of which `shown` match the filter; the slots count those shown."""

    loaded: int
    shown: int
    slots: tuple[Slot, Slot, Slot, Slot]


_WORK_SLOTS = (
    (State.FAILED, "failed"),
    (State.RUNNING, "running"),
    (State.QUEUED, "waiting"),
    (State.SUCCEEDED, "ended"),
)
_HOST_SLOTS = (
    (State.DOWN, "down"),
    (State.DRAINING, "draining"),
    (State.DRAINED, "drained"),
    (State.UP, "up"),
)
_NOWHERE = 4


def _slot(state: State) -> int:
    """Which of the four counts a state belongs to; an unknown one to none, for nobody knows."""
    if state in FAULTY:
        return 0
    if state in (State.RUNNING, State.ABORTING, State.DRAINING):
        return 1
    if state in WAITING or state is State.DRAINED:
        return 2
    return _NOWHERE if state is State.UNKNOWN else 3


_SLOT: dict[str, int] = {state.value: _slot(state) for state in State}


class _Row:
    """One object with what is derived from it. `entry` is its place in the order and ends with the row."""

    __slots__ = ("entry", "hay", "resource", "slot")

    def __init__(self, resource: Resource, entry: tuple[Any, ...], hay: str) -> None:
        self.resource = resource
        self.hay = hay
        self.slot = _SLOT[resource.state.value]
        self.entry = (*entry, self)


class Refs(Sequence[Ref]):
    """The refs of the rows shown, in order; a view on the table's own list, not a copy."""

    __slots__ = ("_entries",)

    def __init__(self, entries: list[tuple[Any, ...]]) -> None:
        self._entries = entries

    def __len__(self) -> int:
        return len(self._entries)

    @overload
    def __getitem__(self, index: int) -> Ref: ...
    @overload
    def __getitem__(self, index: slice) -> list[Ref]: ...
    def __getitem__(self, index: int | slice) -> Ref | list[Ref]:
        if isinstance(index, slice):
            return [entry[-1].resource.ref for entry in self._entries[index]]
        ref: Ref = self._entries[index][-1].resource.ref
        return ref

    def __iter__(self) -> Iterator[Ref]:
        return (entry[-1].resource.ref for entry in self._entries)


class TableView:
    """The rows of one table. Single-threaded; `rebuild` may be awaited while everything else goes on."""

    def __init__(
        self,
        kind: Kind,
        *,
        fields: Mapping[str, Field] = DEFAULT_FIELDS,
        sort: Sequence[SortKey] | None = None,
        give_way: Callable[[], Any] | None = None,
    ) -> None:
        self.kind = kind
        self.fields = fields
        self.filter: Filter | None = None
        self.sort: tuple[SortKey, ...] = tuple(DEFAULT_SORT[kind] if sort is None else sort)
        self.building = False
        self._make_key = key_maker(fields_of(self.sort, fields))
        self._snapshots: dict[Key, Snapshot] = {}
        self._rows: dict[Ref, _Row] = {}
        self._order: list[tuple[Any, ...]] = []
        self._shown: list[tuple[Any, ...]] = []
        self._slots = [0] * 5
        self._now = 0.0
        self._wanted = 0
        self._resort = self._reload = False
        self._give_way = give_way

    @property
    def refs(self) -> Sequence[Ref]:
        """The refs shown, in order. Ask again after every `apply` and `rebuild`."""
        return Refs(self._shown)

    @property
    def total(self) -> int:
        return len(self._rows)

    def row(self, ref: Ref) -> Resource | None:
        found = self._rows.get(ref)
        return found.resource if found else None

    def at(self, index: int) -> Resource:
        """The object on a line of the table."""
        resource: Resource = self._shown[index][-1].resource
        return resource

    def index(self, ref: Ref) -> int | None:
        """On which line the object is; None when it is not shown."""
        found = self._rows.get(ref)
        if found is None:
            return None
        at = bisect_left(self._shown, found.entry)
        return at if at < len(self._shown) and self._shown[at] is found.entry else None

    def counts(self) -> Counts:
        titles = _HOST_SLOTS if self.kind is Kind.HOST else _WORK_SLOTS
        first, second, third, fourth = (
            Slot(state, title, self._slots[index]) for index, (state, title) in enumerate(titles)
        )
        return Counts(len(self._rows), len(self._shown), (first, second, third, fourth))

    def set_filter(self, filter: Filter | None) -> None:
        """Takes effect with the next `await rebuild()`."""
        self.filter = filter
        self._wanted += 1

    def set_sort(self, keys: Sequence[SortKey]) -> None:
        """Takes effect with the next `await rebuild()`; KeyError for an unknown field."""
        self._make_key = key_maker(fields_of(keys, self.fields))
        self.sort = tuple(keys)
        self._resort = True
        self._wanted += 1

    def due(self, now: float) -> bool:
        """Whether the passing of time alone makes a rebuild worth while."""
        live = (self.filter is not None and self.filter.live) or any(
            self.fields[key.field].live and self.fields[key.field].id != "age" for key in self.sort
        )
        return live and now - self._now >= LIVE_EVERY

    def apply(self, snapshots: Mapping[Key, Snapshot], diff: Diff | None, now: float) -> bool:
        """Take over what changed in the snapshot of `diff.key`; without a diff, everything.

        True: it is done. False: too much changed, and `await rebuild()` will do it.
        """
        touched = None if diff is None else len(diff.added) + len(diff.changed) + len(diff.removed)
        if not self._now:
            self._now = now
        if diff is None or touched is None or touched > AT_ONCE or self.building or self._wanted:
            self._snapshots = dict(snapshots)
            self._reload = True
            self._wanted += 1
            return False
        self._snapshots = dict(snapshots)
        rows = snapshots[diff.key].rows if diff.key in snapshots else {}
        for ref in diff.removed:
            self._take_out(ref)
        for ref in (*diff.changed, *diff.added):
            if ref in rows:
                self._put_in(rows[ref])
        return True

    def _take_out(self, ref: Ref) -> None:
        row = self._rows.pop(ref, None)
        if row is not None:
            _cut_out(self._order, row.entry)
            if _cut_out(self._shown, row.entry):
                self._slots[row.slot] -= 1

    def _put_in(self, resource: Resource) -> None:
        old = self._rows.get(resource.ref)
        key = self._make_key(resource, self._now)
        if old is not None and old.entry[:-1] == key:
            self._replace(old, resource)
            return
        self._take_out(resource.ref)
        row = _Row(resource, key, haystack(resource))
        self._rows[resource.ref] = row
        insort(self._order, row.entry)
        if self._matches(row):
            insort(self._shown, row.entry)
            self._slots[row.slot] += 1

    def _replace(self, row: _Row, resource: Resource) -> None:
        """The object changed but its place did not."""
        at = bisect_left(self._shown, row.entry)
        was_shown = at < len(self._shown) and self._shown[at] is row.entry
        if was_shown:
            self._slots[row.slot] -= 1
        row.resource, row.hay, row.slot = resource, haystack(resource), _SLOT[resource.state.value]
        shown = self._matches(row)
        if shown:
            self._slots[row.slot] += 1
        if shown and not was_shown:
            self._shown.insert(at, row.entry)
        elif was_shown and not shown:
            del self._shown[at]

    def _matches(self, row: _Row) -> bool:
        return self.filter is None or self.filter.test(row.resource, row.hay, self._now)

    async def rebuild(self, now: float | None = None) -> None:
        """Bring the table up to what was asked for, in slices; returns when nothing more is wanted.

        A call while another one is at work returns at once: the other one will do it.
        """
        if self.building:
            self._wanted += 1
            return
        self.building = True
        try:
            while True:
                self._wanted = 0
                if now is not None:
                    self._resort |= any(self.fields[key.field].live for key in self.sort) and now != self._now
                    self._now = now
                if await self._build() and not self._wanted:
                    return
        finally:
            self.building = False

    async def _build(self) -> bool:
        """One attempt; False when it was overtaken by a newer wish."""
        pace = Pace(give_way=self._give_way)
        rows, order = self._rows, self._order
        if self._reload or self._resort:
            keep, self._reload, self._resort = not self._resort, False, False
            rows, order = await self._collect(pace, keep)
            if self._resort:
                return False
        shown, slots = await self._pick(order, pace)
        if shown is None:
            self._rows, self._order = rows, order
            return False
        self._rows, self._order, self._shown, self._slots = rows, order, shown, slots
        return True

    async def _collect(self, pace: Pace, keep: bool) -> tuple[dict[Ref, _Row], list[tuple[Any, ...]]]:
        """All rows of all snapshots and their order; what did not change is kept as it is."""
        old, make, now = self._rows, self._make_key, self._now
        rows: dict[Ref, _Row] = {}
        for snapshot in tuple(self._snapshots.values()):
            for piece in pieces(list(snapshot.rows.values())):
                for resource in piece:
                    ref = resource.ref
                    row = old.get(ref)
                    same = row is not None and row.resource is resource
                    if row is None or not (same and keep):
                        hay = row.hay if row is not None and same else haystack(resource)
                        row = _Row(resource, make(resource, now), hay)
                    rows[ref] = row
                await pace.step()
        entries = [row.entry for row in rows.values()]
        await pace.step()
        return rows, await sorted_in_slices(entries, pace)

    async def _pick(
        self, order: list[tuple[Any, ...]], pace: Pace
    ) -> tuple[list[tuple[Any, ...]] | None, list[int]]:
        """The entries that match the filter and the counts of their states."""
        asked, now = self.filter, self._now
        shown: list[tuple[Any, ...]] = []
        slots = [0] * 5
        for piece in pieces(order):
            if asked is None:
                shown += piece
            else:
                test = asked.test
                piece = [e for e in piece if test(e[-1].resource, e[-1].hay, now)]
                shown += piece
            for entry in piece:
                slots[entry[-1].slot] += 1
            await pace.step()
            if self.filter is not asked:
                return None, slots
        return shown, slots


def _cut_out(entries: list[tuple[Any, ...]], entry: tuple[Any, ...]) -> bool:
    at = bisect_left(entries, entry)
    if at < len(entries) and entries[at] is entry:
        del entries[at]
        return True
    return False
