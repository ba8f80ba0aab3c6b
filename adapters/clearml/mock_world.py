"""One ClearML installation over the simulated cluster: the tasks that live, and how they move by themselves."""

from __future__ import annotations

from functools import lru_cache, partial
from typing import Any

from adapters.clearml.mock_auth import hex_id, user_id
from adapters.clearml.mock_projects import seeded
from adapters.clearml.mock_seeded import RESERVED, WHOLE, Place, Seeds, last_tries
from adapters.clearml.mock_site import BURST_AFTER, Entry, Queue, Site, Worker
from adapters.clearml.mock_task import Task
from adapters.clearml.mock_wire import iso
from adapters.clearml.mock_lists import Lists
from adapters.clearml.mock_work import Work
from adapters.mock.behaviour import Phase, Span
from adapters.mock.chance import Draw
from adapters.mock.cluster import SimCluster
from adapters.mock.outlines import critical_minutes

BACKLOG = 0.35  # share of the large live tasks that wait with the cast's pending one
LIVE_WITHIN = 24 * 3600.0
OBEYS = (4.0, 10.0)  # seconds until an agent has stopped a task
UNWATCHED = 7200.0


class World:
    """`kept` holds every task that lives, and every one that a client has changed; the others are functions."""

    def __init__(self, cluster: SimCluster) -> None:
        self.clock = cluster.clock
        self.seeds = Seeds(cluster)
        self.timeline = self.seeds.timeline
        self.site = Site(cluster.seed, cluster.hosts, self.seeds.start)
        self.kept: dict[str, Task] = {}
        self.gone: set[str] = set()  # seeded tasks that were deleted
        self.revision = 0
        self.draw = Draw(cluster.seed, "clearml", "requests")
        self.scrolls: dict[str, int] = {}
        self.projects = seeded(self.seeds.start)
        self.ready_models: set[str] = set()
        self.lists = Lists(self)
        self._made = 0
        self.pure = lru_cache(maxsize=8192)(self.seeds.task)
        self._begin()
        if self.timeline.arrivals > 0:
            self._expect(self.seeds.count)

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

    def find(self, task_id: str) -> Task | None:
        kept = self.kept.get(task_id)
        if kept is not None or task_id in self.gone:
            return kept
        place = self.seeds.find(task_id)
        return self.pure(place) if place is not None else None

    def keep(self, task: Task) -> Task:
        """From now on it can be changed."""
        self.revision += 1
        if task.id not in self.kept and task.place is not None:
            fresh = self.seeds.task(task.place)
            self.kept[task.id] = fresh
            return fresh
        self.kept[task.id] = task
        return task

    def forget(self, task: Task) -> None:
        self.revision += 1
        self.kept.pop(task.id, None)
        self.gone.add(task.id)

    def new_id(self) -> str:
        self._made += 1
        return hex_id(self.draw.key, "made", self._made)

    def set(
        self, task: Task, status: str, moment: float, reason: str = "", message: str = "", by: str = ""
    ) -> None:
        """Change the status; what was planned for the task before is dropped."""
        if status != task.status:
            self._halt(task, moment)
            task.turn += 1
        task.status, task.reason, task.message = status, reason, message
        task.changed = task.updated = moment
        task.changed_by = by or task.changed_by
        self.revision += 1

    def _halt(self, task: Task, moment: float) -> None:
        """Nobody executes it any more."""
        if task.alive:
            task.alive = False
            last = task.work[-1]
            if moment < last.end and last.until is None:
                task.work = (*task.work[:-1], _cut(last, moment))
            self.site.free(task.id, moment)
            self.site.at(moment + 1, self.dispatch)

    # Queues

    def enqueue(self, task: Task, queue: Queue, moment: float, ready: float | None = None) -> None:
        wait = moment + self.site.wait(task) if ready is None else ready
        queue.entries.append(Entry(task.id, moment, wait))
        queue.updated = moment
        self.site.at(wait, self.dispatch)
        self.site.at(wait + BURST_AFTER, self.dispatch)

    def dispatch(self, moment: float) -> None:
        """Idle agents take what is ready; what waits too long gets another agent."""
        for queue in list(self.site.queues.values()):
            while queue.entries and queue.entries[0].ready <= moment:
                worker = self.site.idle(queue.id)
                served = any(queue.id in each.queues for each in self.site.workers.values() if each.simulated)
                overdue = moment - queue.entries[0].ready >= BURST_AFTER and queue.name != RESERVED and served
                if worker is None and overdue:
                    worker = self.site.another(queue.id, moment)
                if worker is None:
                    break
                entry = queue.entries.pop(0)
                queue.updated = moment
                task = self.find(entry.task)
                if task is not None:
                    self._take(self.keep(task), worker, queue.id, moment)

    def _take(self, task: Task, worker: Worker, queue_id: str | None, moment: float) -> None:
        """What an agent does with the entry it got."""
        if task.status == "stopped":
            task.status = "queued"  # the server lets the agent have it all the same
        if task.status != "queued":
            return
        self.set(task, "in_progress", moment, "", "pulled by agent", user_id(task.owner))
        self.execute(task, worker, queue_id, moment)

    def execute(self, task: Task, worker: Worker | None, queue_id: str | None, moment: float) -> None:
        """Run the task's code from now on, on that worker or on its owner's own machine."""
        task.started = moment if task.started is None else task.started
        planned = task.work[-1] if task.work else self.planned(task)
        seconds = planned.end - planned.begin
        moved = planned.again(moment, seconds)
        if not task.work and task.limit is None:
            moved = _keep_fate(planned, moved)
        task.work = (*task.work, moved)
        task.alive = True
        if worker is not None:
            task.worker = worker.name
            self.site.assign(worker, task, queue_id, moment)
        turn = task.turn
        self.site.at(moved.end, lambda at: self._finish(task, turn, at))
        if moved.course is not None:
            for span in last_tries(moved):
                self.site.at(span.start, partial(self._launch, task, turn, span))

    def planned(self, task: Task) -> Work:
        """What a task does that was never executed."""
        if task.place is not None and task.place[1] == WHOLE:
            return self.seeds.work(task.place[0])
        draw = Draw(task.key, "work")
        kind = {"training": "train", "testing": "eval"}.get(str(task.fields.get("type")), "data")
        return Work(kind, self.now, self.now + draw.between("length", 90, 240), Phase.SUCCEEDED, draw.key)

    def _finish(self, task: Task, turn: int, moment: float) -> None:
        if task.turn != turn or not task.alive:
            return
        work = task.work[-1]
        if work.outcome is Phase.FAILED:
            story = work.story
            code = story.exit_code if story is not None else 1
            reason = f"worker execution exit code {code}" if code else story.reason if story else "failed"
            self.set(task, "failed", moment, reason, story.message if story is not None else "")
        else:
            self.set(task, "completed", moment, "worker execution done")
        task.completed = moment

    def _launch(self, parent: Task, turn: int, span: Span, moment: float) -> None:
        """A controller starts a step."""
        if parent.turn != turn or not parent.alive or parent.place is None:
            return
        index = parent.place[0]
        task = self.seeds.step(index, span, parent.id)
        task.created = moment - 1
        if task.id in self.kept:
            return
        task.place = None
        self.keep(task)
        work = self.seeds.step_work(index, span)
        queue_id = hex_id("queue", "gpu-a100")
        worker = self.site.idle(queue_id) or self.site.another(queue_id, moment)
        self.set(task, "in_progress", moment, "", "pulled by agent", user_id(task.owner))
        task.queue, task.started, task.worker, task.alive = queue_id, moment, worker.name, True
        task.work = (work,)
        self.site.assign(worker, task, queue_id, moment)
        step_turn = task.turn
        self.site.at(max(moment, work.end), lambda at: self._finish(task, step_turn, at))

    def ask_to_stop(self, task: Task, moment: float, by: str, *, reason: str = "") -> None:
        """Set "stopping"; a simulated agent obeys a few seconds later."""
        task.reason, task.message = reason, "stopping"
        task.updated = max(task.updated, moment)
        task.changed_by = by
        self.revision += 1
        if task.alive and task.status == "in_progress":
            turn, seconds = task.turn, Draw(task.key, task.turn).between("obeys", *OBEYS)
            self.site.at(moment + seconds, lambda at: self._obey(task, turn, at))

    def _obey(self, task: Task, turn: int, moment: float) -> None:
        if task.turn != turn or task.message != "stopping":
            return
        for child in self.children(task):
            if child.alive:
                self.ask_to_stop(child, moment, child.changed_by)
        self.set(task, "stopped", moment, "task was stopped by tasks.stop")
        task.completed = moment

    def children(self, task: Task) -> list[Task]:
        """The steps of a controller and whatever else names it as parent."""
        found = [each for each in self.kept.values() if each.fields.get("parent") == task.id]
        if task.place is not None and task.place[1] == WHOLE:
            known = {each.id for each in found} | self.gone
            steps = self.seeds.steps(task.place[0])
            found += [step for step in map(self.pure, steps) if step.id not in known and step.id not in self.kept]
        return found

    # The beginning

    def _begin(self) -> None:
        """Bring the tasks to life that go on after the start."""
        start = self.seeds.start
        for index in reversed(list(self._live())):
            self._enliven(index, start)
        self.site.at(start, self.dispatch)

    def _live(self) -> Any:
        for index in self.timeline.descending():
            if self.timeline.created(index) < self.seeds.start - LIVE_WITHIN:
                break
            if self.seeds.live(index):
                yield index

    def _enliven(self, index: int, start: float) -> None:
        seeds, outline, role = self.seeds, self.timeline.outline(index), self.seeds.role(index)
        task = seeds.task((index, WHOLE))
        self.kept[task.id] = task
        if role == "paused":
            return
        queue = self.site.queues[hex_id("queue", seeds.queue(index))]
        local = seeds.local(index)
        waits = not local and role is None and outline.workload.gpus >= 4
        if waits and self.timeline.draw(index).unit("backlog") < BACKLOG:
            queue = self.site.queues[hex_id("queue", RESERVED)]
            outline_started = start + 1
        else:
            outline_started = outline.started
        begun = min(outline.created + 1, start)
        self.set(task, "queued", begun, "", "", user_id(outline.owner))
        task.queue = None if local else queue.id
        if role == "pending" or outline_started > start:
            if local:
                self.site.at(outline_started, partial(self._run_locally, task))
            else:
                self.enqueue(task, queue, begun, max(outline_started if role is None else begun, begun + 5))
            return
        self._already_running(task, index, queue, None if local else self._worker_for(queue, start))
        if role == "aborting":
            task.message = "stopping"
            turn = task.turn
            self.site.at(outline.ended, lambda at: self._obey(task, turn, at))

    def _worker_for(self, queue: Queue, start: float) -> Worker:
        idle = self.site.idle(queue.id)
        busy = sum(1 for worker in self.site.workers.values() if worker.task is not None)
        room = queue.name == RESERVED or busy < 0.75 * len(self.site.machines)
        return idle if idle is not None and room else self.site.another(queue.id, start - 60)

    def _already_running(self, task: Task, index: int, queue: Queue, worker: Worker | None) -> None:
        outline = self.timeline.outline(index)
        self.set(task, "in_progress", outline.started, "", "pulled by agent" if worker else "", task.changed_by)
        self.execute(task, worker, queue.id, outline.started)
        self._natural_abort(task, index, outline.started)

    def _natural_abort(self, task: Task, index: int, begun: float) -> None:
        outline, turn = self.timeline.outline(index), task.turn
        if outline.aborted_at is None or outline.started > 1e15:
            return

        def abort(at: float) -> None:
            if task.turn == turn and task.alive:
                self.ask_to_stop(task, at, user_id(outline.owner))

        if self.seeds.role(index) is None:
            self.site.at(begun + outline.aborted_at - outline.started, abort)

    def _run_locally(self, task: Task, moment: float) -> None:
        if task.status == "queued":
            self.set(task, "in_progress", moment, "", "", task.changed_by)
            self.execute(task, None, None, moment)

    # Arrivals

    def _expect(self, index: int) -> None:
        self.site.at(self.timeline.created(index), partial(self._arrive, index))

    def _arrive(self, index: int, moment: float) -> None:
        self._enliven(index, moment)
        self._expect(index + 1)


def _cut(work: Work, moment: float) -> Work:
    from dataclasses import replace

    return replace(work, until=moment)


def _keep_fate(planned: Work, moved: Work) -> Work:
    """A first execution ends as the seed says, transient failures included."""
    from dataclasses import replace

    return replace(moved, story=planned.story, outcome=planned.outcome)
