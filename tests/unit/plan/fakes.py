"""An adapter in memory: objects that can move, requests that can fail, and a count of what was sent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace

from adapters.actions import ActionResult, ActionSpec, ParamSpec, ParamType, Preview
from adapters.errors import AdapterError, NotFound
from adapters.model import ENDED, Event, Health, Json, Kind, LogChunk, LogSource, Ref, Resource, Run, State
from adapters.permit import Permit
from adapters.port import ANY, Change, KindSpec, MethodSpec, Page, Params, Query, Schema, Stats
from adapters.sections import Detail

RUNS = frozenset({Kind.RUN})
LIVE = frozenset(State) - ENDED
ACTIONS = (
    ActionSpec("abort", "Abort", RUNS, "ends it", states=LIVE, state_reason="it has already ended"),
    ActionSpec("delete", "Delete", RUNS, "for good", danger=True),
    ActionSpec(
        "restart",
        "Restart",
        RUNS,
        "again",
        params=(
            ParamSpec("batch", "batch", ParamType.NUMBER, required=True, help="how many at a time"),
            ParamSpec("force", "force", ParamType.BOOL, default=False),
        ),
    ),
    ActionSpec("clone", "Clone", RUNS, "one more", creates=True),
    ActionSpec("create", "Create", RUNS, "a new one", creates=True, context_level=True),
)


def run(id: str, state: State = State.RUNNING, *, context: str = "one", version: str | None = None) -> Run:
    return Run(
        ref=Ref(context, Kind.RUN, id), name=f"name-{id}", state=state, native_state=state.upper(), version=version
    )


class FakeAdapter:
    """`before_write` and `before_read` may raise or change things; `sent` is what reached the server."""

    def __init__(
        self, context: str = "one", rows: Sequence[Resource] = (), actions: Sequence[ActionSpec] = ACTIONS
    ):
        self.context = context
        self.stats = Stats()
        self.rows = {row.ref: row for row in rows}
        self.sent: list[tuple[str, str]] = []
        self.params: list[Params] = []
        self.permits: list[Permit] = []
        self.reads = 0
        self.running = self.most_running = 0
        self.before_write: Callable[[Ref], None] = lambda ref: None
        self.before_read: Callable[[Ref], None] = lambda ref: None
        self.gate: asyncio.Event | None = None
        self.arrived = asyncio.Semaphore(0)  # released once for each request that begins
        self.down: AdapterError | None = None
        self.schema = Schema(
            backend="fake",
            title="Fake",
            kinds={Kind.RUN: KindSpec(Kind.RUN)},
            absent={Kind.HOST: "Fake has no hosts"},
            actions=tuple(actions),
        )

    async def describe(self) -> Schema:
        if self.down:
            raise self.down
        return self.schema

    async def health(self) -> Health:
        return Health(True)

    async def list(self, kind: Kind, query: Query = ANY, *, cursor: str | None = None, limit: int = 50) -> Page:
        return Page(tuple(self.rows.values()))

    async def get(self, ref: Ref) -> Resource:
        self.reads += 1
        self.before_read(ref)
        await asyncio.sleep(0)
        if ref not in self.rows:
            raise NotFound(f"{self.context}: no run {ref.id}")
        return self.rows[ref]

    async def detail(self, ref: Ref) -> Detail:
        return Detail(await self.get(ref), (), {})

    async def events(self, ref: Ref) -> Sequence[Event]:
        return ()

    async def log_sources(self, ref: Ref, *, attempt: int | None = None) -> Sequence[LogSource]:
        return ()

    async def read_log(self, source: LogSource, cursor: str | None = None, *, tail: int | None = None) -> LogChunk:
        return LogChunk(b"", "0", True)

    async def preview(self, action: str, ref: Ref, params: Params) -> Preview:
        return Preview(call=f"POST {ref.id}:{action}")

    async def perform(self, action: str, ref: Ref, params: Params, permit: Permit) -> ActionResult:
        self.permits.append(permit)
        self.arrived.release()
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        try:
            if self.gate is not None:
                await self.gate.wait()
            await asyncio.sleep(0)
            self.before_write(ref)
            permit.spend()
            self.sent.append((action, ref.id))
            self.params.append(params)
        finally:
            self.running -= 1
        created = Ref(self.context, Kind.RUN, f"{ref.id}-2") if action in ("clone", "create") else None
        return ActionResult("accepted", created)

    async def watch(self, kind: Kind, query: Query) -> AsyncIterator[Change]:
        return
        yield

    def methods(self) -> Sequence[MethodSpec]:
        return (MethodSpec("PokeRun", "write", "pokes"), MethodSpec("PeekRun", "read", "peeks"))

    async def call(self, method: str, params: Params, permit: Permit | None = None) -> Json:
        if permit is not None:
            permit.spend()
            self.permits.append(permit)
            self.sent.append((method, ""))
        return {"method": method, **params}

    async def aclose(self) -> None:
        return None

    def move(self, ref: Ref, state: State, version: str | None = None) -> None:
        self.rows[ref] = replace(self.rows[ref], state=state, native_state=state.upper(), version=version)
