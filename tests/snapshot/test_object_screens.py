"""How detail, logs, plans and documents look: fixed size, clock and data."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from adapters.model import Kind, Ref, State
from tests.tui.data import run
from tests.tui.detail.world import LOG, RUN, World, drain_world, spool
from tests.tui.fake import SCHEMA, services_of
from tui.app import ConsoleApp
from tui.core.plan import Guard
from tui.screens.base import GridScreen
from tui.screens.detail import DetailScreen
from tui.screens.document import DocumentScreen
from tui.screens.logs import LogsScreen
from tui.screens.planface import PlanFace

Snap = Callable[..., bool]
SIZES = [(80, 24), (160, 48)]


async def until(pilot: Pilot[Any], condition: Callable[[], object]) -> None:
    for _ in range(500):
        await pilot.pause(0.01)
        if condition():
            await pilot.pause()
            return
    raise AssertionError("it never came to that")


def prepare(step: Callable[[ConsoleApp, Pilot[Any]], Awaitable[None]]) -> Callable[[Pilot[Any]], Awaitable[None]]:
    async def before(pilot: Pilot[Any]) -> None:
        app = pilot.app
        assert isinstance(app, ConsoleApp)
        await pilot.pause()
        await step(app, pilot)

    return before


@pytest.mark.parametrize("size", SIZES)
def test_detail(snap_compare: Snap, size: tuple[int, int]) -> None:
    app = ConsoleApp(services_of(World(), guard={"prod-kfp": Guard(protected=True)}))

    async def step(app: ConsoleApp, pilot: Pilot[Any]) -> None:
        app.open_detail(RUN)
        await until(
            pilot, lambda: isinstance(app.screen, DetailScreen) and app.screen.detail and app.screen.current
        )

    assert snap_compare(app, terminal_size=size, run_before=prepare(step))


@pytest.mark.parametrize("size", SIZES)
def test_logs(snap_compare: Snap, tmp_path: Path, size: tuple[int, int]) -> None:
    world = World()
    world.write("train.try 2", LOG)
    app = ConsoleApp(services_of(world, spool=spool(tmp_path)))

    async def step(app: ConsoleApp, pilot: Pilot[Any]) -> None:
        app.open_logs([Ref("prod-kfp", Kind.TASK, "train.try 2")])

        def complete() -> bool:
            screen = app.screen
            return isinstance(screen, LogsScreen) and bool(
                screen.feed and screen.feed.ended and screen.strip.buckets
            )

        await until(pilot, complete)
        await pilot.press("E")

    assert snap_compare(app, terminal_size=size, run_before=prepare(step))


def asking(app: ConsoleApp) -> bool:
    screen = app.screen
    return isinstance(screen, GridScreen) and isinstance(screen.sheet, PlanFace) and screen.sheet.plan is not None


def test_drain_plan(snap_compare: Snap) -> None:
    guard = {"peloton": Guard(protected=True, require_reason=True)}
    app = ConsoleApp(services_of(drain_world(), guard=guard), view=Kind.HOST)

    async def step(app: ConsoleApp, pilot: Pilot[Any]) -> None:
        app.open_plan("drain", [Ref("peloton", Kind.HOST, "gpu-a100-0417")])
        await until(pilot, lambda: asking(app))
        await asyncio.sleep(0.35)
        await pilot.press("tab", *"disk", "tab", *"gpu")

    assert snap_compare(app, terminal_size=(80, 24), run_before=prepare(step))


def test_bulk_plan(snap_compare: Snap) -> None:
    states = [State.RUNNING] * 9 + [State.SUCCEEDED] * 3
    rows = [run("prod-kfp", state, f"sweep-{i:02d}", owner="ana") for i, state in enumerate(states)]
    app = ConsoleApp(services_of(World("prod-kfp", rows, SCHEMA)))

    async def step(app: ConsoleApp, pilot: Pilot[Any]) -> None:
        app.open_plan("abort", [row.ref for row in rows])
        await until(pilot, lambda: asking(app))

    assert snap_compare(app, terminal_size=(80, 24), run_before=prepare(step))


@pytest.mark.parametrize("mode", ["describe", "yaml"])
def test_document(snap_compare: Snap, mode: str) -> None:
    app = ConsoleApp(services_of(World()))

    async def step(app: ConsoleApp, pilot: Pilot[Any]) -> None:
        app.open_document(RUN, mode)
        await until(pilot, lambda: isinstance(app.screen, DocumentScreen) and app.screen.view.count)

    assert snap_compare(app, terminal_size=(80, 24), run_before=prepare(step))
