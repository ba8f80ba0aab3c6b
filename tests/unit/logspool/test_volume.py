"""The volume of a long log: near enough, and without looking at the same lines again while it grows."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.model import Kind, LogMode, LogSource, Ref
from tui.core.logspool import LogSpool, SpooledLog

START = 1_787_000_000
COLUMNS = 50


def lines(start: int, stop: int) -> bytes:
    """Ten a second."""
    moments = [datetime.fromtimestamp(START + number / 10, UTC) for number in range(start, stop)]
    return b"".join(b"%s step\n" % moment.isoformat(timespec="milliseconds").encode() for moment in moments)


@pytest.fixture
def log(tmp_path: Path) -> SpooledLog:
    made = LogSpool(tmp_path).open(LogSource(Ref("peloton", Kind.POD, "p"), "stdout", LogMode.APPEND))
    made.append(lines(0, 20_000))
    return made


def test_of_a_long_log_the_columns_are_as_long_as_they_should_be_but_for_a_few_lines(log: SpooledLog) -> None:
    buckets = log.volume(COLUMNS)
    assert sum(bucket.lines for bucket in buckets) == log.count
    assert all(abs(bucket.lines - 400) <= 150 for bucket in buckets)
    assert [bucket.first for bucket in buckets] == sorted(bucket.first for bucket in buckets)


def test_while_it_grows_only_what_is_new_is_looked_at(log: SpooledLog, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[int] = []
    plain = log.lines

    def counted(start: int, stop: int) -> object:
        looked.append(start)
        return plain(start, stop)

    monkeypatch.setattr(log, "lines", counted)
    log.volume(COLUMNS)
    assert len(looked) < 10 * COLUMNS
    before = len(looked)
    for step in range(5):
        log.append(lines(20_000 + 200 * step, 20_200 + 200 * step))
        log.volume(COLUMNS)
    assert len(looked) - before < 20 * 5


def test_a_long_log_with_times_only_at_its_beginning(tmp_path: Path) -> None:
    made = LogSpool(tmp_path).open(LogSource(Ref("peloton", Kind.POD, "q"), "stdout", LogMode.APPEND))
    made.append(lines(0, 100) + b"no time\n" * 20_000)
    buckets = made.volume(COLUMNS)
    assert sum(bucket.lines for bucket in buckets) == made.count
