"""What replicas have written, as Cloud Logging keeps it: late entries, equal times, ids that tell them apart."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from heapq import merge
from itertools import groupby
from typing import Any

from adapters.mock.chance import Draw, mix
from adapters.mock.stories import LINE_EVERY, work_line
from adapters.vertex.mock_jobs import CANCELLED, Life
from adapters.vertex.mock_spec import nodes_of
from adapters.vertex.mock_wire import rfc3339
from adapters.vertex.mock_world import World

TAIL_EVERY = 1.2  # seconds between the lines that tell of a failure
SEVERITIES = {
    word: number * 100
    for number, word in enumerate(
        ("DEFAULT", "DEBUG", "INFO", "NOTICE", "WARNING", "ERROR", "CRITICAL", "ALERT", "EMERGENCY")
    )
}
SERVICE = "service"
_LIFE = (
    ("QUEUED", "Waiting for job to be provisioned."),
    ("PENDING", "Job is preparing."),
    ("RUNNING", "Job is running."),
)
_ENDS = {
    "SUCCEEDED": "Job completed successfully.",
    "PARTIALLY_SUCCEEDED": "Job completed; some replicas did not.",
    "FAILED": "Job failed.",
    "CANCELLED": "Job cancelled.",
    "EXPIRED": "Job expired: no capacity within its maximum wait.",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One log entry. `at` and `received` are microseconds as told to clients. None stands for "not known", when a
    filter is tried on less than a whole entry."""

    at: int | None = None
    received: int = 0
    insert_id: str | None = None
    job: str | None = None
    node: str | None = None
    severity: str | None = None
    message: str | None = None
    state: str | None = None

    @property
    def order(self) -> tuple[int, str]:
        return (self.at or 0, self.insert_id or "")

    def to_json(self, project: str) -> dict[str, Any]:
        made: dict[str, Any] = {"insertId": self.insert_id}
        if self.node == SERVICE:
            made |= {"textPayload": self.message, "labels": {"ml.googleapis.com/job_state": self.state}}
        else:
            made["jsonPayload"] = {
                "message": self.message,
                "levelname": self.severity,
                "attrs": {"tag": self.node},
            }
        labels = {"project_id": project, "job_id": self.job, "task_name": self.node}
        made |= {
            "resource": {"type": "ml_job", "labels": labels},
            "timestamp": rfc3339(self.at or 0),
            "severity": self.severity,
            "logName": f"projects/{project}/logs/{'ml.googleapis.com' if self.node == SERVICE else self.node}",
            "receiveTimestamp": rfc3339(self.received),
        }
        return made


class JobLog:
    """All entries of one job, made as they are asked for."""

    def __init__(self, world: World, index: int) -> None:
        self.world = world
        self.index = index
        self.id = world.id(index)
        self.life: Life = world.life(index)
        self.draw: Draw = world.timeline.draw(index)
        steps = world.timeline.outline(index).workload.steps
        self.kind = max(steps, key=lambda step: step.minutes).kind
        self.every = LINE_EVERY.get(self.kind, 2.0)

    @cached_property
    def nodes(self) -> list[str]:
        return nodes_of(self.world.spec(self.index))

    @cached_property
    def victim(self) -> str:
        return self.world.victim(self.index)

    def entries(self, since: int, *, descending: bool) -> Iterator[Entry]:
        """Entries received by now, from the time `since` (microseconds) on, in order of time and insertId."""
        streams = [self._written(node, place, since, descending) for place, node in enumerate(self.nodes)]
        streams.append(iter(sorted(self._service(), key=lambda entry: entry.order, reverse=descending)))
        now = self.world.told(self.world.clock.now())
        for entry in merge(*streams, key=lambda entry: entry.order, reverse=descending):
            if entry.received <= now and (entry.at or 0) >= since:
                yield entry

    def _service(self) -> Iterator[Entry]:
        life, now = self.life, self.world.clock.now()
        moments = [*zip((life.created, life.pending, life.started), _LIFE, strict=True)]
        told = [(moment, *words) for moment, words in moments if moment <= min(now, life.ended)]
        if life.cancelled <= now:
            told.append((life.cancelled, "CANCELLING", "Job is being cancelled."))
        final = life.final.removeprefix("JOB_STATE_")
        if life.ended <= now:
            told.append((life.ended, final, _ENDS[final]))
        for place, (moment, state, text) in enumerate(told):
            severity = "ERROR" if state in ("FAILED", "EXPIRED") else "INFO"
            at = self.world.told(moment)
            yield Entry(at, at, f"s{place}{mix(self.draw.key):x}"[:14], self.id, SERVICE, severity, text, state)

    def _written(self, node: str, place: int, since: int, descending: bool) -> Iterator[Entry]:
        """The lines of one replica; lines of one moment are ordered by their ids."""
        life, now = self.life, self.world.clock.now()
        if life.started == math.inf:
            return
        key = self.draw.key ^ place << 40
        story = life.story.lines if life.story is not None and node == self.victim else ()
        gap = min(TAIL_EVERY, (life.ended - life.started) / (4 * len(story))) if story else 0.0
        tail = life.ended - gap * len(story)
        until = min(now, life.ended if not story else tail)
        count = max(0, math.ceil((until - life.started) / self.every)) if until > life.started else 0
        skipped = math.floor((self.world.clock.unstamp(since / 1e6) - life.started) / self.every) - 2
        lines = [
            *range(min(max(0, skipped), count), count),
            *(count + n for n in range(len(story) + (life.final == CANCELLED)) if tail + n * gap <= now),
        ]

        def entry(line: int) -> Entry:
            if line < count:
                # Every fifth line comes in one breath with the one before it.
                moment = life.started + (line - (line % 5 == 2)) * self.every
                text = work_line(self.kind, line, key)
            else:
                moment = tail + (line - count) * gap
                text = story[line - count] if line - count < len(story) else "INFO signal: SIGTERM received"
            return self._entry(node, key, line if line < count else line - count + (1 << 32), moment, text)

        made = (entry(line) for line in (reversed(lines) if descending else lines))
        for _, group in groupby(made, key=lambda one: one.at):
            yield from sorted(group, key=lambda one: one.order, reverse=descending)

    def _entry(self, node: str, key: int, line: int, moment: float, text: str) -> Entry:
        mixed = mix(key ^ line * 2654435761)
        late = 3 + mixed % 120 / 10 if mixed % 13 == 0 else 0.2 + mixed % 10 / 25
        # What goes to stderr is an error to the agent, whatever it says.
        severity = "INFO" if text.startswith("INFO ") else "ERROR"
        message = text.removeprefix("INFO ")
        at, received = self.world.told(moment), self.world.told(moment + late)
        return Entry(at, received, f"{line:09x}{mixed:016x}"[:17], self.id, node, severity, message)
