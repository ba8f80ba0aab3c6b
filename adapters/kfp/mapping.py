"""KFP's JSON models to domain objects: pure, tolerant, and inventing nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from urllib.parse import quote, unquote

from adapters.kfp import wire
from adapters.kfp.tree import Step, arrange, ordered, outline
from adapters.kfp.wire import instant
from adapters.model import ENDED, Event, Instant, Json, Kind, Progress, Ref, Run, State, Task

UNSPECIFIED = "RUNTIME_STATE_UNSPECIFIED"
STATE_MAP: Mapping[str, State] = MappingProxyType(
    {
        UNSPECIFIED: State.UNKNOWN,
        "PENDING": State.PENDING,
        "RUNNING": State.RUNNING,
        "SUCCEEDED": State.SUCCEEDED,
        "SKIPPED": State.SKIPPED,
        "FAILED": State.FAILED,
        "CANCELING": State.ABORTING,
        "CANCELED": State.ABORTED,
        "PAUSED": State.PAUSED,
    }
)
ACTIVE_STATES = tuple(word for word, state in STATE_MAP.items() if state not in ENDED)
NUMBERED = dict(enumerate(STATE_MAP))
"""Enums arrive as names; a proxy that re-encodes JSON may give their numbers instead."""


def to_state(word: str | None) -> tuple[State, str]:
    """The normal state and the server's word. A missing one is the enum's zero value, which JSON leaves out."""
    if not word:
        return State.UNKNOWN, UNSPECIFIED
    if word.isdecimal() and len(word) < 3:
        word = NUMBERED.get(int(word), word)
    return STATE_MAP.get(word, State.UNKNOWN), word


def run_ref(context: str, run_id: str) -> Ref:
    return Ref(context, Kind.RUN, run_id)


def task_ref(context: str, run_id: str, task_id: str) -> Ref:
    return Ref(context, Kind.TASK, f"{quote(run_id, safe='')}/{quote(task_id, safe='')}")


def split_task_id(native: str) -> tuple[str, str] | None:
    """Run id and task id of a task's ref; None when it is not made of the two."""
    run_id, slash, task_id = native.partition("/")
    return (unquote(run_id), unquote(task_id)) if slash and run_id and task_id and "/" not in task_id else None


def to_run(context: str, row: wire.RunRow, experiment: wire.Experiment | None) -> Run:
    """A row or a whole run. A row that the server could not convert has only ids and an error."""
    state, native = to_state(row.state)
    steps = outline(row.run_details.task_details) if row.run_details else []
    if state is State.FAILED:
        steps = ordered(steps)  # of tasks that ended at the same time the first one is the cause
    return Run(
        ref=run_ref(context, row.run_id),
        name=row.display_name or row.run_id,
        state=state,
        native_state=native,
        group=(experiment.display_name if experiment else None) or row.experiment_id,
        created=instant(row.created_at),
        started=_started(row),
        finished=instant(row.finished_at),
        progress=_progress(steps),
        message=cause(row, steps) or _message(row.error) or _where_it_failed(state, steps),
        extra=_run_extra(row, experiment),
    )


def _started(row: wire.RunRow) -> float | None:
    """KFP's own rule: the last RUNNING of the history, else the time it was scheduled for."""
    for entry in reversed(row.state_history):
        if entry.state == "RUNNING":
            return instant(entry.update_time)
    return None if to_state(row.state)[0] in (State.PENDING, State.UNKNOWN) else instant(row.scheduled_at)


def _progress(steps: Sequence[Step]) -> Progress | None:
    leaves = [step for step in steps if step.leaf]
    if not leaves:
        return None
    return Progress(sum(step.task.state in ("SUCCEEDED", "SKIPPED") for step in leaves), len(leaves))


def _run_extra(row: wire.RunRow, experiment: wire.Experiment | None) -> Mapping[str, Json]:
    version = row.pipeline_version_reference or wire.VersionReference()
    return MappingProxyType(
        {
            "archived": row.storage_state == "ARCHIVED",
            "namespace": (experiment.namespace if experiment else None) or None,
            "service_account": row.service_account or None,
            "pipeline": pipeline_name(row.pipeline_spec) or version.pipeline_id or None,
            "pipeline_version": (version.pipeline_version_id if version else None)
            or row.pipeline_version_id
            or None,
            "experiment_id": row.experiment_id or None,
            "recurring_run": row.recurring_run_id or None,
            "scheduled": Instant.of(instant(row.scheduled_at)),
            "description": row.description or None,
        }
    )


