"""A page of runs as rows, made in short pieces; what is unchanged since it was last listed is not parsed again."""

from __future__ import annotations

from collections.abc import Sequence

from adapters.frozen import dataclass
from adapters.http import Reply
from adapters.kfp import mapping, wire
from adapters.kfp.names import Names, parse
from adapters.model import Run
from adapters.pieces import Recognised, cut, digest_of
from adapters.turns import give_way

ROWS_AT_ONCE = 5
"""Each takes some 0.15 ms. A key needs about ten turns of the loop until it is painted, so what is done between two
of them counts ten times."""
LOOKED_AT_ONCE = 40
"""To see that a run is known takes a hundredth of a millisecond."""


@dataclass(frozen=True, slots=True)
class RowPage:
    rows: tuple[Run, ...]
    cursor: str | None
    total: int | None


@dataclass(frozen=True, slots=True)
class _Known:
    """A row, and the experiment it was made with: what that is called may be learned later."""

    experiment: wire.Experiment | None
    row: Run


class RunRows:
    def __init__(self, context: str, names: Names) -> None:
        self._context = context
        self._names = names
        self._recognised = Recognised[_Known]()

    async def page(self, reply: Reply, *, remember: bool) -> RowPage:
        """The rows of one answer; `remember` those that are asked for again soon."""
        parts = cut(reply.raw, "runs")
        if parts is not None:
            try:
                return await self._in_pieces(parts.items, parts.rest, remember)
            except wire.NotTheApi:
                pass  # the body as a whole says what is wrong with it
        page = parse(reply, wire.RunPage)
        return _page(page, await self._made(page.runs))

    async def _in_pieces(self, pieces: Sequence[bytes], rest: bytes, remember: bool) -> RowPage:
        around = wire.read(wire.RunPage, rest)
        if around.runs or "runs" not in around.model_fields_set:
            raise wire.NotTheApi("these were other runs")
        digests: list[bytes] = []
        known: list[Run | None] = []
        new: list[wire.RunRow] = []
        for piece in pieces:
            digests.append(digest_of(piece))
            known.append(self._known(digests[-1]))
            if known[-1] is None:
                new.append(wire.read(wire.RunRow, piece))
            if len(digests) % LOOKED_AT_ONCE == 0 or (known[-1] is None and len(new) % ROWS_AT_ONCE == 0):
                await give_way()
        made = iter(await self._made(new))
        rows = tuple(row or next(made) for row in known)
        if remember:
            for digest, row in zip(digests, rows, strict=True):
                self._recognised.put(digest, _Known(self._experiment_of(row), row))
        return _page(around, rows)

    def _known(self, digest: bytes) -> Run | None:
        found = self._recognised.get(digest)
        if found is None or found.experiment is not self._experiment_of(found.row):
            return None
        return found.row

    def _experiment_of(self, row: Run) -> wire.Experiment | None:
        native = row.extra["experiment_id"]
        return self._names.experiment(native if isinstance(native, str) else None)

    async def _made(self, found: Sequence[wire.RunRow]) -> tuple[Run, ...]:
        await self._names.learn(row.experiment_id for row in found)
        rows: list[Run] = []
        for row in found:
            if len(rows) % ROWS_AT_ONCE == ROWS_AT_ONCE - 1:
                await give_way()
            rows.append(mapping.to_run(self._context, row, self._names.experiment(row.experiment_id)))
        return tuple(rows)


def _page(page: wire.RunPage, rows: tuple[Run, ...]) -> RowPage:
    return RowPage(rows, page.next_page_token or None, page.total_size)
