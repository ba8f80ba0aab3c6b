"""Jobs and pools from a document: what is shown first, what is sent, and what is refused before anything is."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.errors import Conflict, Invalid, NotFound, Unsupported
from adapters.model import Json, Kind, Pool, Ref, State
from adapters.peloton import SCHEMA, documents
from adapters.peloton.adapter import PelotonAdapter
from tests.unit.peloton.fake import POD, POOLS, RUN, Body, Fake, failure, job, permit, pod, uuid

pytestmark = pytest.mark.anyio

NEW_RUN, NEW_POOL = Ref("lab", Kind.RUN, ""), Ref("lab", Kind.POOL, "")
ADS = Ref("lab", Kind.POOL, "pool-ads")
SPEC: dict[str, Json] = {
    "name": "train-9",
    "instanceCount": 2,
    "respoolId": {"value": "pool-ads"},
    "defaultSpec": {"containers": [{"name": "main", "container": {"type": "DOCKER", "docker": {"image": "a:1"}}}]},
}


def present(**spec: Any) -> Body:
    """GetJob's answer for a job that runs SPEC."""
    summary = job(1)
    inside = {**SPEC, "revision": {"version": "4"}, **spec}
    return {
        "jobInfo": {"jobId": {"value": uuid(1)}, "spec": inside, "status": summary["status"]},
        "summary": summary,
    }


async def test_a_spec_or_a_whole_request_make_a_job(fake: Fake, lab: PelotonAdapter) -> None:
    fake.on("CreateJob", {"jobId": {"value": uuid(9)}, "version": {"value": "1-1-1"}})
    made = await lab.perform("create", NEW_RUN, {"spec": SPEC, "batch_size": 1, "start_paused": True}, permit())
    assert made.created == Ref("lab", Kind.RUN, uuid(9))
    sent = fake.last("CreateJob").body
    assert set(sent) == {"spec", "createSpec"}
    assert sent["createSpec"] == {"batchSize": 1, "startPaused": True}
    assert sent["spec"]["respoolId"] == {"value": "pool-ads"}
    assert sent["spec"]["defaultSpec"]["containers"][0]["container"]["type"] == 1, "names of enums are refused"
    whole: Json = {
        "job_id": uuid(8),
        "spec": {**SPEC, "respool_id": "pool-x"},
        "create_spec": {"batch_size": 3},
        "secrets": [{"path": "/etc/key", "value": {"data": "eA=="}}],
        "opaque_data": {"data": "ci"},
    }
    await lab.perform("create", NEW_RUN, {"spec": whole, "batch_size": "2"}, permit())
    sent = fake.last("CreateJob").body
    assert sent["jobId"] == {"value": uuid(8)}
    assert sent["createSpec"] == {"batchSize": 2}, "what is said beside the file wins"
    assert sent["secrets"] == [{"path": "/etc/key", "value": {"data": "eA=="}}], "this path is a plain text"
    assert sent["opaqueData"] == {"data": "ci"}


async def test_a_pool_may_be_named_by_its_path(fake: Fake, lab: PelotonAdapter) -> None:
    fake.on("LookupResourcePoolID", {"respoolId": {"value": "pool-ads"}}).on("CreateJob", {})
    bare = {key: value for key, value in SPEC.items() if key != "respoolId"}
    preview = await lab.preview("create", NEW_RUN, {"spec": bare, "pool": "/ml/ads"})
    assert fake.last("LookupResourcePoolID").body == {"path": {"value": "/ml/ads"}}
    assert dict(preview.notes)["pool"] == "/ml/ads"
    assert fake.count("CreateJob") == 0
    await lab.perform("create", NEW_RUN, {"spec": bare, "pool": "/ml/ads"}, permit())
    assert fake.last("CreateJob").body["spec"]["respoolId"] == {"value": "pool-ads"}
    fake.on("LookupResourcePoolID", failure("not-found", "resource pool path /x not found"))
    with pytest.raises(NotFound):
        await lab.preview("create", NEW_RUN, {"spec": bare, "pool": "/x"})


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        ({"name": "x"}, "names no pool"),
        ({"name": "x", "respoolId": {"value": "pool-ml"}}, "not a leaf pool"),
        ({"name": "x", "respoolId": "nope"}, "no pool 'nope'"),
    ],
)
async def test_a_job_nobody_would_take_is_refused_in_the_plan(lab: PelotonAdapter, spec: Json, told: str) -> None:
    with pytest.raises(Conflict, match=told):
        await lab.preview("create", NEW_RUN, {"spec": spec})


