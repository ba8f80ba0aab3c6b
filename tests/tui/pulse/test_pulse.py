"""The pulse: what it counts, what each line opens, and what it says it does not know."""

from __future__ import annotations

import asyncio

import pytest

from adapters.errors import Unavailable
from adapters.model import Resource, State
from tests.tui import data
from tests.tui.conftest import Open
from tests.tui.fake import NO_HOSTS, FakeAdapter, Tester
from tui.screens.contexts import ContextsScreen
from tui.screens.list import ListScreen
from tui.screens.pulse import PulseScreen

pytestmark = pytest.mark.anyio


def rows(context: str = "peloton") -> list[Resource]:
    s = State
    failed = [
        data.run(context, s.FAILED, f"oom-{n}", age=f"{n + 1}h00m", dur="50m00s", message="OOMKilled", owner="ana")
        for n in range(3)
    ]
    live = [
        data.run(context, s.FAILED, "exit-1", age="10h00m", dur="1h00m", message="exit 1 in step 7"),
        data.run(context, s.RUNNING, "train", age="2h00m", dur="1h00m", owner="ana"),
        data.run(context, s.RUNNING, "serve", age="9h00m", dur="9h00m", owner="serving"),
        data.run(context, s.QUEUED, "wait", age="30m00s", dur="-", owner="ana"),
    ]
    return [*failed, *live, *data.hosts(context), *data.pools(context)]


async def opened(t: Tester) -> PulseScreen:
    await t.see("running")
    await t.press("P")
    await t.until(lambda: isinstance(t.app.screen, PulseScreen) and t.app.screen.pane.entry is not None)
    await t.see("HOSTS 6")
    await t.see("/ml/ads")
    assert isinstance(t.app.screen, PulseScreen)
    return t.app.screen


def line(t: Tester, text: str) -> str:
    return next(line for line in t.lines if text in line)


async def go_to(t: Tester, id: str) -> None:
    screen = t.app.screen
    assert isinstance(screen, PulseScreen)
    for _ in range(30):
        if screen.pane.entry is not None and screen.pane.entry.id.startswith(id):
            return
        await t.press("j")
    raise AssertionError(f"no line {id}")


async def test_it_counts_what_the_rows_say(console: Open) -> None:
    async with console(FakeAdapter("peloton", rows())) as t:
        await opened(t)
        assert line(t, "failed / h").split()[-2:] == ["1", "-"]
        assert line(t, "▸ running  ").split()[-2:] == ["2", "-"]
        assert line(t, "  waiting  ").split()[-2:] == ["1", "-"]
        assert line(t, "hosts not up").split()[-2:] == ["4", "-"]
        assert "100%     19" in line(t, "! /ml/ads")
        assert "3 out of memory   1 exit N in step N" in line(t, "CAUSES 24h")
        assert "ana 2   serving 1" in line(t, "OWNERS now")
        await t.see("1 failed in the last hour: 1 out of memory; usual: needs 3 loaded days, has 0")
        await t.see("✗▾▾▿▴▴")
        assert all(len(each) == 80 for each in t.lines)


@pytest.mark.parametrize(
    ("id", "keys", "kind", "seen", "unseen"),
    [
        ("failed", (), "runs", "oom-0", "oom-1"),
        ("running", (), "runs", "serve", "oom-0"),
        ("waiting", (), "runs", "wait", "train"),
        ("hosts", (), "hosts", "gpu-a100-0311", "gpu-a100-0388"),
        ("causes", (), "runs", "oom-2", "exit-1"),
        ("causes", ("right",), "runs", "exit-1", "oom-2"),
        ("owners", (), "runs", "train", "serve"),
        ("all-hosts", (), "hosts", "gpu-a100-0388", "oom-0"),
    ],
)
async def test_enter_opens_the_rows_behind_a_line(
    console: Open, id: str, keys: tuple[str, ...], kind: str, seen: str, unseen: str
) -> None:
    async with console(FakeAdapter("peloton", rows())) as t:
        await opened(t)
        await go_to(t, id)
        await t.press(*keys, "enter")
        await t.until(lambda: isinstance(t.app.screen, ListScreen))
        await t.see(f"pulse › {kind}")
        await t.see(seen)
        assert not any(unseen in each for each in t.lines)
        await t.press("escape")
        if isinstance(t.app.screen, ListScreen):
            await t.press("escape")  # the first one has cleared the filter
        await t.until(lambda: isinstance(t.app.screen, PulseScreen))


