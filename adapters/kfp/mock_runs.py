"""RunService: the nine methods over a World, and the log and artifact handlers beside them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from starlette.responses import Response, StreamingResponse

from adapters.kfp.mock_nodes import Node
from adapters.kfp.mock_query import understand
from adapters.kfp.mock_spec import check_parameters, spec_of, workload_from
from adapters.kfp.mock_wire import Call, Refused, base64_text, internal, invalid, not_found, old_style_error
from adapters.kfp.mock_world import World
from adapters.mock.names import Workload
from adapters.mock.worklog import work_log

RUN_FIELDS = frozenset(
    {
        *("experiment_id", "run_id", "display_name", "storage_state", "description", "pipeline_version_id"),
        *("pipeline_spec", "pipeline_version_reference", "runtime_config", "service_account", "created_at"),
        *("scheduled_at", "finished_at", "state", "error", "run_details", "recurring_run_id", "state_history"),
        *("plugins_input", "plugins_output"),
    }
)


def json_response(text: str) -> Response:
    return Response(text, media_type="application/json")


class RunService:
    """Handlers take a Call and answer, or raise Refused. `world` is asked anew each time: a reset replaces it."""

    def __init__(self, world: Callable[[], World], *, old: bool) -> None:
        self._world = world
        self._old = old

    def _find(self, call: Call, doing: str) -> tuple[World, int]:
        world, run_id = self._world(), call.path["run_id"]
        index = world.timeline.find(run_id)
        if index is None:
            raise not_found("Run", run_id, f"Failed to {doing} a run: Failed to fetch run {run_id}")
        return world, index

    def list(self, call: Call) -> Response:
        world = self._world()
        experiment = call.query.get("experiment_id", "")
        if experiment and experiment not in world.catalog.experiments:
            raise not_found("Experiment", experiment, "Failed to list runs")
        listing = understand(call, world.keys)
        rows, total = world.select(listing, experiment)
        parts = []
        if rows:
            runs = ",".join(world.render(index) for _, _, index in rows[: listing.size])
            parts += [f'"runs":[{runs}]', f'"total_size":{total}']
        elif total:
            parts.append(f'"total_size":{total}')
        if len(rows) > listing.size:
            value, key, _ = rows[listing.size]
            parts.append(f'"next_page_token":{json.dumps(listing.token(world.keys, value, key))}')
        return json_response(f"{{{','.join(parts)}}}")

    def get(self, call: Call) -> Response:
        world, index = self._find(call, "get")
        return json_response(world.render(index))

    def create(self, call: Call) -> Response:
        world, run = self._world(), call.body(RUN_FIELDS)
        chain = "Failed to create a new run"
        if run.get("plugins_output"):
            raise Refused(10, "plugins_output is set by the server", f"{chain}: BadRequestError")
        name = run.get("display_name")
        if not name:
            raise internal(f"{chain}: Failed to convert run: the run's name cannot be empty")
        catalog, now = world.catalog, world.clock.now()
        experiment = run.get("experiment_id") or call.query.get("experiment_id") or ""
        if not experiment:
            experiment = catalog.default_experiment(world.draw, now).id
        elif experiment not in catalog.experiments:
            raise not_found("Experiment", experiment, chain)
        workload, source = self._source(world, run, chain)
        index = world.timeline.create(str(name), workload, "")
        world.timeline.touch(index).extra |= {
            "experiment_id": experiment,
            "description": run.get("description", ""),
            "service_account": run.get("service_account", ""),
            "source": source,
        }
        catalog.experiments[experiment].last_run = world.timeline.created(index)
        return json_response(world.render(index))

    def _source(self, world: World, run: dict[str, Any], chain: str) -> tuple[Workload, str]:
        """What a new run is made of, and how it will tell of that."""
        config = run.get("runtime_config") or {}
        config_text = f',"runtime_config":{json.dumps(config)}' if config else ""
        parameters = config.get("parameters", {}) if isinstance(config, dict) else {}
        spec = run.get("pipeline_spec")
        if isinstance(spec, dict) and spec:
            workload = workload_from(spec)
            if workload is None:
                raise internal(f"{chain}: Failed to fetch a template: invalid v2 pipeline spec")
            check_parameters(spec, parameters)
            return workload, f'"pipeline_spec":{json.dumps(spec)}{config_text}'
        reference = run.get("pipeline_version_reference") or {}
        version_id = reference.get("pipeline_version_id") or run.get("pipeline_version_id")
        pipeline = world.catalog.pipelines.get(reference.get("pipeline_id", ""))
        version = world.catalog.versions.get(version_id or (pipeline.versions[-1].id if pipeline else ""))
        if version is None:
            raise internal(f"{chain}: Failed to fetch a template: pipeline source is missing or unknown")
        check_parameters(json.loads(spec_of(version.workload)), parameters)
        told = json.dumps({"pipeline_id": version.pipeline, "pipeline_version_id": version.id})
        return version.workload, f'"pipeline_version_reference":{told}{config_text}'

    def terminate(self, call: Call) -> Response:
        world, index = self._find(call, "terminate")
        if not world.timeline.abort(index):
            text = f"Failed to terminate a run {call.path['run_id']}. Row not found"
            raise invalid(text, "Failed to terminate a run")
        return json_response("{}")

    def retry(self, call: Call) -> Response:
        world, index = self._find(call, "retry")
        if not world.timeline.retry(index):
            text = "Workflow must be Failed/Error to retry"
            raise Refused(10, text, f"Failed to retry a run: BadRequestError: {text}")
        return json_response("{}")

    def archive(self, call: Call) -> Response:
        world, index = self._find(call, "archive")
        world.timeline.archive(index)
        return json_response("{}")

    def unarchive(self, call: Call) -> Response:
        world, index = self._find(call, "unarchive")
        experiment = world.experiment(index)
        parent = world.catalog.experiments.get(experiment)
        if parent is not None and parent.archived:
            run_id = call.path["run_id"]
            text = f"Failed to unarchive run {run_id} as experiment {experiment} must be un-archived first"
            raise Refused(9, text, f"Failed to unarchive a run: FailedPreconditionError: {text}")
        world.timeline.archive(index, False)
        return json_response("{}")

    def delete(self, call: Call) -> Response:
        world, index = self._find(call, "delete")
        world.timeline.delete(index)
        return json_response("{}")

    # Beside the service

    def read_artifact(self, call: Call) -> Response:
        """Since 2.15 a plain HTTP handler with errors of its own, before that a method like the others."""
        run_id, node_id, name = call.path["run_id"], call.path["node_id"], call.path["artifact_name"]
        world = self._world()
        index = world.timeline.find(run_id)
        node = world.workflow(index).find(node_id) if index is not None else None
        text = self._text(world, index, node) if index is not None and node is not None else None
        if text is None or name != "main-logs":
            missing = "Run" if index is None else "Node" if node is None else "Artifact"
            what = {"Run": run_id, "Node": node_id, "Artifact": name}[missing]
            error = not_found(missing, what, "Failed to read artifact")
            if self._old:
                raise error
            body = old_style_error(error.chain, error.text)
            return Response(body, 404, media_type="text/plain; charset=utf-8")
        return json_response(json.dumps({"data": base64_text(text.encode())}))

    def log(self, call: Call) -> Response:
        """Always 200; what went wrong is appended to the body. `follow` has no effect."""
        world, run_id, pod = self._world(), call.path["run_id"], call.path["node_id"]
        index = world.timeline.find(run_id)
        node = world.workflow(index).find(pod) if index is not None else None
        text = self._text(world, index, node) if index is not None and node is not None else None
        if text is None:
            why = f'pods "{pod}" not found' if node is None or not node.template else (
                f'container "main" in pod "{pod}" is waiting to start: {self._waiting(node)}'
            )  # fmt: skip
            body = old_style_error(f"Could not get main container logs: {why}", f"Failed to read the log: {why}")
        else:
            body = text.encode()
        return StreamingResponse(_pieces(body), media_type="text/plain; charset=utf-8")

    def _text(self, world: World, index: int, node: Node) -> str | None:
        """The log of a node's container, None where it has or had none."""
        span, now = node.span, world.clock.now()
        if span is None or not node.template or now < span.start:
            return None
        if span.story is not None and not span.story.started:
            return None
        key = world.timeline.draw(index).key ^ span.step << 8 ^ span.round << 4 ^ span.attempt
        return work_log(node.kind, span, key, now, world.clock.stamp)

    @staticmethod
    def _waiting(node: Node) -> str:
        story = node.span.story if node.span is not None else None
        return (
            f"{story.reason}: {story.message}" if story is not None and not story.started else "ContainerCreating"
        )


def _pieces(body: bytes, size: int = 16384) -> Iterator[bytes]:
    for start in range(0, len(body), size):
        yield body[start : start + size]
