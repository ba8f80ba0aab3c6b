"""What closed widgets have drawn is freed with them."""

from __future__ import annotations

from functools import lru_cache

from textual._styles_cache import StylesCache
from textual.color import Color
from textual.style import Style


@lru_cache(1024)
def inner_outer(base_background: Color, background: Color) -> tuple[Style, Style]:
    """The grounds inside and outside of a widget's border."""
    return Style(background=base_background + background), Style(background=base_background)


def free_what_is_closed() -> None:
    """Textual's own memo of these two has the widget's whole drawing in its key: 1,024 of them stayed, 40 MiB."""
    StylesCache.get_inner_outer = staticmethod(inner_outer)  # type: ignore[assignment,method-assign]
