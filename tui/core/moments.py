"""A time as somebody types it: `14:32`, `-5m`, `2026-08-22 14:32`, `8h`, read against the times there are."""

from __future__ import annotations

import re

from adapters.model import Timestamp
from tui.core import zone
from tui.core.filter_values import moment, seconds
from tui.core.format import iso

DAY = 86400.0
EXAMPLES = "14:32, -5m, +5m, 1h ago, 08-21 14:32 or 2026-08-21T14:32Z"
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(?:\.(\d{1,6}))?)?Z?", re.IGNORECASE)
_DAY = re.compile(r"(\d\d)-(\d\d)(?:[ T](.+))?")


class NoMoment(ValueError):
    """What was typed is no time; one sentence with examples."""


def read_moment(text: str, last: Timestamp, here: Timestamp | None = None) -> Timestamp:
    """The time that is meant, where `last` is the latest there is and `here` the one that is looked at.

    A time of day is the latest such time that is not after `last`; `5m` and `5m ago` are that long before `last`;
    `-5m` and `+5m` go from `here`. Times are in the zone of the screens, dates with a year in UTC. Raises NoMoment.
    """
    words = text.strip().removeprefix("@").strip()
    if words[:1] in ("-", "+") and (away := seconds(words[1:].strip())) is not None:
        return (here if here is not None else last) + (away if words[0] == "+" else -away)
    back = seconds(words.removesuffix("ago").strip())
    if back is not None and not words.replace(".", "").isdigit():
        return last - back
    ahead = 0 if words[-1:] in "zZ" else zone.offset(last)  # as the screens tell times now
    found = _of_the_day(words, last + ahead)
    if found is None:
        found = _of_the_year(words, last + ahead)
    if found is not None:
        return found - ahead
    found = moment(words)
    if found is None:
        raise NoMoment(f"no time is meant by {text.strip()[:40]!r}; write {EXAMPLES}")
    return found


def _of_the_day(words: str, last: Timestamp) -> Timestamp | None:
    clock = _CLOCK.fullmatch(words)
    if clock is None:
        return None
    hour, minute, second = (int(part or 0) for part in clock.groups()[:3])
    at = last // DAY * DAY + hour * 3600 + minute * 60 + second + float(f"0.{clock[4] or 0}")
    slack = 60.0 if clock[3] is None else 1.0  # the minute that has just begun is today's
    return at if at < last + slack else at - DAY


def _of_the_year(words: str, last: Timestamp) -> Timestamp | None:
    """`08-21 14:32`, as the screens write times of other days."""
    found, today = _DAY.fullmatch(words), iso(last)
    if found is None or today is None:
        return None
    rest = f"T{found[3].strip()}" if found[3] else ""
    at = moment(f"{today[:4]}-{found[1]}-{found[2]}{rest}")
    return moment(f"{int(today[:4]) - 1}-{found[1]}-{found[2]}{rest}") if at is not None and at > last + DAY else at
