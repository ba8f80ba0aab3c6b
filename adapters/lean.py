"""Import this before httpx: it takes its own command line along where it can, 30 ms of every start for nothing."""

from __future__ import annotations

import sys

sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]  # None: it cannot be imported
