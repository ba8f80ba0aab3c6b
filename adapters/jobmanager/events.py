"""What happened to a job or a task, as far as the server says when."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from adapters.jobmanager import wire
from adapters.jobmanager.mapping import Step, failure_words, run_ref, split_task_id, task_ref, to_run, to_task
from adapters.jobmanager.wire import instant
from adapters.model import Event, Json, Kind, Ref, Resource, State
from adapters.sections import Span, Spans, Table

HEADS = ("TIME", "STATE", "OBJECT", "TEXT")


def of_job(context: str, job: wire.Job, steps: Sequence[Step]) -> list[Event]:
    """Its own beginning and end, its backend's events, failures, and what happened to its tasks."""
    ref = run_ref(context, job.id)
    run = to_run(context, job)
    found = [Event(run.created, ref, State.PENDING, None, "submitted")] if run.created is not None else []
    found += _course(run, said=not job.failures)
    found += [
        Event(instant(each.time), ref, None, None, each.content) for each in job.extensions.events if each.content
    ]
    for failure in job.failures:
        words = failure_words(failure)
        if words:
            found.append(Event(instant(failure.timestamp), ref, State.FAILED, "Failed", words))
    for step in steps:
        found += of_step(context, job, step)
    return in_order(found)


def of_step(context: str, job: wire.Row, step: Step) -> list[Event]:
    """Beginning and end of a task and its shards, and what its backend did for each attempt."""
    found: list[Event] = []
    for part in (step, *step.shards):
        found += _course(to_task(context, job, part, None))
    executed = _executed(step)
    failed = {id(event) for event in _failed_tries(executed)}
    for event in executed:
        text = event.name or "event"
        attempt = f", try {event.attempt_number}" if event.attempt_number is not None else ""
        ref, name = _ref(context, job, step, event), _name(step, event)
        extra = {"attempt": event.attempt_number}
        found.append(Event(instant(event.start), ref, None, None, f"{name}: {text} began{attempt}", extra))
        if id(event) in failed:
            found.append(Event(instant(event.end), ref, State.FAILED, None, f"{name}: failed{attempt}", extra))
    return in_order(found)


def _failed_tries(events: Sequence[wire.ExecutionEvent]) -> list[wire.ExecutionEvent]:
    """The last event of each try that was followed by another: had it not failed, there would be no further one."""
    last: dict[tuple[int | None, int], wire.ExecutionEvent] = {}
    for event in sorted(events, key=lambda event: instant(event.start) or 0.0):
        last[event.shard_index, event.attempt_number or 1] = event
    return [event for (index, number), event in last.items() if (index, number + 1) in last and event.end]


def _course(resource: Resource, *, said: bool = True) -> list[Event]:
    """Beginning and end; with the cause, unless it is told elsewhere."""
    state, native, name = resource.state, resource.native_state, resource.name
    found = []
    if resource.started is not None:
        found.append(Event(resource.started, resource.ref, State.RUNNING, None, f"{name}: started"))
    if resource.finished is not None:
        why = f": {resource.message}" if said and resource.message and state is State.FAILED else ""
        found.append(Event(resource.finished, resource.ref, state, native, f"{name}: {native.lower()}{why}"))
    return found


def _executed(step: Step) -> list[wire.ExecutionEvent]:
    """The execution events of a task, or those of one shard."""
    events = step.task.execution_events
    return events if step.index is None else [event for event in events if event.shard_index == step.index]


def _ref(context: str, job: wire.Row, step: Step, event: wire.ExecutionEvent) -> Ref:
    index = event.shard_index if event.shard_index is not None and event.shard_index >= 0 else None
    return task_ref(context, job.id, step.task.name or "unnamed", index)


def _name(step: Step, event: wire.ExecutionEvent) -> str:
    name = step.task.name or "unnamed"
    scattered = event.shard_index is not None and event.shard_index >= 0
    return f"{name} shard {event.shard_index}" if scattered else name


def in_order(events: Iterable[Event]) -> list[Event]:
    """Oldest first; those without a time come last, as they were given."""
    return sorted(events, key=lambda event: float("inf") if event.time is None else event.time)


def table(job: wire.Row, events: Sequence[Event]) -> Table:
    """With the name of the task or shard as the object; it is not repeated in the text."""
    rows: list[tuple[Json, ...]] = []
    for event in events:
        name = _object(job, event.ref)
        time = wire.moment(event.time) if event.time is not None else None
        rows.append((time, event.native_state, name, event.text.removeprefix(f"{name}: ")))
    return Table("Events", HEADS, tuple(rows))


def _object(job: wire.Row, ref: Ref) -> str:
    parts = split_task_id(ref.id) if ref.kind is Kind.TASK else None
    if parts is None:
        return job.name or job.id
    return parts[1] if parts[2] is None else f"{parts[1]} shard {parts[2]}"


def timing(context: str, job: wire.Row, steps: Sequence[Step]) -> Spans | None:
    """The execution events on a common axis; those of a try that goes on have no end."""
    spans: list[Span] = []
    for step in steps:
        tries: dict[tuple[int | None, int], list[wire.ExecutionEvent]] = {}
        for event in sorted(_executed(step), key=lambda event: instant(event.start) or 0.0):
            tries.setdefault((event.shard_index, event.attempt_number or 1), []).append(event)
        for (index, attempt), of_try in tries.items():
            later = (index, attempt + 1) in tries
            spans += [_span(context, job, step, each, later, last=each is of_try[-1]) for each in of_try]
    return Spans("Timing", tuple(spans)) if spans else None


def _span(context: str, job: wire.Row, step: Step, event: wire.ExecutionEvent, later: bool, *, last: bool) -> Span:
    """Only the last event of a try ends as the try did; one that was followed by another try has failed."""
    own = next((shard.state for shard in step.shards if shard.index == event.shard_index), step.state)
    ended = instant(event.end)
    state = State.FAILED if later else own
    if not last:
        state = State.SUCCEEDED if ended is not None else State.RUNNING
    tried = f" try {event.attempt_number}" if (event.attempt_number or 1) > 1 else ""
    label = f"{_name(step, event)}{tried} {event.name or ''}".rstrip()
    return Span(label, None, instant(event.start), ended, state, _ref(context, job, step, event))
