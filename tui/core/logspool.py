"""Where logs are kept on disk: one file each, found again by later sessions; the oldest closed go first."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
from pathlib import Path

from adapters.model import LogSource
from tui.core.logfile import SpoolError, SpoolLine
from tui.core.private import make_private
from tui.core.spooledlog import SpooledLog, VolumeBucket

__all__ = ["BUDGET", "LogSpool", "SpoolError", "SpoolLine", "SpooledLog", "VolumeBucket"]

BUDGET = 2 * 1024**3
COPIES = 8
FAMILY = (".log", ".idx", ".json")


class LogSpool:
    """`budget` is in bytes, for all logs together; open logs are never deleted."""

    def __init__(self, directory: Path, budget: int = BUDGET) -> None:
        self.directory = directory
        self.budget = budget
        self._open: dict[str, SpooledLog] = {}

    def open(self, source: LogSource) -> SpooledLog:
        """The log of a source; what an earlier session fetched is still there. Opening it twice gives the same
        one, to be closed twice. Raises SpoolError."""
        key = spool_key(source)
        held = self._open.get(key)
        if held is not None and not held.closed:
            held.users += 1
            return held
        try:
            make_private(self.directory)
        except OSError as error:
            raise SpoolError(f"the log spool {self.directory} cannot be made: {error.strerror or error}") from None
        self.trim()
        for copy in range(COPIES):
            path = self.directory / (f"{key}.log" if copy == 0 else f"{key}-{copy}.log")
            if not _locked(path):
                log = self._open[key] = SpooledLog(source, path)
                return log
        raise SpoolError(f"{COPIES} other sessions have this log open")

    def used(self) -> int:
        """Bytes on disk."""
        return sum(_size(path) for path in self.directory.glob("*") if path.suffix in FAMILY)

    def trim(self) -> int:
        """Delete closed logs, oldest first, until the budget is kept; how many were deleted."""
        over, deleted = self.used() - self.budget, 0
        if over <= 0:
            return 0
        for path in sorted(self.directory.glob("*.log"), key=_modified):
            if over <= 0:
                break
            if _locked(path):
                continue
            family = [path.with_suffix(suffix) for suffix in FAMILY]
            over -= sum(_size(each) for each in family)
            for each in family:
                with contextlib.suppress(OSError):
                    each.unlink()
            deleted += 1
        return deleted


def spool_key(source: LogSource) -> str:
    """A file name for a source, the same in every session."""
    text = "\0".join([str(source.ref), source.name, str(source.attempt)])
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _locked(path: Path) -> bool:
    """Whether some session has it open now."""
    try:
        handle = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(handle)
    return False


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _modified(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
