"""What the terminal itself is asked for: its clipboard, a notice on the desktop."""

from __future__ import annotations

import base64
from collections.abc import Mapping


def osc52(text: str, environ: Mapping[str, str]) -> str:
    """The escape sequence that copies."""
    data = base64.b64encode(text.encode("utf-8", "replace")).decode("ascii")
    return _passed_on(f"\x1b]52;c;{data}\x07", environ)


def osc9(text: str, environ: Mapping[str, str]) -> str:
    """The escape sequence that raises a notice; `text` is safe and begins with no digit, which means more."""
    return _passed_on(f"\x1b]9;{text}\x07", environ)


def _passed_on(sequence: str, environ: Mapping[str, str]) -> str:
    """tmux and screen pass a sequence on only when it is wrapped for them."""
    if environ.get("TMUX"):
        return "\x1bPtmux;" + sequence.replace("\x1b", "\x1b\x1b") + "\x1b\\"
    if environ.get("TERM", "").startswith("screen"):
        return "\x1bP" + sequence + "\x1b\\"
    return sequence
