"""A long list taken apart without parsing it: whatever the body, the pieces are its elements or are no JSON."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.pieces import Recognised, cut, digest_of

TEXT = st.text(alphabet='ab"\\{}[],: é\n', max_size=8)
KEY = st.sampled_from(["id", "rows", "x", 'q"', "}"])
VALUE: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.integers() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEY, inner, max_size=3),
    max_leaves=12,
)
OBJECT = st.dictionaries(KEY, VALUE, min_size=1, max_size=4)


@given(
    rows=st.lists(OBJECT, max_size=6),
    before=st.dictionaries(st.sampled_from(["a", "b"]), VALUE, max_size=2),
    after=st.dictionaries(st.sampled_from(["y", "z"]), VALUE, max_size=2),
    indent=st.sampled_from([None, 1]),
    ascii=st.booleans(),
)
def test_pieces_that_can_be_parsed_are_the_elements(
    rows: list[Any], before: dict[str, Any], after: dict[str, Any], indent: int | None, ascii: bool
) -> None:
    body = {**before, "rows": rows, **after}
    separators = (",", ": ") if indent else (",", ":")
    raw = json.dumps(body, indent=indent, separators=separators, ensure_ascii=ascii).encode()
    parts = cut(raw, "rows")
    if parts is None:
        return
    try:
        items, rest = [json.loads(item) for item in parts.items], json.loads(parts.rest)
    except ValueError:
        return  # whoever parses them finds out, and takes the whole
    if rest.get("rows") == []:
        assert items == rows
        assert rest == {**body, "rows": []}


@pytest.mark.parametrize("gap", ["", " ", "\n  "])
def test_elements_of_one_shape_are_told_apart(gap: str) -> None:
    rows = [{"id": str(number), "text": 'a},{"id":' * number, "more": [{"x": 1}]} for number in range(4)]
    raw = json.dumps({"rows": rows, "next": "t"}, separators=("," + gap, ":" + gap)).encode()
    parts = cut(raw, "rows")
    assert parts is not None
    assert [json.loads(item) for item in parts.items] == rows
    assert json.loads(parts.rest) == {"rows": [], "next": "t"}


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{}",
        b"<html>",
        b'{"rows":[]}',
        b'{"rows":null}',
        b'{"rows":[1,2]}',
        b'{"rows":[{}]}',
        b'{"rows":[{"id":1}',
        b'{"rows":[{"id":"\xff"}]}',
        b'{"rows":[{"id":1},{"other":2}]}',
        b'{"rows":[{"id":' + b"[" * 20_000,
    ],
)
def test_what_is_no_such_list_is_not_taken_apart(raw: bytes) -> None:
    assert cut(raw, "rows") is None


def test_what_was_not_seen_for_long_is_forgotten() -> None:
    known = Recognised[str](most=2)
    one, two, three = digest_of(b"1"), digest_of(b"2"), digest_of(b"3")
    known.put(one, "1")
    known.put(two, "2")
    assert known.get(one) == "1"
    known.put(three, "3")
    assert [known.get(each) for each in (one, two, three)] == ["1", None, "3"]
