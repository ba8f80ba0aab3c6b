"""What can be done to Peloton's objects, as data. Each action is one RPC."""

from __future__ import annotations

from adapters.actions import ActionSpec, ParamSpec, ParamType
from adapters.model import ENDED, Kind, Pool, Resource, State, Update

RUN = frozenset({Kind.RUN})
POD = frozenset({Kind.POD})
HOST = frozenset({Kind.HOST})
UPDATE = frozenset({Kind.UPDATE})
POOL = frozenset({Kind.POOL})
VOLUME = frozenset({Kind.VOLUME})

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


def _replaceable(target: Resource) -> str | None:
    """An update may be overwritten by the next, a restart may not."""
    if reason := _deleted(target):
        return reason
    active = target.extra.get("workflow_state") in ACTIVE_WORKFLOWS
    if active and target.extra.get("workflow_type") == "RESTART":
        return "it is being restarted; abort the update first"
    return None


def _not_root(target: Resource) -> str | None:
    return None if target.parent is not None else "the root pool cannot be changed"


def _removable(target: Resource) -> str | None:
    """The server's own rules: a leaf, with nothing in it and nothing waiting for it."""
    if reason := _not_root(target):
        return reason
    if not isinstance(target, Pool):
        return None
    if not target.extra.get("leaf"):
        return "it has pools below it"
    if target.running or target.waiting:
        return f"it is busy: {target.running or 0} runs, {target.waiting or 0} waiting"
    used = [found.kind for found in target.capacity if found.allocation or found.slack]
    return f"it is busy: {', '.join(used)} in use" if used else None


SPEC_HELP = "the whole JobSpec, or a request with spec in it; -f FILE takes JSON or YAML"
TOLERANCE = (
    ParamSpec("batch_size", "batch size", ParamType.NUMBER, help="pods at a time; empty: all at once"),
    ParamSpec("max_instance_retries", "retries of a pod", ParamType.NUMBER, help="before it counts as failed"),
    ParamSpec(
        "max_tolerable_instance_failures", "failed pods", ParamType.NUMBER, help="from so many on the update fails"
    ),
    ParamSpec("start_paused", "start paused", ParamType.BOOL, default=False, help="resume begins it"),
)
REPLACING = (
    ParamSpec("spec", "new spec", ParamType.JSON, required=True, help=SPEC_HELP, path="jobInfo.spec"),
    *TOLERANCE,
    ParamSpec("rollback_on_failure", "roll back", ParamType.BOOL, default=False, help="when it fails"),
    ParamSpec("in_place", "in place", ParamType.BOOL, default=False, help="try the same hosts"),
    ParamSpec("start_pods", "start pods", ParamType.BOOL, default=False, help="also those that were stopped"),
)

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
    ActionSpec(
        "create",
        "Create run",
        RUN,
        "makes a job from a spec",
        creates=True,
        context_level=True,
        params=(
            ParamSpec("spec", "spec", ParamType.JSON, required=True, help=SPEC_HELP),
            ParamSpec("pool", "pool", help="path or id of a leaf pool, instead of the spec's respoolId"),
            ParamSpec("job_id", "job id", help="a UUID; empty: the server makes one"),
            *TOLERANCE,
        ),
    ),
    ActionSpec(
        "replace",
        "Replace",
        RUN,
        "updates the job to a new spec",
        params=REPLACING,
        why_not=_replaceable,
    ),
    ActionSpec(
        "patch",
        "Patch",
        RUN,
        "sends part of a spec; real servers answer and do nothing",
        params=REPLACING,
        why_not=_replaceable,
    ),
    ActionSpec("refresh", "Refresh", RUN, "the job manager reads it from storage again", why_not=_deleted),
    ActionSpec("refresh", "Refresh", POD, "the job manager reads it from storage again", why_not=_deleted),
    ActionSpec(
        "delete-events",
        "Delete events",
        POD,
        "danger: the events of one of its runs, for good",
        danger=True,
        params=(ParamSpec("run", "run", ParamType.NUMBER, help="number of the run; empty: the present one"),),
    ),
    ActionSpec(
        "create-pool",
        "Create pool",
        POOL,
        "makes a pool under another",
        creates=True,
        context_level=True,
        params=(
            ParamSpec("spec", "spec", ParamType.JSON, required=True, help="a ResourcePoolSpec, as by -f FILE"),
            ParamSpec("under", "under", help="path or id of the pool above, instead of the spec's parent"),
            ParamSpec("pool_id", "pool id", help="empty: the server makes one"),
        ),
    ),
    ActionSpec(
        "update-pool",
        "Update pool",
        POOL,
        "gives it other limits, reservations, shares",
        params=(
            ParamSpec(
                "spec",
                "spec",
                ParamType.JSON,
                required=True,
                help="keys that replace those it has, resources by kind; -f FILE takes JSON or YAML",
                path="spec",
            ),
            ParamSpec("force", "force", ParamType.BOOL, default=False, help="without the server's checks"),
        ),
        why_not=_not_root,
    ),
    ActionSpec("delete-pool", "Delete pool", POOL, "danger: for good", danger=True, why_not=_removable),
    ActionSpec(
        "delete",
        "Delete",
        VOLUME,
        "danger: the volume and what is on it, for good",
        danger=True,
        states=frozenset({State.PENDING, State.UP, State.UNKNOWN}),
        state_reason="it is deleted already",
    ),
)
