"""Each key of a log: pressed, and its effect seen."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.model import Kind
from tests.tui.conftest import Open
from tests.tui.detail.world import spool
from tests.tui.fake import Tester
from tests.tui.keys.proof import CASE, Effect, case, cases, copied, do, loses, on, proves, sees
from tests.tui.logs.test_logs import line, many, opened, quick, world
from tui.screens.list import ListScreen
from tui.screens.logs import LogsScreen
from tui.widgets.logview import LogView

__all__ = ["quick"]
pytestmark = pytest.mark.anyio

LAST = 1801
WIDE = "x" * 150 + " tail"


def at(number: int) -> Effect:
    """The cursor is on that line, and what comes later does not move it."""
    return lambda t: _view(t).cursor == number and not _view(t).following


def follows(t: Tester) -> bool:
    return _view(t).following


def _view(t: Tester) -> LogView:
    assert isinstance(t.app.screen, LogsScreen)
    return t.app.screen.view


LINES = [
    *cases("down", "j down", at(1), "g"),
    *cases("up", "k up", at(LAST - 1)),
    *cases("top", "g home", at(0)),
    *cases("bottom", "G end", lambda t: _view(t).cursor == LAST, "g"),
    *cases("page-down", "ctrl-f pagedown", lambda t: _view(t).cursor > 5, "g"),
    *cases("page-up", "ctrl-b pageup", lambda t: _view(t).cursor < LAST - 5),
    *cases("left", "left h", sees("step 1801"), "right", "~step 1801"),
    case("right", "right", loses("step 1801")),
    case("next-fault", "e", at(1740), "g"),
    case("previous-fault", "E", at(1740)),
    case("follow", "s", follows, "g"),
    case("wrap", "w", sees("tail")),
    case("times", "t", loses("14:30:01.000")),
    case("minute-back", "<", at(LAST - 60)),
    case("minute-on", ">", at(60), "g"),
    case("marker", "m", sees("--- marked at 14:32:07Z")),
    case("bookmark", "b", sees("▌ *14:00:00.000"), "g"),
    case("next-bookmark", "u", at(0), "g", "b", "G"),
    case("previous-bookmark", "U", at(0), "g", "b", "G"),
    case("at", "@", sees("2026-08-22 14:32")),
    case("all-sources", "a", sees("2 logs, merged by time")),
    case("pager", "o", sees("there is no program 'no-such-pager'")),
    case("editor", "v", sees("there is no program 'no-such-editor'")),
    case("log-end", "0", follows, "g"),
    case("log-beginning", "1", at(0)),
    case("log-1m", "2", at(LAST - 60)),
    case("log-5m", "3", at(LAST - 300)),
    case("log-15m", "4", at(LAST - 900)),
    case("log-30m", "5", at(LAST - 1800)),
    case("log-1h", "6", at(0)),
    case("filter", "/", sees("enter take")),
    case("next-match", "n", at(100), "g", "/", "'step 10", "enter", "=/step 10 1 of"),
    case("previous-match", "N", at(100), "g", "/", "'step 10", "enter", "=/step 10 1 of", "n", "n"),
    case("matches-only", "&", sees("enter take")),
    case("copy", "c", copied(f"2026-08-22T14:30:01.000Z step 1801 {WIDE}")),
    case("save", "ctrl-s", lambda t: Path("runyard-peloton-pod-7-stdout.log").exists()),
    case("open", "enter", sees("tail")),
    case("menu", "x", sees("ACTIONS  pod-7")),
    case("attempts", "p", sees("try 2 of 3")),
    case("next-pane", "tab", sees(" stderr  try 3")),
    case("previous-pane", "shift-tab", sees(" stderr  try 3")),
    *cases("back", "escape q", on(ListScreen)),
]


@pytest.mark.parametrize(CASE, LINES)
async def test_log(
    console: Open,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    key: str,
    effect: Effect,
    before: tuple[str, ...],
) -> None:
    monkeypatch.setenv("PAGER", "no-such-pager")
    monkeypatch.setenv("VISUAL", "no-such-editor")
    fake = world()
    fake.write("pod-7", many(1740) + line(1740, "ERROR disk"), attempt=3)
    fake.write("pod-7", many(60, 1741) + line(LAST, "step")[:-1] + f" {WIDE}\n".encode(), attempt=3)
    fake.write("pod-7", b"an earlier one\n", attempt=2)
    fake.write("pod-7", b"err\n", "stderr", attempt=3)
    async with console(fake, view=Kind.POD, spool=spool(tmp_path)) as t:
        await t.see("pod-7")
        shown = await opened(t)
        await t.until(lambda: shown.view.cursor == LAST)
        await t.see("✗ 1")
        await do(t, *before)
        await proves(t, key, effect)
