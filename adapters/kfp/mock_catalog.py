"""What KFP keeps beside runs: experiments, pipelines with their versions, recurring runs."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field

from adapters.mock.chance import Draw
from adapters.mock.cluster import SimCluster
from adapters.mock.names import WORKLOADS, Workload

LEGACY = "legacy-2025"
DEFAULT = "Default"
_BEFORE = 130 * 86400


@dataclass(slots=True)
class Experiment:
    id: str
    name: str
    created: float
    description: str = ""
    archived: bool = False
    last_run: float = 0.0


@dataclass(frozen=True, slots=True)
class Version:
    id: str
    name: str
    pipeline: str
    created: float
    workload: Workload


@dataclass(frozen=True, slots=True)
class Pipeline:
    id: str
    name: str
    description: str
    created: float
    versions: tuple[Version, ...]


@dataclass(slots=True)
class Recurring:
    id: str
    name: str
    workload: Workload
    cron: str
    created: float
    enabled: bool = True


@dataclass(slots=True)
class Catalog:
    """All of it, by id. Made from the seed; experiments may be added, changed and deleted."""

    experiments: dict[str, Experiment] = field(default_factory=dict)
    pipelines: dict[str, Pipeline] = field(default_factory=dict)
    versions: dict[str, Version] = field(default_factory=dict)
    recurring: dict[str, Recurring] = field(default_factory=dict)
    by_name: dict[str, Experiment] = field(default_factory=dict)
    home: dict[str, str] = field(default_factory=dict)  # group of the seeded runs -> experiment id
    by_workload: dict[str, Pipeline] = field(default_factory=dict)

    def add_experiment(self, experiment: Experiment) -> Experiment:
        self.experiments[experiment.id] = experiment
        self.by_name[experiment.name] = experiment
        return experiment

    def default_experiment(self, draw: Draw, now: float) -> Experiment:
        """Made on demand, as the server does for a run that names none."""
        found = self.by_name.get(DEFAULT)
        return found or self.add_experiment(Experiment(make_id(draw, DEFAULT), DEFAULT, now, "All runs go here."))


def make_id(draw: Draw, name: str) -> str:
    number = draw.number(name) << 64 | draw.number(f"{name}/")
    return str(uuid.UUID(int=number, version=4))


def seeded(cluster: SimCluster) -> Catalog:
    draw = Draw(cluster.seed, "kfp", "catalog")
    start = cluster.started_at - _BEFORE
    catalog = Catalog()
    catalog.add_experiment(
        Experiment(make_id(draw, DEFAULT), DEFAULT, start, "All runs created without experiment")
    )
    legacy = Experiment(make_id(draw, LEGACY), LEGACY, start + 60, "Before the move to v2", archived=True)
    catalog.add_experiment(legacy)
    catalog.home[LEGACY] = legacy.id
    for place, workload in enumerate(WORKLOADS):
        created = start + 3600 * (place + 1)
        group = workload.group
        if group not in catalog.by_name:
            catalog.add_experiment(Experiment(make_id(draw, group), group, created, f"Runs of {group}"))
            catalog.home[group] = catalog.by_name[group].id
        pipeline_id = make_id(draw, f"pipeline {workload.name}")
        versions = tuple(
            Version(
                make_id(draw, f"{workload.name} v{n}"), f"{workload.name} v{n}", pipeline_id, created + n, workload
            )
            for n in (1, 2)
        )
        pipeline = Pipeline(pipeline_id, workload.name, f"Owned by {workload.owners[0]}", created, versions)
        catalog.pipelines[pipeline_id] = catalog.by_workload[workload.name] = pipeline
        catalog.versions |= {version.id: version for version in versions}
        if "nightly" in workload.name or "hourly" in workload.name:
            cron = "0 0 2 * * *" if "nightly" in workload.name else "0 0 * * * *"
            recurring_id = make_id(draw, f"recurring {workload.name}")
            catalog.recurring[recurring_id] = Recurring(recurring_id, workload.name, workload, cron, created)
    return catalog
