"""Kubeflow Pipelines' api-server over the simulated cluster: every path under /apis/, as v2beta1 answers it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from adapters.kfp.mock_lists import Services
from adapters.kfp.mock_runs import RunService
from adapters.kfp.mock_wire import CODE, STATE, Call, Refused, no_route, refusal, snake
from adapters.kfp.mock_world import World
from adapters.mock.cluster import SimCluster

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
V2 = "/apis/v2beta1"
_PARAMETER = re.compile(r"\{(\w+)\}")

Handler = Callable[[Call], Response]


def routes(cluster: SimCluster, *, old_gateway: bool = False, unreadable: int = 0) -> list[Route]:
    """The API. `old_gateway` answers errors as servers before 2.14 did; the newest `unreadable` runs are rows
    that fail conversion, and come with an error instead of their fields."""

    def world() -> World:
        if "kfp" not in cluster.memory:
            cluster.memory["kfp"] = World(cluster, unreadable)
        found = cluster.memory["kfp"]
        assert isinstance(found, World)
        return found

    def error(status: int) -> Response:
        code = CODE.get(status, 13)
        made = refusal(Refused(code, "injected by a fault", "Failed to serve the request"), old=old_gateway)
        made.status_code = status
        return made

    cluster.errors["kfp"] = error
    cluster.truths["kfp"] = lambda run_id: _truth(world(), run_id)
    return [Route("/apis/{rest:path}", Gateway(_table(world, old_gateway), old_gateway).answer, methods=METHODS)]


def _table(world: Callable[[], World], old: bool) -> list[tuple[str, str, Handler]]:
    runs, services = RunService(world, old=old), Services(world)
    one = f"{V2}/runs/{{run_id}}"
    experiment = f"{V2}/experiments/{{experiment_id}}"
    pipeline = f"{V2}/pipelines/{{pipeline_id}}"
    recurring = f"{V2}/recurringruns/{{recurring_run_id}}"
    return [
        ("GET", f"{V2}/healthz", lambda call: _health(old, v2=True)),
        ("GET", "/apis/v1beta1/healthz", lambda call: _health(old, v2=False)),
        ("POST", f"{one}:terminate", runs.terminate),
        ("POST", f"{one}:retry", runs.retry),
        ("POST", f"{one}:archive", runs.archive),
        ("POST", f"{one}:unarchive", runs.unarchive),
        ("GET", f"{one}/nodes/{{node_id}}/artifacts/{{artifact_name}}:read", runs.read_artifact),
        ("*", "/apis/v1alpha1/runs/{run_id}/nodes/{node_id}/log", runs.log),
        ("GET", f"{V2}/runs", runs.list),
        ("POST", f"{V2}/runs", runs.create),
        ("GET", one, runs.get),
        ("DELETE", one, runs.delete),
        ("POST", f"{experiment}:archive", services.archive_experiment),
        ("POST", f"{experiment}:unarchive", services.unarchive_experiment),
        ("GET", f"{V2}/experiments", services.list_experiments),
        ("POST", f"{V2}/experiments", services.create_experiment),
        ("GET", experiment, services.get_experiment),
        ("DELETE", experiment, services.delete_experiment),
        ("GET", f"{V2}/pipelines", services.list_pipelines),
        ("GET", f"{V2}/pipelines/names/{{name}}", services.get_pipeline_by_name),
        ("GET", f"{pipeline}/versions", services.list_versions),
        ("GET", f"{pipeline}/versions/{{version_id}}", services.get_version),
        ("GET", pipeline, services.get_pipeline),
        ("POST", f"{recurring}:{{verb}}", services.switch_recurring),
        ("GET", f"{V2}/recurringruns", services.list_recurring),
        ("GET", recurring, services.get_recurring),
        ("DELETE", recurring, services.delete_recurring),
    ]


def _health(old: bool, *, v2: bool) -> Response:
    body: dict[str, Any] = {
        "commit_sha": "7b70c7b95f",
        "tag_name": "2.5.0" if old else "2.17.0",
        "multi_user": False,
    }
    if v2 and not old:
        body["pipeline_store"] = "database"
    return JSONResponse(body)


class Gateway:
    """Finds the handler of a path, and turns what it raises into an envelope."""

    def __init__(self, table: Iterable[tuple[str, str, Handler]], old: bool) -> None:
        self._old = old
        self._table = [(method, _pattern(path), handler) for method, path, handler in table]

    async def answer(self, request: Request) -> Response:
        path, allowed = request.scope["path"], False
        for method, pattern, handler in self._table:
            match = pattern.fullmatch(path)
            if match is None:
                continue
            if method not in ("*", request.method):
                allowed = True
                continue
            query = {snake(name): value for name, value in request.query_params.items()}
            call = Call(request.method, match.groupdict(), query, await request.body())
            try:
                return handler(call)
            except Refused as error:
                return refusal(error, old=self._old)
        return no_route(allowed, old=self._old)


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(_PARAMETER.sub(r"(?P<\1>[^/]+)", path))


def _truth(world: World, run_id: str | None) -> Any:
    """What is so: of all runs the number by state, of one its state and what was done to it."""
    timeline, now = world.timeline, world.clock.now()
    if run_id is None:
        counts: dict[str, int] = {}
        for index in timeline.ascending():
            state = STATE[timeline.phase(index, now)]
            counts[state] = counts.get(state, 0) + 1
        return {"runs": len(timeline), "states": counts}
    found = timeline.find(run_id)
    if found is None:
        return None
    touch = timeline.touched.get(found)
    story = timeline.outline(found).story
    return {
        "state": STATE[timeline.phase(found, now)],
        "archived": timeline.archived(found),
        "story": story.id if story is not None else None,
        "commands": [list(command) for command in touch.commands] if touch is not None else [],
    }
