"""How finite work moves: a plan unfolds into spans of steps and phases of the run, as pure functions of time."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property

from adapters.mock.chance import Draw
from adapters.mock.names import Workload
from adapters.mock.stories import STORY, Story, story_for

FOREVER = math.inf


class Phase(StrEnum):
    """The phases of a run and of its steps; each API has its own words for them."""

    PENDING = "pending"
    RUNNING = "running"
    PAUSED = "paused"
    ABORTING = "aborting"
    ABORTED = "aborted"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    SKIPPED = "skipped"


ENDED = frozenset({Phase.ABORTED, Phase.SUCCEEDED, Phase.FAILED, Phase.SKIPPED})
ABORTABLE = frozenset({Phase.PENDING, Phase.RUNNING, Phase.PAUSED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """What is known of a run without looking at its steps: cheap enough to hold for 100,000 runs.

    `started` and `ended` are in simulated seconds and may lie in the future; `ended` may be FOREVER.
    `aborted_at` is when somebody asked for the abort, `paused_at` when it stopped at a gate.
    """

    index: int
    name: str
    workload: Workload
    owner: str
    created: float
    started: float
    ended: float
    outcome: Phase
    story: Story | None = None
    aborted_at: float | None = None
    paused_at: float | None = None
    archived: bool = False
    legacy: bool = False

    def phase(self, now: float) -> Phase:
        if now >= self.ended:
            return self.outcome
        if self.aborted_at is not None and now >= self.aborted_at:
            return Phase.ABORTING
        if now < self.started:
            return Phase.PENDING
        if self.paused_at is not None and now >= self.paused_at:
            return Phase.PAUSED
        return Phase.RUNNING


@dataclass(frozen=True, slots=True)
class Span:
    """One try of one step. `queued` is when its turn came, `start` when its container ran.

    `round` counts the tries of the whole run, `attempt` those within it, both from 1.
    """

    step: int
    round: int
    attempt: int
    queued: float
    start: float
    end: float
    outcome: Phase
    story: Story | None = None
    natural_end: float | None = None
    """When it would have ended, had nobody stopped it: what it logged until then does not change."""

    def phase(self, now: float) -> Phase | None:
        """None while nobody knows of it yet."""
        if now < self.queued:
            return None
        if now >= self.end:
            return self.outcome
        return Phase.PENDING if now < self.start else Phase.RUNNING


@dataclass(frozen=True)
class Course:
    """All that happens to a run, the future included, unless somebody intervenes."""

    spans: tuple[Span, ...]
    history: tuple[tuple[float, Phase], ...]

    def phase(self, now: float) -> Phase:
        found = self.history[0][1]
        for moment, phase in self.history:
            if moment > now:
                break
            found = phase
        return found

    def finished(self, now: float) -> float | None:
        """When the run came to its present end, None while it goes on."""
        last = [(moment, phase) for moment, phase in self.history if moment <= now][-1:]
        return last[0][0] if last and last[0][1] in ENDED else None

    @cached_property
    def last_round(self) -> int:
        return max((span.round for span in self.spans), default=1)

    def current(self, now: float) -> list[Span]:
        """The spans to be seen now: of each step those of its last round so far."""
        begun = [span for span in self.spans if span.queued <= now]
        latest: dict[int, int] = {}
        for span in begun:
            latest[span.step] = max(span.round, latest.get(span.step, 0))
        return [span for span in begun if span.round == latest[span.step]]


def unfold(outline: Outline, draw: Draw, commands: Iterable[tuple[float, str]] = ()) -> Course:
    """The course of a run under `commands`: (moment, "abort" | "retry"), oldest first, each legal when given."""
    course = _first_round(outline, draw)
    for moment, command in commands:
        if command == "abort":
            course = _aborted(course, moment, draw)
        elif command == "retry":
            course = _retried(outline, course, moment, draw)
    return course


def _first_round(outline: Outline, draw: Draw) -> Course:
    history = [(outline.created, Phase.PENDING)]
    if outline.outcome is Phase.SKIPPED:
        spans = tuple(
            Span(number, 1, 1, outline.started, outline.started, outline.ended, Phase.SKIPPED)
            for number in range(len(outline.workload.steps))
        )
        return Course(spans, (*history, (outline.ended, Phase.SKIPPED)))
    if outline.started < FOREVER:
        history.append((outline.started, Phase.RUNNING))
    spans = _schedule(outline, draw)
    if outline.paused_at is not None:
        history.append((outline.paused_at, Phase.PAUSED))
    if outline.aborted_at is not None:
        history = [(moment, phase) for moment, phase in history if moment < outline.aborted_at]
        history.append((outline.aborted_at, Phase.ABORTING))
        spans = _cut(spans, outline.aborted_at, outline.ended)
    if outline.ended < FOREVER:
        history.append((outline.ended, outline.outcome))
    return Course(spans, tuple(history))


def _schedule(outline: Outline, draw: Draw) -> tuple[Span, ...]:
    """The first round, stretched so that it ends exactly where the outline says."""
    steps = outline.workload.steps
    failing = failing_step(outline, draw)
    natural = _walk(outline.workload, draw, failing, outline.story)
    length = max(span.end for span in natural)
    until = outline.ended if outline.paused_at is None else outline.paused_at
    room = min(until, 1e15) - outline.started
    if outline.aborted_at is not None:
        room = (outline.aborted_at - outline.started) / draw.between("abort-point", 0.15, 0.9)
    elif outline.paused_at is not None:
        room /= draw.between("pause-point", 0.4, 0.8)
    elif outline.ended == FOREVER:
        room = length
    scale = max(room, 1.0) / length
    spans = tuple(_moved(span, outline.started, scale) for span in natural)
    if outline.paused_at is None:
        return spans
    # What was running when the gate was reached ends there; the next step waits at the gate for ever.
    done = [replace(s, end=min(s.end, outline.paused_at)) for s in spans if s.queued < outline.paused_at]
    left = [number for number in range(len(steps)) if number not in {span.step for span in done}]
    gate = [Span(left[0], 1, 1, outline.paused_at, FOREVER, FOREVER, Phase.SUCCEEDED)] if left else []
    return (*done, *gate)


def failing_step(outline: Outline, draw: Draw) -> int | None:
    """The step that the outline's story happens to."""
    if outline.story is None:
        return None
    kinds = outline.story.kinds
    fitting = [n for n, step in enumerate(outline.workload.steps) if not kinds or step.kind in kinds]
    return draw.pick("failing", fitting or range(len(outline.workload.steps)))


