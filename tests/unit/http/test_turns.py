"""Background work stands back while somebody waits."""

from __future__ import annotations

import asyncio

import pytest

from adapters import turns

pytestmark = pytest.mark.anyio


async def test_background_work_waits_until_the_key_is_done_with(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    plain = asyncio.sleep

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        await plain(0)

    monkeypatch.setattr(turns, "_until", float("-inf"))
    monkeypatch.setattr(asyncio, "sleep", sleep)
    monkeypatch.setattr(turns, "monotonic", lambda: 100.0)
    await turns.give_way()
    assert slept == [0]
    turns.somebody_waits()
    await turns.give_way()
    assert slept == [0, 0, pytest.approx(turns.STAND_BACK)]
    monkeypatch.setattr(turns, "monotonic", lambda: 101.0)
    await turns.give_way()
    assert slept[3:] == [0]
