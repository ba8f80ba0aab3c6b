"""The control plane under /_mock/: reset, advance, faults, state (the truth), requests (what arrived)."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from fnmatch import fnmatchcase
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from adapters.mock import faults as faults_module
from adapters.mock.cluster import SimCluster
from adapters.mock.faults import Faults
from adapters.mock.front import Arrived
from adapters.names import nearest

Handler = Callable[[Request, dict[str, Any]], Awaitable[Any]]


class Wrong(ValueError):
    """A control request that makes no sense; the message is one sentence."""


class Control:
    """The handlers; each takes the query and the JSON body as one dictionary."""

    def __init__(self, cluster: SimCluster, faults: Faults, requests: deque[Arrived]) -> None:
        self.cluster = cluster
        self.faults = faults
        self.requests = requests

    def routes(self) -> list[Route]:
        made = [
            ("/_mock/reset", {"POST": self.reset}),
            ("/_mock/advance", {"POST": self.advance}),
            ("/_mock/faults", {"GET": self.list_faults, "POST": self.set_faults, "DELETE": self.clear_faults}),
            ("/_mock/state", {"GET": self.state}),
            ("/_mock/requests", {"GET": self.list_requests, "DELETE": self.clear_requests}),
        ]
        return [Route(path, _endpoint(handlers), methods=list(handlers)) for path, handlers in made]

    async def reset(self, request: Request, given: dict[str, Any]) -> Any:
        """{seed?, runs?, hosts?}: the world anew, at the clock's present time."""
        _only(given, "seed", "runs", "hosts")
        values = {name: _whole(given, name) for name in given}
        self.cluster.reset(**values)
        self.faults.replace(())
        self.requests.clear()
        return await self.state(request, {})

    async def advance(self, request: Request, given: dict[str, Any]) -> Any:
        """{seconds}: move the clock forward."""
        _only(given, "seconds")
        try:
            seconds = float(given["seconds"])
            return {"now": self.cluster.clock.advance(seconds)}
        except KeyError:
            raise Wrong("advance needs seconds") from None
        except (TypeError, ValueError) as error:
            raise Wrong(f"advance by {given['seconds']!r} seconds: {error}") from None

    async def list_faults(self, request: Request, given: dict[str, Any]) -> Any:
        return {"faults": self.faults.active()}

    async def set_faults(self, request: Request, given: dict[str, Any]) -> Any:
        """{faults: [text]} replaces all; {add: text, times?: n} adds one that strikes n times."""
        _only(given, "faults", "add", "times")
        if "faults" in given:
            self.faults.replace(given["faults"])
        if "add" in given:
            times = _whole(given, "times") if "times" in given else None
            self.faults.add(faults_module.parse(str(given["add"]), times))
        return {"faults": self.faults.active()}

    async def clear_faults(self, request: Request, given: dict[str, Any]) -> Any:
        self.faults.replace(())
        return {"faults": []}

    async def state(self, request: Request, given: dict[str, Any]) -> Any:
        """The truth, as each backend tells it; with ?backend= and ?id= about one object."""
        cluster = self.cluster
        asked = given.get("backend")
        if asked is not None and asked not in cluster.truths:
            raise Wrong(f"no backend {asked!r}{nearest(str(asked), cluster.truths)}")
        return {
            "now": cluster.clock.now(),
            "seed": cluster.seed,
            "runs": cluster.runs,
            "hosts": cluster.hosts,
            "generation": cluster.generation,
            "backends": {
                name: truth(given.get("id")) for name, truth in cluster.truths.items() if asked in (None, name)
            },
        }

    async def list_requests(self, request: Request, given: dict[str, Any]) -> Any:
        """What arrived, oldest first; ?backend=, ?method=, ?path=glob choose."""
        _only(given, "backend", "method", "path")
        found = [
            arrived.to_json()
            for arrived in self.requests
            if given.get("backend") in (None, arrived.backend)
            and given.get("method") in (None, arrived.method)
            and fnmatchcase(arrived.path, given.get("path", "*"))
        ]
        return {"count": len(found), "requests": found}

    async def clear_requests(self, request: Request, given: dict[str, Any]) -> Any:
        self.requests.clear()
        return {"count": 0, "requests": []}


def _endpoint(handlers: Mapping[str, Handler]) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        handler = handlers["GET" if request.method == "HEAD" else request.method]
        try:
            return JSONResponse(await handler(request, await _given(request)))
        except (Wrong, faults_module.FaultError) as error:
            return JSONResponse({"error": str(error)}, 400)

    return answer


async def _given(request: Request) -> dict[str, Any]:
    given: dict[str, Any] = dict(request.query_params)
    body = await request.body()
    if body:
        try:
            read = json.loads(body)
        except ValueError:
            raise Wrong("the body is not JSON") from None
        if not isinstance(read, dict):
            raise Wrong("the body is not a JSON object")
        given.update(read)
    return given


def _only(given: dict[str, Any], *known: str) -> None:
    for name in given:
        if name not in known:
            raise Wrong(f"unknown key {name!r}{nearest(name, known)}")


def _whole(given: dict[str, Any], name: str) -> int:
    try:
        value = int(given[name])
    except (TypeError, ValueError):
        raise Wrong(f"{name} is {given[name]!r}, not a whole number") from None
    if value < 0:
        raise Wrong(f"{name} is {value}, below zero")
    return value
