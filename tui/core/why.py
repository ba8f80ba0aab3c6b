"""From a failed object to the first line of a log that explains it, and how that line was chosen."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from adapters.errors import AdapterError
from adapters.model import LogSource, Resource
from adapters.port import Adapter
from adapters.turns import give_way
from tui.core.logfollow import follow
from tui.core.logspool import LogSpool, SpooledLog, SpoolError, SpoolLine

BEFORE, AFTER, LAST = 3, 12, 6
READ_TIMEOUT = 20.0
MOST_CANDIDATES = 3


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found for one object. `line` is the number of the line in the log of `source`, None when no
    line is an error; `context` are lines around it, or the last ones. `said` tells how this was chosen, or
    why nothing could be."""

    resource: Resource
    said: str
    source: LogSource | None = None
    line: int | None = None
    context: tuple[SpoolLine, ...] = ()


async def explain(adapter: Adapter, spool: LogSpool, candidates: Sequence[Resource]) -> list[Finding]:
    """Look through the logs of the candidates, the most likely first, until one has an error line."""
    found: list[Finding] = []
    for resource in candidates[:MOST_CANDIDATES]:
        finding = await _one(adapter, spool, resource)
        found.append(finding)
        if finding.line is not None:
            break
    return found


async def _one(adapter: Adapter, spool: LogSpool, resource: Resource) -> Finding:
    try:
        sources = await adapter.log_sources(resource.ref)
    except AdapterError as error:
        return Finding(resource, f"its log cannot be had: {error.sentence}")
    if not sources:
        return Finding(resource, "the server names no log of it")
    best: Finding | None = None
    for source in sources:
        finding = await _source(adapter, spool, resource, source)
        if finding.line is not None:
            return finding
        if best is None or (finding.context and not best.context):
            best = finding
    assert best is not None
    return best


async def _source(adapter: Adapter, spool: LogSpool, resource: Resource, source: LogSource) -> Finding:
    note = ""
    try:
        log = spool.open(source)
    except SpoolError as error:
        return Finding(resource, f"its log cannot be kept: {error}", source)
    try:
        try:
            if not log.follow_lock.locked():  # else somebody is reading it already
                await asyncio.wait_for(follow(adapter, source, log, once=True), READ_TIMEOUT)
        except AdapterError as error:
            note = error.sentence
        except TimeoutError:
            note = f"not all of it arrived in {READ_TIMEOUT:.0f}s"
        await look_through(log)
        return _judge(resource, source, log, note)
    finally:
        log.close()


async def look_through(log: SpooledLog) -> None:
    """Find the levels of all lines, in slices that leave the event loop alone."""
    while True:
        if log.scan():
            return
        await give_way()


def _judge(resource: Resource, source: LogSource, log: SpooledLog, note: str) -> Finding:
    attempt = f"try {source.attempt}"
    tried = "" if source.attempt is None or attempt in source.name else f", {attempt}"
    where = f"{source.name}{tried}"
    if not log.count:
        return Finding(resource, f"{where}: {note or 'the log is empty'}", source)
    if not log.errors:
        last = tuple(log.lines(max(0, log.count - LAST), log.count))
        reason = f" ({note})" if note else ""
        return Finding(
            resource, f"{where}: no line of {log.count:,} names an error{reason}; the last are", source, None, last
        )
    line = log.errors[0]
    context = tuple(log.lines(max(0, line - BEFORE), min(log.count, line + AFTER)))
    rest = f" ({note})" if note else ""
    which = f"the first of {len(log.errors):,} error lines" if len(log.errors) > 1 else "the only error line"
    said = f"{where}: {which}, line {line + 1:,} of {log.count:,}{rest}"
    return Finding(resource, said, source, line, context)