async def test_enter_on_a_pool_opens_its_runs_and_on_answers_the_contexts(console: Open) -> None:
    mine = [*rows(), data.run("peloton", State.RUNNING, "in-ads", pool="/ml/ads")]
    async with console(FakeAdapter("peloton", mine)) as t:
        await opened(t)
        await go_to(t, "pool")
        await t.press("enter")
        await t.see("pulse › /ml/ads › runs")
        await t.see("in-ads")
        await t.press("escape")
        await t.until(lambda: isinstance(t.app.screen, PulseScreen))
        await t.press("g")
        await go_to(t, "p95")
        await t.press("enter")
        await t.until(lambda: isinstance(t.app.screen, ContextsScreen))


async def test_a_window_that_is_not_whole_is_said_to_be_so(console: Open) -> None:
    adapter = FakeAdapter("peloton", [*rows(), *data.many_runs(200, "peloton")])
    async with console(adapter) as t:
        await opened(t)
        await t.until(lambda: "207 runs" in t.lines[1])
        assert not any("loaded from" in each for each in t.lines)
    adapter.gate = asyncio.Event()
    async with console(adapter) as t:
        await opened(t)
        await t.see("loaded from 13:")
        assert " " * 40 in line(t, "▸ running  ")


async def test_one_or_all_contexts(console: Open) -> None:
    other = FakeAdapter("kfp", [data.run("kfp", State.RUNNING, "k")], NO_HOSTS)
    async with console(FakeAdapter("peloton", rows()), other, scope=("peloton",)) as t:
        await opened(t)
        await t.see(" peloton › pulse")
        await t.press("0")
        await t.see(" all › pulse")
        await t.until(lambda: line(t, "▸ running  ").split()[-2] == "3")
        await t.press("0")
        await t.until(lambda: line(t, "▸ running  ").split()[-2] == "2")
        await t.press("colon")
        await t.type("pulse @kfp")
        await t.press("enter")
        await t.see(" kfp › pulse")
        await t.until(lambda: line(t, "▸ running  ").split()[-2] == "1")
        assert not any("HOSTS" in each for each in t.lines)


async def test_it_is_completed_and_in_the_help(console: Open) -> None:
    async with console(FakeAdapter("peloton", rows())) as t:
        await t.see("train")
        await t.press("colon")
        await t.type("pu")
        await t.see(":pulse")
        await t.press("escape", "?")
        await t.see("errors, pulse, news")


async def test_a_context_that_is_down_leaves_the_rest(console: Open) -> None:
    down = FakeAdapter("kfp", (), NO_HOSTS)
    down.error = Unavailable("refused")
    async with console(FakeAdapter("peloton", rows()), down) as t:
        await opened(t)
        await t.see("1 of 2 as of")
        assert line(t, "▸ running  ").split()[-2] == "2"
        assert "▁" in line(t, "▸ running  ")


@pytest.mark.parametrize("size", [(160, 48), (120, 30), (60, 20), (40, 10)])
async def test_every_size_is_drawn(console: Open, size: tuple[int, int]) -> None:
    async with console(FakeAdapter("peloton", rows()), size=size) as t:
        await t.see("train")
        await t.press("P")
        await t.see("failed / h")
        await t.press("G", "g", "ctrl-f", "e", "E")
        assert all(len(each) == size[0] for each in t.lines)
