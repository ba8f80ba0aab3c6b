"""The run of the detail mock-up, with its tasks, events and logs, as a fake backend serves them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from adapters.actions import ActionSpec, Affected, ParamSpec, ParamType, Preview
from adapters.errors import AdapterError
from adapters.fields import FieldSpec
from adapters.model import Event, Host, Json, Kind, LogChunk, LogMode, LogSource, Ref, Resource, Run, State, Task
from adapters.port import ANY, YES, KindSpec, Page, Params, Query, Schema, Scope
from adapters.sections import Detail, Fields, Table, Text, unclaimed
from tests.tui.fake import ACTIONS, SCHEMA, FakeAdapter
from tui.core.logspool import LogSpool

BEGAN = 1787406228.0
"""2026-08-22 13:43:48Z."""

RUN = Ref("prod-kfp", Kind.RUN, "0b3e7a52-41d0-4c8e-9a77-5f1d5f1d9c41")
CAUSE = "train try 2: OOMKilled, exit 137; main used 31.8Gi of 32Gi"

FORM = ActionSpec(
    "clone",
    "Clone",
    frozenset({Kind.RUN}),
    "a new run",
    params=(
        ParamSpec("count", "Count", ParamType.NUMBER, required=True, help="how many"),
        ParamSpec("mode", "Mode", ParamType.CHOICE, default="slow", choices=("slow", "fast")),
        ParamSpec("force", "Force", ParamType.BOOL),
        ParamSpec("only", "Only", ParamType.RANGES, help="like 0-4,7"),
        ParamSpec("more", "More", ParamType.JSON),
    ),
    creates=True,
)
TASKS_SCHEMA: Schema = replace(
    SCHEMA,
    kinds={
        **SCHEMA.kinds,
        Kind.RUN: KindSpec(
            Kind.RUN,
            fields=(FieldSpec("pipeline", "PIPELINE", path="extra.pipeline", width=14),),
            heads={"group": "EXPERIMENT", "progress": "TASKS"},
            opens=Kind.TASK,
            children=(Kind.TASK, Kind.POD),
            logs=YES,
            events=YES,
        ),
        Kind.TASK: KindSpec(Kind.TASK, scope=Scope.PARENT, children=(Kind.TASK,), logs=YES, events=YES),
    },
    absent={Kind.UPDATE: "Fake has no updates", Kind.VOLUME: "Fake has no volumes"},
    actions=(*ACTIONS, FORM),
)


def task(
    name: str,
    state: State,
    queued: float | None = None,
    started: float | None = None,
    finished: float | None = None,
    *,
    parent: str | None = None,
    attempt: int | None = None,
    **more: Any,
) -> Task:
    """A task of the run; times are seconds after it began."""

    def at(seconds: float | None) -> float | None:
        return None if seconds is None else BEGAN + seconds

    return Task(
        ref=Ref("prod-kfp", Kind.TASK, f"{parent}.{name}" if parent else name),
        name=name,
        state=state,
        native_state=state.value.upper(),
        parent=Ref("prod-kfp", Kind.TASK, parent) if parent else RUN,
        created=at(queued),
        started=at(started),
        finished=at(finished),
        attempt=attempt,
        **more,
    )


def tasks() -> list[Task]:
    s = State
    shards = [
        task(f"shard-{i}", s.SUCCEEDED, 520, 600 + i, 1342 + i * 20, parent="features", attempt=1) for i in range(4)
    ]
    return [
        task("ingest", s.SUCCEEDED, 0, 0, 372),
        task("read-events", s.SUCCEEDED, 0, 0, 340, parent="ingest", attempt=1),
        task("read-labels", s.SUCCEEDED, 0, 0, 130, parent="ingest", attempt=1),
        task("validate", s.SUCCEEDED, 380, 380, 505, attempt=1),
        task("drift-report", s.SKIPPED, 515),
        task("features", s.SUCCEEDED, 520, 520, 1472),
        *shards,
        task("train", s.FAILED, 1472, 1472, 2478, attempt=2),
        task("try 1", s.FAILED, 1472, 1530, 1920, parent="train", attempt=1),
        task(
            *("try 2", s.FAILED, 1960, 2012, 2478),
            parent="train",
            attempt=2,
            message="exit 137, no log after 14:25:04",
            extra={"pod": "fraud-gbdt-x7k2p-train-1893"},
        ),
        task("evaluate", s.SKIPPED),
        task("register", s.SKIPPED),
        task("notify", s.SKIPPED),
    ]


def failed_run(**more: Any) -> Run:
    return replace(
        Run(
            ref=RUN,
            name="fraud-gbdt-nightly-0822",
            state=State.FAILED,
            native_state="FAILED",
            group="fraud",
            owner="pipeline-runner",
            created=BEGAN,
            started=BEGAN,
            finished=BEGAN + 2478,
            extra={"pipeline": "fraud-gbdt v31"},
        ),
        **more,
    )


EVENTS = (
    Event(BEGAN, RUN, State.RUNNING, "RUNNING", "run PENDING → RUNNING"),
    Event(BEGAN + 1920, RUN, State.FAILED, "FAILED", "train try 1 failed, exit 137"),
    Event(BEGAN + 2478, RUN, State.FAILED, "FAILED", "run RUNNING → FAILED"),
)
PARAMS: tuple[tuple[str, Json], ...] = (
    ("max_rows", 120000000),
    ("image", "fraud:2.31"),
    ("learning_rate", 0.05),
    *((f"feature_{i}", i) for i in range(8)),
)
LOG = b"""2026-08-22T14:24:50.101Z INFO step 41180 loss 0.4131
2026-08-22T14:24:58.410Z WARNING memory 31.1Gi of 32Gi
2026-08-22T14:25:03.881Z ERROR _ArrayMemoryError: Unable to allocate 6.10 GiB for an array
{"level":"error","rank":3,"op":"ALLREDUCE","host":"gpu-a100-0417"}
2026-08-22T14:25:04.004Z INFO bye
"""


class World(FakeAdapter):
    """Details, events, logs and previews on top of the fake; logs grow when `logs` is appended to."""

    def __init__(
        self, context: str = "prod-kfp", rows: Sequence[Resource] | None = None, schema: Schema = TASKS_SCHEMA
    ) -> None:
        super().__init__(context, rows if rows is not None else [failed_run(), *tasks()], schema)
        self.cause: str | None = CAUSE
        self.logs: dict[tuple[str, str, int | None], bytes] = {}
        self.names: Sequence[str] = ("stdout", "stderr")
        self.attempts: Mapping[str, int] = {}
        self.ended = True
        self.log_error: AdapterError | None = None
        self.previews: dict[str, Preview] = {}
        self.events_of: Sequence[Event] = EVENTS
        self.raw: dict[str, Json] = {"run_id": RUN.id, "display_name": "fraud-gbdt-nightly-0822", "state": "FAILED"}

    def write(self, ref: Ref | str, data: bytes, name: str = "stdout", attempt: int | None = None) -> None:
        key = (ref if isinstance(ref, str) else ref.id, name, attempt)
        self.logs[key] = self.logs.get(key, b"") + data

    async def list(self, kind: Kind, query: Query = ANY, *, cursor: str | None = None, limit: int = 50) -> Page:
        """The tasks of a run are listed with all that is below them; `parent` says where each belongs."""
        if kind is not Kind.TASK or query.parent is None or query.parent.kind is not Kind.RUN:
            return await super().list(kind, query, cursor=cursor, limit=limit)
        self._check()
        found = tuple(row for row in self.rows.values() if row.ref.kind is Kind.TASK)
        return Page(found, None, len(found))

    async def detail(self, ref: Ref) -> Detail:
        row = await self.get(ref)
        params = Fields("Params", PARAMS)
        spec = Text("Spec", "components:\n  train: {}")
        table = Table("Artifacts", ("TASK", "NAME"), (("train", "model"), ("ingest", "rows")))
        sections = (params, table, spec) if ref.kind is Kind.RUN else ()
        cause = self.cause if ref == RUN else row.message
        return Detail(row, (*sections, unclaimed(self.raw, frozenset())), self.raw, cause)

    async def events(self, ref: Ref) -> Sequence[Event]:
        self._check()
        return self.events_of

    async def log_sources(self, ref: Ref, *, attempt: int | None = None) -> Sequence[LogSource]:
        if self.log_error is not None:
            raise self.log_error
        last = self.attempts.get(ref.id)
        tried = attempt if attempt is not None else last
        return [LogSource(ref, name, LogMode.APPEND, tried, self.ended, name) for name in self.names]

    async def read_log(self, source: LogSource, cursor: str | None = None, *, tail: int | None = None) -> LogChunk:
        if self.log_error is not None:
            raise self.log_error
        data = self.logs.get((source.ref.id, source.name, source.attempt), b"")
        start = int(cursor or 0)
        return LogChunk(data[start:], str(len(data)), True, len(data))

    async def preview(self, action: str, ref: Ref, params: Params) -> Preview:
        self._check()
        return self.previews.get(action, Preview(f"Fake.{action} {ref.id}", "none"))


def spool(folder: Path) -> LogSpool:
    return LogSpool(folder / "spool")


def drain_world() -> World:
    """The host of the drain mock-up."""
    host = Host(
        ref=Ref("peloton", Kind.HOST, "gpu-a100-0417"),
        name="gpu-a100-0417",
        state=State.UP,
        native_state="HOST_STATE_UP",
        pods=11,
    )
    world = World("peloton", [host], SCHEMA)

    def run(name: str, pool: str, owner: str, pods: int, what: str, warn: bool = False) -> Affected:
        return Affected(Ref("peloton", Kind.RUN, name), name, what, pool, owner, pods, warn)

    world.previews["drain"] = Preview(
        "HostService.StartMaintenance hostname=gpu-a100-0417, then watch it",
        "none while it drains; CompleteMaintenance is legal only once down",
        (
            run("rank-serving", "/ml/serving", "serving", 6, "1 at a time: SLA"),
            run("asr-ft-nightly", "/ml/speech", "tomas", 1, "killed, no restart", True),
            run("ctr-train-0822", "/ml/ads", "ana", 3, "restart, waits: full", True),
            run("feature-cache", "/infra/data", "infra", 1, "restarts elsewhere"),
        ),
        (("slow", "rank-serving allows 1 unavailable pod; may stay draining for long"),),
    )
    return world
