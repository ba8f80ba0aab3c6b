"""How many pods a draining host has lost is counted from when its drain was first seen, and never made up."""

from __future__ import annotations

from adapters.model import Host, Kind, Progress, Ref, State
from tui.core.drains import Drains


def host(state: State, pods: int | None) -> Host:
    return Host(ref=Ref("lab", Kind.HOST, "h"), name="h", state=state, native_state=state.value, pods=pods)


def seen(*hosts: Host) -> list[Progress | None]:
    return [resource.progress for resource in Drains().told(hosts)]


def test_pods_that_leave_are_counted_from_the_last_look_before_the_drain() -> None:
    assert seen(host(State.UP, 11), host(State.DRAINING, 9), host(State.DRAINING, 6), host(State.DOWN, 0)) == [
        None,
        Progress(2, 11),
        Progress(5, 11),
        Progress(11, 11),
    ]


def test_a_drain_that_had_begun_counts_from_what_was_seen_first() -> None:
    assert seen(host(State.DRAINING, 6), host(State.DRAINING, 4)) == [Progress(0, 6), Progress(2, 6)]


def test_nothing_is_known_of_a_host_that_was_found_down() -> None:
    assert seen(host(State.DOWN, 0)) == [None]


def test_a_host_that_is_back_up_starts_again() -> None:
    assert seen(host(State.DRAINING, 3), host(State.UP, 2), host(State.DRAINING, 1))[-1] == Progress(1, 2)


def test_an_unknown_count_stays_unknown() -> None:
    assert seen(host(State.UP, None), host(State.DRAINING, None)) == [None, None]
