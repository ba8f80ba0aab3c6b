"""`runyard get`: lists and single objects, streaming, in every format."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

import click

from adapters.frozen import dataclass
from tui.oneshot import complete
from tui.oneshot.options import given, global_options

if TYPE_CHECKING:
    from adapters.errors import AdapterError
    from adapters.model import Kind, Ref, Resource
    from adapters.port import SortKey
    from tui.core.query import Filter
    from tui.core.values import Field
    from tui.oneshot.output import Writer
    from tui.oneshot.session import Session
    from tui.oneshot.stream import Sorter, Source

FORMATS = ("table", "wide", "json", "jsonl", "yaml", "csv", "name")
LINES = ("table", "wide", "jsonl", "name")
"""Written a line at a time; nobody waits for a slow context with them."""
MARGIN = 0.5
"""Seconds kept back from the budget, to say what did not answer."""


@click.command("get", short_help="List objects, or show some by id.")
@click.argument("kind", shell_complete=complete.kinds)
@click.argument("ids", nargs=-1, metavar="[ID|REF]...", shell_complete=complete.refs)
@click.option("--of", metavar="REF", shell_complete=complete.refs, help="Only what is under another object.")
@click.option("--sort", metavar="COL[,COL]", help="Sort; a '-' before a column turns it round.")
@click.option("--limit", type=click.IntRange(1), metavar="N", help="At most so many.")
@click.option("--watch", is_flag=True, help="Go on, and write what changes.")
@click.option("-o", "--output", type=click.Choice(FORMATS), default="table", help="How to write it.")
@global_options()
@click.pass_context
def command(
    ctx: click.Context,
    kind: str,
    ids: tuple[str, ...],
    of: str | None,
    sort: str | None,
    limit: int | None,
    watch: bool,
    output: str,
) -> int:
    """List KIND (runs, tasks, pods, hosts, pools, updates, volumes) in all contexts or those of -c, newest first;
    or show the named objects."""
    from tui.oneshot.failure import Failure
    from tui.oneshot.session import read_kind, run

    request = Request(read_kind(kind), ids, of, sort, limit, output)
    if watch:
        if ids or output not in ("table", "wide", "jsonl", "name"):
            raise Failure("--watch goes with lists and with -o table, wide, jsonl or name")
        from tui.oneshot.watch import watch_list

        return run(given(ctx), lambda session: watch_list(session, request), bounded=False)
    if ids:
        return run(given(ctx), lambda session: show(session, request))
    return run(given(ctx), lambda session: list_all(session, request), bounded=False)


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked for, as typed."""

    kind: Kind
    ids: tuple[str, ...]
    of: str | None
    sort: str | None
    limit: int | None
    output: str


async def list_all(session: Session, request: Request) -> int:
    from tui.oneshot.stream import PATIENCE, merged

    sources, writer, order = prepare(session, request)
    loop = asyncio.get_running_loop()
    deadline = loop.time() + max(MARGIN, session.left - MARGIN)
    # Which are the newest N, and what one array holds in which order, is only known once all have answered.
    hasty = request.output in LINES and not request.limit and not request.sort
    batches = merged(sources, order, deadline, patience=PATIENCE if hasty else None, on_late=_say_late)
    gathered: list[Resource] = []
    async for batch in batches:
        if request.sort:
            gathered.extend(batch)
            continue
        room = request.limit - writer.written if request.limit else len(batch)
        writer.rows(batch[:room])
        if request.limit and writer.written >= request.limit:
            break
    await batches.aclose()
    if request.sort:
        writer.rows(sorted(gathered, key=order)[: request.limit])
    writer.end()
    return report(session, sources)


def _say_late(source: Source) -> None:
    from tui.oneshot.failure import complain

    if not source.adapter.stats.errors:  # else it is tried again, and what comes of that is said
        complain(f"{source.context}: no answer yet; its rows come when it answers")


