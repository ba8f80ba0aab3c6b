"""The side pane of wide screens: why, the parameters, the last events, beside the task tree."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from adapters.model import FAULTY, Event, Json
from adapters.sections import Detail, Table
from tui.core.diff import same
from tui.core.format import clock
from tui.core.glimpse import Glimpse
from tui.core.lastgood import params_of
from tui.core.text import cut, pad, safe
from tui.screens.detailview import event_rows
from tui.styles.tokens import active
from tui.widgets.draw import Piece
from tui.widgets.sections import Row, written
from tui.widgets.tree import TreeRow

_ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
MOST_FAILURES, MOST_PARAMS, MOST_EVENTS = 6, 8, 10
MOST_VALUE = 20
"""Columns of a value that has changed, so that the old one has room too."""


@dataclass(frozen=True, slots=True)
class Beside:
    """What the pane is made of. `good` is the run compared with, `good_said` why there is none; `record` how many
    of how many runs like it have failed; `glimpse` what was read of its log, if anybody read it."""

    detail: Detail
    tree: Sequence[TreeRow]
    events: Sequence[Event] | None
    why_key: str
    good: Detail | None = None
    good_said: str = ""
    record: tuple[int, int] = (0, 0)
    glimpse: Glimpse | None = None


def side_rows(beside: Beside, width: int, now: float) -> list[Row]:
    """The blocks one below the other, each with how much more there is."""
    rows = [*_why(beside), *_params(beside, width, now)]
    happened = _events(beside.detail, beside.events, width, now)
    if happened:
        rows += [_bar(), _bar((f"Events {len(happened)}", "muted"))]
        rows += [_bar(("  ", "text"), *row.pieces) for row in happened[:MOST_EVENTS]]
    return rows


def _params(beside: Beside, width: int, at: float) -> list[Row]:
    """What changed since the last good run comes first."""
    own, good = params_of(beside.detail), beside.good
    if own is None or not own.rows:
        return []
    other = params_of(good) if good is not None else None
    now, then = dict(own.rows), dict(other.rows) if other is not None else {}
    names = list(dict.fromkeys([*now, *then]))
    changed = [name for name in names if other is not None and not same(now.get(name), then.get(name))]
    head, said = f"{safe(own.title)} {len(own.rows)}", safe(beside.good_said)
    if good is not None:
        same_name = good.resource.name == beside.detail.resource.name
        which = f"that of {clock(good.resource.started, at)}" if same_name else safe(good.resource.name, 30)
        said = f"changed against {which}: {len(changed)}"
    gap = " " * max(2, width - len(head) - len(said) - 2)
    rows = [_bar(), _bar((head, "muted"), (gap + said, "muted"))]
    label = min(24, max(len(safe(name)) for name in names))
    for name in sorted(names, key=lambda name: name not in changed)[:MOST_PARAMS]:
        shown = pad(cut(safe(name), label, tail=True), label)
        rows.append(_param(shown, now.get(name), then.get(name), name in changed))
    if len(names) > MOST_PARAMS:
        rows.append(_bar((f"  ({len(names) - MOST_PARAMS} more)", "muted")))
    return rows


def _param(name: str, now: Json, then: Json, changed: bool) -> Row:
    if not changed:
        return _bar((f"  {name} ", "muted"), (written(now), "text"))
    value = pad(cut(written(now), MOST_VALUE), 12)
    return _bar(("' ", "accent"), (f"{name} ", "muted"), (value, "text"), (f"  was {written(then)}", "muted"))


def _why(beside: Beside) -> list[Row]:
    detail, tree, why_key = beside.detail, beside.tree, beside.why_key
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
    for line in beside.glimpse.lines if beside.glimpse is not None else ():
        rows.append(_bar(("  ", "text"), (safe(line.text), "muted")))
    bad, total = beside.record
    if total > 1 and found.state in FAULTY:
        rows.append(_bar((f"  {bad} of the last {total} runs like it failed", "muted")))
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
