"""`runyard get --watch`: the list, and then whatever changes in it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping

from adapters.errors import AdapterError, Unsupported
from adapters.model import Ref, Resource
from tui.core.export import to_record
from tui.oneshot.failure import Failure, code_of, complain
from tui.oneshot.get import Request, prepare
from tui.oneshot.output import Writer, dumps, flush, write
from tui.oneshot.session import Session
from tui.oneshot.stream import merged

SLOWEST = 60.0


async def watch_list(session: Session, request: Request) -> int:
    """Runs until it is interrupted, or for the time that --timeout gives."""
    try:
        async with asyncio.timeout(session.options.timeout):
            await _watch(session, request)
    except TimeoutError:
        pass
    return 0


async def _watch(session: Session, request: Request) -> None:
    interval = max(0.5, min(context.refresh for context in session.contexts()))
    shown: dict[Ref, Resource] = {}
    down: set[str] = set()
    first, pause = True, interval
    table: Writer | None = None
    while True:
        sources, writer, order = prepare(session, request)
        now: dict[Ref, Resource] = {}
        async for batch in merged(sources, order, asyncio.get_running_loop().time() + session.options.budget):
            now.update((row.ref, row) for row in batch)
        errors = {source.context: source.error for source in sources if source.error is not None}
        _say(errors, down, len(sources), first)
        # What a context that is down last said stays as it was: no answer is not "gone".
        now.update((ref, row) for ref, row in shown.items() if ref.context in errors)
        if request.output == "jsonl":
            _events(shown, now)
        else:
            fresh = [row for ref, row in now.items() if shown.get(ref) != row]
            table = table or writer
            table.now = writer.now
            table.rows(fresh)
        shown, first = now, False
        pause = min(pause * 2, SLOWEST) if errors else interval
        await asyncio.sleep(pause)


def _events(before: Mapping[Ref, Resource], now: Mapping[Ref, Resource]) -> None:
    at = time.time()
    for ref, row in now.items():
        if before.get(ref) != row:
            write(dumps({"type": "put", "object": to_record(row, at)}) + "\n")
    for ref, row in before.items():
        if ref not in now:
            write(dumps({"type": "remove", "object": to_record(row, at)}) + "\n")
    flush()


def _say(errors: Mapping[str, AdapterError], down: set[str], sources: int, first: bool) -> None:
    """Each outage once, and its end; a first answer that is nothing but errors ends the command."""
    if first and len(errors) == sources:
        error = next(iter(errors.values()))
        raise Failure(error.sentence, error.hint, code_of(error))
    for name, error in errors.items():
        if name not in down and not (isinstance(error, Unsupported) and sources > 1):
            complain(error.sentence, error.hint)
    for name in down - set(errors):
        complain(f"{name}: answers again")
    down.clear()
    down.update(errors)
