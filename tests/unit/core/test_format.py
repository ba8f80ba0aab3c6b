"""Values are written as the screens show them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.model import Capacity, Progress, State
from tui.core import format
from tui.core.text import cell_len

NOW = 1_787_408_000.0


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "-"),
        (math.nan, "-"),
        (-5, "0s"),
        (0, "0s"),
        (0.3, "0.3s"),
        (0.99, "0.9s"),
        (9.7, "9s"),
        (59.99, "59s"),
        (60, "1m00s"),
        (192, "3m12s"),
        (3599, "59m59s"),
        (5 * 3600 + 2 * 60 + 59, "5h02m"),
        (21 * 86400 + 4 * 3600, "21d04h"),
        (99 * 86400 + 23 * 3600, "99d23h"),
        (214 * 86400 + 5, "214d"),
        (math.inf, "99999d"),
    ],
)
def test_ages(seconds: float | None, text: str) -> None:
    assert format.age(seconds) == text


@given(st.floats())
def test_an_age_is_never_over_six_wide(seconds: float) -> None:
    assert 1 <= len(format.age(seconds)) <= 6


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0B"),
        (999, "999B"),
        (1023, "1.0Ki"),
        (9.1 * 2**20, "9.1Mi"),
        (31.8 * 2**30, "31.8Gi"),
        (18.2 * 2**40, "18.2Ti"),
        (None, "-"),
        (math.nan, "-"),
    ],
)
def test_sizes(count: float | None, text: str) -> None:
    assert format.size(count) == text


@given(st.floats(min_value=0, max_value=2**59))
def test_sizes_stay_short(count: float) -> None:
    assert len(format.size(count)) <= 7


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0"), (9_999, "9999"), (10_000, "10.0k"), (12_907, "12.9k"), (999_960, "1.0M"), (1_234_567, "1.2M")],
)
def test_counts_in_cells(number: int, text: str) -> None:
    assert format.count_cell(number) == text


def test_counts_and_percent() -> None:
    assert format.count(10482) == "10,482"
    assert format.count(None) == "-"
    assert [format.percent(share) for share in (0.0, 0.001, 0.64, 0.999, 1.0, None)] == [
        *("0%", "1%", "64%", "99%", "100%", "-")
    ]


def test_clock_shows_other_days_and_years() -> None:
    assert format.clock(NOW, NOW) == "14:13:20Z"
    assert format.clock(NOW - 86400, NOW) == "08-21 14:13Z"
    assert format.clock(NOW - 400 * 86400, NOW) == "2025-07-18"
    assert format.clock(None, NOW) == "-"
    assert format.clock(1e18, NOW) == "-"


def test_iso_is_utc_with_z() -> None:
    assert format.iso(NOW) == "2026-08-22T14:13:20Z"
    assert format.iso(NOW + 0.25) == "2026-08-22T14:13:20.250Z"
    assert format.iso(None) is None
    assert format.iso(math.inf) is None


def test_ids_are_cut_in_the_middle() -> None:
    assert format.short_id("0b3e7a52-41d0-4c8e-9a77-5f1d5f1d9c41") == "0b3e7a52…5f1d9c41"
    assert format.short_id("0b3e7a52-41d0-4c8e-9a77-5f1d5f1d9c41", ascii=True) == "0b3e7a52$5f1d9c41"
    assert format.short_id("short") == "short"


def test_every_state_has_a_sign_one_cell_wide_in_both_alphabets() -> None:
    for state in State:
        assert cell_len(format.symbol(state)) == 1
        assert format.symbol(state, ascii=True).isascii()
        assert format.state_token(state) in {"ok", "running", "waiting", "failed", "aborted", "stale"}


def test_colour_falls_on_symbol_and_word_or_on_the_symbol_alone() -> None:
    assert format.state_spans(State.FAILED) == (("✗ failed", "failed"),)
    assert format.state_spans(State.QUEUED) == (("◦ queued", "waiting"),)
    assert format.state_spans(State.SUCCEEDED) == (("✓", "ok"), (" succeeded", "muted"))
    assert format.state_spans(State.ABORTED, ascii=True) == (("0", "aborted"), (" aborted", "muted"))


@pytest.mark.parametrize(
    ("allocation", "slack", "reservation", "limit", "bar"),
    [
        (1312, 96, 1792, 2048, "██████████████▒····│··"),
        (1184, 96, 1536, 1792, "███████████████▒··│···"),
        (160, 0, 128, 160, "█████████████████│████"),
        (402, 64, 480, 640, "██████████████▒▒│·····"),
        (190, 32, 256, 384, "███████████▒▒·│·······"),
        (432, 0, 416, 608, "███████████████│······"),
        (96, 0, 192, 192, "███████████··········│"),
        (32, 0, 64, 512, "█·│···················"),
    ],
)
def test_pool_bars_are_those_of_the_screen(
    allocation: float, slack: float, reservation: float, limit: float, bar: str
) -> None:
    capacity = Capacity("gpu", reservation, limit, 1, allocation, slack)
    assert format.pool_bar(capacity, 22) == bar


@given(
    *(st.one_of(st.none(), st.floats(allow_nan=False)) for _ in range(4)),
    st.integers(0, 80),
    st.booleans(),
)
def test_pool_bars_have_their_width_whatever_the_server_says(
    allocation: float | None,
    slack: float | None,
    reservation: float | None,
    limit: float | None,
    width: int,
    ascii: bool,
) -> None:
    capacity = Capacity("gpu", reservation, limit, None, allocation, slack)
    bar = format.pool_bar(capacity, width, ascii)
    assert len(bar) == width
    assert bar.isascii() or not ascii


def test_full_pools() -> None:
    assert format.is_full(Capacity("gpu", limit=160, allocation=160))
    assert not format.is_full(Capacity("gpu", limit=None, allocation=160))
    assert not format.is_full(Capacity("gpu", limit=160, allocation=159))


def test_moved_bar_is_full_only_when_all_moved() -> None:
    assert format.moved_bar(Progress(5, 11)) == "████░░░░"
    assert format.moved_bar(Progress(7, 8)) == "███████░"
    assert format.moved_bar(Progress(999, 1000)) == "███████░"
    assert format.moved_bar(Progress(0, 0)) == "████████"
    assert format.moved_bar(Progress(-3, 5)) == "░░░░░░░░"
    assert format.moved_bar(Progress(9, 9)) == "████████"
    assert format.moved_bar(Progress(5, 11), ascii=True) == "####...."


def test_sparkline_scales_to_the_largest_and_leaves_gaps() -> None:
    assert format.sparkline([0, 1, None, 8]) == "▁▂ █"
    assert format.sparkline([0, 8], ascii=True) == ".%"
    assert format.sparkline([0, 0]) == "▁▁"
    assert format.sparkline([]) == ""
