"""Jumps: to what an object belongs to, to its host, to its pool, and to what uses a host or a pool."""

from __future__ import annotations

from dataclasses import replace

import pytest

from adapters.model import Kind, Ref, State
from tests.tui.conftest import Open
from tests.tui.data import hosts, pods, pools, run
from tests.tui.fake import NO_HOSTS, FakeAdapter, Tester

pytestmark = pytest.mark.anyio

LAB = "peloton"
TRAIN = Ref(LAB, Kind.RUN, "ctr-train")


def lab() -> FakeAdapter:
    trained = run(LAB, State.RUNNING, "ctr-train", pool="/ml/ads", age="1m00s")
    other = run(LAB, State.RUNNING, "rank-serve", pool="/ml/ranking")
    return FakeAdapter(LAB, [trained, other, *pods(TRAIN), *hosts(LAB), *pools(LAB)])


def kind(t: Tester) -> Kind:
    return t.screen.kind


async def test_j_leads_from_a_run_to_its_pool_where_nothing_else_is_above_it(console: Open) -> None:
    async with console(lab()) as t:
        await t.see("ctr-train")
        await t.press("J")
        await t.until(lambda: kind(t) is Kind.POOL)
        await t.until(lambda: t.cursor == "/ml/ads")
        await t.press("J")
        await t.until(lambda: t.cursor == "/ml")
        await t.press("escape")
        await t.until(lambda: kind(t) is Kind.RUN and t.cursor == "ctr-train")


async def test_j_says_so_where_there_is_nothing_above(console: Open) -> None:
    alone = run(LAB, State.RUNNING, "alone")
    async with console(FakeAdapter(LAB, [alone], schema=NO_HOSTS)) as t:
        await t.see("alone")
        await t.press("J")
        await t.see("alone belongs to nothing above it")


async def test_o_leads_from_a_pod_to_its_host_and_u_from_there_to_its_pods(console: Open) -> None:
    async with console(lab(), view=Kind.POD) as t:
        await t.see("ctr-train-0822-10")
        await t.press("o")
        await t.until(lambda: kind(t) is Kind.HOST)
        await t.until(lambda: t.cursor == "gpu-a100-0417")
        await t.press("u")
        await t.until(lambda: kind(t) is Kind.POD)
        await t.see("3 pods")
        assert {t.screen.model.row(ref).host for ref in t.screen.model.refs} == {"gpu-a100-0417"}  # type: ignore[union-attr]


async def test_u_leads_from_a_pool_to_its_runs(console: Open) -> None:
    async with console(lab(), view=Kind.POOL) as t:
        await t.see("ranking")
        await t.until(lambda: t.screen.table.select(Ref(LAB, Kind.POOL, "/ml/ads")))
        await t.press("u")
        await t.until(lambda: kind(t) is Kind.RUN)
        await t.see("ctr-train")
        assert not any("rank-serve" in line for line in t.lines)


async def test_w_keeps_what_shares_the_pool(console: Open) -> None:
    async with console(lab()) as t:
        await t.see("ctr-train")
        await t.press("w")
        await t.see("/ pool=/ml/ads")
        await t.see("1 of 2 runs")


@pytest.mark.parametrize("word", ["owner", "go-host", "used-by", "warp"])
async def test_each_jump_is_a_verb(console: Open, word: str) -> None:
    async with console(lab(), view=Kind.HOST if word == "used-by" else Kind.POD) as t:
        await t.until(lambda: t.screen.model.refs)
        before = t.app.screen
        filtered = t.screen.filter_text
        await t.press("colon")
        await t.type(word)
        await t.press("enter")
        await t.until(lambda: t.app.screen is not before or t.screen.filter_text != filtered)


@pytest.mark.presses("copy-name", ":copy-name")
@pytest.mark.presses("copy-row", ":copy-row")
async def test_the_name_and_the_row_are_copied_by_verb(console: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    named = replace(run(LAB, State.RUNNING, "x"), name="a name")
    async with console(FakeAdapter(LAB, [named])) as t:
        written: list[str] = []
        monkeypatch.setattr(t.app, "copy", written.append)
        await t.see("a name")
        for word in ("copy-name", "copy-id", "copy-row"):
            await t.press("colon")
            await t.type(word)
            await t.press("enter")
        assert written[:2] == ["a name", "x"]
        assert '"name": "a name"' in written[2]
