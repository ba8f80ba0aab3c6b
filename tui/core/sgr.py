"""Colours in log text: SGR sequences become tokens of the theme, everything else is made harmless."""

from __future__ import annotations

import re

from tui.core.text import safe

LIMIT = 20_000
_SGR = re.compile(r"\x1b\[([0-9;]{0,40})m")
_COLORS = {1: "failed", 2: "ok", 3: "waiting", 4: "accent", 5: "aborted", 6: "accent", 0: "muted"}


def pieces(text: str, token: str = "text", limit: int = LIMIT) -> list[tuple[str, str]]:
    """The text as (safe text, token) pieces. The log's own colours are only hints: they are drawn in the
    theme's tokens, so that they can be read on any ground and vanish where there is no colour."""
    text = text[: limit + 1].expandtabs(8)
    if "\x1b" not in text:
        return [(safe(text, limit), token)]
    found: list[tuple[str, str]] = []
    current, at = token, 0
    for match in _SGR.finditer(text):
        if match.start() > at:
            found.append((safe(text[at : match.start()], limit), current))
        current, at = _apply(match[1], current, token), match.end()
    if at < len(text):
        found.append((safe(text[at:], limit), current))
    return found or [("", token)]


def without_colors(text: str) -> str:
    """The text without SGR, other control characters untouched."""
    return _SGR.sub("", text) if "\x1b" in text else text


def _apply(codes: str, current: str, base: str) -> str:
    numbers = [int(code) for code in codes.split(";") if code]
    if not numbers:
        return base
    skip = 0
    for place, code in enumerate(numbers):
        if skip:
            skip -= 1
        elif code in (38, 48):
            skip = 2 if numbers[place + 1 : place + 2] == [5] else 4
        elif code in (0, 39):
            current = base
        elif code == 2:
            current = "muted"
        elif 30 <= code <= 36 or 90 <= code <= 96:
            current = _COLORS[code % 10]
    return current
