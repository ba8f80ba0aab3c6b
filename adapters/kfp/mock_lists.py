"""The services beside runs: experiments, pipelines and their versions, recurring runs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from starlette.responses import JSONResponse, Response

from adapters.kfp.mock_catalog import DEFAULT, Experiment, Pipeline, Recurring, Version, make_id
from adapters.kfp.mock_query import Keys, folded, understand
from adapters.kfp.mock_spec import spec_of
from adapters.kfp.mock_wire import Call, Refused, invalid, not_found, rfc3339
from adapters.kfp.mock_world import World

EXPERIMENT_FIELDS = frozenset(
    {
        *("experiment_id", "display_name", "description", "created_at", "namespace", "storage_state"),
        "last_run_created_at",
    }
)
_ALIASES = {"name": "display_name"}
_TIMES = frozenset({"created_at", "updated_at", "last_run_created_at"})


def _keys(model: str, **more: Callable[[Any], int | str]) -> Keys:
    keys: dict[str, Callable[[Any], int | str]] = {
        f"{model}_id": lambda row: str(row.id),
        "display_name": folded(lambda row: row.name),
        "created_at": lambda row: int(row.created),
        "description": folded(lambda row: getattr(row, "description", "")),
        "namespace": lambda row: "",
    }
    return Keys(model, keys | more, {**_ALIASES, "id": f"{model}_id"}, _TIMES)


EXPERIMENTS = _keys(
    "experiment",
    last_run_created_at=lambda row: int(row.last_run),
    storage_state=folded(lambda row: "ARCHIVED" if row.archived else "AVAILABLE"),
)
PIPELINES = _keys("pipeline")
VERSIONS = _keys("pipeline_version")
RECURRING = _keys("recurring_run", updated_at=lambda row: int(row.created))


def paged(call: Call, keys: Keys, name: str, rows: Iterable[Any], render: Callable[[Any], Any]) -> Response:
    """A list answer; an empty one is `{}`."""
    listing = understand(call, keys)
    found = keys.find(listing.sort)
    assert found is not None
    key = found[1]
    matching = [row for row in rows if all(predicate.holds(row) for predicate in listing.predicates)]
    ordered = sorted(((key(row), row.id, row) for row in matching), key=lambda r: r[:2], reverse=listing.descending)
    if listing.after is not None:
        after = listing.after
        ordered_from = [r for r in ordered if (r[:2] <= after if listing.descending else r[:2] >= after)]
    else:
        ordered_from = ordered
    body: dict[str, Any] = {}
    if ordered_from:
        body[name] = [render(row) for _, _, row in ordered_from[: listing.size]]
    if matching:
        body["total_size"] = len(matching)
    if len(ordered_from) > listing.size:
        value, row_id, _ = ordered_from[listing.size]
        body["next_page_token"] = listing.token(keys, value, row_id)
    return JSONResponse(body)


class Services:
    """Handlers for what stands beside runs."""

    def __init__(self, world: Callable[[], World]) -> None:
        self._world = world

    # Experiments

    def _experiment(self, world: World, experiment: Experiment) -> dict[str, Any]:
        told = {
            "experiment_id": experiment.id,
            "display_name": experiment.name,
            "description": experiment.description,
            "created_at": rfc3339(world.told(experiment.created)),
            "last_run_created_at": rfc3339(world.told(experiment.last_run)),
            "storage_state": "ARCHIVED" if experiment.archived else "AVAILABLE",
        }
        return {name: value for name, value in told.items() if value}

    def _find(self, call: Call, doing: str) -> tuple[World, Experiment]:
        world, key = self._world(), call.path["experiment_id"]
        found = world.catalog.experiments.get(key)
        if found is None:
            raise not_found("Experiment", key, f"Failed to {doing} an experiment")
        return world, found

    def list_experiments(self, call: Call) -> Response:
        world = self._world()
        experiments = world.catalog.experiments.values()
        return paged(call, EXPERIMENTS, "experiments", experiments, lambda row: self._experiment(world, row))

    def get_experiment(self, call: Call) -> Response:
        return JSONResponse(self._experiment(*self._find(call, "get")))

    def create_experiment(self, call: Call) -> Response:
        world, given = self._world(), call.body(EXPERIMENT_FIELDS)
        name = given.get("display_name")
        if not name:
            raise invalid("The experiment name is empty", "Validate experiment request failed")
        if name in world.catalog.by_name:
            text = f"The experiment name {name} already exists"
            raise Refused(6, text, f"Failed to create a new experiment: AlreadyExistError: {text}")
        key = make_id(world.draw, f"{name}#{len(world.catalog.experiments)}")
        made = Experiment(key, str(name), world.clock.now(), str(given.get("description", "")))
        return JSONResponse(self._experiment(world, world.catalog.add_experiment(made)))

    def delete_experiment(self, call: Call) -> Response:
        world, found = self._find(call, "delete")
        if found.name == DEFAULT:
            text = "The default experiment cannot be deleted"
            raise Refused(10, text, f"Failed to delete an experiment: BadRequestError: {text}")
        del world.catalog.experiments[found.id]
        world.catalog.by_name.pop(found.name, None)
        return JSONResponse({})

    def archive_experiment(self, call: Call) -> Response:
        """Archives its runs as well; unarchiving brings back only the experiment."""
        world, found = self._find(call, "archive")
        found.archived = True
        for index in list(world.timeline.ascending()):
            if world.experiment(index) == found.id:
                world.timeline.archive(index)
        for recurring in world.catalog.recurring.values():
            if world.catalog.home[recurring.workload.group] == found.id:
                recurring.enabled = False
        return JSONResponse({})

    def unarchive_experiment(self, call: Call) -> Response:
        _, found = self._find(call, "unarchive")
        found.archived = False
        return JSONResponse({})

    # Pipelines

    def _pipeline(self, world: World, pipeline: Pipeline) -> dict[str, Any]:
        return {
            "pipeline_id": pipeline.id,
            "display_name": pipeline.name,
            "name": pipeline.name,
            "description": pipeline.description,
            "created_at": rfc3339(world.told(pipeline.created)),
        }

    def _version(self, world: World, version: Version) -> dict[str, Any]:
        return {
            "pipeline_id": version.pipeline,
            "pipeline_version_id": version.id,
            "display_name": version.name,
            "name": version.name,
            "created_at": rfc3339(world.told(version.created)),
            "pipeline_spec": json.loads(spec_of(version.workload)),
        }

    def _find_pipeline(self, call: Call) -> tuple[World, Pipeline]:
        world, key = self._world(), call.path["pipeline_id"]
        found = world.catalog.pipelines.get(key)
        if found is None:
            raise not_found("Pipeline", key, "Failed to get a pipeline")
        return world, found

    def list_pipelines(self, call: Call) -> Response:
        world = self._world()
        pipelines = world.catalog.pipelines.values()
        return paged(call, PIPELINES, "pipelines", pipelines, lambda row: self._pipeline(world, row))

    def get_pipeline(self, call: Call) -> Response:
        return JSONResponse(self._pipeline(*self._find_pipeline(call)))

    def get_pipeline_by_name(self, call: Call) -> Response:
        world, name = self._world(), call.path["name"]
        found = world.catalog.by_workload.get(name)
        if found is None:
            raise not_found("Pipeline", name, "Failed to get a pipeline by name")
        return JSONResponse(self._pipeline(world, found))

    def list_versions(self, call: Call) -> Response:
        world, pipeline = self._find_pipeline(call)
        return paged(call, VERSIONS, "pipeline_versions", pipeline.versions, lambda row: self._version(world, row))

    def get_version(self, call: Call) -> Response:
        world, pipeline = self._find_pipeline(call)
        key = call.path["version_id"]
        found = next((version for version in pipeline.versions if version.id == key), None)
        if found is None:
            raise not_found("PipelineVersion", key, "Failed to get a pipeline version")
        return JSONResponse(self._version(world, found))

    # Recurring runs

    def _recurring(self, world: World, recurring: Recurring) -> dict[str, Any]:
        version = world.catalog.by_workload[recurring.workload.name].versions[-1]
        created = rfc3339(world.told(recurring.created))
        return {
            "recurring_run_id": recurring.id,
            "display_name": recurring.name,
            "pipeline_version_reference": {
                "pipeline_id": version.pipeline,
                "pipeline_version_id": version.id,
            },
            "service_account": "pipeline-runner",
            "max_concurrency": "1",
            "trigger": {"cron_schedule": {"start_time": created, "cron": recurring.cron}},
            "mode": "ENABLE" if recurring.enabled else "DISABLE",
            "created_at": created,
            "updated_at": created,
            "status": "ENABLED" if recurring.enabled else "DISABLED",
            "experiment_id": world.catalog.home[recurring.workload.group],
        }

    def _find_recurring(self, call: Call) -> tuple[World, Recurring]:
        world, key = self._world(), call.path["recurring_run_id"]
        found = world.catalog.recurring.get(key)
        if found is None:
            raise not_found("Job", key, "Failed to get a recurring run")
        return world, found

    def list_recurring(self, call: Call) -> Response:
        world = self._world()
        rows = world.catalog.recurring.values()
        return paged(call, RECURRING, "recurringRuns", rows, lambda row: self._recurring(world, row))

    def get_recurring(self, call: Call) -> Response:
        return JSONResponse(self._recurring(*self._find_recurring(call)))

    def switch_recurring(self, call: Call) -> Response:
        _, found = self._find_recurring(call)
        found.enabled = call.path["verb"] == "enable"
        return JSONResponse({})

    def delete_recurring(self, call: Call) -> Response:
        world, found = self._find_recurring(call)
        del world.catalog.recurring[found.id]
        return JSONResponse({})
