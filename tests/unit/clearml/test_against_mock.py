"""The adapter over the mock server: what only a server with a life of its own can show."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest

from adapters.clearml.adapter import ClearmlAdapter
from adapters.clearml.settings import ClearmlSettings
from adapters.errors import AdapterError, Conflict, NotFound
from adapters.mock.clock import SimClock
from adapters.mock.cluster import SimCluster
from adapters.mock.server import build_app
from adapters.model import ENDED, Kind, LogMode, Ref, Resource, State
from adapters.permit import Permit
from adapters.port import ANY, Op, Query, SortKey, Term
from tests.unit.clearml.test_writes import STATUSES

pytestmark = pytest.mark.anyio


class Lab:
    """A mock server with a clock that stands still, and adapters on it."""

    def __init__(self, **options: Any) -> None:
        self.cluster = SimCluster(seed=7, runs=40, hosts=12, clock=SimClock(virtual=True))
        self.app = build_app(self.cluster, backends=["clearml"], options={"clearml": options})
        self.opened: list[ClearmlAdapter] = []

    def adapter(self, **settings: Any) -> ClearmlAdapter:
        given = {"url": "http://mock.test", "retries": 0, "requests_per_second": 1e6}
        keys = {"access_key": "RUNYARDMOCKACCESSKEY0", "secret_key": "runyard-mock-secret"}
        made = ClearmlSettings(**{**given, **keys, **settings})
        adapter = ClearmlAdapter("clearml", made, transport=httpx.ASGITransport(app=self.app))
        adapter._session._clock = lambda: self.cluster.clock.now()
        self.opened.append(adapter)
        return adapter

    def advance(self, seconds: float) -> None:
        self.cluster.clock.advance(seconds)

    def paths(self) -> list[str]:
        return [request.path for request in self.app.state.requests]


@pytest.fixture
async def make() -> AsyncIterator[Callable[..., Lab]]:
    async with AsyncExitStack() as closing:

        def build(**options: Any) -> Lab:
            lab = Lab(**options)

            async def close() -> None:
                for adapter in lab.opened:
                    await adapter.aclose()

            closing.push_async_callback(close)
            return lab

        yield build


async def all_of(adapter: ClearmlAdapter, kind: Kind = Kind.RUN, query: Query = ANY) -> list[Resource]:
    found: list[Resource] = []
    cursor: str | None = None
    while True:
        page = await adapter.list(kind, query, cursor=cursor, limit=100)
        found += page.items
        cursor = page.cursor
        if cursor is None:
            return found


async def first(adapter: ClearmlAdapter, test: Callable[[Resource], bool]) -> Resource:
    return next(row for row in await all_of(adapter) if test(row))


async def act(adapter: ClearmlAdapter, action: str, ref: Ref, **params: Any) -> str:
    return (await adapter.perform(action, ref, params, Permit("p", "r", action, ref))).message


async def test_a_stop_is_obeyed_at_the_workers_next_poll(make: Callable[..., Lab]) -> None:
    lab = make()
    adapter = lab.adapter()
    run = await first(adapter, lambda row: row.state is State.RUNNING and row.extra["task_type"] != "controller")
    assert "obeys at its next poll" in await act(adapter, "abort", run.ref)
    after = await adapter.get(run.ref)
    assert (after.state, after.native_state, after.message) == (State.ABORTING, "in_progress", "stopping")
    lab.advance(120)
    ended = await adapter.get(run.ref)
    assert (ended.state, ended.native_state) == (State.ABORTED, "stopped")
    assert ended.finished is not None
    assert ended.finished > (ended.started or 0)


async def test_a_failed_task_is_retried(make: Callable[..., Lab]) -> None:
    lab = make()
    adapter = lab.adapter()
    run = await first(adapter, lambda row: row.state is State.FAILED)
    assert await act(adapter, "retry", run.ref, queue="default") == "enqueued in default"
    waiting = await adapter.get(run.ref)
    assert (waiting.state, waiting.started, waiting.finished) == (State.QUEUED, None, None)
    assert waiting.message
    assert waiting.message.endswith(" in default")
    with pytest.raises(Conflict, match=r"in a queue already \(400/706\)"):
        await act(adapter, "enqueue", run.ref, queue="default")


async def test_entries_are_moved_and_taken_out(make: Callable[..., Lab]) -> None:
    adapter = make().adapter()
    pools = await all_of(adapter, Kind.POOL)
    pool = max(pools, key=lambda found: getattr(found, "waiting", 0))
    before = [run.ref for run in await all_of(adapter, Kind.RUN, Query(parent=pool.ref))]
    assert len(before) >= 3
    assert await act(adapter, "move", before[-1], to="front") == f"now 1st in {pool.name}"
    assert await act(adapter, "move", before[0], to="back") == f"now {len(before)}th in {pool.name}".replace(
        "3th", "3rd"
    )
    assert await act(adapter, "move", before[1], to="forward") == f"now 1st in {pool.name}"
    after = [run.ref for run in await all_of(adapter, Kind.RUN, Query(parent=pool.ref))]
    assert (after[0], after[1], after[-1]) == (before[1], before[-1], before[0])
    await act(adapter, "dequeue", after[0])
    assert (await adapter.get(after[0])).state is not State.QUEUED
    with pytest.raises(Conflict, match="it was in no queue"):
        await act(adapter, "dequeue", after[0])
    left = await all_of(adapter, Kind.RUN, Query(parent=pool.ref))
    assert [run.extra["position"] for run in left] == list(range(1, len(before)))


async def test_reset_deletes_the_log_and_makes_a_draft(make: Callable[..., Lab]) -> None:
    adapter = make().adapter()
    run = await first(adapter, lambda row: row.native_state == "completed" and bool(row.extra["iteration"]))
    source = (await adapter.log_sources(run.ref))[0]
    assert source.mode is LogMode.APPEND
    had = await adapter.read_log(source)
    assert had.data
    while not had.at_end:
        had = await adapter.read_log(source, had.cursor)
    await act(adapter, "reset", run.ref)
    draft = await adapter.get(run.ref)
    assert (draft.state, draft.started, draft.finished, draft.extra["iteration"]) == (State.DRAFT, None, None, 0)
    assert (await adapter.read_log(source, had.cursor)).size == 0
    assert (await adapter.read_log(source)).data == b""
    await act(adapter, "edit", run.ref, changes={"name": "another name", "script": {"entry_point": "x.py"}})
    assert (await adapter.get(run.ref)).name == "another name"
    await act(adapter, "delete", run.ref)
    with pytest.raises(NotFound):
        await adapter.get(run.ref)


async def test_a_log_is_followed_while_it_grows(make: Callable[..., Lab]) -> None:
    lab = make()
    adapter = lab.adapter()
    run = await first(adapter, lambda row: row.state is State.RUNNING and bool(row.extra["iteration"]))
    source = (await adapter.log_sources(run.ref))[0]
    read, cursor, looks = b"", None, 0
    for _ in range(12):
        chunk = await adapter.read_log(source, cursor)
        assert chunk.note is None
        assert int(chunk.cursor) == len(read) + len(chunk.data)
        looks += bool(chunk.data)
        read, cursor = read + chunk.data, chunk.cursor
        lab.advance(20)
    whole = b""
    chunk = await lab.adapter().read_log(source)
    while True:
        whole += chunk.data
        if chunk.at_end:
            break
        chunk = await adapter.read_log(source, chunk.cursor)
    assert whole.startswith(read)
    assert looks > 3


async def test_archive_clone_tags_and_deletion(make: Callable[..., Lab]) -> None:
    adapter = make().adapter()
    run = await first(adapter, lambda row: row.native_state == "completed")
    with pytest.raises(Conflict, match=r"\(400/123\)"):
        await act(adapter, "delete", run.ref)
    await act(adapter, "set-labels", run.ref, tags="+hot")
    assert "hot" in (await adapter.get(run.ref)).labels
    await act(adapter, "archive", run.ref)
    assert (await adapter.get(run.ref)).extra["archived"] is True
    archived = Query(terms=(Term("archived", Op.EQ, ("true",)),))
    assert run.ref in {row.ref for row in await all_of(adapter, Kind.RUN, archived)}
    hiding = make().adapter(show_archived=False)
    assert not any(row.extra["archived"] for row in await all_of(hiding))
    plain: dict[str, Any] = {"name": "a copy"}
    for params in (plain, {**plain, "parameters": {"Args/lr": "0.5"}}):
        made = await adapter.perform("clone", run.ref, params, Permit("p", "r", "clone", run.ref))
        assert made.created is not None
        copy = await adapter.get(made.created)
        assert (copy.state, copy.name, copy.parent) == (State.DRAFT, "a copy", run.ref)
    detail = await adapter.detail(copy.ref)
    assert ("Args/lr", "0.5") in getattr(detail.sections[0], "rows", ())
    await act(adapter, "unarchive", run.ref)
    await act(adapter, "publish", run.ref)
    assert (await adapter.get(run.ref)).native_state == "published"


async def test_create_and_validate(make: Callable[..., Lab]) -> None:
    adapter = make().adapter()
    context = Ref("clearml", Kind.RUN, "")
    assert await act(adapter, "validate", context, name="hello") == "it would be accepted"
    with pytest.raises(AdapterError, match=r"\(400/800\)"):
        await act(adapter, "validate", context, name="hi")
    await act(adapter, "create", context, name="hello", type="testing")
    newest = (await adapter.list(Kind.RUN, limit=1)).items[0]
    assert (newest.name, newest.state, newest.extra["task_type"]) == ("hello", State.DRAFT, "testing")


@pytest.mark.parametrize("action", ["abort", "enqueue", "dequeue", "reset", "publish", "close"])
async def test_the_server_agrees_about_what_is_legal(make: Callable[..., Lab], action: str) -> None:
    """Each status the cast has: what is offered is accepted, and what is refused for its status is no loss."""
    lab = make()
    adapter = lab.adapter()
    spec = (await adapter.describe()).action(action, Kind.RUN)
    assert spec is not None
    tried = set()
    for row in await all_of(adapter):
        if row.native_state in tried or row.native_state not in STATUSES or row.state is State.ABORTING:
            continue
        tried.add(row.native_state)
        if spec.reason_against(row) is not None:
            continue
        try:
            await adapter.preview(action, row.ref, {})
        except Conflict:
            continue  # legal by force only
        await act(adapter, action, row.ref, **({"queue": "default"} if action == "enqueue" else {}))
    assert len(tried) >= 7


async def test_what_changed_since(make: Callable[..., Lab]) -> None:
    lab = make()
    adapter = lab.adapter()
    before = await all_of(adapter)
    newest = max(float(str(row.extra["updated"])) for row in before)
    query = Query(terms=(Term("updated", Op.GE, (str(newest),)),), sort=(SortKey("updated"),))
    assert len(await all_of(adapter, Kind.RUN, query)) < len(before) / 2
    run = next(row for row in before if row.native_state == "completed")
    lab.advance(5)
    await act(adapter, "reset", run.ref)
    assert run.ref in {row.ref for row in await all_of(adapter, Kind.RUN, query)}


async def test_a_token_that_expires_is_renewed_in_place(make: Callable[..., Lab]) -> None:
    lab = make(token_life=100.0)
    adapter = lab.adapter()
    await adapter.list(Kind.RUN)
    adapter._session._clock = lambda: lab.cluster.clock.now() - 3600  # this machine's clock is behind
    lab.advance(200)
    assert (await adapter.list(Kind.RUN)).items
    assert [path for path in lab.paths() if "login" in path] == ["/auth.login"] * 2


async def test_a_revoked_session_logs_in_again(make: Callable[..., Lab]) -> None:
    adapter = make().adapter()
    await adapter.list(Kind.RUN)
    await adapter.call("auth.logout", {}, Permit("p", "r", "auth.logout", "clearml"))
    assert (await adapter.list(Kind.RUN)).items


async def test_a_server_of_the_first_versions(make: Callable[..., Lab]) -> None:
    lab = make(seed_era=True)
    adapter = lab.adapter()
    schema = await adapter.describe()
    assert schema.backend == "clearml"
    rows = await all_of(adapter)
    assert len({row.ref for row in rows}) == len(rows) >= 40
    assert {row.state for row in rows} > {State.RUNNING, State.FAILED, State.SUCCEEDED, State.QUEUED}
    assert any("/v2.4/tasks.get_all_ex" in path for path in lab.paths())
    assert await all_of(adapter, Kind.HOST)
    assert await all_of(adapter, Kind.POOL)
    run = next(row for row in rows if row.native_state == "completed" and row.extra["iteration"])
    detail = await adapter.detail(run.ref)
    assert detail.sections[0].title == "Params"
    source = (await adapter.log_sources(run.ref))[0]
    assert source.mode is LogMode.REFETCH
    read, cursor = b"", None
    while True:
        chunk = await adapter.read_log(source, cursor)
        read, cursor = read + chunk.data, chunk.cursor
        if chunk.at_end:
            break
    assert read.count(b"\n") > 10
    await act(adapter, "archive", run.ref)
    assert (await adapter.get(run.ref)).extra["archived"] is True
    made = await adapter.perform("clone", run.ref, {"parameters": {"lr": 1}}, Permit("p", "r", "clone", run.ref))
    assert made.created is not None
    assert (await adapter.get(made.created)).state is State.DRAFT
    failed = next(row for row in rows if row.state is State.FAILED)
    with pytest.raises(Conflict, match=r"it is failed, which cannot become queued \(400/110\)"):
        await act(adapter, "retry", failed.ref, queue="default")


@pytest.mark.parametrize("version", ["2.1", "2.8", "2.13", "2.31"])
async def test_each_version_lists_and_details(make: Callable[..., Lab], version: str) -> None:
    lab = make()
    adapter = lab.adapter(api_version=version)
    rows = await all_of(adapter)
    assert len(rows) >= 40
    ended = next(row for row in rows if row.state in ENDED)
    assert isinstance((await adapter.detail(ended.ref)).raw, dict)
    source = (await adapter.log_sources(ended.ref))[0]
    assert (await adapter.read_log(source)).data is not None
    assert any(f"/v{version}/" in path for path in lab.paths())
