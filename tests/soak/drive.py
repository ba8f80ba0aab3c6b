"""A soak: time runs 144 times as fast, requests fail at random, somebody uses the console; things are counted."""

from __future__ import annotations

import asyncio
import gc
import itertools
import os
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from weakref import WeakSet

import httpx
from textual.screen import Screen

from adapters.model import Kind
from adapters.port import ANY
from tests.trust.world import BACKENDS
from tui.app import ConsoleApp
from tui.config import load
from tui.core.services import Services
from tui.core.store import Key
from tui.screens.base import GridScreen
from tui.wiring import build_services

SPEED = 144
INTERVAL = 0.1
TICK = 0.1
ARRIVALS = 0.04
"""Runs a simulated minute and backend, some 6 a minute of the soak: enough to see, too few to fill the memory."""

WEATHER = ("status=503", "reset", "malformed", "truncate", "latency=0.3")
"""Each strikes one request in a hundred."""

VISITS: Sequence[Sequence[str]] = (
    ("j", "j", "j", "k", "G", "g"),
    ("enter", "escape"),
    ("/", "f", "a", "i", "l", "enter", "escape"),
    ("l", "escape"),
    ("S", "A", "N", "N"),
    ("y", "escape"),
    ("X", "escape"),
    ("l", "a", "b", "escape"),
    ("P", "escape"),
    ("D", "G", "enter", "escape"),
    ("ctrl+z", "ctrl+z"),
    (":", "h", "o", "s", "t", "s", "enter", "escape"),
    ("?", "escape"),
)
"""What an operator looks at, each from the table of runs and back to it."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One look from outside. Memory in MiB; `files` are open descriptors, sockets among them; `screens` are those
    that were opened and are not freed."""

    at: float
    memory: float
    tasks: int
    files: int
    sockets: int
    screens: int


