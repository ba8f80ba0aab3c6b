"""Plans on the command line: shown, confirmed, run, waited for, and turned into an exit code."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections.abc import Collection
from dataclasses import dataclass

from adapters.errors import AdapterError
from adapters.model import ENDED, State
from tui.core.plan import Confirm, Outcome, Plan, PlanTarget
from tui.core.planner import Planner, PlanRefused
from tui.core.text import safe
from tui.oneshot.failure import DONE, NOT_DONE, Ended, Failure, code_of, complain
from tui.oneshot.output import dumps, flush, write
from tui.oneshot.session import Session

SIGNS = {Outcome.DONE: "done", Outcome.NOT_STARTED: "not started"}
MOST_AFFECTED = 20
SETTLED = ENDED | {State.UP, State.DRAINED, State.DOWN}


@dataclass(frozen=True, slots=True)
class Consent:
    """How the operator confirms on the command line."""

    dry_run: bool
    yes: bool
    confirm: tuple[str, ...]
    wait: bool
    json: bool


async def carry_out(session: Session, planner: Planner, plan: Plan, consent: Consent) -> int:
    """Show the plan, have it confirmed, run it, report; the exit code."""
    if not consent.json:
        write(plan_text(plan))
        flush()
    if consent.dry_run or not plan.can:
        if consent.json:
            write(dumps(plan.to_json()) + "\n")
            flush()
        _say_what_not([target for target in plan.targets if not target.legal])
        return code_for(plan, dry_run=True)
    require(plan, consent)
    stop = asyncio.Event()
    with _stopping(stop):
        ran = await _run(session, planner, plan, stop)
    if consent.wait:
        ran = await settle(session, ran)
    if consent.json:
        write(dumps(ran.to_json()) + "\n")
    else:
        write(result_text(ran))
    flush()
    _say_what_not([target for target in ran.targets if target.outcome is not Outcome.DONE])
    return code_for(ran)


def _say_what_not(targets: list[PlanTarget]) -> None:
    """On stderr, the first of what was not done and how many more there are."""
    if targets:
        first = targets[0]
        more = f", and {len(targets) - 1} more targets" if len(targets) > 1 else ""
        complain(f"{first.label}: {first.message or first.reason or first.outcome.value}{more}")


async def _run(session: Session, planner: Planner, plan: Plan, stop: asyncio.Event) -> Plan:
    """Run it in the time that is left; when that is over nothing more is begun, and what is under way is waited
    for, since its outcome is what matters most."""

    async def when_time_is_up() -> None:
        await asyncio.sleep(session.left)
        stop.set()

    timer = asyncio.create_task(when_time_is_up())
    try:
        return await planner.run(plan, stop=stop)
    except PlanRefused as error:
        raise Failure(str(error), "--reason TEXT gives it") from None
    finally:
        timer.cancel()


@contextlib.contextmanager
def _stopping(stop: asyncio.Event):  # type: ignore[no-untyped-def]
    """The first ctrl-c starts no further target and lets those under way end; the second ends at once."""
    loop = asyncio.get_running_loop()

    def interrupted() -> None:
        stop.set()
        loop.remove_signal_handler(signal.SIGINT)
        print("runyard: stopping; what is under way is waited for", file=sys.stderr, flush=True)

    try:
        loop.add_signal_handler(signal.SIGINT, interrupted)
    except (NotImplementedError, RuntimeError, ValueError):
        yield
        return
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGINT)


def require(plan: Plan, consent: Consent) -> None:
    """Raises Failure, or Ended, unless the plan is confirmed as it must be."""
    wrong = [name for name in consent.confirm if name not in plan.contexts]
    if wrong:
        raise Failure(
            f"--confirm {wrong[0]} is not a context of this plan; it writes to {', '.join(plan.contexts)}"
        )
    named = set(consent.confirm) >= set(plan.contexts)
    if plan.needs_reason and not plan.reason.strip():
        raise Failure(f"{', '.join(plan.contexts)} needs a reason", "--reason TEXT gives it")
    if plan.confirm is Confirm.KEY:
        if not (consent.yes or named) and not _asked(f"{plan.action} {plan.can[0].name}? [y/N] ", ("y", "yes")):
            raise Failure("nothing was done: not confirmed", "--yes confirms it, --dry-run only shows it")
        return
    if named:
        return
    why = f"{len(plan.can)} targets" if len(plan.can) > 1 else "it is protected"
    flags = ",".join(plan.contexts)
    if consent.yes or not _asked(f"type {plan.phrase} to confirm: ", (plan.phrase,)):
        raise Failure(f"nothing was done: not confirmed ({why})", f"--confirm {flags} confirms it")


def _asked(question: str, right: Collection[str]) -> bool:
    """Ask, where somebody can answer."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    sys.stderr.write(safe(question, 300))
    sys.stderr.flush()
    answer = sys.stdin.readline()
    if not answer:
        raise Ended(NOT_DONE)
    return answer.strip() in right


