"""The demo's cluster: `runyard mock` as a child process on loopback, and a config for it."""

from __future__ import annotations

import contextlib
import select
import subprocess
import sys
import tomllib
from collections.abc import Iterator

from tui.config import Config, parse
from tui.oneshot.failure import BACKEND, Failure

PATIENCE = 30.0
ARRIVALS = 4.0


@contextlib.contextmanager
def mock_server(*, seed: int, runs: int, hosts: int, speed: float) -> Iterator[Config]:
    """A running mock server's config; it ends with the block and, if this process dies, with it."""
    command = [sys.executable, "-m", "tui", "mock", "--with-stdin", "--seed", str(seed), "--runs", str(runs)]
    command += ["--hosts", str(hosts), "--speed", str(speed), "--arrivals", str(ARRIVALS)]
    child = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        yield _config(_url(child))
    finally:
        child.terminate()
        try:
            child.wait(5)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        for stream in (child.stdin, child.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()


def _url(child: subprocess.Popen[str]) -> str:
    assert child.stdout is not None
    ready, _, _ = select.select([child.stdout], [], [], PATIENCE)
    line = child.stdout.readline() if ready else ""
    before, found, url = line.partition("runyard mock: ")
    if not found or before:
        raise Failure("the demo's mock server did not start", "runyard mock says why", BACKEND)
    return url.strip()


def _config(url: str) -> Config:
    from adapters.mock.server import config_toml

    return parse(tomllib.loads(config_toml(url)))
