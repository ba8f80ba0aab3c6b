"""Everything a server says about a job or a task, as sections."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from adapters.jobmanager import events, wire
from adapters.jobmanager.jobs import Found
from adapters.jobmanager.mapping import Step, cause, failure_words, run_ref, task_ref, texts, to_state
from adapters.model import Json, Resource
from adapters.sections import Detail, Fields, Node, Section, Table, Text, Tree, unclaimed

JOB_CLAIMED = frozenset(
    {"inputs", "outputs", "labels", "failures"}
    | {f"extensions.{name}" for name in ("tasks", "events", "logs", "envs", "sourceFile")}
)
TASK_CLAIMED = frozenset({"inputs", "outputs", "shards", "executionEvents", "failureMessages", "attemptsData"})


def job_detail(context: str, resource: Resource, found: Found, totals: Sequence[Section]) -> Detail:
    job, steps = found.job, found.steps
    extensions = job.extensions
    timing = events.timing(context, job, steps)
    sections: list[Section | None] = [
        fields("Inputs", job.inputs),
        fields("Outputs", job.outputs),
        fields("Labels", texts(job.labels)),
        _failures(job.failures),
        Tree("Calls", tuple(_node(context, job, step) for step in steps)) if steps else None,
        timing,
        events.table(job, events.of_job(context, job, steps)),
        fields("Logs", extensions.logs),
        fields("Environment", extensions.envs),
        Text("Script", extensions.source_file) if extensions.source_file else None,
        *totals,
    ]
    return _detail(resource, sections, found.raw, JOB_CLAIMED, cause(job))


def task_detail(
    context: str, resource: Resource, found: Found, step: Step, more: Sequence[Section | None]
) -> Detail:
    """`more` is what other calls say of it: attempts, the operation."""
    job = found.job
    sections: list[Section | None] = [
        fields("Inputs", step.task.inputs) if step.index is None else None,
        fields("Outputs", step.task.outputs) if step.index is None else None,
        Tree("Shards", tuple(_node(context, job, shard) for shard in step.shards)) if step.shards else None,
        *more,
        events.timing(context, job, [step]),
        events.table(job, events.of_step(context, job, step)),
        Text("Failure", "\n\n".join(step.said.failure_messages)) if step.said.failure_messages else None,
    ]
    why = resource.message if resource.message else _cause_of(job, step)
    return _detail(resource, sections, _raw_of(found, step), TASK_CLAIMED, why)


def _detail(
    resource: Resource,
    sections: Sequence[Section | None],
    raw: dict[str, Json],
    claimed: frozenset[str],
    why: str | None,
) -> Detail:
    shown = tuple(section for section in sections if section is not None)
    return Detail(resource, (*shown, unclaimed(raw, claimed)), raw, why)


def fields(title: str, values: Mapping[str, Any]) -> Fields | None:
    return Fields(title, tuple(values.items())) if values else None


def _failures(failures: Sequence[wire.Failure]) -> Table | None:
    rows: list[tuple[Json, ...]] = [
        (
            failure.timestamp,
            failure.task_name,
            failure.shard_index if (failure.shard_index or 0) >= 0 else None,
            failure.failure,
            failure.backend_log or failure.job_id,
        )
        for failure in failures
    ]
    return Table("Errors", ("TIME", "TASK", "SHARD", "FAILURE", "LOG OR JOB"), tuple(rows)) if rows else None


def _node(context: str, job: wire.Row, step: Step) -> Node:
    state, native = to_state(step.said.execution_status)
    notes = [native]
    if step.attempt is not None and step.attempt > 1:
        notes.append(f"{step.attempt} attempts")
    if step.index is None and step.task.call_cached:
        notes.append("from the cache")
    if step.said.job_id:
        notes.append(f"job {step.said.job_id}")
    ref = task_ref(context, job.id, step.task.name or "unnamed", step.index)
    below = [_node(context, job, shard) for shard in step.shards]
    if step.said.job_id:
        below.append(Node(step.said.job_id, state, run_ref(context, step.said.job_id), "its own job"))
    return Node(step.name, state, ref, ", ".join(notes), tuple(below))


def _cause_of(job: wire.Job, step: Step) -> str | None:
    """What the job's failures say about this task, or this very shard."""
    for failure in job.failures:
        mine = failure.task_name == step.task.name and step.index in (None, failure.shard_index)
        if mine and (words := failure_words(failure)):
            return words
    return None


def _raw_of(found: Found, step: Step) -> dict[str, Json]:
    """The server's own JSON of a task, or of a shard."""
    extensions = found.raw.get("extensions")
    tasks = extensions.get("tasks") if isinstance(extensions, dict) else None
    for task in tasks if isinstance(tasks, list) else []:
        if not isinstance(task, dict) or task.get("name") != step.task.name:
            continue
        if step.index is None:
            return task
        shards = task.get("shards")
        for shard in shards if isinstance(shards, list) else []:
            if isinstance(shard, dict) and shard.get("shardIndex") == step.index:
                return shard
    return {}


def attempts_table(attempts: Sequence[wire.Attempt]) -> Table | None:
    rows: list[tuple[Json, ...]] = []
    for each in attempts:
        state, native = to_state(each.execution_status)
        ended = each.end if state.value in ("failed", "succeeded", "aborted", "skipped") else None
        said = next(iter(each.failure_messages or ()), None)
        rows.append((each.attempt_number, native, each.start, ended, said, each.backend_log))
    return Table("Attempts", ("TRY", "STATUS", "START", "END", "FAILURE", "LOG"), tuple(rows)) if rows else None


def operation(found: wire.Operation) -> Fields | Text | None:
    """The backend's metadata: JSON in a text, with dotted names; as it is where it cannot be parsed."""
    if not found.details:
        return None
    try:
        parsed = json.loads(found.details)
    except (ValueError, RecursionError):
        return Text("Operation", found.details)
    if not isinstance(parsed, dict):
        return Text("Operation", found.details)
    return Fields("Operation", unclaimed(parsed, frozenset()).rows)
