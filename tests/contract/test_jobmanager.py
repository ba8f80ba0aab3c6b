"""Job Manager's two server families, adapter against mock: neither shares a line with the other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest

from adapters.errors import Conflict, Forbidden, Invalid, NotFound, Unauthorized, Unavailable, Unsupported
from adapters.jobmanager.adapter import JobManagerAdapter
from adapters.jobmanager.settings import JobManagerSettings
from adapters.mock.clock import SimClock
from adapters.mock.cluster import SimCluster
from adapters.mock.server import build_app
from adapters.model import ENDED, Kind, Ref, Resource, State
from adapters.permit import Permit
from adapters.port import Feature, Op, Query, Term
from tests.contract.conftest import everything, pages
from tui.core.logfollow import follow

pytestmark = pytest.mark.anyio
Make = Callable[..., JobManagerAdapter]


class Sink:
    """A log in memory."""

    def __init__(self) -> None:
        self.cursor: str | None = None
        self.follow_lock = asyncio.Lock()
        self.data = b""
        self.marks: list[str] = []

    @property
    def generation_size(self) -> int:
        return len(self.data)

    def append(self, data: bytes) -> None:
        self.data += data

    def mark(self, text: str) -> None:
        self.marks.append(text)

    def restart(self, text: str) -> None:
        self.mark(text)

    def begins(self, data: bytes) -> bool:
        return data.startswith(self.data)

    def tail(self, size: int) -> bytes:
        return self.data[-size:]


@pytest.fixture
def cluster() -> SimCluster:
    return SimCluster(seed=7, runs=60, hosts=12, clock=SimClock(virtual=True))


@pytest.fixture
async def make(cluster: SimCluster) -> AsyncIterator[Make]:
    """An adapter over a server of these options; `settings` are those of the context."""
    async with AsyncExitStack() as closing:

        def made(settings: dict[str, Any] | None = None, **options: Any) -> JobManagerAdapter:
            app = build_app(cluster, backends=["jobmanager"], options={"jobmanager": options})
            given = {"url": "http://mock.test", "retries": 0, "requests_per_second": 1e6, **(settings or {})}
            transport = httpx.ASGITransport(app=app)
            adapter = JobManagerAdapter("jm", JobManagerSettings(**given), transport=transport)
            closing.push_async_callback(adapter.aclose)
            return adapter

        yield made


async def do(adapter: JobManagerAdapter, action: str, ref: Ref, **params: str) -> str:
    return (await adapter.perform(action, ref, params, Permit("p", "r", action, ref))).message


async def one(adapter: JobManagerAdapter, state: State) -> Resource:
    return next(run for run in await everything(adapter, Kind.RUN) if run.state is state)


@pytest.mark.parametrize("options", [{}, {"family": "dsub"}])
@pytest.mark.parametrize("limit", [7, 20, 30, 60, 64, 100])
async def test_every_job_is_listed_once_whatever_the_page(make: Make, options: dict[str, Any], limit: int) -> None:
    found = await pages(make(**options), Kind.RUN, limit=limit)
    refs = [run.ref for page in found for run in page.items]
    assert len(refs) == len(set(refs)) == 60
    assert len(found) == -(-60 // limit)


@pytest.mark.parametrize("options", [{}, {"family": "dsub"}])
async def test_an_abort(make: Make, cluster: SimCluster, options: dict[str, Any]) -> None:
    adapter = make(**options)
    run = await one(adapter, State.RUNNING)
    await do(adapter, "abort", run.ref)
    cluster.clock.advance(600)
    after = await adapter.get(run.ref)
    assert after.state is State.ABORTED
    assert after.finished is not None
    with pytest.raises(Conflict):
        await do(adapter, "abort", run.ref)
    with pytest.raises(NotFound):
        await do(adapter, "abort", Ref("jm", Kind.RUN, "+a+b+c" if options else "nobody"))


async def test_labels_filters_and_archive(make: Make) -> None:
    adapter = make({"hide_archived": True})
    run = await one(adapter, State.SUCCEEDED)
    assert await do(adapter, "set-labels", run.ref, labels="label=golden,comment=") == "label=golden"
    golden = Query(terms=(Term("label.label", Op.EQ, ("golden",)),))
    page = await adapter.list(Kind.RUN, golden, limit=100)
    assert run.ref in {row.ref for row in page.items}
    assert page.applied == frozenset()  # the server crashes on labels, so they are compared here
    await do(adapter, "archive", run.ref)
    assert run.ref not in {row.ref for row in await everything(adapter, Kind.RUN)}
    shown = Query(terms=(Term("archived", Op.EQ, ("true",)),))
    assert run.ref in {row.ref for row in await everything(adapter, Kind.RUN, shown)}
    await do(adapter, "unarchive", run.ref)
    assert run.ref in {row.ref for row in await everything(adapter, Kind.RUN)}


async def test_labels_that_are_seen_later_do_not_confuse(make: Make, cluster: SimCluster) -> None:
    adapter = make(label_lag=5.0)
    run = await one(adapter, State.SUCCEEDED)
    assert await do(adapter, "set-labels", run.ref, labels="comment=ok") == "comment=ok"
    assert "comment" not in (await adapter.get(run.ref)).labels
    cluster.clock.advance(6)
    assert (await adapter.get(run.ref)).labels["comment"] == "ok"


async def test_filters_of_the_server_are_exact(make: Make) -> None:
    for adapter in (make(), make(family="dsub")):
        rows = await everything(adapter, Kind.RUN)
        middle, ends = str(rows[30].created), sorted(row.finished for row in rows if row.finished)
        for term, wanted in (
            (Term("state", Op.EQ, ("failed",)), [row for row in rows if row.state is State.FAILED]),
            (Term("name", Op.EQ, (rows[3].name,)), [row for row in rows if row.name == rows[3].name]),
            (Term("created", Op.GE, (middle,)), rows[:31]),
            (Term("finished", Op.LE, (str(ends[9]),)), [r for r in rows if r.finished and r.finished <= ends[9]]),
        ):
            found = await pages(adapter, Kind.RUN, Query(terms=(term,)))
            listed = {row.ref for page in found for row in page.items}
            assert listed >= {row.ref for row in wanted}
            assert len(listed) < 60
            assert all(page.applied == {term} for page in found)


async def test_the_user_is_a_filter_of_dsub(make: Make) -> None:
    adapter = make(family="dsub")
    term = Term("owner", Op.EQ, ("ana",))
    assert "owner" in (await adapter.describe()).kinds[Kind.RUN].server_filter
    found = await pages(adapter, Kind.RUN, Query(terms=(term,)))
    assert {row.owner for page in found for row in page.items} == {"ana"}
    assert found[0].applied == {term}


async def test_a_project_is_demanded_in_words(make: Make) -> None:
    for family in ("cromwell", "dsub"):
        with pytest.raises(Invalid, match="one project at a time"):
            await make(family=family, project="atlas").list(Kind.RUN)
        rows = await everything(make({"project": "atlas"}, family=family, project="atlas"), Kind.RUN)
        assert {row.group for row in rows} == {"atlas"}
        with pytest.raises(Invalid) as caught:
            await make({"project": "other"}, family=family, project="atlas").list(Kind.RUN)
        assert "set project" in caught.value.hint


async def test_a_login_is_demanded_in_words(make: Make) -> None:
    adapter = make(token="t0ken")
    assert "set token" in str((await adapter.health()).note)
    with pytest.raises(Unauthorized) as caught:
        await adapter.list(Kind.RUN)
    assert "set token" in caught.value.hint
    assert (await make({"token": "t0ken"}, token="t0ken").list(Kind.RUN)).items


async def test_what_dsub_lacks_is_learnt_and_the_views_stay(make: Make) -> None:
    adapter = make(family="dsub")
    run = await one(adapter, State.FAILED)
    detail = await adapter.detail(run.ref)
    assert {"Script", "Environment", "Logs", "Events", "Errors"} <= {section.title for section in detail.sections}
    assert any(section.title.startswith("Dashboard") for section in detail.sections)
    assert detail.cause == run.message
    assert "Error in job" in str(detail.cause)
    assert [action.id for action in (await adapter.describe()).actions] == ["abort"]
    assert (await adapter.list(Kind.TASK)).items == ()
    assert await adapter.events(run.ref)
    source = (await adapter.log_sources(run.ref))[0]
    with pytest.raises(Unavailable, match="could not read gs://"):
        await adapter.read_log(source)


async def test_without_a_service_account_logs_are_not_there_and_say_so(make: Make) -> None:
    adapter = make(outside_auth=False)
    run = await one(adapter, State.SUCCEEDED)
    with pytest.raises(Unsupported, match="does not hand out files"):
        await adapter.read_log((await adapter.log_sources(run.ref))[0])
    assert not (await adapter.describe()).features[Feature.LOGS].supported
    task = (await adapter.list(Kind.TASK, Query(parent=run.ref))).items[0]
    assert "Operation" not in {section.title for section in (await adapter.detail(task.ref)).sections}


async def test_without_totals_there_is_no_dashboard(make: Make) -> None:
    adapter = make(aggregates=False)
    detail = await adapter.detail((await one(adapter, State.FAILED)).ref)
    assert not any(section.title.startswith("Dashboard") for section in detail.sections)


async def test_health_that_fails(make: Make) -> None:
    with pytest.raises(Unavailable):
        await make(healthy=False).health()


async def test_states_do_not_go_back_while_jobs_go_on(make: Make, cluster: SimCluster) -> None:
    adapter = make()
    before = {run.ref: run for run in await everything(adapter, Kind.RUN)}
    cluster.clock.advance(24 * 3600)
    for run in await everything(adapter, Kind.RUN):
        was = before[run.ref]
        if was.state in ENDED:
            assert (run.state, run.finished) == (was.state, was.finished)
    assert {run.state for run in await everything(adapter, Kind.RUN)} <= ENDED | {State.PAUSED}


async def test_a_log_that_outgrows_its_window_is_followed_without_loss(make: Make, cluster: SimCluster) -> None:
    adapter = make(window=2000)
    sink = Sink()
    runs = await everything(adapter, Kind.RUN)
    run = next(run for run in runs if run.state is State.RUNNING and run.name == "llama-sft-8xh100")
    source = (await adapter.log_sources(run.ref))[0]
    whole = make()
    for _ in range(6):
        await follow(adapter, source, sink, once=True)
        cluster.clock.advance(20)
    await follow(adapter, source, sink, once=True)
    again = (await whole.log_sources(run.ref))[0]
    assert (await whole.read_log(again)).data.endswith(sink.data)
    assert len(sink.data) > 2000
    assert [mark for mark in sink.marks if "gap" in mark] == []
    cluster.clock.advance(3600)
    await follow(adapter, source, sink, once=True)
    assert any("gap" in mark for mark in sink.marks)


async def test_forbidden_is_not_a_conflict(make: Make, cluster: SimCluster) -> None:
    app = build_app(cluster, ["jobmanager:*/abort:status=403"], ["jobmanager"])
    settings = JobManagerSettings(url="http://mock.test", retries=0)
    adapter = JobManagerAdapter("jm", settings, transport=httpx.ASGITransport(app=app))
    with pytest.raises(Forbidden):
        await do(adapter, "abort", (await one(adapter, State.RUNNING)).ref)
    await adapter.aclose()
