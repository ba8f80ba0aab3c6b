"""How often is asked, changed while the console runs."""

from __future__ import annotations

import pytest

from adapters.model import State
from tests.tui.conftest import Open
from tests.tui.data import run, runs
from tests.tui.fake import FakeAdapter
from tests.tui.keys.proof import do

pytestmark = pytest.mark.anyio


@pytest.mark.presses("every", ":every")
async def test_every_asks_more_often_from_now_on(console: Open) -> None:
    adapter, other = FakeAdapter("prod-kfp", runs()), FakeAdapter("lab", runs("lab"))
    async with console(adapter, other) as t:
        await t.see("22 runs")
        await do(t, ":", "'every", "enter", "=asked every 30 s")
        await do(t, ":", "'every @prod-kfp 0.1", "enter", "=prod-kfp: asked every 0.1 s")
        asked, others = len(adapter.queries), len(other.queries)
        await t.until(lambda: len(adapter.queries) >= asked + 5)
        assert len(other.queries) == others
        adapter.rows |= {row.ref: row for row in [run("prod-kfp", State.RUNNING, "newest", age="2s", dur="1s")]}
        await t.see("23 runs")
        await do(t, ":", "'every usual", "enter", "=prod-kfp, lab: asked every 30 s")


@pytest.mark.parametrize(
    ("line", "said"),
    [("every 0", "from 0.1 to 3600"), ("every often", "'often'"), ("every @lba 3", "nearest: lab")],
)
async def test_what_is_no_pace_is_said(console: Open, line: str, said: str) -> None:
    async with console(FakeAdapter("lab", runs("lab"))) as t:
        await t.see("11 runs")
        await do(t, ":", f"'{line}", "enter", f"={said}")
        assert t.app.services.sync.interval("lab") == 30.0
