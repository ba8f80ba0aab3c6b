"""What a server's clock says beside ours: its times make the ages, and so must the now they are counted to."""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import parsedate_to_datetime

LEAST = 2.0
"""Seconds: the header has whole ones, and the way takes its time."""


def server_time(headers: Mapping[str, str]) -> float | None:
    """When the answer was made, by the server's clock; None where it does not say, or a cache answered."""
    if "age" in headers:
        return None
    try:
        return parsedate_to_datetime(headers.get("date", "")).timestamp()
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def ahead(headers: Mapping[str, str], took: float, now: float) -> float | None:
    """Seconds by which its clock is ahead of ours (behind: negative), 0 for what cannot be told from none.
    `took` is how long the answer took, `now` the time at which it was there. None: it does not say."""
    told = server_time(headers)
    if told is None:
        return None
    low, high = told - now, told + 1.0 - (now - max(0.0, took))
    if low <= LEAST and high >= -LEAST:
        return 0.0
    return (low + high) / 2
