"""Simulated time, and what clients are told of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.mock.clock import VIRTUAL_START, SimClock


def test_a_virtual_clock_moves_only_when_told_to() -> None:
    clock = SimClock(virtual=True)
    assert clock.now() == clock.now() == VIRTUAL_START
    assert clock.advance(90) == VIRTUAL_START + 90


def test_the_wall_clock_runs_at_the_given_speed() -> None:
    wall = [1000.0]
    clock = SimClock(speed=10, wall=lambda: wall[0])
    wall[0] += 6
    assert clock.now() == 1060
    assert clock.stamp(clock.now()) == wall[0]


@given(moment=st.floats(0, 4e9), speed=st.floats(0.1, 1000))
def test_a_client_sending_a_time_back_means_the_same_moment(moment: float, speed: float) -> None:
    clock = SimClock(speed=speed, start=1e9, wall=lambda: 1e9)
    assert clock.unstamp(clock.stamp(moment)) == pytest.approx(moment)


@given(st.floats(0, 1e8), st.floats(0, 1e8))
def test_what_is_told_keeps_its_order(first: float, second: float) -> None:
    clock = SimClock(speed=60, start=5e7, wall=lambda: 5e7)
    assert (clock.stamp(first) <= clock.stamp(second)) == (first <= second) or clock.stamp(first) == clock.stamp(
        second
    )


def test_time_does_not_go_back_and_the_speed_is_positive() -> None:
    with pytest.raises(ValueError, match="only moves forward"):
        SimClock(virtual=True).advance(-1)
    with pytest.raises(ValueError, match="above 0"):
        SimClock(speed=0)
