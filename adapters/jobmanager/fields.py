"""What Job Manager has beyond the common fields, as data; the server's own columns come from its capabilities."""

from __future__ import annotations

from adapters.fields import FieldSpec, FieldType
from adapters.model import Kind
from adapters.port import YES, Capability, Feature, KindSpec, Scope

RUN_FIELDS = (
    FieldSpec("archived", "ARCHIVED", FieldType.BOOL, "extra.archived", width=8, filterable=True),
    FieldSpec("parent_job", "PARENT", path="extra.parent_job", width=12, help="of a sub-workflow"),
    FieldSpec("last_update", "UPDATED", FieldType.TIME, "extra.last_update", width=9),
)

TASK_FIELDS = (
    FieldSpec("shards", "SHARDS", FieldType.NUMBER, "extra.shards", width=6),
    FieldSpec("return_code", "EXIT", FieldType.NUMBER, "extra.return_code", width=4),
    FieldSpec("call_cached", "CACHED", FieldType.BOOL, "extra.call_cached", width=6),
    FieldSpec("child_job", "CHILD JOB", path="extra.child_job", width=12, help="the job of a sub-workflow"),
    FieldSpec("operation_id", "OPERATION", path="extra.operation_id", width=24),
    FieldSpec("backend_log", "LOG", path="extra.backend_log", width=24),
    FieldSpec("call_root", "CALL ROOT", path="extra.call_root", width=24),
)

SERVER_FILTER = frozenset({"state", "id", "name", "created", "started", "finished"})
EXTENSIONS = {"owner": "userId", "group": "projectId", "archived": "hideArchived"}
"""Fields that stand for extensions of a query; a server names those that it knows."""

RUN = KindSpec(
    Kind.RUN,
    fields=RUN_FIELDS,
    heads={"group": "PROJECT", "progress": "", "gpu": ""},  # a list does not say how far a job is
    opens=Kind.TASK,
    children=(Kind.TASK,),
    server_filter=SERVER_FILTER.union(EXTENSIONS),
    active_list=True,
    logs=YES,
    events=YES,
)

KINDS = {
    Kind.RUN: RUN,
    Kind.TASK: KindSpec(
        Kind.TASK,
        scope=Scope.PARENT,
        fields=TASK_FIELDS,
        heads={"group": "PROJECT"},
        children=(Kind.TASK,),
        logs=YES,
        events=YES,
    ),
}

ABSENT = {
    Kind.POD: "Job Manager does not list pods; its tasks, shards and attempts are listed under a job",
    Kind.HOST: "Job Manager does not expose hosts; its backend makes a machine for each attempt",
    Kind.POOL: "Job Manager has no pools or queues",
    Kind.UPDATE: "Job Manager has no rolling updates",
    Kind.VOLUME: "Job Manager does not list volumes",
}

FEATURES = {
    Feature.LOGS: YES,
    Feature.LOG_ATTEMPTS: YES,
    Feature.EVENTS: YES,
    Feature.WATCH: Capability(False, "Job Manager has no watch; it is polled"),
    Feature.ARTIFACTS: Capability(False, "Job Manager names outputs, it does not serve them"),
    Feature.CALL: YES,
}
