"""How tasks move by themselves: agents take them, run them, obey stops; controllers launch steps; new ones come."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from adapters.clearml.mock_auth import queue_id, user_id
from adapters.clearml.mock_seeded import RESERVED, WHOLE, last_tries
from adapters.clearml.mock_site import BURST_AFTER, WAIT_LEAST, Entry, Queue, Worker
from adapters.clearml.mock_task import Task
from adapters.clearml.mock_work import Work
from adapters.mock.behaviour import Outline, Phase, Span
from adapters.mock.chance import Draw

if TYPE_CHECKING:
    from adapters.clearml.mock_world import World

BACKLOG = 0.6  # share of the live GPU tasks that wait at the start, behind the cast's pending one
LIVE_WITHIN = 24 * 3600.0  # older tasks are over
OBEYS = (4.0, 10.0)  # seconds until an agent has stopped a task
BUSY_MOST = 0.75  # share of the machines that work at the start
STEPS_QUEUE = queue_id("gpu-a100")


class Life:
    """Everything here happens at a moment of the agenda, in order, however late somebody asks."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.site = world.site
        self.seeds = world.seeds

    # Queues

    def enqueue(self, task: Task, queue: Queue, moment: float, ready: float | None = None) -> None:
        """Put it at the end; no simulated agent takes it before `ready`."""
        ready = moment + self.site.wait(task) if ready is None else ready
        queue.entries.append(Entry(task.id, moment, ready))
        queue.updated = moment
        self.site.at(ready, self.dispatch)
        self.site.at(ready + BURST_AFTER, self.dispatch)

    def dispatch(self, moment: float) -> None:
        """Idle agents take what is ready; what waits too long gets another agent."""
        for queue in list(self.site.queues.values()):
            while queue.entries and queue.entries[0].ready <= moment:
                worker = self.site.idle(queue.id)
                if worker is None and moment - queue.entries[0].ready >= BURST_AFTER and self._grows(queue):
                    worker = self.site.another(queue.id, moment)
                if worker is None:
                    break
                entry = queue.entries.pop(0)
                queue.updated = moment
                task = self.world.find(entry.task)
                if task is not None:
                    self._take(self.world.keep(task), worker, queue.id, moment)

    def _grows(self, queue: Queue) -> bool:
        return queue.name != RESERVED and any(
            queue.id in worker.queues for worker in self.site.workers.values() if worker.simulated
        )

    def _take(self, task: Task, worker: Worker, queue_id: str, moment: float) -> None:
        """The server lets an agent have even a task that was stopped in the queue; others are left alone."""
        if task.status in ("queued", "stopped"):
            self.world.set(task, "in_progress", moment, "", "pulled by agent", user_id(task.owner))
            self.execute(task, worker, queue_id, moment)

    # Execution

    def execute(self, task: Task, worker: Worker | None, queue_id: str | None, moment: float) -> None:
        """Run the task's code from now on: on that worker, or on its owner's own machine."""
        task.started = moment if task.started is None else task.started
        planned = task.work[-1] if task.work else self.planned(task)
        work = planned.again(moment, planned.end - planned.begin)
        if not task.work and task.limit is None:  # the first execution ends as the seed says
            work = replace(work, story=planned.story, outcome=planned.outcome)
        task.work, task.alive = (*task.work, work), True
        if worker is not None:
            task.worker = worker.name
            self.site.assign(worker, task, queue_id, moment)
        turn = task.turn
        self.site.at(work.end, lambda at: self._finish(task, turn, at))
        for span in last_tries(work):
            self.site.at(span.start, partial(self._launch, task, turn, span))

    def planned(self, task: Task) -> Work:
        """What a task does that was never executed."""
        if task.place is not None and task.place[1] == WHOLE:
            return self.seeds.work(task.place[0])
        draw, now = Draw(task.key, "work"), self.world.now
        kind = {"training": "train", "testing": "eval"}.get(str(task.fields.get("type")), "data")
        return Work(kind, now, now + draw.between("length", 90, 240), Phase.SUCCEEDED, draw.key)

    def _finish(self, task: Task, turn: int, moment: float) -> None:
        if task.turn != turn or not task.alive:
            return
        story = task.work[-1].story
        if task.work[-1].outcome is Phase.FAILED and story is not None:
            code = f"worker execution exit code {story.exit_code}" if story.exit_code else story.reason
            self.world.set(task, "failed", moment, code, story.message)
        else:
            self.world.set(task, "completed", moment, "worker execution done")
        task.completed = moment

    def _launch(self, parent: Task, turn: int, span: Span, moment: float) -> None:
        """A controller starts a step."""
        if parent.turn != turn or not parent.alive or parent.place is None:
            return
        index = parent.place[0]
        task = self.seeds.step(index, span, parent.id)
        if task.id in self.world.kept or task.id in self.world.gone:
            task.id = self.world.new_id()  # the controller runs once more
        task.created = moment
        self.world.kept[task.id] = task
        worker = self.site.idle(STEPS_QUEUE) or self.site.another(STEPS_QUEUE, moment)
        self.world.set(task, "in_progress", moment, "", "pulled by agent", user_id(task.owner))
        task.queue, task.started, task.worker, task.alive = STEPS_QUEUE, moment, worker.name, True
        work = self.seeds.step_work(index, span)
        task.work = (replace(work, end=max(work.end, moment + 1)),)
        self.site.assign(worker, task, STEPS_QUEUE, moment)
        step_turn = task.turn
        self.site.at(task.work[-1].end, lambda at: self._finish(task, step_turn, at))

    def ask_to_stop(self, task: Task, moment: float, by: str, *, reason: str = "") -> None:
        """Set "stopping"; a simulated agent obeys a few seconds later."""
        task.reason, task.message, task.changed_by = reason, "stopping", by
        task.updated = max(task.updated, moment)
        if task.alive and task.status == "in_progress":
            turn, seconds = task.turn, Draw(task.key, task.turn).between("obeys", *OBEYS)
            self.site.at(moment + seconds, lambda at: self._obey(task, turn, at))

    def _obey(self, task: Task, turn: int, moment: float) -> None:
        if task.turn != turn or task.message != "stopping":
            return
        for child in self.world.children(task):
            if child.alive:
                self.ask_to_stop(child, moment, child.changed_by)
        self.world.set(task, "stopped", moment, "task was stopped by tasks.stop")
        task.completed = moment

    # The beginning, and what comes later

    def begin(self) -> None:
        """Bring the tasks to life that go on after the start."""
        start = self.seeds.start
        for index in reversed(list(self._live())):
            self._enliven(index, start)
        self.site.at(start, self.dispatch)
        if self.seeds.timeline.arrivals > 0:
            self._expect(self.seeds.count)

    def _live(self) -> Iterator[int]:
        timeline, start = self.seeds.timeline, self.seeds.start
        for index in timeline.descending():
            if timeline.created(index) < start - LIVE_WITHIN:
                break
            if index < self.seeds.count and self.seeds.live(index):
                yield index

    def _expect(self, index: int) -> None:
        self.site.at(self.seeds.timeline.created(index), partial(self._arrive, index))

    def _arrive(self, index: int, moment: float) -> None:
        self._enliven(index, moment)
        self._expect(index + 1)

    def _enliven(self, index: int, moment: float) -> None:
        seeds = self.seeds
        outline, role, local = seeds.timeline.outline(index), seeds.role(index), seeds.local(index)
        task = seeds.task((index, WHOLE))
        self.world.kept[task.id] = task
        if role == "paused":  # nobody has enqueued it
            return
        queue = self.site.queues[queue_id(seeds.queue(index))]
        waits = role == "pending" or outline.started > moment
        if self._in_backlog(index, role, local, outline):
            queue, waits = self.site.queues[queue_id(RESERVED)], True
        begun = min(outline.created + 1, moment)
        self.world.set(task, "queued", begun, "", "", user_id(outline.owner))
        task.queue = None if local else queue.id
        if waits and not local:
            ready = begun if role == "pending" else min(outline.started, begun + 60)
            self.enqueue(task, queue, begun, max(ready, begun + WAIT_LEAST))
        elif waits:
            self.site.at(outline.started, partial(self._run_locally, task, index))
        else:
            self._go_on(task, index, queue, None if local else self._worker_for(queue))

    def _in_backlog(self, index: int, role: str | None, local: bool, outline: Outline) -> bool:
        eligible = role is None and not local and outline.workload.gpus >= 2 and index < self.seeds.count
        eligible = eligible and not self.seeds.is_pipeline(index)
        return eligible and self.seeds.timeline.draw(index).unit("backlog") < BACKLOG

    def _worker_for(self, queue: Queue) -> Worker:
        idle = self.site.idle(queue.id)
        busy = sum(1 for worker in self.site.workers.values() if worker.task is not None)
        room = queue.name == RESERVED or busy < BUSY_MOST * len(self.site.machines)
        return idle if idle is not None and room else self.site.another(queue.id, self.seeds.start - 3600)

    def _go_on(self, task: Task, index: int, queue: Queue, worker: Worker | None) -> None:
        """It was running already at the start."""
        outline, role = self.seeds.timeline.outline(index), self.seeds.role(index)
        message = "pulled by agent" if worker is not None else ""
        self.world.set(task, "in_progress", outline.started, "", message, task.changed_by)
        self.execute(task, worker, queue.id, outline.started)
        turn = task.turn
        if role == "aborting":
            task.message = "stopping"
            self.site.at(outline.ended, lambda at: self._obey(task, turn, at))
        elif outline.aborted_at is not None:
            self.site.at(outline.aborted_at, self._someone_stops(task, turn))

    def _someone_stops(self, task: Task, turn: int) -> Callable[[float], None]:
        def stop(moment: float) -> None:
            if task.turn == turn and task.alive:
                self.ask_to_stop(task, moment, user_id(task.owner))

        return stop

    def _run_locally(self, task: Task, index: int, moment: float) -> None:
        if task.status == "queued":
            self.world.set(task, "in_progress", moment, "", "", task.changed_by)
            self.execute(task, None, None, moment)
