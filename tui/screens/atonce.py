"""A screen that shows what a key does as soon as it is done."""

from __future__ import annotations

from textual import events
from textual.screen import Screen

from adapters.turns import is_awaited


class AtOnce(Screen[None], inherit_bindings=False):
    """Textual draws in frames, and after an odd one, such as that of a refresh, waits up to two of them: 33 ms."""

    async def _on_idle(self, event: events.Idle) -> None:
        touched = self._dirty_widgets or self._repaint_required or self._layout_required or self._scroll_required
        if touched and is_awaited():
            self._on_timer_update()
