"""Queues: entries in run order, moves, what enqueueing refuses, and the agents that take what waits."""

from __future__ import annotations

import pytest

from tests.mock.clearml.server import Api, RefusedCall


@pytest.fixture
def api() -> Api:
    return Api(runs=20)


@pytest.fixture
def waiting(api: Api) -> list[str]:
    """Five tasks in a queue that nobody serves."""
    tasks = [api.create(f"task {number}") for number in range(5)]
    for task in tasks:
        api("tasks.enqueue", task=task, queue_name="side")
    return tasks


def test_entries_are_in_the_order_in_which_they_run(api: Api, waiting: list[str]) -> None:
    assert api.entries("side") == waiting
    queue = api.queue("side")
    assert api("queues.get_num_entries", queue=queue["id"]) == {"num": 5}
    assert len(api("queues.get_all", max_task_entries=2, name="side")["queues"][0]["entries"]) == 2
    found = api("queues.get_all_ex", name="side")["queues"][0]
    assert [entry["task"] for entry in found["entries"]] == [
        {"id": task, "name": f"task {number}"} for number, task in enumerate(waiting)
    ]
    assert found["workers"] == []


@pytest.mark.parametrize(
    ("move", "which", "count", "position"),
    [
        ("forward", 3, None, 2),
        ("forward", 3, 2, 1),
        ("forward", 3, 99, 0),
        ("backward", 1, None, 2),
        ("backward", 1, 99, 4),
        ("to_front", 4, None, 0),
        ("to_back", 0, None, 4),
    ],
)
def test_moves(api: Api, waiting: list[str], move: str, which: int, count: int | None, position: int) -> None:
    queue, task = api.queue("side")["id"], waiting[which]
    more = {"count": count} if count is not None and not move.startswith("to_") else {}
    assert api(f"queues.move_task_{move}", queue=queue, task=task, **more) == {"position": position}
    expected = [each for each in waiting if each != task]
    expected.insert(position, task)
    assert api.entries("side") == expected


def test_moves_refuse_what_is_not_there(api: Api, waiting: list[str]) -> None:
    queue = api.queue("side")["id"]
    assert api.codes("queues.move_task_forward", queue="nope", task=waiting[0]) == (400, 701)
    assert api.codes("queues.move_task_forward", queue=queue, task="nope") == (400, 703)
    assert api.codes("queues.move_task_forward", queue=queue, task=waiting[0], count=0) == (400, 12)


def test_enqueue_refuses(api: Api, waiting: list[str]) -> None:
    fresh = api.create()
    queue = api.queue("side")["id"]
    assert api.codes("tasks.enqueue", task=fresh, queue=queue, queue_name="side") == (400, 12)
    assert api.codes("tasks.enqueue", task=fresh, queue="nope") == (400, 701)
    assert api.status(fresh) == "created"
    assert api.task(fresh)["status_reason"] == "failed enqueueing"
    with pytest.raises(RefusedCall) as caught:
        api("tasks.enqueue", task=waiting[0])
    assert caught.value.codes == (400, 706)
    assert api.status(waiting[0]) == "queued"
    assert api.task(waiting[0])["status_reason"] == "failed enqueueing"  # a repeated one still rewrites it
    assert api.entries("side") == waiting


def test_enqueue_without_a_queue_takes_the_default_one(api: Api) -> None:
    default = api("queues.get_default")
    assert default["name"] == "default"
    answer = api("tasks.enqueue", task=api.create(), verify_watched_queue=True)
    assert answer["fields"]["execution.queue"] == default["id"]
    assert answer["fields"]["enqueue_status"] == "created"
    assert answer["queue_watched"] is True
    side = api("tasks.enqueue", task=api.create(), queue_name="unwatched", verify_watched_queue=True)
    assert side["queue_watched"] is False
    api("queues.update", queue=default["id"], system_tags=[])
    assert api.codes("tasks.enqueue", task=api.create()) == (400, 707)
    for name in ("default", "cpu"):
        api("queues.update", queue=api.queue(name)["id"], system_tags=["default"])
    assert api.codes("tasks.enqueue", task=api.create()) == (400, 708)


def test_enqueue_drops_the_development_tag(api: Api) -> None:
    task = api.create(system_tags=["development"])
    api("tasks.enqueue", task=task, queue_name="side")
    assert api.task(task)["system_tags"] == []


