"""`b` tells when something ends: on any screen, under any filter, by line, bell and notice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from adapters.errors import Unavailable
from adapters.model import Host, Kind, Ref, Run, State
from tests.tui.conftest import Open
from tests.tui.data import run
from tests.tui.fake import FakeAdapter, Tester, screen_text, services_of
from tui.app import ConsoleApp
from tui.clipboard import osc9
from tui.core import tell
from tui.core.tell import End, cannot_end
from tui.telling import line, notice

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tell, "EVERY", 0.02)
    monkeypatch.setattr(tell, "GAP", 0.01)
    monkeypatch.setattr("tui.telling.BURST", 0.05)
    monkeypatch.setattr("tui.telling.LATER", 0.05)
    for name in ("TMUX", "TERM"):
        monkeypatch.delenv(name, raising=False)


def lab(*names: str) -> FakeAdapter:
    return FakeAdapter("lab", [run("lab", State.RUNNING, name) for name in names or ("one", "two")])


def end(adapter: FakeAdapter, name: str, state: State = State.FAILED, message: str | None = None) -> None:
    ref = Ref("lab", Kind.RUN, name)
    adapter.rows[ref] = replace(adapter.rows[ref], state=state, native_state=state.value.upper(), message=message)


def written(t: Tester, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the terminal was sent beside the drawing."""
    sent: list[str] = []
    monkeypatch.setattr(t.app._driver, "write", sent.append)
    return sent


async def at(t: Tester, name: str) -> None:
    await t.until(lambda: t.screen.model.refs)
    t.screen.table.select(Ref("lab", Kind.RUN, name))


