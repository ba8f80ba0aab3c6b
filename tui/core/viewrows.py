"""The rows of a view: an object with what is derived from it, and its keys for two orders."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from operator import attrgetter
from typing import Any, overload

from adapters.model import FAULTY, WAITING, Ref, Resource, State
from tui.core.query import Filter, haystack
from tui.core.slices import Pace, pieces
from tui.core.sortkeys import KeyMaker, Sortable

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


SLOT: dict[str, int] = {state.value: _slot(state) for state in State}


class Row(Sortable):
    """One object with what is derived from it. It has two places for its sort key, so that the rows can be
    put into a new order while the old one is still on screen."""

    __slots__ = ("even", "hay", "odd", "slot")

    def __init__(self, resource: Resource) -> None:
        self.take(resource)
        self.even: Any = None
        self.odd: Any = None

    def take(self, resource: Resource) -> None:
        super().take(resource)
        self.hay = haystack(resource)
        self.slot = SLOT[resource.state.value]


EVEN, ODD, SLOT_OF = attrgetter("even"), attrgetter("odd"), attrgetter("slot")


class Refs(Sequence[Ref]):
    """The refs of the rows shown, in order; a view on the table's own list, not a copy."""

    __slots__ = ("_rows",)

    def __init__(self, rows: list[Row]) -> None:
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, index: int) -> Ref: ...
    @overload
    def __getitem__(self, index: slice) -> list[Ref]: ...
    def __getitem__(self, index: int | slice) -> Ref | list[Ref]:
        if isinstance(index, slice):
            return [row.resource.ref for row in self._rows[index]]
        return self._rows[index].resource.ref

    def __iter__(self) -> Iterator[Ref]:
        return (row.resource.ref for row in self._rows)


def matching(rows: Sequence[Row], asked: Filter, now: float) -> Sequence[Row]:
    """Those that a filter lets through."""
    word, test = asked.word, asked.test
    if word:  # what is typed most, and there are a hundred thousand rows
        return [row for row in rows if word in row.hay]
    return [row for row in rows if test(row.resource, row.hay, now)]


def set_key(row: Row, key: Any, side: attrgetter[Any]) -> None:
    if side is EVEN:
        row.even = key
    else:
        row.odd = key


async def set_keys(rows: Mapping[Ref, Row], make: KeyMaker, now: float, side: attrgetter[Any], pace: Pace) -> None:
    """Write the keys of a new order beside those of the order on screen."""
    for piece in pieces(list(rows.values())):
        write_keys(piece, make, now, side)
        await pace.step()


def write_keys(rows: Sequence[Row], make: KeyMaker, now: float, side: attrgetter[Any]) -> None:
    keys = make.each(rows, now)
    if side is EVEN:
        for row, key in zip(rows, keys, strict=True):
            row.even = key
    else:
        for row, key in zip(rows, keys, strict=True):
            row.odd = key
