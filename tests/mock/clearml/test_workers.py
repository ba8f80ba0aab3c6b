"""Agents, their machines' statistics, and agents that a client plays itself."""

from __future__ import annotations

from typing import Any

import pytest

from tests.mock.clearml.server import Api


@pytest.fixture(scope="module")
def api() -> Api:
    return Api()


def workers(api: Api, **body: Any) -> dict[str, dict[str, Any]]:
    return {worker["id"]: worker for worker in api("workers.get_all", **body)["workers"]}


def test_there_is_one_for_each_host_at_least(api: Api) -> None:
    found = workers(api)
    assert sum(1 for name in found if name.endswith(":0")) == 12
    assert any(name.startswith("gpu-a100-0402") for name in found)
    idle = [worker for worker in found.values() if "task" not in worker]
    assert 0 < len(idle) < len(found)


@pytest.mark.parametrize("hosts", [1, 2, 5, 200])
def test_any_number_of_hosts(hosts: int) -> None:
    found = workers(Api(runs=20, hosts=hosts))
    assert sum(1 for name in found if name.endswith(":0")) == hosts


def test_what_a_worker_says(api: Api) -> None:
    busy = next(worker for worker in workers(api).values() if "task" in worker)
    task = api.task(busy["task"]["id"])
    assert task["status"] == "in_progress"
    assert task["last_worker"] == busy["id"]
    assert task["name"] == busy["task"]["name"]
    assert busy["task"]["running_time"] > 1000  # milliseconds
    assert busy["project"]["name"].count("/") == 1
    assert busy["register_timeout"] == 600
    assert {"id", "name", "num_tasks"} <= set(busy["queues"][0])
    running = {worker["task"]["id"] for worker in workers(api).values() if "task" in worker}
    alive = api.tasks(status=["in_progress"], search_hidden=True, system_tags=["-development"])
    assert running == {task["id"] for task in alive}


def test_the_next_task_of_a_queue(api: Api) -> None:
    waiting = api.entries("llm-reserved")
    found = [
        queue for worker in workers(api).values() for queue in worker["queues"] if queue["name"] == "llm-reserved"
    ]
    assert found
    assert all(queue["num_tasks"] == len(waiting) for queue in found)
    assert all(queue["next_task"]["id"] == waiting[0] for queue in found)
    named = {each["name"] for each in api("queues.get_all_ex", name="llm-reserved")["queues"][0]["workers"]}
    assert named == {name for name, worker in workers(api).items() if any(q in found for q in worker["queues"])}


def test_patterns(api: Api) -> None:
    assert set(workers(api, worker_pattern="gpu-h100*")) < set(workers(api))


def test_statistics(api: Api) -> None:
    now = api.cluster.clock.now()
    busy = next(name for name, worker in workers(api).items() if "task" in worker and name.startswith("gpu"))
    items = [
        {"key": "gpu_usage", "aggregation": "avg"},
        {"key": "gpu_usage", "aggregation": "max"},
        {"key": "cpu_usage"},
    ]
    body = {"from_date": now - 600, "to_date": now, "interval": 60, "items": items, "worker_ids": [busy]}
    [found] = api("workers.get_stats", **body)["workers"]
    assert found["worker"] == busy
    gpu = next(metric for metric in found["metrics"] if metric["metric"] == "gpu_usage")
    assert len(gpu["dates"]) == 10
    assert gpu["dates"][0] == int(now - 600) * 1000  # milliseconds out, seconds in
    average, most = (stat["values"] for stat in gpu["stats"])
    assert [stat["aggregation"] for stat in gpu["stats"]] == ["avg", "max"]
    assert all(50 < low <= high <= 105 for low, high in zip(average, most, strict=True))
    assert api("workers.get_stats", **body)["workers"] == [found]
    split = api("workers.get_stats", **body, split_by_variant=True)["workers"][0]["metrics"][0]
    assert split["variant"] == "0"
    mistakes: tuple[dict[str, Any], ...] = (
        {"interval": 39},
        {"items": []},
        {"from_date": now + 1},
        {"to_date": None},
    )
    for wrong in mistakes:
        assert api.codes("workers.get_stats", **{**body, **wrong}) == (400, 12)


def test_metric_keys_and_activity(api: Api) -> None:
    categories = {each["name"]: each["metric_keys"] for each in api("workers.get_metric_keys")["categories"]}
    assert "cpu_usage" in categories["cpu"]
    assert api.codes("workers.get_metric_keys", worker_ids=["nobody"]) == (400, 1005)
    now = api.cluster.clock.now()
    found = api("workers.get_activity_report", from_date=now - 3600, to_date=now, interval=600)
    assert len(found["total"]["dates"]) == len(found["active"]["counts"]) == 6
    assert found["total"]["counts"][-1] >= found["active"]["counts"][-1]


def test_a_client_plays_an_agent() -> None:
    api = Api()
    queue = api("queues.create", name="my queue")["id"]
    assert api("workers.register", worker="mine:0", queues=[queue], timeout=60) == {}
    assert api.codes("workers.register", worker="other", queues=["nope"]) == (400, 701)
    task = api.create()
    api("tasks.enqueue", task=task, queue=queue)
    api.advance(50)
    assert api.status(task) == "queued"  # nobody takes it but the client
    assert api("queues.get_next_task", queue=queue)["entry"]["task"] == task
    api("tasks.started", task=task, status_message="pulled by agent", force=True)
    api("workers.status_report", worker="mine:0", timestamp=1, task=task, queue=queue)
    mine = workers(api)["mine:0"]
    assert (mine["task"]["id"], mine["queue"]["name"]) == (task, "my queue")
    assert api.task(task)["last_worker"] == "mine:0"
    assert api("tasks.stop", task=task)["fields"]["status_message"] == "stopping"  # a live worker, so it is asked
    api.advance(30)
    assert api.status(task) == "in_progress"
    api("tasks.stopped", task=task)
    api.advance(61)
    assert "mine:0" not in workers(api)  # its registration has expired
    api("workers.status_report", worker="mine:0", timestamp=2)
    assert "task" not in workers(api)["mine:0"]
    assert api("workers.unregister", worker="mine:0") == {}
    assert api.codes("workers.unregister", worker="mine:0") == (400, 1001)
    assert api.codes("workers.status_report", worker="mine:0") == (400, 12)
