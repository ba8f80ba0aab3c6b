"""Peek and keys follow when the cursor has rested, not on every step on the way."""

from __future__ import annotations

import pytest

from tests.tui.conftest import Open
from tests.tui.data import runs
from tests.tui.fake import FakeAdapter
from tui.screens import grid, listsay

pytestmark = pytest.mark.anyio


async def test_peek_and_keys_follow_when_the_cursor_rests(console: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    async with console(FakeAdapter("prod-kfp", runs())) as t:
        await t.see("ocr-detector-train-87")
        await t.see("RUNNING  started")
        monkeypatch.setattr(listsay, "PEEK_DELAY", 3600.0)
        before = t.lines[22:]
        await t.press("j", "j", "j")
        await t.until(lambda: t.cursor == "fraud-gbdt-nightly-0822")
        assert t.lines[22:] == before
        monkeypatch.setattr(listsay, "PEEK_DELAY", 0.01)
        await t.press("j")
        await t.see("✓ SUCCEEDED")
        assert t.lines[22:] != before


def test_it_rests_after_eighty_milliseconds() -> None:
    assert grid.PEEK_DELAY == 0.08
