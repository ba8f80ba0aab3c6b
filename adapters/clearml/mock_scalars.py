"""Scalars of tasks: the series that plots are made of, sampled, and the latest values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from adapters.clearml import mock_work as work_of
from adapters.clearml.mock_auth import COMPANY
from adapters.clearml.mock_task import Task
from adapters.clearml.mock_wire import Call, Refused, invalid, iso
from adapters.clearml.mock_world import World

Point = tuple[int, float, float]  # iteration, told seconds, value
Series = dict[str, dict[str, list[Point]]]


def series(world: World, task: Task, samples: int) -> Series:
    """Points by metric and variant, oldest first, about `samples` of each."""
    found: Series = {}
    for work in task.work[-1:]:
        count = work_of.points(work, world.now)
        if not count:
            continue
        for curve in work_of.CURVES[work.kind]:
            key = work_of.key_of(work, curve)
            found.setdefault(curve.metric, {})[curve.variant] = [
                (n * work_of.STEP, world.clock.stamp(work_of.time_of(work, n)), curve.value(n, key))
                for n in _chosen(count, samples)
            ]
    own: Series = {}
    for event in task.events:
        if event["type"] == "training_stats_scalar":
            point = (int(event.get("iter") or 0), event["timestamp"] / 1000, float(event.get("value") or 0))
            variants = own.setdefault(str(event.get("metric") or ""), {})
            variants.setdefault(str(event.get("variant") or ""), []).append(point)
    for metric, variants in own.items():
        for variant, points in variants.items():
            points.sort()
            found.setdefault(metric, {})[variant] = [points[n - 1] for n in _chosen(len(points), samples)]
    return found


def _chosen(count: int, samples: int) -> list[int]:
    """Numbers from 1 to `count`, the last one among them, evenly and at most `samples`."""
    if count <= samples:
        return list(range(1, count + 1))
    return [max(1, round(count * (n + 1) / samples)) for n in range(samples)]


class ScalarService:
    def __init__(self, world: Callable[[], World]) -> None:
        self._world = world

    def _task(self, world: World, task_id: str) -> Task:
        found = world.find(task_id)
        if found is None:
            raise Refused(400, 101, ids=f"({task_id})", company=COMPANY)
        return found

    def _series(self, call: Call, task_id: str) -> Series:
        world = self._world()
        samples = call.whole("samples", 2000, 1, 6000)
        found = series(world, self._task(world, task_id), samples)
        wanted = call.data.get("metrics")
        if not wanted:
            return found
        if not isinstance(wanted, list) or any(
            not isinstance(each, dict) or "metric" not in each for each in wanted
        ):
            raise invalid("metrics", "Input should be a valid list of metrics")
        chosen: Series = {}
        for each in wanted:
            variants = found.get(str(each["metric"]), {})
            names = each.get("variants") or list(variants)
            kept = {name: variants[name] for name in names if name in variants}
            if kept:
                chosen[str(each["metric"])] = kept
        return chosen

    def histogram(self, call: Call) -> Any:
        key = self._key(call)
        return {
            metric: {variant: _xy(variant, points, key) for variant, points in variants.items()}
            for metric, variants in self._series(call, call.text("task")).items()
        }

    def of_several(self, call: Call) -> Any:
        key, world = self._key(call), self._world()
        found: dict[str, Any] = {}
        for task_id in call.ids("tasks"):
            name = self._task(world, task_id).fields["name"]
            for metric, variants in self._series(call, task_id).items():
                for variant, points in variants.items():
                    place = found.setdefault(metric, {}).setdefault(variant, {})
                    place[task_id] = _xy(name, points, key)
        return {"metrics": found} if call.version >= (2, 9) else found

    def _key(self, call: Call) -> str:
        key = call.data.get("key") or "iter"
        if key not in ("iter", "timestamp", "iso_time"):
            raise invalid("key", f"Invalid value {key!r}")
        return str(key)

    def latest(self, call: Call) -> Any:
        world = self._world()
        task = self._task(world, call.text("task"))
        found = series(world, task, 6000)
        last = max((points[-1] for variants in found.values() for points in variants.values()), default=None)
        return {
            "metrics": [
                {
                    "name": metric,
                    "variants": [
                        {
                            "name": variant,
                            "last_value": points[-1][2],
                            "last_10_value": round(sum(p[2] for p in points[-10:]) / len(points[-10:]), 6),
                        }
                        for variant, points in variants.items()
                    ],
                }
                for metric, variants in found.items()
            ],
            "last_iter": task.metrics(world.now)[0],
            "name": task.fields["name"],
            "status": task.status,
            "last_timestamp": round(last[1] * 1000) if last is not None else 0,
        }

    def names(self, call: Call) -> Any:
        world = self._world()
        found = series(world, self._task(world, call.text("task")), 1)
        return {"metrics": {metric: list(variants) for metric, variants in found.items()}}


def _xy(name: str, points: list[Point], key: str) -> dict[str, Any]:
    if key == "iter":
        x: list[Any] = [iteration for iteration, _, _ in points]
    elif key == "timestamp":
        x = [round(moment * 1000) for _, moment, _ in points]
    else:
        x = [iso(moment) for _, moment, _ in points]
    return {"name": name, "x": x, "y": [value for _, _, value in points]}
