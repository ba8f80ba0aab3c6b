"""The mock server: up with 100,000 runs, and pages of them."""

from __future__ import annotations

import json
from time import perf_counter

from bench.measure import Fact, Figure, Spread, memory, ms
from bench.server import Mock, page_path
from bench.stage import Stage

GROUP = "mock"


def run(stage: Stage) -> None:
    runs = stage.largest
    up = []
    for _ in range(3):
        with Mock(runs=runs) as mock:
            up.append(mock.took)
    stage.results.figures.append(
        Figure(GROUP, f"up with {runs // 1000}k runs", max(up), 3.0, "s", "", "worst of 3")
    )
    with Mock(runs=runs) as mock:
        for size, target in ((50, 20.0), (200, 60.0)):
            spread = pages(mock, size, stage.times(60))
            figure = Figure(GROUP, f"page of {size}, p95", spread.p95 * 1000, target, "ms", "", str(spread))
            stage.results.figures.append(figure)
        rows = mock.page(200)["runs"]
        tasks = sum(len(row.get("run_details", {}).get("task_details", [])) for row in rows) / len(rows)
        weight = len(mock.get(page_path(200))) / len(rows)
        stage.results.facts.append(
            Fact(GROUP, "a run in a list", f"{weight:,.0f} B, {tasks:.0f} tasks, with its spec")
        )
        stage.results.facts.append(Fact(GROUP, "its memory", f"{memory(mock.pid) / 1e6:.0f} MB"))
        stage.results.facts.append(Fact(GROUP, "up, all three", ", ".join(ms(each) for each in up)))


def pages(mock: Mock, size: int, times: int) -> Spread:
    """One page after the other, as a console that loads everything asks for them."""
    token, found = "", []
    for _ in range(times):
        began = perf_counter()
        body = mock.get(page_path(size) + (f"&page_token={token}" if token else ""))
        found.append(perf_counter() - began)
        token = next_token(body)
    return Spread.of(found)


def next_token(body: bytes) -> str:
    return str(json.loads(body).get("next_page_token", ""))
