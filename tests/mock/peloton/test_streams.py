"""The gRPC port of Peloton's mock, asked by a bare client: metadata, streams, watches and how they end."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc
import pytest

from adapters.peloton.mock_streams import StreamPort, open_port
from adapters.peloton.mock_watch import BUFFER
from tests.mock.peloton.client import SERVICES, Failed, Peloton, check, tables

pytestmark = pytest.mark.anyio

METADATA = {"rpc-caller": "tests", "rpc-service": "peloton-jobmgr", "rpc-encoding": "json"}
UNKNOWN = "00000000-0000-4000-8000-000000000000"


class Client:
    def __init__(self, channel: grpc.aio.Channel) -> None:
        self.channel = channel

    def stream(self, service: str, method: str, body: Any = None, **metadata: str | None) -> Any:
        name = SERVICES[service]
        call: Any = self.channel.unary_stream(f"/{name}/{method}")
        given = {**METADATA, **{key.replace("_", "-"): value for key, value in metadata.items()}}
        sent = tuple((key, value) for key, value in given.items() if value is not None)
        return call(json.dumps(body or {}).encode(), metadata=sent)

    async def unary(self, service: str, method: str, body: Any, timeout: float | None = 5.0) -> Any:
        call: Any = self.channel.unary_unary(f"/{SERVICES[service]}/{method}")
        answer = await call(json.dumps(body).encode(), metadata=tuple(METADATA.items()), timeout=timeout)
        return json.loads(answer)

    async def all(self, service: str, method: str, body: Any = None, **metadata: str | None) -> list[Any]:
        kind = tables()["services"][SERVICES[service]][method]["response"]
        found = [json.loads(raw) async for raw in self.stream(service, method, body, **metadata)]
        for message in found:
            check(kind, message)
        return found


@asynccontextmanager
async def connected(mock: Peloton, **options: Any) -> AsyncIterator[Client]:
    port = await open_port(mock.cluster, "127.0.0.1", **options)
    assert isinstance(port, StreamPort)
    address = port.config["grpc_url"].removeprefix("grpc://")
    async with grpc.aio.insecure_channel(address) as channel:
        yield Client(channel)
    await port.close()


@pytest.fixture
async def client(mock: Peloton, anyio_backend: str) -> AsyncIterator[Client]:
    async with connected(mock) as made:
        yield made


async def following(stream: Any) -> Any:
    """The next message, field by field as the API has it."""
    message = json.loads(await asyncio.wait_for(stream.read(), 5))
    check("watch.svc.WatchResponse", message)
    return message


async def refused(stream: Any) -> tuple[str, str]:
    try:
        while await asyncio.wait_for(stream.read(), 5) is not grpc.aio.EOF:
            pass
    except grpc.aio.AioRpcError as error:
        return error.code().name, error.details() or ""
    raise AssertionError("it ended well")


async def test_list_jobs_has_every_job_one_a_message(mock: Peloton, client: Client) -> None:
    messages = await client.all("Job", "ListJobs")
    assert all(len(message["jobs"]) == 1 for message in messages)
    assert len({message["jobs"][0]["jobId"]["value"] for message in messages}) == len(messages) == 60


async def test_list_pods_takes_a_range_and_knows_no_missing_job(mock: Peloton, client: Client) -> None:
    job = {"value": await mock.job("rank-serving")}
    pods = await client.all("Job", "ListPods", {"jobId": job})
    assert [message["pods"][0]["podName"]["value"].rpartition("-")[2] for message in pods] == list("012345")
    part = await client.all("Job", "ListPods", {"jobId": job, "range": {"from": 2, "to": 4}})
    assert part == pods[2:4]
    assert await client.all("Job", "ListPods", {"jobId": {"value": UNKNOWN}}) == []


async def test_a_watch_begins_with_its_id_and_brings_no_snapshot(mock: Peloton, client: Client) -> None:
    job = await mock.job("rank-serving")
    stream = client.stream("Watch", "Watch", {"startRevision": 12, "statelessJobFilter": {}})
    assert list(await following(stream)) == ["watchId"]
    await mock.write("StopJob", job)
    (told,) = (await following(stream))["statelessJobs"]
    assert (told["jobId"]["value"], told["status"]["state"]) == (job, "JOB_STATE_KILLING")
    stream.cancel()


@pytest.mark.parametrize("method", ["PauseJobWorkflow", "DeleteJob"])
async def test_what_only_moves_a_version_is_told_too_and_so_is_the_end(
    mock: Peloton, client: Client, method: str
) -> None:
    job = await mock.job("rank-serving")
    stream = client.stream("Watch", "Watch", {"statelessJobFilter": {"jobIds": [{"value": job}]}})
    await following(stream)
    await mock.write(method, job, **({"force": True} if method == "DeleteJob" else {}))
    first = (await following(stream))["statelessJobs"][0]["status"]
    if method == "PauseJobWorkflow":
        assert first["version"]["value"] == await mock.version(job)
    else:
        mock.clock.advance(120)
        states = [first["state"]]
        while states[-1] != "JOB_STATE_DELETED":
            states.append((await following(stream))["statelessJobs"][0]["status"]["state"])
    stream.cancel()


async def test_the_pod_filter_wins_and_pods_come_alone(mock: Peloton, client: Client) -> None:
    job = await mock.job("rank-serving")
    stream = client.stream("Watch", "Watch", {"statelessJobFilter": {}, "podFilter": {"jobId": {"value": job}}})
    assert (await following(stream))["watchId"].startswith("task_")
    await mock.call("Pod", "StopPod", podName={"value": f"{job}-2"})
    told = await following(stream)
    assert set(told) == {"watchId", "pods"}
    assert told["pods"][0]["podName"]["value"] == f"{job}-2"
    assert told["pods"][0]["status"]["state"] == "POD_STATE_KILLING"
    stream.cancel()


async def test_labels_and_names_choose(mock: Peloton, client: Client) -> None:
    job, other = await mock.job("rank-serving"), await mock.job("query-rewriter")
    by_label = client.stream(
        "Watch", "Watch", {"statelessJobFilter": {"labels": [{"key": "service", "value": "query-rewriter"}]}}
    )
    by_name = client.stream("Watch", "Watch", {"podFilter": {"podNames": [{"value": f"{job}-1"}]}})
    await following(by_label)
    await following(by_name)
    for each in (job, other):
        await mock.write("StopJob", each)
    assert (await following(by_label))["statelessJobs"][0]["jobId"]["value"] == other
    assert (await following(by_name))["pods"][0]["podName"]["value"] == f"{job}-1"
    by_label.cancel()
    by_name.cancel()


async def test_pods_that_go_are_told(mock: Peloton, client: Client) -> None:
    job = await mock.job("rank-serving")
    spec = (await mock.info(job))["jobInfo"]["spec"]
    stream = client.stream("Watch", "Watch", {"podFilter": {"jobId": {"value": job}}})
    await following(stream)
    await mock.write("ReplaceJob", job, spec={**spec, "instanceCount": 5})
    mock.clock.advance(60)
    seen: dict[str, str] = {}
    while seen.get(f"{job}-5") != "POD_STATE_DELETED":
        (pod,) = (await following(stream))["pods"]
        seen[pod["podName"]["value"]] = pod["status"]["state"]
    stream.cancel()


async def test_a_slow_reader_overflows(mock: Peloton, client: Client) -> None:
    stream = client.stream("Watch", "Watch", {"podFilter": {}})
    await following(stream)
    mock.clock.advance(6 * 3600)
    code, told = await refused(stream)
    assert code == "ABORTED"
    assert told.startswith("event overflow: ")
    assert BUFFER == 100


async def test_only_watches_of_pods_can_be_cancelled(mock: Peloton, client: Client) -> None:
    jobs = client.stream("Watch", "Watch", {"statelessJobFilter": {}})
    pods = client.stream("Watch", "Watch", {"podFilter": {}})
    ids = [(await following(stream))["watchId"] for stream in (jobs, pods)]
    for wrong in (ids[0], "task_nonsense", ""):
        with pytest.raises(Failed, match="invalid watch id"):
            await mock.call("Watch", "Cancel", watchId=wrong)
    assert await client.unary("Watch", "Cancel", {"watchId": ids[1]}) == {}
    assert await refused(pods) == ("CANCELLED", "watch cancelled")
    jobs.cancel()


async def test_a_reset_is_a_change_of_the_leader(mock: Peloton, client: Client) -> None:
    stream = client.stream("Watch", "Watch", {"podFilter": {}})
    await following(stream)
    mock.cluster.reset()
    assert (await refused(stream))[0] == "CANCELLED"


async def test_a_watch_of_nothing_is_refused(client: Client) -> None:
    assert await refused(client.stream("Watch", "Watch", {})) == ("INVALID_ARGUMENT", "not supported watch type")


@pytest.mark.parametrize(
    ("metadata", "code", "told"),
    [
        ({"rpc_caller": None, "rpc_service": None}, "INVALID_ARGUMENT", "missing service name, caller name"),
        ({"rpc_service": "peloton-x"}, "UNIMPLEMENTED", 'unrecognized service name "peloton-x"'),
        ({"rpc_encoding": None}, "UNIMPLEMENTED", "unrecognized procedure"),
    ],
)
async def test_what_is_missing_is_named(
    client: Client, metadata: dict[str, str | None], code: str, told: str
) -> None:
    found = await refused(client.stream("Job", "ListJobs", {}, **metadata))
    assert (found[0], told in found[1]) == (code, True), found


async def test_unary_calls_need_a_deadline(mock: Peloton, client: Client) -> None:
    body = {"jobName": "rank-serving"}
    found = await client.unary("Job", "GetJobIDFromJobName", body)
    assert found == {"jobId": [{"value": await mock.job("rank-serving")}]}
    with pytest.raises(grpc.aio.AioRpcError, match="missing TTL"):
        await client.unary("Job", "GetJobIDFromJobName", body, timeout=None)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await client.unary("Job", "GetJob", {"jobId": {"value": UNKNOWN}})
    assert caught.value.code() is grpc.StatusCode.NOT_FOUND


async def test_the_login_has_no_prefix_here(mock: Peloton) -> None:
    async with connected(mock, users={"ana": "s3cret"}) as client:
        assert (await refused(client.stream("Job", "ListJobs")))[0] == "UNAUTHENTICATED"
        assert len(await client.all("Job", "ListJobs", username="ana", password="s3cret")) == 60


async def test_watches_are_forgotten_with_their_readers(mock: Peloton, client: Client) -> None:
    stream = client.stream("Watch", "Watch", {"podFilter": {}})
    await following(stream)
    assert len(mock.cluster.fleet.world.watchers) == 1
    stream.cancel()
    for _ in range(200):
        if not mock.cluster.fleet.world.watchers:
            return
        await asyncio.sleep(0.01)
    raise AssertionError("the watch is still there")
