"""Finite work as a function of seed, index and time, with interventions."""

from __future__ import annotations

import math
from itertools import islice, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.mock.behaviour import ABORTABLE, ENDED, Course, Phase
from adapters.mock.chance import scramble, unscramble
from adapters.mock.clock import SimClock
from adapters.mock.names import WORKLOADS
from adapters.mock.stories import STORIES
from adapters.mock.timeline import MADE, Timeline


def timeline(count: int = 60, seed: int = 7, arrivals: float = 0.0, backend: str = "kfp") -> Timeline:
    clock = SimClock(virtual=True)
    return Timeline(backend, seed=seed, count=count, arrivals=arrivals, clock=clock, started_at=clock.start)


def first_in(work: Timeline, *phases: Phase) -> int:
    return next(index for index in work.ascending() if work.phase(index, work.clock.now()) in phases)


def test_the_same_seed_gives_the_same_world_and_another_seed_another() -> None:
    def told(work: Timeline) -> list[object]:
        return [(work.uuid(index), work.outline(index), work.course(index)) for index in work.ascending()]

    assert told(timeline()) == told(timeline())
    assert told(timeline()) != told(timeline(seed=8))
    assert {work.uuid(0) for work in (timeline(), timeline(backend="clearml"))} != {timeline().uuid(0)}


@pytest.mark.parametrize("count", [1, 5, 20, 60, 450, 3000])
def test_runs_are_created_one_after_the_other_and_in_the_past(count: int) -> None:
    work = timeline(count)
    created = [work.created(index) for index in work.ascending()]
    assert len(created) == count
    assert all(earlier < later for earlier, later in pairwise(created))
    assert created[-1] < work.clock.now()
    assert list(work.descending()) == list(work.ascending())[::-1]


@pytest.mark.parametrize(("count", "least", "most"), [(60, 9, 20), (1000, 30, 90), (10_000, 120, 280)])
def test_a_handful_is_live(count: int, least: int, most: int) -> None:
    work = timeline(count)
    now = work.clock.now()
    assert least <= sum(work.phase(index, now) not in ENDED for index in work.ascending()) <= most


@pytest.mark.parametrize("count", [20, 21, 60, 5000])
@pytest.mark.parametrize("seed", [0, 7])
def test_the_cast_shows_every_phase_and_every_story(count: int, seed: int) -> None:
    work = timeline(count, seed)
    now = work.clock.now()
    assert {work.phase(index, now) for index in work.ascending()} == set(Phase)
    stories = {outline.story.id for index in work.ascending() if (outline := work.outline(index)).story}
    assert stories == {story.id for story in STORIES}


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32), index=st.integers(0, 59), later=st.floats(0, 8 * 3600))
def test_outline_and_course_tell_the_same(seed: int, index: int, later: float) -> None:
    work = timeline(seed=seed)
    now = work.clock.advance(later)
    course, outline = work.course(index), work.outline(index)
    assert course.phase(now) is outline.phase(now)
    assert course.finished(now) == (outline.ended if outline.ended <= now else None)
    told = [moment for moment, _ in course.history]
    assert told == sorted(told)
    for span in course.spans:
        assert span.queued <= span.start or span.outcome is Phase.ABORTED
        assert outline.created <= span.queued <= span.end
        assert math.isinf(span.end) or span.end <= outline.ended + 1e-3 or outline.ended == math.inf


def test_a_failed_run_has_the_step_that_failed_it_and_nothing_after_it() -> None:
    work = timeline(2000)
    now = work.clock.now()
    for index in work.ascending():
        outline = work.outline(index)
        if outline.story is None or work.phase(index, now) is not Phase.FAILED:
            continue
        spans = work.course(index).spans
        failed = [span for span in spans if span.outcome is Phase.FAILED and span.story is outline.story]
        assert failed, outline
        steps = outline.workload.steps
        done = {span.step for span in spans if span.outcome is Phase.SUCCEEDED}
        broken = {steps[span.step].name for span in failed if span.step not in done}
        assert broken
        assert not [span for span in spans if set(steps[span.step].after) & broken]


@given(st.integers(0, 2**32 - 1), st.integers(0, 2**64 - 1))
def test_ids_hide_an_index_and_give_it_back(value: int, key: int) -> None:
    assert unscramble(scramble(value, key), key) == value
    assert 0 <= scramble(value, key) < 2**32


