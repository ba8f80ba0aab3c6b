"""The dashboard: jobs by status in a time frame, in all and by what jobs have in common."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from adapters.errors import AdapterError
from adapters.jobmanager import wire
from adapters.jobmanager.api import JobManagerApi
from adapters.jobmanager.errors import not_there
from adapters.jobmanager.learned import Learned, Part
from adapters.jobmanager.settings import JobManagerSettings
from adapters.model import Json
from adapters.sections import Bar, Bars, Section, Table

WORDS: Mapping[str, str] = {
    "HOURS_1": "1 hour",
    "HOURS_8": "8 hours",
    "HOURS_24": "24 hours",
    "DAYS_7": "7 days",
    "DAYS_30": "30 days",
    "ALL_TIME": "ever",
}
KEPT = 60.0
MOST_ROWS = 200


class Totals:
    """Asked for at most once a minute; a server that does not add up is not asked again."""

    def __init__(self, api: JobManagerApi, settings: JobManagerSettings, learned: Learned) -> None:
        self._api = api
        self._settings = settings
        self._learned = learned
        self._kept: tuple[float, str | None, wire.Aggregations] | None = None

    async def sections(self, job: wire.Row, project: str | None) -> list[Section]:
        """What can be said of all jobs, those that this one belongs to first; nothing where the server cannot."""
        found = await self._read(project)
        frame = WORDS[self._settings.dashboard]
        return sections(found, frame, job) if found is not None else []

    async def _read(self, project: str | None) -> wire.Aggregations | None:
        if Part.TOTALS in self._learned.missing:
            return None
        if self._kept and self._kept[1] == project and time.monotonic() - self._kept[0] < KEPT:
            return self._kept[2]
        try:
            reply = await self._api.get_job_aggregations(time_frame=self._settings.dashboard, project_id=project)
            found = wire.read(reply, wire.Aggregations)
        except AdapterError as error:
            if not_there(error):
                self._learned.lacks(Part.TOTALS, "this server does not add jobs up")
            return None  # a job is shown without its dashboard rather than not at all
        self._learned.has(Part.TOTALS)
        self._kept = (time.monotonic(), project, found)
        return found


def sections(found: wire.Aggregations, frame: str, job: wire.Row | None = None) -> list[Section]:
    made: list[Section] = []
    summary = _counts(found.summary)
    if summary:
        bars = tuple(Bar(status, float(count), float(sum(summary.values()))) for status, count in summary.items())
        made.append(Bars(f"Jobs {frame}", "jobs", bars))
    statuses = list(summary) or sorted({s for of in found.aggregations for e in of.entries for s in _of(e)})
    rows = [row for of in found.aggregations for row in _rows(of, statuses, job)]
    rows.sort(key=lambda row: row[0] != "▸")
    if rows:
        heads = ("", "BY", "VALUE", *(status.upper() for status in statuses), "ALL")
        made.append(Table(f"Dashboard {frame}", heads, tuple(rows[:MOST_ROWS])))
    return made


def _rows(of: wire.Aggregation, statuses: Sequence[str], job: wire.Row | None) -> list[tuple[Json, ...]]:
    own = _value(job, of.key or "") if job is not None else None
    rows: list[tuple[Json, ...]] = []
    for entry in of.entries:
        counts = _of(entry)
        mark = "▸" if own is not None and entry.label == own else ""
        cells: list[Json] = [counts.get(status) for status in statuses]
        rows.append((mark, of.name or of.key, entry.label, *cells, sum(counts.values())))
    return rows


def _value(job: wire.Row, key: str) -> object:
    """What this job has there; the keys are those of a query."""
    if key == "name":
        return job.name
    return job.extensions.user_id if key == "userId" else job.labels.get(key)


def _of(entry: wire.AggregationEntry) -> dict[str, int]:
    return _counts(entry.status_counts)


def _counts(given: wire.StatusCounts | None) -> dict[str, int]:
    return (
        {each.status: each.count for each in given.counts if each.status and each.count is not None}
        if given
        else {}
    )