@dataclass(slots=True)
class Report:
    """What a soak came to. `wrong` are rows that were not as the mock says, after it was left in peace."""

    seconds: float
    settled_after: float
    refreshes: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    samples: list[Sample] = field(default_factory=list)
    visits: int = 0
    rows: int = 0
    wrong: list[str] = field(default_factory=list)

    @property
    def growth(self) -> float:
        """Memory at the end, as a multiple of that when things had settled."""
        settled = next(sample for sample in self.samples if sample.at >= self.settled_after)
        return self.samples[-1].memory / settled.memory

    def grown(self, what: str) -> tuple[float, float]:
        """The medians of a count in the first and the last third after things had settled."""
        counts = [getattr(sample, what) for sample in self.samples if sample.at >= self.settled_after]
        third = max(1, len(counts) // 3)
        return statistics.median(counts[:third]), statistics.median(counts[-third:])

    def by_time(self, parts: int = 10) -> list[Sample]:
        """The last sample of each tenth."""
        ends = [self.seconds * (part + 1) / parts for part in range(parts)]
        return [
            [sample for sample in self.samples if sample.at <= end or sample is self.samples[0]][-1] for end in ends
        ]

    def lines(self) -> list[str]:
        settled = next(sample for sample in self.samples if sample.at >= self.settled_after)
        counts = (f"{what} {before:.0f} to {after:.0f}" for what in COUNTED for before, after in [self.grown(what)])
        return [
            f"{self.seconds:.0f} s at speed {SPEED}, every {INTERVAL} s, 5 % of all requests struck; "
            f"{self.visits} visits to other screens.",
            "Refreshes: " + ", ".join(f"{name} {self.refreshes[name]:,}" for name in BACKENDS) + ".",
            "Met by an error: " + ", ".join(f"{name} {self.errors[name]:,}" for name in BACKENDS) + ".",
            f"Memory {settled.memory:.0f} MiB after {self.settled_after:.0f} s, "
            f"{self.samples[-1].memory:.0f} MiB at the end ({self.growth:.2f}x).",
            "Memory over time: " + ", ".join(f"{sample.memory:.0f}" for sample in self.by_time()) + " MiB.",
            "Medians of the first and the last third: " + ", ".join(counts) + ".",
            f"{self.rows:,} rows compared with the mock's own truth, {len(self.wrong)} differ.",
        ]


COUNTED = ("tasks", "files", "sockets", "screens")


@asynccontextmanager
async def mock(runs: int) -> AsyncIterator[tuple[str, str]]:
    """The mock as a process of its own with a clock that only we move: its address and its config."""
    command = [sys.executable, "-m", "tui", "mock", "--seed", "7", "--runs", str(runs), "--hosts", "12"]
    command += ["--clock", "virtual", "--arrivals", str(ARRIVALS), "--print-config"]
    child = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
    try:
        assert child.stdout is not None
        lines = [(await child.stdout.readline()).decode()]
        url = lines[0].rpartition(" ")[2].strip()
        # The last line names Peloton's streams. They would make polling needless, and polling is what is soaked.
        while not lines[-1].startswith("grpc_url = "):
            lines.append((await child.stdout.readline()).decode())
        yield url, "".join(lines[:-1])
    finally:
        child.terminate()
        await child.wait()


def services(config: str, folder: Path) -> Services:
    """Those of the console; only the interval is shorter than a config may ask for."""
    path = folder / "config.toml"
    path.write_text(config.replace("\nbackend = ", "\nrequests_per_second = 1000\nbackend = "), encoding="utf-8")
    path.chmod(0o600)
    read = load(path)
    quick = {name: replace(context, refresh=INTERVAL) for name, context in read.contexts.items()}
    made, problems = build_services(replace(read, contexts=quick))
    assert not problems, problems
    return made


async def soak(folder: Path, *, seconds: float, settle: float, runs: int = 60) -> Report:
    """Run it. `folder` takes config and state; the caller has pointed XDG_* there."""
    report = Report(seconds, settle)
    async with mock(runs) as (url, config), httpx.AsyncClient(base_url=url, timeout=30) as control:
        made = services(config, folder)
        count(made, report)
        app = Watched(made, resume=False)
        async with app.run_test(size=(160, 48)) as pilot:
            faults = [f"{name}:*:{fault}@0.01" for name in BACKENDS for fault in WEATHER]
            await control.post("/_mock/faults", json={"faults": faults})
            began = time.monotonic()
            passing = asyncio.ensure_future(time_passes(control))
            try:
                await use(pilot, report, began, seconds)
            finally:
                passing.cancel()
                await asyncio.gather(passing, return_exceptions=True)
            await control.delete("/_mock/faults")
            await compare(made, control, report)
            app.exit(0)
    return report


class Watched(ConsoleApp, inherit_bindings=False):
    """Knows which of its screens are still somewhere."""

    def __init__(self, *args: Any, **options: Any) -> None:
        self.opened: WeakSet[Screen[Any]] = WeakSet()
        super().__init__(*args, **options)

    def open_screen(self, screen: GridScreen) -> None:
        self.opened.add(screen)
        super().open_screen(screen)


def count(made: Services, report: Report) -> None:
    """Every refresh that ends, well or not."""
    engine: Any = made.sync
    noted = engine._noted

    def counting(context: str, error: Exception | None, next_try: float | None) -> None:
        (report.refreshes if error is None else report.errors)[context] += 1
        noted(context, error, next_try)

    engine._noted = counting


async def time_passes(control: httpx.AsyncClient) -> None:
    last = time.monotonic()
    while True:
        await asyncio.sleep(TICK)
        now = time.monotonic()
        await control.post("/_mock/advance", json={"seconds": (now - last) * SPEED})
        last = now


async def use(pilot: Any, report: Report, began: float, seconds: float) -> None:
    """Look at this and that, stay with the table most of the time, and take a sample now and then."""
    for visit in itertools.cycle(VISITS):
        for key in visit:
            await pilot.press({"/": "slash", ":": "colon", "?": "question_mark"}.get(key, key))
        report.visits += 1
        while len(pilot.app.screen_stack) > 2:
            await pilot.press("escape")
        await asyncio.sleep(min(4.0, seconds / 30))
        gc.collect()
        report.samples.append(look(time.monotonic() - began, len(pilot.app.opened)))
        if report.samples[-1].at >= seconds:
            return


def look(at: float, screens: int) -> Sample:
    memory = int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE") / 2**20
    links = []
    for name in os.listdir("/proc/self/fd"):
        try:
            links.append(os.readlink(f"/proc/self/fd/{name}"))
        except OSError:
            continue  # the one that lists them
    sockets = sum(link.startswith("socket:") for link in links)
    return Sample(at, memory, len(asyncio.all_tasks()), len(links), sockets, screens)


async def compare(made: Services, control: httpx.AsyncClient, report: Report) -> None:
    """Time stands still now and the weather is fair: within a few intervals each table is what the mock says."""
    deadline = time.monotonic() + 60
    while True:
        report.rows, report.wrong = 0, []
        for name in BACKENDS:
            await differences(made, name, control, report)
        if not report.wrong or time.monotonic() > deadline:
            return
        await asyncio.sleep(1)


async def differences(made: Services, name: str, control: httpx.AsyncClient, report: Report) -> None:
    async def truth(id: str | None) -> Any:
        asked = {"backend": name} | ({"id": id} if id else {})
        return (await control.get("/_mock/state", params=asked)).json()["backends"][name]

    shown = made.store.snapshot(Key(name, Kind.RUN, ANY)).rows
    summary = await truth(None)
    there = summary.get("runs", summary.get("tasks"))
    if len(shown) != there:
        report.wrong.append(f"{name}: {len(shown)} rows, {there} runs")
    for ref, row in shown.items():
        told = await truth(ref.id)
        state = (told or {}).get("state", (told or {}).get("status"))
        report.rows += 1
        if row.native_state != state:
            report.wrong.append(f"{ref}: shown {row.native_state}, is {state}")
