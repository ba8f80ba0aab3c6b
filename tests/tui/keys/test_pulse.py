"""Each key of the pulse and of the contexts: pressed, and its effect seen."""

from __future__ import annotations

import pytest

from adapters.errors import Unavailable
from adapters.model import Kind
from tests.tui.conftest import Open
from tests.tui.data import runs
from tests.tui.fake import FakeAdapter, Tester
from tests.tui.keys.proof import CASE, Effect, case, cases, do, on, proves, sees
from tests.tui.pulse.test_pulse import opened, rows
from tui.screens.contexts import ContextsScreen
from tui.screens.list import ListScreen
from tui.screens.pulse import PulseScreen

pytestmark = pytest.mark.anyio


def entry(id: str) -> Effect:
    def there(t: Tester) -> bool:
        shown = t.app.screen
        return (
            isinstance(shown, PulseScreen) and shown.pane.entry is not None and shown.pane.entry.id.startswith(id)
        )

    return there


PULSE = [
    *cases("down", "j down", entry("running")),
    *cases("up", "k up", entry("failed"), "j"),
    *cases("top", "g home", entry("failed"), "G"),
    *cases("bottom", "G end", entry("all-hosts")),
    *cases("page-down", "ctrl-f pagedown", entry("all-hosts")),
    *cases("page-up", "ctrl-b pageup", entry("failed"), "G"),
    case("open", "enter", on(ListScreen, kind=Kind.RUN)),
    case("all-contexts", "0", sees("all › pulse")),
    *cases("back", "escape q", on(ListScreen)),
]


@pytest.mark.parametrize(CASE, PULSE)
async def test_pulse(console: Open, key: str, effect: Effect, before: tuple[str, ...]) -> None:
    async with console(FakeAdapter("peloton", rows()), FakeAdapter("kfp"), scope=("peloton",)) as t:
        await opened(t)
        await do(t, *before)
        await proves(t, key, effect)


def context(name: str) -> Effect:
    def there(t: Tester) -> bool:
        shown = t.app.screen
        return isinstance(shown, ContextsScreen) and shown.current is not None and shown.current.context == name

    return there


CONTEXTS = [
    *cases("down", "j down", context("b")),
    *cases("up", "k up", context("a"), "j"),
    *cases("top", "g home", context("a"), "G"),
    *cases("bottom", "G end", context("d")),
    *cases("page-down", "ctrl-f pagedown", context("d")),
    *cases("page-up", "ctrl-b pageup", context("a"), "G"),
    case("next-fault", "e", context("c")),
    case("previous-fault", "E", context("c"), "G"),
    case("open", "enter", sees("a › runs")),
    case("mark", "space", lambda t: t.app.scope == ("b", "c", "d")),
    case("filter", "/", sees("enter take")),
    case("login", "L", sees("a logs in with nothing")),
    *cases("back", "escape q", on(ListScreen)),
]


@pytest.mark.parametrize(CASE, CONTEXTS)
async def test_contexts(console: Open, key: str, effect: Effect, before: tuple[str, ...]) -> None:
    adapters = [FakeAdapter(name, runs(name)) for name in "abcd"]
    adapters[2].error = Unavailable("refused", executed=False)
    async with console(*adapters) as t:
        await do(t, ":", "'contexts", "enter", "=3 of 4 reachable")
        await do(t, *before)
        await proves(t, key, effect)
