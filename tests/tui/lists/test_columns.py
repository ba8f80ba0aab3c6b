"""The columns of a list, chosen by key, and what is remembered of a view."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.model import Kind
from tests.tui.conftest import Open
from tests.tui.data import hosts, runs
from tests.tui.fake import FakeAdapter, Tester
from tui.core.memory import Memory
from tui.statefile import load_state, save_state

pytestmark = pytest.mark.anyio


def heads(t: Tester) -> list[str]:
    return [column.id for column in t.screen.table.columns]


def width_of(t: Tester, id: str) -> int:
    return next(column.width for column in t.screen.table.columns if column.id == id)


@pytest.fixture
def memory(tmp_path: Path) -> Memory:
    return Memory(tmp_path / "state.toml")


async def go_to(t: Tester, id: str) -> None:
    sheet = t.screen.sheet
    at = next(index for index, column in enumerate(sheet.order) if column.id == id)  # type: ignore[union-attr]
    await t.press("home", *["j"] * at)


async def test_comma_hides_shows_and_keeps_columns(console: Open, memory: Memory) -> None:
    async with console(FakeAdapter("prod-kfp", runs()), memory=memory) as t:
        await t.see("ocr-detector-train-87")
        assert "pool" in heads(t)
        assert "message" not in heads(t)
        await t.press(",")
        await t.see("COLUMNS of runs")
        await go_to(t, "pool")
        await t.press("space")
        assert "pool" not in heads(t)
        await go_to(t, "message")
        await t.press("space")
        assert "message" in heads(t)
        await t.press("enter")
        await t.gone("COLUMNS of runs")
        assert "pool" not in heads(t)
    assert memory.path is not None
    assert load_state(memory.path)["columns"]["runs"]["hide"] == ["pool"]
    async with console(FakeAdapter("prod-kfp", runs()), memory=Memory(memory.path)) as t:
        await t.see("ocr-detector-train-87")
        assert "pool" not in heads(t)
        assert "message" in heads(t)


async def test_escape_puts_the_columns_back(console: Open, memory: Memory) -> None:
    async with console(FakeAdapter("prod-kfp", runs()), memory=memory) as t:
        await t.see("ocr-detector-train-87")
        before = heads(t)
        await t.press(",", "j", "space", "J", "right")
        assert heads(t) != before
        await t.press("escape")
        assert heads(t) == before
    assert memory.path is not None
    assert not memory.path.exists()


async def test_columns_move_and_widen(console: Open, memory: Memory) -> None:
    async with console(FakeAdapter("prod-kfp", runs()), memory=memory, size=(160, 48)) as t:
        await t.see("ocr-detector-train-87")
        was, width = heads(t), width_of(t, "age")
        await t.press(",")
        await go_to(t, "age")
        await t.press("K", "right", "right", "enter")
        now = heads(t)
        assert now.index("age") < was.index("age")
        assert sorted(now) == sorted(was)
        assert width_of(t, "age") == width + 2
        assert all(len(line) == 160 for line in t.lines)


async def test_a_column_that_was_asked_for_leaves_last(console: Open, memory: Memory) -> None:
    async with console(FakeAdapter("prod-kfp", runs()), memory=memory) as t:
        await t.see("ocr-detector-train-87")
        await t.press(",")
        await go_to(t, "native_state")
        await t.press("space", "right", "right", "right", "enter")
        assert "native_state" in heads(t)


async def test_the_name_is_always_shown(console: Open, memory: Memory) -> None:
    async with console(FakeAdapter("prod-kfp", runs()), memory=memory) as t:
        await t.see("ocr-detector-train-87")
        await t.press(",")
        await go_to(t, "name")
        await t.press("space")
        await t.see("the name is always shown")
        assert "name" in heads(t)


async def test_columns_reset_gives_back_what_is_usual(console: Open, memory: Memory) -> None:
    async with console(FakeAdapter("prod-kfp", runs()), memory=memory) as t:
        await t.see("ocr-detector-train-87")
        usual = heads(t)
        await t.press(",", "j", "j", "J", "enter")
        await t.press("colon")
        await t.type("columns rest")
        await t.press("enter")
        await t.see(":columns reset gives back")
        await t.press("colon")
        await t.type("columns reset")
        await t.press("enter")
        await t.see("are as usual")
        assert heads(t) == usual
    assert memory.path is not None
    assert "runs" not in load_state(memory.path)["columns"]


async def test_the_sort_of_a_view_is_remembered(console: Open, memory: Memory) -> None:
    async with console(FakeAdapter("prod-kfp", runs()), memory=memory) as t:
        await t.see("ocr-detector-train-87")
        await t.press("N")
        await t.until(lambda: t.screen.model.refs[0].id == "ads-ctr-backfill-0820")
    async with console(FakeAdapter("prod-kfp", runs()), memory=Memory(memory.path)) as t:
        await t.until(lambda: t.screen.model.refs and t.screen.model.refs[0].id == "ads-ctr-backfill-0820")
    async with console(FakeAdapter("peloton", hosts()), view=Kind.HOST, memory=Memory(memory.path)) as t:
        await t.until(lambda: t.screen.model.refs and t.screen.model.refs[0].id == "gpu-a100-0311")


async def test_several_sort_keys_by_command(console: Open, memory: Memory) -> None:
    async with console(FakeAdapter("prod-kfp", runs()), memory=memory) as t:
        await t.see("ocr-detector-train-87")
        await t.press("colon")
        await t.type("sort-by -state,name")
        await t.press("enter")
        await t.until(lambda: t.screen.model.refs[0].id == "fraud-gbdt-nightly-0822")
        assert t.screen.model.refs[1].id == "ocr-detector-train-88"
        await t.press("colon")
        await t.type("sort-by nme")
        await t.press("enter")
        await t.see("no field 'nme'; nearest: name")


async def test_nothing_that_cannot_be_written_is_lost_for_this_session(console: Open, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    memory = Memory(tmp_path / "file" / "state.toml")
    async with console(FakeAdapter("prod-kfp", runs()), memory=memory) as t:
        await t.see("ocr-detector-train-87")
        await t.press("N")
        await t.see("not remembered")
        await t.until(lambda: t.screen.model.refs[0].id == "ads-ctr-backfill-0820")


def test_two_consoles_keep_what_the_other_has_written(tmp_path: Path) -> None:
    path = tmp_path / "state.toml"
    one, two = Memory(path), Memory(path)
    one.keep("sort", "runs", ["-age"])
    two.keep("sort", "pods", ["name"])
    one.keep("sort", "runs", None)
    assert load_state(path) == {"sort": {"pods": ["name"]}}


@pytest.mark.parametrize(
    "rubbish",
    [
        {"columns": 3, "sort": "x", "left": []},
        {"columns": {"runs": {"order": "x", "hide": [1], "widths": {"name": "wide", "age": -5}}}},
        {"sort": {"runs": ["nonsense"]}},
        {"columns": {"runs": []}, "sort": {"runs": [3]}},
    ],
)
async def test_a_strange_state_file_is_no_obstacle(
    console: Open, tmp_path: Path, rubbish: dict[str, object]
) -> None:
    path = tmp_path / "state.toml"
    save_state(path, rubbish)
    async with console(FakeAdapter("prod-kfp", runs()), memory=Memory(path)) as t:
        await t.see("ocr-detector-train-87")
        await t.press(",", "enter")
        assert "name" in heads(t)
