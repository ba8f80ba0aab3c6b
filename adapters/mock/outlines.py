"""The seeded past of a backend: when each run was created and how it goes, from its index alone."""

from __future__ import annotations

import math
import time
from functools import cache

from adapters.mock.behaviour import FOREVER, Outline, Phase, grace, pick_story
from adapters.mock.chance import Draw
from adapters.mock.names import WORKLOADS, Workload, run_name, workload_of
from adapters.mock.stories import STORIES, STORY

WINDOW = 45 * 60.0  # the newest runs, most of which are live, were created within this many seconds
MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0

# The fixed cast, newest first: what each member shows.
CAST = (
    *("pending", "running", "paused", "aborting", "succeeded", "aborted", "terminated", "skipped"),
    *(f"story:{story.id}" for story in STORIES),
)
CAST_FROM = 20


class Past:
    """`count` runs created before `started_at`, index 0 the oldest; newest ones dense, older ones sparse."""

    def __init__(self, count: int, started_at: float) -> None:
        self.count = count
        self.started_at = started_at
        self._live = max(8.0, min(1500.0, 20 * (max(count, 1) / 60) ** 0.52))
        span = min(120, 14 + count / 200) * DAY
        ratio = max(count / self._live, 1.0001)
        self._power = max(1.0, math.log(span / WINDOW) / math.log(ratio)) if ratio > 1.5 else 1.0
        self._stride = max(1, min(count // CAST_FROM, int(self._live / 8)))

    def created(self, index: int, jitter: float) -> float:
        """Whole seconds; strictly earlier for a smaller index, as long as the newest are a second apart."""
        x = (self.count - 1 - index + 0.1 + jitter * 0.4) / self._live
        age: float = WINDOW * (x if x <= 1 else x**self._power)
        return math.floor(self.started_at - age)

    def role(self, index: int) -> str | None:
        """Which member of the cast this run is."""
        place, off = divmod(self.count - 1 - index, self._stride)
        if self.count < CAST_FROM or off or place >= len(CAST):
            return None
        return CAST[place]


@cache
def critical_minutes(workload: Workload) -> float:
    ends: dict[str, float] = {}
    for step in workload.steps:
        ends[step.name] = max((ends[name] for name in step.after), default=0.0) + step.minutes + 0.25
    return max(ends.values())


@cache
def _day(day_number: int) -> str:
    return time.strftime("%m%d", time.gmtime(day_number * DAY))


_OUTCOMES = ((Phase.SUCCEEDED, 80.0), (Phase.FAILED, 14.0), (Phase.ABORTED, 5.5), (Phase.SKIPPED, 0.5))


def ordinary(index: int, created: float, draw: Draw, now0: float) -> Outline:
    """A run like any other."""
    workload = workload_of(draw)
    outcome = draw.weighted("outcome", _OUTCOMES)
    started = created + draw.between("wait", 5, 50)
    seconds = critical_minutes(workload) * MINUTE * draw.between("length", 0.7, 1.8)
    aborted_at = story = None
    if outcome is Phase.FAILED:
        seconds *= draw.between("until", 0.15, 0.95)
        story = pick_story(workload, draw)
    elif outcome is Phase.ABORTED:
        aborted_at = started + seconds * draw.between("until", 0.1, 0.9)
        seconds = aborted_at - started + grace(draw)
        outcome = Phase.ABORTED if draw.unit("abort-word") < 0.12 else Phase.FAILED
    elif outcome is Phase.SKIPPED:
        seconds = 3.0
    old = now0 - created > DAY
    return Outline(
        index=index,
        name=run_name(workload, 1 + index % 9973, _day(int(created // DAY))),
        workload=workload,
        owner=draw.pick("owner", workload.owners),
        created=created,
        started=started,
        ended=started + seconds,
        outcome=outcome,
        story=story,
        aborted_at=aborted_at,
        archived=old and (index == 0 or draw.unit("archived") < 0.05),
        legacy=old and (index == 0 or draw.unit("archived") < 0.01),
    )


def _named(name: str) -> Workload:
    return next(workload for workload in WORKLOADS if workload.name == name)


# Workloads that fit a role: one that trains where training fails, a long one that goes on.
_CAST_WORKLOAD = {
    "pending": "churn-xgb-weekly",
    "running": "llama-sft-8xh100",
    "paused": "rank-twotower-retrain",
    "aborting": "resnet50-aug-sweep",
    "succeeded": "etl-sessions-hourly",
    "aborted": "ads-ctr-backfill",
    "terminated": "asr-conformer-l-ft",
    "skipped": "doc-parse-smoke",
    "story:oom": "fraud-gbdt-nightly",
    "story:image-pull": "resnet50-aug-sweep",
    "story:bad-argument": "asr-conformer-l-ft",
    "story:lost-host": "llm-eval-mmlu-sweep",
    "story:nccl-timeout": "llama-sft-8xh100",
    "story:preempted": "rank-twotower-retrain",
    "story:disk-full": "ads-ctr-backfill",
    "story:user-code": "fraud-gbdt-nightly",
    "story:flaky-network": "llm-eval-mmlu-sweep",
    "story:quality-gate": "etl-sessions-hourly",
    "story:nan-loss": "resnet50-aug-sweep",
}


def cast(role: str, index: int, created: float, draw: Draw, now0: float) -> Outline:
    """One member of the fixed cast; `now0` is the time of the start, at which it shows what it is there for."""
    workload = _named(_CAST_WORKLOAD[role])
    age = now0 - created
    started = created + min(20.0, age * 0.1)
    ended, outcome = FOREVER, Phase.SUCCEEDED
    story = aborted_at = paused_at = None
    usual = critical_minutes(workload) * MINUTE
    if role == "pending":
        started, ended = created + 6 * HOUR, created + 7 * HOUR
    elif role == "running":
        ended = now0 + 3 * HOUR
    elif role == "paused":
        paused_at = started + age * 0.5
    elif role == "aborting":
        aborted_at, ended, outcome = now0 - age * 0.1, now0 + 30 * MINUTE, Phase.FAILED
    elif role in ("aborted", "terminated"):
        aborted_at, ended = started + min(usual, age) * 0.6, started + min(usual, age) * 0.6 + 12
        ended = min(ended, now0 - 1)
        outcome = Phase.ABORTED if role == "aborted" else Phase.FAILED
    elif role == "skipped":
        ended, outcome = started + 3, Phase.SKIPPED
    else:
        ended = started + min(usual, age * 0.8)
        if role != "succeeded":
            story, outcome = STORY[role.removeprefix("story:")], Phase.FAILED
    return Outline(
        index=index,
        name=run_name(workload, 1 + index % 9973, _day(int(created // DAY))),
        workload=workload,
        owner=draw.pick("owner", workload.owners),
        created=created,
        started=started,
        ended=ended,
        outcome=outcome,
        story=story,
        aborted_at=aborted_at,
        paused_at=paused_at,
        archived=role == "skipped",
    )
