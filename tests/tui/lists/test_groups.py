"""Rows grouped by what they share, and the rows behind a group."""

from __future__ import annotations

import pytest

from adapters.model import State
from tests.tui.conftest import Open
from tests.tui.data import run, runs
from tests.tui.fake import FakeAdapter, Tester
from tui.core.grouping import FIELDS, grouped
from tui.core.query import parse

pytestmark = pytest.mark.anyio

FAILED = [
    run("k", State.FAILED, "a-1", message="exit 3 in /data/part-0017 on rank 4", owner="ana"),
    run("k", State.FAILED, "a-2", message="exit 3 in /data/part-0442 on rank 11", owner="Ana"),
    run("k", State.FAILED, "a-3", message="Bad key: foo (see docs)", owner='o"d, (x)'),
    run("k", State.SUCCEEDED, "a-4", message=None, pool="/ml"),
    run("k", State.LOST, "a-5", message="", owner="-"),
]


async def command(t: Tester, text: str) -> None:
    await t.press("colon")
    await t.type(text)
    await t.press("enter")


@pytest.mark.parametrize("by", FIELDS)
def test_the_filter_of_a_group_shows_exactly_its_rows(by: str) -> None:
    groups = grouped(FAILED, by)
    assert sum(group.count for group in groups) == len(FAILED)
    for group in groups:
        wanted = parse(group.filter)
        found = [row for row in FAILED if wanted.matches(row, 0.0)]
        assert len(found) == group.count, group
        assert sum(row.state in (State.FAILED, State.LOST) for row in found) == group.faulty


def test_a_cause_is_the_message_without_its_numbers() -> None:
    first = grouped(FAILED, "cause")[0]
    assert first.count == 2
    assert grouped(FAILED, "owner")[0].count == 2


async def test_b_groups_and_enter_opens_the_rows(console: Open) -> None:
    async with console(FakeAdapter("prod-kfp", runs())) as t:
        await t.see("ocr-detector-train-87")
        await t.press("B")
        await t.see("GROUP by state")
        await t.see("7 groups of 11 runs")
        await t.press("right", "right")
        await t.see("GROUP by pool")
        await t.press("enter")
        await t.see("2 of 11 runs")
        assert {row.name for ref in t.screen.model.refs if (row := t.screen.model.row(ref))} == {
            "ads-ctr-backfill-0821",
            "ads-ctr-backfill-0820",
        }
        await t.press("escape", "escape")
        await t.see(" 11 runs")


async def test_group_keeps_the_filter_of_the_list(console: Open) -> None:
    async with console(FakeAdapter("k", FAILED), filter="state=failed or state=lost") as t:
        await t.see("4 of 5 runs")
        await command(t, "group owner")
        await t.see("GROUP by owner")
        await t.see("3 groups of 4 runs")
        await t.press("j", "enter")
        await t.see("1 of 5 runs")


async def test_group_by_cause(console: Open) -> None:
    async with console(FakeAdapter("k", FAILED)) as t:
        await t.see("a-4")
        await command(t, "group cause")
        await t.see("GROUP by cause")
        await t.see("part-N on rank N")
        await t.press("down", "enter")
        await t.see("2 of 5 runs")


async def test_group_by_nonsense_names_the_fields(console: Open) -> None:
    async with console(FakeAdapter("k", FAILED)) as t:
        await t.see("a-4")
        await command(t, "group colour")
        await t.see("group by one of state, owner, pool, host, cause")


@pytest.mark.parametrize(
    ("field", "group", "filter"),
    [
        ("state", "failed", "state="),
        ("owner", "ana", "owner="),
        ("pool", "/ml", "pool="),
        ("host", "gpu-1", "host="),
        ("cause", "exit", "message"),
    ],
)
async def test_each_field_groups_and_leads_to_the_rows(console: Open, field: str, group: str, filter: str) -> None:
    placed = run("k", State.FAILED, "a-6", message="exit 3", owner="ana", pool="/ml", host="gpu-1")
    async with console(FakeAdapter("k", [placed])) as t:
        await t.see("a-6")
        await command(t, f"group {field}")
        await t.see(f"GROUP by {field}")
        await t.see("1 group of 1 run")
        assert any(group in line for line in t.lines)
        await t.press("enter")
        await t.see(filter)
        await t.see("1 of 1 run ")
