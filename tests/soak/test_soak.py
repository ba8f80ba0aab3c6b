"""One minute of the soak; `make soak` takes ten."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.soak.drive import COUNTED, soak
from tests.trust.world import BACKENDS

pytestmark = [pytest.mark.anyio, pytest.mark.slow]


async def test_a_minute(tmp_path: Path) -> None:
    report = await soak(tmp_path, seconds=60, settle=20)
    told = "\n".join(report.lines())
    assert report.wrong == [], report.wrong[:10]
    assert report.rows >= 300
    assert min(report.refreshes[name] for name in BACKENDS) >= 30, told  # few, for a machine with other work
    assert min(report.errors[name] for name in BACKENDS) > 0, told
    assert report.growth <= 1.15, told  # the caches of a screen fill for longer than this
    for what in COUNTED:
        before, after = report.grown(what)
        assert after <= before * 1.2 + 3, told
