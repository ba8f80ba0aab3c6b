"""Two marked runs beside each other."""

from __future__ import annotations

import pytest

from adapters.errors import Unavailable
from adapters.model import Ref, State
from adapters.sections import Detail, Fields
from tests.tui import data
from tests.tui.conftest import Open
from tests.tui.fake import FakeAdapter, Tester
from tui.screens.diff import DiffScreen
from tui.screens.list import ListScreen

pytestmark = pytest.mark.anyio


class Two(FakeAdapter):
    """Two runs that differ in one parameter."""

    def __init__(self) -> None:
        s = State
        super().__init__(
            "kfp",
            [
                data.run("kfp", s.SUCCEEDED, "good", age="1h00m"),
                data.run("kfp", s.FAILED, "bad", age="2h00m", message="OOM \x1b[31m"),
            ],
        )

    async def detail(self, ref: Ref) -> Detail:
        row = await self.get(ref)
        rows = 80 if row.name == "good" else 120
        return Detail(row, (Fields("Params", (("max_rows", rows), ("lr", 0.1))),), {})


async def marked(t: Tester) -> None:
    await t.see("good")
    await t.press("g", "space", "g", "j", "space")
    await t.until(lambda: isinstance(t.app.screen, ListScreen) and len(t.app.screen.targets()) == 2)


async def test_what_differs_is_shown_and_what_does_not_is_counted(console: Open) -> None:
    async with console(Two()) as t:
        await marked(t)
        await t.press("colon")
        await t.type("diff")
        await t.press("enter")
        await t.until(lambda: isinstance(t.app.screen, DiffScreen))
        await t.see("Params   1 differ, 1 the same")
        drawn = next(line for line in t.lines if "max_rows" in line)
        assert drawn.split()[1:3] == ["80", "120"] or drawn.split()[-2:] == ["80", "120"]
        assert not any("lr" in line.split() for line in t.lines)
        await t.see("fields differ")
        await t.press("e")
        assert isinstance(t.app.screen, DiffScreen)
        assert t.app.screen.view.cursor > 0
        await t.press("escape")
        await t.until(lambda: isinstance(t.app.screen, ListScreen))


async def test_it_takes_two(console: Open) -> None:
    async with console(Two()) as t:
        await t.see("good")
        await t.press("V")
        await t.see("diff compares two objects, space marks them; 1 marked")


async def test_a_context_that_does_not_answer_is_said(console: Open) -> None:
    adapter = Two()
    async with console(adapter) as t:
        await marked(t)
        adapter.error = Unavailable("refused")
        await t.press("V")
        await t.see("not read")
        await t.see("✗")


async def test_it_is_in_the_help(console: Open) -> None:
    async with console(Two()) as t:
        await t.see("good")
        await t.press("?")
        await t.see("L I V  log in, invert, d")
