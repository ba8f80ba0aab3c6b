"""The line editor, the pool tree, drawing of pieces, command lines and the clipboard sequence: pure parts."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from adapters.model import Kind, Pool, Ref, State
from tui.clipboard import osc52
from tui.core.commandline import CommandError, read
from tui.screens.pooltree import descendants, leaf_name, tree_order
from tui.styles import tokens
from tui.widgets.draw import fit, in_ascii, line, width_of
from tui.widgets.prompt import LineEdit


@pytest.mark.parametrize(
    ("keys", "text", "cursor"),
    [
        (["a", "b", "left", "c"], "acb", 2),
        (["a", "b", "backspace"], "a", 1),
        (["a", "b", "home", "delete"], "b", 0),
        (["a", "b", "c", "left", "ctrl-k"], "ab", 2),
        (["a", "b", "c", "left", "ctrl-u"], "c", 0),
        (["a", "=", "b", "ctrl-w"], "a=", 2),
        (["backspace", "left", "delete"], "", 0),
    ],
)
def test_editing_a_line(keys: list[str], text: str, cursor: int) -> None:
    edit = LineEdit()
    for key in keys:
        edit.press(key, key if len(key) == 1 else None)
    assert (edit.text, edit.cursor) == (text, cursor)


@given(st.text(max_size=200))
def test_nothing_unprintable_gets_into_a_line(text: str) -> None:
    edit = LineEdit()
    edit.insert(text)
    assert edit.text.isprintable()
    assert edit.cursor == len(edit.text)


def pool(path: str, parent: str | None) -> Pool:
    above = Ref("c", Kind.POOL, parent) if parent else None
    return Pool(ref=Ref("c", Kind.POOL, path), name=path, state=State.UP, native_state="", parent=above)


def drawn(pools: list[Pool], folded: set[Ref] | None = None) -> list[str]:
    rows = {each.ref: each for each in pools}
    placed = tree_order(list(rows), rows.get, folded or set())
    return [sign + leaf_name(rows[ref].name) for ref, sign in placed]


def test_pools_under_their_parents_in_the_order_they_came() -> None:
    pools = [pool("/ml/b", "/ml"), pool("/ml", "/"), pool("/", None), pool("/x", "/"), pool("/ml/a", "/ml")]
    assert drawn(pools) == ["/", "├ ml", "│ ├ b", "│ └ a", "└ x"]
    assert drawn(pools, {pools[1].ref}) == ["/", "├ ml", "└ x"]
    rows = {each.ref: each for each in pools}
    assert descendants(pools[2].ref, list(rows), rows.get) == 4


def test_a_ring_of_parents_is_shown_flat_and_ends() -> None:
    assert (
        sorted(drawn([pool("a", "b"), pool("b", "a"), pool("c", "c")])) == ["a", "b", "c"]
        or len(drawn([pool("a", "b"), pool("b", "a"), pool("c", "c")])) == 3
    )


@given(
    st.lists(st.tuples(st.text(st.characters(min_codepoint=32, max_codepoint=0x3FF)), st.just("text"))),
    st.integers(1, 60),
)
def test_a_line_is_exactly_as_wide_as_asked(pieces: list[tuple[str, str]], width: int) -> None:
    tokens.use("dark")
    assert line(pieces, width).cell_length == width
    assert width_of(fit(pieces, width)) <= width


def test_commands() -> None:
    contexts, verbs = ["prod", "lab"], ["wide"]
    assert read("pods @lab state=failed x", contexts, verbs).filter == "state=failed x"
    assert read("po @lab,prod", contexts, verbs).contexts == ("lab", "prod")
    assert read("hosts @all", contexts, verbs).contexts == ("prod", "lab")
    assert read("terminate", contexts, verbs).action == "terminate"
    assert read("wide", contexts, verbs).verb == "wide"
    assert read("lab/run/a/b", contexts, verbs).ref == Ref("lab", Kind.RUN, "a/b")


@pytest.mark.parametrize("text", ["nothing", "pods @nowhere", "nowhere/run/x", "lab/zebra/x"])
def test_commands_that_mean_nothing(text: str) -> None:
    with pytest.raises(CommandError):
        read(text, ["prod", "lab"], [])


def test_the_clipboard_sequence_passes_tmux_and_screen() -> None:
    data = base64.b64encode(b"abc").decode()
    assert osc52("abc", {}) == f"\x1b]52;c;{data}\x07"
    assert osc52("abc", {"TMUX": "1"}) == f"\x1bPtmux;\x1b\x1b]52;c;{data}\x07\x1b\\"
    assert osc52("abc", {"TERM": "screen"}) == f"\x1bP\x1b]52;c;{data}\x07\x1b\\"
    assert osc52("abc", {"TERM": "xterm-256color", "STY": "1.pts"}) == osc52("abc", {"TERM": "screen"})
    assert osc52("abc", {"TERM": "tmux-256color"}) == osc52("abc", {"TMUX": "1"})  # over SSH


def test_what_is_long_is_given_to_screen_in_pieces() -> None:
    text = "x" * 10_000
    pieces = osc52(text, {"TERM": "screen-256color"}).split("\x1b\\")
    assert pieces.pop() == ""
    assert all(piece.startswith("\x1bP") and len(piece) + 2 <= 768 for piece in pieces)
    assert "".join(piece.removeprefix("\x1bP") for piece in pieces) == osc52(text, {})


@pytest.mark.parametrize(
    ("text", "encoding", "shown"),
    [
        ("j k ↓ ↑", "utf-8", "j k v ^"),
        ("▌ a…b › c · d", "ascii", "| a$b > c . d"),
        ("naïve 日本", "utf-8", "naïve 日本"),
        ("naïve 日本", "ascii", "na?ve ????"),
        ("naïve", "latin-1", "naïve"),
    ],
)
def test_ascii_keeps_every_width(text: str, encoding: str, shown: str) -> None:
    assert in_ascii(text, encoding) == shown
    assert cell_len(in_ascii(text, encoding)) == cell_len(text)
