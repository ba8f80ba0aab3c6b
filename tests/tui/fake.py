"""A backend in memory with a fixed clock, and how a test looks at the screen."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from textual import events
from textual.pilot import Pilot

from adapters.actions import ActionResult, ActionSpec, Preview
from adapters.errors import AdapterError, NotFound, Unsupported
from adapters.fields import FieldSpec
from adapters.model import Event, Health, Json, Kind, LogChunk, LogSource, Ref, Resource, State
from adapters.permit import Permit
from adapters.port import ANY, YES, Change, KindSpec, MethodSpec, Page, Params, Query, Schema, Stats
from adapters.sections import Detail, Fields
from tui.app import ConsoleApp
from tui.config import Config
from tui.core.guards import Guards
from tui.core.journal import Journal
from tui.core.logspool import LogSpool
from tui.core.memory import Memory
from tui.core.plan import OPEN, Guard
from tui.core.planner import Planner
from tui.core.services import ContextInfo, Services
from tui.core.store import Store
from tui.core.sync import SyncEngine, SyncSettings
from tui.keys import KeyMap
from tui.screens.list import ListScreen

NOW = 1787409127.0
"""2026-08-22 14:32:07Z, the time of the mock-ups."""

ENDED = "it has already ended"
LIVE = frozenset({State.PENDING, State.QUEUED, State.RUNNING, State.PAUSED})
ACTIONS = (
    ActionSpec("retry", "Retry", frozenset({Kind.RUN}), "runs what failed again", frozenset({State.FAILED})),
    ActionSpec("abort", "Abort", frozenset({Kind.RUN}), "ends its running tasks", LIVE, state_reason=ENDED),
    ActionSpec("delete", "Delete", frozenset({Kind.RUN}), "the run, for good", danger=True),
    ActionSpec("drain", "Drain", frozenset({Kind.HOST}), "moves its pods away", frozenset({State.UP})),
    ActionSpec(
        *("undrain", "Undrain", frozenset({Kind.HOST}), "takes it back", frozenset({State.DOWN})),
        state_reason="not down",
    ),
)
RUNS = KindSpec(
    Kind.RUN,
    fields=(FieldSpec("pipeline", "PIPELINE", path="extra.pipeline", width=14),),
    heads={"group": "EXPERIMENT", "progress": "TASKS"},
    opens=Kind.POD,
    children=(Kind.POD,),
    server_filter=frozenset({"state"}),
    active_list=True,
    logs=YES,
    events=YES,
)
SCHEMA = Schema(
    backend="fake",
    title="Fake",
    kinds={
        Kind.RUN: RUNS,
        Kind.POD: KindSpec(Kind.POD, logs=YES, events=YES),
        Kind.HOST: KindSpec(Kind.HOST, opens=Kind.POD, children=(Kind.POD,)),
        Kind.POOL: KindSpec(Kind.POOL, opens=Kind.RUN, children=(Kind.POOL, Kind.RUN)),
    },
    absent={Kind.TASK: "Fake has no tasks", Kind.UPDATE: "Fake has no updates", Kind.VOLUME: "Fake has no volumes"},
    actions=ACTIONS,
)
NO_HOSTS = replace(
    SCHEMA,
    kinds={Kind.RUN: RUNS},
    absent={kind: f"Fake does not expose {kind.plural}" for kind in Kind if kind is not Kind.RUN},
)


class FakeAdapter:
    """Serves what `rows` holds, newest first; `error` makes every call fail, `queries` is what was asked."""

    def __init__(self, context: str, rows: Sequence[Resource] = (), schema: Schema = SCHEMA) -> None:
        self.context = context
        self.stats = Stats()
        self.rows: dict[Ref, Resource] = {row.ref: row for row in rows}
        self.schema = schema
        self.error: AdapterError | None = None
        self.queries: list[tuple[Kind, Query]] = []
        self.performed: list[tuple[str, Ref]] = []
        self.gate: asyncio.Event | None = None
        self.gate_first = False
        self.total: int | None = None

    def _check(self) -> None:
        if self.error is not None:
            raise self.error

    async def describe(self) -> Schema:
        return self.schema

    async def health(self) -> Health:
        self._check()
        return Health(True)

    async def list(self, kind: Kind, query: Query = ANY, *, cursor: str | None = None, limit: int = 50) -> Page:
        self.queries.append((kind, query))
        self._check()
        if self.gate is not None and (cursor is not None or self.gate_first):
            await self.gate.wait()
        found = [row for row in self.rows.values() if row.ref.kind is kind]
        if query.parent is not None:
            parent = query.parent
            found = [row for row in found if row.parent == parent or row.host == parent.id or row.pool == parent.id]
        found.sort(key=lambda row: -(row.created or 0.0))
        start = int(cursor or 0)
        page = found[start : start + limit]
        more = str(start + limit) if start + limit < len(found) else None
        return Page(tuple(page), more, self.total if self.total is not None else len(found))

    async def get(self, ref: Ref) -> Resource:
        self._check()
        if ref not in self.rows:
            raise NotFound(f"{ref} is not there")
        return self.rows[ref]

    async def detail(self, ref: Ref) -> Detail:
        row = await self.get(ref)
        return Detail(row, (Fields("Fields", (("name", row.name),)),), {"name": row.name})

    async def events(self, ref: Ref) -> Sequence[Event]:
        return ()

    async def log_sources(self, ref: Ref, *, attempt: int | None = None) -> Sequence[LogSource]:
        return ()

    async def read_log(self, source: LogSource, cursor: str | None = None, *, tail: int | None = None) -> LogChunk:
        return LogChunk(b"", "0", True)

    async def preview(self, action: str, ref: Ref, params: Params) -> Preview:
        return Preview(f"Fake.{action} {ref.id}")

    async def perform(self, action: str, ref: Ref, params: Params, permit: Permit) -> ActionResult:
        permit.spend()
        self.performed.append((action, ref))
        return ActionResult("accepted")

    def watch(self, kind: Kind, query: Query) -> AsyncIterator[Change]:
        raise Unsupported("Fake has no watch")

    def methods(self) -> Sequence[MethodSpec]:
        return ()

    async def call(self, method: str, params: Params, permit: Permit | None = None) -> Json:
        raise Unsupported("Fake has no methods")

    async def aclose(self) -> None:
        return None


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: float = NOW) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def services_of(
    *adapters: FakeAdapter,
    clock: Callable[[], float] | None = None,
    guard: Mapping[str, Guard] | None = None,
    keymap: KeyMap | None = None,
    saved: Mapping[str, str | Mapping[str, str]] | None = None,
    ascii: bool = False,
    spool: Any = None,
    memory: Memory | None = None,
    config: Config | None = None,
    journal: Journal | None = None,
) -> Services:
    """Services over fakes: refreshed only when a test asks for it, journalled nowhere."""
    now = clock or Clock()
    by_name: dict[str, Any] = {adapter.context: adapter for adapter in adapters}
    configured = dict(guard or {})
    guards = Guards(lambda context: configured.get(context, OPEN))
    settings = SyncSettings(interval=30.0, relist_every=1e9, hidden_factor=1.0)
    store = Store()
    journal = journal or Journal(None, clock=now, read_only=guards.why_read_only)
    return Services(
        config=config or Config(),
        adapters=by_name,
        store=store,
        sync=SyncEngine(by_name, store, clock=now, settings=settings, rng=random.Random(0)),
        planner=Planner(by_name, journal, guards, clock=now),
        journal=journal,
        spool=spool if spool is not None else LogSpool.__new__(LogSpool),
        clock=now,
        keys=keymap or KeyMap(),
        contexts={
            name: ContextInfo(name, "fake", f"http://{name}.example", guard=guards(name)) for name in by_name
        },
        schemas={name: adapter.schema for name, adapter in by_name.items()},
        saved=dict(saved or {}),
        ascii=ascii,
        memory=memory or Memory(),
        guards=guards,
    )


class Tester:
    """An app under a pilot, with the words that tests of screens need."""

    __test__ = False

    def __init__(self, app: ConsoleApp, pilot: Pilot[int]) -> None:
        self.app = app
        self.pilot = pilot

    @property
    def screen(self) -> ListScreen:
        assert isinstance(self.app.screen, ListScreen)
        return self.app.screen

    @property
    def lines(self) -> list[str]:
        return screen_text(self.app)

    @property
    def cursor(self) -> str:
        ref = self.screen.table.cursor
        return ref.id if ref is not None else ""

    async def press(self, *names: str) -> None:
        await self.pilot.press(*names)
        await self.pilot.pause()

    async def click(self, text: str, times: int = 1, line: int | None = None) -> None:
        """Click where a text is drawn, by the events that a terminal sends."""
        at = next(y for y, drawn in enumerate(self.lines) if text in drawn and line in (None, y))
        await self.click_at(self.lines[at].index(text) + len(text) // 2, at, times)

    async def click_at(self, x: int, y: int, times: int = 1) -> None:
        for _ in range(times):
            for kind in (events.MouseDown, events.MouseUp):
                self.app.post_message(
                    kind(None, x, y, 0, 0, button=1, shift=False, meta=False, ctrl=False, screen_x=x, screen_y=y)
                )
        await self.pilot.pause()
        await self.pilot.pause()

    async def type(self, text: str) -> None:
        await self.press(*("space" if char == " " else char for char in text))

    async def until(self, condition: Callable[[], object], seconds: float = 5.0) -> None:
        """Wait for a condition, and show the screen when it does not come true."""
        deadline = asyncio.get_running_loop().time() + seconds
        while not condition():
            assert asyncio.get_running_loop().time() < deadline, "\n".join(self.lines)
            await self.pilot.pause(0.01)

    async def see(self, text: str) -> None:
        await self.until(lambda: any(text in line for line in self.lines))

    async def gone(self, text: str) -> None:
        await self.until(lambda: not any(text in line for line in self.lines))


def screen_text(app: ConsoleApp) -> list[str]:
    """The screen as lines of text, exactly as wide as it is."""
    strips = app.screen._compositor.render_strips()
    return ["".join(segment.text for segment in strip) for strip in strips]
