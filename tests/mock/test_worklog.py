"""Logs as text at a time: they only grow, and they explain failures."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.mock.behaviour import Phase, Span, _cut
from adapters.mock.stories import STORIES, Story
from adapters.mock.worklog import work_log

KINDS = st.sampled_from(["train", "eval", "data", "publish", "gate", "driver"])
BEGAN = 1_787_000_000.0


def span(story: Story | None = None, seconds: float = 600.0) -> Span:
    outcome = Phase.SUCCEEDED if story is None else Phase.FAILED
    return Span(0, 1, 1, BEGAN - 10, BEGAN, BEGAN + seconds, outcome, story)


@given(
    kind=KINDS,
    story=st.sampled_from([None, *STORIES]),
    seconds=st.floats(5, 4000),
    times=st.lists(st.floats(-10, 5000), min_size=2, max_size=6).map(sorted),
)
def test_a_log_only_grows(kind: str, story: Story | None, seconds: float, times: list[float]) -> None:
    texts = [work_log(kind, span(story, seconds), 41, BEGAN + moment) for moment in times]
    assert all(later.startswith(earlier) for earlier, later in pairwise(texts))
    assert all(not text or text.endswith("\n") for text in texts)


@given(kind=KINDS, story=st.sampled_from([None, *STORIES]), moment=st.floats(1, 650))
def test_an_abort_does_not_change_what_was_already_written(kind: str, story: Story | None, moment: float) -> None:
    whole = span(story)
    before = work_log(kind, whole, 41, BEGAN + moment)
    stopped = _cut([whole], BEGAN + moment, BEGAN + moment + 10)[0]
    after = work_log(kind, stopped, 41, BEGAN + moment + 60)
    assert after.startswith(before)


@pytest.mark.parametrize("story", [story for story in STORIES if story.started], ids=lambda story: story.id)
def test_the_end_of_a_failed_log_tells_the_story(story: Story) -> None:
    log = work_log("train", span(story), 41, BEGAN + 3600)
    assert all(line in log for line in story.lines)
    assert log.splitlines()[-1].endswith(story.lines[-1])
    assert len(log.splitlines()) > 20


def test_what_never_ran_has_no_log_and_what_was_stopped_says_so() -> None:
    pulled = next(story for story in STORIES if not story.started)
    assert work_log("train", span(pulled), 1, BEGAN + 3600) == ""
    assert work_log("train", span(), 1, BEGAN - 1) == ""
    stopped = replace(span(), outcome=Phase.ABORTED, natural_end=BEGAN + 900)
    assert "SIGTERM" in work_log("train", stopped, 1, BEGAN + 3600).splitlines()[-1]


def test_lines_carry_the_time_a_client_is_told() -> None:
    log = work_log("gate", span(), 1, BEGAN + 3, lambda moment: moment + 86400)
    assert log.startswith("2026-08-18T")
