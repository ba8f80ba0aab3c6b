"""The journal: every write's intention is on disk before the write may leave, and its outcome after.

Append-only JSON lines, a file a month. It is the only issuer of permits, and so the one place where
read-only mode is enforced.
"""

from __future__ import annotations

import fcntl
import getpass
import json
import os
import re
import socket
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from adapters.model import Json, Ref
from adapters.permit import Permit
from tui.core.private import make_private

_SECRET = r"passw|pwd|secret|token|credential|(?:api|access|private)[_-]?key|authori[sz]ation|authentication|cookie"
SECRET_KEY = re.compile(f"(?i){_SECRET}")
SECRET_OPTION = re.compile(rf"(?i)((?:--?|\b)[\w-]*(?:{_SECRET})[\w-]*=)\S+")
NAMES = ("name", "key", "Name", "Key")
VALUES = ("value", "Value")
LONGEST_MESSAGE = 2000
UNKNOWN = "unknown"
MONTH = re.compile(r"\d{4}-\d{2}")


class JournalUnwritable(RuntimeError):
    """The record is not safely on disk, so the write must not happen."""


class ReadOnly(RuntimeError):
    """The context is read-only; the sentence says by whose wish."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One journalled write. `outcome` None: it never came back; `alive` says that its process still runs."""

    record: str
    plan: str
    action: str
    target: str
    params: Mapping[str, Json]
    reason: str
    time: str
    user: str
    pid: int
    outcome: str | None = None
    message: str = ""
    created: str | None = None
    ended: str | None = None
    alive: bool = False

    @property
    def ending(self) -> str | None:
        """The outcome as output shows it: a write whose process died may have been carried out or not."""
        return self.outcome or (None if self.alive else UNKNOWN)

    def to_json(self) -> dict[str, Json]:
        return {**{name: _plain(getattr(self, name)) for name in self.__slots__}, "outcome": self.ending}


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
        self._boot = boot_id()
        self._user = _user()

    def issue(
        self, plan: str, action: str, target: Ref | str, params: Mapping[str, Json], reason: str = ""
    ) -> Permit:
        """The permit for one write, after its intention has been fsynced. Blocks: call it in a thread.

        Raises ReadOnly, or JournalUnwritable; then the write must not be made.
        """
        context = target.context if isinstance(target, Ref) else target
        self.allow(context)
        record = uuid.uuid4().hex[:16]
        self._write(
            {
                "type": "intent",
                "record": record,
                "plan": plan,
                "action": action,
                "target": str(target),
                "params": redacted(dict(params)),
                "reason": reason,
                "user": self._user,
                "host": socket.gethostname(),
            }
        )
        return Permit(plan, record, action, target, check=lambda: self.allow(context))

    def allow(self, context: str) -> None:
        """Raises ReadOnly where nothing may be changed."""
        why = self._read_only(context)
        if why:
            raise ReadOnly(why)

    def outcome(self, permit: Permit, outcome: str, message: str = "", created: Ref | None = None) -> None:
        """What came of it. Raises JournalUnwritable."""
        self._write(
            {
                "type": "outcome",
                "record": permit.record,
                "plan": permit.plan,
                "outcome": outcome,
                "message": message[:LONGEST_MESSAGE],
                "created": str(created) if created else None,
            }
        )

    def months(self) -> list[str]:
        """The months there are files of, oldest first, as `2026-08`."""
        if self.directory is None or not self.directory.is_dir():
            return []
        return sorted(path.stem for path in self.directory.glob("*.jsonl") if MONTH.fullmatch(path.stem))

    def records(self, month: str | None = None) -> list[Entry]:
        """Every write, oldest first, with its outcome; of one month (by its intention) or of all.

        Lines that do not parse are passed over: the last one is torn when the machine went down.
        """
        found: dict[str, dict[str, Json]] = {}
        for name in self.months():
            for line in self._lines(name):
                record = str(line.get("record"))
                if line.get("type") == "intent":
                    found[record] = {**line, "month": name}
                elif line.get("type") == "outcome" and record in found:
                    found[record]["end"] = line
        chosen = (data for data in found.values() if month is None or data["month"] == month)
        return [self._entry(data) for data in chosen]

    def unfinished(self) -> list[Entry]:
        """Writes whose process died before their outcome was known: their objects want a look."""
        return [entry for entry in self.records() if entry.outcome is None and not entry.alive]

    def _entry(self, data: Mapping[str, Json]) -> Entry:
        end = data.get("end")
        end = end if isinstance(end, dict) else {}
        params, pid = data.get("params"), data.get("pid")
        pid = pid if isinstance(pid, int) else 0
        return Entry(
            record=str(data.get("record")),
            plan=str(data.get("plan")),
            action=str(data.get("action")),
            target=str(data.get("target")),
            params=params if isinstance(params, dict) else {},
            reason=str(data.get("reason") or ""),
            time=str(data.get("time")),
            user=str(data.get("user")),
            pid=pid,
            outcome=str(end["outcome"]) if end.get("outcome") else None,
            message=str(end.get("message") or ""),
            created=str(end["created"]) if end.get("created") else None,
            ended=str(end["time"]) if end.get("time") else None,
            alive=not end and data.get("boot") == self._boot and _alive(pid),
        )

    def _lines(self, month: str) -> Iterator[dict[str, Json]]:
        assert self.directory is not None
        with (self.directory / f"{month}.jsonl").open("rb") as file:
            for raw in file:
                try:
                    line = json.loads(raw)
                except (ValueError, RecursionError):
                    continue
                if isinstance(line, dict):
                    yield line

    def _write(self, record: dict[str, Json]) -> None:
        if self.directory is None:
            return
        now = self._clock()
        stamp = datetime.fromtimestamp(now, UTC)
        full = {"time": stamp.isoformat(timespec="milliseconds").replace("+00:00", "Z"), **record}
        full.update(pid=os.getpid(), boot=self._boot)
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


def boot_id() -> str:
    """Names this boot of the machine, so that a pid of an earlier boot is never taken for a living process."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return f"{socket.gethostname()}-{int(time.time() - time.monotonic()) // 60}"


def _alive(pid: int) -> bool:
    if pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


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


def _plain(value: object) -> Json:
    if isinstance(value, Mapping):
        return dict(value)
    return value  # type: ignore[return-value]
