"""Being away: the title counts failures, coming back says what happened, and the read mark is kept."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from textual import events

from adapters.model import Kind, Resource, State
from tests.tui import data
from tests.tui.conftest import Open
from tests.tui.fake import NOW, Clock, FakeAdapter, Tester
from tui.core import around
from tui.core.looks import Looks
from tui.core.store import Key
from tui.screens.digest import DigestScreen
from tui.title import RESTORE, SAVE, Title

pytestmark = pytest.mark.anyio


def rows() -> list[Resource]:
    return [
        data.run("prod-kfp", State.RUNNING, "a", age="1h00m", dur="1h00m"),
        data.run("prod-kfp", State.RUNNING, "b", age="2h00m", dur="1h00m"),
        data.run("prod-kfp", State.FAILED, "old", age="5h00m", dur="1h00m"),
    ]


class Away:
    """A console over one context, its clock, and what was written to the title."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv("TERM", "xterm-256color")
        self.adapter, self.clock, self.folder = FakeAdapter("prod-kfp", rows()), Clock(NOW), tmp_path / "looks"
        self.written: list[str] = []

    async def begin(self, t: Tester) -> None:
        t.app.services.looks = Looks(self.folder)
        await t.see("old")
        t.app._control = self.written.append  # type: ignore[assignment, method-assign]

    def fails(self, name: str, *, finished: bool = True) -> None:
        row = data.run("prod-kfp", State.FAILED, name, age="2h00m", dur="1h00m", message="OOMKilled")
        object.__setattr__(row, "finished", self.clock.now - 1 if finished else None)
        self.adapter.rows[row.ref] = row

    async def refresh(self, t: Tester) -> None:
        t.app.services.sync.refresh(Key("prod-kfp", Kind.RUN))
        await t.pilot.pause()

    @property
    def marks(self) -> list[float]:
        return [look.at for look in Looks(self.folder).of("prod-kfp")]


