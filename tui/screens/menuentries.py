"""What the action menu offers: actions of objects and of contexts, and the operator's own commands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from adapters.model import Ref, Resource
from tui.core.pluginrun import against as against_plugin
from tui.core.pluginrun import missing
from tui.screens.hints import MEANINGS, against, denied
from tui.screens.plan import PlanSheet
from tui.screens.plugins import filter_of, rows_of, start, too_many

if TYPE_CHECKING:
    from tui.screens.base import GridScreen


COUNTED = 1000
"""Of more marked rows than this nobody counts for how many an action is legal; its plan does."""


@dataclass(frozen=True, slots=True)
class Entry:
    key: str
    title: str
    what: str
    verb: str
    act: Callable[[], None] | None
    """None: it cannot be done now, and `what` says why."""
    danger: bool = False
    context: str = ""
    """Of an action that belongs to a context instead of an object."""


def legal_first(entries: Sequence[Entry]) -> list[Entry]:
    return sorted(entries, key=lambda entry: entry.act is None)


def action_entries(host: GridScreen, current: Resource, targets: Sequence[Ref]) -> list[Entry]:
    """The actions of the kind; for several objects with how many of them can have it done."""
    services = host.services
    schema = services.schemas.get(current.ref.context)
    if schema is None:
        return []
    rows = list(host.shown(targets).values()) or [current]
    keys = {word: services.keys.key(id) for id, words in MEANINGS.items() for word in reversed(words)}
    found = []
    for spec in schema.actions_for(current.ref.kind):
        if spec.context_level:
            continue
        whys = [against(services, spec, row) for row in rows[:COUNTED]]
        legal = sum(why is None for why in whys)
        summary = spec.summary.removeprefix("danger: ")
        if not legal and len(rows) <= COUNTED:
            (why, _), *_ = Counter(whys).most_common(1)
            what = f"- {why}"
        else:
            share = f"{legal} of {len(rows)}: " if legal < len(rows) <= COUNTED else ""
            what = ("danger: " if spec.danger else "") + share + summary
        act = partial(host.console.open_plan, spec.id, list(targets)) if legal or len(rows) > COUNTED else None
        found.append(Entry(keys.get(spec.id, ""), spec.title, what, spec.id, act, spec.danger))
    return found


def context_entries(host: GridScreen, contexts: Sequence[str]) -> list[Entry]:
    """Actions without an object, such as create; of several contexts each for itself."""
    services = host.services
    found = []
    for context in contexts:
        schema = services.schemas.get(context)
        for spec in schema.actions if schema is not None else ():
            if not spec.context_level:
                continue
            why = denied(services, spec.id, context)
            what = f"- {why}" if why else f"{spec.summary}, in {context}"
            act = None if why else partial(_plan, host, spec.id, context)
            found.append(Entry("", spec.title, what, spec.id, act, spec.danger, context))
    return found


def _plan(host: GridScreen, action: str, context: str) -> None:
    host.open_sheet(PlanSheet(action, [context]))


def plugin_entries(host: GridScreen) -> list[Entry]:
    """The external commands of the config that are for these rows."""
    services, rows = host.services, rows_of(host)
    found = []
    for plugin in services.config.plugins.values() if rows else ():
        if any(plugin.offered(row, services.info(row.ref.context).backend) for row in rows):
            continue
        why = too_many(plugin, rows) or missing(plugin)
        if not why and all(against_plugin(services, plugin, row, filter_of(host)) for row in rows):
            why = against_plugin(services, plugin, rows[0], filter_of(host)) or ""
        danger = "danger: " if plugin.danger else ""
        what = f"- {why}" if why else f"{danger}runs {' '.join(plugin.command)}"
        act = None if why else partial(start, host, plugin.name)
        found.append(Entry(services.keys.key(plugin.name), plugin.title, what, plugin.name, act, plugin.danger))
    return found
