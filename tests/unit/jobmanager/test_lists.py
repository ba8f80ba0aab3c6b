"""Lists of jobs: pages and their tokens, wrong turns of servers, and what is learnt from them."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from adapters.errors import BadPayload, Invalid, Unavailable, Unsupported
from adapters.jobmanager.adapter import JobManagerAdapter
from adapters.model import Kind, State
from adapters.port import Op, Page, Query, Term
from tests.unit.jobmanager.server import CAPABILITIES, CRASH, Server, row, run_ref

pytestmark = pytest.mark.anyio
FLAGGED = Query(terms=(Term("label.flag", Op.EQ, ("archive",)),))


class Paged:
    """Offset pages as Cromwell's server makes them: by page number, with a token too many."""

    def __init__(self, count: int, *, total: bool = True) -> None:
        self.count = count
        self.total = total

    def __call__(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        size = body["pageSize"]
        offset = int(body.get("pageToken", "of0").removeprefix("of"))
        first = offset // size * size
        rows = [row(number) for number in range(first, min(first + size, self.count))]
        answer: dict[str, Any] = {"results": rows}
        if self.total:
            answer["totalSize"] = self.count
        if rows:
            answer["nextPageToken"] = f"of{first + size}"
        return httpx.Response(200, json=answer)


async def walked(adapter: JobManagerAdapter, *limits: int, query: Query | None = None) -> list[Page]:
    """Pages with these limits, the last one for all that follow."""
    pages: list[Page] = []
    cursor: str | None = None
    while True:
        limit = limits[min(len(pages), len(limits) - 1)]
        page = await adapter.list(Kind.RUN, query or Query(), cursor=cursor, limit=limit)
        pages.append(page)
        cursor = page.cursor
        if cursor is None:
            return pages
        assert len(pages) < 50


async def test_the_size_of_a_page_is_kept_when_the_limit_grows() -> None:
    server = Server().on("POST", "/jobs/query", Paged(230))
    pages = await walked(server.adapter(), 50, 100)
    assert [len(page.items) for page in pages] == [50, 50, 50, 50, 30]
    assert len({item.ref for page in pages for item in page.items}) == 230
    assert {body["pageSize"] for body in server.bodies()} == {50}


async def test_a_smaller_limit_is_kept_as_well() -> None:
    server = Server().on("POST", "/jobs/query", Paged(60))
    pages = await walked(server.adapter(), 50, 20)
    assert [len(page.items) for page in pages] == [50, 10]
    assert [len(page.items) for page in await walked(server.adapter(), 30, 20)] == [30, 20, 10]
    assert {body["pageSize"] for body in server.bodies()} == {50, 30}


async def test_the_total_ends_the_list_before_the_token_that_leads_nowhere() -> None:
    server = Server().on("POST", "/jobs/query", Paged(60))
    assert len(await walked(server.adapter(), 60)) == 1
    assert len(server.bodies()) == 1


async def test_without_a_total_an_empty_page_ends_the_list() -> None:
    server = Server().on("POST", "/jobs/query", Paged(60, total=False))
    pages = await walked(server.adapter(), 60)
    assert [len(page.items) for page in pages] == [60, 0]
    assert {page.total for page in pages} == {None}


async def test_an_empty_page_may_go_on() -> None:
    answers = [
        {"results": [], "nextPageToken": "a"},
        {"results": [row(1)], "nextPageToken": "b"},
        {"results": []},
    ]
    server = Server().on("POST", "/jobs/query", lambda request: httpx.Response(200, json=answers.pop(0)))
    assert [len(page.items) for page in await walked(server.adapter(), 10)] == [0, 1, 0]


async def test_a_token_that_comes_back_ends_the_list() -> None:
    server = Server().rows(row(1), nextPageToken="again")
    assert len(await walked(server.adapter(), 10)) == 2


async def test_rows_that_make_no_sense_are_left_out() -> None:
    server = Server().rows(row(1), {"status": "Running"}, row(2))
    (page,) = await walked(server.adapter(), 10)
    assert [item.ref for item in page.items] == [run_ref("job-1"), run_ref("job-2")]


@pytest.mark.parametrize("answer", ["[]", "{}", '{"results": {}}', '"x"', "<html>", ""])
async def test_a_page_that_is_none(answer: str) -> None:
    server = Server().on("POST", "/jobs/query", httpx.Response(200, text=answer))
    with pytest.raises(BadPayload):
        await server.adapter().list(Kind.RUN)


async def test_a_cursor_of_somebody_else() -> None:
    with pytest.raises(Invalid, match="does not continue a list"):
        await Server().rows().adapter().list(Kind.RUN, cursor="eyJvZiI6IDN9")


# What servers get wrong


def crashing_on_labels(request: httpx.Request) -> httpx.Response:
    body = json.loads(request.content)
    return CRASH if body.get("labels") else httpx.Response(200, json={"results": [row(1), row(2)]})


async def test_a_crash_on_labels_is_learnt_and_labels_are_filtered_here() -> None:
    server = Server().on("POST", "/jobs/query", crashing_on_labels)
    adapter = server.adapter()
    assert "label.flag" in (await adapter.describe()).kinds[Kind.RUN].server_filter
    page = await adapter.list(Kind.RUN, FLAGGED)
    assert len(page.items) == 2
    assert page.applied == frozenset()
    assert "label.flag" not in (await adapter.describe()).kinds[Kind.RUN].server_filter
    await adapter.list(Kind.RUN, FLAGGED)
    assert [bool(body.get("labels")) for body in server.bodies()] == [True, False, False]


async def test_a_server_that_crashes_on_everything_teaches_nothing() -> None:
    server = Server().on("POST", "/jobs/query", CRASH)
    adapter = server.adapter()
    with pytest.raises(Unavailable):
        await adapter.list(Kind.RUN, FLAGGED)
    assert "label.flag" in (await adapter.describe()).kinds[Kind.RUN].server_filter


async def test_a_name_in_other_letters_is_looked_for_here() -> None:
    def exact(request: httpx.Request) -> httpx.Response:
        name = json.loads(request.content).get("name", "Align")
        return httpx.Response(200, json={"results": [row(1, name="Align")] if name == "Align" else []})

    server = Server().on("POST", "/jobs/query", exact)
    adapter = server.adapter()
    term = Term("name", Op.EQ, ("align",))
    page = await adapter.list(Kind.RUN, Query(terms=(term,)))
    assert [item.name for item in page.items] == ["Align"]
    assert page.applied == frozenset()
    found = await adapter.list(Kind.RUN, Query(terms=(Term("name", Op.EQ, ("Align",)),)))
    assert len(found.applied) == 1


# What the config and the server say together


async def test_a_project_that_is_wanted_must_be_configured() -> None:
    told = {**CAPABILITIES, "queryExtensions": ["projectId"]}
    server = Server(told).rows(row(1))
    with pytest.raises(Invalid, match="one project at a time") as caught:
        await server.adapter().list(Kind.RUN)
    assert "set project in [contexts.jm]" in caught.value.hint
    assert caught.value.executed is False
    assert server.bodies() == []
    page = await server.adapter(project="atlas").list(Kind.RUN)
    assert page.items[0].group == "atlas"
    assert server.bodies()[0]["extensions"] == {"projectId": "atlas"}
    chosen = await server.adapter().list(Kind.RUN, Query(terms=(Term("group", Op.EQ, ("other",)),)))
    assert chosen.items[0].group == "other"


async def test_a_project_that_nobody_asked_for_is_kept_to_oneself() -> None:
    server = Server().rows(row(1))
    page = await server.adapter(project="atlas").list(Kind.RUN)
    assert "extensions" not in server.bodies()[0]
    assert page.items[0].group is None


async def test_archived_jobs_are_hidden_by_the_server_or_else_here() -> None:
    rows = (row(1), row(2, labels={"flag": "archive"}))
    server = Server().rows(*rows, totalSize=2)
    await server.adapter(hide_archived=True).list(Kind.RUN)
    assert server.bodies()[0]["extensions"] == {"hideArchived": True}
    other = Server({**CAPABILITIES, "queryExtensions": []}).rows(*rows, totalSize=2)
    page = await other.adapter(hide_archived=True).list(Kind.RUN)
    assert [item.ref for item in page.items] == [run_ref("job-1")]
    assert page.total is None
    assert "extensions" not in other.bodies()[0]


async def test_nothing_is_sent_that_was_not_asked_for() -> None:
    server = Server().rows()
    await server.adapter().list(Kind.RUN, limit=40)
    assert server.bodies() == [{"pageSize": 40}]


# Tasks


TASKS = {
    "tasks": [
        {"name": "a", "executionStatus": "Succeeded"},
        {"name": "b", "executionStatus": "Running", "shards": [{"shardIndex": 0}, {"shardIndex": 1}]},
    ]
}


async def test_tasks_of_a_job_come_in_pages_with_their_shards() -> None:
    adapter = Server().job(extensions=TASKS).adapter()
    page = await adapter.list(Kind.TASK, Query(parent=run_ref()), limit=3)
    assert [task.name for task in page.items] == ["a", "b", "b shard 0"]
    rest = await adapter.list(Kind.TASK, Query(parent=run_ref()), cursor=page.cursor, limit=3)
    assert [task.name for task in rest.items] == ["b shard 1"]
    assert (rest.cursor, rest.total) == (None, 4)
    shards = await adapter.list(Kind.TASK, Query(parent=page.items[1].ref))
    assert [task.ref.id for task in shards.items] == ["job-1/b/0", "job-1/b/1"]


async def test_a_list_of_all_tasks_is_of_the_jobs_that_go_on() -> None:
    server = Server().rows(row(1), row(2), totalSize=7).job(extensions=TASKS)
    adapter = server.adapter()
    page = await adapter.list(Kind.TASK, limit=3)
    assert server.bodies()[0]["status"] == ["Submitted", "OnHold", "Running", "Aborting"]
    assert page.note == "tasks of the 7 jobs that have not ended"
    assert len(page.items) == 3
    further = await adapter.list(Kind.TASK, cursor=page.cursor, limit=3)
    assert [task.name for task in further.items] == ["b shard 1"]


async def test_runs_have_no_parents_to_be_listed_under() -> None:
    server = Server()
    with pytest.raises(Unsupported):
        await server.adapter().list(Kind.RUN, Query(parent=run_ref()))
    assert server.asked == []


async def test_the_cause_of_a_failure_is_remembered_once_it_was_read() -> None:
    failures = [{"failure": "exit 1", "taskName": "align"}]
    server = Server().rows(row(1, status="Failed"), row(2, status="Failed"))
    server.on("GET", "/jobs/job-1", httpx.Response(200, json=row(1, status="Failed", failures=failures)))
    adapter = server.adapter()
    assert [run.message for run in (await adapter.list(Kind.RUN)).items] == [None, None]
    await adapter.get(run_ref())
    assert [run.message for run in (await adapter.list(Kind.RUN)).items] == ["align: exit 1", None]
    server.rows(row(1, status="Running"))
    assert [run.message for run in (await adapter.list(Kind.RUN)).items] == [None]


async def test_a_status_of_a_newer_server_is_shown() -> None:
    (page,) = await walked(Server().rows(row(1, status="Hibernating"), newKey={"a": 1}).adapter(), 10)
    assert (page.items[0].state, page.items[0].native_state) == (State.UNKNOWN, "Hibernating")
