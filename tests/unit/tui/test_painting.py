"""Whatever was drawn before, the terminal shows what Textual would have drawn, for fewer bytes."""

from __future__ import annotations

import random
import subprocess
import sys

import pyte
import pytest
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.geometry import Region, Size
from textual.strip import Strip

from tui.painting import Painter

SIZE = Size(40, 6)
STYLES = [
    Style.parse(text)
    for text in ("color(252) on color(234)", "color(246) on color(234)", "bold red", "underline", "reverse", "none")
]
WORDS = ["run", "failed", " ", " " * 14, "日本", "▸ ok", "…", "x" * 9]


class Shown:
    """What a terminal shows after what was written to it."""

    def __init__(self) -> None:
        self.screen = pyte.Screen(SIZE.width, SIZE.height)
        self._stream = pyte.Stream(self.screen)

    def write(self, text: str) -> None:
        self._stream.feed(text)

    def cells(self) -> list[list[tuple[object, ...]]]:
        lines = range(SIZE.height)
        return [[tuple(self.screen.buffer[y][x]) for x in range(SIZE.width)] for y in lines]


@pytest.fixture
def console() -> Console:
    return Console(force_terminal=True, color_system="256", width=SIZE.width)


def line(chance: random.Random, width: int = SIZE.width) -> Strip:
    segments = [Segment(chance.choice(WORDS), chance.choice(STYLES)) for _ in range(12)]
    return Strip(segments).adjust_cell_length(width, STYLES[0])


def layout(chance: random.Random) -> LayoutUpdate:
    strips = [[line(chance)] for _ in range(SIZE.height)]
    return LayoutUpdate(strips, Region(0, 0, SIZE.width, SIZE.height))  # type: ignore[arg-type]


def chops(chance: random.Random, cut: int = 10) -> ChopsUpdate:
    """Two widgets side by side, of which some lines changed."""
    left = [line(chance, cut) for _ in range(SIZE.height)]
    right = [line(chance, SIZE.width - cut) for _ in range(SIZE.height)]
    lines = sorted(chance.sample(range(SIZE.height), 3))
    spans = [(y, chance.choice((0, cut)), SIZE.width) for y in lines]
    return ChopsUpdate(
        [{0: left[y], cut: right[y]} for y in range(SIZE.height)], spans, [[cut, SIZE.width]] * SIZE.height
    )


@pytest.mark.parametrize("erases", [True, False])
@pytest.mark.parametrize("seed", range(12))
def test_the_terminal_shows_what_textual_would_have_drawn(console: Console, erases: bool, seed: int) -> None:
    chance = random.Random(seed)
    painter, plain, painted = Painter(erases=erases), Shown(), Shown()
    updates: list[CompositorUpdate] = [layout(chance)]
    updates += [chance.choice((layout, chops))(chance) for _ in range(8)]
    for update in updates:
        plain.write(update.render_segments(console))
        painted.write(painter.draw(update, console, SIZE))
        assert painted.cells() == plain.cells()


def test_what_is_there_already_is_not_sent(console: Console) -> None:
    painter, update = Painter(erases=True), layout(random.Random(1))
    assert painter.draw(update, console, SIZE)
    assert painter.draw(update, console, SIZE) == ""
    painter.forget()
    assert painter.draw(update, console, SIZE)


def test_another_size_is_drawn_from_nothing(console: Console) -> None:
    painter, update = Painter(erases=True), layout(random.Random(1))
    painter.draw(update, console, SIZE)
    assert painter.draw(update, console, Size(SIZE.width, SIZE.height + 1))


def test_a_digit_that_counts_on_costs_a_digit(console: Console) -> None:
    painter, style = Painter(erases=True), STYLES[0]
    region = Region(0, 0, SIZE.width, 1)

    def drawn(age: str) -> str:
        strip = Strip([Segment("llama-sft".ljust(34) + age, style)]).adjust_cell_length(SIZE.width, style)
        return painter.draw(LayoutUpdate([[strip]], region), console, SIZE)

    drawn("3m19s")
    assert drawn("3m18s") == "\x1b[1;38H\x1b[38;5;252;48;5;234m8\x1b[0m"


def test_an_update_it_does_not_know_is_sent_as_it_is(console: Console) -> None:
    class Other(CompositorUpdate):
        def render_segments(self, console: Console) -> str:
            return "\x1b[1;1Hother"

    painter, update = Painter(erases=True), layout(random.Random(1))
    painter.draw(update, console, SIZE)
    assert painter.draw(Other(), console, SIZE) == "\x1b[1;1Hother"
    assert painter.draw(update, console, SIZE), "what it showed is not known any more"


@pytest.mark.parametrize(("term", "erases"), [("xterm-256color", True), ("screen", False), ("no-such", False)])
def test_blanks_are_erased_only_where_the_terminal_keeps_the_ground(term: str, erases: bool) -> None:
    ask = "from tui.painting import erases_in_color; print(erases_in_color())"  # curses reads TERM once a process
    told = subprocess.run(
        [sys.executable, "-c", ask], env={"TERM": term}, capture_output=True, text=True, check=True
    )
    assert told.stdout.strip() == str(erases)
