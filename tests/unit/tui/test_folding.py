"""Folding of indented text."""

from __future__ import annotations

import yaml
from hypothesis import given
from hypothesis import strategies as st

from tui.widgets.folding import outline

TEXT = """\
run_id: r
tasks:
- name: a
  inputs:
    rows: 3
- name: a
  state: x
last: 1
"""
LINES = TEXT.splitlines()


def test_what_each_line_holds() -> None:
    found = outline(LINES)
    assert [line for line in range(len(LINES)) if found.holds(line)] == [1, 2, 3, 5]
    assert found.ends[1] == 7
    assert found.parents[5] == 1


def test_closed_lines_hide_what_is_below_them() -> None:
    found = outline(LINES)
    assert found.shown({found.places[1]}) == [0, 1, 7]
    assert found.shown({found.places[5]}) == [0, 1, 2, 3, 4, 5, 7]
    assert found.above(4) == {found.places[1], found.places[2], found.places[3]}


def test_two_that_are_alike_have_their_own_places() -> None:
    found = outline(LINES)
    assert len(set(found.places)) == len(LINES)


def test_a_place_stays_when_a_value_changes() -> None:
    again = outline(TEXT.replace("rows: 3", "rows: 4").replace("run_id: r", "run_id: s").splitlines())
    assert again.places == outline(LINES).places


def test_blank_lines_are_of_what_is_above_them() -> None:
    found = outline(["Params", "  a", "", "Spec", "  b"])
    assert found.shown({found.places[0]}) == [0, 3, 4]


@given(st.recursive(st.none() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_with_nothing_closed_every_line_is_shown(value: object) -> None:
    lines = yaml.safe_dump(value, allow_unicode=True).splitlines()
    found = outline(lines)
    assert found.shown(()) == list(range(len(lines)))
    for line in range(len(lines)):
        hidden = set(range(len(lines))) - set(found.shown({found.places[line]}))
        assert hidden == set(range(line + 1, found.ends[line]))
