"""`:every 10`: how often is asked, from now on and for this session; `:every` alone says it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from adapters.names import nearest
from tui.core.text import safe

if TYPE_CHECKING:
    from tui.screens.base import GridScreen

LEAST, MOST = 0.1, 3600.0


def every(screen: GridScreen, names: Sequence[str], text: str) -> None:
    """For these contexts, or for every one; `usual` is what the config says."""
    sync = screen.services.sync
    unknown = [name for name in names if name not in screen.services.adapters]
    wanted = list(names) or list(screen.services.adapters)
    if unknown:
        screen.message(f"no context {unknown[0]!r}{nearest(unknown[0], screen.services.adapters)}", "failed")
        return
    word = text.strip().removesuffix("s")
    if word not in ("", "usual"):
        try:
            seconds = float(word)
        except ValueError:
            seconds = -1.0
        if not LEAST <= seconds <= MOST:
            screen.message(f"every takes seconds, from {LEAST} to {MOST:.0f}, not {safe(text, 40)!r}", "failed")
            return
        sync.set_interval(seconds, wanted)
    elif word:
        sync.set_interval(None, wanted)
    paces = dict.fromkeys(f"{sync.interval(name):g}" for name in wanted)
    screen.message(f"{', '.join(wanted)}: asked every {' or '.join(paces)} s", "text")
