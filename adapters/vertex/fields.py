"""What Vertex AI has beyond the common fields, as data."""

from __future__ import annotations

from adapters.fields import FieldSpec, FieldType
from adapters.model import Kind
from adapters.port import YES, KindSpec, Scope


def _extra(
    field_id: str, title: str, kind: FieldType = FieldType.TEXT, width: int = 12, help_text: str = ""
) -> FieldSpec:
    return FieldSpec(field_id, title, kind, f"extra.{field_id}", width, help=help_text)


RUN_FIELDS = (
    _extra("pools", "WORKER POOLS", width=28, help_text="replicas and machine types, in order"),
    _extra("replicas", "REPLICAS", FieldType.NUMBER, 8),
    _extra("accelerators", "ACCELERATORS", width=22, help_text="of all replicas"),
    _extra("strategy", "STRATEGY", width=10, help_text="how it is scheduled: SPOT, FLEX_START, ..."),
    _extra("timeout", "TIMEOUT", FieldType.DURATION, 7),
    _extra("max_wait", "MAX WAIT", FieldType.DURATION, 8, "how long it waits for capacity (FLEX_START)"),
    _extra("service_account", "ACCOUNT", width=16),
    _extra("image", "IMAGE", width=24, help_text="of the primary replica"),
    _extra("error_code", "CODE", FieldType.NUMBER, 4, "google.rpc.Code of its error"),
    _extra("experiment", "EXPERIMENT", width=14),
    _extra("web_access", "SHELL", FieldType.BOOL, 5, "interactive shells are enabled"),
    _extra("updated", "UPDATED", FieldType.TIME, 9),
)

MACHINE_FIELDS = (
    _extra("role", "ROLE", width=18, help_text="by the position of the worker pool"),
    _extra("machine_type", "MACHINE", width=16),
    _extra("accelerator", "ACCELERATOR", width=20, help_text="of one replica"),
    _extra("accelerators", "PER REPLICA", FieldType.NUMBER, 11),
    _extra("tpu_topology", "TOPOLOGY", width=8),
    _extra("disk", "DISK", width=16),
    _extra("image", "IMAGE", width=24),
)

TASK_FIELDS = (_extra("replicas", "REPLICAS", FieldType.NUMBER, 8), *MACHINE_FIELDS)
POD_FIELDS = (*MACHINE_FIELDS, _extra("shell", "SHELL", width=24, help_text="address of its interactive shell"))

KINDS = {
    Kind.RUN: KindSpec(
        Kind.RUN,
        fields=RUN_FIELDS,
        heads={"group": "REGION", "pool": "MACHINE"},
        opens=Kind.TASK,
        children=(Kind.TASK, Kind.POD),
        server_filter=frozenset({"state", "created", "owner"}),
        active_list=True,
        logs=YES,
        events=YES,
    ),
    Kind.TASK: KindSpec(
        Kind.TASK,
        scope=Scope.PARENT,
        fields=TASK_FIELDS,
        heads={"group": "REGION", "pool": "MACHINE"},
        opens=Kind.POD,
        children=(Kind.POD,),
        logs=YES,
    ),
    Kind.POD: KindSpec(
        Kind.POD,
        scope=Scope.PARENT,
        fields=POD_FIELDS,
        heads={"group": "REGION", "pool": "MACHINE"},
        logs=YES,
    ),
}

ABSENT = {
    Kind.HOST: "Vertex AI does not expose hosts",
    Kind.POOL: "Vertex AI does not expose queues or capacity; a job's worker pools are its tasks",
    Kind.UPDATE: "Vertex AI custom jobs have no rolling updates",
    Kind.VOLUME: "Vertex AI does not list disks or volumes",
}
