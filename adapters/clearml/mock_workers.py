"""The workers service: agents, what they do, and the statistics of their machines."""

from __future__ import annotations

import math
from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import Any

from adapters.clearml.mock_auth import COMPANY, COMPANY_NAME, OPERATOR, user_id
from adapters.clearml.mock_filters import predicates
from adapters.clearml.mock_site import POLL, TIMEOUT, Worker
from adapters.clearml.mock_wire import Call, Refused, invalid
from adapters.clearml.mock_world import World
from adapters.mock.chance import Draw

KEYS = {
    "cpu": ("cpu_usage", "cpu_temperature"),
    "gpu": ("gpu_usage", "gpu_temperature", "gpu_memory_free", "gpu_memory_used"),
    "memory": ("memory_used", "memory_free"),
    "network": ("network_rx", "network_tx"),
    "disk": ("disk_free_home", "disk_free_temp", "disk_read", "disk_write"),
}
MOST_POINTS = 2000


class WorkerService:
    def __init__(self, world: Callable[[], World]) -> None:
        self._world = world

    def get_all(self, call: Call) -> Any:
        world, now = self._world(), self._world().now
        seen = call.whole("last_seen", 3600, 0)
        pattern = call.maybe("worker_pattern")
        tests = predicates({name: call.data.get(name) for name in ("tags", "system_tags")})
        return {
            "workers": [
                worker_json(world, worker)
                for worker in world.site.workers.values()
                if worker.alive(now)
                and (not seen or worker.simulated or now - worker.seen <= seen)
                and (not pattern or fnmatchcase(worker.name, pattern))
                and all(test(lambda name, worker=worker: getattr(worker, name)) for test in tests)  # type: ignore[misc]
            ]
        }

    def get_count(self, call: Call) -> Any:
        return {"count": len(self.get_all(call)["workers"])}

    def register(self, call: Call) -> Any:
        world, name = self._world(), call.text("worker")
        queues = [str(each) for each in call.items("queues")]
        if bad := [queue for queue in queues if queue not in world.site.queues]:
            raise Refused(400, 701, ids=f"({', '.join(bad)})", company=COMPANY)
        old = world.site.workers.get(name)
        if old is not None and old.simulated:
            return {}
        made = Worker(name, queues, world.now, simulated=False, seen=world.now)
        made.timeout = call.whole("timeout", TIMEOUT, 1)
        made.tags, made.system_tags = call.items("tags"), call.items("system_tags")
        world.site.workers[name] = made
        return {}

    def unregister(self, call: Call) -> Any:
        world, name = self._world(), call.text("worker")
        if name not in world.site.workers:
            raise Refused(400, 1001, worker=name)
        del world.site.workers[name]
        return {}

    def status_report(self, call: Call) -> Any:
        """What an agent sends every half minute; it registers whom nobody knows."""
        world, name, now = self._world(), call.text("worker"), self._world().now
        call.need("timestamp")
        worker = world.site.workers.get(name)
        if worker is None or (not worker.simulated and not worker.alive(now)):
            self.register(call)
            worker = world.site.workers[name]
        worker.seen = now
        if call.data.get("queues") is not None:
            worker.queues = [str(each) for each in call.items("queues")]
        worker.reports = [*worker.reports[-200:], {"at": now, **call.mapping("machine_stats")}]
        task_id = call.maybe("task")
        if task_id is None:
            worker.task = worker.source = None
            return {}
        if worker.task != task_id:
            worker.task, worker.since, worker.source = task_id, now, call.maybe("queue")
        task = world.find(task_id)
        if task is None:
            raise Refused(400, 101, id=task_id, company=COMPANY)
        task = world.keep(task)
        task.worker, task.updated = name, max(task.updated, now)
        return {}

    # Statistics

    def get_metric_keys(self, call: Call) -> Any:
        world = self._world()
        wanted = [str(each) for each in call.items("worker_ids")]
        if not world.site.workers or any(name not in world.site.workers for name in wanted):
            raise Refused(400, 1005, workers=wanted)
        return {"categories": [{"name": name, "metric_keys": list(keys)} for name, keys in KEYS.items()]}

    def _span(self, world: World, call: Call) -> tuple[float, float, int]:
        """From, to and the interval, in told seconds."""
        for name in ("from_date", "to_date", "interval"):
            if not isinstance(call.need(name), int | float):
                raise invalid(name, "Input should be a valid number")
        begin, end = float(call.data["from_date"]), float(call.data["to_date"])
        interval = call.whole("interval", 40)
        if begin >= end:
            raise invalid("from_date", "from_date must be prior to to_date")
        if interval < 40:
            raise invalid("interval", "interval should be greater or equal to 40")
        return begin, end, max(interval, math.ceil((end - begin) / MOST_POINTS))

    def get_stats(self, call: Call) -> Any:
        world = self._world()
        begin, end, interval = self._span(world, call)
        items = call.need("items")
        if (
            not isinstance(items, list)
            or not items
            or any(not isinstance(item, dict) or "key" not in item for item in items)
        ):
            raise invalid("items", "List is too short. Expecting at least 1 items")
        known = {key for keys in KEYS.values() for key in keys}
        wanted = [str(each) for each in call.items("worker_ids")] or list(world.site.workers)
        dates = [at for at in range(int(begin), int(end), interval) if at <= world.clock.stamp(world.now)]
        made = []
        for name in wanted:
            worker = world.site.workers.get(name)
            if worker is None:
                continue
            metrics = []
            for key in dict.fromkeys(str(item["key"]) for item in items):
                if key in known and (dates := [at for at in dates if at >= worker.registered]):
                    used = [str(item.get("aggregation") or "avg") for item in items if item["key"] == key]
                    metrics.append(_metric(world, worker, key, dates, used, call.flag("split_by_variant")))
            made.append({"worker": name, "metrics": metrics})
        return {"workers": made}

    def get_activity_report(self, call: Call) -> Any:
        world = self._world()
        begin, end, interval = self._span(world, call)
        now = world.clock.stamp(world.now)
        dates = [at for at in range(int(begin), int(end), interval) if at <= now]
        workers = list(world.site.workers.values())
        total = [sum(1 for worker in workers if worker.registered <= at) for at in dates]
        active = [sum(1 for worker in workers if _busy(worker, float(at)) > 0.5) for at in dates]
        told = [at * 1000 for at in dates]
        return {"total": {"dates": told, "counts": total}, "active": {"dates": told, "counts": active}}


