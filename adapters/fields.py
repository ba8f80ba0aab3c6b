"""Columns and fields as data: what a backend shows beyond the common core. No UI."""

from __future__ import annotations

from enum import StrEnum

from adapters.frozen import dataclass


class FieldType(StrEnum):
    """How a value is compared and drawn."""

    TEXT = "text"
    NUMBER = "number"
    TIME = "time"  # epoch seconds
    DURATION = "duration"  # seconds
    SIZE = "size"  # bytes
    BOOL = "bool"
    STATE = "state"
    PROGRESS = "progress"


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One field of a kind. `path` is where it is found: an attribute of the object, or `extra.<key>`.

    `width` is the usual width in columns. `wide` fields are shown only in the wide view. `filterable`
    and `sortable` say that the *server* can do it; here everything can be filtered and sorted.
    """

    id: str
    title: str
    type: FieldType = FieldType.TEXT
    path: str = ""
    width: int = 12
    wide: bool = True
    filterable: bool = False
    sortable: bool = False
    editable: bool = False
    help: str = ""
