"""Actions: the version re-read for each write, exactly one write, both shapes, honest previews and refusals."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.actions import ActionSpec
from adapters.errors import Conflict, Invalid, NotFound, Unsupported
from adapters.model import Host, Kind, Pod, Ref, Run, State, Update
from adapters.peloton import SCHEMA
from adapters.peloton.adapter import PelotonAdapter
from adapters.peloton.ids import parse_ranges, spell_ranges
from adapters.permit import PermitRefused
from tests.unit.peloton.fake import HOST, POD, POOLS, RUN, Body, Fake, failure, job, permit, pod, stamp, uuid
from tests.unit.peloton.test_pods_and_places import serve_pods, with_updates, workflow

pytestmark = pytest.mark.anyio

UPDATE = Ref("lab", Kind.UPDATE, f"{uuid(1)}/{stamp(30)}")


def versions(fake: Fake, *texts: str) -> Fake:
    """GetJob gives these versions in turn."""
    turn = iter(texts)
    return fake.on("GetJob", lambda body: {"summary": job(1, status={"version": {"value": next(turn)}})})


@pytest.mark.parametrize(
    ("action", "method"), [("abort", "StopJob"), ("start", "StartJob"), ("restart", "RestartJob")]
)
async def test_each_write_reads_the_version_anew(fake: Fake, lab: PelotonAdapter, action: str, method: str) -> None:
    versions(fake, "1-1-1", "1-2-1").on(method, {"version": {"value": "1-9-1"}})
    first = await lab.perform(action, RUN, {}, permit(RUN))
    await lab.perform(action, RUN, {}, permit(RUN))
    assert first.message == "accepted, version 1-1-1 is now 1-9-1"
    sent = [asked.body["version"]["value"] for asked in fake.asked if asked.method == method]
    assert sent == ["1-1-1", "1-2-1"]
    assert fake.last(method).body["jobId"] == {"value": uuid(1)}


async def test_a_stale_version_is_a_conflict_and_not_repeated(fake: Fake, lab: PelotonAdapter) -> None:
    versions(fake, "1-1-1").on("StopJob", failure("aborted", "unexpected entity version"))
    with pytest.raises(Conflict, match="the job has changed since it was read") as caught:
        await lab.perform("abort", RUN, {}, permit(RUN))
    assert caught.value.executed is True
    assert caught.value.code == "aborted"
    assert fake.count("StopJob") == 1


async def test_a_permit_is_good_for_one_write(fake: Fake, lab: PelotonAdapter) -> None:
    versions(fake, "1-1-1", "1-2-1").on("StopJob", {})
    one = permit(RUN)
    await lab.perform("abort", RUN, {}, one)
    with pytest.raises(PermitRefused):
        await lab.perform("abort", RUN, {}, one)
    assert fake.count("StopJob") == 1


async def test_a_failing_write_is_not_retried(fake: Fake) -> None:
    versions(fake, "1-1-1").on("StopJob", failure("internal", "boom"))
    adapter = fake.adapter(retries=3)
    with pytest.raises(Exception, match="boom"):
        await adapter.perform("abort", RUN, {}, permit(RUN))
    assert fake.count("StopJob") == 1
    await adapter.aclose()


async def test_restart_sends_both_shapes_with_the_end_excluded(fake: Fake, lab: PelotonAdapter) -> None:
    versions(fake, "1-1-1").on("RestartJob", {})
    await lab.perform("restart", RUN, {"batch_size": 2, "ranges": "0-4,7"}, permit(RUN))
    body = fake.last("RestartJob").body
    spec = {"batchSize": 2, "ranges": [{"from": 0, "to": 5}, {"from": 7, "to": 8}]}
    assert body["restartSpec"] == spec
    assert {key: body[key] for key in spec} == spec


@pytest.mark.parametrize("params", [{"ranges": "4-1"}, {"ranges": "a"}, {"batch_size": 1.5}, {"batch_size": -1}])
async def test_nonsense_is_refused_before_the_write(
    fake: Fake, lab: PelotonAdapter, params: dict[str, Any]
) -> None:
    versions(fake, "1-1-1").on("RestartJob", {})
    with pytest.raises(Invalid):
        await lab.perform("restart", RUN, params, permit(RUN))
    assert fake.count("RestartJob") == 0


@pytest.mark.parametrize("text", ["0", "0-4,7", "3,5,9-11"])
def test_ranges_there_and_back(text: str) -> None:
    numbers = [number for start, end in parse_ranges(text) for number in range(start, end)]
    assert spell_ranges(numbers) == text


async def test_delete_needs_killed_or_force(fake: Fake, lab: PelotonAdapter) -> None:
    fake.on("GetJob", {"summary": job(1, "FAILED")}).on("DeleteJob", {})
    with pytest.raises(Conflict, match="only a job that is KILLED"):
        await lab.preview("delete", RUN, {})
    with pytest.raises(Conflict, match="only a job that is KILLED"):
        await lab.perform("delete", RUN, {}, permit(RUN))
    assert fake.count("DeleteJob") == 0
    assert ("force", "live pods are killed first") in (await lab.preview("delete", RUN, {"force": True})).notes
    await lab.perform("delete", RUN, {"force": True}, permit(RUN))
    assert fake.last("DeleteJob").body["force"] is True
    fake.on("GetJob", {"summary": job(1, "KILLED")})
    await lab.perform("delete", RUN, {}, permit(RUN))
    assert fake.count("DeleteJob") == 2


async def test_not_stopped_comes_as_aborted_like_a_version_conflict(fake: Fake, lab: PelotonAdapter) -> None:
    fake.on("GetJob", {"summary": job(1, "KILLED")}).on("DeleteJob", failure("aborted", "job is not stopped"))
    with pytest.raises(Conflict, match="job is not stopped") as caught:
        await lab.perform("delete", RUN, {}, permit(RUN))
    assert "force" in caught.value.hint
    assert "changed since" not in caught.value.sentence


@pytest.mark.parametrize(
    ("action", "method", "more"),
    [("abort", "StopPod", {}), ("start", "StartPod", {}), ("restart", "RestartPod", {"checkSla": True})],
)
async def test_pod_actions(fake: Fake, lab: PelotonAdapter, action: str, method: str, more: Body) -> None:
    fake.on(method, {})
    await lab.perform(action, POD, {}, permit(POD))
    assert fake.last(method).body == {"podName": {"value": POD.id}, **more}


@pytest.mark.parametrize(("action", "method"), [("drain", "StartMaintenance"), ("undrain", "CompleteMaintenance")])
async def test_maintenance_sends_both_shapes(fake: Fake, lab: PelotonAdapter, action: str, method: str) -> None:
    fake.on(method, {})
    await lab.perform(action, HOST, {}, permit(HOST))
    assert fake.last(method).body == {"hostname": "h1", "hostnames": ["h1"]}
    assert fake.count(method) == 1


async def test_errors_folded_into_internal_keep_their_meaning(fake: Fake, lab: PelotonAdapter) -> None:
    text = "1 error occurred: code:aborted message:host is not a Peloton agent"
    fake.on("StartMaintenance", failure("internal", text))
    with pytest.raises(Conflict, match="host is not a Peloton agent"):
        await lab.perform("drain", HOST, {}, permit(HOST))
    fake.on("CompleteMaintenance", failure("not-found", "Host is not DOWN"))
    with pytest.raises(NotFound, match="Host is not DOWN"):
        await lab.perform("undrain", HOST, {}, permit(HOST))


@pytest.mark.parametrize(
    ("action", "method"),
    [("pause", "PauseJobWorkflow"), ("resume", "ResumeJobWorkflow"), ("abort-update", "AbortJobWorkflow")],
)
async def test_update_actions(fake: Fake, lab: PelotonAdapter, action: str, method: str) -> None:
    with_updates(fake, workflow(30, "ROLLING_FORWARD")).on(method, {"version": {"value": "1-1-2"}})
    result = await lab.perform(action, UPDATE, {}, permit(UPDATE))
    assert result.message == "accepted, version 1-1-1 is now 1-1-2"
    assert fake.last(method).body == {"jobId": {"value": uuid(1)}, "version": {"value": "1-1-1"}}


async def test_an_update_that_is_no_longer_current_is_left_alone(fake: Fake, lab: PelotonAdapter) -> None:
    with_updates(fake, workflow(30, "ROLLING_FORWARD"), workflow(40, "ROLLING_FORWARD"))
    fake.on("AbortJobWorkflow", {})
    with pytest.raises(Conflict, match="no longer the job's current update"):
        await lab.perform("abort-update", UPDATE, {}, permit(UPDATE))
    assert fake.count("AbortJobWorkflow") == 0


async def test_an_action_that_is_not_declared_is_unsupported(fake: Fake, lab: PelotonAdapter) -> None:
    with pytest.raises(Unsupported, match="nearest: undrain"):
        await lab.perform("undrainn", HOST, {}, permit(HOST))
    with pytest.raises(Unsupported):
        await lab.preview("drain", RUN, {})
    assert not fake.asked


def spec(action: str, kind: Kind) -> ActionSpec:
    found = SCHEMA.action(action, kind)
    assert found is not None
    return found


def run(state: State, native: str, **extra: Any) -> Run:
    return Run(ref=RUN, name="r", state=state, native_state=f"JOB_STATE_{native}", extra=extra)


def test_what_is_legal_for_a_run() -> None:
    going, killing = run(State.RUNNING, "RUNNING"), run(State.ABORTING, "KILLING")
    killed, deleted = run(State.ABORTED, "KILLED"), run(State.ABORTED, "DELETED")
    assert spec("abort", Kind.RUN).reason_against(going) is None
    assert spec("abort", Kind.RUN).reason_against(killing) == "it is being stopped already"
    assert spec("abort", Kind.RUN).reason_against(killed) == "it has already ended"
    assert spec("start", Kind.RUN).reason_against(killed) is None
    assert spec("start", Kind.RUN).reason_against(going) == "it is not stopped"
    assert spec("start", Kind.RUN).reason_against(deleted) == "it has been deleted"
    assert spec("restart", Kind.RUN).reason_against(killed) is None, "it also revives a stopped job"
    rolling = run(State.RUNNING, "RUNNING", workflow_state="ROLLING_FORWARD")
    assert "abort the update first" in (spec("restart", Kind.RUN).reason_against(rolling) or "")


def test_what_is_legal_for_pods_hosts_and_updates() -> None:
    stopped = Pod(
        ref=POD, name="p", state=State.ABORTED, native_state="POD_STATE_KILLED", extra={"desired_state": "KILLED"}
    )
    assert spec("start", Kind.POD).reason_against(stopped) is None
    assert spec("restart", Kind.POD).reason_against(stopped) == "it was stopped on request; start it instead"
    for state, drain, undrain in (
        (State.UP, True, False),
        (State.DRAINING, False, False),
        (State.DRAINED, False, False),
        (State.DOWN, False, True),
        (State.UNKNOWN, False, False),
    ):
        host = Host(ref=HOST, name="h1", state=state, native_state="x")
        assert (spec("drain", Kind.HOST).reason_against(host) is None) == drain, state
        assert (spec("undrain", Kind.HOST).reason_against(host) is None) == undrain, state
    for current, state, legal in (
        (True, State.RUNNING, {"pause", "abort-update"}),
        (True, State.PAUSED, {"resume", "abort-update"}),
        (True, State.SUCCEEDED, set()),
        (False, State.RUNNING, set()),
        (None, State.RUNNING, set()),
    ):
        update = Update(ref=UPDATE, name="u", state=state, native_state="x", current=current)
        actions = SCHEMA.actions_for(Kind.UPDATE)
        assert {one.id for one in actions if one.reason_against(update) is None} == legal


def full_job(number: int, pods: list[Body], **more: Any) -> Body:
    summary = job(number)
    container = {"name": "main", "resource": {"gpuLimit": 2}}
    spec = {
        "name": f"train-{number}",
        "owner": "ana",
        "instanceCount": len(pods),
        "respoolId": {"value": "pool-ads"},
        "defaultSpec": {"containers": [container], **more.pop("defaultSpec", {})},
        **more,
    }
    status = {**summary["status"], "podStats": {"POD_STATE_RUNNING": len(pods)}}
    return {"jobInfo": {"jobId": {"value": uuid(number)}, "spec": spec, "status": status}}


async def test_what_a_drain_affects_worst_first(fake: Fake, lab: PelotonAdapter) -> None:
    pods = {
        1: [pod(1, 0, host="h1"), pod(1, 1, host="h1"), pod(1, 2, host="h2")],
        2: [pod(2, 0, host="h1")],
        3: [pod(3, 0, host="h1")],
        4: [pod(4, 0, host="h2")],
    }
    serve_pods(fake, pods)
    jobs = {
        uuid(1): full_job(1, pods[1], sla={"maximumUnavailableInstances": 1}),
        uuid(2): full_job(2, pods[2], defaultSpec={"preemptionPolicy": {"killOnPreempt": True}}),
        uuid(3): full_job(3, pods[3]),
    }
    fake.on("GetJob", lambda body: jobs[body["jobId"]["value"]])
    preview = await lab.preview("drain", HOST, {})
    assert preview.call == "HostService.StartMaintenance hostname=h1, then watch it"
    assert "CompleteMaintenance is legal only once down" in preview.undo
    assert [(one.name, one.pods, one.what) for one in preview.affected] == [
        ("train-2", 1, "killed, no restart"),
        ("train-1", 2, "1 at a time: SLA"),
        ("train-3", 1, "restarts elsewhere"),
    ]
    assert {one.owner for one in preview.affected} == {"ana"}
    assert {one.pool for one in preview.affected} == {"/ml/ads"}
    assert [one.warn for one in preview.affected] == [True, False, False]
    assert preview.complete
    assert preview.notes == (("slow", "train-1 allows 1 unavailable pod; may stay draining for long"),)
    assert not any(asked.method in ("StartMaintenance", "StopJob") for asked in fake.asked)


async def test_a_drain_tells_how_much_work_begins_again(
    fake: Fake, lab: PelotonAdapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    pods = {3: [pod(3, 0, host="h1", startTime=stamp(0)), pod(3, 1, host="h1", startTime=stamp(1800))]}
    own = {"1": {"containers": [{"resource": {"gpuLimit": 8}}]}}
    serve_pods(fake, pods).on("GetJob", full_job(3, pods[3], instanceSpec=own))
    monkeypatch.setattr("adapters.peloton.adapter.time.time", lambda: 1_560_003_600.0)
    preview = await lab.preview("drain", HOST, {})
    assert preview.notes == (("work", "6.0 GPU-hours since their last start"),)


async def test_a_full_pool_makes_evicted_pods_wait(fake: Fake, lab: PelotonAdapter) -> None:
    pods = {3: [pod(3, 0, host="h1")]}
    serve_pods(fake, pods).on("GetJob", full_job(3, pods[3]))
    full = {**POOLS["respools"][2], "usages": [{"kind": "gpu", "allocation": 8}]}
    fake.on("QueryResourcePools", {"respools": [*POOLS["respools"][:2], full]})
    (affected,) = (await lab.preview("drain", HOST, {})).affected
    assert (affected.what, affected.warn) == ("restart, waits: full", True)


async def test_a_drain_plan_from_an_incomplete_scan_says_so(fake: Fake) -> None:
    pods = {number: [pod(number, 0, host="h1")] for number in range(5)}
    serve_pods(fake, pods)
    fake.on("GetJob", lambda body: full_job(int(body["jobId"]["value"][-12:]), [{}]))
    adapter = fake.adapter(fan_out_jobs=3)
    preview = await adapter.preview("drain", HOST, {})
    assert len(preview.affected) == 3
    assert not preview.complete
    assert preview.notes[-1] == ("scan", "only pods of 3 of 5 jobs were looked at; there may be more")
    await adapter.aclose()


async def test_a_job_that_cannot_be_read_makes_the_plan_incomplete(fake: Fake, lab: PelotonAdapter) -> None:
    serve_pods(fake, {1: [pod(1, 0, host="h1")]}).on("GetJob", failure("internal", "no"))
    preview = await lab.preview("drain", HOST, {})
    assert not preview.complete
    assert preview.notes[0][0] == "unknown"
    assert preview.affected[0].what == "not known: it could not be read"


async def test_what_stopping_a_run_affects(fake: Fake, lab: PelotonAdapter) -> None:
    fake.on("GetJob", full_job(1, [{}] * 3))
    preview = await lab.preview("abort", RUN, {})
    assert preview.call == f"JobService.StopJob jobId={uuid(1)}"
    assert preview.undo.startswith("start")
    (affected,) = preview.affected
    assert (affected.pods, affected.owner, affected.pool) == (3, "ana", "/ml/ads")
    assert preview.notes == (("frees", "6 GPU"),)


async def test_what_restarting_some_instances_affects(fake: Fake, lab: PelotonAdapter) -> None:
    fake.on("GetJob", full_job(1, [{}] * 6))
    preview = await lab.preview("restart", RUN, {"ranges": "4-9", "batch_size": 1})
    assert preview.affected[0].pods == 2, "instances beyond the last are ignored by the server"
    assert preview.call.endswith("ranges=4-9 batch_size=1")
    with pytest.raises(Invalid):
        await lab.preview("restart", RUN, {"ranges": "x"})


async def test_plain_previews(fake: Fake, lab: PelotonAdapter) -> None:
    fake.on("GetPod", {"current": pod(1, 0, run=4)}).on("GetJob", {"summary": job(1)})
    stop = await lab.preview("abort", POD, {})
    assert stop.call == f"PodService.StopPod podName={POD.id}"
    assert (stop.affected[0].name, stop.affected[0].what) == ("train-1-0", "run 4 of the pod")
    pause = await lab.preview("pause", UPDATE, {})
    assert pause.call == f"JobService.PauseJobWorkflow jobId={uuid(1)}"
    undrain = await lab.preview("undrain", HOST, {})
    assert undrain.call == "HostService.CompleteMaintenance hostname=h1"
