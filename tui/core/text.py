"""Text that came from a backend, made harmless, and text measured in terminal cells.

Everything a server says is hostile until it went through `safe` or `safe_block`: afterwards it holds no
control or format character, no direction override and no lone surrogate, and it is bounded.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import lru_cache

from rich.cells import cell_len as _rich_cell_len

from tui.core.format import sign

LIMIT = 1000
BLOCK_LIMIT = 4 * 1024 * 1024
REPLACEMENT = "�"
MOST_MARKS = 2

_INVISIBLE = frozenset("\u115f\u1160\u3164\uffa0\u2800\u034f\u17b4\u17b5")
"""Letters and marks by category, yet drawn as nothing: names could differ without looking different."""


def safe(text: str, limit: int = LIMIT) -> str:
    """One line without anything that could move the cursor, change direction or hide.

    Control characters show as their pictures (`␛`), tabs and line ends as a blank, what is invisible as
    `�`; of stacked combining marks two are kept. At most `limit` characters of `text` are looked at.
    """
    if len(text) > limit:
        text = text[:limit] + "…"
    if text.isascii() and text.isprintable():
        return text
    return _neutral(text)


def safe_block(text: str, limit: int = BLOCK_LIMIT) -> str:
    """As `safe`, for text of many lines: line ends stay, tabs become blanks up to the next multiple of 8."""
    if len(text) > limit:
        text = text[:limit] + "…"
    lines = text.replace("\r\n", "\n").split("\n")
    return "\n".join(safe(line.expandtabs(8) if "\t" in line else line, limit + 1) for line in lines)


@lru_cache(maxsize=4096)
def _neutral(text: str) -> str:
    kept: list[str] = []
    marks = MOST_MARKS
    for char in text:
        shown = _harmless(char)
        if shown and _rich_cell_len(shown) == 0:
            marks += 1
            if marks > MOST_MARKS:
                continue
        elif shown:
            marks = 0
        kept.append(shown)
    return "".join(kept)


def _harmless(char: str) -> str:
    """What stands for one character: itself, a picture of it, a blank, or nothing for a variation selector."""
    category, code = unicodedata.category(char), ord(char)
    if category == "Cc":
        if char in "\t\n\r\v\f\x85":
            return " "
        return chr(0x2400 + code) if code < 0x20 else "␡" if code == 0x7F else REPLACEMENT
    if category in ("Zs", "Zl", "Zp"):
        return " "
    if category in ("Cf", "Cs") or char in _INVISIBLE or 0x1F3FB <= code <= 0x1F3FF:
        return REPLACEMENT
    if 0xFE00 <= code <= 0xFE0F or 0xE0100 <= code <= 0xE01EF:
        return ""
    if 0x1F1E6 <= code <= 0x1F1FF:  # pairs of these are flags of a width nobody agrees on
        return chr(code - 0x1F1E6 + ord("A"))
    return char


def cell_len(text: str) -> int:
    """How many terminal columns it takes."""
    return len(text) if text.isascii() else _rich_cell_len(text)


def cut(text: str, width: int, tail: bool = False, ascii: bool = False) -> str:
    """At most `width` columns, the cut marked with `…`; with `tail` the end is kept instead of the start."""
    if cell_len(text) <= width:
        return text
    if width <= 0:
        return ""
    mark = sign("cut", ascii)
    if tail:
        return mark + _fitting(text, width - 1, from_end=True)
    return _fitting(text, width - 1) + mark


def _fitting(text: str, width: int, from_end: bool = False) -> str:
    """The longest start (or end) of `text` that takes at most `width` columns."""
    if text.isascii():
        return (text[-width:] if width else "") if from_end else text[:width]
    used, kept = 0, 0
    for char in reversed(text) if from_end else text:
        used += cell_len(char)
        if used > width:
            break
        kept += 1
    return (text[len(text) - kept :] if kept else "") if from_end else text[:kept]


def pad(text: str, width: int, right: bool = False, ascii: bool = False) -> str:
    """Exactly `width` columns: cut when longer, blanks added when shorter; `right` aligns right."""
    fitted = cut(text, width, ascii=ascii)
    blanks = " " * (width - cell_len(fitted))
    return blanks + fitted if right else fitted + blanks


def cut_shared(names: Sequence[str], width: int, ascii: bool = False) -> list[str]:
    """Names of at most `width` columns, cut in the part they share with a neighbour.

    What differs is mostly at the end (`fraud-gbdt-nightly-0822`), so a name that is too long gives up part
    of the beginning that the name above or below has too; without such a part it is cut at its end.
    """
    return [_cut_one(names, index, width, ascii) for index in range(len(names))]


def _cut_one(names: Sequence[str], index: int, width: int, ascii: bool) -> str:
    name = names[index]
    if cell_len(name) <= width:
        return name
    neighbours = [names[near] for near in (index - 1, index + 1) if 0 <= near < len(names)]
    shared = max((_shared(name, other) for other in neighbours if other != name), default=0)
    excess = cell_len(name) - width + 1
    head = _fitting(name[:shared], max(0, cell_len(name[:shared]) - excess)) if shared else ""
    if not shared or cell_len(name[:shared]) < excess or not head:
        return cut(name, width, ascii=ascii)
    tail = name[shared:]
    return cut(head + sign("cut", ascii) + tail, width, ascii=ascii)


def _shared(one: str, other: str) -> int:
    length = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        length += 1
    return length
