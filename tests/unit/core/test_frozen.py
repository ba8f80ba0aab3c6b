"""Frozen values behave as the standard library's dataclasses do."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from collections.abc import Callable
from dataclasses import field
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Point:
    """Where."""

    x: int
    y: int = 2
    tags: list[str] = field(default_factory=list)
    note: str = field(default="", compare=False, repr=False)
    limit: ClassVar[int] = 9


@dataclass(frozen=True, slots=True)
class Deep(Point):
    z: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    name: str = "?"
    needed: int


@dataclass(frozen=True, slots=True)
class Own:
    value: str

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Own)

    def __hash__(self) -> int:
        return 1

    def __repr__(self) -> str:
        return "own"


@dataclass(frozen=True, slots=True)
class Empty: ...


def test_they_are_made_with_defaults_of_their_own_and_by_position_or_name() -> None:
    first, second = Point(1), Point(x=1, y=2)
    assert (first.x, first.y, first.tags, first.note) == (1, 2, [], "")
    first.tags.append("a")
    assert second.tags == []
    assert Deep(1, z=5).z == 5
    assert Named(needed=1).name == "?"
    wrong: list[Callable[[], Any]] = [
        lambda: Point(),  # type: ignore[call-arg]
        lambda: Named("x", 1),  # type: ignore[call-arg]
        lambda: Point(1, w=1),  # type: ignore[call-arg]
    ]
    for call in wrong:
        with pytest.raises(TypeError):
            call()


def test_nothing_can_be_changed_and_a_replaced_one_is_another() -> None:
    point = Point(1)
    with pytest.raises(dataclasses.FrozenInstanceError):
        point.x = 3  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError):
        del point.y
    with pytest.raises((AttributeError, TypeError)):
        point.other = 1  # type: ignore[attr-defined]
    assert dataclasses.replace(point, y=7) == Point(1, 7)
    assert (point.y, hasattr(point, "__dict__")) == (2, False)


def test_they_are_equal_by_value_within_a_class_and_say_what_they_are() -> None:
    assert Point(1) == Point(1, note="another") != Point(2)
    assert Point(1) != Deep(1)
    other: object = (1, 2, [])
    assert Point(1) != other
    assert hash(Named(needed=1)) == hash(Named(needed=1))
    assert {Named(needed=1), Named(needed=1)} == {Named(needed=1)}
    assert repr(Deep(1, z=3)) == "Deep(x=1, y=2, tags=[], z=3)"
    assert (Empty(), repr(Empty()), hash(Empty())) == (Empty(), "Empty()", hash(Empty()))
    assert (Own("a") == Own("b"), hash(Own("a")), repr(Own("a"))) == (True, 1, "own")


def test_they_are_dataclasses_to_everybody_else() -> None:
    assert [each.name for each in dataclasses.fields(Deep)] == ["x", "y", "tags", "note", "z"]
    assert dataclasses.asdict(Point(1)) == {"x": 1, "y": 2, "tags": [], "note": ""}
    assert Point.__match_args__ == ("x", "y", "tags", "note")
    assert (
        copy.copy(Point(1, 3))
        == copy.deepcopy(Point(1, 3))
        == pickle.loads(pickle.dumps(Point(1, 3)))
        == Point(1, 3)
    )


@dataclasses.dataclass(frozen=True, slots=True)
class Plain:
    a: int
    b: str = ""


@dataclass(frozen=True, slots=True)
class Quick:
    a: int
    b: str = ""


PAIRS = st.tuples(st.integers(0, 2), st.sampled_from(["", "x"]))


@given(PAIRS, PAIRS)
def test_equality_and_hash_are_those_of_the_standard_library(one: tuple[int, str], other: tuple[int, str]) -> None:
    assert (Quick(*one) == Quick(*other)) is (Plain(*one) == Plain(*other))
    assert (hash(Quick(*one)) == hash(Quick(*other))) is (hash(Plain(*one)) == hash(Plain(*other)))


def test_what_is_not_frozen_is_the_standard_librarys() -> None:
    @dataclass(slots=True)
    class Open:
        x: int = 1

    made = Open()
    made.x = 2
    assert made == Open(2)
