"""In a real terminal: it gives it away and takes it back, stops and goes on, and ends when it is gone."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from adapters.mock.server import MockServer, config_toml
from tests.tui.terminal.terminal import Terminal, runyard

FIRST = "llm-eval-mmlu-sweep-14"
F5 = "\x1b[15~"


def console(*command: str) -> list[str]:
    return [sys.executable, "-m", "tests.tui.terminal.console", *command]


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def program(tmp_path: Path, text: str) -> str:
    path = tmp_path / "program"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o700)
    return str(path)


def settled(t: Terminal) -> list[str]:
    t.see(FIRST)
    t.see("? help")
    t.rest()
    return t.lines


# the terminal is lent


def test_a_program_has_the_terminal_as_it_was_and_gives_it_back(tmp_path: Path) -> None:
    modes = tmp_path / "modes"
    path = program(
        tmp_path,
        f'stty -g > {modes}; printf "\\033[2J\\033[Hname? "; read name; echo "hello $name" > {tmp_path}/got',
    )
    with Terminal(["sh", "-c", f"stty -g > {tmp_path}/before; exec {' '.join(console(path))}"]) as t:
        before = settled(t)
        t.send(F5)
        t.see("name?")
        t.gone(FIRST)
        t.send("jjq\r")
        t.see(FIRST)
        t.see("lend llm-eval")
        assert (tmp_path / "got").read_text() == "hello jjq\n"
        assert modes.read_text() == (tmp_path / "before").read_text()
        t.rest()
        assert t.lines[:22] == before[:22], "everything is drawn anew"
        t.send("j")
        t.gone("lend llm-eval")
        assert "churn-xgb-weekly-34" in t.lines[4]


def test_ctrl_c_is_for_the_program_and_what_failed_can_be_read(tmp_path: Path) -> None:
    path = program(tmp_path, "echo it waits; exec sleep 60")
    with Terminal(console(path)) as t:
        settled(t)
        t.send(F5)
        t.see("it waits")
        t.send("\x03")
        t.see("enter goes back to runyard")
        t.send("\r")
        t.see("lend llm-eval")
        t.see("SIGINT")
        assert t.status is None
        t.send("j")
        t.see("? help")


def test_a_program_that_is_killed_leaves_no_mess(tmp_path: Path) -> None:
    """Raw modes and a foreground group of its own, as a shell has, and no time to put them right."""
    path = program(
        tmp_path,
        f"exec {sys.executable} -c '\n"
        "import os, signal, tty\n"
        "signal.signal(signal.SIGTTOU, signal.SIG_IGN)\n"
        "os.setpgid(0, 0); os.tcsetpgrp(0, os.getpid()); tty.setraw(0)\n"
        'print("raw now", flush=True); os.kill(os.getpid(), signal.SIGKILL)\n'
        "'",
    )
    with Terminal(console(path)) as t:
        settled(t)
        t.send(F5)
        t.see("enter goes back to runyard")
        t.send("\r")
        t.see("SIGKILL")
        t.send("j")
        t.gone("SIGKILL")
        t.send(":q\r")
        assert t.ended() == 0


def test_a_program_that_cannot_be_executed_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "program"
    path.write_text("#!/no/such/interpreter\n")
    path.chmod(0o700)
    with Terminal(console(str(path))) as t:
        settled(t)
        t.send(F5)
        t.see("program cannot be started: No such file")
        t.send("j")
        t.gone("cannot be started")


def test_the_console_ends_when_the_terminal_goes_away_under_a_program(tmp_path: Path) -> None:
    path = program(tmp_path, f"echo $$ > {tmp_path}/pid; echo it waits; exec sleep 60")
    with Terminal(console(path)) as t:
        settled(t)
        t.send(F5)
        t.see("it waits")
        t.hang_up()
        t.ended()
        t.until(lambda: not alive(int((tmp_path / "pid").read_text())))


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"


# stopped, and going on


@pytest.mark.presses("suspend", ":suspend")
def test_suspend_goes_to_the_shell_and_fg_draws_everything_anew() -> None:
    with Terminal(["sh", "-i"], env={"PS1": "prompt> "}) as t:
        t.see("prompt>")
        t.send(" ".join(console()) + "\r")
        before = settled(t)
        t.send(":suspend\r")
        t.see("Stopped")
        t.send("clear; echo something else; stty -a\r")
        t.see("something else")
        t.gone(FIRST)
        t.see(" icanon")
        t.resize(100, 30)
        t.send("fg\r")
        t.see(FIRST)
        t.rest()
        assert not any("something else" in line for line in t.lines)
        assert "? help" in t.lines[29]
        t.resize(80, 24)
        t.see("? help")
        t.rest()
        assert t.lines[:22] == before[:22]
        t.send("j")
        t.until(lambda: "PENDING" in t.lines[22])


def test_a_program_that_is_stopped_goes_on_with_the_console() -> None:
    with Terminal(["sh", "-i"], env={"PS1": "prompt> "}) as t:
        t.see("prompt>")
        t.send(" ".join(console("sleep", "60")) + "\r")
        settled(t)
        t.send(F5)
        t.see("runyard: sleep 60")
        t.send("\x1a")
        t.see("Stopped")
        t.send("clear; fg\r")
        t.rest()
        assert not any(FIRST in line for line in t.lines), "the program has the terminal, not the console"
        t.send("\x03")
        t.see("enter goes back to runyard")
        t.send("\r")
        t.see(FIRST)
        t.see("SIGINT")


def test_suspend_is_refused_where_nobody_could_continue_it() -> None:
    with Terminal(console()) as t:
        settled(t)
        t.send(":suspend\r")
        t.see("there is no shell behind the console that could continue it")


def test_ctrl_z_shows_faults_and_stops_nothing() -> None:
    with Terminal(console()) as t:
        settled(t)
        t.send("\x1a")
        t.gone(FIRST)
        t.see("fraud-gbdt-nightly-0822")


# the terminal is gone


@pytest.mark.parametrize("how", ["hang up", "SIGHUP", "SIGTERM"])
def test_it_ends_at_once_and_cleanly(tmp_path: Path, how: str) -> None:
    with MockServer(seed=7, runs=25, hosts=2) as mock:
        config = tmp_path / "c.toml"
        config.write_text(config_toml(mock.url))
        with Terminal(runyard("--config", str(config), "-c", "peloton")) as t:
            t.see("? help")
            t.rest()
            if how == "hang up":
                t.hang_up()
            else:
                os.kill(t.pid, signal.Signals[how])
            assert t.ended() == 0
            if how != "hang up":
                assert b"\x1b[?1049l" in t.raw[-200:], "the modes of the terminal are given back"
    assert not list((tmp_path / "state").rglob("*crash*/*")), "and no defect is reported"


def test_it_comes_back_where_it_was_when_the_terminal_went_away(tmp_path: Path) -> None:
    with MockServer(seed=7, runs=25, hosts=2) as mock:
        config = tmp_path / "c.toml"
        config.write_text(config_toml(mock.url) + "\n[ui]\nrestore = true\n")
        command = runyard("--config", str(config))
        with Terminal(command) as t:
            t.see("? help")
            t.send(":runs @kfp\r")
            t.see("kfp › runs")
            t.send("/state=failed\r")
            t.see("state=failed")
            t.send("N")
            t.rest()
            t.send("jj")
            t.rest()
            before = [line for line in t.lines if line.startswith("▌")]
            assert len(before) == 1
            t.hang_up()
            t.ended()
        with Terminal(command) as t:
            t.see("kfp › runs")
            t.see("state=failed")
            t.until(lambda: [line[:40] for line in t.lines if line.startswith("▌")] == [before[0][:40]])
            assert "NAME↑" in t.lines[2]


# other sizes


def test_resizing_tears_nothing() -> None:
    """After any number of changes, however fast, it looks as if it had been opened at that size."""
    fresh: dict[tuple[int, int], list[str]] = {}
    sizes = [(160, 48), (80, 24), (47, 18), (200, 30), (39, 9), (80, 24), (120, 50), (61, 15), (100, 30)]
    with Terminal(console()) as t:
        settled(t)
        for columns, lines in sizes:
            t.resize(columns, lines)
            for _ in range(3):
                t.pump(0.01)
        t.resize(100, 30)
        t.see("? help")
        t.rest()
        torn = t.lines
    with Terminal(console(), columns=100, lines=30) as t:
        fresh[100, 30] = settled(t)
    assert torn == fresh[100, 30]
