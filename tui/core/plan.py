"""A plan: what will be done to which objects, what cannot be done and why, and what came of it. Pure data.

The same plan is the dry run, the confirmation, the result of each target, the retry of what failed and the
journal's entry. `tui.core.planner` makes and runs it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import field, replace
from enum import StrEnum
from fnmatch import fnmatchcase

from adapters.actions import ActionSpec, Preview
from adapters.errors import AdapterError
from adapters.frozen import dataclass
from adapters.model import NOTHING, Json, Ref, Resource, Timestamp


class Outcome(StrEnum):
    """What came of one target; the values are fixed, scripts read them."""

    DONE = "done"
    FAILED = "failed"
    ILLEGAL = "illegal"
    UNKNOWN = "unknown"  # the request went out, nobody knows what came of it
    SKIPPED = "skipped"  # it had changed since the plan was made, so nothing was sent
    NOT_STARTED = "not-started"


class Confirm(StrEnum):
    """How a plan is confirmed: one key, or the phrase typed. On the command line: --yes, --confirm CONTEXT."""

    KEY = "key"
    TYPED = "typed"


@dataclass(frozen=True, slots=True)
class Guard:
    """The guardrails of one context.

    `confirm_typed` asks for the typed phrase always. `protected_names` are globs of object names that are
    protected wherever they are, `deny` globs of action ids that are refused.
    """

    protected: bool = False
    read_only: bool = False
    confirm_typed: bool = False
    max_targets: int | None = None
    require_reason: bool = False
    protected_names: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()

    def protects(self, name: str) -> bool:
        return self.protected or any(fnmatchcase(name, glob) for glob in self.protected_names)

    def denies(self, action: str) -> bool:
        return any(fnmatchcase(action, glob) for glob in self.deny)


OPEN = Guard()


@dataclass(frozen=True, slots=True)
class PlanTarget:
    """One object of a plan.

    `ref` of a context-level action has an empty id. `resource` is the object as the plan re-read it, None when
    that failed or there is none. `spec` is the action as this backend has it, None where it does not. `reason`
    says why it cannot be done; empty: it can. `attempts` counts the requests that were journalled.
    """

    ref: Ref
    name: str
    resource: Resource | None = None
    spec: ActionSpec | None = None
    reason: str = ""
    preview: Preview | None = None
    protected: bool = False
    outcome: Outcome = Outcome.NOT_STARTED
    message: str = ""
    created: Ref | None = None
    result: Json = None
    error: AdapterError | None = field(default=None, compare=False)
    attempts: int = 0
    running: bool = False

    @property
    def legal(self) -> bool:
        return not self.reason

    @property
    def label(self) -> str:
        """The reference as output shows it: that of the object, or the context for a context-level action."""
        return str(self.ref) if self.ref.id else self.ref.context


@dataclass(frozen=True, slots=True)
class Plan:
    """`action` is the id that was asked for, resolved per backend in each target's `spec`; `method` names a
    method of the backend's API instead (`runyard api`). `external`: the previews' calls are commands of the
    operator's own."""

    id: str
    action: str
    targets: tuple[PlanTarget, ...]
    made_at: Timestamp
    params: Mapping[str, Json] = field(default_factory=lambda: NOTHING)
    reason: str = ""
    confirm: Confirm = Confirm.KEY
    needs_reason: bool = False
    method: str | None = None
    external: bool = False

    @property
    def can(self) -> tuple[PlanTarget, ...]:
        return tuple(target for target in self.targets if target.legal)

    @property
    def cannot(self) -> tuple[PlanTarget, ...]:
        return tuple(target for target in self.targets if not target.legal)

    @property
    def danger(self) -> bool:
        return any(target.spec is not None and target.spec.danger for target in self.can)

    @property
    def contexts(self) -> tuple[str, ...]:
        """The contexts that would be written to, in order of first appearance."""
        return tuple(dict.fromkeys(target.ref.context for target in self.can))

    @property
    def phrase(self) -> str:
        """What must be typed when `confirm` is TYPED: the one target's name, else the action and how many."""
        can = self.can
        if len(can) == 1 and _typeable(can[0].name):
            return can[0].name
        return f"{self.action} {len(can)}"

    @property
    def finished(self) -> bool:
        return all(t.outcome is not Outcome.NOT_STARTED for t in self.can)

    @property
    def ok(self) -> bool:
        """Everything was done."""
        return all(target.outcome is Outcome.DONE for target in self.targets)

    def counts(self) -> Counter[Outcome]:
        return Counter(target.outcome for target in self.targets)

    def remainder(self) -> tuple[Ref, ...]:
        """What is worth planning again: everything that was not done and could have been."""
        again = (Outcome.FAILED, Outcome.UNKNOWN, Outcome.SKIPPED, Outcome.NOT_STARTED)
        return tuple(target.ref for target in self.targets if target.outcome in again)

    def with_target(self, index: int, target: PlanTarget) -> Plan:
        return replace(self, targets=(*self.targets[:index], target, *self.targets[index + 1 :]))

    def with_reason(self, reason: str) -> Plan:
        return replace(self, reason=reason)

    def to_json(self) -> dict[str, Json]:
        targets: list[Json] = [
            {
                "ref": target.label,
                "outcome": target.outcome.value,
                "message": target.reason or target.message,
                "created": str(target.created) if target.created else None,
            }
            for target in self.targets
        ]
        return {"action": self.action, "targets": targets}


def _typeable(name: str) -> bool:
    return 0 < len(name) <= 60 and name.isascii() and name.isprintable() and name == name.strip()
