"""Logs, details, events, dashboards, and what a missing call costs: the feature, never the view."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from adapters.errors import BadPayload, Invalid, NotFound, Unavailable, Unsupported
from adapters.jobmanager import logs, wire
from adapters.model import Kind, LogMode, Ref, State
from adapters.port import Feature, Query
from adapters.sections import Bars, Fields, Section, Spans, Table, Text, Tree
from tests.unit.jobmanager.server import CRASH, SERVER_START, Server, permit, problem, row, run_ref

pytestmark = pytest.mark.anyio
LOG = "gs://bucket/wf/job-1/call-train/train.log"
OPERATION = "projects/p/operations/1"


def event(name: str, start: str, end: str | None, attempt: int = 1, shard: int = -1) -> dict[str, Any]:
    made: dict[str, Any] = {"name": name, "start": start, "attemptNumber": attempt, "shardIndex": shard}
    return made | ({"end": end} if end else {})


TIMES = [f"2026-08-22T14:0{minute}:00+00:00" for minute in range(8)]
TRAIN = {
    "name": "train",
    "executionStatus": "Failed",
    "start": TIMES[4],
    "end": TIMES[7],
    "attempts": 2,
    "inputs": {"epochs": 3, "layers": [1, 2]},
    "backendLog": LOG,
    "callRoot": "gs://bucket/wf/job-1/call-train",
    "operationId": OPERATION,
    "failureMessages": ["exit 1: NCCL timeout"],
    "returnCode": 1,
    "executionEvents": [
        event("Preparing", TIMES[1], TIMES[2]),
        event("Running", TIMES[2], TIMES[3]),
        event("Preparing", TIMES[3], TIMES[4], 2),
        event("Running", TIMES[4], TIMES[7], 2),
    ],
    "frobnicate": {"new": True},
}
LIVE = {"name": "eval", "executionStatus": "Running", "start": TIMES[5], "backendLog": "gs://bucket/e.log"}
CHILD = {"name": "sub", "executionStatus": "Succeeded", "jobId": "job-9", "start": SERVER_START}
FAILED = {
    "status": "Failed",
    "start": TIMES[1],
    "end": TIMES[7],
    "failures": [{"taskName": "train", "failure": "exit 1: NCCL timeout", "timestamp": TIMES[7], "shardIndex": -1}],
    "inputs": {"train.epochs": 3},
    "extensions": {"tasks": [TRAIN, LIVE, CHILD]},
    "newField": "x",
}
TRAIN_REF = Ref("jm", Kind.TASK, "job-1/train")


def server(**more: Any) -> Server:
    return Server().job(**{**FAILED, **more})


def section(sections: tuple[Section, ...], title: str) -> Any:
    return next(each for each in sections if each.title == title)


# Logs


def tail(contents: str, truncated: Any = False) -> httpx.Response:
    return httpx.Response(200, json={"contents": contents, "truncated": truncated})


async def test_logs_of_a_job_are_those_of_its_calls_failed_ones_first() -> None:
    sources = await server().adapter().log_sources(run_ref())
    assert [(each.name, each.mode, each.ended) for each in sources] == [
        ("train", LogMode.WINDOW, True),
        ("eval", LogMode.WINDOW, True),
    ]


async def test_a_log_is_asked_for_by_bucket_and_object() -> None:
    asked = server().on("GET", "/jobs/tailFile", tail("a\nb\n"))
    adapter = asked.adapter()
    (source,) = await adapter.log_sources(TRAIN_REF)
    chunk = await adapter.read_log(source)
    assert dict(asked.asked[-1].url.params) == {"bucket": "bucket", "object": "wf/job-1/call-train/train.log"}
    assert (chunk.data, chunk.at_end, chunk.size, chunk.note) == (b"a\nb\n", True, 4, None)
    assert (await adapter.read_log(source, chunk.cursor)).data == b""
    asked.on("GET", "/jobs/tailFile", tail("a\nb\nc\n"))
    assert (await adapter.read_log(source, chunk.cursor)).data == b"a\nb\nc\n"
    assert (await adapter.read_log(source, tail=3)).data == b"\nc\n"


@pytest.mark.parametrize("truncated", [True, "true", "True"])
async def test_a_cut_log_says_so(truncated: Any) -> None:
    adapter = server().on("GET", "/jobs/tailFile", tail("x" * 500, truncated)).adapter()
    chunk = await adapter.read_log((await adapter.log_sources(TRAIN_REF))[0])
    assert chunk.note == "starts late: the server gives only the last 500 bytes"
    assert chunk.size is None


async def test_no_content_teaches_that_files_cannot_be_had() -> None:
    asked = server().on("GET", "/jobs/tailFile", httpx.Response(204))
    adapter = asked.adapter()
    (source,) = await adapter.log_sources(TRAIN_REF)
    with pytest.raises(Unsupported, match="does not hand out files; the log is at gs://bucket"):
        await adapter.read_log(source)
    schema = await adapter.describe()
    assert not schema.features[Feature.LOGS].supported
    assert not schema.kinds[Kind.TASK].logs.supported
    count = len(asked.asked)
    with pytest.raises(Unsupported):
        await adapter.log_sources(run_ref())
    assert len(asked.asked) == count


async def test_a_log_that_is_not_there() -> None:
    adapter = server().on("GET", "/jobs/tailFile", problem(404, "No such object")).adapter()
    (source,) = await adapter.log_sources(TRAIN_REF)
    with pytest.raises(NotFound, match="no log at gs://bucket"):
        await adapter.read_log(source)
    crashed = server().on("GET", "/jobs/tailFile", CRASH).adapter()
    with pytest.raises(Unavailable) as caught:
        await crashed.read_log(source)
    assert "does not read files" in caught.value.hint


async def test_a_log_that_is_yet_to_come_is_waited_for() -> None:
    asked = server(status="Running").on("GET", "/jobs/tailFile", problem(404, "No such object"))
    adapter = asked.adapter()
    (source,) = await adapter.log_sources(Ref("jm", Kind.TASK, "job-1/eval"))
    assert not source.ended
    chunk = await adapter.read_log(source)
    assert (chunk.data, chunk.at_end, chunk.note) == (b"", True, "nothing is in it yet")
    assert (await adapter.read_log(source, "4:1")).note is None
    asked.on("GET", "/jobs/tailFile", CRASH)
    with pytest.raises(Unavailable):
        await adapter.read_log(source)
    asked.on("GET", "/jobs/tailFile", tail("x"))
    await adapter.read_log(source)
    asked.on("GET", "/jobs/tailFile", CRASH)  # such is an empty log, where files are read at all
    assert (await adapter.read_log(source)).data == b""


async def test_a_call_without_a_log_says_why() -> None:
    adapter = server(extensions={"tasks": [{"name": "cached", "executionStatus": "Succeeded"}]}).adapter()
    (source,) = await adapter.log_sources(Ref("jm", Kind.TASK, "job-1/cached"))
    with pytest.raises(NotFound, match="names no log of cached"):
        await adapter.read_log(source)


async def test_below_a_sub_workflow_are_the_tasks_and_logs_of_its_job() -> None:
    child = row(9, extensions={"parentJobId": "job-1", "tasks": [LIVE]})
    adapter = server().on("GET", "/jobs/job-9", httpx.Response(200, json=child)).adapter()
    sub = Ref("jm", Kind.TASK, "job-1/sub")
    assert [task.ref.id for task in (await adapter.list(Kind.TASK, Query(parent=sub))).items] == ["job-9/eval"]
    assert [source.ref.id for source in await adapter.log_sources(sub)] == ["job-9/eval"]
    assert (await adapter.get(run_ref("job-9"))).parent == run_ref()


async def test_logs_elsewhere_are_named() -> None:
    task = {**TRAIN, "backendLog": "/nfs/cromwell/train.log", "stdout": "gs://b/stdout"}
    adapter = server(extensions={"tasks": [task]}).adapter()
    first, second = await adapter.log_sources(TRAIN_REF)
    with pytest.raises(Unsupported, match="the log is at /nfs/cromwell/"):
        await adapter.read_log(first)
    assert second.name == "train stdout"


async def test_the_logs_of_dsub_are_the_jobs_own() -> None:
    told = {"logs": {"Output Log": "gs://b/out.log", "Error Log": "gs://b/err.log", "odd": 3}}
    sources = await server(extensions=told).adapter().log_sources(run_ref())
    assert [(each.name, each.ref) for each in sources] == [("Output Log", run_ref()), ("Error Log", run_ref())]


ATTEMPTS = {
    "attempts": [
        {"attemptNumber": 1, "executionStatus": "Failed", "backendLog": "gs://b/1.log", "end": TIMES[3]},
        {"attemptNumber": 2, "executionStatus": "Running", "backendLog": "gs://b/2.log", "end": SERVER_START},
    ]
}


async def test_an_earlier_attempt_has_its_own_log() -> None:
    asked = server().on("GET", "/jobs/job-1/train/attempts", httpx.Response(200, json=ATTEMPTS))
    adapter = asked.adapter()
    (first,) = await adapter.log_sources(TRAIN_REF, attempt=1)
    assert (first.key, first.attempt, first.ended) == ("gs://b/1.log", 1, True)
    (latest,) = await adapter.log_sources(TRAIN_REF, attempt=2)
    assert latest.key == LOG
    assert await adapter.log_sources(TRAIN_REF, attempt=3) == []
    assert [each.key for each in await adapter.log_sources(run_ref(), attempt=1)] == [
        "gs://b/1.log",
        "gs://bucket/e.log",
    ]


async def test_an_attempt_of_a_shard_is_asked_for_by_its_index() -> None:
    shards = [{"shardIndex": 4, "executionStatus": "Failed", "attempts": 2, "backendLog": "gs://b/x"}]
    asked = server(extensions={"tasks": [{"name": "a b", "executionStatus": "Failed", "shards": shards}]})
    asked.on("GET", "/jobs/job-1/a%20b/4/attempts", httpx.Response(200, json=ATTEMPTS))
    (source,) = await asked.adapter().log_sources(Ref("jm", Kind.TASK, "job-1/a%20b/4"), attempt=1)
    assert source.key == "gs://b/1.log"


@pytest.mark.parametrize("answer", [CRASH, problem(501)])
async def test_a_server_without_attempts_is_asked_once(answer: httpx.Response) -> None:
    asked = server().on("GET", "/jobs/job-1/train/attempts", answer)
    adapter = asked.adapter()
    with pytest.raises(Unsupported, match="does not list attempts"):
        await adapter.log_sources(TRAIN_REF, attempt=1)
    assert not (await adapter.describe()).features[Feature.LOG_ATTEMPTS].supported
    await adapter.detail(TRAIN_REF)
    assert sum("attempts" in path for path in asked.paths()) == 1


def test_a_window_of_any_text() -> None:
    found = wire.FileContents.model_validate({"contents": "\ud800 \u00e4 \x00"})
    assert logs.chunk(found, None, None).data == "? \u00e4 \x00".encode()


# Details


async def test_the_detail_of_a_job_hides_nothing() -> None:
    detail = await server().adapter().detail(run_ref())
    assert detail.cause == "train: exit 1: NCCL timeout"
    assert isinstance(section(detail.sections, "Calls"), Tree)
    assert section(detail.sections, "Errors").rows[0][1] == "train"
    assert section(detail.sections, "Inputs").rows == (("train.epochs", 3),)
    assert ("newField", "x") in section(detail.sections, "Fields").rows
    assert isinstance(detail.sections[-1], Fields)
    assert isinstance(detail.raw, dict)
    happened = section(detail.sections, "Events").rows
    assert (TIMES[4][:-6] + ".000Z", None, "train", "Running began, try 2") in happened
    assert happened[0][2:] == ("wf", "submitted")


async def test_the_tree_leads_to_tasks_and_to_jobs_of_their_own() -> None:
    tree = section((await server().adapter().detail(run_ref())).sections, "Calls")
    assert [(node.label, node.note) for node in tree.nodes] == [
        ("train", "Failed, 2 attempts"),
        ("eval", "Running"),
        ("sub", "Succeeded, job job-9"),
    ]
    assert tree.nodes[0].ref == TRAIN_REF
    assert tree.nodes[2].children[0].ref == run_ref("job-9")


async def test_the_time_axis_shows_which_try_failed() -> None:
    spans: Spans = section((await server().adapter().detail(run_ref())).sections, "Timing")
    assert [(span.label, span.state) for span in spans.spans] == [
        ("train Preparing", State.SUCCEEDED),
        ("train Running", State.FAILED),
        ("train try 2 Preparing", State.SUCCEEDED),
        ("train try 2 Running", State.FAILED),
    ]


async def test_a_span_that_goes_on_has_no_end() -> None:
    task = {**TRAIN, "executionStatus": "Running", "executionEvents": [event("Running", TIMES[4], None)]}
    detail = await server(status="Running", extensions={"tasks": [task]}).adapter().detail(run_ref())
    (span,) = section(detail.sections, "Timing").spans
    assert (span.end, span.state) == (None, State.RUNNING)


async def test_the_detail_of_a_task() -> None:
    told = {"id": "job-1", "details": json.dumps({"name": OPERATION, "metadata": {"events": [1]}, "done": True})}
    asked = server()
    asked.on("GET", "/jobs/job-1/train/attempts", httpx.Response(200, json=ATTEMPTS))
    asked.on("GET", "/jobs/operationDetails", httpx.Response(200, json=told))
    detail = await asked.adapter().detail(TRAIN_REF)
    assert detail.cause == "exit 1: NCCL timeout"
    assert dict(asked.asked[-1].url.params) == {"job": "job-1", "operation": OPERATION}
    assert section(detail.sections, "Operation").rows == (
        ("name", OPERATION),
        ("metadata.events", [1]),
        ("done", True),
    )
    tries = section(detail.sections, "Attempts").rows
    assert [(each[0], each[1], each[3]) for each in tries] == [(1, "Failed", TIMES[3]), (2, "Running", None)]
    assert ("frobnicate.new", True) in section(detail.sections, "Fields").rows
    assert detail.raw == TRAIN


@pytest.mark.parametrize("text", ["not JSON", "[1]", '"x"', "[" * 100_000])
async def test_operation_details_that_are_no_object_are_shown_as_they_are(text: str) -> None:
    asked = server().on("GET", "/jobs/operationDetails", httpx.Response(200, json={"id": "job-1", "details": text}))
    assert section((await asked.adapter().detail(TRAIN_REF)).sections, "Operation") == Text("Operation", text)


@pytest.mark.parametrize("answer", [httpx.Response(204), CRASH, problem(501)])
async def test_a_server_without_operations_is_asked_once(answer: httpx.Response) -> None:
    asked = server().on("GET", "/jobs/operationDetails", answer)
    adapter = asked.adapter()
    for _ in range(2):
        assert "Operation" not in [each.title for each in (await adapter.detail(TRAIN_REF)).sections]
    assert sum("operationDetails" in path for path in asked.paths()) == 1


async def test_an_operation_that_is_gone_is_no_lesson() -> None:
    asked = server().on("GET", "/jobs/operationDetails", problem(404, "Operation 1 not found"))
    adapter = asked.adapter()
    for _ in range(2):
        await adapter.detail(TRAIN_REF)
    assert sum("operationDetails" in path for path in asked.paths()) == 2


# The dashboard


def counts(**of: int) -> dict[str, Any]:
    return {"counts": [{"status": status, "count": count} for status, count in of.items()]}


TOTALS = {
    "summary": counts(Failed=3, Succeeded=9),
    "aggregations": [
        {
            "name": "Job Name",
            "key": "name",
            "entries": [
                {"label": "other", "statusCounts": counts(Succeeded=8)},
                {"label": "wf", "statusCounts": counts(Failed=3, Succeeded=1)},
            ],
        },
        {"name": None, "key": None, "entries": [{}, None]},
    ],
}


async def test_the_dashboard_puts_this_job_first() -> None:
    asked = server().on("GET", "/aggregations", httpx.Response(200, json=TOTALS))
    adapter = asked.adapter(dashboard="DAYS_30")
    detail = await adapter.detail(run_ref())
    bars: Bars = section(detail.sections, "Jobs 30 days")
    assert [(bar.label, bar.value, bar.limit) for bar in bars.bars] == [("Failed", 3, 12), ("Succeeded", 9, 12)]
    table: Table = section(detail.sections, "Dashboard 30 days")
    assert table.heads == ("", "BY", "VALUE", "FAILED", "SUCCEEDED", "ALL")
    assert table.rows[:2] == (("▸", "Job Name", "wf", 3, 1, 4), ("", "Job Name", "other", None, 8, 8))
    await adapter.detail(run_ref())
    assert [path for path in asked.paths() if "aggregations" in path] == [
        "GET /api/v1/aggregations?timeFrame=DAYS_30"
    ]


@pytest.mark.parametrize("answer", [problem(501), CRASH, problem(404, "The requested URL was not found")])
async def test_a_server_that_does_not_add_up_is_asked_once(answer: httpx.Response) -> None:
    asked = server().on("GET", "/aggregations", answer)
    adapter = asked.adapter()
    for _ in range(2):
        assert not any(each.title.startswith("Jobs") for each in (await adapter.detail(run_ref())).sections)
    assert sum("aggregations" in path for path in asked.paths()) == 1


async def test_totals_that_are_nonsense_do_not_hide_the_job() -> None:
    asked = server().on("GET", "/aggregations", httpx.Response(200, text="<html>"))
    assert (await asked.adapter().detail(run_ref())).resource.ref == run_ref()


# Events


async def test_events_of_a_job() -> None:
    told = {"tasks": [TRAIN], "events": [{"time": TIMES[0], "content": "created"}, {"content": None}]}
    found = await server(extensions=told).adapter().events(run_ref())
    assert [event.text for event in found[:4]] == [
        "submitted",
        "created",
        "wf: started",
        "train: Preparing began, try 1",
    ]
    assert sum("NCCL timeout" in event.text for event in found if event.ref == run_ref()) == 1
    task = await server(extensions=told).adapter().events(TRAIN_REF)
    assert {event.ref for event in task} == {TRAIN_REF}
    tries = [(event.text, event.extra.get("attempt")) for event in task if event.extra]
    assert tries == [
        ("train: Preparing began, try 1", 1),
        ("train: Running began, try 1", 1),
        ("train: failed, try 1", 1),  # there was another one
        ("train: Preparing began, try 2", 2),
        ("train: Running began, try 2", 2),
    ]


# Ids and other errors


@pytest.mark.parametrize("job", ["a/b", "..", ".", ""])
async def test_ids_that_would_be_another_path_are_not_sent(job: str) -> None:
    asked = Server()
    adapter = asked.adapter()
    with pytest.raises(NotFound):
        await adapter.get(run_ref(job))
    assert not [path for path in asked.paths() if "/jobs" in path]


async def test_a_bad_request_for_a_job_is_a_job_that_cannot_be() -> None:
    asked = Server().on("GET", "/jobs/x", problem(400, "Invalid workflow ID: 'x'."))
    with pytest.raises(NotFound) as caught:
        await asked.adapter().get(run_ref("x"))
    assert caught.value.hint == "Invalid workflow ID: 'x'."


async def test_ids_are_encoded_as_one_segment() -> None:
    asked = Server().on("GET", "/jobs/atlas%2Bj%2Bt%2B1", httpx.Response(200, json=row(id="atlas+j+t+1")))
    assert (await asked.adapter().get(run_ref("atlas+j+t+1"))).group == "atlas"


@pytest.mark.parametrize("answer", ["{}", "[]", '{"id": null}', "null"])
async def test_a_job_that_is_none(answer: str) -> None:
    asked = Server().on("GET", "/jobs/job-1", httpx.Response(200, text=answer))
    with pytest.raises(BadPayload):
        await asked.adapter().get(run_ref())


async def test_texts_that_are_no_proper_unicode() -> None:
    body = b'{"id": "job-1", "status": "Running", "name": "\\ud800", "labels": {"a": "\xff"}}'
    asked = Server().on("GET", "/jobs/job-1", httpx.Response(200, content=body))
    assert (await asked.adapter().get(run_ref())).name == "?"


# Any method


async def test_parameters_have_the_names_of_the_api() -> None:
    asked = Server().rows(row(1)).on("GET", "/aggregations", httpx.Response(200, json={}))
    adapter = asked.adapter()
    specs = {spec.name: dict(spec.params) for spec in adapter.methods()}
    assert len(specs) == 11
    assert {"pageSize", "pageToken"} <= set(specs["QueryJobs"])
    await adapter.call("QueryJobs", {"pageSize": "5", "status": "Running,Failed"})
    assert asked.bodies()[-1] == {"pageSize": 5, "status": ["Running", "Failed"]}
    await adapter.call("QueryJobs", {"page_size": 6})
    assert asked.bodies()[-1] == {"pageSize": 6}
    await adapter.call("GetJobAggregations", {"timeFrame": "DAYS_7", "projectId": "p"})
    assert dict(asked.asked[-1].url.params) == {"timeFrame": "DAYS_7", "projectId": "p"}
    with pytest.raises(Invalid, match="no parameter"):
        await adapter.call("QueryJobs", {"frobnicate": 1})


async def test_an_answer_without_a_body_is_nothing() -> None:
    asked = Server().on("POST", "/jobs/job-1/abort", httpx.Response(204))
    assert await asked.adapter().call("AbortJob", {"id": "job-1"}, permit()) is None
