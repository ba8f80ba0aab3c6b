"""The fault matrix: each backend x {list, get, action, logs} x each fault, and what came of it."""

from __future__ import annotations

import asyncio
import contextlib
import time
import tomllib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from adapters import registry
from adapters.errors import AdapterError, Timeout, Unavailable, Unsupported
from adapters.mock.server import MockServer, config_toml
from adapters.model import Kind, LogSource, Ref, Resource, State
from adapters.port import Adapter
from tests.faults.weather import ONCE, SAID, SERVER, Weather
from tui.core.journal import Journal
from tui.core.plan import Outcome
from tui.core.planner import Planner
from tui.core.store import Store
from tui.core.sync import SyncEngine, SyncSettings

FAULTS = {"refused": "refused", **SERVER, **{id: title for id, (title, _) in (ONCE | SAID).items()}}
OPERATIONS = ("list", "get", "action", "logs")
HARMLESS = frozenset({"extra", "enum", "hundredfold", "ahead", "behind", "doubled", "overlap"})
"""What must not be an error at all."""

WAITS = ("no answer in time", "a body that drips")
"""Met with less patience, so that the run does not wait for nothing."""

HEALED_WITHIN = 6.0
QUICK = SyncSettings(interval=0.02, watched=0.02, backoff_cap=0.02, relist_every=0.0, relist_pause=0.0)


def faults_of(operation: str) -> list[str]:
    """All of them; 65 MiB are sent for one operation only, since the client is the same."""
    return [fault for fault in FAULTS if fault != "bomb" or operation == "get"]


@dataclass(frozen=True, slots=True)
class Cell:
    """What one fault did to one operation: `told` is the error's class or the action's outcome, "" for nothing."""

    backend: str
    operation: str
    fault: str
    told: str
    writes: int = 0


