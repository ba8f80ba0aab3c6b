"""The arithmetic and the table of the benchmarks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench.__main__ import GROUPS, main
from bench.firehose import WIDTH, Firehose, line
from bench.measure import Fact, Figure, Results, Spread, side_by_side
from bench.refresh import Busy, Probed
from bench.table import report


def test_percentiles_are_samples_that_were_seen() -> None:
    spread = Spread.of(number / 100 for number in range(100, 0, -1))
    assert spread.p50 == pytest.approx(0.505)
    assert spread.p95 == 0.95
    assert spread.most == 1.0
    with pytest.raises(ValueError, match="nothing was measured"):
        Spread.of([])


def test_subjects_take_turns_after_one_that_is_not_counted() -> None:
    order: list[str] = []

    def subject(name: str) -> float:
        order.append(name)
        return float(len(order))

    found = side_by_side({"a": lambda: subject("a"), "b": lambda: subject("b")}, 2)
    assert order == ["a", "b"] * 3
    assert found["a"].samples == (3.0, 5.0)


def test_a_figure_is_met_at_its_target_and_says_by_how_much_it_is_not() -> None:
    assert Figure("g", "what", 2.0, 2.0).met
    missed = Figure("g", "what", 3.0, 2.0)
    assert not missed.met
    assert missed.over == 1.5
    assert Figure("g", "lines missing", 0.0, 0.0).met
    assert Figure("g", "lines missing", 1.0, 0.0).over == float("inf")


def test_the_table_has_ratios_first_and_counts_what_is_met() -> None:
    results = Results(
        [
            Figure("keys", "cursor", 0.4, 0.5, "x", "DataTable", "2 ms to 5 ms"),
            Figure("memory", "10k", 130, 120, "MB"),
        ],
        [Fact("keys", "peer: htop", "absent")],
    )
    text = report(results, "python -m bench", 60.0)
    assert "1 of 2 targets met" in text
    assert [word.strip() for word in text.splitlines()[5].split("|")[1:4]] == ["", "ratio", "target"]
    assert "| met        | 0.40x" in text
    assert "over 1.08x" in text
    assert "absent" in text


def test_how_long_a_key_waits_counts_the_time_that_is_left_of_a_stretch() -> None:
    busy = Busy((0.010,) * 10, 1.0)  # a tenth of all moments falls into a stretch
    assert busy.wait(0.90) == pytest.approx(0.0, abs=1e-6)
    assert busy.wait(0.95) == pytest.approx(0.005, abs=1e-6)
    assert busy.most == 0.010
    assert Busy((), 1.0).wait(0.999) == 0.0


def test_a_probe_is_read_back_by_moments(tmp_path: Path) -> None:
    file = tmp_path / "probe.json"
    file.write_text(json.dumps({"busy": [[1.0, 0.01], [5.0, 0.02]], "changes": [[1.5, 3], [5.5, 4]]}))
    found = Probed.read(file)
    assert found.between(0.0, 2.0).stretches == (0.01,)
    assert found.changed(5.0, 6.0) == 4


def test_the_firehose_gives_any_part_of_its_lines() -> None:
    hose = Firehose(None, 2_000, 0.0)
    assert hose.read(-1, 0)["offset"] == 2_000 * WIDTH
    part = hose.read(WIDTH - 5, 10)["data"].encode()
    assert part == (line(0) + line(1))[WIDTH - 5 : WIDTH + 5]
    assert hose.read(1_999 * WIDTH, -1)["data"].encode() == line(1_999)
    assert hose.read(2_000 * WIDTH, -1)["data"] == ""
    assert len(line(1)) == len(line(777)) == WIDTH


def test_an_unknown_group_is_refused_with_those_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["nonsense"])
    said = capsys.readouterr().err
    assert all(name in said for name in GROUPS)
