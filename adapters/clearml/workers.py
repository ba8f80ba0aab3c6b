"""Workers as hosts, with what their machines report."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from adapters.clearml import wire
from adapters.clearml.api_places import WorkersApi
from adapters.errors import AdapterError, NotFound
from adapters.model import Host, Instant, Json, Kind, Ref, State
from adapters.sections import Series

KEYS = ("cpu_usage", "gpu_usage", "memory_used", "memory_free")
STATS_KNOWN = 15.0
STATS_MISSING_KNOWN = 120.0
LAST_MINUTES = 180
MEAN_OVER = 60
HOUR = 3600.0
Values = Mapping[str, float]


class Workers:
    def __init__(self, context: str, api: WorkersApi, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._context = context
        self._api = api
        self._clock = clock
        self._stats: dict[str, Values] = {}
        self._stats_until = 0.0

    async def read(self) -> list[tuple[wire.Worker, dict[str, Json]]]:
        """Every worker with the server's own JSON, by id. Raises AdapterError."""
        reply = await self._api.get_all()
        workers = wire.list_of(reply, "workers", wire.Worker)
        raw = wire.data_of(reply).get("workers")
        pairs = zip(workers, raw if isinstance(raw, list) else [], strict=True)
        return sorted(
            ((worker, entry if isinstance(entry, dict) else {}) for worker, entry in pairs),
            key=lambda pair: pair[0].id,
        )

    async def one(self, native: str) -> tuple[wire.Worker, dict[str, Json]]:
        for worker, raw in await self.read():
            if worker.id == native:
                return worker, raw
        raise NotFound(f"{self._context}: no worker {native}; it has not been heard of for an hour", executed=False)

    async def hosts(self) -> list[Host]:
        workers = [worker for worker, _ in await self.read()]
        stats = await self._usage(workers)
        return [to_host(self._context, worker, stats.get(worker.id, {})) for worker in workers]

    async def host(self, native: str) -> tuple[Host, dict[str, Json]]:
        workers = await self.read()
        stats = await self._usage([worker for worker, _ in workers])
        for worker, raw in workers:
            if worker.id == native:
                return to_host(self._context, worker, stats.get(worker.id, {})), raw
        raise NotFound(f"{self._context}: no worker {native}; it has not been heard of for an hour", executed=False)

    async def _usage(self, workers: Sequence[wire.Worker]) -> Mapping[str, Values]:
        """The last minute's means; empty where the server keeps no statistics. Does not fail."""
        if self._clock() < self._stats_until or not workers:
            return self._stats
        try:
            found = await self._stats_of(workers, LAST_MINUTES, MEAN_OVER)
        except AdapterError:
            self._stats, self._stats_until = {}, self._clock() + STATS_MISSING_KNOWN
            return self._stats
        self._stats = {worker: {key: points[-1][1] for key, points in by.items()} for worker, by in found.items()}
        self._stats_until = self._clock() + STATS_KNOWN
        return self._stats

    async def history(self, worker: wire.Worker) -> Series | None:
        """The last hour of one machine; None where there is none. Does not fail."""
        try:
            found = (await self._stats_of([worker], int(HOUR), MEAN_OVER)).get(worker.id)
        except AdapterError:
            return None
        return Series("Machine", "", found) if found else None

    async def _stats_of(
        self, workers: Sequence[wire.Worker], seconds: int, interval: int
    ) -> dict[str, dict[str, list[tuple[float, float]]]]:
        """Points of (epoch seconds, value) by worker and key, up to the last report: the server's clock counts."""
        reports = [worker.last_report_time or worker.last_activity_time for worker in workers]
        until = max((moment for moment in reports if moment is not None), default=time.time())
        items: list[Json] = [{"key": key, "aggregation": "avg"} for key in KEYS]
        reply = await self._api.get_stats(
            items=items,
            from_date=int(until - seconds),
            to_date=int(until) + 1,
            interval=interval,
            worker_ids=[worker.id for worker in workers],
        )
        data = wire.data_of(reply).get("workers")
        return {
            str(entry.get("worker")): _points(entry.get("metrics"))
            for entry in (data if isinstance(data, list) else [])
            if isinstance(entry, dict)
        }


def _points(metrics: Json) -> dict[str, list[tuple[float, float]]]:
    found: dict[str, list[tuple[float, float]]] = {}
    for metric in metrics if isinstance(metrics, list) else []:
        if not isinstance(metric, dict):
            continue
        dates, stats = metric.get("dates"), metric.get("stats")
        first = stats[0] if isinstance(stats, list) and stats and isinstance(stats[0], dict) else {}
        values = first.get("values")
        pairs = zip(
            dates if isinstance(dates, list) else [], values if isinstance(values, list) else [], strict=False
        )
        points = [
            (date / 1000, float(value))
            for date, value in pairs
            if isinstance(date, int | float) and isinstance(value, int | float)
        ]
        if points:
            found[str(metric.get("metric"))] = points
    return found


def to_host(context: str, worker: wire.Worker, usage: Values) -> Host:
    """The server forgets a worker that does not report any more, so one that it lists is up."""
    task = worker.task
    queues = [queue.display_name or queue.name or queue.id for queue in worker.queues]
    used, free = usage.get("memory_used"), usage.get("memory_free")
    memory = None if used is None or not free else 100 * used / (used + free)
    return Host(
        ref=Ref(context, Kind.HOST, worker.id),
        name=worker.id,
        state=State.UP,
        native_state="busy" if task else "idle",
        owner=worker.user.shown if worker.user else None,
        group=", ".join(queues) or None,
        created=worker.register_time,
        message=None if queues else "it listens to no queue",
        labels=MappingProxyType(dict.fromkeys(worker.tags, "")),
        ip=worker.ip or None,
        extra=MappingProxyType(
            {
                "task_name": (task.name or task.id) if task else None,
                "task_id": task.id if task else None,
                "task_project": worker.project.shown if worker.project else None,
                "running_time": task.running_time / 1000 if task and task.running_time is not None else None,
                "iteration": task.last_iteration if task else None,
                "from_queue": worker.queue.shown if worker.queue else None,
                "cpu_percent": _whole(usage.get("cpu_usage")),
                "gpu_percent": _whole(usage.get("gpu_usage")),
                "memory_percent": _whole(memory),
                "last_report": Instant.of(worker.last_report_time),
                "last_activity": Instant.of(worker.last_activity_time),
                "tags": ", ".join(worker.tags) or None,
            }
        ),
    )


def _whole(value: float | None) -> int | None:
    return None if value is None else round(value)
