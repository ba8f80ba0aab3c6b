"""Simulated time: the wall clock times a speed, or a virtual clock that only moves when told to."""

from __future__ import annotations

import time
from collections.abc import Callable

VIRTUAL_START = 1_787_409_127.0  # 2026-08-22T14:32:07Z


class SimClock:
    """Seconds since the epoch, simulated; `now` never goes back.

    At a speed above 1 simulated time runs ahead of the reader's clock, so everything that leaves the server
    goes through `stamp`, and every time a client sends comes in through `unstamp`: what happened before the
    start keeps its time, what happens after it is squeezed, and nothing lies in the reader's future.
    `advance` is the exception: it moves the server's clock for all to see.
    """

    def __init__(
        self,
        *,
        speed: float = 1.0,
        virtual: bool = False,
        start: float | None = None,
        wall: Callable[[], float] = time.time,
    ) -> None:
        if speed <= 0:
            raise ValueError("the speed of the clock must be above 0")
        self.speed = speed
        self.virtual = virtual
        self._wall = wall
        self._opened = wall()
        self.start = start if start is not None else VIRTUAL_START if virtual else self._opened
        self._advanced = 0.0

    def now(self) -> float:
        running = 0.0 if self.virtual else max(0.0, self._wall() - self._opened) * self.speed
        return self.start + running + self._advanced

    def advance(self, seconds: float) -> float:
        """Move time forward by simulated seconds and return the new time."""
        if seconds < 0:
            raise ValueError("time only moves forward")
        self._advanced += seconds * (1.0 if self.virtual else self.speed)
        return self.now()

    def stamp(self, moment: float) -> float:
        """What a client is told when something happened at `moment`."""
        pace = 1.0 if self.virtual else self.speed
        return moment if moment <= self.start or pace == 1.0 else self.start + (moment - self.start) / pace

    def unstamp(self, told: float) -> float:
        """The simulated moment of a time that a client sent."""
        pace = 1.0 if self.virtual else self.speed
        return told if told <= self.start or pace == 1.0 else self.start + (told - self.start) * pace
