"""A filtered and sorted table over the snapshots of one or several contexts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from adapters.model import Kind, Ref, Resource, State
from adapters.port import SortKey
from tui.core.query import Filter
from tui.core.store import Diff, Key, Snapshot
from tui.core.values import DEFAULT_FIELDS, Field


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


class TableView:
    def __init__(
        self, kind: Kind, *, fields: Mapping[str, Field] = DEFAULT_FIELDS, sort: Sequence[SortKey] | None = None
    ) -> None: ...

    refs: Sequence[Ref]
    sort: tuple[SortKey, ...]
    filter: Filter | None
    total: int
    building: bool

    def row(self, ref: Ref) -> Resource | None: ...

    def index(self, ref: Ref) -> int | None: ...

    def counts(self) -> Counts: ...

    def set_filter(self, filter: Filter | None) -> None:
        """Takes effect with the next `await rebuild()`."""

    def set_sort(self, keys: Sequence[SortKey]) -> None:
        """Takes effect with the next `await rebuild()`."""

    def apply(self, snapshots: Mapping[Key, Snapshot], diff: Diff | None, now: float) -> bool:
        """True: done in place. False: too much changed, `await rebuild()` will do it."""
        return False

    async def rebuild(self, now: float | None = None) -> None: ...
