"""External commands from a screen: run at once, or after a plan sheet where something asks for one."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from adapters.errors import AdapterError
from adapters.model import Json, Ref, Resource
from tui import handover
from tui.core.plan import Outcome, Plan
from tui.core.planner import PlanRefused
from tui.core.pluginrun import Ended, NotRun, Run, asks, carry_out, commands_of, detached, make_plan
from tui.core.plugins import Plugin
from tui.core.text import safe
from tui.screens.plan import PlanSheet
from tui.screens.planform import Form

if TYPE_CHECKING:
    from tui.screens.base import GridScreen


def rows_of(screen: GridScreen) -> list[Resource]:
    """The rows that a command would be run for: the marked ones, else the one under the cursor."""
    refs = screen.targets()
    shown = screen.shown(refs)
    return [shown[ref] for ref in refs if ref in shown]


def filter_of(screen: GridScreen) -> str:
    return str(getattr(screen, "filter_text", ""))


def too_many(plugin: Plugin, rows: Sequence[object]) -> str:
    """Why it is not run for so many rows, or an empty string."""
    return "" if plugin.many or len(rows) < 2 else f"it takes one row, {len(rows)} are marked"


def open_plugin(screen: GridScreen, name: str, refs: Sequence[Ref]) -> None:
    """Run it again for these objects, as they are known."""
    store = screen.services.store
    start(screen, name, [row for ref in refs if (row := store.find(ref)) is not None])


def start(screen: GridScreen, name: str, rows: Sequence[Resource] | None = None) -> None:
    """Run the plugin of a key, verb or menu entry; what keeps it from that is said."""
    plugin = screen.services.config.plugins[name]
    rows, filter = rows_of(screen) if rows is None else rows, filter_of(screen)
    if not rows:
        screen.message(f"{plugin.title}: there is no object here", "muted")
        return
    try:
        plan = make_plan(screen.services, plugin, rows, filter)
    except PlanRefused as refusal:
        screen.message(str(refusal), "failed")
        return
    why = too_many(plugin, rows) or (plan.cannot[0].reason if not plan.can else "")
    if why:
        screen.message(f"{plugin.title}: {why}", "waiting")
    elif asks(plugin, plan):
        screen.open_sheet(PluginSheet(plugin, rows, filter))
    else:
        # The app owns this worker: a screen that is left must not end what was started from it.
        screen.app.run_worker(_at_once(screen, plugin, plan, filter), group="plugins", exit_on_error=False)


async def _at_once(screen: GridScreen, plugin: Plugin, plan: Plan, filter: str) -> None:
    services = screen.services
    if plugin.background:
        screen.console.say(f"{plugin.title} {_names(plan)}: started", "muted")
    commands = commands_of(services, plugin, plan, filter)
    plan = await carry_out(plan, plugin, services.journal, runner(screen, plugin), commands)
    screen.console.say(*result(plugin, plan))
    for target in plan.can:
        await services.sync.touch(target.ref)


def result(plugin: Plugin, plan: Plan) -> tuple[str, str]:
    """What came of it, in a line and its token."""
    failed = [target for target in plan.targets if target.outcome is not Outcome.DONE]
    token = "failed" if failed else "text"
    if len(plan.targets) == 1:
        target = plan.targets[0]
        return f"{plugin.title} {safe(target.name, 60)}: {safe(target.reason or target.message)}", token
    counts = Counter(target.outcome.value for target in plan.targets)
    said = ", ".join(f"{count} {word}" for word, count in counts.items())
    first = f"; {safe(failed[0].name, 60)}: {safe(failed[0].reason or failed[0].message)}" if failed else ""
    return f"{plugin.title}: {said}{first}", token


def _names(plan: Plan) -> str:
    return safe(plan.can[0].name, 60) if len(plan.can) == 1 else f"for {len(plan.can)} rows"


def runner(screen: GridScreen, plugin: Plugin) -> Run:
    """How its command is run: detached, or with the terminal."""
    if plugin.background:
        return detached

    async def with_terminal(words: Sequence[str], env: Mapping[str, str]) -> Ended:
        try:
            code = await handover.hand_over(
                screen.app, words, env={**os.environ, **env}, say=f"runyard: {safe(' '.join(words))}", wait=True
            )
        except handover.NotHandedOver as error:
            raise NotRun(str(error)) from None
        return Ended(code, handover.exit_text(code) if code else "has ended")

    return with_terminal


class PluginSheet(PlanSheet):
    """The plan of an external command: the same sheet, the same care."""

    def __init__(self, plugin: Plugin, rows: Sequence[Resource], filter: str = "") -> None:
        super().__init__(plugin.name, [row.ref for row in rows])
        self.plugin = plugin
        self.filter = filter
        self._rows = {row.ref: row for row in rows}

    async def _open(self) -> None:
        self.form = Form([])
        await self._make()

    async def _planned(self, values: Mapping[str, Json]) -> Plan:
        """With the rows as they are now; where the backend does not answer, as they were shown."""
        services = self.host.services
        for ref in self._rows:
            try:
                self._rows[ref] = await services.adapters[ref.context].get(ref)
            except AdapterError:
                continue
        return make_plan(services, self.plugin, list(self._rows.values()), self.filter)

    async def _carried_out(self, plan: Plan) -> Plan:
        services = self.host.services
        commands, run = commands_of(services, self.plugin, plan, self.filter), runner(self.host, self.plugin)
        plan = await carry_out(plan, self.plugin, services.journal, run, commands, self._progress, self._stop)
        if not self.up:
            self.host.console.say(*result(self.plugin, plan))
        return plan
