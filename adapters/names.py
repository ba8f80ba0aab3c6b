"""Finding the name the operator probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def nearest(word: str, known: Iterable[str]) -> str:
    """A tail for an error sentence: `; nearest: runs`, or the empty string when nothing is near."""
    candidates = list(known)
    lowered = {name.lower(): name for name in reversed(candidates)}
    close = difflib.get_close_matches(word.lower(), lowered, n=1, cutoff=0.5)
    if close:
        return f"; nearest: {lowered[close[0]]}"
    prefixed = sorted(name for name in candidates if word and name.lower().startswith(word.lower()))
    return f"; nearest: {prefixed[0]}" if prefixed else ""
