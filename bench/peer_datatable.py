"""The obvious Textual program: a stock DataTable over a tab-separated file."""

from __future__ import annotations

import sys
from pathlib import Path

from textual.app import App, ComposeResult
from textual.widgets import DataTable


class TableApp(App[None]):
    def compose(self) -> ComposeResult:
        yield DataTable(cursor_type="row")

    def on_mount(self) -> None:
        table = self.query_one(DataTable)
        heads, *rows = (line.split("\t") for line in Path(sys.argv[1]).read_text().splitlines())
        table.add_columns(*heads)
        table.add_rows(rows)


if __name__ == "__main__":
    TableApp().run()
