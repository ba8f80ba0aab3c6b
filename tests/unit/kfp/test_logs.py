"""The log endpoint answers 200 whatever happens, with the whole log, by pod name."""

from __future__ import annotations

import httpx
import pytest

from adapters.errors import NotFound
from adapters.kfp import logs
from adapters.model import Kind, LogMode, Ref
from adapters.port import Query
from tests.unit.kfp.server import Server

pytestmark = pytest.mark.anyio
RUN = Ref("kfp", Kind.RUN, "0b3e7a52-41d0-4c8e-9a77-5f1d2c6b9c41")
FAILURE = '{"error_message":"pods \\"x\\" not found","error_details":"why"}'


class Log:
    """Answers for one pod name, with JSON for any other, as the server does."""

    def __init__(self, pod: str, text: str) -> None:
        self.pod = pod
        self.text = text

    def __call__(self, request: httpx.Request) -> httpx.Response:
        assert "/apis/v1alpha1/runs/" in request.url.path
        return httpx.Response(200, text=self.text if self.pod in request.url.path else FAILURE)


async def test_failed_work_comes_first_and_the_pod_is_found() -> None:
    log = Log("system-container-impl", "one\ntwo\n")
    server = Server().run("run_failed").on("GET", "/log", log)
    adapter = server.adapter()
    sources = await adapter.log_sources(RUN)
    assert [(source.name, source.attempt) for source in sources] == [("train try 2", 2), ("read", None)]
    assert all(source.mode is LogMode.REFETCH and source.ended for source in sources)
    first = await adapter.read_log(sources[0])
    assert (first.data, first.size, first.at_end, first.note) == (b"one\ntwo\n", 8, True, None)
    log.text += "three\n"
    assert (await adapter.read_log(sources[0], first.cursor)).data == b"three\n"
    log.text = "other\n"
    changed = await adapter.read_log(sources[0], first.cursor)
    assert changed.data == b"other\n"
    assert "not the one read before" in (changed.note or "")
    assert (await adapter.read_log(sources[0], tail=3)).data == b"er\n"


async def test_old_argo_calls_the_pod_by_its_node_id() -> None:
    server = Server().run("run_failed")
    adapter = server.adapter()
    source = (await adapter.log_sources(RUN))[0]
    node = source.key.split('"')[-2]
    server.on("GET", "/log", Log(f"/nodes/{node}/", "old\n"))
    server.asked.clear()
    assert (await adapter.read_log(source)).data == b"old\n"
    await adapter.read_log(source)
    assert len(server.asked) == 3  # the name that worked is asked first from then on


async def test_attempts() -> None:
    adapter = Server().run("run_failed").adapter()
    tasks = (await adapter.list(Kind.TASK, Query(parent=RUN))).items
    train = next(task for task in tasks if task.name == "train")
    for attempt, found in ((1, ["train try 1"]), (2, ["train try 2"]), (None, ["train try 2"])):
        sources = await adapter.log_sources(train.ref, attempt=attempt)
        assert [source.name for source in sources] == found


async def test_a_failure_is_never_log_text() -> None:
    server = Server().run("run_failed").on("GET", "/log", httpx.Response(200, text=FAILURE))
    adapter = server.adapter()
    source = (await adapter.log_sources(RUN))[0]
    with pytest.raises(NotFound) as caught:
        await adapter.read_log(source)
    assert 'pods "x" not found' in caught.value.sentence
    server.on("GET", "/log", httpx.Response(200, text=f"some\nlines\n{FAILURE}"))
    chunk = await adapter.read_log(source)
    assert chunk.data == b"some\nlines\n"
    assert 'pods "x" not found' in (chunk.note or "")
    server.on("GET", "/log", httpx.Response(200, text=FAILURE))
    gone = await adapter.read_log(source, chunk.cursor)
    assert (gone.data, gone.cursor) == (b"", chunk.cursor)
    assert "gone" in (gone.note or "")


async def test_a_task_whose_pod_nothing_names_says_so() -> None:
    server = Server().run("run_failed")
    adapter = server.adapter()
    tasks = (await adapter.list(Kind.TASK, Query(parent=RUN))).items
    sources = await adapter.log_sources(tasks[-1].ref)
    with pytest.raises(NotFound, match="names no pod"):
        await adapter.read_log(sources[0])


@pytest.mark.parametrize(
    ("body", "log", "failed"),
    [
        (b"", b"", False),
        (b'{"error_message": 5}\nmore', b'{"error_message": 5}\nmore', False),
        (b'x {"error_message":"a","error_details":""}\n', b"x ", True),
        (b'{"error_message":"mine","step":3}', b'{"error_message":"mine","step":3}', False),
        (b'{"error_message":"cut', b'{"error_message":"cut', False),
        (b"\xff\xfe" * 20_000 + FAILURE.encode(), b"\xff\xfe" * 20_000, True),
    ],
)
def test_telling_logs_from_failures(body: bytes, log: bytes, failed: bool) -> None:
    found, problem = logs.parse_body(body)
    assert (found, problem is not None) == (log, failed)
