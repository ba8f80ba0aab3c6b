"""The structure inside a log line: JSON or logfmt, as lines a person can read."""

from __future__ import annotations

import json
import re

MOST_LINES = 200
LONGEST = 16_384
_PAIR = re.compile(r'(?<![\w.\-])([A-Za-z_][\w.\-]*)=("(?:[^"\\]|\\.)*"|\S+)')


def unfold(text: str) -> list[str]:
    """Indented JSON if the line holds an object or array, else its key=value pairs, else nothing."""
    found = _json(text)
    if found is not None:
        lines = json.dumps(found, indent=2, ensure_ascii=False).split("\n")
    else:
        pairs = _PAIR.findall(text[:LONGEST])
        if len(pairs) < 2:
            return []
        width = min(24, max(len(key) for key, _ in pairs))
        lines = [f"{key:<{width}}  {value}" for key, value in pairs]
    more = len(lines) - MOST_LINES
    return lines if more <= 0 else [*lines[:MOST_LINES], f"({more} more lines)"]


def _json(text: str) -> object | None:
    """The first JSON object or array in the text that is one; bounded, because a line is anybody's."""
    decoder = json.JSONDecoder()
    for match in list(re.finditer(r"[{\[]", text))[:20]:
        try:
            value, _ = decoder.raw_decode(text, match.start())
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict | list) and value:
            return value
    return None
