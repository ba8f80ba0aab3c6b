"""A table in a file: CSV has the columns as shown, JSON and JSON lines have whole records."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from itertools import count
from pathlib import Path
from typing import Any, TextIO

from adapters.fields import FieldType
from adapters.frozen import dataclass
from adapters.model import Json, Progress, Resource
from tui.core.column_sets import Column
from tui.core.export import csv_cell, to_record
from tui.core.format import iso

ENDINGS = (".csv", ".json", ".jsonl")


class ExportError(Exception):
    """One sentence: why nothing was written."""


@dataclass(frozen=True, slots=True)
class Exported:
    """A row of a table, the time at which it was true, and for how long it has not been refreshed."""

    resource: Resource
    now: float
    stale_s: float | None = None


def export(path: Path, rows: Sequence[Exported], columns: Sequence[Column]) -> Path:
    """Write the rows to a file that did not exist; where it went, which is a numbered name where the one
    given was taken. Raises ExportError."""
    return export_with(path, lambda file, ending: _write(file, ending, rows, columns))


def export_with(path: Path, write: Callable[[TextIO, str], None]) -> Path:
    """A new file that `write` fills as its ending says. Raises ExportError."""
    if path.suffix.lower() not in ENDINGS:
        raise ExportError(f"the name must end in {', '.join(ENDINGS[:-1])} or {ENDINGS[-1]}")
    try:
        where, file = _new_file(path)
    except OSError as error:
        raise ExportError(f"{path}: {error.strerror or error}") from None
    except ValueError as error:
        raise ExportError(f"{path}: {error}") from None
    try:
        with file:
            write(file, path.suffix.lower())
    except OSError as error:
        where.unlink(missing_ok=True)
        raise ExportError(f"{where}: {error.strerror or error}") from None
    except BaseException:
        where.unlink(missing_ok=True)
        raise
    return where


def _new_file(path: Path) -> tuple[Path, TextIO]:
    for number in count(1):
        where = path if number == 1 else path.with_name(f"{path.stem}-{number}{path.suffix}")
        try:
            return where, where.open("x", encoding="utf-8", errors="backslashreplace", newline="")
        except FileExistsError:
            continue
    raise AssertionError


def _write(file: TextIO, ending: str, rows: Sequence[Exported], columns: Sequence[Column]) -> None:
    if ending == ".csv":
        csv.writer(file, lineterminator="\n").writerows(_table(rows, columns))
    elif ending == ".jsonl":
        file.writelines(f"{_json(_record(row))}\n" for row in rows)
    else:
        lead = "[\n"
        for row in rows:
            file.write(f"{lead}{_json(_record(row))}")
            lead = ",\n"
        file.write("\n]\n" if rows else "[]\n")


def _table(rows: Sequence[Exported], columns: Sequence[Column]) -> Iterator[list[str]]:
    """The reference comes last, so that a row can be found again whatever columns it has."""
    yield [*(f"{c.id}_s" if c.type is FieldType.DURATION else csv_cell(c.id) for c in columns), "ref"]
    for row in rows:
        values = [csv_cell(_plain(column, column.field.get(row.resource, row.now))) for column in columns]
        yield [*values, csv_cell(str(row.resource.ref))]


def _plain(column: Column, value: Any) -> Json:
    """Times as ISO 8601, durations in seconds, sizes in bytes."""
    if isinstance(value, Progress):
        return asdict(value)
    if column.type is FieldType.TIME and isinstance(value, int | float):
        return iso(value)
    if column.type is FieldType.DURATION and isinstance(value, int | float):
        return round(value, 3)
    return value if value is None or isinstance(value, str | int | float) else str(value)


def _record(row: Exported) -> dict[str, Json]:
    return to_record(row.resource, row.now, row.stale_s)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def as_json(rows: Sequence[Exported]) -> str:
    """One object, or an array of several, to be read."""
    records = [_record(row) for row in rows]
    return json.dumps(records[0] if len(records) == 1 else records, ensure_ascii=False, indent=2)
