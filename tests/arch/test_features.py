"""docs/features.md is what is there: each feature names keys and tests that exist."""

from __future__ import annotations

from docs import features as page
from tui.keys import KeyMap, bind


def test_every_key_and_every_test_is_there() -> None:
    assert page.problems(page.table().features, KeyMap()) == []


def test_the_page_is_up_to_date() -> None:
    assert page.PAGE.read_text(encoding="utf-8") == page.page(page.table(), KeyMap()), "run python docs/features.py"


def test_no_feature_is_told_twice() -> None:
    names = [feature.name for feature in page.table().features]
    assert len(names) == len(set(names))


def test_what_is_wrong_is_named() -> None:
    there = "arch/test_features.py::test_no_feature_is_told_twice"
    features = [
        page.Feature("a", "{fly}", "flies", (there,)),
        page.Feature("b", "{down}", "goes", ("arch/none.py::test_x", "arch/test_features.py::test_x")),
        page.Feature("c", "", "", ()),
        page.Feature("d", "{down}", "goes", (there,)),
    ]
    assert page.problems(features, KeyMap()) == [
        "a: no action fly",
        "b: no test arch/none.py::test_x",
        "b: no test arch/test_features.py::test_x",
        "c: says nothing, or has no test",
    ]


def test_a_key_that_is_rebound_is_the_one_shown() -> None:
    keymap, _ = bind({"wide": "f8", "faults": []})
    assert page.used("{wide} {faults} `:x`", keymap) == "`f8` `:faults` `:x`"
