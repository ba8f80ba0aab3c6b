"""Two objects side by side: what differs in their parameters and fields, as a document."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from adapters.errors import AdapterError
from adapters.fields import FieldType
from adapters.model import Json, Ref
from adapters.sections import Diff
from tui.core.diff import compare, differing
from tui.core.format import clock
from tui.core.text import cell_len, cut, pad, safe
from tui.screens.base import GridScreen
from tui.screens.describe import own_types
from tui.screens.document import DocumentScreen
from tui.widgets.draw import Piece
from tui.widgets.keybar import Hint
from tui.widgets.sections import MOST_LABEL, Row, written

HINTS: tuple[Hint, ...] = (("e E", "difference", True), ("n N", "match", True), ("^s", "save", True))


class DiffScreen(DocumentScreen):
    """`e` hops to the next difference; `d` and `y` show the left one alone."""

    hints: Sequence[Hint] = HINTS

    def __init__(self, left: Ref, right: Ref) -> None:
        super().__init__(left, "diff")
        self.other = right
        self.diffs: tuple[Diff, ...] = ()

    def again(self) -> None:
        self.console.open_screen(DiffScreen(self.ref, self.other))

    def _title(self) -> None:
        self.crumbs("diff")

    async def _read(self) -> None:
        refs = self.ref, self.other
        try:
            left, right = await asyncio.gather(*(self.services.adapters[ref.context].detail(ref) for ref in refs))
        except AdapterError as error:
            self.failed(error)
            self.set_freshness("out of date" if self.diffs else "not read")
            return
        self.detail = left
        schema = self.services.schemas.get(self.ref.context)
        types = own_types(schema.kinds.get(self.ref.kind) if schema is not None else None)
        times = [name for name, type in types.items() if type is FieldType.TIME]
        self.diffs = await asyncio.to_thread(compare, left, right, times)
        now = self.services.clock()
        self.set_freshness(f"as of {clock(now, now)}")
        self._show()

    def _show(self) -> None:
        if self.detail is not None:
            self.names[self.ref] = self.detail.resource.name
            self._title()
            diffs, ascii = self.diffs, self.services.ascii
            self.view.show(lambda width: diff_rows(diffs, width, ascii))
            self._counts()

    def _counts(self) -> None:
        super()._counts()
        if not self.view.needle:
            different = sum(len(differing(diff)) for diff in self.diffs)
            whole = sum(len(diff.rows) for diff in self.diffs)
            self.set_counts_text([(f"{different:,} of {whole:,} fields differ", "text")])

    def do_describe(self) -> None:
        self.console.open_document(self.ref, "describe")

    def do_raw(self) -> None:
        self.console.open_document(self.ref, "yaml")

    def _hop(self, step: int) -> None:
        if not self.view.hop(step):
            self.message("no difference " + ("below" if step > 0 else "above"), "muted")


def diff_rows(diffs: Sequence[Diff], width: int, ascii: bool = False) -> list[Row]:
    """The names of both, then of every section what differs and how much does not."""
    if not diffs:
        return []
    names = [safe(name) for diff in diffs for name, _, _ in differing(diff)]
    label = min(MOST_LABEL, max(width // 4, 8), max((cell_len(name) for name in names), default=8))
    half = max(4, (width - label - 4) // 2)

    def line(name: str, left: str, right: str) -> str:
        cells = cut(name, label, ascii=ascii), cut(left, half, ascii=ascii), cut(right, half, ascii=ascii)
        return f"{pad(cells[0], label)}  {pad(cells[1], half)}  {cells[2]}"

    rows = [Row(((line("", safe(diffs[0].left), safe(diffs[0].right)), "bold"),), head=True)]
    for diff in diffs:
        found = differing(diff)
        equal = len(diff.rows) - len(found)
        said: Piece = (f"   {len(found)} differ, {equal} the same", "muted")
        rows.append(Row(((safe(diff.title), "bold"), said), full=f"{safe(diff.title)}{said[0]}"))
        rows += [
            _difference(name, left, right, line(safe(name), written(left), written(right)), label)
            for name, left, right in found
        ]
        rows.append(Row((("", "text"),)))
    return rows[:-1]


def _difference(name: str, left: Json, right: Json, drawn: str, label: int) -> Row:
    full = f"{safe(name)}: {written(left)} | {written(right)}"
    return Row(((drawn[:label], "muted"), (drawn[label:], "text")), red=True, full=full)


def open_diff(screen: GridScreen) -> None:
    """Compare the two marked objects."""
    refs = screen.targets()
    if len(refs) != 2:
        key = screen.services.keys.key("mark")
        screen.message(f"diff compares two objects, {key} marks them; {len(refs)} marked", "muted")
    elif refs[0].kind is not refs[1].kind:
        screen.message(f"a {refs[0].kind.value} and a {refs[1].kind.value} cannot be compared", "muted")
    else:
        screen.console.open_screen(DiffScreen(*refs))