def _walk(
    workload: Workload, draw: Draw, failing: int | None, story: Story | None, done: frozenset[int] = frozenset()
) -> list[Span]:
    """One round from time 0 at natural speed; steps in `done` count as succeeded before it."""
    spans: list[Span] = []
    ends: dict[str, float] = {step.name: 0.0 for number, step in enumerate(workload.steps) if number in done}
    for number, step in enumerate(workload.steps):
        if number in done or any(name not in ends for name in step.after):
            continue
        ready = max((ends[name] for name in step.after), default=0.0)
        own = Draw(draw.key, number)
        start = ready + own.between("startup", 8, 20)
        seconds = step.minutes * 60 * own.between("length", 0.6, 1.6)
        if number == failing and story is not None:
            spans += _failures(number, step.kind, ready, start, seconds, story, own)
            continue
        if step.kind == "train" and own.unit("blip") < 0.08:
            blip = STORY["flaky-network"]
            spans.append(Span(number, 1, 1, ready, start, start + seconds * 0.2, Phase.FAILED, blip))
            ready, start = start + seconds * 0.2, start + seconds * 0.2 + 15
            spans.append(Span(number, 1, 2, ready, start, start + seconds, Phase.SUCCEEDED))
        else:
            spans.append(Span(number, 1, 1, ready, start, start + seconds, Phase.SUCCEEDED))
        ends[step.name] = spans[-1].end
    broken = max((span.end for span in spans if span.step == failing), default=FOREVER)
    return [span for span in spans if span.queued <= broken]


def _failures(
    number: int, kind: str, ready: float, start: float, seconds: float, story: Story, draw: Draw
) -> list[Span]:
    """A step that fails; training is tried twice before its run gives up."""
    tries = 2 if kind == "train" and story.started else 1
    spans = []
    for attempt in range(1, tries + 1):
        end = start + seconds * draw.between(f"break{attempt}", 0.3, 0.9)
        if not story.started:
            start = end
        spans.append(Span(number, 1, attempt, ready, start, end, Phase.FAILED, story))
        ready, start = end, end + 15
    return spans


def _moved(span: Span, origin: float, scale: float, round_: int = 1) -> Span:
    return Span(
        span.step,
        round_,
        span.attempt,
        origin + span.queued * scale,
        origin + span.start * scale,
        origin + span.end * scale,
        span.outcome,
        span.story,
        span.natural_end,
    )


def _cut(spans: Iterable[Span], moment: float, end: float) -> tuple[Span, ...]:
    """What an abort at `moment` leaves: nothing new starts, and what runs is stopped by `end`."""
    kept = []
    for span in spans:
        if span.queued > moment:
            continue
        if span.end > moment:
            # The steps stop a little before their run does, one after the other.
            stopped = moment + (end - moment) * 0.8
            start = span.start if span.start <= moment else FOREVER
            span = replace(
                span, start=min(start, stopped), end=stopped, outcome=Phase.ABORTED, natural_end=span.end
            )
        kept.append(span)
    return tuple(kept)


def grace(draw: Draw) -> float:
    """Seconds between the request to abort and the end."""
    return draw.between("grace", 6, 20)


def abort_outcome(draw: Draw) -> Phase:
    """What an aborted run is called at its end; the backends that have only one word for it use that."""
    return Phase.ABORTED if draw.unit("abort-word") < 0.12 else Phase.FAILED


def _aborted(course: Course, moment: float, draw: Draw) -> Course:
    end = moment + grace(draw)
    history = [entry for entry in course.history if entry[0] <= moment]
    history += [(moment, Phase.ABORTING), (end, abort_outcome(draw))]
    return Course(_cut(course.spans, moment, end), tuple(history))


def _retried(outline: Outline, course: Course, moment: float, draw: Draw) -> Course:
    done = frozenset(span.step for span in course.spans if span.outcome is Phase.SUCCEEDED and span.end <= moment)
    round_ = course.last_round + 1
    broken = (span for span in reversed(course.spans) if span.outcome is Phase.FAILED and span.step not in done)
    failed = next(broken, None)
    story = failed.story if failed is not None else None
    if story is not None and story.transient:
        story = None
    own = Draw(draw.key, round_)
    walked = _walk(outline.workload, own, failed.step if failed and story else None, story, done)
    origin = moment + own.between("wait", 4, 12)
    spans = [_moved(span, origin, 0.5, round_) for span in walked]
    outcome = Phase.FAILED if story is not None else Phase.SUCCEEDED
    end = max((span.end for span in spans), default=origin)
    history = [entry for entry in course.history if entry[0] <= moment]
    return Course((*course.spans, *spans), (*history, (moment, Phase.RUNNING), (end, outcome)))


def pick_story(workload: Workload, draw: Draw) -> Story:
    """A failure that some step of this workload can have."""
    step = draw.pick("victim", workload.steps)
    return story_for(draw, step.kind)
