"""What the terminal itself is asked for: its clipboard, a notice on the desktop."""

from __future__ import annotations

import base64
from collections.abc import Mapping

SCREEN_TAKES = 750
"""GNU screen passes on at most 768 bytes at a time; the pieces are one sequence to the terminal behind it."""


def osc52(text: str, environ: Mapping[str, str]) -> str:
    """The escape sequence that copies."""
    data = base64.b64encode(text.encode("utf-8", "replace")).decode("ascii")
    return _passed_on(f"\x1b]52;c;{data}\x07", environ)


def osc9(text: str, environ: Mapping[str, str]) -> str:
    """The escape sequence that raises a notice; `text` is safe and begins with no digit, which means more."""
    return _passed_on(f"\x1b]9;{text}\x07", environ)


def _passed_on(sequence: str, environ: Mapping[str, str]) -> str:
    """tmux and screen pass a sequence on only when it is wrapped for them; over SSH only TERM tells of them."""
    term = environ.get("TERM", "")
    if environ.get("TMUX") or (term.startswith("tmux") and not environ.get("STY")):
        return "\x1bPtmux;" + sequence.replace("\x1b", "\x1b\x1b") + "\x1b\\"
    if environ.get("STY") or term.startswith("screen"):
        pieces = [sequence[at : at + SCREEN_TAKES] for at in range(0, len(sequence), SCREEN_TAKES)]
        return "".join(f"\x1bP{piece}\x1b\\" for piece in pieces)
    return sequence
