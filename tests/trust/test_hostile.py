"""Whatever a backend calls its objects: no format lets it touch the terminal or a spreadsheet."""

from __future__ import annotations

import csv
import io
import json
import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.model import Kind, Ref, Run, State
from tui.core.export import KEYS, csv_row, to_record
from tui.core.text import safe, safe_block
from tui.oneshot.failure import one_line

NASTY = [
    *("\x1b]8;;http://evil\x07x\x1b]8;;\x07", "\x1b]52;c;aGk=\x07", "\x1b]0;title\x07", "\x1b]777;notify;a;b\x07"),
    *("\x1bP$q\x1b\\", "\x9b2J", "\x1b[2J", "\u202eabc", "\u2066x\u2069", "\u200b\u200d\ufeff", "e\u0301" * 50),
    *(
        "\u5bbd\u5b57",
        "[/red]",
        "[bold]x",
        "\x00",
        "\r\n",
        "\x7f",
        "\ud800",
        "\U000e0041",
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
    ),
]
TEXT = st.one_of(st.sampled_from(NASTY), st.text(max_size=40), st.lists(st.sampled_from(NASTY)).map("".join))
BIDI = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c")


def harmless(text: str, *, lines: bool = False) -> bool:
    return not any(
        (unicodedata.category(char) in ("Cc", "Cs") and not (lines and char == "\n")) or char in BIDI
        for char in text
    )


@settings(max_examples=300, deadline=None)
@given(TEXT)
def test_what_is_shown_cannot_command_the_terminal(text: str) -> None:
    assert harmless(safe(text))
    assert "\n" not in safe(text)
    assert harmless(safe_block(text), lines=True)
    assert harmless(one_line(text, text))


@settings(max_examples=200, deadline=None)
@given(name=TEXT, message=TEXT, label=TEXT)
def test_a_csv_cell_is_never_a_formula(name: str, message: str, label: str) -> None:
    run = Run(
        ref=Ref("c", Kind.RUN, "x"),
        name=name,
        state=State.FAILED,
        native_state=name,
        message=message,
        labels={label: name},
    )
    out = io.StringIO()
    csv.writer(out).writerow(csv_row(to_record(run, 0.0)))
    (row,) = csv.reader(io.StringIO(out.getvalue(), newline=""))
    assert len(row) == len(KEYS)
    for cell in row:
        assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n")), cell


@settings(max_examples=200, deadline=None)
@given(TEXT)
def test_json_is_ascii_safe_and_says_the_same(text: str) -> None:
    from tui.oneshot.output import dumps

    written = dumps({"name": text})
    assert "\x1b" not in written
    if not any("\ud800" <= char <= "\udfff" for char in text):
        assert json.loads(written) == {"name": text}
