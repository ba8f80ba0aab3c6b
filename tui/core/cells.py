"""What stands in one cell: harmless text and colour tokens, drawn by the type of the value."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeAlias

from adapters.fields import FieldType
from adapters.frozen import dataclass
from adapters.model import DERIVED, Capacity, Pool, Progress, Resource, State
from tui.core import format
from tui.core.column_sets import Column
from tui.core.text import cell_len, cut, pad, safe

Spans: TypeAlias = tuple[tuple[str, str], ...]
"""(text, token) pairs; a token is one of text muted accent ok running waiting failed aborted stale."""

_ENUM_PREFIX = re.compile(r"^(?:[A-Z]+_)*STATE_(?=[A-Z])")


@dataclass(frozen=True, slots=True)
class Cell:
    """The spans of one cell, not yet cut or padded to the column: see `fit`."""

    spans: Spans

    @property
    def text(self) -> str:
        return "".join(text for text, _ in self.spans)

    @property
    def token(self) -> str:
        return self.spans[0][1] if self.spans else "text"


BLANK = Cell((("", "text"),))
UNSAID = Cell(((format.NOTHING, "muted"),))


def cell(
    column: Column,
    resource: Resource,
    now: float,
    *,
    ascii: bool = False,
    first_seen: float | None = None,
    clock: bool = False,
) -> Cell:
    """The cell of an object as of `now`: `-` where the server did not say, blank where it does not apply.

    `first_seen` stands in, as `>3d02h`, where the server does not say since when. `clock` shows ages as
    clock times.
    """
    special = _BY_COLUMN.get(column.id)
    if special is not None and not column.own:
        return special(column, resource, now, ascii, first_seen, clock)
    value = column.field.get(resource, now)
    return _typed(column.type, value, now, ascii)


def native_word(native: str) -> str:
    """The backend's word without its enum prefix: `HOST_STATE_DRAINING` -> `DRAINING`."""
    return _ENUM_PREFIX.sub("", native)


def fit(drawn: Cell, column: Column, ascii: bool = False) -> Spans:
    """Exactly `column.width` columns: cut with a mark, padded with blanks, aligned as the column is."""
    width = column.width
    used = sum(cell_len(text) for text, _ in drawn.spans)
    if used <= width:
        blanks = ((" " * (width - used), "text"),) if used < width else ()
        return blanks + drawn.spans if column.right else drawn.spans + blanks
    if len(drawn.spans) == 1:
        text, token = drawn.spans[0]
        # Of a path the end tells: /research/eval and /research/nlp begin alike.
        is_path = column.id == "pool" and text.startswith("/")
        return ((cut(text, width, tail=is_path, ascii=ascii) if is_path else pad(text, width, ascii=ascii), token),)
    return _fit_spans(drawn.spans, width, ascii)


def _fit_spans(spans: Spans, width: int, ascii: bool) -> Spans:
    fitted: list[tuple[str, str]] = []
    for text, token in spans:
        part = cut(text, width, ascii=ascii)
        fitted.append((part, token))
        width -= cell_len(part)
        if part != text:
            break
    return (*fitted, (" " * width, "text")) if width else tuple(fitted)


def plain(value: str | None, token: str = "text") -> Cell:
    return UNSAID if not value else Cell(((safe(value), token),))


def _typed(kind: FieldType, value: Any, now: float, ascii: bool) -> Cell:
    if value is None:
        return UNSAID
    if isinstance(value, State):
        return Cell(format.state_spans(value, ascii))
    if isinstance(value, Progress):
        return Cell(((format.progress(value), "text"),))
    if kind is FieldType.DURATION:
        return Cell(((format.age(value), "text"),))
    if kind is FieldType.TIME:
        return Cell(((format.clock(value, now), "text"),))
    if kind is FieldType.SIZE:
        return Cell(((format.size(value), "text"),))
    if kind is FieldType.NUMBER:
        return Cell(((format.count_cell(value), "text"),))
    if isinstance(value, bool):
        return Cell((("yes" if value else "no", "text"),))
    return plain(str(value))


