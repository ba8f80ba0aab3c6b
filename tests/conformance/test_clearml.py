"""The mock against the official ClearML SDK: APIClient, the Task class, an experiment from init to close."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from adapters.clearml.mock_auth import ACCESS_KEY, SECRET_KEY
from adapters.mock.server import MockServer, config_toml
from tests.conformance.peers import ask

pytestmark = pytest.mark.slow

RUNS = 60


@pytest.fixture(scope="module")
def server() -> Iterator[MockServer]:
    with MockServer(seed=7, runs=RUNS, hosts=12, clock="virtual", backends=["clearml"]) as server:
        yield server


@pytest.fixture(scope="module")
def seen(server: MockServer, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return ask(
        "clearml", "clearml_client.py", tmp_path_factory.mktemp("clearml"), server.url, ACCESS_KEY, SECRET_KEY
    )


def test_the_client_asks_as_it_does_of_a_real_server(seen: dict[str, Any], server: MockServer) -> None:
    paths = [(arrived.method, arrived.path) for arrived in server.requests if not arrived.path.startswith("/_mock")]
    assert {method for method, _ in paths} == {"GET"}
    assert paths.count(("GET", "/auth.login")) < 8  # one for each session, none renewed
    assert all(path.startswith("/v2.23/") for _, path in paths if path != "/auth.login")
    bodies = [arrived.body for arrived in server.requests if arrived.path == "/v2.23/tasks.get_all"]
    assert bodies
    assert all('"method": "get"' in body for body in bodies)
    assert {arrived.status for arrived in server.requests} <= {200, 400}


def test_clearml_lists_every_task_once_and_in_order(seen: dict[str, Any]) -> None:
    lists = seen["lists"]
    ids = [task_id for task_id, _, _ in lists["newest"]]
    assert len(ids) == len(set(ids)) == RUNS
    assert {status for _, _, status in lists["newest"]} == {
        *("created", "queued", "in_progress", "stopped", "publishing", "published", "closed", "failed"),
        *("completed", "unknown"),
    }
    moments = [moment for _, moment, _ in lists["newest"]]
    assert moments == sorted(moments, reverse=True)
    assert lists["failed"] == ["failed"]
    assert lists["failed_count"] == [status for _, _, status in lists["newest"]].count("failed")


def test_clearml_sees_queues_workers_and_projects(seen: dict[str, Any]) -> None:
    lists = seen["lists"]
    assert len(lists["workers"]) >= 12
    assert any(task for _, task in lists["workers"])
    assert not all(task for _, task in lists["workers"])
    assert lists["queues"]["llm-reserved"] >= 1
    assert "fraud/fraud-gbdt-nightly" in lists["projects"]


def test_clearml_acts_on_tasks(seen: dict[str, Any]) -> None:
    actions = seen["actions"]
    assert actions["log"][-1].endswith("Killed")
    assert actions["reset"] == ["created", "reset"]
    assert actions["queued"] == ["queued", ""]
    assert actions["position"] == 0
    assert actions["dequeued"] == ["created", ""]
    assert actions["stopping"] == ["in_progress", "stopping"]
    assert actions["stopped"] == ["stopped", ""]


def test_clearml_is_refused_as_by_the_real_server(seen: dict[str, Any]) -> None:
    actions = seen["actions"]
    assert actions["unknown"][:2] == [400, 101]
    assert actions["deleted"][:2] == [400, 101]
    assert actions["illegal"][:2] == [400, 110]
    assert actions["again"][:2] == [400, 706]
    assert actions["many"] == [1, [[400, 101]]]


def test_clearml_task_finds_clones_enqueues_and_deletes(seen: dict[str, Any]) -> None:
    tasks = seen["tasks"]
    assert tasks["query"] >= len(tasks["failed"]) > 0
    assert set(tasks["failed"]) == {"failed"}
    assert tasks["same"] == [True, True]
    assert tasks["parent"]
    assert tasks["copy"] == ["created", "queued", "in_progress"]
    assert tasks["parameters"][0].startswith("Args/")
    assert tasks["deleted"]


def test_clearml_runs_an_experiment_from_init_to_close(seen: dict[str, Any]) -> None:
    trip = seen["trip"]
    assert (trip["during"], trip["after"], trip["reason"]) == ("in_progress", "completed", "completed")
    assert trip["tags"] == ["conformance"]
    assert trip["parameters"] == {"learning_rate": "0.01", "epochs": "3"}
    assert trip["iteration"] == 4
    assert trip["last"] == [["loss", "train", 0.2, 1.0, 5]]
    assert trip["curve"]["x"] == [0, 1, 2, 3, 4]
    assert trip["curve"]["y"] == pytest.approx([1, 1 / 2, 1 / 3, 1 / 4, 1 / 5])
    assert "iteration 4 done" in "\n".join(trip["log"])
    assert trip["listed"] == [[True, "completed"]]


def test_the_experiment_shows_up_in_the_command_line(
    seen: dict[str, Any], server: MockServer, tmp_path: Path
) -> None:
    config = tmp_path / "config.toml"
    config.write_text(config_toml(server.url, ["clearml"]))
    config.chmod(0o600)
    command = [sys.executable, "-m", "tui", "--config", str(config), "get", "runs", "-o", "json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    found = {run["name"]: run for run in json.loads(done.stdout)}
    trip = found["there and back"]
    assert (trip["state"], trip["native_state"]) == ("succeeded", "completed")
    assert len(found) > RUNS / 2
