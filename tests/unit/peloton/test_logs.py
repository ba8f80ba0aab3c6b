"""Logs from the Mesos agent by byte offset: sizes in bytes, text in JSON, cut characters, and what is not there."""

from __future__ import annotations

import json
from collections.abc import Callable

import httpx
import pytest

from adapters.errors import NotFound, Unavailable, Unsupported
from adapters.model import Kind, LogMode, LogSource, Ref
from adapters.peloton.adapter import PelotonAdapter
from tests.unit.peloton.fake import POD, RUN, Body, Fake, failure, job, pod, uuid

pytestmark = pytest.mark.anyio

FOLDER = "/var/lib/mesos/agent/slaves/a/frameworks/f/executors/e/runs/latest"
SANDBOX: Body = {
    "hostname": "10.0.0.7",
    "port": "5051",
    "paths": [f"{FOLDER}/stderr", f"{FOLDER}/stdout", f"{FOLDER}/train.log", f"{FOLDER}/data"],
}


def agent(content: bytes, *, raw: bool = True) -> Callable[[httpx.Request], httpx.Response]:
    """`/files/*` of a Mesos agent with one file. `raw` writes bytes into the JSON as they are, as agents do; the
    other way is that of a server that replaces what it cannot decode."""

    def answer(request: httpx.Request) -> httpx.Response:
        asked = request.url.params
        if request.url.path == "/files/browse":
            assert asked["path"] == FOLDER
            entries = [("data", "drwxr-xr-x"), ("stderr", "-rw-r--r--"), ("stdout", "-rw-r--r--")]
            listed = [{"path": f"{FOLDER}/{name}", "mode": mode, "size": 1} for name, mode in entries]
            return httpx.Response(200, json=[*listed, {"path": f"{FOLDER}/train.log", "mode": "-rw-r--r--"}])
        assert request.url.path == "/files/read"
        offset = int(asked.get("offset", "-1"))
        if offset == -1:
            return httpx.Response(200, json={"data": "", "offset": len(content)})
        part = content[offset : offset + min(int(asked["length"]), 65536)]
        if not raw:
            return httpx.Response(200, json={"data": part.decode("utf-8", "replace"), "offset": offset})
        text = part.replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n")
        return httpx.Response(200, content=b'{"data":"' + text + b'","offset":%d}' % offset)

    return answer


def on_pod(fake: Fake, content: bytes = b"", *, raw: bool = True, run: int = 2) -> Fake:
    fake.on("GetPod", {"current": pod(1, 0, run=run)}).on("GetJob", {"summary": job(1)})
    fake.on("BrowsePodSandbox", SANDBOX)
    fake.agent = agent(content, raw=raw)
    return fake


async def whole(lab: PelotonAdapter, source: LogSource) -> tuple[bytes, list[str]]:
    cursor: str | None = None
    data, cursors = b"", []
    while True:
        chunk = await lab.read_log(source, cursor)
        data += chunk.data
        cursors.append(chunk.cursor)
        cursor = chunk.cursor
        if chunk.at_end:
            return data, cursors
        assert len(cursors) < 100


async def test_sources_of_a_pod(fake: Fake, lab: PelotonAdapter) -> None:
    on_pod(fake)
    sources = await lab.log_sources(POD)
    assert [source.name for source in sources] == ["stdout", "stderr", "train.log"], "folders are no logs"
    assert {source.mode for source in sources} == {LogMode.APPEND}
    assert {(source.attempt, source.ended) for source in sources} == {(2, False)}
    assert fake.last("BrowsePodSandbox").body["podId"] == {"value": f"{POD.id}-2"}


async def test_an_earlier_try_has_its_own_sandbox(fake: Fake, lab: PelotonAdapter) -> None:
    on_pod(fake, b"old")
    source = (await lab.log_sources(POD, attempt=1))[0]
    assert (source.attempt, source.ended) == (1, True)
    assert (await lab.read_log(source)).data == b"old"
    assert fake.last("BrowsePodSandbox").body["podId"] == {"value": f"{POD.id}-1"}


