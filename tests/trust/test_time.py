"""Clocks that are wrong, set, or of another zone: no age is negative, and what is written down is UTC."""

from __future__ import annotations

import csv
import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.endpoint import Effect
from adapters.errors import RateLimited
from adapters.http import HttpClient
from adapters.model import ENDED, Kind, Ref, Run, State
from adapters.servertime import ahead
from adapters.settings import ContextSettings
from tests.tui.conftest import Open
from tests.tui.data import run
from tests.tui.fake import NOW, Clock, FakeAdapter
from tui.config import Config, UiSettings
from tui.core import format, values, zone
from tui.core.export import to_record
from tui.core.journal import Journal

pytestmark = pytest.mark.anyio
STAMP = st.none() | st.floats(-1e12, 1e12) | st.floats(NOW - 1e5, NOW + 1e5)
WINTER = 1793000000.0
"""2026-10-26, the day after summer time ended in Europe."""


@pytest.fixture
def in_zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    def set_zone(name: str) -> None:
        monkeypatch.setenv("TZ", name)
        time.tzset()

    yield set_zone
    zone.use_local(False)
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()


# ages


@given(created=STAMP, started=STAMP, finished=STAMP, now=st.floats(-1e12, 1e12), state=st.sampled_from(list(State)))
def test_no_age_is_negative_whatever_the_clocks_say(
    created: float | None, started: float | None, finished: float | None, now: float, state: State
) -> None:
    row = Run(
        ref=Ref("c", Kind.RUN, "x"),
        name="x",
        state=state,
        native_state="X",
        created=created,
        started=started,
        finished=finished,
    )
    for found in (values.age(row, now), values.duration(row, now), values.since(row, now)):
        assert found is None or found >= 0.0
        assert not format.age(found).startswith("-") or found is None
    duration = to_record(row, now)["duration_s"]
    assert duration is None or (isinstance(duration, float) and duration >= 0.0)
    if started is not None and finished is not None:
        assert values.duration(row, now) == max(0.0, finished - started)  # by the server's times alone
    if state in ENDED and finished is None:
        assert values.duration(row, now) is None  # nobody knows; counting on would be invented


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_an_age_is_written_in_six_columns_whatever_it_is(seconds: float) -> None:
    assert len(format.age(seconds)) <= 6
    assert format.age(seconds) == "-" or not format.age(seconds).startswith("-")


async def test_a_clock_that_is_set_back_makes_no_age_negative(console: Open) -> None:
    clock = Clock()
    adapter = FakeAdapter("one", [run("one", State.RUNNING, "a", age="5m00s", dur="4m00s")])
    async with console(adapter, clock=clock) as t:
        await t.see("5m00s")
        clock.now = NOW - 3600.0
        await t.press("ctrl+r")
        await t.see("0s")
        assert not any("-1" in line or "-5" in line for line in t.lines[2:])
        await t.press("enter", "escape", "d")
        await t.see("describe")
        clock.now = NOW + 3600.0
        await t.press("escape", "ctrl+r")
        await t.see("1h05m")


async def test_a_server_whose_clock_is_ahead_is_counted_by_its_own(console: Open) -> None:
    adapter = FakeAdapter("one", [run("one", State.RUNNING, "a", age="5m00s", dur="4m00s")])
    adapter.stats.ahead = 600.0
    async with console(adapter) as t:
        await t.see("15m00s")
        await t.see("14m00s")
        await t.press("colon", *"contexts", "enter")
        await t.see("its clock is 10m00s ahead of this machine's")


@pytest.mark.parametrize("skew", [0.0, 1.0, 300.0, -10_800.0])
async def test_the_clock_of_a_server_is_learnt_from_its_answers(skew: float) -> None:
    def server(request: httpx.Request) -> httpx.Response:
        told = format_datetime(datetime.fromtimestamp(time.time() + skew, UTC), usegmt=True)
        if request.url.path == "/busy":
            until = format_datetime(datetime.fromtimestamp(time.time() + skew + 30, UTC), usegmt=True)
            return httpx.Response(429, headers={"Date": told, "Retry-After": until})
        return httpx.Response(200, headers={"Date": told}, json={})

    settings = ContextSettings(backend="kfp", url="http://127.0.0.1:9", retries=0)
    client = HttpClient(settings, context="c", error_reader=lambda *a: None, transport=httpx.MockTransport(server))
    await client.request("GET", "/", effect=Effect.READ)
    assert abs(client.stats.ahead - (skew if abs(skew) > 2 else 0.0)) <= 2.0
    with pytest.raises(RateLimited) as caught:
        await client.request("GET", "/busy", effect=Effect.READ)
    assert caught.value.retry_after is not None
    assert 25 <= caught.value.retry_after <= 31  # not three hours
    await client.aclose()


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"date": "yesterday"},
        {"date": "Thu, 99 Foo 2026"},
        {"date": format_datetime(datetime.now(UTC)), "age": "9"},
    ],
)
def test_a_server_that_does_not_say_or_a_cache_is_not_believed(headers: dict[str, str]) -> None:
    assert ahead(headers, 0.1, time.time()) is None


