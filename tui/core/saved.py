"""Filters on the numbers 1 to 9 of each kind: those of the config, and above them those saved in the console."""

from __future__ import annotations

from collections.abc import Mapping

from adapters.model import Kind
from tui.core.memory import Memory

NUMBERS = "123456789"


def saved_filters(config: Mapping[str, str | Mapping[str, str]], memory: Memory, kind: Kind) -> dict[str, str]:
    """By number. Of the config's own, those of the kind win over those of all kinds."""
    found = {number: text for number, text in config.items() if isinstance(text, str)}
    own = config.get(kind.plural, {})
    found |= own if isinstance(own, Mapping) else {}
    found |= memory.filters(kind)
    return {number: text for number, text in sorted(found.items()) if text}
