"""`runyard logs`: an object's log, whole, its end, or as it grows."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from typing import TYPE_CHECKING

import click

from tui.oneshot import complete
from tui.oneshot.options import Duration, given, global_options

if TYPE_CHECKING:
    from adapters.model import LogSource
    from adapters.port import Adapter
    from tui.oneshot.logsink import Printer
    from tui.oneshot.session import Session

BYTES_A_LINE = 300


@click.command("logs", short_help="An object's log.")
@click.argument("ref", shell_complete=complete.refs)
@click.option("-f", "--follow", is_flag=True, help="Go on as it grows, until the object has ended.")
@click.option("--tail", type=click.IntRange(0), metavar="N", help="Only the last N lines.")
@click.option("--since", type=Duration(), metavar="TIME", help="Only lines of the last 10m, say.")
@click.option("--attempt", type=click.IntRange(1), metavar="N", help="An earlier try, counted from 1.")
@click.option("--timestamps", is_flag=True, help="Put each line's time before it, where it is known.")
@click.option("--source", metavar="NAME", help="Which of several logs; the most useful one unless given.")
@global_options()
@click.pass_context
def command(
    ctx: click.Context,
    ref: str,
    follow: bool,
    tail: int | None,
    since: float | None,
    attempt: int | None,
    timestamps: bool,
    source: str | None,
) -> int:
    """Write the log of an object to stdout, as it is; what is missing or noteworthy goes to stderr."""
    from tui.oneshot.session import run

    async def work(session: Session) -> int:
        from tui.oneshot.logsink import Printer

        oldest = time.time() - since if since is not None else None
        printer = Printer(last=tail, oldest=oldest, timestamps=timestamps)
        return await write_log(session, ref, follow, attempt, source, printer)

    return run(given(ctx), work, bounded=not follow)


async def write_log(
    session: Session, text: str, following: bool, attempt: int | None, name: str | None, printer: Printer
) -> int:
    from tui.core.logfollow import follow

    ref = session.ref(text)
    adapter = session.adapter(ref.context)
    sources = await adapter.log_sources(ref, attempt=attempt)
    source = choose(list(sources), name, text)
    if printer.last is not None:
        await _last_lines(adapter, source, printer, printer.last)
    else:
        await follow(adapter, source, printer, once=True)
    printer.end_of_past(more=following)
    if following:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(session.options.timeout):
                await follow(adapter, source, printer, poll=session.context(ref.context).refresh)
        printer.end_of_past(more=False)
    return 0


async def _last_lines(adapter: Adapter, source: LogSource, printer: Printer, lines: int) -> None:
    """Read as much of the log's end as holds the lines that are wanted, and one before them, which may be cut."""
    from adapters.model import LogMode
    from tui.core.logfollow import follow

    size = max(4096, lines * BYTES_A_LINE)
    while True:
        await follow(adapter, source, printer, once=True, tail=size)
        whole = source.mode is LogMode.REFETCH or printer.generation_size < size
        if printer.lines > lines or whole:
            return
        size *= 8
        printer.forget()


def choose(sources: list[LogSource], name: str | None, text: str) -> LogSource:
    """The log that is meant; says on stderr which others there are."""
    from adapters.errors import NotFound
    from adapters.names import nearest
    from tui.core.text import safe
    from tui.oneshot.failure import Failure

    if not sources:
        raise NotFound(f"{text} has no log", hint="the server has none, or none yet")
    names = list(dict.fromkeys(source.name for source in sources))
    if name is not None:
        found = next((source for source in sources if source.name == name), None)
        if found is None:
            raise Failure(f"no log {name!r}{nearest(name, names)}", f"there are {', '.join(names)}")
        return found
    if len(names) > 1:
        others = ", ".join(safe(other, 100) for other in names[1:6]) + (" ..." if len(names) > 6 else "")
        print(f"runyard: this is {safe(names[0], 100)}; --source takes also {others}", file=sys.stderr)
    return sources[0]