def prepare(session: Session, request: Request) -> tuple[list[Source], Writer, Sorter]:
    """The sources to read, the writer and the order; Failure for a filter, sort or parent that is wrong."""
    from adapters.port import Query
    from tui.core.sortkeys import fields_of, key_maker
    from tui.core.values import fields_for
    from tui.oneshot.output import Writer
    from tui.oneshot.stream import Source

    now, kind = time.time(), request.kind
    parent = session.ref(request.of) if request.of else None
    contexts = [session.context(parent.context)] if parent else session.contexts()
    schemas = {context.name: session.schema(context.name) for context in contexts}
    fields = fields_for(schemas.values(), kind)
    chosen = read_filter(session.options.filter, fields)
    keys = read_sort(request.sort, fields)
    maker = key_maker(fields_of(keys, fields))
    sources = []
    for context in contexts:
        spec = schemas[context.name].kinds.get(kind)
        terms = chosen.pushable(spec) if spec else ()
        query = Query(parent=parent, terms=terms)
        limit = None if keys else request.limit
        adapter = session.adapter(context.name)
        learn = partial(schemas.__setitem__, context.name)
        sources.append(
            Source(context.name, adapter, kind, query, lambda row: chosen.matches(row, now), limit, learn)
        )
    writer = Writer(request.output, kind, schemas.values(), len(contexts) > 1, now)
    return sources, writer, lambda row: maker(row, now)


def report(session: Session, sources: Sequence[Source]) -> int:
    """Say on stderr what is missing; the exit code. A backend that lacks the kind matters only when none has it."""
    from adapters.errors import Unsupported
    from tui.oneshot.failure import DONE, code_of, complain, complain_about, worst

    lacking = [source for source in sources if isinstance(source.error, Unsupported)]
    codes = [complain_about(source.error) for source in sources if source.error and source not in lacking]
    for source in lacking:
        assert source.error is not None
        if len(lacking) == len(sources):
            codes.append(code_of(source.error))
        if len(lacking) == len(sources) or session.options.contexts:
            complain(source.error.sentence, source.error.hint)
    for source in sources:
        if source.note and not source.error:
            complain(f"{source.context}: {source.note}")
    return worst(codes) if codes else DONE


async def show(session: Session, request: Request) -> int:
    """The named objects, in the order they were named."""
    from adapters.errors import AdapterError
    from tui.oneshot.failure import complain_about, worst
    from tui.oneshot.output import Writer

    places = [places_of(session, request.kind, text) for text in request.ids]
    found = await asyncio.gather(*(fetch(session, refs) for refs in places))
    names = list(dict.fromkeys(ref.context for refs in places for ref in refs))
    writer = Writer(request.output, request.kind, [session.schema(n) for n in names], len(names) > 1, time.time())
    writer.rows([each for each in found if not isinstance(each, AdapterError)])
    writer.end()
    return worst([complain_about(each) for each in found if isinstance(each, AdapterError)])


def places_of(session: Session, kind: Kind, text: str) -> list[Ref]:
    """Where an object may be: a reference says it; an id may be in any of the contexts."""
    from adapters.model import Ref

    context, slash, rest = text.partition("/")
    if slash and "/" in rest and context in session.config.contexts:
        return [session.ref(text, kind)]
    return [Ref(found.name, kind, text) for found in session.contexts()]


async def fetch(session: Session, refs: Sequence[Ref]) -> Resource | AdapterError:
    """The object, wherever it is; else the error that says most."""
    from adapters.errors import AdapterError, NotFound, Unsupported

    async def one(ref: Ref) -> Resource | AdapterError:
        schema = session.schema(ref.context)
        if ref.kind in schema.absent:
            return Unsupported(schema.absent[ref.kind], executed=False)
        try:
            return await session.adapter(ref.context).get(ref)
        except AdapterError as error:
            return error

    answers = await asyncio.gather(*(one(ref) for ref in refs))
    for answer in answers:
        if not isinstance(answer, AdapterError):
            return answer
    errors = [answer for answer in answers if isinstance(answer, AdapterError)]
    grave = [error for error in errors if not isinstance(error, NotFound | Unsupported)]
    missing = [error for error in errors if isinstance(error, NotFound)]
    return (grave or missing or errors)[0]


def read_filter(text: str | None, fields: Mapping[str, Field]) -> Filter:
    from tui.core.query import FilterError, parse
    from tui.oneshot.failure import Failure

    try:
        return parse(text or "", fields)
    except FilterError as error:
        raise Failure(f"filter, column {error.column + 1}: {error}") from None


def read_sort(text: str | None, fields: Mapping[str, Field]) -> list[SortKey]:
    """`age,-name`: columns by id, head or alias; a leading '-' turns the order round."""
    from adapters.names import nearest
    from adapters.port import SortKey
    from tui.oneshot.failure import Failure

    keys = []
    for word in filter(None, (part.strip() for part in (text or "").split(","))):
        name = word.lstrip("+-").lower()
        if name not in fields:
            raise Failure(f"no column {name!r} to sort by{nearest(name, fields)}")
        keys.append(SortKey(name, word.startswith("-")))
    return keys
