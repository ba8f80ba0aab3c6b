"""Writes docs/faults.md: what each fault does to each operation of each backend, from a run of the fault matrix."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.faults.matrix import FAULTS, HARMLESS, OPERATIONS, Cell, run_backend  # noqa: E402
from tests.trust.world import BACKENDS  # noqa: E402

PAGE = ROOT / "docs" / "faults.md"
HEAD = """\
# What bad weather does

Each fault meets each operation of each backend over real HTTP, between the adapter and its mock server
(`tests/faults`). A list is that of the sync engine: its rows stay, with their age, and are true again when the
fault is over. An action is a plan; its writes are counted where they leave, against the journal. Named is the error
that the operator is told in one sentence, or the outcome of the action's target; `-` is none: nothing is wrong.

Written by `python docs/faults.py`; `make test` runs the matrix and compares.
"""


SOAK = """\
## Ten minutes of it

The console is open on all five backends while their mock server fails, waits, breaks off and talks nonsense, and
simulated time runs on. Written by `make soak`; `make test` has one minute of the same (`tests/soak`).

"""


def soaked(told: str) -> None:
    """Replace what the page says of the soak; `told` are the lines of a list."""
    text = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(text.partition(SOAK)[0].rstrip() + f"\n\n{SOAK}{told}\n", encoding="utf-8")


def line(cell: Cell) -> str:
    """One cell as the page has it."""
    told = f"{cell.told}, {cell.writes} sent" if cell.operation == "action" else cell.told or "-"
    return f"| {cell.backend} | {cell.operation} | {FAULTS[cell.fault]} | {told} |"


def page(cells: Sequence[Cell]) -> str:
    sent = Counter(cell.writes for cell in cells if cell.operation == "action")
    told = sum(bool(cell.told) for cell in cells if cell.operation != "action")
    reads = sum(cell.operation != "action" for cell in cells)
    lines = [
        HEAD,
        f"{len(cells)} cells: {len(BACKENDS)} backends, {len(OPERATIONS)} operations, {len(FAULTS)} faults. "
        f"Of {reads} reads {told} are told as an error, {reads - told} are not "
        f"({', '.join(FAULTS[fault] for fault in sorted(HARMLESS))} must not be).",
        f"Of {sum(sent.values())} actions {sent[0]} sent nothing, {sent[1]} sent one write and {sent[2]} "
        "a second one, after proof that the first was not carried out (401, a login page), with its own line in "
        "the journal.",
        "",
        "| backend | operation | fault | told |",
        "|---|---|---|---|",
        *(line(cell) for cell in cells),
    ]
    return "\n".join(lines) + "\n"


async def everything() -> list[Cell]:
    cells = []
    for backend in BACKENDS:
        with tempfile.TemporaryDirectory() as folder:
            cells += await run_backend(backend, Path(folder))
    return cells


if __name__ == "__main__":
    _, found, told = PAGE.read_text(encoding="utf-8").partition(SOAK)
    PAGE.write_text(page(asyncio.run(everything())), encoding="utf-8")
    if found:
        soaked(told.strip())
