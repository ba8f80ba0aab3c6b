"""A key that the table promises for a screen has something that answers to it there."""

from __future__ import annotations

import pytest

from tui.app import ConsoleApp
from tui.keys import ANY, KEYS, KeySpec
from tui.screens.base import GridScreen
from tui.screens.contexts import ContextsScreen
from tui.screens.detail import DetailScreen
from tui.screens.digest import DigestScreen
from tui.screens.document import DocumentScreen
from tui.screens.journal import JournalScreen
from tui.screens.list import ListScreen
from tui.screens.logs import LogsScreen
from tui.screens.pulse import PulseScreen
from tui.screens.tree import TreeScreen

SCREENS: dict[str, type[GridScreen]] = {
    screen.where: screen
    for screen in (
        *(ListScreen, DetailScreen, LogsScreen, DocumentScreen, ContextsScreen),
        *(PulseScreen, TreeScreen, DigestScreen, JournalScreen),
    )
}


@pytest.mark.parametrize("spec", [pytest.param(spec, id=spec.id) for spec in KEYS])
def test_every_screen_of_a_key_answers(spec: KeySpec) -> None:
    if spec.action or spec.id.startswith("saved-") or hasattr(ConsoleApp, spec.method):
        return
    where = SCREENS if spec.where == (ANY,) else spec.where
    assert [each for each in where if not hasattr(SCREENS[each], spec.method)] == []
