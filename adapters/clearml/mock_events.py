"""The events service: task logs in both directions, and what clients report."""

from __future__ import annotations

import json
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from typing import Any

from starlette.responses import PlainTextResponse

from adapters.clearml import mock_work as work_of
from adapters.clearml.mock_auth import COMPANY
from adapters.clearml.mock_task import Task
from adapters.clearml.mock_wire import Call, Refused, invalid, iso
from adapters.clearml.mock_world import World

LOG_MOST = 10_000
TYPES = frozenset({"log", "training_stats_scalar", "training_stats_vector", "training_debug_image", "plot"})
_LEVELS = {"INFO": "info", "WARNING": "warning", "ERROR": "error"}


class EventService:
    def __init__(self, world: Callable[[], World]) -> None:
        self._world = world

    def _task(self, world: World, call: Call) -> Task:
        task_id = call.text("task")
        found = world.find(task_id)
        if found is None:
            raise Refused(400, 101, ids=f"({task_id})", company=COMPANY)
        return found

    def get_task_log(self, call: Call) -> Any:
        """Since 2.9 by time in either direction, before that by scroll."""
        world = self._world()
        entries = log_events(world, self._task(world, call))
        if call.minimum < (2, 9):
            return self._scrolled(world, call, entries)
        size = call.whole("batch_size", 5000, 1, LOG_MOST)
        earlier, since = call.flag("navigate_earlier", True), call.data.get("from_timestamp")
        if since is not None and not isinstance(since, int | float):
            raise invalid("from_timestamp", "Input should be a valid integer")
        times = [entry["timestamp"] for entry in entries]
        if earlier:
            last = len(entries) if since is None else bisect_left(times, since)
            first = max(0, last - size)
            first = bisect_left(times, times[first]) if first < last else first
        else:
            first = 0 if since is None else bisect_right(times, since)
            last = min(len(entries), first + size)
            last = bisect_right(times, times[last - 1]) if last > first else last
        page = entries[first:last]
        order = call.data.get("order") or ("desc" if earlier else "asc")
        if order == "desc":
            page.reverse()
        return {"events": page, "returned": len(page), "total": min(len(entries), LOG_MOST)}

    def _scrolled(self, world: World, call: Call, entries: list[dict[str, Any]]) -> Any:
        size = call.whole("batch_size", 500, 1, LOG_MOST)
        order = call.data.get("order") or ("asc" if call.data.get("from") == "head" else "desc")
        given = str(call.data.get("scroll_id") or "")
        at = world.scrolls.get(given, 0)
        scroll = given if given in world.scrolls else world.new_id()
        world.scrolls[scroll] = at + size
        ordered = entries if order == "asc" else entries[::-1]
        page = ordered[at : at + size]
        return {"events": page, "returned": len(page), "total": len(entries), "scroll_id": scroll}

    def get_task_events(self, call: Call) -> Any:
        """All that was reported, or one type of it, by scroll."""
        world = self._world()
        task, kind = self._task(world, call), call.maybe("event_type")
        entries = log_events(world, task) if kind in (None, "log") else []
        entries += [event for event in task.events if event["type"] != "log" and kind in (None, event["type"])]
        return self._scrolled(world, call, sorted(entries, key=lambda event: event["timestamp"]))

    def download(self, call: Call) -> Any:
        """The log as text; it breaks off at an event that lacks a field of the format."""
        world = self._world()
        entries = log_events(world, self._task(world, call))
        line_format = str(call.data.get("line_format") or "{asctime} {worker} {level} {msg}")
        lines: list[str] = []
        for entry in entries:
            if call.data.get("line_type") == "json":
                lines.append(json.dumps(entry))
                continue
            try:
                lines.append(line_format.format(**{"asctime": entry["@timestamp"], **entry}))
            except (KeyError, IndexError, ValueError):
                break
        return PlainTextResponse("".join(f"{line}\n" for line in lines))

    def add(self, call: Call) -> Any:
        return self._add(call, [call.data])

    def add_batch(self, call: Call) -> Any:
        if not call.batch:
            raise Refused(400, 17)
        return self._add(call, call.batch)

    def _add(self, call: Call, events: list[dict[str, Any]]) -> Any:
        world, added = self._world(), 0
        errors: dict[str, int] = {}
        for event in events:
            why = self._refusal(world, event, call.flag("allow_locked"))
            if why:
                errors[why] = errors.get(why, 0) + 1
                continue
            task = world.keep(world.find(str(event["task"])) or self._task(world, call))
            note(world, task, event, call.worker)
            added += 1
        if not added:
            raise Refused(400, 131, text=f"Events not added: {', '.join(f'{k}={v}' for k, v in errors.items())}")
        return {"added": added, "errors": sum(errors.values()), "errors_info": errors}

    def _refusal(self, world: World, event: dict[str, Any], allow_locked: bool) -> str:
        if str(event.get("type")) not in TYPES:
            return f"Invalid event type {event.get('type')}"
        task = world.find(str(event.get("task")))
        if task is None:
            return "Invalid task id"
        if task.status in ("published", "publishing") and not (allow_locked or event.get("allow_locked")):
            return "Task is published"
        for name in ("iter", "timestamp"):
            if event.get(name) is not None and not isinstance(event[name], int | float):
                return f"Invalid {name}"
        return ""


