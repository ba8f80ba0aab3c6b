"""Lines 1 and 2: where am I and is it true; what is wrong."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from adapters.frozen import dataclass
from tui.core.text import cut
from tui.styles import tokens
from tui.widgets.draw import Piece, blank, line, width_of


@dataclass(frozen=True, slots=True)
class Slot:
    """One of the fixed counts of line 2. `filter` is what a click on it filters to."""

    symbol: str
    count: str
    word: str
    token: str
    zero: bool = False
    filter: str = ""

    def pieces(self, narrow: bool) -> list[Piece]:
        word = "" if narrow or not self.word else f" {self.word}"
        if self.zero:
            return [(f"{self.symbol} {self.count}{word}" if self.symbol else f"{self.count}{word}", "muted")]
        both = self.token in ("failed", "waiting", "text")
        parts: list[Piece] = [(f"{self.symbol} ", self.token)] if self.symbol else []
        return [*parts, (self.count, self.token if both else "text"), (word, "muted" if not both else self.token)]


class Head(Widget):
    """Crumbs and freshness; counts, filter and marks."""

    DEFAULT_CSS = "Head { height: 2; }"
    can_focus = False

    @dataclass
    class SlotClicked(Message):
        filter: str

    @dataclass
    class CrumbClicked(Message):
        """`way` is the way to the crumb that was clicked, this one included."""

        way: tuple[str, ...]

    def __init__(self) -> None:
        super().__init__()
        self.crumbs: list[str] = []
        self.guard = ""
        self.first_token = "text"
        self.short = False
        self.guard_token = "bold"
        self.freshness: Sequence[Piece] = ()
        self.slots: Sequence[Slot] = ()
        self.note: Sequence[Piece] = ()
        self.counts_text: Sequence[Piece] = ()
        self._spans: list[tuple[int, int, str]] = []
        self._crumb_spans: list[tuple[int, int, int]] = []
        self._drawn: list[Strip | None] = [None, None]

    def refresh_lines(self) -> None:
        """Repaint only a line that would look different."""
        if not self.is_mounted or not self.size.width:
            return
        for y, strip in enumerate((self._first(), self._second())):
            if strip != self._drawn[y]:
                self.refresh(self.size.region.translate((0, y)).crop_size((self.size.width, 1)))

    def render_line(self, y: int) -> Strip:
        if y > 1:
            return blank(self.size.width, "surface")
        strip = self._first() if y == 0 else self._second()
        self._drawn[y] = strip
        return strip

    def _first(self) -> Strip:
        width = self.size.width
        arrow = " > " if tokens.active().ascii else " › "
        fresh = list(self.freshness)
        room = width - width_of(fresh) - (4 if fresh else 2)
        way = list(enumerate(self.crumbs))
        if self.short and len(way) > 1:
            way = [way[0], way[-1]]
        pieces: list[Piece] = [(" ", "text")]
        self._crumb_spans = []
        for number, crumb in _shorten(way, room - cell_len(self.guard) - 1, len(arrow)):
            if number:
                pieces.append((arrow, "muted"))
            start = width_of(pieces)
            self._crumb_spans.append((start, start + cell_len(crumb), number))
            pieces.append((crumb, self.first_token if number == 0 else "text"))
            if number == 0 and self.guard:
                pieces.append((f" {self.guard}", self.guard_token))
        return line(pieces, width, fresh, ground="surface", margin=1)

    def _second(self) -> Strip:
        width = self.size.width
        self._spans = []
        if self.counts_text:
            return line([(" ", "text"), *self.counts_text], width, self.note, ground="surface", margin=1)
        room = width - width_of(self.note) - 2
        pieces = self._slots(self.slots, narrow=width < 80)
        if width_of(pieces) > room:
            pieces = self._slots(self.slots[:-1], narrow=width < 80)
        if width_of(pieces) > room:
            pieces = self._slots(self.slots, narrow=True)
        return line(pieces, width, self.note, ground="surface", margin=1)

    def _slots(self, slots: Sequence[Slot], *, narrow: bool) -> list[Piece]:
        pieces: list[Piece] = [(" ", "text")]
        self._spans = []
        for number, slot in enumerate(slots):
            if number:
                pieces.append(("  " if narrow else "   ", "text"))
            start = width_of(pieces)
            pieces += slot.pieces(narrow and bool(slot.symbol))
            if slot.filter:
                self._spans.append((start, width_of(pieces), slot.filter))
        return pieces

    def on_click(self, event: events.Click) -> None:
        event.stop()
        if event.y == 0:
            for start, end, number in self._crumb_spans:
                if start <= event.x < end:
                    self.post_message(self.CrumbClicked(tuple(self.crumbs[: number + 1])))
        elif event.y == 1:
            for start, end, text in self._spans:
                if start <= event.x < end:
                    self.post_message(self.SlotClicked(text))


def _shorten(crumbs: Sequence[tuple[int, str]], room: int, arrow: int) -> list[tuple[int, str]]:
    """Drop numbered crumbs after the first until they fit; then cut the longest."""
    result = list(crumbs)

    def size() -> int:
        return sum(cell_len(crumb) for _, crumb in result) + arrow * (len(result) - 1)

    while len(result) > 3 and size() > room:
        del result[1]
        if len(result) <= 3:
            break
    if result and size() > room:
        for index in sorted(range(1, len(result)), key=lambda i: -cell_len(result[i][1])):
            extra = size() - room
            if extra <= 0:
                break
            number, crumb = result[index]
            keep = max(8, cell_len(crumb) - extra)
            if cell_len(crumb) > keep:
                result[index] = number, cut(crumb, keep, ascii=tokens.active().ascii)
    return result
