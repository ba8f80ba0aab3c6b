"""The pulse on a wide and tall screen: two halves, each of whose lines opens the rows behind it."""

from __future__ import annotations

import pytest

from adapters.errors import Unavailable
from adapters.model import Resource, State
from tests.tui import data
from tests.tui.conftest import Open
from tests.tui.fake import NO_HOSTS, FakeAdapter, Tester
from tests.tui.keys.proof import CASE, Effect, case, do, proves, sees
from tests.tui.pulse.test_pulse import line, rows
from tui.screens.contexts import ContextsScreen
from tui.screens.list import ListScreen
from tui.screens.pulse import PulseScreen

pytestmark = pytest.mark.anyio

SIZE = (160, 48)


def lab() -> list[Resource]:
    """As the narrow one has it, with pools and GPUs, and runs that wait."""
    s = State
    return [
        *rows(),
        data.run("peloton", s.RUNNING, "big", age="3h00m", dur="3h00m", owner="serving", pool="/ml/ads", gpus=16),
        data.run("peloton", s.QUEUED, "patient", age="5h00m", dur="-", owner="ana", pool="/ml/ads", gpus=8),
        data.run("peloton", s.PENDING, "told", age="2h00m", dur="-", message="3rd in gpu-a100"),
        data.run("peloton", s.DRAFT, "draft", age="9h00m", dur="-"),
        data.run("peloton", s.FAILED, "pull-1", age="3h00m", dur="1m00s", message="ErrImagePull", pool="/infra"),
        data.run("peloton", s.FAILED, "pull-2", age="4h00m", dur="1m00s", message="ErrImagePull", pool="/infra"),
        data.run("peloton", s.SUCCEEDED, "good", age="50m00s", dur="30m00s"),
    ]


def pulse(t: Tester) -> PulseScreen:
    assert isinstance(t.app.screen, PulseScreen)
    return t.app.screen


async def opened(t: Tester) -> PulseScreen:
    await t.see("running")
    await t.press("P")
    await t.until(lambda: isinstance(t.app.screen, PulseScreen) and t.app.screen.pane.entry is not None)
    for text in ("HOSTS 6", "LONGEST WAIT", "patient", "/ml/ads"):
        await t.see(text)
    return pulse(t)


async def go_to(t: Tester, id: str, half: str) -> None:
    if half == "right":
        await t.press("tab")
    for _ in range(40):
        entry = pulse(t).pane.entry
        if entry is not None and entry.id.startswith(id):
            return
        await t.press("j")
    raise AssertionError(f"no line {id}\n" + "\n".join(t.lines))


async def test_the_halves_say_what_the_rows_say(console: Open) -> None:
    async with console(FakeAdapter("peloton", lab()), size=SIZE) as t:
        await opened(t)
        assert line(t, "ended ok / h")[:80].split()[-2:] == ["1", "-"]
        assert line(t, "✗ image pull")[:80].split() == ["✗", "image", "pull", "2", "all", "in", "/infra"]
        assert line(t, "✗ out of memory")[:80].split()[4:] == ["3", "all", "in", "ads"]
        assert line(t, "  ana ")[:80].split() == ["ana", "1", "2", "-"]
        assert line(t, "  serving ")[:80].split() == ["serving", "2", "0", "16"]
        assert "✗ 1 down   ▾ 2 draining   ▿ 1 drained   ▴ 2 up" in line(t, "HOSTS 6")
        waits = [each[80:] for each in t.lines if " ◦ " in each[80:90] or " · " in each[80:90]]
        assert [each.split()[1] for each in waits] == ["patient", "told", "wait"]  # a draft waits for nobody
        assert "5h00m  8 gpu in /ml/ads" in waits[0]
        assert "2h00m  3rd in gpu-a100" in waits[1]
        assert "not said" in waits[2]
        assert all(len(each) == 160 for each in t.lines)