@pytest.mark.parametrize("raw", [True, False])
@pytest.mark.parametrize("shift", [0, 1, 2, 3])
async def test_a_character_cut_at_64_kib_is_not_lost(
    fake: Fake, lab: PelotonAdapter, raw: bool, shift: int
) -> None:
    """The offset counts bytes while the data is text: it cannot be advanced by the text's length."""
    content = (b"x" * shift) + "é€😀\n".encode() * 20_000
    on_pod(fake, content, raw=raw)
    data, cursors = await whole(lab, (await lab.log_sources(POD))[0])
    assert data == content
    assert cursors[-1] == str(len(content))
    asked = [int(request.url.params.get("offset", "-1")) for request in fake.agent_asked]
    assert max(asked) > 131_072
    lengths = [int(request.url.params["length"]) for request in fake.agent_asked if "length" in request.url.params]
    assert max(lengths) == 65_536


async def test_bytes_that_are_no_text_neither_stop_nor_move_the_reading(fake: Fake, lab: PelotonAdapter) -> None:
    content = b"start \xff\xfe\x80 middle " * 9_000 + b"end\xff"
    on_pod(fake, content, raw=True)
    data, _ = await whole(lab, (await lab.log_sources(POD))[0])
    assert data == content
    on_pod(fake, content, raw=False)
    data, cursors = await whole(lab, (await lab.log_sources(POD))[0])
    assert cursors[-1] == str(len(content))
    assert data.decode().count("middle") == 9_000


async def test_tail_begins_at_a_whole_character(fake: Fake, lab: PelotonAdapter) -> None:
    on_pod(fake, b"a" + "€".encode() * 100)
    chunk = await lab.read_log((await lab.log_sources(POD))[0], tail=7)
    assert chunk.data == "€€".encode()
    assert (chunk.cursor, chunk.size, chunk.at_end) == ("301", 301, True)


async def test_following_reads_only_what_is_new(fake: Fake, lab: PelotonAdapter) -> None:
    on_pod(fake, b"one\n")
    source = (await lab.log_sources(POD))[0]
    first = await lab.read_log(source)
    before = len(fake.agent_asked)
    again = await lab.read_log(source, first.cursor)
    assert (again.data, again.at_end, again.cursor) == (b"", True, "4")
    assert len(fake.agent_asked) == before + 1, "only the size is asked for"
    fake.agent = agent(b"one\ntwo\n")
    assert (await lab.read_log(source, first.cursor)).data == b"two\n"


async def test_a_log_that_has_shrunk_is_read_again(fake: Fake, lab: PelotonAdapter) -> None:
    on_pod(fake, b"new\n")
    chunk = await lab.read_log((await lab.log_sources(POD))[0], "900")
    assert (chunk.data, chunk.size) == (b"new\n", 4)
    assert chunk.note is not None


async def test_agents_get_no_credentials(fake: Fake) -> None:
    on_pod(fake, b"x")
    adapter = fake.adapter(
        username="ana", password="s3cret", headers={"X-Token": "t0ken"}, cookies={"sid": "c00kie"}
    )
    await adapter.read_log((await adapter.log_sources(POD))[0])
    assert fake.last("BrowsePodSandbox").headers["X-Token"] == "t0ken"
    assert fake.agent_asked
    for request in fake.agent_asked:
        sent = " ".join(f"{name}: {value}" for name, value in request.headers.items()).lower()
        assert not any(word in sent for word in ("rpc-", "s3cret", "t0ken", "c00kie", "ana"))
    await adapter.aclose()


