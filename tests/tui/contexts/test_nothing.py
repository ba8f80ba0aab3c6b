"""With no context at all nothing can go wrong: every key and every word of command mode is tried."""

from __future__ import annotations

import pytest

from adapters.model import Kind
from tests.tui.conftest import Open
from tests.tui.fake import Tester
from tui.commands import CommandLine
from tui.keys import KEYS, KeyMap
from tui.screens.base import GridScreen
from tui.screens.first import FirstScreen

pytestmark = pytest.mark.anyio

ENDS = ("quit", "interrupt", "command", "suspend")
WORDS = [verb for verb in KeyMap().verbs if verb not in ENDS]
WORDS += [
    *(kind.plural for kind in Kind),
    "contexts",
    "ctx all",
    "cli",
    "api",
    "api X",
    "create",
    "x/run/y",
    "runs @all",
]
CHOSEN = "enter"


def screen(t: Tester) -> GridScreen:
    assert isinstance(t.app.screen, GridScreen)
    return t.app.screen


async def back_to_the_start(t: Tester, what: str) -> None:
    for _ in range(8):
        await t.pilot.pause()
        assert t.app.is_running, what
        assert not t.app.crash, what
        if isinstance(t.app.screen, FirstScreen) and not screen(t).asking:
            return
        await screen(t).press("escape", None)
    raise AssertionError(f"{what}: no way back\n" + "\n".join(t.lines))


async def test_every_word_of_command_mode_is_harmless(console: Open) -> None:
    async with console() as t:
        await t.see("no context yet")
        for word in WORDS:
            line = CommandLine(screen(t))
            line.start()
            screen(t).end_prompt()
            line._done(word)
            await back_to_the_start(t, word)


async def test_every_key_is_harmless(console: Open) -> None:
    async with console() as t:
        await t.see("no context yet")
        for spec in KEYS:
            for key in spec.keys:
                if spec.id not in ENDS and key != CHOSEN:
                    await screen(t).press(key, key if len(key) == 1 else None)
                    await back_to_the_start(t, f"{key} ({spec.id})")


async def test_a_list_says_how_to_add_a_context(console: Open) -> None:
    async with console() as t:
        await t.see("no context yet")
        await t.press("colon")
        await t.type("runs")
        await t.press("enter")
        await t.see("there is no context yet; :add-context adds one")
