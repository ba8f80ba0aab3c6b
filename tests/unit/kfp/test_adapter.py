"""The adapter over canned answers: what it asks, what it makes of errors, and what it refuses unasked."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any
from urllib.parse import unquote

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
    Unauthorized,
    Unavailable,
    Unsupported,
)
from adapters.kfp import SCHEMA
from adapters.model import Kind, Ref
from adapters.permit import PermitRefused
from adapters.port import Feature, Op, Query, SortKey, Term
from adapters.sections import Fields, Table
from tests.unit.kfp.server import Server, error, fixture, permit

pytestmark = pytest.mark.anyio
RUN = Ref("kfp", Kind.RUN, "0b3e7a52-41d0-4c8e-9a77-5f1d2c6b9c41")
RICH = Ref("kfp", Kind.RUN, "r-rich")


def asked_filter(request: httpx.Request) -> list[dict[str, Any]]:
    """The predicates as the server reads them: it decodes the parameter once more."""
    text = unquote(request.url.params.get("filter", ""))
    found: list[dict[str, Any]] = json.loads(text)["predicates"] if text else []
    return found


def paged() -> Server:
    return Server().on("GET", "/runs", httpx.Response(200, json=fixture("page")))


async def test_a_list_is_newest_first() -> None:
    server = paged()
    page = await server.adapter().list(Kind.RUN, limit=50)
    params = server.asked[0].url.params
    assert server.asked[0].url.path == "/pipeline/apis/v2beta1/runs"
    assert (params["sort_by"], params["page_size"]) == ("created_at desc", "50")
    assert asked_filter(server.asked[0]) == []
    assert [run.ref.id for run in page.items] == ["r1", "r2", "r3"]
    assert (page.total, page.cursor, page.sorted) == (7, "eyJhIjoiYisvPSJ9+/==", True)
    assert page.items[0].group == "fraud"
    assert page.items[0].extra["namespace"] == "team-a"


async def test_the_page_token_goes_back_verbatim_with_the_same_question() -> None:
    server = paged()
    adapter = server.adapter(namespace="team-a")
    query = Query(sort=(SortKey("name"),), active=True)
    first = await adapter.list(Kind.RUN, query)
    await adapter.list(Kind.RUN, query, cursor=first.cursor)
    one, two = (request.url.params for request in server.asked if request.url.path.endswith("/runs"))
    assert two["page_token"] == first.cursor
    assert (two["sort_by"], two["filter"], two["namespace"]) == (one["sort_by"], one["filter"], "team-a")
    assert one["sort_by"] == "display_name asc"
    assert b"page_token=eyJhIjoiYisvPSJ9%2B%2F%3D%3D" in server.asked[-1].url.raw_path


async def test_a_limit_over_the_servers_cap_is_cut() -> None:
    server = paged()
    await server.adapter().list(Kind.RUN, limit=5000)
    assert server.asked[0].url.params["page_size"] == "200"


async def test_filters_survive_the_servers_double_decoding() -> None:
    server = paged()
    value = '50% "ü" & %2B more'
    page = await server.adapter().list(Kind.RUN, Query(terms=(Term("name", Op.MATCH, (value,)),)))
    assert asked_filter(server.asked[0])[0] == {
        "key": "display_name",
        "operation": "IS_SUBSTRING",
        "string_value": value,
    }
    assert page.applied


async def test_an_empty_list_is_an_empty_object() -> None:
    server = Server().on("GET", "/runs", httpx.Response(200, json={}))
    page = await server.adapter().list(Kind.RUN)
    assert (page.items, page.cursor) == ((), None)


async def test_experiments_are_read_once_and_the_rest_one_by_one() -> None:
    server = paged()
    adapter = server.adapter()
    for _ in range(3):
        await adapter.list(Kind.RUN)
    assert sum(path.endswith("/experiments") for path in server.paths()) == 1
    assert sum(path.endswith("/experiments/e-gone") for path in server.paths()) == 1


async def test_without_experiments_the_runs_are_there_all_the_same() -> None:
    server = paged().on("GET", "/experiments", httpx.Response(503, text="no"))
    page = await server.adapter().list(Kind.RUN)
    assert page.items[0].group == "e-fraud"


async def test_archived_runs_are_listed_unless_the_config_leaves_them_out() -> None:
    server = paged()
    await server.adapter().list(Kind.RUN, Query(terms=(Term("archived", Op.EQ, ("true",)),)))
    await server.adapter().list(Kind.RUN)
    await server.adapter(show_archived=False).list(Kind.RUN)
    first, second, third = (request for request in server.asked if request.url.path.endswith("/runs"))
    assert asked_filter(first) == [{"key": "storage_state", "operation": "EQUALS", "string_value": "ARCHIVED"}]
    assert asked_filter(second) == []
    assert asked_filter(third) == [{"key": "storage_state", "operation": "NOT_EQUALS", "string_value": "ARCHIVED"}]


async def test_get_is_the_listed_row_and_detail_has_everything() -> None:
    server = (
        Server().run("run_failed").on("GET", "/pipelines/p-1", httpx.Response(200, json={"display_name": "gbdt"}))
    )
    server.on("GET", "/pipelines/p-1/versions/v-31", httpx.Response(200, json={"display_name": "v31"}))
    server.on("GET", "/runs", httpx.Response(200, json={"runs": [fixture("run_failed")]}))
    adapter = server.adapter()
    row = (await adapter.list(Kind.RUN)).items[0]
    assert await adapter.get(RUN) == row
    detail = await adapter.detail(RUN)
    assert (detail.resource.extra["pipeline"], detail.resource.extra["pipeline_version"]) == ("gbdt", "v31")
    sections = {section.title: section for section in detail.sections}
    params, fields, events = sections["Params"], sections["Fields"], sections["Events"]
    assert isinstance(params, Fields)
    assert params.rows[0] == ("max_rows", 120000000)
    assert isinstance(fields, Fields)
    assert ("something_new.deep", [1, 2]) in fields.rows
    assert isinstance(events, Table)
    assert len(events.rows) > 10
    assert detail.raw == fixture("run_failed")
    assert detail.cause is None


async def test_tasks_by_run_by_task_and_alone() -> None:
    server = Server().run("run_failed")
    adapter = server.adapter()
    page = await adapter.list(Kind.TASK, Query(parent=RUN))
    names = [task.name for task in page.items]
    assert names == ["ingest", "read", "train", "try 1", "try 2", "evaluate"]
    first = await adapter.list(Kind.TASK, Query(parent=RUN), limit=4)
    rest = await adapter.list(Kind.TASK, Query(parent=RUN), limit=4, cursor=first.cursor)
    assert [task.name for task in (*first.items, *rest.items)] == names
    assert rest.cursor is None
    tries = await adapter.list(Kind.TASK, Query(parent=page.items[2].ref))
    assert [task.name for task in tries.items] == ["try 1", "try 2"]
    for task in page.items:
        assert await adapter.get(task.ref) == task
    detail = await adapter.detail(page.items[2].ref)
    assert isinstance(detail.raw, dict)
    assert detail.raw["display_name"] == "train"


async def test_a_list_of_all_tasks_pages_through_live_runs() -> None:
    run = {**fixture("run_failed"), "state": "RUNNING"}
    pages = {
        "": {"runs": [run], "next_page_token": "t2", "total_size": 2},
        "t2": {"runs": [{**run, "run_id": "x"}]},
    }
    server = Server().on(
        "GET", "/runs", lambda request: httpx.Response(200, json=pages[request.url.params.get("page_token", "")])
    )
    adapter = server.adapter()
    names, cursor = [], None
    for _ in range(10):
        page = await adapter.list(Kind.TASK, cursor=cursor, limit=4)
        assert len(page.items) <= 4
        names += [str(task.ref) for task in page.items]
        cursor = page.cursor
        if cursor is None:
            break
    assert len(names) == len(set(names)) == 12
    assert asked_filter(server.asked[0])[0]["operation"] == "IN"


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (
            error(404, 5, "Failed to get: X: ResourceNotFoundError: Run X not found", "Run X not found"),
            NotFound,
            "X not f",
        ),
        (error(400, 3, "chain", "bad", old=True), Invalid, "kfp: bad"),
        (error(400, 9, "chain", "archived"), Conflict, "archived"),
        (error(409, 10, "chain", "Workflow must be Failed/Error to retry"), Conflict, "must be Failed"),
        (error(409, 6, "chain", "exists"), Conflict, "exists"),
        (error(403, 7, "chain", "denied"), Forbidden, "denied"),
        (
            error(401, 16, "Request header error: there is no user identity header"),
            Unauthorized,
            "no user identity",
        ),
        (error(500, 13, "A: InternalServerError: db is gone", "Internal Server Error"), Unavailable, "db is gone"),
        (error(501, 12, "Method Not Allowed"), Unsupported, "no such call"),
        (httpx.Response(404, text="404 page not found\n"), Unsupported, "no such call"),
        (httpx.Response(405, text="Method Not Allowed"), Unsupported, "no such call"),
        (httpx.Response(302, headers={"location": "https://login.test/"}), Unauthorized, "login page"),
        (httpx.Response(200, text="<html>log in</html>"), BadPayload, "HTML"),
        (httpx.Response(200, text=""), BadPayload, "empty"),
        (httpx.Response(200, text='{"runs":[{"run'), BadPayload, "not JSON"),
        (httpx.Response(200, json={"message": "hello"}), BadPayload, "nothing that such a list has"),
        (httpx.Response(429, headers={"retry-after": "7"}, text=""), RateLimited, "429"),
        (httpx.Response(502, text="<html>Bad Gateway</html>"), Unavailable, "HTML page"),
        (
            httpx.Response(
                400, json={"error": "x", "message": "x", "code": 3, "details": [{"error_message": "old"}]}
            ),
            Invalid,
            "old",
        ),
    ],
)
async def test_errors(answer: httpx.Response, kind: type[AdapterError], words: str) -> None:
    server = Server().on("GET", "/runs", answer)
    with pytest.raises(kind) as caught:
        await server.adapter().list(Kind.RUN)
    assert words in caught.value.sentence
    assert caught.value.sentence.startswith("kfp: ")
    assert "\n" not in caught.value.sentence


async def test_a_multi_user_server_without_namespace_gets_a_hint() -> None:
    words = "Invalid input error: ListRuns cannot have an empty namespace in multi-user mode"
    server = Server().on("GET", "/runs", error(400, 3, words, words))
    with pytest.raises(Invalid) as caught:
        await server.adapter().list(Kind.RUN)
    assert "namespace" in caught.value.hint


async def test_identity_headers() -> None:
    server = paged()
    adapter = server.adapter(
        token="T",
        user="me@x.org",
        user_prefix="accounts.google.com:",
        cookies={"session": "s"},
        headers={"X-A": "b"},
    )
    await adapter.list(Kind.RUN)
    headers = server.asked[0].headers
    assert headers["authorization"] == "Bearer T"
    assert headers["kubeflow-userid"] == "accounts.google.com:me@x.org"
    assert (headers["cookie"], headers["x-a"]) == ("session=s", "b")
    assert adapter.stats.auth == "bearer"


async def test_health_and_description() -> None:
    body = {"commit_sha": "7b", "tag_name": "2.17.0", "multi_user": True, "pipeline_store": "database"}
    server = Server().on("GET", "/healthz", httpx.Response(200, json=body))
    adapter = server.adapter()
    health = await adapter.health()
    assert (health.ok, health.version) == (True, "2.17.0")
    assert "namespace" in (health.note or "")
    assert (await adapter.describe()).version == "2.17.0"
    assert (await Server().adapter().describe()) == SCHEMA  # no answer: as declared


async def test_what_is_not_there_is_refused_without_a_request() -> None:
    server = Server()
    adapter = server.adapter()
    for kind in (Kind.POD, Kind.HOST, Kind.POOL, Kind.UPDATE, Kind.VOLUME):
        ref = Ref("kfp", kind, "x")
        for refused in (adapter.list(kind), adapter.get(ref), adapter.detail(ref), adapter.events(ref)):
            with pytest.raises(Unsupported) as caught:
                await refused
            assert SCHEMA.absent[kind] in caught.value.sentence
    with pytest.raises(Unsupported):
        adapter.watch(Kind.RUN, Query())
    with pytest.raises(Unsupported):
        await adapter.list(Kind.RUN, Query(parent=RUN))
    with pytest.raises(NotFound):
        await adapter.get(Ref("kfp", Kind.TASK, "no-slash"))
    with pytest.raises(Unsupported):
        await adapter.perform("drain", RUN, {}, permit(RUN))
    assert server.asked == []
    assert not SCHEMA.features[Feature.WATCH].supported


async def test_any_method_by_name() -> None:
    server = Server().on("GET", "/nodes/n%2F1/artifacts/a:read", httpx.Response(200, json={"data": "aGVsbG8="}))
    server.on("POST", "/runs/x:archive", httpx.Response(200, json={}))
    server.on("GET", "/log", httpx.Response(200, text="plain words"))
    adapter = server.adapter()
    names = {method.name for method in adapter.methods()}
    assert names >= {
        *(
            "CreateRun",
            "GetRun",
            "ListRuns",
            "ArchiveRun",
            "UnarchiveRun",
            "DeleteRun",
            "ReadArtifact",
            "TerminateRun",
        ),
        "RetryRun",
    }
    artifact = {"run_id": "r", "node_id": "n/1", "artifact_name": "a"}
    assert await adapter.call("ReadArtifact", artifact) == {"data": "aGVsbG8="}
    assert await adapter.call("ReadRunLog", {"run_id": "r", "node_id": "n"}) == "plain words"
    with pytest.raises(PermitRefused):
        await adapter.call("ArchiveRun", {"run_id": "x"})
    assert await adapter.call("ArchiveRun", {"run_id": "x"}, permit()) == {}
    for wrong in ({"run": "x"}, {}, {"run_id": ""}):
        with pytest.raises(Invalid):
            await adapter.call("GetRun", wrong)
    with pytest.raises(Invalid, match="number"):
        await adapter.call("ListRuns", {"page_size": "many"})
    with pytest.raises(Unsupported, match="nearest: GetRun"):
        await adapter.call("GetRuns", {})


async def test_a_server_without_artifacts_says_so() -> None:
    with pytest.raises(Unsupported):
        await Server().adapter().call("ReadArtifact", {"run_id": "r", "node_id": "n", "artifact_name": "a"})
    handler = httpx.Response(404, text='{"error_message":"no artifact","error_details":"x"}')
    server = Server().on("GET", ":read", handler)
    with pytest.raises(NotFound, match="no artifact"):
        await server.adapter().call("ReadArtifact", {"run_id": "r", "node_id": "n", "artifact_name": "a"})


@pytest.mark.parametrize("native", ["..", "a b", "ü?x=1#y", "a:b", "%2F"])
async def test_hostile_ids_stay_one_path_segment(native: str) -> None:
    server = Server()
    with pytest.raises(AdapterError):
        await server.adapter().get(Ref("kfp", Kind.RUN, native))
    path = server.asked[0].url.raw_path.decode()
    assert path.startswith("/pipeline/apis/v2beta1/runs/")
    assert path.count("/") == 5
    assert unquote(path.rsplit("/", 1)[1]) == native


def test_the_entry_is_cheap_to_import() -> None:
    code = "import sys, adapters.kfp; print([m for m in ('httpx', 'pydantic') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
