"""Job Manager's models to domain objects: pure, tolerant, and inventing nothing.

Some times on the wire are made up: where a start is missing the server says when it was itself started, and an
attempt that goes on has an end. So whether something goes on is judged by its status, never by its times.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypeAlias
from urllib.parse import quote, unquote

from adapters.frozen import dataclass
from adapters.jobmanager import wire
from adapters.jobmanager.wire import instant
from adapters.model import ENDED, Instant, Json, Kind, Progress, Ref, Run, State, Task

JOB_STATES: Mapping[str, State] = MappingProxyType(
    {
        "Submitted": State.PENDING,
        "OnHold": State.PAUSED,
        "Running": State.RUNNING,
        "Aborting": State.ABORTING,
        "Failed": State.FAILED,
        "Succeeded": State.SUCCEEDED,
        "Aborted": State.ABORTED,
    }
)
ACTIVE = tuple(word for word, state in JOB_STATES.items() if state not in ENDED)
STATE_MAP: Mapping[str, State] = MappingProxyType(
    {
        **JOB_STATES,
        # What a task's status may be where a server hands on Cromwell's own words.
        "NotStarted": State.PENDING,
        "WaitingForQueueSpace": State.QUEUED,
        "QueuedInCromwell": State.QUEUED,
        "Starting": State.PENDING,
        "Bypassed": State.SKIPPED,
        "Unstartable": State.FAILED,
        "RetryableFailure": State.FAILED,
        "Preempted": State.FAILED,
        "Done": State.SUCCEEDED,
    }
)
NEVER_BEGAN = frozenset({State.PENDING, State.QUEUED, State.PAUSED, State.SKIPPED})
ARCHIVE = ("flag", "archive")

Columns: TypeAlias = Mapping[str, bool]
"""Dotted paths into a row, and whether a time is found there."""
NO_COLUMNS: Columns = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Step:
    """A task of a job, or a shard of one; `index` is None for what is not a shard."""

    task: wire.Task
    said: wire.Execution
    index: int | None = None
    shards: tuple[Step, ...] = ()

    @property
    def name(self) -> str:
        name = self.task.name or "unnamed"
        return name if self.index is None else f"{name} shard {self.index}"

    @property
    def state(self) -> State:
        return to_state(self.said.execution_status)[0]

    @property
    def attempt(self) -> int | None:
        """The number of a scattered task's attempts is that of its shards, so that it has none."""
        if isinstance(self.said, wire.Shard):
            return self.said.attempts
        return None if self.shards else self.task.attempts


def to_state(word: str | None) -> tuple[State, str]:
    """The normal state and the server's word for it."""
    return (STATE_MAP.get(word, State.UNKNOWN), word) if word else (State.UNKNOWN, "")


def run_ref(context: str, job_id: str) -> Ref:
    return Ref(context, Kind.RUN, job_id)


def task_ref(context: str, job_id: str, task: str, index: int | None = None) -> Ref:
    parts = [job_id, task] if index is None else [job_id, task, str(index)]
    return Ref(context, Kind.TASK, "/".join(quote(part, safe="") for part in parts))


def split_task_id(native: str) -> tuple[str, str, int | None] | None:
    """Job, task and shard index of a task's ref; None when it is not made of them."""
    parts = [unquote(part) for part in native.split("/")]
    if len(parts) not in (2, 3) or not all(parts[:2]):
        return None
    if len(parts) == 2:
        return parts[0], parts[1], None
    return (parts[0], parts[1], int(parts[2])) if parts[2].isascii() and parts[2].isdecimal() else None


def steps_of(job: wire.Row) -> list[Step]:
    """The tasks of a job, each with its shards."""
    return [
        Step(
            task,
            task,
            shards=tuple(Step(task, shard, shard.shard_index) for shard in task.shards if _scattered(shard)),
        )
        for task in job.extensions.tasks
    ]


def _scattered(shard: wire.Shard) -> bool:
    return shard.shard_index is not None and shard.shard_index >= 0


def leaves(steps: Iterable[Step]) -> list[Step]:
    """What does the work: shards, and tasks that are not scattered."""
    return [leaf for step in steps for leaf in (step.shards or (step,))]


