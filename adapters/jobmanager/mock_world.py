"""One Job Manager server over the simulated cluster: its jobs, their labels, and which of them a query wants."""

from __future__ import annotations

import json
import math
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from adapters.jobmanager.mock_calls import SUB_WORKFLOWS
from adapters.jobmanager.mock_wire import TERMINAL
from adapters.mock.behaviour import Course, Outline, Phase
from adapters.mock.cluster import SimCluster
from adapters.mock.names import WORKLOADS
from adapters.mock.outlines import critical_minutes

Family = Literal["cromwell", "dsub"]
WORDS: Mapping[Phase, str] = {
    Phase.PENDING: "Submitted",
    Phase.RUNNING: "Running",
    Phase.PAUSED: "OnHold",
    Phase.ABORTING: "Aborting",
    Phase.ABORTED: "Aborted",
    Phase.SUCCEEDED: "Succeeded",
    Phase.FAILED: "Failed",
    Phase.SKIPPED: "Succeeded",  # every call came from the cache
}
DSUB_WORDS = {"OnHold": "Submitted", "Aborting": "Running"}
KEPT_QUERIES = 8
MOVING_AFTER = 1.0
LONGEST_RUN = 3600 + 2 * 60 * max(critical_minutes(workload) for workload in WORKLOADS)
"""Seconds within which any job but those of the cast has ended."""


@dataclass(frozen=True, slots=True)
class Options:
    """How this server is set up; see `adapters.jobmanager.mock.routes`."""

    family: Family = "cromwell"
    project: str | None = None
    token: str | None = None
    outside_auth: bool = True
    aggregates: bool = True
    label_lag: float = 0.0
    window: int = 500_000
    healthy: bool = True
    capabilities: Mapping[str, Any] | None = None

    @property
    def dsub(self) -> bool:
        return self.family == "dsub"


@dataclass(frozen=True, slots=True)
class Job:
    """A job by the index of its run; `child` is the step that is this job, for a sub-workflow."""

    index: int
    child: int | None = None


