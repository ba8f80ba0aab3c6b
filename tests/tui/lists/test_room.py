"""What a sheet does to the rows behind it: the cursor row stays in view, and everything comes back exactly."""

from __future__ import annotations

import pytest

from adapters.model import Kind, Ref
from tests.tui.conftest import Open
from tests.tui.data import many_runs
from tests.tui.detail.world import RUN, World
from tests.tui.fake import FakeAdapter
from tui.screens.detail import DetailScreen

pytestmark = pytest.mark.anyio

CURSOR = "▌"


def rows_with_cursor(lines: list[str]) -> list[str]:
    """The rows with the cursor bar, without those of a sheet."""
    return [line for line in lines if line.startswith(CURSOR) and "job-" in line]


@pytest.mark.parametrize("size", [(80, 24), (160, 48), (120, 30), (45, 12)])
@pytest.mark.parametrize("key", ["x", "O", "ctrl+d", "exclamation_mark"])
async def test_the_cursor_row_stays_in_view_above_a_sheet(console: Open, size: tuple[int, int], key: str) -> None:
    async with console(FakeAdapter("prod-kfp", many_runs(120)), size=size) as t:
        await t.see("job-00000")
        table = t.screen.table
        await t.press("ctrl+f", "ctrl+f", "j")
        before = (table.top, t.cursor)
        assert table.top > 0
        assert table.cursor_index == table.top + table.lines - 1, "on the last visible row"
        body, lines = t.lines[: table.lines + 2], table.lines
        await t.press(key)
        await t.until(lambda: t.screen.sheet is not None and t.screen.sheet.size.height > 1)
        await t.pilot.pause(0.05)
        assert len(rows_with_cursor(t.lines)) == 1, "\n".join(t.lines)
        assert t.cursor in rows_with_cursor(t.lines)[0]
        assert t.lines[-1].strip()
        assert len(t.lines) == size[1]
        while t.screen.sheet is not None:  # a plan that was just drawn drops keys for a moment
            await t.press("escape")
        await t.until(lambda: table.lines == lines)
        assert (table.top, t.cursor) == before
        assert t.lines[: lines + 2] == body


async def test_moving_the_window_behind_a_sheet_forgets_where_it_was(console: Open) -> None:
    async with console(FakeAdapter("prod-kfp", many_runs(120))) as t:
        await t.see("job-00000")
        table = t.screen.table
        await t.press("ctrl+f")
        assert table.top == 0
        assert table.cursor_index == table.lines - 1
        await t.press("x")
        await t.until(lambda: table.top > 0)
        t.screen.table.select(Ref("prod-kfp", Kind.RUN, "job-00050"))
        await t.press("escape")
        await t.until(lambda: t.screen.sheet is None and table.lines > 15)
        assert "job-00050" in rows_with_cursor(t.lines)[0]


@pytest.mark.parametrize("size", [(80, 24), (60, 16)])
async def test_a_detail_keeps_its_cursor_line_in_view_as_well(console: Open, size: tuple[int, int]) -> None:
    async with console(World(), size=size) as t:
        t.app.open_detail(RUN)
        await t.until(lambda: isinstance(t.app.screen, DetailScreen) and t.app.screen.tasks.count > 5)
        screen = t.app.screen
        assert isinstance(screen, DetailScreen)
        await t.press("G")
        await t.until(lambda: screen.tasks.cursor == screen.tasks.count - 1)
        before, body = screen.tasks.top, t.lines[:-2]
        for key in ("x", "ctrl+d", "question_mark"):
            await t.press(key)
            await t.until(lambda: screen.sheet is not None and screen.sheet.size.height > 1)
            await t.pilot.pause(0.05)
            assert screen.keybar.region.bottom == size[1], "\n".join(t.lines)
            if screen.sheet is not None and not screen.sheet.tall:
                above = t.lines[: screen.sheet.region.y]
                assert any(line.startswith(CURSOR) for line in above), "\n".join(t.lines)
            while screen.sheet is not None:
                await t.press("escape")
            await t.until(lambda: t.lines[:-2] == body)
            assert screen.tasks.top == before
