"""What a drain of a host would do, beside its pods: read by the same preview as the plan, never a plan itself."""

from __future__ import annotations

from collections.abc import Sequence

from adapters.actions import Preview
from adapters.errors import AdapterError
from adapters.model import Ref, Resource
from tui.core.text import safe
from tui.screens.detailgood import DetailGood
from tui.screens.detailview import DRAIN
from tui.screens.hints import against, meaning
from tui.screens.planview import affected_rows, affects_of
from tui.widgets.sections import Row


class DetailDrain(DetailGood):
    """Asks when the tab is looked at, and again when the host has changed."""

    def __init__(self, ref: Ref, tab: str | None = None) -> None:
        super().__init__(ref, tab)
        self._preview: Preview | None = None
        self._preview_error = ""
        self._previewed: object = None

    def drain_rows(self, width: int) -> list[Row]:
        found = self.found
        spec = meaning(self.schema, "drain", found if found is not None else self.ref)
        if found is None or spec is None:
            return [_said("no drain is known here")]
        key = self.services.keys.key("drain")
        why = against(self.services, spec, found)
        rows = [_said(f"{key} opens the plan" if why is None else f"it cannot be drained now: {why}")]
        self._ask(spec.id, found)
        if self._preview_error:
            return [*rows, _said(self._preview_error, "failed")]
        if self._preview is None:
            return [*rows, _said("reading what it would do")]
        return [*rows, *_lines(self._preview, width)]

    def _ask(self, action: str, found: Resource) -> None:
        stamp = (found.state, getattr(found, "pods", None), found.version)
        if stamp != self._previewed:
            self._previewed = stamp
            self.run_worker(self._read_preview(action), group="preview", exclusive=True, exit_on_error=False)

    async def _read_preview(self, action: str) -> None:
        try:
            self._preview, self._preview_error = await self.adapter.preview(action, self.ref, {}), ""
        except AdapterError as error:
            self._preview, self._preview_error = None, error.sentence
        if self.tab == DRAIN:
            self.redraw()

    def do_refresh(self) -> None:
        self._previewed = None


def _lines(preview: Preview, width: int) -> Sequence[Row]:
    rows = [_pair("call", preview.call), _pair("undo", preview.undo or "none")]
    rows.append(_pair("affects", affects_of([preview])))
    rows += [_pair(label, sentence) for label, sentence in preview.notes]
    head, *listed = affected_rows(preview.affected, width) or [[]]
    if not listed:
        return rows
    ordered = sorted(preview.affected, key=lambda each: not each.warn)
    table = [
        Row(tuple(pieces), each.ref, each.warn, safe(each.name))
        for each, pieces in zip(ordered, listed, strict=True)
    ]
    return [*rows, Row((("", "text"),)), Row(tuple(head)), *table]


def _pair(label: str, text: str) -> Row:
    return Row(((f"{safe(label, 9):<9} ", "muted"), (safe(text), "text")), full=f"{safe(label)}: {safe(text)}")


def _said(text: str, token: str = "muted") -> Row:
    return Row(((safe(text), token),), full=safe(text))
