"""The journal: every write's intention is on disk before the write may leave, and its outcome after.

Append-only JSON lines, a file a month. It is the only issuer of permits, and so the one place where
read-only mode is enforced.
"""

from __future__ import annotations

import contextlib
import fcntl
import getpass
import json
import os
import re
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from adapters.model import Json, Ref
from adapters.permit import Permit
from tui.core import journalentry
from tui.core.journalentry import CUT_OFF, UNKNOWN, Entry, JournalPlan
from tui.core.private import make_private
from tui.core.processes import began, boot_id, is_alive

_SECRET = r"passw|pwd|secret|token|credential|(?:api|access|private)[_-]?key|authori[sz]ation|authentication|cookie"
SECRET_KEY = re.compile(f"(?i){_SECRET}")
SECRET_OPTION = re.compile(rf"(?i)((?:--?|\b)[\w-]*(?:{_SECRET})[\w-]*=)\S+")
NAMES = ("name", "key", "Name", "Key")
VALUES = ("value", "Value")
LONGEST_MESSAGE = 2000
MONTH = re.compile(r"\d{4}-\d{2}")
START = re.compile(rb'\{"time":"[^"]*","type":"(\w+)","record":"(\w+)"')
ELSEWHERE = 600.0
"""Seconds for which a write of another machine may still be under way."""

__all__ = ["Entry", "Journal", "JournalPlan", "JournalUnwritable", "ReadOnly", "redacted"]


class JournalUnwritable(RuntimeError):
    """The record is not safely on disk, so the write must not happen."""


class ReadOnly(RuntimeError):
    """The context is read-only; the sentence says by whose wish."""


