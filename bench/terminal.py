"""A program in a pseudo-terminal: keys in, bytes out with the moment of each, and the screen they make."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from types import TracebackType
from typing import Any, cast

import pyte

WIDTH, HEIGHT = 160, 48
QUIET = 0.03
"""So many seconds without a byte end a burst."""

CHATTER = 1.0
"""A program that is never silent is looked at so often all the same."""

_FOREIGN = re.compile(rb"\x1b\[[?>=<][0-9;]*\$?[pqu]")
"""Questions to the terminal that pyte would print; a plain xterm ignores most of them as well."""


@dataclass(frozen=True, slots=True)
class Burst:
    """What followed a key: bytes, and seconds to the first and to the last of them (None: there were none).

    `shown` is how long it took until the sign that was looked for had come: a refresh may follow within the burst.
    """

    size: int
    first: float | None
    last: float | None
    shown: float | None = None


class Gone(RuntimeError):
    """The program has ended, or did not do in time what was waited for; the message has its screen."""


class Terminal:
    """One run of a program. `began` is the moment before it was started; use it as a context manager."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        width: int = WIDTH,
        height: int = HEIGHT,
        term: str = "xterm-256color",
    ) -> None:
        self._screen = pyte.Screen(width, height)
        self._stream = pyte.ByteStream(self._screen)
        self._unread: list[bytes] = []
        self.received = 0
        self.last_byte = 0.0
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
        whole = {**os.environ, **(env or {}), "TERM": term, "COLUMNS": str(width), "LINES": str(height)}
        whole.pop("NO_COLOR", None)
        self.began = perf_counter()
        self._child = subprocess.Popen(
            list(command),
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=whole,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        os.close(slave)
        self._master = master

    @property
    def pid(self) -> int:
        return self._child.pid

    def read(self, timeout: float) -> bytes:
        """What comes within `timeout` seconds, at most one chunk; empty when nothing does."""
        ready, _, _ = select.select([self._master], [], [], timeout)
        if not ready:
            return b""
        try:
            chunk = os.read(self._master, 1 << 16)
        except OSError:
            chunk = b""
        if not chunk:
            raise Gone(f"the program has ended ({self._child.poll()}):\n{self.text}")
        self.last_byte = perf_counter()
        self.received += len(chunk)
        self._unread.append(chunk)
        return chunk

    def drain(self, quiet: float = QUIET, most: float = 5.0) -> None:
        """Read until nothing has come for `quiet` seconds."""
        until = perf_counter() + most
        while perf_counter() < until and self.read(quiet):
            pass

    def watch(self, seconds: float) -> int:
        """Read for so many seconds: how many bytes came."""
        before, until = self.received, perf_counter() + seconds
        while (left := until - perf_counter()) > 0:
            self.read(left)
        return self.received - before

    def press(self, keys: bytes, quiet: float = QUIET, most: float = 3.0, sign: bytes = b"") -> Burst:
        """Send a key; the burst that follows, up to the first silence of `quiet` seconds."""
        before, sent = self.received, perf_counter()
        os.write(self._master, keys)
        came = self.read(most)
        if not came:
            return Burst(0, None, None)
        first, shown, tail = self.last_byte - sent, None, b""
        while came:
            tail = tail[-len(sign) :] + came
            if sign and shown is None and sign in tail:
                shown = self.last_byte - sent
            came = self.read(quiet)
        return Burst(self.received - before, first, self.last_byte - sent, shown)

    def shows(
        self, keys: bytes, there: Callable[[str], Any], quiet: float = 0.15, most: float = 3.0
    ) -> float | None:
        """Seconds from a key to the byte with which the screen shows what was expected; None: not within `most`.

        Looked at in silences of `quiet` seconds, chunk by chunk: the emulator is slower than what is measured.
        """
        _ = self.lines
        sent = looked = self.send(keys)
        chunks: list[tuple[float, bytes]] = []
        while True:
            chunk = self.read(quiet)
            if chunk:
                chunks.append((self.last_byte - sent, chunk))
                if perf_counter() - looked < max(quiet, CHATTER):
                    continue
            found, looked = self._shown_by(chunks, there), perf_counter()
            if found is not None or looked - sent > most:
                return found
            chunks.clear()

    def _shown_by(self, chunks: Sequence[tuple[float, bytes]], there: Callable[[str], Any]) -> float | None:
        """The moment of the chunk with which the screen is as expected; what came after it is read as well."""
        self._unread.clear()
        found = None
        for at, chunk in chunks:
            self._unread.append(chunk)
            if found is None and there(self.text):
                found = at
        return found

    def send(self, keys: bytes) -> float:
        """Send keys without waiting: the moment at which they were."""
        sent = perf_counter()
        os.write(self._master, keys)
        return sent

    @property
    def lines(self) -> list[str]:
        """The screen as it is now."""
        unread, self._unread = b"".join(self._unread), []
        self._stream.feed(_FOREIGN.sub(b"", unread))
        return list(self._screen.display)

    @property
    def text(self) -> str:
        return "\n".join(line.rstrip() for line in self.lines)

    def wait_for(self, there: Callable[[str], Any], timeout: float = 60.0, poll: float = 0.0) -> float:
        """Read until the screen satisfies `there`: seconds from the start of the program to the byte that did it.

        `poll` looks at most so often: the emulator is slow, and takes its time from the same cores.
        """
        until = perf_counter() + timeout
        looked = 0.0
        if there(self.text):
            return self.last_byte - self.began
        while perf_counter() < until:
            self.read(max(0.005, poll))
            if perf_counter() - looked < poll:
                continue
            at, looked = self.last_byte, perf_counter()
            if self._unread and there(self.text):
                return at - self.began
        raise Gone(f"waited {timeout:g} s in vain; the screen is:\n{self.text}")

    def wait_bytes(self, *wanted: bytes, timeout: float = 60.0) -> float:
        """Seconds from the start until one of these has come, looking at bytes only; exact and cheap."""
        until, tail = perf_counter() + timeout, b""
        while perf_counter() < until:
            tail = tail[-200:] + self.read(0.05)
            if any(each in tail for each in wanted):
                return self.last_byte - self.began
        raise Gone(f"waited {timeout:g} s in vain for {wanted[0]!r}; the screen is:\n{self.text}")

    def row_of(self, sign: str) -> int | None:
        """The first line of the screen that has `sign`."""
        return next((y for y, line in enumerate(self.lines) if sign in line), None)

    def reversed_row(self) -> int | None:
        """The line of a program that shows its cursor by a ground of its own or in reverse, below the heads."""
        _ = self.lines
        buffer = cast("Any", self._screen.buffer)
        for y in range(2, self._screen.lines - 1):
            if buffer[y][4].reverse or buffer[y][4].bg != buffer[min(y + 1, self._screen.lines - 2)][4].bg:
                return y
        return None

    def wait(self, timeout: float = 10.0) -> None:
        """Read on until the program has ended by itself."""
        until = perf_counter() + timeout
        try:
            while perf_counter() < until:
                self.read(0.1)
        except Gone:
            pass
        self._child.wait(max(0.1, until - perf_counter()))

    def close(self) -> None:
        """End the program; again does nothing."""
        if self._master < 0:
            return
        if self._child.poll() is None:
            os.kill(self._child.pid, signal.SIGTERM)
            try:
                self._child.wait(5)
            except subprocess.TimeoutExpired:
                self._child.kill()
                self._child.wait()
        os.close(self._master)
        self._master = -1

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
