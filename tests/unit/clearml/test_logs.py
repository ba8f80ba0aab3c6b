"""The log: lines of events, and nothing lost while following, however late it comes."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.clearml.details import iso
from adapters.clearml.logs import LATE, Logs, line_of
from adapters.clearml.wire import LogEvent
from adapters.errors import BadPayload
from adapters.model import Kind, LogMode, LogSource, Ref
from tests.unit.clearml.server import NATIVE, RUN, Server, row

pytestmark = pytest.mark.anyio
T0 = 1_787_409_127_000


class Elastic:
    """The log store: pages by time, whole moments together, the start exclusive."""

    def __init__(self, server: Server, batch: int | None = None) -> None:
        self.events: list[dict[str, Any]] = []
        self.batch = batch
        server.on("events.get_task_log", self.answer)

    def add(self, *lines: tuple[int, str]) -> None:
        for at, text in lines:
            self.events.append({"type": "log", "timestamp": T0 + at, "worker": "w", "level": "info", "msg": text})

    def answer(self, body: dict[str, Any]) -> dict[str, Any]:
        size = min(body["batch_size"], self.batch or 10_000)
        found = sorted(self.events, key=lambda event: int(event["timestamp"]))
        if body.get("navigate_earlier"):
            kept = found[-size:]
            kept = [event for event in found if kept and event["timestamp"] >= kept[0]["timestamp"]]
        else:
            after = body.get("from_timestamp")
            found = [event for event in found if after is None or event["timestamp"] > after]
            kept = found[:size]
            kept = [event for event in found if kept and event["timestamp"] <= kept[-1]["timestamp"]]
        return {"events": kept, "returned": len(kept), "total": len(self.events)}


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapters.clearml.logs.BATCH", 3)


def setup() -> tuple[Server, Elastic, Logs, LogSource]:
    server = Server()
    store = Elastic(server)
    adapter = server.adapter()
    return server, store, adapter._logs, LogSource(RUN, "console", LogMode.APPEND, key=NATIVE)


async def everything(logs: Logs, source: LogSource, cursor: str | None = None) -> tuple[list[str], str]:
    """Texts without their times, to the present end; the cursor moves by the bytes that came."""
    data = b""
    while True:
        chunk = await logs.read(source, cursor, None)
        assert int(chunk.cursor) - int(cursor or 0) == len(chunk.data)
        data, cursor = data + chunk.data, chunk.cursor
        if chunk.at_end:
            return [line.split(" ", 2)[2] for line in data.decode().splitlines()], cursor


def test_lines() -> None:
    event = LogEvent(timestamp=T0 + 7, level="warning", msg="one\ntwo\r\n")
    assert line_of(event) == b"2026-08-22T14:32:07.007Z WARNING one\ntwo\n"
    assert line_of(LogEvent(timestamp=T0, msg="x")) == b"2026-08-22T14:32:07.000Z x\n"


@pytest.mark.usefixtures("small_pages")
async def test_it_is_read_in_pages_and_moments_stay_whole() -> None:
    server, store, logs, source = setup()
    store.add((1, "a"), (2, "b"), (3, "c1"), (3, "c2"), (3, "c2"), (4, "d"))
    texts, cursor = await everything(logs, source)
    assert texts == ["a", "b", "c1", "c2", "c2", "d"]  # twice the same line is twice a line
    assert (await everything(logs, source, cursor))[0] == []
    first = server.last("events.get_task_log")
    assert (first["navigate_earlier"], first["order"]) == (False, "asc")


async def test_late_lines_come_after_those_before_them() -> None:
    _, store, logs, source = setup()
    store.add((1000, "a"), (9000, "b"))
    _, cursor = await everything(logs, source)
    store.add((9000, "same moment"), (500, "late"), (9500, "c"))
    texts, cursor = await everything(logs, source, cursor)
    assert sorted(texts) == ["c", "late", "same moment"]
    assert (await everything(logs, source, cursor))[0] == []


async def test_later_than_a_minute_is_too_late() -> None:
    _, store, logs, source = setup()
    store.add((LATE + 2000, "a"))
    _, cursor = await everything(logs, source)
    store.add((1000, "far too late"), (2000, "just in time"))
    assert (await everything(logs, source, cursor))[0] == ["just in time"]


async def test_an_empty_log_fills() -> None:
    _, store, logs, source = setup()
    texts, cursor = await everything(logs, source)
    assert (texts, cursor) == ([], "0")
    store.add((1, "a"))
    assert (await everything(logs, source, cursor))[0] == ["a"]


@pytest.mark.usefixtures("small_pages")
async def test_a_dense_minute_is_looked_over_in_pages() -> None:
    _, store, logs, source = setup()
    store.add(*((at, f"line {at}") for at in range(20)))
    _, cursor = await everything(logs, source)
    store.add((20, "new"), (3, "late"))
    assert sorted((await everything(logs, source, cursor))[0]) == ["late", "new"]


async def test_a_reset_deletes_the_log_and_says_so() -> None:
    _, store, logs, source = setup()
    store.add((1, "a"), (2, "b"))
    _, cursor = await everything(logs, source)
    store.events.clear()
    gone = await logs.read(source, cursor, None)
    assert (gone.data, gone.size) == (b"", 0)  # shorter than the cursor: the follower begins anew
    store.add((5000, "again"))
    also = await logs.read(source, cursor, None)
    assert also.size == 0
    assert (await everything(logs, source))[0] == ["again"]


async def test_a_tail_and_what_follows_it() -> None:
    _, store, logs, source = setup()
    store.add(*((at, f"line {at}") for at in range(100)))
    chunk = await logs.read(source, None, 150)
    assert chunk.data.splitlines()[-1].endswith(b"line 99")
    assert 150 <= len(chunk.data) < 300  # a shorter answer would mean that this is all
    assert chunk.note
    assert chunk.note.startswith("starts ")
    store.add((100, "next"))
    follow = await logs.read(source, chunk.cursor, None)
    assert follow.data.endswith(b" next\n")
    assert follow.data.count(b"\n") == 1
    whole = await logs.read(source, None, 10**6)
    assert whole.note is None
    assert len(whole.data.splitlines()) == 101


@pytest.mark.parametrize("batch", [1000, 7])
async def test_a_cursor_outlives_the_session(batch: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapters.clearml.logs.BATCH", batch)
    server, store, logs, source = setup()
    store.add(*((at, f"line {at}") for at in range(50)))
    _, whole = await everything(logs, source)
    tail = await logs.read(source, None, 150)
    store.add((50, "later"))
    for cursor in (whole, tail.cursor):
        logs = server.adapter()._logs
        texts, onward = await everything(logs, source, cursor)
        assert texts == ["later"]
        assert (await everything(logs, source, onward))[0] == []
    store.events.clear()
    assert (await server.adapter()._logs.read(source, whole, None)).size == 0


async def test_late_lines_between_sessions_cost_a_repeat_not_a_loss() -> None:
    server, store, logs, source = setup()
    store.add((1000, "alpha"), (200_000, "beta"), (201_000, "gamma"))
    _, cursor = await everything(logs, source)
    store.add((200_500, "so late"))
    chunk = await server.adapter()._logs.read(source, cursor, None)
    assert chunk.note == "late lines have come in; the last minute comes again"
    assert [line.split(b" ", 2)[2] for line in chunk.data.splitlines()] == [b"beta", b"so late", b"gamma"]


async def test_sources_of_a_pipeline_begin_with_its_own() -> None:
    server = Server()
    steps = [
        row(id="s1", name="ok", status="completed", type="training"),
        row(id="s2", name="bad", status="failed", type="training"),
    ]

    def answer(body: dict[str, Any]) -> dict[str, Any]:
        return {"tasks": steps if "parent" in body else [row(type="controller")]}

    found = await server.on("tasks.get_all_ex", answer).adapter().log_sources(RUN)
    assert [(source.name, source.ended) for source in found] == [("console", False), ("bad", True), ("ok", True)]
    assert found[1].ref == Ref("clearml", Kind.TASK, "s2")
    assert {source.mode for source in found} == {LogMode.APPEND}


async def test_servers_of_the_first_versions_scroll() -> None:
    server = Server()
    server.version = "2.4"
    pages = [
        [{"timestamp": T0 + n, "msg": f"line {n}"} for n in range(1000)],
        [{"timestamp": T0 + 1000, "msg": "end"}],
    ]

    def answer(body: dict[str, Any]) -> dict[str, Any]:
        return {"events": pages[1 if body.get("scroll_id") else 0], "scroll_id": "S:1"}

    adapter = server.on("events.get_task_log", answer).adapter()
    source = (await adapter.log_sources(RUN))[0]
    assert source.mode is LogMode.REFETCH
    first = await adapter.read_log(source)
    assert (server.last("events.get_task_log")["from"], first.at_end) == ("head", False)
    second = await adapter.read_log(source, first.cursor)
    assert server.last("events.get_task_log")["scroll_id"] == "S:1"
    assert (second.data[-4:], second.at_end) == (b"end\n", True)
    assert first.cursor != second.cursor  # the server's own may be the same each time


async def test_nonsense_is_said_to_be_nonsense() -> None:
    server, _, logs, source = setup()
    server.on("events.get_task_log", {"returned": 3})
    with pytest.raises(BadPayload, match="no list of events"):
        await logs.read(source, None, None)
    server.on("events.get_task_log", {"events": [{"msg": "when?"}]})
    with pytest.raises(BadPayload, match="timestamp"):
        await logs.read(source, None, None)


def test_a_time_outside_the_calendar_costs_only_the_time() -> None:
    far = LogEvent(timestamp=253_402_300_800_000, msg="still here")
    assert line_of(far) == b"still here\n"
    assert iso(1e15) is None
    assert line_of(LogEvent(timestamp=1_500, level="warn", msg="x")) == b"1970-01-01T00:00:01.500Z WARN x\n"
