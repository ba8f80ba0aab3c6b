"""The Mesos agents' file endpoints, all on the mock's own port: the sandbox of each run with its logs."""

from __future__ import annotations

import json
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from adapters.mock.chance import Draw
from adapters.mock.cluster import SimCluster
from adapters.mock.fleet import Fleet
from adapters.mock.fleet.logs import STDERR, STDOUT
from adapters.mock.fleet.model import Pod, Run

WORK_DIR = "/var/lib/mesos/agent"
MOST = 16 * 4096
FILES, FOLDERS = (STDERR, STDOUT), ("tmp",)
NO_PATH = "Expecting 'path=value' in query.\n"


class Refused(Exception):
    def __init__(self, status: int, message: str = "") -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Sandbox:
    """Where one run of a pod lives on its agent."""

    root: str
    pod: Pod
    run: Run

    def paths(self) -> list[str]:
        """Of its files and of its directories, sorted."""
        return sorted(f"{self.root}/{name}" for name in (*FILES, *FOLDERS))


def framework(fleet: Fleet) -> str:
    return f"{Draw(fleet.seed, 'framework').number('id'):016x}-0000"


def sandbox_of(fleet: Fleet, pod: Pod, run: Run) -> Sandbox:
    executor = f"{pod.name}-{run.number}"
    root = f"{WORK_DIR}/slaves/{run.agent}/frameworks/{framework(fleet)}/executors/{executor}/runs/latest"
    return Sandbox(root, pod, run)


def find(fleet: Fleet, path: str) -> tuple[Sandbox, str]:
    """The sandbox a path is in, and the name below it. Raises Refused with 404."""
    parts = path.strip("/").split("/")
    try:
        executor, below = parts[parts.index("executors") + 1], "/".join(parts[parts.index("latest") + 1 :])
        job_id, instance, number = executor.rsplit("-", 2)
        job = fleet.find(job_id)
        pod = job.pods.get(int(instance)) if job else None
        run = pod.find_run(int(number)) if pod else None
    except (ValueError, IndexError):
        raise Refused(404) from None
    if pod is None or run is None or run.started is None or unreachable(fleet, run):
        raise Refused(404)
    sandbox = sandbox_of(fleet, pod, run)
    if "/" + "/".join(parts) not in (sandbox.root, f"{sandbox.root}/{below}"):
        raise Refused(404)
    return sandbox, below


def unreachable(fleet: Fleet, run: Run) -> bool:
    """A host that is lost takes its sandboxes with it."""
    host = fleet.world.hosts.get(run.host)
    return host is not None and host.crashed


def routes(cluster: SimCluster) -> list[Route]:
    def browse(fleet: Fleet, request: Request) -> Response:
        sandbox, below = find(fleet, _path(request))
        if below in FILES:
            return JSONResponse([])
        if below:
            if below not in FOLDERS:
                raise Refused(404)
            return JSONResponse([])
        return JSONResponse([_stat(fleet, sandbox, path) for path in sandbox.paths()])

    def read(fleet: Fleet, request: Request) -> Response:
        path = _path(request)
        offset, length = _number(request, "offset"), _number(request, "length")
        data = _content(fleet, path)
        if offset == -1:
            return _read_answer(b"", len(data))
        most = MOST if length == -1 else min(length, MOST)
        return _read_answer(data[offset : offset + most], offset)

    def download(fleet: Fleet, request: Request) -> Response:
        path = _path(request)
        headers = {"Content-Disposition": f"attachment; filename={path.rpartition('/')[2]}"}
        return Response(_content(fleet, path), media_type="application/octet-stream", headers=headers)

    def guarded(endpoint: object) -> object:
        async def serve(request: Request) -> Response:
            fleet = cluster.fleet
            fleet.catch_up()
            try:
                return endpoint(fleet, request)  # type: ignore[operator, no-any-return]
            except Refused as refused:
                return PlainTextResponse(str(refused), refused.status)

        return serve

    return [
        Route("/files/browse", guarded(browse), methods=["GET"], name="mesos-browse"),  # type: ignore[arg-type]
        Route("/files/read", guarded(read), methods=["GET"], name="mesos-read"),  # type: ignore[arg-type]
        Route("/files/download", guarded(download), methods=["GET"], name="mesos-download"),  # type: ignore[arg-type]
    ]


def _path(request: Request) -> str:
    path = request.query_params.get("path", "")
    if not path:
        raise Refused(400, NO_PATH)
    return path


def _number(request: Request, name: str) -> int:
    raw = request.query_params.get(name, "-1")
    try:
        number = int(raw)
    except ValueError:
        raise Refused(400, f"Failed to parse {name}: Failed to convert '{raw}' to number.\n") from None
    if number < -1:
        raise Refused(400, f"Negative {name} provided: {number}.\n")
    return number


def _content(fleet: Fleet, path: str) -> bytes:
    sandbox, below = find(fleet, path)
    if below in FILES:
        return fleet.logs.read(sandbox.pod, sandbox.run, below, fleet.world.now)
    if not below or below in FOLDERS:
        raise Refused(400, "Cannot read a directory.\n")
    raise Refused(404)


def _stat(fleet: Fleet, sandbox: Sandbox, path: str) -> dict[str, object]:
    name, run = path.rpartition("/")[2], sandbox.run
    folder = name in FOLDERS
    size = 4096 if folder else len(fleet.logs.read(sandbox.pod, run, name, fleet.world.now))
    changed = run.ended if run.ended is not None else fleet.world.now
    return {
        "path": path,
        "nlink": 2 if folder else 1,
        "size": size,
        "mtime": int(fleet.cluster.clock.stamp(changed)),
        "mode": "drwxr-xr-x" if folder else "-rw-r--r--",
        "uid": "root",
        "gid": "root",
    }


def _read_answer(data: bytes, offset: int) -> Response:
    """As Mesos writes it: bytes from 0x80 on go out as they are, so a cut may split a character."""
    text = json.dumps(data.decode("utf-8", "surrogateescape"), ensure_ascii=False)
    quoted = text.encode("utf-8", "surrogateescape")
    return Response(
        b'{"data":' + quoted + b',"offset":' + str(offset).encode() + b"}", media_type="application/json"
    )