def plan_text(plan: Plan) -> str:
    """What would be done, and what cannot be and why."""
    lines = [f"PLAN  {plan.action}: {_number(len(plan.can))} can be done, {len(plan.cannot)} cannot"]
    for target in plan.targets:
        lines += _target_lines(target)
    if plan.reason:
        lines.append(f"reason  {plan.reason}")
    return "\n".join(safe(line, 1000) for line in lines) + "\n"


def _number(count: int) -> str:
    return "1 target" if count == 1 else f"{count} targets"


def _target_lines(target: PlanTarget) -> list[str]:
    state = f"  {target.resource.state.value} ({target.resource.native_state})" if target.resource else ""
    guard = "  protected" if target.protected else ""
    lines = [f"  {target.label}  {target.name}{state}{guard}"]
    if target.reason:
        return [*lines, f"    cannot: {target.reason}"]
    preview = target.preview
    if preview is None:
        return lines
    lines.append(f"    call    {preview.call}")
    if preview.undo:
        lines.append(f"    undo    {preview.undo}")
    lines += [f"    {label:7} {sentence}" for label, sentence in preview.notes]
    if preview.affected:
        whole = "" if preview.complete else ", and maybe more: the scan is incomplete"
        lines.append(f"    affects {len(preview.affected)}{whole}")
        for each in preview.affected[:MOST_AFFECTED]:
            lines.append(f"      {'!' if each.warn else ' '} {each.ref}  {each.name}  {each.what}")
        if len(preview.affected) > MOST_AFFECTED:
            lines.append(f"        ... and {len(preview.affected) - MOST_AFFECTED} more")
    return lines


def result_text(plan: Plan) -> str:
    lines = []
    for target in plan.targets:
        message = target.message or target.reason
        created = f"  created {target.created}" if target.created else ""
        said = f"  {message}" if message else ""
        lines.append(f"{SIGNS.get(target.outcome, target.outcome.value)}  {target.label}{created}{said}")
    return "\n".join(safe(line, 1000) for line in lines) + "\n"


def code_for(plan: Plan, dry_run: bool = False) -> int:
    """0 when everything was done (or could be); the one reason where there is only one, else 1."""
    codes = set()
    for target in plan.targets:
        if target.outcome is Outcome.DONE or (dry_run and target.legal):
            continue
        codes.add(code_of(target.error) if target.error is not None else NOT_DONE)
    if not codes:
        return DONE
    return codes.pop() if len(codes) == 1 else NOT_DONE


async def settle(session: Session, plan: Plan) -> Plan:
    """Wait, as long as there is time, until what was acted on rests."""
    done = [target for target in plan.targets if target.outcome is Outcome.DONE and target.ref.id]

    async def one(target: PlanTarget) -> None:
        ref = target.created or target.ref
        context = session.context(ref.context)
        while True:
            with contextlib.suppress(AdapterError):
                if (await session.adapter(ref.context).get(ref)).state in SETTLED:
                    return
            await asyncio.sleep(min(context.refresh, max(0.05, session.left)))

    try:
        async with asyncio.timeout(max(0.1, session.left - 0.5)):
            await asyncio.gather(*(one(target) for target in done))
    except TimeoutError:
        print("runyard: not everything has come to rest; --timeout waits longer", file=sys.stderr)
    return plan
