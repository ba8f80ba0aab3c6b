"""A widget that was drawn and closed is not kept by Textual's memo of its grounds."""

from __future__ import annotations

import gc
import weakref

from textual._styles_cache import StylesCache
from textual.color import Color

from tui.stylecache import free_what_is_closed, inner_outer


def test_the_memo_does_not_keep_the_widget() -> None:
    free_what_is_closed()
    black, blue = Color(0, 0, 0), Color(0, 0, 255)
    cache = StylesCache()
    seen = weakref.ref(cache)
    assert cache.get_inner_outer(black, blue) == inner_outer(black, blue)
    inner, outer = inner_outer(black, blue)
    assert (inner.background, outer.background) == (black + blue, black)
    del cache
    gc.collect()
    assert seen() is None
