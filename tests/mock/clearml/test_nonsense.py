"""Whatever is sent to any endpoint, the answer is an envelope."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.clearml.mock_auth import Guard
from adapters.clearml.mock_service import endpoints
from adapters.clearml.mock_world import World
from adapters.mock.clock import SimClock
from adapters.mock.cluster import SimCluster
from tests.mock.clearml.server import Api

RUBBISH: tuple[Any, ...] = (
    *(None, "", "\x00", "-", "__$not", -1, 1.5, True, [], [None], ["x"], [[]], [{}], {}, {"a": {"b": 1}}),
)
WORST: tuple[Any, ...] = ("__$not", -1, [["x"]], {"a": {"b": 1}})
KEYS = (
    *("task", "ids", "tasks", "queue", "queue_name", "name", "type", "status", "order_by", "only_fields", "page"),
    *("page_size", "scroll_id", "size", "tags", "filters", "_any_", "status_changed", "created", "search_text"),
    *("script", "execution", "hyperparams", "models", "container", "metrics", "samples", "key", "batch_size"),
    *("from_timestamp", "worker", "queues", "timestamp", "items", "from_date", "to_date", "interval", "count"),
    *("project", "parent", "model", "expiration_sec", "worker_ids", "requirements", "artifacts", "machine_stats"),
    *("new_project_name", "new_task_name", "iter", "value", "line_format", "metadata", "system_tags", "add_tags"),
)

# Each of the keys is tried on its own with these as well.
RICH = frozenset(
    {
        "tasks.get_all",
        "tasks.get_all_ex",
        "tasks.create",
        "tasks.edit",
        "tasks.update",
        "tasks.clone",
        "queues.get_all",
        "events.add",
        "events.get_task_log",
        "events.scalar_metrics_iter_histogram",
        "workers.get_stats",
        "workers.status_report",
        "workers.register",
        "projects.get_all",
        "models.create",
        "queues.create",
        "queues.update",
    }
)


def names() -> list[str]:
    cluster = SimCluster(runs=0, clock=SimClock(virtual=True))
    guard = Guard(cluster.clock, seed_era=False, life=60, key="k", secret="s")
    return sorted(endpoints(lambda: World(cluster), guard, seed_era=False))


@pytest.fixture(scope="module")
def api() -> Api:
    return Api(runs=20)


@pytest.mark.parametrize("name", names())
def test_rubbish_gets_an_envelope(api: Api, name: str) -> None:
    real = {"task": api.of_status("completed"), "queue": api.queue("default")["id"]}
    real |= {"name": "a name", "type": "training"}
    sent = [dict.fromkeys(KEYS, rubbish) for rubbish in RUBBISH]
    if name in RICH:
        sent += [{**real, key: rubbish} for rubbish in WORST for key in KEYS]
    for body in sent:
        answer = api.raw(name, body)
        if answer.headers["content-type"] == "application/json":
            meta = answer.json()["meta"]
            assert meta["result_code"] == answer.status_code
            assert (answer.status_code, meta["result_subcode"]) != (500, 0), meta["result_msg"]
