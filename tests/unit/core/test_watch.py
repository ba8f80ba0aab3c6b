"""Lists that a backend's stream keeps true: opened, listed, then applied; polled with a note when it is gone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

import pytest

from adapters.errors import AdapterError, Unavailable, Unsupported
from adapters.model import Kind, Ref, Resource, State
from adapters.port import ANY, YES, Capability, Change, ChangeType, Feature, Page, Query, Schema
from tests.unit.core.fakes import FakeAdapter, make_run, settle
from tests.unit.core.test_sync import RUNS, Bench, bench

pytestmark = pytest.mark.anyio

RELIST = Change(ChangeType.RELIST)


def put(row: Resource) -> Change:
    return Change(ChangeType.PUT, row.ref, row)


def gone(index: int) -> Change:
    return Change(ChangeType.REMOVE, Ref("kfp", Kind.RUN, f"id-{index}"))


class Watched(FakeAdapter):
    """A fake whose stream says what the test sends; an error ends it."""

    def __init__(self, rows: Sequence[Resource], capability: Capability = YES) -> None:
        super().__init__("kfp", rows)
        self.capability = capability
        self.sent: asyncio.Queue[Change | AdapterError | None] = asyncio.Queue()
        self.opened = self.closed = 0
        self.refuses: AdapterError | None = None

    async def describe(self) -> Schema:
        return replace(await super().describe(), features={Feature.WATCH: self.capability})

    def watch(self, kind: Kind, query: Query) -> AsyncIterator[Change]:
        if kind is not Kind.RUN:
            raise Unsupported("kfp: this list has no watch")
        return self._changes()

    async def _changes(self) -> AsyncIterator[Change]:
        self.opened += 1
        try:
            if self.refuses is not None:
                raise self.refuses
            yield RELIST
            while (found := await self.sent.get()) is not None:
                if isinstance(found, AdapterError):
                    raise found
                yield found
        finally:
            self.closed += 1

    async def say(self, *changes: Change | AdapterError | None) -> None:
        for change in changes:
            await self.sent.put(change)
        await settle()


def few(count: int = 20) -> list[Resource]:
    return [make_run(index, State.RUNNING if index < 3 else State.SUCCEEDED) for index in range(count)]


async def started(b: Bench, seconds: float = 1.0) -> None:
    b.engine.subscribe("kfp", Kind.RUN)
    await b.time.advance(seconds)


async def test_it_is_opened_then_listed_then_applied() -> None:
    adapter = Watched(few())
    async with bench(adapter) as b:
        await started(b)
        snapshot = b.store.snapshot(RUNS)
        assert (adapter.opened, snapshot.live, snapshot.note, snapshot.complete) == (1, True, None, True)
        assert not snapshot.changed, "nothing is new that was there at first"
        assert len([what for what in adapter.taken() if what[0] == "list"]) >= 2, (
            "listed once more after the opening"
        )
        await adapter.say(put(make_run(0, State.FAILED)), put(make_run(-1, State.RUNNING)), gone(5))
        snapshot = b.store.snapshot(RUNS)
        assert adapter.taken() == [], "changes cost no request"
        assert snapshot.rows[Ref("kfp", Kind.RUN, "id-0")].state is State.FAILED
        assert snapshot.changed[Ref("kfp", Kind.RUN, "id-0")].state_from is State.RUNNING
        assert snapshot.changed[Ref("kfp", Kind.RUN, "id--1")].is_new
        assert "id-5" not in b.ids()
        assert (snapshot.loaded, snapshot.total) == (20, 20)


async def test_while_it_is_live_the_list_is_asked_for_seldom() -> None:
    adapter = Watched(few())
    async with bench(adapter, watched=30.0) as b:
        await started(b)
        adapter.taken()
        await b.time.advance(25.0)
        assert adapter.taken() == []
        await b.time.advance(10.0)
        assert adapter.taken(), "what a stream has lost is found by a list now and then"


async def test_an_overflow_reads_the_list_again() -> None:
    adapter = Watched(few())
    async with bench(adapter) as b:
        await started(b)
        adapter.change(Ref("kfp", Kind.RUN, "id-1"), state=State.FAILED)
        del adapter.rows[Ref("kfp", Kind.RUN, "id-9")]
        adapter.taken()
        await adapter.say(RELIST)
        await b.time.advance(0.5)
        assert b.store.snapshot(RUNS).rows[Ref("kfp", Kind.RUN, "id-1")].state is State.FAILED
        assert "id-9" not in b.ids()
        assert b.store.snapshot(RUNS).live


async def test_an_overflow_walks_a_long_list_again() -> None:
    adapter = Watched([make_run(index) for index in range(900)])
    async with bench(adapter) as b:
        await started(b, 10.0)
        assert b.store.snapshot(RUNS).complete
        del adapter.rows[Ref("kfp", Kind.RUN, "id-700")]
        await b.time.advance(5.0)
        assert "id-700" in b.ids()
        await adapter.say(RELIST)
        await b.time.advance(10.0)
        assert "id-700" not in b.ids()


async def test_a_page_that_was_under_way_does_not_undo_what_was_told() -> None:
    adapter = Watched(few())
    async with bench(adapter) as b:
        await started(b)
        known = b.store.snapshot(RUNS).rows
        old = Page(tuple(known.values()), None, total=20)
        adapter.page_of = lambda cursor, limit: old
        adapter.hold = asyncio.Event()
        b.engine.refresh(RUNS)
        await settle()
        assert adapter.in_flight == 1
        await adapter.say(put(make_run(0, State.FAILED)), gone(4))
        adapter.hold.set()
        await settle()
        assert b.store.snapshot(RUNS).rows[Ref("kfp", Kind.RUN, "id-0")].state is State.FAILED
        assert "id-4" not in b.ids()


@pytest.mark.parametrize("end", [Unavailable("kfp: the leader has changed"), None])
async def test_a_stream_that_ends_is_polled_with_a_note_and_opened_again(end: AdapterError | None) -> None:
    adapter = Watched(few())
    async with bench(adapter) as b:
        await started(b)
        await adapter.say(end)
        adapter.refuses = Unavailable("kfp: still no leader")
        snapshot = b.store.snapshot(RUNS)
        assert not snapshot.live
        assert (
            snapshot.note
            == f"not live: {'the watch has ended' if end is None else 'the leader has changed'}; "
            + ("asked every 2 s")
        )
        adapter.taken()
        adapter.change(Ref("kfp", Kind.RUN, "id-1"), state=State.FAILED)
        await b.time.advance(5.0)
        assert adapter.taken(), "polled meanwhile"
        assert b.store.snapshot(RUNS).rows[Ref("kfp", Kind.RUN, "id-1")].state is State.FAILED
        assert "still no leader" in (b.store.snapshot(RUNS).note or "")
        adapter.refuses = None
        await b.time.advance(60.0)
        assert (b.store.snapshot(RUNS).live, b.store.snapshot(RUNS).note) == (True, None)
        assert 3 <= adapter.opened <= 8, "later and later, not at every round"


async def test_a_list_without_a_watch_is_polled_without_a_word() -> None:
    adapter = Watched(few())
    async with bench(adapter) as b:
        pods = b.engine.subscribe("kfp", Kind.POD)
        await b.time.advance(10.0)
        assert (b.store.snapshot(pods.key).live, b.store.snapshot(pods.key).note, adapter.opened) == (
            False,
            None,
            0,
        )
        assert len(adapter.taken()) > 3


async def test_what_is_not_declared_is_not_tried() -> None:
    adapter = Watched(few(), Capability(False, "there is none"))
    async with bench(adapter) as b:
        await started(b, 10.0)
        assert (adapter.opened, b.store.snapshot(RUNS).note) == (0, None)


async def test_one_that_the_config_asks_for_is_told_when_it_cannot_be_had_and_taken_when_it_can() -> None:
    adapter = Watched(few(), Capability(False, "grpc://x takes no connection", wanted=True))
    async with bench(adapter) as b:
        await started(b)
        assert b.store.snapshot(RUNS).note == "not live: grpc://x takes no connection; asked every 2 s"
        adapter.taken()
        await b.time.advance(6.0)
        assert len(adapter.taken()) >= 2
        adapter.capability = YES
        await b.time.advance(40.0)
        assert (b.store.snapshot(RUNS).live, b.store.snapshot(RUNS).note) == (True, None)


async def test_the_servers_own_note_stays_beside_it() -> None:
    adapter = Watched(few(), Capability(False, "no port", wanted=True))
    adapter.page_of = lambda cursor, limit: Page(tuple(few()), None, note="pods of 2 of 9 jobs")
    async with bench(adapter) as b:
        await started(b, 5.0)
        assert b.store.snapshot(RUNS).note == "pods of 2 of 9 jobs; not live: no port; asked every 2 s"


async def test_a_call_the_server_does_not_have_is_not_tried_again() -> None:
    adapter = Watched(few())
    adapter.refuses = Unsupported("kfp: unrecognized procedure")
    async with bench(adapter) as b:
        await started(b, 300.0)
        assert adapter.opened == 1
        assert "unrecognized procedure" in (b.store.snapshot(RUNS).note or "")


async def test_while_the_engine_is_paused_nothing_changes() -> None:
    adapter = Watched(few())
    async with bench(adapter) as b:
        await started(b)
        b.engine.pause()
        await adapter.say(put(make_run(0, State.FAILED)))
        assert b.store.snapshot(RUNS).rows[Ref("kfp", Kind.RUN, "id-0")].state is State.RUNNING
        b.engine.resume()
        await b.time.advance(0.1)
        await settle()
        assert adapter.sent.empty()


async def test_a_list_nobody_shows_has_no_stream() -> None:
    adapter = Watched(few())
    async with bench(adapter) as b:
        claim = b.engine.subscribe("kfp", Kind.RUN, ANY)
        await b.time.advance(1.0)
        assert (adapter.opened, adapter.closed) == (1, 0)
        claim.release()
        await settle()
        assert (adapter.opened, adapter.closed) == (1, 1)
        assert not b.store.snapshot(RUNS).live
