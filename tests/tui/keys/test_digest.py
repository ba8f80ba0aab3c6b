"""Each key of the digest: pressed, and its effect seen."""

from __future__ import annotations

import pytest

from adapters.model import Kind
from tests.tui.conftest import Open
from tests.tui.digest.test_digest import NIGHT, look, looks, opened, rows
from tests.tui.fake import NOW, FakeAdapter, Tester
from tests.tui.keys.proof import CASE, Effect, case, cases, do, on, proves, sees
from tui.core.looks import Look
from tui.screens.digest import DigestScreen
from tui.screens.list import ListScreen

pytestmark = pytest.mark.anyio

FIRST, LAST = "out of memory", "/ml/ads"


def entry(title: str) -> Effect:
    def there(t: Tester) -> bool:
        shown = t.app.screen
        return isinstance(shown, DigestScreen) and shown.pane.entry is not None and shown.pane.entry.title == title

    return there


KEYS = [
    *cases("down", "j down", entry("image pull")),
    *cases("up", "k up", entry(FIRST), "j"),
    *cases("top", "g home", entry(FIRST), "G"),
    *cases("bottom", "G end", entry(LAST)),
    *cases("page-down", "ctrl-f pagedown", entry(LAST)),
    *cases("page-up", "ctrl-b pageup", entry(FIRST), "G"),
    case("next-fault", "e", entry("image pull")),
    case("previous-fault", "E", entry(FIRST), "j"),
    case("open", "enter", on(ListScreen, kind=Kind.RUN)),
    case("all-contexts", "0", sees("all › digest")),
    case("look-earlier", "<", sees("since 06:32:07Z, 8h00m ago")),
    case("look-later", ">", sees("since 13:32:07Z, 1h00m ago"), "<", "=since 06:32:07Z"),
    *cases("back", "escape q", on(ListScreen)),
]


@pytest.mark.parametrize(CASE, KEYS)
async def test_digest(console: Open, key: str, effect: Effect, before: tuple[str, ...]) -> None:
    fake = FakeAdapter("peloton", rows())
    async with console(fake, FakeAdapter("kfp"), scope=("peloton",), size=(80, 40)) as t:
        later = look(NOW - 3600) if key in "<>" else Look(NOW - 2 * NIGHT, {})
        t.app.services.looks = looks(look(NOW - NIGHT), later)
        await opened(t)
        await t.see("RECOVERED")
        await do(t, *before)
        await proves(t, key, effect)


@pytest.mark.parametrize(CASE, [case("digest", "D", on(DigestScreen))])
async def test_list(console: Open, key: str, effect: Effect, before: tuple[str, ...]) -> None:
    async with console(FakeAdapter("peloton", rows())) as t:
        await t.see("etl-1")
        await do(t, *before)
        await proves(t, key, effect)
