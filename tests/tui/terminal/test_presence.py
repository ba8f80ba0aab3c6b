"""In a real terminal, over the mock server: the title counts failures, and the digest knows the night."""

from __future__ import annotations

import json
import re
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.mock.server import MockServer, config_toml
from tests.tui.terminal.terminal import Terminal, runyard

AWAY, BACK = "\x1b[O", "\x1b[I"
HOURS = 3600.0


@pytest.fixture
def mock() -> Iterator[MockServer]:
    with MockServer(seed=7, runs=60, hosts=4) as server:
        yield server


@pytest.fixture
def command(mock: MockServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    config = tmp_path / "c.toml"
    config.write_text(config_toml(mock.url, ["peloton"]) + "refresh = 0.5\n")
    return runyard("--config", str(config))


def advance(mock: MockServer, seconds: float) -> None:
    body = json.dumps({"seconds": seconds}).encode()
    asked = urllib.request.Request(f"{mock.url}/_mock/advance", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(asked, timeout=20) as answer:
        assert answer.status == 200


def test_the_title_counts_failures_while_nobody_is_there_and_is_given_back(
    mock: MockServer, command: list[str]
) -> None:
    with Terminal(command) as t:
        t.see("as of")
        t.rest()
        assert b"\x1b]2;" not in t.raw
        t.send(AWAY)
        advance(mock, 12 * HOURS)
        t.until(lambda: re.search(rb"\x1b\[22;0t\x1b\]2;\xe2\x9c\x97\d+ peloton\x07", t.raw))
        t.send(BACK)
        t.until(lambda: b"\x1b]2;\x07\x1b[23;0t" in t.raw)
        t.see("failed  D")
        t.send(":q\r")
        assert t.ended() == 0
        assert t.raw.count(b"\x1b[22;0t") == t.raw.count(b"\x1b[23;0t")


def test_the_title_is_given_back_when_the_console_ends_meanwhile(mock: MockServer, command: list[str]) -> None:
    with Terminal(command) as t:
        t.see("as of")
        t.rest()
        t.send(AWAY)
        advance(mock, 12 * HOURS)
        t.until(lambda: b"\x1b[22;0t" in t.raw)
        t.send(":q\r")
        assert t.ended() == 0
        t.rest()
        assert t.raw.count(b"\x1b[22;0t") == t.raw.count(b"\x1b[23;0t") == 1


def test_the_morning_after_a_console_that_was_closed(mock: MockServer, command: list[str]) -> None:
    with Terminal(command) as t:
        t.see("as of")
        t.send("D")
        t.see("no look from before is kept")
        t.rest()
        t.send(":q\r")
        assert t.ended() == 0
    advance(mock, 12 * HOURS)
    with Terminal(command) as t:
        t.see("as of")
        t.send("D")
        t.see("peloton › digest")
        t.until(lambda: re.search(r"✗ [1-9]\d* failed", t.lines[1]))
        assert re.search(r"since \d\d:\d\d:\d\dZ, \d+s ago|since \d\d:\d\d:\d\dZ, 0", t.lines[1])
        t.gone("no look from before")
        t.send("\r")
        t.until(lambda: "digest" not in t.lines[0] or "runs" in t.lines[0])
        t.send(":q\r")
        assert t.ended() == 0


def test_a_log_is_read_in_the_pager(mock: MockServer, command: list[str], tmp_path: Path) -> None:
    script = tmp_path / "pager"
    script.write_text(f'#!/bin/sh\ncp -p "$1" {tmp_path}/copy\nstat -c %a "$1" > {tmp_path}/mode\nread line\n')
    script.chmod(0o700)
    with Terminal(command, env={"PAGER": str(script)}) as t:
        t.see("as of")
        t.send("e")
        t.rest()
        t.send("l")
        t.see("› logs")
        t.until(lambda: re.search(r"\d+ lines", t.lines[1]))
        t.send("o")
        t.until(lambda: (tmp_path / "mode").exists() and (tmp_path / "mode").read_text())
        t.send("\r")
        t.see("had a copy; it is removed")
        t.rest()
        t.see("? help")
        assert (tmp_path / "mode").read_text().strip() == "600"
        assert "INFO" in (tmp_path / "copy").read_text()
        t.send(":q\r")
        assert t.ended() == 0
