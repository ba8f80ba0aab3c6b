"""What can be done to a run, when, and why not."""

from __future__ import annotations

from adapters.actions import ActionSpec, ParamSpec, ParamType
from adapters.model import Kind, Resource, State

RUNS = frozenset({Kind.RUN})


def _not_archived(run: Resource) -> str | None:
    return None if run.extra.get("archived") else "it is not archived"


def _archived(run: Resource) -> str | None:
    return "it is archived already" if run.extra.get("archived") else None


def _abort_reason(run: Resource) -> str | None:
    """The server also terminates runs whose state it leaves unspecified; a new word nobody can judge goes to it."""
    if run.state is State.ABORTING:
        return f"it is being aborted already ({run.native_state})"
    if run.state in (State.PENDING, State.RUNNING, State.PAUSED, State.UNKNOWN):
        return None
    return f"it has already ended ({run.native_state})"


ACTIONS = (
    ActionSpec(
        "abort",
        "Abort",
        RUNS,
        "ends its running tasks; KFP will most likely call it FAILED",
        why_not=_abort_reason,
    ),
    ActionSpec(
        "retry",
        "Retry",
        RUNS,
        "runs the failed tasks again, keeps the finished ones",
        states=frozenset({State.FAILED, State.ABORTED}),
        state_reason="only a failed or canceled run can be retried",
    ),
    ActionSpec(
        "clone",
        "Clone",
        RUNS,
        "starts a new run of the same pipeline, with the same or changed parameters",
        creates=True,
        params=(
            ParamSpec("name", "Name", help="of the new run; 'Clone of …' if left out"),
            ParamSpec(
                "parameters",
                "Parameters",
                ParamType.JSON,
                help="an object; its keys replace those of the run, the others stay",
                path="runtime_config.parameters",
            ),
        ),
    ),
    ActionSpec("archive", "Archive", RUNS, "moves it out of the list; does not stop it", why_not=_archived),
    ActionSpec("unarchive", "Unarchive", RUNS, "moves it back into the list", why_not=_not_archived),
    ActionSpec("delete", "Delete", RUNS, "the run and its workflow, for good", danger=True),
)
