"""One filter over every kind of every context."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from adapters.errors import Unavailable
from adapters.model import Kind, Ref
from adapters.port import Scope
from tests.tui.conftest import Open
from tests.tui.data import hosts, many_runs, pods, pools, runs
from tests.tui.fake import SCHEMA, FakeAdapter
from tests.tui.keys.proof import do, press
from tui.screens.detail import DetailScreen

pytestmark = pytest.mark.anyio

OWNER = Ref("peloton", Kind.RUN, "ctr-train-0822")


def fleet() -> FakeAdapter:
    return FakeAdapter("peloton", [*runs("peloton"), *pods(OWNER), *hosts(), *pools()])


@pytest.mark.presses("find", ":find")
async def test_find_looks_in_every_kind_and_opens_what_it_has(console: Open) -> None:
    async with console(fleet(), FakeAdapter("lab", runs("lab"))) as t:
        await t.see("22 runs")
        await do(t, ":", "'find 0417", "enter", "=FIND  0417")
        await t.see("4 of")
        found = [line[14:22].strip() for line in t.lines if "pod " in line or "host " in line]
        assert found.count("pod") == 3
        assert found.count("host") == 1
        await press(t, "e")
        await press(t, "enter")
        await t.until(lambda: isinstance(t.app.screen, DetailScreen))
        assert isinstance(t.app.screen, DetailScreen)
        assert t.app.screen.ref == Ref("peloton", Kind.POD, "ctr-train-0822-7")


async def test_the_filter_language_holds_and_what_cannot_be_asked_is_said(console: Open) -> None:
    async with console(fleet()) as t:
        await t.see("11 runs")
        await do(t, ":", "'find pipeline=x or state=failed", "enter", "=FIND")
        await t.see("2 of 11 in 4 lists")
        await t.see("peloton pods: ")
        await t.see("pipeline")


async def test_a_dead_context_and_kinds_that_need_a_parent_are_named(console: Open) -> None:
    kinds = {**SCHEMA.kinds, Kind.POD: replace(SCHEMA.kinds[Kind.POD], scope=Scope.PARENT)}
    dead = FakeAdapter("dead", runs("dead"))
    dead.error = Unavailable("refused by 10.2.0.9:5297", executed=False)
    async with console(FakeAdapter("lab", runs("lab"), replace(SCHEMA, kinds=kinds)), dead) as t:
        await t.see("11+ runs")
        await do(t, ":", "'find fraud", "enter", "=FIND")
        await t.see("1 of 11 in 8 lists")
        await t.see("lab pods: listed only under another object")
        await t.see("dead runs: refused by 10.2.0.9:5297")


async def test_a_slow_list_delays_no_other_and_long_ones_are_not_read_whole(console: Open) -> None:
    slow = FakeAdapter("slow", runs("slow"))
    slow.gate, slow.gate_first = asyncio.Event(), True
    async with console(FakeAdapter("big", many_runs(900, "big")), slow, view=Kind.HOST, scope=("big",)) as t:
        await t.see("No hosts")
        await do(t, ":", "'find", "enter", "=find ›", "'job-00007", "enter", "=FIND  job-00007")
        await t.see("job-00007 ")
        await t.see("searching")
        await t.see("big runs: the newest 500 of 900 only")
        slow.gate.set()
        await t.see("1 of 511 in 8 lists")
        await press(t, "escape")
        await t.gone("FIND")
