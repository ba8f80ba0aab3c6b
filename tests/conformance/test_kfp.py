"""The mock against the official KFP clients: what they list, do, and are refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from adapters.mock.server import MockServer
from tests.conformance.peers import ask

pytestmark = pytest.mark.slow

RUNS = 450


def mock(**options: Any) -> MockServer:
    return MockServer(seed=7, runs=RUNS, clock="virtual", backends=["kfp"], options={"kfp": options})


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    with mock() as server:
        yield ask("kfp", "kfp_client.py", tmp_path_factory.mktemp("kfp"), server.url)


def test_kfp_lists_every_run_once_and_in_order(seen: dict[str, Any]) -> None:
    lists = seen["lists"]
    ids = [run_id for run_id, _ in lists["newest"]]
    assert len(ids) == len(set(ids)) == lists["total"] == RUNS
    assert lists["newest"] == sorted(lists["newest"], key=lambda run: (run[1], run[0]), reverse=True)
    assert lists["oldest"] == ids[::-1]
    assert {"PENDING", "RUNNING", "PAUSED", "CANCELING", "CANCELED", "FAILED", "SUCCEEDED", "SKIPPED"} == set(
        lists["states"]
    )


def test_kfp_filters_as_the_python_client_encodes_them(seen: dict[str, Any]) -> None:
    lists = seen["lists"]
    assert len(lists["failed"]) == lists["failed_total"] > 20
    assert {state for _, _, state in lists["failed"]} == {"FAILED"}
    names = [name for _, name, _ in lists["failed"]]
    assert names == sorted(names)
    count, total, only_asked = lists["eval"]
    assert count == total > 0
    assert only_asked


def test_kfp_terminates_retries_archives_and_deletes(seen: dict[str, Any]) -> None:
    actions = seen["actions"]
    assert actions["live"] == "RUNNING"
    assert actions["terminating"] == "CANCELING"
    assert actions["terminated"] in ("FAILED", "CANCELED")
    assert actions["retried"] == ["RUNNING", 1970]
    assert actions["archived"] == ["ARCHIVED", "AVAILABLE"]


def test_kfp_is_refused_as_by_the_real_server(seen: dict[str, Any]) -> None:
    actions = seen["actions"]
    for name in ("terminate again", "terminate succeeded"):
        assert actions[name][:2] == [400, 3]
        assert "Row not found" in actions[name][2]
    for name in ("retry too early", "retry succeeded"):
        assert actions[name] == [409, 10, "Workflow must be Failed/Error to retry"]
    for name in ("get deleted", "delete deleted"):
        assert actions[name][:2] == [404, 5]
    assert seen["experiments"]["unarchive in archived"][:2] == [400, 9]
    assert seen["experiments"]["unknown"][:2] == [404, 5]
    assert seen["experiments"]["deleted"][:2] == [404, 5]


def test_kfp_keeps_experiments(seen: dict[str, Any]) -> None:
    experiments = seen["experiments"]
    assert experiments["made"] == ["conformance", "made by the client"]
    assert experiments["same"]
    assert {"Default", "eval", "fraud", "conformance"} <= set(experiments["names"])
    assert experiments["archived"] == "ARCHIVED"
    assert experiments["pipelines"] > 5
    assert experiments["recurring"] >= 2


def test_kfp_submits_a_package_and_waits_for_it(seen: dict[str, Any]) -> None:
    submitted = seen["submit"]
    assert submitted["before"] == ["from package", "PENDING", True]
    assert submitted["after"] in ("SUCCEEDED", "FAILED")
    assert {"root", "root-driver", "echo", "echo-driver", "executor"} <= set(submitted["tasks"])
    assert submitted["wrong"] == [400, 3]


@pytest.mark.parametrize(
    ("peer", "old"), [("kfp", False), ("kfp-server-api-2.14", False), ("kfp-server-api-2.14", True)]
)
def test_generated_client(peer: str, old: bool, tmp_path_factory: pytest.TempPathFactory) -> None:
    with mock(old_gateway=old) as server:
        seen = ask(peer, "kfp_server_api_client.py", tmp_path_factory.mktemp("api"), server.url)
    assert len(seen["ids"]) == len(set(seen["ids"])) == seen["total"] == RUNS
    assert seen["health"] is False
    assert set(seen["filled"]) <= {
        *("run_id", "task_id", "display_name", "create_time", "start_time", "end_time", "state", "state_history"),
        "child_tasks",
    }
    assert seen["unfinished"].startswith("1970-01-01T00:00:00")
    assert seen["missing"][:2] == [404, 5]
    assert seen["retried"] == "RUNNING"
    assert seen["retry again"] == [409, 10, "Workflow must be Failed/Error to retry", old]
    assert seen["terminating"] == "CANCELING"
    assert seen["terminate again"][:2] == [400, 3]
    assert seen["deleted"][:2] == [404, 5]
    assert seen["created"] == ["PENDING"]
    assert seen["nameless"][:3] == [500, 13, "Internal Server Error"]
    if peer != "kfp":
        assert "INFO" in seen["artifact"]
        assert seen["no artifact"] == [404, 5 if old else 0, "Artifact nope not found", old]
