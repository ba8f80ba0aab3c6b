"""How much of a log is drawn: what has changed, and no line twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tui.conftest import Open
from tests.tui.detail.world import spool
from tests.tui.logs.test_logs import many, opened, quick, world
from tui.widgets.logview import LogView

__all__ = ["quick"]  # a fixture

pytestmark = pytest.mark.anyio


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The lines that were asked for, by their place on the screen."""
    asked: list[int] = []
    plain = LogView.render_line

    def render_line(self: LogView, y: int) -> object:
        asked.append(y)
        return plain(self, y)

    monkeypatch.setattr(LogView, "render_line", render_line)
    return asked


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The lines that were really put together, by their index."""
    built: list[int] = []
    plain = LogView._parts

    def parts(self: LogView, index: int, *, selected: bool = False) -> object:
        built.append(index)
        return plain(self, index, selected=selected)

    monkeypatch.setattr(LogView, "_parts", parts)
    return built


async def test_a_step_of_the_cursor_draws_two_lines(console: Open, tmp_path: Path, drawn: list[int]) -> None:
    fake = world()
    fake.write("pod-7", many(500), attempt=3)
    async with console(fake, spool=spool(tmp_path)) as t:
        shown = await opened(t)
        await t.see("step 499")
        await t.press("k")
        await t.see("= paused")
        drawn.clear()
        for _ in range(5):
            await t.press("k")
        assert shown.view.cursor == 493
        assert 0 < len(drawn) <= 2 * 5
        assert "▌" in t.lines[3 + shown.view.cursor - shown.view.top]


async def test_what_comes_below_a_paused_log_draws_none_of_it(
    console: Open, tmp_path: Path, drawn: list[int]
) -> None:
    fake = world()
    fake.write("pod-7", many(500), attempt=3)
    async with console(fake, spool=spool(tmp_path)) as t:
        shown = await opened(t)
        await t.see("step 499")
        await t.press("g", "g")
        await t.see("= paused")
        drawn.clear()
        fake.write("pod-7", many(200, 500), attempt=3)
        await t.until(lambda: shown.view.count == 700)
        await t.see("newer lines below")
        assert not drawn


async def test_scrolling_puts_only_new_lines_together(console: Open, tmp_path: Path, made: list[int]) -> None:
    fake = world()
    fake.write("pod-7", many(500), attempt=3)
    async with console(fake, spool=spool(tmp_path)) as t:
        shown = await opened(t)
        await t.see("step 499")
        await t.press("g", "g")
        page = shown.view.page_size
        shown.view.move_to(page - 1)
        await t.see("= paused")
        made.clear()
        for _ in range(5):
            await t.press("j")
        assert shown.view.top == 5
        assert len(made) <= 3 * 5, "the new line, and the two whose cursor moved"
        assert f"step {page + 4}" in "\n".join(t.lines)


async def test_a_last_line_that_grows_is_drawn_again(console: Open, tmp_path: Path) -> None:
    fake = world()
    fake.write("pod-7", many(10) + b"half a", attempt=3)
    async with console(fake, spool=spool(tmp_path)) as t:
        await opened(t)
        await t.see("half a")
        await t.press("k")
        fake.write("pod-7", b" line\n", attempt=3)
        await t.see("half a line")


async def test_all_lines_get_the_column_of_times_with_the_first_that_has_one(console: Open, tmp_path: Path) -> None:
    fake = world()
    fake.write("pod-7", b"no time\n", attempt=3)
    async with console(fake, spool=spool(tmp_path)) as t:
        await opened(t)
        await t.see("no time")
        fake.write("pod-7", many(3), attempt=3)
        await t.see("14:00:02.000")
        await t.until(lambda: any(line.startswith(" " * 17 + "no time") for line in t.lines))
