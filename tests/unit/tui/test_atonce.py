"""What a key does is on the screen before the next frame."""

from __future__ import annotations

import asyncio

import pytest
from textual.app import App, ComposeResult
from textual.screen import Screen
from textual.widget import Widget

from adapters import turns
from tui.screens.atonce import AtOnce

pytestmark = pytest.mark.anyio


class Sheet(AtOnce):
    def compose(self) -> ComposeResult:
        yield Widget()


class Drawn(App[None]):
    drawn = 0

    def _display(self, screen: Screen[object], renderable: object) -> None:
        self.drawn += 1
        super()._display(screen, renderable)  # type: ignore[arg-type]


@pytest.mark.parametrize("awaited", [True, False])
async def test_only_what_somebody_waits_for_is_drawn_out_of_turn(
    awaited: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.screens.atonce.is_awaited", lambda: awaited)
    app = Drawn()
    async with app.run_test() as pilot:
        sheet = Sheet()
        await app.push_screen(sheet)
        await pilot.pause()
        sheet._update_timer.pause()
        monkeypatch.setattr(sheet._update_timer, "resume", lambda: None)  # no frame comes
        app.drawn = 0
        for _ in range(3):
            sheet.query_one(Widget).refresh()
            for _ in range(200):
                await asyncio.sleep(0)
        assert app.drawn == (3 if awaited else 0)


def test_nobody_waits_before_a_key() -> None:
    assert turns.STAND_BACK < 0.03, "a key that is held down comes every 30 ms; the rest must go on between"
