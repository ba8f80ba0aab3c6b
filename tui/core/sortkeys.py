"""Sort keys that compare as plain tuples: typed, several directions at once, what is missing always last.

Text that sorts downwards becomes inverted bytes, so that one ascending comparison serves every direction
and a place in the order can be found by bisection.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from adapters.fields import FieldType
from adapters.model import Resource
from adapters.port import SortKey
from tui.core.values import DEFAULT_FIELDS, Field, comparable, natural, sort_value

Part: TypeAlias = "float | str | bytes"
Parts: TypeAlias = "Callable[[Sequence[Sortable], float], list[Part]]"

_INVERTED = bytes(255 - byte for byte in range(256))
_LAST_TEXT = "\U0010ffff" * 2
_LAST_BYTES = b"\xff\xff"


def fields_of(keys: Sequence[SortKey], fields: Mapping[str, Field] = DEFAULT_FIELDS) -> list[tuple[Field, bool]]:
    """The fields to sort by, with their direction; KeyError for a name that is none."""
    return [(fields[key.field], key.descending) for key in keys]


class Sortable:
    """An object with what every order needs of it, read once: a sort of many goes through memory as little as it
    can. `name` is its name as it is compared, `tail` newest first and then the identity."""

    __slots__ = ("name", "resource", "tail")

    def __init__(self, resource: Resource) -> None:
        self.take(resource)

    def take(self, resource: Resource) -> None:
        ref, created = resource.ref, resource.created
        self.resource = resource
        self.name = natural(resource.name.casefold())
        self.tail = (math.inf if created is None else -created, ref.id, ref.context)


class KeyMaker:
    """Makes keys for one order: one part per field, then the tail."""

    def __init__(self, parts: Sequence[Parts]) -> None:
        self._parts = parts

    def __call__(self, resource: Resource, now: float) -> tuple[Any, ...]:
        return self.each([Sortable(resource)], now)[0]

    def each(self, rows: Sequence[Sortable], now: float) -> list[tuple[Any, ...]]:
        """The keys of many, part by part: a call for each of them would take most of a sort's time."""
        return list(zip(*(part(rows, now) for part in self._parts), [row.tail for row in rows], strict=True))


def key_maker(order: Sequence[tuple[Field, bool]]) -> KeyMaker:
    return KeyMaker([_part(field, descending) for field, descending in order])


def _part(field: Field, descending: bool) -> Parts:
    if field.type is FieldType.TEXT:
        return _text_part(field, descending)
    if field.type in (FieldType.STATE, FieldType.PROGRESS, FieldType.BOOL):
        return _number_part(lambda resource, now: sort_value(field, resource, now), descending)
    return _number_part(field.get, descending)


def _number_part(get: Callable[[Any, float], Any], descending: bool) -> Parts:
    def part(value: Any) -> Part:
        if value is None or value != value:
            return math.inf
        return -value if descending else value  # type: ignore[no-any-return]

    return lambda rows, now: [part(get(row.resource, now)) for row in rows]


def _text_part(field: Field, descending: bool) -> Parts:
    get, as_counted = field.get, natural if field.natural else str

    def ascending(rows: Sequence[Sortable], now: float) -> list[Part]:
        if field.id == "name":
            return [row.name for row in rows]
        values = [get(row.resource, now) for row in rows]
        return [as_counted(value.casefold()) if value.__class__ is str else other(value) for value in values]

    def other(value: Any) -> Part:
        return _LAST_TEXT if value is None else comparable(field, value)  # type: ignore[return-value]

    def inverted(text: Part) -> Part:
        if text is _LAST_TEXT:
            return _LAST_BYTES + b"\xff"
        return str(text).encode("utf-8", "replace").translate(_INVERTED) + b"\xff"

    if descending:
        return lambda rows, now: [inverted(text) for text in ascending(rows, now)]
    return ascending
