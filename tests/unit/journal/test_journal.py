"""The journal: nothing leaves before its intention is on disk, and a crash is seen afterwards."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.model import Json, Kind, Ref
from tui.core import journal as journal_module
from tui.core.journal import Journal, JournalUnwritable, ReadOnly, redacted
from tui.core.processes import boot_id

REF = Ref("kfp", Kind.RUN, "0b3e7a52")
AUGUST = 1787409127.25  # 2026-08-22T14:32:07.250Z


def journal(tmp_path: Path, now: float = AUGUST, reason: str | None = None) -> Journal:
    return Journal(tmp_path / "journal", clock=lambda: now, read_only=lambda context: reason)


def lines(tmp_path: Path, month: str = "2026-08") -> list[dict[str, Json]]:
    return [json.loads(line) for line in (tmp_path / "journal" / f"{month}.jsonl").read_text().splitlines()]


def test_an_intention_is_written_before_the_permit_is_there(tmp_path: Path) -> None:
    permit = journal(tmp_path).issue("p1", "abort", REF, {"force": True}, "OPS-1")
    (line,) = lines(tmp_path)
    assert line["record"] == permit.record
    assert (line["type"], line["action"], line["target"]) == ("intent", "abort", "kfp/run/0b3e7a52")
    assert (line["params"], line["reason"]) == ({"force": True}, "OPS-1")
    assert line["time"] == "2026-08-22T14:32:07.250Z"
    assert (line["pid"], line["boot"]) == (os.getpid(), boot_id())
    assert not permit.spent


def test_a_record_is_one_write_and_synced_before_the_permit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    write, sync = os.write, os.fsync

    def noted_write(handle: int, data: bytes) -> int:
        done.append("write")
        return write(handle, data)

    def noted_sync(handle: int) -> None:
        done.append("fsync")
        sync(handle)

    monkeypatch.setattr(os, "write", noted_write)
    monkeypatch.setattr(os, "fsync", noted_sync)
    log = journal(tmp_path)
    log.issue("p1", "abort", REF, {})
    assert done == ["write", "fsync", "fsync"]  # the second: a new file's name is in its folder
    done.clear()
    log.issue("p1", "abort", REF, {})
    assert done == ["write", "fsync"]


def test_nobody_else_can_read_it(tmp_path: Path) -> None:
    journal(tmp_path).issue("p1", "abort", REF, {})
    folder = tmp_path / "journal"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "2026-08.jsonl").stat().st_mode) == 0o600


def test_each_month_has_its_file_and_an_outcome_finds_its_intention_in_the_last_one(tmp_path: Path) -> None:
    first = journal(tmp_path)
    permit = first.issue("p1", "abort", REF, {})
    journal(tmp_path, AUGUST + 31 * 86400).outcome(permit, "done", "accepted", Ref("kfp", Kind.RUN, "new"))
    assert first.months() == ["2026-08", "2026-09"]
    (entry,) = first.records("2026-08")
    assert (entry.outcome, entry.message, entry.created) == ("done", "accepted", "kfp/run/new")
    assert first.records("2026-09") == []
    assert first.unfinished() == []


def test_read_only_gets_no_permit_and_leaves_no_trace(tmp_path: Path) -> None:
    with pytest.raises(ReadOnly, match="kfp is read-only"):
        journal(tmp_path, reason="kfp is read-only").issue("p1", "abort", REF, {})
    assert not (tmp_path / "journal").exists()


def test_read_only_is_asked_for_the_context_of_the_target(tmp_path: Path) -> None:
    asked: list[str] = []

    def why(context: str) -> str | None:
        asked.append(context)
        return None

    log = Journal(tmp_path / "journal", read_only=why)
    log.issue("p1", "abort", REF, {})
    log.issue("p1", "create-pool", "peloton", {})
    assert asked == ["kfp", "peloton"]


def test_an_unwritable_journal_gives_no_permit(tmp_path: Path) -> None:
    (tmp_path / "journal").write_text("a file where the folder should be")
    with pytest.raises(JournalUnwritable, match="cannot be written"):
        journal(tmp_path).issue("p1", "abort", REF, {})


def test_a_full_disk_gives_no_permit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda handle, data: write(handle, data[: len(data) // 2]))
    with pytest.raises(JournalUnwritable, match="disk is full"):
        journal(tmp_path).issue("p1", "abort", REF, {})
    monkeypatch.undo()
    # The torn line spoils nobody's record.
    log = journal(tmp_path)
    permit = log.issue("p2", "abort", REF, {})
    assert [entry.record for entry in log.records()] == [permit.record]


def test_a_link_in_the_way_is_not_followed(tmp_path: Path) -> None:
    target = tmp_path / "elsewhere"
    target.write_text("")
    (tmp_path / "journal").mkdir()
    (tmp_path / "journal" / "2026-08.jsonl").symlink_to(target)
    with pytest.raises(JournalUnwritable):
        journal(tmp_path).issue("p1", "abort", REF, {})
    assert target.read_text() == ""


def test_without_a_journal_permits_are_given_and_nothing_is_written(tmp_path: Path) -> None:
    log = Journal(None)
    permit = log.issue("p1", "abort", REF, {})
    log.outcome(permit, "done")
    assert (log.records(), log.months()) == ([], [])


def test_read_only_holds_without_a_journal_too() -> None:
    with pytest.raises(ReadOnly):
        Journal(None, read_only=lambda context: "read-only").issue("p1", "abort", REF, {})


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cut=st.integers(1, 200))
def test_a_torn_last_line_is_tolerated_and_closed(tmp_path: Path, cut: int) -> None:
    log = Journal(tmp_path / f"j{cut}", clock=lambda: AUGUST)
    kept = log.issue("p1", "abort", REF, {})
    log.issue("p2", "retry", REF, {})
    file = tmp_path / f"j{cut}" / "2026-08.jsonl"
    raw = file.read_bytes()
    first_end = raw.index(b"\n") + 1
    file.write_bytes(raw[: max(first_end, len(raw) - cut)])
    after = log.issue("p3", "delete", REF, {})
    records = [entry.record for entry in log.records()]
    assert records[0] == kept.record
    assert records[-1] == after.record
    file.unlink()


def test_lines_that_are_not_ours_are_passed_over(tmp_path: Path) -> None:
    log = journal(tmp_path)
    log.issue("p1", "abort", REF, {})
    with (tmp_path / "journal" / "2026-08.jsonl").open("ab") as file:
        file.write(b'[1, 2]\nnull\n{"type": "outcome", "record": "of nobody"}\n\xff\xfe\n' + b"[" * 5000 + b"\n")
    assert [entry.action for entry in log.records()] == ["abort"]


def test_many_processes_write_whole_lines(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from tui.core.journal import Journal\n"
        "from adapters.model import Kind, Ref\n"
        "log = Journal(Path(sys.argv[1]))\n"
        "for n in range(20): log.issue(sys.argv[2], 'abort', Ref('kfp', Kind.RUN, 'x' * 900), {'n': n})\n"
    )
    folder = tmp_path / "journal"
    processes = [subprocess.Popen([sys.executable, "-c", code, str(folder), f"p{n}"]) for n in range(3)]
    assert [process.wait(30) for process in processes] == [0, 0, 0]
    entries = Journal(folder).records()
    assert len(entries) == 60
    assert {entry.plan for entry in entries} == {"p0", "p1", "p2"}


def test_a_process_killed_between_intention_and_request_is_seen_as_unfinished(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys; from pathlib import Path; from tui.core.journal import Journal\n"
        "from adapters.model import Kind, Ref\n"
        "Journal(Path(sys.argv[1])).issue('p1', 'abort', Ref('kfp', Kind.RUN, 'x'), {})\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    folder = tmp_path / "journal"
    assert subprocess.run([sys.executable, "-c", code, str(folder)], check=False).returncode == -9
    (entry,) = Journal(folder).unfinished()
    assert (entry.target, entry.outcome, entry.alive) == ("kfp/run/x", None, False)


def test_what_is_under_way_is_not_unfinished(tmp_path: Path) -> None:
    log = journal(tmp_path)
    log.issue("p1", "abort", REF, {})
    assert log.unfinished() == []
    assert log.records()[0].alive


def test_a_pid_of_an_earlier_boot_is_not_alive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal(tmp_path).issue("p1", "abort", REF, {})
    monkeypatch.setattr(journal_module, "boot_id", lambda: "another boot")
    assert len(journal(tmp_path).unfinished()) == 1


def test_secrets_do_not_reach_the_journal(tmp_path: Path) -> None:
    journal(tmp_path).issue("p1", "clone", REF, {"password": "s3cret", "env": [{"API_KEY": "s3cret", "day": 1}]})
    text = (tmp_path / "journal" / "2026-08.jsonl").read_text()
    assert "s3cret" not in text
    assert redacted({"token": None, "n": 1}) == {"token": None, "n": 1}


def test_hostile_text_stays_on_its_line(tmp_path: Path) -> None:
    log = journal(tmp_path)
    ref = Ref("kfp", Kind.RUN, 'a\nb"\x1b]0;x\x07\u2028\ud800')
    permit = log.issue("p1", "abort", ref, {}, "why\nnot")
    log.outcome(permit, "failed", "x" * 10_000)
    assert len(lines(tmp_path)) == 2
    (entry,) = log.records()
    assert entry.target == str(ref)
    assert len(entry.message) == 2000