def test_an_agent_takes_it_after_five_seconds_at_the_least(api: Api) -> None:
    task = api.create()
    api("tasks.enqueue", task=task)
    api.advance(4.9)
    assert api.status(task) == "queued"
    assert task in api.entries("default")
    api.advance(8)
    found = api.task(task)
    assert found["status"] == "in_progress"
    assert found["status_message"] == "pulled by agent"
    assert task not in api.entries("default")
    worker = next(each for each in api("workers.get_all")["workers"] if each["id"] == found["last_worker"])
    assert worker["task"]["id"] == task
    assert worker["queue"]["name"] == "default"
    api.advance(300)
    assert api.status(task) == "completed"
    worker = next(each for each in api("workers.get_all")["workers"] if each["id"] == found["last_worker"])
    assert "task" not in worker


def test_the_order_of_a_queue_is_the_order_of_execution(api: Api) -> None:
    tasks = [api.create(f"task {number}") for number in range(20)]
    for task in tasks:
        api("tasks.enqueue", task=task, queue_name="services")
    api("queues.move_task_to_front", queue=api.queue("services")["id"], task=tasks[-1])
    order = api.entries("services")
    api.advance(13)
    taken = {task for task in tasks if api.status(task) == "in_progress"}
    assert taken
    assert taken == set(order[: len(taken)])
    assert api.entries("services") == order[len(taken) :]


def test_queues_are_made_renamed_cleared_and_deleted(api: Api, waiting: list[str]) -> None:
    made = api("queues.create", name="new one", tags=["a"])["id"]
    assert api.codes("queues.create", name="new one") == (400, 801)
    assert api.codes("queues.create", name="x") == (400, 800)
    assert api("queues.update", queue=made, name="newer one")["fields"] == {"name": "newer one"}
    assert api.codes("queues.update", queue=made, name="side") == (400, 801)
    assert api("queues.delete", queue=made) == {"deleted": 1}
    assert api.codes("queues.get_by_id", queue=made) == (400, 701)
    side = api.queue("side")["id"]
    assert api.codes("queues.delete", queue=side) == (400, 702)
    assert api("queues.clear_queue", queue=side) == {"removed_tasks": waiting}
    assert {api.status(task) for task in waiting} == {"created"}
    api("tasks.enqueue", task=waiting[0], queue=side)
    assert api("queues.delete", queue=side, force=True) == {"deleted": 1}
    assert api.task(waiting[0])["status_reason"] == f"Queue {side} was deleted"


def test_add_and_remove_leave_the_status_alone(api: Api) -> None:
    task, queue = api.create(), api("queues.create", name="side")["id"]
    assert api("queues.add_task", queue=queue, task=task) == {"added": 1}
    assert api.codes("queues.add_task", queue=queue, task=task) == (400, 706)
    assert api.status(task) == "created"
    assert api("queues.remove_task", queue=queue, task=task) == {"removed": 1}
    assert api.codes("queues.remove_task", queue=queue, task=task) == (400, 703)
    api("queues.add_task", queue=queue, task=task, update_task_status=True)
    assert api.status(task) == "queued"
    api("queues.remove_task", queue=queue, task=task, update_task_status=True)
    assert api.status(task) == "created"


def test_the_head_is_taken_as_agents_do(api: Api, waiting: list[str]) -> None:
    queue = api.queue("side")["id"]
    api("tasks.stopped", task=waiting[0])
    assert api.entries("side")[0] == waiting[0]  # stopped this way it keeps its place
    answer = api("queues.get_next_task", queue=queue, get_task_info=True)
    assert answer["entry"]["task"] == waiting[0]
    assert set(answer["task_info"]) == {"company", "user"}
    assert api.status(waiting[0]) == "queued"
    for _ in range(4):
        api("queues.get_next_task", queue=queue)
    assert api("queues.get_next_task", queue=queue) == {}


def test_glue_queues_hide_unless_named(api: Api) -> None:
    made = api("queues.create", name="kubernetes", system_tags=["k8s-glue"])["id"]
    assert made not in {queue["id"] for queue in api("queues.get_all")["queues"]}
    assert [queue["id"] for queue in api("queues.get_all", name="kube")["queues"]] == [made]
    assert [queue["id"] for queue in api("queues.get_all", id=[made])["queues"]] == [made]
