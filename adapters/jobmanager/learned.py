"""What a server has shown that it lacks, and the schema that is left."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from adapters.jobmanager import SCHEMA
from adapters.jobmanager.actions import actions_for
from adapters.jobmanager.capabilities import Abilities
from adapters.jobmanager.fields import EXTENSIONS, SERVER_FILTER
from adapters.model import Kind
from adapters.port import YES, Capability, Feature, KindSpec, Schema


class Part(StrEnum):
    """Calls that not every server has."""

    LABEL_FILTER = "filtering by labels"
    LABELS = "changing labels"
    ATTEMPTS = "earlier attempts"
    FILES = "reading files"
    OPERATIONS = "operation details"
    TOTALS = "totals"


@dataclass(slots=True)
class Learned:
    """`missing` says why a part is not there; `seen` parts have worked, and are not given up for one bad answer."""

    missing: dict[Part, str] = field(default_factory=dict)
    seen: set[Part] = field(default_factory=set)

    def lacks(self, part: Part, reason: str) -> str:
        if part not in self.seen:
            self.missing.setdefault(part, reason)
        return reason

    def has(self, part: Part) -> None:
        self.seen.add(part)


def schema_for(abilities: Abilities, learned: Learned) -> Schema:
    """The schema of this very server, as far as it is known by now."""
    missing = learned.missing
    run, task = SCHEMA.kinds[Kind.RUN], SCHEMA.kinds[Kind.TASK]
    logs = Capability(False, missing[Part.FILES]) if Part.FILES in missing else YES
    if abilities.told:
        fields = {spec.id: spec for spec in (*abilities.fields, *run.fields)}
        run = replace(run, fields=tuple(fields.values()), heads=_heads(run, abilities))
    server_filter = {*SERVER_FILTER, *(name for name, key in EXTENSIONS.items() if key in abilities.extensions)}
    if Part.LABEL_FILTER not in missing:
        server_filter |= {f"label.{key}" for key in abilities.labels}
    run = replace(run, server_filter=frozenset(server_filter), logs=logs)
    actions = actions_for(abilities.editable) if abilities.told else SCHEMA.actions
    if Part.LABELS in missing:
        actions = actions_for(())
    attempts = Capability(False, missing[Part.ATTEMPTS]) if Part.ATTEMPTS in missing else YES
    features = {**SCHEMA.features, Feature.LOGS: logs, Feature.LOG_ATTEMPTS: attempts}
    kinds = {Kind.RUN: run, Kind.TASK: replace(task, logs=logs)}
    return replace(SCHEMA, kinds=kinds, actions=actions, features=features)


def _heads(run: KindSpec, abilities: Abilities) -> Mapping[str, str]:
    """The server's words; what it neither shows nor can be asked for has no column."""
    heads = {**run.heads, **abilities.heads}
    if "projectId" not in abilities.extensions:
        heads["group"] = ""
    if "owner" not in abilities.heads and "userId" not in abilities.extensions:
        heads["owner"] = ""
    return heads
