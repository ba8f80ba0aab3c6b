"""A task as the server's database has it: its status and moments, its stored fields, and its document."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from adapters.clearml import mock_work as work_of
from adapters.clearml.mock_auth import COMPANY
from adapters.clearml.mock_work import Work

STATUSES = (
    *("created", "queued", "in_progress", "stopped", "publishing", "published", "closed", "failed", "completed"),
    "unknown",
)
TYPES = (
    *("training", "testing", "inference", "data_processing", "application", "monitor", "controller", "report"),
    *("optimizer", "service", "qc", "custom"),
)
TRANSITIONS: Mapping[str, frozenset[str]] = {
    "created": frozenset({"queued", "in_progress"}),
    "queued": frozenset({"created", "in_progress", "stopped"}),
    "in_progress": frozenset({"stopped", "failed", "created", "completed"}),
    "stopped": frozenset(
        {"closed", "created", "failed", "queued", "in_progress", "published", "publishing", "completed"}
    ),
    "closed": frozenset({"created", "failed", "published", "publishing", "stopped"}),
    "failed": frozenset({"created", "stopped", "published", "queued"}),
    "publishing": frozenset({"published"}),
    "published": frozenset(),
    "completed": frozenset({"published", "in_progress", "created"}),
}
# What the server of the seed did not know yet.
LATER = frozenset({("queued", "stopped"), ("stopped", "queued"), ("failed", "queued")})
REPORT_EVERY = 10.0  # seconds between the reports of a running task


class Task:
    """Times are simulated seconds. `work` is what has been or is being executed, the last one being current.

    `turn` grows with every change of status, so that what was planned before it is dropped.
    """

    __slots__ = (
        *(
            "id",
            "key",
            "place",
            "owner",
            "created",
            "status",
            "changed",
            "reason",
            "message",
            "started",
            "completed",
        ),
        *("published", "updated", "changed_by", "worker", "queue", "before", "turn", "events", "limit"),
        *("_fields", "_make", "_work", "_plan", "alive"),
    )

    def __init__(
        self, id: str, key: int, created: float, make: Callable[[], dict[str, Any]], *, owner: str = ""
    ) -> None:
        self.id = id
        self.key = key
        self.place: tuple[int, int] | None = None  # where it comes from: index and step of the seeded past
        self.owner = owner
        self.created = created
        self.status = "created"
        self.changed: float | None = None
        self.reason: str | None = None
        self.message: str | None = None
        self.started: float | None = None
        self.completed: float | None = None
        self.published: float | None = None
        self.updated = created
        self.changed_by = ""
        self.worker: str | None = None
        self.queue: str | None = None
        self.before = "created"
        self._work: tuple[Work, ...] | None = ()
        self._plan: Callable[[], tuple[Work, ...]] | None = None
        self.turn = 0
        self.events: list[dict[str, Any]] = []  # what clients added
        self.limit: float | None = None  # nothing older is told: the time of the last reset
        self.alive = False  # a simulated worker is executing it
        self._fields: dict[str, Any] | None = None
        self._make = make

    @property
    def fields(self) -> dict[str, Any]:
        """The stored fields that do not follow from the status."""
        if self._fields is None:
            self._fields = self._make()
        return self._fields

    @property
    def work(self) -> tuple[Work, ...]:
        if self._work is None:
            assert self._plan is not None
            self._work = self._plan()
        return self._work

    @work.setter
    def work(self, work: tuple[Work, ...]) -> None:
        self._work = work

    def plan(self, make: Callable[[], tuple[Work, ...]]) -> None:
        """Have `work` made when it is first asked for."""
        self._work, self._plan = None, make

    def last_update(self, now: float) -> float:
        if not self.alive or not self.work:
            return self.updated
        begun = self.work[-1].begin
        return max(self.updated, begun + max(0.0, (now - begun) // REPORT_EVERY * REPORT_EVERY))

    def duration(self, now: float) -> int | None:
        if self.started is None:
            return None
        end = self.completed if self.completed is not None and self.completed >= self.started else None
        if end is None:
            end = self.last_update(now) if self.status == "in_progress" else self.changed or self.updated
        return max(0, int(end - self.started))

    def metrics(self, now: float) -> tuple[int, dict[str, Any]]:
        """last_iteration and last_metrics."""
        iteration = 0
        found: dict[str, Any] = {}
        for work in self.work[-1:]:
            count = work_of.points(work, now)
            if count:
                iteration = count * work_of.STEP
                for curve in work_of.CURVES[work.kind]:
                    entry = work_of.summary(curve, work_of.key_of(work, curve), count)
                    found.setdefault(work_of.md5(curve.metric), {})[work_of.md5(curve.variant)] = entry
        for metric, variants in self.fields.get("last_metrics", {}).items():
            found.setdefault(metric, {}).update(variants)
        return max(iteration, self.fields.get("last_iteration", 0)), found

    def document(self, now: float, told: Callable[[float], str]) -> dict[str, Any]:
        """Every field that is set, as version 2.31 returns it. `told` words a time."""
        stored, updated = self.fields, self.last_update(now)
        iteration, metrics = self.metrics(now)
        made: dict[str, Any] = {
            "id": self.id,
            "company": COMPANY,
            "status": self.status,
            "created": told(self.created),
            "last_update": told(updated),
            "last_change": told(max(updated, self.changed or 0)),
            "last_iteration": iteration,
            "last_metrics": metrics,
            **{name: value for name, value in stored.items() if value is not None and name not in _COMPUTED},
        }
        if self.queue is not None:
            made["execution"] = {**stored["execution"], "queue": self.queue}
        moments = {
            "status_changed": self.changed,
            "started": self.started,
            "completed": self.completed,
            "published": self.published,
        }
        made |= {name: told(moment) for name, moment in moments.items() if moment is not None}
        words = {
            "status_reason": self.reason,
            "status_message": self.message,
            "last_worker": self.worker,
            "last_changed_by": self.changed_by or None,
            "active_duration": self.duration(now),
        }
        made |= {name: value for name, value in words.items() if value is not None}
        if self.worker is not None:
            made["last_worker_report"] = told(updated)
        if self.status == "queued":
            made["enqueue_status"] = self.before
        if self.alive and self.work and self.work[-1].end < 1e15:
            work = self.work[-1]
            made["runtime"] = {
                **stored.get("runtime", {}),
                "progress": str(min(99, int(100 * (now - work.begin) / max(1.0, work.end - work.begin)))),
            }
        return made


_COMPUTED = frozenset({"last_metrics", "last_iteration"})


def blank(name: str, kind: str, user: str) -> dict[str, Any]:
    """The stored fields that every task has."""
    return {
        "name": name,
        "type": kind,
        "user": user,
        "tags": [],
        "system_tags": [],
        "script": {"binary": "python", "repository": "", "entry_point": "", "requirements": {}},
        "execution": {"test_split": 0, "parameters": {}, "model_desc": {}, "model_labels": {}, "artifacts": []},
        "output": {},
        "models": {"input": [], "output": []},
        "hyperparams": {},
        "configuration": {},
        "container": {},
        "runtime": {},
    }
