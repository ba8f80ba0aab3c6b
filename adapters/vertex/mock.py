"""Vertex AI's custom jobs and Cloud Logging's entries over the simulated cluster."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from adapters.mock.cluster import SimCluster
from adapters.vertex import mock_operations
from adapters.vertex.mock_entries import list_entries
from adapters.vertex.mock_lists import counts
from adapters.vertex.mock_service import JobService
from adapters.vertex.mock_wire import BY_HTTP, Refused, error_info, json_body, no_route, refusal, reply
from adapters.vertex.mock_world import World

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
PROJECT, NUMBER, REGION = "atlas-ml", "418350217094", "us-central1"
_PLACE = r"projects/(?P<project>[^/]+)/locations/(?P<location>[^/:]+)"
_SYSTEM = frozenset({"$alt", "alt", "$fields", "fields", "$key", "key", "$prettyPrint", "prettyPrint", "quotaUser"})
_NO_LOGIN = (
    "Request is missing required authentication credential. Expected OAuth 2 access token, login cookie or other "
    "valid authentication credential."
)
_BAD_LOGIN = (
    "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid "
    "authentication credential."
)

Handler = Callable[[World, "Call"], dict[str, Any]]


class Call:
    """One request: the parts of its path, its parameters without those of the system, its body."""

    def __init__(self, method: str, parts: dict[str, str], query: dict[str, str], raw: bytes) -> None:
        self.method = method
        self.parts = parts
        self.query = {name: value for name, value in query.items() if name not in _SYSTEM}
        self.numbers = "enum-encoding=int" in query.get("$alt", query.get("alt", ""))
        self._raw = raw

    def body(self) -> dict[str, Any]:
        return json_body(self._raw)


def routes(
    cluster: SimCluster,
    *,
    project: str = PROJECT,
    number: str = NUMBER,
    region: str = REGION,
    token: str | None = None,
    lenient_cancel: bool = False,
) -> list[Route]:
    """The two APIs. `token` is the access token that is asked for, None lets everybody in. With `lenient_cancel`
    the cancel of a job that has ended does nothing, instead of being refused."""

    def world() -> World:
        if "vertex" not in cluster.memory:
            cluster.memory["vertex"] = World(cluster, project=project, number=number, region=region)
        found = cluster.memory["vertex"]
        assert isinstance(found, World)
        return found

    def error(status: int) -> Response:
        name = BY_HTTP.get(status, "INTERNAL" if status >= 500 else "INVALID_ARGUMENT")
        return refusal(Refused(name, "Injected by a fault.", http=status))

    cluster.errors["vertex"] = error
    cluster.truths["vertex"] = lambda job: _truth(world(), job)
    front = FrontEnd(world, token, JobService(lenient_cancel))
    return [
        Route("/v1/projects/{rest:path}", front.answer, methods=METHODS),
        Route("/ui/projects/{rest:path}", front.answer, methods=METHODS),
        Route("/v2/entries:list", front.answer, methods=METHODS),
    ]


class FrontEnd:
    """Finds the method of a path, checks who asks and where, and turns what is raised into an envelope."""

    def __init__(self, world: Callable[[], World], token: str | None, jobs: JobService) -> None:
        self._world = world
        self._token = token
        jobs_path, one = rf"/v1/{_PLACE}/customJobs", rf"/v1/{_PLACE}/customJobs/(?P<job>[^/:]+)"
        operations = rf"/(?:v1|ui)/{_PLACE}(?:/customJobs/[^/:]+)?/operations"
        operation = rf"{operations}/(?P<operation>[^/:]+)"
        self._table: list[tuple[str, re.Pattern[str], Handler]] = [
            (method, re.compile(path), handler)
            for method, path, handler in (
                ("GET", jobs_path, jobs.list),
                ("POST", jobs_path, jobs.create),
                ("POST", rf"{one}:cancel", jobs.cancel),
                ("GET", one, jobs.get),
                ("DELETE", one, jobs.delete),
                ("GET", operations, _list_operations),
                ("POST", rf"{operation}:cancel", _cancel_operation),
                ("POST", rf"{operation}:wait", _wait_operation),
                ("GET", operation, _get_operation),
                ("DELETE", operation, _delete_operation),
                ("GET", r"/(?:v1|ui)/projects/(?P<project>[^/]+)/locations", _list_locations),
                ("GET", rf"/(?:v1|ui)/{_PLACE}", _get_location),
                ("POST", r"/v2/entries:list", lambda world, call: list_entries(world, call.body())),
            )
        ]

    async def answer(self, request: Request) -> Response:
        # The colon before a verb is a separator only as itself, so the path is matched as it was sent.
        path = request.scope.get("raw_path", b"").decode("latin-1").partition("?")[0] or request.url.path
        for method, pattern, handler in self._table:
            match = pattern.fullmatch(path)
            if match is None or method != request.method:
                continue
            parts = {name: unquote(text) for name, text in match.groupdict().items()}
            try:
                self._check_login(request)
                call = Call(request.method, parts, dict(request.query_params), await request.body())
                world = self._world()
                _check_place(world, parts)
                return reply(handler(world, call))
            except Refused as error:
                return refusal(error)
        return no_route(path)

    def _check_login(self, request: Request) -> None:
        if self._token is None:
            return
        given = request.headers.get("authorization", "")
        service = {"service": "aiplatform.googleapis.com"}
        if not given:
            raise Refused("UNAUTHENTICATED", _NO_LOGIN, error_info("CREDENTIALS_MISSING", **service))
        if given != f"Bearer {self._token}":
            raise Refused("UNAUTHENTICATED", _BAD_LOGIN, error_info("ACCESS_TOKEN_EXPIRED", **service))


def _check_place(world: World, parts: dict[str, str]) -> None:
    project, location = parts.get("project"), parts.get("location")
    if project is not None and project not in (world.project, world.number):
        where = f"projects/{project}" + (f"/locations/{location}" if location else "")
        raise Refused(
            "PERMISSION_DENIED",
            f"Permission 'aiplatform.customJobs.list' denied on resource '//aiplatform.googleapis.com/{where}' "
            "(or it may not exist).",
            error_info("IAM_PERMISSION_DENIED", "aiplatform.googleapis.com", resource=where),
        )
    if location is not None and re.fullmatch(r"[a-z]+-[a-z]+\d|global", location) is None:
        raise Refused("NOT_FOUND", f"The location {location} is not found.")


def _list_operations(world: World, call: Call) -> dict[str, Any]:
    found = [operation.to_json(world) for operation in world.operations.values()]
    return {"operations": found} if found else {}


def _get_operation(world: World, call: Call) -> dict[str, Any]:
    return mock_operations.look(world, call.parts["operation"])


def _cancel_operation(world: World, call: Call) -> dict[str, Any]:
    """A deletion cannot be stopped any more; the request is taken all the same."""
    mock_operations.find(world, call.parts["operation"])
    return {}


def _wait_operation(world: World, call: Call) -> dict[str, Any]:
    return mock_operations.wait(world, call.parts["operation"])


def _delete_operation(world: World, call: Call) -> dict[str, Any]:
    mock_operations.find(world, call.parts["operation"])
    del world.operations[call.parts["operation"]]
    return {}


def _location(world: World, location: str) -> dict[str, Any]:
    return {"name": f"projects/{world.number}/locations/{location}", "locationId": location}


def _list_locations(world: World, call: Call) -> dict[str, Any]:
    return {"locations": [_location(world, world.region)]}


def _get_location(world: World, call: Call) -> dict[str, Any]:
    return _location(world, call.parts["location"])


def _truth(world: World, job: str | None) -> Any:
    """What is so: of all jobs the number by state, of one its state and its story."""
    if job is None:
        return {"runs": len(world.timeline), "states": counts(world)}
    index = world.find(job)
    if index is None:
        return None
    life = world.life(index)
    return {
        "state": world.state(index),
        "story": life.story.id if life.story is not None else None,
        "victim": world.victim(index),
        "cancelled": life.cancelled if life.cancelled < float("inf") else None,
    }
