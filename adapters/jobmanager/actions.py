"""What can be done to a job, when, and why not; labels as the server lets them be edited."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from adapters.actions import ActionSpec, ParamSpec, ParamType
from adapters.frozen import dataclass
from adapters.model import Kind, Resource, State

RUNS = frozenset({Kind.RUN})
LONGEST_LABEL = 255
FLAG, ARCHIVE = "flag", "archive"


@dataclass(frozen=True, slots=True)
class Editable:
    """A label that may be changed: to any text, or to one of `choices`; `bulk` for several jobs at once."""

    key: str
    title: str
    choices: tuple[str, ...] = ()
    bulk: bool = False


def _abort_reason(run: Resource) -> str | None:
    """A status that nobody knows is the server's to judge."""
    if run.state is State.ABORTING:
        return f"it is being aborted already ({run.native_state})"
    if run.state in (State.PENDING, State.PAUSED, State.RUNNING, State.UNKNOWN):
        return None
    return f"it has already ended ({run.native_state})"


def _archived(run: Resource) -> str | None:
    return "it is archived already" if run.labels.get(FLAG) == ARCHIVE else None


def _not_archived(run: Resource) -> str | None:
    return None if run.labels.get(FLAG) == ARCHIVE else "it is not archived"


ABORT = ActionSpec("abort", "Abort", RUNS, "stops its tasks; it is Aborting, then Aborted", why_not=_abort_reason)
SET_LABELS = ActionSpec(
    "set-labels",
    "Set labels",
    RUNS,
    "changes the labels that are named, keeps the others",
    params=(
        ParamSpec(
            "labels", "Labels", ParamType.LABELS, required=True, help="an empty value clears a label", path="labels"
        ),
    ),
)
ARCHIVING = (
    ActionSpec("archive", "Archive", RUNS, "sets flag=archive; does not stop it", why_not=_archived),
    ActionSpec("unarchive", "Unarchive", RUNS, "clears the label flag", why_not=_not_archived),
)
ACTIONS = (ABORT, SET_LABELS, *ARCHIVING)
"""What a server is taken to allow until it has said which labels can be edited."""


def actions_for(editable: Sequence[Editable]) -> tuple[ActionSpec, ...]:
    """What this very server allows."""
    if not editable:
        return (ABORT,)
    offered = ", ".join(_offered(label) for label in editable)
    (param,) = SET_LABELS.params
    labels = replace(SET_LABELS, params=(replace(param, help=f"{offered}; an empty value clears a label"),))
    flag = next((label for label in editable if label.key == FLAG), None)
    can_archive = flag is not None and (not flag.choices or ARCHIVE in flag.choices)
    return (ABORT, labels, *(ARCHIVING if can_archive else ()))


def _offered(label: Editable) -> str:
    words = f"{label.key} ({'|'.join(label.choices)})" if label.choices else label.key
    return words if label.bulk else f"{words} one job at a time"
