"""Messages of failures, normalised: what differs only in numbers and ids is one cause."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tui.core.text import safe

LONGEST = 48
NOT_SAID = "no cause said"

_KNOWN: tuple[tuple[str, str], ...] = (
    ("out of memory", r"oom.?kill|out of memory|OutOfMemory"),
    ("image pull", r"ImagePull|ErrImage|image pull|pull(ing)? image"),
    ("NCCL timeout", r"\bNCCL\b"),
    ("disk full", r"no space left|disk full|DiskPressure"),
    ("preempted", r"preempt"),
    ("host lost", r"host (was )?lost|lost host|node lost|agent (was )?lost|NodeLost"),
)
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
    head = line[:LONGEST]
    title = safe(_VARYING.sub("N", head), LONGEST)
    literal = [re.escape(part) for part in _VARYING.split(head)]
    return Cause(title, f"message~{quoted('[0-9a-fx.,:-]+'.join(literal))}")


def quoted(value: str) -> str:
    """A value as the filter language reads it back."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
