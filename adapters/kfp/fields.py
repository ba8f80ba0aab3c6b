"""What Kubeflow Pipelines has beyond the common fields, as data."""

from __future__ import annotations

from adapters.fields import FieldSpec, FieldType
from adapters.model import Kind
from adapters.port import Capability, KindSpec, Scope

RUN_FIELDS = (
    FieldSpec("archived", "ARCHIVED", FieldType.BOOL, "extra.archived", width=8, filterable=True),
    FieldSpec("namespace", "NAMESPACE", path="extra.namespace", width=14),
    FieldSpec("service_account", "ACCOUNT", path="extra.service_account", width=16),
    FieldSpec("pipeline", "PIPELINE", path="extra.pipeline", width=20, help="named by the spec inside the run"),
    FieldSpec("pipeline_version", "VERSION", path="extra.pipeline_version", width=12),
    FieldSpec("experiment_id", "EXPERIMENT ID", path="extra.experiment_id", width=12, filterable=True),
    FieldSpec("recurring_run", "RECURRING", path="extra.recurring_run", width=12, filterable=True),
    FieldSpec("scheduled", "SCHEDULED", FieldType.TIME, "extra.scheduled", width=9, filterable=True, sortable=True),
    FieldSpec("description", "DESCRIPTION", path="extra.description", width=24, filterable=True, sortable=True),
)

TASK_FIELDS = (
    FieldSpec("pod", "POD", path="extra.pod", width=24, help="only where the server names it"),
    FieldSpec("execution_id", "EXECUTION", path="extra.execution_id", width=10, help="of ML Metadata"),
    FieldSpec("role", "ROLE", path="extra.role", width=10, help="driver or executor, for KFP's own steps"),
)

SORT_KEYS = {
    "created": "created_at",
    "finished": "finished_at",
    "scheduled": "scheduled_at",
    "name": "display_name",
    "id": "run_id",
    "description": "description",
}
"""Field id to the server's sort key. Not `state`: the server sorts its own words, an order of no use here.
Not `group`: sorting by experiment_id fails on the second page."""

FILTER_KEYS = {
    **SORT_KEYS,
    "state": "state",
    "archived": "storage_state",
    "group": "experiment_id",
    "experiment_id": "experiment_id",
    "recurring_run": "recurring_run_id",
}

LOGS = Capability(True)
EVENTS = Capability(True)

KINDS = {
    Kind.RUN: KindSpec(
        Kind.RUN,
        fields=RUN_FIELDS,
        heads={"group": "EXPERIMENT", "progress": "TASKS"},
        opens=Kind.TASK,
        children=(Kind.TASK,),
        server_sort=frozenset({*SORT_KEYS, "age"}),
        server_filter=frozenset(FILTER_KEYS),
        active_list=True,
        logs=LOGS,
        events=EVENTS,
    ),
    Kind.TASK: KindSpec(
        Kind.TASK,
        scope=Scope.PARENT,
        fields=TASK_FIELDS,
        heads={"group": "EXPERIMENT"},
        children=(Kind.TASK,),
        logs=LOGS,
        events=EVENTS,
    ),
}

ABSENT = {
    Kind.POD: "Kubeflow Pipelines does not list pods; a task shows the name of its pod where the server gives it",
    Kind.HOST: "Kubeflow Pipelines does not expose hosts; Kubernetes places its pods",
    Kind.POOL: "Kubeflow Pipelines has no pools or queues; Kubernetes schedules its pods",
    Kind.UPDATE: "Kubeflow Pipelines has no rolling updates",
    Kind.VOLUME: "Kubeflow Pipelines does not list volumes",
}
