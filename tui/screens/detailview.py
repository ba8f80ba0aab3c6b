"""What a detail says about its object: status line, cause, facts, tabs, peek. Pure functions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from adapters.fields import FieldSpec, FieldType
from adapters.model import ENDED, FAULTY, WAITING, Event, Kind, Ref, Resource, State
from adapters.port import KindSpec
from adapters.sections import Detail, Fields, Section
from tui.core.format import age, clock, count, short_id, size, state_spans, state_token, symbol
from tui.core.text import safe
from tui.core.values import from_spec
from tui.styles.tokens import active
from tui.widgets import sections
from tui.widgets.detailhead import Tab
from tui.widgets.draw import Piece
from tui.widgets.sections import Row, written
from tui.widgets.tree import SEVERITY

FACTS = 10
TIMELINE = "timeline"
"""The tab of what has no tasks but other parts with times."""

DRAIN = "drain"
"""The tab that tells what draining a host would do."""

TITLES = {kind: kind.plural.capitalize() for kind in Kind}


def status(found: Resource, parts: Sequence[Resource], now: float) -> list[Piece]:
    """`✗ failed FAILED   ran 41m18s, ended 7m01s ago   14 tasks  ✗ 1  » 4  ✓ 9`."""
    ascii = active().ascii
    pieces: list[Piece] = [*state_spans(found.state, ascii), (f" {safe(found.native_state, 40)}", "muted")]
    lasted = _lasted(found, now)
    if lasted:
        pieces.append((f"   {lasted}", "text"))
    if parts:
        kind = parts[0].ref.kind
        pieces.append((f"   {count(len(parts))} {kind.value if len(parts) == 1 else kind.plural}", "text"))
        states = Counter(part.state for part in parts)
        for state in SEVERITY:
            if states[state]:
                pieces += [("  " + symbol(state, ascii), state_token(state)), (f" {count(states[state])}", "text")]
    return pieces


def _lasted(found: Resource, now: float) -> str:
    ran = found.duration(now)
    if found.ref.kind in (Kind.HOST, Kind.POOL):
        return ""
    if found.state in ENDED:
        ended = f"ended {age(now - found.finished)} ago" if found.finished is not None else ""
        return ", ".join(each for each in (f"ran {age(ran)}" if ran is not None else "", ended) if each)
    if ran is not None:
        return f"running for {age(ran)}"
    return f"waits for {age(now - found.created)}" if found.created is not None else ""


def why(detail: Detail, leaves: Sequence[Resource], why_key: str) -> tuple[list[Piece], list[Piece]]:
    """The line of the cause and what stands at its right; nothing where nothing is wrong or said."""
    found = detail.resource
    cause = detail.cause or (found.message if found.state in FAULTY else None)
    if found.state in FAULTY or detail.cause:
        if cause:
            return [("Why  ", "muted"), (safe(cause), "failed")], [(f"{why_key} ", "key"), ("why", "muted")]
        said = f"no cause reported, {why_key} searches the logs"
        return [("Why  ", "muted"), (said, "failed" if found.state in FAULTY else "muted")], []
    running = [
        leaf for leaf in leaves if leaf.ref.kind is Kind.TASK and leaf.state in (State.RUNNING, State.ABORTING)
    ]
    if running and found.state not in ENDED:
        return [("Now  ", "muted"), (", ".join(safe(leaf.name, 60) for leaf in running), "text")], []
    held = next((leaf for leaf in leaves if leaf.state in WAITING and leaf.message), None)
    if held is not None and found.state not in ENDED:
        return [("Waits", "muted"), (f" {safe(held.name, 60)}: {safe(held.message or '')}", "waiting")], []
    if found.message:
        return [("Note ", "muted"), (safe(found.message), "text")], []
    return [], []


def facts(detail: Detail, spec: KindSpec | None, now: float) -> list[tuple[str, str, str]]:
    """(label, short value, full value), the most telling first; the backend's own fields fill up."""
    found = detail.resource
    heads: Mapping[str, str] = spec.heads if spec else {}
    own: list[tuple[str, str | None]] = []
    for each in spec.fields if spec else ():
        value = from_spec(each).get(found, now)
        own.append(
            (each.title.lower(), None if value is None or value in ("", False) else _typed(each, value, now))
        )
    own = [(label, value) for label, value in own if value]
    group = (heads.get("group", "") or "group").lower()
    lead: list[tuple[str, str | None]] = [
        (group, found.group),
        ("owner", found.owner),
        ("pool", found.pool if found.pool != found.group else None),
        ("host", found.host if found.host != found.name else None),
        ("ip", getattr(found, "ip", None)),
        ("of", getattr(found, "parent_name", None) or _last(found.parent)),
    ]
    first = [(label, value) for label, value in lead if value][:3] or own[:1]
    if len(first) < 3:
        used = {label for label, _ in first}
        first += [pair for pair in own if pair[0] not in used][: 3 - len(first)]
    first = [*first, *[("", "")] * (3 - len(first))]
    times = [("started", found.started), ("ended", found.finished)]
    if found.started is None and found.finished is None:
        times = [("created", found.created), ("ended", None)]
    if found.ref.kind in (Kind.HOST, Kind.POOL):  # they neither start nor end
        times = []
    rest = [pair for pair in [*((a, b) for a, b in lead if b), *own] if pair not in first]
    if times and times[0][0] != "created":
        rest.append(("created", clock(found.created, now)))
    pairs = [*first, ("id", found.ref.id), *((label, clock(at, now)) for label, at in times), *rest]
    return [_fact(label, value or "-") if label else ("", "", "") for label, value in pairs[:FACTS]]


