"""When to try again, and how long to wait: pure functions, no clock of their own."""

from __future__ import annotations

import random
from email.utils import parsedate_to_datetime

from adapters.errors import AdapterError, RateLimited, Timeout, Unavailable
from adapters.frozen import dataclass

RETRIED_STATUSES = frozenset({408, 429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """`retries` further tries after the first; waits are exponential with full jitter, in seconds."""

    retries: int = 3
    base: float = 0.25
    cap: float = 8.0
    longest_obeyed: float = 120.0

    def delay(self, attempt: int, rng: random.Random, retry_after: float | None = None) -> float:
        """Seconds to wait after failure number `attempt` (0 is the first). Retry-After is a floor."""
        jittered = rng.uniform(0.0, min(self.cap, self.base * 2.0**attempt))
        if retry_after is None:
            return jittered
        return min(retry_after, self.longest_obeyed) + jittered * 0.1


def worth_retrying(error: AdapterError) -> bool:
    """Whether the same read may well succeed in a moment. The class counts as well as the status: a backend may
    know that its 500 is about an object that is not there."""
    if not isinstance(error, Unavailable | Timeout | RateLimited):
        return False
    return error.status is None or error.status in RETRIED_STATUSES


def retry_after_seconds(value: str | None, now: float) -> float | None:
    """The seconds a Retry-After header asks for: a number or an HTTP date; None when absent or nonsense."""
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        pass
    else:
        return max(0.0, seconds) if seconds < float("inf") else None
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - now)
    except (ValueError, TypeError, OverflowError):
        return None
