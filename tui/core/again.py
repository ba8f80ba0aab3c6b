"""Planning again what an earlier plan did not do, from what the journal knows of it. Never more than a new plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from adapters.model import Json, Ref
from adapters.port import Adapter
from tui.core.journalentry import JournalPlan
from tui.core.plan import Plan
from tui.core.planner import Planner

HIDDEN = "***"
PLUGIN = "plugin:"


class NotAgain(Exception):
    """One sentence: why no new plan can be made of it."""


@dataclass(frozen=True, slots=True)
class Again:
    """What is to be planned. A target without an object is the name of its context."""

    action: str
    targets: tuple[Ref | str, ...]
    params: Mapping[str, Json]
    reason: str = ""

    def method(self, adapters: Mapping[str, Adapter]) -> bool:
        """Whether it was a call of the backend's API by its name."""
        target = self.targets[0]
        if not isinstance(target, str) or target not in adapters:
            return False
        return any(spec.name == self.action for spec in adapters[target].methods())


def again(plan: JournalPlan) -> Again:
    """What of a plan was not done and could have been. Raises NotAgain."""
    first = plan.first
    if plan.alive:
        raise NotAgain(f"plan {plan.id} is still under way (process {first.pid})")
    if not plan.remainder:
        raise NotAgain(f"nothing of plan {plan.id} is left to be done")
    if first.action.startswith(PLUGIN):
        raise NotAgain(f"{first.action} is a command of your own; start it again from its objects")
    hidden = [name for name, value in first.params.items() if _hides(value)]
    if hidden:
        raise NotAgain(
            f"the journal does not keep what is called a secret ({', '.join(hidden)}); give it again by runyard do"
        )
    try:
        targets = tuple(Ref.parse(text) if "/" in text else text for text in plan.remainder)
    except ValueError as error:
        raise NotAgain(f"the journal has a reference that cannot be read: {error}") from None
    return Again(first.action, targets, dict(first.params), first.reason)


async def make(planner: Planner, what: Again, reason: str = "") -> Plan:
    """The new plan. Raises PlanRefused."""
    if what.method(planner.adapters):
        return await planner.make_call(str(what.targets[0]), what.action, what.params, reason=reason)
    return await planner.make(what.action, what.targets, what.params, reason=reason)


def _hides(value: Json) -> bool:
    """Whether something was replaced before it was written down."""
    if isinstance(value, dict):
        return any(map(_hides, value.values()))
    if isinstance(value, list):
        return any(map(_hides, value))
    return isinstance(value, str) and HIDDEN in value
