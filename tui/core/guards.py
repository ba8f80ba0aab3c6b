"""The guardrails of every context as they are now: the config's, and read-only mode as it was switched on."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace

from tui.core.plan import OPEN, Guard


class Guards:
    """Whoever may change something asks this one: planner, journal, permits, screens and commands.

    `configured` gives what config and flags say; it is never undone. What `switch_on` did `switch_off` undoes.
    """

    def __init__(self, configured: Callable[[str], Guard] = lambda context: OPEN) -> None:
        self._configured = configured
        self._switched: set[str] = set()

    def __call__(self, context: str) -> Guard:
        guard = self._configured(context)
        return replace(guard, read_only=True) if context in self._switched else guard

    def why_read_only(self, context: str) -> str | None:
        """The sentence that refuses a write, or None."""
        return f"{context} is read-only" if self(context).read_only else None

    def switch_on(self, contexts: Iterable[str]) -> list[str]:
        """Make contexts read-only, from now on; those that were not."""
        new = [name for name in contexts if not self(name).read_only]
        self._switched.update(new)
        return new

    def switch_off(self, context: str) -> bool:
        """Allow changes again; False where this did not forbid them."""
        if context not in self._switched:
            return False
        self._switched.remove(context)
        return True

    @property
    def switched(self) -> Collection[str]:
        """What was switched on and can be switched off."""
        return frozenset(self._switched)
