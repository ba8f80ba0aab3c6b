"""The lines of each pane of a detail but the task tree."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from adapters.model import Kind
from adapters.port import Schema
from tui.core.format import count
from tui.core.store import Snapshot
from tui.screens.detailview import event_rows
from tui.screens.document import as_yaml, yaml_rows
from tui.widgets.rows import resource_rows
from tui.widgets.sections import Row, rows_of

if TYPE_CHECKING:
    from tui.screens.detailbase import DetailBase

Make = Callable[[int], Sequence[Row]]
MOST_RAW = 200_000


def pane_rows(screen: DetailBase, tab: str, now: float) -> Make:
    """A function that makes the pane's lines for a width."""
    detail = screen.detail
    if tab in {kind.value for kind in Kind}:
        snapshot, schema = screen.children_of(Kind(tab)), screen.schema
        return lambda width: _children(snapshot, schema, width, now)
    if detail is None:
        return lambda width: [_said("reading…")]
    if tab == "events":
        events = screen.events
        return lambda width: event_rows(events or (), now) or [_said("the server reports no events")]
    if tab == "logs":
        return lambda width: [_said("enter or l opens the logs"), *_said_of(screen)]
    if tab == "raw":
        text = as_yaml(detail)
        if len(text) > MOST_RAW:
            text = text[:MOST_RAW] + "\n(more: y opens all of it)"
        rows = yaml_rows(text)
        return lambda width: rows
    section = next((each for each in detail.sections if f"section:{each.title}" == tab), None)
    if section is None:
        return lambda width: [_said("nothing here any more")]
    return lambda width: rows_of(section, width, now) or [_said("none")]


def _children(snapshot: Snapshot | None, schema: Schema | None, width: int, now: float) -> list[Row]:
    if snapshot is None or schema is None or (snapshot.as_of is None and snapshot.error is None):
        return [_said("reading…")]
    if snapshot.error is not None and not snapshot.rows:
        return [_said(snapshot.error.sentence, "failed")]
    rows = resource_rows(snapshot.rows.values(), schema, width, now)
    if not rows:
        return [_said(f"no {snapshot.key.kind.plural}")]
    if not snapshot.complete and snapshot.total is not None:
        rows.append(_said(f"{count(snapshot.loaded)} of {count(snapshot.total)} loaded"))
    return rows


def _said_of(screen: DetailBase) -> list[Row]:
    attempt = getattr(screen.found, "attempt", None)
    return [_said(f"try {attempt}; p opens the one before")] if attempt and attempt > 1 else []


def _said(text: str, token: str = "muted") -> Row:
    return Row(((text, token),), full=text)