class Journal:
    """`directory` None: nothing is written (`--no-journal`). `read_only` gives the reason a context is, or None."""

    def __init__(
        self,
        directory: Path | None,
        *,
        clock: Callable[[], float] = time.time,
        read_only: Callable[[str], str | None] = lambda context: None,
    ) -> None:
        self.directory = directory
        self._clock = clock
        self._read_only = read_only
        self._boot, self._host = boot_id(), socket.gethostname()
        self._since_boot = began(os.getpid())
        self._user = _user()
        self._plans: set[str] = set()
        self._beginning = threading.Lock()

    def issue(
        self,
        plan: str,
        action: str,
        target: Ref | str,
        params: Mapping[str, Json],
        reason: str = "",
        *,
        targets: Sequence[str] = (),
    ) -> Permit:
        """The permit for one write, after its intention has been fsynced. Blocks: call it in a thread.

        `targets` are all of a plan of several: they are written before its first write, so that what is left of
        it is known even after a crash. Raises ReadOnly, or JournalUnwritable; then the write must not be made.
        """
        context = target.context if isinstance(target, Ref) else target
        self.allow(context)
        record = uuid.uuid4().hex[:16]
        about: dict[str, Json] = {"plan": plan, "action": action, "user": self._user, "host": self._host}
        with self._beginning:
            if targets and plan not in self._plans:
                self._write({"type": "plan", "record": record, **about, "targets": list(targets)})
                self._plans.add(plan)
        about.update(target=str(target), params=redacted(dict(params)), reason=reason)
        self._write({"type": "intent", "record": record, **about})
        return Permit(plan, record, action, target, check=lambda: self.allow(context))

    def allow(self, context: str) -> None:
        """Raises ReadOnly where nothing may be changed."""
        why = self._read_only(context)
        if why:
            raise ReadOnly(why)

    def outcome(self, permit: Permit, outcome: str, message: str = "", created: Ref | None = None) -> None:
        """What came of it. Raises JournalUnwritable."""
        self._outcome(permit.plan, permit.record, outcome, message, created)

    def _outcome(self, plan: str, record: str, outcome: str, message: str, created: Ref | None = None) -> None:
        self._write(
            {
                "type": "outcome",
                "record": record,
                "plan": plan,
                "outcome": outcome,
                "message": message[:LONGEST_MESSAGE],
                "created": str(created) if created else None,
            }
        )

    def end(self, plan: str, rest: Mapping[str, tuple[str, str]]) -> None:
        """A plan of several is over; `rest` are outcome and message of targets of which nothing was sent.
        Raises JournalUnwritable."""
        if plan in self._plans:
            self._plans.discard(plan)
            left: dict[str, Json] = {
                target: [outcome, message[:LONGEST_MESSAGE]] for target, (outcome, message) in rest.items()
            }
            self._write({"type": "end", "record": plan, "plan": plan, "rest": left})

    def months(self) -> list[str]:
        """The months there are files of, oldest first, as `2026-08`."""
        if self.directory is None or not self.directory.is_dir():
            return []
        return sorted(path.stem for path in self.directory.glob("*.jsonl") if MONTH.fullmatch(path.stem))

    def records(self, month: str | None = None) -> list[Entry]:
        """Every write, oldest first, with its outcome; of one month (by its intention) or of all."""
        found = journalentry.entries(self._since(month), self._lives)
        return found if month is None else [entry for entry in found if entry.time.startswith(month)]

    def plans(self, month: str | None = None) -> list[JournalPlan]:
        """Every plan, oldest first; those that began in a month, or all."""
        found = journalentry.plans(list(self._since(month)), self._lives)
        return found if month is None else [plan for plan in found if plan.first.time.startswith(month)]

    def unfinished(self, months: int | None = None) -> list[Entry]:
        """Writes whose process died before their outcome was known, of the last so many months: their objects
        want a look. Only what has no outcome is read as JSON, so that a long journal delays no start."""
        begun: dict[bytes, bytes] = {}
        ended: set[bytes] = set()
        for month in self.months()[-(months or 0) :]:
            for raw in self._raw(month):
                found = START.match(raw)
                if found is not None and found[1] == b"intent":
                    begun[found[2]] = raw
                elif found is not None and found[1] == b"outcome":
                    ended.add(found[2])
        lines = [line for id, raw in begun.items() if id not in ended and (line := _read(raw)) is not None]
        return [entry for entry in journalentry.entries(lines, self._lives) if entry.unfinished]

    def resolve(self, entry: Entry, seen: str) -> None:
        """Write down what the object of an unfinished write was later seen as. Raises JournalUnwritable."""
        message = f"{CUT_OFF}; later seen as {seen}"
        self._outcome(entry.plan, entry.record, UNKNOWN, message)

    def stamp(self) -> tuple[tuple[str, int], ...]:
        """Another one after each record: the files and their sizes. Raises OSError."""
        return tuple((month, self._path(month).stat().st_size) for month in self.months())

    def torn(self) -> bool:
        """Whether the last line was cut off: the disk was full, or the machine went down."""
        for month in self.months()[-1:]:
            with self._path(month).open("rb") as file:
                end = file.seek(0, os.SEEK_END)
                file.seek(max(0, end - 1))
                return end > 0 and file.read(1) != b"\n"
        return False

    def _since(self, month: str | None) -> Iterator[dict[str, Json]]:
        """Lines of that month and the later ones: an outcome may be in the next file. Those that do not parse
        are passed over: the last one is torn when the machine went down."""
        for name in self.months():
            if month is None or name >= month:
                yield from filter(None, map(_read, self._raw(name)))

    def _raw(self, month: str) -> Iterator[bytes]:
        with self._path(month).open("rb") as file:
            yield from file

    def _path(self, month: str) -> Path:
        assert self.directory is not None
        return self.directory / f"{month}.jsonl"

    def _lives(self, line: Mapping[str, Json]) -> bool:
        """Whether the process that wrote a line still runs. Of another machine that has the same home nobody
        here can know: for a while it is taken to."""
        pid, since = line.get("pid"), line.get("since")
        if line.get("host") != self._host:
            with contextlib.suppress(ValueError):
                written = datetime.fromisoformat(str(line.get("time")).replace("Z", "+00:00"))
                return self._clock() - written.timestamp() < ELSEWHERE
        if line.get("boot") != self._boot or not isinstance(pid, int):
            return False
        return is_alive(pid, since if isinstance(since, int) else None)

    def _write(self, record: dict[str, Json]) -> None:
        if self.directory is None:
            return
        now = self._clock()
        stamp = datetime.fromtimestamp(now, UTC)
        full = {"time": stamp.isoformat(timespec="milliseconds").replace("+00:00", "Z"), **record}
        full.update(pid=os.getpid(), boot=self._boot, since=self._since_boot)
        line = json.dumps(full, ensure_ascii=True, separators=(",", ":"), default=str).encode() + b"\n"
        path = self.directory / f"{stamp:%Y-%m}.jsonl"
        try:
            self._append(path, line)
        except OSError as error:
            raise JournalUnwritable(
                f"the journal {path} cannot be written ({error.strerror or error}), so nothing is changed"
            ) from None

    def _append(self, path: Path, line: bytes) -> None:
        """One write and one fsync. The lock is for the look at the last byte: a torn line is closed first, so
        that it spoils nobody else's record."""
        new = not path.exists()
        make_private(path.parent)
        handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            end = os.lseek(handle, 0, os.SEEK_END)
            if end and os.pread(handle, 1, end - 1) != b"\n":
                line = b"\n" + line
            if os.write(handle, line) != len(line):
                raise OSError(28, "the disk is full")
            os.fsync(handle)
        finally:
            os.close(handle)
        if new:
            _sync_folder(path.parent)


def redacted(value: Json) -> Json:
    """The value with everything that a key calls secret replaced: by its own key, by the name beside it as in
    `{"name": "DB_PASSWORD", "value": ...}`, or as an option in a command line, `--token=...`."""
    if isinstance(value, dict):
        named = any(isinstance(value.get(key), str) and SECRET_KEY.search(str(value[key])) for key in NAMES)
        return {
            k: _hidden(v) if SECRET_KEY.search(k) or (named and k in VALUES) else redacted(v)
            for k, v in value.items()
        }
    if isinstance(value, list):
        return [redacted(item) for item in value]
    return SECRET_OPTION.sub(r"\1***", value) if isinstance(value, str) else value


def _hidden(value: Json) -> Json:
    return None if value is None else "***"


def _read(raw: bytes) -> dict[str, Json] | None:
    try:
        line = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return line if isinstance(line, dict) else None


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return str(os.getuid())


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
