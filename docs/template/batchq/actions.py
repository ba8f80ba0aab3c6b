"""What can be done to a job, as data: menu, keys, help and command line are made from this."""

from __future__ import annotations

from adapters.actions import ActionSpec
from adapters.model import Kind, State

ACTIONS = (
    ActionSpec(
        "abort",
        "Cancel",
        frozenset({Kind.RUN}),
        "takes it out of the queue, or ends its process",
        states=frozenset({State.QUEUED, State.RUNNING}),
        danger=True,
    ),
)