Drawer: TypeAlias = Callable[[Column, Any, float, bool, float | None, bool], Cell]


def _state(column: Column, resource: Any, now: float, ascii: bool, seen: float | None, clock: bool) -> Cell:
    state = resource.state
    if not isinstance(state, State):
        return plain(str(state))
    short = "" if 0 < column.width < 3 else state.value[: column.width - 2] if column.width else None
    spans = format.state_spans(state, ascii, word=short)
    if resource.native_state == DERIVED:  # it is not known of this very object
        spans = tuple((text, "stale") for text, _ in spans)
    return Cell(spans)


def _native(column: Column, resource: Any, now: float, ascii: bool, seen: float | None, clock: bool) -> Cell:
    return plain(native_word(resource.native_state), "muted")


def _time(start: float | None, shown: float | None, now: float, clock: bool) -> Cell:
    if shown is None:
        return UNSAID
    return Cell(((format.clock(start, now) if clock else format.age(shown), "text"),))


def _age(column: Column, resource: Any, now: float, ascii: bool, seen: float | None, clock: bool) -> Cell:
    return _time(resource.created, column.field.get(resource, now), now, clock)


def _duration(column: Column, resource: Any, now: float, ascii: bool, seen: float | None, clock: bool) -> Cell:
    return _time(resource.started, column.field.get(resource, now), now, clock)


def _since(column: Column, resource: Any, now: float, ascii: bool, seen: float | None, clock: bool) -> Cell:
    known = column.field.get(resource, now)
    if known is None and seen is not None and resource.state is not State.UP:
        return Cell(((f">{format.age(max(0.0, now - seen))}"[:7], "text"),))
    return _time(resource.started, known, now, clock)


def _progress(column: Column, resource: Any, now: float, ascii: bool, seen: float | None, clock: bool) -> Cell:
    """A number, or with room for it a bar before the number; a bar does not apply where there is none."""
    value = resource.progress
    if column.min < 14:
        return UNSAID if value is None else Cell(((format.progress(value), "text"),))
    if value is None:
        return BLANK
    return Cell(((f"{format.moved_bar(value, ascii)} {format.progress(value):>5}", "text"),))


def _message(column: Column, resource: Any, now: float, ascii: bool, seen: float | None, clock: bool) -> Cell:
    return plain(resource.message) if resource.message else BLANK


def _health(column: Column, resource: Any, now: float, ascii: bool, seen: float | None, clock: bool) -> Cell:
    return plain(resource.health, {"bad": "failed", "off": "muted"}.get(resource.health, "text"))


def _exit(column: Column, resource: Any, now: float, ascii: bool, seen: float | None, clock: bool) -> Cell:
    code = resource.exit_code
    return UNSAID if code is None else Cell(((str(code), "text"),))


def capacity(pool: Pool, resource: str) -> Capacity | None:
    """The pool's capacity of that resource."""
    return next((each for each in pool.capacity if each.kind == resource), None)


def _use(column: Column, resource: Any, now: float, ascii: bool, seen: float | None, clock: bool) -> Cell:
    found = capacity(resource, column.resource)
    if found is None:
        return BLANK
    token = "waiting" if format.is_full(found) else "muted"
    return Cell(((format.pool_bar(found, column.width or column.min, ascii), token),))


def _amount(column: Column, resource: Any, now: float, ascii: bool, seen: float | None, clock: bool) -> Cell:
    found = capacity(resource, column.resource)
    value = None if found is None else getattr(found, column.id)
    if value is None:
        return UNSAID
    is_bytes = column.resource in ("memory", "disk") and column.id != "share"
    return Cell(((format.size(value) if is_bytes else format.count_cell(value), "text"),))


_BY_COLUMN: dict[str, Drawer] = {
    "state": _state,
    "native_state": _native,
    "age": _age,
    "duration": _duration,
    "since": _since,
    "progress": _progress,
    "message": _message,
    "health": _health,
    "exit_code": _exit,
    "use": _use,
    "allocation": _amount,
    "slack": _amount,
    "reservation": _amount,
    "limit": _amount,
    "share": _amount,
}