def test_an_id_is_a_uuid4_and_only_real_ones_are_found() -> None:
    work = timeline()
    for index in work.ascending():
        found = work.uuid(index)
        assert work.find(found) == index
        assert found[14] == "4"
        assert found[19] in "89ab"
        assert work.find(found[:-1] + ("0" if found[-1] != "0" else "1")) is None
    for text in ("", "nope", "0" * 36, work.uuid(60), work.uuid(MADE), "é" * 36, "-1234567"):
        assert work.find(text) is None


def test_looking_at_the_newest_of_100_000_costs_the_newest() -> None:
    work = timeline(100_000)
    page = list(islice(work.descending(), 200))
    assert [work.find(work.uuid(index)) for index in page] == page
    for index in page:
        work.course(index)
    assert len(work) == 100_000
    assert len(work._outlines) == 200


def test_arrivals_come_with_time_and_only_then() -> None:
    still = timeline()
    still.clock.advance(3600)
    assert len(still) == 60
    work = timeline(arrivals=2)
    assert len(work) == 60
    work.clock.advance(600)
    assert len(work) == 80
    newest = next(work.descending())
    assert newest == 79
    assert work.phase(newest, work.clock.now()) in (Phase.PENDING, Phase.RUNNING)
    created = [work.created(index) for index in work.ascending()]
    assert created == sorted(created)
    assert work.clock.now() - created[-1] <= 30


def test_abort_is_legal_only_while_it_can_do_something() -> None:
    work = timeline()
    now = work.clock.now()
    for index in list(work.ascending()):
        phase = work.phase(index, now)
        assert work.abort(index) == (phase in ABORTABLE), phase
        assert (work.phase(index, now) is Phase.ABORTING) == (phase in ABORTABLE or phase is Phase.ABORTING)
    work.clock.advance(3600)
    assert all(work.phase(index, work.clock.now()) in ENDED for index in work.ascending())


def test_an_aborted_run_starts_nothing_new_and_keeps_its_past() -> None:
    work = timeline()
    index = first_in(work, Phase.RUNNING)
    before = work.course(index)
    now = work.clock.now()
    work.abort(index)
    after = work.course(index)
    assert [span for span in after.spans if span.end <= now] == [span for span in before.spans if span.end <= now]
    assert all(span.queued <= now for span in after.spans)
    work.clock.advance(60)
    assert after.phase(work.clock.now()) in (Phase.FAILED, Phase.ABORTED)
    assert after.finished(work.clock.now()) is not None


def test_retry_keeps_what_succeeded_and_does_the_rest_again() -> None:
    work = timeline(2000)
    now = work.clock.now()
    tried = 0
    for index in list(work.ascending()):
        outline = work.outline(index)
        if work.phase(index, now) is not Phase.FAILED or outline.story is None:
            continue
        tried += 1
        done = {span.step for span in work.course(index).spans if span.outcome is Phase.SUCCEEDED}
        assert work.retry(index)
        assert not work.retry(index)
        course: Course = work.course(index)
        again = {span.step for span in course.spans if span.round == 2}
        assert again
        assert not again & done
        assert course.phase(now) is Phase.RUNNING
        assert course.finished(now) is None
        assert (course.history[-1][1] is Phase.SUCCEEDED) == outline.story.transient
    assert tried > 20


def test_retry_is_illegal_unless_failed_or_aborted() -> None:
    work = timeline()
    now = work.clock.now()
    for index in list(work.ascending()):
        phase = work.phase(index, now)
        assert work.retry(index) == (phase in (Phase.FAILED, Phase.ABORTED))


def test_deleted_runs_are_gone_and_created_ones_are_the_newest() -> None:
    work = timeline()
    index = first_in(work, Phase.SUCCEEDED)
    uuid = work.uuid(index)
    work.delete(index)
    assert work.find(uuid) is None
    assert len(work) == 59
    assert index not in list(work.ascending())
    made = work.create("mine", WORKLOADS[0], "ana")
    assert work.find(work.uuid(made)) == made
    assert next(work.descending()) == made
    assert work.phase(made, work.clock.now()) is Phase.PENDING
    work.clock.advance(6 * 3600)
    assert work.phase(made, work.clock.now()) in (Phase.SUCCEEDED, Phase.FAILED)
