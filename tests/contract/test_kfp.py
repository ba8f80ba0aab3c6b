"""KFP's own rules, adapter against mock: neither shares a line with the other."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from adapters.errors import Conflict, NotFound
from adapters.kfp.adapter import KfpAdapter
from adapters.kfp.settings import KfpSettings
from adapters.mock.clock import SimClock
from adapters.mock.cluster import SimCluster
from adapters.mock.server import build_app
from adapters.model import ENDED, Kind, Ref, Resource, State
from adapters.permit import Permit
from adapters.port import Op, Query, Term
from tests.contract.conftest import everything

pytestmark = pytest.mark.anyio


@pytest.fixture
def cluster() -> SimCluster:
    return SimCluster(seed=7, runs=60, hosts=12, clock=SimClock(virtual=True))


@pytest.fixture
async def adapter(cluster: SimCluster) -> AsyncIterator[KfpAdapter]:
    app = build_app(cluster, backends=["kfp"])
    settings = KfpSettings(url="http://mock.test", retries=0, show_archived=False)
    made = KfpAdapter("kfp", settings, transport=httpx.ASGITransport(app=app))
    yield made
    await made.aclose()


async def do(adapter: KfpAdapter, action: str, ref: Ref, **params: str) -> Ref | None:
    return (await adapter.perform(action, ref, params, Permit("p", "r", action, ref))).created


async def one(adapter: KfpAdapter, *states: State) -> Resource:
    return next(run for run in await everything(adapter, Kind.RUN) if run.state in states)


async def test_abort_ends_a_run_whatever_kfp_calls_it(adapter: KfpAdapter, cluster: SimCluster) -> None:
    run = await one(adapter, State.RUNNING)
    await do(adapter, "abort", run.ref)
    assert (await adapter.get(run.ref)).native_state == "CANCELING"
    with pytest.raises(Conflict, match="not pending, running or paused"):
        await do(adapter, "abort", run.ref)
    cluster.clock.advance(600)
    ended = await adapter.get(run.ref)
    assert ended.state in (State.FAILED, State.ABORTED)
    assert ended.finished is not None


async def test_retry_keeps_the_run_and_its_finished_tasks(adapter: KfpAdapter) -> None:
    run = await one(adapter, State.FAILED)
    await do(adapter, "retry", run.ref)
    again = await adapter.get(run.ref)
    assert again.state not in ENDED
    assert again.finished is None
    with pytest.raises(Conflict):
        await do(adapter, "retry", run.ref)
    done = await one(adapter, State.SUCCEEDED)
    with pytest.raises(Conflict, match="Failed"):
        await do(adapter, "retry", done.ref)


async def test_archived_runs_leave_the_list_and_come_back(adapter: KfpAdapter) -> None:
    run = await one(adapter, State.SUCCEEDED)
    await do(adapter, "archive", run.ref)
    await do(adapter, "archive", run.ref)  # idempotent
    refs = {row.ref for row in await everything(adapter, Kind.RUN)}
    archived = await everything(adapter, Kind.RUN, Query(terms=(Term("archived", Op.EQ, ("true",)),)))
    assert run.ref not in refs
    assert run.ref in {row.ref for row in archived}
    assert all(row.extra["archived"] for row in archived)
    await do(adapter, "unarchive", run.ref)
    assert run.ref in {row.ref for row in await everything(adapter, Kind.RUN)}


async def test_a_run_cannot_leave_the_archive_before_its_experiment(adapter: KfpAdapter) -> None:
    archived = await everything(adapter, Kind.RUN, Query(terms=(Term("archived", Op.EQ, ("true",)),)))
    blocked = 0
    for run in archived:
        notes = dict((await adapter.preview("unarchive", run.ref, {})).notes)
        if "blocked" in notes:
            blocked += 1
            with pytest.raises(Conflict, match="its experiment is archived"):
                await do(adapter, "unarchive", run.ref)
    assert blocked


async def test_delete_is_for_good(adapter: KfpAdapter) -> None:
    run = await one(adapter, State.RUNNING)
    await do(adapter, "delete", run.ref)
    for again in (adapter.get(run.ref), do(adapter, "delete", run.ref)):
        with pytest.raises(NotFound):
            await again


async def test_a_clone_is_a_new_run_of_the_same_pipeline(adapter: KfpAdapter) -> None:
    for run in (await everything(adapter, Kind.RUN))[:12]:
        made = await do(adapter, "clone", run.ref, name="100% cloned + [/red]")
        assert made is not None
        assert made != run.ref
        clone = await adapter.get(made)
        assert clone.name == "100% cloned + [/red]"
        assert clone.group == run.group
        assert clone.extra["pipeline"] == run.extra["pipeline"]
    for part in ("100%", "d ", "/red", "%20", "%2"):
        query = Query(terms=(Term("name", Op.MATCH, (part,)),))
        found = {row.name for row in await everything(adapter, Kind.RUN, query)}
        assert all(part in name for name in found)
        assert ("100% cloned + [/red]" in found) == (part in "100% cloned + [/red]")


async def test_every_task_and_its_log_is_told_from_its_neighbours(adapter: KfpAdapter) -> None:
    """What the operator reads belongs to the task asked for: the log names its own step."""
    read = 0
    for run in (await everything(adapter, Kind.RUN))[:9]:
        tasks = await everything(adapter, Kind.TASK, Query(parent=run.ref))
        assert not [
            task.name for task in tasks if task.name.endswith("-driver") or task.name.startswith("executor")
        ]
        keys = []
        for task in tasks:
            keys += [source.key for source in await adapter.log_sources(task.ref) if source.ref == task.ref]
        named = [key for key in keys if "system-container-impl" in key]
        assert len(named) == len(set(named))
        read += len(named)
    assert read > 10
