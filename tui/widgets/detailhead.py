"""Lines 3 to 6 of a detail: the cause, the facts in columns, the tabs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from tui.core.text import cell_len, cut, pad
from tui.styles.tokens import active
from tui.widgets import draw
from tui.widgets.draw import Piece

WIDE = 140
NARROW_STARTS = (1, 29, 58)
WIDE_STARTS = (1, 30, 77, 101, 126)


@dataclass(frozen=True, slots=True)
class Tab:
    """One pane of a detail; `count` stands after its title where it says something."""

    id: str
    title: str
    count: int | None = None

    @property
    def text(self) -> str:
        return self.title if self.count is None else f"{self.title} {self.count:,}"


class DetailHead(Widget):
    """`why` may be empty: then its line is not there. `facts` are pairs in order of importance."""

    DEFAULT_CSS = "DetailHead { height: 4; }"
    can_focus = False

    @dataclass
    class TabClicked(Message):
        tab: str

    def __init__(self) -> None:
        super().__init__()
        self.why: Sequence[Piece] = ()
        self.why_right: Sequence[Piece] = ()
        self.facts: Sequence[tuple[str, str, str]] = ()  # label, value, value where there is room
        self.tabs: Sequence[Tab] = ()
        self.tab = ""
        self._spans: list[tuple[int, int, str]] = []

    def show(self) -> None:
        self.styles.height = (1 if self.why else 0) + 3
        self.refresh()

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        y += 0 if self.why else 1
        if y == 0:
            return draw.line([(" ", "text"), *self.why], width, self.why_right, ground="surface", margin=1)
        if y in (1, 2):
            return draw.line(self._facts(y - 1, width), width)
        return draw.line(self._tabs(width), width)

    def _facts(self, row: int, width: int) -> list[Piece]:
        """Two rows, filled down the columns: the first six facts on 80 columns, ten where it is wide."""
        starts = WIDE_STARTS if width >= WIDE else tuple(start * width // 80 for start in NARROW_STARTS)
        pieces: list[Piece] = [(" ", "text")]
        for column, start in enumerate(starts):
            ends = starts[column + 1] - 2 if column + 1 < len(starts) else width - 1
            both = self.facts[2 * column : 2 * column + 2]
            label = max((cell_len(name) for name, _, _ in both), default=0)
            if row >= len(both):
                continue
            name, short, full = both[row]
            room = max(1, ends - start - label - 1)
            value = full if cell_len(full) <= room else short
            at = draw.width_of(pieces)
            pieces.append((" " * max(0, start - at), "text"))
            pieces.append((pad(name, label) + " ", "muted"))
            pieces.append((cut(value, room, ascii=active().ascii), "text"))
        return pieces

    def _tabs(self, width: int) -> list[Piece]:
        """The tabs, moved so far to the left that the present one is in view."""
        present = next((i for i, tab in enumerate(self.tabs) if tab.id == self.tab), 0)
        first = 0
        while first < present and self._length(first, present) > width - 4:
            first += 1
        pieces: list[Piece] = [(" " if first == 0 else "‹", "muted")]
        self._spans = []
        for index in range(first, len(self.tabs)):
            tab = self.tabs[index]
            text = f"[{tab.text}]" if index == present else tab.text
            start = draw.width_of(pieces)
            self._spans.append((start, start + cell_len(text), tab.id))
            pieces += [(text, "accent bold" if index == present else "muted"), ("  ", "text")]
        return pieces

    def _length(self, first: int, last: int) -> int:
        return sum(cell_len(tab.text) + 2 for tab in self.tabs[first : last + 1])

    def on_click(self, event: events.Click) -> None:
        event.stop()
        if event.y == self.size.height - 1:
            for start, end, tab in self._spans:
                if start <= event.x < end:
                    self.post_message(self.TabClicked(tab))
