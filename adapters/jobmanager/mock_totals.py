"""Totals: jobs by status, in all and by user, name and the labels that say most."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from adapters.jobmanager.mock_wire import STATUSES, TIME_FRAMES, Call, Refused
from adapters.jobmanager.mock_world import Job, World

UNRANKED = frozenset({"job-id", "task-id", "cromwell-workflow-id", "label"})
TOP_LABELS = 3
BUSY = 10


def totals(world: World, call: Call) -> dict[str, Any]:
    frame = call.needed("timeFrame")
    if frame not in TIME_FRAMES:
        raise Refused(400, f"{frame!r} is not one of {list(TIME_FRAMES)!r} - 'timeFrame'")
    if not world.options.aggregates:
        raise Refused(501, "Job aggregations are not implemented by this server")
    if world.options.project is not None and call.query.get("projectId") != world.options.project:
        raise Refused(400, "Missing required field `projectId`.")
    since = world.clock.now() - TIME_FRAMES[frame]
    summary: Counter[str] = Counter()
    by_name: dict[str, Counter[str]] = {}
    by_user: dict[str, Counter[str]] = {}
    by_label: dict[str, dict[str, Counter[str]]] = {}
    for index in world.not_ended_before(since):
        ended = world.timeline.finished(index, world.clock.now())
        if ended is not None and ended < since:
            continue
        status, outline = world.status(index), world.timeline.outline(index)
        summary[status] += 1
        by_name.setdefault(outline.workload.name, Counter())[status] += 1
        by_user.setdefault(outline.owner, Counter())[status] += 1
        for key, value in world.labels(Job(index)).items():
            if key not in UNRANKED:
                by_label.setdefault(key, {}).setdefault(value, Counter())[status] += 1
    groups = [("User Id", "userId", by_user)] if world.options.dsub else []
    groups += [("Job Name", "name", by_name)]
    groups += [(key, key, by_label[key]) for key in _ranked(by_label)]
    return {
        "summary": _counts(summary),
        "aggregations": [{"name": name, "key": key, "entries": _entries(of)} for name, key, of in groups],
    }


def _ranked(by_label: Mapping[str, Mapping[str, Counter[str]]]) -> Iterable[str]:
    """The labels with the most values that have more than a few jobs."""
    busy = {key: sum(of.total() > BUSY for of in values.values()) for key, values in by_label.items()}
    return sorted((key for key in busy if busy[key]), key=lambda key: -busy[key])[:TOP_LABELS]


def _entries(of: Mapping[str, Counter[str]]) -> list[dict[str, Any]]:
    return [{"label": label, "statusCounts": _counts(counts)} for label, counts in sorted(of.items())]


def _counts(counts: Counter[str]) -> dict[str, Any]:
    return {"counts": [{"status": status, "count": counts[status]} for status in STATUSES if counts[status]]}
