"""Beside the task tree of a run: what differs from the last good run like it, found once and honestly."""

from __future__ import annotations

from adapters.errors import AdapterError
from adapters.model import Kind, Ref, Resource
from adapters.port import Op, Query, Term
from adapters.sections import Detail
from tui.core.lastgood import last_good, params_of, record
from tui.screens.detailside import Beside, side_rows
from tui.screens.detailtime import DetailTime

LOOKED_AT = 100
"""So many good runs are asked for when none like it is in a list that was read."""


class DetailGood(DetailTime):
    """Keeps the side pane of wide screens."""

    def __init__(self, ref: Ref, tab: str | None = None) -> None:
        super().__init__(ref, tab)
        self.good: Detail | None = None
        self.good_said = ""
        self._sought = False

    def show_side(self, now: float) -> None:
        detail = self.detail
        if detail is None:
            return
        if not self._sought and self.ref.kind is Kind.RUN and params_of(detail) is not None:
            self._sought = True
            self.good_said = "looking for a good run"
            self.run_worker(self._seek(detail.resource), group="good", exit_on_error=False)
        beside = Beside(
            detail,
            self.tasks.rows,
            self.events,
            self.services.keys.key("why"),
            self.good,
            self.good_said,
            record(detail.resource, self._runs()),
            self.services.glimpses.get(self.ref),
        )
        self.side.show(lambda width: side_rows(beside, width, now))

    def _runs(self) -> list[Resource]:
        store = self.services.store
        keys = [key for key in store.held if key.context == self.ref.context and key.kind is Kind.RUN]
        found = {ref: row for key in keys for ref, row in store.snapshot(key).rows.items()}
        return list(found.values())

    async def _seek(self, run: Resource) -> None:
        """In the lists that were read, else among the server's latest good runs."""
        try:
            found = last_good(run, self._runs()) or last_good(run, await self._latest_good())
            self.good = await self.adapter.detail(found.ref) if found is not None else None
            self.good_said = "" if found is not None else "- no earlier good run like it was found"
        except AdapterError as error:
            self.good_said = f"not compared: {error.sentence}"
        self.redraw()

    async def _latest_good(self) -> tuple[Resource, ...]:
        wanted = Term("state", Op.EQ, ("succeeded",))
        asks = self.spec is not None and "state" in self.spec.server_filter
        query = Query(terms=(wanted,)) if asks else Query()
        return (await self.adapter.list(Kind.RUN, query, limit=LOOKED_AT)).items
