"""Whether the console tells times in UTC, with a Z, or in the time of this machine. One for all of it."""

from __future__ import annotations

import time

_local = False


def use_local(local: bool) -> None:
    global _local
    _local = local


def is_local() -> bool:
    return _local


def at(stamp: float) -> time.struct_time:
    """The time as it is told. Raises ValueError, OverflowError or OSError for what is no time."""
    return time.localtime(stamp) if _local else time.gmtime(stamp)


def sign() -> str:
    """What stands behind a clock time: only UTC has something."""
    return "" if _local else "Z"


def behind(stamp: float) -> str:
    """What stands behind a time that others go by, so that nobody takes local time for UTC."""
    return f" {time.localtime(stamp).tm_zone}" if _local else ""


def offset(stamp: float) -> int:
    """Seconds that told times are ahead of UTC."""
    return time.localtime(stamp).tm_gmtoff if _local else 0


def said(stamp: float) -> str:
    """`UTC`, or `CEST, 2 hours ahead of UTC` in words."""
    if not _local:
        return "UTC"
    there = time.localtime(stamp)
    if there.tm_zone == "UTC":
        return "this machine's, which are UTC too"
    hours, rest = divmod(abs(there.tm_gmtoff), 3600)
    away = f"{hours}h{rest // 60:02d}m" if rest else f"{hours}h"
    way = "ahead of" if there.tm_gmtoff > 0 else "behind"
    return f"{there.tm_zone}, {f'{away} {way}' if there.tm_gmtoff else 'the same as'} UTC"