@pytest.mark.parametrize("spec", [None, "", [], {}, "text", {"spec": []}])
@pytest.mark.parametrize(("action", "ref"), [("create", NEW_RUN), ("replace", RUN), ("create-pool", NEW_POOL)])
async def test_what_is_no_object_is_refused_unsent(
    fake: Fake, lab: PelotonAdapter, action: str, ref: Ref, spec: Json
) -> None:
    fake.on("GetJob", present())
    with pytest.raises(Invalid, match="spec") as caught:
        await lab.perform(action, ref, {"spec": spec}, permit())
    assert caught.value.executed is False
    assert not {"CreateJob", "ReplaceJob", "CreateResourcePool"} & {asked.method for asked in fake.asked}


async def test_a_replace_shows_which_pods_and_which_values(fake: Fake, lab: PelotonAdapter) -> None:
    fake.on("GetJob", present())
    fake.on(
        "GetReplaceJobDiff",
        {
            "instancesAdded": [{"from": 4, "to": 6}],
            "instancesRemoved": [],
            "instancesUpdated": [{"to": 3}, {"from": 7, "to": 8}],
            "instancesUnchanged": [{"from": 3, "to": 4}],
        },
    )
    new: dict[str, Json] = {**SPEC, "instanceCount": 6, "description": "more", "sla": {"preemptible": False}}
    del new["respoolId"]
    preview = await lab.preview("replace", RUN, {"spec": new, "batch_size": 2})
    asked = fake.last("GetReplaceJobDiff").body
    assert asked["version"] == {"value": "1-1-1"}
    assert asked["spec"]["respoolId"] == {"value": "pool-ads"}, "a job stays in its pool"
    assert preview.notes == (
        ("adds", "2 pods: 4-5"),
        ("updates", "4 pods: 0-2,7"),
        ("keeps", "1 pod: 3"),
        ("change", "instanceCount: 2 -> 6"),
        ("change", "description: none -> more"),
    )
    assert preview.affected[0].pods == 6
    assert fake.count("ReplaceJob") == 0


async def test_a_replace_sends_the_version_it_has_just_read(fake: Fake, lab: PelotonAdapter) -> None:
    fake.on("GetJob", present()).on("ReplaceJob", {"version": {"value": "2-1-2"}})
    params: dict[str, Json] = {"spec": SPEC, "max_instance_retries": 3, "rollback_on_failure": True}
    done = await lab.perform("replace", RUN, params, permit(RUN))
    assert done.message == "accepted, version 1-1-1 is now 2-1-2"
    body = fake.last("ReplaceJob").body
    assert body["updateSpec"] == {"maxInstanceRetries": 3, "rollbackOnFailure": True}
    assert "revision" not in body["spec"]
    fake.on("ReplaceJob", {"version": {"value": "1-1-1"}})
    assert "nothing to do" in (await lab.perform("replace", RUN, params, permit(RUN))).message
    fake.on("ReplaceJob", failure("aborted", "unexpected entity version"))
    with pytest.raises(Conflict, match="has changed since"):
        await lab.perform("replace", RUN, params, permit(RUN))


async def test_a_server_without_the_diff_does_not_stop_a_replace(fake: Fake, lab: PelotonAdapter) -> None:
    fake.on("GetJob", present())
    notes = (await lab.preview("replace", RUN, {"spec": SPEC})).notes
    assert [label for label, _ in notes] == ["unknown", "change", "batch"]
    assert dict(notes)["change"] == "none: the spec is the one it has"


async def test_patch_says_that_it_does_nothing(fake: Fake, lab: PelotonAdapter) -> None:
    fake.on("GetJob", present()).on("PatchJob", {}).on("GetReplaceJobDiff", {})
    assert (await lab.preview("patch", RUN, {"spec": SPEC})).notes[0][0] == "stub"
    assert "do nothing" in (await lab.perform("patch", RUN, {"spec": SPEC}, permit(RUN))).message


def test_what_a_restart_allows() -> None:
    action = SCHEMA.action("replace", Kind.RUN)
    assert action is not None
    from adapters.model import Run

    for kind, state, legal in (
        ("UPDATE", "ROLLING_FORWARD", True),
        ("RESTART", "ROLLING_FORWARD", False),
        ("RESTART", "SUCCEEDED", True),
    ):
        extra: dict[str, Json] = {"workflow_type": kind, "workflow_state": state}
        run = Run(ref=RUN, name="x", state=State.RUNNING, native_state="JOB_STATE_RUNNING", extra=extra)
        assert (action.reason_against(run) is None) == legal


