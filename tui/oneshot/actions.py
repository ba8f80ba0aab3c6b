"""`runyard actions`: what can be done, in a context or to one object, and why not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tui.oneshot import complete
from tui.oneshot.options import given, global_options

if TYPE_CHECKING:
    from adapters.actions import ActionSpec
    from adapters.model import Json, Resource
    from tui.oneshot.session import Session


@click.command("actions", short_help="What can be done, and to what.")
@click.argument("ref", required=False, shell_complete=complete.refs)
@click.option("-o", "--output", type=click.Choice(["table", "json"]), default="table")
@global_options()
@click.pass_context
def command(ctx: click.Context, ref: str | None, output: str) -> int:
    """List the actions of the contexts, or of one object with the reason for each that is not legal now."""
    from tui.oneshot.session import run

    return run(given(ctx), lambda session: actions(session, ref, output == "json"))


async def actions(session: Session, text: str | None, as_json: bool) -> int:
    from tui.oneshot.output import dumps, flush, print_table, write

    found: list[dict[str, Json]] = []
    if text is None:
        for context in session.contexts():
            for spec in session.schema(context.name).actions:
                found.append(_described(context.name, spec, None))
    else:
        ref = session.ref(text)
        adapter = session.adapter(ref.context)
        target = await adapter.get(ref)
        guard = session.guard(ref.context)
        for spec in (await adapter.describe()).actions_for(ref.kind):
            described = _described(ref.context, spec, target)
            if guard.read_only:
                described["why_not"] = f"{ref.context} is read-only"
            elif guard.denies(spec.id):
                described["why_not"] = f"the config of {ref.context} denies it"
            found.append(described)
    if as_json:
        write(dumps(list(found), indent=2) + "\n")
    elif text is None:
        rows = [
            [str(each[key] or "") for key in ("context", "action", "on", "params", "summary")] for each in found
        ]
        print_table(("CONTEXT", "ACTION", "ON", "PARAMETERS", "WHAT IT DOES"), rows)
    else:
        rows = [
            [str(each["action"]), "no" if each["why_not"] else "yes", str(each["why_not"] or each["summary"])]
            for each in found
        ]
        print_table(("ACTION", "NOW", "WHAT IT DOES, OR WHY NOT"), rows)
    flush()
    return 0


def _described(context: str, spec: ActionSpec, target: Resource | None) -> dict[str, Json]:
    params = [f"{param.id}{'' if param.required else '?'}:{param.type.value}" for param in spec.params]
    return {
        "context": context,
        "action": spec.id,
        "title": spec.title,
        "on": ", ".join(sorted(kind.value for kind in spec.kinds)) or "context",
        "summary": spec.summary,
        "danger": spec.danger,
        "params": ", ".join(params),
        "why_not": spec.reason_against(target) if target is not None else None,
    }