class Matrix:
    """One backend's part, over one mock server."""

    def __init__(self, backend: str, server: MockServer, folder: Path) -> None:
        self.backend = backend
        self.server = server
        self.weather = Weather(backend, server.app.state.faults)
        self.patient, self.impatient = self.open(0.75), self.open(0.25)
        self.adapter = self.patient
        self.journal = Journal(folder / "journal")

    def open(self, call_timeout: float) -> Adapter:
        config = tomllib.loads(config_toml(self.server.url, [self.backend]))["contexts"][self.backend]
        quick = {"retries": 0, "requests_per_second": 1e6, "call_timeout": call_timeout}
        backend = registry.backend(self.backend)
        settings = backend.load_settings()(**{**config, **quick})
        made: Adapter = backend.load_adapter()(self.backend, settings, transport=self.weather)
        return made

    async def run(self) -> list[Cell]:
        operations: dict[str, Callable[[str], Awaitable[Cell]]] = {
            "list": self.list,
            "get": self.get,
            "logs": self.logs,
            "action": self.action,
        }
        cells = []
        for operation in OPERATIONS:
            for fault in faults_of(operation):
                self.weather.fair()
                self.adapter = self.impatient if FAULTS[fault] in WAITS else self.patient
                cells.append(await operations[operation](fault))
        self.weather.fair()
        await self.patient.aclose()
        await self.impatient.aclose()
        return cells

    def cell(self, operation: str, fault: str, error: AdapterError | None) -> Cell:
        where = f"{self.backend} {operation} {fault}"
        if error is not None:
            check_sentence(where, error)
        assert error is None or fault not in HARMLESS, f"{where}: {error}"
        return Cell(self.backend, operation, fault, type(error).__name__ if error else "")

    async def list(self, fault: str) -> Cell:
        """Through the sync engine: rows stay, dated, and come back to life by themselves."""
        store = Store()
        engine = SyncEngine({self.backend: self.adapter}, store, settings={self.backend: QUICK})
        sub = engine.subscribe(self.backend, Kind.RUN)
        try:
            await until(lambda: store.snapshot(sub.key).complete, f"{self.backend}: no list")
            before = set(store.snapshot(sub.key).rows)
            since = store.snapshot(sub.key).revision
            self.weather.strike(fault)
            asked = self.server_count()
            await until(
                lambda: (
                    store.snapshot(sub.key).error is not None
                    or (fault in HARMLESS and store.snapshot(sub.key).revision > since)
                    or self.server_count() > asked + 4
                ),
                f"{self.backend} list {fault}: nothing happens",
            )
            shown = store.snapshot(sub.key)
            assert shown.rows, f"{self.backend} list {fault}: the rows are gone"
            if shown.error is not None:
                assert set(shown.rows) == before, f"{self.backend} list {fault}: rows came or went with an error"
                assert shown.as_of is not None
                if (
                    not isinstance(shown.error, Unsupported) and fault not in ONCE
                ):  # asked again later, or well by now
                    await until(
                        lambda: store.snapshot(sub.key).stale_since, f"{self.backend} list {fault}: not dated"
                    )
            self.weather.fair()
            sub.refresh()
            await until(
                lambda: store.snapshot(sub.key).error is None and set(store.snapshot(sub.key).rows) == before,
                f"{self.backend} list {fault}: does not heal",
            )
            return self.cell("list", fault, shown.error)
        finally:
            sub.release()
            await engine.aclose()

    def server_count(self) -> int:
        return len(self.server.requests)

    async def get(self, fault: str) -> Cell:
        ref = (await self.rows())[0].ref
        error = await self.struck(fault, self.adapter.get(ref))
        assert (await self.adapter.get(ref)).ref == ref
        return self.cell("get", fault, error)

    async def logs(self, fault: str) -> Cell:
        source = await self.source()
        error = await self.struck(fault, self.adapter.read_log(source))
        assert (await self.adapter.read_log(source)).data is not None
        return self.cell("logs", fault, error)

    async def struck(self, fault: str, call: Awaitable[object]) -> AdapterError | None:
        self.weather.strike(fault)
        try:
            await call
        except AdapterError as error:
            return error
        finally:
            self.weather.fair()
        return None

    _source: LogSource | None = None

    async def source(self) -> LogSource:
        """A log that can be read."""
        if self._source is None:
            for kind in (Kind.TASK, Kind.POD, Kind.RUN):
                spec = registry.backend(self.backend).schema.kinds.get(kind)
                if spec is None or not spec.logs.supported:
                    continue
                for row in (await self.adapter.list(kind, limit=30)).items:
                    for source in await self.adapter.log_sources(row.ref):
                        with contextlib.suppress(AdapterError):
                            if (await self.adapter.read_log(source)).data:
                                self._source = source
                                return source
        assert self._source is not None, f"{self.backend}: no log"
        return self._source

    async def action(self, fault: str) -> Cell:
        """A plan that ends with an outcome for its target, and at most one write for each line of the journal."""
        planner = Planner({self.backend: self.adapter}, self.journal)
        plan = await planner.make("abort", [await self.running()])
        assert plan.can, [target.reason for target in plan.targets]
        known, sent = len(self.journal.records()), len(self.weather.arrived)
        self.weather.strike(fault)
        self.weather.writes_only = True
        (target,) = (await planner.run(plan)).targets
        self.weather.fair()
        writes = len(self.weather.arrived) - sent
        lines = self.journal.records()[known:]
        where = f"{self.backend} action {fault}"
        assert target.outcome in set(Outcome) - {Outcome.NOT_STARTED, Outcome.SKIPPED}, where
        assert "runyard failed" not in target.message, f"{where}: {target.message}"
        assert "\n" not in target.message
        assert len(lines) == target.attempts <= 2
        assert writes == (0 if fault == "refused" else len(lines)), where
        assert all(line.outcome for line in lines)
        if len(lines) == 2:
            assert fault in PROVEN, f"{where} was sent twice without proof that the first was not carried out"
        if target.outcome is not Outcome.DONE:
            assert target.message, where
        return Cell(self.backend, "action", fault, target.outcome.value, writes)

    async def rows(self) -> Sequence[Resource]:
        """Runs; once more where the fault before has left a dead connection in the pool."""
        try:
            return (await self.adapter.list(Kind.RUN, limit=100)).items
        except (Unavailable, Timeout):
            return (await self.adapter.list(Kind.RUN, limit=100)).items

    async def running(self) -> Ref:
        for again in range(2):
            rows = await self.rows()
            spec = next(a for a in registry.backend(self.backend).schema.actions if a.id == "abort")
            for row in rows:
                if row.state in (State.RUNNING, State.QUEUED, State.PENDING) and not spec.reason_against(row):
                    return row.ref
            assert not again
            self.server.cluster.reset()
        raise AssertionError(f"{self.backend}: nothing runs")


PROVEN = frozenset({"refused", "status=401", "401-once", "redirect"})


def check_sentence(where: str, error: AdapterError) -> None:
    assert error.sentence, where
    assert "\n" not in error.sentence, where
    assert len(error.sentence) < 500, where
    assert "Traceback" not in error.sentence, where
    assert " object at 0x" not in error.sentence, where


async def until(condition: Callable[[], object], why: str) -> None:
    end = time.monotonic() + HEALED_WITHIN
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(why)
        await asyncio.sleep(0.005)


async def run_backend(backend: str, folder: Path) -> list[Cell]:
    with MockServer(seed=7, runs=25, hosts=4, clock="virtual", backends=[backend]) as server:
        return await Matrix(backend, server, folder).run()
