"""Wire to domain: pure functions. What is missing is None, a word nobody knows is `unknown`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from adapters.batchq import wire
from adapters.model import Kind, Ref, Run, State, Timestamp

STATE_MAP: Mapping[str, State] = {
    "queued": State.QUEUED,
    "running": State.RUNNING,
    "done": State.SUCCEEDED,
    "failed": State.FAILED,
    "cancelling": State.ABORTING,
    "cancelled": State.ABORTED,
}


def to_run(context: str, job: wire.Job) -> Run:
    return Run(
        ref=Ref(context, Kind.RUN, job.id),
        name=job.name or job.id,
        state=STATE_MAP.get(job.state, State.UNKNOWN),
        native_state=job.state,
        owner=job.user,
        pool=job.queue,
        created=instant(job.submitted),
        started=instant(job.started),
        finished=instant(job.ended),
        message=job.reason,
        extra={"exit_code": job.exit_code, "priority": job.priority},
    )


def instant(time: datetime | None) -> Timestamp | None:
    return None if time is None else time.timestamp()
