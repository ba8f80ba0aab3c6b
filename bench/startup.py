"""How long until something is there: the fast answers, a one-shot list, the first run in the console."""

from __future__ import annotations

from collections.abc import Callable

from bench import peers
from bench.floors import bare, libraries
from bench.measure import Fact, Figure, ms, side_by_side, time_of
from bench.server import Home, Mock, runyard
from bench.stage import Stage
from bench.terminal import Terminal

GROUP = "start-up"


def run(stage: Stage) -> None:
    _answers(stage)
    _get(stage)
    _first_run(stage)


def _answers(stage: Stage) -> None:
    with Home() as home:
        found = side_by_side(
            {
                "bare": bare,
                "--version": lambda: time_of(runyard("--version"), home.env),
                "--help": lambda: time_of(runyard("--help"), home.env),
                "completion": lambda: time_of(runyard("completion", "bash"), home.env),
            },
            stage.times(12),
        )
    floor = found["bare"].p50
    for name, target in (("--version", 2.0), ("--help", 6.0), ("completion", 6.0)):
        took = found[name].p50
        note = f"{ms(took)} to {ms(floor)}"
        stage.results.figures.append(
            Figure(GROUP, f"runyard {name}", took / floor, target, "x", "bare interpreter", note)
        )


def _get(stage: Stage) -> None:
    mock, home = stage.mock(10_000), stage.home()
    home.kfp(mock.url)
    subjects = {
        "floor": libraries,
        "get": lambda: time_of(runyard("get", "runs", "-c", "kfp", "--limit", "50"), home.env),
    }
    kfp = peers.find("kfp")
    if kfp:
        subjects["kfp"] = lambda: time_of([kfp, "--version"])
    found = side_by_side(subjects, stage.times(12))
    took, floor = found["get"].p50, found["floor"].p50
    note = f"{ms(took)} to {ms(floor)}"
    stage.results.figures.append(Figure(GROUP, "get runs --limit 50", took / floor, 0.9, "x", "floor", note))
    if kfp:
        other = found["kfp"].p50
        note = f"{ms(took)} to {ms(other)}"
        stage.results.figures.append(
            Figure(GROUP, "get runs --limit 50", took / other, 1.0, "x", "kfp --version", note)
        )
    else:
        stage.results.facts.append(Fact(GROUP, "kfp --version", "absent"))


def first_run(mock: Mock, home: Home) -> Callable[[], float]:
    """From the start of the process to the first run on the screen."""
    name = mock.page(1)["runs"][0]["display_name"].encode()

    def once() -> float:
        with Terminal(runyard("-c", "kfp"), env=home.env) as terminal:
            return terminal.wait_bytes(name)

    return once


def _first_run(stage: Stage) -> None:
    subjects: dict[str, Callable[[], float]] = {"floor": libraries}
    for runs in stage.sizes:
        mock, home = stage.mock(runs), stage.home()
        home.kfp(mock.url)
        subjects[f"{runs:,}"] = first_run(mock, home)
    found = side_by_side(subjects, stage.times(10))
    floor, middle = found["floor"].p50, found["10,000"].p50
    note = f"{ms(middle)} to {ms(floor)}"
    stage.results.figures.append(Figure(GROUP, "first run on screen, 10k", middle / floor, 2.0, "x", "floor", note))
    for runs in stage.sizes:
        took = found[f"{runs:,}"].p50
        if runs > 10_000:
            note = f"{ms(took)} to {ms(middle)}"
            stage.results.figures.append(
                Figure(GROUP, f"first run on screen, {runs // 1000}k", took / middle, 1.2, "x", "10k", note)
            )
        stage.results.facts.append(Fact(GROUP, f"growth: first run, {runs:,} runs", ms(took)))
    stage.results.facts.append(Fact(GROUP, "floor: import textual.app, httpx", ms(floor)))
