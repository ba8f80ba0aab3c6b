"""Cloud Logging followed as a file: nothing twice, nothing lost, whatever comes late or at the same time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.errors import Forbidden
from adapters.model import Kind, LogMode, LogSource, Ref
from adapters.vertex import logs, wire
from adapters.vertex.adapter import VertexAdapter
from tests.unit.vertex.server import FAILED, JOB, Logging, Server, error, job

pytestmark = pytest.mark.anyio
POD = Ref("vertex", Kind.POD, "777/workerpool0-0")


def served(log: Logging, **fields: Any) -> VertexAdapter:
    return Server(job(**fields)).on("POST", "/v2/entries:list", log).adapter()


async def source_of(adapter: VertexAdapter, ref: Ref = POD) -> LogSource:
    return (await adapter.log_sources(ref))[0]


class Reader:
    """Follows a source as the console does, and has what it was given."""

    def __init__(self, adapter: VertexAdapter, source: LogSource) -> None:
        self.adapter, self.source = adapter, source
        self.cursor: str | None = None
        self.text = b""
        self.notes: list[str] = []

    async def look(self) -> list[str]:
        """Read to the present end; the messages that came."""
        came = b""
        while True:
            chunk = await self.adapter.read_log(self.source, self.cursor)
            assert chunk.cursor.isdecimal()
            missing = int(chunk.cursor) - len(chunk.data) - int(self.cursor or 0)
            assert missing <= 0, "the console would speak of a gap"
            self.cursor = chunk.cursor
            came += chunk.data
            if chunk.note:
                self.notes.append(chunk.note)
            if chunk.at_end:
                self.text += came
                return [line.partition(" ")[2] for line in came.decode().splitlines()]


async def test_sources_the_replica_that_failed_first() -> None:
    adapter = Server(job(**FAILED)).adapter()
    found = await adapter.log_sources(JOB)
    names = [source.name for source in found]
    assert names == ["workerpool2-1", "all replicas", "workerpool0-0", "workerpool2-0", "service"]
    assert all(source.mode is LogMode.APPEND and source.ended for source in found)
    assert [source.name for source in await adapter.log_sources(POD)] == ["workerpool0-0"]
    pool = await adapter.log_sources(Ref("vertex", Kind.TASK, "777/workerpool2"))
    assert [source.name for source in pool] == ["workerpool2-1", "workerpool2-0"]


async def test_a_job_that_never_ran_has_only_its_service_to_tell_why() -> None:
    raw = job(state="JOB_STATE_PENDING")
    del raw["startTime"]
    found = await Server(raw).adapter().log_sources(JOB)
    assert found[0].name == "service"
    assert not found[0].ended


async def test_the_filter_names_the_job_by_its_number_and_the_node() -> None:
    log = Logging()
    adapter = served(log)
    reader = Reader(adapter, await source_of(adapter))
    await reader.look()
    assert log.filters == [
        'resource.type="ml_job" AND resource.labels.job_id="777" AND resource.labels.task_name="workerpool0-0"'
        ' AND timestamp>="2026-08-22T14:00:00.123456Z"'
    ]


async def test_entries_come_once_in_order() -> None:
    log = Logging(page_size=3)
    adapter = served(log)
    for number in range(10):
        log.add(f"2026-08-22T14:02:{number:02d}Z", f"i{number}", f"line {number}")
    reader = Reader(adapter, await source_of(adapter))
    assert await reader.look() == [f"line {number}" for number in range(10)]
    assert await reader.look() == []
    log.add("2026-08-22T14:02:11Z", "i11", "line 11")
    assert await reader.look() == ["line 11"]
    assert reader.text.startswith(b"2026-08-22T14:02:00Z line 0\n")
    assert int(reader.cursor or 0) == len(reader.text)


async def test_entries_of_one_moment_are_told_apart_wherever_the_page_ends() -> None:
    log = Logging(page_size=2)
    adapter = served(log)
    for number in (3, 1, 2):
        log.add("2026-08-22T14:02:00.000000001Z", f"i{number}", f"same {number}")
    reader = Reader(adapter, await source_of(adapter))
    assert await reader.look() == ["same 1", "same 2", "same 3"]
    log.add("2026-08-22T14:02:00.000000001Z", "i0", "same 0")  # sorts before those already read
    log.add("2026-08-22T14:02:00.000000001Z", "i4", "same 4")
    assert await reader.look() == ["same 0", "same 4"]
    assert await reader.look() == []


@pytest.mark.parametrize(("late", "looks"), [("14:04:30", 1), ("13:55:00", 10)])
async def test_late_entries_come_when_they_are_there(late: str, looks: int) -> None:
    """Up to a minute late they come at the next look, up to a quarter of an hour within ten."""
    log = Logging()
    adapter = served(log, createTime="2026-08-22T13:00:00Z")
    log.add("2026-08-22T14:05:00Z", "now", "in time")
    reader = Reader(adapter, await source_of(adapter))
    assert await reader.look() == ["in time"]
    log.add(f"2026-08-22T{late}Z", "late", "came late", received="2026-08-22T14:05:04Z")
    came = [line for _ in range(looks) for line in await reader.look()]
    assert came == ["came late"]


async def test_a_time_in_the_future_does_not_hide_what_comes_next() -> None:
    log = Logging()
    adapter = served(log)
    log.add("2026-08-22T19:00:00Z", "future", "wrong clock", received="2026-08-22T14:05:00Z")
    reader = Reader(adapter, await source_of(adapter))
    assert await reader.look() == ["wrong clock"]
    log.add("2026-08-22T14:05:01Z", "next", "next")
    assert await reader.look() == ["next"]


async def test_an_empty_page_may_go_on_and_the_token_may_be_empty_text() -> None:
    log = Logging()
    log.empty_first = True
    adapter = served(log)
    log.add("2026-08-22T14:02:00Z", "a", "after an empty page")
    reader = Reader(adapter, await source_of(adapter))
    assert await reader.look() == ["after an empty page"]
    ends = httpx.Response(200, json={"entries": [], "nextPageToken": ""})
    adapter = Server(job()).on("POST", "/v2/entries:list", ends).adapter()
    assert (await adapter.read_log(await source_of(adapter))).at_end


async def test_pages_that_never_end_do_end() -> None:
    for tokens in (["same"] * 1000, [f"t{number}" for number in range(1000)]):
        left = iter(tokens)

        def answer(request: httpx.Request, left: Iterator[str] = left) -> httpx.Response:
            return httpx.Response(200, json={"nextPageToken": next(left)})

        server = Server(job()).on("POST", "/v2/entries:list", answer)
        adapter = server.adapter()
        reader = Reader(adapter, await source_of(adapter))
        assert await reader.look() == []
        assert len(server.asked) < 250


async def test_a_page_token_that_is_not_taken_any_more_costs_nothing() -> None:
    log = Logging(page_size=1)
    for number in range(8):
        log.add(f"2026-08-22T14:02:{number:02d}Z", f"i{number}", f"line {number}")
    refused = iter([False, False, True])

    def answer(request: httpx.Request) -> httpx.Response:
        if b"pageToken" in request.content and next(refused, False):
            return error(400, "INVALID_ARGUMENT", "page_token is invalid")
        return log(request)

    adapter = Server(job()).on("POST", "/v2/entries:list", answer).adapter()
    reader = Reader(adapter, await source_of(adapter))
    assert await reader.look() == [f"line {number}" for number in range(8)]


async def test_a_failed_look_is_repeated_from_the_same_byte() -> None:
    log = Logging()
    log.add("2026-08-22T14:02:00Z", "a", "one")
    down = iter([False, True, False])
    server = Server(job()).on(
        "POST",
        "/v2/entries:list",
        lambda request: error(503, "UNAVAILABLE", "try later") if next(down, False) else log(request),
    )
    adapter = server.adapter()
    reader = Reader(adapter, await source_of(adapter))
    assert await reader.look() == ["one"]
    log.add("2026-08-22T14:02:01Z", "b", "two")
    with pytest.raises(Exception, match="try later"):
        await reader.look()
    assert await reader.look() == ["two"]


async def test_whoever_comes_back_to_a_whole_log_gets_nothing_twice() -> None:
    log = Logging(page_size=4)
    adapter = served(log)
    for number in range(20):
        log.add(f"2026-08-22T14:02:{number:02d}Z", f"i{number:02d}", f"line {number}")
    reader = Reader(adapter, await source_of(adapter))
    await reader.look()
    reader.adapter = served(log)  # a new process: nobody remembers
    assert await reader.look() == []
    assert reader.notes == []
    log.add("2026-08-22T14:02:30Z", "new", "new")
    assert await reader.look() == ["new"]


async def test_what_came_late_while_nobody_read_is_not_lost() -> None:
    log = Logging(page_size=4)
    for number in range(60):
        log.add(f"2026-08-22T14:{number:02d}:00Z", f"i{number:02d}", f"line {number:02d}")
    adapter = served(log)
    reader = Reader(adapter, await source_of(adapter))
    await reader.look()
    log.add("2026-08-22T14:10:30Z", "late", "late 99", received="2026-08-22T15:10:30Z")
    log.add("2026-08-22T15:00:00Z", "new", "new 100")
    reader.adapter = served(log)
    came = await reader.look()
    assert {"late 99", "new 100"} <= set(came)
    assert len(came) <= 4  # and little is repeated
    assert "may be repeated" in reader.notes[0]
    assert await reader.look() == []


async def test_a_log_that_lost_its_beginning_says_so() -> None:
    log = Logging()
    for number in range(9):
        log.add(f"2026-08-22T14:02:{number:02d}Z", f"i{number}", f"line {number}")
    adapter = served(log)
    reader = Reader(adapter, await source_of(adapter))
    await reader.look()
    del log.entries[:5]
    reader.adapter = served(log)
    await reader.look()
    assert "Cloud Logging has less of this log" in reader.notes[0]


async def test_the_tail_is_read_backwards_and_followed_forwards() -> None:
    log = Logging(page_size=3)
    adapter = served(log)
    for number in range(30):
        log.add(f"2026-08-22T14:02:{number:02d}Z", f"i{number:02d}", f"line {number}")
    source = await source_of(adapter)
    chunk = await adapter.read_log(source, tail=120)
    lines = [line.partition(" ")[2] for line in chunk.data.decode().splitlines()]
    assert lines == [f"line {number}" for number in range(24, 30)]
    assert "earlier lines were not read" in (chunk.note or "")
    assert len(log.filters) == 2
    log.add("2026-08-22T14:02:31Z", "i31", "line 31")
    log.add("2026-08-22T14:02:26.5Z", "late", "late")
    more = await adapter.read_log(source, chunk.cursor)
    assert [line.partition(" ")[2] for line in more.data.decode().splitlines()] == ["late", "line 31"]
    whole = await adapter.read_log(source, tail=10**6)
    assert whole.note is None
    assert len(whole.data.splitlines()) == 32


async def test_a_log_that_may_not_be_read_says_so() -> None:
    denied = error(403, "PERMISSION_DENIED", "Permission 'logging.logEntries.list' denied on resource")
    adapter = Server(job()).on("POST", "/v2/entries:list", denied).adapter()
    with pytest.raises(Forbidden, match=r"logging\.logEntries\.list"):
        await adapter.read_log(await source_of(adapter))
    events = await adapter.events(JOB)
    assert [event.text for event in events][:2] == ["created", "started"]
    assert "logging.logEntries.list" in events[-1].text


async def test_events_are_the_jobs_times_and_the_services_own_lines() -> None:
    log = Logging()
    log.add(
        "2026-08-22T14:00:10Z",
        "s1",
        "",
        node="service",
        jsonPayload=None,
        textPayload="Job is preparing.",
        labels={"ml.googleapis.com/job_state": "PENDING"},
    )
    adapter = served(log, **FAILED)
    events = await adapter.events(JOB)
    assert [(event.native_state, event.text.split(":")[0]) for event in events] == [
        ("JOB_STATE_QUEUED", "created"),
        ("JOB_STATE_PENDING", "Job is preparing."),
        ("JOB_STATE_RUNNING", "started"),
        ("JOB_STATE_FAILED", "ended"),
    ]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"jsonPayload": {"message": "hi", "levelname": "ERROR", "attrs": {}}, "severity": "ERROR"}, "hi"),
        ({"jsonPayload": {"message": "hi"}, "severity": "WARNING"}, "WARNING hi"),
        ({"jsonPayload": {"loss": 0.5}}, '{"loss": 0.5}'),
        ({"textPayload": "plain\n", "severity": "ERROR"}, "ERROR plain"),
        ({"protoPayload": {"@type": "x"}}, '{"@type": "x"}'),
        ({}, ""),
        ({"jsonPayload": None, "textPayload": "t", "labels": 3, "resource": None}, "t"),
        ({"textPayload": "Traceback\n  File"}, "Traceback\n  File"),
    ],
)
def test_what_an_entry_says(fields: dict[str, Any], expected: str) -> None:
    entry = wire.read(wire.LogEntry, {"timestamp": "T", "insertId": "i", **fields})
    assert logs.line(entry, with_node=False).decode() == f"T {expected}\n"


def test_an_entry_of_several_replicas_names_its_own() -> None:
    raw: dict[str, Any] = {
        "timestamp": "T",
        "textPayload": "x",
        "resource": {"labels": {"task_name": "workerpool1-3"}},
    }
    assert logs.line(wire.read(wire.LogEntry, raw), with_node=True) == b"T workerpool1-3 x\n"
    assert logs.line(wire.read(wire.LogEntry, {"timestamp": "T"}), with_node=True) == b"T unknown_task \n"


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 50), st.integers(0, 59), st.booleans()), min_size=1, max_size=40),
    st.integers(1, 7),
)
async def test_nothing_is_lost_or_doubled(plan: list[tuple[int, int, bool]], page_size: int) -> None:
    """Entries arrive in any order up to a minute late; a look is made now and then."""
    log = Logging(page_size=page_size)
    adapter = served(log, createTime="2026-08-22T13:59:00Z")
    reader = Reader(adapter, await source_of(adapter))
    clock, sent, came = 0, list[str](), list[str]()
    for number, (step, lateness, look) in enumerate(plan):
        clock += step
        at = max(0, clock - lateness)
        log.add(f"2026-08-22T14:{at // 60 % 60:02d}:{at % 60:02d}Z", f"i{number:03d}", f"line {number}")
        sent.append(f"line {number}")
        if look:
            came += await reader.look()
    came += await reader.look()
    assert sorted(came) == sorted(sent)
    assert int(reader.cursor or 0) == len(reader.text)
