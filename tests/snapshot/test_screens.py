"""How every screen looks at 80x24, and the five main ones large, light and without colour.

`pytest --snapshot-update` after a wanted change.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.snapshot.scenes import MAIN, OTHERS, Scene
from tests.tui.fake import Tester
from tests.tui.keys.proof import do
from tui.app import ConsoleApp
from tui.styles import tokens

Snap = Callable[..., bool]


@pytest.fixture(autouse=True)
def of_one_person(monkeypatch: pytest.MonkeyPatch) -> None:
    """The path of the config is on the first screen, who acted in the journal."""
    monkeypatch.setenv("RUNYARD_CONFIG", "/none/runyard/config.toml")
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "ana")


SMALL, LARGE = (80, 24), (160, 48)


def looks(snap_compare: Snap, scene: Scene, folder: Path, size: tuple[int, int], theme: str) -> bool:
    app = scene.make(folder, tokens.THEMES[theme])

    async def before(pilot: Pilot[Any]) -> None:
        assert isinstance(pilot.app, ConsoleApp)
        await pilot.pause()
        await do(Tester(pilot.app, pilot), *scene.steps)
        await pilot.pause()

    return snap_compare(app, terminal_size=size, run_before=before)


@pytest.mark.parametrize("name", [*MAIN, *OTHERS])
def test_small(snap_compare: Snap, tmp_path: Path, name: str) -> None:
    assert looks(snap_compare, (MAIN | OTHERS)[name], tmp_path, SMALL, "dark")


@pytest.mark.parametrize("name", MAIN)
def test_large(snap_compare: Snap, tmp_path: Path, name: str) -> None:
    assert looks(snap_compare, MAIN[name], tmp_path, LARGE, "dark")


@pytest.mark.parametrize("theme", ["light", "mono"])
@pytest.mark.parametrize("name", MAIN)
def test_themes(snap_compare: Snap, tmp_path: Path, name: str, theme: str) -> None:
    assert looks(snap_compare, MAIN[name], tmp_path, SMALL, theme)
