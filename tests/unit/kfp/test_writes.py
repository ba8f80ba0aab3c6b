"""Actions on runs: what is previewed, what is sent, and what an illegal one is called."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from adapters.actions import ActionSpec
from adapters.errors import Conflict, Invalid
from adapters.kfp import SCHEMA
from adapters.model import Json, Kind, Ref, Run, State
from adapters.permit import PermitRefused
from tests.unit.kfp.server import Server, error, fixture, permit

pytestmark = pytest.mark.anyio
RUN = Ref("kfp", Kind.RUN, "0b3e7a52-41d0-4c8e-9a77-5f1d2c6b9c41")
ENDED = {State.FAILED, State.SUCCEEDED, State.ABORTED, State.SKIPPED}


def action(name: str) -> ActionSpec:
    found = SCHEMA.action(name, Kind.RUN)
    assert found is not None
    return found


def run_in(state: State, **extra: Any) -> Run:
    return Run(ref=RUN, name="r", state=state, native_state=state.value.upper(), extra=extra)


@pytest.mark.parametrize(
    "state", [*sorted(ENDED), State.PENDING, State.RUNNING, State.PAUSED, State.ABORTING, State.UNKNOWN]
)
def test_legal_states(state: State) -> None:
    run = run_in(state)
    assert (action("abort").reason_against(run) is None) == (state not in {*ENDED, State.ABORTING})
    assert (action("retry").reason_against(run) is None) == (state in {State.FAILED, State.ABORTED})
    assert action("delete").reason_against(run) is None
    assert action("clone").reason_against(run) is None
    assert action("archive").reason_against(run) is None
    assert action("unarchive").reason_against(run) == "it is not archived"
    assert action("archive").reason_against(run_in(state, archived=True)) == "it is archived already"


@pytest.mark.parametrize(
    ("name", "method", "path"),
    [
        ("abort", "POST", ":terminate"),
        ("retry", "POST", ":retry"),
        ("archive", "POST", ":archive"),
        ("unarchive", "POST", ":unarchive"),
        ("delete", "DELETE", ""),
    ],
)
async def test_each_action_is_one_request_without_a_body(name: str, method: str, path: str) -> None:
    server = Server().run("run_failed").on(method, RUN.id + path, httpx.Response(200, json={}))
    adapter = server.adapter()
    preview = await adapter.preview(name, RUN, {})
    assert f"{method} /apis/v2beta1/runs/{RUN.id}{path}" in preview.call
    assert preview.call.startswith("RunService.")
    assert preview.undo
    server.asked.clear()
    once = permit(RUN, name)
    await adapter.perform(name, RUN, {}, once)
    assert [(request.method, request.content) for request in server.asked] == [(method, b"")]
    with pytest.raises(PermitRefused):
        await adapter.perform(name, RUN, {}, once)
    assert len(server.asked) == 1


async def test_previews_say_what_will_happen() -> None:
    server = Server().run("run_failed")
    adapter = server.adapter()
    retry = await adapter.preview("retry", RUN, {})
    assert [(found.name, found.what) for found in retry.affected] == [("train", "runs again")]
    assert ("keeps", "1 finished tasks; the pods of failed ones are deleted") in retry.notes
    abort = await adapter.preview("abort", RUN, {})
    assert ("native", "KFP will most likely call it FAILED") in abort.notes
    archived = {"experiment_id": "e-fraud", "display_name": "fraud", "storage_state": "ARCHIVED"}
    server.on("GET", "/experiments/e-fraud", httpx.Response(200, json=archived))
    assert "fraud is archived" in dict((await adapter.preview("unarchive", RUN, {})).notes)["blocked"]


async def test_an_illegal_terminate_is_called_what_it_is() -> None:
    words = "Failed to terminate a run X. Row not found"
    server = Server().on("POST", ":terminate", error(400, 3, f"chain: {words}", words))
    with pytest.raises(Conflict) as caught:
        await server.adapter().perform("abort", RUN, {}, permit(RUN))
    assert "not pending, running or paused" in caught.value.sentence
    assert "Row not found" not in caught.value.sentence
    assert caught.value.executed is True


async def test_other_illegal_writes_are_conflicts() -> None:
    server = Server().on("POST", ":retry", error(409, 10, "chain", "Workflow must be Failed/Error to retry"))
    server.on("POST", ":unarchive", error(400, 9, "chain", "the experiment is archived"))
    with pytest.raises(Conflict, match="must be Failed"):
        await server.adapter().perform("retry", RUN, {}, permit(RUN))
    with pytest.raises(Conflict, match="its experiment is archived"):
        await server.adapter().perform("unarchive", RUN, {}, permit(RUN))


async def test_a_write_is_never_repeated() -> None:
    server = Server().on("POST", ":terminate", httpx.Response(503, text="later"))
    with pytest.raises(Exception, match="503") as caught:
        await server.adapter(retries=3).perform("abort", RUN, {}, permit(RUN))
    assert len(server.asked) == 1
    assert getattr(caught.value, "executed", 1) is None  # a proxy's 503 proves nothing


async def test_a_clone_is_the_same_pipeline_with_changed_parameters() -> None:
    server = (
        Server()
        .run("run_failed")
        .on("POST", "/runs", httpx.Response(200, json={"run_id": "new", "state": "PENDING"}))
    )
    adapter = server.adapter()
    params = {"name": "again", "parameters": '{"max_rows": 5}'}
    notes = dict((await adapter.preview("clone", RUN, params)).notes)
    assert notes == {"name": "again", "from": "the same pipeline version", "changed": "max_rows=5"}
    result = await adapter.perform("clone", RUN, params, permit(RUN, "clone"))
    assert result.created == Ref("kfp", Kind.RUN, "new")
    posts = [request for request in server.asked if request.method == "POST"]
    assert len(posts) == 1
    original = fixture("run_failed")
    assert json.loads(posts[0].content) == {
        "experiment_id": "e-fraud",
        "display_name": "again",
        "pipeline_version_reference": original["pipeline_version_reference"],
        "service_account": "pipeline-runner",
        "runtime_config": {
            "parameters": {**original["runtime_config"]["parameters"], "max_rows": 5},
            "pipeline_root": "s3://ml/root",
        },
    }


async def test_a_clone_without_pipeline_or_with_nonsense_is_refused_before_the_write() -> None:
    server = Server().run("run_failed")
    server.on("GET", "/runs/bare", httpx.Response(200, json={"run_id": "bare"}))
    adapter = server.adapter()
    with pytest.raises(Invalid, match="no pipeline"):
        await adapter.perform("clone", Ref("kfp", Kind.RUN, "bare"), {}, permit())
    wrong: tuple[Json, ...] = ("{", "[1]", [1], 5)
    for nonsense in wrong:
        spare = permit()
        with pytest.raises(Invalid):
            await adapter.perform("clone", RUN, {"parameters": nonsense}, spare)
        assert not spare.spent
    assert not [request for request in server.asked if request.method != "GET"]
