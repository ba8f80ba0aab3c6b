"""What runs longer than its like."""

from __future__ import annotations

import pytest

from adapters.errors import Unavailable
from adapters.model import Kind, State
from tests.tui.conftest import Open
from tests.tui.data import run, runs, seconds
from tests.tui.fake import NOW, FakeAdapter
from tests.tui.keys.proof import do, press
from tui.core.usual import paces
from tui.screens.detail import DetailScreen

pytestmark = pytest.mark.anyio

S = State
ROWS = [
    run("lab", S.RUNNING, "etl-14", "etl", dur="48m00s", age="49m00s"),
    run("lab", S.RUNNING, "eval-3", "eval", dur="5m00s", age="6m00s"),
    run("lab", S.RUNNING, "alone-1", "ads", dur="9h00m", age="9h00m"),
    *(run("lab", S.SUCCEEDED, f"etl-{n}", "etl", dur=f"{n + 8}m00s", age=f"{n + 1}h00m") for n in range(3, 8)),
    *(run("lab", S.SUCCEEDED, f"eval-{n}", "eval", dur="20m00s", age=f"{n + 12}h00m") for n in range(4, 8)),
    run("lab", S.FAILED, "etl-99", "etl", dur="9h00m", age="9h00m"),
    run("lab", S.SUCCEEDED, "alone-0", "ads", dur="1m00s", age="20h00m"),
]


async def test_the_median_of_those_like_it_and_how_many_they_are() -> None:
    found = await paces(ROWS, NOW)
    assert [(each.run.name, each.usual, each.count) for each in found] == [
        ("etl-14", seconds("13m00s"), 5),
        ("eval-3", seconds("20m00s"), 4),
        ("alone-1", None, 1),
    ]
    assert found[0].times == pytest.approx(48 / 13)
    assert found[0].ends(NOW) is None
    assert found[1].ends(NOW) == NOW + 900


@pytest.mark.presses("usual", ":usual")
async def test_the_most_overdue_leads_and_opens(console: Open) -> None:
    async with console(FakeAdapter("lab", ROWS)) as t:
        await t.see("14 runs")
        await do(t, ":", "'usual", "enter", "=3 run, 1 late")
        rows = [line[1:].split() for line in t.lines if line.rstrip().endswith(("etl-14", "eval-3", "alone-1"))][
            -3:
        ]
        assert rows == [
            ["3.7x", "48m00s", "13m00s", "5", "late", "lab", "etl-14"],
            ["0.2x", "5m00s", "20m00s", "4", "14:47:07Z", "lab", "eval-3"],
            ["-", "9h00m", "-", "1", "-", "lab", "alone-1"],
        ]
        await press(t, "enter")
        await t.until(lambda: isinstance(t.app.screen, DetailScreen))
        assert isinstance(t.app.screen, DetailScreen)
        assert t.app.screen.ref.id == "etl-14"


async def test_runs_are_read_where_no_screen_shows_them(console: Open) -> None:
    down = FakeAdapter("down", runs("down"))
    down.error = Unavailable("refused")
    async with console(FakeAdapter("lab", ROWS), down, view=Kind.HOST) as t:
        await t.see("hosts")
        await do(t, ":", "'usual", "enter", "=3 run, 1 late; not read: down")
        await do(t, "q", "~USUAL")