def _busy(worker: Worker, at: float) -> float:
    """How busy a machine was: known while the present task runs, made up for the time before."""
    if at >= worker.since:
        return 0.92 if worker.task is not None else 0.03
    return 0.9 if Draw(int(at // 1800)).unit(worker.name) < 0.7 else 0.03


def value(worker: Worker, key: str, at: float) -> float:
    """One reading of one machine; percent, degrees, GB or MB/s."""
    busy, gpu = _busy(worker, at), worker.machine.startswith("gpu")
    shake = Draw(int(at // 40)).unit(f"{worker.name} {key}")
    if key.startswith("gpu") and not gpu:
        return 0.0
    if key in ("gpu_memory_used", "gpu_memory_free"):
        used = 80 * busy * (0.86 + 0.1 * shake)
        return round(used if key.endswith("used") else 80 - used, 2)
    if key in ("memory_used", "memory_free"):
        used = 24 + 420 * busy * (0.8 + 0.1 * shake)
        return round(used if key.endswith("used") else 512 - used, 2)
    if key.endswith("temperature"):
        return round(34 + 38 * busy + 4 * shake, 1)
    if key.startswith("disk_free"):
        return round(35 + 20 * shake, 1)
    share = busy * (0.85 + 0.15 * shake)
    return round(100 * share if key.endswith("usage") else 180 * share, 2)


def _metric(
    world: World, worker: Worker, key: str, dates: list[int], aggregations: list[str], split: bool
) -> dict[str, Any]:
    shift = {"avg": 1.0, "min": 0.96, "max": 1.03}
    readings = [value(worker, key, at) for at in dates]
    made: dict[str, Any] = {"metric": key}
    if split:
        made["variant"] = "0" if key.startswith(("gpu", "cpu")) else "total"
    stats = []
    for name in aggregations:
        if name not in shift:
            raise invalid("aggregation", f"Invalid value {name!r}")
        stats.append({"aggregation": name, "values": [round(each * shift[name], 3) for each in readings]})
    return {**made, "dates": [at * 1000 for at in dates], "stats": stats}


def worker_json(world: World, worker: Worker) -> dict[str, Any]:
    now = world.now
    seen = now - now % POLL if worker.simulated else worker.seen
    user = user_id(OPERATOR)
    made: dict[str, Any] = {
        "id": worker.name,
        "key": f"worker_{COMPANY}_{user}_{worker.name}",
        "ip": worker.ip,
        "user": {"id": user, "name": OPERATOR},
        "company": {"id": COMPANY, "name": COMPANY_NAME},
        "register_time": world.told(worker.registered),
        "register_timeout": worker.timeout,
        "last_activity_time": world.told(now if worker.simulated else worker.seen),
        "last_report_time": world.told(max(seen, worker.registered)),
        "tags": worker.tags,
        "system_tags": worker.system_tags,
        "queues": [_queue(world, queue_id) for queue_id in worker.queues],
    }
    task = world.find(worker.task) if worker.task else None
    if task is None:
        return made
    made["task"] = {
        "id": task.id,
        "name": task.fields["name"],
        "running_time": int((now - worker.since) * 1000),
        "last_iteration": task.metrics(now)[0],
    }
    project = world.projects.get(task.fields.get("project") or "")
    if project is not None:
        made["project"] = {"id": project.id, "name": project.name}
    source = world.site.queues.get(worker.source or "")
    if source is not None:
        made["queue"] = {"id": source.id, "name": source.name}
    return made


def _queue(world: World, queue_id: str) -> dict[str, Any]:
    queue = world.site.queues.get(queue_id)
    if queue is None:
        return {"id": queue_id}
    made: dict[str, Any] = {"id": queue.id, "name": queue.name, "num_tasks": len(queue.entries)}
    if queue.entries:
        task = world.find(queue.entries[0].task)
        made["next_task"] = {"id": queue.entries[0].task, "name": task.fields["name"] if task is not None else ""}
    return made
