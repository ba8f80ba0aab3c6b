"""The matrix of statuses and calls, with and without force, and what each call does beside the status."""

from __future__ import annotations

import pytest

from tests.mock.clearml.server import Api, RefusedCall

CALLS = ("started", "stop", "stopped", "failed", "close", "completed", "publish", "enqueue", "reset")
# As seen on a live server: the resulting status, or the subcode of the refusal. No live worker.
MATRIX = {
    "created": ("in_progress", 110, 110, 110, 110, 110, 110, "queued", "created"),
    "queued": ("in_progress", "stopped", "stopped", 110, 110, 110, 110, 706, "created"),
    "in_progress": ("in_progress", "stopped", "stopped", "failed", 110, "completed", 110, 110, "created"),
    "stopped": (
        *("in_progress", "stopped", "stopped", "failed", "closed", "completed", "published", "queued", "created"),
    ),
    "closed": (110, "stopped", "stopped", "failed", "closed", 110, "published", 110, "created"),
    "failed": (110, "stopped", "stopped", "failed", 110, 110, "published", "queued", "created"),
    "completed": ("in_progress", 110, 110, 110, 110, "completed", "published", 110, "created"),
    "publishing": (110, 110, 110, 110, 110, 110, "published", 110, 110),
    "published": (110, 110, 110, 110, 110, 110, 110, 110, 110),
}  # fmt: skip
CELLS = [(old, call, result) for old, row in MATRIX.items() for call, result in zip(CALLS, row, strict=True)]


@pytest.fixture(scope="module")
def api() -> Api:
    return Api(runs=20)


def prepared(api: Api, status: str) -> str:
    task = api.create()
    if status == "queued":
        api("tasks.enqueue", task=task, queue_name="nobody-serves-it")
    elif status != "created":
        api.set_status(task, status)
    return task


@pytest.mark.parametrize(("old", "call", "result"), CELLS)
def test_matrix(api: Api, old: str, call: str, result: str | int) -> None:
    task = prepared(api, old)
    if isinstance(result, int):
        assert api.codes(f"tasks.{call}", task=task) == (400, result)
        assert api.status(task) == old
        return
    answer = api(f"tasks.{call}", task=task)
    assert answer["updated"] == 1
    assert answer["fields"]["status"] == result
    assert api.status(task) == result


@pytest.mark.parametrize(("old", "call"), [(old, call) for old, call, _ in CELLS])
def test_with_force_everything_goes_but_a_second_enqueue(api: Api, old: str, call: str) -> None:
    task = prepared(api, old)
    if (old, call) == ("queued", "enqueue"):
        assert api.codes(f"tasks.{call}", task=task, force=True) == (400, 706)
    else:
        assert api(f"tasks.{call}", task=task, force=True)["updated"] == 1


def test_unknown_is_not_in_the_table(api: Api) -> None:
    task = prepared(api, "unknown")
    assert api.codes("tasks.stopped", task=task) == (500, 1)
    assert api("tasks.stopped", task=task, force=True)["fields"]["status"] == "stopped"


def test_the_refusal_says_both_statuses(api: Api) -> None:
    with pytest.raises(RefusedCall) as caught:
        api("tasks.close", task=prepared(api, "completed"))
    assert caught.value.message == (
        "Invalid task status (Invalid status change): current_status=completed, new_status=closed"
    )


def test_reason_and_message_are_overwritten_even_with_nothing(api: Api) -> None:
    task = prepared(api, "in_progress")
    api("tasks.failed", task=task, status_reason="because", status_message="of this")
    assert (api.task(task)["status_reason"], api.task(task)["status_message"]) == ("because", "of this")
    api("tasks.failed", task=task)
    assert (api.task(task)["status_reason"], api.task(task)["status_message"]) == ("", "")


def test_a_fresh_task_has_no_history(api: Api) -> None:
    fresh = api.task(api.create())
    for name in (
        "status_changed",
        "status_reason",
        "status_message",
        "started",
        "completed",
        "last_worker",
        "comment",
    ):
        assert name not in fresh
    assert fresh["last_iteration"] == 0
    assert fresh["last_metrics"] == {}
    assert fresh["output"] == {}
    assert fresh["script"]["binary"] == "python"
    assert set(fresh["execution"]) == {"test_split", "parameters", "model_desc", "model_labels", "artifacts"}


def test_moments(api: Api) -> None:
    task = api.create()
    first = api("tasks.started", task=task)
    assert first["started"] == 1
    begun = first["fields"]["started"]
    api.advance(5)
    assert "started" not in api("tasks.started", task=task)["fields"]
    api("tasks.stop", task=task)
    assert "completed" not in api.task(task)  # stop never sets it
    api("tasks.started", task=task)
    api("tasks.stopped", task=task)
    ended = api.task(task)["completed"]
    api("tasks.started", task=task)
    assert (api.task(task)["started"], api.task(task)["completed"]) == (begun, ended)  # kept over a restart
    api("tasks.completed", task=task, publish=True)
    assert api.task(task)["published"] >= ended


def test_completed_may_publish(api: Api) -> None:
    task = prepared(api, "in_progress")
    assert api("tasks.completed", task=task)["published"] == 0
    other = prepared(api, "in_progress")
    assert api("tasks.completed", task=other, publish=True)["published"] == 1
    assert api.status(other) == "published"


def test_stop_names_who_asked(api: Api) -> None:
    task = prepared(api, "in_progress")
    assert api("tasks.stop", task=task)["fields"]["status_message"] == "Stopped by operator"


