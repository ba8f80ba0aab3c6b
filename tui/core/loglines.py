"""What a log line says about itself: its time and its level, found lazily and without trust."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum

from adapters.model import Timestamp


class Level(StrEnum):
    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


ERROR = (
    rb"\b(?:ERROR|FATAL|CRITICAL|PANIC|SEVERE)\b"
    rb"|\b[A-Z]\w*(?:Error|Exception)\b(?=:|\(|[ \t]*$)"
    rb"|\bTraceback \(most recent call last\)|\b(?:OOMKilled|Segmentation fault|core dumped)\b"
    rb"|^(?:error|fatal|panic):|\[(?:error|fatal|critical)\]"
    rb"|\b(?:level|severity|lvl)\"?[ \t]*[=:][ \t]*\"?(?:error|fatal|critical|panic)\b"
    rb"|^[EF]\d{4} \d\d:"
)
WARNING = (
    rb"\bWARN(?:ING)?\b|\b[A-Z]\w*Warning\b(?=:|\()|^warn(?:ing)?:|\[warn(?:ing)?\]"
    rb"|\b(?:level|severity|lvl)\"?[ \t]*[=:][ \t]*\"?warn(?:ing)?\b|^W\d{4} \d\d:"
)
LEVELS = re.compile(rb"(?P<error>" + ERROR + rb")|(?P<warning>" + WARNING + rb")", re.MULTILINE)
"""Lower-case "error" alone is no error: "mean absolute error 0.3"."""

SIGNS = (
    *(b"error exception fatal critical panic severe traceback oomkilled warn".split()),
    *(b"segmentation fault", b"core dumped"),
    *(b"\ne0", b"\ne1", b"\nf0", b"\nf1", b"\nw0", b"\nw1"),
)
"""What a line with a level has in it, in lower case; finding these first is 30 times as fast as the expression."""

HEAD = 400
"""A line's time and level are looked for in so many of its first bytes."""

_ISO = re.compile(
    r"(?<!\d)(\d{4})[-/](\d\d)[-/](\d\d)[T ](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?[ ]?(Z|[+-]\d\d:?\d\d)?"
)
_KLOG = re.compile(r"^[IWEF](\d\d)(\d\d) (\d\d):(\d\d):(\d\d)\.(\d+)")
_EPOCH = re.compile(r'"(?:ts|time|timestamp)"\s*:\s*"?(\d{10}(?:\.\d+)?|\d{13})\b')
_SGR = re.compile(r"\x1b\[[0-9;]*m")


def suspects(region: bytes) -> set[int]:
    """Offsets in `region`, one or more in each line that may have a level; all other lines have none."""
    lower = b"\n" + region.lower().replace(b"\r", b"\n")
    found: set[int] = set()
    for sign in SIGNS:
        at = lower.find(sign)
        while at >= 0:
            found.add(max(0, at if sign[:1] == b"\n" else at - 1))
            end = lower.find(b"\n", at + 1)
            at = lower.find(sign, end) if end >= 0 else -1
    return found


def line_level(raw: bytes) -> Level | None:
    """The level of one line; the worse one where a line names two."""
    found: Level | None = None
    for match in LEVELS.finditer(raw[:HEAD]):
        if match.lastgroup == "error":
            return Level.ERROR
        found = Level.WARNING
    return found


def line_time(text: str, year: int | None = None) -> Timestamp | None:
    """The time a line begins with, in seconds since the epoch; without a zone it is UTC. `year` completes
    formats that leave it out."""
    head = _SGR.sub("", text[:HEAD])[:120]
    try:
        if found := _ISO.search(head):
            return _iso(found)
        if found := _EPOCH.search(text[:HEAD]):
            seconds = float(found[1])
            return seconds / 1000 if seconds > 1e11 else seconds
        if year is not None and (found := _KLOG.match(head)):
            month, day, hour, minute, second = (int(part) for part in found.groups()[:5])
            return datetime(year, month, day, hour, minute, second, tzinfo=UTC).timestamp() + float(f"0.{found[6]}")
    except (ValueError, OverflowError):
        pass
    return None


def _iso(found: re.Match[str]) -> Timestamp:
    year, month, day, hour, minute, second = (int(part) for part in found.groups()[:6])
    zone = UTC if found[8] in (None, "Z") else _zone(found[8])
    whole = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=zone).timestamp()
    return whole + (second - min(second, 59)) + (float(f"0.{found[7]}") if found[7] else 0.0)


def _zone(text: str) -> timezone:
    sign = -1 if text[0] == "-" else 1
    digits = text[1:].replace(":", "")
    return timezone(sign * timedelta(hours=int(digits[:2]), minutes=int(digits[2:])))
