"""Killed in the worst moment: between the journal's line and the request, and while the answer is awaited."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from adapters.mock.server import MockServer, config_toml
from tests.trust.cli import Cli

ROOT = Path(__file__).parents[2]
DIES_FIRST = """
import os, signal, sys
from adapters import http
from adapters.endpoint import Effect
request = http.HttpClient.request
async def dying(self, *args, **more):
    if more["effect"] is Effect.WRITE:
        os.kill(os.getpid(), signal.SIGKILL)
    return await request(self, *args, **more)
http.HttpClient.request = dying
"""
RUN = "import sys\nfrom tui.cli import run\nsys.exit(run(sys.argv[1:]))"


@pytest.fixture
def mock() -> Iterator[MockServer]:
    with MockServer(seed=7, runs=25, hosts=2, clock="virtual", backends=["kfp"]) as server:
        yield server


@pytest.fixture
def cli(mock: MockServer, runyard: Cli, write_config: Callable[[str], Path]) -> Cli:
    write_config(config_toml(mock.url, ["kfp"]))
    return runyard


def running(cli: Cli) -> str:
    return cli("get", "runs", "--filter", "state=running", "--limit", "1", "-o", "name").lines[0]


def start(code: str, *arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", code + RUN, *arguments], cwd=ROOT)


def terminations(mock: MockServer) -> int:
    return sum(":terminate" in request.path for request in mock.requests)


@pytest.mark.parametrize("sent", [False, True])
def test_a_write_cut_off_by_kill_9_is_unknown_and_says_what_the_object_is_now(
    cli: Cli, mock: MockServer, sent: bool
) -> None:
    ref = running(cli)
    if sent:
        mock.app.state.faults.replace(["kfp:*:terminate:latency=30"])
    process = start("" if sent else DIES_FIRST, "do", "abort", ref, "--yes")
    if sent:
        until = time.monotonic() + 15
        while not terminations(mock):
            assert time.monotonic() < until
            time.sleep(0.01)
        process.kill()
    assert process.wait(20) == -signal.SIGKILL
    mock.app.state.faults.replace([])
    (entry,) = cli("journal", "--unfinished", "-o", "json").json
    assert (entry["target"], entry["action"], entry["outcome"]) == (ref, "abort", "unknown")
    assert entry["pid"] != os.getpid()
    (checked,) = [json.loads(line) for line in cli("journal", "--unfinished", "--check", "-o", "jsonl").lines]
    assert checked["now"] == "running (RUNNING)"
    table = cli("journal", "--unfinished", "--check")
    assert "its process ended before the answer came; now running (RUNNING)" in table.out
    assert terminations(mock) == int(sent)  # looking did not send it again


def test_check_says_what_it_cannot_know(cli: Cli, mock: MockServer, write_config: Callable[[str], Path]) -> None:
    ref = running(cli)
    assert start(DIES_FIRST, "do", "abort", ref, "--yes").wait(20) == -signal.SIGKILL
    write_config('[contexts.other]\nbackend = "kfp"\nurl = "http://127.0.0.1:9"\n')
    (entry,) = cli("journal", "--unfinished", "--check", "-o", "json").json
    assert entry["now"].startswith("unknown: no context 'kfp'")
    assert cli("journal", "--check").code == 2
