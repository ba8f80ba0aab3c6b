"""Logs on disk: every byte that was fetched, an index of lines, and visible markers where something is missing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from adapters.model import LogSource, Timestamp
from tui.core.loglines import Level

BUDGET = 2 * 1024**3


class SpoolError(OSError):
    """The spool cannot be written or read; one sentence."""


@dataclass(frozen=True, slots=True)
class SpoolLine:
    """One line. `text` is decoded and bounded but not made safe for a terminal. A `marker` is ours: a gap, a
    rotation, a reconnect, an attempt. `time` is epoch seconds where the line carries one."""

    number: int  # from 0
    text: str
    marker: bool = False
    time: Timestamp | None = None
    level: Level | None = None


@dataclass(frozen=True, slots=True)
class VolumeBucket:
    """One column of the volume strip: lines from `first` on, `start` its time where known."""

    first: int
    lines: int
    errors: int
    start: Timestamp | None


class SpooledLog:
    """One log. Cheap to index: 8 bytes of memory a line."""

    source: LogSource
    cursor: str | None  # where the source continues
    markers: int

    @property
    def count(self) -> int:
        """Lines, markers included; the last may still be growing."""
        raise NotImplementedError

    @property
    def size(self) -> int:
        """Bytes of the log itself, markers not counted."""
        raise NotImplementedError

    def append(self, data: bytes) -> None: ...
    def mark(self, text: str) -> None: ...
    def line(self, number: int) -> SpoolLine:
        raise NotImplementedError

    def lines(self, start: int, stop: int) -> list[SpoolLine]:
        raise NotImplementedError

    def scan(self, budget: int = 1 << 17) -> bool:
        """Find levels in up to `budget` more bytes; True when everything has been looked at. Fills
        `errors` and `warnings`: ascending line numbers."""
        raise NotImplementedError

    def search(self, needle: str, *, regex: bool = False) -> AsyncIterator[list[int]]:
        """Line numbers that match, in batches, over the whole log; lower-case needles ignore case.
        ValueError for a bad regex."""
        raise NotImplementedError

    def at_time(self, when: Timestamp) -> int | None:
        """The first line at or after a time; None where the log has no times."""
        raise NotImplementedError

    def volume(self, columns: int) -> list[VolumeBucket]:
        raise NotImplementedError

    def save(self, path: Path) -> None:
        """Copy the log's own bytes, without markers."""

    def close(self) -> None: ...


class LogSpool:
    def __init__(self, directory: Path, budget: int = BUDGET) -> None: ...
    def open(self, source: LogSource) -> SpooledLog:
        """The log of a source; what an earlier session fetched is still there."""
        raise NotImplementedError
