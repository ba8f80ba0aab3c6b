"""The table in a file and a row on the clipboard, by key and by command."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from adapters.model import State
from tests.tui.conftest import Open
from tests.tui.data import run, runs
from tests.tui.fake import FakeAdapter, Tester
from tui.core.export import KEYS

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


async def command(t: Tester, text: str) -> None:
    await t.press("colon")
    await t.type(text)
    await t.press("enter")


async def test_ctrl_s_writes_the_table_as_shown(console: Open, here: Path) -> None:
    evil = run("prod-kfp", State.FAILED, "=cmd|calc", "@sum", age="1m00s", dur="30s")
    async with console(FakeAdapter("prod-kfp", [*runs(), evil]), filter="state=failed") as t:
        await t.see("3 of 12 runs")
        await t.press("N")
        await t.until(lambda: t.screen.model.refs[0].id == "=cmd|calc")
        await t.press("ctrl+s")
        await t.see("3 runs in")
        with (here / "runs-prod-kfp.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        shown = [column.id for column in t.screen.table.columns]
        assert [key.removesuffix("_s") for key in rows[0]] == [*shown, "ref"]
        assert [row["name"] for row in rows] == ["'=cmd|calc", "fraud-gbdt-nightly-0822", "ocr-detector-train-88"]
        assert rows[1]["state"] == "failed"
        assert rows[1]["progress"] == "9/14"
        assert rows[1]["duration_s"] == "2478.0"
        assert rows[1]["ref"] == "prod-kfp/run/fraud-gbdt-nightly-0822"


async def test_nothing_is_ever_overwritten(console: Open, here: Path) -> None:
    (here / "runs-prod-kfp.csv").write_text("mine", encoding="utf-8")
    async with console(FakeAdapter("prod-kfp", runs())) as t:
        await t.see("ocr-detector-train-87")
        await t.press("ctrl+s")
        await t.until(lambda: (here / "runs-prod-kfp-2.csv").exists())
        await t.see("11 runs in")
        await t.press("ctrl+s")
        await t.until(lambda: (here / "runs-prod-kfp-3.csv").exists())
    assert (here / "runs-prod-kfp.csv").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("name", ["mine.json", "mine.jsonl"])
async def test_the_ending_says_how(console: Open, here: Path, name: str) -> None:
    async with console(FakeAdapter("prod-kfp", runs())) as t:
        await t.see("ocr-detector-train-87")
        await command(t, f"export {name}")
        await t.see("11 runs in")
        text = (here / name).read_text(encoding="utf-8")
        records = json.loads(text) if name.endswith(".json") else [json.loads(line) for line in text.splitlines()]
        assert [record["id"] for record in records] == [ref.id for ref in t.screen.model.refs]
        assert tuple(records[0]) == KEYS


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("x.txt", "the name must end in"),
        ("none/x.csv", "No such file"),
        ("~nobody-here/x", "is no name"),
        ("/", "is no"),
    ],
)
async def test_what_cannot_be_written_is_said(console: Open, here: Path, name: str, says: str) -> None:
    async with console(FakeAdapter("prod-kfp", runs()), size=(160, 48)) as t:
        await t.see("ocr-detector-train-87")
        await command(t, f"export {name}")
        await t.see(says)
    assert list(here.iterdir()) == []


async def test_half_a_character_is_no_obstacle(console: Open, here: Path) -> None:
    async with console(FakeAdapter("prod-kfp", [run("prod-kfp", State.FAILED, "a\udc80b")])) as t:
        await t.see("1 run")
        await command(t, "export odd")
        await t.see("1 run in")
        assert "a\\udc80b" in (here / "odd.csv").read_text(encoding="utf-8")


async def test_y_copies_a_cell_or_the_row_as_json(console: Open) -> None:
    async with console(FakeAdapter("prod-kfp", runs())) as t:
        await t.see("ocr-detector-train-87")
        await t.press("Y")
        await t.type("experiment")
        await t.press("enter")
        assert t.app.clipboard == "eval"
        await t.press("Y")
        await t.type("json")
        await t.press("enter")
        assert json.loads(t.app.clipboard)["id"] == "llm-eval-mmlu-sweep-14"
        await t.press("space", "space", "Y")
        await t.type("json")
        await t.press("enter")
        assert [row["id"] for row in json.loads(t.app.clipboard)] == [
            "llm-eval-mmlu-sweep-14",
            "churn-xgb-weekly-34",
        ]
