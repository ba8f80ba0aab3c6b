"""`runyard api`: any method of a backend's API; what writes goes through a plan like everything else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tui.oneshot import complete
from tui.oneshot.options import given, global_options

if TYPE_CHECKING:
    from adapters.model import Json
    from adapters.port import Adapter, MethodSpec
    from tui.oneshot.planning import Consent
    from tui.oneshot.session import Session


@click.command("api", short_help="Any method of a backend's API.", add_help_option=False)
@click.argument("context", required=False, shell_complete=complete.one_context)
@click.argument("method", required=False, shell_complete=complete.methods)
@click.option(
    "--set", "settings", multiple=True, metavar="KEY=VALUE", help="A parameter, in the method's own type."
)
@click.option("-f", "--file", "file", metavar="FILE", help="Parameters from JSON or YAML; - is standard input.")
@click.option("-o", "--output", type=click.Choice(["table", "json"]), help="How the methods are listed.")
@click.option("--dry-run", is_flag=True, help="Only show the plan of a write.")
@click.option("--yes", is_flag=True, help="Confirm a write.")
@click.option("--confirm", multiple=True, metavar="CTX", help="Confirm a write in a protected context.")
@click.option("--reason", default="", metavar="TEXT", help="Goes into the journal.")
@click.option("-h", "--help", "help", is_flag=True, help="Show this message, or what METHOD takes.")
@global_options()
@click.pass_context
def command(
    ctx: click.Context,
    context: str | None,
    method: str | None,
    settings: tuple[str, ...],
    file: str | None,
    output: str | None,
    dry_run: bool,
    yes: bool,
    confirm: tuple[str, ...],
    reason: str,
    help: bool,
) -> int:
    """Call METHOD of CONTEXT's backend and print its answer; without METHOD, list the methods.

    `runyard api CONTEXT METHOD --help` says what a method takes.
    """
    if context is None or (help and method is None):
        if not help:
            raise click.MissingParameter(ctx=ctx, param=ctx.command.params[0])
        click.echo(ctx.get_help())
        return 0
    from tui.oneshot.inputs import read_file, read_settings
    from tui.oneshot.planning import Consent
    from tui.oneshot.session import run

    consent = Consent(dry_run, yes, confirm, False, False)

    async def work(session: Session) -> int:
        adapter = session.adapter(session.context(context).name)
        if method is None:
            return _list(adapter, output)
        spec = _method(adapter, context, method)
        if help:
            return _explain(context, spec, output)
        params = _params(context, spec, read_file(file), read_settings(settings))
        if spec.effect == "read":
            return await _read(adapter, spec, params)
        return await _write(session, context, spec, params, reason, consent)

    return run(given(ctx), work)


def _list(adapter: Adapter, output: str | None) -> int:
    from tui.oneshot.output import dumps, flush, print_table, write

    methods = adapter.methods()
    if output == "json":
        write(dumps([_record(spec) for spec in methods], indent=2) + "\n")
    else:
        rows = [[spec.name, spec.effect, _signature(spec), spec.summary] for spec in methods]
        print_table(("METHOD", "EFFECT", "PARAMETERS", "WHAT IT DOES"), rows)
    flush()
    return 0


def _signature(spec: MethodSpec) -> str:
    """`run_id limit?`: what may be left out has a question mark."""
    from tui.core.apicall import is_optional

    return " ".join(f"{name}{'?' if is_optional(words) else ''}" for name, words in spec.params)


def _record(spec: MethodSpec) -> dict[str, Json]:
    from tui.core.apicall import OPTIONAL, is_optional

    params: list[Json] = [
        {"name": name, "type": words.removesuffix(OPTIONAL), "required": not is_optional(words)}
        for name, words in spec.params
    ]
    return {"method": spec.name, "effect": spec.effect, "params": params, "summary": spec.summary}


def _explain(context: str, spec: MethodSpec, output: str | None) -> int:
    """What one method takes."""
    from tui.core.apicall import OPTIONAL, is_optional
    from tui.core.text import safe
    from tui.oneshot.output import dumps, flush, print_table, write

    if output == "json":
        write(dumps(_record(spec), indent=2) + "\n")
    else:
        needed = "".join(f" --set {name}=..." for name, words in spec.params if not is_optional(words))
        consent = " --yes" if spec.effect == "write" else ""
        write(f"{safe(spec.name)} ({spec.effect}): {safe(spec.summary)}\n")
        write(f"runyard api {context} {safe(spec.name)}{safe(needed)}{consent}\n\n")
        rows = [
            [name, words.removesuffix(OPTIONAL), "" if is_optional(words) else "yes"] for name, words in spec.params
        ]
        print_table(("PARAMETER", "TYPE", "NEEDED"), rows)
    flush()
    return 0


def _method(adapter: Adapter, context: str, name: str) -> MethodSpec:
    from tui.core.apicall import find_method, nearest_method
    from tui.oneshot.failure import Failure

    found = find_method(adapter.methods(), name)
    if found is None:
        near = nearest_method(adapter.methods(), name)
        raise Failure(f"{context} has no method {name!r}{near}", f"runyard api {context} lists them")
    return found


def _params(context: str, spec: MethodSpec, body: dict[str, Json], settings: dict[str, Json]) -> dict[str, Json]:
    from tui.core.apicall import read_call, whole_body
    from tui.core.params import BadParam
    from tui.oneshot.failure import Failure

    try:
        return read_call(spec, {**whole_body(spec, body), **settings})
    except BadParam as error:
        raise Failure(str(error), f"runyard api {context} {spec.name} --help") from None


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