def test_reset_clears_what_ran() -> None:
    api = Api()
    task = api.of_status("failed")
    assert api("events.get_task_log", task=task)["total"]
    answer = api("tasks.reset", task=task, status_reason="mine", return_file_urls=True)
    assert answer["dequeued"] == {}
    assert answer["urls"] == {}
    found = api.task(task)
    assert (found["status_reason"], found["status_message"]) == ("reset", "reset")
    for name in ("started", "completed", "published", "last_worker", "active_duration"):
        assert name not in found
    assert "queue" not in found["execution"]
    assert found["last_iteration"] == 0
    assert found["hyperparams"]["Args"]
    assert found["script"]["repository"]
    assert api("events.get_task_log", task=task) == {"events": [], "returned": 0, "total": 0}
    api("tasks.reset", task=task, clear_all=True)
    assert api.task(task)["script"]["repository"] == ""


def test_reset_takes_it_out_of_the_queue(api: Api) -> None:
    task = prepared(api, "queued")
    assert api("tasks.reset", task=task)["dequeued"] == {"removed": 1}
    assert task not in api.entries("nobody-serves-it")


@pytest.mark.parametrize("status", [status for status in MATRIX if status != "created"])
def test_delete_needs_a_draft_an_archived_one_or_force(api: Api, status: str) -> None:
    task = prepared(api, status)
    assert api.codes("tasks.delete", task=task) == (400, 123)
    api("tasks.update", task=task, system_tags=["archived"])
    answer = api("tasks.delete", task=task)
    assert answer["deleted"] is True
    assert answer["urls"] is None
    assert api.codes("tasks.get_by_id", task=task) == (400, 101)


def test_delete_leaves_orphans(api: Api) -> None:
    parent = api.create("the parent")
    child = api.create("the child", parent=parent)
    assert api("tasks.delete", task=parent, return_file_urls=True)["updated_children"] == 1
    assert api.task(child)["parent"] == f"__DELETED__{parent}"
    other = api.create("another parent")
    published = api.create("its child", parent=other)
    api.set_status(published, "published")
    assert api.codes("tasks.delete", task=other) == (400, 123)
    assert api("tasks.delete", task=other, force=True)["deleted"] is True


def test_dequeue_never_fails(api: Api) -> None:
    nothing = {"dequeued": 1, "updated": 0, "fields": {}}
    assert api("tasks.dequeue", task="nope") == nothing
    assert api("tasks.dequeue", task=prepared(api, "completed")) == nothing
    failed = prepared(api, "failed")
    api("tasks.enqueue", task=failed, queue_name="nobody-serves-it")
    queue = api.queue("nobody-serves-it")["id"]
    assert api.task(failed)["execution"]["queue"] == queue
    assert api("tasks.dequeue", task=failed)["fields"]["status"] == "failed"  # what it was before
    assert api.task(failed)["execution"]["queue"] == queue  # outlives the queueing
    running = prepared(api, "in_progress")
    assert api("tasks.dequeue", task=running)["fields"]["status"] == "created"  # a running task becomes a draft


def test_bulk_calls_say_what_succeeded_and_what_failed(api: Api) -> None:
    good, bad = prepared(api, "in_progress"), prepared(api, "completed")
    answer = api("tasks.stop_many", ids=[good, bad, "nope"])
    assert [item["id"] for item in answer["succeeded"]] == [good]
    assert answer["succeeded"][0]["fields"]["status"] == "stopped"
    assert [(item["id"], item["error"]["codes"]) for item in answer["failed"]] == [
        (bad, [400, 110]),
        ("nope", [400, 101]),
    ]
    assert "current_status=completed" in answer["failed"][0]["error"]["msg"]
    assert api.codes("tasks.stop_many", ids=[]) == (400, 12)
    assert api.codes("tasks.stop_many") == (400, 12)


@pytest.mark.parametrize(
    ("call", "status", "flag"),
    [
        ("enqueue", "created", "queued"),
        ("dequeue", "queued", "dequeued"),
        ("delete", "created", "deleted"),
        ("archive", "completed", "archived"),
        ("unarchive", "completed", "unarchived"),
        ("reset", "completed", "updated"),
        ("publish", "completed", "updated"),
    ],
)
def test_each_bulk_call(api: Api, call: str, status: str, flag: str) -> None:
    task = prepared(api, status)
    answer = api(f"tasks.{call}_many", ids=[task])
    assert answer["failed"] == []
    assert answer["succeeded"][0][flag] in (True, 1)


def test_bulk_enqueue_knows_no_force(api: Api) -> None:
    task = prepared(api, "published")
    assert api("tasks.enqueue_many", ids=[task], force=True)["failed"][0]["error"]["codes"] == [400, 110]


def test_archive(api: Api) -> None:
    queued, running = prepared(api, "queued"), prepared(api, "in_progress")
    assert api("tasks.archive", tasks=[queued, running]) == {"archived": 2}
    assert api.status(queued) == "created"
    assert api.status(running) == "stopped"
    assert "archived" in api.task(queued)["system_tags"]
    assert queued in {task["id"] for task in api.tasks(id=[queued])}  # archived ones are returned
    assert api("tasks.unarchive", tasks=[queued]) == {"unarchived": 1}
    assert "archived" not in api.task(queued)["system_tags"]


def test_a_task_that_nobody_reports_is_stopped_by_the_watchdog(api: Api) -> None:
    task = prepared(api, "in_progress")
    api.advance(7000)
    api("tasks.ping", task=task)
    api.advance(7000)
    assert api.status(task) == "in_progress"
    api.advance(300)
    found = api.task(task)
    assert found["status"] == "stopped"
    assert found["status_reason"] == found["status_message"] == "Forced stop (non-responsive)"
    assert api("tasks.ping", task="nope") == {}
