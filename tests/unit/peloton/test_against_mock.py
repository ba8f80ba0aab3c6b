"""The adapter over the bundled mock server, in process: the two share nothing but the API's facts."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from adapters.errors import Conflict, Unavailable
from adapters.mock.clock import SimClock
from adapters.mock.cluster import SimCluster
from adapters.mock.server import build_app
from adapters.model import ENDED, Host, Json, Kind, Pod, Pool, Ref, Resource, State, Update
from adapters.peloton import SCHEMA
from adapters.peloton.adapter import PelotonAdapter
from adapters.peloton.settings import PelotonSettings
from adapters.port import ANY, Query
from tests.unit.peloton.fake import permit
from tests.unit.peloton.test_runs import walk

pytestmark = pytest.mark.anyio


class Lab:
    def __init__(self, runs: int, **settings: object) -> None:
        self.cluster = SimCluster(seed=7, runs=runs, hosts=12, clock=SimClock(virtual=True))
        self.cluster.base_port = 8000
        given = {"backend": "peloton", "url": "http://127.0.0.1:8000", "requests_per_second": 10_000, "retries": 0}
        self.settings = PelotonSettings.model_validate({**given, **settings})
        self.adapter = self.connect()

    def connect(self) -> PelotonAdapter:
        """A connection that remembers nothing."""
        transport = httpx.ASGITransport(app=build_app(self.cluster, backends=["peloton"]))
        return PelotonAdapter("peloton", self.settings, transport=transport)

    async def all(self, kind: Kind, query: Query = ANY) -> list[Resource]:
        return [item for page in await walk(self.adapter, kind, query) for item in page.items]

    async def do(self, action: str, ref: Ref) -> str:
        return (await self.adapter.perform(action, ref, {}, permit(ref))).message


@pytest.fixture
async def lab(anyio_backend: str) -> AsyncIterator[Lab]:
    made = Lab(60)
    yield made
    await made.adapter.aclose()


async def test_every_kind_is_listed_once_and_can_be_read_again(lab: Lab) -> None:
    for kind in SCHEMA.kinds:
        found = await lab.all(kind)
        assert found, kind
        assert len({item.ref for item in found}) == len(found)
        for item in found[:5]:
            again = await lab.adapter.get(item.ref)
            assert (again.ref, again.state, again.name) == (item.ref, item.state, item.name)
            assert Ref.parse(str(item.ref)) == item.ref
            assert (await lab.adapter.detail(item.ref)).resource.ref == item.ref


async def test_450_jobs_are_listed_whole_and_newest_first() -> None:
    lab = Lab(450)
    runs = await lab.all(Kind.RUN)
    assert len({run.ref for run in runs}) == len(runs) == 450
    created = [run.created or 0.0 for run in runs]
    assert created == sorted(created, reverse=True)
    active = await lab.all(Kind.RUN, Query(active=True))
    assert {run.ref for run in active} == {run.ref for run in runs if run.state not in ENDED}
    await lab.adapter.aclose()


async def test_nothing_is_unknown(lab: Lab) -> None:
    for kind in SCHEMA.kinds:
        assert not [item for item in await lab.all(kind) if item.state is State.UNKNOWN], kind


async def test_pods_of_hosts_add_up(lab: Lab) -> None:
    hosts = [host for host in await lab.all(Kind.HOST) if isinstance(host, Host)]
    for host in hosts:
        pods = await lab.all(Kind.POD, Query(parent=host.ref))
        assert len(pods) == host.pods
        assert {pod.host for pod in pods} <= {host.name}


async def test_runs_of_a_pool_and_its_counts(lab: Lab) -> None:
    pools = {pool.name: pool for pool in await lab.all(Kind.POOL) if isinstance(pool, Pool)}
    runs = await lab.all(Kind.RUN)
    below_ml = await lab.all(Kind.RUN, Query(parent=pools["/ml"].ref))
    assert {run.ref for run in below_ml} == {run.ref for run in runs if (run.pool or "").startswith("/ml/")}
    assert pools["/ml"].running == sum(run.state is State.RUNNING for run in below_ml)
    leaf = next(pool for pool in pools.values() if pool.extra["leaf"] and pool.running)
    assert {run.pool for run in await lab.all(Kind.RUN, Query(parent=leaf.ref))} == {leaf.name}


async def test_a_drained_host_loses_its_pods_and_comes_back(lab: Lab) -> None:
    hosts = [host for host in await lab.all(Kind.HOST) if isinstance(host, Host)]
    for busy in (host for host in hosts if host.state is State.UP and host.pods):
        preview = await lab.adapter.preview("drain", busy.ref, {})
        assert preview.complete
        assert sum(one.pods or 0 for one in preview.affected) == busy.pods
        if "slow" not in dict(preview.notes):
            break  # no SLA that could hold it up
    else:
        pytest.fail("an SLA on every host")
    await lab.do("drain", busy.ref)
    assert (await lab.adapter.get(busy.ref)).state is State.DRAINING
    for _ in range(40):
        lab.cluster.clock.advance(30)
        if (await lab.adapter.get(busy.ref)).state is State.DOWN:
            break
    fresh = lab.connect()
    down = await fresh.get(busy.ref)
    assert isinstance(down, Host)
    assert (down.state, down.pods) == (State.DOWN, 0)
    await lab.do("undrain", busy.ref)
    assert (await fresh.get(busy.ref)).state is State.UP
    await fresh.aclose()


async def test_undraining_a_draining_host_is_refused(lab: Lab) -> None:
    draining = next(host for host in await lab.all(Kind.HOST) if host.state is State.DRAINING)
    with pytest.raises(Exception, match="Host is not DOWN"):
        await lab.do("undrain", draining.ref)


async def test_stop_start_and_delete_a_run(lab: Lab) -> None:
    run = next(run for run in await lab.all(Kind.RUN) if run.state is State.RUNNING)
    before = run.version
    await lab.do("abort", run.ref)
    stopping = await lab.adapter.get(run.ref)
    assert stopping.state in (State.ABORTING, State.ABORTED)
    assert stopping.version != before
    lab.cluster.clock.advance(120)
    assert (await lab.adapter.get(run.ref)).state is State.ABORTED
    await lab.do("start", run.ref)
    lab.cluster.clock.advance(120)
    assert (await lab.adapter.get(run.ref)).state is State.RUNNING
    with pytest.raises(Conflict, match="KILLED"):
        await lab.do("delete", run.ref)
    await lab.do("abort", run.ref)
    lab.cluster.clock.advance(120)
    await lab.do("delete", run.ref)
    lab.cluster.clock.advance(120)
    assert run.ref not in {other.ref for other in await lab.all(Kind.RUN)}


async def test_restarting_a_pod_begins_its_next_run(lab: Lab) -> None:
    pods = [pod for pod in await lab.all(Kind.POD) if isinstance(pod, Pod)]
    pod = next(pod for pod in pods if pod.state is State.RUNNING)
    await lab.do("restart", pod.ref)
    lab.cluster.clock.advance(180)
    again = await lab.adapter.get(pod.ref)
    assert isinstance(again, Pod)
    assert again.attempt == (pod.attempt or 0) + 1
    assert {event.extra.get("attempt") for event in await lab.adapter.events(pod.ref)} >= {
        pod.attempt,
        again.attempt,
    }
    earlier = await lab.adapter.log_sources(pod.ref, attempt=pod.attempt)
    assert earlier[0].ended


async def test_an_update_is_paused_resumed_and_aborted(lab: Lab) -> None:
    updates = [update for update in await lab.all(Kind.UPDATE) if isinstance(update, Update)]
    update = next(update for update in updates if update.state is State.RUNNING and update.current)
    for action, state in (("pause", State.PAUSED), ("resume", State.RUNNING), ("abort-update", State.ABORTED)):
        await lab.do(action, update.ref)
        assert (await lab.adapter.get(update.ref)).state is state


async def test_a_restart_by_ranges_becomes_the_current_update(lab: Lab) -> None:
    legal = SCHEMA.action("restart", Kind.RUN)
    assert legal is not None
    runs = [run for run in await lab.all(Kind.RUN) if run.state is State.RUNNING]
    run = next(run for run in runs if legal.reason_against(run) is None and run.progress and run.progress.total > 2)
    params: dict[str, Json] = {"batch_size": 1, "ranges": "0-1"}
    await lab.adapter.perform("restart", run.ref, params, permit(run.ref))
    newest = (await lab.all(Kind.UPDATE, Query(parent=run.ref)))[0]
    assert isinstance(newest, Update)
    assert (newest.type, newest.current) == ("restart", True)
    assert newest.progress
    assert newest.progress.total == 2


async def test_every_failed_run_has_a_cause_and_a_log(lab: Lab) -> None:
    failed = [run for run in await lab.all(Kind.RUN) if run.state is State.FAILED]
    read = 0
    for run in failed:
        assert (await lab.adapter.detail(run.ref)).cause
        assert await lab.adapter.events(run.ref)
        source = (await lab.adapter.log_sources(run.ref))[0]
        try:
            chunk = await lab.adapter.read_log(source, tail=2_000)
        except Unavailable:
            continue  # its host is gone
        assert chunk.data or chunk.note
        assert chunk.at_end
        read += bool(chunk.data)
    assert read > len(failed) / 2


async def test_a_growing_log_is_read_without_loss(lab: Lab) -> None:
    running = [pod for pod in await lab.all(Kind.POD) if pod.state is State.RUNNING]
    source = (await lab.adapter.log_sources(running[0].ref))[0]
    data, cursor = b"", None
    for _ in range(5):
        while True:
            chunk = await lab.adapter.read_log(source, cursor)
            data, cursor = data + chunk.data, chunk.cursor
            assert int(chunk.cursor) == len(data)
            if chunk.at_end:
                break
        lab.cluster.clock.advance(20)
    assert data.count(b"\n") > 5
    fresh = await lab.adapter.read_log(source)
    assert data.startswith(fresh.data[: len(data)])
