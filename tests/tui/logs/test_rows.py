"""The lines behind a log view: merged, filtered, searched, coloured, unfolded."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.model import Kind, LogMode, LogSource, Ref
from tui.core import sgr
from tui.core.logrows import LogRows
from tui.core.logsearch import LogSearch
from tui.core.logspool import LogSpool, SpooledLog
from tui.core.unfold import MOST_LINES, unfold

pytestmark = pytest.mark.anyio


def log(folder: Path, name: str, data: str = "") -> SpooledLog:
    opened = LogSpool(folder).open(LogSource(Ref("c", Kind.POD, name), "stdout", LogMode.APPEND))
    opened.append(data.encode())
    return opened


def at(second: int, text: str) -> str:
    return f"2026-08-22T14:00:{second:02d}Z {text}\n"


def texts(rows: LogRows) -> list[str]:
    return [rows.row(i).line.text.split(" ")[-1] for i in range(rows.count)]


async def test_one_log_is_itself(tmp_path: Path) -> None:
    rows = LogRows([log(tmp_path, "a", "".join(at(i, f"l{i}") for i in range(5)))])
    await rows.extend()
    assert texts(rows) == ["l0", "l1", "l2", "l3", "l4"]
    assert rows.address(3) == (0, 3)


async def test_several_are_merged_by_time_and_grow_in_order(tmp_path: Path) -> None:
    one = log(tmp_path, "one", at(1, "a") + at(4, "d"))
    two = log(tmp_path, "two", at(2, "b") + at(3, "c") + "without\n")
    rows = LogRows([one, two])
    await rows.extend()
    assert texts(rows) == ["a", "b", "c", "without", "d"]
    two.append(at(5, "e").encode())
    one.append(at(4, "late").encode())
    await rows.extend()
    assert texts(rows) == ["a", "b", "c", "without", "d", "late", "e"]
    assert rows.index_of(*rows.address(5)) == 5


async def test_a_line_that_still_grows_is_not_taken_twice(tmp_path: Path) -> None:
    one, two = log(tmp_path, "one", at(1, "a")), log(tmp_path, "two", at(2, "b"))
    rows = LogRows([one, two])
    one.append(b"2026-08-22T14:00:03Z par")
    await rows.extend()
    one.append(b"tial\n")
    await rows.extend()
    one.append(at(4, "next").encode())
    await rows.extend()
    assert texts(rows) == ["a", "b", "partial", "next"]


async def test_a_filter_keeps_matches_and_what_comes_later(tmp_path: Path) -> None:
    one = log(tmp_path, "one", at(1, "Error") + at(2, "fine") + at(3, "error"))
    rows = LogRows([one])
    await rows.set_filter("error")
    assert texts(rows) == ["Error", "error"]
    await rows.set_filter("Error")
    assert texts(rows) == ["Error"]
    one.append((at(4, "Error") + at(5, "x")).encode())
    await rows.extend()
    assert texts(rows) == ["Error", "Error"]
    await rows.set_filter("")
    assert rows.count == 5


async def test_nothing_is_lost_between_slices(tmp_path: Path) -> None:
    one = log(tmp_path, "one", "".join(f"line {i}\n" for i in range(7001)))
    two = log(tmp_path, "two", "".join(f"other {i}\n" for i in range(10)))
    rows = LogRows([one, two])
    await rows.extend()
    assert rows.count == 7011
    assert len({rows.address(i) for i in range(rows.count)}) == 7011


async def test_the_volume_of_several_logs_is_that_of_what_is_shown(tmp_path: Path) -> None:
    one = log(tmp_path, "one", "".join(at(i, "x") for i in range(30)))
    two = log(tmp_path, "two", at(0, "y") + at(55, "ERROR z") + at(59, "y"))
    rows = LogRows([one, two])
    await rows.extend()
    while not two.scan():
        pass
    buckets = rows.volume(6)
    assert sum(bucket.lines for bucket in buckets) == rows.count
    assert [bucket.errors for bucket in buckets] == [0, 0, 0, 0, 0, 1]
    assert buckets[0].lines > buckets[4].lines == 0
    assert LogRows([log(tmp_path, "n", "no time\n"), log(tmp_path, "m")]).volume(3) == []


async def test_searching_finds_all_and_goes_round(tmp_path: Path) -> None:
    one = log(tmp_path, "one", "".join(f"{'NCCL' if i % 100 == 7 else 'x'} {i}\n" for i in range(1000)))
    search = LogSearch(LogRows([one]), "nccl")
    async for _ in search.find():
        pass
    assert search.hits == list(range(7, 1000, 100))
    assert search.place(107) == 2
    assert search.place(108) == 0
    assert (search.beside(907, 1), search.beside(7, -1), search.beside(100, 1)) == (7, 907, 107)
    one.append(b"nccl again\n")
    search.extend()
    assert search.hits[-1] == 1000
    assert LogSearch(LogRows([one]), "none").beside(3, 1) is None


def test_colours_become_tokens_and_everything_else_is_harmless() -> None:
    found = sgr.pieces("a\x1b[31mred\x1b[0m \x1b[1;33mwarn\x1b[m\x1b]0;title\x07\x1b[2Jz")
    assert [token for _, token in found] == ["text", "failed", "text", "waiting", "text"]
    assert "".join(text for text, _ in found).startswith("ared warn")
    assert sgr.without_colors("\x1b[31mred\x1b[0m") == "red"


@given(st.text(max_size=200))
def test_no_text_gets_an_escape_onto_the_screen(text: str) -> None:
    for piece, _ in sgr.pieces(text):
        assert not any(unicodedata.category(char) in ("Cc", "Cf", "Cs") for char in piece)


@given(st.binary(max_size=200))
def test_no_bytes_do_either(data: bytes) -> None:
    for piece, _ in sgr.pieces(data.decode("utf-8", "replace")):
        assert "\x1b" not in piece
        assert "\n" not in piece


@pytest.mark.parametrize(
    "text",
    ['{"level":"error","rank":3}', 'prefix {"level":"error","rank":3} tail', 'level=error rank=3 msg="a b"'],
)
def test_structure_is_unfolded(text: str) -> None:
    lines = unfold(text)
    assert any("rank" in line and "3" in line for line in lines)
    assert len(lines) > 1


@pytest.mark.parametrize(
    "text", ["", "plain words", "[1] not json", "a=1 alone", "{" * 5000, "[" * 5000 + "]" * 5000]
)
def test_what_has_no_structure_stays_folded(text: str) -> None:
    assert unfold(text) == [] or len(unfold(text)) <= MOST_LINES + 1


def test_unfolding_is_bounded() -> None:
    assert len(unfold(str(list(range(10_000))))) == MOST_LINES + 1


@given(st.lists(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 99)), max_size=8), max_size=8))
def test_rows_are_put_where_their_times_are(batches: list[list[tuple[int, int]]]) -> None:
    rows = LogRows([])
    for batch in batches:
        rows._merge([(float(when), packed) for when, packed in batch])
    everything = [pair for batch in batches for pair in batch]
    assert list(zip(rows._times, rows._rows, strict=True)) == sorted(everything, key=lambda pair: pair[0])
