"""When garbage is collected: a collection that walks over everything stalls the keys for a tenth of a second."""

from __future__ import annotations

import gc

USUAL = (700, 10, 10)
"""Python's own thresholds. Larger ones mean fewer collections of which each is felt."""


_started = False


def started() -> None:
    """What has been imported stays until the end, and is not walked over again.

    Once only: what is frozen and becomes garbage in a circle, as a screen that was closed does, is kept for ever.
    """
    global _started
    if _started:
        return
    _started = True
    gc.set_threshold(*USUAL)
    gc.freeze()


def rows_came() -> None:
    """Rows live long, too. What is garbage now would be frozen with them, and stay."""
    gc.collect()
    gc.freeze()
