"""Aborting jobs and changing their labels: every way in which servers accept and refuse it."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from adapters.actions import Preview
from adapters.errors import (
    AdapterError,
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    Unauthorized,
    Unavailable,
    Unsupported,
)
from adapters.jobmanager.adapter import JobManagerAdapter
from adapters.model import Kind, Resource, State
from tests.unit.jobmanager.server import CAPABILITIES, CRASH, Server, field, permit, problem, row, run_ref

pytestmark = pytest.mark.anyio
LABELS = "/jobs/job-1/updateLabels"


async def do(adapter: JobManagerAdapter, action: str, **params: Any) -> str:
    return (await adapter.perform(action, run_ref(), params, permit(action))).message


async def refused(server: Server, action: str = "abort", **params: Any) -> AdapterError:
    with pytest.raises(AdapterError) as caught:
        await do(server.adapter(), action, **params)
    return caught.value


@pytest.mark.parametrize(
    "answer",
    [httpx.Response(200), httpx.Response(204), httpx.Response(200, json={}), httpx.Response(202, text="fine")],
)
async def test_an_abort_is_any_2xx(answer: httpx.Response) -> None:
    server = Server().on("POST", "/jobs/job-1/abort", answer)
    assert await do(server.adapter(), "abort") == ""
    assert server.bodies("/abort") == [{}]


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (problem(412, "Job already in terminal status `Failed`"), Conflict),
        (problem(403, "Couldn't abort x because no workflow with that ID is in progress"), Conflict),
        (problem(404, "Couldn't abort x because no workflow with that ID is in progress"), Conflict),
        (problem(404, "Unrecognized workflow ID: x"), NotFound),
        (problem(403, "The caller does not have permission"), Forbidden),
        (problem(401, "Unauthorized"), Unauthorized),
        (problem(400, "Invalid job id"), Invalid),
    ],
)
async def test_refusals_to_abort(answer: httpx.Response, kind: type[AdapterError]) -> None:
    error = await refused(Server().on("POST", "/jobs/job-1/abort", answer))
    assert type(error) is kind
    assert error.status == answer.status_code
    assert error.sentence.startswith("jm: ")


@pytest.mark.parametrize("answer", [CRASH, httpx.Response(500, text="Internal Server Error"), problem(503, "down")])
async def test_nobody_knows_what_a_crash_has_done(answer: httpx.Response) -> None:
    error = await refused(Server().on("POST", "/jobs/job-1/abort", answer))
    assert isinstance(error, Unavailable)
    assert error.executed is None


async def test_the_ids_of_dsub_are_encoded() -> None:
    job = "atlas+job--ana+task-1+1"
    server = Server().on("POST", "/abort", httpx.Response(200))
    await server.adapter().perform("abort", run_ref(job), {}, permit())
    assert server.paths()[-1] == "POST /api/v1/jobs/atlas%2Bjob--ana%2Btask-1%2B1/abort"


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (State.PENDING, None),
        (State.PAUSED, None),
        (State.RUNNING, None),
        (State.UNKNOWN, None),
        (State.ABORTING, "being aborted already"),
        (State.FAILED, "has already ended"),
    ],
)
async def test_when_an_abort_is_offered(state: State, reason: str | None) -> None:
    abort = (await Server().adapter().describe()).action("abort", Kind.RUN)
    assert abort is not None
    found = abort.reason_against(Resource(ref=run_ref(), name="x", state=state, native_state="X"))
    assert (found is None) == (reason is None)
    assert reason is None or reason in str(found)


# Labels


def labelled(**labels: str) -> Server:
    return Server().on("POST", LABELS, httpx.Response(200, json={"labels": labels}))


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("label=batch 7,flag=follow-up", {"label": "batch 7", "flag": "follow-up"}),
        ("flag=", {"flag": ""}),
        ({"comment": "a=b,c", "label": None}, {"comment": "a=b,c", "label": ""}),
        (" label = x ,", {"label": "x"}),
    ],
)
async def test_labels_are_sent_as_they_are_meant(given: Any, sent: dict[str, str]) -> None:
    server = labelled(label="batch 7", other="kept")
    await do(server.adapter(), "set-labels", labels=given)
    assert server.bodies(LABELS) == [{"labels": sent}]


async def test_the_answer_says_what_the_labels_are_now() -> None:
    assert await do(labelled(label="x", other="kept").adapter(), "set-labels", labels="label=x,flag=") == "label=x"


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ("labl=x", "the label 'labl' cannot be edited here; nearest: label"),
        ("flag=archved", "flag is one of archive, follow-up, not 'archved'; nearest: archive"),
        ("comment=" + "x" * 256, "over 255 characters"),
        ("", "no label is named"),
        ("comment", "labels are like"),
        (None, "no label is named"),
    ],
)
async def test_labels_that_cannot_be_are_refused_here(given: Any, why: str) -> None:
    server = labelled()
    error = await refused(server, "set-labels", labels=given)
    assert isinstance(error, Invalid)
    assert why in error.sentence
    assert error.executed is False
    assert server.bodies(LABELS) == []


async def test_archiving_is_a_flag() -> None:
    server = labelled()
    adapter = server.adapter()
    await do(adapter, "archive")
    await do(adapter, "unarchive")
    assert server.bodies(LABELS) == [{"labels": {"flag": "archive"}}, {"labels": {"flag": ""}}]


@pytest.mark.parametrize("answer", [problem(501, "not implemented"), CRASH])
async def test_a_server_that_does_not_change_labels_is_not_asked_again(answer: httpx.Response) -> None:
    server = Server().on("POST", LABELS, answer)
    adapter = server.adapter()
    with pytest.raises(Unsupported, match="does not change labels"):
        await do(adapter, "archive")
    assert [action.id for action in (await adapter.describe()).actions] == ["abort"]
    asked = len(server.asked)
    with pytest.raises(Unsupported) as caught:
        await do(adapter, "set-labels", labels="label=x")
    assert caught.value.executed is False
    assert len(server.asked) == asked


async def test_one_crash_of_a_server_that_did_it_before_teaches_nothing() -> None:
    server = labelled(label="x")
    adapter = server.adapter()
    await do(adapter, "set-labels", labels="label=x")
    server.on("POST", LABELS, CRASH)
    with pytest.raises(Unavailable) as caught:
        await do(adapter, "set-labels", labels="label=y")
    assert caught.value.executed is None
    assert (await adapter.describe()).action("set-labels") is not None


async def test_a_missing_job_is_no_lesson() -> None:
    server = Server().on("POST", LABELS, problem(404, "Unrecognized workflow ID: job-1"))
    adapter = server.adapter()
    with pytest.raises(NotFound):
        await do(adapter, "archive")
    assert (await adapter.describe()).action("archive") is not None


# Previews


async def preview(action: str, **params: Any) -> Preview:
    tasks = [
        {"name": "a", "executionStatus": "Succeeded"},
        {"name": "b", "executionStatus": "Running", "shards": [{"shardIndex": 1, "executionStatus": "Running"}]},
    ]
    server = Server().job(labels={"flag": "follow-up"}, extensions={"tasks": tasks})
    return await server.adapter().preview(action, run_ref(), params)


async def test_what_an_abort_would_do() -> None:
    found = await preview("abort")
    assert found.call == "AbortJob POST /api/v1/jobs/job-1/abort"
    assert [(each.name, each.what) for each in found.affected] == [("b shard 1", "is stopped")]


async def test_what_new_labels_would_change() -> None:
    found = await preview("set-labels", labels="flag=archive,comment=x")
    assert found.call == "UpdateJobLabels POST /api/v1/jobs/job-1/updateLabels"
    assert found.notes == (
        ("flag", "follow-up → archive"),
        ("comment", "(none) → x"),
        ("single", "the server means comment to be edited one job at a time"),
    )
    assert (await preview("unarchive")).notes == (("flag", "follow-up → (none)"),)


async def test_a_preview_refuses_what_would_be_refused() -> None:
    with pytest.raises(Invalid):
        await preview("set-labels", labels="owner=me")


async def test_where_nothing_was_said_labels_are_the_servers_to_judge() -> None:
    server = labelled(x="y").on("GET", "/capabilities", problem(404))
    await do(server.adapter(), "set-labels", labels="x=y")
    assert server.bodies(LABELS) == [{"labels": {"x": "y"}}]


def test_the_fixture_has_a_label_for_one_job_only() -> None:
    assert field("labels.comment", "Comment", editable=True, primary=False) in CAPABILITIES["displayFields"]
    assert row()["status"] == "Running"