# zones


@pytest.mark.parametrize("name", ["UTC", "Europe/Berlin", "America/St_Johns", "Pacific/Kiritimati", "Asia/Kolkata"])
def test_what_is_written_down_is_utc_in_every_zone(
    in_zone: Callable[[str], None], tmp_path: Path, name: str
) -> None:
    in_zone(name)
    edge = datetime(2026, 8, 31, 23, 59, 59, tzinfo=UTC).timestamp()
    log = Journal(tmp_path / name.replace("/", "-"), clock=lambda: edge)
    log.outcome(log.issue("p", "abort", "c", {}), "done")
    assert log.months() == ["2026-08"]
    assert log.records()[0].time == "2026-08-31T23:59:59.000Z"
    row = Run(ref=Ref("c", Kind.RUN, "x"), name="x", state=State.RUNNING, native_state="X", created=edge)
    assert to_record(row, edge + 60)["created"] == "2026-08-31T23:59:59Z"
    assert format.clock(edge, edge) == "23:59:59Z"


async def test_exports_are_utc_although_the_screen_is_local(
    console: Open, in_zone: Callable[[str], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    in_zone("Asia/Kolkata")
    adapter = FakeAdapter("one", [run("one", State.RUNNING, "a", age="5m00s", dur="4m00s")])
    async with console(adapter, config=Config(ui=UiSettings(zone="local"))) as t:
        await t.see("20:02:07")  # the screen is local
        await t.press("ctrl+s")
        await t.see("1 run in")
        await t.press("colon", *"export", "space", *"x.json", "enter")
        await t.until((tmp_path / "x.json").is_file)  # the line on the screen may have cut a long path
    (row,) = json.loads((tmp_path / "x.json").read_text())
    assert row["created"] == "2026-08-22T14:27:07Z"
    text = (tmp_path / "runs-one.csv").read_text()
    assert list(csv.DictReader(text.splitlines()))
    assert "20:0" not in text


def test_an_hour_that_comes_twice_is_no_hour_lost(in_zone: Callable[[str], None]) -> None:
    """Summer time ends at 01:00 UTC on 2026-10-25: local times repeat, ages and durations do not care."""
    in_zone("Europe/Berlin")
    zone.use_local(True)
    before = datetime(2026, 10, 25, 0, 30, tzinfo=UTC).timestamp()
    after = before + 3600.0
    assert format.clock(before, after) == format.clock(after, after)  # both are 02:30
    assert (zone.offset(before), zone.offset(after)) == (7200, 3600)
    row = Run(
        ref=Ref("c", Kind.RUN, "x"),
        name="x",
        state=State.RUNNING,
        native_state="X",
        created=before,
        started=before,
    )
    assert (values.age(row, after), values.duration(row, after)) == (3600.0, 3600.0)
    assert format.age(values.age(row, after)) == "1h00m"
    assert to_record(row, after)["created"] == "2026-10-25T00:30:00Z"


def test_a_journal_whose_clock_goes_back_keeps_order_and_outcomes(tmp_path: Path) -> None:
    now = [WINTER]
    log = Journal(tmp_path, clock=lambda: now[0])
    first = log.issue("p1", "abort", "c", {})
    now[0] -= 7200.0
    log.outcome(first, "done")
    log.outcome(log.issue("p2", "abort", "c", {}), "done")
    assert [entry.plan for entry in log.records()] == ["p1", "p2"]  # as they were written
    assert log.unfinished() == []
    entry = log.records()[0]
    assert entry.ended is not None
    assert entry.ended < entry.time  # said as it was, not made up
