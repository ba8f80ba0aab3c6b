"""The cursor: from key to paint, and what a key sends, beside a DataTable, htop and visidata."""

from __future__ import annotations

from bench import peers
from bench.measure import Fact, Figure, Spread, ms
from bench.stage import Console, Stage
from bench.terminal import Burst, Gone

GROUP = "keys"
REST = 0.2
"""Seconds after which the lines that follow the cursor have followed."""


def run(stage: Stage) -> None:
    times = stage.times(120)
    spreads: dict[int, Spread] = {}
    for runs in stage.sizes:
        with stage.loaded(runs) as console:
            spreads[runs] = peers.paint(cursor(console, times))
        stage.results.facts.append(Fact(GROUP, f"growth: cursor down, {runs:,} rows", str(spreads[runs])))
    middle = spreads[10_000]
    _beside_datatable(stage, middle)
    stage.results.figures.append(
        Figure(GROUP, "cursor down, p95 at 10k", middle.p95 / middle.p50, 2.0, "x", "its p50", str(middle))
    )
    if stage.largest > 10_000:
        large, small = spreads[stage.largest], spreads[1_000]
        note = f"{ms(large.p50)} to {ms(small.p50)}"
        stage.results.figures.append(
            Figure(GROUP, "cursor down at 100k", large.p50 / small.p50, 1.2, "x", "1k", note)
        )
    _bytes(stage, stage.times(40))


def cursor(console: Console, times: int) -> list[Burst]:
    """Steps down and up again within the screen; each must have moved the cursor."""
    terminal = console.terminal
    found: list[Burst] = []
    while len(found) < times:
        key = b"j" if len(found) // 20 % 2 == 0 else b"k"
        bursts = peers.steps(terminal, key, 20, sign=peers.CURSOR)
        if terminal.row_of("▌") is None or not all(burst.size for burst in bursts):
            raise Gone(f"the cursor did not move:\n{terminal.text}")
        found += bursts
    return found


def _beside_datatable(stage: Stage, own: Spread) -> None:
    path = peers.rows_file(stage.mock(10_000), 10_000, stage.home().path)
    first, keys, size, held = peers.measured(
        peers.datatable(path), lambda screen: "SUCCEEDED" in screen, peers.DOWN, stage.times(60)
    )
    note = f"{ms(own.p50)} to {ms(keys.p50)}"
    stage.results.figures.append(
        Figure(GROUP, "cursor down at 10k", own.p50 / keys.p50, 0.5, "x", "DataTable", note)
    )
    value = f"10k rows {ms(first)} to paint, {ms(keys.p50)} and {size:,} B a key, {held / 1e6:.0f} MB"
    stage.results.facts.append(Fact(GROUP, "peer: stock DataTable", value))
    visidata = peers.find("vd")
    if visidata:
        first, keys, size, held = peers.measured(
            [visidata, "--visidata-dir", str(path.parent), str(path)],
            lambda screen: "SUCCEEDED" in screen,
            b"j",
            stage.times(40),
        )
        value = f"10k rows {ms(first)} to paint, {ms(keys.p50)} and {size:,} B a key, {held / 1e6:.0f} MB"
        stage.results.facts.append(Fact(GROUP, "peer: visidata", value))
    else:
        stage.results.facts.append(Fact(GROUP, "peer: visidata", "absent"))


def _bytes(stage: Stage, times: int) -> None:
    with stage.loaded(10_000) as console:
        held = peers.size(cursor(console, times))
        rested = _rested(console, max(8, times // 4))
    htop = peers.find("htop")
    if not htop:
        stage.results.facts.append(Fact(GROUP, "peer: htop", f"absent; a step of the cursor here: {held} B"))
        return
    _, keys, size, memory = peers.measured([htop, "-d", "600"], lambda screen: "PID" in screen, peers.DOWN, times)
    note = f"{held} to {size} B; {rested} B once what follows the cursor has followed"
    stage.results.figures.append(Figure(GROUP, "bytes a cursor key", held / size, 1.2, "x", "htop", note))
    stage.results.facts.append(
        Fact(GROUP, "peer: htop", f"{ms(keys.p50)} and {size} B a key, {memory / 1e6:.0f} MB")
    )


def _rested(console: Console, times: int) -> int:
    """Bytes of a step with everything that is said about the row it leads to; refreshes stand still meanwhile."""
    terminal, found = console.terminal, []
    terminal.send(b"=")
    terminal.watch(1.0)
    for _ in range(times):
        before = terminal.received
        terminal.send(b"j")
        terminal.watch(REST)
        found.append(terminal.received - before)
    terminal.send(b"=")
    terminal.watch(1.0)
    return sorted(found)[times // 2]
