"""One ClearML installation over the simulated cluster: its tasks, queues, projects and models, and its clock."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any

from adapters.clearml.mock_auth import hex_id
from adapters.clearml.mock_life import Life
from adapters.clearml.mock_lists import Lists
from adapters.clearml.mock_projects import seeded
from adapters.clearml.mock_seeded import WHOLE, Seeds
from adapters.clearml.mock_site import Site
from adapters.clearml.mock_task import Task
from adapters.clearml.mock_wire import iso
from adapters.mock.chance import Draw
from adapters.mock.cluster import SimCluster

UNWATCHED = 7200.0  # seconds without a report until the server stops a task itself
FORCED = "Forced stop (non-responsive)"


class World:
    """`kept` holds every task that lives, and every one that a client has changed; the others are functions."""

    def __init__(self, cluster: SimCluster) -> None:
        self.clock = cluster.clock
        self.seeds = Seeds(cluster)
        self.timeline = self.seeds.timeline
        self.site = Site(cluster.seed, cluster.hosts, self.seeds.start)
        self.kept: dict[str, Task] = {}
        self.gone: set[str] = set()  # seeded tasks that were deleted
        self.projects = seeded(self.seeds.start)
        self.models: dict[str, dict[str, Any]] = {}
        self.ready_models: set[str] = set()
        self.scrolls: dict[str, int] = {}
        self.lists = Lists(self)
        self.pure = lru_cache(maxsize=8192)(self.seeds.task)
        self.life = Life(self)
        self._draw = Draw(cluster.seed, "clearml", "requests")
        self._made = 0
        self.life.begin()

    # Time

    @property
    def now(self) -> float:
        return self.clock.now()

    def told(self, moment: float) -> str:
        return iso(self.clock.stamp(moment))

    def settle(self) -> None:
        """Let happen what has happened by now."""
        self.site.run_until(self.now)

    # Tasks

    def find(self, task_id: object) -> Task | None:
        if not isinstance(task_id, str):
            return None
        kept = self.kept.get(task_id)
        if kept is not None or task_id in self.gone:
            return kept
        place = self.seeds.find(task_id)
        return self.pure(place) if place is not None else None

    def keep(self, task: Task) -> Task:
        """The task to be changed: from now on it holds state."""
        if task.id not in self.kept:
            self.kept[task.id] = task if task.place is None else self.seeds.task(task.place)
        return self.kept[task.id]

    def forget(self, task: Task) -> None:
        self.kept.pop(task.id, None)
        self.gone.add(task.id)

    def new_id(self) -> str:
        self._made += 1
        return hex_id(self._draw.key, self._made)

    def children(self, task: Task) -> list[Task]:
        """The steps of a controller, and whatever else names it as parent."""
        found = [each for each in self.kept.values() if each.fields.get("parent") == task.id]
        if task.place is not None and task.place[1] == WHOLE:
            steps = [self.pure(place) for place in self.seeds.steps(task.place[0])]
            found += [step for step in steps if step.id not in self.kept and step.id not in self.gone]
        return found

    def set(
        self, task: Task, status: str, moment: float, reason: str = "", message: str = "", by: str = ""
    ) -> None:
        """Change the status; what was planned for the task before is dropped."""
        if status != task.status:
            self._halt(task, moment)
            task.turn += 1
            if status == "in_progress":
                turn = task.turn
                self.site.at(moment + UNWATCHED, lambda at: self._watch(task, turn, at))
        task.status, task.reason, task.message = status, reason, message
        task.changed = task.updated = moment
        task.changed_by = by or task.changed_by

    def _halt(self, task: Task, moment: float) -> None:
        """Nobody executes it any more."""
        self.site.free(task.id, moment)
        if not task.alive:
            return
        task.alive = False
        last = task.work[-1]
        if moment < last.end and last.until is None:
            task.work = (*task.work[:-1], replace(last, until=moment))
        self.site.at(moment + 1, self.life.dispatch)

    def _watch(self, task: Task, turn: int, moment: float) -> None:
        if task.turn != turn or task.alive:
            return
        if moment - task.updated < UNWATCHED:
            self.site.at(task.updated + UNWATCHED, lambda at: self._watch(task, turn, at))
            return
        self.set(task, "stopped", moment, FORCED, FORCED)
        task.completed = moment
