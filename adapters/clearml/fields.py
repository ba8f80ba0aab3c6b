"""What ClearML has beyond the common fields, as data, and how its kinds lead to each other."""

from __future__ import annotations

from collections.abc import Mapping

from adapters.fields import FieldSpec, FieldType
from adapters.model import Kind
from adapters.port import YES, Capability, Feature, KindSpec, Scope

NUMBER, DURATION, TIME, BOOL = FieldType.NUMBER, FieldType.DURATION, FieldType.TIME, FieldType.BOOL


def _extra(
    field_id: str, title: str, kind: FieldType = FieldType.TEXT, width: int = 12, help: str = "", **more: bool
) -> FieldSpec:
    return FieldSpec(field_id, title, kind, f"extra.{field_id}", width, help=help, **more)


RUN_FIELDS = (
    FieldSpec("project_name", "PROJECT", path="group", width=16, wide=False),
    _extra("task_type", "TYPE", width=11, filterable=True),
    _extra("iteration", "ITER", NUMBER, 6, "the last iteration reported", sortable=True, wide=False),
    _extra("runtime", "RUN TIME", DURATION, 8, "how long it was active in all"),
    _extra("percent", "PERCENT", NUMBER, 7, "progress as the task itself reports it"),
    _extra("position", "PLACE", NUMBER, 5, "place in its queue, 1 is next"),
    _extra("tags", "TAGS", width=16),
    _extra("updated", "UPDATED", TIME, 9, "when the server last heard of it", filterable=True, sortable=True),
    _extra("changed", "CHANGED", TIME, 9, "when its status changed", filterable=True, sortable=True),
    _extra("published", "PUBLISHED", TIME, 9),
    _extra("archived", "ARCHIVED", BOOL, 8, filterable=True),
    _extra("reason", "REASON", width=20, help="status_reason"),
    _extra("project_id", "PROJECT ID", width=12),
    _extra("comment", "DESCRIPTION", width=24),
)

TASK_FIELDS = tuple(spec for spec in RUN_FIELDS if spec.id not in ("published", "project_id"))

HOST_FIELDS = (
    _extra("task_name", "TASK", width=24, wide=False),
    _extra("cpu_percent", "CPU", NUMBER, 4, "percent, mean of the last minutes", wide=False),
    _extra("gpu_percent", "GPU", NUMBER, 4, "percent, mean of the last minutes", wide=False),
    _extra("memory_percent", "MEM", NUMBER, 4, "percent, mean of the last minutes", wide=False),
    _extra("running_time", "RUN TIME", DURATION, 8, "of the current task"),
    _extra("iteration", "ITER", NUMBER, 6, "of the current task"),
    _extra("task_id", "TASK ID", width=12),
    _extra("task_project", "PROJECT", width=16),
    _extra("from_queue", "FROM", width=12, help="the queue its current task came from"),
    _extra("last_report", "REPORTED", TIME, 9, "when it last reported"),
    _extra("last_activity", "ACTIVE", TIME, 9, "when it was last active"),
    _extra("tags", "TAGS", width=16),
)

POOL_FIELDS = (
    FieldSpec("oldest", "OLDEST", DURATION, "duration", 6, wide=False, help="how long its oldest entry waits"),
    _extra("workers", "WORKERS", NUMBER, 7, "how many workers listen to it", wide=False),
    _extra("next", "NEXT", width=24, help="the task that is next", wide=False),
    _extra("busy", "BUSY", NUMBER, 4, "how many of its workers have a task"),
    _extra("tags", "TAGS", width=16),
    _extra("updated", "UPDATED", TIME, 9),
)

SORT_KEYS = {
    "created": "created",
    "started": "started",
    "updated": "last_update",
    "changed": "status_changed",
    "iteration": "last_iteration",
    "id": "id",
}
"""Field id to the server's. Not `name`: the server sorts capitals first. Not `state`: its own words in the order
of the alphabet are of no use. Not `finished`, which is worked out from several fields."""

FILTERS = frozenset(
    {"state", "native_state", "name", "id", "task_type", "group", "archived", "updated", "changed", "project_id"}
)

RUNS_SORT = frozenset({*SORT_KEYS, "age"})

KINDS: Mapping[Kind, KindSpec] = {
    Kind.RUN: KindSpec(
        Kind.RUN,
        fields=RUN_FIELDS,
        heads={"pool": "QUEUE", "progress": "", "gpus": ""},
        children=(Kind.TASK,),
        server_sort=RUNS_SORT,
        server_filter=FILTERS,
        active_list=True,
        logs=YES,
        events=YES,
    ),
    Kind.TASK: KindSpec(
        Kind.TASK,
        scope=Scope.PARENT,
        fields=TASK_FIELDS,
        heads={"parent": "PIPELINE", "attempt": ""},
        active_list=True,
        logs=YES,
        events=YES,
    ),
    Kind.HOST: KindSpec(
        Kind.HOST,
        fields=HOST_FIELDS,
        heads={"name": "WORKER", "group": "QUEUES", "progress": "", "pods": "", "since": ""},
        opens=Kind.RUN,
        children=(Kind.RUN,),
        logs=Capability(False, "a worker has no log of its own; its tasks have"),
        events=Capability(False, "ClearML keeps no history of its workers"),
    ),
    Kind.POOL: KindSpec(
        Kind.POOL,
        fields=POOL_FIELDS,
        heads={
            "name": "QUEUE",
            "waiting": "ENTRIES",
            "running": "",
            **dict.fromkeys(("use", "allocation", "slack", "reservation", "limit", "share"), ""),
        },
        opens=Kind.RUN,
        children=(Kind.RUN,),
        logs=Capability(False, "a queue has no log"),
        events=Capability(False, "ClearML keeps no history of its queues"),
    ),
}

ABSENT: Mapping[Kind, str] = {
    Kind.POD: "ClearML has no pods; a worker runs one task at a time",
    Kind.UPDATE: "ClearML has no rolling updates",
    Kind.VOLUME: "ClearML has no volumes",
}

FEATURES: Mapping[Feature, Capability] = {
    Feature.LOGS: YES,
    Feature.LOG_ATTEMPTS: Capability(False, "a reset deletes the log; ClearML keeps no earlier tries"),
    Feature.EVENTS: YES,
    Feature.WATCH: Capability(False, "ClearML has no watch; it is polled"),
    Feature.ARTIFACTS: YES,
    Feature.CALL: YES,
}
