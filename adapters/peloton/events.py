"""What happened to pods, jobs and updates, oldest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from adapters.errors import NotFound, Unsupported
from adapters.model import Event, Ref, State
from adapters.peloton import states, wire
from adapters.peloton.api import PelotonApi
from adapters.peloton.ids import split_pod_id, split_pod_name
from adapters.peloton.states import seconds, short

RUNS_SHOWN = 5


async def of_pod(api: PelotonApi, ref: Ref) -> Sequence[Event]:
    """The events of the latest run of the pod and of those before it, up to five runs; and what the job's current
    update has done to its instance."""
    found: list[wire.PodEvent] = []
    pod_id: str | None = None
    for _ in range(RUNS_SHOWN):
        answer = await api.pod_events(ref.id, pod_id)
        found.extend(answer.events)
        before = next((event.prev_pod_id for event in answer.events if event.prev_pod_id), "")
        if not before or before == pod_id or split_pod_id(before)[1] in (None, 0):
            break
        pod_id = before
    own = [_pod_event(ref, event) for event in reversed(found)]
    return sorted([*own, *await _of_instance(api, ref)], key=lambda event: event.time or 0.0)


async def _of_instance(api: PelotonApi, ref: Ref) -> Sequence[Event]:
    job, instance = split_pod_name(ref.id)
    if not instance.isdecimal():
        return ()
    try:
        answer = await api.workflow_events(job, int(instance))
    except (NotFound, Unsupported):
        return ()  # it has no update, or the server does not tell
    # The state is the update's, not the pod's, so it is told in words only.
    return [replace(_workflow_event(ref, event, "update", ""), state=None) for event in answer.events]


def _pod_event(ref: Ref, event: wire.PodEvent) -> Event:
    number = split_pod_id(event.pod_id)[1]
    told = [
        event.message,
        event.reason if event.reason not in event.message else "",
        f"on {event.hostname}" if event.hostname else "",
        f"goal {short(event.desired_state)}" if event.desired_state else "",
    ]
    return Event(
        seconds(event.timestamp),
        ref,
        states.POD.get(short(event.actual_state), State.UNKNOWN),
        event.actual_state or None,
        ", ".join(part for part in told if part),
        {"attempt": number, "host": event.hostname or None, "health": short(event.healthy) or None},
    )


def of_run(ref: Ref, job: wire.JobSummary, updates: Sequence[wire.WorkflowInfo]) -> Sequence[Event]:
    """The job's creation and every change of its updates; Peloton keeps no other history of a job."""
    events = [event for info in updates for event in of_update(ref, info)]
    created = seconds(job.status.creation_time)
    if created is not None:
        events.append(Event(created, ref, State.PENDING, None, "created"))
    return sorted(events, key=lambda event: event.time or 0.0)


def of_update(ref: Ref, info: wire.WorkflowInfo) -> Sequence[Event]:
    kind = short(info.status.type).lower() or "update"
    found = [_workflow_event(ref, event, kind, "") for event in info.events]
    for instance in info.instance_events:
        found += [
            _workflow_event(ref, event, kind, f", instance {instance.instance_id}") for event in instance.events
        ]
    return sorted(found, key=lambda event: event.time or 0.0)


def _workflow_event(ref: Ref, event: wire.WorkflowEvent, kind: str, where: str) -> Event:
    word = short(event.state).lower().replace("_", " ")
    return Event(
        seconds(event.timestamp),
        ref,
        states.WORKFLOW.get(short(event.state), State.UNKNOWN),
        event.state or None,
        f"{short(event.type).lower() or kind} {word}{where}",
    )
