"""Vertex AI's own rules, adapter against mock: neither shares a line with the other."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import httpx
import pytest

from adapters.errors import Conflict, NotFound, Unauthorized
from adapters.mock.clock import SimClock
from adapters.mock.cluster import SimCluster
from adapters.mock.server import build_app
from adapters.model import Json, Kind, LogSource, Ref, Resource, Run, State
from adapters.permit import Permit
from adapters.port import Op, Query, Term
from adapters.vertex import writes
from adapters.vertex.adapter import VertexAdapter
from adapters.vertex.settings import VertexSettings
from tests.contract.conftest import everything
from tui.core.logfollow import follow
from tui.core.logspool import LogSpool

pytestmark = pytest.mark.anyio
URL = "http://mock.test"


def connect(cluster: SimCluster, *, mock: Mapping[str, Json] | None = None, **settings: Json) -> VertexAdapter:
    app = build_app(cluster, backends=["vertex"], options={"vertex": dict(mock or {})})
    given = {
        "project": "atlas-ml",
        "region": "us-central1",
        "url": URL,
        "logging_url": URL,
        "retries": 0,
        "requests_per_second": 1e6,
        **settings,
    }
    return VertexAdapter("vertex", VertexSettings.model_validate(given), transport=httpx.ASGITransport(app=app))


@pytest.fixture
def cluster() -> SimCluster:
    return SimCluster(seed=7, runs=60, hosts=12, clock=SimClock(virtual=True))


@pytest.fixture
async def adapter(cluster: SimCluster) -> AsyncIterator[VertexAdapter]:
    made = connect(cluster)
    yield made
    await made.aclose()


async def do(adapter: VertexAdapter, action: str, ref: Ref, **params: Json) -> tuple[str, Ref | None]:
    result = await adapter.perform(action, ref, params, Permit("p", "r", action, ref))
    return result.message, result.created


async def one(adapter: VertexAdapter, *states: State, name: str = "") -> Resource:
    rows = await everything(adapter, Kind.RUN)
    return next(run for run in rows if run.state in states and run.name.startswith(name))


async def test_a_cancelled_job_is_aborted_and_no_failure(adapter: VertexAdapter, cluster: SimCluster) -> None:
    run = await one(adapter, State.RUNNING)
    await do(adapter, "abort", run.ref)
    assert (await adapter.get(run.ref)).native_state == "JOB_STATE_CANCELLING"
    cluster.clock.advance(60)
    ended = await adapter.get(run.ref)
    assert (ended.state, ended.extra["error_code"]) == (State.ABORTED, 1)
    assert (await adapter.detail(run.ref)).cause is None
    with pytest.raises(Conflict, match="cannot be cancelled"):
        await do(adapter, "abort", run.ref)


async def test_a_server_that_takes_the_cancel_of_an_ended_job_is_survived(cluster: SimCluster) -> None:
    adapter = connect(cluster, mock={"lenient_cancel": True})
    run = await one(adapter, State.SUCCEEDED)
    await do(adapter, "abort", run.ref)
    assert await adapter.get(run.ref) == run
    await adapter.aclose()


async def test_a_retry_is_a_new_job_with_the_same_spec(adapter: VertexAdapter) -> None:
    for run in [row for row in await everything(adapter, Kind.RUN) if row.state is State.FAILED][:12]:
        _, made = await do(adapter, "retry", run.ref)
        assert made is not None
        assert made != run.ref
        old, new = await adapter.get(run.ref), await adapter.get(made)
        assert isinstance(old, Run)
        assert isinstance(new, Run)
        assert (new.name, new.owner, new.pool, new.gpus) == (old.name, old.owner, old.pool, old.gpus)
        assert new.extra["pools"] == old.extra["pools"]
        assert (new.state, new.message) == (State.QUEUED, None)
        assert old.state is State.FAILED


async def test_a_clone_is_what_was_changed(adapter: VertexAdapter) -> None:
    run = await one(adapter, State.SUCCEEDED)
    name = "100% cloned + [/red] ä"
    _, made = await do(adapter, "clone", run.ref, name=name, changes={"labels": {"owner": "mei", "team": None}})
    assert made is not None
    clone = await adapter.get(made)
    assert (clone.name, clone.owner, dict(clone.labels).get("team")) == (name, "mei", None)


async def test_delete_is_for_good_and_only_of_what_has_ended(
    adapter: VertexAdapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writes, "POLLS", (0.0,) * 5)
    run = await one(adapter, State.FAILED)
    message, _ = await do(adapter, "delete", run.ref)
    assert message.startswith("deleted, operation ")
    for again in (adapter.get(run.ref), do(adapter, "delete", run.ref), do(adapter, "abort", run.ref)):
        with pytest.raises(NotFound):
            await again
    with pytest.raises(Conflict, match="Cancel it before"):
        await do(adapter, "delete", (await one(adapter, State.RUNNING)).ref)


async def test_owner_and_label_terms_find_exactly_theirs(adapter: VertexAdapter) -> None:
    rows = await everything(adapter, Kind.RUN)
    for term, keep in (
        (Term("owner", Op.EQ, ("CI",)), lambda row: row.owner == "ci"),
        (Term("label.team", Op.EQ, ("etl", "llm")), lambda row: row.labels["team"] in ("etl", "llm")),
        (Term("created", Op.GE, (str(rows[20].created),)), lambda row: row.created >= rows[20].created),
        (Term("state", Op.EQ, ("failed", "paused")), lambda row: row.state in (State.FAILED, State.PAUSED)),
    ):
        found = {row.ref for row in await everything(adapter, Kind.RUN, Query(terms=(term,)))}
        assert found == {row.ref for row in rows if keep(row)}, term
        assert found


async def test_a_worker_pool_that_is_empty_keeps_its_place(adapter: VertexAdapter) -> None:
    run = await one(adapter, State.FAILED, name="fraud-gbdt-nightly")
    tasks = await everything(adapter, Kind.TASK, Query(parent=run.ref))
    assert [task.name for task in tasks] == ["workerpool0", "workerpool2"]
    pods = await everything(adapter, Kind.POD, Query(parent=tasks[1].ref))
    assert [pod.ref.id for pod in pods] == [f"{run.ref.id}/workerpool2-0", f"{run.ref.id}/workerpool2-1"]
    assert {pod.native_state for pod in pods} == {"derived"}


async def test_a_token_is_needed_where_it_is_checked(cluster: SimCluster) -> None:
    for token, works in (("t0ken", True), ("other", False)):
        adapter = connect(cluster, mock={"token": "t0ken"}, token=token)
        if works:
            assert (await adapter.list(Kind.RUN)).items
        else:
            with pytest.raises(Unauthorized, match="invalid authentication credentials"):
                await adapter.list(Kind.RUN)
        await adapter.aclose()


async def followed(adapter: VertexAdapter, source: LogSource, folder: Path, cluster: SimCluster, looks: int) -> str:
    """The log as the console spools it, while the clock moves on."""
    spool = LogSpool(folder)
    log = spool.open(source)
    try:
        for _ in range(looks):
            await follow(adapter, source, log, once=True)
            cluster.clock.advance(4)
        cluster.clock.advance(60)
        await follow(adapter, source, log, once=True)
        return "\n".join(line.text for line in log.lines(0, log.count))
    finally:
        log.close()


async def test_a_followed_log_is_the_whole_log(adapter: VertexAdapter, cluster: SimCluster, tmp_path: Path) -> None:
    """The mock has late entries and entries of equal times; a second console reads on where the first one ended."""
    run = await one(adapter, State.RUNNING, name="llama")
    source = next(s for s in await adapter.log_sources(run.ref) if s.name == "all replicas")
    text = await followed(adapter, source, tmp_path, cluster, 30)
    whole = (await connect(cluster).read_log(source)).data.decode().splitlines()
    lines = text.splitlines()
    assert sorted(lines) == sorted(whole)
    assert lines != whole  # some came late
    assert len(lines) > 300
    again = connect(cluster)
    more = (await followed(again, source, tmp_path, cluster, 10)).splitlines()
    after = (await connect(cluster).read_log(source)).data.decode().splitlines()
    own = [line for line in more if not line.startswith("--- ")]
    assert set(own) == set(after)
    assert len(own) - len(after) < 80
    await again.aclose()
