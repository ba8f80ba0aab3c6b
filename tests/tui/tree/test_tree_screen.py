"""The tree: what is below an object, unfolded, followed, opened."""

from __future__ import annotations

import pytest

from adapters.model import Kind, Ref
from tests.tui.conftest import Open
from tests.tui.detail.world import RUN, World
from tests.tui.fake import Tester
from tui.screens.tree import TreeScreen

pytestmark = pytest.mark.anyio


async def test_a_run_unfolds_to_its_tasks(console: Open) -> None:
    async with console(World()) as t:
        await t.see("fraud-gbdt")
        await t.press("ctrl+t")
        await t.until(lambda: isinstance(t.app.screen, TreeScreen))
        await t.see("try 2")
        assert any(" ✗ ├ try 1" in line or " ✗ │ ├ try 1" in line for line in t.lines)
