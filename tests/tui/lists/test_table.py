"""The table draws as little as it can, keeps its cursor on objects, and opens any number of rows at once."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest
from textual.app import App, ComposeResult
from textual.strip import Strip

from adapters.model import Kind, Ref
from adapters.port import SortKey
from tui.core.cells import Cell
from tui.core.columns import Column, columns_for
from tui.widgets.table import ResourceTable

pytestmark = pytest.mark.anyio


class Model:
    """Rows that are made when they are asked for; `asked` counts how often."""

    def __init__(self, names: Sequence[str]) -> None:
        self.set(names)
        self.values: dict[Ref, str] = {}
        self.marks: set[Ref] = set()
        self.asked = 0

    def set(self, names: Sequence[str]) -> None:
        self.refs: Sequence[Ref] = [Ref("c", Kind.RUN, name) for name in names]
        self.places = {ref: index for index, ref in enumerate(self.refs)}

    def index(self, ref: Ref) -> int | None:
        return self.places.get(ref)

    def cells(self, ref: Ref, columns: Sequence[Column]) -> tuple[Cell, ...]:
        self.asked += 1
        return tuple(
            Cell(((ref.id if column.main else self.values.get(ref, "1m00s"), "text"),)) for column in columns
        )

    def flag(self, ref: Ref) -> str:
        return "*" if ref in self.marks else " "


class TableApp(App[None]):
    CSS = "ResourceTable { height: 1fr; }"

    def __init__(self, model: Model) -> None:
        super().__init__()
        self.table = ResourceTable(model)

    def compose(self) -> ComposeResult:
        yield self.table

    def on_mount(self) -> None:
        self.table.set_columns(columns_for(Kind.RUN, [], merged=False, width=80), (SortKey("age"),))
        self.table.reload()


@contextmanager
def rendered(table: ResourceTable) -> Iterator[list[int]]:
    """The lines that are rendered inside the block."""
    lines: list[int] = []
    real = table.render_line

    def counting(y: int) -> Strip:
        lines.append(y)
        return real(y)

    table.render_line = counting  # type: ignore[method-assign]
    try:
        yield lines
    finally:
        table.render_line = real  # type: ignore[method-assign]


def names(count: int) -> list[str]:
    return [f"row-{index:06d}" for index in range(count)]


async def test_a_cursor_move_renders_at_most_two_lines() -> None:
    app = TableApp(Model(names(1000)))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        for step in (1, 1, 1, -1):
            with rendered(app.table) as lines:
                app.table.move(step)
                await pilot.pause()
            assert 1 <= len(lines) <= 2


async def test_nothing_is_painted_when_nothing_changed() -> None:
    app = TableApp(Model(names(1000)))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        with rendered(app.table) as lines:
            app.table.reload()
            await pilot.pause()
        assert lines == []


async def test_only_the_line_whose_cell_changed_is_painted() -> None:
    model = Model(names(1000))
    app = TableApp(model)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        model.values[model.refs[7]] = "9m59s"
        model.values[model.refs[700]] = "9m59s"
        with rendered(app.table) as lines:
            app.table.reload()
            await pilot.pause()
        assert lines == [8]


async def test_rows_above_shift_the_view_without_a_paint() -> None:
    model = Model(names(1000))
    app = TableApp(model)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        app.table.move_to(500)
        await pilot.pause()
        before = app.table.cursor
        top = app.table.top
        model.set([*(f"new-{index}" for index in range(5)), *names(1000)])
        with rendered(app.table) as lines:
            app.table.reload()
            await pilot.pause()
        assert app.table.cursor == before
        assert app.table.top == top + 5
        assert lines == []


async def test_the_cursor_follows_its_object_through_a_sort() -> None:
    model = Model(names(100))
    app = TableApp(model)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        app.table.move_to(3)
        model.set(list(reversed(names(100))))
        app.table.reload()
        await pilot.pause()
        assert app.table.cursor == Ref("c", Kind.RUN, "row-000003")
        assert app.table.cursor_index == 96
        assert app.table.top <= 96 < app.table.top + app.table.lines


async def test_a_vanished_object_leaves_the_cursor_on_the_same_row_number() -> None:
    model = Model(names(10))
    app = TableApp(model)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        app.table.move_to(9)
        model.set(names(5))
        app.table.reload()
        assert app.table.cursor_index == 4
        model.set([])
        app.table.reload()
        assert app.table.cursor is None
        await pilot.pause()


async def test_a_hundred_thousand_rows_open_at_once() -> None:
    model = Model(names(100_000))
    app = TableApp(model)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert model.asked < 200, "only what is visible is asked for"
        started = time.perf_counter()
        app.table.move_to(99_999)
        await pilot.pause()
        assert time.perf_counter() - started < 1.0
        assert app.table.top == 100_000 - app.table.lines


async def test_the_thumb_is_in_the_last_column() -> None:
    app = TableApp(Model(names(100)))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        first = app.table.render_line(1)
        last = app.table.render_line(22)
        assert first.text[-1] == "▐"
        assert last.text[-1] == " "
        app.table.move_to(99)
        await pilot.pause()
        assert app.table.render_line(22).text[-1] == "▐"
