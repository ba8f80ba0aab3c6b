"""The spool: every byte stays, lines are found, markers stand where something is missing."""

from __future__ import annotations

import os
import stat
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.model import Kind, LogMode, LogSource, Ref
from tui.core import logfile
from tui.core.loglines import Level
from tui.core.logspool import LogSpool, SpooledLog, SpoolError

REF = Ref("peloton", Kind.POD, "ctr-train-0822-7")


def source(name: str = "stdout", mode: LogMode = LogMode.APPEND) -> LogSource:
    return LogSource(REF, name, mode)


@pytest.fixture
def spool(tmp_path: Path) -> LogSpool:
    return LogSpool(tmp_path / "logs")


def texts(log: SpooledLog) -> list[str]:
    return [line.text for line in log.lines(0, log.count)]


def reopened(spool: LogSpool, log: SpooledLog) -> SpooledLog:
    log.close()
    return spool.open(log.source)


def test_lines_are_found_wherever_the_bytes_were_cut(spool: LogSpool) -> None:
    log = spool.open(source())
    for piece in (b"one\ntw", b"o\nthr", b"ee"):
        log.append(piece)
    assert texts(log) == ["one", "two", "three"]
    assert (log.count, log.size) == (3, 13)


def test_windows_line_ends_and_progress_bars(spool: LogSpool) -> None:
    log = spool.open(source())
    for piece in (b"a\r", b"\nb\r\n", b"10%\r", b"20%\rdone\n"):
        log.append(piece)
    assert texts(log) == ["a", "b", "10%", "20%", "done"]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    pieces=st.lists(st.binary(max_size=12) | st.sampled_from([b"\n", b"\r", b"\r\n", b"a\n"]), max_size=12),
    cut=st.data(),
)
def test_how_bytes_arrive_changes_nothing(tmp_path: Path, pieces: list[bytes], cut: st.DataObject) -> None:
    whole = b"".join(pieces)
    one = SpooledLog(source(), tmp_path / f"{os.urandom(6).hex()}.log")
    other = SpooledLog(source(), tmp_path / f"{os.urandom(6).hex()}.log")
    one.append(whole)
    for piece in pieces:
        other.append(piece)
    assert texts(one) == texts(other)
    assert b"".join(one.raw()) == b"".join(other.raw()) == whole
    path = other.path
    other.close()
    again = SpooledLog(source(), path)
    assert texts(again) == texts(one)
    for log in (one, again):
        log.close()


def test_markers_are_lines_of_their_own_and_no_part_of_the_log(spool: LogSpool, tmp_path: Path) -> None:
    log = spool.open(source())
    log.append(b"half a ")
    log.mark("--- 14s gap:\n the agent did not answer")
    log.append(b"line\nmore\n")
    assert texts(log) == ["half a ", "--- 14s gap: the agent did not answer", "line", "more"]
    assert [line.marker for line in log.lines(0, 4)] == [False, True, False, False]
    assert (log.markers, log.size) == (1, 17)
    log.save(tmp_path / "copy.txt")
    assert (tmp_path / "copy.txt").read_bytes() == b"half a line\nmore\n"
    with pytest.raises(FileExistsError):
        log.save(tmp_path / "copy.txt")


def test_nobody_else_can_read_it(spool: LogSpool) -> None:
    log = spool.open(source())
    log.append(b"x\n")
    log.cursor = "2"
    assert stat.S_IMODE(spool.directory.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in spool.directory.iterdir()} == {0o600}


def test_a_later_session_finds_everything_again(spool: LogSpool) -> None:
    log = spool.open(source())
    log.append(b"one\ntwo\n")
    log.mark("--- gap")
    log.append(b"three\nfo")
    log.cursor = "16"
    log = reopened(spool, log)
    assert texts(log) == ["one", "two", "--- gap", "three", "fo"]
    assert (log.cursor, log.size, log.markers) == ("16", 16, 1)
    log.append(b"ur\n")
    assert texts(log)[-1] == "four"
    assert log.cursor == "19"


def test_a_log_that_was_joined_in_the_middle_knows_where_it_goes_on(spool: LogSpool) -> None:
    log = spool.open(source())
    log.append(b"abc\n")
    log.cursor = "1004"
    log = reopened(spool, log)
    assert log.cursor == "1004"


def test_a_crash_between_data_and_index_loses_no_line(spool: LogSpool) -> None:
    log = spool.open(source())
    log.append(b"one\n")
    log.mark("--- gap")
    log.append(b"two\nthree\n")
    log.close()
    index = log.path.with_suffix(".idx")
    for size in (0, 8, 16, 24, 19):
        os.truncate(index, size)
        again = spool.open(source())
        shown = texts(again)
        assert shown[0].startswith("one")
        assert shown[-2:] == ["two", "three"]
        assert again.size + again.markers * 8 == log.path.stat().st_size or size < 16
        again.close()


def test_the_same_log_opened_twice_is_one(spool: LogSpool) -> None:
    log = spool.open(source())
    assert spool.open(source()) is log
    log.close()
    log.append(b"still open\n")
    log.close()
    assert log.closed


def test_another_session_gets_a_file_of_its_own(spool: LogSpool) -> None:
    log = spool.open(source())
    log.append(b"mine\n")
    other = LogSpool(spool.directory).open(source())
    assert (other.path != log.path, other.count) == (True, 0)
    other.close()


def test_attempts_and_names_are_different_logs(spool: LogSpool) -> None:
    paths = {
        spool.open(LogSource(REF, name, LogMode.APPEND, attempt)).path
        for name in ("a", "b")
        for attempt in (None, 1)
    }
    assert len(paths) == 4


