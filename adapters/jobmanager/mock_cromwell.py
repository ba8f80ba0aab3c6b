"""Jobs as the server in front of Cromwell tells of them: calls, shards, tries, failures, and where things are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from adapters.jobmanager.mock_calls import (
    SUB_WORKFLOWS,
    Shard,
    Task,
    ended,
    events_of,
    gathered,
    status_of,
    tasks_of,
)
from adapters.jobmanager.mock_wire import TERMINAL, Refused, crash, iso
from adapters.jobmanager.mock_world import Job, World
from adapters.mock.behaviour import Phase, Span
from adapters.mock.worklog import work_log

BUCKET = "atlas-cromwell"
PROJECT = "atlas-batch"
PARAMETERS: Mapping[str, Mapping[str, Any]] = {
    "data": {"source": "gs://atlas-lake/events", "memory_gb": 16, "shard_rows": 65536},
    "train": {"learning_rate": 3e-4, "epochs": 3, "gpu_type": "nvidia-a100", "gpu_count": 8, "seeds": [1, 2, 3]},
    "eval": {"questions": 14042, "checkpoint": "gs://atlas-ckpt/last.pt"},
    "publish": {"registry": "registry.atlas.example", "dry_run": False},
    "gate": {"null_rate_limit": 0.005},
}


class View:
    """One job at one time."""

    def __init__(self, world: World, job: Job) -> None:
        self.world = world
        self.job = job
        self.id = world.id(job)
        self.now = world.clock.now()
        self.key = world.timeline.draw(job.index).key
        outline = world.outline(job)
        self.workflow = world.name(job).replace("-", "_")
        self.status = world.status(job.index)
        course, draw = world.course(job.index), world.timeline.draw(job.index)
        waiting = self.status in ("Submitted", "OnHold")
        tasks = [] if waiting else tasks_of(outline, course, draw, self.now)
        self.parent: Task | None = None
        if job.child is not None:
            self.parent = next(task for task in tasks if task.number == job.child)
            inner = SUB_WORKFLOWS[self.parent.step.name]
            tasks = [Task(self.parent.number, inner, self.parent.shards)]
            self.status = self.word(self.parent.shards[0].last)
        self.tasks = tasks

    def word(self, span: Span) -> str:
        return status_of(span, self.now, aborting=self.world.status(self.job.index) == "Aborting")

    def told(self, moment: float | None) -> str | None:
        """None for what lies in the future."""
        return iso(self.world.told(moment)) if moment is not None and moment <= self.now else None

    @property
    def made_up(self) -> str | None:
        return self.told(self.world.started)

    def task(self, name: str) -> Task:
        """Cromwell's server does not expect a name that it does not know."""
        found = next((task for task in self.tasks if task.step.name == name), None)
        if found is None:
            raise crash()
        return found

    # Documents

    def row(self) -> dict[str, Any]:
        """A result of a query."""
        index = self.job.index
        return {
            "id": self.id,
            "name": self.world.name(self.job),
            "status": self.status,
            "submission": iso(self.world.submission(index)),
            "start": iso(self.world.told_start(index)),
            "end": iso(self.world.end(index)) if self.status in TERMINAL else None,
            "labels": self.world.labels(self.job),
            "extensions": {},
        }

    def metadata(self) -> dict[str, Any]:
        """All of a job."""
        extensions: dict[str, Any] = {"tasks": [self.task_metadata(task) for task in self.tasks]}
        document = self.row() | {"inputs": self.inputs(), "outputs": self.outputs(), "extensions": extensions}
        if self.parent is not None:
            span = self.parent.shards[0].last
            extensions["parentJobId"] = self.world.id(Job(self.job.index))
            document["submission"] = self.told(span.queued)
            document["start"] = self.told(span.start) or self.made_up
            document["end"] = self.told(ended(span, self.now))
        failures = self.failures()
        return document | ({"failures": failures} if failures else {})

    def inputs(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for step in self.world.outline(self.job).workload.steps:
            for name, value in PARAMETERS.get(step.kind, {}).items():
                found.setdefault(f"{step.name}.{name}", value)
        return found

    def outputs(self) -> dict[str, Any]:
        done = [task for task in self.tasks if self.status == "Succeeded" and task.step.kind in ("publish", "eval")]
        return {f"{task.step.name}.result": f"{self.call_root(task, task.shards[-1])}/result.json" for task in done}

    def failures(self) -> list[dict[str, Any]]:
        if self.status != "Failed":
            return []
        found = [
            self._failure(task, shard)
            for task in self.tasks
            for shard in task.shards
            if self.word(shard.last) == "Failed"
        ]
        return found or [
            {
                "taskName": "Workflow Error",
                "failure": "Workflow failed (Caused by [reason 1 of 1]: the call that failed has left no record)",
                "timestamp": iso(self.world.end(self.job.index)),
            }
        ]

    def _failure(self, task: Task, shard: Shard) -> dict[str, Any]:
        span = shard.last
        part = "NA" if shard.index < 0 else str(shard.index)
        text = span.story.message if span.story is not None else "the job was stopped"
        sub = self.sub(task)
        return {
            "taskName": task.step.name,
            "failure": f"Task {self.workflow}.{task.step.name}:{part}:{span.attempt} failed. {text}",
            "timestamp": self.told(span.end),
            "shardIndex": shard.index,
            **({"jobId": sub} if sub else self.places(task, shard, span)),
        }

    def sub(self, task: Task) -> str | None:
        """The job that a call is, for a sub-workflow."""
        is_sub = self.parent is None and task.step.name in SUB_WORKFLOWS
        return self.world.id(Job(self.job.index, task.number)) if is_sub else None

    def task_metadata(self, task: Task) -> dict[str, Any]:
        document: dict[str, Any] = {"name": task.step.name, "callCached": False}
        if task.scattered:
            shards = [self._shard(task, shard) for shard in task.shards]
            status = gathered(shard["executionStatus"] for shard in shards)
            ends = [shard["end"] for shard in shards]
            first = task.shards[0].tries[0]
            document |= {
                "executionStatus": status,
                "attempts": len(shards),
                "start": self.told(first.start) or self.made_up,
                "end": max(ends) if None not in ends else None,
                "shards": shards,
            }
        else:
            document |= self._plain(task)
        events = [event for shard in task.shards for event in self._events(shard)]
        return document | {"executionEvents": events}

    def _plain(self, task: Task) -> dict[str, Any]:
        shard = task.shards[0]
        span, sub = shard.last, self.sub(task)
        document = self._run(span) | {"attempts": span.attempt, "inputs": self.step_inputs(task)}
        if span.outcome is Phase.SKIPPED:
            return document | {"callCached": True, "returnCode": 0, "outputs": self.step_outputs(task, shard)}
        return document | {
            "outputs": self.step_outputs(task, shard),
            "returnCode": self._code(span),
            **({"jobId": sub} if sub else self.places(task, shard, span)),
        }

    def _run(self, span: Span) -> dict[str, Any]:
        word = self.word(span)
        document: dict[str, Any] = {
            "executionStatus": word,
            "start": self.told(span.start) or self.told(ended(span, self.now)) or self.made_up,
            "end": self.told(ended(span, self.now)),
        }
        if word == "Failed" and span.story is not None:
            document["failureMessages"] = [span.story.message]
        return document

    def _code(self, span: Span) -> int | None:
        if self.now < span.end:
            return None
        return span.story.exit_code if span.story is not None else 0 if span.outcome is Phase.SUCCEEDED else 143

    def _shard(self, task: Task, shard: Shard) -> dict[str, Any]:
        span = shard.last
        return (
            self._run(span) | {"shardIndex": shard.index, "attempts": span.attempt} | self.places(task, shard, span)
        )

    def _events(self, shard: Shard) -> list[dict[str, Any]]:
        return [
            {
                "name": name,
                "start": self.told(begin),
                "end": self.told(end),
                "attemptNumber": span.attempt,
                "shardIndex": shard.index,
            }
            for span in shard.tries
            if span.outcome is not Phase.SKIPPED
            for name, begin, end in events_of(span, self.now)
        ]

    def attempts(self, task: Task, shards: list[Shard]) -> list[dict[str, Any]]:
        """What was tried; the names of inputs and outputs keep their prefix here, and each try has an end."""
        prefix = f"{self.workflow}."
        found = []
        for shard in shards:
            for span in shard.tries:
                document = self._run(span) | self.places(task, shard, span)
                document["end"] = document["end"] or self.made_up
                found.append(
                    document
                    | {
                        "attemptNumber": span.attempt,
                        "callCached": span.outcome is Phase.SKIPPED,
                        "inputs": {f"{prefix}{name}": value for name, value in self.step_inputs(task).items()},
                        "outputs": {
                            f"{prefix}{name}": value
                            for name, value in self.step_outputs(task, replace_last(shard, span)).items()
                        },
                    }
                )
        return found

    def step_inputs(self, task: Task) -> dict[str, Any]:
        return dict(PARAMETERS.get(task.step.kind, {}))

    def step_outputs(self, task: Task, shard: Shard) -> dict[str, Any]:
        if self.word(shard.last) != "Succeeded":
            return {}
        return {"result": f"{self.call_root(task, shard)}/result.json"}

    # Where things are

    def call_root(self, task: Task, shard: Shard) -> str:
        root = f"gs://{BUCKET}/cromwell-execution/{self.workflow}/{self.id}/call-{task.step.name}"
        part = "" if shard.index < 0 else f"/shard-{shard.index}"
        attempt = shard.last.attempt
        return f"{root}{part}{f'/attempt-{attempt}' if attempt > 1 else ''}"

    def places(self, task: Task, shard: Shard, span: Span) -> dict[str, str]:
        """Log, directory and operation of a try that has reached its backend."""
        if span.outcome is Phase.SKIPPED or self.word(span) == "Submitted":
            return {}
        root = self.call_root(task, replace_last(shard, span))
        part = "" if shard.index < 0 else f"-{shard.index}"
        return {
            "backendLog": f"{root}/{task.step.name}{part}.log",
            "callRoot": root,
            "operationId": f"projects/{PROJECT}/operations/{self.number(span, shard)}",
        }

    def number(self, span: Span, shard: Shard) -> int:
        return (self.key ^ (span.step << 24 | span.round << 16 | span.attempt << 8 | shard.index + 1)) >> 8

    def tries(self) -> list[tuple[Task, Shard, Span]]:
        return [(task, shard, span) for task in self.tasks for shard in task.shards for span in shard.tries]

    def log(self, task: Task, shard: Shard, span: Span) -> str:
        """What the container of a try has written by now."""
        key = self.number(span, shard)
        return work_log(task.step.kind, span, key, self.now, self.world.clock.stamp)


def replace_last(shard: Shard, span: Span) -> Shard:
    """The shard as if `span` were its only try."""
    return replace(shard, tries=(span,))


def view(world: World, job_id: str) -> View:
    """Raises Refused for a job that is not there."""
    job = world.find(job_id)
    if job is None:
        raise Refused(404, f"Unrecognized workflow ID: {job_id}")
    return View(world, job)
