"""Filter keystrokes, clearing the filter and sorting, from key to paint, at each size."""

from __future__ import annotations

from collections.abc import Callable

from bench.measure import Fact, Figure, Spread
from bench.refresh import until_moved
from bench.stage import Console, Stage
from bench.terminal import Gone

GROUP = "filter, sort"
TYPED = b"failed"
ORDERS = (b"N", b"A", b"S")


def run(stage: Stage) -> None:
    for runs in stage.sizes:
        with stage.loaded(runs) as console:
            found = _measured(console, stage.times(6))
            meanwhile = _keys_during_sort(console, stage.times(6)) if runs == stage.largest else None
        value = "; ".join(f"{name} {spread}" for name, spread in found.items())
        stage.results.facts.append(Fact(GROUP, f"growth: {runs:,} rows", value))
    size = f"{stage.largest // 1000}k"
    for name, target in (("filter keystroke", 50.0), ("clear filter", 50.0), ("sort", 150.0)):
        spread = found[name]
        stage.results.figures.append(
            Figure(GROUP, f"{name} at {size}, p95", spread.p95 * 1000, target, "ms", "", str(spread))
        )
    if meanwhile is not None:
        note = f"{meanwhile}; the cursor moves while the rows are being sorted"
        stage.results.figures.append(
            Figure(GROUP, f"keys during a sort at {size}, p95", meanwhile.p95 * 1000, 50.0, "ms", "", note)
        )


def _measured(console: Console, times: int) -> dict[str, Spread]:
    terminal = console.terminal
    typed: list[float] = []
    cleared: list[float] = []
    sorted_: list[float] = []
    for _ in range(times):
        terminal.send(b"/")
        terminal.drain(0.2)
        shown = count_of(terminal.text)
        for at in range(len(TYPED)):
            took = terminal.shows(TYPED[at : at + 1], other(count_of, shown), quiet=0.3, most=0.6)
            if took is not None:  # else this letter excludes nothing
                typed.append(took)
            shown = count_of(terminal.text)
        terminal.send(b"\r")
        terminal.drain(0.3)
        took = terminal.shows(b"\x1b", lambda screen: " of " not in line(screen), quiet=1.0)
        if took is None:
            raise Gone(f"the filter was not cleared:\n{terminal.text}")
        cleared.append(took)
        terminal.drain(0.3)
        for key in ORDERS:
            top = first_row(terminal.text)
            took = terminal.shows(key, other(first_row, top), quiet=0.5)
            if took is None:
                raise Gone(f"{key.decode()} did not sort:\n{terminal.text}")
            sorted_.append(took)
            terminal.drain(0.3)
    return {
        "filter keystroke": Spread.of(typed),
        "clear filter": Spread.of(cleared),
        "sort": Spread.of(sorted_),
    }


def other(part: Callable[[str], str], before: str) -> Callable[[str], bool]:
    return lambda screen: part(screen) != before


def line(screen: str) -> str:
    """Line 2: how many there are."""
    return screen.split("\n")[1]


def count_of(screen: str) -> str:
    return line(screen).split("   ")[0]


def first_row(screen: str) -> str:
    """Order and first row of the table."""
    return "\n".join(screen.split("\n")[2:5])


def _keys_during_sort(console: Console, times: int) -> Spread:
    """A sort, and 10 ms later a step of the cursor: the sort must not hold it up."""
    terminal, found = console.terminal, []
    terminal.send(b"j" * 5)
    terminal.drain(0.3)
    for round_ in range(times):
        for key in ORDERS:
            terminal.send(key)
            terminal.watch(0.01)
            took = until_moved(terminal, b"j" if round_ % 2 else b"k")
            if took is not None:
                found.append(took)
            terminal.drain(0.5)
    return Spread.of(found)
