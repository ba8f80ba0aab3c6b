"""Copying to the clipboard of the terminal."""

from __future__ import annotations

import base64
from collections.abc import Mapping


def osc52(text: str, environ: Mapping[str, str]) -> str:
    """The escape sequence that copies; tmux and screen pass it on only when it is wrapped for them."""
    data = base64.b64encode(text.encode("utf-8", "replace")).decode("ascii")
    sequence = f"\x1b]52;c;{data}\x07"
    if environ.get("TMUX"):
        return "\x1bPtmux;" + sequence.replace("\x1b", "\x1b\x1b") + "\x1b\\"
    if environ.get("TERM", "").startswith("screen"):
        return "\x1bP" + sequence + "\x1b\\"
    return sequence
