"""How a list lays out its table: order, columns, width, times, groups."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from adapters.model import Kind
from adapters.names import nearest
from adapters.port import Query, SortKey
from tui.core.columns import Column, columns_for, find
from tui.core.grouping import FIELDS, Group, both, field_named
from tui.core.memory import MOST_SORT_KEYS, ColumnChoice
from tui.core.query import FilterError, parse
from tui.core.text import safe
from tui.core.values import fields_for
from tui.core.view import TableView
from tui.screens.listkeys import ListKeys
from tui.widgets.table import ResourceTable

CLOCK_EXTRA = 6
"""How much wider an age column is when it shows clock times."""


class ListTable(ListKeys):
    """The keys about the table itself."""

    view: TableView
    asked: Query
    title_word: str
    choice = ColumnChoice()

    def resort(self, keys: Sequence[SortKey]) -> None:
        raise NotImplementedError

    def supporting(self) -> list[str]:
        """The contexts of this list that have its kind at all."""
        known = self.services.schemas
        return [name for name in self.contexts if name in known and self.kind in known[name].kinds]

    def relayout(self) -> None:
        if self.size.width:
            self.table.set_columns(self.columns_of(self.choice), self.view.sort)

    def columns_of(self, choice: ColumnChoice) -> list[Column]:
        """The columns for this width, these rows and this mode."""
        width = self.size.width
        extra = 2 * CLOCK_EXTRA if self.model.clock_times else 0
        sample = [row for ref in self.model.refs[:60] if (row := self.model.row(ref)) is not None]
        schemas = [self.services.schemas[name] for name in self.supporting()]
        columns = columns_for(
            self.kind,
            schemas,
            merged=len(schemas) > 1,
            width=width - extra,
            wide=self.wide,
            sample=sample if self.wide or width < 80 else (),
            resource=self.resource,
            choice=choice,
        )
        if extra:
            timed = ("age", "duration", "since")
            columns = [replace(c, width=c.width + CLOCK_EXTRA) if c.id in timed else c for c in columns]
        return columns

    # sorting and layout

    def do_sort_name(self) -> None:
        self._sort("name")

    def do_sort_age(self) -> None:
        self._sort("age")

    def do_sort_state(self) -> None:
        self._sort("state", first_descending=True)

    def _sort(self, column: str, first_descending: bool = False) -> None:
        keys = self.table.sort
        descending = first_descending
        if keys and keys[0].field == column:
            descending = not keys[0].descending
        self._order((SortKey(column, descending),))

    def verb_sort_by(self, text: str) -> None:
        """`:sort-by -state,age`: several keys, the first counts most."""
        fields = fields_for((self.services.schemas[name] for name in self.supporting()), self.kind)
        keys = [SortKey(word.removeprefix("-"), word.startswith("-")) for word in re.split(r"[,\s]+", text) if word]
        for key in keys:
            if key.field not in fields:
                self.message(f"no field {safe(key.field, 40)!r}{nearest(key.field, fields)}", "failed")
                return
        self._order(tuple(SortKey(fields[key.field].id, key.descending) for key in keys[:MOST_SORT_KEYS]))

    def _order(self, keys: Sequence[SortKey]) -> None:
        self.resort(keys)
        self._kept(lambda: self.services.memory.keep_sort(self.kind, keys))

    def do_sort_by(self) -> None:
        from tui.screens.choose import ChooseSheet

        columns = [column for column in self.table.columns if column.id != "use"]
        choices = [(column.id, column.title or column.id) for column in columns]
        self.open_sheet(ChooseSheet("SORT by", choices, self._sort))

    def do_columns(self) -> None:
        from tui.screens.columns import ColumnsSheet

        self.open_sheet(ColumnsSheet(self))

    def verb_columns(self, text: str) -> None:
        if text != "reset":
            self.message(f"columns: no {safe(text, 40)!r}; :columns reset gives back what is usual", "failed")
            return
        self.use_columns(ColumnChoice())
        if self.keep_columns(ColumnChoice()):
            self.message(f"the columns of {self.kind.plural} are as usual", "muted")

    def use_columns(self, choice: ColumnChoice) -> None:
        self.choice = choice
        self.relayout()

    def keep_columns(self, choice: ColumnChoice) -> bool:
        return self._kept(lambda: self.services.memory.keep_columns(self.kind, choice))

    def _kept(self, keep: Callable[[], None]) -> bool:
        """Remember something; that it cannot be written costs no more than the next session."""
        try:
            keep()
        except OSError as error:
            self.message(f"not remembered: {safe(error.strerror or str(error), 100)}", "waiting")
            return False
        return True

    def on_resource_table_sort_clicked(self, event: ResourceTable.SortClicked) -> None:
        if find(self.table.columns, event.column) is not None and event.column != "use":
            self._sort(event.column)

    def do_wide(self) -> None:
        self.wide = not self.wide
        self.table.first_column = 0
        self.relayout()

    def do_times(self) -> None:
        self.model.clock_times = not self.model.clock_times
        self.relayout()

    def do_faults(self) -> None:
        self.model.faults_only = not self.model.faults_only
        self.reload()

    def do_resource_right(self) -> None:
        self._next_resource(1)

    def do_resource_left(self) -> None:
        self._next_resource(-1)

    def _next_resource(self, step: int) -> None:
        if self.kind is not Kind.POOL:
            self.message("only pools have resources to choose from", "muted")
            return
        known = list(
            dict.fromkeys(
                each.kind for ref in self.model.refs for each in getattr(self.model.row(ref), "capacity", ())
            )
        )
        if known:
            at = known.index(self.resource) if self.resource in known else 0
            self.resource = known[(at + step) % len(known)]
            self.relayout()
            self.say()

    # groups

    def do_group(self) -> None:
        self.verb_group(FIELDS[0])

    def verb_group(self, text: str) -> None:
        """`:group owner`: count the rows shown by what they share."""
        from tui.screens.groups import GroupSheet

        field = field_named(text)
        if field is None:
            self.message(f"group by one of {', '.join(FIELDS)}", "failed")
        elif not self.model.refs:
            self.message("there are no rows to group", "muted")
        else:
            self.open_sheet(GroupSheet(self, field))

    def open_group(self, group: Group) -> None:
        """The rows of a group, above these: back leads here."""
        schemas = [self.services.schemas[name] for name in self.supporting()]
        text = both(self.filter_text, group.filter)
        try:
            parse(text, fields_for(schemas, self.kind))
        except FilterError as error:
            self.message(f"no filter says that: {error.message}", "failed")
            return
        self.console.open_list(self.kind, self.contexts, self.asked, self.title_word, trail=self.trail, filter=text)
