"""The digest says what happened since a look, from times and from what was seen, and what it cannot know."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from adapters.errors import Unavailable
from adapters.model import Capacity, Host, Kind, Pool, Ref, Resource, State
from tests.unit.core.test_pulse import NOW, listed, run
from tui.core.acted import Acted, acted_since
from tui.core.digest import Digest, Part, digest, sides_of
from tui.core.journal import Journal
from tui.core.looks import Look, SeenPool
from tui.core.query import parse
from tui.core.store import Snapshot

SINCE = NOW - 8 * 3600
OOM = "train: OOMKilled, exit 137"


def made(
    runs: Iterable[Resource] = (),
    look: Look | None = None,
    *,
    hosts: Iterable[Resource] | None = None,
    pools: Iterable[Resource] | None = None,
    acted: Iterable[Acted] = (),
    runs_listed: Snapshot | None = None,
) -> Digest:
    lists = [runs_listed or listed(runs)]
    lists += [listed(hosts, Kind.HOST)] if hosts is not None else []
    lists += [listed(pools, Kind.POOL)] if pools is not None else []
    looks = [look] if look is not None else []
    return digest(sides_of(["kfp"], {"kfp": SINCE}, {"kfp": looks}, lists), list(acted), NOW)


def part(found: Digest, title: str) -> Part:
    return next(each for each in found.parts if each.title == title)


def said(found: Digest, title: str) -> list[tuple[str, str]]:
    return [(item.title, item.more) for item in part(found, title).items]


def host(name: str, state: State) -> Host:
    return Host(ref=Ref("kfp", Kind.HOST, name), name=name, state=state, native_state="")


def pool(id: str, name: str, limit: float | None, reservation: float | None = 96.0) -> Pool:
    capacity = (Capacity("gpu", reservation=reservation, limit=limit),)
    return Pool(ref=Ref("kfp", Kind.POOL, id), name=name, state=State.UP, native_state="", capacity=capacity)


def seen(**runs: str) -> Look:
    return Look(SINCE, {id: (state, id) for id, state in runs.items()}, {}, {})


def test_failures_since_are_grouped_by_cause_and_the_filter_selects_exactly_these() -> None:
    rows = [
        run(1, State.FAILED, 9e4, 9e4, 600, message=OOM),
        run(2, State.LOST, 9e4, 9e4, 700, message="main: OOMKilled"),
        run(3, State.FAILED, 9e4, 9e4, 800, message="ImagePullBackOff"),
        run(4, State.FAILED, 9e4, 9e4, 9 * 3600, message=OOM),
        run(5, State.SUCCEEDED, 9e4, 9e4, 600),
    ]
    found = made(rows, seen())
    assert found.failed == 3
    memory, image = part(found, "FAILED").items
    assert (memory.title, memory.count, memory.more, memory.red) == ("out of memory", 2, "r1, r2", True)
    assert memory.ref is None
    assert [row.name for row in rows if parse(memory.filter).matches(row, NOW)] == ["r1", "r2"]
    assert (image.title, image.count, image.ref) == ("image pull", 1, rows[2].ref)


def test_many_causes_are_cut_short() -> None:
    words = ("disk", "net", "auth", "quota", "image", "node", "gpu", "cuda", "cpu", "shm")
    rows = [run(i, State.FAILED, 9e4, 9e4, 600, message=f"{word} is broken") for i, word in enumerate(words)]
    found = made(rows, seen())
    *_, last = part(found, "FAILED").items
    assert len(part(found, "FAILED").items) == 8
    assert (last.title, last.count) == ("3 other causes", 3)
    assert all(parse(last.filter).matches(row, NOW) for row in rows)


def test_failures_without_a_time_are_told_by_the_look() -> None:
    rows = [
        run(1, State.FAILED, 9e4, 9e4, None),  # was running
        run(2, State.FAILED, 9e4, 9e4, None),  # had failed
        run(3, State.FAILED, 600, 600, None),  # is younger than the look
        run(4, State.FAILED, 9e4, 9e4, None),  # was not seen
    ]
    found = made(rows, seen(r1="running", r2="failed"))
    (item,) = part(found, "FAILED").items
    assert item.count == 2
    assert [row.name for row in rows[:3] if parse(item.filter).matches(row, NOW)] == ["r1", "r2", "r3"]
    assert made(rows, None).failed == 1
    assert "kfp: 3 failed runs do not say when" in made(rows, None).unknown
    young = run(5, State.FAILED, 9 * 3600, 9 * 3600, None)  # it came between the look and the time asked about
    earlier = made([young], Look(SINCE - 7200, {}, {}, {}))
    assert (earlier.failed, earlier.unknown[0]) == (0, "kfp: 1 failed run does not say when")


def test_what_had_failed_and_has_not_any_more_has_recovered() -> None:
    rows = [run(1, State.RUNNING, 9e4, 100, None), run(2, State.SUCCEEDED, 9e4, 9e4, 600)]
    found = made(rows, seen(r1="failed", r2="lost", r3="running", r4="failed"))
    assert said(found, "RECOVERED") == [("r1", "failed → running"), ("r2", "lost → succeeded")]
    assert found.recovered == 2
    assert said(found, "GONE") == [
        ("r3", "was running, is not listed any more"),
        ("r4", "was failed, is not listed any more"),
    ]
    incomplete = replace(listed(rows), complete=False)
    assert not [
        each for each in made(look=seen(r3="running"), runs_listed=incomplete).parts if each.title == "GONE"
    ]


def test_ends_are_counted_by_state() -> None:
    rows = [
        *(run(i, State.SUCCEEDED, 9e4, 9e4, 600) for i in range(5)),
        run(6, State.ABORTED, 9e4, 9e4, 600),
        run(7, State.SUCCEEDED, 9e4, 9e4, 8e4),
        run(8, State.RUNNING, 9e4, 9e4, None),
    ]
    found = made(rows, seen())
    assert found.ended == 6
    assert [(item.title, item.count) for item in part(found, "ENDED").items] == [("succeeded", 5), ("aborted", 1)]
    assert part(found, "ENDED").items[0].more == "r0, r1, r2, …"


def test_hosts_that_moved_went_or_came() -> None:
    look = Look(SINCE, {}, {"a": "up", "b": "up", "c": "draining", "d": "down", "e": "up"}, None)
    now = [host("a", State.UP), host("b", State.DOWN), host("c", State.DRAINED), host("d", State.UP)]
    found = made((), look, hosts=[*now, host("f", State.UP)])
    assert said(found, "HOSTS") == [
        ("b", "up → down"),
        ("c", "draining → drained"),
        ("d", "down → up"),
        ("e", "gone, was up"),
        ("host", "new"),
    ]
    assert part(found, "HOSTS").items[0].ref == now[1].ref
    assert part(found, "HOSTS").items[0].red


def test_very_many_hosts_that_changed_alike_are_one_line() -> None:
    look = Look(SINCE, {}, {f"h{i}": "up" for i in range(40)}, None)
    found = made((), look, hosts=[host(f"h{i}", State.DOWN) for i in range(20)])
    down, gone = part(found, "HOSTS").items
    assert (down.count, down.more, down.filter) == (20, "up → down", "state=down")
    assert (gone.count, gone.title) == (20, "hosts")


def test_quotas_that_moved_pools_that_came_went_or_were_renamed() -> None:
    look = Look(
        SINCE,
        {},
        None,
        {
            "1": SeenPool("/ml/ads", {"gpu": (96.0, 160.0)}),
            "2": SeenPool("/ml/old", {"gpu": (96.0, 100.0)}),
            "3": SeenPool("/ml/gone", {}),
        },
    )
    found = made((), look, pools=[pool("1", "/ml/ads", 128.0), pool("2", "/ml/new", None), pool("4", "/x", 1.0)])
    assert said(found, "POOLS") == [
        ("/ml/ads", "gpu limit 160 → 128"),
        ("/ml/new", "was /ml/old, gpu limit 100 → -"),
        ("/x", "new"),
        ("/ml/gone", "gone, the server lists it no more"),
    ]


def test_what_is_not_known_is_said() -> None:
    look = Look(SINCE - 7200, {}, {}, None)
    broken = replace(listed([], complete=False), error=Unavailable("refused"), as_of=NOW - 60)
    found = made(look=look, runs_listed=broken, hosts=[], pools=[])
    assert found.unknown == (
        "kfp: no answer about its runs since 14:31:07Z: refused",
        "kfp: 0 runs are loaded; of those created some may be missing",
        "kfp: hosts are compared with what they were at 04:32:07Z",
        "kfp: its pools were not seen before 06:32:07Z",
    )
    assert made([], None).unknown == (
        "kfp: no look from before is kept to compare hosts, pools and recoveries with",
    )


def test_who_acted_comes_from_the_journal(tmp_path: Path) -> None:
    clock = [SINCE - 100.0]
    journal = Journal(tmp_path, clock=lambda: clock[0])
    refs = [Ref("kfp", Kind.RUN, name) for name in ("r1", "r2")]
    for at, plan, ref, outcome in [
        (SINCE - 100, "p0", refs[0], "done"),
        (SINCE + 100, "p1", refs[0], "done"),
        (SINCE + 101, "p1", refs[1], "failed"),
        (SINCE + 200, "p2", refs[0], "done"),
        (SINCE + 300, "p3", Ref("other", Kind.RUN, "x"), "done"),
    ]:
        clock[0] = at
        journal.outcome(journal.issue(plan, "retry", ref, {}, "OPS-7"), outcome)
    acted = acted_since(journal, SINCE, {"kfp"})
    assert [(each.targets, each.endings) for each in acted] == [
        ((str(refs[0]), str(refs[1])), ("done", "failed")),
        ((str(refs[0]),), ("done",)),
    ]
    one, two = part(made(acted=acted), "ACTED").items
    assert one.title.startswith("06:35:27Z  ")
    assert one.title.endswith("  retry  kfp/run/r1")
    assert (one.more, one.ref) == ("done  (OPS-7)", refs[0])
    assert two.title.endswith("retry  2 objects")
    assert two.more.startswith("1 done, 1 failed")
    rows = [run(1, State.FAILED, 1, 1, 1), run(2, State.FAILED, 1, 1, 1), run(3, State.FAILED, 1, 1, 1)]
    assert [row.name for row in rows if parse(two.filter).matches(row, NOW)] == ["r1", "r2"]
