"""From the apiserver's tasks to runs and tasks. What the server does not say stays None."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from adapters.clearml import wire
from adapters.model import ENDED, NO_LABELS, Event, Instant, Json, Kind, Ref, Run, State, Task

STATE_MAP: Mapping[str, State] = MappingProxyType(
    {
        "created": State.DRAFT,
        "queued": State.QUEUED,
        "in_progress": State.RUNNING,
        "stopped": State.ABORTED,
        "closed": State.ABORTED,
        "failed": State.FAILED,
        "completed": State.SUCCEEDED,
        "publishing": State.SUCCEEDED,
        "published": State.SUCCEEDED,
        "unknown": State.UNKNOWN,
    }
)
ACTIVE_STATUSES = tuple(word for word, state in STATE_MAP.items() if state not in ENDED)
STOPPING = "stopping"
DELETED = "__DELETED__"
ARCHIVED = "archived"
ENDS_WITH_STATUS = frozenset({"stopped", "failed", "completed"})
"""Statuses that begin when the work ends. The others come later, and say nothing of when that was."""

NOT_AT_WORK = frozenset({State.DRAFT, State.QUEUED})
"""Their worker and times are those of an earlier try: execution outlives what ended it."""

METRIC_PREFIX = "metric."
MACHINE = ":monitor:"
METRICS_KEPT = 24
"""Last values kept in a row; the detail has all."""


def to_state(row: wire.TaskRow) -> tuple[State, str]:
    """From the status, and from nothing else, except that stopping is a message: the worker has yet to obey."""
    state = STATE_MAP.get(row.status, State.UNKNOWN)
    if state is State.RUNNING and STOPPING in (row.status_message or "").lower():
        return State.ABORTING, row.status
    return state, row.status or "unknown"


def run_ref(context: str, task_id: str) -> Ref:
    return Ref(context, Kind.RUN, task_id)


def parent_ref(context: str, row: wire.TaskRow) -> Ref | None:
    """A deleted parent is remembered by its id, but there is nothing to go to."""
    parent = row.parent.id if row.parent else ""
    return run_ref(context, parent) if parent and not parent.startswith(DELETED) else None


def place(number: int) -> str:
    """1st, 2nd, 3rd, 4th, 11th."""
    ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number:,}{ending}"


def to_run(
    context: str,
    row: wire.TaskRow,
    queue: str | None = None,
    position: int | None = None,
    metrics: frozenset[str] | None = None,
) -> Run:
    """`queue` is the name of its queue, `position` its place in it, counted from 1; `metrics` those to keep."""
    return Run(ref=run_ref(context, row.id), **_common(context, row, queue, position, metrics))  # type: ignore[arg-type]


def to_task(
    context: str,
    row: wire.TaskRow,
    queue: str | None = None,
    position: int | None = None,
    metrics: frozenset[str] | None = None,
) -> Task:
    """A step of a pipeline; its id is the task's own."""
    return Task(ref=Ref(context, Kind.TASK, row.id), **_common(context, row, queue, position, metrics))  # type: ignore[arg-type]


def _common(
    context: str, row: wire.TaskRow, queue: str | None, position: int | None, metrics: frozenset[str] | None
) -> dict[str, object]:
    state, native = to_state(row)
    waiting = state in NOT_AT_WORK
    return {
        "name": row.name or row.id,
        "state": state,
        "native_state": native,
        "owner": row.user.shown if row.user else None,
        "group": row.project.shown if row.project else None,
        "parent": parent_ref(context, row),
        "created": row.created,
        "started": None if waiting else row.started,
        "finished": ended(row),
        "message": note(row, state, queue, position),
        "labels": MappingProxyType(dict.fromkeys(row.tags, "")) if row.tags else NO_LABELS,
        "host": None if waiting else row.last_worker or None,
        "pool": None if state is State.DRAFT else queue,
        "extra": _extra(row, position, metrics),
    }


