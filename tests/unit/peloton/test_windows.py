"""Property: whatever the creation times, page sizes and caps, walking the windows gives every job exactly once."""

from __future__ import annotations

import asyncio
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from adapters.peloton.api import PelotonApi
from adapters.peloton.ids import parse_ranges, spell_ranges, split_update_id, update_id
from adapters.peloton.jobs import Window, read_window
from adapters.peloton.wire import QueryJobsResponse, WorkflowStatus
from tests.unit.peloton.fake import Body, job, uuid
from tests.unit.peloton.test_runs import serve


class Stub(PelotonApi):
    """Only the one call, answered at once."""

    def __init__(self, jobs: list[Body], **caps: Any) -> None:
        self.answer = serve(jobs, **caps)
        self.asked = 0

    async def query_jobs(self, spec: Any) -> QueryJobsResponse:
        self.asked += 1
        return QueryJobsResponse.model_validate(self.answer({"spec": spec}))


async def walk(api: Stub, limit: int) -> list[str]:
    window: Window | None = Window()
    found: list[str] = []
    while window is not None:
        page = await read_window(api, {}, Window.parse(window.text()), limit)
        assert len(page.jobs) <= limit
        found += [one.job_id for one in page.jobs]
        window = page.following
        assert api.asked < 600, "the walk does not end"
    return found


@settings(max_examples=60, deadline=None)
@given(
    times=st.lists(st.integers(0, 12), max_size=60),
    unit=st.sampled_from([0.0004, 0.001, 1.0]),
    limit=st.integers(1, 40),
    hard_cap=st.sampled_from([None, 100]),
)
@example(times=[5] * 60, unit=1.0, limit=1, hard_cap=None)
@example(times=[0, 1, 2, 3] * 10, unit=0.0004, limit=3, hard_cap=100)
def test_every_job_exactly_once(times: list[int], unit: float, limit: int, hard_cap: int | None) -> None:
    jobs = [job(number, created=1.0 + at * unit) for number, at in enumerate(times)]
    found = asyncio.run(walk(Stub(jobs, hard_cap=hard_cap), limit))
    assert sorted(found) == [uuid(number) for number in range(len(times))]


@given(st.sets(st.integers(0, 60)))
def test_instances_are_spelled_and_read_back(numbers: set[int]) -> None:
    spelled = spell_ranges(sorted(numbers))
    assert {n for start, end in parse_ranges(spelled) for n in range(start, end)} == numbers


@given(st.text(min_size=1))
def test_update_ids_hold_any_creation_time(created: str) -> None:
    native = update_id(uuid(1), WorkflowStatus(creation_time=created))
    assert native.count("/") == 1
    assert split_update_id(native) == (uuid(1), created)
