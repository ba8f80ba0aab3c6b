"""`runyard contexts`: what is configured and, with --check, whether it answers."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import click

from tui.oneshot.options import given, global_options

if TYPE_CHECKING:
    from adapters.model import Json
    from tui.config import ContextConfig
    from tui.oneshot.session import Session


@click.command("contexts", short_help="What is configured, and whether it answers.")
@click.option("--check", is_flag=True, help="Ask each one.")
@click.option("-o", "--output", type=click.Choice(["table", "json"]), default="table")
@global_options()
@click.pass_context
def command(ctx: click.Context, check: bool, output: str) -> int:
    """List the contexts of the config."""
    from tui.oneshot.session import run

    return run(given(ctx), lambda session: contexts(session, check, output == "json"), bounded=False)


async def contexts(session: Session, check: bool, as_json: bool) -> int:
    from tui.oneshot.failure import worst
    from tui.oneshot.output import dumps, flush, print_table, write

    chosen = session.contexts()
    found = [_described(session, context) for context in chosen]
    codes: list[int] = []
    if check:
        checked = await asyncio.gather(*(_check(session, context) for context in chosen))
        for described, (result, code) in zip(found, checked, strict=True):
            described.update(result)
            codes.append(code)
    if as_json:
        write(dumps(list(found), indent=2) + "\n")
    else:
        heads: tuple[str, ...] = ("CONTEXT", "BACKEND", "MODE", "URL")
        keys = ["context", "backend", "mode", "url"]
        if check:
            heads, keys = ("STATE", *heads, "LATENCY", "VERSION", "NOTE"), ["state", *keys]
            keys += ["latency", "version", "note"]
        print_table(heads, [[str(each.get(key) or "-") for key in keys] for each in found])
    flush()
    return worst(codes)


def _described(session: Session, context: ContextConfig) -> dict[str, Json]:
    guard = session.guard(context.name)
    mode = "read-only" if guard.read_only else "protected" if guard.protected else ""
    return {"context": context.name, "backend": context.backend, "mode": mode, "url": context.settings.url}


async def _check(session: Session, context: ContextConfig) -> tuple[dict[str, Json], int]:
    from adapters.errors import AdapterError
    from tui.oneshot.failure import BACKEND, code_of, complain

    began = time.monotonic()
    try:
        async with asyncio.timeout(session.left):
            health = await session.adapter(context.name).health()
    except TimeoutError:
        complain(f"{context.name}: no answer within {session.options.budget:g} s")
        return {"state": "down", "note": "no answer in time"}, BACKEND
    except AdapterError as error:
        complain(error.sentence, error.hint)
        return {"state": "down", "note": error.sentence}, code_of(error) or BACKEND
    taken = time.monotonic() - began
    result: dict[str, Json] = {
        "state": "ok" if health.ok else "down",
        "latency": f"{taken * 1000:.0f}ms",
        "version": health.version,
        "note": health.note,
    }
    return result, 0 if health.ok else BACKEND
