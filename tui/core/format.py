"""How values are written: ages, sizes, counts, clocks, ids, symbols and bars. Pure functions, no widget."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from datetime import UTC, datetime

from adapters.model import Capacity, Progress, State
from tui.core import zone

NOTHING = "-"
"""What stands where the server did not say."""

MINUTE, HOUR, DAY = 60, 3600, 86400

_SYMBOLS: dict[State, tuple[str, str]] = {
    State.DRAFT: ("·", "."),
    State.PENDING: ("·", "."),
    State.QUEUED: ("◦", "o"),
    State.RUNNING: ("▸", ">"),
    State.PAUSED: ("=", "="),
    State.ABORTING: ("◂", "<"),
    State.ABORTED: ("⊘", "0"),
    State.SUCCEEDED: ("✓", "+"),
    State.FAILED: ("✗", "X"),
    State.SKIPPED: ("»", ","),
    State.LOST: ("!", "!"),
    State.UNKNOWN: ("?", "?"),
    State.UP: ("▴", "^"),
    State.DRAINING: ("▾", "v"),
    State.DRAINED: ("▿", "_"),
    State.DOWN: ("✗", "X"),
}

SIGNS: dict[str, tuple[str, str]] = {
    "cursor": ("▌", "|"),
    "crumb": ("›", ">"),
    "cut": ("…", "$"),
    "up": ("↑", "^"),
    "down": ("↓", "v"),
    "full": ("!", "!"),
}

_TOKENS: dict[State, str] = {
    **dict.fromkeys((State.SUCCEEDED, State.UP), "ok"),
    **dict.fromkeys((State.DRAFT, State.PENDING, State.QUEUED, State.PAUSED, State.DRAINING), "waiting"),
    **dict.fromkeys((State.FAILED, State.LOST, State.DOWN), "failed"),
    **dict.fromkeys((State.ABORTING, State.ABORTED, State.DRAINED, State.SKIPPED), "aborted"),
    State.RUNNING: "running",
    State.UNKNOWN: "stale",
}


def symbol(state: State, ascii: bool = False) -> str:
    """The one-cell sign of a state."""
    return _SYMBOLS[state][ascii]


def sign(name: str, ascii: bool = False) -> str:
    """One of the other signs of the screens: see SIGNS."""
    return SIGNS[name][ascii]


def state_token(state: State) -> str:
    """The colour token of a state."""
    return _TOKENS[state]


def state_spans(state: State, ascii: bool = False, word: str | None = None) -> tuple[tuple[str, str], ...]:
    """Symbol and word with their tokens: waiting and failed colour both, ok and aborted only the symbol."""
    token = state_token(state)
    mark, text = symbol(state, ascii), state.value if word is None else word
    if not text:
        return ((mark, token),)
    if token in ("ok", "aborted"):
        return ((mark, token), (f" {text}", "muted"))
    return ((f"{mark} {text}", token),)


def age(seconds: float | None) -> str:
    """Two units, the second one padded, at most 6 wide: `0.3s 9s 3m12s 5h02m 21d04h 214d`. Never negative."""
    if seconds is None or math.isnan(seconds):
        return NOTHING
    if seconds < 1:
        tenths = int(max(0.0, seconds) * 10)
        return f"0.{tenths}s" if tenths else "0s"
    whole = int(min(seconds, 99_999 * DAY))
    if whole < MINUTE:
        return f"{whole}s"
    if whole < HOUR:
        return f"{whole // MINUTE}m{whole % MINUTE:02d}s"
    if whole < DAY:
        return f"{whole // HOUR}h{whole % HOUR // MINUTE:02d}m"
    if whole < 100 * DAY:
        return f"{whole // DAY}d{whole % DAY // HOUR:02d}h"
    return f"{whole // DAY}d"


def _utc(timestamp: float | None) -> datetime | None:
    if timestamp is None:
        return None
    try:
        return datetime.fromtimestamp(timestamp, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def clock(timestamp: float | None, now: float) -> str:
    """`14:32:07Z` today, `08-21 14:32Z` on other days, the date in other years; without the Z in local time."""
    if timestamp is None:
        return NOTHING
    try:
        moment, today = zone.at(timestamp), zone.at(now)
    except (ValueError, OverflowError, OSError):
        return NOTHING
    if (moment.tm_year, moment.tm_yday) == (today.tm_year, today.tm_yday):
        return time.strftime("%H:%M:%S", moment) + zone.sign()
    day = time.strftime("%m-%d", moment)
    if moment.tm_year == today.tm_year:
        return f"{day} {time.strftime('%H:%M', moment)}{zone.sign()}"
    return f"{moment.tm_year:04d}-{day}" if 1 <= moment.tm_year <= 9999 else NOTHING


def iso(timestamp: float | None) -> str | None:
    """ISO 8601 in UTC with `Z`, milliseconds where there are any; None for what is not a time."""
    moment = _utc(timestamp)
    if moment is None:
        return None
    precision = "milliseconds" if moment.microsecond // 1000 else "seconds"
    return moment.replace(tzinfo=None).isoformat(timespec=precision) + "Z"


def size(count: float | None) -> str:
    """Bytes in binary units: `512B 31.8Gi`."""
    if count is None or not math.isfinite(count):
        return NOTHING
    if abs(count) < 1000:
        return f"{count:.0f}B"
    value = count / 1024
    for unit in ("Ki", "Mi", "Gi", "Ti", "Pi"):
        if abs(value) < 999.95:
            return f"{value:.1f}{unit}"
        value /= 1024
    return f"{value:.1f}Ei"


def count(number: int | None) -> str:
    """`10,482`"""
    return NOTHING if number is None else f"{number:,}"


def count_cell(number: float | None) -> str:
    """Plain below 10,000, then `12.9k`, `1.2M`; at most 6 wide up to 10^12."""
    if number is None or not math.isfinite(number):
        return NOTHING
    if abs(number) < 10_000:
        return f"{number:.0f}" if number == int(number) else f"{number:.1f}"
    value = number / 1000
    for unit in ("k", "M", "G"):
        if abs(value) < 999.95:
            return f"{value:.1f}{unit}"
        value /= 1000
    return f"{value:.1f}T"


def percent(share: float | None) -> str:
    """A share of 1 as whole percent; `100%` and `0%` only when that is exactly so."""
    if share is None or not math.isfinite(share):
        return NOTHING
    whole = round(share * 100)
    if whole == 100 and share < 1:
        whole = 99
    if whole == 0 and share > 0:
        whole = 1
    return f"{whole}%"


def short_id(native: str, ascii: bool = False) -> str:
    """A long id cut in the middle: `0b3e7a52…5f1d9c41`."""
    return native if len(native) <= 17 else f"{native[:8]}{sign('cut', ascii)}{native[-8:]}"


def progress(value: Progress | None) -> str:
    return NOTHING if value is None else f"{value.done}/{value.total}"


def moved_bar(value: Progress, ascii: bool = False, width: int = 8) -> str:
    """`████░░░░`: the done part of all, full only when all are done."""
    full, empty = ("#", ".") if ascii else ("█", "░")
    filled = width
    if value.done < value.total:
        filled = min(width - 1, _cells(value.done / value.total, width))
    return full * filled + empty * (width - filled)


def sparkline(values: Sequence[float | None], ascii: bool = False, top: float | None = None) -> str:
    """One mark per value, scaled to the largest (or `top`); a blank where there is none."""
    marks = ".:-=+*#%" if ascii else "▁▂▃▄▅▆▇█"
    known = [value for value in values if value is not None]
    highest = top if top is not None else max(known, default=0.0)
    if highest <= 0:
        return "".join(" " if value is None else marks[0] for value in values)
    steps = len(marks) - 1
    return "".join(
        " " if value is None else marks[max(0, min(steps, round(value / highest * steps)))] for value in values
    )


def pool_bar(capacity: Capacity, width: int, ascii: bool = False) -> str:
    """Use of a pool from 0 to its own limit: `█` allocated, `▒` slack, `·` free, `│` where the reservation ends.

    What is allocated right of the mark is over the reservation. Without a limit the bar ends at whatever
    is largest.
    """
    used_mark, slack_mark, free_mark, reserved_mark = "#=.|" if ascii else "█▒·│"
    used, slack = max(0.0, capacity.allocation or 0.0), max(0.0, capacity.slack or 0.0)
    reserved = capacity.reservation or 0.0
    whole = capacity.limit if capacity.limit and math.isfinite(capacity.limit) else max(used + slack, reserved)
    if whole <= 0 or width <= 0:
        return free_mark * max(0, width)
    until_used = _cells(used / whole, width)
    until_slack = max(until_used, _cells((used + slack) / whole, width))
    bar = used_mark * until_used + slack_mark * (until_slack - until_used) + free_mark * (width - until_slack)
    if reserved <= 0:
        return bar
    share = reserved / whole
    at = min(width - 1, int(share * width)) if math.isfinite(share * width) else width - 1
    return bar[:at] + reserved_mark + bar[at + 1 :]


def is_full(capacity: Capacity) -> bool:
    """Nothing of the limit is left."""
    return bool(capacity.limit) and (capacity.allocation or 0.0) + (capacity.slack or 0.0) >= (
        capacity.limit or 0.0
    )


def _cells(share: float, width: int) -> int:
    """A share of 1 as so many of `width` cells, rounded and within bounds."""
    return int(min(1.0, max(0.0, share)) * width + 0.5) if not math.isnan(share) else 0