@pytest.mark.presses("tell", "b")
async def test_it_is_told_by_line_bell_and_notice(console: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    adapter = lab()
    async with console(adapter) as t:
        sent = written(t, monkeypatch)
        await at(t, "one")
        await t.press("b")
        await t.see("you will be told when one ends")
        end(adapter, "one", message="out of memory")
        await t.see("run one in lab: failed")
        await t.see("out of memory")
        assert sent == ["\x1b]9;runyard: run one failed\x07\x07"]
        assert t.app.notices() == [
            next(text for text in t.app.notices() if text.startswith("run one in lab: failed"))
        ]
        await t.press("exclamation_mark")
        await t.see("ERRORS")
        await t.see("run one in lab: failed")


async def test_marked_in_the_row_and_below(console: Open) -> None:
    async with console(lab()) as t:
        await at(t, "one")
        await t.press("b")
        await t.press("j", "k")
        await t.see("tells when it ends")
        assert sum("♪" in line for line in t.lines[:20]) == 1
        await at(t, "one")
        await t.press("b")
        await t.see("nothing is told of one any more")
        await t.gone("♪")
        assert len(t.app.services.tells) == 0


async def test_what_is_waited_for_is_under_the_errors(console: Open) -> None:
    async with console(lab()) as t:
        await at(t, "one")
        await t.press("b", "exclamation_mark")
        await t.see("you will be told when this ends")
        await t.press("escape", "b", "exclamation_mark")
        await t.see("nothing went wrong so far")
        assert not any("you will be told" in line for line in t.lines)


async def test_success_is_listed_as_well(console: Open) -> None:
    adapter = lab()
    async with console(adapter) as t:
        await at(t, "two")
        await t.press("colon")
        await t.type("tell")
        await t.press("enter")
        await t.see("you will be told when two ends")
        end(adapter, "two", State.SUCCEEDED)
        await t.see("run two in lab: succeeded")
        assert [text for text in t.app.notices() if "two" in text]


async def test_it_survives_filters_and_other_screens(console: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    adapter = lab()
    async with console(adapter) as t:
        sent = written(t, monkeypatch)
        await at(t, "one")
        await t.press("b")
        t.screen.apply_filter("two")
        await t.until(lambda: len(t.screen.model.refs) == 1)
        await t.press("d")
        await t.until(lambda: len(t.app.screen_stack) > 2)
        end(adapter, "one", State.ABORTED)
        await t.until(lambda: any("run one in lab: aborted" in row for row in screen_text(t.app)))
        assert [text for text in sent if "]9;" in text] == ["\x1b]9;runyard: run one aborted\x07\x07"]


async def test_everything_is_let_go_afterwards(console: Open) -> None:
    adapter = lab()
    async with console(adapter) as t:
        await at(t, "one")
        await t.press("b")
        tells = t.app.services.tells
        assert Ref("lab", Kind.RUN, "one") in tells
        end(adapter, "one")
        await t.until(lambda: not len(tells))
        assert tells._unlisten is None
        await t.until(lambda: not [w for w in t.app.workers if w.group == "tells" and w.is_running])


async def test_what_ends_together_is_one_line_and_one_bell(console: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    adapter = lab("one", "two", "three")
    async with console(adapter) as t:
        monkeypatch.setattr("tui.telling.BURST", 0.6)
        sent = written(t, monkeypatch)
        await at(t, "one")
        await t.press("asterisk", "b")
        await t.see("when each of 3 ends")
        end(adapter, "one")
        end(adapter, "two", State.SUCCEEDED)
        end(adapter, "three", State.SUCCEEDED)
        t.screen.do_refresh()
        await t.see("3 ended: 2 succeeded, 1 failed")
        assert sent == ["\x1b]9;runyard: 3 ended: 2 succeeded, 1 failed\x07\x07"]
        assert len(t.app.notices()) == 3


async def test_gone_is_an_end(console: Open) -> None:
    adapter = lab()
    async with console(adapter) as t:
        await at(t, "one")
        await t.press("b")
        del adapter.rows[Ref("lab", Kind.RUN, "one")]
        await t.see("run one in lab: gone")


async def test_a_backend_that_fails_is_asked_again(console: Open) -> None:
    adapter = lab()
    async with console(adapter) as t:
        await at(t, "one")
        await t.press("b")
        adapter.error = Unavailable("down", executed=False)
        await t.pilot.pause(0.1)
        end(adapter, "one")
        adapter.error = None
        await t.see("run one in lab: failed")


async def test_a_paused_console_asks_nothing(console: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    adapter = lab()
    async with console(adapter) as t:
        await at(t, "one")
        await t.press("b", "equals_sign")
        asked: list[Ref] = []
        monkeypatch.setattr(adapter, "get", asked.append)
        await t.pilot.pause(0.2)
        del asked[:1]
        assert asked == []


async def test_what_cannot_end_is_refused(console: Open) -> None:
    adapter = FakeAdapter("lab", [run("lab", State.FAILED, "one")])
    async with console(adapter) as t:
        await at(t, "one")
        await t.press("b")
        await t.see("one: it has already ended")
        assert len(t.app.services.tells) == 0


def host(state: State) -> Host:
    return Host(ref=Ref("lab", Kind.HOST, "h"), name="h", state=state, native_state=state.value)


def test_a_drain_ends() -> None:
    assert cannot_end(host(State.UP)) == "no drain goes on there"
    assert cannot_end(host(State.DRAINING)) == ""
    assert cannot_end(host(State.DRAINED)) == "it has already ended"


async def test_the_line_does_not_cover_a_question(console: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    adapter = lab()
    async with console(adapter) as t:
        sent = written(t, monkeypatch)
        await at(t, "one")
        await t.press("b", "j", "ctrl+d")
        await t.until(lambda: t.screen.sheet is not None)
        end(adapter, "one")
        await t.until(lambda: sent)
        assert not any("run one in lab" in row for row in t.lines)
        await t.pilot.pause(0.4)
        await t.press("escape")
        await t.see("run one in lab: failed")


HOSTILE = "evil\x1b]52;c;AAAA\x07\x1b[2J\u202e\n;4;1"


@pytest.mark.parametrize("how", [line, lambda end, now: notice([end])])
def test_names_are_neutralised(how: Callable[[End, float], str]) -> None:
    ref = Ref("lab", Kind.RUN, "x")
    row = Run(ref=ref, name=HOSTILE, state=State.FAILED, native_state="F", message=HOSTILE)
    text = how(End(ref, HOSTILE, row), 0.0)
    assert "evil" in text
    assert text.replace("�", "").isprintable()
    assert not {"\x1b", "\x07", "\n", "\u202e"} & set(text)


@pytest.mark.parametrize(
    ("environ", "sent"),
    [
        ({}, "\x1b]9;hi\x07"),
        ({"TMUX": "/tmp/x", "TERM": "screen"}, "\x1bPtmux;\x1b\x1b]9;hi\x07\x1b\\"),
        ({"TERM": "screen-256color"}, "\x1bP\x1b]9;hi\x07\x1b\\"),
    ],
)
def test_it_reaches_the_terminal_behind_tmux_and_screen(environ: dict[str, str], sent: str) -> None:
    assert osc9("hi", environ) == sent


async def test_ascii_has_a_letter(monkeypatch: pytest.MonkeyPatch) -> None:
    options: dict[str, Any] = {"ascii": True}
    app = ConsoleApp(services_of(lab("one"), **options))
    async with app.run_test(size=(80, 24)) as pilot:
        t = Tester(app, pilot)
        await at(t, "one")
        await t.press("b")
        await t.until(lambda: t.lines[3].startswith("|b") or "b" in t.lines[3][:3])