def test_changes_see_what_the_server_sees() -> None:
    before: Json = {"resources": [{"kind": "gpu", "limit": 8, "type": "RESERVATION_TYPE_ELASTIC"}], "parent": "a"}
    after: Json = {"resources": [{"kind": "gpu", "limit": 9, "type": 1, "share": 0}], "parent": {"value": "a"}}
    assert documents.changes(before, after) == [("resources[gpu].limit", 8, 9)]
    many = [(f"a{number}", 1, "[/red]" * 30) for number in range(20)]
    notes = documents.change_notes(many)  # type: ignore[arg-type]  # lists are invariant
    assert len(notes) == documents.MOST_CHANGES + 1
    assert all(len(text) < 90 for _, text in notes)


# --- pools -----------------------------------------------------------------------------------------------------


async def test_a_pool_is_made_under_a_path(fake: Fake, lab: PelotonAdapter) -> None:
    fake.on("LookupResourcePoolID", {"respoolId": {"value": "pool-ml"}})
    fake.on("CreateResourcePool", {"respoolId": {"value": "pool-new"}})
    spec: Json = {"name": "new", "resources": [{"kind": "gpu", "limit": 2, "type": "RESERVATION_TYPE_STATIC"}]}
    preview = await lab.preview("create-pool", NEW_POOL, {"spec": spec, "under": "/ml"})
    assert preview.notes[0] == ("path", "/ml/new")
    assert ("change", "resources[gpu].limit: none -> 2") in preview.notes
    made = await lab.perform("create-pool", NEW_POOL, {"spec": spec, "under": "/ml"}, permit())
    assert made.created == Ref("lab", Kind.POOL, "pool-new")
    sent = fake.last("CreateResourcePool").body["spec"]
    assert (sent["parent"], sent["resources"][0]["type"]) == ({"value": "pool-ml"}, 2)
    with pytest.raises(Conflict, match="/ml/ads is there already"):
        await lab.preview("create-pool", NEW_POOL, {"spec": {"name": "ads"}, "under": "/ml"})
    with pytest.raises(Conflict, match="no name"):
        await lab.preview("create-pool", NEW_POOL, {"spec": {"policy": 1}, "under": "/ml"})


async def test_an_update_of_a_pool_keeps_what_it_does_not_name(fake: Fake, lab: PelotonAdapter) -> None:
    fake.on("GetResourcePool", {"respool": POOLS["respools"][2]}).on("UpdateResourcePool", {})
    wanted: Json = {"resources": [{"kind": "gpu", "limit": 12}]}
    preview = await lab.preview("update-pool", ADS, {"spec": wanted})
    assert preview.notes == (("change", "resources[gpu].limit: 8 -> 12"),)
    await lab.perform("update-pool", ADS, {"spec": wanted, "force": True}, permit(ADS))
    body = fake.last("UpdateResourcePool").body
    assert (body["respoolId"], body["Force"]) == ({"value": "pool-ads"}, True)
    assert body["spec"]["resources"] == [
        {"kind": "gpu", "reservation": 4, "limit": 12, "share": 2, "type": 1},
        {"kind": "memory", "reservation": 1024, "limit": 2048, "share": 1},
    ]
    assert (body["spec"]["policy"], body["spec"]["owningTeam"]) == (1, "ads")


async def test_only_idle_leaf_pools_are_removed(fake: Fake, lab: PelotonAdapter) -> None:
    action = SCHEMA.action("delete-pool", Kind.POOL)
    assert action is not None
    fake.on("QueryJobs", {"records": [job(1)]}).on("DeleteResourcePool", {})
    pools = {item.name: item for item in (await lab.list(Kind.POOL)).items if isinstance(item, Pool)}
    told = {name: action.reason_against(pool) for name, pool in pools.items()}
    assert told["/"] == "the root pool cannot be changed"
    assert told["/ml"] == "it has pools below it"
    assert told["/ml/ads"] == "it is busy: 1 runs, 0 waiting"
    await lab.perform("delete-pool", ADS, {}, permit(ADS))
    assert fake.last("DeleteResourcePool").body == {"respoolId": {"value": "pool-ads"}}
    fake.on("DeleteResourcePool", failure("failed-precondition", "resource pool is busy"))
    with pytest.raises(Conflict, match="busy"):
        await lab.perform("delete-pool", ADS, {}, permit(ADS))


