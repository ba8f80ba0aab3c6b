"""What can be done to Peloton's objects, as data. Each action is one RPC."""

from __future__ import annotations

from adapters.actions import ActionSpec, ParamSpec, ParamType
from adapters.model import ENDED, Kind, Resource, State, Update

RUN = frozenset({Kind.RUN})
POD = frozenset({Kind.POD})
HOST = frozenset({Kind.HOST})
UPDATE = frozenset({Kind.UPDATE})

GOING = frozenset(
    {State.DRAFT, State.PENDING, State.QUEUED, State.RUNNING, State.PAUSED, State.ABORTING, State.UNKNOWN}
)
ACTIVE_WORKFLOWS = frozenset({"INITIALIZED", "ROLLING_FORWARD", "ROLLING_BACKWARD", "PAUSED"})


def _deleted(target: Resource) -> str | None:
    return "it has been deleted" if target.native_state.endswith("DELETED") else None


def _stoppable(target: Resource) -> str | None:
    return "it is being stopped already" if target.state is State.ABORTING else None


def _run_restart(target: Resource) -> str | None:
    if reason := _deleted(target):
        return reason
    workflow = target.extra.get("workflow_state")
    if workflow in ACTIVE_WORKFLOWS:
        return f"its update is {str(workflow).lower().replace('_', ' ')}; abort the update first"
    return None


def _pod_restart(target: Resource) -> str | None:
    if reason := _deleted(target):
        return reason
    if target.extra.get("desired_state") in ("KILLED", "DELETED"):
        return "it was stopped on request; start it instead"
    return None


def _is_current(target: Resource) -> str | None:
    if isinstance(target, Update) and target.current:
        return None
    return "not the run's current update"


ACTIONS: tuple[ActionSpec, ...] = (
    ActionSpec(
        "abort",
        "Stop",
        RUN,
        "stops every pod of the job; start brings it back",
        states=GOING,
        state_reason="it has already ended",
        why_not=_stoppable,
    ),
    ActionSpec(
        "restart",
        "Restart",
        RUN,
        "restarts its pods, in batches if you say so",
        params=(
            ParamSpec("batch_size", "batch size", ParamType.NUMBER, help="pods at a time; empty: all at once"),
            ParamSpec("ranges", "instances", ParamType.RANGES, help='as in "0-4,7"; empty: all'),
        ),
        why_not=_run_restart,
    ),
    ActionSpec(
        "start",
        "Start",
        RUN,
        "sets the job's goal to running again",
        states=ENDED | {State.ABORTING},
        state_reason="it is not stopped",
        why_not=_deleted,
    ),
    ActionSpec(
        "delete",
        "Delete",
        RUN,
        "danger: the job and its history, for good",
        danger=True,
        params=(
            ParamSpec(
                "force", "force", ParamType.BOOL, default=False, help="also when it is not stopped; kills it"
            ),
        ),
        why_not=_deleted,
    ),
    ActionSpec(
        "abort",
        "Stop",
        POD,
        "stops this pod; its job goes on",
        states=GOING,
        state_reason="it has already ended",
        why_not=_stoppable,
    ),
    ActionSpec(
        "restart",
        "Restart",
        POD,
        "ends this run of the pod and begins the next",
        params=(
            ParamSpec(
                "check_sla", "check SLA", ParamType.BOOL, default=True, help="refuse when the job's SLA forbids it"
            ),
        ),
        why_not=_pod_restart,
    ),
    ActionSpec(
        "start",
        "Start",
        POD,
        "begins the next run of the pod",
        states=ENDED | {State.ABORTING},
        state_reason="it is not stopped",
        why_not=_deleted,
    ),
    ActionSpec(
        "drain",
        "Drain",
        HOST,
        "moves its pods elsewhere, then takes it down; cannot be cancelled",
        states=frozenset({State.UP}),
        danger=True,
    ),
    ActionSpec(
        "undrain",
        "Undrain",
        HOST,
        "puts a host that is down back to work",
        states=frozenset({State.DOWN}),
        state_reason="legal only once the host is down",
    ),
    ActionSpec(
        "pause",
        "Pause",
        UPDATE,
        "finishes the pods in flight, begins no others",
        states=frozenset({State.PENDING, State.RUNNING}),
        why_not=_is_current,
    ),
    ActionSpec(
        "resume",
        "Resume",
        UPDATE,
        "goes on where it was paused",
        states=frozenset({State.PAUSED}),
        state_reason="it is not paused",
        why_not=_is_current,
    ),
    ActionSpec(
        "abort-update",
        "Abort update",
        UPDATE,
        "ends the rollout; pods not yet touched keep the old version",
        states=frozenset({State.PENDING, State.RUNNING, State.PAUSED}),
        state_reason="it has already ended",
        danger=True,
        why_not=_is_current,
    ),
)
