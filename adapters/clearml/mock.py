"""ClearML's apiserver over the simulated cluster: `/<service>.<action>` as version 2.31 answers it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from starlette.convertors import Convertor, register_url_convertor
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from adapters.clearml.mock_auth import ACCESS_KEY, COOKIE, LIFE, OPEN, SECRET_KEY, Guard
from adapters.clearml.mock_service import Endpoint, endpoints, truth
from adapters.clearml.mock_wire import (
    LATEST,
    MESSAGES,
    SEED,
    Call,
    Refused,
    envelope,
    json_response,
    merged,
    parse_version,
)
from adapters.clearml.mock_world import World
from adapters.mock.chance import Draw
from adapters.mock.cluster import SimCluster

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
_PATH = re.compile(r"/(?:v(?P<version>[^/]*)/)?(?P<name>[^/]*)/?")


class _Call(Convertor[str]):
    """`tasks.get_all`, `v2.23/tasks.get_all/`, and what was meant to be one of these."""

    regex = r"(?:v\d+\.\d+/[^/]*|(?:v\d+/)?[A-Za-z_]+\.\w+)/?"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


def routes(
    cluster: SimCluster,
    *,
    seed_era: bool = False,
    token_life: float = LIFE,
    access_key: str = ACCESS_KEY,
    secret_key: str = SECRET_KEY,
) -> list[Route]:
    """The API. `seed_era` makes it the server of version 2.4; tokens live `token_life` seconds."""

    def world() -> World:
        if "clearml" not in cluster.memory:
            cluster.memory["clearml"] = World(cluster)
        found = cluster.memory["clearml"]
        assert isinstance(found, World)
        found.settle()
        return found

    guard = Guard(cluster.clock, seed_era=seed_era, life=token_life, key=access_key, secret=secret_key)
    table = endpoints(world, guard, seed_era=seed_era)
    server = Server(table, guard, seed_era, cluster.seed)
    cluster.errors["clearml"] = server.fault
    cluster.truths["clearml"] = lambda task_id: truth(world(), task_id)
    register_url_convertor("clearml", _Call())
    return [Route("/{call:clearml}", server.answer, methods=METHODS)]


class Server:
    """Reads a request, finds its endpoint, checks who asks, and wraps what comes of it."""

    def __init__(self, table: Mapping[str, list[Endpoint]], guard: Guard, seed_era: bool, seed: int) -> None:
        self._table = table
        self._guard = guard
        self._seed_era = seed_era
        self._latest = SEED if seed_era else LATEST
        self._draw = Draw(seed, "clearml", "calls")
        self._count = 0

    async def answer(self, request: Request) -> Response:
        if request.method == "OPTIONS":
            return Response(status_code=200)
        if request.headers.get("content-encoding"):
            return PlainTextResponse("Content encoding is not supported", 415)
        call: Call | None = None
        try:
            call = self._understand(request)
            endpoint = self._endpoint(call)
            self._admit(call, request)
            await self._read(call, endpoint, request)
            return self._reply(request, call, endpoint.handler(call), None)
        except Refused as error:
            return self._reply(request, call, {}, error)
        except Exception as error:  # whatever a request does to it, the server answers
            return self._reply(request, call, {}, Refused(500, 0, f"{type(error).__name__}: {error}"))

    def fault(self, status: int) -> Response:
        """The envelope of an error that a fault asks for."""
        error = Refused(status, 0, "injected by a fault", text=MESSAGES.get((status, 0), "Service unavailable"))
        return json_response(self._wrapped("", None, {}, error), status)

    def _understand(self, request: Request) -> Call:
        found = _PATH.fullmatch(request.scope["path"])
        text = found["version"] if found else None
        asked = self._latest if text is None else parse_version(text)
        service, dot, action = (found["name"] if found else "").partition(".")
        if asked is None or not (service and dot and action) or "." in action:
            raise Refused(400, 0, text="Invalid request path", **{request.scope["path"]: ""})
        return Call(service, action, asked, {})

    def _endpoint(self, call: Call) -> Endpoint:
        """Raises Refused with 404 where there is none, or none of that version yet."""
        asked = call.version
        for endpoint in self._table.get(call.name, ()):
            if endpoint.minimum <= min(asked, self._latest):
                call.minimum = endpoint.minimum
                return endpoint
        name, version = call.name, f"{asked[0]}.{asked[1]}"
        raise Refused(404, 0, text=f"Unable to find endpoint for name {name} and version {version}")

    def _admit(self, call: Call, request: Request) -> None:
        claims = self._guard.check(call.name, request.headers, request.cookies)
        if not claims and call.name not in OPEN:
            raise Refused(401, 20)
        call.user = claims.get("identity", {}).get("user", "")
        call.session = claims.get("session_id", "")
        call.worker = request.headers.get("x-clearml-worker") or request.headers.get("x-trains-worker") or ""

    async def _read(self, call: Call, endpoint: Endpoint, request: Request) -> None:
        raw = await request.body()
        kind = request.headers.get("content-type", "").partition(";")[0].strip()
        query = dict(request.query_params)
        if endpoint.batch:
            if kind not in ("application/json-lines", "application/json-line", "application/x-ndjson"):
                raise Refused(400, 0, f"Batch request requires content type application/json-lines, got {kind}")
            call.batch = [_json(line) for line in raw.splitlines() if line.strip()]
            return
        if kind == "application/x-www-form-urlencoded":
            query = {**dict(parse_qsl(raw.decode("utf-8", "replace"))), **query}
            raw = b""
        call.data = merged(_json(raw) if raw.strip() else {}, query)

    def _reply(self, request: Request, call: Call | None, data: Any, error: Refused | None) -> Response:
        trx = request.headers.get("x-clearml-trx") or request.headers.get("x-trains-trx") or ""
        if isinstance(data, Response):
            return data
        response = json_response(self._wrapped(trx, call, data, error), error.code if error is not None else 200)
        if call is not None and call.cookie == "":
            response.delete_cookie(COOKIE)
        elif call is not None and call.cookie is not None:
            response.set_cookie(COOKIE, call.cookie, httponly=True, samesite="lax", max_age=int(LIFE))
        return response

    def _wrapped(self, trx: str, call: Call | None, data: Any, error: Refused | None) -> bytes:
        self._count += 1
        number = self._draw.number(str(self._count % 1009)) ^ self._count
        request_id = f"{number:016x}{self._count:016x}"
        return envelope(
            call, request_id=request_id, trx=trx or request_id, data=data, error=error, seed_era=self._seed_era
        )


def _json(raw: bytes) -> dict[str, Any]:
    try:
        read = json.loads(raw)
    except ValueError as error:
        raise Refused(400, 0, f"Failed parsing JSON: {error}") from None
    if not isinstance(read, dict):
        raise Refused(500, 0, text="Data should be a dict")
    return read
