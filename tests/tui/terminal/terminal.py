"""A program in a pseudo-terminal, and what a screen would show of it."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pyte

ROOT = Path(__file__).parents[3]
PATIENCE = 20.0


class Terminal:
    """`with Terminal(["sh"]) as t: t.send("ls\\r"); t.see("README")`. The program leads a session of its own."""

    def __init__(
        self, argv: Sequence[str], *, columns: int = 80, lines: int = 24, env: Mapping[str, str] | None = None
    ) -> None:
        self.screen = pyte.Screen(columns, lines)
        self.stream = pyte.ByteStream(self.screen)
        self.raw = b""
        self.status: int | None = None
        full = {**os.environ, "TERM": "xterm-256color", "PYTHONPATH": str(ROOT), **(env or {})}
        for name in ("LINES", "COLUMNS", "TMUX", "STY"):
            full.pop(name, None)
        self.pid, self.master = pty.fork()
        if self.pid == 0:
            try:
                os.chdir(ROOT)
                fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
                os.execvpe(argv[0], list(argv), full)
            finally:
                os._exit(127)
        self.resize(columns, lines)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        if self.status is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            self.ended()
        self.hang_up()

    def resize(self, columns: int, lines: int) -> None:
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        if (self.screen.columns, self.screen.lines) != (columns, lines):
            self.screen.resize(lines, columns)

    def send(self, text: str) -> None:
        os.write(self.master, text.encode())

    def pump(self, seconds: float = 0.05) -> bool:
        """Take what it writes; whether there was anything."""
        if self.master < 0:
            time.sleep(seconds)
            return False
        if not select.select([self.master], [], [], seconds)[0]:
            return False
        try:
            data = os.read(self.master, 65536)
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            time.sleep(seconds)
            return False
        self.raw += data
        self.stream.feed(data)
        return bool(data)

    @property
    def lines(self) -> list[str]:
        return [line.rstrip() for line in self.screen.display]

    def until(self, condition: Callable[[], object]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline, "\n".join(self.lines)
            self.pump()

    def see(self, text: str) -> None:
        self.until(lambda: any(text in line for line in self.lines))

    def gone(self, text: str) -> None:
        self.until(lambda: not any(text in line for line in self.lines))

    def rest(self) -> None:
        """Until it writes nothing for a while."""
        while self.pump(0.3):
            pass

    def hang_up(self) -> None:
        """The terminal goes away."""
        if self.master >= 0:
            os.close(self.master)
            self.master = -1

    def ended(self) -> int:
        """Wait for its end; its exit code, negative for a signal."""
        deadline = time.monotonic() + PATIENCE
        while self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)
            else:
                assert time.monotonic() < deadline, "it does not end"
                self.pump()
        return self.status


def runyard(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "tui", *arguments]
