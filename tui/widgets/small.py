"""What a screen says that is too small to draw on."""

from __future__ import annotations

from textual.strip import Strip
from textual.widget import Widget

from tui.widgets.draw import blank, line


class TooSmall(Widget):
    DEFAULT_CSS = "TooSmall { height: 1fr; display: none; }"
    can_focus = False

    def __init__(self) -> None:
        super().__init__()
        self._text = ""

    def tell(self, width: int, height: int, smallest: tuple[int, int]) -> None:
        self._text = f"needs {smallest[0]}x{smallest[1]}, has {width}x{height}"
        self.refresh()

    def render_line(self, y: int) -> Strip:
        return line([(self._text, "text")], self.size.width) if y == 0 else blank(self.size.width)
