"""How the lists look, in colour: fixed size, clock and data. `pytest --snapshot-update` after a wanted change."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from textual.pilot import Pilot

from adapters.errors import Unavailable
from adapters.model import Kind, Ref
from tests.tui.data import hosts, pods, pools, runs
from tests.tui.fake import NOW, Clock, FakeAdapter, screen_text, services_of
from tui.app import ConsoleApp
from tui.core.plan import Guard
from tui.styles import tokens

SIZE = (80, 24)
Compare = Callable[..., bool]
Steps = Callable[[Pilot[int]], Awaitable[None]]


def app_of(
    *adapters: FakeAdapter, view: Kind = Kind.RUN, theme: str = "dark", clock: Clock | None = None
) -> ConsoleApp:
    guard = {adapter.context: Guard(protected=True) for adapter in adapters}
    services = services_of(*adapters, guard=guard, clock=clock)
    return ConsoleApp(services, view=view, theme=tokens.THEMES[theme])


def steps(*wanted: str, before: Callable[[], None] | None = None) -> Steps:
    """Press keys; an entry that starts with `=` waits until that text is on the screen."""

    async def run(pilot: Pilot[int]) -> None:
        for step in wanted:
            if not step.startswith("="):
                if step == "ctrl+r" and before is not None:
                    before()
                await pilot.press(step)
                await pilot.pause()
                continue
            deadline = asyncio.get_running_loop().time() + 5
            while not any(step[1:] in text for text in screen_text(pilot.app)):  # type: ignore[arg-type]
                assert asyncio.get_running_loop().time() < deadline, step
                await pilot.pause(0.01)

    return run


def prod() -> FakeAdapter:
    return FakeAdapter("prod-kfp", runs())


@pytest.mark.parametrize("theme", ["dark", "light", "contrast", "16", "mono"])
def test_runs(snap_compare: Compare, theme: str) -> None:
    app = app_of(prod(), theme=theme)
    assert snap_compare(app, terminal_size=SIZE, run_before=steps("=train-87", "e", "=OOMKilled"))


def test_runs_wide(snap_compare: Compare) -> None:
    app = app_of(prod(), FakeAdapter("lab", runs("lab")[:3]))
    assert snap_compare(app, terminal_size=(160, 48), run_before=steps("=train-87", "e", "space", "=1 marked"))


def test_hosts(snap_compare: Compare) -> None:
    app = app_of(FakeAdapter("peloton", hosts()), view=Kind.HOST)
    assert snap_compare(app, terminal_size=SIZE, run_before=steps("=0389", "j", "=HOST_STATE_DRAINING"))


def test_pods(snap_compare: Compare) -> None:
    app = app_of(FakeAdapter("peloton", pods(Ref("peloton", Kind.RUN, "ctr-train-0822"))), view=Kind.POD)
    assert snap_compare(app, terminal_size=SIZE, run_before=steps("=0822-10", "e", "=NCCL"))


def test_pools(snap_compare: Compare) -> None:
    app = app_of(FakeAdapter("peloton", pools()), view=Kind.POOL)
    assert snap_compare(app, terminal_size=SIZE, run_before=steps("=research", "j", "j", "=/ml/ads  gpu"))


def test_help(snap_compare: Compare) -> None:
    assert snap_compare(
        app_of(prod()),
        terminal_size=SIZE,
        run_before=steps("=train-87", "e", "=OOMKilled", "question_mark", "=HELP"),
    )


def test_menu(snap_compare: Compare) -> None:
    assert snap_compare(
        app_of(prod()), terminal_size=SIZE, run_before=steps("=train-87", "e", "=OOMKilled", "x", "=asks first")
    )


def test_empty(snap_compare: Compare) -> None:
    keys = ["slash", *"zzz", "enter", "=No run matches"]
    assert snap_compare(app_of(prod()), terminal_size=SIZE, run_before=steps("=train-87", *keys))


def test_down(snap_compare: Compare) -> None:
    adapter, clock = prod(), Clock()

    def fail() -> None:
        adapter.error = Unavailable("no answer: 10.2.0.9:5297 refused", executed=False)
        clock.now = NOW + 146

    app = app_of(adapter, clock=clock)
    wait = steps("=train-87", "ctrl+r", "=stale 2m26s", "=✗ no answer", before=fail)
    assert snap_compare(app, terminal_size=SIZE, run_before=wait)
