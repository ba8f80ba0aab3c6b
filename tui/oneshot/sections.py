"""A detail as plain text: the same sections as the console's detail screen."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from adapters.model import Json
from adapters.sections import Bars, Detail, Diff, Fields, Node, Section, Series, Spans, Table, Text, Tree
from tui.core.format import age, clock, iso, symbol
from tui.core.text import cell_len, safe, safe_block


def detail_text(detail: Detail, now: float, ascii: bool = False) -> str:
    """Everything about an object, safe to print."""
    resource = detail.resource
    head: list[tuple[str, Json]] = [
        ("ref", str(resource.ref)),
        ("name", resource.name),
        ("state", f"{symbol(resource.state, ascii)} {resource.state.value} ({resource.native_state})"),
        ("why", detail.cause),
        ("message", resource.message if resource.message != detail.cause else None),
        ("owner", resource.owner),
        ("group", resource.group),
        ("parent", str(resource.parent) if resource.parent else None),
        ("pool", resource.pool),
        ("host", resource.host),
        ("created", iso(resource.created)),
        ("started", iso(resource.started)),
        ("finished", iso(resource.finished)),
        ("duration", age(duration) if (duration := resource.duration(now)) is not None else None),
    ]
    lines = _fields([(label, value) for label, value in head if value is not None])
    for section in detail.sections:
        body = list(_section(section, now, ascii))
        if body:
            lines += ["", safe(section.title.upper(), 200), *body]
    return "\n".join(lines) + "\n"


def _section(section: Section, now: float, ascii: bool) -> Iterable[str]:
    match section:
        case Fields():
            return _fields(section.rows)
        case Table():
            return _table(section.heads, section.rows)
        case Tree():
            return [line for node in section.nodes for line in _node(node, 0, ascii)]
        case Spans():
            heads = ("state", "label", "start", "end", "took")
            return _table(heads, [_span(span, now, ascii) for span in section.spans])
        case Bars():
            rows = [(bar.label, bar.value, bar.limit, section.unit) for bar in section.bars]
            return _table(("of", "used", "limit", "unit"), rows)
        case Series():
            last = [(name, points[-1][1], section.unit) for name, points in section.lines.items() if points]
            return _table(("series", "last", "unit"), last)
        case Text():
            return ["  " + line for line in safe_block(section.text).splitlines()]
        case Diff():
            return _table(("", section.left, section.right), section.rows)


def _span(span: object, now: float, ascii: bool) -> tuple[Json, ...]:
    from adapters.sections import Span

    assert isinstance(span, Span)
    took = None if span.start is None else (span.end if span.end is not None else now) - span.start
    return (
        f"{symbol(span.state, ascii)} {span.state.value}",
        span.label,
        clock(span.start, now) if span.start is not None else None,
        clock(span.end, now) if span.end is not None else None,
        age(took) if took is not None else None,
    )


def _node(node: Node, depth: int, ascii: bool) -> list[str]:
    sign = f"{symbol(node.state, ascii)} " if node.state else ""
    note = f"  {safe(node.note, 300)}" if node.note else ""
    line = "  " * (depth + 1) + sign + safe(node.label, 300) + note
    return [line, *(inner for child in node.children for inner in _node(child, depth + 1, ascii))]


def _fields(rows: Sequence[tuple[str, Json]]) -> list[str]:
    labels = [safe(label, 80) for label, _ in rows]
    width = min(40, max((cell_len(label) for label in labels), default=0))
    return [
        f"  {label}{' ' * max(0, width - cell_len(label))}  {_value(value)}"
        for label, (_, value) in zip(labels, rows, strict=True)
    ]


def _table(heads: Sequence[str], rows: Sequence[Sequence[Json]]) -> list[str]:
    made = [[safe(head.upper(), 100) for head in heads], *([_value(value) for value in row] for row in rows)]
    widths = [max(cell_len(row[i]) if i < len(row) else 0 for row in made) for i in range(len(heads))]
    lines = []
    for row in made:
        cells = [cell + " " * (width - cell_len(cell)) for cell, width in zip(row, widths, strict=False)]
        lines.append(("  " + "  ".join(cells)).rstrip())
    return lines if rows else []


def _value(value: Json) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return safe(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False), 2000)
