"""What no Python console can be faster than: a bare interpreter, and one that has imported its libraries."""

from __future__ import annotations

import sys
from collections.abc import Callable

from bench.measure import time_of

BARE = "pass"
LIBRARIES = "import textual.app, httpx"


def bare() -> float:
    return time_of([sys.executable, "-c", BARE])


def libraries() -> float:
    return time_of([sys.executable, "-c", LIBRARIES])


def floors() -> dict[str, Callable[[], float]]:
    return {"bare interpreter": bare, "textual.app + httpx": libraries}
