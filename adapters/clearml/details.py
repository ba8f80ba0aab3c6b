"""Everything the server says about a task, a worker or a queue, as sections."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from adapters.clearml import wire
from adapters.clearml.mapping import events
from adapters.clearml.scalars import last_values
from adapters.model import Json, Resource, State
from adapters.sections import Detail, Fields, Section, Series, Table, Text, unclaimed

Raw = dict[str, Json]


def iso(moment: float | None) -> str | None:
    """None for what is no time of this calendar."""
    try:
        return None if moment is None else f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%dT%H:%M:%SZ}"
    except (ValueError, OverflowError, OSError):
        return None


def task_detail(resource: Resource, row: wire.TaskRow, raw: Raw, series: Sequence[Series]) -> Detail:
    sections: list[Section] = []
    claimed: set[str] = set()

    def show(section: Section | None, *paths: str) -> None:
        if section is not None:
            sections.append(section)
            claimed.update(paths)

    show(_params(raw), "hyperparams", "execution.parameters")
    show(last_values(raw.get("last_metrics")), "last_metrics")
    sections.extend(series)
    happened = events(resource.ref, row)
    sections.append(
        Table(
            "Events",
            ("TIME", "STATE", "TEXT"),
            tuple((iso(event.time), event.native_state, event.text) for event in happened),
        )
    )
    show(_artifacts(_inside(raw, "execution").get("artifacts")), "execution.artifacts")
    show(_configuration(raw.get("configuration")), "configuration")
    diff = _inside(raw, "script").get("diff")
    show(Text("Uncommitted", diff) if isinstance(diff, str) and diff.strip() else None, "script.diff")
    sections.append(unclaimed(raw, frozenset(claimed)))
    return Detail(resource, tuple(sections), raw, cause(resource, row))


def cause(resource: Resource, row: wire.TaskRow) -> str | None:
    """Why it failed or was stopped, in the server's words."""
    if resource.state not in (State.FAILED, State.ABORTED):
        return None
    return resource.message or row.output.error or None


def _inside(raw: Mapping[str, Json], key: str) -> Raw:
    found = raw.get(key)
    return found if isinstance(found, dict) else {}


def _params(raw: Raw) -> Fields | None:
    """Hyperparameters by section; those of old servers are under execution."""
    rows: list[tuple[str, Json]] = []
    for section, params in _inside(raw, "hyperparams").items():
        for name, param in params.items() if isinstance(params, dict) else ():
            rows.append((f"{section}/{name}", param.get("value") if isinstance(param, dict) else param))
    shown = {name for name, _ in rows}
    for name, value in _inside(_inside(raw, "execution"), "parameters").items():
        if name not in shown and f"Args/{name}" not in shown:
            rows.append((name, value))
    return Fields("Params", tuple(rows)) if rows else None


def _artifacts(given: Json) -> Table | None:
    keys = ("key", "type", "mode", "uri", "content_size", "hash")
    rows = [
        tuple(entry.get(key) for key in keys)
        for entry in (given if isinstance(given, list) else [])
        if isinstance(entry, dict)
    ]
    return Table("Artifacts", ("NAME", "TYPE", "MODE", "URI", "SIZE", "HASH"), tuple(rows)) if rows else None


def _configuration(given: Json) -> Text | None:
    parts = []
    for name, entry in given.items() if isinstance(given, dict) else ():
        value = entry.get("value") if isinstance(entry, dict) else entry
        text = value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)
        parts.append(f"# {name}\n{text}")
    return Text("Configuration", "\n\n".join(parts)) if parts else None


def worker_detail(resource: Resource, raw: Raw, machine: Series | None) -> Detail:
    sections: list[Section] = []
    queues = raw.get("queues")
    rows = [
        (
            entry.get("display_name") or entry.get("name"),
            entry.get("num_tasks"),
            _inside(entry, "next_task").get("name") or _inside(entry, "next_task").get("id"),
            entry.get("id"),
        )
        for entry in (queues if isinstance(queues, list) else [])
        if isinstance(entry, dict)
    ]
    if rows:
        sections.append(Table("Queues", ("QUEUE", "ENTRIES", "NEXT", "ID"), tuple(rows)))
    if machine is not None:
        sections.append(machine)
    sections.append(unclaimed(raw, frozenset({"queues"} if rows else ())))
    return Detail(resource, tuple(sections), raw)


def queue_detail(resource: Resource, queue: wire.Queue, raw: Raw) -> Detail:
    sections: list[Section] = []
    if queue.entries:
        rows = tuple(
            (
                number,
                entry.task.shown if entry.task else None,
                iso(entry.added),
                entry.task.id if entry.task else None,
            )
            for number, entry in enumerate(queue.entries, 1)
        )
        sections.append(Table("Entries", ("PLACE", "TASK", "ADDED", "ID"), rows))
    if queue.workers:
        listening = tuple(
            (worker.name or worker.key, worker.task.shown if worker.task else None) for worker in queue.workers
        )
        sections.append(Table("Workers", ("WORKER", "TASK"), listening))
    claimed = {"entries"} if queue.entries else set[str]()
    sections.append(unclaimed(raw, frozenset(claimed)))
    return Detail(resource, tuple(sections), raw)
