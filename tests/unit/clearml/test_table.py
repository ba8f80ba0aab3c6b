"""ClearML's objects as the console's tables show them: in its words, without columns it cannot fill."""

from __future__ import annotations

import pytest

from adapters.clearml import SCHEMA, wire
from adapters.clearml.mapping import to_run
from adapters.clearml.places import to_pool
from adapters.clearml.workers import to_host
from adapters.model import Kind, Resource
from tests.unit.clearml.server import DATA, row
from tui.core.columns import cell, columns_for
from tui.core.values import fields_for

NOW = 1_787_409_127.0


def run(**changes: object) -> Resource:
    return to_run("clearml", wire.read("clearml", row(**changes), wire.TaskRow), "gpu-a100", 7)


def shown(kind: Kind, resource: Resource, width: int = 220) -> dict[str, str]:
    columns = columns_for(kind, [SCHEMA], merged=False, width=width, sample=[resource])
    return {column.title: cell(column, resource, NOW).text for column in columns}


def test_runs() -> None:
    found = shown(Kind.RUN, run())
    assert {
        "QUEUE": "gpu-a100",
        "PROJECT": "vision/resnet50",
        "ITER": "4100",
        "OWNER": "ana",
    }.items() <= found.items()
    assert not {"DONE", "GPU"} & found.keys()
    queued = shown(Kind.RUN, run(status="queued"))
    assert (queued["STATE"], queued["NOTE"]) == ("◦ queued", "7th in gpu-a100")
    draft = shown(Kind.RUN, run(status="created"))
    assert (draft["QUEUE"], draft["PROJECT"]) == ("-", "vision/resnet50")


def test_workers() -> None:
    worker = wire.read("c", DATA["workers"][0], wire.Worker)
    found = shown(Kind.HOST, to_host("clearml", worker, {"cpu_usage": 83.4, "gpu_usage": 91}))
    assert {
        "WORKER": "gpu-a100-0417:0",
        "TASK": "nine",
        "CPU": "83",
        "GPU": "91",
        "MEM": "-",
    }.items() <= found.items()
    assert found["QUEUES"] == "gpu-a100"
    assert not {"MOVED", "PODS", "SINCE"} & found.keys()
    columns = columns_for(Kind.HOST, [SCHEMA], merged=False, width=160)
    assert {column.title: column.width for column in columns}.items() >= {"CPU": 4, "GPU": 4, "MEM": 4}.items()


def test_queues() -> None:
    found = shown(Kind.POOL, to_pool("clearml", wire.read("c", DATA["queues"][0], wire.Queue)))
    wanted = {"QUEUE": "gpu-a100", "ENTRIES": "3", "OLDEST": "33m07s", "WORKERS": "2", "NEXT": "first"}
    assert wanted.items() <= found.items()
    assert not {"ALLOC", "LIMIT", "RUN", "USE"} & found.keys()


@pytest.mark.parametrize("kind", list(SCHEMA.kinds))
def test_every_field_can_be_filtered_by_its_own_name(kind: Kind) -> None:
    """A name that already means something else would silently ask for that."""
    known = fields_for([SCHEMA], kind)
    resource = run() if kind in (Kind.RUN, Kind.TASK) else None
    for spec in SCHEMA.kinds[kind].fields:
        assert known[spec.id].id == spec.id
        if resource is not None and spec.path.startswith("extra."):
            value = known[spec.id].get(resource, NOW)
            assert value == resource.extra[spec.path.removeprefix("extra.")], spec.id