def test_levels_are_found_in_slices(spool: LogSpool) -> None:
    log = spool.open(source())
    for n in range(3000):
        log.append(b"ERROR bad\n" if n % 1000 == 7 else b"WARN hm\n" if n % 1000 == 9 else b"step loss error 0.3\n")
    log.mark("--- ERROR is only a word here")
    slices = 1
    while not log.scan(4096):
        slices += 1
    assert slices > 5
    assert list(log.errors) == [7, 1007, 2007]
    assert list(log.warnings) == [9, 1009, 2009]
    assert log.line(7).level is Level.ERROR


def test_a_line_that_still_grows_is_judged_when_it_is_whole(spool: LogSpool) -> None:
    log = spool.open(source())
    log.append(b"ok\nRuntimeEr")
    assert log.scan()
    assert list(log.errors) == []
    log.append(b"ror: bad\n")
    assert log.scan()
    assert list(log.errors) == [1]


@pytest.mark.anyio
async def test_search_looks_at_the_whole_log(spool: LogSpool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.core.spooledlog.REGION", 512)
    log = spool.open(source())
    log.append(
        b"".join(b"line %d of NCCL twice NCCL\n" % n if n % 100 == 0 else b"line %d\n" % n for n in range(1000))
    )

    async def hits(needle: str, regex: bool = False) -> list[int]:
        return [number async for batch in log.search(needle, regex=regex) for number in batch]

    assert await hits("nccl") == list(range(0, 1000, 100))
    assert await hits("Nccl") == []
    assert await hits("line 99.$", regex=True) == [*range(990, 1000)]
    assert await hits("a.b(") == []
    with pytest.raises(ValueError, match="not a regular expression"):
        await hits("(", regex=True)


def test_times_are_found_by_bisection_past_lines_without_one(spool: LogSpool) -> None:
    log = spool.open(source())
    for minute in range(60):
        log.append(b"2026-08-22T14:%02d:00Z step\n  detail\n  detail\n" % minute)
    ten_past = log.line(30).time
    assert ten_past is not None
    assert log.at_time(ten_past) in (28, 29, 30)
    assert log.at_time(0.0) == 0
    assert log.at_time(ten_past + 86400) == log.count - 2  # after the last time only its details stand
    empty = spool.open(source("empty"))
    assert empty.at_time(0.0) is None


def test_volume_is_by_time_and_counts_errors(spool: LogSpool) -> None:
    log = spool.open(source())
    for minute in range(60):
        log.append(b"2026-08-22T14:%02d:00Z step\n" % minute * (10 if minute >= 30 else 1))
    log.append(b"2026-08-22T14:59:30Z ERROR bad\n")
    log.scan(1 << 20)
    buckets = log.volume(4)
    assert sum(bucket.lines for bucket in buckets) == log.count
    assert [bucket.errors for bucket in buckets] == [0, 0, 0, 1]
    assert buckets[0].lines < 20 < 100 < buckets[3].lines
    plain = spool.open(source("plain"))
    plain.append(b"x\n" * 8)
    assert [(bucket.lines, bucket.start) for bucket in plain.volume(4)] == [(2, None)] * 4


def test_a_line_of_any_length_is_bounded_when_shown(spool: LogSpool, tmp_path: Path) -> None:
    log = spool.open(source())
    log.append(b"x" * 300_000 + b"\nend\n")
    shown = log.line(0).text
    assert len(shown) < logfile.LONGEST_LINE + 100
    assert shown.endswith("… (the line has 300,001 bytes)")
    assert log.line(1).text == "end"


def test_bytes_that_are_no_text_are_kept_as_they_are(spool: LogSpool) -> None:
    log = spool.open(source())
    log.append(b"\xff\xfe\x1b[31mred\n")
    assert log.line(0).text == "\ufffd\ufffd\x1b[31mred"
    assert b"".join(log.raw()) == b"\xff\xfe\x1b[31mred\n"


def test_a_full_disk_is_said_and_what_is_there_stays_whole(
    spool: LogSpool, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = spool.open(source())
    log.append(b"one\n")
    write = os.write
    calls = 0

    def full(handle: int, data: bytes) -> int:
        nonlocal calls
        calls += 1
        if calls > 1:
            raise OSError(28, "No space left on device")
        return write(handle, data[:2])

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(SpoolError, match="No space left"):
        log.append(b"two\n")
    monkeypatch.undo()
    log.append(b"three\n")
    assert texts(reopened(spool, log)) == ["one", "three"]


def test_the_oldest_closed_log_goes_first_and_open_ones_never(tmp_path: Path) -> None:
    spool = LogSpool(tmp_path)
    made = []
    for age, name in enumerate(["old", "middle", "new", "open"]):
        log = spool.open(source(name))
        log.append(b"x" * 999 + b"\n")
        made.append(log)
        if name != "open":
            log.close()
        os.utime(log.path, (age, age))
    os.utime(made[3].path, (0, 0))
    spool.budget = 2500
    assert spool.trim() == 2
    assert [log.path.exists() for log in made] == [False, False, True, True]
    assert spool.used() <= 2500


def test_a_million_lines_take_eight_bytes_each(spool: LogSpool) -> None:
    log = spool.open(source())
    block = b"short\n" * 10_000
    tracemalloc.start()
    try:
        for _ in range(25):
            log.append(block)
        now, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert log.count == 250_000
    assert now < 250_000 * 12
