"""How a custom job goes: its states over time as a pure function of its outline, and what a cancel does to it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from adapters.mock.behaviour import Outline, Phase
from adapters.mock.chance import Draw
from adapters.mock.stories import STORY, Story

QUEUED, PENDING, RUNNING = "JOB_STATE_QUEUED", "JOB_STATE_PENDING", "JOB_STATE_RUNNING"
SUCCEEDED, FAILED, PARTIAL = "JOB_STATE_SUCCEEDED", "JOB_STATE_FAILED", "JOB_STATE_PARTIALLY_SUCCEEDED"
CANCELLING, CANCELLED, EXPIRED = "JOB_STATE_CANCELLING", "JOB_STATE_CANCELLED", "JOB_STATE_EXPIRED"
PAUSED, UPDATING = "JOB_STATE_PAUSED", "JOB_STATE_UPDATING"
TERMINAL = frozenset({SUCCEEDED, FAILED, CANCELLED, EXPIRED, PARTIAL})
WITH_END = frozenset({SUCCEEDED, FAILED, CANCELLED})
"""The states in which endTime is set."""


@dataclass(frozen=True, slots=True)
class Life:
    """One job from creation to end, the future included. Moments are simulated seconds, `inf` for never.

    `pending` is when it leaves the queue, `started` when it first runs, `held` when it enters `holding`, a state
    that no method leads to but the enum has. `final` is how it ends.
    """

    created: float
    pending: float
    started: float
    ended: float
    final: str
    story: Story | None = None
    cancelled: float = math.inf
    held: float = math.inf
    holding: str = PAUSED

    def state(self, now: float) -> str:
        if now >= self.ended:
            return self.final
        if now >= self.cancelled:
            return CANCELLING
        if now >= self.held:
            return self.holding
        if now >= self.started:
            return RUNNING
        return PENDING if now >= self.pending else QUEUED

    def changed(self, now: float) -> float:
        """When the present state began."""
        moments = (self.created, self.pending, self.started, self.held, self.cancelled, self.ended)
        return max(moment for moment in moments if moment <= now)

    def cancel(self, moment: float, draw: Draw) -> Life:
        """A cancel takes effect some seconds later; what ends before that ends as it would have."""
        end = moment + draw.between("grace", 6, 20)
        if self.ended <= end:
            return replace(self, cancelled=moment)
        started = self.started if self.started <= moment else math.inf
        return replace(self, cancelled=moment, started=started, ended=end, final=CANCELLED, story=None)


def life_of(outline: Outline, draw: Draw, role: str | None) -> Life:
    """The life that the outline means; `role` is its part in the fixed cast."""
    span = min(outline.started - outline.created, 1e6)
    life = Life(
        created=outline.created,
        pending=outline.created + span * draw.between("queue", 0.2, 0.5),
        started=outline.started,
        ended=outline.ended,
        final=FAILED if outline.outcome is Phase.FAILED else SUCCEEDED,
        story=outline.story,
    )
    if outline.outcome is Phase.SKIPPED:
        life = replace(life, started=math.inf, final=EXPIRED)
    if outline.aborted_at is not None:
        life = replace(life, cancelled=outline.aborted_at, final=CANCELLED, story=None)
    if outline.paused_at is not None:
        life = replace(life, held=outline.paused_at, ended=math.inf)
    if life.story is not None and not life.story.started:
        life = replace(life, started=math.inf)  # the container never ran
    return PARTS[role](life) if role in PARTS else life


def _in_the_queue(life: Life) -> Life:
    return replace(life, pending=life.started - 600)


def _waiting_for_machines(life: Life) -> Life:
    """The cast's second cancelled job shows the one state that would else be missing."""
    return replace(life, started=math.inf, ended=math.inf, cancelled=math.inf, final=SUCCEEDED)


def _partly_done(life: Life) -> Life:
    return replace(life, final=PARTIAL)


def _updating(life: Life) -> Life:
    return replace(
        life,
        pending=life.created + 4,
        started=life.created + 10,
        held=life.created + 30,
        holding=UPDATING,
        ended=math.inf,
        cancelled=math.inf,
        story=None,
    )


PARTS: dict[str | None, Callable[[Life], Life]] = {
    "pending": _in_the_queue,
    "terminated": _waiting_for_machines,
    "story:lost-host": _partly_done,
    "updating": _updating,
}


# google.rpc.Code and message by story; others exit with their status.
_CONSOLE = (
    "https://console.cloud.google.com/logs/viewer?project={number}&resource=ml_job%2Fjob_id%2F{job}"
    "&advancedFilter=resource.type%3D%22ml_job%22%0Aresource.labels.job_id%3D%22{job}%22"
)
_SEE = "To find out more about why your job exited please check the logs: " + _CONSOLE
_MESSAGES: dict[str, tuple[int, str]] = {
    "oom": (3, "The replica {node} ran out-of-memory and exited with a non-zero status of 137. " + _SEE),
    "image-pull": (
        3,
        "The replica {node} failed to start: failed to pull image "
        '"us-central1-docker.pkg.dev/atlas-ml/training/trainer:2026.8-cu125": manifest unknown.',
    ),
    "preempted": (
        3,
        "The replica {node} was preempted and exited with a non-zero status of 143. "
        "Job restarts are disabled for this job. " + _SEE,
    ),
    "lost-host": (13, "The replica {node} was lost: its machine stopped reporting."),
}


def error_of(story: Story | None, state: str, node: str, job: str, number: str) -> dict[str, object] | None:
    """The job's google.rpc.Status; only FAILED and CANCELLED have one."""
    if state == CANCELLED:
        return {"code": 1, "message": "CANCELED"}
    if state != FAILED:
        return None
    chosen = story or STORY["user-code"]
    code, text = _MESSAGES.get(chosen.id, (3, ""))
    if not text:
        text = "The replica {node} exited with a non-zero status of {exit}. Termination reason: {reason}. " + _SEE
    return {
        "code": code,
        "message": text.format(node=node, exit=chosen.exit_code or 1, reason=chosen.reason, job=job, number=number),
    }
