"""Each key of describe and raw: pressed, and its effect seen."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tui.conftest import Open
from tests.tui.detail.test_document import folder, opened
from tests.tui.detail.world import RUN, World
from tests.tui.fake import Tester
from tests.tui.keys.proof import CASE, Effect, case, cases, copied, do, on, proves, sees
from tui.screens.document import DocumentScreen
from tui.screens.list import ListScreen

__all__ = ["folder"]
pytestmark = pytest.mark.anyio


def _view(t: Tester) -> tuple[int, int]:
    assert isinstance(t.app.screen, DocumentScreen)
    return t.app.screen.view.cursor, t.app.screen.view.count


def at(line: int) -> Effect:
    """The cursor is on that line; a negative one counts from the last."""
    return lambda t: _view(t)[0] == line % _view(t)[1]


DESCRIBED = [
    *cases("down", "j down", at(1)),
    *cases("up", "k up", at(0), "j"),
    *cases("top", "g home", at(0), "G"),
    *cases("bottom", "G end", at(-1)),
    *cases("page-down", "ctrl-f pagedown", lambda t: _view(t)[0] > 5),
    *cases("page-up", "ctrl-b pageup", lambda t: _view(t)[0] < _view(t)[1] - 5, "G"),
    case("next-fault", "e", at(1)),
    case("previous-fault", "E", at(1), "G"),
    case("raw", "y", on(DocumentScreen, mode="yaml")),
    case("describe", "d", on(DocumentScreen, mode="describe"), "y"),
    case("filter", "/", sees("enter take")),
    case("next-match", "n", sees("/feature_ 2 of 8"), "/", "'feature_", "enter"),
    case("previous-match", "N", sees("/feature_ 8 of 8"), "/", "'feature_", "enter"),
    case("copy", "c", copied(f"run_id: {RUN.id}"), "y", "=run_id"),
    case("save", "ctrl-s", lambda t: list(Path().glob("*.txt"))),
    *cases("back", "escape q", on(ListScreen)),
]


@pytest.mark.parametrize(CASE, DESCRIBED)
async def test_describe(console: Open, key: str, effect: Effect, before: tuple[str, ...]) -> None:
    async with console(World()) as t:
        await opened(t)
        await do(t, *before)
        await proves(t, key, effect)


NESTED = [
    *cases("left", "left h", sees("tasks:  … 3 lines"), "j"),
    case("right", "right", sees("deep: 1"), "j", "left", "~deep"),
]


@pytest.mark.parametrize(CASE, NESTED)
async def test_raw(console: Open, key: str, effect: Effect, before: tuple[str, ...]) -> None:
    world = World()
    world.raw = {"long": "x" * 100 + " the end", "tasks": [{"name": "a", "inner": {"deep": 1}}]}
    async with console(world) as t:
        await opened(t, "yaml")
        await do(t, *before)
        await proves(t, key, effect)


@pytest.mark.presses("right", "right")
async def test_long_lines_are_scrolled(console: Open) -> None:
    world = World()
    world.raw = {"long": "x" * 100 + " the end"}
    async with console(world) as t:
        await opened(t, "yaml")
        await do(t, "right", "right")
        await proves(t, "right", sees("the end"))
