"""Making and running plans: the only place that performs actions."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence

from adapters.model import NOTHING, Json, Ref, Resource
from adapters.port import Adapter
from tui.core.journal import Journal
from tui.core.plan import OPEN, Guard, Plan


class PlanRefused(Exception):
    """No plan can be made of this; one sentence for the operator."""


class Planner:
    """`guard` gives the guardrails of a context; at most `parallel` targets are under way at a time."""

    def __init__(
        self,
        adapters: Mapping[str, Adapter],
        journal: Journal,
        guard: Callable[[str], Guard] = lambda context: OPEN,
        *,
        clock: Callable[[], float] = time.time,
        parallel: int = 4,
    ) -> None:
        self.adapters = adapters
        self.journal = journal
        self.guard = guard
        self.clock = clock
        self.parallel = parallel

    async def make(
        self,
        action: str,
        targets: Sequence[Ref | str],
        params: Mapping[str, Json] = NOTHING,
        *,
        reason: str = "",
        shown: Mapping[Ref, Resource] | None = None,
    ) -> Plan:
        """Re-read every target and say what would be done. Reads only. A `str` target names a context.

        Raises PlanRefused: unknown action for every target, wrong params, too many targets.
        """
        raise NotImplementedError

    async def run(
        self,
        plan: Plan,
        *,
        on_change: Callable[[Plan], None] = lambda plan: None,
        stop: asyncio.Event | None = None,
    ) -> Plan:
        """Carry it out: each target is re-read just before its own request. Setting `stop` starts no further
        target; those keep `not-started`. `on_change` gets the plan after each change. Never raises for a target.

        Raises PlanRefused when a required reason is missing.
        """
        raise NotImplementedError
