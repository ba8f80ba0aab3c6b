"""Actions as data. Keys, menu, palette, help, footer and command line are generated from these.

Action ids are one list for all backends (`ACTION_IDS`); what a backend calls underneath is its own affair.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from types import MappingProxyType

from adapters.frozen import dataclass
from adapters.model import Json, Kind, Ref, Resource, State

ACTION_IDS = frozenset(
    [
        "abort",
        "retry",
        "clone",
        "create",
        "delete",
        "archive",
        "unarchive",
        "start",
        "stop",
        "restart",
        "pause",
        "resume",
        "abort-update",
        "refresh",
        "drain",
        "undrain",
        "set-labels",
        "enqueue",
        "dequeue",
        "move",
        "reset",
        "publish",
        "close",
        "edit",
        "replace",
        "patch",
        "delete-events",
        "create-pool",
        "update-pool",
        "delete-pool",
        "validate",
        "set-requirements",
    ]
)

ACTION_ALIASES: Mapping[str, str] = MappingProxyType(
    {
        "terminate": "abort",
        "cancel": "abort",
        "kill": "abort",
        "stop": "abort",  # where a backend has no `stop` of its own
        "rerun": "retry",
        "restore": "unarchive",
        "cordon": "drain",
        "uncordon": "undrain",
        "remove": "delete",
        "rm": "delete",
    }
)


class ParamType(StrEnum):
    TEXT = "text"
    NUMBER = "number"
    BOOL = "bool"
    CHOICE = "choice"
    RANGES = "ranges"  # "0-4,7": instances, both ends included
    LABELS = "labels"  # "a=b,c=d"
    JSON = "json"  # an object, given inline or by -f FILE


@dataclass(frozen=True, slots=True)
class ParamSpec:
    """`path` is where the object, as the server has it, holds the present value: what an editor begins with."""

    id: str
    title: str
    type: ParamType = ParamType.TEXT
    required: bool = False
    default: Json = None
    choices: tuple[str, ...] = ()
    help: str = ""
    path: str = ""


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """What can be done to an object of `kinds`.

    `states` are those in which it is legal, None for all; `why_not` adds what states cannot say and returns
    the reason it is illegal, or None. `summary` is one clause for the menu. `danger` marks what cannot be
    undone. `fresh_reason` is shown for an object whose state is not in `states` ("it has already ended").
    `creates` actions return the Ref of what they made. `context_level` actions have no target object.
    """

    id: str
    title: str
    kinds: frozenset[Kind]
    summary: str
    states: frozenset[State] | None = None
    danger: bool = False
    params: tuple[ParamSpec, ...] = ()
    creates: bool = False
    context_level: bool = False
    why_not: Callable[[Resource], str | None] | None = None
    state_reason: str = ""

    def reason_against(self, target: Resource) -> str | None:
        """Why this is illegal for `target` now, in a few words; None when it is legal."""
        if target.ref.kind not in self.kinds:
            return f"not for a {target.ref.kind.value}"
        if self.states is not None and target.state not in self.states:
            return self.state_reason or f"it is {target.state.value} ({target.native_state})"
        return self.why_not(target) if self.why_not else None


@dataclass(frozen=True, slots=True)
class Affected:
    """An object that the action touches besides its target, and what will happen to it."""

    ref: Ref
    name: str
    what: str
    pool: str | None = None
    owner: str | None = None
    pods: int | None = None
    warn: bool = False


@dataclass(frozen=True, slots=True)
class Preview:
    """What one target's action would do: the same for dry run, dialog and journal.

    `call` names the request as the backend knows it. `undo` says how to take it back. `notes` are
    (label, sentence) pairs such as ("slow", "rank-serving allows 1 unavailable pod"). `complete` is False
    when the affected objects come from an incomplete scan, and a note says so.
    """

    call: str
    undo: str = ""
    affected: tuple[Affected, ...] = ()
    notes: tuple[tuple[str, str], ...] = ()
    complete: bool = True


@dataclass(frozen=True, slots=True)
class ActionResult:
    """A write the server accepted. `message` is its own word; `created` the Ref of what it made."""

    message: str = ""
    created: Ref | None = None
