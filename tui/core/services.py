"""What the screens work with. The app builds it once; tests build it with fakes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import field, replace
from typing import TYPE_CHECKING

from adapters.frozen import dataclass
from adapters.port import Adapter, Schema
from tui.core.glimpse import Glimpses
from tui.core.guards import Guards
from tui.core.looks import Looks
from tui.core.memory import Memory
from tui.core.plan import OPEN, Guard
from tui.core.pulse import Samples
from tui.core.tell import Tells

if TYPE_CHECKING:
    from tui.config import Config
    from tui.core.journal import Journal
    from tui.core.logspool import LogSpool
    from tui.core.planner import Planner
    from tui.core.store import Store
    from tui.core.sync import SyncEngine
    from tui.keys import KeyMap


@dataclass(frozen=True, slots=True)
class ContextInfo:
    """What the screens show of a context's configuration; it holds no secret."""

    name: str
    backend: str
    url: str = ""
    auth: str = ""
    guard: Guard = OPEN
    color: str | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """Something that was said in red, for the error list."""

    time: float
    text: str


@dataclass
class Services:
    """`paused` says that nothing is refreshed by itself; the app keeps it. `read_only`: every context is.
    `hidden` names what of every screen is not shown: header, footer. `running` has the stop of each plan that is
    being carried out."""

    config: Config
    adapters: dict[str, Adapter]
    store: Store
    sync: SyncEngine
    planner: Planner
    journal: Journal
    spool: LogSpool
    clock: Callable[[], float]
    keys: KeyMap
    contexts: dict[str, ContextInfo] = field(default_factory=dict)
    schemas: dict[str, Schema] = field(default_factory=dict)
    saved: Mapping[str, str | Mapping[str, str]] = field(default_factory=dict)
    glimpses: Glimpses = field(default_factory=Glimpses)
    samples: Samples = field(default_factory=Samples)
    memory: Memory = field(default_factory=Memory)
    looks: Looks = field(default_factory=Looks)
    tells: Tells = field(init=False)
    ascii: bool = False
    paused: bool = False
    hidden: set[str] = field(default_factory=set)
    guards: Guards = field(default_factory=Guards)
    running: dict[str, asyncio.Event] = field(default_factory=dict)
    read_only: bool = False

    def __post_init__(self) -> None:
        self.tells = Tells(self.store, self.sync.touch, lambda: self.sync.paused)

    def ahead(self, context: str) -> float:
        """Seconds by which the clock of a context's server is ahead of this machine's."""
        adapter = self.adapters.get(context)
        return adapter.stats.ahead if adapter is not None else 0.0

    def info(self, context: str) -> ContextInfo:
        """With the guardrails as they are now."""
        return replace(self.contexts.get(context) or ContextInfo(context, ""), guard=self.guards(context))
