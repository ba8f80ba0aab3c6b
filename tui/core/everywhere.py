"""One filter asked of every kind of every context: what is loaded, else the newest pages of each list."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass

from adapters.errors import AdapterError
from adapters.model import Kind, Resource
from adapters.port import Adapter, Schema, Scope
from tui.core.query import Filter, FilterError, parse
from tui.core.store import Key, Store
from tui.core.values import fields_for

PAGE = 100
MOST_PAGES = 5
SLICE = 500


@dataclass(frozen=True, slots=True)
class Found:
    """What one list has. `note` says what was not looked at, or why nothing was."""

    context: str
    kind: Kind
    rows: tuple[Resource, ...] = ()
    looked_at: int = 0
    note: str = ""


async def everywhere(
    text: str, adapters: Mapping[str, Adapter], schemas: Mapping[str, Schema], store: Store, now: float
) -> AsyncIterator[Found]:
    """Answers in the order in which they come: a slow list delays none of the others."""
    asked = [
        asyncio.ensure_future(_ask(text, context, kind, adapters[context], schemas[context], store, now))
        for context in adapters
        if context in schemas
        for kind in schemas[context].kinds
    ]
    try:
        for each in asyncio.as_completed(asked):
            yield await each
    finally:
        for task in asked:
            task.cancel()


async def _ask(
    text: str, context: str, kind: Kind, adapter: Adapter, schema: Schema, store: Store, now: float
) -> Found:
    try:
        wanted = parse(text, fields_for([schema], kind))
    except FilterError as error:
        return Found(context, kind, note=str(error))
    known = store.snapshot(Key(context, kind))
    if known.complete and known.error is None:
        return await _matching(context, kind, wanted, list(known.rows.values()), now)
    if schema.kinds[kind].scope is Scope.PARENT:
        return Found(context, kind, note="listed only under another object")
    try:
        rows, total, whole = await newest(adapter, kind, known.rows.values())
    except AdapterError as error:
        return await _matching(context, kind, wanted, list(known.rows.values()), now, error.sentence)
    note = "" if whole else f"the newest {len(rows):,}{f' of {total:,}' if total else ''} only"
    return await _matching(context, kind, wanted, rows, now, note)


async def newest(
    adapter: Adapter, kind: Kind, known: Iterable[Resource] = ()
) -> tuple[list[Resource], int | None, bool]:
    """The newest pages beside what is known; how many there are, and whether that was all. Raises AdapterError."""
    rows = {row.ref.id: row for row in known}
    cursor: str | None = None
    for _ in range(MOST_PAGES):
        page = await adapter.list(kind, cursor=cursor, limit=PAGE)
        rows.update((row.ref.id, row) for row in page.items)
        cursor = page.cursor
        if cursor is None:
            break
    return list(rows.values()), page.total, cursor is None


async def _matching(
    context: str, kind: Kind, wanted: Filter, rows: Sequence[Resource], now: float, note: str = ""
) -> Found:
    found: list[Resource] = []
    for start in range(0, len(rows), SLICE):
        found += (row for row in rows[start : start + SLICE] if wanted.matches(row, now))
        await asyncio.sleep(0)  # keys are answered between slices
    return Found(context, kind, tuple(found), len(rows), note)
