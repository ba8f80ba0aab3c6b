"""The journal to look at: which of its writes a filter wants, and its rows in a file."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

from adapters.fields import FieldType
from adapters.model import Json
from adapters.names import nearest
from tui.core.export import csv_cell
from tui.core.exportfile import export_with
from tui.core.filter_parse import FilterError
from tui.core.filter_values import moment
from tui.core.journalentry import Entry, JournalPlan
from tui.core.query import Filter, parse
from tui.core.values import Field

COLUMNS = ("time", "plan", "action", "target", "outcome", "message", "user", "reason", "created", "ended", "record")


def at(entry: Entry) -> float | None:
    """When it was begun, in seconds since the epoch."""
    return moment(entry.time)


def _age(entry: Entry, now: float) -> float | None:
    began = at(entry)
    return None if began is None else max(0.0, now - began)


def _kind(entry: Entry) -> str:
    parts = entry.target.split("/", 2)
    return parts[1] if len(parts) == 3 else ""


FIELDS: Mapping[str, Field] = {
    name: field
    for field, *also in (
        (Field("outcome", FieldType.TEXT, lambda entry, now: entry.word), "state"),
        (Field("action", FieldType.TEXT, lambda entry, now: entry.action),),
        (Field("target", FieldType.TEXT, lambda entry, now: entry.target), "ref", "id"),
        (Field("context", FieldType.TEXT, lambda entry, now: entry.context), "ctx"),
        (Field("kind", FieldType.TEXT, lambda entry, now: _kind(entry)),),
        (Field("user", FieldType.TEXT, lambda entry, now: entry.user), "owner"),
        (Field("reason", FieldType.TEXT, lambda entry, now: entry.reason),),
        (Field("message", FieldType.TEXT, lambda entry, now: entry.said), "note"),
        (Field("plan", FieldType.TEXT, lambda entry, now: entry.plan),),
        (Field("record", FieldType.TEXT, lambda entry, now: entry.record),),
        (Field("time", FieldType.TIME, lambda entry, now: at(entry)), "created"),
        (Field("age", FieldType.DURATION, _age, live=True),),
    )
    for name in (field.id, *also)
}


class JournalFilter:
    """The filter language over writes: `outcome=failed action=abort age<1d ana`. Raises FilterError."""

    def __init__(self, text: str) -> None:
        self.text = text.strip()
        self._filter: Filter = parse(text, FIELDS)
        for term in self._filter.terms:
            if term.field not in {field.id for field in FIELDS.values()}:
                raise FilterError(f"no field {term.field}{nearest(term.field, FIELDS)}", 0)

    def wants(self, entry: Entry, now: float) -> bool:
        row: Any = entry  # the fields above read writes, not objects of a backend
        try:
            return self._filter.test(row, _words(entry), now)
        except AttributeError:  # a label, or another thing that only objects have
            return False

    def wants_plan(self, plan: JournalPlan, now: float) -> bool:
        """Whether one of its targets is wanted."""
        return not self.text or any(self.wants(entry, now) for entry in plan.targets)


def _words(entry: Entry) -> str:
    """What a bare word searches."""
    return "\n".join(
        (entry.action, entry.target, entry.word, entry.user, entry.reason, entry.said, entry.plan)
    ).casefold()


def record(entry: Entry) -> dict[str, Json]:
    return entry.to_json()


def csv_rows(entries: Sequence[Entry]) -> list[list[str]]:
    """With a head; no cell is a formula."""
    rows = [list(COLUMNS)]
    for entry in entries:
        said = {**entry.to_json(), "message": entry.said, "outcome": entry.word}
        rows.append([csv_cell(said[name]) for name in COLUMNS])
    return rows


def export(path: Path, entries: Sequence[Entry]) -> Path:
    """Write them to a file that did not exist; where it went. Raises ExportError."""

    def write(file: TextIO, ending: str) -> None:
        if ending == ".csv":
            csv.writer(file, lineterminator="\n").writerows(csv_rows(entries))
        elif ending == ".jsonl":
            file.writelines(f"{json.dumps(entry.to_json(), ensure_ascii=False)}\n" for entry in entries)
        else:
            json.dump([entry.to_json() for entry in entries], file, ensure_ascii=False, indent=1)
            file.write("\n")

    return export_with(path, write)
