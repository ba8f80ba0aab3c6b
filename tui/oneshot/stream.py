"""Lists of several contexts as one, page by page, newest first; a context that is down costs only itself."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from adapters.errors import AdapterError, Timeout, Unsupported
from adapters.model import Kind, Ref, Resource
from adapters.port import Adapter, Query, Schema

FIRST_PAGE, PAGE = 50, 100
EMPTY_PAGES = 1000

PATIENCE = 0.6
"""Seconds that the rows of the others are kept back for a context that has none yet, for the sake of the order."""

Sorter = Callable[[Resource], tuple[Any, ...]]


@dataclass(eq=False)
class Source:
    """One context's list. `query` already holds what its server can filter by, `keep` is asked of each row,
    `learn` is told the schema that this very server turns out to have. A `late` one is no longer waited for: its
    rows come when they come.
    """

    context: str
    adapter: Adapter
    kind: Kind
    query: Query
    keep: Callable[[Resource], bool]
    limit: int | None = None
    learn: Callable[[Schema], None] = lambda schema: None
    rows: deque[Resource] = field(default_factory=deque)
    error: AdapterError | None = None
    note: str | None = None
    done: bool = False
    late: bool = False

    async def load(self, changed: asyncio.Condition) -> None:
        """Read every page into `rows`, until `limit` rows were kept."""
        try:
            await self._pages(changed)
        except AdapterError as error:
            self.error = error
        finally:
            self.done = True
            async with changed:
                changed.notify_all()

    async def _pages(self, changed: asyncio.Condition) -> None:
        schema = await self.adapter.describe()
        if self.kind in schema.absent or self.kind not in schema.kinds:
            lacking = schema.absent.get(self.kind) or f"{schema.title} has no {self.kind.plural}"
            raise Unsupported(lacking, executed=False)
        self.learn(schema)
        cursor: str | None = None
        seen: set[str] = set()
        refs: set[Ref] = set()
        kept = empty = 0
        while True:
            page = await self.adapter.list(self.kind, self.query, cursor=cursor, limit=PAGE if seen else FIRST_PAGE)
            self.note = page.note or self.note
            fresh = [row for row in page.items if row.ref not in refs]
            refs.update(row.ref for row in fresh)
            kept_now = [row for row in fresh if self.keep(row)]
            self.rows.extend(kept_now)
            kept += len(kept_now)
            if kept_now:
                async with changed:
                    changed.notify_all()
            cursor = page.cursor
            empty = 0 if fresh else empty + 1
            # A server that hands out the same token again, or empty pages for ever, ends here.
            if cursor is None or cursor in seen or empty > EMPTY_PAGES or (self.limit and kept >= self.limit):
                return
            seen.add(cursor)


async def merged(
    sources: Sequence[Source],
    order: Sorter,
    deadline: float,
    *,
    patience: float | None = None,
    on_late: Callable[[Source], None] = lambda source: None,
) -> AsyncGenerator[list[Resource], None]:
    """Batches of rows in `order`, as far as each server keeps to it. `deadline` is a loop time: whoever has not
    answered by then is left out, with an error.

    With `patience` (seconds), rows that wait for a slow context go ahead of it after so long; `on_late` is told.
    """
    changed = asyncio.Condition()
    clock = asyncio.get_running_loop().time
    held_since: float | None = None
    tasks = {source: asyncio.create_task(source.load(changed)) for source in sources}
    try:
        while True:
            batch = _ready(sources, order)
            if batch:
                held_since = None
                yield batch
                continue
            if all(source.done and not source.rows for source in sources):
                return
            until = deadline
            if patience is not None and any(source.rows for source in sources):
                held_since = clock() if held_since is None else held_since
                until = min(deadline, held_since + patience)
            if await _wait(changed, until):
                continue
            for source in sources:
                if source.done or source.rows:
                    continue
                if clock() >= deadline:
                    await _give_up(source, tasks[source])
                elif not source.late:
                    source.late = True
                    on_late(source)
    finally:
        for task in tasks.values():
            task.cancel()
        await asyncio.gather(*tasks.values(), return_exceptions=True)


def _ready(sources: Sequence[Source], order: Sorter) -> list[Resource]:
    """The rows that can be given out: as long as everyone still reading, and not late, has one waiting."""
    batch: list[Resource] = []
    if len(sources) == 1:
        batch.extend(sources[0].rows)
        sources[0].rows.clear()
        return batch
    while all(source.rows or source.done or source.late for source in sources):
        heads = [source for source in sources if source.rows]
        if not heads or len(batch) >= 1000:
            break
        first = min(heads, key=lambda source: order(source.rows[0]))
        batch.append(first.rows.popleft())
    return batch


async def _wait(changed: asyncio.Condition, deadline: float) -> bool:
    left = deadline - asyncio.get_running_loop().time()
    if left <= 0:
        return False
    try:
        async with asyncio.timeout(left), changed:
            await changed.wait()
    except TimeoutError:
        return False
    return True


async def _give_up(source: Source, task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    source.error = Timeout(
        f"{source.context}: no answer in the time this command has", hint="--timeout allows longer"
    )
