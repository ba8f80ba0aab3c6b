"""Answers that are not what the API promises: one sentence each, never a traceback, and nothing invented."""

from __future__ import annotations

import httpx
import pytest

from adapters.errors import AdapterError, BadPayload, Invalid, Unauthorized, Unavailable
from adapters.model import Kind, Ref
from adapters.peloton.adapter import PelotonAdapter
from adapters.port import Query
from tests.unit.peloton.fake import HOST, POD, POOLS, RUN, Fake, job, pod
from tests.unit.peloton.test_logs import SANDBOX, on_pod

pytestmark = pytest.mark.anyio

NONSENSE = [
    httpx.Response(200, content=b"<html>log in</html>"),
    httpx.Response(200, content=b'{"records":[{"jobId":'),
    httpx.Response(200, json=[1, 2]),
    httpx.Response(200, json="no"),
    httpx.Response(200, content=b"\xff\xfe\x00"),
    httpx.Response(
        200,
        json={
            "records": [7],
            "pods": "x",
            "hostInfos": {"a": 1},
            "respools": [[]],
            "workflowInfos": 3,
            "events": [None],
            "jobInfo": 1,
            "summary": 2,
            "current": [],
        },
    ),
]
METHODS = (
    "QueryJobs QueryPods QueryHosts QueryResourcePools GetJob GetPod GetPodEvents ListJobWorkflows ListHostPools"
    " GetResourcePool"
)


@pytest.mark.parametrize("answer", NONSENSE)
async def test_nonsense_is_one_sentence_or_nothing(answer: httpx.Response) -> None:
    fake = Fake()
    for method in METHODS.split():
        fake.on(method, answer)
    adapter = fake.adapter()
    await adapter.describe()
    update = Ref("lab", Kind.UPDATE, f"{RUN.id}/x")
    calls = [adapter.list(kind) for kind in (Kind.RUN, Kind.POD, Kind.HOST, Kind.POOL, Kind.UPDATE)]
    calls += [adapter.list(Kind.POD, Query(parent=RUN)), adapter.list(Kind.UPDATE, Query(parent=RUN))]
    gets = [getattr(adapter, name)(ref) for name in ("get", "detail") for ref in (RUN, POD, HOST, update)]
    for call in [*calls, *gets, adapter.events(POD), adapter.events(RUN), adapter.log_sources(RUN)]:
        with pytest.raises(AdapterError) as caught:
            await call
        assert isinstance(caught.value, BadPayload), caught.value
        assert caught.value.sentence.startswith("lab: ")
    await adapter.aclose()


@pytest.mark.parametrize(
    ("response", "kind"),
    [
        (httpx.Response(502, content=b"<html>bad gateway</html>"), Unavailable),
        (httpx.Response(302, headers={"Location": "https://login"}), Unauthorized),
        (httpx.Response(500), Unavailable),
        (httpx.Response(418, content=b"\x1b[31mteapot"), Invalid),
    ],
)
async def test_errors_that_are_not_yarpcs(
    fake: Fake, lab: PelotonAdapter, response: httpx.Response, kind: type[AdapterError]
) -> None:
    fake.on("QueryJobs", response)
    with pytest.raises(kind):
        await lab.health()


@pytest.mark.parametrize("body", [b"", b"[]", b'{"data":5,"offset":3}', b'{"offset":"x"}', b"\xff", b"<html>"])
async def test_agents_that_answer_nonsense(fake: Fake, lab: PelotonAdapter, body: bytes) -> None:
    on_pod(fake).agent = lambda request: httpx.Response(200, content=body)
    source = (await lab.log_sources(POD))[0]
    with pytest.raises(BadPayload):
        await lab.read_log(source)


async def test_an_agent_by_ipv6_and_a_port_that_is_a_number(fake: Fake, lab: PelotonAdapter) -> None:
    on_pod(fake, b"x").on("BrowsePodSandbox", {**SANDBOX, "hostname": "fd00::7", "port": 5051})
    assert (await lab.read_log((await lab.log_sources(POD))[0])).data == b"x"
    assert fake.agent_asked[-1].url.host == "fd00::7"


async def test_hostile_names_and_ids_travel_untouched(fake: Fake, lab: PelotonAdapter) -> None:
    name = "[/red]\x1b]0;x\x07\u202e" + "长" * 3_000
    odd = {**job(1, name=name), "jobId": {"value": "a/b c%2F[/]"}, "owner": ""}
    fake.on("QueryJobs", {"records": [odd]}).on("QueryResourcePools", POOLS)
    (run,) = (await lab.list(Kind.RUN)).items
    assert (run.name, run.owner) == (name, None)
    assert Ref.parse(str(run.ref)) == run.ref
    fake.on("GetJob", {"summary": odd}).on("QueryPods", {"pods": [pod(1, 0)]})
    (found,) = (await lab.list(Kind.POD, Query(parent=run.ref))).items
    assert found.parent == run.ref
    assert fake.last("QueryPods").body["jobId"] == {"value": "a/b c%2F[/]"}
