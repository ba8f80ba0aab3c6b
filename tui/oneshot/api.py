"""`runyard api`: any method of a backend's API; what writes goes through a plan like everything else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tui.oneshot.options import given, global_options

if TYPE_CHECKING:
    from adapters.model import Json
    from adapters.port import Adapter, MethodSpec
    from tui.oneshot.planning import Consent
    from tui.oneshot.session import Session


@click.command("api", short_help="Any method of a backend's API.")
@click.argument("context")
@click.argument("method", required=False)
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="A parameter; JSON is taken as such.")
@click.option("-f", "--file", "file", metavar="FILE", help="Parameters from JSON or YAML; - is standard input.")
@click.option("--dry-run", is_flag=True, help="Only show the plan of a write.")
@click.option("--yes", is_flag=True, help="Confirm a write.")
@click.option("--confirm", multiple=True, metavar="CTX", help="Confirm a write in a protected context.")
@click.option("--reason", default="", metavar="TEXT", help="Goes into the journal.")
@global_options()
@click.pass_context
def command(
    ctx: click.Context,
    context: str,
    method: str | None,
    settings: tuple[str, ...],
    file: str | None,
    dry_run: bool,
    yes: bool,
    confirm: tuple[str, ...],
    reason: str,
) -> int:
    """Call METHOD of CONTEXT's backend and print its answer; without METHOD, list the methods."""
    from tui.oneshot.inputs import read_file, read_settings, typed
    from tui.oneshot.planning import Consent
    from tui.oneshot.session import run

    params = {**read_file(file), **typed(read_settings(settings))}
    consent = Consent(dry_run, yes, confirm, False, False)

    async def work(session: Session) -> int:
        adapter = session.adapter(session.context(context).name)
        if method is None:
            return _list(adapter)
        spec = _method(adapter, context, method)
        if spec.effect == "read":
            return await _read(adapter, spec, params)
        return await _write(session, context, spec, params, reason, consent)

    return run(given(ctx), work)


def _list(adapter: Adapter) -> int:
    from tui.oneshot.output import flush, print_table

    rows = [
        [spec.name, spec.effect, ", ".join(f"{name}:{kind}" for name, kind in spec.params), spec.summary]
        for spec in adapter.methods()
    ]
    print_table(("METHOD", "EFFECT", "PARAMETERS", "WHAT IT DOES"), rows)
    flush()
    return 0


def _method(adapter: Adapter, context: str, name: str) -> MethodSpec:
    from adapters.names import nearest
    from tui.oneshot.failure import Failure

    known = {spec.name: spec for spec in adapter.methods()}
    if name in known:
        return known[name]
    folded = {key.lower(): spec for key, spec in known.items()}
    if name.lower() in folded:
        return folded[name.lower()]
    near = nearest(name.lower(), folded)
    if near:
        near = f"; nearest: {folded[near.removeprefix('; nearest: ')].name}"
    raise Failure(f"{context} has no method {name!r}{near}", f"runyard api {context} lists them")


async def _read(adapter: Adapter, spec: MethodSpec, params: dict[str, Json]) -> int:
    from tui.oneshot.output import dumps, flush, write

    write(dumps(await adapter.call(spec.name, params), indent=2) + "\n")
    flush()
    return 0


async def _write(
    session: Session, context: str, spec: MethodSpec, params: dict[str, Json], reason: str, consent: Consent
) -> int:
    import sys

    from tui.core.plan import Outcome
    from tui.core.planner import PlanRefused
    from tui.oneshot.failure import Failure, complain
    from tui.oneshot.output import dumps, flush, write
    from tui.oneshot.planning import code_for, plan_text, require

    planner = session.planner([context])
    try:
        plan = await planner.make_call(context, spec.name, params, reason=reason)
    except PlanRefused as error:
        raise Failure(str(error)) from None
    # stdout is for the answer alone.
    print(plan_text(plan), end="", file=sys.stderr, flush=True)
    if consent.dry_run or not plan.can:
        return code_for(plan, dry_run=True)
    require(plan, consent)
    try:
        ran = await planner.run(plan)
    except PlanRefused as error:
        raise Failure(str(error)) from None
    target = ran.targets[0]
    if target.outcome is Outcome.DONE:
        write(dumps(target.result, indent=2) + "\n")
        flush()
    else:
        complain(f"{spec.name}: {target.outcome.value}: {target.message}")
    return code_for(ran)
