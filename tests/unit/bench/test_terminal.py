"""The terminal of the benchmarks: bursts, screens and ends of real programs."""

from __future__ import annotations

import sys

import pytest

from bench.server import Home, Mock, runyard
from bench.stage import is_loaded
from bench.terminal import Gone, Terminal

ECHO = """
import sys, termios, tty
tty.setraw(0)
sys.stdout.write("\\x1b[2J\\x1b[1;1Hready"); sys.stdout.flush()
while (key := sys.stdin.read(1)) != "q":
    sys.stdout.write(f"\\x1b[2;1Hgot {key}"); sys.stdout.flush()
"""


def echo() -> Terminal:
    return Terminal([sys.executable, "-c", ECHO], width=40, height=5)


def test_a_key_gives_the_bytes_that_it_caused() -> None:
    with echo() as terminal:
        assert terminal.wait_bytes(b"ready", timeout=20) > 0
        burst = terminal.press(b"x")
        assert burst.size == len("\x1b[2;1Hgot x")
        assert burst.first is not None
        assert burst.last is not None
        assert 0 < burst.first <= burst.last
        assert terminal.lines[1].rstrip() == "got x"


def test_what_a_key_shows_is_timed_and_what_it_does_not_show_is_none() -> None:
    with echo() as terminal:
        terminal.wait_for(lambda screen: "ready" in screen, timeout=20)
        assert terminal.shows(b"y", lambda screen: "got y" in screen) is not None
        assert terminal.shows(b"z", lambda screen: "never" in screen) is None
        assert terminal.row_of("got z") == 1


CHATTING = """
import sys, time
for number in range(2000):
    sys.stdout.write(f"\\x1b[1;1H{number:05d}"); sys.stdout.flush(); time.sleep(0.01)
"""


def test_a_program_that_is_never_silent_is_given_up_in_time() -> None:
    with Terminal([sys.executable, "-c", CHATTING], width=40, height=5) as terminal:
        assert terminal.shows(b"x", lambda screen: "00020" in screen, quiet=0.2, most=10.0) is not None
        assert terminal.shows(b"x", lambda screen: "never" in screen, quiet=0.2, most=0.3) is None


def test_the_end_of_the_program_is_told_with_its_screen() -> None:
    with echo() as terminal:
        terminal.wait_bytes(b"ready", timeout=20)
        terminal.send(b"q")
        with pytest.raises(Gone, match="has ended"):
            terminal.watch(20)
        terminal.wait()


def test_the_console_is_driven_over_the_mock_server() -> None:
    with Mock(runs=30) as mock, Home() as home:
        home.kfp(mock.url)
        name = mock.page(1)["runs"][0]["display_name"]
        assert sum(mock.states("kfp").values()) == 30
        with Terminal(runyard("-c", "kfp"), env=home.env) as terminal:
            terminal.wait_bytes(name.encode())
            terminal.wait_for(is_loaded, timeout=30)
            row = terminal.row_of("▌")
            assert row is not None
            assert terminal.press(b"j").size
            assert terminal.row_of("▌") == row + 1
        assert any(each["path"].endswith("/runs") for each in mock.requests())
