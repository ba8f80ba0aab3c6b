"""The adapter over canned answers: what it asks, what it makes of the answers, what it refuses unasked."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import httpx
import pytest

from adapters.clearml import BACKEND, SCHEMA
from adapters.clearml.api import TasksApi
from adapters.endpoint import endpoints
from adapters.errors import AdapterError, BadPayload, Invalid, NotFound, Unavailable, Unsupported
from adapters.model import Kind, Pool, Ref
from adapters.permit import PermitRefused
from adapters.port import Feature, Op, Query, SortKey, Term
from adapters.sections import Fields, Series, Table, Text
from tests.unit.clearml.server import DATA, NATIVE, QUEUE, RUN, Server, permit, refusal, row

pytestmark = pytest.mark.anyio
POOL = Ref("clearml", Kind.POOL, QUEUE)
HOST = Ref("clearml", Kind.HOST, "gpu-a100-0417:0")


def many(number: int) -> list[dict[str, Any]]:
    return [row(id=f"{n:032x}") for n in range(number)]


async def test_a_list_asks_for_what_a_row_shows() -> None:
    server = Server()
    page = await server.adapter().list(Kind.RUN, limit=50)
    body = server.last("tasks.get_all_ex")
    assert (body["order_by"], body["page"], body["page_size"]) == (["-created"], 0, 50)
    assert {"id", "status_message", "user.name", "execution.queue", "last_metrics"} <= set(body["only_fields"])
    assert not {"script", "configuration", "hyperparams"} & set(body["only_fields"])
    assert (page.cursor, page.total, page.sorted) == (None, None, True)
    assert [run.name for run in page.items] == ["resnet50-aug-sweep-031"]
    assert page.items[0].pool == "gpu-a100"  # whose name only the queues tell


async def test_a_full_page_is_followed_by_the_next() -> None:
    server = Server().on(
        "tasks.get_all_ex",
        lambda body: {"tasks": many(120)[body["page"] * body["page_size"] :][: body["page_size"]]},
    )
    adapter = server.adapter()
    first = await adapter.list(Kind.RUN, limit=50)
    second = await adapter.list(Kind.RUN, cursor=first.cursor, limit=100)  # 50 do not divide into pages of 100
    third = await adapter.list(Kind.RUN, cursor=second.cursor, limit=100)
    assert (first.cursor, second.cursor, third.cursor) == ("50", "100", None)
    refs = [item.ref for page in (first, second, third) for item in page.items]
    assert len(refs) == len(set(refs)) == 120


async def test_the_servers_limit_is_not_taken_for_the_end() -> None:
    server = Server().tasks(*many(500))
    page = await server.adapter().list(Kind.RUN, limit=5000)
    assert server.last("tasks.get_all_ex")["page_size"] == 500
    assert page.cursor == "500"


async def test_servers_that_do_not_know_a_field_get_fewer() -> None:
    server = Server()

    def answer(body: dict[str, Any]) -> Any:
        if "active_duration" in body["only_fields"]:
            return refusal(400, 14, "Fields not defined for object: field=active_duration")
        return {"tasks": [row()]}

    adapter = server.on("tasks.get_all_ex", answer).adapter()
    assert (await adapter.list(Kind.RUN)).items
    assert (await adapter.list(Kind.RUN)).items
    assert server.names().count("tasks.get_all_ex") == 3  # remembered
    server.on("tasks.get_all_ex", refusal(400, 14, "Fields not defined for object: field=x"))
    with pytest.raises(Invalid):
        await adapter.list(Kind.RUN)


async def test_terms_go_to_the_server_as_far_as_it_knows_them() -> None:
    server = Server()
    state, owner = Term("state", Op.EQ, ("failed",)), Term("owner", Op.EQ, ("ana",))
    group, since = Term("group", Op.EQ, ("VISION",)), Term("updated", Op.GE, ("1795234914",))
    query = Query(terms=(state, owner, group, since), sort=(SortKey("updated", True),))
    page = await server.adapter().list(Kind.RUN, query)
    body = server.last("tasks.get_all_ex")
    assert (body["status"], body["project"], body["order_by"]) == (["failed"], ["p1"], ["-last_update"])
    assert body["last_update"] == [">=2026-11-21T04:21:54+00:00"]
    assert page.applied == {state, group, since}


async def test_a_context_of_one_project() -> None:
    server = Server()
    await server.adapter(project="vision").list(Kind.RUN)
    assert server.last("tasks.get_all_ex")["project"] == ["p1", "p2"]
    with pytest.raises(NotFound, match="no project 'visoin'; nearest: vision"):
        await server.adapter(project="visoin").list(Kind.RUN)


@pytest.mark.parametrize("native", ["-" + "a" * 31, "__$not", "0b3e", "a b/[/red]", "none"])
async def test_an_id_that_is_an_operator_finds_nothing(native: str) -> None:
    with pytest.raises(NotFound):  # the server would answer with every other task
        await Server().tasks(*many(3)).adapter().get(Ref("clearml", Kind.RUN, native))


async def test_a_queue_lists_its_runs_in_their_order() -> None:
    rows = [row(id=native, name=native, status="queued") for native in ("t-three", "t-one", "t-two")]
    server = Server().on(
        "tasks.get_all_ex", lambda body: {"tasks": [each for each in rows if each["id"] in body["id"]]}
    )
    adapter = server.adapter()
    first = await adapter.list(Kind.RUN, Query(parent=POOL), limit=2)
    assert [(run.name, run.message) for run in first.items] == [
        ("t-one", "1st in gpu-a100"),
        ("t-two", "2nd in gpu-a100"),
    ]
    assert (first.cursor, first.total) == ("2", 3)
    rest = await adapter.list(Kind.RUN, Query(parent=POOL), cursor=first.cursor, limit=2)
    assert [(run.name, run.extra["position"]) for run in rest.items] == [("t-three", 3)]
    assert rest.cursor is None


async def test_a_worker_lists_what_it_works_on() -> None:
    server = Server().on("tasks.get_all_ex", lambda body: {"tasks": [row(id="t9")] if body["id"] == ["t9"] else []})
    adapter = server.adapter()
    assert [run.ref.id for run in (await adapter.list(Kind.RUN, Query(parent=HOST))).items] == ["t9"]
    idle = Ref("clearml", Kind.HOST, "cpu-01:0")
    assert (await adapter.list(Kind.RUN, Query(parent=idle))).items == ()


def pipelines(server: Server) -> Server:
    def answer(body: dict[str, Any]) -> dict[str, Any]:
        if "parent" in body:
            return {"tasks": [row(id="s1", name="train"), row(id="c2", name="clone", type="controller")]}
        if body.get("id") == ["plain"]:
            return {"tasks": [row(id="plain")]}
        return {"tasks": [row(id="pipe", type="controller")]}

    return server.on("tasks.get_all_ex", answer)


async def test_steps_are_the_children_of_a_controller_and_clones_are_not() -> None:
    server = pipelines(Server())
    adapter = server.adapter()
    page = await adapter.list(Kind.TASK, Query(parent=Ref("clearml", Kind.RUN, "pipe")))
    assert [(task.ref.kind, task.ref.id) for task in page.items] == [(Kind.TASK, "s1")]
    assert server.last("tasks.get_all_ex")["order_by"] == ["created"]
    none = await adapter.list(Kind.TASK, Query(parent=Ref("clearml", Kind.RUN, "plain")))
    assert (none.items, none.total) == ((), 0)
    assert none.note
    assert "cloned" in none.note


async def test_all_steps_are_those_of_live_pipelines() -> None:
    server = pipelines(Server())
    page = await server.adapter().list(Kind.TASK, Query(active=True))
    assert page.note == "steps of the 1 pipelines that have not ended"
    live = next(asked.body for asked in server.asked if asked.body.get("type"))
    assert (live["type"], "failed" in live["status"]) == (["controller"], False)
    assert "failed" not in server.last("tasks.get_all_ex")["status"]


async def test_a_run_that_is_no_step_is_no_task() -> None:
    server = Server().tasks(row(parent=None))
    with pytest.raises(NotFound, match="no step of a pipeline"):
        await server.adapter().get(Ref("clearml", Kind.TASK, NATIVE))


async def test_places_in_queues_are_read_no_more_often_than_needed() -> None:
    server = Server().tasks(row(status="completed"))
    adapter = server.adapter()
    for _ in range(3):
        await adapter.list(Kind.RUN)
    assert server.names().count("queues.get_all_ex") == 1
    server.on("queues.get_all_ex", refusal(403, 20, "not allowed for role"))
    plain = await server.adapter().list(Kind.RUN)
    assert plain.items[0].pool == QUEUE  # without names, but there


async def test_servers_without_the_richer_list_of_queues() -> None:
    server = Server()
    del server.answers["queues.get_all_ex"]
    server.on("queues.get_all", {"queues": [{"id": "q", "name": "old", "entries": [{"task": "t1", "added": "x"}]}]})
    pool = (await server.adapter().list(Kind.POOL)).items[0]
    assert isinstance(pool, Pool)
    assert (pool.name, pool.waiting, pool.extra["workers"], pool.extra["next"]) == ("old", 1, None, "t1")


async def test_machine_statistics_are_of_the_last_minute() -> None:
    def stats(body: dict[str, Any]) -> dict[str, Any]:
        at = body["to_date"] * 1000
        metric = {"dates": [at - 60000, at], "stats": [{"aggregation": "avg", "values": [11.0, 83.4]}]}
        return {
            "workers": [
                {"worker": HOST.id, "metrics": [{"metric": "cpu_usage", **metric}, {"metric": "gpu_usage"}]}
            ]
        }

    server = Server().on("workers.get_stats", stats)
    adapter = server.adapter()
    hosts = {host.ref.id: host for host in (await adapter.list(Kind.HOST)).items}
    assert (hosts[HOST.id].extra["cpu_percent"], hosts[HOST.id].extra["gpu_percent"]) == (83, None)
    assert hosts["cpu-01:0"].extra["cpu_percent"] is None
    body = server.last("workers.get_stats")
    assert body["interval"] >= 40
    # seconds here, milliseconds in the answer; and by the server's clock, not by this machine's
    assert body["to_date"] == 1787409121
    await adapter.list(Kind.HOST)
    assert server.names().count("workers.get_stats") == 1
    detail = await adapter.detail(HOST)
    machine = next(section for section in detail.sections if isinstance(section, Series))
    assert [value for _, value in machine.lines["cpu_usage"]] == [11.0, 83.4]


async def test_without_statistics_there_are_workers_all_the_same() -> None:
    server = Server()
    adapter = server.adapter()
    for _ in range(3):
        assert len((await adapter.list(Kind.HOST)).items) == 2
    assert server.names().count("workers.get_stats") == 1


async def test_metrics_become_columns() -> None:
    server = Server()
    adapter = server.adapter()
    schema = await adapter.describe()
    assert schema.version == "2.0.0"
    spec = next(spec for spec in schema.kinds[Kind.RUN].fields if spec.id == "train/loss")
    assert (spec.path, spec.wide) == ("extra.metric.train/loss", True)
    assert not any("monitor" in spec.id for spec in schema.kinds[Kind.RUN].fields)
    asked = len(server.asked)
    assert await adapter.describe() is schema
    assert len(server.asked) == asked
    named = await server.adapter(metrics=["eval/F1 score"]).describe()
    own = named.kinds[Kind.RUN].fields[-1]
    assert (own.id, own.title, own.path, own.wide) == (
        "eval/f1_score",
        "eval/F1 score",
        "extra.metric.eval/F1 score",
        False,
    )


async def test_a_server_that_does_not_answer_is_described_as_usual() -> None:
    def fail(body: dict[str, Any]) -> httpx.Response:
        raise httpx.ConnectError("refused")

    server = Server().on("auth.login", fail)
    adapter = server.adapter()
    assert await adapter.describe() is SCHEMA
    server.on("auth.login", server._login)
    assert (await adapter.describe()).version == "2.0.0"


async def test_health() -> None:
    server = Server()
    health = await server.adapter().health()
    assert (health.ok, health.version, health.note) == (True, "2.0.0", "as ana")
    del server.answers["users.get_current_user"]
    assert (await server.adapter().health()).ok
    server.on("tasks.get_all_ex", refusal(403, 20, "not allowed for role"))
    with pytest.raises(AdapterError):
        await server.adapter().health()


CURVES = {
    "train": {"loss": {"name": "loss", "x": [0, 10, 20], "y": [2.6, 1.1, "NaN"]}},
    ":monitor:gpu": {"gpu_0": {"name": "gpu_0", "x": [0], "y": [94.1]}},
    "broken": {"a": None, "b": {"x": 3}, "c": {"x": [], "y": []}},
}


async def test_a_detail_hides_nothing() -> None:
    server = Server().tasks(row(status="failed", status_message="", status_reason="worker execution exit code 1"))
    server.on("tasks.get_by_id", {"task": DATA["full"]}).on("events.scalar_metrics_iter_histogram", CURVES)
    detail = await server.adapter().detail(RUN)
    by_title = {section.title: section for section in detail.sections}
    assert list(by_title) == [
        *(
            "Params",
            "Metrics",
            "Scalars",
            "Machine",
            "Events",
            "Artifacts",
            "Configuration",
            "Uncommitted",
            "Fields",
        )
    ]
    assert by_title["Params"] == Fields("Params", (("Args/lr", "0.1"), ("General/seed", "7")))
    scalars, machine = by_title["Scalars"], by_title["Machine"]
    assert isinstance(scalars, Series)
    assert isinstance(machine, Series)
    assert dict(scalars.lines) == {"train/loss": [(0.0, 2.6), (10.0, 1.1)]}
    assert dict(machine.lines) == {"gpu/gpu_0": [(0.0, 94.1)]}
    metrics, artifacts, text = by_title["Metrics"], by_title["Artifacts"], by_title["Configuration"]
    assert isinstance(metrics, Table)
    assert isinstance(artifacts, Table)
    assert isinstance(text, Text)
    assert metrics.rows == (("train/loss", 0.41, 0.4, 2.6, 41),)
    assert artifacts.rows[0][:4] == ("model", "custom", "output", "s3://b/model.pt")
    assert text.text == "# model\ndepth: 50"
    fields = by_title["Fields"]
    assert isinstance(fields, Fields)
    shown = dict(fields.rows)
    assert shown["invented_in_2_40.deep.er"] == [1, 2]
    assert not any(key.startswith(("hyperparams", "last_metrics", "execution.artifacts")) for key in shown)
    assert detail.cause == "worker execution exit code 1"
    assert detail.raw == DATA["full"]


async def test_a_detail_without_scalars_is_a_detail() -> None:
    server = Server().on("tasks.get_by_id", {"task": {"id": NATIVE, "execution": {"parameters": {"lr": "0.1"}}}})
    server.on("events.scalar_metrics_iter_histogram", refusal(500, 100, "General data error"))
    detail = await server.adapter().detail(RUN)
    assert [section.title for section in detail.sections] == ["Params", "Events", "Fields"]
    assert detail.cause is None


async def test_queue_and_worker_in_detail() -> None:
    adapter = Server().adapter()
    queue = await adapter.detail(POOL)
    entries = queue.sections[0]
    assert isinstance(entries, Table)
    assert entries.rows[0] == (1, "first", "2026-08-22T14:00:00Z", "t-one")
    worker = await adapter.detail(HOST)
    assert [section.title for section in worker.sections] == ["Queues", "Fields"]
    for ref in (Ref("clearml", Kind.POOL, "x"), Ref("clearml", Kind.HOST, "x")):
        with pytest.raises(NotFound):
            await adapter.detail(ref)


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, json={"data": {"tasks": []}}),
        httpx.Response(200, json={"meta": {}, "data": []}),
        httpx.Response(200, json=[]),
        httpx.Response(200, json={"meta": {}, "data": {}}),
        httpx.Response(200, json={"meta": {}, "data": {"tasks": {}}}),
        httpx.Response(200, json={"meta": {}, "data": {"tasks": [{"name": "no id"}]}}),
        httpx.Response(200, json={"meta": {}, "data": {"tasks": [3]}}),
        httpx.Response(200, content=b""),
        httpx.Response(200, content=b"<html>"),
    ],
)
async def test_answers_that_make_no_sense(answer: httpx.Response) -> None:
    with pytest.raises(BadPayload) as caught:
        await Server().on("tasks.get_all_ex", answer).adapter().list(Kind.RUN)
    assert caught.value.sentence.startswith("clearml: the answer cannot be read: ")


async def test_a_server_without_the_unknown_status_in_its_table_fails_in_words() -> None:
    server = Server().on("tasks.stop", refusal(500, 1, "Internal server error"))
    with pytest.raises(Unavailable, match=r"Internal server error \(500/1\)"):
        await server.adapter().perform("abort", RUN, {}, permit())


async def test_what_is_not_there_is_refused_unasked() -> None:
    server = Server()
    adapter = server.adapter()
    for kind in (Kind.POD, Kind.UPDATE, Kind.VOLUME):
        with pytest.raises(Unsupported, match=SCHEMA.absent[kind]):
            await adapter.list(kind)
    with pytest.raises(Unsupported, match="pools are not listed under a run"):
        await adapter.list(Kind.POOL, Query(parent=RUN))
    with pytest.raises(Unsupported, match="nearest: enqueue"):
        await adapter.preview("enqeue", RUN, {})
    with pytest.raises(Unsupported, match="no history of its queues"):
        await adapter.events(POOL)
    with pytest.raises(Unsupported, match="no watch"):
        adapter.watch(Kind.RUN, Query())
    assert server.asked == []
    assert not SCHEMA.features[Feature.WATCH].supported


SEED = (
    *("get_by_id", "get_all", "get_all_ex", "create", "validate", "update", "update_batch", "edit", "reset"),
    *("delete", "started", "stop", "stopped", "failed", "close", "publish", "enqueue", "dequeue"),
    *("set_requirements", "completed", "ping"),
)


def test_the_seed_is_there_in_full() -> None:
    assert {found.name for found in endpoints(TasksApi).values() if found.seed} == {
        f"tasks.{name}" for name in SEED
    }


async def test_every_method_can_be_called_by_its_own_name() -> None:
    server = Server()
    adapter = server.adapter()
    values = {"text": "x", "number": 1, "true or false": True, "JSON": ["y"]}
    for method in adapter.methods():
        server.on(method.name, server._login if method.name == "auth.login" else {})
        params: dict[str, Any] = {name: values[words.removesuffix(", optional")] for name, words in method.params}
        params.pop("more", None)
        given = permit(method.name) if method.effect == "write" else None
        if method.effect == "write":
            with pytest.raises(PermitRefused):
                await adapter.call(method.name, params)
        await adapter.call(method.name, params, given)
        asked = server.asked[-1]
        assert asked.name == method.name
        assert given is None or given.spent
        if method.name not in ("tasks.update_batch", "events.add_batch", "events.add"):
            assert asked.body == params
    assert {"tasks.stop_many", "events.get_task_log", "queues.move_task_to_front", "workers.status_report"} <= {
        method.name for method in adapter.methods()
    }
    with pytest.raises(Unsupported, match=r"nearest: tasks\.get_all"):
        await adapter.call("tasks.getall", {})


async def test_batches_are_lines() -> None:
    server = Server().on("tasks.update_batch", {"updated": 2})
    adapter = server.adapter()
    rows = [{"task": "a", "name": "one"}, {"task": "b"}]
    assert await adapter.call("tasks.update_batch", {"updates": rows}, permit()) == {"updated": 2}  # type: ignore[dict-item]
    assert server.asked[-1].headers["content-type"] == "application/json-lines"
    assert server.asked[-1].body == '{"task":"a","name":"one"}\n{"task":"b"}\n'
    with pytest.raises(Invalid, match="takes a list"):
        await adapter.call("tasks.update_batch", {"updates": "x"}, permit())


async def test_more_fields_of_a_request() -> None:
    server = Server().on("tasks.get_all", {"tasks": []})
    await server.adapter().call("tasks.get_all", {"status": ["failed"], "more": {"search_hidden": True}})
    assert server.last("tasks.get_all") == {"status": ["failed"], "search_hidden": True}


def test_the_declaration_costs_no_http_client() -> None:
    heavy = "'httpx', 'pydantic', 'textual', 'starlette'"
    code = f"import sys, adapters.clearml; print([m for m in ({heavy}) if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert BACKEND.schema.backend == BACKEND.name == "clearml"
