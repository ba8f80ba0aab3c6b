"""The lines of the digest, and what each of them opens."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from tui.core import format
from tui.core.digest import Digest, Part
from tui.core.digestplaces import Item
from tui.core.text import cell_len, cut, pad, safe
from tui.screens.pulserows import Entry, PulseRow
from tui.widgets.draw import Piece
from tui.widgets.sections import Row

COUNT_WIDE = 7
CONTEXT_WIDE = 12
NARROWEST, WIDEST = 16, 48


def digest_rows(found: Digest, width: int, journal: bool, ascii: bool, several: bool) -> list[PulseRow]:
    """All lines, the heads first; `journal` says whether one is kept, `several` whether contexts must be named."""
    name = max(NARROWEST, min(WIDEST, width * 2 // 5))
    where = CONTEXT_WIDE if several else 0
    heads = pad("", 2 + COUNT_WIDE) + pad("WHAT", name) + "  " + pad("CONTEXT", where) + "WHICH, OR HOW"
    rows = [PulseRow(Row(((heads, "muted"),), head=True))]
    titles = [part.title for part in found.parts]
    if "FAILED" not in titles:
        rows.append(_line([("no run has failed", "muted")]))
    for part in found.parts:
        rows.append(_line([(f"{part.title} {part.count:,}", "bold"), (_about(part), "muted")]))
        rows += [_item(part, item, width, name, where, ascii) for item in part.items]
    if "ACTED" not in titles:
        rows.append(
            _line(
                [
                    (
                        "nobody acted from this machine"
                        if journal
                        else "who acted is not known: no journal is kept",
                        "muted",
                    )
                ]
            )
        )
    if found.unknown:
        rows += [_line([("NOT KNOWN", "bold")]), *_told(found, width)]
    return rows


def _line(pieces: list[Piece]) -> PulseRow:
    return PulseRow(Row(tuple(pieces)))


def _about(part: Part) -> str:
    return "  by the journal of this machine" if part.title == "ACTED" else ""


def _item(part: Part, item: Item, width: int, name: int, where: int, ascii: bool) -> PulseRow:
    sign, token = (" ", "text") if item.state is None else _sign(item, ascii)
    count = "" if item.count is None else format.count_cell(item.count)
    title, more = safe(item.title), safe(item.more)
    if ascii:
        more = more.replace("→", "->").replace("…", "...")
    wide = width - 2 - COUNT_WIDE if item.count is None and cell_len(title) > name else name
    drawn = pad(cut(title, wide, ascii=ascii), min(wide, max(name, cell_len(title))))
    pieces: list[Piece] = [
        (f"{sign} ", token),
        (pad(count, COUNT_WIDE - 2, right=True) + "  ", "text"),
        (drawn, token if item.red else "text"),
        ("  " + _where(item, where, ascii), "text"),
        (more, "muted"),
    ]
    said = f"{count + '  ' if count else ''}{title}  {more}".strip()
    opens = item.ref is not None or item.kind is not None
    entry = Entry(
        f"{part.title} {item.title} {item.filter} {item.ref or ''}",
        title,
        item.kind,
        item.filter,
        said=said,
        ref=item.ref,
        contexts=item.contexts,
    )
    return PulseRow(Row(tuple(pieces), red=item.red, full=said), entry if opens else None)


def _where(item: Item, width: int, ascii: bool) -> str:
    contexts = item.where
    text = contexts[0] if len(contexts) == 1 else f"{len(contexts)} contexts" if contexts else ""
    return pad(cut(safe(text), max(0, width - 2), ascii=ascii), width) if width else ""


def _sign(item: Item, ascii: bool) -> tuple[str, str]:
    assert item.state is not None
    return format.symbol(item.state, ascii), format.state_token(item.state)


def _told(found: Digest, width: int) -> Iterator[PulseRow]:
    for sentence in found.unknown:
        text = safe(sentence)
        lines = textwrap.wrap(text, max(20, width - 4), initial_indent="? ", subsequent_indent="  ")
        yield from (PulseRow(Row((("  " + each, "waiting"),), full=text)) for each in lines)
