"""What goes on by itself: bytes of a refresh, event loop, CPU, requests; and a console where nothing happens."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from bench import peers
from bench.measure import Fact, Figure, Spread, cpu, ms
from bench.server import Home, Mock, runyard
from bench.stage import LOAD, Stage, is_loaded
from bench.terminal import Terminal

GROUP = "refresh"
SPEED = 20.0
"""How much faster than life the cluster of the loop test moves, so that about 1 % of 10k rows change in 2 s."""


@dataclass(frozen=True, slots=True)
class Busy:
    """Stretches of the event loop within a stretch of time, in seconds."""

    stretches: tuple[float, ...]
    seconds: float

    def wait(self, share: float) -> float:
        """How long a key that comes at any moment waits at most, in that share of all cases."""
        left = (1.0 - share) * self.seconds
        low, high = 0.0, max(self.stretches, default=0.0)
        for _ in range(40):
            middle = (low + high) / 2
            if sum(each - middle for each in self.stretches if each > middle) > left:
                low = middle
            else:
                high = middle
        return high

    @property
    def most(self) -> float:
        return max(self.stretches, default=0.0)


@dataclass(frozen=True, slots=True)
class Probed:
    """What a probe wrote down."""

    busy: tuple[tuple[float, float], ...]
    changes: tuple[tuple[float, int], ...]

    @classmethod
    def read(cls, path: Path) -> Probed:
        found = json.loads(path.read_text())
        return cls(tuple(map(tuple, found["busy"])), tuple(map(tuple, found["changes"])))

    def between(self, start: float, end: float) -> Busy:
        return Busy(tuple(took for began, took in self.busy if start <= began < end), end - start)

    def changed(self, start: float, end: float) -> int:
        return sum(count for at, count in self.changes if start <= at < end)


def probed(file: Path, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "bench.probe", str(file), "--", *arguments]


def run(stage: Stage) -> None:
    _one_of_fifty(stage)
    _loop(stage)
    _while_loading(stage)
    _nothing(stage)
    _requests(stage)


def _one_of_fifty(stage: Stage) -> None:
    """Ended runs whose ages count in hours, one of which is archived or brought back between two refreshes."""
    found, ages = [], []
    with Mock(runs=10_000, arguments=["--speed", "0.001"]) as mock, Home() as home:
        home.kfp(mock.url, max_rows=20_000)
        with Terminal(runyard("-c", "kfp"), env=home.env) as terminal:
            terminal.wait_for(is_loaded, timeout=LOAD, poll=0.25)
            terminal.watch(4.0)
            for _ in range(stage.times(8)):
                ages.append(terminal.watch(2.2))
            runs = mock.page(40)["runs"]
            for row in [each for each in runs if each.get("state") in ("RUNNING", "PENDING")][: stage.times(8)]:
                mock.control_api(f"/apis/v2beta1/runs/{row['run_id']}:terminate")
                found.append(terminal.watch(2.2))
    ages.sort()
    found.sort()
    most = found[-1] / 1024
    note = f"{found[len(found) // 2]:,} B in the middle, with the ages of {41} running rows counting on"
    stage.results.figures.append(Figure(GROUP, "1 of 50 rows changed", most, 4.0, "KiB", "", note))
    stage.results.facts.append(Fact(GROUP, "only ages count on", f"{ages[len(ages) // 2]:,} B a refresh"))


def _loop(stage: Stage) -> None:
    seconds = 20.0 if stage.quick else 60.0
    arguments = ["--speed", str(SPEED), "--arrivals", "10"]
    with Mock(runs=10_000, arguments=arguments) as mock, Home() as home:
        home.kfp(mock.url, max_rows=20_000)
        file = home.path / "probe.json"
        with Terminal(probed(file, "-c", "kfp"), env=home.env) as terminal:
            terminal.wait_for(is_loaded, timeout=LOAD, poll=0.25)
            terminal.watch(5.0)
            start, before = perf_counter(), cpu(terminal.pid)
            sent = terminal.watch(seconds)
            end, used = perf_counter(), cpu(terminal.pid) - before
            terminal.send(b":q\r")  # so that the probe writes its file
            terminal.wait()
        found = Probed.read(file)
    busy, rows = found.between(start, end), found.changed(start, end)
    each = rows / (seconds / 2.0)
    note = f"{each:.0f} rows changed in 2 s, {sent / seconds:,.0f} B/s; max {ms(busy.most)}"
    figures = stage.results.figures
    figures.append(
        Figure(GROUP, f"loop, {seconds:.0f} s at 10k, p99.9", busy.wait(0.999) * 1000, 16.0, "ms", "", note)
    )
    figures.append(Figure(GROUP, "loop, longest stretch", busy.most * 1000, 50.0, "ms", "", ""))
    figures.append(Figure(GROUP, "CPU while 1 % change", used / (end - start) * 100, 5.0, "%", "", "of a core"))


def _while_loading(stage: Stage) -> None:
    mock, home = stage.mock(stage.largest), stage.home()
    home.kfp(mock.url, max_rows=2 * stage.largest)
    with Terminal(runyard("-c", "kfp"), env=home.env) as terminal:
        terminal.wait_for(lambda screen: "▌" in screen and "loading" in screen, timeout=30)
        terminal.watch(0.5)
        waits: list[float] = []
        until = perf_counter() + (4.0 if stage.quick else 25.0)
        while perf_counter() < until and not is_loaded(terminal.text):
            for key in (b"j", b"k"):
                wait = until_moved(terminal, key)
                if wait is not None:
                    waits.append(wait)
                terminal.watch(0.03)
    keys = Spread.of(waits)
    what = f"keys while {stage.largest // 1000}k load, p95"
    stage.results.figures.append(Figure(GROUP, what, keys.p95 * 1000, 20.0, "ms", "", f"{keys}, {len(waits)} keys"))


def until_moved(terminal: Terminal, key: bytes) -> float | None:
    """Seconds until the cursor's sign has been drawn; None when other output hid it. Data may come at any time."""
    sent = terminal.send(key)
    tail = b""
    while perf_counter() - sent < 2.0:
        tail = tail[-8:] + terminal.read(0.5)
        if peers.CURSOR in tail:
            return terminal.last_byte - sent
    return None