def to_run(context: str, row: wire.Row, project: str | None = None, columns: Columns = NO_COLUMNS) -> Run:
    """A row or a whole job. `columns` are dotted paths to be found in `extra` under these very names."""
    state, native = to_state(row.status)
    created = instant(row.submission)
    steps = steps_of(row)
    parts = row.id.split("+")
    labels = texts(row.labels)
    parent = row.extensions.parent_job_id
    return Run(
        ref=run_ref(context, row.id),
        name=row.name or row.id,
        state=state,
        native_state=native,
        owner=row.extensions.user_id or None,
        group=(parts[0] if len(parts) == 4 else None) or project,
        parent=run_ref(context, parent) if parent else None,
        created=created,
        started=_started(row.start, state, created),
        finished=instant(row.end) if state in ENDED else None,
        progress=_progress(steps),
        message=row.extensions.status_detail or cause(row),
        labels=MappingProxyType(labels),
        extra=MappingProxyType(
            {
                "archived": labels.get(ARCHIVE[0]) == ARCHIVE[1],
                "parent_job": parent or None,
                "last_update": Instant.of(instant(row.extensions.last_update)),
                **{path: value_at(row, path, is_time) for path, is_time in columns.items()},
            }
        ),
    )


def _started(start: str | None, state: State, created: float | None) -> float | None:
    """None for what has not begun, and for a start before the submission, which only the server can have had."""
    found = instant(start)
    if found is None or state in NEVER_BEGAN or (created is not None and found < created):
        return None
    return found


def _progress(steps: Sequence[Step]) -> Progress | None:
    """How many of the calls known so far have succeeded; the total grows as a workflow goes on."""
    works = leaves(steps)
    done = sum(step.state in (State.SUCCEEDED, State.SKIPPED) for step in works)
    return Progress(done, len(works)) if works else None


def value_at(row: wire.Row, path: str, is_time: bool = False) -> Json:
    """What a display field's path leads to, None where a step of it is missing."""
    head, _, rest = path.partition(".")
    if head == "labels":
        found: Any = row.labels.get(rest)
    elif head == "extensions":
        found = row.extensions.model_dump(by_alias=True, exclude={"tasks"}).get(rest)
    else:
        found = getattr(row, head, None) if not rest else None
    if is_time:
        return instant(found) if isinstance(found, str) else None
    return found if found != {} and found != [] else None


def texts(labels: Mapping[str, Any]) -> dict[str, str]:
    """Labels are texts; what is not one is shown as JSON."""
    return {
        key: value if isinstance(value, str) else json.dumps(value)
        for key, value in labels.items()
        if value is not None
    }


def cause(row: wire.Row) -> str | None:
    """Why it failed, in the server's words: the first failure that has any."""
    failures = row.failures if isinstance(row, wire.Job) else []
    return next((words for failure in failures if (words := failure_words(failure))), None)


def failure_words(failure: wire.Failure) -> str | None:
    """Task and shard, unless the words name them anyway."""
    said = " ".join((failure.failure or "").split())
    if not said:
        return None
    name = failure.task_name or ""
    if failure.shard_index is not None and failure.shard_index >= 0:
        name = f"{name} shard {failure.shard_index}"
    return said if not name or (failure.task_name or "") in said else f"{name}: {said}"


def to_task(context: str, job: wire.Row, step: Step, group: str | None) -> Task:
    state, native = to_state(step.said.execution_status)
    name = step.task.name or "unnamed"
    above = run_ref(context, job.id) if step.index is None else task_ref(context, job.id, name)
    messages = step.said.failure_messages or ()
    task = step.task if step.index is None else None
    return Task(
        ref=task_ref(context, job.id, name, step.index),
        name=step.name,
        state=state,
        native_state=native,
        group=group,
        parent=above,
        started=_started(step.said.start, state, instant(job.submission)),
        finished=instant(step.said.end) if state in ENDED else None,
        progress=_progress(step.shards) if step.shards else None,
        message=next((" ".join(each.split()) for each in messages if each.strip()), None),
        attempt=step.attempt,
        extra=MappingProxyType(
            {
                "shards": len(step.shards) or None,
                "return_code": task.return_code if task else None,
                "call_cached": task.call_cached if task else None,
                "child_job": step.said.job_id or None,
                "operation_id": step.said.operation_id or None,
                "backend_log": step.said.backend_log or None,
                "call_root": step.said.call_root or None,
            }
        ),
    )


def to_tasks(context: str, job: wire.Row, group: str | None) -> list[Task]:
    """Every task, each followed by its shards."""
    return [to_task(context, job, each, group) for step in steps_of(job) for each in (step, *step.shards)]
