"""The filter language as it is typed: `/`, a filter, and the rows that are left."""

from __future__ import annotations

import pytest

from adapters.model import State
from tests.tui.conftest import Open
from tests.tui.data import run
from tests.tui.fake import FakeAdapter
from tests.tui.keys.proof import do, press

pytestmark = pytest.mark.anyio

S = State
ROWS = [
    run("lab", S.RUNNING, "llm-eval-14", "eval", age="10m00s", dur="9m00s", owner="ana", labels={"team": "ml"}),
    run("lab", S.FAILED, "llm-tune-07", "eval", age="5h00m", dur="4h30m", owner="bo", message="OOMKilled"),
    run("lab", S.FAILED, "fraud-gbdt-1", "fraud", age="2d00h", dur="20m00s", owner="ci", labels={"team": "risk"}),
    run("lab", S.SUCCEEDED, "fraud-gbdt-2", "fraud", age="3d00h", dur="3h00m", owner="ci"),
]


async def left(console: Open, text: str) -> set[str]:
    async with console(FakeAdapter("lab", ROWS)) as t:
        await t.see("4 runs")
        await press(t, "/")
        await do(t, f"'{text}", "enter", f"=/ {text[:20]}")
        assert not any("enter keep" in line for line in t.lines)
        return {ref.id for ref in t.screen.model.refs}


@pytest.mark.parametrize(("text", "names"), [("fraud", {"fraud-gbdt-1", "fraud-gbdt-2"}), ("oom", {"llm-tune-07"})])
async def test_a_word(console: Open, text: str, names: set[str]) -> None:
    assert await left(console, text) == names


@pytest.mark.parametrize(
    ("text", "names"), [("name~^llm.*7$", {"llm-tune-07"}), ("owner!~^(ci|bo)$", {"llm-eval-14"})]
)
async def test_a_regular_expression(console: Open, text: str, names: set[str]) -> None:
    assert await left(console, text) == names


@pytest.mark.parametrize(
    ("text", "names"), [("-fraud", {"llm-eval-14", "llm-tune-07"}), ("owner!=ci oom", {"llm-tune-07"})]
)
async def test_what_must_not_be_there(console: Open, text: str, names: set[str]) -> None:
    assert await left(console, text) == names


async def test_fuzzy(console: Open) -> None:
    assert await left(console, "~~fgb1") == {"fraud-gbdt-1"}


@pytest.mark.parametrize(
    ("text", "names"), [("label.team=risk", {"fraud-gbdt-1"}), ("group=eval", {"llm-eval-14", "llm-tune-07"})]
)
async def test_labels_and_fields(console: Open, text: str, names: set[str]) -> None:
    assert await left(console, text) == names


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("duration>2h", {"llm-tune-07", "fraud-gbdt-2"}),
        ("age<1d", {"llm-eval-14", "llm-tune-07"}),
        ("state=failed,running age>4h", {"llm-tune-07", "fraud-gbdt-1"}),
    ],
)
async def test_numbers_and_durations(console: Open, text: str, names: set[str]) -> None:
    assert await left(console, text) == names


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("state=failed owner=ci", {"fraud-gbdt-1"}),
        ("(owner=ana or owner=bo) eval", {"llm-eval-14", "llm-tune-07"}),
        ("owner=ana or state=succeeded", {"llm-eval-14", "fraud-gbdt-2"}),
    ],
)
async def test_terms_are_anded(console: Open, text: str, names: set[str]) -> None:
    assert await left(console, text) == names
