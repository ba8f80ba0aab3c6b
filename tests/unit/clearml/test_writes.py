"""Actions: which request each is, when it is legal, and what is said of what became of it."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from adapters.clearml import SCHEMA, wire
from adapters.clearml.mapping import to_run
from adapters.errors import AdapterError, Conflict, Forbidden, Invalid, NotFound
from adapters.model import Kind, Ref, Resource
from adapters.permit import PermitRefused
from tests.unit.clearml.server import DATA, NATIVE, QUEUE, RUN, Server, permit, refusal, row

pytestmark = pytest.mark.anyio
CONTEXT = Ref("clearml", Kind.RUN, "")
DONE = {"updated": 1, "fields": {"status": "stopped", "status_message": "Stopped by ana"}}
WAITING = Ref("clearml", Kind.RUN, "t-two")


async def act(server: Server, action: str, ref: Ref = RUN, **params: Any) -> str:
    given = permit(action, ref)
    result = await server.adapter().perform(action, ref, params, given)
    assert given.spent is (action != "validate")
    return result.message


@pytest.mark.parametrize(
    ("action", "params", "call", "body"),
    [
        (
            "abort",
            {"reason": "OPS-1", "message": "m"},
            "tasks.stop",
            {"status_reason": "OPS-1", "status_message": "m"},
        ),
        ("abort", {"force": True}, "tasks.stop", {"force": True}),
        ("abort", {}, "tasks.stop", {}),
        ("dequeue", {"reason": "x"}, "tasks.dequeue", {"status_reason": "x"}),
        ("reset", {"clear_all": True, "force": True}, "tasks.reset", {"clear_all": True, "force": True}),
        ("reset", {"delete_output_models": False}, "tasks.reset", {"delete_output_models": False}),
        ("delete", {"force": True}, "tasks.delete", {"force": True}),
        (
            "set-requirements",
            {"requirements": {"pip": "x"}},
            "tasks.set_requirements",
            {"requirements": {"pip": "x"}},
        ),
        ("publish", {"reason": "r", "message": "m", "publish_model": False}, "tasks.publish", None),
        ("set-labels", {"tags": "a, b,a"}, "tasks.update", {"tags": ["a", "b"]}),
        ("set-labels", {"tags": "+hot,-aug"}, "tasks.update", {"tags": ["nightly", "hot"]}),
        (
            "edit",
            {"changes": {"name": "new", "project": "vision"}},
            "tasks.update",
            {"name": "new", "project": "p1"},
        ),
        ("edit", {"changes": {"script": {}}}, "tasks.edit", {"script": {}}),
        ("edit", {"changes": {"name": "x"}, "force": True}, "tasks.edit", {"name": "x", "force": True}),
    ],
)
async def test_each_action_is_one_request(
    action: str, params: dict[str, Any], call: str, body: dict[str, Any] | None
) -> None:
    server = Server().on(call, DONE)
    await act(server, action, **params)
    written = [name for name in server.names() if name not in ("tasks.get_all_ex", "projects.get_all")]
    assert written == [call]
    expected = body if body is not None else {"status_reason": "r", "status_message": "m", "publish_model": False}
    assert server.last(call) == {"task": NATIVE, **expected}


async def test_a_stop_that_waits_for_the_worker_says_so() -> None:
    stopping = {"updated": 1, "fields": {"status_message": "stopping"}}
    assert "obeys at its next poll" in await act(Server().on("tasks.stop", stopping), "abort")
    assert await act(Server().on("tasks.stop", DONE), "abort") == "now stopped"


async def test_what_a_task_says_of_its_end_survives_publishing() -> None:
    server = Server().tasks(row(status="failed", status_reason="exit code 1", status_message="see log"))
    server.on("tasks.publish", DONE).on("tasks.close", DONE)
    await act(server, "publish")
    await act(server, "close", reason="done with it")
    assert server.last("tasks.publish") == {
        "task": NATIVE,
        "status_reason": "exit code 1",
        "status_message": "see log",
    }
    assert server.last("tasks.close")["status_reason"] == "done with it"


async def test_a_dequeue_that_did_nothing_is_no_success() -> None:
    server = Server().on("tasks.dequeue", {"dequeued": 1, "updated": 0, "fields": {}})
    with pytest.raises(Conflict, match="it was in no queue"):
        await act(server, "dequeue")


@pytest.mark.parametrize(
    ("params", "queue"),
    [({}, QUEUE), ({"queue": "default"}, "3ee5f5a6c4de4f4f8a3f3f4f5f6f7f8f"), ({"queue": QUEUE}, QUEUE)],
)
@pytest.mark.parametrize("action", ["retry", "enqueue"])
async def test_enqueue_names_the_queue(action: str, params: dict[str, Any], queue: str) -> None:
    server = Server().on("tasks.enqueue", {"queued": 1, **DONE})
    assert (await act(server, action, **params)).startswith("enqueued in ")
    assert server.last("tasks.enqueue") == {"task": NATIVE, "queue": queue}


async def test_a_queue_that_is_gone_gives_way_to_the_default() -> None:
    server = Server().tasks(row(execution={"queue": "gone"})).on("tasks.enqueue", {"queue_watched": False, **DONE})
    assert await act(server, "enqueue") == "enqueued in the default queue; no worker listens to it"
    assert server.last("tasks.enqueue") == {"task": NATIVE}


async def test_an_unknown_queue_is_never_made_by_a_typo() -> None:
    server = Server()
    given = permit()
    with pytest.raises(Invalid, match="no queue 'gpu-a10'; nearest: gpu-a100") as caught:
        await server.adapter().perform("enqueue", RUN, {"queue": "gpu-a10"}, given)
    assert (caught.value.executed, given.spent) == (False, False)


@pytest.mark.parametrize(
    ("params", "call", "body"),
    [
        ({}, "queues.move_task_to_front", {}),
        ({"to": "back"}, "queues.move_task_to_back", {}),
        ({"to": "forward", "count": 2}, "queues.move_task_forward", {"count": 2}),
        ({"to": "backward"}, "queues.move_task_backward", {"count": 1}),
    ],
)
async def test_moves(params: dict[str, Any], call: str, body: dict[str, Any]) -> None:
    server = Server().tasks(row(id="t-two", status="queued")).on(call, {"position": 0})
    assert await act(server, "move", WAITING, **params) == "now 1st in gpu-a100"
    assert server.last(call) == {"queue": QUEUE, "task": "t-two", **body}


async def test_what_waits_no_more_is_not_moved() -> None:
    with pytest.raises(Conflict, match="in no queue any more"):
        await Server().adapter().perform("move", RUN, {}, permit())


async def test_archive_reads_what_failed_inside_a_success() -> None:
    failed = [{"id": NATIVE, "error": {"codes": [400, 101], "msg": "Invalid task id: id=X", "data": {}}}]
    server = Server().on("tasks.archive_many", {"succeeded": [], "failed": failed})
    with pytest.raises(NotFound) as caught:
        await act(server, "archive")
    assert (caught.value.sentence, caught.value.code) == ("clearml: Invalid task id: id=X (400/101)", "400/101")
    server.on("tasks.archive_many", {"succeeded": [], "failed": [{"id": NATIVE, "error": {"codes": [403, 21]}}]})
    with pytest.raises(Forbidden):
        await act(server, "archive")
    server.on("tasks.unarchive_many", {"succeeded": [{"id": NATIVE, "unarchived": True}], "failed": []})
    await act(server, "unarchive")
    assert server.last("tasks.unarchive_many") == {"ids": [NATIVE]}


async def test_old_servers_archive_by_a_tag() -> None:
    server = Server().on("tasks.update", DONE)
    server.version = "2.4"
    adapter = server.adapter()
    await adapter.list(Kind.RUN)
    await adapter.perform("archive", RUN, {}, permit())
    assert server.last("tasks.update") == {"task": NATIVE, "system_tags": ["development", "archived"]}
    server.tasks(row(system_tags=["archived", "x"]))
    await adapter.perform("unarchive", RUN, {}, permit())
    assert server.last("tasks.update") == {"task": NATIVE, "system_tags": ["x"]}
    assert (await adapter.preview("archive", RUN, {})).call.startswith("tasks.update ")


async def test_an_update_that_changed_nothing_is_no_success() -> None:
    with pytest.raises(Conflict, match="the server changed nothing"):
        await act(Server().on("tasks.update", {"updated": 0, "fields": {}}), "set-labels", tags="x")


@pytest.mark.parametrize("tags", ["", "a,-b", "+,x,-y"])
async def test_tags_are_either_replaced_or_changed(tags: str) -> None:
    with pytest.raises(Invalid, match="give either kind of tags"):
        await Server().adapter().perform("set-labels", RUN, {"tags": tags}, permit())


async def test_a_clone() -> None:
    server = Server().on("tasks.clone", {"id": "new"})
    result = await server.adapter().perform("clone", RUN, {"project": "vision/a", "comment": "c"}, permit())
    assert (result.created, result.message) == (
        Ref("clearml", Kind.RUN, "new"),
        "created Clone of resnet50-aug-sweep-031",
    )
    name = "Clone of resnet50-aug-sweep-031"
    assert server.last("tasks.clone") == {
        "task": NATIVE,
        "new_task_name": name,
        "new_task_project": "p2",
        "new_task_comment": "c",
    }


async def test_a_clone_with_other_parameters_is_a_new_task_of_the_same() -> None:
    server = Server().on("tasks.create", {"id": "new"}).on("tasks.get_by_id", {"task": DATA["full"]})
    params: dict[str, Any] = {"name": "lr sweep", "parameters": {"lr": 0.2, "General/new": "x"}}
    result = await server.adapter().perform("clone", RUN, params, permit())
    assert result.created == Ref("clearml", Kind.RUN, "new")
    body = server.last("tasks.create")
    assert (body["name"], body["type"], body["parent"]) == ("lr sweep", "training", DATA["full"]["parent"])
    assert body["hyperparams"]["Args"]["lr"]["value"] == "0.2"
    assert body["hyperparams"]["Args"]["lr"]["type"] == "float"
    assert body["hyperparams"]["General"]["seed"]["value"] == "7"
    assert body["hyperparams"]["General"]["new"] == {"section": "General", "name": "new", "value": "x"}
    assert [entry["key"] for entry in body["execution"]["artifacts"]] == ["data"]
    assert body["models"] == {"input": DATA["full"]["models"]["input"]}
    assert body["system_tags"] == ["other"]
    assert not {"status", "output", "last_metrics", "id", "invented_in_2_40"} & body.keys()
    assert "queue" not in body["execution"]


async def test_old_servers_clone_by_creating() -> None:
    server = Server().on("tasks.create", {"id": "new"})
    server.version = "2.4"
    old = {"id": NATIVE, "name": "n", "type": "training", "execution": {"parameters": {"lr": "0.1", "seed": "7"}}}
    adapter = server.on("tasks.get_by_id", {"task": old}).adapter()
    await adapter.perform("clone", RUN, {"parameters": {"Args/lr": "0.2"}}, permit())
    body = server.last("tasks.create")
    assert body["execution"]["parameters"] == {"lr": "0.2", "seed": "7"}
    assert (body["parent"], "hyperparams" in body) == (NATIVE, False)


async def test_create_and_validate_take_the_same() -> None:
    server = Server().on("tasks.create", {"id": "new"}).on("tasks.validate", {})
    params: dict[str, Any] = {"name": "hello", "type": "testing", "project": "vision", "task": {"tags": ["x"]}}
    result = await server.adapter().perform("create", CONTEXT, params, permit("create", "clearml"))
    assert result.created == Ref("clearml", Kind.RUN, "new")
    assert await act(server, "validate", CONTEXT, **params) == "it would be accepted"
    assert server.last("tasks.create") == server.last("tasks.validate")
    assert server.last("tasks.create") == {"name": "hello", "type": "testing", "project": "p1", "tags": ["x"]}
    preview = await server.adapter().preview("create", CONTEXT, params)
    assert preview.call == 'tasks.create name=hello type=testing tags=["x"] project=p1'
    with pytest.raises(Invalid, match="no project 'visoin'; nearest: vision"):
        await act(server, "create", CONTEXT, name="x", project="visoin")


@pytest.mark.parametrize(
    ("action", "status", "refused"),
    [
        ("delete", "completed", "archive it first, or use force"),
        ("delete", "created", None),
        ("reset", "published", "only force does it"),
        ("reset", "in_progress", None),
        ("close", "failed", "only force does it"),
        ("close", "stopped", None),
    ],
)
async def test_what_takes_force_is_refused_before_it_is_sent(action: str, status: str, refused: str | None) -> None:
    server = Server().tasks(row(status=status))
    adapter = server.adapter()
    if refused is None:
        assert (await adapter.preview(action, RUN, {})).call.startswith(f"tasks.{action} task={NATIVE}")
        return
    with pytest.raises(Conflict, match=refused):
        await adapter.preview(action, RUN, {})
    assert (await adapter.preview(action, RUN, {"force": True})).call.endswith(" force=true")


async def test_edits_of_what_is_no_draft() -> None:
    adapter = Server().adapter()
    with pytest.raises(Conflict, match="script can be edited only in a draft, or by force"):
        await adapter.preview("edit", RUN, {"changes": {"script": {}, "name": "x"}})
    assert (
        await adapter.preview("edit", RUN, {"changes": {"name": "x"}})
    ).call == f"tasks.update task={NATIVE} name=x"
    nothing: tuple[Any, ...] = (None, [], "x", {})
    for wrong in nothing:
        with pytest.raises(Invalid, match="changes is an object"):
            await adapter.preview("edit", RUN, {"changes": wrong})


async def test_previews_say_what_will_happen() -> None:
    server = Server()
    adapter = server.adapter()
    abort = await adapter.preview("abort", RUN, {"reason": "OPS-1"})
    assert abort.call == f"tasks.stop task={NATIVE} status_reason=OPS-1"
    assert "gpu-a100-0417:0 obeys at its next poll" in abort.notes[0][1]
    enqueue = await adapter.preview("enqueue", RUN, {"queue": "default"})
    assert dict(enqueue.notes)["waits"] == "no worker listens to that queue"
    server.tasks(row(status="failed"))
    retry = await adapter.preview("retry", RUN, {})
    assert dict(retry.notes)["queue"] == "gpu-a100, after 3 others"
    assert "reset it first" in dict(retry.notes)["keeps"]
    server.tasks(row(id="t-two", status="queued"))
    move = await adapter.preview("move", WAITING, {"to": "forward", "count": 2})
    assert move.call == f"queues.move_task_forward queue={QUEUE} task=t-two count=2"
    assert dict(move.notes)["now"] == "2nd of 3 in gpu-a100"
    clone = await adapter.preview("clone", WAITING, {"name": "copy"})
    assert (clone.call, dict(clone.notes)["name"]) == ("tasks.clone task=t-two", "copy")
    assert not any(name.startswith(("tasks.stop", "tasks.clone", "queues.move")) for name in server.names())


async def test_the_steps_of_a_pipeline_are_named() -> None:
    def answer(body: dict[str, Any]) -> dict[str, Any]:
        if "parent" in body:
            return {"tasks": [row(id="s1", name="train"), row(id="s2", name="eval", status="completed")]}
        return {"tasks": [row(type="controller")]}

    preview = await Server().on("tasks.get_all_ex", answer).adapter().preview("abort", RUN, {})
    assert [(found.name, found.what, found.warn) for found in preview.affected] == [
        ("train", "is in_progress, and goes on", True),
        ("eval", "is completed, and stays", False),
    ]


def resource(status: str, **changes: Any) -> Resource:
    return to_run("clearml", wire.read("clearml", row(status=status, **changes), wire.TaskRow))


STATUSES = (
    "created",
    "queued",
    "in_progress",
    "stopped",
    "closed",
    "failed",
    "completed",
    "publishing",
    "published",
)


@pytest.mark.parametrize(
    ("action", "legal"),
    [
        ("abort", "queued in_progress"),
        ("enqueue", "created stopped failed"),
        ("retry", "stopped failed"),
        ("dequeue", "queued"),  # of a running task the server would make a draft
        ("move", "queued"),
        ("publish", "stopped closed failed completed publishing"),
    ],
)
def test_legal_statuses_are_those_of_the_servers_table(action: str, legal: str) -> None:
    spec = SCHEMA.action(action, Kind.RUN)
    assert spec is not None
    assert [status for status in STATUSES if spec.reason_against(resource(status)) is None] == legal.split()


def test_a_stopping_task_can_be_stopped_once_its_worker_is_silent() -> None:
    spec = SCHEMA.action("abort", Kind.RUN)
    assert spec is not None
    silent = resource("in_progress", status_message="stopping", last_update="2024-01-01T00:00:00+00:00")
    assert spec.reason_against(silent) is None
    heard = resource("in_progress", status_message="stopping", last_update="2999-01-01T00:00:00+00:00")
    assert "next poll" in (spec.reason_against(heard) or "")


def test_archived_or_not() -> None:
    archive, unarchive = (SCHEMA.action(action, Kind.TASK) for action in ("archive", "unarchive"))
    assert archive is not None
    assert unarchive is not None
    kept, away = resource("completed"), resource("completed", system_tags=["archived"])
    assert away.extra["archived"] is True
    assert archive.why_not is not None
    assert unarchive.why_not is not None
    assert (archive.why_not(kept), unarchive.why_not(away)) == (None, None)
    assert archive.why_not(away)
    assert unarchive.why_not(kept)


@pytest.mark.parametrize("action", ["abort", "enqueue", "reset", "archive", "clone", "create", "edit"])
async def test_no_permit_is_spent_twice(action: str) -> None:
    server = Server()
    params: dict[str, Any] = {"name": "x", "changes": {"name": "x"}}
    spent = permit(action)
    spent.spend()
    with pytest.raises(PermitRefused):
        await server.adapter().perform(action, RUN, params, spent)
    assert not {"tasks.stop", "tasks.enqueue", "tasks.reset", "tasks.create", "tasks.update"} & set(server.names())


async def test_a_write_that_times_out_may_have_been_done() -> None:
    def fail(body: dict[str, Any]) -> httpx.Response:
        raise httpx.ReadTimeout("slow")

    server = Server().on("tasks.stop", fail)
    with pytest.raises(AdapterError) as caught:
        await act(server, "abort")
    assert caught.value.executed is None
    assert server.names().count("tasks.stop") == 1


async def test_a_read_before_it_that_times_out_has_written_nothing() -> None:
    def fail(body: dict[str, Any]) -> httpx.Response:
        raise httpx.ReadTimeout("slow")

    server = Server().on("queues.get_all_ex", fail)
    with pytest.raises(AdapterError) as caught:
        await server.adapter().perform("enqueue", RUN, {}, permit())
    assert caught.value.executed is False


async def test_a_lost_race_is_a_conflict() -> None:
    server = Server().on("tasks.stop", refusal(400, 110, "x (y): current_status=completed, new_status=stopped"))
    with pytest.raises(Conflict, match="it is completed, which cannot become stopped") as caught:
        await act(server, "abort")
    assert (caught.value.executed, caught.value.code) == (True, "400/110")
