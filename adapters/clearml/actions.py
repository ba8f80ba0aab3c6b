"""What can be done to a task, when, and why not. Each action is one request.

The states are those from which the server lets it go without force (its transition table) or could with it;
what only `force` allows, the preview refuses without.
"""

from __future__ import annotations

import time

from adapters.actions import ActionSpec, ParamSpec, ParamType
from adapters.model import Kind, Resource, State

WORK = frozenset({Kind.RUN, Kind.TASK})
ENDED = frozenset({State.ABORTED, State.SUCCEEDED, State.FAILED})
SILENT = 600.0
"""A stop no longer waits for a worker that has not reported for so many seconds."""

REASON = ParamSpec("reason", "Reason", help="status_reason, instead of what it says now")
MESSAGE = ParamSpec("message", "Message", help="status_message, instead of what it says now")
FORCE = ParamSpec("force", "Force", ParamType.BOOL, default=False, help="also where the status does not allow it")
QUEUE = ParamSpec("queue", "Queue", help="name or id; its last queue, else the default one, if left out")


def _native(target: Resource) -> str:
    return target.native_state


def _abort(target: Resource) -> str | None:
    if target.state is State.ABORTING:
        heard = target.extra.get("updated")
        if isinstance(heard, int | float) and time.time() - heard > SILENT:
            return None
        return "it is stopping already; its worker obeys at its next poll"
    if target.state in (State.QUEUED, State.RUNNING, State.UNKNOWN):
        return None
    return "it was never enqueued" if target.state is State.DRAFT else f"it has already ended ({_native(target)})"


def _enqueue(target: Resource) -> str | None:
    if _native(target) in ("created", "stopped", "failed", "unknown") or target.state is State.UNKNOWN:
        return None
    if target.state is State.QUEUED:
        return "it is in a queue already; move or dequeue it"
    if target.state in (State.RUNNING, State.ABORTING):
        return "it is running"
    return f"it is {_native(target)}; reset it first"


def _retry(target: Resource) -> str | None:
    if _native(target) in ("stopped", "failed"):
        return None
    if target.state in (State.SUCCEEDED, State.ABORTED):
        return f"it is {_native(target)}; reset it, then enqueue it"
    return "only a failed or stopped task can be retried"


def _publish(target: Resource) -> str | None:
    if _native(target) == "published":
        return "it is published already"
    return None if target.state in ENDED else f"it has not ended ({_native(target)})"


def _close(target: Resource) -> str | None:
    return "it is closed already" if _native(target) == "closed" else None


def _archive(target: Resource) -> str | None:
    return "it is archived already" if target.extra.get("archived") else None


def _unarchive(target: Resource) -> str | None:
    return None if target.extra.get("archived") else "it is not archived"


