"""Whatever a backend says, nothing of it reaches the terminal but harmless text of a known width."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.core.text import cell_len, cut, cut_shared, pad, safe, safe_block

ANY_TEXT = st.text(st.characters(), max_size=200) | st.text(
    st.sampled_from(
        "\x00\x07\x1b\x7f\x85\x9b\u200b\u200d\u202e\u2066\ufe0f\ufeff\ud800\u0301\u1161日🇩👍🏽a[]\n\t\r"
    ),
    max_size=60,
)


@given(ANY_TEXT)
def test_nothing_that_controls_hides_or_turns_gets_through(text: str) -> None:
    for char in safe(text):
        assert unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Zl", "Zp"}, hex(ord(char))
    safe(text).encode("utf-8")


@given(ANY_TEXT)
def test_widths_add_up_and_safe_is_stable(text: str) -> None:
    once = safe(text)
    assert cell_len(once) == sum(cell_len(char) for char in once)
    assert safe(once) == once


@given(ANY_TEXT, st.integers(0, 60), st.booleans(), st.booleans())
def test_cut_and_pad_keep_to_the_width(text: str, width: int, flag: bool, ascii: bool) -> None:
    shown = safe(text)
    assert cell_len(cut(shown, width, tail=flag, ascii=ascii)) <= width
    assert cell_len(pad(shown, width, right=flag, ascii=ascii)) == width


@given(st.lists(ANY_TEXT, max_size=8), st.integers(1, 40))
def test_shared_cutting_keeps_to_the_width(names: list[str], width: int) -> None:
    shown = [safe(name) for name in names]
    assert all(cell_len(name) <= width for name in cut_shared(shown, width))
    assert len(cut_shared(shown, width)) == len(shown)


@given(ANY_TEXT)
def test_blocks_keep_their_lines_and_nothing_else(text: str) -> None:
    block = safe_block(text)
    assert block.count("\n") == text.replace("\r\n", "\n").count("\n")
    assert all(unicodedata.category(char) not in {"Cc", "Cf", "Cs"} for char in block.replace("\n", ""))


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("\x1b]0;x\x07", "␛]0;x␇"),
        ("\x1b[2J\x1b[31mred", "␛[2J␛[31mred"),
        ("a\tb\nc\r\nd", "a b c  d"),
        ("[/red]", "[/red]"),
        ("\x9b31m", "�31m"),
        ("abc\u202edef", "abc�def"),
        ("zero\u200bwidth", "zero�width"),
        ("e" + "\u0301" * 500, "e\u0301\u0301"),
        ("\ud800x", "�x"),
        ("日本語", "日本語"),
        ("❤\ufe0f", "❤"),
        ("", ""),
        ("naïve café", "naïve café"),
    ],
)
def test_examples(hostile: str, shown: str) -> None:
    assert safe(hostile) == shown


def test_text_is_bounded() -> None:
    assert len(safe("x" * 10_000)) == 1001
    assert safe("x" * 10_000).endswith("…")
    assert len(safe("\u0301" * 10_000)) <= 2 + 1
    assert len(safe_block("x" * 5000, limit=100)) == 101


def test_tabs_in_blocks_go_to_the_next_stop() -> None:
    assert safe_block("a\tb\nabcdefghi\tc") == "a       b\nabcdefghi       c"


def test_wide_characters_are_never_cut_in_half() -> None:
    assert cut("日本語", 4) == "日…"
    assert cut("日本語", 4, tail=True) == "…語"
    assert pad("日本語", 4) == "日… "
    assert cut("abcdef", 4, ascii=True) == "abc$"
    assert cut("abcdef", 0) == ""


def test_names_are_cut_in_the_part_they_share_so_that_the_tail_stays() -> None:
    names = ["fraud-gbdt-nightly-very-long-0821", "fraud-gbdt-nightly-very-long-0822", "other"]
    first, second, third = cut_shared(names, 20)
    assert first.endswith("1")
    assert second.endswith("2")
    assert "…" in first
    assert third == "other"
    assert cut_shared(["a-long-name-without-a-neighbour"], 10) == ["a-long-na…"]
