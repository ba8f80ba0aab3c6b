"""Resident memory of a console that has everything loaded."""

from __future__ import annotations

from bench.measure import Fact, Figure, memory, ms
from bench.stage import Stage

GROUP = "memory"
TARGETS = {10_000: 120.0, 100_000: 300.0}


def run(stage: Stage) -> None:
    for runs in stage.sizes:
        with stage.loaded(runs) as console:
            console.terminal.watch(3.0)
            held = memory(console.terminal.pid) / 1e6
        value = f"{held:.0f} MB; all of it loaded after {ms(console.took)}"
        if runs in TARGETS:
            what = f"resident at {runs // 1000}k"
            stage.results.figures.append(Figure(GROUP, what, held, TARGETS[runs], "MB", "", value))
        else:
            stage.results.facts.append(Fact(GROUP, f"growth: {runs:,} rows", value))