def _typed(spec: FieldSpec, value: Any, now: float) -> str:
    """A backend's own value in the form of its type."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        if spec.type is FieldType.TIME:
            return clock(value, now)
        if spec.type is FieldType.DURATION:
            return age(value)
        if spec.type is FieldType.SIZE:
            return size(value)
    return written(value)


def _fact(label: str, value: str) -> tuple[str, str, str]:
    full = safe(value, 300)
    return safe(label, 20), short_id(full, active().ascii) if label == "id" else full, full


def _last(ref: Ref | None) -> str | None:
    return None if ref is None else f"{ref.kind.value} {ref.id}"


def tabs(
    detail: Detail | None,
    spec: KindSpec | None,
    counts: Mapping[Kind, int],
    events: int | None,
    drains: bool = False,
) -> list[Tab]:
    """Tasks, parameters, other children, events, logs, further sections, every field, raw."""
    kinds = list(spec.children) if spec else []
    found = list(detail.sections) if detail else []
    last = found.pop() if found else None
    first = [Tab(kind.value, TITLES[kind]) for kind in kinds if kind is Kind.TASK]  # line 2 counts them
    params = [section_tab(each) for each in found if isinstance(each, Fields)][:1]
    children = [Tab(kind.value, TITLES[kind], counts.get(kind)) for kind in kinds if kind is not Kind.TASK]
    tried = getattr(detail.resource, "attempt", None) if detail else None
    timed = Kind.POD in kinds or Kind.RUN in kinds or (not kinds and tried is not None and tried > 1)
    if timed and not first:
        children.append(Tab(TIMELINE, "Time"))
    if drains:
        children.append(Tab(DRAIN, "If drained"))
    own_events = [section_tab(each) for each in found if each.title == "Events"]
    said = [Tab("events", "Events", events)] if spec and spec.events.supported and not own_events else own_events
    logs = [Tab("logs", "Logs")] if spec and spec.logs.supported else []
    taken = {tab.id for tab in (*params, *own_events)}
    more = [tab for each in found if (tab := section_tab(each)).id not in taken]
    fields = [section_tab(last)] if last is not None else []
    lead = [*first, *params, *children] if first else [*children, *params]
    return [*lead, *said, *logs, *more, *fields, Tab("raw", "Raw")]


def section_tab(section: Section) -> Tab:
    return Tab(f"section:{section.title}", safe(section.title, 20), sections.count(section))


def peek(found: Resource, now: float) -> list[Piece]:
    """`✗ try 2  pod fraud-gbdt-x7k2p on host-7  exit 137, no log`."""
    ascii = active().ascii
    pieces: list[Piece] = [(symbol(found.state, ascii) + " ", state_token(found.state))]
    pieces.append((safe(found.name, 80), "text"))
    if found.native_state.lower() != found.state.value:  # else the sign has said it
        pieces.append((f"  {safe(found.native_state, 40)}", "muted"))
    pod = found.extra.get("pod")
    if isinstance(pod, str) and pod:
        pieces.append((f"  pod {safe(pod, 80)}", "text"))
    if found.host:
        pieces.append((f" on {safe(found.host, 60)}", "text"))
    exit_code = getattr(found, "exit_code", None)
    if exit_code is not None:
        pieces.append((f"  exit {exit_code}", "text"))
    if found.message:
        pieces.append((f"  {safe(found.message)}", "text"))
    return pieces


def event_rows(events: Iterable[Event], now: float) -> list[Row]:
    """Newest first: time, state, what happened."""
    ascii = active().ascii
    rows = []
    for event in reversed(list(events)):
        state: list[Piece] = [("            ", "text")]
        if event.state is not None:
            spans = state_spans(event.state, ascii)
            state = [*spans, (" " * max(1, 13 - sum(len(text) for text, _ in spans)), "text")]
        stamp = clock(event.time, now) if event.time is not None else "-"
        native = f"{safe(event.native_state, 40)}  " if event.native_state else ""
        text = safe(event.text)
        red = event.state in FAULTY
        pieces: tuple[Piece, ...] = (
            (f"{stamp:<13}", "muted"),
            *state,
            (native, "muted"),
            (text, "text"),
        )
        rows.append(Row(pieces, event.ref, red, f"{stamp} {native}{text}"))
    return rows
