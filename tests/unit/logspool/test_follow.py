"""Following: nothing lost, nothing doubled, and a marker for everything else."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.errors import AdapterError, Forbidden, NotFound, Unavailable
from adapters.model import Kind, LogChunk, LogMode, LogSource, Ref
from tests.unit.plan.fakes import FakeAdapter
from tui.core.logfollow import follow
from tui.core.logspool import LogSpool, SpooledLog

pytestmark = pytest.mark.anyio

REF = Ref("one", Kind.POD, "p")


class LogServer(FakeAdapter):
    """A log in memory, read by offset, as a window or whole; `steps` happen one at each pause."""

    def __init__(self, mode: LogMode, data: bytes = b"", *, page: int = 1 << 20, window: int = 1 << 20) -> None:
        super().__init__()
        self.source = LogSource(REF, "stdout", mode)
        self.data, self.page, self.window = data, page, window
        self.steps: list[Callable[[], None]] = []
        self.errors: list[AdapterError] = []
        self.note: str | None = None
        self.now = 1000.0
        self.pauses: list[float] = []
        self.asked: list[str | None] = []

    async def log_sources(self, ref: Ref, *, attempt: int | None = None) -> Sequence[LogSource]:
        return [self.source]

    async def read_log(self, source: LogSource, cursor: str | None = None, *, tail: int | None = None) -> LogChunk:
        self.asked.append(cursor)
        if self.errors:
            raise self.errors.pop(0)
        note, self.note = self.note, None
        if source.mode is not LogMode.APPEND:
            data = self.data[-self.window :] if source.mode is LogMode.WINDOW else self.data
            return LogChunk(data, str(len(self.data)), True, note=note)
        start = int(cursor) if cursor else max(0, len(self.data) - tail) if tail else 0
        data = self.data[start : start + self.page]
        end = start + len(data)
        return LogChunk(data, str(end), end >= len(self.data), size=len(self.data), note=note)

    async def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)
        if seconds and self.steps:
            self.steps.pop(0)()
        elif seconds:
            self.source = replace(self.source, ended=True)

    def grows(self, data: bytes) -> Callable[[], None]:
        def step() -> None:
            self.data += data

        return step

    def becomes(self, data: bytes) -> Callable[[], None]:
        def step() -> None:
            self.data = data

        return step

    def fails(self, *errors: AdapterError) -> Callable[[], None]:
        return lambda: self.errors.extend(errors)

    async def follow(self, log: SpooledLog, **options: object) -> None:
        sleep: Callable[[float], Awaitable[None]] = self.pause
        async with asyncio.timeout(5):
            await follow(self, self.source, log, sleep=sleep, clock=lambda: self.now, **options)  # type: ignore[arg-type]


def opened(tmp_path: Path, server: LogServer) -> SpooledLog:
    return LogSpool(tmp_path / "logs").open(server.source)


def own(log: SpooledLog) -> bytes:
    return b"".join(log.raw())


def marks(log: SpooledLog) -> list[str]:
    return [line.text for line in log.lines(0, log.count) if line.marker]


async def test_by_offset_it_goes_on_where_it_stopped(tmp_path: Path) -> None:
    server = LogServer(LogMode.APPEND, b"one\ntwo\n", page=3)
    server.steps = [server.grows(b"three\n"), server.grows(b"fo"), server.grows(b"ur\n")]
    log = opened(tmp_path, server)
    await server.follow(log)
    assert own(log) == server.data == b"one\ntwo\nthree\nfour\n"
    assert marks(log) == []


async def test_a_log_that_has_ended_is_read_and_left(tmp_path: Path) -> None:
    server = LogServer(LogMode.APPEND, b"one\n")
    server.source = replace(server.source, ended=True)
    log = opened(tmp_path, server)
    await server.follow(log)
    assert (own(log), server.pauses) == (b"one\n", [])


async def test_what_came_between_the_last_look_and_the_end_is_read(tmp_path: Path) -> None:
    server = LogServer(LogMode.APPEND, b"one\n")
    log = opened(tmp_path, server)

    async def ends_at_once(ref: Ref, *, attempt: int | None = None) -> Sequence[LogSource]:
        server.data += b"last words\n"
        return [replace(server.source, ended=True)]

    server.log_sources = ends_at_once  # type: ignore[method-assign]
    await server.follow(log)
    assert own(log) == b"one\nlast words\n"


async def test_a_tail_says_how_much_is_before_it(tmp_path: Path) -> None:
    server = LogServer(LogMode.APPEND, b"x" * 5000 + b"\nlast\n")
    log = opened(tmp_path, server)
    await server.follow(log, tail=5, once=True)
    assert own(log) == b"last\n"
    assert marks(log) == ["--- starts 5,001 bytes into the log"]


async def test_an_outage_is_two_markers_and_no_lost_byte(tmp_path: Path) -> None:
    server = LogServer(LogMode.APPEND, b"one\n")
    down = Unavailable("one: no answer")
    server.steps = [server.fails(down, down, down), server.grows(b"two\n")]
    log = opened(tmp_path, server)
    await server.follow(log)
    assert own(log) == b"one\ntwo\n"
    assert [line.text for line in log.lines(0, log.count)] == [
        "one",
        "--- no answer: one: no answer; reading goes on when it returns",
        "--- reconnected after 14s; resumed at the same byte, none missing",
        "two",
    ]


async def test_a_rotated_log_is_read_again_from_its_beginning(tmp_path: Path) -> None:
    server = LogServer(LogMode.APPEND, b"a long first log\n")
    server.steps = [server.becomes(b"new\n"), server.grows(b"more\n")]
    log = opened(tmp_path, server)
    await server.follow(log)
    assert own(log) == b"a long first log\nnew\nmore\n"
    assert marks(log) == ["--- the log was cut or rotated: 17 bytes were read, it has 4 now"]


async def test_the_servers_own_note_is_a_marker_before_its_data(tmp_path: Path) -> None:
    server = LogServer(LogMode.APPEND, b"one\n")
    server.note = "the agent lost 12 kB"
    log = opened(tmp_path, server)
    await server.follow(log, once=True)
    assert [line.text for line in log.lines(0, 2)] == ["--- the agent lost 12 kB", "one"]


async def test_what_cannot_heal_is_marked_and_raised(tmp_path: Path) -> None:
    server = LogServer(LogMode.APPEND, b"one\n")
    server.steps = [server.fails(NotFound("one: no pod p"))]
    log = opened(tmp_path, server)
    with pytest.raises(NotFound):
        await server.follow(log)
    assert marks(log) == ["--- the log is gone from the server; what was read is kept: one: no pod p"]
    server.errors = [Forbidden("one: not allowed")]
    with pytest.raises(Forbidden):
        await server.follow(log)
    assert marks(log)[-1] == "--- one: not allowed"


async def test_once_does_not_wait_for_a_dead_server(tmp_path: Path) -> None:
    server = LogServer(LogMode.APPEND)
    server.errors = [Unavailable("one: no answer")]
    log = opened(tmp_path, server)
    with pytest.raises(Unavailable):
        await server.follow(log, once=True)
    assert (server.pauses, marks(log)) == ([], [])


async def test_a_window_is_joined_by_its_overlap(tmp_path: Path) -> None:
    lines = [b"%04d some line of a log\n" % n for n in range(200)]
    server = LogServer(LogMode.WINDOW, b"".join(lines[:50]), window=1200)
    server.data = b"".join(lines[:40])
    server.steps = [server.grows(b"".join(lines[n : n + 20])) for n in range(40, 200, 20)]
    log = opened(tmp_path, server)
    await server.follow(log)
    assert own(log) == b"".join(lines)[40 * 24 - 960 :][-len(own(log)) :]
    assert own(log).endswith(b"".join(lines[60:]))
    assert marks(log) == []


async def test_a_window_that_does_not_meet_is_a_gap(tmp_path: Path) -> None:
    server = LogServer(LogMode.WINDOW, b"a" * 300 + b"\n", window=301)
    server.steps = [server.grows(b"b" * 400 + b"\n")]
    log = opened(tmp_path, server)
    await server.follow(log)
    assert marks(log) == ["--- gap: the server keeps only the last 301 bytes; what came before is missing"]


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(pieces=st.lists(st.integers(1, 30), min_size=1, max_size=8), seed=st.integers(0, 1000))
async def test_any_growth_within_the_window_is_whole(tmp_path: Path, pieces: list[int], seed: int) -> None:
    server = LogServer(LogMode.WINDOW, b"start %d\n" % seed, window=4000)
    for number, count in enumerate(pieces):
        server.steps.append(server.grows(b"".join(b"%d.%d.%d line\n" % (seed, number, n) for n in range(count))))
    log = SpooledLog(server.source, tmp_path / f"{seed}-{len(list(tmp_path.iterdir()))}.log")
    await server.follow(log)
    assert own(log) == server.data
    log.close()


async def test_a_whole_log_fetched_again_adds_only_what_is_new(tmp_path: Path) -> None:
    server = LogServer(LogMode.REFETCH, b"one\n")
    server.steps = [server.grows(b"two\n"), server.grows(b""), server.grows(b""), server.grows(b"three\n")]
    log = opened(tmp_path, server)
    await server.follow(log, poll=2.0)
    assert own(log) == b"one\ntwo\nthree\n"
    # It costs the whole log each time, so it is asked for less often while nothing happens.
    assert server.pauses[:5] == [2.0, 2.0, 3.0, 4.5, 2.0]
    assert max(server.pauses) <= 60


async def test_a_log_that_began_anew_is_kept_twice(tmp_path: Path) -> None:
    server = LogServer(LogMode.REFETCH, b"first try\n")
    server.steps = [server.becomes(b"second try\n"), server.grows(b"more\n")]
    log = opened(tmp_path, server)
    await server.follow(log)
    assert own(log) == b"first try\nsecond try\nmore\n"
    assert len(marks(log)) == 1


async def test_a_log_that_vanished_stays_here(tmp_path: Path) -> None:
    server = LogServer(LogMode.REFETCH, b"one\n")
    server.steps = [server.becomes(b""), server.becomes(b"")]
    log = opened(tmp_path, server)
    await server.follow(log)
    assert own(log) == b"one\n"
    assert marks(log) == ["--- the server has no log any more; what was read is kept"]


@pytest.mark.parametrize("mode", list(LogMode))
async def test_a_later_session_doubles_nothing(tmp_path: Path, mode: LogMode) -> None:
    server = LogServer(mode, b"a first line of more than sixty-four bytes, so that it can be recognised\n")
    spool = LogSpool(tmp_path)
    log = spool.open(server.source)
    await server.follow(log, once=True)
    log.close()
    server.data += b"two\n"
    log = spool.open(server.source)
    await server.follow(log, once=True)
    assert (own(log), marks(log)) == (server.data, [])


async def test_two_followers_of_one_log_take_turns(tmp_path: Path) -> None:
    server = LogServer(LogMode.APPEND, b"one\n" * 50, page=8)
    log = opened(tmp_path, server)
    await asyncio.gather(server.follow(log, once=True), server.follow(log, once=True))
    assert own(log) == server.data
