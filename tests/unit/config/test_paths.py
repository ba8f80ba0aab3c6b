"""Where files are kept, and that a demo keeps its own apart."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

from tui import paths


def test_what_is_kept_apart_is_below(monkeypatch: pytest.MonkeyPatch, own_home: Path) -> None:
    monkeypatch.setattr(paths, "_apart", "")
    assert paths.journal_folder() == own_home / "state" / "runyard" / "journal"
    paths.keep_apart("demo")
    assert paths.journal_folder() == own_home / "state" / "runyard" / "demo" / "journal"
    assert paths.state_file() == own_home / "state" / "runyard" / "demo" / "state.toml"
    assert paths.spool_folder() == own_home / "cache" / "runyard" / "demo" / "logs"


@pytest.mark.slow
def test_a_demo_leaves_nobodys_history_behind(own_home: Path) -> None:
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    child = subprocess.Popen([sys.executable, "-m", "tui", "demo"], stdin=slave, stdout=slave, stderr=slave)
    os.close(slave)
    drawn, end, typed = b"", time.monotonic() + 60, False
    while child.poll() is None and time.monotonic() < end:
        if select.select([master], [], [], 0.2)[0]:
            try:
                drawn += os.read(master, 65536)
            except OSError:
                break
        if not typed and b"running" in drawn:
            os.write(master, b"S:q\r")  # the sort of a view is remembered
            typed = True
    assert child.wait(20) == 0
    os.close(master)
    state = own_home / "state" / "runyard"
    assert {path.name for path in state.iterdir()} == {"demo"}
