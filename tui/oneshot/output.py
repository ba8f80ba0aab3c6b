"""What goes to stdout: objects in every format, harmless wherever it could reach a terminal."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import sys
from collections.abc import Collection, Iterable, Sequence

from adapters.model import Json, Kind, Resource
from adapters.port import Schema
from tui.core.export import KEYS, csv_row, to_record
from tui.core.text import cell_len, safe

FORMATS = ("table", "wide", "json", "jsonl", "yaml", "csv", "name")
# JSON leaves these alone, a terminal may obey them: C1, bidi controls, line separators, zero widths, surrogates.
_RISKY = re.compile("[\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]")


def dumps(value: Json, indent: int | None = None) -> str:
    """JSON that keeps the text's letters but nothing that a terminal would obey."""
    text = json.dumps(value, ensure_ascii=False, indent=indent, default=str)
    return _RISKY.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def yaml_text(value: Json) -> str:
    import yaml

    return yaml.safe_dump(value, sort_keys=False, default_flow_style=False, width=110)


def write(text: str) -> None:
    sys.stdout.write(text)


def flush() -> None:
    sys.stdout.flush()


def to_terminal() -> bool:
    return sys.stdout.isatty()


def ascii_only() -> bool:
    return "utf" not in (sys.stdout.encoding or "").lower()


class Writer:
    """Writes a list of objects as it arrives: `begin` is implied, `end` closes what has to be closed.

    `schemas` may still be learnt while it writes; the columns are those known with the first rows.
    """

    def __init__(self, format: str, kind: Kind, schemas: Collection[Schema], merged: bool, now: float) -> None:
        self.format, self.kind, self.schemas, self.merged, self.now = format, kind, schemas, merged, now
        self.written = 0
        self._columns: list[int] | None = None

    def rows(self, resources: Sequence[Resource]) -> None:
        if not resources:
            return
        match self.format:
            case "table" | "wide":
                self._table(resources)
            case "name":
                for resource in resources:
                    write(safe(str(resource.ref), 4000) + "\n")
            case "csv":
                self._csv(resources)
            case _:
                self._objects(to_record(resource, self.now) for resource in resources)
        self.written += len(resources)
        flush()

    def end(self) -> None:
        if self.format == "json":
            write("\n]\n" if self.written else "[]\n")
        elif self.format == "yaml" and not self.written:
            write("[]\n")
        elif self.format == "csv" and not self.written:
            self._csv([])
        flush()

    def _objects(self, objects: Iterable[dict[str, Json]]) -> None:
        first = not self.written
        for each in objects:
            if self.format == "jsonl":
                write(dumps(each) + "\n")
            elif self.format == "yaml":
                write(yaml_text([each]))
            else:
                write(("[\n" if first else ",\n") + dumps(each))
            first = False

    def _csv(self, resources: Sequence[Resource]) -> None:
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        if not self.written:
            writer.writerow(KEYS)
        terminal = to_terminal()
        for resource in resources:
            row = csv_row(to_record(resource, self.now))
            writer.writerow([safe(cell, 100_000) for cell in row] if terminal else row)
        write(out.getvalue())

    def _table(self, resources: Sequence[Resource]) -> None:
        from tui.core.columns import cell, columns_for, fit

        narrow, ascii = to_terminal(), ascii_only()
        if self._columns is None:
            width = shutil.get_terminal_size((160, 24)).columns + 3 if narrow else 200
            self._made = columns_for(
                self.kind,
                list(self.schemas),
                merged=self.merged,
                width=width,
                wide=self.format == "wide",
                sample=resources,
            )
        cut = narrow and self.format == "table"
        rows = []
        for resource in resources:
            cells = [(column, cell(column, resource, self.now, ascii=ascii)) for column in self._made]
            rows.append(
                ["".join(text for text, _ in fit(c, column, ascii)) if cut else c.text for column, c in cells]
            )
        if self._columns is None:
            # Where nothing is cut, the first rows say how wide a column must be; the last one has no end to keep.
            longest = [max((cell_len(row[at]) for row in rows), default=0) for at in range(len(self._made))]
            widest = [0 if at == len(longest) - 1 else wide for at, wide in enumerate(longest)]
            self._columns = [max(c.width, w) for c, w in zip(self._made, widest, strict=True)]
            heads = [column.head(ascii) for column in self._made]
            write(self._line(heads))
        for row in rows:
            write(self._line(row))

    def _line(self, texts: Sequence[str]) -> str:
        assert self._columns is not None
        return _joined(
            [
                (text, width, column.right)
                for text, width, column in zip(texts, self._columns, self._made, strict=True)
            ]
        )


def _joined(cells: Sequence[tuple[str, int, bool]]) -> str:
    parts = []
    for text, width, right in cells:
        blanks = " " * (width - cell_len(text))
        parts.append(blanks + text if right else text + blanks)
    return "  ".join(parts).rstrip() + "\n"


def print_table(heads: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> None:
    """A small table of text, as wide as it has to be; every cell is made safe."""
    made = [[safe(cell, 500) for cell in row] for row in rows]
    widths = [max([cell_len(head), *(cell_len(row[i]) for row in made)]) for i, head in enumerate(heads)]
    for row in [list(heads), *made]:
        write(_joined([(cell, widths[i], i in right) for i, cell in enumerate(row)]))