async def test_v0_takes_pools_in_its_own_words(fake: Fake) -> None:
    answers = {
        "Query": {"resourcePools": [{"id": {"value": "p"}, "path": {"value": "/a/p"}, "config": {"name": "p"}}]},
        "GetResourcePool": {"poolinfo": {"id": {"value": "p"}, "config": {"name": "p", "description": "old"}}},
        "LookupResourcePoolID": {"id": {"value": "p"}},
        "CreateResourcePool": {"result": {"value": "q"}},
        "UpdateResourcePool": {},
        "DeleteResourcePool": {"error": {"isBusy": {"message": "resource pool is busy"}}},
    }
    manager = "peloton.api.respool.ResourceManager::"
    fake.handlers.clear()
    for method, answer in answers.items():
        fake.on(f"{manager}{method}", answer)  # type: ignore[arg-type]  # all are objects
    adapter = fake.adapter()
    ref = Ref("lab", Kind.POOL, "p")
    made = await adapter.perform("create-pool", NEW_POOL, {"spec": {"name": "q"}, "under": "/a"}, permit())
    assert made.created == Ref("lab", Kind.POOL, "q")
    assert set(fake.last("CreateResourcePool").body) == {"config"}
    await adapter.perform("update-pool", ref, {"spec": {"description": "new"}}, permit())
    assert fake.last("UpdateResourcePool").body == {
        "id": {"value": "p"},
        "config": {"name": "p", "description": "new"},
    }
    with pytest.raises(Conflict, match="busy"):
        await adapter.perform("delete-pool", ref, {}, permit())
    assert fake.last("DeleteResourcePool").body == {"path": {"value": "/a/p"}}
    await adapter.aclose()


# --- the small ones --------------------------------------------------------------------------------------------


async def test_refresh_and_the_events_of_a_run(fake: Fake, lab: PelotonAdapter) -> None:
    fake.on("RefreshJob", {}).on("RefreshPod", {}).on("DeletePodEvents", {})
    fake.on("GetJob", {"summary": job(1)}).on("GetPod", {"current": pod(1, 0, run=3)})
    await lab.perform("refresh", RUN, {}, permit(RUN))
    await lab.perform("refresh", POD, {}, permit(POD))
    preview = await lab.preview("delete-events", POD, {})
    assert preview.affected[0].what == "run 3 of the pod"
    await lab.perform("delete-events", POD, {}, permit(POD))
    assert fake.last("DeletePodEvents").body["podId"] == {"value": f"{POD.id}-3"}
    await lab.perform("delete-events", POD, {"run": 2}, permit(POD))
    assert fake.last("DeletePodEvents").body["podId"] == {"value": f"{POD.id}-2"}


async def test_a_context_is_no_object_and_the_reverse(fake: Fake, lab: PelotonAdapter) -> None:
    for action, ref in (("create", RUN), ("abort", NEW_RUN), ("create-pool", ADS), ("delete-pool", NEW_POOL)):
        with pytest.raises(Unsupported, match=action):
            await lab.perform(action, ref, {"spec": SPEC}, permit())
    assert not fake.asked


async def test_pods_tell_what_an_update_did_to_them(fake: Fake, lab: PelotonAdapter) -> None:
    fake.on("GetPodEvents", {"events": [{"actualState": "POD_STATE_RUNNING", "timestamp": "2019-06-08T13:20:00Z"}]})
    told = {"type": "WORKFLOW_TYPE_UPDATE", "state": "WORKFLOW_STATE_ROLLING_FORWARD"}
    fake.on("GetWorkflowEvents", {"events": [{**told, "timestamp": "2019-06-08T13:19:00.5Z"}]})
    found = await lab.events(POD)
    assert [(event.text, event.state) for event in found] == [("update rolling forward", None), ("", State.RUNNING)]
    assert fake.last("GetWorkflowEvents").body["instanceId"] == 0
    fake.on("GetWorkflowEvents", failure("unavailable", "job runtime does not have workflow"))
    assert len(await lab.events(POD)) == 1
    assert fake.count("GetWorkflowEvents") == 2, "that is no bad weather, so it is not asked again"
