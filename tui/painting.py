"""The last step to the terminal: only the cells that differ from what it shows already, and no style twice.

Textual sends every touched line from its left edge and resets the style after each piece. Over a thin line that
is most of what a console costs; a cursor step here is two rows, a refresh the digits that changed.
"""

from __future__ import annotations

import curses
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from rich.cells import cell_len
from rich.color import ColorSystem
from rich.console import Console
from rich.style import Style
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.geometry import Size
from textual.strip import Strip

BRIDGE = 4
"""So many unchanged cells between two changed ones are sent again: a cursor move is not shorter."""

ERASE = 12
"""From so many blanks on it is shorter to erase them."""

Cell = tuple[str, str]
"""What stands in a cell, with its SGR parameters. The second cell of a wide character is empty."""


class Painter:
    """Knows what the terminal shows. `forget` when something else may have drawn on it."""

    def __init__(self, *, erases: bool) -> None:
        self._erases = erases
        self._size = Size(0, 0)
        self._pen = ""
        self._shown: dict[int, list[Cell | None]] = {}

    def forget(self) -> None:
        self._shown.clear()

    def draw(self, update: CompositorUpdate, console: Console, size: Size) -> str:
        """The control sequences that bring the terminal from what it shows to what it should show."""
        pieces = _pieces(update)
        if pieces is None:
            self.forget()
            return update.render_segments(console)
        if size != self._size:
            self.forget()
            self._size = size
        system = console._color_system or ColorSystem.TRUECOLOR
        out: list[str] = []
        self._pen = ""
        for y, x, strips in pieces:
            out += self._line(y, x, _cells(strips, system))
        if self._pen:
            out.append("\x1b[0m")
        return "".join(out)

    def _line(self, y: int, x: int, new: list[Cell]) -> Iterator[str]:
        """One stretch of a line: its changed runs, each after a move of the cursor."""
        width = self._size.width
        shown = self._shown.get(y)
        if shown is None:
            shown = self._shown[y] = [None] * width
        new = new[: width - x]
        old = shown[x : x + len(new)]
        if old == new:
            return
        shown[x : x + len(new)] = new
        at = -1
        for start, end in _runs(old, new):
            if at < 0:
                yield f"\x1b[{y + 1};{x + start + 1}H"
            else:
                yield f"\x1b[{start - at}C"
            yield self._run(new[start:end], to_edge=x + end >= width)
            at = end

    def _run(self, cells: list[Cell], *, to_edge: bool) -> str:
        out: list[str] = []
        index, count = 0, len(cells)
        while index < count:
            cell = cells[index]
            text, style = cell
            if style != self._pen:
                out.append(_change(self._pen, style))
                self._pen = style
            after = index + 1
            if text == " " and self._erases and _erasable(style):
                while after < count and cells[after] == cell:
                    after += 1
                blanks = after - index
                if blanks >= ERASE:
                    last = after == count
                    out.append("\x1b[K" if last and to_edge else f"\x1b[{blanks}X\x1b[{blanks}C")
                else:
                    out.append(" " * blanks)
            else:
                out.append(text)
            index = after
        return "".join(out)


class Changes(CompositorUpdate):
    """An update as Textual writes it, drawn by the painter at the moment it is really written."""

    def __init__(self, update: CompositorUpdate, painter: Painter, size: Size) -> None:
        self._update = update
        self._painter = painter
        self._size = size

    def render_segments(self, console: Console) -> str:
        return self._painter.draw(self._update, console, self._size)


def erases_in_color() -> bool:
    """Whether erased cells get the ground that is set (terminfo's `bce`), as curses asks before it relies on it."""
    try:
        curses.setupterm(fd=1)
        return curses.tigetflag("bce") > 0
    except curses.error:
        return False


def _pieces(update: CompositorUpdate) -> Iterable[tuple[int, int, Iterable[Strip]]] | None:
    """Line, column and strips of an update; None for one that is not known here."""
    if isinstance(update, LayoutUpdate):
        left, top = update.region.x, update.region.y
        return [(y, left, line) for y, line in enumerate(update.strips, top)]
    if isinstance(update, ChopsUpdate):
        return _chops(update)
    return None


