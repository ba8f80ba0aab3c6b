"""What of a list leaves it: cells and rows to the clipboard, the whole table to a file."""

from __future__ import annotations

from asyncio import to_thread
from collections.abc import Iterable, Mapping
from pathlib import Path

from textual import work

from adapters.model import Ref
from tui.core.exportfile import Exported, ExportError, as_json, export
from tui.core.text import safe
from tui.screens.listtable import ListTable

WHOLE_ROW = "row as json"


class ListCopy(ListTable):
    """The keys that copy and export."""

    def do_copy_id(self) -> None:
        refs = self.targets()
        if refs:
            self.console.copy("\n".join(ref.id for ref in refs))
            what = f"{len(refs)} ids" if len(refs) > 1 else safe(refs[0].id, 120)
            self.message(f"copied {what}", "muted")

    def do_copy_name(self) -> None:
        names = [row.name for ref in self.targets() if (row := self.model.row(ref)) is not None]
        if names:
            self.console.copy("\n".join(names))
            self.message(f"copied {f'{len(names)} names' if len(names) > 1 else safe(names[0], 120)}", "muted")

    def do_copy_scope(self) -> None:
        found = self._object()
        if found is not None:
            scope = found.pool or found.group or found.ref.context
            self.console.copy(scope)
            self.message(f"copied {safe(scope, 120)}", "muted")

    def do_copy_cell(self) -> None:
        from tui.screens.choose import ChooseSheet

        found = self._object()
        if found is None:
            return
        cells = self.model.cells(found.ref, self.table.columns)
        values = {column.id: drawn.text for column, drawn in zip(self.table.columns, cells, strict=True)}
        choices = [
            (column.id, f"{column.title or column.id:<12}  {values[column.id]}") for column in self.table.columns
        ]
        choices.append((WHOLE_ROW, "the row as JSON"))
        self.open_sheet(ChooseSheet("COPY", choices, lambda id: self._copy(id, values)))

    def _copy(self, id: str, values: Mapping[str, str]) -> None:
        if id == WHOLE_ROW:
            self.do_copy_row()
        else:
            self._copied(values[id])

    def do_copy_row(self) -> None:
        """The marked rows, else the one under the cursor, as JSON."""
        refs = self.targets()
        if refs:
            self.console.copy(as_json(self._exported(refs)))
            self.message(f"copied {self._many(len(refs))} as JSON", "muted")

    def _copied(self, text: str) -> None:
        self.console.copy(text)
        self.message(f"copied {text[:120]}", "muted")

    # files

    def do_export(self) -> None:
        name = f"{self.kind.plural}-{self.contexts[0] if len(self.contexts) == 1 else 'all'}.csv"
        self.verb_export(name)

    def verb_export(self, text: str) -> None:
        """`:export FILE`: the rows as filtered and sorted here; the ending says how."""
        try:
            path = Path(text).expanduser()
            path = path if path.suffix else path.with_name(f"{path.name}.csv")
        except (RuntimeError, ValueError):
            self.message(f"not exported: {safe(text, 200)} is no name of a file", "failed")
        else:
            self._write_out(path)

    @work(group="export", exit_on_error=True)
    async def _write_out(self, path: Path) -> None:
        rows = self._exported(self.model.refs)
        try:
            where = await to_thread(export, path.absolute(), rows, list(self.table.columns))
        except ExportError as error:
            self.message(f"not exported: {safe(str(error), 300)}", "failed")
        else:
            self.message(f"{self._many(len(rows))} in {safe(str(where), 300)}", "ok")

    def _exported(self, refs: Iterable[Ref]) -> list[Exported]:
        found = []
        clock = self.services.clock()
        for ref in refs:
            row, snapshot = self.model.row(ref), self.model.snapshot(ref.context)
            since = snapshot.stale_since if snapshot is not None else None
            if row is not None:
                found.append(Exported(row, self.model.now(ref.context), None if since is None else clock - since))
        return found

    def _many(self, count: int) -> str:
        return f"{count:,} {self.kind.plural if count != 1 else self.kind.value}"
