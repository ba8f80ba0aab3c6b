"""The agents' files: offsets, caps, and logs that only grow and that explain the failure."""

from __future__ import annotations

import json

import httpx
import pytest

from adapters.mock.stories import STORIES
from tests.mock.peloton.client import Failed, Peloton, enum

pytestmark = pytest.mark.anyio


async def browse(mock: Peloton, job: str, instance: int = 0, run: int | None = None) -> list[str]:
    body = {"podId": {"value": f"{job}-{instance}-{run}"}} if run else {}
    answer = await mock.call("Pod", "BrowsePodSandbox", podName={"value": f"{job}-{instance}"}, **body)
    assert (answer["hostname"], answer["port"]) == ("127.0.0.9", "4711")
    paths: list[str] = answer["paths"]
    return paths


async def log_path(mock: Peloton, job: str, instance: int = 0, run: int | None = None, name: str = "stdout") -> str:
    return next(path for path in await browse(mock, job, instance, run) if path.endswith("/" + name))


async def read(mock: Peloton, path: str, **where: int) -> httpx.Response:
    return await mock.http.get("/files/read", params={"path": path, **where})


async def download(mock: Peloton, path: str) -> bytes:
    response = await mock.http.get("/files/download", params={"path": path})
    assert response.status_code == 200
    return response.content


async def test_paths_are_as_mesos_lays_them_out(mock: Peloton) -> None:
    job = await mock.job("ctr-train-0822")
    paths = await browse(mock, job, 6, 1)
    agent = (await mock.pod(job, 6))["previous"][0]["status"]["agentId"]["value"]
    root = paths[0].rpartition("/")[0]
    assert root.startswith(f"/var/lib/mesos/agent/slaves/{agent}/frameworks/")
    assert root.endswith(f"/executors/{job}-6-1/runs/latest")
    assert [path.rpartition("/")[2] for path in paths] == ["stderr", "stdout", "tmp"]
    listing = (await mock.http.get("/files/browse", params={"path": root})).json()
    assert [entry["path"] for entry in listing] == paths
    for entry in listing:
        assert set(entry) == {"path", "nlink", "size", "mtime", "mode", "uid", "gid"}
    assert [entry["mode"][0] for entry in listing] == ["-", "-", "d"]
    assert listing[1]["size"] == len(await download(mock, paths[1]))


async def test_reading_by_offset_gives_the_whole_file(mock: Peloton) -> None:
    path = await log_path(mock, await mock.job("feature-cache"), 3, 1)
    whole = await download(mock, path)
    assert len(whole) > 3 * 65_536
    found, chunks = b"", 0
    while True:
        response = await read(mock, path, offset=len(found), length=200_000)
        text = response.content.decode("utf-8", "surrogateescape")
        answer = json.loads(text)
        assert answer["offset"] == len(found)
        data = answer["data"].encode("utf-8", "surrogateescape")
        if not data:
            break
        assert len(data) <= 65_536
        found += data
        chunks += 1
    assert found == whole
    assert chunks >= 4


async def test_offsets_count_bytes_and_a_cut_may_split_a_character(mock: Peloton) -> None:
    path = await log_path(mock, await mock.job("rank-serving"), name="stderr")
    whole = await download(mock, path)
    at = whole.index("é".encode())
    response = await read(mock, path, offset=0, length=at + 1)
    with pytest.raises(UnicodeDecodeError):
        response.content.decode()
    answer = json.loads(response.content.decode("utf-8", "surrogateescape"))
    assert answer["data"].encode("utf-8", "surrogateescape") == whole[: at + 1]
    assert len(whole.decode()) < len(whole)


async def test_the_size_without_an_offset_and_nothing_beyond_the_end(mock: Peloton) -> None:
    path = await log_path(mock, await mock.job("churn-xgb-weekly-34"))
    size = len(await download(mock, path))
    assert (await mock.http.get("/files/read", params={"path": path})).json() == {"data": "", "offset": size}
    assert (await read(mock, path, offset=-1)).json() == {"data": "", "offset": size}
    assert (await read(mock, path, offset=size)).json() == {"data": "", "offset": size}
    assert (await read(mock, path, offset=size + 9)).json() == {"data": "", "offset": size + 9}
    assert (await read(mock, path, offset=0, length=0)).json() == {"data": "", "offset": 0}
    assert len((await read(mock, path, offset=0, length=-1)).json()["data"]) == size


