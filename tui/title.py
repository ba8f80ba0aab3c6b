"""The title of the terminal, while there is something to say in it; the one from before comes back."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tui.core.text import safe

LONGEST = 80
SAVE, RESTORE = "\x1b[22;0t", "\x1b]2;\x07\x1b[23;0t"
"""A terminal without a stack of titles is left with an empty one, which its shell fills again."""

WITHOUT = frozenset({"linux", "dumb", ""})
"""Terminals that have no title, and may draw what would set one."""


class Title:
    """`write` takes control sequences."""

    def __init__(self, write: Callable[[str], None], environ: Mapping[str, str]) -> None:
        self._write = write
        self._has = environ.get("TERM", "") not in WITHOUT
        self._shown = ""

    def show(self, text: str) -> None:
        """Put a text there; an empty one brings back the title from before."""
        text = safe(text, LONGEST)
        if text == self._shown or not self._has:
            return
        if not text:
            self._write(RESTORE)
        else:
            self._write(f"{'' if self._shown else SAVE}\x1b]2;{text}\x07")
        self._shown = text
