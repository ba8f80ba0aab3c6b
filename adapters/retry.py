"""When to try again, and how long to wait: pure functions and one small state machine, no clock of their own."""

from __future__ import annotations

import random
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

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


def retry_after_seconds(value: str | None, now: float) -> float | None:
    """The seconds a Retry-After header asks for: a number or an HTTP date; None when absent or nonsense."""
    if not value:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - now)
    except (ValueError, TypeError, OverflowError):
        return None