@pytest.fixture
def away(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Away:
    return Away(monkeypatch, tmp_path)


async def test_the_title_counts_what_fails_and_focus_says_it(console: Open, away: Away) -> None:
    async with console(away.adapter, clock=away.clock) as t:
        await away.begin(t)
        t.app.post_message(events.AppBlur())
        await t.until(lambda: t.app.absence is not None)
        away.clock.now += 1200
        away.fails("a")
        await away.refresh(t)
        await t.until(lambda: away.written == [f"{SAVE}\x1b]2;✗1 prod-kfp\x07"])
        away.fails("b", finished=False)
        await away.refresh(t)
        await t.until(lambda: away.written[1:] == ["\x1b]2;✗2 prod-kfp\x07"])
        away.clock.now += 1320
        asked = len(away.adapter.queries)
        t.app.post_message(events.AppFocus())
        await t.see("away 42m00s: 2 failed  D")
        assert away.written[2:] == [RESTORE]
        await t.until(lambda: len(away.adapter.queries) > asked)
        await t.until(lambda: away.marks == [NOW])
        await t.press("D")
        await t.until(lambda: isinstance(t.app.screen, DigestScreen))
        await t.see("since 14:32:07Z, 42m00s ago   ✗ 2 failed")


async def test_who_presses_no_key_is_away_and_the_next_key_tells(console: Open, away: Away) -> None:
    async with console(away.adapter, clock=away.clock) as t:
        await away.begin(t)
        away.clock.now += 299
        t.app.check_presence()
        assert t.app.absence is None
        away.clock.now += 301
        away.fails("a")
        await away.refresh(t)
        t.app.check_presence()
        assert away.written == [f"{SAVE}\x1b]2;✗1 prod-kfp\x07"]
        await t.press("j")
        await t.see("away 10m00s: 1 failed  D")
        assert t.cursor == "b"
        assert t.app.absence is None
        await t.until(lambda: away.marks == [NOW])


async def test_a_short_turn_to_another_window_is_no_absence(console: Open, away: Away) -> None:
    async with console(away.adapter, clock=away.clock) as t:
        await away.begin(t)
        t.app.post_message(events.AppBlur())
        await t.until(lambda: t.app.absence is not None)
        away.clock.now += 30
        t.app.post_message(events.AppFocus())
        await t.until(lambda: t.app.absence is None)
        await t.pilot.pause()
        assert away.written == []
        assert away.marks == []
        assert not any("away" in line for line in t.lines)


async def test_when_nothing_failed_that_is_said(console: Open, away: Away) -> None:
    async with console(away.adapter, clock=away.clock) as t:
        await away.begin(t)
        t.app.post_message(events.AppBlur())
        await t.until(lambda: t.app.absence is not None)
        away.clock.now += 3600
        t.app.post_message(events.AppFocus())
        await t.see("away 1h00m: nothing failed  D")


async def test_a_long_absence_is_a_read_mark_before_it_ends(console: Open, away: Away) -> None:
    """Whoever kills the console in the night finds the evening in the morning."""
    async with console(away.adapter, clock=away.clock) as t:
        await away.begin(t)
        t.app.post_message(events.AppBlur())
        await t.until(lambda: t.app.absence is not None)
        away.clock.now += 301
        t.app.check_presence()
        await t.until(lambda: away.marks == [NOW])
        await t.press("colon", "q", "enter")
    assert len(away.marks) == 2


async def test_leaving_gives_the_title_back_and_keeps_the_mark(console: Open, away: Away) -> None:
    async with console(away.adapter, clock=away.clock) as t:
        await away.begin(t)
        t.app.post_message(events.AppBlur())
        await t.until(lambda: t.app.absence is not None)
        away.clock.now += 100
        away.fails("a")
        await away.refresh(t)
        await t.until(lambda: away.written)
        t.app.exit(0)
    assert away.written[-1] == RESTORE
    assert away.marks == [NOW]
    (path,) = away.folder.glob("*.json")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_hosts_and_pools_are_looked_at_though_no_screen_shows_them(
    console: Open, away: Away, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(around, "FIRST", 60.0)
    for row in (*data.hosts("prod-kfp"), *data.pools("prod-kfp")):
        away.adapter.rows[row.ref] = row
    async with console(away.adapter, clock=away.clock) as t:
        await away.begin(t)
        t.app.check_presence()
        assert {kind for kind, _ in away.adapter.queries} == {Kind.RUN}
        away.clock.now += 61
        t.app.check_presence()
        hosts, pools = (Key("prod-kfp", kind) for kind in (Kind.HOST, Kind.POOL))
        store = t.app.services.store
        await t.until(lambda: store.snapshot(hosts).complete and store.snapshot(pools).complete)
        t.app.check_presence()
        assert not t.app.around._claims
        await t.press("colon", "q", "enter")
    (kept,) = Looks(away.folder).of("prod-kfp")
    assert kept.hosts is not None
    assert len(kept.hosts) == len(data.hosts("prod-kfp"))
    assert kept.pools is not None
    assert kept.runs is not None
    assert kept.runs["old"] == ("failed", "old")


async def test_a_state_that_cannot_be_written_is_no_reason_to_fail(
    console: Open, away: Away, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    away.folder = tmp_path / "file"
    async with console(away.adapter, clock=away.clock) as t:
        await away.begin(t)
        await t.press("colon", "q", "enter")
    assert t.app.services.looks.last("prod-kfp") is not None


def test_a_title_is_plain_text() -> None:
    written: list[str] = []
    title = Title(written.append, {"TERM": "xterm"})
    title.show("a\x07\x1b]2;b\n" + "x" * 500)
    assert written[0].startswith(SAVE + "\x1b]2;a␇␛]2;b ")
    assert len(written[0]) < 120
    assert written[0].count("\x1b") == 2
    title.show("")
    title.show("")
    assert written[1:] == [RESTORE]


@pytest.mark.parametrize("term", ["linux", "dumb", ""])
def test_a_terminal_without_titles_is_left_alone(term: str) -> None:
    written: list[str] = []
    title = Title(written.append, {"TERM": term})
    title.show("x")
    title.show("")
    assert written == []
