"""Adapters over a scripted Peloton, closed at the end of each test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from adapters.peloton.adapter import PelotonAdapter
from tests.unit.peloton.fake import POOLS, Fake


@pytest.fixture
def fake() -> Fake:
    return Fake().on("QueryResourcePools", POOLS)


@pytest.fixture
async def lab(fake: Fake, anyio_backend: str) -> AsyncIterator[PelotonAdapter]:
    adapter = fake.adapter()
    yield adapter
    await adapter.aclose()
