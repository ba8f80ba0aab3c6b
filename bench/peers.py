"""What people use today: programs found on PATH or in `.venvs/*/bin`, and a stock DataTable app."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from bench.measure import Spread, memory
from bench.server import Mock, page_path
from bench.terminal import Burst, Terminal

ROOT = Path(__file__).resolve().parent.parent
HEADS = ("state", "native", "name", "owner", "experiment", "tasks", "gpu", "age", "duration", "note")
UP, DOWN = b"\x1b[A", b"\x1b[B"
CURSOR = "▌".encode()
"""How the console shows where one is; it is written in one piece with its row."""


def find(name: str) -> str | None:
    """The program, None where it is not installed."""
    places = [str(folder) for folder in sorted(ROOT.glob(".venvs/*/bin"))]
    return shutil.which(name) or next(
        (found for place in places if (found := shutil.which(name, path=place))), None
    )


def rows_file(mock: Mock, runs: int, folder: Path) -> Path:
    """The same runs and columns as tab-separated text: what DataTable and visidata are given."""
    path = folder / f"runs-{runs}.tsv"
    token = ""
    with path.open("w") as file:
        print(*HEADS, sep="\t", file=file)
        while True:
            page = json.loads(mock.get(page_path(200) + (f"&page_token={token}" if token else "")))
            for row in page.get("runs", []):
                print(*_cells(row), sep="\t", file=file)
            token = page.get("next_page_token", "")
            if not token:
                return path


def _cells(row: dict[str, Any]) -> list[str]:
    """About what the console shows of a run, already as text."""
    native, tasks = row.get("state", "-"), row.get("run_details", {}).get("task_details", [])
    done = sum(task.get("state") == "SUCCEEDED" for task in tasks)
    times = [str(row.get(name, "-"))[11:19] for name in ("created_at", "finished_at")]
    note = str(row.get("error", {}).get("message", ""))[:40]
    names = [row["display_name"], "-", row.get("experiment_id", "-")[:20]]
    return [native.lower(), native, *names, f"{done}/{len(tasks)}", "-", *times, note]


def datatable(path: Path) -> list[str]:
    return [sys.executable, "-m", "bench.peer_datatable", str(path)]


def steps(terminal: Terminal, key: bytes, times: int, rest: float = 0.0, sign: bytes = b"") -> list[Burst]:
    """The bursts of so many key presses, each after the one before has come to rest."""
    found = []
    for _ in range(times):
        terminal.drain(max(rest, 0.005), most=1.0)
        found.append(terminal.press(key, sign=sign))
    return found


def paint(bursts: Sequence[Burst]) -> Spread:
    """Seconds from a key to the last byte that it caused, or to the sign that was looked for."""
    times = (burst.last if burst.shown is None else burst.shown for burst in bursts)
    return Spread.of(took for took in times if took is not None)


def size(bursts: Sequence[Burst]) -> int:
    """Bytes a key, in the middle."""
    return sorted(burst.size for burst in bursts)[len(bursts) // 2]


def measured(
    command: Sequence[str], there: Callable[[str], bool], key: bytes, times: int, timeout: float = 120.0
) -> tuple[float, Spread, int, int]:
    """A peer's seconds to its first screen, time and bytes a key, resident bytes."""
    with Terminal(command) as terminal:
        first = terminal.wait_for(there, timeout=timeout, poll=0.02)
        terminal.drain(0.3)
        bursts = steps(terminal, key, times)
        return first, paint(bursts), size(bursts), memory(terminal.pid)
