"""Writes: what is sent, what is left out of a copy, and what becomes of a deletion's operation."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from adapters.errors import Conflict, Invalid, NotFound, Timeout, Unavailable
from adapters.model import Json, Kind, Ref, State
from adapters.permit import PermitRefused
from adapters.vertex import SCHEMA, writes
from adapters.vertex.writes import merge_patch
from tests.unit.vertex.server import BASE, FAILED, JOB, PARENT, Server, error, job, permit

pytestmark = pytest.mark.anyio
LIST = f"{BASE}/customJobs"
OPERATION = f"{PARENT}/operations/42"
EMPTY = {"@type": "type.googleapis.com/google.protobuf.Empty"}


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writes, "POLLS", (0.0,) * 3)


def made(**fields: Any) -> httpx.Response:
    return httpx.Response(200, json=job(name=f"{PARENT}/customJobs/778", state="JOB_STATE_QUEUED", **fields))


@pytest.mark.parametrize("answer", [httpx.Response(200, json={}), httpx.Response(200)])
async def test_cancel_posts_an_empty_object_to_the_verb(answer: httpx.Response) -> None:
    server = Server(job()).on("POST", f"{LIST}/777:cancel", answer)
    result = await server.adapter().perform("abort", JOB, {}, permit())
    assert result.message.startswith("asked to cancel")
    assert server.paths() == [f"POST {LIST}/777:cancel"]
    assert server.asked[0].content == b"{}"


async def test_the_cancel_of_a_job_that_has_ended_is_a_conflict_or_nothing() -> None:
    refused = error(400, "FAILED_PRECONDITION", "The CustomJob is in state JOB_STATE_SUCCEEDED.")
    server = Server(job()).on("POST", f"{LIST}/777:cancel", refused)
    with pytest.raises(Conflict, match="JOB_STATE_SUCCEEDED"):
        await server.adapter().perform("abort", JOB, {}, permit())


async def test_retry_creates_a_copy_without_what_the_server_sets() -> None:
    raw = job(
        **FAILED,
        encryptionSpec={"kmsKeyName": "k"},
        webAccessUris={"workerpool0-0": "https://x"},
        satisfiesPzs=True,
        satisfiesPzi=True,
    )
    server = Server(raw).on("POST", LIST, made())
    result = await server.adapter().perform("retry", JOB, {}, permit(action="retry"))
    assert result.created == Ref("vertex", Kind.RUN, "778")
    assert "new job" in result.message
    kept = {key: raw[key] for key in ("displayName", "jobSpec", "labels", "encryptionSpec")}
    assert server.body() == kept
    assert server.paths() == [f"GET {LIST}/777", f"POST {LIST}"]


async def test_a_clone_is_edited_by_a_merge_patch() -> None:
    server = Server(job()).on("POST", LIST, made())
    changes: dict[str, Json] = {
        "labels": {"team": "ads", "owner": None},
        "jobSpec": {"scheduling": {"strategy": "STANDARD"}},
    }
    await server.adapter().perform("clone", JOB, {"name": "again", "changes": changes}, permit(action="clone"))
    sent = server.body()
    assert sent["displayName"] == "again"
    assert sent["labels"] == {"team": "ads"}
    assert sent["jobSpec"]["scheduling"] == {"timeout": "604800s", "strategy": "STANDARD"}
    assert sent["jobSpec"]["workerPoolSpecs"] == job()["jobSpec"]["workerPoolSpecs"]


async def test_what_cannot_be_read_is_not_copied_and_nothing_was_written() -> None:
    server = Server().on("GET", f"{LIST}/777", error(504, "DEADLINE_EXCEEDED", "Late."))
    kept = permit()
    with pytest.raises(Timeout) as caught:
        await server.adapter().perform("retry", JOB, {}, kept)
    assert caught.value.executed is False
    assert not kept.spent


@pytest.mark.parametrize("changes", ["{", "[]", "3", [1]])
async def test_changes_that_are_no_object_are_refused_unsent(changes: Any) -> None:
    server = Server(job())
    for call in (
        server.adapter().preview("clone", JOB, {"changes": changes}),
        server.adapter().perform("clone", JOB, {"changes": changes}, permit()),
    ):
        with pytest.raises(Invalid, match="changes"):
            await call
    assert not [request for request in server.asked if request.method != "GET"]


async def test_create_sends_what_was_given() -> None:
    server = Server().on("POST", LIST, made())
    given: dict[str, Json] = {
        "name": "x",
        "state": "JOB_STATE_FAILED",
        "displayName": "new",
        "jobSpec": {"workerPoolSpecs": [{}]},
    }
    target = Ref("vertex", Kind.RUN, "")
    preview = await server.adapter().preview("create", target, {"job": given})
    assert preview.call == f"JobService.CreateCustomJob POST {LIST}"
    assert not server.asked
    result = await server.adapter().perform("create", target, {"job": given}, permit(action="create"))
    assert result.created == Ref("vertex", Kind.RUN, "778")
    assert server.body() == {"displayName": "new", "jobSpec": {"workerPoolSpecs": [{}]}}
    with pytest.raises(Invalid, match="job must be an object"):
        await server.adapter().preview("create", target, {"job": 3})


async def test_what_the_server_refuses_is_told_with_its_field() -> None:
    detail = {
        "@type": "type.googleapis.com/google.rpc.BadRequest",
        "fieldViolations": [{"field": "custom_job.display_name", "description": "The display name is required."}],
    }
    refused = error(400, "INVALID_ARGUMENT", "List of found errors:", detail)
    with pytest.raises(Invalid, match=r"custom_job\.display_name: The display name is required\."):
        await (
            Server()
            .on("POST", LIST, refused)
            .adapter()
            .perform("create", Ref("vertex", Kind.RUN, ""), {"job": {}}, permit())
        )


def operations(*answers: dict[str, Any] | httpx.Response) -> Server:
    """A job whose deletion's operation answers so, one look after the other."""
    left = iter(answers)

    def look(request: httpx.Request) -> httpx.Response:
        answer = next(left)
        return answer if isinstance(answer, httpx.Response) else httpx.Response(200, json=answer)

    server = Server(job(**FAILED))
    server.on("DELETE", f"{LIST}/777", httpx.Response(200, json={"name": OPERATION}))
    return server.on("GET", f"/v1/{OPERATION}", look)


