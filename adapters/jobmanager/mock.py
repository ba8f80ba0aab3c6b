"""A Job Manager server over the simulated cluster: every path under /api/v1/, as both server families answer it."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from adapters.jobmanager import mock_dsub
from adapters.jobmanager.mock_capabilities import capabilities
from adapters.jobmanager.mock_cromwell import View, view
from adapters.jobmanager.mock_files import operation_details, tail_file
from adapters.jobmanager.mock_totals import totals
from adapters.jobmanager.mock_wire import (
    NO_SUCH_PATH,
    TERMINAL,
    Call,
    Refused,
    check_labels,
    check_query,
    crash,
    no_content,
    opened,
    problem,
    said,
    token,
    understood,
    unhealthy,
)
from adapters.jobmanager.mock_world import Family, Job, Options, World
from adapters.mock.cluster import SimCluster

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
PREFIX = "/api/v1"
DEFAULT_PAGE = {"cromwell": 64, "dsub": 32}
LONGEST_PAGE = {"cromwell": 1 << 31, "dsub": 256}
OPEN = frozenset({"capabilities", "health"})

Handler = Callable[[World, Call], Response]


def routes(
    cluster: SimCluster,
    *,
    family: Family = "cromwell",
    project: str | None = None,
    token: str | None = None,
    outside_auth: bool = True,
    aggregates: bool = True,
    label_lag: float = 0.0,
    window: int = 500_000,
    healthy: bool = True,
    capabilities: Mapping[str, Any] | None = None,
) -> list[Route]:
    """The API of the server in front of Cromwell (of 2026), or of the one in front of dsub (until 2022).

    `project` makes the server want one in each query. `token` must be sent in `Authentication`. Without
    `outside_auth` logs and operations cannot be had. `aggregates` is off on every Cromwell server that was
    seen; it is on here, so that there are totals to look at. A changed label is seen after `label_lag` seconds.
    A log is cut to its last `window` bytes. `capabilities` replaces what the server says it can do.
    """
    options = Options(family, project, token, outside_auth, aggregates, label_lag, window, healthy, capabilities)

    key = f"jobmanager {id(options)}"  # several servers may stand before one cluster

    def world() -> World:
        if key not in cluster.memory:
            cluster.memory[key] = World(cluster, options)
        found = cluster.memory[key]
        assert isinstance(found, World)
        return found

    cluster.errors["jobmanager"] = lambda status: problem(Refused(status, "injected by a fault"))
    cluster.truths["jobmanager"] = lambda job_id: _truth(world(), job_id)
    return [Route(f"{PREFIX}/{{rest:path}}", _Server(world).answer, methods=METHODS)]


class _Server:
    """Finds the handler of a path, and turns what it raises into a problem document."""

    def __init__(self, world: Callable[[], World]) -> None:
        self._world = world

    async def answer(self, request: Request) -> Response:
        path, allowed = request.scope["path"], []
        for method, pattern, name, handler in TABLE:
            match = pattern.fullmatch(path)
            if match is None:
                continue
            if method != request.method:
                allowed.append(method)
                continue
            call = Call(
                method, match.groupdict(), dict(request.query_params), request.headers, await request.body()
            )
            world = self._world()
            try:
                _admit(world.options, name, call)
                return handler(world, call)
            except Refused as error:
                return problem(error)
        if allowed:
            sentence = "The method is not allowed for the requested URL."
            return problem(Refused(405, sentence, {"allow": ", ".join(allowed)}))
        return problem(Refused(404, NO_SUCH_PATH))


def _admit(options: Options, name: str, call: Call) -> None:
    """The header is `Authentication`; what stands in `Authorization` is not looked at."""
    sent = call.headers.get("authentication")
    if name in OPEN:
        return
    if options.token is not None and sent != f"Bearer {options.token}":
        raise Refused(401, "Unauthorized" if sent is None else "Invalid authentication token")
    if options.dsub and options.project is None and sent is not None:
        raise Refused(400, "The Local provider does not support the `auth_token` field.")


def get_capabilities(world: World, call: Call) -> Response:
    return said(capabilities(world.options))


def health(world: World, call: Call) -> Response:
    return said({"available": True}) if world.options.healthy else unhealthy()


def query_jobs(world: World, call: Call) -> Response:
    body = call.body()
    check_query(body)
    options = world.options
    if options.project is not None and body.get("extensions", {}).get("projectId") != options.project:
        raise Refused(400, "Missing required field `projectId`.")
    size = body.get("pageSize", 0)
    if options.dsub:
        _check_dsub(options, body)
    elif body.get("labels"):
        raise crash()  # the server calls a function that Python 3 does not have
    size = min(size or DEFAULT_PAGE[options.family], LONGEST_PAGE[options.family])
    times = {
        name: understood(body[name], keeps_offset=options.dsub)
        for name in ("start", "end", "submission")
        if name in body
    }
    order = world.ordered(body | times)
    page = _page_of_dsub if options.dsub else _page_of_cromwell
    return said(page(world, order, size, body.get("pageToken")))


def _check_dsub(options: Options, body: Mapping[str, Any]) -> None:
    if options.project is None and "projectId" in body.get("extensions", {}):
        raise Refused(400, "The Local provider does not support the `project_id` field.")
    if body.get("pageSize", 0) < 0:
        raise Refused(400, "The pageSize query parameter must be non-negative.")
    moments = {n: understood(body[n], keeps_offset=True) for n in ("start", "end", "submission") if n in body}
    start, end, submitted = (moments.get(name) for name in ("start", "end", "submission"))
    if start is not None and end is not None and start >= end:
        raise Refused(400, "Invalid query: start date must precede end date.")
    if submitted is not None and start is not None and submitted > start:
        raise Refused(400, "Invalid query: submission date must be equal to or precede start date.")
    if submitted is not None and end is not None and submitted >= end:
        raise Refused(400, "Invalid query: submission date must precede end date.")


def _page_of_cromwell(world: World, order: Any, size: int, at: str | None) -> dict[str, Any]:
    """By page number; a true division where a whole one was meant gives a token after the last page too."""
    offset = opened(at).get("of", 0) if at else 0
    if not isinstance(offset, int) or offset < 0 or size < 0:
        raise crash()
    number = offset // size + 1
    first = (number - 1) * size
    rows = [View(world, Job(index)).row() for index in order[first : first + size]]
    pages = len(order) / size + (1 if len(order) % size else 0)
    further = token({"of": first + size}) if number < pages else None
    return {"results": rows, "totalSize": len(order), "nextPageToken": further}


def _page_of_dsub(world: World, order: Any, size: int, at: str | None) -> dict[str, Any]:
    """Those older than the last one of the page before."""
    first = 0
    if at:
        given = opened(at)
        before = world.find(str(given.get("oi", "")))
        newest = before.index - 1 if before is not None else world.timeline.count()
        first = bisect_left(order, -newest, key=lambda index: -index)
    chosen = order[first : first + size]
    further = None
    if first + size < len(order):
        last = Job(chosen[-1])
        further = token({"cb": int(world.submission(last.index)), "oi": world.id(last)})
    return {"results": [mock_dsub.row(world, Job(index)) for index in chosen], "nextPageToken": further}


def get_job(world: World, call: Call) -> Response:
    if world.options.dsub:
        return said(mock_dsub.metadata(world, call.path["id"]))
    return said(view(world, call.path["id"]).metadata())


def abort_job(world: World, call: Call) -> Response:
    job_id = call.path["id"]
    if world.options.dsub:
        job = mock_dsub.find(world, job_id)
        status = world.status(job.index)
        if status != "Running" or not world.timeline.abort(job.index):
            raise Refused(412, f"Job already in terminal status `{status}`")
        return Response(status_code=200)
    shown = view(world, job_id)
    if shown.status in TERMINAL or not (world.timeline.abort(shown.job.index) or shown.status == "Aborting"):
        sentence = f"Couldn't abort {job_id} because no workflow with that ID is in progress"
        raise Refused(403, sentence)
    return no_content()


def update_labels(world: World, call: Call) -> Response:
    if world.options.dsub:
        raise crash()
    labels = check_labels(call.body())
    return said({"labels": world.relabel(view(world, call.path["id"]).job, labels)})


def task_attempts(world: World, call: Call) -> Response:
    if world.options.dsub:
        raise crash()
    shown = view(world, call.path["id"])
    task = shown.task(call.path["task"])
    return said({"attempts": shown.attempts(task, list(task.shards))})


def shard_attempts(world: World, call: Call) -> Response:
    if world.options.dsub:
        raise crash()
    shown = view(world, call.path["id"])
    task = shown.task(call.path["task"])
    try:
        shard = task.shard(int(call.path["index"]))
    except ValueError:
        raise crash() from None
    return said({"attempts": shown.attempts(task, [shard] if shard is not None else [])})


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(PREFIX + re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path))


TABLE: tuple[tuple[str, re.Pattern[str], str, Handler], ...] = tuple(
    (method, _pattern(path), path.strip("/"), handler)
    for method, path, handler in (
        ("GET", "/capabilities", get_capabilities),
        ("GET", "/health", health),
        ("GET", "/aggregations", lambda world, call: said(totals(world, call))),
        ("GET", "/jobs/operationDetails", operation_details),
        ("GET", "/jobs/tailFile", tail_file),
        ("POST", "/jobs/query", query_jobs),
        ("POST", "/jobs/{id}/abort", abort_job),
        ("POST", "/jobs/{id}/updateLabels", update_labels),
        ("GET", "/jobs/{id}/{task}/attempts", task_attempts),
        ("GET", "/jobs/{id}/{task}/{index}/attempts", shard_attempts),
        ("GET", "/jobs/{id}", get_job),
    )
)


def _truth(world: World, job_id: str | None) -> Any:
    """What is so: of all jobs the number by status, of one its status and what was done to it."""
    if job_id is None:
        counts: dict[str, int] = {}
        for index in world.timeline.ascending():
            status = world.status(index)
            counts[status] = counts.get(status, 0) + 1
        return {"runs": len(world.timeline), "states": counts}
    job = world.find(job_id)
    if job is None:
        return None
    story = world.outline(job).story
    touch = world.timeline.touched.get(job.index)
    return {
        "status": world.status(job.index),
        "labels": world.labels(job),
        "story": story.id if story is not None else None,
        "commands": [list(command) for command in touch.commands] if touch is not None else [],
    }