def ended(row: wire.TaskRow) -> float | None:
    """When the work ended. `completed` outlives a restart, and a stop or a failure does not set it."""
    if STATE_MAP.get(row.status, State.UNKNOWN) not in ENDED:
        return None
    if row.status in ENDS_WITH_STATUS and row.status_changed is not None:
        return row.status_changed
    done = row.completed
    return None if done is not None and row.started is not None and done < row.started else done


def note(row: wire.TaskRow, state: State, queue: str | None, position: int | None) -> str | None:
    """What the server says about it: its place in the queue, else message, reason and error, each once."""
    if state is State.QUEUED and position is not None:
        return f"{place(position)} in {queue or 'its queue'}"
    said: list[str] = []
    wanted = (row.status_message, row.status_reason, row.output.error if state is State.FAILED else None)
    for text in wanted:
        if text and text.strip() and not any(text.strip() in other for other in said):
            said.append(text.strip())
    return "; ".join(said) or None


def reported(row: wire.TaskRow) -> dict[str, float]:
    """Its last values by `metric/variant`, without what the machine reports of itself."""
    return {
        f"{entry.metric}/{entry.variant}": entry.value
        for entry in row.metrics
        if entry.value is not None and math.isfinite(entry.value) and not entry.metric.startswith(MACHINE)
    }


def _extra(row: wire.TaskRow, position: int | None, metrics: frozenset[str] | None) -> Mapping[str, Json]:
    last = {name: value for name, value in reported(row).items() if metrics is None or name in metrics}
    return MappingProxyType(
        {
            "task_type": row.type,
            "iteration": row.last_iteration,
            "runtime": row.active_duration,
            "percent": percent(row.runtime.get("progress")),
            "position": position,
            "tags": ", ".join(row.tags) or None,
            "updated": Instant.of(row.last_update),
            "changed": Instant.of(row.status_changed),
            "published": Instant.of(row.published),
            "archived": ARCHIVED in row.system_tags,
            "reason": row.status_reason or None,
            "project_id": row.project.id if row.project else None,
            "comment": row.comment or None,
            **{f"{METRIC_PREFIX}{name}": value for name, value in list(last.items())[:METRICS_KEPT]},
        }
    )


def percent(text: object) -> int | None:
    """`runtime.progress`: a number as text, as the task itself has set it."""
    found = (
        re.fullmatch(r"\s*(\d{1,3})(?:\.\d*)?\s*%?\s*", str(text)) if isinstance(text, str | int | float) else None
    )
    return int(found[1]) if found else None


def events(ref: Ref, row: wire.TaskRow) -> list[Event]:
    """ClearML keeps no history; these are the moments that the task still knows, oldest first."""
    state, native = to_state(row)
    found: list[Event] = []

    def happened(time: float | None, then: State | None, word: str | None, text: str) -> None:
        if time is not None:
            found.append(Event(time, ref, then, word, text))

    said = note(row, state, None, None)
    more = f": {said}" if said else ""
    at_start = native == "in_progress" and row.status_changed == row.started
    happened(row.created, State.DRAFT, "created", "created")
    started = f"started{_on(row.last_worker)}{more if at_start else ''}"
    happened(row.started, State.RUNNING, "in_progress", started)
    if row.completed is not None and row.completed != row.status_changed:
        happened(row.completed, None, None, "its worker ended it")
    if row.published is not None and row.published != row.status_changed:
        happened(row.published, State.SUCCEEDED, "published", "published")
    if not at_start:
        happened(row.status_changed, state, native, f"became {native}{more}")
    return sorted(found, key=lambda event: event.time or 0.0)


def _on(worker: str | None) -> str:
    return f" on {worker}" if worker else ""


def statuses_for(words: Sequence[str]) -> list[str] | None:
    """The statuses behind normal states or the server's own words; None when they cannot be asked for."""
    wanted = {word.lower() for word in words}
    if State.UNKNOWN.value in wanted:
        return None
    if State.ABORTING.value in wanted:
        wanted.add("in_progress")
    return [word for word, state in STATE_MAP.items() if state.value in wanted or word in wanted] or None
