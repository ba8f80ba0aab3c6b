"""Logs in both directions, scalars, and what clients report."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from adapters.mock.stories import STORIES
from tests.mock.clearml.server import KEYS, Api

LINES = {"content-type": "application/json-lines"}


@pytest.fixture(scope="module")
def api() -> Api:
    return Api()


@pytest.fixture(scope="module")
def done(api: Api) -> str:
    """A training that has come to its end."""
    return str(
        next(task["id"] for task in api.tasks(status=["completed"], type=["training"]) if task["last_metrics"])
    )


def log(api: Api, task: str, **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = api("events.get_task_log", task=task, **more)
    return found


def times(answer: dict[str, Any]) -> list[int]:
    return [event["timestamp"] for event in answer["events"]]


def test_the_tail_and_the_head(api: Api, done: str) -> None:
    whole = log(api, done, navigate_earlier=False)
    assert whole["returned"] == whole["total"] == len(whole["events"]) > 50
    assert times(whole) == sorted(times(whole))
    tail = log(api, done, batch_size=10, order="asc")
    assert tail["events"] == whole["events"][-tail["returned"] :]
    assert log(api, done, batch_size=10)["events"] == tail["events"][::-1]  # newest first
    head = log(api, done, batch_size=10, navigate_earlier=False)
    assert head["events"] == whole["events"][: head["returned"]]
    event = head["events"][-1]
    assert set(event) >= {"type", "task", "timestamp", "worker", "msg", "metric", "variant", "@timestamp"}
    assert (event["type"], event["task"], event["metric"]) == ("log", done, "")


def test_from_timestamp_is_exclusive_and_pages_meet(api: Api, done: str) -> None:
    whole = log(api, done, navigate_earlier=False)["events"]
    found: list[Any] = []
    since = None
    while True:
        page = log(api, done, navigate_earlier=False, batch_size=13, from_timestamp=since)["events"]
        if not page:
            break
        found += page
        since = page[-1]["timestamp"]
    assert found == whole
    back: list[Any] = []
    since = None
    while True:
        page = log(api, done, batch_size=13, from_timestamp=since)["events"]
        if not page:
            break
        back += page
        since = page[-1]["timestamp"]
    assert back == whole[::-1]


def test_a_page_holds_all_that_shares_its_last_moment(api: Api) -> None:
    task = api.create()
    lines = [
        json.dumps({"type": "log", "task": task, "msg": f"{n}", "timestamp": 1000 + n // 4}) for n in range(12)
    ]
    answer = api.ask("POST", "/events.add_batch", content="\n".join(lines).encode(), headers=LINES, auth=KEYS)
    assert answer.json()["data"] == {"added": 12, "errors": 0, "errors_info": {}}
    page = log(api, task, navigate_earlier=False, batch_size=2)
    assert [event["msg"] for event in page["events"]] == ["0", "1", "2", "3"]
    assert page["returned"] == 4
    assert "level" not in page["events"][0]
    follow = log(api, task, navigate_earlier=False, batch_size=2, from_timestamp=1000)
    assert [event["msg"] for event in follow["events"]] == ["4", "5", "6", "7"]
    late = {"type": "log", "task": task, "msg": "late", "timestamp": 1001}
    api("events.add", **late)
    assert log(api, task, navigate_earlier=False, from_timestamp=1002)["events"] == []  # lost to a follower


def test_the_log_of_a_running_task_only_grows() -> None:
    api = Api()
    task = api.tasks(status=["in_progress"], type=["training", "data_processing"])[0]["id"]
    seen = log(api, task, navigate_earlier=False)["events"]
    for _ in range(5):
        api.advance(17)
        now = log(api, task, navigate_earlier=False)["events"]
        assert now[: len(seen)] == seen
        seen = now
    assert seen[-1]["timestamp"] <= api.cluster.clock.now() * 1000


def test_every_story_is_told_by_a_log_or_a_message() -> None:
    api = Api(runs=20)
    told = {}
    for task in api.tasks(status=["failed", "unknown"]):
        text = "\n".join(event["msg"] for event in log(api, task["id"], navigate_earlier=False)["events"])
        for story in STORIES:
            if story.message == task["status_message"]:
                last = story.lines[-1].partition(" ")[2] if story.lines else story.message
                assert last in text, story.id
                told[story.id] = task["status"]
    assert set(told) == {story.id for story in STORIES}
    assert told["lost-host"] == "unknown"


def test_levels_and_several_lines_in_one_event() -> None:
    api = Api(runs=20)
    failed = api.tasks(status=["failed"])
    events = [event for task in failed for event in log(api, task["id"])["events"]]
    assert {"info", "warning", "error"} <= {event.get("level") for event in events}
    assert any("Traceback" in event["msg"] and event["msg"].count("\n") >= 5 for event in events)


def test_before_2_9_it_scrolls(api: Api, done: str) -> None:
    whole = log(api, done, navigate_earlier=False)["events"]
    found: list[Any] = []
    scroll = None
    while True:
        body = {"task": done, "batch_size": 100, "order": "asc", "scroll_id": scroll}
        page = api("v2.8/events.get_task_log", **body)
        scroll = page["scroll_id"]
        if not page["events"]:
            break
        found += page["events"]
    assert found == whole


def test_bad_requests(api: Api, done: str) -> None:
    assert api.codes("events.get_task_log", task="nope") == (400, 101)
    assert api.codes("events.get_task_log", task=done, batch_size=0) == (400, 12)
    assert api.codes("events.get_task_log", task=done, batch_size=10_001) == (400, 12)
    assert api.codes("events.get_task_log") == (400, 12)


def test_download_breaks_off_at_a_missing_field(api: Api, done: str) -> None:
    text = api.raw("events.download_task_log", {"task": done, "line_type": "text", "line_format": "{msg}"}).text
    assert text.startswith("Executing task id") or "INFO" not in text
    assert len(text.splitlines()) > 50
    with_level = api.raw("events.download_task_log", {"task": done, "line_format": "{level} {msg}"})
    assert with_level.headers["content-type"].startswith("text/plain")
    assert len(with_level.text.splitlines()) < len(text.splitlines())
    lines = api.raw("events.download_task_log", {"task": done, "line_type": "json"}).text.splitlines()
    assert json.loads(lines[0])["task"] == done


# Scalars


def test_scalars_and_last_metrics_agree(api: Api, done: str) -> None:
    task = api.task(done)
    curves = api("events.scalar_metrics_iter_histogram", task=done, samples=6000)
    assert set(curves) >= {"train", "validation"}
    for metrics in task["last_metrics"].values():
        for entry in metrics.values():
            curve = curves[entry["metric"]][entry["variant"]]
            assert curve["name"] == entry["variant"]
            assert len(curve["x"]) == len(curve["y"]) == entry["count"]
            assert curve["y"][-1] == entry["value"]
            assert curve["y"][0] == entry["first_value"]
            assert entry["min_value"] <= entry["value"] <= entry["max_value"]
    loss = curves["train"]["loss"]
    assert loss["x"] == sorted(set(loss["x"]))
    assert loss["x"][-1] == task["last_iteration"]
    assert loss["y"][0] > loss["y"][-1]
    key = hashlib.md5(b"train").hexdigest()
    assert hashlib.md5(b"loss").hexdigest() in task["last_metrics"][key]


def test_the_log_says_the_same_loss(api: Api, done: str) -> None:
    curve = api("events.scalar_metrics_iter_histogram", task=done, samples=6000)["train"]["loss"]
    points = dict(zip(curve["x"], curve["y"], strict=True))
    events = log(api, done, navigate_earlier=False)["events"]
    said = [event["msg"].split() for event in events if event["msg"].startswith("train: step ")]
    assert said
    for words in said[:50]:
        assert float(words[4]) == pytest.approx(points[int(words[2])], abs=1e-4)


def test_samples_keys_and_metrics(api: Api, done: str) -> None:
    few = api("events.scalar_metrics_iter_histogram", task=done, samples=5)
    whole = api("events.scalar_metrics_iter_histogram", task=done)
    assert len(few["train"]["loss"]["x"]) == 5
    assert few["train"]["loss"]["x"][-1] == whole["train"]["loss"]["x"][-1]
    by_time = api("events.scalar_metrics_iter_histogram", task=done, key="timestamp", samples=3)
    assert all(moment > 1e12 for moment in by_time["train"]["loss"]["x"])
    by_iso = api("events.scalar_metrics_iter_histogram", task=done, key="iso_time", samples=3)
    assert all(text.endswith("+00:00") for text in by_iso["train"]["loss"]["x"])
    wanted = [{"metric": "train", "variants": ["loss"]}]
    one = api("events.scalar_metrics_iter_histogram", task=done, metrics=wanted)
    assert {metric: list(variants) for metric, variants in one.items()} == {"train": ["loss"]}
    for wrong in ({"samples": 0}, {"samples": 6001}, {"key": "hour"}):
        assert api.codes("events.scalar_metrics_iter_histogram", task=done, **wrong) == (400, 12)


def test_several_tasks_and_latest_values(api: Api, done: str) -> None:
    ids = [task["id"] for task in api.tasks(type=["training"], status=["completed"])][:2]
    found = api("events.multi_task_scalar_metrics_iter_histogram", tasks=ids)["metrics"]
    assert set(found["train"]["loss"]) <= set(ids)
    latest = api("events.get_task_latest_scalar_values", task=done)
    assert latest["last_iter"] == api.task(done)["last_iteration"]
    variants = {metric["name"]: metric["variants"] for metric in latest["metrics"]}
    assert {"name", "last_value", "last_10_value"} == set(variants["train"][0])


def test_reported_scalars_update_the_task(api: Api) -> None:
    task = api.create()
    api("tasks.started", task=task)
    for iteration, value in ((1, 3.0), (2, 1.0), (3, 2.0)):
        body = {"metric": "loss", "variant": "test", "iter": iteration, "value": value}
        api("events.add", type="training_stats_scalar", task=task, **body)
    api("events.add", type="training_stats_scalar", task=task, metric=":monitor:gpu", variant="0", iter=99, value=1)
    found = api.task(task)
    assert found["last_iteration"] == 3
    [entry] = found["last_metrics"][hashlib.md5(b"loss").hexdigest()].values()
    assert entry["value"] == 2.0
    assert (entry["min_value"], entry["min_value_iteration"]) == (1.0, 2)
    assert (entry["max_value"], entry["first_value"], entry["count"]) == (3.0, 3.0, 3)
    curve = api("events.scalar_metrics_iter_histogram", task=task)["loss"]["test"]
    assert (curve["x"], curve["y"]) == ([1, 2, 3], [3.0, 1.0, 2.0])
    assert len(api("events.get_task_events", task=task, event_type="training_stats_scalar")["events"]) == 4


def test_events_that_are_not_added(api: Api) -> None:
    published = api.create()
    api.set_status(published, "published")
    line = {"type": "log", "msg": "x"}
    assert api.codes("events.add", **line, task="nope") == (400, 131)
    assert api.codes("events.add", **line, task=published) == (400, 131)
    assert api("events.add", **line, task=published, allow_locked=True)["added"] == 1
    assert api.codes("events.add", task=published, type="poem") == (400, 131)
    good = api.create()
    lines = "\n".join(json.dumps({**line, "task": task}) for task in (good, "nope")).encode()
    answer = api.ask("POST", "/events.add_batch", content=lines, headers=LINES, auth=KEYS).json()["data"]
    assert answer == {"added": 1, "errors": 1, "errors_info": {"Invalid task id": 1}}
