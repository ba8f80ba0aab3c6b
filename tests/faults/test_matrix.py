"""No fault ends in a traceback, an empty table or a second write; docs/faults.md says what each one does."""

from __future__ import annotations

from pathlib import Path

import pytest

from docs import faults as faults_page
from tests.faults.matrix import OPERATIONS, faults_of, run_backend
from tests.trust.world import BACKENDS
from tui.core import execution

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("backend", BACKENDS)
async def test_the_matrix(backend: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(execution, "PAUSE_BEFORE_SECOND_TRY", 0.0)
    cells = await run_backend(backend, tmp_path)
    assert len(cells) == sum(len(faults_of(operation)) for operation in OPERATIONS)
    page = (ROOT / "docs" / "faults.md").read_text(encoding="utf-8")
    for cell in cells:
        if cell.operation in ("get", "action"):
            assert faults_page.line(cell) in page, "run python docs/faults.py"
