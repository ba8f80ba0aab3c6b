"""Hosts, pods, pools, merged tables; and what a list says when it has no rows or no answer."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from adapters.errors import Unauthorized, Unavailable
from adapters.model import Kind, Ref, State
from adapters.port import ANY, Page, Query
from tests.tui.conftest import Open
from tests.tui.data import hosts, many_runs, pods, pools, run, runs
from tests.tui.fake import NO_HOSTS, NOW, Clock, FakeAdapter

pytestmark = pytest.mark.anyio


async def test_hosts_worst_first(console: Open) -> None:
    async with console(FakeAdapter("peloton", hosts()), view=Kind.HOST) as t:
        await t.see("gpu-a100-0389")
        await t.press("j")
        await t.see("HOST_STATE_DRAINING")
        lines = t.lines
    assert lines[1] == " 6 hosts   ✗ 1 down   ▾ 2 draining   ▿ 1 drained   ▴ 2 up                       "
    assert lines[2] == "  STATE↓      HOST             PODS  MOVED            SINCE  NOTE               "
    assert lines[3].startswith("  ✗ down      gpu-a100-0311       0                   3d02h  goal is UP")
    assert lines[4].startswith("▌ ▾ draining  gpu-a100-0402       1  ███████░   7/8   4m51s")
    assert "HOST_STATE_DRAINING" in lines[22]
    assert "U undrain - not down" in lines[23]


async def test_a_pod_leads_to_its_host_and_the_host_to_its_pods(console: Open) -> None:
    parent = Ref("peloton", Kind.RUN, "ctr-train-0822")
    adapter = FakeAdapter("peloton", [*pods(parent), *hosts()])
    async with console(adapter, view=Kind.POD) as t:
        await t.see("ctr-train-0822-10")
        assert "POD↑" in t.lines[2]
        assert [line[15:32].strip() for line in t.lines[3:8]] == [f"ctr-train-0822-{n}" for n in (5, 6, 7, 8, 10)]
        await t.press("o")
        await t.see("peloton › hosts")
        await t.until(lambda: t.cursor == "gpu-a100-0417")
        await t.press("u")
        await t.see("hosts › gpu-a100-0417 › pods")
        await t.see("3 pods")


async def test_earlier_tries_need_an_earlier_try(console: Open) -> None:
    adapter = FakeAdapter("peloton", pods(Ref("peloton", Kind.RUN, "r")))
    async with console(adapter, view=Kind.POD) as t:
        await t.see("ctr-train-0822-5")
        await t.press("p")
        await t.see("had no earlier try")


async def test_pools_are_a_tree_that_folds(console: Open) -> None:
    async with console(FakeAdapter("peloton", pools()), view=Kind.POOL) as t:
        await t.see("research")
        lines = t.lines
        assert lines[1].startswith(" 6 pools   ! 1 full   ◦ 28 runs wait, most in /ml/ads   gpu 64%")
        assert lines[2].startswith(
            "  POOL                  gpu █used ▒slack │resv  ALLOC   RESV  LIMIT  RUN   WAIT↓"
        )
        names = [line[2:22].strip() for line in lines[3:9]]
        assert names == ["/", "├ ml", "│ ├ ads", "│ └ ranking", "├ infra", "└ research"]
        await t.press("j", "left")
        await t.see("├ ml (2)")
        await t.gone("ranking")
        await t.press("right")
        await t.see("ranking")
        await t.press("greater_than_sign")
        await t.see("cpu █used")
        await t.press("less_than_sign")
        await t.see("gpu █used")


async def test_a_slow_context_marks_only_its_own_rows(console: Open) -> None:
    one, two = FakeAdapter("one", runs("one")), FakeAdapter("two", [run("two", State.RUNNING, "from-two")])
    clock = Clock()
    async with console(one, two, clock=clock) as t:
        await t.see("from-two")
        await t.see("2 of 2 as of 14:32:07Z")
        assert "CONTEXT" in t.lines[2]
        two.error = Unavailable("10.2.0.9:5297 refused the connection", executed=False)
        clock.now = NOW + 124
        await t.press("ctrl+r")
        await t.see("two stale 2m04s")
        await t.see(" ~▸ running    two         from-two")
        assert t.lines[0].startswith(" all › runs")
        assert sum("~" in line[:3] for line in t.lines) == 1
        two.error = None
        await t.press("ctrl+r")
        await t.see("2 of 2 as of 14:34:11Z")


async def test_until_it_is_moved_the_cursor_waits_on_the_first_row_for_slow_contexts(console: Open) -> None:
    early = FakeAdapter("one", [run("one", State.RUNNING, "older", age="9m00s")])
    late = FakeAdapter("two", [run("two", State.RUNNING, "newer", age="5s", dur="-")])
    late.gate, late.gate_first = asyncio.Event(), True
    async with console(early, late) as t:
        await t.see("older")
        assert "older" in t.cursor
        late.gate.set()
        await t.see("newer")
        assert "newer" in t.cursor


async def test_a_dead_backend_keeps_its_rows_dated_and_heals(console: Open) -> None:
    adapter, clock = FakeAdapter("peloton", runs("peloton")), Clock()
    async with console(adapter, clock=clock) as t:
        await t.see("ocr-detector-train-87")
        adapter.error = Unavailable("no answer: 10.2.0.9:5297 refused", executed=False)
        clock.now = NOW + 146
        await t.press("ctrl+r")
        await t.see("stale 2m26s, last 14:32:07Z")
        await t.see("✗ no answer: 10.2.0.9:5297 refused")
        assert sum(line[1:2] == "~" for line in t.lines) == 11
        adapter.error = None
        await t.press("ctrl+r")
        await t.see("as of 14:34:33Z")
        await t.gone("~▸")


async def test_a_backend_that_never_answered_says_so(console: Open) -> None:
    adapter = FakeAdapter("peloton")
    adapter.error = Unauthorized("the token was not accepted", hint="check token_env", status=401)
    async with console(adapter) as t:
        await t.see("peloton: the token was not accepted")
        await t.see("check token_env")
        await t.see("no answer yet")
        adapter.error = None
        adapter.rows = {row.ref: row for row in runs("peloton")}
        await t.press("ctrl+r")
        await t.see("ocr-detector-train-87")


async def test_what_a_backend_lacks_is_said_with_the_reason(console: Open) -> None:
    adapter = FakeAdapter("vertex-eu", schema=NO_HOSTS)
    async with console(adapter, view=Kind.HOST) as t:
        await t.see("not offered by this backend")
        await t.see("Fake does not expose hosts.")
        await t.see(":runs")
        assert adapter.queries == []


async def test_an_empty_list_is_not_an_error(console: Open) -> None:
    async with console(FakeAdapter("prod-kfp")) as t:
        await t.see("No runs in prod-kfp.")
        await t.see("0 runs")


async def test_the_first_page_is_shown_while_the_rest_loads(console: Open) -> None:
    adapter = FakeAdapter("prod-kfp", many_runs(400))
    adapter.gate = asyncio.Event()
    async with console(adapter) as t:
        await t.see("loading 50 of 400")
        await t.see("400 runs")
        await t.press("j", "j")
        assert t.cursor == "job-00002"
        adapter.gate.set()
        await t.see("as of 14:32:07Z")
        assert t.cursor == "job-00002"
        assert len(t.screen.model.refs) == 400


async def test_a_kept_filter_goes_to_the_server_while_not_all_is_loaded(console: Open) -> None:
    adapter = FakeAdapter("prod-kfp", many_runs(400))
    adapter.gate = asyncio.Event()
    async with console(adapter) as t:
        await t.see("loading 50 of 400")
        await t.press("slash")
        await t.type("state=failed name~job")
        await t.press("enter")
        await t.until(lambda: any(query.terms for _, query in adapter.queries))
        pushed = next(query.terms for _, query in adapter.queries if query.terms)
        assert {term.field for term in pushed} == {"state"}
        adapter.gate.set()


class Filtering(FakeAdapter):
    """Its server evaluates what it was declared to."""

    async def list(self, kind: Kind, query: Query = ANY, *, cursor: str | None = None, limit: int = 50) -> Page:
        page = await super().list(kind, query, cursor=cursor, limit=limit)
        return replace(page, applied=frozenset(query.terms))


async def test_the_header_tells_which_part_of_a_filter_the_server_has_evaluated(console: Open) -> None:
    one, two = Filtering("one", many_runs(400, "one")), FakeAdapter("two", many_runs(400, "two"))
    for adapter in (one, two):
        adapter.gate = asyncio.Event()
    async with console(one, two, scope=("one",), size=(120, 24)) as t:
        await t.see("loading 50 of 400")
        await t.press("slash")
        await t.type("state=failed name~job")
        await t.press("enter")
        await t.see("/ state=failed name~job   server: state")
        await t.press("0")
        await t.see("server: state in 1 of 2")
        await t.press("escape")
        await t.gone("server:")
        for adapter in (one, two):
            assert adapter.gate is not None
            adapter.gate.set()


async def test_zero_looks_everywhere_and_back(console: Open) -> None:
    one, two = FakeAdapter("one", runs("one")), FakeAdapter("two", [run("two", State.RUNNING, "from-two")])
    async with console(one, two, scope=("one",)) as t:
        await t.see("11 runs")
        await t.press("0")
        await t.see("from-two")
        await t.see("all › runs")
        await t.press("0")
        await t.see("one › runs")
        await t.gone("from-two")


HOSTILE = [
    "[/red]oops[bold",
    "\x1b]0;owned\x07title",
    "x" * 10_000,
    "",
    "\u202etxt.exe",
    "日本語の名前がとても長いです",
    "a\nb\tc",
]


async def test_hostile_names_cannot_break_the_screen(console: Open) -> None:
    rows = [
        run("prod-kfp", State.FAILED, name or "-", message=name, age=f"{i + 1}s") for i, name in enumerate(HOSTILE)
    ]
    async with console(FakeAdapter("prod-kfp", rows)) as t:
        await t.see("7 runs")
        for _ in HOSTILE:
            await t.press("j")
            assert all("\x1b" not in line and "\n" not in line for line in t.lines)
            await t.press("x")
            await t.see("ACTIONS")
            await t.press("escape")
            await t.gone("ACTIONS")
        assert t.app.title == "runyard"


@pytest.mark.parametrize(
    ("size", "has", "lacks"),
    [
        ((60, 24), "✗ fail", "EXPERIMENT"),
        ((40, 24), "llm-eval", "STATE"),
        ((80, 20), "AGE↑", "✗ 2 failed"),
        ((80, 12), "AGE↑", "enter pods"),
        ((39, 9), "needs 40x10, has 39x9", "runs"),
        ((160, 48), "NOTE", "loading"),
        ((200, 60), "NATIVE", "loading"),
    ],
)
async def test_sizes(console: Open, size: tuple[int, int], has: str, lacks: str) -> None:
    async with console(FakeAdapter("prod-kfp", runs()), size=size) as t:
        await t.see(has)
        assert not any(lacks in line for line in t.lines)
        assert len(t.lines) == size[1]
        assert {len(line) for line in t.lines} <= {size[0]}


async def test_growing_again_after_too_small(console: Open) -> None:
    async with console(FakeAdapter("prod-kfp", runs()), size=(30, 8)) as t:
        await t.see("needs 40x10")
        await t.pilot.resize_terminal(80, 24)
        await t.see("ocr-detector-train-87")


async def test_ascii_symbols(console: Open) -> None:
    async with console(FakeAdapter("prod-kfp", runs()), ascii=True) as t:
        await t.see("ocr-detector-train-87")
        await t.press("e")
        assert t.lines[6].startswith("| X failed")
        assert all(line.isascii() for line in t.lines)


async def test_an_empty_list_names_what_it_is_empty_of(console: Open) -> None:
    async with console(FakeAdapter("peloton", hosts()), view=Kind.HOST) as t:
        await t.until(lambda: t.cursor)
        name = t.cursor
        await t.press("enter")
        await t.see(f"No pods on {name}.")


async def test_the_number_of_a_pod_is_never_cut_off(console: Open) -> None:
    from dataclasses import replace

    parent = Ref("peloton", Kind.RUN, "r")
    rows = [replace(pod, name=f"a-very-long-name-of-a-training-job-{n}") for n, pod in enumerate(pods(parent))]
    rows[1] = replace(rows[1], name=rows[0].name)
    async with console(FakeAdapter("peloton", rows), view=Kind.POD) as t:
        await t.until(lambda: t.cursor)
        shown = [line for line in t.lines if "a-very" in line]
        assert len(shown) == len(rows)
        ends = [next(word for word in line.split() if word.startswith("a-very"))[-1:] for line in shown]
        assert sorted(ends) == ["0", "0", "2", "3", "4"]
