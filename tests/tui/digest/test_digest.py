"""`D`: what happened since the last look, with jumps, and after a night with the console closed."""

from __future__ import annotations

import asyncio
import stat
from pathlib import Path

import pytest

from adapters.errors import Unavailable
from adapters.model import Host, Kind, Ref, Resource, State
from tests.tui import data
from tests.tui.conftest import Open
from tests.tui.fake import NO_HOSTS, NOW, Clock, FakeAdapter, Tester
from tui.core.journal import Journal
from tui.core.looks import Look, Looks, SeenPool
from tui.screens.detail import DetailScreen
from tui.screens.digest import DigestScreen
from tui.screens.list import ListScreen

pytestmark = pytest.mark.anyio

NIGHT = 8 * 3600.0
OOM = "train: OOMKilled, exit 137"


def rows(context: str = "peloton") -> list[Resource]:
    """Two out of memory and one image pull in the night, a recovery, two ends."""
    s = State
    runs = [
        data.run(context, s.FAILED, "fraud-1", age="3h00m", dur="1h00m", message=OOM),
        data.run(context, s.FAILED, "fraud-2", age="4h00m", dur="1h00m", message=OOM),
        data.run(context, s.FAILED, "pull-1", age="5h00m", dur="1h00m", message="ImagePullBackOff"),
        data.run(context, s.FAILED, "long-ago", age="3d00h", dur="1h00m", message=OOM),
        data.run(context, s.RUNNING, "recovered", age="2d00h", dur="1h00m"),
        data.run(context, s.SUCCEEDED, "etl-1", age="2h00m", dur="1h00m"),
        data.run(context, s.SUCCEEDED, "etl-2", age="2h30m", dur="1h00m"),
    ]
    return [*runs, *data.hosts(context), *data.pools(context)]


def look(at: float) -> Look:
    """What was there in the evening: one run had failed, a host was up that is down, one is gone, a quota moved."""
    hosts: dict[str, str] = {each.ref.id: each.state.value for each in data.hosts("peloton")}
    pools = {
        each.ref.id: SeenPool(each.name, {c.kind: (c.reservation, c.limit) for c in each.capacity})
        for each in data.pools("peloton")
    }
    hosts["gpu-a100-0311"], hosts["gpu-gone"] = "up", "up"
    ads = next(id for id, pool in pools.items() if pool.name == "/ml/ads")
    pools[ads] = SeenPool("/ml/ads", {"gpu": (128.0, 192.0)})
    runs = {"recovered": ("failed", "recovered"), "long-ago": ("failed", "long-ago")}
    return Look(at, runs, hosts, pools)


def looks(*found: Look, folder: Path | None = None, context: str = "peloton") -> Looks:
    made = Looks(folder)
    for each in found:
        made.keep(context, each)
    return made


async def opened(t: Tester, *how: str) -> DigestScreen:
    await t.until(lambda: isinstance(t.app.screen, ListScreen) and t.screen.model.refs)
    await t.press(*(how or ("D",)))
    await t.until(lambda: isinstance(t.app.screen, DigestScreen) and t.app.screen.digest is not None)
    assert isinstance(t.app.screen, DigestScreen)
    return t.app.screen


async def go_to(t: Tester, text: str) -> None:
    screen = t.app.screen
    assert isinstance(screen, DigestScreen)
    await t.press("g")
    for _ in range(30):
        if screen.pane.entry is not None and screen.pane.entry.title == text:
            return
        await t.press("j")
    raise AssertionError(f"no line {text}")


def words(t: Tester, text: str) -> list[str]:
    return next(line for line in t.lines if text in line).split()


async def test_it_says_what_happened_in_the_night(console: Open) -> None:
    async with console(FakeAdapter("peloton", rows()), size=(100, 40)) as t:
        t.app.services.looks = looks(look(NOW - NIGHT))
        await opened(t)
        await t.see("POOLS 1")
        assert t.lines[0].startswith(" peloton › digest ")
        assert t.lines[1].startswith(" since 06:32:07Z, 8h00m ago   ✗ 3 failed   1 recovered   2 ended")
        await t.see("FAILED 3")
        assert words(t, "out of memory") == ["▌", "✗", "2", "out", "of", "memory", "fraud-1,", "fraud-2"]
        assert words(t, "image pull") == ["✗", "1", "image", "pull", "pull-1"]
        assert words(t, "failed → running") == ["▸", "recovered", "failed", "→", "running"]
        assert words(t, "succeeded  ") == ["✓", "2", "succeeded", "etl-1,", "etl-2"]
        assert words(t, "gpu-a100-0311") == ["✗", "gpu-a100-0311", "up", "→", "down"]
        assert words(t, "gpu-gone") == ["?", "gpu-gone", "gone,", "was", "up"]
        assert words(t, "/ml/ads")[:6] == ["/ml/ads", "gpu", "limit", "192", "→", "160,"]
        await t.see("who acted is not known: no journal is kept")
        assert not any("long-ago" in line or "NOT KNOWN" in line for line in t.lines)