async def test_what_an_agent_refuses(mock: Peloton) -> None:
    path = await log_path(mock, await mock.job("rank-serving"))
    folder = path.rpartition("/")[0]
    nameless = await mock.http.get("/files/read")
    assert (nameless.status_code, nameless.text) == (400, "Expecting 'path=value' in query.\n")
    directory = await read(mock, folder, offset=0)
    assert (directory.status_code, directory.text) == (400, "Cannot read a directory.\n")
    for where in ({"offset": -2}, {"offset": 0, "length": -2}):
        assert (await read(mock, path, **where)).status_code == 400
    assert (await mock.http.get("/files/read", params={"path": path, "offset": "x"})).status_code == 400
    for unknown in (
        "/etc/passwd",
        path + "x",
        folder + "/../stdout",
        "/x" + path,
        path.replace("slaves", "agents"),
    ):
        assert (await read(mock, unknown, offset=0)).status_code == 404
        assert (await mock.http.get("/files/download", params={"path": unknown})).status_code == 404
        assert (await mock.http.get("/files/browse", params={"path": unknown})).status_code == 404


async def test_a_log_grows_and_is_never_rewritten(mock: Peloton) -> None:
    job = await mock.job("asr-ft-nightly")
    path = await log_path(mock, job)
    before = await download(mock, path)
    for _ in range(20):
        mock.clock.advance(7.3)
        after = await download(mock, path)
        assert after.startswith(before)
        before = after
    await mock.write("StopJob", job)
    mock.clock.advance(60)
    final = await download(mock, path)
    assert final.startswith(before)
    assert b"SIGTERM" in final
    mock.clock.advance(600)
    assert await download(mock, path) == final


async def test_two_servers_of_one_seed_write_the_same_log(mock: Peloton) -> None:
    other = Peloton()
    other.clock.advance(100)
    for _ in range(10):
        mock.clock.advance(10)
        await mock.call("Host", "QueryHosts")
    path = await log_path(mock, await mock.job("ctr-train-0822"), 3)
    assert await download(mock, path) == await download(other, path)


async def test_a_pod_that_never_ran_has_no_sandbox(mock: Peloton) -> None:
    for name, instance in (("ads-ctr-sweep-441", 0), ("spell-corrector", 0)):
        with pytest.raises(Failed) as refused:
            await browse(mock, await mock.job(name), instance)
        assert (refused.value.code, refused.value.text) == ("aborted", "pod has not been run")
    with pytest.raises(Failed) as unknown:
        await browse(mock, await mock.job("rank-serving"), 0, 99)
    assert unknown.value.code == "not-found"


async def test_deleting_the_events_hides_the_sandbox(mock: Peloton) -> None:
    job = await mock.job("rank-serving")
    run = {"value": f"{job}-0-1"}
    await mock.call("Pod", "DeletePodEvents", podName={"value": f"{job}-0"}, podId=run)
    with pytest.raises(Failed) as refused:
        await browse(mock, job, 0, 1)
    assert refused.value.code == "aborted"


async def test_a_lost_host_takes_its_sandboxes_along(mock: Peloton) -> None:
    job = await mock.job("fraud-gbdt-nightly-0822")
    ids = await mock.call("Job", "GetJobIDFromJobName", jobName="fraud-gbdt-nightly-0822")
    for each in ids["jobId"]:
        pods = await mock.pods(each["value"], podStates=[enum("pod.PodState", "POD_STATE_LOST")])
        if pods:
            job = each["value"]
    pod = (await mock.pods(job, podStates=[enum("pod.PodState", "POD_STATE_LOST")]))[0]
    assert pod["status"]["host"] == "gpu-a100-0402"
    assert "gpu-a100-0402 stopped reporting" in pod["status"]["message"]
    with pytest.raises(Failed) as refused:
        await browse(mock, job, 0)
    assert refused.value.code == "internal"


async def test_logs_explain_the_failures_of_the_cast(mock: Peloton) -> None:
    world = mock.cluster.fleet.world
    mock.cluster.fleet.catch_up()
    told = set()
    for job in list(world.jobs.values()):
        for pod in job.pods.values():
            for run in pod.runs:
                story = next((story for story in STORIES if story.id == run.story), None)
                if story is None or not story.lines or run.host == "gpu-a100-0402":
                    continue
                text = (await download(mock, await log_path(mock, job.id, pod.instance, run.number))).decode()
                assert story.lines[-1] in text
                told.add(story.id)
    everything = {story.id for story in STORIES if story.lines} - {"lost-host"}
    assert told == everything