async def test_a_pod_that_never_ran_says_so_once(fake: Fake, lab: PelotonAdapter) -> None:
    on_pod(fake).on("BrowsePodSandbox", failure("aborted", "pod has not been run"))
    sources = await lab.log_sources(POD)
    assert [source.name for source in sources] == ["stdout", "stderr"]
    chunk = await lab.read_log(sources[0])
    assert (chunk.data, chunk.at_end, chunk.note) == (b"", True, "no log yet: pod has not been run")
    assert (await lab.read_log(sources[0], chunk.cursor)).note is None
    on_pod(fake, b"now\n")
    assert (await lab.read_log(sources[0], chunk.cursor)).data == b"now\n"


async def test_an_agent_out_of_reach(fake: Fake, lab: PelotonAdapter) -> None:
    on_pod(fake)

    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("[Errno 111] Connection refused")

    fake.agent = refuse
    sources = await lab.log_sources(POD)
    assert [source.name for source in sources] == ["stdout", "stderr"]
    with pytest.raises(Unavailable, match=r"the Mesos agent 10\.0\.0\.7:5051 does not answer"):
        await lab.read_log(sources[0])


async def test_a_collected_sandbox(fake: Fake, lab: PelotonAdapter) -> None:
    on_pod(fake, b"x")
    source = (await lab.log_sources(POD))[0]
    fake.agent = lambda request: httpx.Response(404, content=b"Failed to find file.\n")
    with pytest.raises(NotFound, match="no longer has stdout"):
        await lab.read_log(source)


async def test_a_file_that_is_not_there(fake: Fake, lab: PelotonAdapter) -> None:
    on_pod(fake).on("BrowsePodSandbox", {**SANDBOX, "paths": [f"{FOLDER}/stdout"]})
    chunk = await lab.read_log((await lab.log_sources(POD))[1])
    assert chunk.note is not None
    assert "no stderr" in chunk.note


async def test_agents_can_be_forbidden(fake: Fake) -> None:
    adapter = on_pod(fake).adapter(agent_logs=False)
    with pytest.raises(Unsupported, match="agent_logs"):
        await adapter.log_sources(POD)
    assert not fake.asked
    await adapter.aclose()


async def test_a_run_has_the_logs_of_its_pods_failed_ones_first(fake: Fake, lab: PelotonAdapter) -> None:
    pods = [pod(1, number, "FAILED" if number == 30 else "RUNNING") for number in range(40)]

    def query(body: Body) -> Body:
        wanted = body["spec"].get("podStates")
        found = [p for p in pods if not wanted or p["status"]["state"] == "POD_STATE_FAILED"]
        return {"pods": found[: body["spec"]["pagination"]["limit"]], "pagination": {"total": len(found)}}

    fake.on("QueryPods", query).on("GetJob", {"summary": job(1)})
    sources = await lab.log_sources(RUN)
    assert sources[0].ref == Ref("lab", Kind.POD, f"{uuid(1)}-30")
    assert [source.name for source in sources[:2]] == ["stdout", "stderr"]
    assert len({source.ref for source in sources}) == 8, "bounded"
    assert fake.count("BrowsePodSandbox") == 0, "asked for when read"


async def test_hosts_have_no_logs(lab: PelotonAdapter) -> None:
    with pytest.raises(Unsupported):
        await lab.log_sources(Ref("lab", Kind.HOST, "h1"))


def test_fixture_is_json() -> None:
    answer = agent(b'say "hi"\\\n')(httpx.Request("GET", "http://a/files/read?path=p&offset=0&length=99"))
    assert json.loads(answer.content)["data"] == 'say "hi"\\\n'


async def test_a_job_manager_that_cannot_reach_the_agent(fake: Fake, lab: PelotonAdapter) -> None:
    text = "failed to list files: dial tcp 10.64.0.4:5051: connect: no route to host"
    on_pod(fake).on("BrowsePodSandbox", failure("internal", text))
    with pytest.raises(Unavailable, match="logs can be had only from the agent") as caught:
        await lab.read_log((await lab.log_sources(POD))[0])
    assert "host may be down" in caught.value.hint
