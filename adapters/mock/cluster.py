"""The simulated cluster behind every API: finite work per backend as timelines, and the fleet of hosts."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from adapters.mock.clock import SimClock

if TYPE_CHECKING:
    from adapters.mock.timeline import Timeline


class SimCluster:
    """One seeded world. Backends ask it for their timeline, the fleet and the time; nothing is shared but that.

    `base_host` and `base_port` are where this server answers, for APIs that hand out addresses. `reset` puts
    the world back to what its seed says, at the present time of the clock; `generation` then grows, so that a
    backend can drop what it remembers. Backends keep what they remember of their own in `memory`.
    A backend may register in `errors` how it words an HTTP status that a fault asks for (status -> Response),
    and in `truths` what is true of it (None for a summary, or an id -> JSON), for tests.
    """

    def __init__(
        self,
        *,
        seed: int = 0,
        runs: int = 60,
        hosts: int = 12,
        arrivals: float = 0.0,
        clock: SimClock,
        started_at: float | None = None,
    ) -> None:
        self.seed = seed
        self.runs = runs
        self.hosts = hosts
        self.arrivals = arrivals
        self.clock = clock
        self.started_at = clock.start if started_at is None else started_at
        self.base_host = "127.0.0.1"
        self.base_port = 0
        self.generation = 0
        self.memory: dict[str, Any] = {}
        self.errors: dict[str, Callable[[int], Any]] = {}
        self.truths: dict[str, Callable[[str | None], Any]] = {}
        self._timelines: dict[str, Timeline] = {}
        self._fleet: Any = None

    def timeline(self, backend: str) -> Timeline:
        """The finite work of that backend, made on first use."""
        from adapters.mock.timeline import Timeline

        if backend not in self._timelines:
            self._timelines[backend] = Timeline(
                backend,
                seed=self.seed,
                count=self.runs,
                arrivals=self.arrivals,
                clock=self.clock,
                started_at=self.started_at,
            )
        return self._timelines[backend]

    @property
    def fleet(self) -> Any:
        """The hosts, pods and pools, made on first use by `adapters.mock.fleet.Fleet(cluster)`."""
        if self._fleet is None:
            self._fleet = importlib.import_module("adapters.mock.fleet").Fleet(self)
        return self._fleet

    def reset(self, *, seed: int | None = None, runs: int | None = None, hosts: int | None = None) -> None:
        """Forget every intervention; optionally with another seed or size."""
        self.seed = self.seed if seed is None else seed
        self.runs = self.runs if runs is None else runs
        self.hosts = self.hosts if hosts is None else hosts
        self.started_at = self.clock.now()
        self.generation += 1
        self.memory.clear()
        self._timelines.clear()
        self._fleet = None