def _nothing(stage: Stage) -> None:
    """Every run has ended and the cluster's time stands still; only the clock of the header goes on."""
    seconds = 10.0 if stage.quick else 30.0
    with Mock(runs=10_000, arguments=["--clock", "virtual"]) as mock, Home() as home:
        mock.control("advance", {"seconds": 400 * 86400.0})
        home.kfp(mock.url, max_rows=20_000)
        with Terminal(runyard("-c", "kfp"), env=home.env) as terminal:
            terminal.wait_for(is_loaded, timeout=LOAD, poll=0.25)
            terminal.watch(5.0)
            before = cpu(terminal.pid)
            sent = terminal.watch(seconds)
            used = (cpu(terminal.pid) - before) / seconds * 100
    refreshes = seconds / 2.1
    stage.results.figures.append(Figure(GROUP, "CPU when nothing changes", used, 1.5, "%", "", "of a core"))
    note = f"{sent:,} B in {seconds:.0f} s: what the clock of line 1 costs is allowed, 40 B a refresh"
    stage.results.figures.append(Figure(GROUP, "bytes when nothing changes", sent / refreshes, 40.0, "B", "", note))


def is_refresh(asked: dict[str, Any]) -> bool:
    """A request for runs that is not a further page of the whole list, which is read anew every few minutes."""
    more = "page_token" in asked["query"] and "filter" not in asked["query"]
    return "/runs" in asked["path"] and not more


def _requests(stage: Stage) -> None:
    """Requests a refresh, by how many runs there are; about as many are active in each."""
    seconds = 9.0 if stage.quick else 21.0
    counts: dict[int, float] = {}
    for runs in (1_000, 10_000):
        with stage.loaded(runs) as console:
            console.terminal.watch(3.0)
            console.mock.requests()
            console.terminal.watch(seconds)
            asked = [each for each in console.mock.requests() if is_refresh(each)]
            counts[runs] = len(asked) / (seconds / 2.1)
            active = sum(
                count
                for state, count in console.mock.states("kfp").items()
                if state in ("RUNNING", "PENDING", "CANCELING", "PAUSED")
            )
            stage.results.facts.append(
                Fact(GROUP, f"growth: requests a refresh, {runs:,} runs", f"{counts[runs]:.1f}, {active} active")
            )
    note = f"{counts[10_000]:.1f} to {counts[1_000]:.1f} a refresh: the newest page and the active ones"
    stage.results.figures.append(
        Figure(GROUP, "requests a refresh at 10k", counts[10_000] / counts[1_000], 1.5, "x", "1k", note)
    )