ACTIONS: tuple[ActionSpec, ...] = (
    ActionSpec(
        "abort",
        "Abort",
        WORK,
        "takes it out of its queue, or asks its worker to stop it",
        params=(REASON, MESSAGE, FORCE),
        why_not=_abort,
    ),
    ActionSpec(
        "retry",
        "Retry",
        WORK,
        "enqueues it again; what it reported stays and is added to",
        params=(QUEUE, REASON, MESSAGE),
        why_not=_retry,
    ),
    ActionSpec(
        "enqueue",
        "Enqueue",
        WORK,
        "puts it at the end of a queue",
        params=(QUEUE, REASON, MESSAGE),
        why_not=_enqueue,
    ),
    ActionSpec(
        "dequeue",
        "Dequeue",
        WORK,
        "takes it out of its queue; it becomes what it was before",
        states=frozenset({State.QUEUED}),
        state_reason="it is in no queue",
        params=(REASON, MESSAGE),
    ),
    ActionSpec(
        "move",
        "Move in queue",
        WORK,
        "changes its place in its queue",
        states=frozenset({State.QUEUED}),
        state_reason="it is in no queue",
        params=(
            ParamSpec(
                "to",
                "To",
                ParamType.CHOICE,
                default="front",
                choices=("front", "forward", "backward", "back"),
                help="forward is toward the head",
            ),
            ParamSpec("count", "Places", ParamType.NUMBER, default=1, help="of forward and backward"),
        ),
    ),
    ActionSpec(
        "reset",
        "Reset",
        WORK,
        "makes it a draft; deletes its log, metrics and output",
        danger=True,
        params=(
            FORCE,
            ParamSpec(
                "clear_all", "Clear all", ParamType.BOOL, default=False, help="its parameters and script too"
            ),
            ParamSpec(
                "delete_output_models", "Delete models", ParamType.BOOL, help="its output models; yes unless said"
            ),
        ),
    ),
    ActionSpec(
        "clone",
        "Clone",
        WORK,
        "makes a draft of the same code and parameters",
        creates=True,
        params=(
            ParamSpec("name", "Name", help="of the new task; 'Clone of …' if left out"),
            ParamSpec("parameters", "Parameters", ParamType.JSON, help='{"Args/lr": 0.1}; the others stay'),
            ParamSpec("project", "Project", help="name or id of an existing one; the same if left out"),
            ParamSpec("comment", "Description"),
        ),
    ),
    ActionSpec(
        "publish",
        "Publish",
        WORK,
        "fixes it for good: a published task takes no more changes",
        danger=True,
        params=(
            REASON,
            MESSAGE,
            FORCE,
            ParamSpec(
                "publish_model", "Publish model", ParamType.BOOL, default=True, help="its last output model too"
            ),
        ),
        why_not=_publish,
    ),
    ActionSpec(
        "close",
        "Close",
        WORK,
        "closes a stopped task; it cannot be enqueued any more",
        params=(REASON, MESSAGE, FORCE),
        why_not=_close,
    ),
    ActionSpec(
        "edit",
        "Edit",
        WORK,
        "changes its fields; other than name, tags, project and description only of a draft",
        params=(
            ParamSpec(
                "changes",
                "Changes",
                ParamType.JSON,
                required=True,
                help='fields of tasks.edit, as in {"name": "lr sweep", "script": {…}}',
            ),
            FORCE,
        ),
    ),
    ActionSpec(
        "set-labels",
        "Set tags",
        WORK,
        "replaces its tags, or adds and removes some",
        params=(
            ParamSpec("tags", "Tags", required=True, help='"prod,nightly" replaces; "+prod,-old" adds and removes'),
        ),
    ),
    ActionSpec(
        "set-requirements",
        "Set requirements",
        WORK,
        "replaces the Python packages it is run with",
        params=(
            ParamSpec(
                "requirements",
                "Requirements",
                ParamType.JSON,
                required=True,
                help='{"pip": "torch==2.4"}',
                path="script.requirements",
            ),
        ),
    ),
    ActionSpec("archive", "Archive", WORK, "moves it to the archive; stops it if it runs", why_not=_archive),
    ActionSpec("unarchive", "Unarchive", WORK, "moves it back from the archive", why_not=_unarchive),
    ActionSpec("delete", "Delete", WORK, "the task, its log and metrics, for good", danger=True, params=(FORCE,)),
    ActionSpec(
        "create",
        "Create",
        frozenset({Kind.RUN}),
        "makes a new draft",
        creates=True,
        context_level=True,
        params=(
            ParamSpec("name", "Name", required=True, help="at least three characters"),
            ParamSpec("type", "Type", default="training", help="training, testing, inference, data_processing, …"),
            ParamSpec("project", "Project", help="name or id of an existing one"),
            ParamSpec(
                "task", "Fields", ParamType.JSON, help='as of tasks.create: {"script": {…}, "hyperparams": {…}}'
            ),
        ),
    ),
    ActionSpec(
        "validate",
        "Validate",
        frozenset({Kind.RUN}),
        "checks what would be created, without creating it",
        context_level=True,
        params=(
            ParamSpec("name", "Name", required=True, help="at least three characters"),
            ParamSpec("type", "Type", default="training"),
            ParamSpec("project", "Project", help="name or id of an existing one"),
            ParamSpec("task", "Fields", ParamType.JSON, help="as of tasks.create"),
        ),
    ),
)
