"""What can be done to a custom job, when, and why not."""

from __future__ import annotations

from adapters.actions import ActionSpec, ParamSpec, ParamType
from adapters.model import ENDED, Kind, Resource, State

RUNS = frozenset({Kind.RUN})

NAME = ParamSpec("name", "Name", help="of the new job; the same if left out")


def _abort_reason(run: Resource) -> str | None:
    """A state nobody here knows is for the server to judge."""
    if run.state is State.ABORTING:
        return f"it is being cancelled already ({run.native_state})"
    return f"it has already ended ({run.native_state})" if run.state in ENDED else None


ACTIONS = (
    ActionSpec(
        "abort",
        "Cancel",
        RUNS,
        "cancels the job; it may still end in another way first",
        why_not=_abort_reason,
    ),
    ActionSpec(
        "retry",
        "Retry",
        RUNS,
        "creates a new job from the same spec; a new id, no link to this one",
        states=frozenset({State.FAILED, State.ABORTED}),
        state_reason="only a job that failed or was cancelled is retried; clone it instead",
        creates=True,
        params=(NAME,),
    ),
    ActionSpec(
        "clone",
        "Clone",
        RUNS,
        "creates a new job from its spec, edited as you say",
        creates=True,
        params=(
            NAME,
            ParamSpec(
                "changes",
                "Changes",
                ParamType.JSON,
                help='merged into the CustomJob; null removes: {"labels": {"team": "ads"}}',
            ),
        ),
    ),
    ActionSpec(
        "delete",
        "Delete",
        RUNS,
        "danger: the job's record, for good; its logs stay as long as Cloud Logging keeps them",
        states=ENDED,
        state_reason="only a job that has ended can be deleted; cancel it first",
        danger=True,
    ),
    ActionSpec(
        "create",
        "Create",
        RUNS,
        "creates a job from a CustomJob in JSON or YAML",
        creates=True,
        context_level=True,
        params=(
            ParamSpec(
                "job", "Job", ParamType.JSON, required=True, help="a CustomJob; -f FILE reads it from a file"
            ),
        ),
    ),
)
