"""The console comes back where it was left, if asked to."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.model import Kind
from tests.tui.conftest import Open
from tests.tui.data import pods, runs
from tests.tui.fake import FakeAdapter, Tester
from tui.config import Config, UiSettings
from tui.core.memory import Memory
from tui.statefile import save_state

pytestmark = pytest.mark.anyio

ASKED = Config(ui=UiSettings(restore=True))


async def quit_console(t: Tester) -> None:
    await t.press("colon", "q", "enter")


async def test_view_filter_sort_and_cursor_come_back(console: Open, tmp_path: Path) -> None:
    path = tmp_path / "state.toml"
    adapter = FakeAdapter("prod-kfp", runs())
    async with console(adapter, memory=Memory(path), config=ASKED) as t:
        await t.see("ocr-detector-train-87")
        await t.press("N", "/")
        await t.type("state=failed,aborted")
        await t.press("enter")
        await t.see("3 of 11 runs")
        await t.press("j", "j")
        assert t.cursor == "ocr-detector-train-88"
        await quit_console(t)
    async with console(adapter, memory=Memory(path), config=ASKED) as t:
        await t.see("3 of 11 runs")
        await t.until(lambda: t.cursor == "ocr-detector-train-88")
        assert t.screen.model.refs[0].id == "ads-ctr-backfill-0820"


async def test_the_children_of_an_object_come_back_above_the_first_list(console: Open, tmp_path: Path) -> None:
    path = tmp_path / "state.toml"
    adapter = FakeAdapter("prod-kfp", [*runs(), *pods(runs()[0].ref)])
    async with console(adapter, memory=Memory(path), config=ASKED) as t:
        await t.see("ocr-detector-train-87")
        await t.press("enter")
        await t.see("ctr-train-0822-10")
        await t.press("G")
        await quit_console(t)
    async with console(adapter, memory=Memory(path), config=ASKED) as t:
        await t.see("llm-eval-mmlu-sweep-14 › pods")
        await t.until(lambda: t.cursor == "ctr-train-0822-10")
        await t.press("escape")
        await t.see("ocr-detector-train-87")


async def test_unasked_it_starts_anew(console: Open, tmp_path: Path) -> None:
    path = tmp_path / "state.toml"
    save_state(path, {"left": {"view": "pods", "contexts": "prod-kfp"}})
    async with console(FakeAdapter("prod-kfp", runs()), memory=Memory(path)) as t:
        await t.see("ocr-detector-train-87")
        assert t.screen.kind is Kind.RUN
        await quit_console(t)
    assert Memory(path).left()["view"] == "pods"


@pytest.mark.parametrize(
    "left",
    [
        {"view": "nonsense", "contexts": "prod-kfp"},
        {"view": "pods", "contexts": "gone"},
        {"view": "pods", "contexts": "prod-kfp", "parent": "rubbish"},
        {"view": "pods", "contexts": "prod-kfp", "parent": "gone/run/x"},
    ],
)
async def test_a_place_that_is_gone_is_the_start(console: Open, tmp_path: Path, left: dict[str, str]) -> None:
    path = tmp_path / "state.toml"
    save_state(path, {"left": left})
    async with console(FakeAdapter("prod-kfp", runs()), memory=Memory(path), config=ASKED) as t:
        await t.see("ocr-detector-train-87")
        assert t.screen.kind is Kind.RUN
