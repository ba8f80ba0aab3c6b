"""The tries of a pod or a task: the present one is the object, earlier ones are read from its events."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from adapters.model import ENDED, Event, Resource, State

_TRY = re.compile(r"(?:try|attempt|retry)[ _-]?\d+$", re.IGNORECASE)

MOST = 50
"""Of an object that was tried more often the latest are told."""


@dataclass(frozen=True, slots=True)
class Try:
    """One try, counted from 1. `state` is unknown where no event tells how it ended."""

    number: int
    state: State
    native: str
    queued: float | None = None
    start: float | None = None
    end: float | None = None
    host: str | None = None
    said: str = ""
    live: bool = False
    """Whether it goes on, so that its duration grows."""

    def lasted(self, now: float) -> float | None:
        end = self.end if self.end is not None else now if self.live else None
        return None if self.start is None or end is None else max(0.0, end - self.start)


def number_of(resource: Resource) -> int | None:
    """Which try of it is the present one; None where the backend does not count."""
    found = getattr(resource, "attempt", None)
    return found if isinstance(found, int) else None


def was_tried(resource: Resource) -> bool:
    """Whether there was more than one try; a row that is a try itself is named so."""
    number = number_of(resource)
    return number is not None and number > 1 and not _TRY.search(resource.name)


def tries_of(resource: Resource, events: Iterable[Event]) -> tuple[Try, ...]:
    """Oldest first. Events say in `extra["attempt"]` which try they are of."""
    last = number_of(resource)
    if last is None:
        return ()
    found: dict[int, list[Event]] = {}
    for event in events:
        number = event.extra.get("attempt")
        if isinstance(number, int):
            found.setdefault(number, []).append(event)
    first = max(1, last - MOST + 1)
    return (*(_earlier(number, found.get(number, ())) for number in range(first, last)), _present(resource, last))


def _present(resource: Resource, number: int) -> Try:
    return Try(
        number,
        resource.state,
        resource.native_state,
        resource.created if number == 1 else None,  # the object is older than its later tries
        resource.started,
        resource.finished,
        resource.host,
        resource.message or "",
        live=resource.finished is None and resource.state not in ENDED,
    )


def _earlier(number: int, events: Sequence[Event]) -> Try:
    timed = sorted((event for event in events if event.time is not None), key=lambda event: event.time or 0.0)
    told = [event for event in timed if event.state is not None]
    if not told:
        return Try(number, State.UNKNOWN, "", start=timed[0].time if timed else None)
    last = told[-1]
    assert last.state is not None
    began = next((event.time for event in timed if event.state in (None, State.RUNNING)), None)
    host = next((value for event in reversed(timed) if isinstance(value := event.extra.get("host"), str)), None)
    return Try(
        number,
        last.state,
        last.native_state or "",
        timed[0].time,
        began,
        last.time if last.state in ENDED else None,
        host,
        last.text,
    )
