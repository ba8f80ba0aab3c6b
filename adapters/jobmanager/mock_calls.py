"""What a job consists of now: its calls, their shards, and the tries of each, unfolded from the simulated run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from adapters.mock.behaviour import FOREVER, Course, Outline, Phase, Span
from adapters.mock.chance import Draw
from adapters.mock.names import Step
from adapters.mock.stories import STORY

SCATTERED: Mapping[str, int] = {
    "pull-events": 3,
    "shard-images": 4,
    "sample-negatives": 4,
    "backfill-a": 6,
    "backfill-b": 6,
    "build-features": 3,
}
"""Steps that are scattered, and how wide."""

SUB_WORKFLOWS: Mapping[str, Step] = {"offline-eval": Step("score", "eval", 7)}
"""Steps that are workflows of their own, and the one call inside."""

PRECEDENCE = ("Failed", "Aborting", "Aborted", "Running", "Submitted", "Succeeded")


@dataclass(frozen=True, slots=True)
class Shard:
    """One shard with its tries so far, oldest first; -1 is the index of what is not scattered."""

    index: int
    tries: tuple[Span, ...]

    @property
    def last(self) -> Span:
        return self.tries[-1]


@dataclass(frozen=True, slots=True)
class Task:
    """One call of the workflow, as far as it has come."""

    number: int
    step: Step
    shards: tuple[Shard, ...]

    @property
    def scattered(self) -> bool:
        return self.shards[0].index >= 0

    def shard(self, index: int) -> Shard | None:
        return next((shard for shard in self.shards if shard.index == index), None)


def tasks_of(outline: Outline, course: Course, draw: Draw, now: float) -> list[Task]:
    """The calls that are known at `now`, in the order in which they began."""
    found = []
    for number, step in enumerate(outline.workload.steps):
        spans = [span for span in course.spans if span.step == number and span.queued <= now]
        if not spans:
            continue
        width = SCATTERED.get(step.name, 0)
        if width and spans[0].outcome is not Phase.SKIPPED:
            shards = _scatter(spans[-1], width, Draw(draw.key, "scatter", number))
        else:
            shards = [Shard(-1, tuple(spans))]
        begun = [Shard(s.index, tuple(t for t in s.tries if t.queued <= now)) for s in shards]
        found.append(Task(number, step, tuple(shard for shard in begun if shard.tries)))
    return sorted(found, key=lambda task: task.shards[0].tries[0].queued)


def _scatter(span: Span, width: int, draw: Draw) -> list[Shard]:
    """Shards within the span; the last to end ends with it, and as it does."""
    length = span.end - span.start
    if span.start == FOREVER or length == FOREVER:
        return [Shard(index, (span,)) for index in range(width)]
    fate = draw.number("fate") % width
    shards = []
    for index in range(width):
        own = Draw(draw.key, index)
        start = span.start + length * own.between("start", 0, 0.08)
        if index == fate:
            shards.append(Shard(index, (replace(span, start=start),)))
            continue
        end = start + (span.end - start) * own.between("end", 0.55, 0.95)
        tried = Span(span.step, span.round, 1, span.queued, start, end, Phase.SUCCEEDED)
        shards.append(Shard(index, _preempted(tried) if own.unit("preempted") < 0.15 else (tried,)))
    return shards


def _preempted(span: Span) -> tuple[Span, Span]:
    """The machine was taken away a third of the way; a second try does it."""
    cut = span.start + (span.end - span.start) * 0.35
    first = replace(span, end=cut, outcome=Phase.FAILED, story=STORY["preempted"])
    again = cut + (span.end - cut) * 0.1
    return first, replace(span, attempt=2, queued=cut, start=again)


def status_of(span: Span, now: float, *, aborting: bool) -> str:
    """The word for a try, as the server translates Cromwell's."""
    phase = span.phase(now)
    if phase is Phase.RUNNING and aborting:
        return "Aborting"
    words = {
        Phase.RUNNING: "Running",
        Phase.FAILED: "Failed",
        Phase.ABORTED: "Aborted",
        Phase.SUCCEEDED: "Succeeded",
        Phase.SKIPPED: "Succeeded",
    }
    return words.get(phase, "Submitted") if phase is not None else "Submitted"


def gathered(statuses: Iterable[str]) -> str:
    """The status of a scattered call."""
    present = set(statuses)
    return next(status for status in PRECEDENCE if status in present)


def ended(span: Span, now: float) -> float | None:
    return span.end if now >= span.end else None


def events_of(span: Span, now: float) -> Sequence[tuple[str, float, float | None]]:
    """Execution events of a try: name, begin and end, None while it goes on."""
    start = min(span.start, span.end)
    first = span.queued + min(2.0, max(0.0, start - span.queued) * 0.2)
    stages = [
        ("RequestingExecutionToken", span.queued, first),
        ("PreparingJob", first, start),
        ("RunningJob", start, span.end),
    ]
    return [
        (name, begin, None if now < end else end) for name, begin, end in stages if begin <= now and begin < end
    ]
