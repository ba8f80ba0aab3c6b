"""The adapter over canned answers: addresses, logins, pages, details, errors."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from adapters.errors import (
    AdapterError,
    BadPayload,
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    RateLimited,
    Timeout,
    Unauthorized,
    Unavailable,
    Unsupported,
)
from adapters.model import Kind, Ref, State
from adapters.port import Query
from adapters.sections import Fields, Table
from tests.unit.vertex.server import BASE, FAILED, JOB, PARENT, Server, error, job

pytestmark = pytest.mark.anyio
LIST = f"{BASE}/customJobs"


def jobs(*answers: dict[str, Any]) -> Server:
    """A list in pages, one answer after the other."""
    left = iter(answers)
    return Server().on("GET", LIST, lambda request: httpx.Response(200, json=next(left)))


async def test_a_list_names_its_size_and_sends_the_token_with_the_same_filter() -> None:
    server = jobs({"customJobs": [job()], "nextPageToken": "abc"}, {})
    adapter = server.adapter()
    page = await adapter.list(Kind.RUN, Query(active=True), limit=5000)
    assert (len(page.items), page.cursor, page.total, page.sorted) == (1, "abc", None, False)
    assert (await adapter.list(Kind.RUN, Query(active=True), cursor="abc", limit=5000)).items == ()
    first, second = (dict(request.url.params) for request in server.asked)
    assert first["pageSize"] == "100"
    assert second == {**first, "pageToken": "abc"}


async def test_an_empty_list_is_an_empty_object_and_an_empty_token_ends_it() -> None:
    answers: list[dict[str, Any]] = [{}, {"nextPageToken": ""}, {"customJobs": [], "nextPageToken": None}]
    for answer in answers:
        page = await jobs(answer).adapter().list(Kind.RUN)
        assert (page.items, page.cursor) == ((), None)


async def test_a_token_that_leads_to_itself_ends_the_list() -> None:
    adapter = jobs({"customJobs": [job()], "nextPageToken": "t"}).adapter()
    assert (await adapter.list(Kind.RUN, cursor="t")).cursor is None


async def test_a_page_is_sorted_here_because_the_api_promises_no_order() -> None:
    old = job(name=f"{PARENT}/customJobs/1", createTime="2026-08-21T00:00:00Z")
    page = await jobs({"customJobs": [old, job()]}).adapter().list(Kind.RUN)
    assert [row.ref.id for row in page.items] == ["777", "1"]


async def test_a_server_that_does_not_filter_does_not_revive_what_has_ended() -> None:
    adapter = jobs({"customJobs": [job(**FAILED), job(name=f"{PARENT}/customJobs/1")]}).adapter()
    assert [row.ref.id for row in (await adapter.list(Kind.RUN, Query(active=True))).items] == ["1"]


async def test_one_bad_field_costs_that_field_of_that_row() -> None:
    bad = job(name=f"{PARENT}/customJobs/1", labels={"owner": "ana", "x": {}}, createTime=["?"], state={"a": 1})
    found = (await jobs({"customJobs": [job(), bad]}).adapter().list(Kind.RUN)).items
    assert [(row.ref.id, row.owner, row.state) for row in found] == [
        ("777", "mei", State.RUNNING),
        ("1", "ana", State.UNKNOWN),
    ]
    assert (found[1].created, dict(found[1].labels)) == (None, {"owner": "ana"})


@pytest.mark.parametrize(
    "body",
    [
        "[]",
        "3",
        '"x"',
        '{"jobs": []}',
        '{"customJobs": {}}',
        '{"customJobs": [{"displayName": "nameless"}]}',
        "",
        "{",
    ],
)
async def test_what_is_no_list_is_said_to_be_none(body: str) -> None:
    server = Server().on("GET", LIST, httpx.Response(200, text=body))
    with pytest.raises(BadPayload, match="vertex: the answer cannot be read"):
        await server.adapter().list(Kind.RUN)


async def test_the_projects_number_in_a_name_changes_no_ref() -> None:
    adapter = Server(job()).adapter()
    row = await adapter.get(JOB)
    assert (row.ref, row.group) == (JOB, "us-central1")
    assert (await adapter.list(Kind.RUN)).items[0].ref == JOB


async def test_ids_are_one_segment_of_the_path() -> None:
    server = Server(job())
    adapter = server.adapter()
    for native in ("..", ".", "7:cancel", "a b", "7?x", "[/red]x"):
        if "/" in native:
            continue
        with pytest.raises(AdapterError):
            await adapter.get(Ref("vertex", Kind.RUN, native))
        path = server.paths()[-1].partition(" ")[2]
        assert path.startswith(f"{LIST}/")
        assert ":" not in path
        assert path.count("/") == LIST.count("/") + 1
        assert not path.endswith(("/..", "/."))
    asked = len(server.asked)
    with pytest.raises(NotFound, match="the last part of its name"):
        await adapter.get(Ref("vertex", Kind.RUN, f"{PARENT}/customJobs/777"))
    with pytest.raises(NotFound, match="its id is like 777/workerpool0-0"):
        await adapter.get(Ref("vertex", Kind.POD, "777"))
    assert len(server.asked) == asked


async def test_parts_are_listed_under_their_job() -> None:
    adapter = Server(job()).adapter()
    tasks = await adapter.list(Kind.TASK, Query(parent=JOB))
    assert [row.ref.id for row in tasks.items] == ["777/workerpool0", "777/workerpool2"]
    pods = await adapter.list(Kind.POD, Query(parent=JOB), limit=2)
    assert [row.name for row in pods.items] == ["workerpool0-0", "workerpool2-0"]
    assert (pods.cursor, pods.total) == ("2", 3)
    rest = await adapter.list(Kind.POD, Query(parent=JOB), cursor=pods.cursor)
    assert [row.name for row in rest.items] == ["workerpool2-1"]
    of_pool = await adapter.list(Kind.POD, Query(parent=tasks.items[1].ref))
    assert [row.name for row in of_pool.items] == ["workerpool2-0", "workerpool2-1"]
    assert (await adapter.get(of_pool.items[1].ref)) == of_pool.items[1]
    for native in ("777/workerpool1", "777/workerpool9", "777/x"):
        with pytest.raises(NotFound, match="no worker pool"):
            await adapter.get(Ref("vertex", Kind.TASK, native))
    with pytest.raises(Unsupported):
        await adapter.list(Kind.TASK, Query(parent=of_pool.items[0].ref))


async def test_all_parts_are_those_of_live_jobs_in_pages() -> None:
    pages: list[dict[str, Any]] = [
        {"customJobs": [job(), job(**FAILED, name=f"{PARENT}/customJobs/1")], "nextPageToken": "more"},
        {"customJobs": [job(), job(**FAILED, name=f"{PARENT}/customJobs/1")], "nextPageToken": "more"},
        {"customJobs": [job(name=f"{PARENT}/customJobs/2")]},
    ]
    adapter = jobs(*pages).adapter()
    found, cursor = [], None
    while True:
        page = await adapter.list(Kind.POD, cursor=cursor, limit=2)
        found += [row.ref.id for row in page.items]
        cursor = page.cursor
        assert "have not ended" in (page.note or "")
        if cursor is None:
            break
        if len(found) >= 5:
            break
    assert found == [
        *("777/workerpool0-0", "777/workerpool2-0", "777/workerpool2-1"),
        *("2/workerpool0-0", "2/workerpool2-0"),
    ]
    with pytest.raises(Invalid, match="not a cursor"):
        await adapter.list(Kind.POD, cursor="x")


async def test_a_detail_shows_pools_scheduling_shells_and_the_rest() -> None:
    raw = job(webAccessUris={"workerpool0-0": "https://shell.example"}, satisfiesPzs=True, newThing={"a": 1})
    detail = await Server(raw).adapter().detail(JOB)
    sections = {section.title: section for section in detail.sections}
    pools = sections["Worker pools"]
    assert isinstance(pools, Table)
    assert [row[:4] for row in pools.rows] == [
        (0, "primary", 1, "a3-highgpu-8g"),
        (1, "empty", 0, None),
        (2, "parameter servers", 2, "n1-highcpu-16"),
    ]
    shells = sections["Web access"]
    assert isinstance(shells, Table)
    assert shells.rows == (("workerpool0-0", "https://shell.example"),)
    scheduling = sections["Scheduling"]
    assert isinstance(scheduling, Fields)
    assert scheduling.rows == (("timeout", "604800s"), ("strategy", "SPOT"))
    rest = sections["Fields"]
    assert isinstance(rest, Fields)
    assert {"newThing.a", "satisfiesPzs", "state", "jobSpec.serviceAccount"} <= {key for key, _ in rest.rows}
    assert detail.raw == raw
    assert detail.cause is None
    pod = await Server(raw).adapter().get(Ref("vertex", Kind.POD, "777/workerpool0-0"))
    assert pod.extra["shell"] == "https://shell.example"


async def test_a_part_says_that_its_state_is_derived() -> None:
    adapter = Server(job(**FAILED)).adapter()
    detail = await adapter.detail(Ref("vertex", Kind.POD, "777/workerpool2-1"))
    state = detail.sections[0]
    assert isinstance(state, Fields)
    assert "derived" in str(dict(state.rows)["state"])
    assert detail.cause == FAILED["error"]["message"]
    other = await adapter.detail(Ref("vertex", Kind.TASK, "777/workerpool0"))
    assert (other.cause, other.resource.state) == (None, State.FAILED)
    assert isinstance(other.raw, dict)
    assert other.raw["containerSpec"]


async def test_the_consoles_page_is_named_only_where_google_answers() -> None:
    server = Server(job())
    titles = [section.title for section in (await server.adapter().detail(JOB)).sections]
    assert "Web access" not in titles
    real = server.adapter(url="https://us-central1-aiplatform.googleapis.com")
    links = next(section for section in (await real.detail(JOB)).sections if section.title == "Web access")
    assert isinstance(links, Table)
    assert "/locations/us-central1/training/777?project=atlas-ml" in str(links.rows[0][1])


async def test_what_vertex_lacks_is_said_unasked() -> None:
    server = Server(job())
    adapter = server.adapter()
    with pytest.raises(Unsupported, match="Vertex AI does not expose hosts"):
        await adapter.list(Kind.HOST)
    with pytest.raises(Unsupported, match="no events of pods"):
        await adapter.events(Ref("vertex", Kind.POD, "777/workerpool0-0"))
    with pytest.raises(Unsupported, match="no watch"):
        adapter.watch(Kind.RUN, Query())
    assert not server.asked


BAD_REQUEST = {
    "@type": "type.googleapis.com/google.rpc.BadRequest",
    "fieldViolations": [{"field": "custom_job.display_name", "description": "too long"}],
}


@pytest.mark.parametrize(
    ("answer", "kind", "sentence"),
    [
        (
            error(400, "INVALID_ARGUMENT", "Bad.", BAD_REQUEST),
            Invalid,
            "custom_job.display_name: too long (INVALID_",
        ),
        (error(400, "FAILED_PRECONDITION", "The job is live."), Conflict, "The job is live. (FAILED_PRECONDITION)"),
        (error(401, "UNAUTHENTICATED", "No login."), Unauthorized, "No login. (UNAUTHENTICATED)"),
        (error(403, "PERMISSION_DENIED", "Denied."), Forbidden, "Denied. (PERMISSION_DENIED)"),
        (error(404, "NOT_FOUND", "No job."), NotFound, "No job. (NOT_FOUND)"),
        (error(409, "ABORTED", "Try again."), Conflict, "(ABORTED)"),
        (error(429, "RESOURCE_EXHAUSTED", "Quota exceeded."), RateLimited, "Quota exceeded."),
        (error(499, "CANCELLED", "Gone."), Unavailable, "Gone."),
        (error(500, "INTERNAL", "Oops."), Unavailable, "Oops. (INTERNAL)"),
        (error(501, "UNIMPLEMENTED", "No."), Unsupported, "No."),
        (error(503, "UNAVAILABLE", "Busy."), Unavailable, "Busy."),
        (error(504, "DEADLINE_EXCEEDED", "Late."), Timeout, "Late."),
        (httpx.Response(400, json=[{"error": {"message": "in a list", "status": "X"}}]), Invalid, "in a list (X)"),
        (httpx.Response(400, json={"error": "invalid_grant"}), Invalid, "answered 400"),
        (httpx.Response(404, html="<html>That's an error"), Unsupported, "this address has no such call"),
        (
            httpx.Response(400, json={"error": {"message": "m", "details": [3, {"fieldViolations": [3]}]}}),
            Invalid,
            "m",
        ),
    ],
)
async def test_errors_are_one_sentence(answer: httpx.Response, kind: type[AdapterError], sentence: str) -> None:
    with pytest.raises(kind) as caught:
        await Server().on("GET", f"{LIST}/777", answer).adapter().get(JOB)
    assert caught.value.sentence.startswith("vertex: ")
    assert sentence in caught.value.sentence
    assert "\n" not in caught.value.sentence


async def test_an_expired_token_is_asked_for_again_and_then_said() -> None:
    server = Server().on("GET", LIST, error(401, "UNAUTHENTICATED", "Request had invalid authentication."))
    adapter = server.adapter(token={"command": ["echo", "t0ken"]})
    with pytest.raises(Unauthorized, match="UNAUTHENTICATED") as caught:
        await adapter.list(Kind.RUN)
    assert "access token" in caught.value.hint
    assert len(server.asked) == 2
    assert {request.headers["authorization"] for request in server.asked} == {"Bearer t0ken"}


async def test_token_and_quota_project_go_to_both_hosts_and_nowhere_else() -> None:
    server = Server(job()).on("POST", "/v2/entries:list", httpx.Response(200, json={}))
    adapter = server.adapter(token="t0ken", quota_project="billing")
    assert adapter.stats.auth == "token"
    await adapter.read_log((await adapter.log_sources(JOB))[0])
    assert {request.url.host for request in server.asked} == {"vertex.test", "logging.test"}
    for request in server.asked:
        assert request.headers["authorization"] == "Bearer t0ken"
        assert request.headers["x-goog-user-project"] == "billing"


async def test_health_is_one_job_asked_for() -> None:
    server = jobs({})
    health = await server.adapter().health()
    assert (health.ok, health.extra) == (True, {"project": "atlas-ml", "region": "us-central1"})
    assert [dict(request.url.params) for request in server.asked] == [{"pageSize": "1"}]
