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
from tui.core.values import DEFAULT_FIELDS, Field, natural, sort_value

Part: TypeAlias = "float | str | bytes"
KeyMaker: TypeAlias = Callable[[Resource, float], tuple[Any, ...]]

_INVERTED = bytes(255 - byte for byte in range(256))
_LAST_TEXT = "\U0010ffff" * 2
_LAST_BYTES = b"\xff\xff"


def fields_of(keys: Sequence[SortKey], fields: Mapping[str, Field] = DEFAULT_FIELDS) -> list[tuple[Field, bool]]:
    """The fields to sort by, with their direction; KeyError for a name that is none."""
    return [(fields[key.field], key.descending) for key in keys]


def key_maker(order: Sequence[tuple[Field, bool]]) -> KeyMaker:
    """A function from object and time to a tuple: one part per key, then newest first, then the identity."""
    parts = [_part(field, descending) for field, descending in order]
    if len(parts) == 1:
        only = parts[0]

        def single(resource: Resource, now: float) -> tuple[Any, ...]:
            ref, created = resource.ref, resource.created
            return (only(resource, now), math.inf if created is None else -created, ref.id, ref.context)

        return single

    def several(resource: Resource, now: float) -> tuple[Any, ...]:
        ref, created = resource.ref, resource.created
        newest = math.inf if created is None else -created
        return (*(part(resource, now) for part in parts), newest, ref.id, ref.context)

    return several


def _part(field: Field, descending: bool) -> Callable[[Resource, float], Part]:
    if field.type is FieldType.TEXT:
        return _text_part(field, descending)
    if field.type in (FieldType.STATE, FieldType.PROGRESS, FieldType.BOOL):
        return _number_part(lambda resource, now: sort_value(field, resource, now), descending)
    return _number_part(field.get, descending)


def _number_part(get: Callable[[Any, float], Any], descending: bool) -> Callable[[Resource, float], Part]:
    def part(resource: Resource, now: float) -> Part:
        value = get(resource, now)
        if value is None or value != value:
            return math.inf
        return -value if descending else value  # type: ignore[no-any-return]

    return part


def _text_part(field: Field, descending: bool) -> Callable[[Resource, float], Part]:
    get, is_natural = field.get, field.natural

    def ascending_part(resource: Resource, now: float) -> Part:
        value = get(resource, now)
        if value.__class__ is str:  # nearly all are; a sort of many rows consists of this
            return natural(value.casefold()) if is_natural else value.casefold()
        value = sort_value(field, resource, now)
        return _LAST_TEXT if value is None else value

    def descending_part(resource: Resource, now: float) -> Part:
        value = sort_value(field, resource, now)
        if value is None:
            return _LAST_BYTES + b"\xff"
        return str(value).encode("utf-8", "replace").translate(_INVERTED) + b"\xff"

    return descending_part if descending else ascending_part
