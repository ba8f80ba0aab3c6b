"""Volumes: listed under a run and over all, read, deleted; and absent where the cluster does not serve them."""

from __future__ import annotations

import pytest

from adapters.errors import NotFound, Unsupported
from adapters.model import Kind, Ref, State, Volume
from adapters.peloton import SCHEMA
from adapters.peloton.adapter import PelotonAdapter
from adapters.port import Query
from tests.unit.peloton.fake import POD, RUN, Body, Fake, failure, job, permit

pytestmark = pytest.mark.anyio

REF = Ref("lab", Kind.VOLUME, "vol-1")


def volume(name: str, state: str = "CREATED", **more: object) -> Body:
    return {
        "volumeId": {"value": name},
        "podName": {"value": POD.id},
        "hostname": "h1",
        "state": f"VOLUME_STATE_{state}",
        "desiredState": "VOLUME_STATE_CREATED",
        "sizeMb": 2048,
        "containerPath": "/data",
        "createTime": "2019-06-08T13:20:00Z",
        **more,
    }


async def test_volumes_of_a_run_and_of_all(fake: Fake, lab: PelotonAdapter) -> None:
    fake.on("GetJob", {"summary": job(1)}).on("QueryJobs", {"records": [job(1), job(2)]})
    fake.on(
        "ListVolumes",
        lambda body: {"volumes": {"vol-1": volume("vol-1")}} if body["jobId"]["value"] == RUN.id else {},
    )
    for query in (Query(parent=RUN), Query()):
        (found,) = (await lab.list(Kind.VOLUME, query)).items
        assert isinstance(found, Volume)
        assert (found.ref, found.parent, found.name) == (REF, RUN, "train-1-0 /data")
        assert (found.state, found.size, found.host) == (State.UP, 2 * 2**30, "h1")
        assert found.created == 1_560_000_000.0
        assert found.message is None
    assert fake.last("ListVolumes").body == {"jobId": {"value": fake.last("ListVolumes").body["jobId"]["value"]}}


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("INITIALIZED", State.PENDING),
        ("CREATED", State.UP),
        ("DELETED", State.ABORTED),
        ("SHREDDED", State.UNKNOWN),
    ],
)
async def test_states(fake: Fake, lab: PelotonAdapter, word: str, state: State) -> None:
    fake.on("GetJob", {"summary": job(1)}).on("GetVolume", {"result": volume("vol-1", word)})
    found = await lab.get(REF)
    assert (found.state, found.native_state) == (state, f"VOLUME_STATE_{word}")
    assert found.message == (None if word == "CREATED" else "goal is CREATED")


async def test_details_and_deletion(fake: Fake, lab: PelotonAdapter) -> None:
    fake.on("GetJob", {"summary": job(1)}).on("DeleteVolume", {})
    fake.on("GetVolume", {"result": volume("vol-1", newer={"a": 1})})
    detail = await lab.detail(REF)
    assert ("result.newer.a", 1) in detail.sections[-1].rows  # type: ignore[union-attr]
    assert "GetVolume" not in (await lab.preview("delete", REF, {})).call
    await lab.perform("delete", REF, {}, permit(REF))
    assert fake.last("DeleteVolume").body == {"volumeId": {"value": "vol-1"}}
    fake.on("GetVolume", failure("not-found", "volume vol-1 not found"))
    with pytest.raises(NotFound):
        await lab.get(REF)


async def test_a_cluster_without_volumes_lacks_them_from_then_on(fake: Fake, lab: PelotonAdapter) -> None:
    assert Kind.VOLUME in SCHEMA.kinds
    fake.on("QueryHosts", {}).on("QueryJobs", {"records": [job(1)]})
    with pytest.raises(Unsupported, match="VolumeService"):
        await lab.list(Kind.VOLUME)
    schema = await lab.describe()
    assert "VolumeService" in schema.absent[Kind.VOLUME]
    assert Kind.VOLUME not in schema.kinds
    assert schema.action("delete", Kind.VOLUME) is None
    assert Kind.VOLUME not in schema.kinds[Kind.RUN].children
