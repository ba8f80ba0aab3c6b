"""What can be done to the row under the cursor, for line H and the action menu."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from adapters.actions import ActionSpec
from adapters.model import FAULTY, Kind, Ref, Resource, State
from adapters.port import KindSpec, Schema
from tui.core.planner import find_action
from tui.keys import KeyMap
from tui.widgets.keybar import Hint

if TYPE_CHECKING:
    from tui.core.services import Services
    from tui.screens.listkeys import ListKeys

NOT_HERE = "- not here"
"""The title of an action key that the backend has nothing for."""

MEANINGS: dict[str, tuple[str, ...]] = {
    "retry": ("retry", "restart", "start"),
    "abort": ("abort", "stop"),
    "delete": ("delete",),
    "drain": ("drain",),
    "undrain": ("undrain",),
}
"""What an action key means, the first that the backend has for that kind."""


def meaning(schema: Schema | None, key_id: str, target: Ref | Resource) -> ActionSpec | None:
    """The action a key stands for on an object: the first legal one of its meanings, else the first there is."""
    if schema is None:
        return None
    kind = target.kind if isinstance(target, Ref) else target.ref.kind
    found = [spec for word in MEANINGS.get(key_id, (key_id,)) if (spec := find_action(schema, word, kind))]
    if isinstance(target, Resource):
        legal = [spec for spec in found if spec.reason_against(target) is None]
        found = legal or found
    return found[0] if found else None


def against(services: Services, spec: ActionSpec, target: Resource) -> str | None:
    """Why an action cannot be done now, the guardrails of its context included."""
    return denied(services, spec.id, target.ref.context) or spec.reason_against(target)


def denied(services: Services, action: str, context: str) -> str | None:
    """Why the guardrails of a context forbid an action; None when they do not."""
    guard = services.planner.guard(context)
    if guard.read_only:
        return f"{context} is read-only"
    return f"{action} is denied in {context}" if guard.denies(action) else None


def object_hints(screen: ListKeys, current: Resource | None, marked: Sequence[Ref]) -> list[Hint]:
    """At most a handful; line H takes as many as fit."""
    keys = screen.services.keys
    if marked:
        return _marked_hints(screen, marked)
    if current is None:
        return []
    schema = screen.services.schemas.get(current.ref.context)
    spec = schema.kinds.get(current.ref.kind) if schema is not None else None
    hints: list[Hint] = [(keys.key("open"), opens_title(current, spec), True)]
    if spec is not None and spec.logs.supported:
        hints.append((keys.key("logs"), "logs", True))
    if current.ref.kind is Kind.POOL:
        hints += [(f"{keys.key('resource-left')} {keys.key('resource-right')}", "resource", True)]
        hints += [(keys.key("wide"), "all columns", True)]
    hints += _action_hints(screen.services, schema, current)
    if current.state in FAULTY and current.ref.kind is not Kind.HOST:
        hints.append((keys.key("why"), "why", True))
    elif spec is not None and spec.opens is Kind.TASK:
        hints.append((keys.key("timeline"), "timeline", True))
    if (getattr(current, "attempt", None) or 0) > 1:
        hints.append((keys.key("attempts"), "earlier tries", True))
    if current.host and current.ref.kind is Kind.POD:
        hints.append((keys.key("host"), "host", True))
    hints += [(keys.key("describe"), "fields", True), (keys.key("raw"), "raw", True)]
    return hints


def opens_title(current: Resource, spec: KindSpec | None) -> str:
    if spec is None or spec.opens is None:
        return current.ref.kind.value
    return spec.opens.plural


def _action_hints(services: Services, schema: Schema | None, current: Resource) -> list[Hint]:
    hints: list[Hint] = []
    refused: list[Hint] = []
    for key_id in ("retry", "abort", "drain", "undrain"):
        spec = meaning(schema, key_id, current)
        if spec is None or (key_id == "retry" and current.state is State.RUNNING and spec.id != "retry"):
            continue
        why = against(services, spec, current)
        if why is None:
            hints.append((services.keys.key(key_id), spec.title.lower(), True))
        elif key_id == "undrain" and current.state in (State.DRAINING, State.DRAINED):
            refused.append((services.keys.key(key_id), f"{spec.title.lower()} - {why}", False))
    return hints + refused


def _marked_hints(screen: ListKeys, marked: Sequence[Ref]) -> list[Hint]:
    """Each action with the number of marked objects for which it is legal."""
    services = screen.services
    hints: list[Hint] = []
    for key_id in ("abort", "retry", "drain", "undrain"):
        legal = 0
        titles: set[str] = set()
        for ref in marked:
            row = screen.model.row(ref)
            spec = meaning(services.schemas.get(ref.context), key_id, row) if row is not None else None
            if row is not None and spec is not None and against(services, spec, row) is None:
                legal += 1
                titles.add(spec.title.lower())
        if legal:
            title = titles.pop() if len(titles) == 1 else key_id
            hints.append((services.keys.key(key_id), f"{title} {legal}", True))
    return [*hints, (services.keys.key("unmark"), "unmark", True)]


def table_hints(keys: KeyMap) -> list[Hint]:
    """What a wide line H shows beside the fixed four."""
    wanted = (("mark", "mark"), ("sort-by", "sort"), ("wide", "wide"), ("faults", "faults"))
    return [(keys.key(id), title, True) for id, title in wanted]