def _chops(update: ChopsUpdate) -> Iterator[tuple[int, int, Iterable[Strip]]]:
    seen: set[tuple[int, int]] = set()
    for y, left, right in update.spans:
        for end, (x, strip) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
            if strip is not None and x <= right and end > left and (y, x) not in seen:
                seen.add((y, x))
                yield y, x, [strip if strip.cell_length <= end - x else strip.crop(0, end - x)]


def _cells(strips: Iterable[Strip], system: ColorSystem) -> list[Cell]:
    """One entry a cell."""
    cells: list[Cell] = []
    for strip in strips:
        for text, style, _ in strip:
            codes = _codes(style, system) if style else ""
            if text.isascii():
                cells.extend((char, codes) for char in text)
            else:
                _spread(text, codes, cells)
    return cells


def _spread(text: str, codes: str, cells: list[Cell]) -> None:
    """Text with characters of other widths: what has none goes with the one before it. A cluster whose parts do
    not add up to its width is sent whole, from its first cell."""
    start = len(cells)
    for char in text:
        width = cell_len(char)
        if width == 0 and len(cells) > start:
            at = len(cells) - 1
            while at > start and cells[at] == ("", codes):
                at -= 1
            cells[at] = (cells[at][0] + char, codes)
        elif width:
            cells.append((char, codes))
            if width == 2:
                cells.append(("", codes))
    wanted = cell_len(text)
    if len(cells) - start != wanted:
        cells[start:] = [(text, codes), *[("", codes)] * (wanted - 1)] if wanted else []


def _runs(old: Sequence[Cell | None], new: Sequence[Cell]) -> list[tuple[int, int]]:
    """Stretches to send, from and to; short pauses between changed cells are bridged."""
    changed = [index for index, (was, now) in enumerate(zip(old, new, strict=True)) if was != now]
    runs: list[tuple[int, int]] = []
    start, last = changed[0], changed[0] - 1
    for index in changed:
        if index - last - 1 > BRIDGE:
            runs.append(_whole(new, start, last + 1))
            start = index
        last = index
    runs.append(_whole(new, start, last + 1))
    return runs


def _whole(cells: Sequence[Cell], start: int, end: int) -> tuple[int, int]:
    """A run that cuts no wide character in half."""
    while start > 0 and not cells[start][0]:
        start -= 1
    while end < len(cells) and not cells[end][0]:
        end += 1
    return start, end


@lru_cache(4096)
def _codes(style: Style, system: ColorSystem) -> str:
    """The SGR parameters of a style."""
    drawn = (style.update_link(None) if style.link else style).render("x", color_system=system)
    return drawn[2 : drawn.index("m")] if drawn.startswith("\x1b[") else ""


_PARAMETER = re.compile(r"(?:38|48);5;\d+|(?:38|48);2;\d+;\d+;\d+|\d+")


@lru_cache(4096)
def _parts(codes: str) -> tuple[frozenset[str], str, str]:
    """Attributes, foreground and background of SGR parameters."""
    attributes, front, back = set(), "39", "49"
    for found in _PARAMETER.findall(codes):
        number = int(found.partition(";")[0])
        if 30 <= number <= 39 or 90 <= number <= 97:
            front = found
        elif 40 <= number <= 49 or 100 <= number <= 107:
            back = found
        else:
            attributes.add(found)
    return frozenset(attributes), front, back


@lru_cache(4096)
def _change(pen: str, style: str) -> str:
    """What turns one style into another."""
    attributes, front, back = _parts(style)
    before, old_front, old_back = _parts(pen)
    if before - attributes:
        return f"\x1b[0;{style}m" if style else "\x1b[0m"
    wanted = sorted(attributes - before)
    wanted += [front] if front != old_front else []
    wanted += [back] if back != old_back else []
    return f"\x1b[{';'.join(wanted)}m" if wanted else ""


@lru_cache(4096)
def _erasable(style: str) -> bool:
    """An erased cell has a ground and nothing else."""
    return not _parts(style)[0]
