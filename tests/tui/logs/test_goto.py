"""Jumps in time, marker lines and the menu of a log screen."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.model import Kind
from tests.tui.conftest import Open
from tests.tui.detail.world import spool
from tests.tui.logs.test_logs import many, opened, quick, world
from tui.screens.document import DocumentScreen
from tui.screens.help import HelpSheet

__all__ = ["quick"]
pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(("key", "line"), [("1", 0), ("2", 1740), ("3", 1500), ("4", 900), ("5", 0), ("6", 0)])
async def test_digits_go_back_in_time(console: Open, tmp_path: Path, key: str, line: int) -> None:
    fake = world()
    fake.write("pod-7", many(1801), attempt=3)
    async with console(fake, spool=spool(tmp_path)) as t:
        shown = await opened(t)
        await t.until(lambda: shown.view.cursor == 1800)
        await t.press(key)
        assert shown.view.cursor == line
        assert not shown.view.following
        await t.press("0")
        assert shown.view.cursor == 1800
        assert shown.view.following


async def test_lines_without_times_cannot_be_gone_back_in(console: Open, tmp_path: Path) -> None:
    fake = world()
    fake.write("pod-7", b"one\ntwo\n", attempt=3)
    async with console(fake, spool=spool(tmp_path)) as t:
        await opened(t)
        await t.see("two")
        await t.press("4")
        await t.see("these lines have no times")


async def test_m_draws_a_line_of_our_own(console: Open, tmp_path: Path) -> None:
    fake = world()
    fake.write("pod-7", many(3), attempt=3)
    async with console(fake, spool=spool(tmp_path)) as t:
        shown = await opened(t)
        await t.see("step 2")
        await t.press("m")
        await t.see("--- marked at 14:32:07Z")
        await t.see("3 lines")
        fake.write("pod-7", many(1, 3), attempt=3)
        await t.see("step 3")
        texts = [line.text for line in shown.feed.logs[0].lines(0, 5)] if shown.feed else []
        assert [text.strip()[-6:] for text in texts] == ["step 0", "step 1", "step 2", ":32:07Z"[-6:], "step 3"]


async def test_x_is_the_menu_of_the_object(console: Open, tmp_path: Path) -> None:
    fake = world()
    fake.write("pod-7", many(3), attempt=3)
    async with console(fake, view=Kind.POD, spool=spool(tmp_path)) as t:
        await t.see("pod-7")
        await opened(t)
        await t.see("step 2")
        await t.see("x menu")
        await t.press("x")
        await t.see("ACTIONS  pod-7")
        assert not any(line[7:].startswith("  Open") for line in t.lines)
        await t.type("raw")
        await t.press("enter")
        await t.until(lambda: isinstance(t.app.screen, DocumentScreen))


async def test_help_fits_a_small_terminal(console: Open, tmp_path: Path) -> None:
    fake = world()
    fake.write("pod-7", many(3), attempt=3)
    async with console(fake, view=Kind.POD, spool=spool(tmp_path)) as t:
        await t.see("pod-7")
        shown = await opened(t)
        await t.see("step 2")
        await t.press("question_mark")
        await t.see("- the server did not say")
        assert isinstance(shown.sheet, HelpSheet)
        assert len(shown.sheet.rows) <= shown.sheet.room, "\n".join(t.lines)
        text = "\n".join(t.lines)
        for word in ("b a", "in pager", "bookmark, time", "bookmark, all logs", "other look"):
            assert (word in text) is (word != "other look"), f"{word}\n{text}"


async def test_the_line_of_keys_holds_what_there_is_room_for(console: Open, tmp_path: Path) -> None:
    fake = world()
    fake.write("pod-7", many(3), attempt=3)
    for width, there, missing in ((120, "b bookmark", "^s save"), (160, "^s save", "nothing")):
        async with console(fake, spool=spool(tmp_path), size=(width, 24)) as t:
            await opened(t)
            await t.see("step 2")
            assert t.lines[23].startswith(" s follow  e error  & only  p try  ")
            assert there in t.lines[23]
            assert missing not in t.lines[23]
