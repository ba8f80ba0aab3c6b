"""How the pulse looks: fixed size, clock and data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.tui.fake import FakeAdapter, services_of
from tests.tui.pulse.test_pulse import rows
from tui.app import ConsoleApp
from tui.screens.pulse import PulseScreen

Snap = Callable[..., bool]


@pytest.mark.parametrize("size", [(80, 24), (160, 48)])
def test_pulse(snap_compare: Snap, size: tuple[int, int]) -> None:
    app = ConsoleApp(services_of(FakeAdapter("peloton", rows())))

    async def before(pilot: Pilot[Any]) -> None:
        await pilot.pause()
        await pilot.press("P")
        for _ in range(500):
            await pilot.pause(0.01)
            screen = app.screen
            found = screen.pulse if isinstance(screen, PulseScreen) else None
            if found is not None and found.pools and found.hosts and found.counts.loaded:
                await pilot.pause(0.3)
                return
        raise AssertionError("the pulse was never complete")

    assert snap_compare(app, terminal_size=size, run_before=before)
