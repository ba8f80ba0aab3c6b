"""Resource pools: the tree, what it allocates, and the rules for changing it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.mock.peloton.client import Failed, Peloton, enum

pytestmark = pytest.mark.anyio


async def pools(mock: Peloton) -> dict[str, Any]:
    answer = await mock.call("Pool", "QueryResourcePools")
    return {pool["path"]["value"]: pool for pool in answer["respools"]}


def usage(pool: Any, kind: str) -> tuple[float, float]:
    found = next(each for each in pool["usages"] if each["kind"] == kind)
    return found.get("allocation", 0), found.get("slack", 0)


async def test_the_tree(mock: Peloton) -> None:
    tree = await pools(mock)
    assert {
        "/",
        "/ml",
        "/ml/ads",
        "/ml/ranking",
        "/ml/speech",
        "/ml/serving",
        "/infra",
        "/infra/data",
        "/research",
    } < set(tree)
    assert tree["/"]["respoolId"] == {"value": "root"}
    assert "parent" not in tree["/"]
    for path, pool in tree.items():
        assert [each["kind"] for each in pool["usages"]] == ["cpu", "gpu", "memory", "disk"]
        for child in pool.get("children", []):
            below = next(each for each in tree.values() if each["respoolId"] == child)
            assert below["parent"] == pool["respoolId"]
            assert below["path"]["value"].startswith(path)
    assert {each["type"] for each in tree["/ml/serving"]["spec"]["resources"]} == {"RESERVATION_TYPE_STATIC"}
    assert {each["type"] for each in tree["/ml/ads"]["spec"]["resources"]} == {"RESERVATION_TYPE_ELASTIC"}


async def test_reservations_and_limits_hold_together(mock: Peloton) -> None:
    tree = await pools(mock)
    for pool in tree.values():
        children = [each for each in tree.values() if each.get("parent") == pool["respoolId"]]
        for own in pool["spec"]["resources"]:
            assert own.get("reservation", 0) <= own.get("limit", 0)
            below = [
                each for child in children for each in child["spec"]["resources"] if each["kind"] == own["kind"]
            ]
            assert sum(each.get("reservation", 0) for each in below) <= own.get("reservation", 0)
            assert all(each.get("limit", 0) <= own["limit"] for each in below)


async def test_allocation_and_slack_follow_the_pods(mock: Peloton) -> None:
    """At several moments, after a stop and a drain: what the pools say is what the pods on hosts hold."""
    job = await mock.job("asr-ft-nightly")
    before = usage((await pools(mock))["/ml/speech"], "gpu")[0]
    await mock.write("StopJob", job)
    mock.clock.advance(10)
    assert usage((await pools(mock))["/ml/speech"], "gpu")[0] == before - 4
    await mock.call("Host", "StartMaintenance", hostname="gpu-a100-0388")
    for seconds in (1, 20, 300, 3600):
        mock.clock.advance(seconds)
        tree = await pools(mock)
        world = mock.cluster.fleet.world
        for path, pool in tree.items():
            held = [0.0, 0.0]
            for host in world.hosts.values():
                for pod in host.pods.values():
                    if (world.pools.path(pod.spec.pool) + "/").startswith(path.rstrip("/") + "/"):
                        held[pod.spec.revocable] += pod.spec.resources.cpu
            assert usage(pool, "cpu") == pytest.approx(tuple(held))


async def test_a_full_pool_makes_jobs_wait_until_there_is_room(mock: Peloton) -> None:
    tree = await pools(mock)
    limit = next(each["limit"] for each in tree["/ml/ads"]["spec"]["resources"] if each["kind"] == "gpu")
    assert usage(tree["/ml/ads"], "gpu")[0] == limit
    waiting = await mock.job("ads-ctr-sweep-441")
    assert await mock.state(waiting) == "JOB_STATE_PENDING"
    assert {pod["status"]["message"] for pod in await mock.pods(waiting)} == {
        "waiting for admission: /ml/ads has no room"
    }
    await mock.write("StopJob", await mock.job("ctr-train-0822"))
    mock.clock.advance(20)
    assert await mock.state(waiting) == "JOB_STATE_RUNNING"


async def test_get_and_lookup(mock: Peloton) -> None:
    ads = (await mock.call("Pool", "LookupResourcePoolID", path={"value": "/ml/ads/"}))["respoolId"]
    assert (await mock.call("Pool", "LookupResourcePoolID", path={"value": "/"}))["respoolId"] == {"value": "root"}
    alone = await mock.call("Pool", "GetResourcePool", respoolId=ads)
    assert alone["respool"]["path"] == {"value": "/ml/ads"}
    with_children = await mock.call("Pool", "GetResourcePool", respoolId={"value": "root"}, includeChildPools=True)
    assert len(with_children["childRespools"]) == 3
    for path, code in (("ml/ads", "invalid-argument"), ("", "invalid-argument"), ("/nope", "not-found")):
        with pytest.raises(Failed) as refused:
            await mock.call("Pool", "LookupResourcePoolID", path={"value": path})
        assert refused.value.code == code
    with pytest.raises(Failed) as unknown:
        await mock.call("Pool", "GetResourcePool", respoolId={"value": "nope"})
    assert unknown.value.code == "not-found"


def resources(gpu: float, limit: float, kind: int = 1) -> list[Any]:
    return [{"kind": "gpu", "reservation": gpu, "limit": limit, "share": 1, "type": kind}]


async def test_create_update_delete(mock: Peloton) -> None:
    parent = (await pools(mock))["/research"]["respoolId"]
    static = enum("respool.ReservationType", "RESERVATION_TYPE_STATIC")
    spec = {"name": "robots", "parent": parent, "resources": resources(0, 4, static), "policy": 1}
    made = (await mock.call("Pool", "CreateResourcePool", spec=spec))["respoolId"]
    pool = (await pools(mock))["/research/robots"]
    assert pool["respoolId"] == made
    gpu = next(each for each in pool["spec"]["resources"] if each["kind"] == "gpu")
    assert gpu == {"kind": "gpu", "limit": 4, "share": 1, "type": "RESERVATION_TYPE_STATIC"}
    await mock.call(
        "Pool", "UpdateResourcePool", respoolId=made, spec={**spec, "name": "arms", "description": "all of them"}
    )
    assert (await pools(mock))["/research/arms"]["spec"]["description"] == "all of them"
    await mock.call("Pool", "DeleteResourcePool", respoolId=made)
    assert "/research/arms" not in await pools(mock)


async def test_what_the_tree_refuses(mock: Peloton) -> None:
    tree = await pools(mock)
    parent = tree["/research"]["respoolId"]
    for spec, code in [
        ({"name": "nlp", "parent": parent}, "invalid-argument"),
        ({"name": "", "parent": parent}, "invalid-argument"),
        ({"name": "x", "parent": {"value": "nope"}}, "invalid-argument"),
        ({"name": "x", "parent": parent, "resources": resources(5, 4)}, "invalid-argument"),
        ({"name": "x", "parent": parent, "resources": resources(1000, 2000)}, "invalid-argument"),
        ({"name": "x", "parent": parent, "resources": [{"kind": "tape"}]}, "invalid-argument"),
    ]:
        with pytest.raises(Failed) as refused:
            await mock.call("Pool", "CreateResourcePool", spec=spec)
        assert refused.value.code == code, spec
    with pytest.raises(Failed) as twice:
        await mock.call("Pool", "CreateResourcePool", respoolId=parent, spec={"name": "x", "parent": parent})
    assert twice.value.code == "already-exists"
    for path, code in [("/", "invalid-argument"), ("/ml", "invalid-argument"), ("/ml/ads", "failed-precondition")]:
        with pytest.raises(Failed) as kept:
            await mock.call("Pool", "DeleteResourcePool", respoolId=tree[path]["respoolId"])
        assert kept.value.code == code
    with pytest.raises(Failed) as moved:
        await mock.call(
            "Pool",
            "UpdateResourcePool",
            respoolId=tree["/ml/ads"]["respoolId"],
            spec={"name": "ads", "parent": parent},
        )
    assert moved.value.code == "invalid-argument"
    assert await pools(mock) == tree
