"""Pods job by job and by bounded fan-out, hosts with their pods, the pool tree, updates and events."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from adapters.errors import NotFound, Unsupported
from adapters.model import Capacity, Host, Kind, Pod, Pool, Progress, Ref, State, Update
from adapters.peloton import mapping, states, wire
from adapters.peloton.adapter import PelotonAdapter
from adapters.peloton.live import HostIndex, Scan
from adapters.port import Op, Query, Term
from adapters.sections import Table
from tests.unit.peloton.fake import HOST, POD, POOLS, RUN, Body, Fake, failure, job, pod, stamp, uuid
from tests.unit.peloton.test_runs import ids, serve, walk

pytestmark = pytest.mark.anyio


def pods_of(number: int, count: int, *, host: str = "h1", state: str = "RUNNING") -> list[Body]:
    return [pod(number, instance, state, host=host) for instance in range(count)]


def serve_pods(fake: Fake, jobs: dict[int, list[Body]]) -> Fake:
    """QueryPods slicing by spec.pagination only; the one beside the spec is echoed."""

    def query(body: Body) -> Any:
        number = int(body["jobId"]["value"].rpartition("-")[2])
        if number not in jobs:
            return failure("not-found", "job not found")
        spec = body.get("spec", {})
        page = spec.get("pagination", {})
        wanted, hosts = spec.get("podStates"), spec.get("hosts")
        found = [
            one
            for one in jobs[number]
            if (not wanted or POD_NUMBERS[one["status"]["state"]] in wanted)
            and (not hosts or one["status"].get("host") in hosts)
        ]
        start, limit = page.get("offset", 0), page.get("limit") or 10
        return {"pods": found[start : start + limit], "pagination": {"total": min(len(found), page["maxLimit"])}}

    counted = [
        job(number, instanceCount=len(pods), status={"podStats": {"POD_STATE_RUNNING": len(pods)}})
        for number, pods in jobs.items()
    ]
    by_id = {one["jobId"]["value"]: one for one in counted}
    fake.on("GetJob", lambda body: {"summary": by_id[body["jobId"]["value"]]})
    return fake.on("QueryJobs", serve(counted)).on("QueryPods", query)


POD_NUMBERS = {"POD_STATE_RUNNING": 9, "POD_STATE_FAILED": 11, "POD_STATE_LOST": 12}


async def test_pods_of_a_run_page_inside_the_spec(fake: Fake, lab: PelotonAdapter) -> None:
    serve_pods(fake, {1: pods_of(1, 230)})
    pages = await walk(lab, Kind.POD, Query(parent=RUN), limit=100)
    assert ids(pages) == [f"{uuid(1)}-{instance}" for instance in range(230)]
    assert len(pages) == 3
    body = fake.last("QueryPods").body
    assert "pagination" not in body
    assert body["spec"]["pagination"] == {"offset": 200, "limit": 100, "maxLimit": 10_000}
    assert {page.total for page in pages} == {230}


async def test_a_pod(fake: Fake, lab: PelotonAdapter) -> None:
    container = {
        "healthy": {"state": "HEALTH_STATE_UNHEALTHY"},
        "terminationStatus": {"reason": "TERMINATION_STATUS_REASON_FAILED", "exitCode": 137, "signal": "SIGKILL"},
    }
    found = pod(
        1,
        0,
        "FAILED",
        run=3,
        host="gpu-1",
        startTime=stamp(10),
        completionTime=stamp(70.5),
        message="Container OOMKilled",
        reason="REASON_CONTAINER_LIMITATION_MEMORY",
        containersStatus=[container],
        version={"value": "1-0-0"},
    )
    fake.on("GetPod", {"current": found}).on("GetJob", {"summary": job(1)})
    one = await lab.get(POD)
    assert isinstance(one, Pod)
    assert (one.ref, one.name, one.parent, one.parent_name) == (POD, "train-1-0", RUN, "train-1")
    assert (one.state, one.native_state) == (State.FAILED, "POD_STATE_FAILED")
    assert (one.attempt, one.host, one.health, one.exit_code) == (3, "gpu-1", "bad", 137)
    assert (one.started, one.finished) == (1_560_000_010.0, 1_560_000_070.5)
    assert one.created is None, "the server did not say"
    assert one.message == "Container OOMKilled"
    assert one.extra["termination"] == "FAILED"
    assert fake.last("GetPod").body["limit"] == 1, "0 would be every run there ever was"


STATE_TABLE = {
    **dict.fromkeys(
        "INITIALIZED PENDING READY PLACING PLACED LAUNCHING LAUNCHED STARTING RESERVED".split(),  # noqa: SIM905
        State.PENDING,
    ),
    "RUNNING": State.RUNNING,
    "SUCCEEDED": State.SUCCEEDED,
    "FAILED": State.FAILED,
    "LOST": State.LOST,
    "KILLING": State.ABORTING,
    "PREEMPTING": State.ABORTING,
    "KILLED": State.ABORTED,
    "DELETED": State.ABORTED,
    "INVALID": State.UNKNOWN,
}


@pytest.mark.parametrize(("native", "state"), STATE_TABLE.items())
def test_pod_states(native: str, state: State) -> None:
    one = mapping.pod("lab", wire.PodInfo.model_validate(pod(1, 0, native)), uuid(1), None)
    assert one.state is state
    assert one.name == f"{uuid(1)}-0"


@pytest.mark.parametrize(("native", "code"), [("SUCCEEDED", 0), ("FAILED", None), ("KILLED", None)])
def test_an_exit_code_left_out_is_zero_only_after_success(native: str, code: int | None) -> None:
    ended = [{"terminationStatus": {"reason": "TERMINATION_STATUS_REASON_FAILED"}}]
    found = pod(1, 0, native, containersStatus=ended)
    one = mapping.pod("lab", wire.PodInfo.model_validate(found), uuid(1), None)
    assert one.exit_code == code


@pytest.mark.parametrize("code", ["not-found", "invalid-argument"])
async def test_a_missing_pod_however_it_is_said(fake: Fake, lab: PelotonAdapter, code: str) -> None:
    fake.on("GetPod", failure(code, "unable to parse instanceID x"))
    with pytest.raises(NotFound):
        await lab.get(Ref("lab", Kind.POD, "x"))


async def test_all_pods_fan_out_over_live_jobs(fake: Fake, lab: PelotonAdapter) -> None:
    jobs = {number: pods_of(number, 1 + number % 7) for number in range(60)}
    serve_pods(fake, jobs)
    pages = await walk(lab, Kind.POD, limit=50)
    found = ids(pages)
    assert len(found) == len(set(found)) == sum(len(pods) for pods in jobs.values())
    assert {page.note for page in pages} == {None}
    assert sorted(fake.last("QueryJobs").body["spec"]["jobStates"]) == [1, 2, 3, 7, 8]


async def test_a_job_larger_than_a_page_in_the_middle(fake: Fake, lab: PelotonAdapter) -> None:
    serve_pods(fake, {1: pods_of(1, 3), 2: pods_of(2, 130), 3: pods_of(3, 4)})
    found = ids(await walk(lab, Kind.POD, limit=25))
    assert len(found) == len(set(found)) == 137


async def test_the_fan_out_is_bounded_and_says_so(fake: Fake) -> None:
    serve_pods(fake, {number: pods_of(number, 1) for number in range(30)})
    adapter = fake.adapter(fan_out_jobs=20)
    pages = await walk(adapter, Kind.POD, limit=100)
    assert len(ids(pages)) == 20
    assert pages[0].note == "pods of 20 of 30 jobs"
    await adapter.aclose()


async def test_a_job_deleted_during_the_fan_out_is_no_failure(fake: Fake, lab: PelotonAdapter) -> None:
    jobs = {number: pods_of(number, 2) for number in range(4)}
    serve_pods(fake, jobs)
    del jobs[2]
    assert len(ids(await walk(lab, Kind.POD))) == 6


async def test_states_are_pushed_to_the_pod_query(fake: Fake, lab: PelotonAdapter) -> None:
    serve_pods(fake, {1: [*pods_of(1, 2), *pods_of(1, 1, state="LOST")]})
    term = Term("state", Op.EQ, ("failed", "lost"))
    page = await lab.list(Kind.POD, Query(parent=RUN, terms=(term,)))
    assert [item.state for item in page.items] == [State.LOST]
    assert page.applied == {term}
    assert fake.last("QueryPods").body["spec"]["podStates"] == [11, 12]


async def test_hosts_and_their_pods(fake: Fake, lab: PelotonAdapter) -> None:
    hosts = [
        {"hostname": "h1", "ip": "10.0.0.1", "state": "HOST_STATE_UP", "labels": [{"key": "rack", "value": "r1"}]},
        {"hostname": "h2", "state": "HOST_STATE_DRAINING", "goalState": "HOST_STATE_DOWN"},
        {"hostname": "h3", "state": "HOST_STATE_DOWN", "goalState": "HOST_STATE_UP"},
        {"hostname": "h4", "state": 9},
    ]
    pools = {"pools": [{"name": "gpu", "hosts": ["h1"]}, {"name": "shared"}]}
    fake.on("QueryHosts", {"hostInfos": hosts}).on("ListHostPools", pools)
    failed = [pod(2, 9, "FAILED", host="h1")]
    serve_pods(fake, {1: pods_of(1, 120), 2: [*pods_of(2, 2, host="h2"), *failed]})
    listed = (await lab.list(Kind.HOST)).items
    found = {one.name: one for one in listed if isinstance(one, Host)}
    assert [one.state for one in listed] == [State.UP, State.DRAINING, State.DOWN, State.UNKNOWN]
    assert [one.native_state for one in listed][::3] == ["HOST_STATE_UP", "9"]
    assert {name: one.pods for name, one in found.items()} == {"h1": 120, "h2": 2, "h3": 0, "h4": 0}
    assert (found["h1"].group, found["h2"].group) == ("gpu", None)
    assert (found["h1"].ip, found["h2"].ip, found["h1"].labels) == ("10.0.0.1", None, {"rack": "r1"})
    assert [one.message for one in listed] == [None, None, "goal is UP", None]
    on_host = await walk(lab, Kind.POD, Query(parent=HOST), limit=50)
    assert len(ids(on_host)) == 120, "ended pods are no longer there"
    assert fake.last("QueryPods").body["spec"]["hosts"] == ["h1"]
    with pytest.raises(NotFound, match="h9"):
        await lab.get(Ref("lab", Kind.HOST, "h9"))


async def test_jobs_without_a_placed_pod_are_not_asked_for_hosts(fake: Fake, lab: PelotonAdapter) -> None:
    waiting = job(1, "PENDING", status={"podStats": {"POD_STATE_PENDING": 4}})
    fake.on("QueryHosts", {"hostInfos": [{"hostname": "h1"}]}).on("QueryJobs", {"records": [waiting]})
    (host,) = (await lab.list(Kind.HOST)).items
    assert isinstance(host, Host)
    assert host.pods == 0
    assert fake.count("QueryPods") == 0


async def test_hosts_are_listed_although_their_pods_cannot_be_counted(fake: Fake, lab: PelotonAdapter) -> None:
    fake.on("QueryHosts", {"hostInfos": [{"hostname": "h1"}]}).on("QueryJobs", failure("internal", "no"))
    (host,) = (await lab.list(Kind.HOST)).items
    assert isinstance(host, Host)
    assert host.pods is None
    assert fake.count("ListHostPools") == 1
    await lab.list(Kind.HOST)
    assert fake.count("ListHostPools") == 1, "a server without host pools is not asked at every refresh"


async def test_what_holds_up_a_drain(fake: Fake, lab: PelotonAdapter) -> None:
    serve_pods(fake, {1: pods_of(1, 2), 2: pods_of(2, 1, host="h2")})
    sla = {"maximumUnavailableInstances": 1}
    jobs = [job(1, sla=sla), job(2, sla={"priority": 1})]
    fake.on("QueryJobs", {"records": jobs})
    draining = [{"hostname": name, "state": "HOST_STATE_DRAINING"} for name in ("h1", "h2")]
    fake.on("QueryHosts", {"hostInfos": draining})
    assert [host.message for host in (await lab.list(Kind.HOST)).items] == ["SLA: train-1", None]


@pytest.mark.parametrize(
    ("kind", "parent"),
    [
        (Kind.POD, Ref("lab", Kind.HOST, "nope")),
        (Kind.RUN, Ref("lab", Kind.POOL, "nope")),
        (Kind.POOL, Ref("lab", Kind.POOL, "nope")),
        (Kind.POD, Ref("lab", Kind.RUN, "nope")),
        (Kind.UPDATE, Ref("lab", Kind.RUN, "nope")),
    ],
)
async def test_a_parent_that_does_not_exist(fake: Fake, lab: PelotonAdapter, kind: Kind, parent: Ref) -> None:
    fake.on("QueryJobs", {}).on("QueryHosts", {}).on("GetJob", failure("invalid-argument", "not valid UUID"))
    with pytest.raises(NotFound, match="nope"):
        await lab.list(kind, Query(parent=parent))


async def test_a_slow_scan_does_not_hold_up_the_hosts(
    fake: Fake, lab: PelotonAdapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.peloton.live.PATIENCE", 0.01)
    serve_pods(fake, {1: pods_of(1, 2)}).on("QueryHosts", {"hostInfos": [{"hostname": "h1"}]})
    go = asyncio.Event()
    scan = lab._index.on_host

    async def slowly(host: str | None, *, max_age: float = 0.0) -> Scan:
        await go.wait()
        return await scan(host, max_age=max_age)

    monkeypatch.setattr(HostIndex, "on_host", lambda self, host: slowly(host))
    (before,) = (await lab.list(Kind.HOST)).items
    go.set()
    monkeypatch.setattr("adapters.peloton.live.PATIENCE", 5.0)
    (after,) = (await lab.list(Kind.HOST)).items
    assert isinstance(before, Host)
    assert isinstance(after, Host)
    assert (before.pods, after.pods) == (None, 2)


async def test_the_pool_tree(fake: Fake, lab: PelotonAdapter) -> None:
    running = [job(number) for number in range(3)]
    pending = [job(number, "PENDING") for number in range(10, 12)]
    fake.on("QueryJobs", serve([*running, *pending]))
    root, ml, ads = (await lab.list(Kind.POOL)).items
    assert isinstance(root, Pool)
    assert isinstance(ads, Pool)
    assert [pool.name for pool in (root, ml, ads)] == ["/", "/ml", "/ml/ads"]
    assert (root.parent, ads.parent) == (None, Ref("lab", Kind.POOL, "pool-ml"))
    assert (ads.running, ads.waiting, root.running, root.waiting) == (3, 2, 3, 2)
    assert ads.capacity[:2] == (
        Capacity("gpu", reservation=4, limit=8, share=2, allocation=6, slack=2),
        Capacity("memory", 1024 * 2**20, 2048 * 2**20, 1, 512 * 2**20, 0),
    )
    assert ads.capacity[2] == Capacity("cpu", allocation=12, slack=0), "no spec for it: no limits invented"
    assert (ads.owner, ads.extra["type"], ads.extra["leaf"]) == ("ads", "elastic", True)
    below = await lab.list(Kind.POOL, Query(parent=Ref("lab", Kind.POOL, "root")))
    assert ids([below]) == ["pool-ml"]
    assert await lab.get(ads.ref) == ads
    with pytest.raises(NotFound):
        await lab.get(Ref("lab", Kind.POOL, "nope"))


async def test_a_pool_tree_with_a_loop_ends(fake: Fake, lab: PelotonAdapter) -> None:
    loop = [
        {"respoolId": {"value": a}, "spec": {"name": a}, "parent": {"value": b}}
        for a, b in (("a", "b"), ("b", "a"))
    ]
    fake.on("QueryResourcePools", {"respools": loop}).on("QueryJobs", {})
    assert {pool.ref.id for pool in (await lab.list(Kind.POOL)).items} == {"a", "b"}


def workflow(at: float, state: str, kind: str = "UPDATE", **more: Any) -> Body:
    status = {
        "type": f"WORKFLOW_TYPE_{kind}",
        "state": f"WORKFLOW_STATE_{state}",
        "creationTime": stamp(at),
        "numInstancesCompleted": 3,
        "numInstancesRemaining": 4,
        "numInstancesFailed": 1,
        "instancesCurrent": [0, 1, 2, 5],
        "version": {"value": "2-0-0"},
        "prevVersion": {"value": "1-0-0"},
        **more.pop("status", {}),
    }
    return {"status": status, **more}


def with_updates(fake: Fake, *infos: Body, method: str = "ListJobWorkflows") -> Fake:
    newest = max(infos, key=lambda info: info["status"]["creationTime"])
    fake.on("GetJob", {"summary": job(1, status={"workflowStatus": newest["status"]})})
    return fake.on(method, {"workflowInfos": list(infos)})


async def test_updates_of_a_run(fake: Fake, lab: PelotonAdapter) -> None:
    old = workflow(10, "SUCCEEDED", status={"completionTime": stamp(20)})
    new = workflow(30, "ROLLING_FORWARD", "RESTART", restartSpec={"batchSize": 2})
    with_updates(fake, old, new)
    second, first = (await lab.list(Kind.UPDATE, Query(parent=RUN))).items
    assert isinstance(second, Update)
    assert isinstance(first, Update)
    assert second.ref.id == f"{uuid(1)}/{stamp(30)}"
    assert (second.state, second.type, second.current) == (State.RUNNING, "restart", True)
    assert (first.state, first.current, first.finished) == (State.SUCCEEDED, False, 1_560_000_020.0)
    assert second.progress == Progress(3, 8)
    assert (second.version, second.parent, second.parent_name) == ("1-1-1", RUN, "train-1")
    assert second.extra["in_flight"] == "0-2,5"
    assert second.extra["batch_size"] == 2
    assert await lab.get(second.ref) == second
    assert Ref.parse(str(second.ref)) == second.ref


async def test_updates_of_an_older_server(fake: Fake, lab: PelotonAdapter) -> None:
    info = workflow(10, "PAUSED", "RESTART", restartBatchSize=3)
    with_updates(fake, info, method="ListJobUpdates")
    (found,) = (await lab.list(Kind.UPDATE, Query(parent=RUN))).items
    assert (found.state, found.extra["batch_size"]) == (State.PAUSED, 3)
    await lab.list(Kind.UPDATE, Query(parent=RUN))
    assert fake.count("ListJobWorkflows") == 1, "learned once"


@pytest.mark.parametrize(
    ("native", "state"),
    [
        ("INITIALIZED", State.PENDING),
        ("ROLLING_FORWARD", State.RUNNING),
        ("PAUSED", State.PAUSED),
        ("SUCCEEDED", State.SUCCEEDED),
        ("ABORTED", State.ABORTED),
        ("FAILED", State.FAILED),
        ("ROLLING_BACKWARD", State.RUNNING),
        ("ROLLED_BACK", State.FAILED),
        ("NEW", State.UNKNOWN),
    ],
)
def test_update_states(native: str, state: State) -> None:
    info = wire.WorkflowInfo.model_validate(workflow(1, native))
    assert mapping.update("lab", uuid(1), None, info, current=True).state is state


async def test_a_missing_update(fake: Fake, lab: PelotonAdapter) -> None:
    with_updates(fake, workflow(10, "PAUSED"))
    with pytest.raises(NotFound):
        await lab.get(Ref("lab", Kind.UPDATE, f"{uuid(1)}/{stamp(11)}"))


async def test_pod_events_go_back_over_earlier_runs(fake: Fake, lab: PelotonAdapter) -> None:
    def events(body: Body) -> Body:
        run = int(body.get("podId", {}).get("value", "x-2").rpartition("-")[2])
        base = {"podId": {"value": f"{POD.id}-{run}"}, "prevPodId": {"value": f"{POD.id}-{run - 1}"}}
        last = {**base, "actualState": "POD_STATE_FAILED", "timestamp": stamp(run * 100 + 9), "message": "OOM"}
        return {"events": [last, {**base, "actualState": "POD_STATE_RUNNING", "timestamp": stamp(run * 100)}]}

    fake.on("GetPodEvents", events)
    found = await lab.events(POD)
    assert [event.time for event in found] == sorted(event.time or 0 for event in found)
    assert [event.extra["attempt"] for event in found] == [1, 1, 2, 2]
    assert [event.state for event in found[:2]] == [State.RUNNING, State.FAILED]
    assert found[1].text == "OOM"


async def test_events_of_runs_and_updates(fake: Fake, lab: PelotonAdapter) -> None:
    told = [{"type": "WORKFLOW_TYPE_UPDATE", "timestamp": stamp(t), "state": s} for t, s in ((9, "X"), (8, "Y"))]
    with_updates(fake, workflow(10, "PAUSED", events=told))
    assert [event.time for event in await lab.events(RUN)] == [1_560_000_001.0, 1_560_000_008.0, 1_560_000_009.0]
    with pytest.raises(Unsupported):
        await lab.events(HOST)


async def test_pod_detail_lists_its_tries(fake: Fake, lab: PelotonAdapter) -> None:
    previous = [pod(1, 0, "KILLED", run=1, host="h0", message="host drained")]
    fake.on("GetPod", {"current": pod(1, 0, run=2), "previous": previous}).on("GetJob", {"summary": job(1)})
    detail = await lab.detail(POD)
    tries = next(section for section in detail.sections if section.title == "Tries")
    assert isinstance(tries, Table)
    assert [row[0] for row in tries.rows] == [2, 1]
    assert tries.rows[1][5] == "host drained"


async def test_details_of_places(fake: Fake, lab: PelotonAdapter) -> None:
    fake.on("QueryJobs", {}).on("QueryHosts", {"hostInfos": [{"hostname": "h1", "brandNew": {"a": 1}}]})
    fake.on("GetResourcePool", {"respool": POOLS["respools"][2]})
    detail = await lab.detail(HOST)
    assert detail.raw == {"hostname": "h1", "brandNew": {"a": 1}}
    assert ("brandNew.a", 1) in detail.sections[-1].rows  # type: ignore[union-attr]
    pool = await lab.detail(Ref("lab", Kind.POOL, "pool-ads"))
    assert [section.title for section in pool.sections] == ["Pool", "Use", "Resources", "Fields"]


async def test_what_peloton_lacks_is_said_before_anything_is_sent(fake: Fake, lab: PelotonAdapter) -> None:
    with pytest.raises(Unsupported, match="Peloton"):
        await lab.list(Kind.TASK)
    with pytest.raises(Unsupported):
        await lab.get(Ref("lab", Kind.TASK, "x"))
    with pytest.raises(Unsupported):
        await lab.list(Kind.HOST, Query(parent=RUN))
    assert not fake.asked


def test_short_names() -> None:
    assert states.short("TERMINATION_STATUS_REASON_KILLED_ON_REQUEST") == "KILLED_ON_REQUEST"
    assert states.short("") == ""
