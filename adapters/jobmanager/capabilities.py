"""What a server says it can do, as columns, filters and editable labels: no column of a job is hard-coded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from types import MappingProxyType

from adapters.fields import FieldSpec, FieldType
from adapters.frozen import dataclass
from adapters.jobmanager import wire
from adapters.jobmanager.actions import Editable
from adapters.jobmanager.mapping import NO_COLUMNS, Columns
from adapters.model import NO_LABELS

COMMON: Mapping[str, str] = MappingProxyType(
    {
        "name": "name",
        "status": "state",
        "extensions.userId": "owner",
        "extensions.statusDetail": "message",
    }
)
"""Paths that common columns show; the server's word becomes their head."""
SHOWN_ANYWAY = frozenset({"id", "submission"})
"""The id is that of the row, and AGE counts from the submission."""
TIMES: Mapping[str, str] = MappingProxyType({"start": "started", "end": "finished"})
KNOWN_EXTENSIONS = frozenset({"projectId", "userId", "hideArchived"})
LONGEST_HEAD = 20


@dataclass(frozen=True, slots=True)
class Abilities:
    """`heads` are the server's words for common columns; `told` is False where it has not said anything."""

    fields: tuple[FieldSpec, ...] = ()
    columns: Columns = field(default_factory=lambda: NO_COLUMNS)
    heads: Mapping[str, str] = field(default_factory=lambda: NO_LABELS)
    editable: tuple[Editable, ...] = ()
    labels: frozenset[str] = frozenset()
    extensions: frozenset[str] = frozenset()
    needs_login: bool = False
    told: bool = False


UNTOLD = Abilities()


def understand(given: wire.Capabilities) -> Abilities:
    fields: dict[str, FieldSpec] = {}
    columns: dict[str, bool] = {}
    heads: dict[str, str] = {}
    editable: list[Editable] = []
    for shown in given.display_fields:
        if shown is None or not shown.field:
            continue
        path = shown.field
        head = _head(shown.display or path)
        if path in COMMON:
            heads[COMMON[path]] = head
        elif path not in SHOWN_ANYWAY:
            found = _field(shown, path, head)
            fields.setdefault(found.id, found)
            if found.path.startswith("extra."):
                columns[path] = found.type is FieldType.TIME
        if path.startswith("labels.") and (shown.editable or shown.bulk_editable):
            choices = tuple(shown.valid_field_values or ()) if shown.field_type == "list" else ()
            editable.append(Editable(path.removeprefix("labels."), head, choices, bool(shown.bulk_editable)))
    extensions = frozenset(given.query_extensions or ()) & KNOWN_EXTENSIONS
    login = given.authentication
    return Abilities(
        tuple(fields.values()),
        MappingProxyType(columns),
        MappingProxyType(heads),
        tuple(editable),
        frozenset(given.common_labels or ())
        | {path.removeprefix("labels.") for path in columns if "labels." in path},
        extensions,
        needs_login=bool(login and login.is_required),
        told=True,
    )


def _field(shown: wire.DisplayField, path: str, head: str) -> FieldSpec:
    """Ids are those of the filter language."""
    is_time = shown.field_type == "date" or path in TIMES
    last = path.rpartition(".")[2]
    label = path.startswith("labels.")
    name = f"label.{path.removeprefix('labels.')}" if label else TIMES.get(path, last)
    return FieldSpec(
        name,
        head,
        FieldType.TIME if is_time else FieldType.TEXT,
        TIMES.get(path, f"extra.{path}"),
        width=9 if is_time else max(8, min(16, len(head))),
        wide=shown.primary is False,
        filterable=bool(shown.filterable) or label,
        editable=bool(shown.editable),
    )


def _head(text: str) -> str:
    printable = "".join(char if char.isprintable() else " " for char in text)
    return " ".join(printable.split())[:LONGEST_HEAD] or "-"
