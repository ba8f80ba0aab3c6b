"""The sync engine against a fake adapter, under a clock of the test's own: nothing here really waits."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest

from adapters.errors import RateLimited, Unauthorized, Unavailable, Unsupported
from adapters.model import Host, Kind, Ref, State
from adapters.port import Adapter, KindSpec, Op, Page, Query, Scope, SortKey, Term
from tests.unit.core.fakes import START, FakeAdapter, FakeTime, make_run, settle
from tui.core.store import Diff, Key, Store
from tui.core.sync import SyncEngine, SyncSettings

pytestmark = pytest.mark.anyio

RUNS = Key("kfp", Kind.RUN)
NO_JITTER = SyncSettings(jitter=0.0)


class Bench:
    def __init__(self, adapters: dict[str, FakeAdapter], settings: SyncSettings = NO_JITTER) -> None:
        self.time = FakeTime()
        self.store = Store()
        self.adapters = adapters
        self.engine = SyncEngine(
            cast("dict[str, Adapter]", adapters),
            self.store,
            clock=self.time.clock,
            ticks=self.time.ticks,
            sleep=self.time.sleep,
            settings=settings,
            rng=random.Random(0),
        )

    def ids(self, key: Key = RUNS) -> set[str]:
        return {ref.id for ref in self.store.snapshot(key).rows}


@asynccontextmanager
async def bench(*adapters: FakeAdapter, **settings: Any) -> AsyncIterator[Bench]:
    made = Bench({adapter.context: adapter for adapter in adapters}, SyncSettings(jitter=0.0, **settings))
    try:
        yield made
    finally:
        await made.engine.aclose()
        await settle()


def cluster(count: int, active: int = 0, **more: Any) -> FakeAdapter:
    rows = [make_run(index, State.RUNNING if index < active else State.SUCCEEDED) for index in range(count)]
    return FakeAdapter("kfp", rows, **more)


async def test_first_page_is_published_before_the_rest_is_asked_for() -> None:
    adapter = cluster(1000)
    async with bench(adapter) as b:
        sizes: list[tuple[int, bool, bool]] = []
        b.store.listen(
            lambda key, diff: sizes.append(
                (b.store.snapshot(key).loaded, b.store.snapshot(key).loading, b.store.snapshot(key).complete)
            )
        )
        b.engine.subscribe("kfp", Kind.RUN)
        await settle()
        assert sizes[0] == (50, True, False)
        snapshot = b.store.snapshot(RUNS)
        assert snapshot.as_of == START
        assert snapshot.total == 1000
        await b.time.advance(1.0)
        assert b.store.snapshot(RUNS).loaded == 1000
        assert b.store.snapshot(RUNS).complete
        assert not b.store.snapshot(RUNS).loading
        assert not b.store.snapshot(RUNS).changed, "a first load brings nothing new"


@pytest.mark.parametrize(("rows", "active"), [(1_000, 39), (10_000, 200)])
async def test_a_refresh_follows_the_active_ones_and_not_the_total(rows: int, active: int) -> None:
    adapter = cluster(rows, active=active)
    async with bench(adapter) as b:
        b.engine.subscribe("kfp", Kind.RUN)
        await b.time.advance(1.0)
        assert b.store.snapshot(RUNS).complete
        adapter.taken()
        await b.time.advance(2.0)
        asked = adapter.taken()
        assert sorted(asked, key=str) == [("active", None), ("list", None)]
        as_of = b.store.snapshot(RUNS).as_of
        assert as_of is not None
        assert as_of > START


async def test_what_left_the_active_set_is_read_again_by_its_id() -> None:
    adapter = cluster(1000)
    ref, gone = Ref("kfp", Kind.RUN, "id-503"), Ref("kfp", Kind.RUN, "id-504")
    for index in range(500, 505):
        adapter.put(make_run(index, State.RUNNING))
    async with bench(adapter) as b:
        b.engine.subscribe("kfp", Kind.RUN)
        await b.time.advance(1.0)
        adapter.change(ref, state=State.FAILED, native_state="FAILED")
        del adapter.rows[gone]
        adapter.taken()
        await b.time.advance(2.0)
        assert [what for what in adapter.taken() if what[0] == "get"] == [("get", "id-503"), ("get", "id-504")]
        snapshot = b.store.snapshot(RUNS)
        assert snapshot.rows[ref].state is State.FAILED
        assert gone not in snapshot.rows
        assert snapshot.changed[ref].state_from is State.RUNNING
        b.store.seen(RUNS, [ref])
        assert ref not in b.store.snapshot(RUNS).changed


async def test_what_left_the_active_set_is_asked_for_in_one_question_where_the_server_filters_by_id() -> None:
    adapter = cluster(1000)
    adapter.kinds[Kind.RUN] = KindSpec(Kind.RUN, active_list=True, server_filter=frozenset({"id"}))
    refs = [Ref("kfp", Kind.RUN, f"id-{index}") for index in range(500, 600)]
    for index in range(500, 600):
        adapter.put(make_run(index, State.RUNNING))
    async with bench(adapter) as b:
        b.engine.subscribe("kfp", Kind.RUN)
        await b.time.advance(1.0)
        for ref in refs:
            adapter.change(ref, state=State.SUCCEEDED, native_state="SUCCEEDED")
        hidden, gone = refs[3], refs[4]
        adapter.hidden = {hidden}
        del adapter.rows[gone]
        adapter.taken()
        await b.time.advance(2.0)
        asked = adapter.taken()
        assert [count for what, count in asked if what == "ids"] == [50, 50]
        assert [id for what, id in asked if what == "get"] == [hidden.id, gone.id]
        rows = b.store.snapshot(RUNS).rows
        assert gone not in rows
        assert {rows[ref].state for ref in refs if ref != gone} == {State.SUCCEEDED}


async def test_a_server_that_filters_by_one_id_only_is_asked_once_for_several() -> None:
    adapter = cluster(1000)
    adapter.kinds[Kind.RUN] = KindSpec(Kind.RUN, active_list=True, server_filter=frozenset({"id"}))
    adapter.applies_ids = False
    for index in range(500, 504):
        adapter.put(make_run(index, State.RUNNING))
    async with bench(adapter) as b:
        b.engine.subscribe("kfp", Kind.RUN)
        await b.time.advance(1.0)
        for first in (500, 502):
            for index in (first, first + 1):
                adapter.change(Ref("kfp", Kind.RUN, f"id-{index}"), state=State.FAILED)
            await b.time.advance(2.0)
        assert sum(what == "ids" for what, _ in adapter.taken()) == 1
        rows = b.store.snapshot(RUNS).rows
        assert {rows[Ref("kfp", Kind.RUN, f"id-{index}")].state for index in range(500, 504)} == {State.FAILED}


async def test_new_rows_come_with_the_newest_page_and_are_marked_new() -> None:
    adapter = cluster(1000)
    async with bench(adapter) as b:
        b.engine.subscribe("kfp", Kind.RUN)
        await b.time.advance(1.0)
        adapter.put(*(make_run(-index - 1) for index in range(120)))
        await b.time.advance(2.0)
        snapshot = b.store.snapshot(RUNS)
        assert snapshot.loaded == 1120, "more than a page of new ones is followed until a known row comes"
        assert sum(change.is_new for change in snapshot.changed.values()) == 120


async def test_a_relist_now_and_then_finds_deletions() -> None:
    adapter = cluster(1000)
    async with bench(adapter) as b:
        b.engine.subscribe("kfp", Kind.RUN)
        await b.time.advance(1.0)
        del adapter.rows[Ref("kfp", Kind.RUN, "id-700")]
        await b.time.advance(30.0)
        assert "id-700" in b.ids(), "not looked at before it is due"
        await b.time.advance(60.0)
        assert "id-700" not in b.ids()
        assert b.store.snapshot(RUNS).loaded == 999


async def test_a_row_skipped_by_shifting_pages_is_not_taken_for_deleted() -> None:
    adapter = cluster(1000)
    async with bench(adapter) as b:
        b.engine.subscribe("kfp", Kind.RUN)
        await b.time.advance(1.0)
        whole = list(adapter.rows.values())

        def skipping(cursor: str | None, limit: int) -> Page:
            start = int(cursor or 0)
            items = [row for row in whole[start : start + limit] if row.ref.id != "id-700"]
            return Page(tuple(items), str(start + limit) if start + limit < 1000 else None, total=1000)

        adapter.page_of = skipping
        await b.time.advance(80.0)
        assert ("get", "id-700") in adapter.taken()
        assert "id-700" in b.ids()


async def test_a_small_list_is_read_whole_and_deletions_show_at_once() -> None:
    adapter = cluster(30, active=3)
    async with bench(adapter) as b:
        b.engine.subscribe("kfp", Kind.RUN)
        await b.time.advance(1.0)
        del adapter.rows[Ref("kfp", Kind.RUN, "id-20")]
        adapter.taken()
        await b.time.advance(2.0)
        assert adapter.taken() == [("list", None)]
        assert "id-20" not in b.ids()


async def test_errors_keep_the_rows_date_them_and_heal() -> None:
    adapter = cluster(30, active=3)
    async with bench(adapter) as b:
        b.engine.subscribe("kfp", Kind.RUN)
        await b.time.advance(1.0)
        last_good = b.store.snapshot(RUNS).as_of
        adapter.error = Unavailable("kfp: no answer: 10.2.0.9:5297 refused the connection")
        await b.time.advance(20.0)
        snapshot = b.store.snapshot(RUNS)
        assert snapshot.loaded == 30
        assert snapshot.stale_since == snapshot.as_of == last_good
        assert isinstance(snapshot.error, Unavailable)
        health = b.engine.contexts()["kfp"]
        assert health.state == "down"
        assert health.tries >= 3
        assert health.since is not None
        assert health.next_try is not None
        assert health.next_try > b.time.now
        adapter.error = None
        await b.time.advance(40.0)
        healed = b.store.snapshot(RUNS)
        assert healed.error is None
        assert healed.stale_since is None
        assert healed.as_of is not None
        assert healed.as_of > START + 20
        assert b.engine.contexts()["kfp"].state == "ok"


async def test_it_never_gives_up_and_backs_off_to_a_cap() -> None:
    adapter = cluster(3)
    adapter.error = Unavailable("kfp: down")
    async with bench(adapter) as b:
        b.engine.subscribe("kfp", Kind.RUN)
        await b.time.advance(3600.0)
        asked = len(adapter.taken())
        assert 3600 / 30 - 5 <= asked <= 3600 / 30 + 10
        adapter.error = None
        await b.time.advance(31.0)
        assert b.store.snapshot(RUNS).loaded == 3


async def test_a_defect_in_a_backend_is_an_error_and_not_the_end() -> None:
    adapter = cluster(3)
    adapter.error = KeyError("state")
    async with bench(adapter) as b:
        b.engine.subscribe("kfp", Kind.RUN)
        await settle()
        error = b.store.snapshot(RUNS).error
        assert error is not None
        assert "not understood" in error.sentence
        adapter.error = None
        await b.time.advance(10.0)
        assert b.store.snapshot(RUNS).loaded == 3


async def test_a_request_without_an_answer_makes_the_rows_stale_while_it_lasts() -> None:
    adapter = cluster(30)
    async with bench(adapter) as b:
        b.engine.subscribe("kfp", Kind.RUN)
        await b.time.advance(1.0)
        adapter.hold = asyncio.Event()
        await b.time.advance(2.0)
        assert b.store.snapshot(RUNS).stale_since is None
        await b.time.advance(5.0)
        assert b.store.snapshot(RUNS).stale_since == b.store.snapshot(RUNS).as_of
        adapter.hold.set()
        await settle()
        assert b.store.snapshot(RUNS).stale_since is None


async def test_one_list_has_one_refresh_however_many_show_it() -> None:
    adapter = cluster(30)
    async with bench(adapter) as b:
        claims = [b.engine.subscribe("kfp", Kind.RUN) for _ in range(3)]
        await b.time.advance(1.0)
        adapter.taken()
        await b.time.advance(2.0)
        assert len(adapter.taken()) == 1
        for claim in claims[:2]:
            claim.release()
            claim.release()
        await b.time.advance(2.0)
        assert len(adapter.taken()) == 1
        claims[2].release()
        await b.time.advance(20.0)
        assert adapter.taken() == []
        assert b.store.snapshot(RUNS).loaded == 30, "kept for the way back"


async def test_asking_again_while_asking_makes_one_more_and_not_two_at_once() -> None:
    adapter = cluster(30)
    async with bench(adapter) as b:
        claim = b.engine.subscribe("kfp", Kind.RUN)
        await b.time.advance(1.0)
        adapter.taken()
        adapter.hold = asyncio.Event()
        for _ in range(5):
            claim.refresh()
            await settle()
        assert adapter.in_flight == 1
        adapter.hold.set()
        await settle()
        assert len(adapter.taken()) == 2
        assert adapter.most_in_flight == 1


async def test_lists_nobody_shows_are_forgotten_oldest_first() -> None:
    adapter = cluster(5)
    async with bench(adapter, kept=2) as b:
        queries = [Query(parent=Ref("kfp", Kind.RUN, str(index))) for index in range(4)]
        for query in queries:
            claim = b.engine.subscribe("kfp", Kind.RUN, query)
            await b.time.advance(0.1)
            claim.release()
        await settle()
        kept = [query for query in queries if b.store.snapshot(Key("kfp", Kind.RUN, query)).loaded]
        assert kept == queries[2:]


async def test_retry_after_is_obeyed_even_when_the_user_asks() -> None:
    adapter = cluster(30)
    async with bench(adapter) as b:
        claim = b.engine.subscribe("kfp", Kind.RUN)
        await b.time.advance(1.0)
        adapter.error = RateLimited("kfp: too many requests", retry_after=45.0)
        await b.time.advance(2.0)
        adapter.taken()
        claim.refresh()
        await b.time.advance(40.0)
        assert adapter.taken() == []
        adapter.error = None
        await b.time.advance(10.0)
        assert adapter.taken()
        assert b.store.snapshot(RUNS).error is None


@pytest.mark.parametrize("jump", [-7200.0, 7200.0])
async def test_a_clock_that_is_set_changes_no_pace(jump: float) -> None:
    adapter = cluster(30)
    async with bench(adapter, relist_every=60.0) as b:
        b.engine.subscribe("kfp", Kind.RUN)
        await b.time.advance(1.0)
        adapter.error = RateLimited("kfp: too many requests", retry_after=45.0)
        await b.time.advance(2.0)
        b.time.jumped = jump
        adapter.error = None
        adapter.taken()
        await b.time.advance(40.0)
        assert adapter.taken() == []
        await b.time.advance(10.0)
        assert len(adapter.taken()) >= 1
        await b.time.advance(70.0)
        assert len(adapter.taken()) >= 10
        assert b.store.snapshot(RUNS).as_of == b.time.clock()


async def test_a_machine_that_slept_during_a_refresh_is_not_a_slow_server() -> None:
    adapter = cluster(30)
    async with bench(adapter) as b:
        b.engine.subscribe("kfp", Kind.RUN)
        await b.time.advance(1.0)
        wake = adapter.page_of

        def overnight(cursor: str | None, limit: int) -> Page:
            b.time.jumped += 8 * 3600.0
            adapter.page_of = wake
            return Page(tuple(make_run(index) for index in range(30)), None)

        adapter.page_of = overnight
        await b.time.advance(3.0)
        adapter.taken()
        await b.time.advance(10.0)
        assert len(adapter.taken()) >= 3


async def test_a_list_that_repeats_its_pages_ends() -> None:
    adapter = cluster(0)
    rows = tuple(make_run(index) for index in range(50))
    adapter.page_of = lambda cursor, limit: Page(rows, "again")
    async with bench(adapter) as b:
        b.engine.subscribe("kfp", Kind.RUN)
        await b.time.advance(1.0)
        snapshot = b.store.snapshot(RUNS)
        assert snapshot.loaded == 50
        assert not snapshot.loading
        assert not snapshot.complete
        assert "repeats" in (snapshot.note or "")
        assert len(adapter.taken()) < 10


async def test_an_endless_chain_of_empty_pages_ends() -> None:
    adapter = cluster(0)
    adapter.page_of = lambda cursor, limit: Page((), str(int(cursor or 0) + 1))
    async with bench(adapter) as b:
        b.engine.subscribe("kfp", Kind.RUN)
        await b.time.advance(1.0)
        assert not b.store.snapshot(RUNS).loading
        assert len(adapter.taken()) <= 25


async def test_some_empty_pages_do_not_end_a_list() -> None:
    adapter = cluster(0)

    def page(cursor: str | None, limit: int) -> Page:
        at = int(cursor or 0)
        return Page((make_run(at),) if at % 10 == 0 else (), str(at + 1) if at < 95 else None)

    adapter.page_of = page
    async with bench(adapter) as b:
        b.engine.subscribe("kfp", Kind.RUN)
        await b.time.advance(1.0)
        assert b.store.snapshot(RUNS).loaded == 10
        assert b.store.snapshot(RUNS).complete


async def test_rows_that_come_twice_are_one() -> None:
    adapter = cluster(0)
    rows = [make_run(index) for index in range(150)]

    def shifted(cursor: str | None, limit: int) -> Page:
        start = max(0, int(cursor or 0) - 10)
        return Page(tuple(rows[start : start + limit]), str(start + limit) if start + limit < 150 else None)

    adapter.page_of = shifted
    async with bench(adapter) as b:
        b.engine.subscribe("kfp", Kind.RUN)
        await b.time.advance(1.0)
        assert b.store.snapshot(RUNS).loaded == 150


async def test_no_more_than_max_rows_are_loaded() -> None:
    adapter = cluster(2000, active=3)
    async with bench(adapter, max_rows=500) as b:
        b.engine.subscribe("kfp", Kind.RUN)
        await b.time.advance(1.0)
        snapshot = b.store.snapshot(RUNS)
        assert snapshot.loaded == 500
        assert not snapshot.complete
        assert not snapshot.loading
        assert snapshot.total == 2000


async def test_paused_sends_nothing_and_resume_asks_at_once() -> None:
    adapter = cluster(30)
    async with bench(adapter) as b:
        b.engine.subscribe("kfp", Kind.RUN)
        await b.time.advance(1.0)
        b.engine.pause()
        adapter.taken()
        await b.time.advance(100.0)
        assert adapter.taken() == []
        assert b.engine.paused
        b.engine.resume()
        await settle()
        assert len(adapter.taken()) >= 1


async def test_hidden_lists_are_refreshed_less_often_and_at_once_when_shown() -> None:
    adapter = cluster(30)
    async with bench(adapter) as b:
        claim = b.engine.subscribe("kfp", Kind.RUN)
        await b.time.advance(1.0)
        claim.hidden = True
        await b.time.advance(2.0)
        adapter.taken()
        await b.time.advance(20.0)
        assert len(adapter.taken()) == 2
        claim.hidden = False
        await settle()
        assert len(adapter.taken()) == 1


async def test_a_dead_or_slow_context_delays_only_its_own_rows() -> None:
    good, slow, dead = cluster(30), FakeAdapter("slow", []), FakeAdapter("dead", [])
    slow.hold = asyncio.Event()
    dead.error = Unavailable("dead: refused")
    async with bench(good, slow, dead) as b:
        for context in ("dead", "slow", "kfp"):
            b.engine.subscribe(context, Kind.RUN)
        await b.time.advance(1.0)
        assert b.store.snapshot(RUNS).loaded == 30
        good.taken()
        await b.time.advance(20.0)
        assert len(good.taken()) == 10
        states = {name: health.state for name, health in b.engine.contexts().items()}
        assert states == {"kfp": "ok", "slow": "unknown", "dead": "down"}


async def test_a_kind_the_backend_lacks_says_why() -> None:
    adapter = cluster(3)
    async with bench(adapter) as b:
        b.engine.subscribe("kfp", Kind.POOL)
        await b.time.advance(100.0)
        error = b.store.snapshot(Key("kfp", Kind.POOL)).error
        assert isinstance(error, Unsupported)
        assert "Fake has no pools" in error.sentence
        assert adapter.taken() == []
        assert b.engine.contexts()["kfp"].state != "down"


async def test_touch_reads_one_object_wherever_it_is_listed() -> None:
    adapter = cluster(30, active=2)
    async with bench(adapter) as b:
        b.engine.subscribe("kfp", Kind.RUN)
        b.engine.subscribe("kfp", Kind.RUN, Query(active=True))
        await b.time.advance(1.0)
        ref = Ref("kfp", Kind.RUN, "id-1")
        adapter.change(ref, state=State.ABORTING)
        adapter.taken()
        found = await b.engine.touch(ref)
        assert found is not None
        assert found.state is State.ABORTING
        assert adapter.taken() == [("get", "id-1")]
        for key in b.store.held:
            assert b.store.snapshot(key).rows[ref].state is State.ABORTING
        del adapter.rows[ref]
        assert await b.engine.touch(ref) is None
        assert all(ref not in b.store.snapshot(key).rows for key in b.store.held)


async def test_a_broken_load_goes_on_by_itself() -> None:
    adapter = cluster(1000)
    async with bench(adapter) as b:

        def break_it(key: Key, diff: Diff) -> None:
            if b.store.snapshot(key).loaded >= 200 and not healed:
                adapter.error = Unavailable("kfp: gone")

        healed = False
        b.store.listen(break_it)
        b.engine.subscribe("kfp", Kind.RUN)
        await b.time.advance(10.0)
        assert b.store.snapshot(RUNS).loaded < 1000
        assert not b.store.snapshot(RUNS).loading
        adapter.error, healed = None, True
        await b.time.advance(60.0)
        assert b.store.snapshot(RUNS).loaded == 1000
        assert b.store.snapshot(RUNS).complete


async def test_an_unchanged_refresh_announces_no_rows() -> None:
    adapter = cluster(1000, active=5)
    async with bench(adapter) as b:
        b.engine.subscribe("kfp", Kind.RUN)
        await b.time.advance(1.0)
        diffs: list[Diff] = []
        b.store.listen(lambda key, diff: diffs.append(diff))
        rows = b.store.snapshot(RUNS).rows
        await b.time.advance(10.0)
        assert diffs
        assert not any(diffs)
        assert b.store.snapshot(RUNS).rows is rows


async def test_without_an_active_list_the_known_active_ones_are_read_by_id() -> None:
    adapter = cluster(1000, active_list=False)
    for index in range(500, 507):
        adapter.put(make_run(index, State.RUNNING))
    async with bench(adapter) as b:
        b.engine.subscribe("kfp", Kind.RUN)
        await b.time.advance(1.0)
        adapter.taken()
        await b.time.advance(2.0)
        asked = adapter.taken()
        assert len([1 for what, _ in asked if what == "get"]) == 7
        assert len([1 for what, _ in asked if what == "list"]) == 1


async def test_a_list_that_costs_a_request_per_parent_is_read_less_often() -> None:
    adapter = cluster(30)
    adapter.kinds[Kind.POD] = KindSpec(Kind.POD, scope=Scope.PARENT)
    async with bench(adapter) as b:
        b.engine.subscribe("kfp", Kind.POD)
        await b.time.advance(1.0)
        adapter.taken()
        await b.time.advance(30.0)
        assert len(adapter.taken()) == 5
        b.engine.subscribe("kfp", Kind.POD, Query(parent=Ref("kfp", Kind.RUN, "id-1")))
        await b.time.advance(1.0)
        adapter.taken()
        await b.time.advance(6.0)
        assert len(adapter.taken()) == 4, "three of the run's, one of all"


async def test_a_slow_server_is_asked_less_often() -> None:
    adapter = cluster(30)
    async with bench(adapter) as b:
        b.engine.subscribe("kfp", Kind.RUN)
        await b.time.advance(1.0)
        adapter.taken()
        adapter.hold = asyncio.Event()
        await b.time.advance(4.0)
        adapter.hold.set()
        await settle()
        assert len(adapter.taken()) == 1
        await b.time.advance(5.5)
        assert adapter.taken() == []
        await b.time.advance(1.0)
        assert len(adapter.taken()) == 1


async def test_a_login_that_ended_keeps_the_rows_and_says_so() -> None:
    adapter = cluster(30)
    async with bench(adapter) as b:
        b.engine.subscribe("kfp", Kind.RUN)
        await b.time.advance(1.0)
        adapter.error = Unauthorized("kfp: the login has expired")
        await b.time.advance(10.0)
        assert b.store.snapshot(RUNS).loaded == 30
        health = await b.engine.check("kfp")
        assert (health.state, health.error) == ("down", "kfp: the login has expired")
        adapter.error = None
        assert (await b.engine.check("kfp")).state == "ok"


async def test_an_unknown_context_is_a_key_error() -> None:
    async with bench(cluster(1)) as b:
        with pytest.raises(KeyError):
            b.engine.subscribe("nowhere", Kind.RUN)


async def test_closing_twice_leaves_no_task_behind() -> None:
    adapter = cluster(5000)
    async with bench(adapter) as b:
        b.engine.subscribe("kfp", Kind.RUN)
        await settle()
        before = asyncio.all_tasks()
        await b.engine.aclose()
        await b.engine.aclose()
        await settle()
        assert len(asyncio.all_tasks()) < len(before)
        adapter.taken()
        await b.time.advance(60.0)
        assert adapter.taken() == []


async def test_a_long_list_of_hosts_is_read_whole_as_often_as_its_length_allows() -> None:
    hosts = [
        Host(ref=Ref("kfp", Kind.HOST, f"h{index}"), name=f"h{index}", state=State.UP, native_state="UP")
        for index in range(1000)
    ]
    adapter = FakeAdapter("kfp", hosts)
    key = Key("kfp", Kind.HOST)
    async with bench(adapter) as b:
        b.engine.subscribe("kfp", Kind.HOST)
        await b.time.advance(1.0)
        assert b.store.snapshot(key).complete
        adapter.change(hosts[900].ref, state=State.DOWN)
        adapter.taken()
        await b.time.advance(20.0)
        assert b.store.snapshot(key).rows[hosts[900].ref].state is State.DOWN
        assert not [what for what in adapter.taken() if what[0] == "get"], "hosts do not end, so none left"
        as_of = b.store.snapshot(key).as_of
        assert as_of is not None
        assert b.time.now - as_of < 10


async def test_what_an_action_revived_is_followed_again() -> None:
    adapter = cluster(1000, active_list=False)
    ref = Ref("kfp", Kind.RUN, "id-600")
    async with bench(adapter) as b:
        b.engine.subscribe("kfp", Kind.RUN)
        await b.time.advance(1.0)
        adapter.change(ref, state=State.RUNNING)
        await b.engine.touch(ref)
        adapter.change(ref, state=State.FAILED)
        await b.time.advance(2.0)
        assert b.store.snapshot(RUNS).rows[ref].state is State.FAILED


async def test_what_the_server_did_of_a_query_is_known() -> None:
    adapter = cluster(0)
    term = Term("state", Op.EQ, ("failed",))
    adapter.page_of = lambda cursor, limit: Page(
        (make_run(1),), applied=frozenset({term}), sorted=True, note="pods of 200 of 940 jobs"
    )
    query = Query(terms=(term,), sort=(SortKey("name"),))
    async with bench(adapter) as b:
        key = b.engine.subscribe("kfp", Kind.RUN, query).key
        await settle()
        snapshot = b.store.snapshot(key)
        assert snapshot.applied == {term}
        assert snapshot.server_sorted
        assert snapshot.note == "pods of 200 of 940 jobs"