def pipeline_name(spec: wire.SpecHead | None) -> str | None:
    if spec is None:
        return None
    return (spec.info.name if spec.info else None) or pipeline_name(spec.inner)


def cause(row: wire.RunRow, steps: Sequence[Step]) -> str | None:
    """Why it failed, in the server's words: the error of the first failed task, else the run's own."""
    if to_state(row.state)[0] is not State.FAILED:
        return None
    for step in first_failed(steps):
        for work in (step, *reversed(step.children)):
            said = step_message(work) if work is step or work.role else None
            if said:
                return f"{step.name}{'' if work is step else f' {work.name}'}: {said}"
    return _message(row.error)


def _where_it_failed(state: State, steps: Sequence[Step]) -> str | None:
    """All that most servers say: which task it was."""
    failed = first_failed(steps) if state is State.FAILED else []
    return f"{failed[0].name}: {failed[0].task.state}" if failed else None


def first_failed(steps: Sequence[Step]) -> list[Step]:
    """Failed tasks in the order they ended, work before the groups around it. A failed try alone fails nothing."""
    failed = [
        step for step in steps if step.task.state == "FAILED" and not (step.role == "executor" and step.parent)
    ]
    return sorted(failed, key=lambda step: (step.end, not step.leaf))


def _message(error: wire.Status | None) -> str | None:
    return (error.message or (f"code {error.code}" if error.code else None)) if error else None


def step_message(step: Step) -> str | None:
    said = (_message(task.error) for task in (step.task, *step.parts))
    return next((words for words in said if words), None)


def _waiting(step: Step) -> str | None:
    """Argo calls a task RUNNING while its pod is still to come; only its executor tells."""
    waits = any(part.state == "PENDING" and part.display_name.startswith("executor") for part in step.parts)
    return "its executor is PENDING" if waits and step.task.state == "RUNNING" else None


def _queued(step: Step) -> float | None:
    """When a task's first part began, its driver mostly. `create_time` is the workflow's, the same for all."""
    begun = [began for part in (step.task, *step.parts) if (began := instant(part.start_time)) is not None]
    return min(begun) if begun else instant(step.task.create_time)


def to_task(context: str, run_id: str, step: Step, group: str | None) -> Task:
    task = step.task
    state, native = to_state(task.state)
    above = task_ref(context, run_id, step.parent.id) if step.parent else run_ref(context, run_id)
    pods = [name.pod_name for name in (task, *step.parts) if name.pod_name]
    started, finished = instant(task.start_time), instant(task.end_time)
    if not task.state and started == finished:
        started = None  # an omitted task: Argo gives it the moment in which it was left out
    return Task(
        ref=task_ref(context, run_id, step.id),
        name=step.name,
        state=state,
        native_state=native,
        group=group,
        parent=above,
        created=_queued(step),
        started=started,
        finished=finished,
        progress=_progress(below(step)) if step.children else None,
        message=step_message(step) or _waiting(step),
        attempt=step.attempt,
        extra=MappingProxyType(
            {
                "pod": pods[0] if pods else None,
                "execution_id": task.execution_id or None,
                "role": step.role,
            }
        ),
    )


def below(step: Step) -> list[Step]:
    """Everything under a step, parents first."""
    found: list[Step] = []
    for child in step.children:
        found += [child, *below(child)]
    return found


def run_events(context: str, run: wire.FullRun) -> list[Event]:
    """The state history of the run and of its tasks, oldest first."""
    ref = run_ref(context, run.run_id)
    events = [_event(ref, run.display_name or "run", entry) for entry in run.state_history]
    for step in arrange(run.run_details.task_details) if run.run_details else []:
        events += step_events(task_ref(context, run.run_id, step.id), step)
    return in_order(events)


def step_events(ref: Ref, step: Step) -> list[Event]:
    """What happened to a step and to the KFP steps folded into it."""
    found = []
    for task in (step.task, *step.parts):
        history = task.state_history if isinstance(task, wire.FullTask) else []
        name = step.name if task is step.task else task.display_name
        found += [_event(ref, name, entry) for entry in history]
    return found


def _event(ref: Ref, name: str, entry: wire.RuntimeStatus) -> Event:
    state, native = to_state(entry.state)
    said = _message(entry.error)
    return Event(instant(entry.update_time), ref, state, native, f"{name}: {said or native.lower()}")


def in_order(events: list[Event]) -> list[Event]:
    """Oldest first; those without a time come last, as they were given."""
    return sorted(events, key=lambda event: float("inf") if event.time is None else event.time)
