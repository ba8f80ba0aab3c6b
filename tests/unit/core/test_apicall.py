"""A call as it is typed: names forgive case, values become what the method takes, JSON keeps its blanks."""

from __future__ import annotations

import pytest

from adapters.model import Json
from adapters.port import MethodSpec
from tui.core.apicall import call_text, find_method, nearest_method, read_call, split_pairs, whole_body
from tui.core.params import BadParam

LIST = MethodSpec(
    "ListRuns",
    "read",
    "runs",
    (("filter", "JSON, optional"), ("name", "text, optional"), ("limit", "number, optional")),
)
MAKE = MethodSpec(
    "CreateRun",
    "write",
    "makes one",
    (("run", "JSON"), ("dry", "true or false, optional"), ("note", "JSON, optional")),
)


def test_methods_are_found_whatever_their_case() -> None:
    assert find_method([LIST, MAKE], "createrun") is MAKE
    assert find_method([LIST, MAKE], "Create") is None
    assert nearest_method([LIST, MAKE], "listrnus") == "; nearest: ListRuns"
    assert nearest_method([LIST, MAKE], "frobnicate") == ""


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ({"limit": "5"}, 5),
        ({"limit": "-1"}, -1),
        ({"limit": 5}, 5),
        ({"name": "5"}, "5"),
        ({"name": "true"}, "true"),
        ({"name": '{"a": 1}'}, '{"a": 1}'),
        ({"filter": '{"a": 1}'}, {"a": 1}),
        ({"filter": '["a"]'}, ["a"]),
        ({"filter": "failed"}, "failed"),
        ({"filter": "7"}, 7),
        ({"filter": "7a"}, "7a"),
        ({"filter": "null"}, None),
        ({"filter": ""}, ""),
    ],
)
def test_text_becomes_what_the_method_takes(given: dict[str, Json], read: Json) -> None:
    assert list(read_call(LIST, given).values()) == [read]


@pytest.mark.parametrize(
    ("spec", "given", "words"),
    [
        (MAKE, {}, "CreateRun needs run"),
        (MAKE, {"run": {}, "dyr": "1"}, "no parameter 'dyr'; nearest: dry"),
        (MAKE, {"run": {}, "dry": "perhaps"}, "dry is true or false"),
        (MAKE, {"run": "{1}"}, "run is JSON"),
        (LIST, {"limit": "five"}, "limit is a number"),
        (LIST, {"limit": "inf"}, "limit is a number"),
        (LIST, {"zzz": "1"}, "it takes filter, name, limit"),
        (MethodSpec("Ping", "read", ""), {"a": "1"}, "it takes none"),
    ],
)
def test_what_does_not_fit_is_refused(spec: MethodSpec, given: dict[str, Json], words: str) -> None:
    with pytest.raises(BadParam, match=words):
        read_call(spec, given)


def test_a_file_is_named_values_or_the_one_object() -> None:
    assert whole_body(MAKE, {"run": {"a": 1}}) == {"run": {"a": 1}}
    assert whole_body(MAKE, {"display_name": "x"}) == {"run": {"display_name": "x"}}
    assert whole_body(LIST, {"predicates": []}) == {"filter": {"predicates": []}}
    assert whole_body(LIST, {}) == {}


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("", {}),
        ("a=1 b=2", {"a": "1", "b": "2"}),
        ("  a=1   b=x=y ", {"a": "1", "b": "x=y"}),
        ("a=", {"a": ""}),
        ('a={"k":  "two  blanks"} b=1', {"a": '{"k":  "two  blanks"}', "b": "1"}),
        ('a=["x", "y z"]', {"a": '["x", "y z"]'}),
        ('a="two words" b=1', {"a": "two words", "b": "1"}),
    ],
)
def test_pairs_are_split_at_blanks_but_not_within_json(text: str, pairs: dict[str, Json]) -> None:
    assert split_pairs(text) == pairs


@pytest.mark.parametrize("text", ["a", "=1", "a b=1", "a={", 'a="x', 'a={"k":1}b=2'])
def test_pairs_that_are_none(text: str) -> None:
    with pytest.raises(BadParam):
        split_pairs(text)


def test_a_call_on_one_line() -> None:
    assert call_text("CreateRun", {"run": {"a": 1}, "name": "x"}) == 'CreateRun run={"a": 1} name=x'
