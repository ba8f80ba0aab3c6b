"""The journal: every write's intention is on disk before the write may leave, and its outcome after."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path

from adapters.model import Json, Ref
from adapters.permit import Permit


class Journal:
    """`directory` None: nothing is written (`--no-journal`). `read_only` gives the reason a context is, or None."""

    def __init__(
        self,
        directory: Path | None,
        *,
        clock: Callable[[], float] = time.time,
        read_only: Callable[[str], str | None] = lambda context: None,
    ) -> None: ...
    def issue(
        self, plan: str, action: str, target: Ref | str, params: Mapping[str, Json], reason: str = ""
    ) -> Permit:
        raise NotImplementedError

    def outcome(self, permit: Permit, outcome: str, message: str = "", created: Ref | None = None) -> None: ...
