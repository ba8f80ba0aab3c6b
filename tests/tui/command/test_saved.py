"""Filters on 1 to 9: of the config, of a kind, and those saved in the console, which outlive it."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.model import Kind
from tests.tui.conftest import Open
from tests.tui.data import hosts, runs
from tests.tui.fake import FakeAdapter, Tester
from tui.core.memory import Memory

pytestmark = pytest.mark.anyio


def prod() -> FakeAdapter:
    return FakeAdapter("prod-kfp", [*runs(), *hosts("prod-kfp")])


async def command(t: Tester, text: str) -> None:
    await t.press("colon")
    await t.type(text)
    await t.press("enter")


async def test_a_number_is_another_filter_in_another_kind_of_list(console: Open) -> None:
    saved = {"1": "state=failed", "2": "fraud", "hosts": {"1": "state=draining"}}
    async with console(prod(), saved=saved) as t:
        await t.see("ocr-detector-train-87")
        await t.press("1")
        await t.see("2 of 11 runs")
        await command(t, "hosts")
        await t.see("gpu-a100-0311")
        await t.press("1")
        await t.see("2 of 6 hosts")
        await t.press("2")
        await t.see("0 of 6 hosts")


@pytest.mark.presses("save-filter", ":save-filter")
async def test_the_filter_that_is_applied_is_saved_on_a_number_and_stays(console: Open, tmp_path: Path) -> None:
    path = tmp_path / "state.toml"
    async with console(prod(), memory=Memory(path)) as t:
        await t.see("ocr-detector-train-87")
        await command(t, "filter state=failed group=fraud")
        await t.see("1 of 11 runs")
        await command(t, "save-filter 3")
        await t.see("3 is state=failed group=fraud, in every list of runs")
        await t.press("escape", "escape")
    async with console(prod(), memory=Memory(path)) as t:
        await t.see("ocr-detector-train-87")
        await t.press("3")
        await t.see("1 of 11 runs")
        await command(t, "hosts")
        await t.see("gpu-a100-0311")
        await t.press("3")
        await t.see("no saved filter 3")


async def test_a_number_is_freed_even_if_the_config_has_it(console: Open, tmp_path: Path) -> None:
    path = tmp_path / "state.toml"
    async with console(prod(), saved={"3": "fraud"}, memory=Memory(path)) as t:
        await t.see("ocr-detector-train-87")
        await command(t, "save-filter 3")
        await t.see("3 is free again")
        await t.press("3")
        await t.see("no saved filter 3")


async def test_without_a_number_the_numbers_are_shown_to_choose_from(console: Open) -> None:
    async with console(prod(), saved={"3": "fraud"}) as t:
        await t.see("ocr-detector-train-87")
        await command(t, "filter state=failed")
        await t.see("2 of 11 runs")
        await command(t, "save-filter")
        await t.see("SAVE  state=failed")
        await t.see("3  fraud")
        await t.press("down", "enter")
        await t.see("2 is state=failed")
        await t.press("escape", "2")
        await t.see("2 of 11 runs")


@pytest.mark.parametrize("text", ["save-filter 0", "save-filter ten", "save-filter 12"])
async def test_only_the_nine_numbers_take_a_filter(console: Open, text: str) -> None:
    async with console(prod()) as t:
        await t.see("ocr-detector-train-87")
        await command(t, text)
        await t.see("a number from 1 to 9")


async def test_filter_as_a_verb_and_one_that_cannot_be_read(console: Open) -> None:
    async with console(prod()) as t:
        await t.see("ocr-detector-train-87")
        await command(t, "filter state=failed")
        await t.see("2 of 11 runs")
        await command(t, "filter ownr=x")
        await t.see("filter not applied: no field ownr; nearest: owner")
        await t.see("2 of 11 runs")


async def test_a_filter_of_the_command_line_that_cannot_be_read_is_said(console: Open) -> None:
    async with console(prod(), filter="ownr=x", view=Kind.RUN) as t:
        await t.see("filter not applied: no field ownr; nearest: owner")
        await t.see(" 11 runs")
