"""The log screen: its mock-up, following, and every key of it."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.errors import Forbidden, NotFound
from adapters.model import Kind, Pod, Ref, State
from tests.tui.conftest import Open
from tests.tui.detail.world import World, spool
from tests.tui.fake import NOW, SCHEMA, Tester
from tui.screens import logfeed, logs
from tui.screens.logs import LogsScreen

pytestmark = pytest.mark.anyio

POD = Ref("peloton", Kind.POD, "pod-7")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(logfeed, "POLL", 0.01)
    monkeypatch.setattr(logs, "REDRAW_EVERY", 0.01)
    monkeypatch.chdir(tmp_path)


def pod(name: str = "pod-7", **more: object) -> Pod:
    ref = Ref("peloton", Kind.POD, name)
    return replace(
        Pod(ref=ref, name=name, state=State.RUNNING, native_state="RUNNING", attempt=3, created=NOW - 100),
        **more,  # type: ignore[arg-type]
    )


def world(*pods: Pod) -> World:
    made = World("peloton", pods or [pod()], SCHEMA)
    made.ended = False
    made.attempts = {"pod-7": 3}
    return made


def line(number: int, text: str = "step") -> bytes:
    minute, second = divmod(number, 60)
    return f"2026-08-22T14:{minute:02d}:{second:02d}.000Z {text} {number}\n".encode()


def many(count: int, start: int = 0) -> bytes:
    return b"".join(line(i) for i in range(start, start + count))


def screen(t: Tester) -> LogsScreen:
    assert isinstance(t.app.screen, LogsScreen)
    return t.app.screen


async def opened(t: Tester, *refs: Ref, attempt: int | None = None) -> LogsScreen:
    t.app.open_logs(refs or (POD,), attempt)
    await t.until(lambda: isinstance(t.app.screen, LogsScreen) and t.app.screen.feed is not None)
    return screen(t)


async def test_the_screen_is_the_mock_up(console: Open, tmp_path: Path) -> None:
    data = (
        b"2026-08-22T14:29:22.410Z step 41180 loss 0.4131 lr 2.9e-4 1.02 it/s\n"
        b"2026-08-22T14:31:28.551Z WARNING [Rank 3] Watchdog: AllReduce running for 90,000 ms\n"
        b"2026-08-22T14:31:58.120Z ERROR [Rank 3] NCCL error: Timeout at NCCL work: ALLREDUCE\n"
        b'{"rank":3,"op":"ALLREDUCE"}\n'
        b"2026-08-22T14:31:59.004Z INFO bye\n"
    )
    fake = world()
    fake.write("pod-7", data, attempt=3)
    async with console(fake, spool=spool(tmp_path)) as t:
        await opened(t)
        await t.see("bye")
        await t.press("k", "k")
        await t.see("= paused")
        lines = t.lines
    assert lines[0].startswith(" peloton › pods › pod-7 › logs ")
    assert lines[0].endswith("live 14:32:07Z ")
    assert lines[1].startswith(" stdout  try 3 of 3   5 lines 298B   ✗ 1   ! 1   all from 14:29:22Z")
    assert lines[2].startswith(" 14:29 ")
    assert "✗" in lines[2]
    assert lines[2].rstrip().endswith("14:31")
    assert lines[3].startswith("   14:29:22.410  step 41180 loss 0.4131 lr 2.9e-4 1.02 it/s")
    assert lines[4].startswith(" ! 14:31:28.551  WARNING [Rank 3] Watchdog")
    assert lines[5].startswith("▌✗ 14:31:58.120  ERROR [Rank 3] NCCL error")
    assert lines[6].startswith('                 {"rank":3,"op":"ALLREDUCE"}')
    assert lines[22].rstrip().endswith("14:31:58 is 8s ago")
    assert lines[23].startswith(" s follow  e error  & only  p try")


async def test_it_follows_and_scrolling_up_pauses(console: Open, tmp_path: Path) -> None:
    fake = world()
    fake.write("pod-7", many(100), attempt=3)
    async with console(fake, spool=spool(tmp_path)) as t:
        shown = await opened(t)
        await t.see("step 99")
        fake.write("pod-7", many(1, 100), attempt=3)
        await t.see("step 100")
        await t.press("pageup")
        await t.see("= paused")
        fake.write("pod-7", many(1000, 101), attempt=3)
        await t.until(lambda: shown.view.count == 1101)
        await t.see("newer lines below")
        assert "step 1100" not in "\n".join(t.lines)
        pending = shown.view.pending
        assert f"= paused, {pending:,} newer lines below" in t.lines[22]
        assert pending > 1000
        await t.press("s")
        await t.see("step 1100")
        await t.until(lambda: shown.view.following)
        await t.press("=")
        await t.until(lambda: not shown.view.following)


async def test_not_a_line_is_lost_in_a_burst(console: Open, tmp_path: Path) -> None:
    fake = world()
    async with console(fake, spool=spool(tmp_path)) as t:
        shown = await opened(t)
        total = 0
        for burst in (1, 500, 20_000, 3):
            fake.write("pod-7", b"".join(b"n%d\n" % i for i in range(total, total + burst)), attempt=3)
            total += burst
            await t.until(lambda total=total: shown.view.count == total)  # type: ignore[misc]
        assert shown.rows is not None
        for index in (0, 500, 20_500, total - 1):
            assert shown.rows.row(index).line.text == f"n{index}"
        await t.see(f"{total:,} lines")


async def test_moving_about(console: Open, tmp_path: Path) -> None:
    fake = world()
    fake.write("pod-7", many(200), attempt=3)
    async with console(fake, spool=spool(tmp_path)) as t:
        shown = await opened(t)
        await t.until(lambda: shown.view.cursor == 199)
        for key, expected in [("g", 0), ("j", 1), ("down", 2), ("k", 1), ("G", 199), ("home", 0), ("end", 199)]:
            await t.press(key)
            assert shown.view.cursor == expected
        await t.press("g", "ctrl+f")
        assert shown.view.cursor == shown.view.page_size
        await t.press("ctrl+b")
        assert shown.view.cursor == 0
        await t.press(">")
        assert shown.view.cursor == 60
        await t.press("<")
        assert shown.view.cursor == 0


async def test_e_hops_between_errors(console: Open, tmp_path: Path) -> None:
    fake = world()
    fake.write(
        "pod-7", many(50) + line(50, "ERROR one") + many(40, 51) + line(91, "ERROR two") + many(9, 92), attempt=3
    )
    async with console(fake, spool=spool(tmp_path)) as t:
        shown = await opened(t)
        await t.see("✗ 2")
        for key, expected in [("E", 91), ("E", 50), ("e", 91), ("e", 91)]:
            await t.press(key)
            assert shown.view.cursor == expected
        await t.see("no error below")


async def test_e_hops_in_merged_and_in_filtered_logs(console: Open, tmp_path: Path) -> None:
    names = ("pod-7", "pod-12")
    fake = world(*(pod(name) for name in names))
    fake.attempts = {}
    fake.write("pod-7", line(1) + line(4, "ERROR one"))
    fake.write("pod-12", line(2, "ERROR two") + line(3) + line(5))
    async with console(fake, view=Kind.POD, spool=spool(tmp_path)) as t:
        await t.see("pod-12")
        shown = await opened(t, *(Ref("peloton", Kind.POD, name) for name in names))
        await t.see("✗ 2")
        for key, expected in [("E", 3), ("E", 1), ("E", 1), ("e", 3), ("e", 3)]:
            await t.press(key)
            assert shown.view.cursor == expected
        await t.press("&")
        await t.type("ERROR")
        await t.press("enter")
        await t.until(lambda: shown.view.count == 2)
        await t.press("g", "e")
        assert shown.view.cursor == 1


async def test_searching(console: Open, tmp_path: Path) -> None:
    fake = world()
    fake.write("pod-7", b"".join(line(i, "NCCL" if i % 20 == 5 else "step") for i in range(100)), attempt=3)
    async with console(fake, spool=spool(tmp_path)) as t:
        shown = await opened(t)
        await t.until(lambda: shown.view.cursor == 99)
        await t.press("g", "/")
        await t.type("nccl")
        await t.until(lambda: shown.view.cursor == 5)
        await t.press("enter")
        await t.see("/nccl 1 of 5")
        for key, expected in [("n", 25), ("n", 45), ("N", 25), ("N", 5), ("N", 85)]:
            await t.press(key)
            assert shown.view.cursor == expected
        await t.press("/", *["backspace"] * 4)
        await t.type("nothing")
        await t.press("escape")
        await t.until(lambda: shown.search is None)
        assert shown.view.cursor == 85


async def test_only_matches(console: Open, tmp_path: Path) -> None:
    fake = world()
    fake.write("pod-7", b"".join(line(i, "NCCL" if i % 20 == 5 else "step") for i in range(100)), attempt=3)
    async with console(fake, spool=spool(tmp_path)) as t:
        shown = await opened(t)
        await t.until(lambda: shown.view.count == 100)
        await t.press("&")
        await t.type("nccl")
        await t.press("enter")
        await t.until(lambda: shown.view.count == 5)
        await t.see("only 5 with nccl")
        fake.write("pod-7", line(100, "NCCL") + line(101), attempt=3)
        await t.until(lambda: shown.view.count == 6)
        await t.press("&", *["backspace"] * 4, "enter")
        await t.until(lambda: shown.view.count == 102)


async def test_wrap_times_and_sideways(console: Open, tmp_path: Path) -> None:
    fake = world()
    fake.write("pod-7", line(0, "x" * 150 + " tail"), attempt=3)
    async with console(fake, spool=spool(tmp_path)) as t:
        await opened(t)
        await t.see("14:00:00.000")
        assert not any("tail" in each for each in t.lines)
        await t.press("w")
        await t.see("tail")
        await t.press("w")
        await t.gone("tail")
        await t.press(*["right"] * 8)
        await t.see("tail")
        await t.press(*["left"] * 8)
        await t.gone("tail")
        await t.press("t")
        await t.gone("14:00:00.000")
        await t.press("t")
        await t.see("14:00:00.000")


async def test_enter_unfolds_json_and_long_lines(console: Open, tmp_path: Path) -> None:
    fake = world()
    fake.write("pod-7", b'{"level":"info","op":"ALLREDUCE","rank":3}\n', attempt=3)
    async with console(fake, spool=spool(tmp_path)) as t:
        await opened(t)
        await t.see("ALLREDUCE")
        await t.press("enter")
        await t.see('  "rank": 3')
        await t.press("enter")
        await t.gone('  "rank": 3')


async def test_a_line_longer_than_the_screen_can_be_read_wrapped(console: Open, tmp_path: Path) -> None:
    fake = world()
    fake.write("pod-7", b"first\n" + b"y" * 10_000 + b"\nlast\n", attempt=3)
    async with console(fake, spool=spool(tmp_path)) as t:
        shown = await opened(t)
        await t.see("last")
        await t.press("w")
        await t.see("last")
        await t.press("k")
        assert shown.view.cursor == 1
        assert sum("yyyy" in each for each in t.lines) >= 18
        await t.press("g")
        await t.see("first")


async def test_earlier_tries_and_back_to_the_latest(console: Open, tmp_path: Path) -> None:
    fake = world()
    for attempt in (1, 2, 3):
        fake.write("pod-7", b"this is try %d\n" % attempt, attempt=attempt)
    async with console(fake, spool=spool(tmp_path)) as t:
        await opened(t)
        for attempt in (3, 2, 1, 3):
            await t.see(f"this is try {attempt}")
            await t.see(f"try {attempt} of 3")
            await t.press("p")


async def test_tab_switches_between_stdout_and_stderr(console: Open, tmp_path: Path) -> None:
    fake = world()
    fake.write("pod-7", b"out\n", attempt=3)
    fake.write("pod-7", b"err\n", "stderr", attempt=3)
    async with console(fake, spool=spool(tmp_path)) as t:
        await opened(t)
        await t.see("▌  out")
        await t.press("tab")
        await t.see("▌  err")
        await t.see(" stderr  try 3")
        await t.press("tab")
        await t.see("▌  out")


async def test_copy_and_save(console: Open, tmp_path: Path) -> None:
    fake = world()
    fake.write("pod-7", b"\x1b[31mred\x1b[0m alert\n", attempt=3)
    async with console(fake, spool=spool(tmp_path)) as t:
        await opened(t)
        await t.see("red alert")
        await t.press("c")
        assert t.app.clipboard == "red alert"
        await t.press("ctrl+s")
        await t.see("saved as runyard-peloton-pod-7-stdout.log")
        assert Path("runyard-peloton-pod-7-stdout.log").read_bytes() == b"\x1b[31mred\x1b[0m alert\n"
        await t.press("ctrl+s")
        await t.see("stdout-1.log")


async def test_a_directory_that_cannot_be_written_is_a_sentence(
    console: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = world()
    fake.write("pod-7", b"x\n", attempt=3)
    async with console(fake, spool=spool(tmp_path)) as t:
        await opened(t)
        await t.see("1 line 2B")

        def refuse(self: object, path: Path) -> None:
            raise OSError(28, os.strerror(28))

        monkeypatch.setattr("tui.core.spooledlog.SpooledLog.save", refuse)
        await t.press("ctrl+s")
        await t.see("not saved: No space left")


async def test_several_pods_are_merged_with_their_names(console: Open, tmp_path: Path) -> None:
    names = ("pod-7", "pod-12")
    fake = world(*(pod(name) for name in names))
    fake.attempts = {}
    fake.write("pod-7", line(1, "a") + line(3, "c"))
    fake.write("pod-12", line(2, "b"))
    async with console(fake, view=Kind.POD, spool=spool(tmp_path)) as t:
        await t.see("pod-12")
        await opened(t, *(Ref("peloton", Kind.POD, name) for name in names))
        await t.see("2 logs, merged by time   3 lines")
        await t.see("c 3")
        rows = [each[17:40].split() for each in t.lines[3:6]]
        assert rows == [["pod-7", "a", "1"], ["pod-12", "b", "2"], ["pod-7", "c", "3"]]


async def test_an_end_and_a_gap_are_told(console: Open, tmp_path: Path) -> None:
    fake = world()
    fake.write("pod-7", b"x\n", attempt=3)
    fake.ended = True
    async with console(fake, spool=spool(tmp_path)) as t:
        shown = await opened(t)
        await t.see("the log has ended")
        assert shown.feed is not None
        shown.feed.logs[0].mark("14s gap: the agent did not answer")
        shown.view.grown()
        await t.see("--- 14s gap: the agent did not answer")


async def test_errors_are_sentences_on_the_line_above_the_keys(console: Open, tmp_path: Path) -> None:
    fake = world()
    fake.log_error = NotFound("the pod's sandbox is gone", hint="p opens the try before")
    async with console(fake, spool=spool(tmp_path)) as t:
        t.app.open_logs((POD,))
        await t.see("✗ the pod's sandbox is gone; p opens the try before")
        assert "the pod's sandbox" in t.lines[22]


async def test_an_error_while_following_keeps_what_was_read(console: Open, tmp_path: Path) -> None:
    fake = world()
    fake.write("pod-7", b"kept\n", attempt=3)
    async with console(fake, spool=spool(tmp_path)) as t:
        await opened(t)
        await t.see("kept")
        fake.log_error = Forbidden("403: you may not read this log any more")
        await t.see("403: you may not read")
        await t.see("kept")


async def test_no_log_at_all_is_said(console: Open, tmp_path: Path) -> None:
    fake = world()
    fake.names = ()
    async with console(fake, spool=spool(tmp_path)) as t:
        t.app.open_logs((POD,))
        await t.see("the server names no log of pod-7")


async def test_a_click_on_the_volume_jumps(console: Open, tmp_path: Path) -> None:
    fake = world()
    fake.write("pod-7", many(600), attempt=3)
    async with console(fake, spool=spool(tmp_path)) as t:
        shown = await opened(t)
        await t.until(lambda: shown.view.cursor == 599)
        await t.until(lambda: shown.strip.buckets)
        await t.pilot.click(shown.strip, offset=(40, 0))
        await t.until(lambda: 200 < shown.view.cursor < 400)
        assert not shown.view.following


HOSTILE = [
    b"[/red] [bold]x",
    b"\x1b]0;owned\x07\x1b[2J\x1b[31mred\x1b[0m\x9b31m",
    b"z" * 10_000,
    "مرحبا ‮evil 日本語".encode(),
    b"\xff\xfe\x00binary\x00",
    b"a\tb\rc\x0bd",
    b'{"a":' * 500,
]


@pytest.mark.parametrize("data", HOSTILE)
async def test_hostile_logs_cannot_break_the_screen(console: Open, tmp_path: Path, data: bytes) -> None:
    fake = world()
    fake.write("pod-7", b"before\n" + data + b"\nafter\n", attempt=3)
    async with console(fake, spool=spool(tmp_path)) as t:
        await opened(t)
        await t.see("after")
        for key in ("k", "enter", "w", "enter", "/", "x", "enter", "n"):
            await t.press(key)
            assert len(t.lines) == 24
            assert all("\x1b" not in each and "\x07" not in each and "‮" not in each for each in t.lines)


async def test_a_million_lines_are_fine(console: Open, tmp_path: Path) -> None:
    fake = world()
    fake.write("pod-7", b"a line of the log\n" * 1_000_000, attempt=3)
    async with console(fake, spool=spool(tmp_path)) as t:
        shown = await opened(t)
        await t.until(lambda: shown.view.count == 1_000_000, 20)
        await t.press("g", "G", "k", "pageup")
        assert shown.view.cursor == 999_998 - shown.view.page_size
