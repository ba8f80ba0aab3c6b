"""A mock of Peloton at its start, with the cast, 60 jobs and 12 hosts."""

from __future__ import annotations

import pytest

from tests.mock.peloton.client import Peloton


@pytest.fixture
def mock() -> Peloton:
    return Peloton()
