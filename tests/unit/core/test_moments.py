"""Times as they are typed."""

from __future__ import annotations

import pytest

from tui.core.filter_values import moment
from tui.core.moments import NoMoment, read_moment

LAST = "2026-08-22T14:32:07Z"
HERE = "2026-08-22T12:00:00Z"


def at(text: str) -> float:
    found = moment(text)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("14:32", "2026-08-22T14:32:00Z"),
        ("9:05", "2026-08-22T09:05:00Z"),
        ("14:31:58", "2026-08-22T14:31:58Z"),
        ("14:31:58.500Z", "2026-08-22T14:31:58.500Z"),
        ("23:00", "2026-08-21T23:00:00Z"),
        ("@14:00", "2026-08-22T14:00:00Z"),
        ("5m", "2026-08-22T14:27:07Z"),
        ("1h30m ago", "2026-08-22T13:02:07Z"),
        ("-5m", "2026-08-22T11:55:00Z"),
        ("+90s", "2026-08-22T12:01:30Z"),
        ("08-21 14:32", "2026-08-21T14:32:00Z"),
        ("08-21 14:32Z", "2026-08-21T14:32:00Z"),
        ("12-24 10:00", "2025-12-24T10:00:00Z"),
        ("2026-08-20", "2026-08-20T00:00:00Z"),
        ("2026-08-20 10:00", "2026-08-20T10:00:00Z"),
        ("2026-08-20T10:00:00+02:00", "2026-08-20T08:00:00Z"),
    ],
)
def test_a_time_is_read(typed: str, meant: str) -> None:
    assert read_moment(typed, at(LAST), at(HERE)) == pytest.approx(at(meant))


@pytest.mark.parametrize("typed", ["", "soon", "25:00", "14:61", "2026-13-01", "-", "ago", "5", "13-45 10:00"])
def test_what_is_no_time_is_refused_with_examples(typed: str) -> None:
    with pytest.raises(NoMoment, match=r"write 14:32, -5m"):
        read_moment(typed, at(LAST))


def test_without_a_place_relative_times_go_from_the_last() -> None:
    assert read_moment("-5m", at(LAST)) == at(LAST) - 300
