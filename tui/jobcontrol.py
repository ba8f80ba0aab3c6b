"""Stopping the console and going back to the shell, by `:suspend`: where there is a shell that can continue it."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

from textual.app import App


def suspend(app: App[Any]) -> str:
    """Stop, with everything in the same job; why not, or an empty string once the console goes on."""
    if app._driver is None or not app._driver.can_suspend:
        return "this terminal has no job control"
    if not somebody_continues():
        return "there is no shell behind the console that could continue it"
    # To the group, as the terminal's own ctrl-z: a wrapper (make, sh -c) must stop as well for its shell to see it.
    os.killpg(os.getpgrp(), signal.SIGTSTP)
    return ""


def somebody_continues() -> bool:
    """Whether this process group has a parent in another group of the same session; the kernel calls one without
    orphaned, and nobody would ever continue it."""
    pid = os.getpid()
    group, session = os.getpgrp(), os.getsid(0)
    while pid > 1:
        try:
            above = _parent(pid)
            if above <= 1 or os.getsid(above) != session:
                return False
            if os.getpgid(above) != group:
                return True
        except OSError:
            return False
        pid = above
    return False


def _parent(pid: int) -> int:
    if pid == os.getpid():
        return os.getppid()
    # The name of the program, in parentheses, may hold anything.
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
