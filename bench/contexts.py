"""Five contexts in one table, one of which answers after ten seconds: the other four must not notice."""

from __future__ import annotations

from bench import peers
from bench.measure import Fact, Figure, Spread, ms
from bench.server import Home, Mock, runyard
from bench.stage import Stage
from bench.terminal import Terminal

GROUP = "contexts"
RUNS = 500
BACKENDS = ("kfp", "clearml", "jobmanager", "vertex", "peloton")
SLOW = "clearml"


def run(stage: Stage) -> None:
    times = stage.times(6)
    healthy = [_once(stage, False) for _ in range(times)]
    slowed = [_once(stage, True) for _ in range(times)]
    first, late = Spread.of(each[0] for each in healthy), Spread.of(each[0] for each in slowed)
    keys, slow_keys = Spread.of(each[1] for each in healthy), Spread.of(each[1] for each in slowed)
    figures = stage.results.figures
    note = f"{ms(late.p50)} to {ms(first.p50)}"
    figures.append(Figure(GROUP, "first run, one of five slow", late.p50 / first.p50, 1.15, "x", "all well", note))
    note = f"{ms(slow_keys.p50)} to {ms(keys.p50)}"
    figures.append(
        Figure(GROUP, "cursor down, one of five slow", slow_keys.p50 / keys.p50, 1.15, "x", "all well", note)
    )
    stage.results.facts.append(
        Fact(GROUP, "contexts", f"{', '.join(names())}; {RUNS} runs each, {SLOW} after 10 s")
    )


def names() -> list[str]:
    """The backends that are there."""
    from adapters import registry

    return [name for name in BACKENDS if name in registry.names()]


def _once(stage: Stage, slow: bool) -> tuple[float, float]:
    """Seconds to the first run, and from key to paint."""
    arguments = ["--faults", f"{SLOW}:*:latency=10"] if slow else []
    with Mock(runs=RUNS, arguments=arguments) as mock, Home() as home:
        home.contexts({name: keys(name, mock.url) for name in names()})
        with Terminal(runyard("-c", "all"), env=home.env) as terminal:
            first = terminal.wait_for(lambda screen: "▌" in screen and "running" in screen, timeout=30)
            terminal.watch(3.0)
            spread = peers.paint(peers.steps(terminal, b"j", 20, sign=peers.CURSOR))
    return first, spread.p50


def keys(name: str, url: str) -> dict[str, object]:
    """A context's keys as its backend's own example gives them."""
    import tomllib

    from adapters import registry

    found = tomllib.loads(registry.backend(name).example.format(url=url))
    return dict(found)
