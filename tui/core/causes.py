"""Messages of failures, normalised: what differs only in numbers and ids is one cause."""

from __future__ import annotations

import re

from adapters.frozen import dataclass
from tui.core.text import safe

LONGEST = 48
MOST = 4000
TRACEBACK = "Traceback (most recent call last)"
RAISED = re.compile(r"\b[A-Z]\w*(?:Error|Exception|Interrupt|Exit)\b[^\n]*")
"""What a traceback ends in; the name of the exception is the cause, not the word Traceback."""

NOT_SAID = "no cause said"

_KNOWN: tuple[tuple[str, str], ...] = (
    ("out of memory", r"oom.?kill|out of memory|OutOfMemory"),
    ("image pull", r"ImagePull|ErrImage|image pull|pull(ing)? image"),
    ("NCCL timeout", r"\bNCCL\b"),
    ("disk full", r"no space left|disk full|DiskPressure"),
    ("preempted", r"preempt"),
    ("host lost", r"host (was )?lost|lost host|node lost|agent (was )?lost|NodeLost"),
)
KNOWN = frozenset(title for title, _ in _KNOWN)
"""Causes that lie in where something ran, not in what was run."""

_TESTS = tuple((title, pattern, re.compile(pattern, re.IGNORECASE)) for title, pattern in _KNOWN)
_VARYING = re.compile(
    r"\b0x[0-9a-f]+\b|\b(?=[0-9a-f-]*\d)[0-9a-f]{6,}(?:-[0-9a-f]+)*\b|\d+(?:[.,:]\d+)*", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Cause:
    """`filter` selects the rows with this cause."""

    title: str
    filter: str


def cause_of(message: str | None) -> Cause:
    """The cause that a server's message names."""
    line = next((line.strip() for line in (message or "").splitlines() if line.strip()), "")
    if not line:
        return Cause(NOT_SAID, r'(message=- or message~"^\s*$")')
    for title, pattern, test in _TESTS:
        if test.search((message or "")[:1000]):
            return Cause(title, f"message~{quoted(pattern)}")
    if line.startswith(TRACEBACK):
        raised = RAISED.findall((message or "")[-MOST:])
        line = raised[-1] if raised else line
    parts = _head(line[:MOST])
    title = safe("N".join(parts), LONGEST)
    return Cause(title, f"message~{quoted('[0-9a-fx.,:-]+'.join(map(re.escape, parts)))}")


def _head(line: str) -> list[str]:
    """What stays the same at the beginning of a line: cut after what varies was taken out, or numbers of other
    lengths would make other causes."""
    parts: list[str] = []
    room = LONGEST
    for part in _VARYING.split(line):
        parts.append(part[:room])
        room -= len(part) + 1
        if room <= 0:
            break
    return parts


def quoted(value: str) -> str:
    """A value as the filter language reads it back."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
