"""Describe: an object's own fields, its cause, then every section, as the lines of a document. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from adapters.fields import FieldType
from adapters.model import Json, Resource
from adapters.port import KindSpec
from adapters.sections import Detail
from tui.core.format import age, iso, size
from tui.widgets.sections import Row, rows_of, state_pieces, written


def describe_rows(detail: Detail, width: int, now: float, spec: KindSpec | None = None) -> list[Row]:
    """The object's own fields, the cause, then every section under its title."""
    rows = [*_core(detail, now, spec)]
    for section in detail.sections:
        inner = rows_of(section, width, now)
        rows += [_plain(""), Row(((section.title, "bold"),), full=section.title)]
        rows += [_indented(row) for row in inner] or [_plain("  none")]
    return rows


def _core(detail: Detail, now: float, spec: KindSpec | None) -> Sequence[Row]:
    found = detail.resource
    ran = found.duration(now)
    labels = ", ".join(f"{key}={value}" for key, value in found.labels.items())
    pairs: list[tuple[str, str | None]] = [
        ("name", found.name),
        ("ref", str(found.ref)),
        ("owner", found.owner),
        ("group", found.group),
        ("parent", str(found.parent) if found.parent else None),
        ("host", found.host),
        ("pool", found.pool),
        ("created", _time(found.created, now)),
        ("started", _time(found.started, now)),
        ("finished", _time(found.finished, now)),
        ("ran", None if ran is None else age(ran)),
        ("progress", f"{found.progress.done}/{found.progress.total}" if found.progress else None),
        ("labels", labels or None),
        ("message", found.message),
        *_own(found, own_types(spec), now),
    ]
    width = max(9, min(24, max(len(label) for label, _ in pairs)))
    state = Row(
        (
            (f"{'state':<{width}} ", "muted"),
            *state_pieces(found.state),
            (f"  {written(found.native_state)}", "text"),
        ),
        full=f"state: {found.state.value} ({found.native_state})",
    )
    rows = [state]
    if detail.cause:
        rows.append(Row(((f"{'why':<{width}} ", "muted"), (written(detail.cause), "failed")), red=True))
    for label, value in pairs:
        shown = written(value)
        rows.append(Row(((f"{label:<{width}} ", "muted"), (shown, "text")), full=f"{label}: {shown}"))
    return rows


def own_types(spec: KindSpec | None) -> dict[str, FieldType]:
    """The types of what a backend keeps in `extra`."""
    fields = spec.fields if spec is not None else ()
    return {field.path.removeprefix("extra.") or field.id: field.type for field in fields}


def _own(found: Resource, types: Mapping[str, FieldType], now: float) -> list[tuple[str, str | None]]:
    kept = [(key, value) for key, value in found.extra.items() if value is not None]
    return [(str(key), _typed(value, types.get(key, FieldType.TEXT), now)) for key, value in kept]


def _typed(value: Json, type: FieldType, now: float) -> str | None:
    if isinstance(value, int | float) and not isinstance(value, bool):
        if type is FieldType.TIME:
            return _time(value, now)
        if type is FieldType.DURATION:
            return age(value)
        if type is FieldType.SIZE:
            return size(value)
    return written(value)


def _time(stamp: float | None, now: float) -> str | None:
    return None if stamp is None else f"{iso(stamp)}  ({age(now - stamp)} ago)" if now >= stamp else iso(stamp)


def _plain(text: str) -> Row:
    return Row(((text, "muted"),), full=text)


def _indented(row: Row) -> Row:
    text = row.full or "".join(piece for piece, _ in row.pieces)
    return Row((("  ", "text"), *row.pieces), row.ref, row.red, "  " + text)
