"""External commands as plans: journalled like every change unless they are safe, with an outcome for each row."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shlex
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import IO, TYPE_CHECKING

from adapters.actions import ActionSpec, Preview
from adapters.model import Ref, Resource
from tui.core.journal import Journal, JournalUnwritable, ReadOnly
from tui.core.plan import Confirm, Outcome, Plan, PlanTarget
from tui.core.plugins import Plugin, PluginRefused, environment, values_of

if TYPE_CHECKING:
    from tui.core.services import Services

AT_ONCE = 4
LOOK_EVERY = 0.1
TAIL = 4096
"""Bytes of the output of which the last line is shown."""


class NotRun(Exception):
    """One sentence: why the command was not started."""


@dataclass(frozen=True, slots=True)
class Ended:
    """`how` says it in words; `last` is the last line of the output, where that was kept."""

    code: int
    how: str
    last: str = ""


@dataclass(frozen=True, slots=True)
class Command:
    """What is run for one row; `env` is added to the environment."""

    words: tuple[str, ...]
    env: Mapping[str, str]


Run = Callable[[Sequence[str], Mapping[str, str]], Awaitable[Ended]]
"""Runs a command with variables added to the environment. Raises NotRun."""


def against(services: Services, plugin: Plugin, row: Resource, filter: str = "") -> str | None:
    """Why a plugin cannot be run for a row now; None when it can."""
    context = row.ref.context
    info, guard = services.info(context), services.planner.guard(context)
    if why := plugin.offered(row, info.backend):
        return why
    if guard.read_only and not plugin.safe:
        return f"{context} is read-only, and it is not marked safe"
    if guard.denies(plugin.name):
        return f"the config of {context} denies {plugin.name}"
    try:
        command_for(services, plugin, row, filter)
    except PluginRefused as refusal:
        return str(refusal)
    return None


def missing(plugin: Plugin) -> str:
    """Why it runs for no row at all, or an empty string."""
    program = plugin.command[0]
    return "" if shutil.which(program) else f"there is no program {program!r} on this machine"


def command_for(services: Services, plugin: Plugin, row: Resource, filter: str = "") -> Command:
    """Raises PluginRefused."""
    values = values_of(row, services.info(row.ref.context), filter)
    return Command(plugin.arguments(values), environment(values))


def commands_of(services: Services, plugin: Plugin, plan: Plan, filter: str = "") -> dict[Ref, Command]:
    """What a plan runs for each row that can be done."""
    return {
        target.ref: command_for(services, plugin, target.resource, filter)
        for target in plan.can
        if target.resource is not None
    }


def make_plan(services: Services, plugin: Plugin, rows: Sequence[Resource], filter: str = "") -> Plan:
    """What would be run for which rows, under the guardrails of their contexts. Raises PlanRefused."""
    summary = "your own command; what it does is not known here"
    spec = ActionSpec(plugin.name, plugin.title, plugin.kinds, summary, danger=plugin.danger)
    made, gone = [], missing(plugin)
    for row in rows:
        target = PlanTarget(row.ref, row.name or row.ref.id, row, spec)
        target = replace(target, protected=services.planner.guard(row.ref.context).protects(row.name))
        if why := gone or against(services, plugin, row, filter):
            made.append(replace(target, reason=why, outcome=Outcome.ILLEGAL))
        else:
            words = command_for(services, plugin, row, filter).words
            made.append(replace(target, preview=Preview(shlex.join(words))))
    plan = Plan(uuid.uuid4().hex[:12], plugin.name, tuple(made), services.clock(), external=True)
    if not plugin.safe:
        plan = services.planner.guarded(plan)
    return replace(plan, confirm=Confirm.TYPED) if plugin.danger else plan


def asks(plugin: Plugin, plan: Plan) -> bool:
    """Whether it is to be confirmed: as the config of the plugin says, or as that of a context does."""
    return plugin.confirm or plan.confirm is Confirm.TYPED or plan.needs_reason


async def carry_out(
    plan: Plan,
    plugin: Plugin,
    journal: Journal,
    run: Run,
    commands: Mapping[Ref, Command],
    on_change: Callable[[Plan], None] = lambda plan: None,
    stop: asyncio.Event | None = None,
) -> Plan:
    """Run it for each legal target: one after the other where it has the terminal, else a few at a time."""
    slots = asyncio.Semaphore(AT_ONCE if plugin.background else 1)

    def put(index: int, target: PlanTarget) -> None:
        nonlocal plan
        plan = plan.with_target(index, target)
        on_change(plan)

    async def one(index: int) -> None:
        async with slots:
            target = plan.targets[index]
            if stop is not None and stop.is_set():
                return
            put(index, replace(target, running=True))
            ended = await _one(plan, target, plugin, journal, run, commands[target.ref])
            put(index, replace(ended, running=False))

    async with asyncio.TaskGroup() as group:
        for index, target in enumerate(plan.targets):
            if target.legal and target.outcome is Outcome.NOT_STARTED:
                group.create_task(one(index))
    return plan


async def _one(
    plan: Plan, target: PlanTarget, plugin: Plugin, journal: Journal, run: Run, command: Command
) -> PlanTarget:
    permit = None
    if not plugin.safe:
        try:
            permit = await asyncio.to_thread(
                journal.issue, plan.id, plugin.action, target.ref, {"command": list(command.words)}, plan.reason
            )
        except ReadOnly as refusal:
            return replace(target, outcome=Outcome.ILLEGAL, message=str(refusal))
        except JournalUnwritable as refusal:
            return replace(target, outcome=Outcome.FAILED, message=str(refusal))
    try:
        if permit is not None:
            permit.check()
        ended = await run(command.words, command.env)
    except ReadOnly as refusal:  # switched on after the permit was given
        target = replace(target, outcome=Outcome.NOT_STARTED, message=str(refusal))
    except NotRun as error:
        target = replace(target, outcome=Outcome.FAILED, message=str(error))
    except BaseException as cut:
        if permit is not None:
            with contextlib.suppress(JournalUnwritable):
                journal.outcome(permit, Outcome.UNKNOWN.value, f"the console ended before it: {type(cut).__name__}")
        raise
    else:
        said = [ended.how] if ended.code or not ended.last else []
        said += [ended.last] if ended.last else []
        outcome = Outcome.FAILED if ended.code else Outcome.DONE
        target = replace(target, outcome=outcome, message=": ".join(said))
    if permit is not None:
        with contextlib.suppress(JournalUnwritable):
            await asyncio.to_thread(journal.outcome, permit, target.outcome.value, target.message)
    return target


async def detached(words: Sequence[str], env: Mapping[str, str]) -> Ended:
    """Without the terminal, in a session of its own: it goes on when the console ends. Raises NotRun."""
    with tempfile.TemporaryFile() as output:
        process = _spawned(words, env, output)
        try:
            # Looked at in turns: asyncio's own processes are killed when its loop ends.
            while (code := process.poll()) is None:  # noqa: ASYNC110
                await asyncio.sleep(LOOK_EVERY)
        except asyncio.CancelledError:
            process.returncode = 0  # it is nobody's child from here on, and Popen shall not say so
            raise
        size = os.fstat(output.fileno()).st_size
        tail = os.pread(output.fileno(), TAIL, max(0, size - TAIL)).decode("utf-8", "replace")
    lines = [line.strip() for line in tail.splitlines() if line.strip()]
    how = f"exit code {code}" if code > 0 else f"ended by signal {-code}" if code else "has ended"
    return Ended(code, how, lines[-1] if lines else "")


def _spawned(words: Sequence[str], env: Mapping[str, str], output: IO[bytes]) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **env},
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        name, why = os.path.basename(words[0]), getattr(error, "strerror", None) or error
        raise NotRun(f"{name} cannot be started: {why}") from None
