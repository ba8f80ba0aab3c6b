"""The permit without which no write leaves the machine.

Only the journal makes permits, after the intention is safely on disk (`tui.core.journal`); `http.py`
spends one per write request. That makes the journal the one choke point for read-only mode, plans and
plugins.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from adapters.model import Ref


class PermitRefused(RuntimeError):
    """A write was attempted without a permit, or with one that is spent: a defect, never a condition."""


@dataclass(slots=True, eq=False)
class Permit:
    """Allows exactly one write request for one journal record; `target` is the object, or the context.

    `check` is asked once more at the moment of sending, and raises when it is no longer allowed.
    """

    plan: str
    record: str
    action: str
    target: Ref | str
    check: Callable[[], None] = field(default=lambda: None, repr=False)
    _spent: bool = field(default=False, repr=False)

    @property
    def spent(self) -> bool:
        return self._spent

    def spend(self) -> None:
        if self._spent:
            raise PermitRefused(f"the permit of journal record {self.record} is spent")
        self._spent = True
