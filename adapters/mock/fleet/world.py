"""Simulated time for the fleet: a queue of what happens next, and the objects it happens to.

Nothing moves between requests; `run_until` steps from event to event, so the outcome does not depend on when
or how often somebody asks.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from typing import Any

from adapters.mock.chance import Draw
from adapters.mock.fleet.model import Host, Job, Pod
from adapters.mock.fleet.pools import PoolTree


class World:
    """`settle` is called for every touched job after each event; the fleet hangs the rules there. `watchers` are
    told of it afterwards."""

    def __init__(self, seed: int, start: float, hosts: dict[str, Host], pools: PoolTree) -> None:
        self.seed = seed
        self.now = start
        self.hosts = hosts
        self.pools = pools
        self.jobs: dict[str, Job] = {}
        self.waiting: dict[str, tuple[Pod, int]] = {}
        self.settle: Callable[[World, Job], None] = lambda world, job: None
        self.wake_planned = False
        self.drains_planned: set[str] = set()
        self.watchers: list[Callable[[Job], None]] = []
        self._queue: list[tuple[float, int, Callable[..., None], tuple[Any, ...]]] = []
        self._sequence = 0
        self._touched: dict[str, Job] = {}

    def after(self, seconds: float, action: Callable[..., None], *args: Any) -> None:
        """Call `action(world, *args)` that many seconds from now."""
        self._sequence += 1
        heapq.heappush(self._queue, (self.now + seconds, self._sequence, action, args))

    def at(self, moment: float, action: Callable[..., None], *args: Any) -> None:
        self.after(max(0.0, moment - self.now), action, *args)

    def touch(self, job: Job) -> None:
        self._touched[job.id] = job

    def settle_all(self) -> None:
        while self._touched:
            job = self._touched.pop(next(iter(self._touched)))
            self.settle(self, job)
            self.tell(job)

    def tell(self, job: Job) -> None:
        """Let the watchers look at a job that may have changed."""
        for watcher in list(self.watchers):
            watcher(job)

    def run_until(self, moment: float) -> None:
        while self._queue and self._queue[0][0] <= moment:
            when, _, action, args = heapq.heappop(self._queue)
            self.now = max(self.now, when)
            action(self, *args)
            self.settle_all()
        self.now = max(self.now, moment)

    def draw(self, pod: Pod) -> Draw:
        """Chance for what happens to this run of this pod."""
        return Draw(self.seed, "pod", pod.job.index, pod.instance, pod.run.number if pod.runs else 0)
