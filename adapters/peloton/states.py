"""Peloton's state words and times, turned into the shared ones. Unknown words are unknown, absent times None."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from adapters.model import ENDED, State

JOB: Mapping[str, State] = {
    "UNINITIALIZED": State.PENDING,
    "INITIALIZED": State.PENDING,
    "PENDING": State.PENDING,
    "RUNNING": State.RUNNING,
    "SUCCEEDED": State.SUCCEEDED,
    "FAILED": State.FAILED,
    "KILLING": State.ABORTING,
    "KILLED": State.ABORTED,
    "DELETED": State.ABORTED,
}

POD: Mapping[str, State] = {
    "INITIALIZED": State.PENDING,
    "PENDING": State.PENDING,
    "READY": State.PENDING,
    "PLACING": State.PENDING,
    "PLACED": State.PENDING,
    "RESERVED": State.PENDING,
    "LAUNCHING": State.PENDING,
    "LAUNCHED": State.PENDING,
    "STARTING": State.PENDING,
    "RUNNING": State.RUNNING,
    "SUCCEEDED": State.SUCCEEDED,
    "FAILED": State.FAILED,
    "LOST": State.LOST,
    "KILLING": State.ABORTING,
    "PREEMPTING": State.ABORTING,
    "KILLED": State.ABORTED,
    "DELETED": State.ABORTED,
}

WORKFLOW: Mapping[str, State] = {
    "INITIALIZED": State.PENDING,
    "ROLLING_FORWARD": State.RUNNING,
    "ROLLING_BACKWARD": State.RUNNING,
    "PAUSED": State.PAUSED,
    "SUCCEEDED": State.SUCCEEDED,
    "ABORTED": State.ABORTED,
    "FAILED": State.FAILED,
    "ROLLED_BACK": State.FAILED,
}

HOST: Mapping[str, State] = {
    "UP": State.UP,
    "DRAINING": State.DRAINING,
    "DRAINED": State.DRAINED,
    "DOWN": State.DOWN,
}

ON_HOST = frozenset({"PLACED", "LAUNCHING", "LAUNCHED", "STARTING", "RUNNING", "KILLING", "PREEMPTING"})
"""Pod states in which a pod has its place on a host."""

PREFIXES: Mapping[str, str] = {
    "JOB_STATE": "JOB_STATE_",
    "POD_STATE": "POD_STATE_",
    "WORKFLOW_STATE": "WORKFLOW_STATE_",
    "WORKFLOW_TYPE": "WORKFLOW_TYPE_",
    "HOST_STATE": "HOST_STATE_",
    "VOLUME_STATE": "VOLUME_STATE_",
    "HEALTH_STATE": "HEALTH_STATE_",
    "TERMINATION": "TERMINATION_STATUS_REASON_",
    "POLICY": "SCHEDULING_POLICY_",
    "RESERVATION": "RESERVATION_TYPE_",
}
_ANY_PREFIX = re.compile("|".join(PREFIXES.values()))


def short(word: str) -> str:
    """The enum's name without its prefix: RUNNING for POD_STATE_RUNNING."""
    return _ANY_PREFIX.sub("", word, count=1) if word else ""


def live(states: Mapping[str, State]) -> tuple[str, ...]:
    """The native words of everything that has not ended."""
    return tuple(word for word, state in states.items() if state not in ENDED)


def native_for(states: Mapping[str, State], wanted: Iterable[str]) -> tuple[str, ...] | None:
    """The native words behind normalised state names; None when they cannot be asked for (`unknown`)."""
    names = set(wanted)
    if State.UNKNOWN.value in names:
        return None
    return tuple(word for word, state in states.items() if state.value in names)


_TIME = re.compile(r"(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d)(?:\.(\d{1,9})\d*)?\s*(Z|[+-]\d\d:?\d\d)?")


def nanoseconds(text: str | int) -> int | None:
    """Nanoseconds since the epoch of an RFC 3339 text or a number of nanoseconds; None for zero or nonsense."""
    if isinstance(text, int):
        return text or None
    found = _TIME.match(text)
    if found is None:
        return None
    whole, fraction, zone = found.groups()
    try:
        moment = datetime.fromisoformat(whole.replace(" ", "T") + ("+00:00" if zone in (None, "Z") else zone))
        seconds = int(moment.timestamp())
    except (ValueError, OverflowError):
        return None
    nanos = seconds * 10**9 + int((fraction or "").ljust(9, "0"))
    return nanos if nanos > 0 else None


def seconds(text: str | int) -> float | None:
    nanos = nanoseconds(text)
    return None if nanos is None else nanos / 1e9


def rfc3339(nanos: int) -> str:
    """The text of a google Timestamp, with all nine digits."""
    whole, rest = divmod(nanos, 10**9)
    return f"{datetime.fromtimestamp(whole, UTC):%Y-%m-%dT%H:%M:%S}.{rest:09d}Z"
