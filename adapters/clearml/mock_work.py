"""What a simulated process does: the log it writes and the scalars it reports, as pure functions of time."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

from adapters.mock.behaviour import Course, Phase, Span
from adapters.mock.chance import mix
from adapters.mock.stories import OPENINGS, Story
from adapters.mock.worklog import pace, written

ABORTED = "### TASK STOPPED - USER ABORTED - STATUS CHANGED ###"
TYPE = {"train": "training", "eval": "testing", "data": "data_processing", "publish": "service", "gate": "qc"}


@dataclass(frozen=True, slots=True)
class Work:
    """One execution of a task's code, from `begin` to `end` unless it is cut short at `until`.

    A controller's has the `course` of its steps, named in `steps`; it logs their launches instead of work.
    """

    kind: str
    begin: float
    end: float
    outcome: Phase
    key: int
    story: Story | None = None
    until: float | None = None
    course: Course | None = None
    steps: tuple[str, ...] = ()

    def stop(self, now: float) -> float:
        """Up to when it has run by `now`."""
        return min(now, self.end if self.until is None else self.until)

    def again(self, at: float, seconds: float) -> Work:
        """The same code once more; what was transient or stopped by somebody goes well this time."""
        story = None if self.story is None or self.story.transient else self.story
        outcome = Phase.FAILED if story is not None else Phase.SUCCEEDED
        course = _moved(self.course, at - self.begin) if self.course is not None else None
        return replace(self, begin=at, end=at + seconds, outcome=outcome, story=story, until=None, course=course)


def _moved(course: Course, by: float) -> Course:
    spans = tuple(replace(s, queued=s.queued + by, start=s.start + by, end=s.end + by) for s in course.spans)
    return Course(spans, tuple((moment + by, phase) for moment, phase in course.history))


# Logs


def log(work: Work, task_id: str, agent: bool, now: float) -> list[tuple[float, str]]:
    """Times and texts of what it has written by `now`; a text may hold several lines."""
    until = work.stop(now)
    if until < work.begin:
        return []
    entries: list[tuple[float, str]] = []
    if agent:
        head = (
            f"Executing task id [{task_id}]:\nrepository = ssh://git@git.atlas.example/ml/models.git\nbranch = main"
        )
        entries.append((work.begin, head))
    for at, text in _controller(work, until) if work.course is not None else _plain(work, until):
        if entries and not text.startswith(("INFO ", "WARNING ", "ERROR ")) and len(entries) > 1:
            entries[-1] = (entries[-1][0], f"{entries[-1][1]}\n{text}")
        else:
            entries.append((at, text))
    if work.until is not None and now >= work.until:
        entries.append((work.until, f"WARNING {ABORTED}"))
    elif now >= work.end and agent:
        code = work.story.exit_code if work.story is not None else 0
        if code:
            entries.append((work.end, f"ERROR Process failed, exit code {code}"))
        elif work.story is not None:
            entries.append((work.end, f"ERROR {work.story.reason}: {work.story.message}"))
        else:
            entries.append((work.end, "Process completed successfully"))
    return entries


def span_of(work: Work) -> Span:
    return Span(0, 1, 1, work.begin, work.begin, work.end, work.outcome, work.story)


def _plain(work: Work, until: float) -> Iterator[tuple[float, str]]:
    if work.story is not None and not work.story.started:
        return iter(())
    return written(work.kind, span_of(work), work.key, until)


def _controller(work: Work, until: float) -> Iterator[tuple[float, str]]:
    assert work.course is not None
    told: list[tuple[float, str]] = [(work.begin, "INFO Starting the pipeline (for remote execution)")]
    for span in work.course.spans:
        name = work.steps[span.step]
        told.append((span.start, f"INFO Launching step [{name}], attempt {span.attempt}"))
        if span.story is not None and span.outcome is Phase.FAILED:
            told.append((span.end, f"ERROR Node '{name}' failed: {span.story.message}"))
        elif span.outcome is Phase.SUCCEEDED:
            told.append((span.end, f"INFO Step [{name}] completed"))
    if work.outcome is Phase.FAILED:
        told.append((work.end, "ERROR Setting pipeline controller Task as failed (due to failed steps) !"))
    return iter(sorted(entry for entry in told if entry[0] <= until))


# Scalars


@dataclass(frozen=True, slots=True)
class Curve:
    """One variant of a metric; point `n` (from 1) is at iteration `n * 10`."""

    metric: str
    variant: str
    first: float
    last: float
    decay: float
    wobble: float

    def value(self, n: int, key: int) -> float:
        shake = ((key ^ n * 2654435761) >> 7) % 1000 / 1000
        return round(self.last + (self.first - self.last) / (1 + n * self.decay) + shake * self.wobble, 4)


# The first one is what the log of a training says.
CURVES: dict[str, tuple[Curve, ...]] = {
    "train": (
        Curve("train", "loss", 2.71, 0.31, 0.03, 0.04),
        Curve("train", "learning_rate", 3e-4, 3e-4, 0.0, 0.0),
        Curve("validation", "loss", 2.9, 0.38, 0.028, 0.07),
        Curve("validation", "accuracy", 0.12, 0.91, 0.02, 0.02),
        Curve(":monitor:gpu", "gpu_0_utilization", 93.0, 93.0, 0.0, 6.0),
    ),
    "eval": (Curve("eval", "accuracy", 0.52, 0.63, 0.05, 0.03),),
}
STEP = 10


def points(work: Work, now: float) -> int:
    """How many points each of its curves has by `now`."""
    if work.kind not in CURVES or work.course is not None or (work.story is not None and not work.story.started):
        return 0
    ran = work.stop(now) - work.begin
    return max(0, math.floor(ran / pace(work.kind, min(work.end - work.begin, 1e9))) - len(OPENINGS[work.kind]) + 1)


def key_of(work: Work, curve: Curve) -> int:
    return work.key if curve.metric == "train" else mix(work.key ^ len(curve.metric + curve.variant))


def time_of(work: Work, n: int) -> float:
    return work.begin + (n + len(OPENINGS[work.kind]) - 1) * pace(work.kind, min(work.end - work.begin, 1e9))


@cache
def md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def summary(curve: Curve, key: int, count: int) -> dict[str, object]:
    """The entry of last_metrics; minimum, maximum and mean are of a sample where there are many points."""
    near = {1, count, *range(max(1, count - 12), count), *range(1, count, max(1, count // 12))}
    found = {n: curve.value(n, key) for n in near}
    low, high = min(found, key=lambda n: found[n]), max(found, key=lambda n: found[n])
    return {
        "metric": curve.metric,
        "variant": curve.variant,
        "value": found[count],
        "min_value": found[low],
        "min_value_iteration": low * STEP,
        "max_value": found[high],
        "max_value_iteration": high * STEP,
        "first_value": found[1],
        "first_value_iteration": STEP,
        "count": count,
        "mean_value": round(sum(found.values()) / len(found), 4),
    }
