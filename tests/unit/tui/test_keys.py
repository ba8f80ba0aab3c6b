"""The key table has no clash, says what it refuses, and never loses a way out."""

from __future__ import annotations

import pytest

from tui import keys
from tui.keys import KEYS, KeyMap, bind, clashes, key_name, shown, valid_key


def test_the_default_table_has_no_clash() -> None:
    assert clashes() == []


def test_every_default_key_is_one_a_config_may_write() -> None:
    assert [key for spec in KEYS for key in spec.keys if not valid_key(key)] == []


@pytest.mark.parametrize(
    ("key", "character", "name"),
    [
        ("j", "j", "j"),
        ("upper_e", "E", "E"),
        ("slash", "/", "/"),
        ("ctrl+d", "\x04", "ctrl-d"),
        ("ctrl+@", None, "ctrl-space"),
        ("ctrl+backslash", "\x1c", "ctrl-\\"),
        ("space", " ", "space"),
        ("enter", "\r", "enter"),
        ("shift+tab", None, "shift-tab"),
        ("f5", None, "f5"),
    ],
)
def test_names_of_keys(key: str, character: str | None, name: str) -> None:
    assert key_name(key, character) == name


@pytest.mark.parametrize(("key", "text"), [("ctrl-d", "^d"), ("escape", "esc"), ("up", "↑"), ("j", "j")])
def test_keys_as_shown(key: str, text: str) -> None:
    assert shown(key) == text


def test_rebinding() -> None:
    keymap, problems = bind({"abort": "ctrl-x", "filter": ["f", "/"]})
    assert problems == []
    assert keymap.rebound == 2
    found = keymap.lookup(keys.LIST, "ctrl-x")
    assert found is not None
    assert found.id == "abort"
    assert keymap.lookup(keys.LIST, "ctrl-d") is None
    assert keymap.key("abort") == "^x"


@pytest.mark.parametrize(
    ("rebinds", "said"),
    [
        ({"abrot": "x"}, "nearest: abort"),
        ({"abort": "ctrl-"}, "is not a key"),
        ({"abort": "hyper"}, "is not a key"),
        ({"abort": "x"}, "x is menu (every action) on the same screen"),
        ({"wide": "ctrl-d"}, "^d is abort"),
        ({"pause": "j"}, "j is down"),
    ],
)
def test_what_is_refused_and_why(rebinds: dict[str, str], said: str) -> None:
    keymap, problems = bind(rebinds)
    assert len(problems) == 1
    assert said in problems[0]
    assert [spec.keys for spec in keymap.specs] == [spec.keys for spec in KEYS], "the default stays"


def test_two_entries_may_swap_their_keys() -> None:
    keymap, problems = bind({"wide": "ctrl-z", "faults": "ctrl-w"})
    assert problems == []
    assert keymap.key("wide") == "^z"


def test_the_ways_out_cannot_be_taken_away() -> None:
    keymap, problems = bind({"back": "f9", "interrupt": []})
    assert problems == []
    for key, id in (("escape", "back"), ("f9", "back"), ("ctrl-c", "interrupt")):
        found = keymap.lookup(keys.LIST, key)
        assert found is not None
        assert found.id == id


def test_quitting_has_no_single_key() -> None:
    spec = KeyMap().spec("quit")
    assert spec is not None
    assert spec.keys == ()
    back = KeyMap().lookup(keys.LIST, "q")
    assert back is not None
    assert back.id == "back"


def test_drain_is_never_r_and_ctrl_d_is_only_abort() -> None:
    table = {key: spec.id for spec in KEYS for key in spec.keys if keys.LIST in spec.where}
    assert table["r"] == "retry"
    assert table["C"] == "drain"
    assert table["ctrl-d"] == "abort"
    assert table["ctrl-k"] == "delete"
