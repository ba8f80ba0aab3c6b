"""The pulse is read from the times of rows, and says what it cannot know."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from adapters.model import Capacity, Host, Kind, Pool, Ref, Resource, Run, State
from tui.core.causes import NOT_SAID, cause_of
from tui.core.pulse import DAY, HOUR, MARKS, STEP, Pulse, Samples, Signal, host_marks, p95, take
from tui.core.query import parse
from tui.core.store import Key, Snapshot

NOW = 1_787_409_127.0


def run(
    index: int, state: State, created: float, started: float | None, finished: float | None, **more: str
) -> Run:
    """A run whose times are seconds before NOW."""
    return Run(
        ref=Ref("kfp", Kind.RUN, f"r{index}"),
        name=f"r{index}",
        state=state,
        native_state="",
        created=NOW - created,
        started=None if started is None else NOW - started,
        finished=None if finished is None else NOW - finished,
        **more,  # type: ignore[arg-type]
    )


def listed(rows: Iterable[Resource], kind: Kind = Kind.RUN, *, complete: bool = True) -> Snapshot:
    return Snapshot(Key("kfp", kind), rows={row.ref: row for row in rows}, complete=complete, as_of=NOW)


def pulse(rows: Iterable[Resource], *, complete: bool = True) -> Pulse:
    return take([listed(rows, complete=complete)], [], [], NOW)


def signal(found: Pulse, id: str) -> Signal:
    return next(each for each in found.signals if each.id == id)


def test_failures_are_counted_where_they_finished() -> None:
    rows = [
        run(1, State.FAILED, 9 * HOUR, 9 * HOUR, 600),
        run(2, State.LOST, 9 * HOUR, 9 * HOUR, 2400),
        run(3, State.FAILED, 30 * HOUR, 30 * HOUR, 5 * HOUR),
        run(4, State.SUCCEEDED, 2 * HOUR, 2 * HOUR, 600),
    ]
    found = signal(pulse(rows), "failed")
    assert found.now == 2
    assert len(found.marks) == MARKS
    assert found.marks[-2:] == (1, 1)
    assert sum(mark or 0 for mark in found.marks) == 3


def test_running_and_waiting_are_spells_between_the_times_of_a_run() -> None:
    rows = [
        run(1, State.SUCCEEDED, 10 * HOUR, 8 * HOUR, 4 * HOUR),
        run(2, State.RUNNING, 2 * HOUR, HOUR, None),
        run(3, State.QUEUED, 0.6 * HOUR, None, None),
        run(4, State.ABORTED, 6 * HOUR, None, 5 * HOUR),
    ]
    found = pulse(rows)
    running, waiting = signal(found, "running"), signal(found, "waiting")

    def at(signal: Signal, hours: float) -> float | None:
        return signal.marks[MARKS - 1 - int(hours * HOUR / STEP)]

    assert [at(running, hours) for hours in (9, 7, 4.5, 3, 0.5, 0)] == [0, 1, 1, 0, 1, 1]
    assert [at(waiting, hours) for hours in (9, 7, 5.5, 4, 1.5, 0.5, 0)] == [1, 0, 1, 0, 1, 1, 1]
    assert (running.now, waiting.now) == (1, 1)


def test_before_the_loaded_rows_begin_nothing_is_known() -> None:
    rows = [
        run(1, State.SUCCEEDED, 3 * HOUR, 3 * HOUR, 2 * HOUR),
        run(2, State.RUNNING, 40 * HOUR, 40 * HOUR, None),
    ]
    part, whole = pulse(rows, complete=False), pulse(rows)
    assert part.since == NOW - 3 * HOUR
    assert whole.since is None
    blank = [mark is None for mark in signal(part, "running").marks]
    assert blank == [True] * 41 + [False] * 7
    assert None not in signal(whole, "running").marks
    assert signal(part, "failed").marks[:42] == (None,) * 42


def test_a_list_that_has_nothing_yet_knows_nothing() -> None:
    found = pulse([], complete=False)
    assert signal(found, "failed").now is None
    assert set(signal(found, "running").marks) == {None}
    assert set(signal(take([], [], [], NOW), "failed").marks) == {None}


def test_a_context_that_has_not_answered_takes_nothing_from_the_others() -> None:
    found = take([listed([run(1, State.RUNNING, HOUR, HOUR, None)]), listed([], complete=False)], [], [], NOW)
    assert found.since is None
    assert signal(found, "running").marks[-1] == 1


def test_usual_is_the_median_of_this_hour_on_at_least_three_days() -> None:
    def history(days: int) -> list[Run]:
        oldest = run(0, State.SUCCEEDED, days * DAY + 2 * HOUR, days * DAY + 2 * HOUR, days * DAY + 1.5 * HOUR)
        failures = [
            run(100 * day + n, State.FAILED, day * DAY + HOUR, day * DAY + HOUR, day * DAY + 600)
            for day in range(1, days + 1)
            for n in range(day)
        ]
        return [oldest, *failures]

    assert signal(pulse(history(2)), "failed").usual is None
    assert signal(pulse(history(2)), "failed").outside is False
    three = signal(pulse(history(3)), "failed")
    assert list(three.days) == [3, 2, 1]
    assert three.usual == 2
    now = [run(9000 + n, State.FAILED, HOUR, HOUR, 60) for n in range(4)]
    assert signal(pulse([*history(3), *now]), "failed").outside
    assert not signal(pulse([*history(3), *now[:3]]), "failed").outside


def test_what_has_no_time_is_counted_and_not_invented() -> None:
    rows = [run(1, State.FAILED, HOUR, None, None), run(2, State.SUCCEEDED, HOUR, 0.9 * HOUR, None)]
    found = pulse(rows)
    assert found.undated >= 2
    assert signal(found, "failed").now == 0
    assert set(signal(found, "running").marks) == {0}


@pytest.mark.parametrize(
    ("message", "title"),
    [
        ("train: OOMKilled, exit 137, used 31.8Gi of 32Gi", "out of memory"),
        ("CUDA out of memory", "out of memory"),
        ("ErrImagePull: registry.lab/asr:1.9", "image pull"),
        ("exit 1: NCCL timeout after 120s", "NCCL timeout"),
        ("step 3 of run 0b3e7a52-41d0 broke after 9.5s", "step N of run N broke after Ns"),
        ("", NOT_SAID),
        (None, NOT_SAID),
    ],
)
def test_messages_are_normalised(message: str | None, title: str) -> None:
    assert cause_of(message).title == title


@pytest.mark.parametrize(
    "message",
    ["step 3 of run 0b3e7a52-41d0 broke", 'said "no" (1)\\2', "a\nb", "bad [x", "\x1b[31mred 7", None, " "],
)
def test_the_filter_of_a_cause_selects_its_row(message: str | None) -> None:
    row = run(1, State.FAILED, HOUR, HOUR, 60, message=message)  # type: ignore[arg-type]
    assert parse(cause_of(message).filter).matches(row, NOW)


def test_causes_and_owners_lead_to_their_rows() -> None:
    rows = [
        run(1, State.FAILED, HOUR, HOUR, 60, message="OOMKilled in step 1"),
        run(2, State.FAILED, 20 * HOUR, 20 * HOUR, 19 * HOUR, message="OOMKilled in step 2"),
        run(3, State.FAILED, 30 * HOUR, 30 * HOUR, 29 * HOUR, message="OOMKilled in step 2"),
        run(4, State.FAILED, HOUR, HOUR, 60, message="exit 1"),
        run(5, State.RUNNING, HOUR, HOUR, None, owner="ana b"),
        run(6, State.QUEUED, HOUR, None, None, owner="ana b"),
        run(7, State.SUCCEEDED, HOUR, HOUR, 60, owner="ana b"),
    ]
    found = pulse(rows)
    assert [(tally.title, tally.count) for tally in found.causes] == [("out of memory", 2), ("exit N", 1)]
    assert [(tally.title, tally.count) for tally in found.owners] == [("ana b", 2)]
    for tally in (*found.causes, *found.owners, *found.failed_hour):
        assert sum(parse(tally.filter).matches(row, NOW) for row in rows) == tally.count
    for each in found.signals:
        assert sum(parse(each.filter).matches(row, NOW) for row in rows) == each.now


def test_pools_are_leaves_with_the_most_waiting_first() -> None:
    def pool(name: str, parent: str | None, used: float, waiting: int) -> Pool:
        above = Ref("kfp", Kind.POOL, parent) if parent else None
        caps = (Capacity("cpu", limit=9, allocation=1), Capacity("gpu", limit=10, allocation=used))
        ref = Ref("kfp", Kind.POOL, name)
        return Pool(
            ref=ref, name=name, state=State.UP, native_state="", parent=above, capacity=caps, waiting=waiting
        )

    rows = [pool("/", None, 9, 9), pool("/a", "/", 5, 1), pool("/b", "/", 10, 7)]
    found = take([], [], [listed(rows, Kind.POOL)], NOW).pools
    assert [(use.name, use.share, use.full) for use in found] == [("/b", 1.0, True), ("/a", 0.5, False)]


def test_hosts_are_marks_the_worst_first() -> None:
    states = [State.UP] * 8 + [State.DRAINED, State.DOWN]
    rows = [
        Host(ref=Ref("kfp", Kind.HOST, str(n)), name=str(n), state=state, native_state="")
        for n, state in enumerate(states)
    ]
    hosts = take([], [listed(rows, Kind.HOST)], [], NOW).hosts
    assert hosts[:3] == (State.DOWN, State.DRAINED, State.UP)
    assert host_marks(hosts, 20) == (hosts, 1)
    assert host_marks(hosts, 4) == ((State.DOWN, State.UP, State.UP, State.UP), 3)
    assert host_marks((), 4) == ((), 1)


def test_samples_are_blank_where_nobody_was_looking() -> None:
    samples = Samples()
    samples.note("p95", NOW - 2 * DAY, 9.0)
    samples.note("p95", NOW - 3 * HOUR, 1.0)
    samples.note("p95", NOW, 2.0)
    marks = samples.marks("p95", NOW)
    assert marks[-1] == 2.0
    assert [mark for mark in marks if mark is not None] == [1.0, 2.0]
    assert samples.marks("other", NOW) == (None,) * MARKS


def test_p95() -> None:
    assert p95([]) is None
    assert p95([0.1] * 19 + [3.0]) == 3.0
    assert p95([0.1] * 99 + [3.0]) == 0.1
