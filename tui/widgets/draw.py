"""Putting styled pieces of text on one line of a given width: what every line-API widget here is made of."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import TypeAlias

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tui.styles import tokens

Piece: TypeAlias = tuple[str, str]
"""Text and token; the text is one line and already safe."""


def width_of(pieces: Iterable[Piece]) -> int:
    return sum(cell_len(text) for text, _ in pieces)


def fit(pieces: Sequence[Piece], width: int) -> list[Piece]:
    """The pieces cut to at most `width` cells, with an ellipsis where something is missing."""
    if width_of(pieces) <= width:
        return list(pieces)
    if width <= 0:
        return []
    result: list[Piece] = []
    room = width - 1
    for text, token in pieces:
        size = cell_len(text)
        if size > room:
            cut = set_cell_size(text, room).rstrip()
            result.append((cut + ("$" if tokens.active().ascii else "…"), token))
            return result
        result.append((text, token))
        room -= size
    return result


def line(
    left: Sequence[Piece],
    width: int,
    right: Sequence[Piece] = (),
    *,
    ground: str = "body",
    selected: bool = False,
    margin: int = 0,
) -> Strip:
    """One line: `left` from the left edge, `right` against the right one (less `margin`), which gives way last."""
    pieces = laid_out(left, width, right, margin=margin)
    return strip(pieces, width, selected=selected, ground=ground)


def laid_out(left: Sequence[Piece], width: int, right: Sequence[Piece] = (), *, margin: int = 0) -> list[Piece]:
    """The pieces of `line`, with the gap between them."""
    right = fit(right, max(0, width - margin))
    right_width = width_of(right) + margin if right else 0
    room = width - right_width - (1 if right and left else 0)
    left = fit(left, max(0, room))
    gap = width - width_of(left) - right_width
    return [*left, (" " * max(0, gap), "text"), *right, (" " * (margin if right else 0), "text")]


def piece_at(pieces: Iterable[Piece], x: int) -> Piece | None:
    """The piece that covers a column."""
    for piece in pieces:
        x -= cell_len(piece[0])
        if x < 0:
            return piece
    return None


def strip(pieces: Iterable[Piece], width: int, *, selected: bool = False, ground: str = "body") -> Strip:
    """The pieces as a line of exactly `width`; neighbours that look the same become one segment, because every
    segment costs an escape sequence on the wire."""
    palette = tokens.active()
    segments: list[Segment] = []
    text, style = "", palette.style("text", selected, ground)
    for piece, token in pieces:
        if not piece:
            continue
        drawn = in_ascii(piece) if palette.ascii and not piece.isascii() else piece
        own = palette.style(token, selected, ground)
        if own != style and not (piece.isspace() and _plain_blank(style, own)):
            if text:
                segments.append(Segment(text, style))
            text, style = "", own
        text += drawn
    segments.append(Segment(text, style))
    return Strip(segments).adjust_cell_length(width, palette.style("text", selected, ground))


def in_ascii(text: str, encoding: str | None = None) -> str:
    """The text with our own signs in ASCII, each as wide as before. Where the terminal's encoding has no other
    characters either, they become question marks: sent nevertheless they would come out longer than they are."""
    text = text.translate(_ASCII)
    encoding = encoding or getattr(sys.__stdout__, "encoding", None) or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return "".join(char if char.isascii() else "?" * cell_len(char) for char in text)
    return text


_ASCII = str.maketrans("▌▐›‹…·↑↓←→─━│├└█░▒✓✗⊘◦▸◂»▴▾▿", "|#><$.^v<>-=||`#.=+X0o><,^v_")


def _plain_blank(style: Style, own: Style) -> bool:
    """A blank looks the same in both styles."""
    decorated = style.underline or own.underline or style.reverse != own.reverse
    return not decorated and style.bgcolor == own.bgcolor


def blank(width: int, ground: str = "body") -> Strip:
    return Strip([Segment(" " * width, tokens.style("text", False, ground))], width)


def title(left: str, right: str, width: int) -> Strip:
    """The one reversed line of a sheet."""
    room = max(0, width - cell_len(right) - 3)
    text = set_cell_size(" " + left, min(cell_len(left) + 1, room)) if cell_len(left) + 1 > room else " " + left
    gap = max(0, width - cell_len(text) - cell_len(right) - 1)
    body = set_cell_size(f"{text}{' ' * gap}{right} ", width)
    body = in_ascii(body) if tokens.active().ascii else body
    return Strip([Segment(body, tokens.style("title"))], width)
