"""The list of command words, and the filter to what shares a row's pool or group."""

from __future__ import annotations

import pytest

from adapters.model import State
from tests.tui.conftest import Open
from tests.tui.data import run, runs
from tests.tui.fake import FakeAdapter

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("how", [["ctrl+a"], ["colon", *"aliases", "enter"]])
async def test_aliases_list_every_word_and_begin_a_command(console: Open, how: list[str]) -> None:
    async with console(FakeAdapter("prod-kfp", runs())) as t:
        await t.see("ocr-detector-train-87")
        await t.press(*how)
        await t.see("ALIASES")
        text = "\n".join(t.lines)
        assert "nodes" in text
        assert "worker" in text
        await t.press("j", "j", "enter")
        await t.gone("ALIASES")
        await t.see(" :pods")


async def test_a_kind_that_no_context_has_cannot_be_begun(console: Open) -> None:
    async with console(FakeAdapter("prod-kfp", runs())) as t:
        await t.see("ocr-detector-train-87")
        await t.press("ctrl+a")
        await t.see("no context has it")
        row = next(index for index, word in enumerate(t.screen.sheet.words) if not word)  # type: ignore[union-attr]
        await t.press(*["j"] * row, "enter")
        assert t.screen.peek.prompt is None


async def test_w_shows_what_shares_the_group_and_again_all(console: Open) -> None:
    rows = [*runs(), run("prod-kfp", State.RUNNING, "odd", 'a, (b) "c"', age="9h00m", dur="1m00s")]
    async with console(FakeAdapter("prod-kfp", rows)) as t:
        await t.see("ocr-detector-train-87")
        await t.press("e", "e", "w")
        await t.see("2 of 12 runs")
        await t.see("/ group=vision")
        await t.press("w")
        await t.see(" 12 runs")
        await t.press("G", "w")
        await t.see("12 runs")
