"""How the digest looks: fixed size, clock and data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.tui.digest.test_digest import NIGHT, look, looks, rows
from tests.tui.fake import NOW, FakeAdapter, services_of
from tui.app import ConsoleApp
from tui.screens.digest import DigestScreen

Snap = Callable[..., bool]


@pytest.mark.parametrize("size", [(80, 24), (160, 48)])
def test_digest(snap_compare: Snap, size: tuple[int, int]) -> None:
    services = services_of(FakeAdapter("peloton", rows()))
    services.looks = looks(look(NOW - NIGHT))
    app = ConsoleApp(services)

    async def before(pilot: Pilot[Any]) -> None:
        await pilot.pause()
        await pilot.press("D")
        for _ in range(500):
            await pilot.pause(0.01)
            screen = app.screen
            found = screen.digest if isinstance(screen, DigestScreen) else None
            if found is not None and any(part.title == "POOLS" for part in found.parts):
                await pilot.pause(0.3)
                return
        raise AssertionError("the digest was never complete")

    assert snap_compare(app, terminal_size=size, run_before=before)
