"""Hosts: maintenance, drains that move pods, and SLAs that hold them."""

from __future__ import annotations

import pytest

from tests.mock.peloton.client import Failed, Peloton, enum

pytestmark = pytest.mark.anyio

HELD, LOST, DRAINED, FREE = "gpu-a100-0417", "gpu-a100-0402", "cpu-c6i-0088", "gpu-a100-0388"


async def test_the_hosts_of_the_cast(mock: Peloton) -> None:
    hosts = {host["hostname"]: host for host in (await mock.call("Host", "QueryHosts"))["hostInfos"]}
    assert len(hosts) == 12
    assert (hosts[LOST]["state"], hosts[LOST]["goalState"]) == ("HOST_STATE_DOWN", "HOST_STATE_UP")
    assert (hosts[DRAINED]["state"], hosts[DRAINED]["goalState"]) == ("HOST_STATE_DOWN", "HOST_STATE_DOWN")
    assert (hosts[HELD]["state"], hosts[HELD]["goalState"]) == ("HOST_STATE_DRAINING", "HOST_STATE_DOWN")
    assert sum(host["state"] == "HOST_STATE_UP" for host in hosts.values()) == 9
    assert len({host["ip"] for host in hosts.values()}) == 12


async def test_hosts_by_state(mock: Peloton) -> None:
    down = enum("host.HostState", "HOST_STATE_DOWN")
    found = await mock.call("Host", "QueryHosts", hostStates=[down, "HOST_STATE_DRAINING"])
    assert [host["hostname"] for host in found["hostInfos"]] == [DRAINED, LOST, HELD]
    assert await mock.call("Host", "QueryHosts", hostStates=[enum("host.HostState", "HOST_STATE_DRAINED")]) == {}


async def test_a_drain_moves_every_pod_within_about_a_minute(mock: Peloton) -> None:
    pods = mock.on_host(FREE)
    assert len(pods) >= 6
    before = {pod.name: pod.run.number for pod in pods}
    answer = await mock.call("Host", "StartMaintenance", hostname=FREE)
    assert answer == {"hostname": FREE}
    assert await mock.host(FREE) == "HOST_STATE_DRAINING"
    mock.clock.advance(10)
    assert 0 < len(mock.on_host(FREE)) < len(pods)
    seen = {await mock.host(FREE)}
    for _ in range(140):
        mock.clock.advance(0.5)
        seen.add(await mock.host(FREE))
    assert seen == {"HOST_STATE_DRAINING", "HOST_STATE_DRAINED", "HOST_STATE_DOWN"}
    moved = [pod for pod in pods if pod.run.number > before[pod.name]]
    assert {pod.run.host for pod in moved} & {FREE} == set()
    assert any(pod.state.value == "RUNNING" for pod in moved)


async def test_an_evicted_pod_says_why(mock: Peloton) -> None:
    pod = next(pod for pod in mock.on_host(FREE) if pod.job.spec.name == "ctr-train-0822")
    run = pod.run.number
    await mock.call("Host", "StartMaintenance", hostname=FREE)
    mock.clock.advance(120)
    whole = await mock.pod(pod.job.id, pod.instance)
    old = next(each["status"] for each in whole["previous"] if each["status"]["podId"]["value"].endswith(f"-{run}"))
    ended = old["containersStatus"][0]["terminationStatus"]
    assert ended["reason"] == "TERMINATION_STATUS_REASON_KILLED_HOST_MAINTENANCE"
    assert (old["state"], old["host"], old["message"]) == ("POD_STATE_KILLED", FREE, "evicting running task")
    assert whole["current"]["status"].get("host") != FREE


async def test_kill_on_preempt_means_no_restart(mock: Peloton) -> None:
    job = await mock.job("asr-ft-nightly")
    for pod in await mock.pods(job):
        await mock.call("Host", "StartMaintenance", hostname=pod["status"]["host"])
    mock.clock.advance(120)
    found = await mock.pods(job)
    assert {pod["status"]["state"] for pod in found} == {"POD_STATE_KILLED"}
    assert {pod["status"]["podId"]["value"].rsplit("-", 1)[1] for pod in found} == {"1"}
    assert await mock.state(job) == "JOB_STATE_KILLED"


async def test_an_sla_holds_a_host_for_ever_and_lets_go_when_it_can(mock: Peloton) -> None:
    mock.clock.advance(86_400)
    assert await mock.host(HELD) == "HOST_STATE_DRAINING"
    held = mock.on_host(HELD)
    assert {pod.job.spec.name for pod in held} == {"rank-serving"}
    job = held[0].job.id
    await mock.call("Pod", "StopPod", podName={"value": f"{job}-5"})
    mock.clock.advance(300)
    assert await mock.host(HELD) == "HOST_STATE_DOWN"


