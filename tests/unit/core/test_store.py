"""Snapshots never change, diffs say what did, and marks stay until somebody looked."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.model import Host, Kind, Progress, Ref, State
from tests.unit.core.fakes import START, make_run
from tui.core.store import Diff, Key, Store
from tui.core.values import COMMON

KEY = Key("kfp", Kind.RUN)


def test_an_unknown_list_is_empty_and_of_revision_zero() -> None:
    snapshot = Store().snapshot(KEY)
    assert (snapshot.revision, snapshot.loaded, snapshot.as_of, snapshot.complete) == (0, 0, None, False)


def test_snapshots_do_not_change_when_the_store_does() -> None:
    store = Store()
    store.apply(KEY, [make_run(0)], now=START)
    old = store.snapshot(KEY)
    store.apply(KEY, [make_run(1)], [make_run(0).ref], now=START, total=7)
    assert list(old.rows) == [make_run(0).ref]
    assert old.total is None
    assert store.snapshot(KEY).total == 7
    assert store.snapshot(KEY).revision > old.revision
    with pytest.raises(FrozenInstanceError):
        old.total = 1  # type: ignore[misc]
    assert isinstance(old.rows, MappingProxyType)


def test_diffs_say_what_was_added_changed_and_removed() -> None:
    store = Store()
    heard: list[tuple[Key, Diff]] = []
    stop = store.listen(lambda key, diff: heard.append((key, diff)))
    a, b, c = make_run(0), make_run(1), make_run(2)
    store.apply(KEY, [a, b, a], now=START)
    diff = store.apply(KEY, [replace(a, owner="ana"), b, c], [b.ref, Ref("kfp", Kind.RUN, "never")], now=START)
    assert diff == Diff(KEY, added=(c.ref,), changed=(a.ref,), removed=(b.ref,))
    assert [key for key, _ in heard] == [KEY, KEY]
    assert heard[0][1].added == (a.ref, b.ref)
    assert not store.apply(KEY, [c], now=START), "nothing changed"
    assert len(heard) == 2, "and nothing was said"
    store.apply(KEY, now=START, as_of=START)
    assert len(heard) == 3
    assert not heard[2][1]
    stop()
    stop()
    store.apply(KEY, [b], now=START)
    assert len(heard) == 3


def test_a_first_load_marks_nothing_as_new() -> None:
    store = Store()
    store.apply(KEY, [make_run(0)], now=START, mark_new=False)
    assert not store.snapshot(KEY).changed
    store.apply(KEY, [make_run(1)], now=START + 5)
    mark = store.snapshot(KEY).changed[make_run(1).ref]
    assert mark.is_new
    assert mark.since == START + 5


def test_a_mark_remembers_what_the_user_last_saw_until_he_looks() -> None:
    store = Store()
    queued = make_run(0, State.QUEUED)
    running = replace(queued, state=State.RUNNING)
    failed = replace(queued, state=State.FAILED, owner="ana")
    store.apply(KEY, [queued], now=START, mark_new=False)
    store.apply(KEY, [running], now=START + 1)
    store.apply(KEY, [failed], now=START + 2)
    mark = store.snapshot(KEY).changed[queued.ref]
    assert (mark.state_from, mark.since, mark.is_new) == (State.QUEUED, START + 2, False)
    assert mark.differs(failed, COMMON["owner"].get, START)
    assert not mark.differs(failed, COMMON["name"].get, START)
    store.seen(KEY, [queued.ref])
    assert not store.snapshot(KEY).changed
    store.apply(KEY, [queued], now=START + 3)
    assert store.snapshot(KEY).changed[queued.ref].state_from is State.FAILED
    store.apply(KEY, remove=[queued.ref], now=START + 4)
    assert not store.snapshot(KEY).changed


def test_progress_alone_is_no_change_to_look_at() -> None:
    store = Store()
    store.apply(KEY, [make_run(0, State.RUNNING, progress=Progress(1, 9))], now=START, mark_new=False)
    diff = store.apply(KEY, [make_run(0, State.RUNNING, progress=Progress(2, 9))], now=START)
    assert diff.changed
    assert not store.snapshot(KEY).changed


def test_hosts_know_when_their_state_was_first_seen() -> None:
    store, key = Store(), Key("lab", Kind.HOST)
    host = Host(ref=Ref("lab", Kind.HOST, "a"), name="a", state=State.UP, native_state="UP")
    store.apply(key, [host], now=START)
    store.apply(key, [replace(host, pods=3)], now=START + 10)
    assert store.snapshot(key).first_seen[host.ref] == START
    store.apply(key, [replace(host, state=State.DRAINING)], now=START + 20)
    assert store.snapshot(key).first_seen[host.ref] == START + 20
    store.apply(key, remove=[host.ref], now=START + 30)
    assert not store.snapshot(key).first_seen


def test_find_knows_the_newest_row_of_any_list() -> None:
    store = Store()
    other = Key("kfp", Kind.RUN, replace(KEY.query, active=True))
    store.apply(KEY, [make_run(0, State.RUNNING)], now=START)
    store.apply(other, [make_run(0, State.FAILED)], now=START)
    found = store.find(make_run(0).ref)
    assert found is not None
    assert found.state is State.FAILED
    store.drop(other)
    found = store.find(make_run(0).ref)
    assert found is not None
    assert found.state is State.RUNNING
    assert store.find(Ref("kfp", Kind.RUN, "never")) is None


@given(st.lists(st.tuples(st.integers(0, 8), st.sampled_from([*State, None])), max_size=60))
def test_diffs_rebuild_the_snapshot(changes: list[tuple[int, State | None]]) -> None:
    store = Store()
    mirror: dict[Ref, object] = {}

    def follow(key: Key, diff: Diff) -> None:
        rows = store.snapshot(key).rows
        for ref in (*diff.added, *diff.changed):
            assert (ref in mirror) == (ref in diff.changed)
            mirror[ref] = rows[ref]
        for ref in diff.removed:
            del mirror[ref]

    store.listen(follow)
    for index, state in changes:
        if state is None:
            store.apply(KEY, remove=[make_run(index).ref], now=START)
        else:
            store.apply(KEY, [make_run(index, state)], now=START)
    assert mirror == dict(store.snapshot(KEY).rows)