async def test_a_deletion_is_awaited_by_its_operations_own_name() -> None:
    server = operations({"name": OPERATION}, {"name": OPERATION, "done": True, "response": EMPTY})
    result = await server.adapter().perform("delete", JOB, {}, permit(action="delete"))
    assert result.message == "deleted, operation 42"
    assert server.paths() == [f"DELETE {LIST}/777", *[f"GET /v1/{OPERATION}"] * 2]


async def test_a_deletion_that_is_done_at_once_is_not_looked_after() -> None:
    done = {"name": OPERATION, "done": True, "response": EMPTY}
    server = Server(job()).on("DELETE", f"{LIST}/777", httpx.Response(200, json=done))
    assert (await server.adapter().perform("delete", JOB, {}, permit())).message.startswith("deleted")
    assert len(server.asked) == 1


async def test_a_deletion_that_takes_long_goes_on() -> None:
    server = operations(*[{"name": OPERATION}] * 3)
    result = await server.adapter().perform("delete", JOB, {}, permit())
    assert result.message == "deletion goes on, operation 42"


async def test_a_deletion_that_fails_is_an_error_of_its_kind() -> None:
    failed = {"name": OPERATION, "done": True, "error": {"code": 9, "message": "It is in use."}}
    with pytest.raises(Conflict, match=r"vertex: It is in use\. \(FAILED_PRECONDITION\)"):
        await operations(failed).adapter().perform("delete", JOB, {}, permit())
    strange = {"name": OPERATION, "done": True, "error": {"code": 99, "message": ""}}
    with pytest.raises(Unavailable, match=r"the operation failed \(99\)"):
        await operations(strange).adapter().perform("delete", JOB, {}, permit())


async def test_an_operation_that_cannot_be_read_leaves_the_deletion_accepted() -> None:
    server = operations(error(503, "UNAVAILABLE", "Busy."))
    result = await server.adapter().perform("delete", JOB, {}, permit())
    assert "accepted as operation 42" in result.message
    assert "Busy." in result.message


async def test_one_request_a_permit() -> None:
    server = Server(job()).on("POST", f"{LIST}/777:cancel", error(503, "UNAVAILABLE", "Busy."))
    adapter = server.adapter(retries=3)
    spent = permit()
    with pytest.raises(Unavailable):
        await adapter.perform("abort", JOB, {}, spent)
    with pytest.raises(PermitRefused):
        await adapter.perform("abort", JOB, {}, spent)
    assert len(server.asked) == 1


async def test_previews_say_what_they_touch() -> None:
    server = Server(job())
    abort = await server.adapter().preview("abort", JOB, {})
    assert abort.call.endswith("/customJobs/777:cancel")
    assert [part.name for part in abort.affected] == ["workerpool0-0", "workerpool2-0", "workerpool2-1"]
    assert dict(abort.notes)["frees"] == "8 GPUs"
    retry = await server.adapter().preview("retry", JOB, {"name": "x"})
    notes = dict(retry.notes)
    assert (notes["name"], notes["runs"], notes["gpus"]) == ("x", "1×a3-highgpu-8g + 2×n1-highcpu-16", "8")
    assert "nothing links it" in notes["new"]
    assert "operation is awaited" in (await server.adapter().preview("delete", JOB, {})).call
    assert {request.method for request in server.asked} == {"GET"}
    with pytest.raises(NotFound):
        await Server().on("GET", f"{LIST}/777", error(404, "NOT_FOUND", "No.")).adapter().preview("abort", JOB, {})


@pytest.mark.parametrize(
    ("action", "legal"),
    [
        ("abort", {"QUEUED", "PENDING", "RUNNING", "PAUSED", "UPDATING", "UNSPECIFIED"}),
        ("delete", {"SUCCEEDED", "FAILED", "CANCELLED", "EXPIRED", "PARTIALLY_SUCCEEDED"}),
        ("retry", {"FAILED", "CANCELLED", "EXPIRED"}),
    ],
)
async def test_what_is_legal_when(action: str, legal: set[str]) -> None:
    spec = SCHEMA.action(action, Kind.RUN)
    assert spec is not None
    for word in (
        *("UNSPECIFIED", "QUEUED", "PENDING", "RUNNING", "SUCCEEDED", "FAILED", "CANCELLING", "CANCELLED"),
        *("PAUSED", "EXPIRED", "UPDATING", "PARTIALLY_SUCCEEDED"),
    ):
        row = await Server(job(state=f"JOB_STATE_{word}")).adapter().get(JOB)
        assert (spec.reason_against(row) is None) == (word in legal), word
        assert row.state is not State.DRAFT


def test_a_merge_patch_is_that_of_rfc_7386() -> None:
    for target, patch, expected in (
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
    ):
        assert merge_patch(target, patch) == expected  # type: ignore[arg-type]