def note(world: World, task: Task, event: dict[str, Any], worker: str) -> None:
    """Keep a client's event, and what follows from it for the task."""
    told = world.clock.stamp(world.now)
    made = {**event, "timestamp": event.get("timestamp") or round(told * 1000), "@timestamp": iso(told)}
    if made["type"] == "log":
        made = {"metric": "", "variant": "", "model_event": False, "worker": worker, **made}
        made["msg"] = str(made.get("msg") or "")
    task.events.append(made)
    task.updated = max(task.updated, world.now)
    metric, iteration = str(made.get("metric") or ""), int(made.get("iter") or 0)
    if metric not in (":monitor:machine", ":monitor:gpu"):
        task.fields["last_iteration"] = max(iteration, task.fields.get("last_iteration", 0))
    if made["type"] == "training_stats_scalar" and isinstance(made.get("value"), int | float):
        _last_metric(task, metric, str(made.get("variant") or ""), made["value"], iteration)


def _last_metric(task: Task, metric: str, variant: str, value: float, iteration: int) -> None:
    names = work_of.md5(metric), work_of.md5(variant)
    metrics = task.fields.setdefault("last_metrics", {})
    old = metrics.get(names[0], {}).get(names[1])
    new = {"metric": metric, "variant": variant, "value": value, "count": 1, "mean_value": value}
    for word in ("min", "max", "first"):
        new |= {f"{word}_value": value, f"{word}_value_iteration": iteration}
    if old is not None:
        kept = [
            "first",
            *(["min"] if old["min_value"] <= value else []),
            *(["max"] if old["max_value"] >= value else []),
        ]
        for word in kept:
            new |= {key: old[key] for key in (f"{word}_value", f"{word}_value_iteration")}
        new["count"] = old["count"] + 1
        new["mean_value"] = (old["mean_value"] * old["count"] + value) / new["count"]
    metrics.setdefault(names[0], {})[names[1]] = new


def log_events(world: World, task: Task) -> list[dict[str, Any]]:
    """The task's log, oldest first, as the events that the server keeps."""
    stamp, now = world.clock.stamp, world.now
    made = []
    for work in task.work:
        for at, text in work_of.log(work, task.id, task.queue is not None, now):
            level, _, rest = text.partition(" ")
            event = _event(task, round(stamp(at) * 1000), rest if level in _LEVELS else text)
            if level in _LEVELS:
                event["level"] = _LEVELS[level]
            made.append(event)
    made += [event for event in task.events if event["type"] == "log"]
    made.sort(key=lambda event: event["timestamp"])
    return made


def _event(task: Task, milliseconds: int, text: str) -> dict[str, Any]:
    return {
        "type": "log",
        "task": task.id,
        "timestamp": milliseconds,
        "worker": task.worker or "",
        "msg": text,
        "metric": "",
        "variant": "",
        "model_event": False,
        "@timestamp": iso(milliseconds / 1000),
    }
