"""The table's rows: whatever way they came about, they are what sorting and filtering everything would give."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.fields import FieldSpec, FieldType
from adapters.model import Host, Kind, Progress, Ref, Resource, State
from adapters.port import KindSpec, Schema, SortKey
from tests.unit.core.fakes import START, make_run
from tui.core.query import Filter, parse
from tui.core.slices import Pace, sorted_in_slices
from tui.core.sortkeys import fields_of, key_maker
from tui.core.store import Diff, Key, Store
from tui.core.values import DEFAULT_FIELDS, fields_for
from tui.core.view import TableView
from tui.core.viewrows import Row

pytestmark = pytest.mark.anyio

KEY = Key("kfp", Kind.RUN)
OTHER = Key("lab", Kind.RUN)


class Table:
    """A store with a view over it, kept up to date the way a screen does it."""

    def __init__(self, sort: list[SortKey] | None = None) -> None:
        self.store = Store()
        self.view = TableView(Kind.RUN, sort=sort)
        self.pending: list[Diff] = []
        self.store.listen(lambda key, diff: self.pending.append(diff))

    def put(self, *rows: Resource, key: Key = KEY) -> None:
        self.store.apply(key, rows, now=START)

    def remove(self, *refs: Ref, key: Key = KEY) -> None:
        self.store.apply(key, remove=refs, now=START)

    async def update(self) -> None:
        snapshots = {key: self.store.snapshot(key) for key in self.store.held}
        pending, self.pending = self.pending, []
        for diff in pending:
            if not self.view.apply(snapshots, diff, START):
                await self.view.rebuild(START)

    def ids(self) -> list[str]:
        return [ref.id for ref in self.view.refs]


async def table(*rows: Resource, sort: list[SortKey] | None = None) -> Table:
    made = Table(sort)
    made.put(*rows)
    await made.update()
    return made


async def test_newest_first_by_default_and_the_place_of_a_row_is_found() -> None:
    t = await table(*(make_run(index) for index in (3, 1, 2, 0)))
    assert t.ids() == ["id-0", "id-1", "id-2", "id-3"]
    assert t.view.index(Ref("kfp", Kind.RUN, "id-2")) == 2
    assert t.view.index(Ref("kfp", Kind.RUN, "nope")) is None
    assert t.view.at(1).name == "run-1"
    assert t.view.refs[0:2] == [Ref("kfp", Kind.RUN, "id-0"), Ref("kfp", Kind.RUN, "id-1")]


async def test_typed_sort_with_what_is_missing_last_in_both_directions() -> None:
    rows = [
        make_run(0, name="job-10", owner="ana", gpus=16),
        make_run(1, name="job-9", owner=None, gpus=None),
        make_run(2, name="Job-2", owner="Tomas", gpus=4),
    ]
    for field, down, expected in (
        ("name", False, ["id-2", "id-1", "id-0"]),
        ("name", True, ["id-0", "id-1", "id-2"]),
        ("owner", False, ["id-0", "id-2", "id-1"]),
        ("owner", True, ["id-2", "id-0", "id-1"]),
        ("gpus", False, ["id-2", "id-0", "id-1"]),
        ("gpus", True, ["id-0", "id-2", "id-1"]),
    ):
        t = await table(*rows, sort=[SortKey(field, down)])
        assert t.ids() == expected, (field, down)


async def test_text_that_begins_another_sorts_right_downwards_too() -> None:
    rows = [make_run(index, owner=owner) for index, owner in enumerate(["ab", "abc", "a", "b"])]
    t = await table(*rows, sort=[SortKey("owner", True)])
    assert [t.view.row(ref).owner for ref in t.view.refs] == ["b", "abc", "ab", "a"]  # type: ignore[union-attr]


async def test_several_keys_and_the_worst_state_first() -> None:
    rows = [
        make_run(0, State.RUNNING, owner="b"),
        make_run(1, State.FAILED, owner="b"),
        make_run(2, State.FAILED, owner="a"),
        make_run(3, State.SUCCEEDED, owner="a"),
    ]
    t = await table(*rows, sort=[SortKey("state", True), SortKey("owner")])
    assert t.ids() == ["id-2", "id-1", "id-0", "id-3"]


async def test_done_sorts_by_share_and_backend_fields_by_their_type() -> None:
    spec = FieldSpec("mem", "MEM", FieldType.SIZE, "extra.mem")
    schema = Schema("x", "X", {Kind.RUN: KindSpec(Kind.RUN, fields=(spec,))}, {})
    rows = [
        make_run(0, progress=Progress(9, 10), extra={"mem": 1000}),
        make_run(1, progress=Progress(10, 100), extra={"mem": 900}),
        make_run(2, extra={"mem": "what?"}),
    ]
    t = await table(*rows, sort=[SortKey("progress")])
    assert t.ids() == ["id-1", "id-0", "id-2"]
    make = key_maker(fields_of([SortKey("mem")], fields_for([schema], Kind.RUN)))
    assert [row.ref.id for row in sorted(rows, key=lambda row: make(row, START))] == ["id-1", "id-0", "id-2"]


async def test_counts_follow_the_filter() -> None:
    states = [State.FAILED, State.LOST, State.RUNNING, State.ABORTING, State.QUEUED, State.SUCCEEDED, State.UNKNOWN]
    t = await table(*(make_run(index, state) for index, state in enumerate(states)))
    counts = t.view.counts()
    assert (counts.loaded, counts.shown) == (7, 7)
    assert [(slot.title, slot.count) for slot in counts.slots] == [
        *(("failed", 2), ("running", 2), ("waiting", 1), ("ended", 1))
    ]
    t.view.set_filter(parse("state=failed,running"))
    await t.view.rebuild()
    assert [slot.count for slot in t.view.counts().slots] == [1, 1, 0, 0]
    assert t.view.counts().loaded == 7


async def test_hosts_are_counted_in_slots_of_their_own() -> None:
    store, view = Store(), TableView(Kind.HOST)
    key = Key("lab", Kind.HOST)
    states = [State.UP, State.UP, State.DOWN, State.DRAINING, State.DRAINED]
    store.apply(
        key,
        [
            Host(ref=Ref("lab", Kind.HOST, str(index)), name=f"h{index}", state=state, native_state="")
            for index, state in enumerate(states)
        ],
        now=START,
    )
    view.apply({key: store.snapshot(key)}, None, START)
    await view.rebuild(START)
    assert [(slot.title, slot.count) for slot in view.counts().slots] == [
        *(("down", 1), ("draining", 1), ("drained", 1), ("up", 2))
    ]
    assert [view.at(index).state for index in range(5)] == [
        *(State.DOWN, State.DRAINING, State.DRAINED, State.UP, State.UP)
    ]


async def test_several_contexts_are_one_table() -> None:
    t = await table(make_run(0), make_run(2))
    t.put(make_run(1, context="lab"), make_run(0, context="lab"), key=OTHER)
    await t.update()
    assert [str(ref) for ref in t.view.refs] == [
        *("kfp/run/id-0", "lab/run/id-0", "lab/run/id-1", "kfp/run/id-2"),
    ]
    t.remove(Ref("lab", Kind.RUN, "id-0"), key=OTHER)
    await t.update()
    assert len(t.view.refs) == 3


async def test_a_context_that_is_no_longer_shown_takes_its_rows_along() -> None:
    t = await table(make_run(0))
    t.put(make_run(1, context="lab"), key=OTHER)
    await t.update()
    t.view.apply({KEY: t.store.snapshot(KEY)}, None, START)
    await t.view.rebuild(START)
    assert t.ids() == ["id-0"]


async def test_a_list_that_another_screen_has_loaded_in_part_is_whole() -> None:
    """The first difference that a view hears of may come on top of rows that it never saw."""
    seen = Table()
    seen.put(make_run(1), make_run(2))
    seen.pending.clear()
    seen.put(make_run(3))
    await seen.update()
    snapshots = {KEY: seen.store.snapshot(KEY)}
    if not seen.view.apply(snapshots, None, START):
        await seen.view.rebuild(START)
    assert set(seen.ids()) == {make_run(number).ref.id for number in (1, 2, 3)}


async def test_nothing_new_needs_no_rebuild() -> None:
    t = await table(make_run(0))
    snapshots = {KEY: t.store.snapshot(KEY)}
    assert t.view.apply(snapshots, None, START)
    t.put(make_run(1))
    assert not t.view.apply({KEY: t.store.snapshot(KEY)}, None, START)


class Expected:
    """The whole thing done the slow way."""

    @staticmethod
    def ids(t: Table, wanted: Filter | None, sort: list[SortKey]) -> list[str]:
        rows = [row for key in t.store.held for row in t.store.snapshot(key).rows.values()]
        make = key_maker(fields_of(sort))
        kept = [row for row in rows if wanted is None or wanted.matches(row, START)]
        return [row.ref.id for row in sorted(kept, key=lambda row: make(row, START))]


SORTS = [
    [SortKey("age")],
    [SortKey("name", True)],
    [SortKey("state", True), SortKey("owner")],
    [SortKey("duration")],
]
FILTERS = [None, "state=failed", "owner=ana or run-1", "-state=running dur>10s"]
STATES = [State.RUNNING, State.FAILED, State.SUCCEEDED, State.QUEUED]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(SORTS), st.sampled_from(FILTERS))
def test_in_place_changes_give_what_a_full_build_gives(seed: int, sort: list[SortKey], text: str | None) -> None:
    rng = random.Random(seed)
    wanted = parse(text) if text else None

    def row(index: int) -> Resource:
        return make_run(index, rng.choice(STATES), owner=rng.choice(["ana", "bo", None]))

    async def scenario() -> None:
        t = await table(*(row(index) for index in range(30)), sort=sort)
        t.view.set_filter(wanted)
        await t.view.rebuild(START)
        for _ in range(12):
            t.put(*(row(rng.randrange(45)) for _ in range(rng.randrange(4))))
            if rng.random() < 0.5:
                t.remove(Ref("kfp", Kind.RUN, f"id-{rng.randrange(45)}"))
            await t.update()
            assert t.ids() == Expected.ids(t, wanted, sort)
            assert [t.view.index(ref) for ref in t.view.refs] == list(range(len(t.view.refs)))
            by_slot = sum(slot.count for slot in t.view.counts().slots)
            assert by_slot == t.view.counts().shown

    asyncio.run(scenario())


async def test_a_rebuild_gives_way_and_the_old_rows_stay_readable_meanwhile() -> None:
    t = Table()
    t.put(*(make_run(index, STATES[index % 4]) for index in range(3000)))
    await t.update()
    seen: list[tuple[int, int | None]] = []
    first = t.view.refs[0]

    async def look() -> None:
        seen.append((len(t.view.refs), t.view.index(first)))

    def pace(**more: Any) -> Pace:
        return Pace(budget=0.0, give_way=look)

    t.view.set_sort([SortKey("name", True)])
    t.view.set_filter(parse("state=failed"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tui.core.view.Pace", pace)
        await t.view.rebuild()
    assert len(seen) > 5
    assert set(seen) == {(3000, 0)}
    assert len(t.view.refs) == 750
    assert t.ids()[0] == "id-2997"


async def test_a_newer_filter_overtakes_an_older_one() -> None:
    t = Table()
    t.put(*(make_run(index, STATES[index % 4]) for index in range(3000)))
    await t.update()
    calls = 0

    async def type_on() -> None:
        nonlocal calls
        calls += 1
        if calls == 1:
            t.view.set_filter(parse("state=failed"))
            assert t.view.building
            await t.view.rebuild()

    t.view.set_filter(parse("state=running"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tui.core.view.Pace", lambda **more: Pace(budget=0.0, give_way=type_on))
        await t.view.rebuild()
    assert {t.view.row(ref).state for ref in t.view.refs} == {State.FAILED}  # type: ignore[union-attr]


async def test_changes_during_a_rebuild_are_not_lost() -> None:
    t = Table()
    t.put(*(make_run(index) for index in range(2000)))
    await t.update()
    done = False

    async def change() -> None:
        nonlocal done
        if not done:
            done = True
            t.put(make_run(-1))
            snapshots = {KEY: t.store.snapshot(KEY)}
            assert not t.view.apply(snapshots, t.pending.pop(), START)

    t.view.set_sort([SortKey("name")])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tui.core.view.Pace", lambda **more: Pace(budget=0.0, give_way=change))
        await t.view.rebuild()
    assert len(t.view.refs) == 2001
    assert t.view.index(Ref("kfp", Kind.RUN, "id--1")) is not None


async def test_an_order_by_what_runs_on_is_due_after_a_while() -> None:
    t = await table(make_run(0), sort=[SortKey("duration")])
    assert not t.view.due(START + 1)
    assert t.view.due(START + 60)
    t.view.set_sort([SortKey("name")])
    assert not t.view.due(START + 60)
    t.view.set_filter(parse("dur>2h"))
    assert t.view.due(START + 60)


async def test_a_row_that_changes_keeps_its_identity() -> None:
    t = await table(*(make_run(index) for index in range(5)))
    ref = t.view.refs[2]
    t.put(replace(t.store.snapshot(KEY).rows[ref], state=State.FAILED))
    await t.update()
    assert t.view.index(ref) == 2
    assert t.view.at(2).state is State.FAILED
    assert t.view.counts().slots[0].count == 1


@given(st.lists(st.integers(), unique=True, max_size=400), st.integers(1, 50))
def test_slices_sort_as_sorted_does(numbers: list[int], run: int) -> None:
    async def nothing() -> None: ...

    ordered = asyncio.run(sorted_in_slices(numbers, Pace(0.0, nothing), lambda number: (number,), run))
    assert ordered == sorted(numbers)


async def test_no_slice_of_a_sort_is_larger_than_a_run() -> None:
    numbers = list(range(20_000))
    random.Random(3).shuffle(numbers)
    keys = 0
    most = 0

    def key(number: int) -> int:
        nonlocal keys
        keys += 1
        return number

    async def step() -> None:
        nonlocal keys, most
        most, keys = max(most, keys), 0

    assert await sorted_in_slices(numbers, Pace(0.0, step), key, run=1000) == sorted(numbers)
    assert most <= 3500, "a run, or two and a half of them between two cuts"


async def test_a_longer_word_is_looked_for_among_what_the_shorter_one_left_and_nothing_is_lost() -> None:
    t = await table(
        *(make_run(index, name=name) for index, name in enumerate(["train-a", "tram", "eval", "train-b"]))
    )
    for text, expected in (("tra", 3), ("train", 2), ("tr", 3), ("eva", 1), ("", 4), ("train", 2)):
        t.view.set_filter(parse(text) if text else None)
        await t.view.rebuild(START)
        assert (len(t.view.refs), t.view.counts().slots[3].count) == (expected, expected), text
    t.view.set_filter(parse("train-b"))  # asked for, but not built yet
    t.put(make_run(2, name="train-b-2"))
    t.put(make_run(5, name="train-c"))
    await t.update()
    await t.view.rebuild(START)
    assert t.ids() == ["id-2", "id-3"]


async def test_time_alone_sorts_nothing_anew_where_what_is_older_stays_older(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    t = await table(*(make_run(index) for index in range(3)), sort=[SortKey("age")])
    sorts = 0

    async def counted(*given: Any) -> Any:
        nonlocal sorts
        sorts += 1
        return await sorted_in_slices(*given)

    monkeypatch.setattr("tui.core.view.sorted_in_slices", counted)
    t.view.set_filter(parse("run"))
    await t.view.rebuild(START + 3600)
    assert sorts == 0
    t.put(make_run(-1, created=START + 3599), make_run(9, created=START - 90))
    await t.update()
    assert t.ids() == ["id--1", "id-0", "id-1", "id-9", "id-2"]
    t.view.set_sort([SortKey("duration")])
    await t.view.rebuild(START + 3600)
    await t.view.rebuild(START + 3601)
    assert sorts == 1, "not so soon again"
    await t.view.rebuild(START + 3660)
    assert sorts == 2


@given(st.lists(st.sampled_from(["a", "b-2", "b-10", "", None]), min_size=1), st.booleans())
def test_keys_made_at_once_are_those_made_one_by_one(owners: list[str | None], down: bool) -> None:
    make = key_maker(fields_of([SortKey("owner", down), SortKey("name", not down), SortKey("age")]))
    rows = [make_run(index, owner=owner, name=owner or "x") for index, owner in enumerate(owners)]
    assert make.each([Row(row) for row in rows], START) == [make(row, START) for row in rows]


def test_unknown_sort_fields_are_key_errors() -> None:
    with pytest.raises(KeyError):
        TableView(Kind.RUN, sort=[SortKey("nope")])
    assert "nope" not in DEFAULT_FIELDS
