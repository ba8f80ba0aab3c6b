"""One log on disk: its bytes, an index of its lines, and marker lines where something is missing.

The data file holds the log's own bytes in order, with marker texts between them; the index file holds
the offset of each line, its highest bit set for a marker. What is in memory is 8 bytes a line.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import hashlib
import json
import os
import re
from array import array
from bisect import bisect_right
from collections.abc import Iterator
from pathlib import Path

from adapters.frozen import dataclass
from adapters.model import LogMode, LogSource, Timestamp
from tui.core.disk import new_file
from tui.core.loglines import Level, line_level, line_time

LONGEST_LINE = 32 * 1024
REGION = 128 * 1024
MARKER = 1 << 63
BREAK = re.compile(rb"\r\n|\n|\r")


class SpoolError(OSError):
    """The spool cannot be written or read; one sentence, and `why` in short."""

    def __init__(self, sentence: str, why: str = "") -> None:
        super().__init__(sentence)
        self.why = why or sentence


@dataclass(frozen=True, slots=True)
class SpoolLine:
    """One line. `text` is decoded and bounded but not made safe for a terminal. A `marker` is ours: a gap, a
    rotation, a reconnect, an attempt. `time` is epoch seconds where the line carries one."""

    number: int  # from 0
    text: str
    marker: bool = False
    time: Timestamp | None = None
    level: Level | None = None


class LogFile:
    """One log. `users` counts who has it open; `follow_lock` is held by whoever is reading the source.

    A generation is what the source has held since it last began anew (a rotation): what is on disk from
    `base` on is a part of it without gaps at its end.
    """

    def __init__(self, source: LogSource, path: Path) -> None:
        """Open or create. Raises SpoolError, also when another process has it open."""
        self.source = source
        self.path = path
        self.users = 1
        self.follow_lock = asyncio.Lock()
        self._index = array("Q")
        self._marks: set[int] = set()
        self.bookmarks: set[int] = set()
        self._fresh, self._cr = True, False
        self._end = self._marker_bytes = 0
        self._base = self._generation = self._written = 0
        self._start: int | None = None
        self._digest = hashlib.blake2b()
        self._data = self._table = -1
        try:
            self._data = _open(path)
            fcntl.flock(self._data, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._table = _open(path.with_suffix(".idx"))
            self._load()
        except OSError as error:
            self.close()
            raise SpoolError(f"the log spool {path} cannot be used: {_why(error)}", _why(error)) from None

    @property
    def count(self) -> int:
        """Lines, markers included; the last may still be growing."""
        return len(self._index)

    @property
    def size(self) -> int:
        """Bytes of the log itself, markers not counted."""
        return self._end - self._marker_bytes

    @property
    def markers(self) -> int:
        return len(self._marks)

    @property
    def generation_size(self) -> int:
        """Bytes of the present generation that are here."""
        return self._generation

    @property
    def closed(self) -> bool:
        return self._data < 0

    @property
    def cursor(self) -> str | None:
        """Where an `append` source continues; None before anything was read."""
        return None if self._start is None else str(self._start + self._generation)

    @cursor.setter
    def cursor(self, cursor: str | None) -> None:
        start = int(cursor) - self._generation if cursor is not None and cursor.isdecimal() else None
        if start != self._start:
            self._start = start
            self._save_meta()

    def append(self, data: bytes) -> None:
        """Add bytes as they came, wherever they were cut. Raises SpoolError."""
        if not data:
            return
        base = self._end
        self._write(self._data, data, base)
        self._end += len(data)
        self._generation += len(data)
        if self.source.mode is LogMode.REFETCH:
            self._digest.update(data)
        self._index_lines(data, base)
        self._write_index()

    def mark(self, text: str) -> None:
        """Add a marker line. Raises SpoolError."""
        raw = " ".join(text.split()).encode("utf-8", "replace") + b"\n"
        self._write(self._data, raw, self._end)
        self._marks.add(len(self._index))
        self._index.append(self._end)
        self._end += len(raw)
        self._marker_bytes += len(raw)
        self._fresh, self._cr = True, False
        self._write_index()

    def restart(self, text: str) -> None:
        """The source began anew: a marker, and what follows is a new generation."""
        self.mark(text)
        self._base, self._generation, self._start = self._end, 0, None
        self._digest = hashlib.blake2b()
        self._save_meta()

    def bookmark(self, number: int) -> bool:
        """Put a bookmark at a line or take it away again; whether there is one now. Raises SpoolError."""
        self.bookmarks ^= {number}
        self._save_meta()
        return number in self.bookmarks

    def begins(self, data: bytes) -> bool:
        """Whether `data` begins with the whole present generation (of a `refetch` source)."""
        have = self._generation
        return len(data) >= have and hashlib.blake2b(data[:have]).digest() == self._digest.digest()

    def tail(self, size: int) -> bytes:
        """The last bytes of the present generation, markers left out."""
        parts: list[bytes] = []
        for first, last in reversed(list(self._runs(self._base))):
            take = min(last - first, size)
            parts.append(os.pread(self._data, take, last - take))
            size -= take
            if size <= 0:
                break
        return b"".join(reversed(parts))

    def line(self, number: int) -> SpoolLine:
        """One line; IndexError when there is none of that number."""
        return self.lines(number, number + 1)[0]

    def lines(self, start: int, stop: int) -> list[SpoolLine]:
        """Lines from `start` to before `stop`, as many as there are, read at once."""
        stop = min(stop, len(self._index))
        found: list[SpoolLine] = []
        while start < stop:
            upto = max(start + 1, min(stop, bisect_right(self._index, self._index[start] + REGION)))
            first = self._index[start]
            last = min(self._after(upto - 1), first + max(REGION * 2, LONGEST_LINE))
            region = os.pread(self._data, last - first, first)
            for number in range(start, upto):
                raw = region[self._index[number] - first : self._after(number) - first]
                found.append(self._line(number, raw))
            start = upto
        return found

    def save(self, path: Path) -> None:
        """Copy the log's own bytes, without markers. Raises OSError."""
        with new_file(path) as file:
            for data in self.raw():
                file.write(data)

    def raw(self) -> Iterator[bytes]:
        """The log's own bytes, in pieces, markers left out."""
        for first, last in self._runs(0):
            for at in range(first, last, REGION):
                yield os.pread(self._data, min(REGION, last - at), at)

    def close(self) -> None:
        """Give the files back when the last user closes. Idempotent."""
        self.users -= 1
        if self.users > 0 and self._table >= 0:
            return
        for handle in (self._table, self._data):
            if handle >= 0:
                os.close(handle)
        if self._data >= 0:
            os.utime(self.path)
        self._data = self._table = -1

    def _line(self, number: int, raw: bytes) -> SpoolLine:
        length = len(raw)
        if length > LONGEST_LINE:
            raw = raw[:LONGEST_LINE]
        text = raw.rstrip(b"\r\n").decode("utf-8", "replace")
        if length > LONGEST_LINE:
            text += f"… (the line has {self._after(number) - self._index[number]:,} bytes)"
        if number in self._marks:
            return SpoolLine(number, text, marker=True)
        return SpoolLine(number, text, False, line_time(text), line_level(raw))

    def _after(self, number: int) -> int:
        return self._index[number + 1] if number + 1 < len(self._index) else self._end

    def _runs(self, base: int) -> Iterator[tuple[int, int]]:
        """Stretches of the data file that are the log's own, from offset `base` on."""
        at = base
        for number in sorted(self._marks):
            if self._index[number] < base:
                continue
            if at < self._index[number]:
                yield at, self._index[number]
            at = self._after(number)
        if at < self._end:
            yield at, self._end

    def _index_lines(self, data: bytes, base: int) -> None:
        at = 0
        if self._cr:
            self._cr, self._fresh = False, True
            at = 1 if data[:1] == b"\n" else 0
        if self._fresh and at < len(data):
            self._index.append(base + at)
            self._fresh = False
        ends = [match.end() for match in BREAK.finditer(data, at)]
        if ends and ends[-1] == len(data):
            del ends[-1]
            self._cr = data.endswith(b"\r")
            self._fresh = not self._cr
        self._index.extend([base + end for end in ends])

    def _load(self) -> None:
        """Read the index; what it lacks (a crash between data and index) is indexed again."""
        size = os.fstat(self._data).st_size
        entries = array("Q", os.pread(self._table, os.fstat(self._table).st_size // 8 * 8, 0))
        while entries and entries[-1] & ~MARKER >= size:
            entries.pop()
        begin = 0
        if entries and entries[-1] & MARKER:
            begin = self._marker_end(entries[-1] & ~MARKER, size)
        elif entries:
            begin = entries.pop()
        self._marks = {number for number, offset in enumerate(entries) if offset & MARKER}
        for number in self._marks:
            entries[number] &= ~MARKER
        self._index = entries
        self._end = begin
        self._marker_bytes = sum(self._after(number) - self._index[number] for number in self._marks)
        self._written = len(entries)
        os.ftruncate(self._table, self._written * 8)
        while self._end < size:
            data = os.pread(self._data, REGION, self._end)
            self._index_lines(data, self._end)
            self._end += len(data)
        self._write_index()
        self._load_meta()

    def _marker_end(self, offset: int, size: int) -> int:
        at = offset
        while at < size:
            found = os.pread(self._data, REGION, at).find(b"\n")
            if found >= 0:
                return at + found + 1
            at += REGION
        return size

    def _load_meta(self) -> None:
        try:
            meta = json.loads(self.path.with_suffix(".json").read_bytes())
            self._base, self._start = min(int(meta["base"]), self._end), meta["start"]
            self.bookmarks = {int(each) for each in meta.get("bookmarks", ()) if 0 <= int(each) < self.count}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            self._base, self._start = 0, None
        for first, last in self._runs(self._base):
            self._generation += last - first
            for at in range(first, last, REGION) if self.source.mode is LogMode.REFETCH else ():
                self._digest.update(os.pread(self._data, min(REGION, last - at), at))

    def _save_meta(self) -> None:
        source = self.source
        meta: dict[str, object] = {"ref": str(source.ref), "name": source.name, "attempt": source.attempt}
        meta.update(base=self._base, start=self._start, bookmarks=sorted(self.bookmarks))
        path = self.path.with_suffix(".json")
        try:
            _replace(path, json.dumps(meta).encode())
        except OSError as error:
            raise SpoolError(f"the log spool {path} cannot be written: {_why(error)}", _why(error)) from None

    def _write_index(self) -> None:
        fresh = self._index[self._written :]
        for place in range(len(fresh)) if self._marks else ():
            if self._written + place in self._marks:
                fresh[place] |= MARKER
        self._write(self._table, fresh.tobytes(), self._written * 8)
        self._written = len(self._index)

    def _write(self, handle: int, data: bytes, end: int) -> None:
        """All of it or, as far as that can be had, nothing of it."""
        view = memoryview(data)
        try:
            while view:
                view = view[os.write(handle, view) :]
        except OSError as error:
            if handle >= 0:
                os.ftruncate(handle, end)
            raise SpoolError(f"the log spool {self.path} cannot be written: {_why(error)}", _why(error)) from None


def _why(error: OSError) -> str:
    return error.strerror or str(error)


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)


def _replace(path: Path, data: bytes) -> None:
    """The old or the new content, never half: where a log goes on would be forgotten, and it be read twice."""
    new = path.with_suffix(f"{path.suffix}-new")
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.replace(new, path)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(new)
        raise
