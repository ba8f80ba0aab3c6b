"""The tries of an object, from its events."""

from __future__ import annotations

from dataclasses import replace

from adapters.model import Event, Kind, Pod, Ref, Resource, State
from tui.core.tries import MOST, tries_of

REF = Ref("lab", Kind.POD, "p")
POD = Pod(
    ref=REF, name="p", state=State.RUNNING, native_state="RUNNING", created=1.0, started=50.0, attempt=3, host="h3"
)


def event(time: float | None, attempt: int, state: State | None, text: str = "", host: str | None = None) -> Event:
    return Event(time, REF, state, state.value.upper() if state else None, text, {"attempt": attempt, "host": host})


def test_each_try_is_told_by_its_own_events_and_the_present_one_by_the_object() -> None:
    events = [
        event(1.0, 1, State.PENDING),
        event(4.0, 1, State.RUNNING, host="h1"),
        event(9.0, 1, State.FAILED, "exit 1", "h1"),
        event(20.0, 3, State.PENDING),
    ]
    first, second, third = tries_of(POD, events)
    assert (first.state, first.queued, first.start, first.end) == (State.FAILED, 1.0, 4.0, 9.0)
    assert (first.host, first.said, first.lasted(99.0)) == ("h1", "exit 1", 5.0)
    assert (second.state, second.start, second.lasted(99.0)) == (State.UNKNOWN, None, None)  # nobody tells of it
    assert (third.state, third.start, third.end, third.host) == (State.RUNNING, 50.0, None, "h3")
    assert third.lasted(60.0) == 10.0


def test_a_try_whose_end_nobody_tells_has_none() -> None:
    first = tries_of(replace(POD, attempt=2), [event(4.0, 1, State.RUNNING), event(None, 1, State.FAILED)])[0]
    assert (first.state, first.end, first.lasted(99.0)) == (State.RUNNING, None, None)


def test_without_a_number_there_are_none_and_of_many_the_latest() -> None:
    assert tries_of(Resource(ref=REF, name="p", state=State.RUNNING, native_state=""), []) == ()
    assert [each.number for each in tries_of(replace(POD, attempt=1000), [])] == list(range(1001 - MOST, 1001))