async def test_every_line_leads_to_what_it_tells(console: Open) -> None:
    async with console(FakeAdapter("peloton", rows()), size=(100, 40)) as t:
        t.app.services.looks = looks(look(NOW - NIGHT))
        await opened(t)
        await t.see("POOLS 1")
        await go_to(t, "out of memory")
        await t.press("enter")
        await t.see("digest › runs")
        await t.see("fraud-2")
        assert [ref.id for ref in t.screen.model.refs] == ["fraud-1", "fraud-2"]
        await t.press("escape", "escape")
        for title, kind in (("image pull", Kind.RUN), ("gpu-a100-0311", Kind.HOST), ("/ml/ads", Kind.POOL)):
            await go_to(t, title)
            await t.press("enter")
            await t.until(lambda: isinstance(t.app.screen, DetailScreen))
            shown = t.app.screen
            assert isinstance(shown, DetailScreen)
            assert shown.ref.kind is kind
            await t.press("escape")
            await t.until(lambda: isinstance(t.app.screen, DigestScreen))
        await t.press("g", "e")
        assert t.app.screen.pane.entry.title == "image pull"  # type: ignore[attr-defined]


async def test_it_answers_after_the_console_was_closed_overnight(console: Open, tmp_path: Path) -> None:
    """The evening: what is seen is kept on leaving. The night: nobody. The morning: `D`."""
    folder, clock = tmp_path / "looks", Clock(NOW - NIGHT)
    adapter = FakeAdapter("peloton", [data.run("peloton", State.RUNNING, "train"), *data.hosts("peloton")])
    async with console(adapter, clock=clock) as t:
        t.app.services.looks = Looks(folder)
        await opened(t)
        await t.see("no look from before is kept")
        await t.press("colon", "q", "enter")
    (path,) = folder.glob("*.json")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    adapter.rows[Ref("peloton", Kind.RUN, "train")] = data.run(
        "peloton", State.FAILED, "train", age="9h00m", dur="2h00m", message=OOM
    )
    down = next(row for row in adapter.rows.values() if row.state is State.UP)
    adapter.rows[down.ref] = Host(ref=down.ref, name=down.name, state=State.DOWN, native_state="DOWN")
    async with console(adapter, clock=Clock(NOW)) as t:
        t.app.services.looks = Looks(folder)
        await opened(t)
        await t.see("since 06:32:07Z, 8h00m ago   ✗ 1 failed")
        await t.see("out of memory")
        await t.see("up → down")


async def test_leaving_it_is_having_looked_and_earlier_looks_can_be_gone_back_to(console: Open) -> None:
    clock = Clock(NOW)
    async with console(FakeAdapter("peloton", rows()), clock=clock) as t:
        t.app.services.looks = looks(look(NOW - NIGHT))
        await opened(t)
        await t.see("✗ 3 failed")
        await t.press("escape")
        await t.until(lambda: len(t.app.services.looks.of("peloton")) == 2)
        clock.now += 60
        await opened(t)
        await t.see("since 14:32:07Z, 1m00s ago   ✗ 0 failed")
        await t.see("no run has failed")
        await t.press("<")
        await t.see("since 06:32:07Z, 8h01m ago   ✗ 3 failed")
        await t.press("<")
        await t.see("no earlier look is kept")
        await t.press(">")
        await t.see("✗ 0 failed")
        await t.press(">")
        await t.see("this is the last look")


@pytest.mark.parametrize(("typed", "failed"), [("digest 3h", 1), ("digest 11:00", 2), ("digest 2026-08-18", 4)])
async def test_since_can_be_chosen(console: Open, typed: str, failed: int) -> None:
    async with console(FakeAdapter("peloton", rows())) as t:
        t.app.services.looks = looks(look(NOW - NIGHT))
        await t.until(lambda: t.screen.model.refs)
        await t.press("colon")
        await t.type(typed)
        await t.press("enter")
        await t.see(f"✗ {failed} failed")
        await t.press("colon")
        await t.type("digest 30m")
        await t.press("enter")
        await t.see("since 14:02:07Z, 30m00s ago   ✗ 0 failed")
        await t.press("<")
        await t.see("since 06:32:07Z")


