"""The events service: task logs in both directions, scalars, and what clients report."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from typing import Any

from adapters.clearml import mock_work as work_of
from adapters.clearml.mock_auth import COMPANY
from adapters.clearml.mock_task import Task
from adapters.clearml.mock_wire import Call, Refused, invalid, iso
from adapters.clearml.mock_world import World

LOG_MOST = 10_000
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
