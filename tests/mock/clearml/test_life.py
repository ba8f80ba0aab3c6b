"""How tasks move by themselves: the cast, stops that agents obey, pipelines, arrivals; the same for everybody."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from adapters.mock.clock import SimClock
from tests.mock.clearml.server import Api

STATUSES = {
    *("created", "queued", "in_progress", "stopped", "publishing", "published", "closed", "failed", "completed"),
    "unknown",
}


@pytest.mark.parametrize("runs", [20, 60, 400, 5000])
@pytest.mark.parametrize("seed", [0, 7])
def test_from_20_runs_on_every_status_is_there(runs: int, seed: int) -> None:
    api = Api(runs=runs, seed=seed)
    truth = api.get("/_mock/state?backend=clearml").json()["backends"]["clearml"]
    assert set(truth["statuses"]) == STATUSES
    assert truth["tasks"] == runs
    assert any(
        task["status_message"] == "stopping" for task in api.tasks(status=["in_progress"], order_by=["-created"])
    )


def test_few_runs_are_fine_too() -> None:
    for runs in (0, 1, 5, 19):
        api = Api(runs=runs)
        assert len(api.tasks()) == runs
        api.advance(7200)
        assert len(api.tasks()) == runs


def everything(api: Api) -> Any:
    return [api.tasks(search_hidden=True), api("queues.get_all"), api("workers.get_all")]


def test_the_same_for_everybody_whenever_they_ask() -> None:
    impatient, patient = Api(arrivals=4.0), Api(arrivals=4.0)
    assert everything(impatient) == everything(patient)
    for _ in range(60):
        impatient.advance(37)
        impatient.tasks(page_size=1)
    patient.advance(60 * 37)
    assert everything(impatient) == everything(patient)
    assert everything(Api(seed=8)) != everything(Api())


def test_a_reset_brings_the_beginning_back() -> None:
    api = Api()
    before = everything(api)
    api("tasks.delete", task=api.of_status("failed"), force=True)
    api.create()
    assert everything(api) != before
    assert api.post("/_mock/reset", json={}).status_code == 200
    assert everything(api) == before


def test_stop_is_obeyed_seconds_later_and_force_does_not_hasten_it() -> None:
    api = Api()
    running = [t for t in api.tasks(status=["in_progress"], type=["training"]) if t["status_message"] != "stopping"]
    task = next(t for t in running if "development" not in t["system_tags"])["id"]
    answer = api("tasks.stop", task=task, force=True)
    assert (answer["updated"], answer["fields"]["status"]) == (1, "in_progress")
    assert answer["fields"]["status_message"] == "stopping"
    api.advance(3.9)
    assert api.status(task) == "in_progress"
    worker = api.task(task)["last_worker"]
    api.advance(7)
    found = api.task(task)
    assert (found["status"], found["status_reason"]) == ("stopped", "task was stopped by tasks.stop")
    assert found["completed"]
    idle = next(each for each in api("workers.get_all")["workers"] if each["id"] == worker)
    assert idle.get("task", {}).get("id") != task
    last = api("events.get_task_log", task=task, batch_size=1)["events"][0]
    assert "USER ABORTED" in last["msg"]


def test_development_tasks_and_queued_ones_stop_at_once() -> None:
    api = Api(runs=400)
    local = api.tasks(status=["in_progress"], system_tags=["development"])[0]["id"]
    waiting = api.entries("llm-reserved")[0]
    for task in (local, waiting):
        assert api("tasks.stop", task=task)["fields"]["status"] == "stopped"
        assert api.task(task)["status_message"] == "Stopped by operator"
    assert waiting not in api.entries("llm-reserved")


def test_stop_also_succeeds_on_what_has_just_ended() -> None:
    api = Api()
    task = api.create()
    api("tasks.enqueue", task=task)
    while api.status(task) != "completed":
        api.advance(30)
    answer = api("tasks.stop", task=task)
    assert (answer["fields"]["status"], answer["fields"]["status_message"]) == ("completed", "stopping")
    api.advance(60)
    assert api.status(task) == "completed"


def test_reserved_tasks_wait_until_a_worker_is_free() -> None:
    api = Api()
    waiting = api.entries("llm-reserved")
    assert waiting
    api.advance(600)
    assert api.entries("llm-reserved") == waiting
    pipeline = next(w["task"]["id"] for w in api("workers.get_all")["workers"] if w["id"] == "gpu-h100-0011:0")
    api("tasks.stop", task=pipeline)
    api.advance(30)
    assert api.status(waiting[0]) == "in_progress"


def test_progress_iterations_and_time() -> None:
    api = Api()
    running = [t for t in api.tasks(status=["in_progress"], type=["training"]) if t["last_iteration"]]
    before = running[0]
    api.advance(60)
    after = api.task(before["id"])
    assert after["last_iteration"] > before["last_iteration"]
    assert after["active_duration"] == pytest.approx(before["active_duration"] + 60, abs=10)
    assert after["last_update"] > before["last_update"]
    assert int(after["runtime"]["progress"]) >= int(before["runtime"]["progress"])


def test_a_pipeline_has_steps_that_stop_with_it() -> None:
    api = Api()
    live = {task["id"]: task for task in api.tasks(type=["controller"], status=["in_progress"])}
    steps = api.tasks(parent=list(live), search_hidden=True, status=["in_progress"])
    pipeline = steps[0]["parent"]
    assert "pipeline" in live[pipeline]["system_tags"]
    mine = [step["id"] for step in steps if step["parent"] == pipeline]
    api("tasks.stop", task=pipeline, include_pipeline_steps=True)
    assert {api.task(step)["status_message"] for step in mine} == {"stopping"}
    api.advance(40)
    assert {api.status(task) for task in (pipeline, *mine)} == {"stopped"}
    text = "\n".join(event["msg"] for event in api("events.get_task_log", task=pipeline)["events"])
    assert all(f"Launching step [{step['name']}]" in text for step in steps if step["parent"] == pipeline)


def test_steps_of_finished_pipelines_are_found() -> None:
    api = Api(runs=400)
    done = api.tasks(type=["controller"], status=["completed", "published"])[0]
    steps = api.tasks(parent=[done["id"]], search_hidden=True, order_by=["created"])
    assert steps
    assert all(step["status"] == "completed" for step in steps)
    assert all(step["created"] >= done["created"] for step in steps)
    assert api.task(steps[0]["id"]) == steps[0]
    assert api("events.get_task_log", task=steps[0]["id"])["total"]
    failed = api.tasks(type=["controller"], status=["failed"])[0]
    broken = api.tasks(parent=[failed["id"]], search_hidden=True, status=["failed"])
    assert broken
    assert broken[0]["status_message"] == failed["status_message"]


def test_everything_comes_to_an_end() -> None:
    api = Api()
    api.advance(24 * 3600)
    left = Counter(task["status"] for task in api.tasks(search_hidden=True))
    assert not left["in_progress"]
    assert not left["queued"]
    assert all("task" not in worker for worker in api("workers.get_all")["workers"])


def test_arrivals() -> None:
    api = Api(arrivals=4.0)
    known = {task["id"] for task in api.tasks()}
    api.advance(600)
    new = [task for task in api.tasks(order_by=["-created"]) if task["id"] not in known]
    assert len(new) == 40
    assert {task["status"] for task in new} >= {"in_progress"}
    early = [task for task in new if task["status"] == "in_progress" and "development" not in task["system_tags"]]
    assert all(task["started"] > task["created"] for task in early)
    api.advance(3600)
    assert len(api.tasks()) == 60 + 40 + 240
    machines = {worker["id"].partition(":")[0] for worker in api("workers.get_all")["workers"]}
    assert len(machines) == 12


def test_nothing_lies_in_the_readers_future() -> None:
    wall = [1000.0]
    clock = SimClock(speed=60, wall=lambda: wall[0], start=1_787_409_127.0)
    api = Api(clock=clock)
    wall[0] += 60  # an hour in the simulation, a minute for the reader
    limit = clock.start + 60
    text = json.dumps(everything(api))
    assert "2026-08-22T14:34" not in text
    assert "2026-08-22T15" not in text
    for task in api.tasks(status=["in_progress"], page_size=5):
        events = api("events.get_task_log", task=task["id"])["events"]
        assert all(event["timestamp"] <= limit * 1000 for event in events)


def test_the_truth() -> None:
    api = Api()
    busy = next(worker["task"]["id"] for worker in api("workers.get_all")["workers"] if "task" in worker)
    found = api.get(f"/_mock/state?backend=clearml&id={busy}").json()["backends"]["clearml"]
    assert (found["status"], found["executing"]) == ("in_progress", True)
    assert api.get("/_mock/state?backend=clearml&id=nope").json()["backends"]["clearml"] is None
