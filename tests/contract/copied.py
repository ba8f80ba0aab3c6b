"""A pytest plugin: the backend of docs/template as if its folder had been copied and its line been added."""

from __future__ import annotations

from pathlib import Path

import pytest

import adapters
from adapters import registry

TEMPLATE = Path(__file__).parents[2] / "docs" / "template"
NAME = "batchq"


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests() -> None:
    """As a plugin only: whoever imports this for its names keeps the backends that there are."""
    adapters.__path__.append(str(TEMPLATE))
    registry.BUILT_IN = {NAME: f"adapters.{NAME}:BACKEND"}