async def test_an_sla_of_one_moves_one_at_a_time(mock: Peloton) -> None:
    """Never are more pods of the job down than its SLA allows, while several have to leave."""
    job = await mock.job("geo-index")
    world = mock.cluster.fleet.world
    hosts = {pod.run.host for pod in world.jobs[job].pods.values()}
    busiest = max(hosts, key=lambda name: sum(pod.job.id == job for pod in mock.on_host(name)))
    assert sum(pod.job.id == job for pod in mock.on_host(busiest)) >= 2
    await mock.call("Host", "StartMaintenance", hostname=busiest)
    for _ in range(1200):
        mock.clock.advance(1)
        mock.on_host(busiest)
        assert world.jobs[job].unavailable <= 1
    assert await mock.host(busiest) == "HOST_STATE_DOWN"


async def test_no_pod_lands_on_a_host_that_drains(mock: Peloton) -> None:
    await mock.call("Host", "StartMaintenance", hostname=FREE)
    for _ in range(60):
        mock.clock.advance(1)
        for pod in mock.on_host(FREE):
            placed = next(event.time for event in pod.run.events if event.state.value == "LAUNCHED")
            assert placed <= mock.clock.start


async def test_where_there_is_no_room_pods_wait_and_come_back_when_there_is() -> None:
    mock = Peloton(hosts=3)
    gpu = [name for name in mock.cluster.fleet.world.hosts if name.startswith("gpu")]
    for service in ("rank-serving", "geo-index", "query-rewriter", "embedding-api"):
        await mock.write("StopJob", await mock.job(service))
    for name in gpu:
        await mock.call("Host", "StartMaintenance", hostname=name)
    mock.clock.advance(7500)
    job = await mock.job("ctr-train-0822")
    waiting = await mock.pods(job)
    assert {pod["status"]["state"] for pod in waiting} == {"POD_STATE_PENDING"}
    assert {pod["status"]["message"] for pod in waiting} == {"no host has room for this pod"}
    for name in gpu:
        assert await mock.host(name) == "HOST_STATE_DOWN"
        await mock.call("Host", "CompleteMaintenance", hostname=name)
        assert await mock.host(name) == "HOST_STATE_UP"
    mock.clock.advance(60)
    running = [pod for pod in await mock.pods(job) if pod["status"]["state"] == "POD_STATE_RUNNING"]
    assert len(running) >= 2


async def test_repeating_a_drain_is_fine_and_a_down_host_is_no_agent(mock: Peloton) -> None:
    assert await mock.call("Host", "StartMaintenance", hostname=HELD) == {"hostname": HELD}
    for name in (DRAINED, LOST, "nobody"):
        with pytest.raises(Failed) as refused:
            await mock.call("Host", "StartMaintenance", hostname=name)
        assert (refused.value.code, refused.value.text) == ("aborted", "host is not a Peloton agent")


@pytest.mark.parametrize("name", [HELD, FREE, "nobody"])
async def test_complete_is_only_for_down_hosts(mock: Peloton, name: str) -> None:
    with pytest.raises(Failed) as refused:
        await mock.call("Host", "CompleteMaintenance", hostname=name)
    assert (refused.value.code, refused.value.text) == ("not-found", "Host is not DOWN")


async def test_the_older_shape_folds_failures_and_goes_on(mock: Peloton) -> None:
    assert await mock.call("Host", "CompleteMaintenance", hostnames=[DRAINED]) == {}
    with pytest.raises(Failed) as refused:
        await mock.call("Host", "StartMaintenance", hostnames=["nobody", DRAINED, FREE])
    assert refused.value.code == "internal"
    assert await mock.host(FREE) == await mock.host(DRAINED) == "HOST_STATE_DRAINING"


async def test_a_request_without_a_host(mock: Peloton) -> None:
    with pytest.raises(Failed) as refused:
        await mock.call("Host", "StartMaintenance")
    assert refused.value.code == "invalid-argument"


async def test_host_pools(mock: Peloton) -> None:
    pools = {pool["name"]: pool.get("hosts", []) for pool in (await mock.call("Host", "ListHostPools"))["pools"]}
    assert len(pools["gpu"]) == 8
    await mock.call("Host", "CreateHostPool", name="quarantine")
    move = {"hostname": FREE, "sourcePool": "gpu", "destinationPool": "quarantine"}
    await mock.call("Host", "ChangeHostPool", **move)
    with pytest.raises(Failed):
        await mock.call("Host", "ChangeHostPool", **move)
    pools = {pool["name"]: pool.get("hosts", []) for pool in (await mock.call("Host", "ListHostPools"))["pools"]}
    assert pools["quarantine"] == [FREE]
    await mock.call("Host", "DeleteHostPool", name="quarantine")
    with pytest.raises(Failed):
        await mock.call("Host", "DeleteHostPool", name="quarantine")
