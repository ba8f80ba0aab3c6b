"""What each of Peloton's kinds shows beyond the common core, and how the kinds lead to each other."""

from __future__ import annotations

from collections.abc import Mapping

from adapters.fields import FieldSpec, FieldType
from adapters.model import Kind
from adapters.port import YES, Capability, Feature, KindSpec, Scope


def _extra(
    field_id: str, title: str, kind: FieldType = FieldType.TEXT, width: int = 12, help_text: str = ""
) -> FieldSpec:
    return FieldSpec(field_id, title, kind, f"extra.{field_id}", width, help=help_text)


RUN_FIELDS = (
    _extra("desired_state", "GOAL", width=9, help_text="the state the job is steered to"),
    _extra("workflow_state", "UPDATE", width=16, help_text="state of its latest update or restart"),
    _extra("workflow_type", "UPDATE TYPE", width=8),
    _extra("workflow_done", "UPDATED", FieldType.NUMBER, 7, "pods the update has finished"),
    _extra("pods_running", "RUNNING", FieldType.NUMBER, 7),
    _extra("pods_failed", "FAILED", FieldType.NUMBER, 6),
    _extra("owning_team", "TEAM"),
    _extra("priority", "PRIO", FieldType.NUMBER, 4),
    _extra("preemptible", "PREEMPTIBLE", FieldType.BOOL, 11),
    _extra("revocable", "REVOCABLE", FieldType.BOOL, 9),
    _extra("max_unavailable", "MAX DOWN", FieldType.NUMBER, 8, "how many pods the SLA lets be unavailable"),
    _extra("respool_id", "POOL ID", width=17),
)

POD_FIELDS = (
    _extra("desired_state", "GOAL", width=9),
    _extra("pod_id", "POD ID", width=24, help_text="pod name and run"),
    _extra("reason", "REASON", width=16),
    _extra("termination", "ENDED BY", width=24),
    _extra("signal", "SIGNAL", width=8),
    _extra("failures", "FAILURES", FieldType.NUMBER, 8),
    _extra("job_version", "CONFIG", width=8, help_text="version of the job's configuration it runs"),
    _extra("desired_host", "WANTS HOST", width=15),
)

HOST_FIELDS = (_extra("goal_state", "GOAL", width=9),)

POOL_FIELDS = (
    _extra("respool_id", "POOL ID", width=17),
    _extra("leaf", "LEAF", FieldType.BOOL, 4, "only leaf pools take jobs"),
    _extra("policy", "POLICY", width=14),
    _extra("description", "DESCRIPTION", width=24),
    _extra("controller_limit", "CONTROLLERS %", FieldType.NUMBER, 13),
    _extra("slack_limit", "SLACK %", FieldType.NUMBER, 7),
)

UPDATE_FIELDS = (
    _extra("failed", "FAILED", FieldType.NUMBER, 6),
    _extra("remaining", "LEFT", FieldType.NUMBER, 4),
    _extra("in_flight", "IN FLIGHT", width=12, help_text="instances being worked on"),
    _extra("batch_size", "BATCH", FieldType.NUMBER, 5),
    _extra("previous_version", "FROM", width=8),
    _extra("target_version", "TO", width=8),
)

VOLUME_FIELDS = (
    _extra("pod", "POD", width=24, help_text="the pod it is mounted in"),
    _extra("container_path", "PATH", width=16, help_text="where the container sees it"),
    _extra("desired_state", "GOAL", width=9),
)

KINDS: Mapping[Kind, KindSpec] = {
    Kind.RUN: KindSpec(
        Kind.RUN,
        fields=RUN_FIELDS,
        heads={"group": "POOL", "progress": "PODS"},
        opens=Kind.POD,
        children=(Kind.POD, Kind.UPDATE, Kind.VOLUME),
        server_filter=frozenset({"owner", "name", "state", "pool", "group"}),
        active_list=True,
        logs=YES,
        events=YES,
    ),
    Kind.POD: KindSpec(Kind.POD, scope=Scope.PARENT, fields=POD_FIELDS, active_list=True, logs=YES, events=YES),
    Kind.HOST: KindSpec(
        Kind.HOST,
        fields=HOST_FIELDS,
        heads={"group": "HOSTPOOL"},
        opens=Kind.POD,
        children=(Kind.POD,),
        server_filter=frozenset({"state"}),
    ),
    Kind.POOL: KindSpec(Kind.POOL, fields=POOL_FIELDS, opens=Kind.RUN, children=(Kind.POOL, Kind.RUN)),
    Kind.UPDATE: KindSpec(
        Kind.UPDATE, scope=Scope.PARENT, fields=UPDATE_FIELDS, heads={"progress": "DONE"}, events=YES
    ),
    Kind.VOLUME: KindSpec(Kind.VOLUME, scope=Scope.PARENT, fields=VOLUME_FIELDS),
}

ABSENT: Mapping[Kind, str] = {
    Kind.TASK: "Peloton has no tasks; a job consists of its pods",
}

FEATURES: Mapping[Feature, Capability] = {
    Feature.LOGS: YES,
    Feature.LOG_ATTEMPTS: YES,
    Feature.EVENTS: YES,
    Feature.WATCH: Capability(False, "lists are polled; grpc_url in the config names the port that streams"),
    Feature.ARTIFACTS: Capability(False, "Peloton keeps no artifacts"),
    Feature.CALL: YES,
}