async def test_what_is_no_time_is_said_and_opens_nothing(console: Open) -> None:
    async with console(FakeAdapter("peloton", rows())) as t:
        await t.until(lambda: t.screen.model.refs)
        await t.press("colon")
        await t.type("digest soon")
        await t.press("enter")
        await t.see("no time is meant by 'soon'")
        assert isinstance(t.app.screen, ListScreen)


async def test_contexts_have_marks_of_their_own(console: Open) -> None:
    one, two = FakeAdapter("peloton", rows()), FakeAdapter("lab", rows("lab"), NO_HOSTS)
    async with console(one, two, size=(120, 48)) as t:
        t.app.services.looks = looks(look(NOW - NIGHT))
        t.app.services.looks.keep("lab", Look(NOW - 2.5 * 3600, {}))
        await opened(t)
        await t.see("since peloton 06:32:07Z, lab 12:02:07Z   ✗ 4 failed")
        assert next(line for line in t.lines if "out of memory" in line).split()[-3:] == [
            "peloton",
            "fraud-1,",
            "fraud-2",
        ]
        await go_to(t, "out of memory")
        await t.press("enter")
        await t.until(lambda: isinstance(t.app.screen, ListScreen) and len(t.app.screen.model.refs) == 2)
        assert t.app.screen.contexts == ("peloton",)  # type: ignore[attr-defined]
        await t.press("escape", "escape")
        await t.press("colon")
        await t.type("digest @lab 1d")
        await t.press("enter")
        await t.see(" lab › digest")
        await t.see("✗ 3 failed")


async def test_who_acted_is_told_from_the_journal(console: Open, tmp_path: Path) -> None:
    journal = Journal(tmp_path, clock=lambda: NOW - 3600)
    ref = Ref("peloton", Kind.RUN, "recovered")
    journal.outcome(journal.issue("p1", "retry", ref, {}, "OPS-7"), "done")
    async with console(FakeAdapter("peloton", rows()), size=(100, 40)) as t:
        t.app.services.looks = looks(look(NOW - NIGHT))
        t.app.services.journal = journal
        await opened(t)
        await t.see("ACTED 1  by the journal of this machine")
        await t.see("retry  peloton/run/recovered")
        await t.see("done  (OPS-7)")


async def test_what_is_not_known_is_said(console: Open) -> None:
    adapter = FakeAdapter("peloton", rows())
    async with console(adapter, size=(100, 40)) as t:
        await opened(t)
        await t.see("since 06:32:07Z, 8h00m ago")
        await t.see("NOT KNOWN")
        await t.see("peloton: no look from before is kept")
        adapter.error = Unavailable("refused")
        await t.press("ctrl+r")
        await t.see("no answer about its runs since 14:32:07Z: refused")


@pytest.mark.parametrize("size", [(40, 10), (60, 16), (80, 24), (160, 48)])
async def test_every_size_is_drawn(console: Open, size: tuple[int, int]) -> None:
    hostile = data.run("peloton", State.FAILED, "\x1b[31mevil‮", age="2h00m", dur="1h00m", message="\x1b]0;x\x07 y")
    async with console(FakeAdapter("peloton", [*rows(), hostile]), size=size, ascii=size[0] == 60) as t:
        t.app.services.looks = looks(look(NOW - NIGHT))
        await opened(t)
        assert all(len(line) == size[0] for line in t.lines)
        await t.press("G", "g", "j", "question_mark")
        assert all("\x1b" not in line and "‮" not in line for line in t.lines)


async def test_it_is_in_the_help_and_completed(console: Open) -> None:
    async with console(FakeAdapter("peloton", rows())) as t:
        await t.until(lambda: t.screen.model.refs)
        await t.press("?")
        await t.see("errors, pulse, news")
        await t.press("escape", "colon")
        await t.type("dig")
        await t.see(":digest")


async def test_a_slow_context_keeps_nobody_waiting(console: Open) -> None:
    slow = FakeAdapter("slow", [], NO_HOSTS)
    slow.gate, slow.gate_first = asyncio.Event(), True
    async with console(FakeAdapter("peloton", rows()), slow, size=(120, 48)) as t:
        t.app.services.looks = looks(look(NOW - NIGHT))
        await opened(t)
        await t.see("out of memory")
        await t.see("slow: its runs are being read")
        slow.gate.set()
        await t.gone("its runs are being read")


async def test_how_far_back_is_completed(console: Open) -> None:
    async with console(FakeAdapter("peloton", rows())) as t:
        await t.until(lambda: t.screen.model.refs)
        await t.press("colon")
        await t.type("digest ")
        await t.see("24h ago until now")
        await t.type("3")
        await t.press("tab", "enter")
        await t.see("since 08-19 14:32Z, 3d00h ago")
