"""What there is in batchq, as data: kinds, their columns, and why the other kinds are absent."""

from __future__ import annotations

from adapters.fields import FieldSpec, FieldType
from adapters.model import Kind
from adapters.port import YES, Capability, Feature, KindSpec

RUN_FIELDS = (
    FieldSpec("exit_code", "EXIT", FieldType.NUMBER, "extra.exit_code", width=4),
    FieldSpec("priority", "PRIO", FieldType.NUMBER, "extra.priority", width=4),
)

KINDS = {
    Kind.RUN: KindSpec(
        Kind.RUN,
        fields=RUN_FIELDS,
        heads={"pool": "QUEUE"},
        server_filter=frozenset({"state"}),
        active_list=True,
        logs=YES,
    ),
}

ABSENT = {
    Kind.TASK: "a job of batchq is one process, without steps",
    Kind.POD: "batchq does not say where a process runs",
    Kind.HOST: "batchq does not list its hosts",
    Kind.POOL: "batchq names queues, but does not list them",
    Kind.UPDATE: "a job of batchq is never updated",
    Kind.VOLUME: "batchq has no volumes",
}

FEATURES = {
    Feature.LOGS: YES,
    Feature.EVENTS: Capability(False, "batchq does not record events"),
    Feature.WATCH: Capability(False, "batchq can only be polled"),
    Feature.CALL: YES,
}