class World:
    def __init__(self, cluster: SimCluster, options: Options) -> None:
        self.clock = cluster.clock
        self.options = options
        self.timeline = cluster.timeline("jobmanager")
        self.started = cluster.started_at
        self._final: dict[int, str] = {}
        self._queries: dict[str, tuple[float, int, int, list[int]]] = {}

    # What is known of a job

    def id(self, job: Job) -> str:
        uuid = self.timeline.uuid(job.index)
        if self.options.dsub:
            outline = self.timeline.outline(job.index)
            return f"{self.options.project or ''}+{outline.workload.name[:10]}--{outline.owner}--{uuid}+task-1+1"
        return uuid if job.child is None else _child(uuid, job.child)

    def find(self, job_id: str) -> Job | None:
        """The job of that id; a sub-workflow's differs from its parent's only at the end."""
        if self.options.dsub:
            parts = job_id.split("+")
            index = self.timeline.find(parts[1].rpartition("--")[2]) if len(parts) == 4 else None
            return Job(index) if index is not None and self.id(Job(index)) == job_id else None
        found = self.timeline.find(job_id)
        if found is not None:
            return Job(found)
        for step in range(8):
            try:
                parent = self.timeline.find(_child(job_id, step))
            except ValueError:
                return None
            if parent is not None and self._is_sub(parent, step):
                return Job(parent, step)
        return None

    def _is_sub(self, index: int, step: int) -> bool:
        steps = self.timeline.outline(index).workload.steps
        begun = any(span.step == step and span.queued <= self.clock.now() for span in self.course(index).spans)
        return step < len(steps) and steps[step].name in SUB_WORKFLOWS and begun

    def outline(self, job: Job) -> Outline:
        return self.timeline.outline(job.index)

    def course(self, index: int) -> Course:
        return self.timeline.course(index)

    def name(self, job: Job) -> str:
        workload = self.outline(job).workload
        return workload.name if job.child is None else workload.steps[job.child].name

    def status(self, index: int) -> str:
        """Statuses that cannot change any more are remembered."""
        kept = self._final.get(index)
        if kept is not None:
            return kept
        phase = self.timeline.phase(index, self.clock.now())
        word = WORDS[phase]
        if phase is Phase.FAILED and self._was_aborted(index):
            word = "Aborted"
        if word in TERMINAL:
            self._final[index] = word
        return DSUB_WORDS.get(word, word) if self.options.dsub else word

    def _was_aborted(self, index: int) -> bool:
        touch = self.timeline.touched.get(index)
        return bool(touch and touch.commands) or self.timeline.outline(index).aborted_at is not None

    def told(self, moment: float) -> float:
        """As clients are told it, to the millisecond: what they send back must still match."""
        return math.floor(self.clock.stamp(moment) * 1000) / 1000

    def submission(self, index: int) -> float:
        return self.told(self.timeline.created(index))

    def start(self, index: int) -> float | None:
        """When it began to run, None for what never did."""
        outline, status = self.timeline.outline(index), self.status(index)
        ended = self.timeline.finished(index, self.clock.now())
        begun = outline.started <= (self.clock.now() if ended is None else ended)
        return self.told(outline.started) if begun and status not in ("Submitted", "OnHold") else None

    def end(self, index: int) -> float | None:
        found = self.timeline.finished(index, self.clock.now())
        return None if found is None else self.told(found)

    def told_start(self, index: int) -> float | None:
        """Cromwell's server makes one up where there is none: the time at which the server itself was started."""
        start = self.start(index)
        return self.told(self.started) if start is None and not self.options.dsub else start

    # Labels

    def labels(self, job: Job) -> dict[str, str]:
        """With the changes that have come through by now."""
        labels = self._own_labels(job)
        for at, changed in self._changes(job.index):
            if at + self.options.label_lag <= self.clock.now():
                labels |= changed
        return labels

    def relabel(self, job: Job, changed: dict[str, str]) -> dict[str, str]:
        """Merge them, and say what the labels are going to be."""
        future = self._own_labels(job)
        changes = [*self._changes(job.index), (self.clock.now(), changed)]
        self.timeline.touch(job.index).extra["labels"] = changes
        for _, each in changes:
            future |= each
        return future

    def _changes(self, index: int) -> list[tuple[float, dict[str, str]]]:
        touch = self.timeline.touched.get(index)
        found: Any = touch.extra.get("labels", []) if touch is not None else []
        return list(found)

    def _own_labels(self, job: Job) -> dict[str, str]:
        outline, draw = self.outline(job), self.timeline.draw(job.index)
        if self.options.dsub:
            _, job_id, task_id, attempt = self.id(job).split("+")
            return {"job-id": job_id, "task-id": task_id, "attempt": attempt}
        labels = {
            "cromwell-workflow-id": f"cromwell-{self.id(job)}",
            "label": f"{outline.workload.group}{outline.name.removeprefix(outline.workload.name)}",
            "owner": outline.owner,
            "workspace-id": outline.workload.group,
        }
        if self.timeline.archived(job.index):
            labels["flag"] = "archive"
        elif outline.story is not None and outline.ended <= self.started and draw.unit("flag") < 0.4:
            labels |= {"flag": "follow-up", "comment": f"{outline.story.reason}, seen before"}
        return labels

    # Queries

    def ordered(self, body: Mapping[str, Any]) -> Sequence[int]:
        """The jobs that the filters of a query leave, newest first; all of them cost nothing."""
        count = self.timeline.count()
        tests = self._tests(body)
        if not tests:
            return range(count - 1, -1, -1)
        key = json.dumps({name: body[name] for name in sorted(body) if not name.startswith("page")}, sort_keys=True)
        now, revision = self.clock.now(), self.timeline.revision
        kept = self._queries.get(key)
        if kept and kept[1:3] == (revision, count) and now - kept[0] < MOVING_AFTER:
            return kept[3]
        live_only = TERMINAL.isdisjoint(body.get("status") or TERMINAL)
        chosen = self.not_ended_before(now) if live_only else range(count - 1, -1, -1)
        found = [index for index in chosen if all(test(index) for test in tests)]
        if len(self._queries) >= KEPT_QUERIES:
            self._queries.pop(next(iter(self._queries)))
        self._queries[key] = (now, revision, count, found)
        return found

    def not_ended_before(self, moment: float) -> Iterator[int]:
        """Those of which that may be so, newest first: without looking at the many of which it cannot."""
        count = self.timeline.count()
        first = bisect_left(range(count), moment - LONGEST_RUN, key=self.timeline.created)
        yield from range(count - 1, first - 1, -1)
        yield from (index for index in range(first - 1, -1, -1) if self.timeline.role(index) is not None)

    def _tests(self, body: Mapping[str, Any]) -> list[Callable[[int], bool]]:
        """The cheapest first."""
        tests: list[Callable[[int], bool]] = []
        if body.get("status"):
            wanted = frozenset(body["status"])
            tests.append(lambda index: self.status(index) in wanted)
        if body.get("submission") is not None:
            submitted = body["submission"]
            tests.append(lambda index: self.submission(index) >= submitted)
        if body.get("start") is not None:
            started = body["start"]
            tests.append(lambda index: (self.start(index) or 0.0) >= started)
        if body.get("end") is not None:
            ended = body["end"]
            tests.append(lambda index: (self.end(index) or float("inf")) <= ended)
        if "name" in body:
            tests.append(lambda index: self.name(Job(index)) == body["name"])
        if "id" in body:
            tests.append(lambda index: self.id(Job(index)) == body["id"])
        if body.get("labels"):
            tests.append(lambda index: _has(self.labels(Job(index)), body["labels"]))
        extensions = body.get("extensions", {})
        if "userId" in extensions:
            tests.append(lambda index: self.timeline.outline(index).owner == extensions["userId"])
        if extensions.get("hideArchived"):
            tests.append(lambda index: self.labels(Job(index)).get("flag") != "archive")
        return tests


def _has(labels: Mapping[str, str], wanted: Mapping[str, Any]) -> bool:
    return all(labels.get(key) == value for key, value in wanted.items())


def _child(uuid: str, step: int) -> str:
    """The id of a sub-workflow from its parent's, and the reverse."""
    return f"{uuid[:-12]}{int(uuid[-12:], 16) ^ (step + 1):012x}"
