"""Uber Peloton v1alpha as YARPC serves it over HTTP, at exactly `POST /api/v1`, over the simulated fleet."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from adapters.mock.cluster import SimCluster
from adapters.peloton import (
    mock_agents,
    mock_hosts,
    mock_jobs,
    mock_pods,
    mock_pools,
    mock_updates,
    mock_volumes,
    mock_watch,
)
from adapters.peloton.mock_wire import STATUS, Call, Message, Options, RpcError, decode, encode

Handler = Callable[[Call], Message]

_API = "peloton.api.v1alpha."
JOBS = _API + "job.stateless.svc.JobService"
PODS = _API + "pod.svc.PodService"
HOSTS = _API + "host.svc.HostService"
POOLS = _API + "respool.ResourcePoolService"
VOLUMES = _API + "volume.svc.VolumeService"
WATCH = _API + "watch.svc.WatchService"


HANDLERS: Mapping[str, Mapping[str, Handler]] = {
    JOBS: {**mock_jobs.METHODS, **mock_updates.METHODS},
    PODS: mock_pods.METHODS,
    HOSTS: mock_hosts.METHODS,
    POOLS: mock_pools.METHODS,
    VOLUMES: mock_volumes.METHODS,
    WATCH: {"Cancel": mock_watch.cancel},
}
STREAMS = {f"{JOBS}::ListJobs", f"{JOBS}::ListPods", f"{WATCH}::Watch"}
DAEMONS: Mapping[str, frozenset[str]] = {
    "peloton-apiserver": frozenset(HANDLERS),
    "peloton-hostmgr": frozenset({HOSTS}),
    "peloton-jobmgr": frozenset({JOBS, PODS, WATCH, VOLUMES}),
    "peloton-resmgr": frozenset({POOLS}),
}
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


@dataclass(frozen=True, slots=True)
class Envelope:
    """The headers of a request; empty where they are missing."""

    service: str
    procedure: str
    caller: str
    encoding: str
    ttl: str

    @classmethod
    def of(cls, request: Request) -> Envelope:
        names = ("Rpc-Service", "Rpc-Procedure", "Rpc-Caller", "Rpc-Encoding", "Context-TTL-MS")
        return cls(*(request.headers.get(name, "") for name in names))


def routes(
    cluster: SimCluster, *, strict_enums: bool = False, users: Mapping[str, str] | None = None
) -> list[Route]:
    """The API, the Mesos agents' files on the same port, and the daemon's own health page.

    `strict_enums` refuses enum names in requests, as the real servers do. `users` (name to password) turns
    basic auth on.
    """
    chosen = Options(strict_enums, users)

    async def api(request: Request) -> Response:
        return await _serve(cluster, chosen, request)

    async def health(request: Request) -> Response:
        return PlainTextResponse("OK\n")

    cluster.truths["peloton"] = lambda job: _truth(cluster, job)
    return [
        Route("/api/v1", api, methods=METHODS, name="peloton"),
        Route("/health", health, methods=["GET"], name="peloton-health"),
        *mock_agents.routes(cluster),
    ]


async def _serve(cluster: SimCluster, options: Options, request: Request) -> Response:
    envelope = Envelope.of(request)
    try:
        if request.method != "POST":
            raise RpcError(
                "not-found", f"request method was {request.method} but only POST is allowed", framework=True
            )
        handler = _choose(envelope)
        given = request.headers
        authenticate(options, given.get("Rpc-Header-Username", ""), given.get("Rpc-Header-Password", ""))
        body = decode_body(await request.body(), options, envelope)
        answer = answer_to(cluster, handler, body)
    except RpcError as error:
        return _refuse(error, envelope, request.headers.get("Rpc-Accepts-Both-Response-Error") == "true")
    content = json.dumps(encode(answer), separators=(",", ":"), ensure_ascii=False)
    headers = {"Rpc-Service": envelope.service, "Rpc-Status": "success"}
    return Response(content.encode(errors="replace"), media_type="application/json", headers=headers)


def answer_to(cluster: SimCluster, handler: Handler, body: Message) -> Message:
    """What the handler says, with the world brought up to now before and at rest after."""
    fleet = cluster.fleet
    fleet.catch_up()
    answer = handler(Call(cluster, fleet, body))
    fleet.world.settle_all()
    return answer


def _refuse(error: RpcError, envelope: Envelope, in_header: bool) -> Response:
    relayed = error.framework or envelope.service == "peloton-apiserver"
    headers = {"Rpc-Error-Code": error.code, "Rpc-Status": "success" if relayed else "error"}
    if envelope.service:
        headers["Rpc-Service"] = envelope.service
    body = error.message + "\n"
    if in_header:
        headers["Rpc-Both-Response-Error"] = "true"
        one_line = " ".join(error.message.split())
        headers["Rpc-Error-Message"] = one_line.encode(errors="replace").decode("latin-1")
        body = ""
    headers["Content-Type"] = "text/plain; charset=utf8"
    return Response(body.encode(errors="replace"), STATUS[error.code], headers)


def _choose(envelope: Envelope) -> Handler:
    """The handler for a request, or the first complaint a YARPC inbound has about it."""
    handler = find_handler(envelope)
    if handler is None:
        raise RpcError("unimplemented", "transport http does not handle Streaming handlers", framework=True)
    _check_ttl(envelope)
    return handler


def find_handler(envelope: Envelope) -> Handler | None:
    """The handler of a procedure, None of one that streams; or what any inbound complains about."""
    required = {
        "service name": envelope.service,
        "procedure": envelope.procedure,
        "caller name": envelope.caller,
        "encoding": envelope.encoding,
    }
    missing = [name for name, value in required.items() if not value]
    if missing:
        raise RpcError("invalid-argument", f"missing {', '.join(missing)}", framework=True)
    known = DAEMONS.get(envelope.service)
    if known is None:
        served = ", ".join(f'"{name}"' for name in DAEMONS)
        words = f'unrecognized service name "{envelope.service}", available services: {served}'
        raise RpcError("unimplemented", words, framework=True)
    proto_service, _, method = envelope.procedure.partition("::")
    handler = HANDLERS.get(proto_service, {}).get(method) if proto_service in known else None
    streams = envelope.procedure in STREAMS and proto_service in known
    if (handler is None and not streams) or envelope.encoding != "json":
        words = f'unrecognized procedure "{envelope.procedure}" for service "{envelope.service}"'
        raise RpcError("unimplemented", words, framework=True)
    return handler


def _check_ttl(envelope: Envelope) -> None:
    if not envelope.ttl:
        raise RpcError("invalid-argument", "missing TTL", framework=True)
    if not envelope.ttl.isascii() or not envelope.ttl.isdigit():
        words = (
            f'invalid TTL "{envelope.ttl}" for service "{envelope.service}" and procedure "{envelope.procedure}"'
        )
        raise RpcError("invalid-argument", words, framework=True)


def authenticate(options: Options, name: str, password: str) -> None:
    if options.users is None:
        return
    if not name or options.users.get(name) != password:
        raise RpcError("unauthenticated", "invalid Username/Password combination", framework=True)


def _no_number(word: str) -> float:
    raise ValueError(f"invalid character '{word[0]}' looking for beginning of value")


def decode_body(raw: bytes, options: Options, envelope: Envelope) -> Message:
    try:
        body: Any = json.loads(raw, parse_constant=_no_number) if raw.strip() else {}
        if not isinstance(body, dict):
            raise ValueError(f"json: cannot unmarshal {type(body).__name__} into a message")
        return decode(body, options.strict_enums)  # type: ignore[no-any-return]
    except (ValueError, RecursionError) as error:
        words = (
            f'failed to decode "json" request body for procedure "{envelope.procedure}" of service '
            f'"{envelope.service}" from caller "{envelope.caller}": {error}'
        )
        raise RpcError("invalid-argument", words, framework=True) from None


def _truth(cluster: SimCluster, job_id: str | None) -> Any:
    """What is so: of all jobs the number by state, of one its state, and with what goes on on the hosts."""
    fleet = cluster.fleet
    fleet.catch_up()
    if job_id is None:
        jobs = Counter(f"JOB_STATE_{job.state.value}" for job in fleet.newest_first())
        hosts = Counter(host.state.value for host in fleet.world.hosts.values())
        return {"runs": sum(jobs.values()), "states": jobs, "hosts": hosts}
    found = fleet.find(job_id)
    return None if found is None else {"state": f"JOB_STATE_{found.state.value}"}
