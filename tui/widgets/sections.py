"""The sections of a detail screen as lines, and as plain text for describe. Pure functions."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from adapters.model import FAULTY, Json, Ref, State
from adapters.sections import Bars, Diff, Fields, Node, Section, Series, Spans, Table, Text, Tree
from tui.core import format
from tui.core.text import cell_len, cut, pad, safe, safe_block
from tui.styles.tokens import active
from tui.widgets.draw import Piece
from tui.widgets.timeline import axis_of, bar
from tui.widgets.tree import TreeRow

MOST_LABEL = 36
MOST_COLUMN = 44
MOST_LINES = 50_000


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a pane. `ref` is what enter opens; `red` is where `e` stops; `full` is its uncut text."""

    pieces: tuple[Piece, ...]
    ref: Ref | None = None
    red: bool = False
    full: str = ""
    head: bool = False


def written(value: Json) -> str:
    """A value as one line."""
    if value is None:
        return format.NOTHING
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return safe(value, 10_000)
    if isinstance(value, int | float):
        return str(value)
    return safe(json.dumps(value, ensure_ascii=False), 10_000)


def count(section: Section) -> int | None:
    """How many things a section lists, for its tab; None where a number says nothing."""
    match section:
        case Fields() | Table() | Diff():
            return len(section.rows)
        case Tree():
            return len(section.nodes)
        case Spans():
            return len(section.spans)
        case Bars():
            return len(section.bars)
        case _:
            return None


def rows_of(section: Section, width: int, now: float) -> list[Row]:
    match section:
        case Fields():
            return _fields(section)
        case Table():
            return _table(section.heads, section.rows, width)
        case Diff():
            return _diff(section)
        case Tree():
            return _tree(section.nodes)
        case Spans():
            return _spans(section, width, now)
        case Bars():
            return _bars(section, width)
        case Series():
            return _series(section, width)
        case Text():
            return text_rows(section.text)


def text_rows(text: str, token: str = "text") -> list[Row]:
    lines = safe_block(text).split("\n")
    cut_off = len(lines) - MOST_LINES
    rows = [Row(((line, token),), full=line) for line in lines[:MOST_LINES]]
    return rows if cut_off <= 0 else [*rows, Row(((f"({cut_off} more lines)", "muted"),))]


def _fields(section: Fields) -> list[Row]:
    width = min(MOST_LABEL, max((cell_len(safe(label)) for label, _ in section.rows), default=0))
    return [
        Row(
            ((pad(safe(label), width) + "  ", "muted"), (written(value), "text")),
            full=f"{safe(label)}: {written(value)}",
        )
        for label, value in section.rows
    ]


def _table(heads: Sequence[str], rows: Sequence[Sequence[Json]], width: int) -> list[Row]:
    texts = [[written(value) for value in row] for row in rows]
    columns = range(len(heads))
    widths = [
        min(MOST_COLUMN, max([cell_len(heads[i]), *(cell_len(row[i]) for row in texts if i < len(row))]))
        for i in columns
    ]
    found = [Row((("  ".join(pad(safe(heads[i]), widths[i]) for i in columns), "muted"),), head=True)]
    for row in texts:
        cells = [pad(row[i] if i < len(row) else "", widths[i]) for i in columns[:-1]]
        last = row[len(heads) - 1] if len(row) >= len(heads) else ""
        red = any(word in {state.value for state in FAULTY} or word in ("FAILED", "ERROR", "LOST") for word in row)
        found.append(Row((("  ".join([*cells, last]), "failed" if red else "text"),), red=red, full="  ".join(row)))
    return found


def _diff(section: Diff) -> list[Row]:
    label = min(MOST_LABEL, max((cell_len(safe(name)) for name, _, _ in section.rows), default=0))
    found = [Row(((f"{pad('', label)}  {section.left}  was {section.right}", "muted"),), head=True)]
    for name, left, right in section.rows:
        same = left == right
        pieces: list[Piece] = [("  " if same else "' ", "accent"), (pad(safe(name), label) + "  ", "muted")]
        pieces.append((written(left), "text"))
        if not same:
            pieces.append((f"  was {written(right)}", "muted"))
        found.append(Row(tuple(pieces), full=f"{safe(name)}: {written(left)} was {written(right)}"))
    return found


def _tree(nodes: Sequence[Node]) -> list[Row]:
    found: list[Row] = []
    stack = [(node, 0) for node in reversed(nodes)]
    while stack and len(found) < MOST_LINES:
        node, depth = stack.pop()
        pieces: list[Piece] = [("  " * min(depth, 12), "muted")]
        if node.state is not None:
            pieces.append((format.symbol(node.state, active().ascii) + " ", format.state_token(node.state)))
        pieces += [(safe(node.label), "text"), (f"  {safe(node.note)}" if node.note else "", "muted")]
        found.append(Row(tuple(pieces), node.ref, node.state in FAULTY, safe(node.label)))
        stack += [(child, depth + 1) for child in reversed(node.children)]
    return found


def _spans(section: Spans, width: int, now: float) -> list[Row]:
    rows = [
        TreeRow(str(i), safe(span.label), "", span.state, span.queued, span.start, span.end)
        for i, span in enumerate(section.spans)
    ]
    label = min(30, max((cell_len(row.label) for row in rows), default=0))
    axis = axis_of(rows, now, max(10, width - label - 6))
    if axis is None:
        return [Row(((row.label, "text"),), full=row.label) for row in rows]
    found = [Row(((" " * (label + 2) + axis.labels(), "muted"),), head=True)]
    for row, span in zip(rows, section.spans, strict=True):
        pieces = ((pad(row.label, label) + "  ", "text"), *bar(row, axis, now, ascii=active().ascii))
        found.append(Row(pieces, span.ref, row.state in FAULTY, row.label))
    return found


def _bars(section: Bars, width: int) -> list[Row]:
    label = min(30, max((cell_len(safe(each.label)) for each in section.bars), default=0))
    room = max(10, min(60, width - label - 24))
    full, free = ("#", ".") if active().ascii else ("█", "·")
    top = max((each.limit or each.value for each in section.bars), default=0) or 1
    found = []
    for each in section.bars:
        limit = each.limit or top
        filled = max(0, min(room, round(each.value / limit * room))) if limit else 0
        is_full = each.limit is not None and each.value >= each.limit
        of = f" of {each.limit:g}" if each.limit is not None else ""
        pieces: tuple[Piece, ...] = (
            (pad(safe(each.label), label) + "  ", "text"),
            (full * filled + free * (room - filled), "waiting" if is_full else "muted"),
            (f"  {each.value:g}{of} {safe(section.unit)}", "text"),
        )
        found.append(Row(pieces, full=f"{safe(each.label)} {each.value:g}{of}"))
    return found


def _series(section: Series, width: int) -> list[Row]:
    label = min(24, max((cell_len(safe(name)) for name in section.lines), default=0))
    room = max(10, min(80, width - label - 24))
    found = []
    for name, points in section.lines.items():
        values = [value for _, value in points][-room:]
        spark = format.sparkline(values, active().ascii)
        last = f"  {values[-1]:g} {safe(section.unit)}" if values else ""
        pieces: tuple[Piece, ...] = ((pad(safe(name), label) + "  ", "text"), (spark, "muted"), (last, "text"))
        found.append(Row(pieces, full=f"{safe(name)}{last}"))
    return found


def state_pieces(state: State, word: str | None = None) -> tuple[Piece, ...]:
    return format.state_spans(state, active().ascii, word)


def cut_plain(text: str, width: int) -> str:
    return cut(text, width, ascii=active().ascii)
