"""Parameters: text from the command line becomes what an action asks for, or one sentence."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.actions import ActionSpec, ParamSpec, ParamType
from adapters.model import Json, Kind
from tui.core.params import BadParam, read_params, read_value


@pytest.mark.parametrize(
    ("type", "given_value", "read"),
    [
        (ParamType.NUMBER, "3", 3),
        (ParamType.NUMBER, "0.5", 0.5),
        (ParamType.NUMBER, 7, 7),
        (ParamType.BOOL, "Yes", True),
        (ParamType.BOOL, "off", False),
        (ParamType.JSON, '{"a": [1]}', {"a": [1]}),
        (ParamType.JSON, {"a": 1}, {"a": 1}),
        (ParamType.RANGES, "0-4, 7", "0-4,7"),
        (ParamType.LABELS, {"a": "b", "c": "d"}, "a=b,c=d"),
        (ParamType.LABELS, "a=b,c=", "a=b,c="),
        (ParamType.TEXT, 5, "5"),
    ],
)
def test_values_become_their_type(type: ParamType, given_value: Json, read: Json) -> None:
    assert read_value(ParamSpec("p", "P", type), given_value) == read


@pytest.mark.parametrize(
    ("type", "given_value"),
    [
        (ParamType.NUMBER, "three"),
        (ParamType.NUMBER, "nan"),
        (ParamType.NUMBER, "inf"),
        (ParamType.NUMBER, True),
        (ParamType.BOOL, "maybe"),
        (ParamType.JSON, "{"),
        (ParamType.RANGES, "4-0"),
        (ParamType.RANGES, "all"),
        (ParamType.LABELS, "a"),
        (ParamType.LABELS, "=b"),
    ],
)
def test_wrong_values_are_one_sentence(type: ParamType, given_value: Json) -> None:
    with pytest.raises(BadParam, match=r"^p\b"):
        read_value(ParamSpec("p", "P", type), given_value)


def test_a_choice_names_the_nearest() -> None:
    param = ParamSpec("mode", "Mode", ParamType.CHOICE, choices=("fast", "slow"))
    assert read_value(param, "fast") == "fast"
    with pytest.raises(BadParam, match="one of fast, slow, not 'fats'; nearest: fast"):
        read_value(param, "fats")


@given(st.dictionaries(st.text(max_size=8), st.text(max_size=20), max_size=4))
def test_anything_typed_is_read_or_refused(values: dict[str, Json]) -> None:
    spec = ActionSpec(
        "act", "Act", frozenset({Kind.RUN}), "", params=tuple(ParamSpec(t.value, t.value, t) for t in ParamType)
    )
    try:
        read = read_params(spec, values)
    except BadParam:
        return
    assert set(read) <= set(values)
