"""Where `runyard logs` sends what it reads: lines to stdout, markers to stderr."""

from __future__ import annotations

import asyncio
import hashlib
import sys
from collections import deque

from tui.core.format import iso
from tui.core.logfollow import STARTS_LATER
from tui.core.loglines import line_time
from tui.core.text import safe

WINDOW = 1024 * 1024


class Printer:
    """A LogSink. Until `end_of_past` only the last `last` lines are kept (None: all are written at once);
    afterwards lines go out as they come.

    To a terminal lines are made safe; into a pipe or file they go as they are. `oldest` drops earlier lines;
    a line without a time is as old as the one before it.
    """

    def __init__(self, *, last: int | None = None, oldest: float | None = None, timestamps: bool = False) -> None:
        self.last = last
        self.oldest = oldest
        self.timestamps = timestamps
        self.follow_lock = asyncio.Lock()
        self._terminal = sys.stdout.isatty()
        self._holding = last is not None
        self.forget()

    def forget(self) -> None:
        """Begin again, with nothing read."""
        self.cursor: str | None = None
        self.lines = 0
        self._held: deque[bytes] = deque(maxlen=self.last)
        self._partial = b""
        self._time: float | None = None
        self._anew()

    def _anew(self) -> None:
        self._size = 0
        self._window = b""
        self._digest = hashlib.blake2b()

    @property
    def generation_size(self) -> int:
        return self._size

    def append(self, data: bytes) -> None:
        self._size += len(data)
        self._digest.update(data)
        self._window = (self._window + data)[-WINDOW:]
        *lines, self._partial = (self._partial + data).split(b"\n")
        for line in lines:
            self._take(line)
        sys.stdout.flush()

    def mark(self, text: str) -> None:
        if self.last is None or not text.startswith(STARTS_LATER):
            print(safe(text, 500), file=sys.stderr, flush=True)

    def restart(self, text: str) -> None:
        self.mark(text)
        self.cursor = None
        self._anew()

    def begins(self, data: bytes) -> bool:
        return len(data) >= self._size and hashlib.blake2b(data[: self._size]).digest() == self._digest.digest()

    def tail(self, size: int) -> bytes:
        return self._window[-size:]

    def end_of_past(self, more: bool) -> None:
        """What was there has been read: what is held goes out; without `more` to come an unended line as well."""
        if not more and self._partial:
            self._take(self._partial)
            self._partial = b""
        self._holding = False
        for line in self._held:
            self._write(line)
        self._held.clear()
        sys.stdout.flush()

    def _take(self, line: bytes) -> None:
        self.lines += 1
        if self._holding:
            self._held.append(line)
        else:
            self._write(line)

    def _write(self, line: bytes) -> None:
        text = line.decode("utf-8", "replace").rstrip("\r")
        if self.oldest is not None or self.timestamps:
            self._time = line_time(text) or self._time
        if self.oldest is not None and (self._time is None or self._time < self.oldest):
            return
        stamp = f"{iso(self._time) or '-'} " if self.timestamps else ""
        if self._terminal:
            sys.stdout.write(f"{stamp}{safe(text, 100_000)}\n")
        else:
            sys.stdout.buffer.write(stamp.encode() + line + b"\n")
