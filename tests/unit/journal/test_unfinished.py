"""Writes that were cut off, and plans that were: what the journal knows of them afterwards."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from adapters.errors import Unavailable
from adapters.model import Json, Kind, Ref, State
from tests.unit.plan.fakes import FakeAdapter, run
from tui.core import journal as journal_module
from tui.core.journal import Journal
from tui.core.planner import Planner
from tui.core.unfinished import Seen, announcement, look_at_all, sentence, write_down

pytestmark = pytest.mark.anyio
A, B, C, D = (run(name) for name in "abcd")
DIES = (
    "import os, signal, sys; from pathlib import Path; from tui.core.journal import Journal\n"
    "from adapters.model import Json, Kind, Ref\n"
    "log = Journal(Path(sys.argv[1]))\n"
    "for name in sys.argv[3:]:\n"
    "    log.issue('p1', 'abort', Ref('one', Kind.RUN, name), {'n': 1}, 'why', targets=sys.argv[2].split())\n"
    "os.kill(os.getpid(), signal.SIGKILL)\n"
)


def killed(folder: Path, *begun: str, targets: str = "") -> Journal:
    done = subprocess.run([sys.executable, "-c", DIES, str(folder), targets, *begun], check=False)
    assert done.returncode == -9
    return Journal(folder)


async def test_what_is_seen_now_is_said_and_written_down(tmp_path: Path) -> None:
    log = killed(tmp_path / "journal", "a", "b", "gone")
    adapter = FakeAdapter(rows=[run("a", State.ABORTED), B])
    entries = log.unfinished(2)
    seen = await look_at_all({"one": adapter}, entries)
    assert [seen[entry.target].words for entry in entries] == ["aborted (ABORTED)", "running (RUNNING)", "gone"]
    said = announcement(entries, seen)
    assert said == "3 changes cut off: abort name-a, now aborted, …; :journal"
    assert announcement(entries[2:], seen) == "cut off, unknown if done: abort gone, now gone; :journal"
    told = sentence(entries[0], seen)
    assert told == "abort one/run/a was cut off, nobody knows whether it was done; it is aborted (ABORTED) now"
    assert write_down(log, entries, seen) == 3
    assert log.unfinished() == []
    first = log.records()[0]
    assert (first.outcome, first.ending) == ("unknown", "unknown")
    assert first.message == "its process ended before the answer came; later seen as aborted (ABORTED)"


async def test_what_cannot_be_seen_stays_unfinished(tmp_path: Path) -> None:
    log = killed(tmp_path / "journal", "a")
    adapter = FakeAdapter(rows=[A])

    def down(ref: Ref) -> None:
        raise Unavailable("one: connection refused")

    adapter.before_read = down
    entries = log.unfinished()
    seen = await look_at_all({"one": adapter}, entries)
    assert sentence(entries[0], seen).endswith("what it is now is unknown: one: connection refused")
    assert write_down(log, entries, seen) == 0
    assert await look_at_all({}, entries) == {"one/run/a": Seen("unknown: no context 'one'")}
    assert len(log.unfinished()) == 1


def test_another_process_at_work_is_not_called_unknown(tmp_path: Path) -> None:
    code = DIES.replace("os.kill(os.getpid(), signal.SIGKILL)", "print('ready', flush=True); sys.stdin.read()")
    other = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path), "", "a"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert other.stdin is not None
    assert other.stdout is not None
    with other:
        other.stdout.readline()
        log = Journal(tmp_path)
        assert log.unfinished() == []
        assert log.records()[0].alive
        assert log.plans()[0].targets[0].word == "under way"
        other.kill()
    assert [entry.target for entry in Journal(tmp_path).unfinished()] == ["one/run/a"]


def test_a_pid_that_is_used_again_is_not_the_same_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Journal(tmp_path).issue("p1", "abort", A.ref, {})
    assert Journal(tmp_path).unfinished() == []
    from tui.core import processes

    monkeypatch.setattr(processes, "began", lambda pid: 1)
    assert len(Journal(tmp_path).unfinished()) == 1


def test_another_machine_with_the_same_home_is_given_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1787409127.0
    monkeypatch.setattr(socket, "gethostname", lambda: "bastion-2")
    monkeypatch.setattr(journal_module, "boot_id", lambda: "its boot")
    Journal(tmp_path, clock=lambda: now).issue("p1", "abort", A.ref, {})
    monkeypatch.undo()
    assert Journal(tmp_path, clock=lambda: now + 60).unfinished() == []
    assert len(Journal(tmp_path, clock=lambda: now + 3600).unfinished()) == 1


def test_a_clock_that_is_set_back_loses_no_outcome(tmp_path: Path) -> None:
    now = 1787409127.0
    permit = Journal(tmp_path, clock=lambda: now).issue("p1", "abort", A.ref, {})
    Journal(tmp_path, clock=lambda: now - 400 * 86400).outcome(permit, "done")
    log = Journal(tmp_path)
    assert len(log.months()) == 2
    assert log.unfinished() == []
    assert [entry.outcome for entry in log.records()] == ["done"]


def test_parameters_that_look_like_lines_are_no_lines(tmp_path: Path) -> None:
    log = killed(tmp_path, "a")
    (entry,) = log.unfinished()
    fake: Json = {"type": "outcome", "record": entry.record}
    log.outcome(log.issue("p2", "abort", B.ref, {"x": fake, "time": fake}, str(fake)), "done")
    assert [each.record for each in log.unfinished()] == [entry.record]


def test_a_torn_line_is_seen_and_closed_by_the_next(tmp_path: Path) -> None:
    log = Journal(tmp_path)
    assert not log.torn()
    log.issue("p1", "abort", A.ref, {})
    assert not log.torn()
    (file,) = tmp_path.glob("*.jsonl")
    os.truncate(file, file.stat().st_size - 5)
    assert log.torn()
    assert log.unfinished() == []
    log.issue("p2", "abort", B.ref, {})
    assert not log.torn()
    assert [entry.plan for entry in log.records()] == ["p2"]


def test_a_plan_that_was_killed_knows_what_it_did_not_begin(tmp_path: Path) -> None:
    log = killed(tmp_path, "a", "b", targets="one/run/a one/run/b one/run/c")
    (plan,) = log.plans()
    assert [(each.target, each.word) for each in plan.targets] == [
        ("one/run/a", "unknown"),
        ("one/run/b", "unknown"),
        ("one/run/c", "not-started"),
    ]
    assert (plan.first.action, plan.first.reason, plan.first.params, plan.alive) == (
        "abort",
        "why",
        {"n": 1},
        False,
    )
    assert plan.remainder == ("one/run/a", "one/run/b", "one/run/c")


async def test_a_plan_that_was_stopped_writes_down_the_rest(tmp_path: Path) -> None:
    log, stop = Journal(tmp_path), asyncio.Event()
    adapter = FakeAdapter(rows=[A, B, C, D])
    adapter.before_write = lambda ref: stop.set()
    planner = Planner({"one": adapter}, log, parallel=1)
    plan = await planner.make("abort", [row.ref for row in (A, B, C, D)])
    adapter.move(A.ref, State.SUCCEEDED)
    await planner.run(plan, stop=stop)
    (kept,) = log.plans()
    assert (kept.id, kept.alive) == (plan.id, False)
    assert [(each.target[-1], each.outcome) for each in kept.targets] == [
        ("a", "skipped"),
        ("b", "done"),
        ("c", "not-started"),
        ("d", "not-started"),
    ]
    assert kept.targets[0].message == "it has changed: was running (RUNNING), is succeeded (SUCCEEDED)"
    assert kept.remainder == ("one/run/a", "one/run/c", "one/run/d")
    assert kept.counts() == {"skipped": 1, "not-started": 2, "done": 1}


async def test_a_plan_under_way_says_so(tmp_path: Path) -> None:
    log = Journal(tmp_path)
    adapter = FakeAdapter(rows=[A, B, C])
    seen = []
    adapter.before_write = lambda ref: seen.append(log.plans()[0])
    planner = Planner({"one": adapter}, log, parallel=1)
    await planner.run(await planner.make("abort", [A.ref, B.ref, C.ref]))
    assert [plan.alive for plan in seen] == [True, True, True]
    assert [each.word for each in seen[1].targets] == ["done", "under way", "not-started"]
    assert not log.plans()[0].alive


async def test_one_target_needs_no_line_of_a_plan(tmp_path: Path) -> None:
    log = Journal(tmp_path)
    planner = Planner({"one": FakeAdapter(rows=[A])}, log)
    await planner.run(await planner.make("abort", [A.ref]))
    (file,) = tmp_path.glob("*.jsonl")
    assert file.read_text().count("\n") == 2
    assert [each.outcome for each in log.plans()[0].targets] == ["done"]


async def test_the_last_try_of_a_target_is_what_counts(tmp_path: Path) -> None:
    log = Journal(tmp_path)
    for outcome in ("failed", "done"):
        log.outcome(log.issue("p1", "abort", Ref("one", Kind.RUN, "a"), {}), outcome)
    (plan,) = log.plans()
    assert [each.outcome for each in plan.targets] == ["done"]
    assert len(log.records()) == 2
