"""The seeded past as ClearML tasks: a place (index, step) to its task, as pure functions."""

from __future__ import annotations

from functools import lru_cache, partial
from itertools import islice

from adapters.clearml.mock_auth import OPERATOR, queue_id, user_id
from adapters.clearml.mock_recipes import recipe
from adapters.clearml.mock_task import Task
from adapters.clearml.mock_work import CURVES, Work
from adapters.mock.behaviour import FOREVER, Outline, Phase, Span, unfold
from adapters.mock.chance import Draw, mix, scramble, unscramble
from adapters.mock.cluster import SimCluster
from adapters.mock.names import Workload
from adapters.mock.outlines import CAST, critical_minutes

RESERVED = "llm-reserved"  # its workers are busy for hours, so tasks wait in it
QUEUES = ("default", "gpu-a100", "gpu-h100", "cpu", "services", RESERVED)
PIPELINES = frozenset({"rank-twotower-retrain", "ads-ctr-backfill", "llm-eval-mmlu-sweep"})
LAG = 4 * 3600.0  # what has ended before the start had ended this soon after its creation
WHOLE = -1  # the step of a task that is no step

Place = tuple[int, int]


class Seeds:
    """Tasks by place; each call builds the task anew, as it was at the start or when it arrived."""

    def __init__(self, cluster: SimCluster) -> None:
        self.timeline = cluster.timeline("clearml")
        self.start = self.timeline.started_at
        self.count = self.timeline.count()
        self._key = Draw(cluster.seed, "clearml", "steps").key
        # Building one task asks for these many times.
        self.draw = lru_cache(maxsize=64)(self.timeline.draw)
        self.role = lru_cache(maxsize=64)(self._role)
        newest_first = (index for index in range(self.count - 1, -1, -1) if self.timeline.role(index))
        cast = list(islice(newest_first, len(CAST)))
        # ClearML has more states than the cast has members: one more, behind it.
        self._publishing = cast[-1] - (cast[0] - cast[1]) if cast else -1

    # Identity

    def id(self, place: Place) -> str:
        index, step = place
        if step == WHOLE:
            return self.timeline.uuid(index).replace("-", "")
        head = scramble(index, self._key)
        rest = mix(self._key ^ head ^ step << 40)
        return f"{head:08x}{step:02x}{rest & 0xFFFFFF:06x}{mix(rest):016x}"

    def find(self, task_id: str) -> Place | None:
        """The place of a task that existed at the start."""
        if len(task_id) != 32:
            return None
        dashed = (task_id[:8], task_id[8:12], task_id[12:16], task_id[16:20], task_id[20:])
        index = self.timeline.find("-".join(dashed))
        if index is not None:
            return (index, WHOLE) if index < self.count else None
        try:
            index, step = unscramble(int(task_id[:8], 16), self._key), int(task_id[8:10], 16)
        except ValueError:
            return None
        if index >= self.count or self.id((index, step)) != task_id:
            return None
        return (index, step) if (index, step) in self.steps(index) else None

    def _role(self, index: int) -> str | None:
        return "publishing" if index == self._publishing else self.timeline.role(index)

    def is_pipeline(self, index: int) -> bool:
        role, outline = self.role(index), self.timeline.outline(index)
        if role is not None:
            return role in ("running", "aborted")
        return outline.workload.name in PIPELINES and self.draw(index).unit("pipeline") < 0.5

    def live(self, index: int) -> bool:
        """Whether it goes on after the start."""
        outline = self.timeline.outline(index)
        return outline.ended > self.start and index != self._publishing

    def steps(self, index: int) -> list[Place]:
        """The places of a pipeline's steps that were launched by the start."""
        if not self.is_pipeline(index) or self.live(index):
            return []
        return [(index, span.step) for span in last_tries(self.work(index))]

    # What was executed

    def work(self, index: int) -> Work:
        """The execution as planned from the beginning, whenever it really begins."""
        outline, draw, role = self.timeline.outline(index), self.draw(index), self.role(index)
        ended = outline.ended
        if ended == FOREVER:
            ended = min(outline.started, 1e15) + critical_minutes(outline.workload) * 60
        if role == "publishing":
            ended = min(ended, self.start - 60)
        outcome = Phase.FAILED if outline.story is not None else Phase.SUCCEEDED
        stopped = outline.aborted_at is not None
        if self.is_pipeline(index):
            course = unfold(outline, draw)
            names = tuple(step.name for step in outline.workload.steps)
            until = ended if stopped else None
            return Work("driver", outline.started, ended, outcome, draw.key, outline.story, until, course, names)
        kind = leading(outline.workload, outline.story.kinds if outline.story is not None else ())
        length = (ended - outline.started) / (draw.between("abort-point", 0.15, 0.9) if stopped else 1.0)
        return Work(
            kind,
            outline.started,
            outline.started + length,
            outcome,
            draw.key,
            outline.story,
            ended if stopped and ended <= self.start else None,
        )

    # Tasks

    def task(self, place: Place) -> Task:
        """The task as it is when it does nothing more; a live one as it was created."""
        index, step = place
        if step != WHOLE:
            return self._ended_step(place)
        outline, draw = self.timeline.outline(index), self.draw(index)
        made = Task(self.id(place), draw.key, outline.created, partial(self._fields, index), owner=outline.owner)
        made.place = place
        made.changed_by = user_id(outline.owner)
        if not self.live(index) and index < self.count:
            self._end(made, index, outline, draw)
        return made

    def _fields(self, index: int) -> dict[str, object]:
        outline, draw = self.timeline.outline(index), self.draw(index)
        return recipe(outline, draw, self.role(index), self.is_pipeline(index), self.start)

    def _end(self, task: Task, index: int, outline: Outline, draw: Draw) -> None:
        role, ended = self.role(index), outline.ended
        if role == "publishing":
            ended = min(ended, self.start - 60)
        task.plan(lambda: (self.work(index),))
        task.started, task.changed, task.updated = outline.started, ended, ended
        task.worker = self.worker(index)
        task.queue = queue_id(self.queue(index)) if not self.local(index) else None
        if role == "publishing":
            task.status, task.completed, task.changed = "publishing", ended, ended + 20
        elif outline.aborted_at is not None:
            self._stopped(task, role, outline, draw, ended)
        elif outline.outcome is Phase.SKIPPED and role is None:
            task.status, task.reason, task.message = "closed", "", ""
        elif outline.story is not None:
            story, task.completed = outline.story, ended
            lost = role == "story:lost-host"
            task.status = "unknown" if lost else "failed"
            code = f"worker execution exit code {story.exit_code}" if story.exit_code else story.reason
            task.reason, task.message = code, story.message
        else:
            task.status, task.completed = "completed", ended
            task.reason, task.message = "worker execution done", ""
            if role == "skipped" or (role is None and draw.unit("published") < 0.1):
                task.status, task.reason = "published", ""
                task.published = task.changed = task.updated = min(self.start - 1, ended + 240)

    def _stopped(self, task: Task, role: str | None, outline: Outline, draw: Draw, ended: float) -> None:
        task.status, task.completed = "stopped", ended
        task.reason, task.message = "task was stopped by tasks.stop", ""
        if self.local(task.place[0] if task.place else 0):
            task.reason, task.message, task.completed = "", f"Stopped by {outline.owner}", None
        if role == "terminated" or (role is None and draw.unit("closed") < 0.2):
            task.status, task.reason, task.message = "closed", "", f"closed by {OPERATOR}"

    def _ended_step(self, place: Place) -> Task:
        index, step = place
        span = next(span for span in last_tries(self.work(index)) if span.step == step)
        made = self.step(index, span, self.id((index, WHOLE)))
        made.place = place
        ended = span.end
        made.started, made.changed, made.updated, made.completed = span.start, ended, ended, ended
        made.worker, made.queue = self.worker(index, step), queue_id("gpu-a100")
        if span.outcome is Phase.ABORTED:
            made.status, made.reason, made.message = "stopped", "task was stopped by tasks.stop", ""
            made.work = (self.step_work(index, span, ended),)
            return made
        made.work = (self.step_work(index, span),)
        if span.story is not None:
            made.status, made.message = "failed", span.story.message
            made.reason = f"worker execution exit code {span.story.exit_code or 1}"
        else:
            made.status, made.reason, made.message = "completed", "worker execution done", ""
        return made

    def step(self, index: int, span: Span, parent: str) -> Task:
        """A step's task as its controller creates it."""
        outline, draw = self.timeline.outline(index), Draw(self.draw(index).key, span.step, "task")
        step = outline.workload.steps[span.step]

        def fields() -> dict[str, object]:
            made = recipe(outline, draw, None, False, self.start, step)
            return {**made, "parent": parent, "system_tags": ["hidden"]}

        created = min(span.queued, span.start)
        return Task(self.id((index, span.step)), draw.key, created, fields, owner=outline.owner)

    def step_work(self, index: int, span: Span, until: float | None = None) -> Work:
        kind = self.timeline.outline(index).workload.steps[span.step].kind
        end = span.end if span.natural_end is None else span.natural_end
        key = Draw(self.draw(index).key, span.step).key
        start = min(span.start, end)
        return Work(kind, start, end, span.outcome, key, span.story, until)

    # Where it ran

    def local(self, index: int) -> bool:
        """Run by its owner on a machine of their own, with no agent and no queue."""
        return self.role(index) is None and self.draw(index).unit("local") < 0.12

    def queue(self, index: int) -> str:
        outline, draw, role = self.timeline.outline(index), self.draw(index), self.role(index)
        if role in ("pending", "running", "aborting"):
            return RESERVED
        if self.is_pipeline(index):
            return "services"
        if outline.workload.gpus >= 8:
            return draw.weighted("queue", (("gpu-a100", 0.7), ("gpu-h100", 0.3)))
        return (
            draw.pick("queue", ("gpu-a100", "default"))
            if outline.workload.gpus
            else draw.pick("queue", ("cpu", "default"))
        )

    def worker(self, index: int, step: int = 0) -> str:
        """Where it ran in the past."""
        outline, draw = self.timeline.outline(index), self.draw(index)
        if self.local(index):
            return f"{outline.owner}-workstation:gpuall"
        pool, first = ("gpu-a100", 402) if outline.workload.gpus else ("cpu-std", 101)
        return f"{pool}-{first + (draw.number('worker') + step) % 8:04d}:0"


def leading(workload: Workload, kinds: tuple[str, ...] = ()) -> str:
    """What the longest part of it does, among `kinds` if there are any; scalars come first."""
    steps = sorted(workload.steps, key=lambda step: -step.minutes)
    fitting = [step for step in steps if not kinds or step.kind in kinds] or steps
    return next((step.kind for step in fitting if step.kind in CURVES), fitting[0].kind)


def last_tries(work: Work) -> list[Span]:
    """The last try of each step that a pipeline launched."""
    if work.course is None:
        return []
    found = {span.step: span for span in work.course.spans if span.start < FOREVER}
    return list(found.values())
