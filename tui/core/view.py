"""A filtered and sorted table over the snapshots of one or several contexts.

All rows are kept in order, so that a keystroke in the filter is one pass and never a sort. Small diffs are
put in place; whatever is larger is done by `rebuild`, in slices, while the old rows stay readable.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from adapters.frozen import dataclass
from adapters.model import Kind, Ref, Resource, State
from adapters.port import SortKey
from tui.core.columns import DEFAULT_SORT
from tui.core.query import Filter
from tui.core.slices import Pace, pieces, sorted_in_slices
from tui.core.sortkeys import fields_of, key_maker
from tui.core.store import Diff, Key, Snapshot
from tui.core.values import DEFAULT_FIELDS, Field
from tui.core.viewrows import EVEN, ODD, SLOT_OF, Refs, Row, matching, set_key, set_keys, write_keys

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
        self._make_key = self._next_key = key_maker(fields_of(self.sort, fields))
        self._key = EVEN
        self._snapshots: dict[Key, Snapshot] = {}
        self._rows: dict[Ref, Row] = {}
        self._order: list[Row] = []
        self._shown: list[Row] = []
        self._slots = [0] * 5
        self._now = 0.0
        self._keyed = 0.0
        self._word = ""
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
        return self._shown[index].resource

    def index(self, ref: Ref) -> int | None:
        """On which line the object is; None when it is not shown."""
        found = self._rows.get(ref)
        if found is None:
            return None
        at = self._place(self._shown, found)
        return at if at < len(self._shown) and self._shown[at] is found else None

    def _place(self, rows: list[Row], row: Row) -> int:
        return bisect_left(rows, self._key(row), key=self._key)

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
        self._next_key = key_maker(fields_of(keys, self.fields))
        self.sort = tuple(keys)
        self._resort = True
        self._wanted += 1

    def due(self, now: float) -> bool:
        """Whether the passing of time alone makes a rebuild worth while."""
        live = (self.filter is not None and self.filter.live) or self._moves()
        return live and now - self._now >= LIVE_EVERY

    def _moves(self) -> bool:
        """Whether time alone changes the order; what is older stays older."""
        return any(self.fields[key.field].live and self.fields[key.field].id != "age" for key in self.sort)

    def apply(self, snapshots: Mapping[Key, Snapshot], diff: Diff | None, now: float) -> bool:
        """Take over what changed in the snapshot of `diff.key`; without a diff, everything.

        True: it is done, but for a filter or an order that was set meanwhile. False: too much changed, and
        `await rebuild()` will do it.
        """
        self._now, self._keyed = self._now or now, self._keyed or now
        if diff is None:
            same = len(snapshots) == len(self._snapshots) and all(
                key in self._snapshots and self._snapshots[key].rows is snapshot.rows
                for key, snapshot in snapshots.items()
            )
            return (same and not self._reload) or self._later(snapshots)
        touched = len(diff.added) + len(diff.changed) + len(diff.removed)
        if touched > AT_ONCE or self.building or self._reload or self._unseen(diff, snapshots):
            return self._later(snapshots)
        rows: Mapping[Ref, Resource] = {}
        if diff.key in snapshots:
            self._snapshots[diff.key] = snapshots[diff.key]
            rows = snapshots[diff.key].rows
        for ref in diff.removed:
            self._take_out(ref)
        for ref in (*diff.changed, *diff.added):
            if ref in rows:
                self._put_in(rows[ref])
        return True

    def _unseen(self, diff: Diff, snapshots: Mapping[Key, Snapshot]) -> bool:
        """Whether the rows that this difference comes on top of were never taken over: another screen had them."""
        snapshot = snapshots.get(diff.key)
        return diff.key not in self._snapshots and snapshot is not None and len(snapshot.rows) > len(diff.added)

    def _later(self, snapshots: Mapping[Key, Snapshot]) -> bool:
        self._snapshots = dict(snapshots)
        self._reload = True
        self._wanted += 1
        return False

    def _take_out(self, ref: Ref) -> None:
        row = self._rows.pop(ref, None)
        if row is not None:
            self._cut_out(self._order, row)
            if self._cut_out(self._shown, row):
                self._slots[row.slot] -= 1

    def _cut_out(self, rows: list[Row], row: Row) -> bool:
        at = self._place(rows, row)
        found = at < len(rows) and rows[at] is row
        if found:
            del rows[at]
        return found

    def _put_in(self, resource: Resource) -> None:
        key = self._make_key(resource, self._keyed)  # as of the time of the keys that it is put between
        old = self._rows.get(resource.ref)
        if old is not None and self._key(old) == key:
            self._replace(old, resource)
            return
        self._take_out(resource.ref)
        row = Row(resource)
        set_key(row, key, self._key)
        self._rows[resource.ref] = row
        insort(self._order, row, key=self._key)
        if self._matches(row):
            insort(self._shown, row, key=self._key)
            self._slots[row.slot] += 1

    def _replace(self, row: Row, resource: Resource) -> None:
        """The object changed but its place did not."""
        at = self._place(self._shown, row)
        was_shown = at < len(self._shown) and self._shown[at] is row
        if was_shown:
            self._slots[row.slot] -= 1
        row.take(resource)
        shown = self._matches(row)
        if shown:
            self._slots[row.slot] += 1
        if shown and not was_shown:
            self._shown.insert(at, row)
        elif was_shown and not shown:
            del self._shown[at]

    def _matches(self, row: Row) -> bool:
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
            if now is not None and now != self._now:
                self._resort |= self._moves() and now - self._keyed >= LIVE_EVERY
                self._now = now
            while True:
                self._wanted = 0
                await self._build(Pace(give_way=self._give_way))
                if not self._wanted:
                    return
        finally:
            self.building = False

    async def _build(self, pace: Pace) -> None:
        """One pass over rows, order and filter; what is shown changes at its end, all at once."""
        rows, order, key, make, keyed = self._rows, self._order, self._key, self._make_key, self._keyed
        moved = self._reload or self._resort
        if self._reload:
            self._reload = False
            rows = await self._load(pace)
        if self._resort:
            self._resort, make, keyed = False, self._next_key, self._now
            key = ODD if key is EVEN else EVEN
            await set_keys(rows, make, keyed, key, pace)
        if moved:
            order = await sorted_in_slices(list(rows.values()), pace, key)
        asked, now = self.filter, self._now
        shown: list[Row] = []
        slots = Counter[int]()
        narrower = asked is not None and self._word and self._word in asked.word and not moved
        for piece in pieces(self._shown if narrower else order):
            if asked is not None:
                piece = matching(piece, asked, now)
            shown += piece
            slots.update(map(SLOT_OF, piece))
            await pace.step()
            if self._wanted and not moved:
                return  # a newer wish, and nothing would be lost
        self._rows, self._order, self._key, self._make_key, self._keyed = rows, order, key, make, keyed
        self._shown, self._slots = shown, [slots[slot] for slot in range(5)]
        self._word = asked.word if asked is not None else ""

    async def _load(self, pace: Pace) -> dict[Ref, Row]:
        """The rows of all snapshots; those whose object is the same are kept."""
        old, make, keyed, key = self._rows, self._make_key, self._keyed, self._key
        rows: dict[Ref, Row] = {}
        for snapshot in tuple(self._snapshots.values()):
            for piece in pieces(list(snapshot.rows.values())):
                new: list[Row] = []
                for resource in piece:
                    row = old.get(resource.ref)
                    if row is None or row.resource is not resource:
                        row = Row(resource)
                        new.append(row)
                    rows[resource.ref] = row
                write_keys(new, make, keyed, key)
                await pace.step()
        return rows
