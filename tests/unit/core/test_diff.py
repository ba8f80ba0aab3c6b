"""What differs between two details, name by name."""

from __future__ import annotations

from adapters.model import Json, Kind, Ref, Run, State
from adapters.sections import Detail, Diff, Fields, Section, Table, Text
from tui.core.diff import compare, differing


def detail(name: str, *sections: Section, state: State = State.FAILED) -> Detail:
    row = Run(ref=Ref("kfp", Kind.RUN, name), name=name, state=state, native_state=state.value)
    return Detail(row, sections, {})


def differences(left: Detail, right: Detail) -> dict[str, dict[str, tuple[Json, Json]]]:
    return {diff.title: {name: (a, b) for name, a, b in differing(diff)} for diff in compare(left, right)}


def test_fields_are_compared_by_name_and_not_by_place() -> None:
    left = detail("a", Fields("Params", (("lr", 0.1), ("rows", 8), ("flag", True))))
    right = detail("b", Fields("Params", (("rows", 8), ("lr", 0.2), ("flag", 1), ("new", None))))
    assert differences(left, right)["Params"] == {"lr": (0.1, 0.2), "flag": (True, 1)}


def test_what_only_one_has_is_there() -> None:
    left = detail("a", Fields("Params", (("lr", 0.1),)))
    right = detail("b", Table("Artifacts", ("NAME", "URI", "SIZE"), (("model", "gs://m", 3),)))
    found = differences(left, right)
    assert found["Params"] == {"lr": (0.1, None)}
    assert found["Artifacts"] == {"model": (None, ["gs://m", 3])}


def test_the_objects_themselves_are_compared_first() -> None:
    first, *_ = compare(detail("a"), detail("b", state=State.RUNNING))
    assert isinstance(first, Diff)
    assert (first.title, first.left, first.right) == ("Object", "a", "b")
    assert {name for name, _, _ in differing(first)} == {"state", "native_state"}


def test_rows_that_share_a_name_and_lines_are_compared_in_order() -> None:
    left = detail("a", Table("Env", ("K", "V"), (("X", 1), ("X", 2))), Text("Spec", "one\ntwo"))
    right = detail("b", Table("Env", ("K", "V"), (("X", 1), ("X", 3))), Text("Spec", "one\n2"))
    found = differences(left, right)
    assert found["Env"] == {"X (2)": (2, 3)}
    assert found["Spec"] == {"line 2": ("two", "2")}


def test_equal_objects_have_no_difference() -> None:
    one = detail("a", Fields("Params", (("lr", 0.1),)))
    assert not any(differing(diff) for diff in compare(one, one))
