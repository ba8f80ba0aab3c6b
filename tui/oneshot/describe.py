"""`runyard describe`: one object with everything its server says about it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from tui.oneshot import complete
from tui.oneshot.options import given, global_options

if TYPE_CHECKING:
    from tui.oneshot.session import Session


@click.command("describe", short_help="Everything about one object.")
@click.argument("ref", shell_complete=complete.refs)
@click.option(
    "-o",
    "--output",
    type=click.Choice(["text", "json", "yaml", "raw"]),
    default="text",
    help="raw: the server's own JSON.",
)
@global_options()
@click.pass_context
def command(ctx: click.Context, ref: str, output: str) -> int:
    """Show one object, as context/kind/id, with all its fields."""
    from tui.oneshot.session import run

    return run(given(ctx), lambda session: describe(session, ref, output))


async def describe(session: Session, text: str, output: str) -> int:
    from adapters.errors import Unsupported
    from tui.core.export import to_record
    from tui.oneshot.output import ascii_only, dumps, flush, write, yaml_text
    from tui.oneshot.sections import detail_text

    ref = session.ref(text)
    schema = session.schema(ref.context)
    if ref.kind in schema.absent:
        raise Unsupported(schema.absent[ref.kind], executed=False)
    detail = await session.adapter(ref.context).detail(ref)
    now = time.time()
    whole = {**to_record(detail.resource, now), "cause": detail.cause, "raw": detail.raw}
    match output:
        case "raw":
            write(dumps(detail.raw, indent=2) + "\n")
        case "json":
            write(dumps(whole, indent=2) + "\n")
        case "yaml":
            write(yaml_text(whole))
        case _:
            write(detail_text(detail, now, ascii_only()))
    flush()
    return 0
