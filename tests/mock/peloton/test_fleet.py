"""The fleet itself: the cast, determinism, size, time that leaps, arrivals."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

import pytest

from adapters.mock.clock import SimClock
from adapters.mock.cluster import SimCluster
from adapters.mock.fleet import Fleet
from adapters.mock.fleet.states import JobState, PodState, WorkflowState
from adapters.mock.stories import STORIES
from tests.mock.peloton.client import Peloton

pytestmark = pytest.mark.anyio


def fleet(*, seed: int = 7, runs: int = 60, hosts: int = 12, arrivals: float = 0.0) -> Fleet:
    return Fleet(SimCluster(seed=seed, runs=runs, hosts=hosts, arrivals=arrivals, clock=SimClock(virtual=True)))


def picture(made: Fleet) -> list[Any]:
    """Everything about the live jobs and hosts, as plain values."""
    jobs = [
        (
            job.id, job.spec.name, job.state, job.version, job.created,
            [(pod.name, pod.goal, [(r.number, r.state, r.host, r.started, r.ended, r.events) for r in pod.runs])
             for pod in job.pods.values()],
            [(w.state, w.done, w.events) for w in job.workflows],
        )
        for job in made.world.jobs.values()
    ]  # fmt: skip
    return [jobs, [(host.name, host.state, sorted(host.pods), host.used) for host in made.world.hosts.values()]]


@pytest.mark.parametrize("seed", [0, 7, 1234])
@pytest.mark.parametrize("runs", [20, 60, 5000])
def test_the_cast_covers_every_state_and_story(seed: int, runs: int) -> None:
    made = fleet(seed=seed, runs=runs)
    jobs = list(made.world.jobs.values())
    assert {job.state for job in jobs} >= set(JobState) - {JobState.DELETED}
    workflows = {workflow.state for job in jobs for workflow in job.workflows}
    assert workflows == set(WorkflowState)
    pods = {run.state for job in jobs for pod in job.pods.values() for run in pod.runs}
    assert pods >= {
        PodState.INITIALIZED, PodState.PENDING, PodState.RUNNING, PodState.SUCCEEDED, PodState.FAILED,
        PodState.LOST, PodState.KILLING, PodState.KILLED,
    }  # fmt: skip
    stories = {run.story for job in jobs for pod in job.pods.values() for run in pod.runs}
    assert stories >= {story.id for story in STORIES}


@pytest.mark.parametrize("runs", [0, 1, 2, 19, 20, 21, 60, 400])
def test_there_are_as_many_jobs_as_asked(runs: int) -> None:
    made = fleet(runs=runs)
    found = [job.id for job in made.newest_first()]
    assert len(found) == len(set(found)) == runs
    assert all(made.find(job_id) is not None for job_id in found)


@pytest.mark.parametrize("hosts", [1, 2, 5, 6, 412])
def test_any_number_of_hosts(hosts: int) -> None:
    made = fleet(hosts=hosts)
    assert len(made.world.hosts) == hosts
    made.world.run_until(made.start + 3600)


def test_the_same_seed_is_the_same_world_however_time_passes() -> None:
    one, two = fleet(), fleet()
    assert picture(one) == picture(two)
    one.world.run_until(one.start + 900)
    for seconds in range(901):
        two.world.run_until(two.start + seconds)
    assert picture(one) == picture(two)
    assert picture(fleet(seed=8)) != picture(fleet())


def test_the_past_is_a_function_of_seed_and_index() -> None:
    one, two = fleet(runs=3000), fleet(runs=3000)
    indices = [2999, 100, 1500]
    forwards = [one.history.job(index) for index in indices]
    backwards = [two.history.job(index) for index in reversed(indices)][::-1]
    for a, b in zip(forwards, backwards, strict=True):
        assert (a.id, a.spec, a.state, a.created, a.completed) == (b.id, b.spec, b.state, b.created, b.completed)
        assert [pod.run.events for pod in a.pods.values()] == [pod.run.events for pod in b.pods.values()]


def test_the_past_has_a_likely_mix_of_endings() -> None:
    made = fleet(runs=3000)
    states = Counter(job.state for job in made.newest_first() if job.index >= 60)
    assert states[JobState.SUCCEEDED] > states[JobState.FAILED] > states[JobState.KILLED] > 100
    ended = [made.whole(job) for job in made.newest_first() if job.state is JobState.FAILED and job.index >= 60][
        :200
    ]
    stories = {pod.run.story for job in ended for pod in job.pods.values()} - {"peer", ""}
    assert len(stories) >= 8
    for job in ended:
        assert {pod.state for pod in job.pods.values()} <= {PodState.FAILED, PodState.LOST}


def test_100000_jobs_cost_nothing_at_the_start() -> None:
    began = time.perf_counter()
    made = fleet(runs=100_000)
    first = [job for job, _ in zip(made.newest_first(), range(100), strict=False)]
    assert len([made.whole(job) for job in first]) == 100
    assert time.perf_counter() - began < 2.0
    assert len(made.world.jobs) <= 60


def test_a_week_passes_in_no_time() -> None:
    made = fleet()
    began = time.perf_counter()
    made.world.run_until(made.start + 7 * 86_400)
    assert time.perf_counter() - began < 2.0
    batch = [job for job in made.world.jobs.values() if job.spec.batch]
    assert all(job.ended for job in batch)
    services = [job for job in made.world.jobs.values() if not job.spec.batch]
    assert all(job.state is JobState.RUNNING for job in services)


def test_no_host_and_no_pool_ever_holds_more_than_it_can() -> None:
    made = fleet(runs=400)
    for step in range(60):
        made.world.run_until(made.start + step * 60)
        for host in made.world.hosts.values():
            assert host.used.fits(host.capacity)
            held = [pod.spec.resources for pod in host.pods.values()]
            assert host.used.cpu == pytest.approx(sum(each.cpu for each in held))
            assert host.used.gpu == pytest.approx(sum(each.gpu for each in held))
        for pool in made.world.pools.by_id.values():
            assert pool.used.fits(pool.limit)
            assert min(pool.used) >= -1e-6


def test_nothing_new_arrives_unless_asked() -> None:
    made = fleet()
    made.world.run_until(made.start + 86_400)
    assert len(list(made.newest_first())) == 60


def test_arrivals_come_at_their_rate_and_old_ones_are_archived() -> None:
    clock = SimClock(virtual=True)
    made = Fleet(SimCluster(seed=7, runs=60, arrivals=2.0, clock=clock))
    for _ in range(60):
        clock.advance(60)
        made.catch_up()
    new = [job for job in made.world.jobs.values() if job.index >= 60]
    assert 90 <= len(new) <= 160
    assert any(job.ended for job in new)
    began = time.perf_counter()
    clock.advance(30 * 86_400)
    made.catch_up()
    assert time.perf_counter() - began < 4.0


async def test_reset_brings_the_start_back(mock: Peloton) -> None:
    before = await mock.jobs()
    await mock.write("StopJob", await mock.job("rank-serving"))
    mock.cluster.reset()
    assert await mock.jobs() == before
    mock.cluster.reset(runs=25)
    assert len(await mock.jobs()) == 25


async def test_at_speed_nothing_lies_in_the_readers_future() -> None:
    wall = [1_000_000_000.0]
    clock = SimClock(speed=144, wall=lambda: wall[0])
    mock = Peloton()
    mock.cluster.clock, mock.clock = clock, clock
    mock.cluster.reset()
    wall[0] += 20
    records = await mock.jobs(limit=60)
    assert mock.cluster.fleet.world.now == pytest.approx(clock.start + 2880)
    job = await mock.job("query-rewriter")
    told = (await mock.workflow(job))["completionTime"]
    assert "2001-09-09T01:46:40" < told <= "2001-09-09T01:47:00"
    newest = records[0]["status"]["creationTime"]
    again = await mock.jobs(limit=60, creationTimeRange={"min": newest})
    assert [record["name"] for record in again] == [records[0]["name"]]
