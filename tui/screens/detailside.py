"""The side pane of wide screens: why, the parameters, the last events, beside the task tree."""

from __future__ import annotations

import re
from collections.abc import Sequence

from adapters.model import FAULTY, Event, Json
from adapters.sections import Detail, Fields, Table
from tui.core.text import pad, safe
from tui.screens.detailview import event_rows
from tui.styles.tokens import active
from tui.widgets.draw import Piece
from tui.widgets.sections import Row, written
from tui.widgets.tree import TreeRow

_ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
MOST_FAILURES, MOST_PARAMS, MOST_EVENTS = 6, 8, 10


def side_rows(
    detail: Detail, tree: Sequence[TreeRow], events: Sequence[Event] | None, why_key: str, width: int, now: float
) -> list[Row]:
    """The blocks one below the other, each with how much more there is."""
    rows = [*_why(detail, tree, why_key)]
    params = next((each for each in detail.sections[:-1] if isinstance(each, Fields)), None)
    if params is not None and params.rows:
        rows += [_bar(), _bar((f"{safe(params.title)} {len(params.rows)}", "muted"))]
        label = min(20, max(len(safe(name)) for name, _ in params.rows))
        for name, value in params.rows[:MOST_PARAMS]:
            rows.append(_bar((f"  {pad(safe(name), label)} ", "muted"), (written(value), "text")))
        if len(params.rows) > MOST_PARAMS:
            rows.append(_bar((f"  ({len(params.rows) - MOST_PARAMS} more)", "muted")))
    happened = _events(detail, events, width, now)
    if happened:
        rows += [_bar(), _bar((f"Events {len(happened)}", "muted"))]
        rows += [_bar(("  ", "text"), *row.pieces) for row in happened[:MOST_EVENTS]]
    return rows


def _why(detail: Detail, tree: Sequence[TreeRow], why_key: str) -> list[Row]:
    found = detail.resource
    failed = [row for row in tree if not row.has_children and row.state in FAULTY and row.resource is not None]
    if not failed and not detail.cause and found.state not in FAULTY:
        return [_bar(("Why", "muted")), _bar(("  nothing has failed", "muted"))]
    rows = [_bar(("Why", "muted"))]
    sign = "X" if active().ascii else "✗"
    cause = detail.cause or (found.message if found.state in FAULTY else None)
    rows.append(
        _bar((f"  {safe(cause)}" if cause else f"  no cause reported, {why_key} searches the logs", "text"))
    )
    for row in reversed(failed[-MOST_FAILURES:]):
        resource = row.resource
        assert resource is not None
        cause = safe(resource.message) if resource.message else safe(resource.native_state)
        rows.append(_bar((f"{sign} ", "failed"), (f"{row.label}  ", "text"), (cause, "failed")))
    if len(failed) > MOST_FAILURES:
        rows.append(_bar((f"  ({len(failed) - MOST_FAILURES} more failed)", "muted")))
    return rows


def _events(detail: Detail, events: Sequence[Event] | None, width: int, now: float) -> list[Row]:
    if events:
        return event_rows(events, now)
    table = next((each for each in detail.sections if isinstance(each, Table) and each.title == "Events"), None)
    return [_short(row) for row in table.rows[::-1]] if table is not None else []


def _short(row: Sequence[Json]) -> Row:
    """A row of an event table: a time of the day is enough beside the tree."""
    words = [written(value) for value in row if value not in (None, "")]
    if words and _ISO.match(words[0]):
        words[0] = words[0][11:19] + "Z"
    return Row((("  ".join(words), "text"),))


def _bar(*pieces: Piece) -> Row:
    return Row((("|" if active().ascii else "│", "muted"), (" ", "text"), *pieces))