@pytest.mark.parametrize(
    ("half", "id", "kind", "seen", "unseen"),
    [
        ("left", "failed", "runs", "oom-0", "pull-1"),
        ("left", "running", "runs", "big", "patient"),
        ("left", "waiting", "runs", "patient", "big"),
        ("left", "ok", "runs", "good", "oom-0"),
        ("left", "hosts", "hosts", "gpu-a100-0311", "gpu-a100-0388"),
        ("left", "causes image", "runs", "pull-2", "oom-1"),
        ("left", "owners serving", "runs", "big", "patient"),
        ("right", "pool peloton/pool//ml/ads", "runs", "patient", "told"),
        ("right", "all-hosts", "hosts", "gpu-a100-0388", "oom-0"),
        ("right", "wait peloton/run/told", "runs", "▌ · pending    PENDING      told", "big"),
    ],
)
async def test_every_line_opens_the_rows_behind_it(
    console: Open, half: str, id: str, kind: str, seen: str, unseen: str
) -> None:
    async with console(FakeAdapter("peloton", lab()), size=SIZE) as t:
        await opened(t)
        await go_to(t, id, half)
        await t.press("enter")
        await t.until(lambda: isinstance(t.app.screen, ListScreen))
        await t.see(f"› {kind}")
        await t.see(seen)
        assert not any(unseen in each for each in t.lines[3:-4])


async def test_no_line_of_either_half_leads_nowhere(console: Open) -> None:
    async with console(FakeAdapter("peloton", lab()), size=SIZE) as t:
        screen = await opened(t)
        entries = [entry for half in (screen.left, screen.right) for entry in half.entries if entry is not None]
        assert len(entries) >= 20
        for entry in entries:
            leads = entry.kind is None or entry.filter or entry.items or entry.parent or entry.ref
            assert leads or entry.id == "all-hosts", entry


HALVES = [
    case("next-pane", "tab", lambda t: pulse(t).pane is pulse(t).right),
    case("previous-pane", "shift-tab", lambda t: pulse(t).pane is pulse(t).right),
    case("right", "right", lambda t: pulse(t).pane is pulse(t).right),
    case("left", "left", lambda t: pulse(t).pane is pulse(t).left, "tab"),
    case("span-shorter", "<", sees("6h, one mark = 7.5min")),
    case("span-longer", ">", sees("7d, one mark = 3h30m")),
    case("next-fault", "e", lambda t: pulse(t).pane is pulse(t).right),
]


@pytest.mark.parametrize(CASE, HALVES)
async def test_keys(console: Open, key: str, effect: Effect, before: tuple[str, ...]) -> None:
    async with console(FakeAdapter("peloton", lab()), size=SIZE) as t:
        await opened(t)
        await do(t, *before)
        await proves(t, key, effect)


async def test_the_marks_are_those_of_the_span(console: Open) -> None:
    async with console(FakeAdapter("peloton", lab()), size=SIZE) as t:
        await opened(t)
        await t.press("<")
        await t.see("answers in 6h")
        await t.press("<")
        await t.see("1h, one mark = 1.25min")
        failed = line(t, "failed / h")[18:66]
        assert failed.count("█") == 1  # one has failed within the hour, ten minutes ago
        assert failed.index("█") == 47 - 8
        await t.press("<")
        await t.see("1h is the shortest")


async def test_a_click_takes_the_keys_along(console: Open) -> None:
    async with console(FakeAdapter("peloton", lab()), size=SIZE) as t:
        screen = await opened(t)
        await t.click("patient")
        assert screen.pane is screen.right
        await t.see("patient in peloton waits for 5h00m: 8 gpu in /ml/ads")
        await t.click("patient", times=2)
        await t.until(lambda: isinstance(t.app.screen, ListScreen))


async def test_how_contexts_answer_and_enter_shows_them(console: Open) -> None:
    down = FakeAdapter("kfp", (), NO_HOSTS)
    down.error = Unavailable("refused")
    async with console(FakeAdapter("peloton", lab()), down, size=SIZE) as t:
        await opened(t)
        await t.see("✗ kfp")
        assert "✓ peloton" in "".join(t.lines)
        await go_to(t, "context kfp", "right")
        await t.press("enter")
        await t.until(lambda: isinstance(t.app.screen, ContextsScreen))


async def test_it_becomes_one_half_when_the_screen_shrinks(console: Open) -> None:
    async with console(FakeAdapter("peloton", lab()), size=SIZE) as t:
        screen = await opened(t)
        await t.press("tab")
        await t.pilot.resize_terminal(100, 40)
        await t.gone("LONGEST WAIT")
        assert screen.pane is screen.left
        await t.press("tab")
        await t.see("there is one half only")
        assert all(len(each) == 100 for each in t.lines)


async def test_without_pools_and_hosts_that_is_said(console: Open) -> None:
    async with console(FakeAdapter("kfp", [data.run("kfp", State.RUNNING, "k")], NO_HOSTS), size=SIZE) as t:
        await t.see("running")
        await t.press("P")
        await t.see("none of these contexts has pools")
        await t.see("nothing waits")
        await t.see("nothing failed in 24h")
        assert not any("HOSTS" in each for each in t.lines)
