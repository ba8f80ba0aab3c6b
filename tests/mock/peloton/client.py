"""A bare YARPC client for these tests, and a checker of answers against the API's field tables."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import httpx
from starlette.applications import Starlette

from adapters.mock.clock import SimClock
from adapters.mock.cluster import SimCluster
from adapters.peloton.mock import routes

TABLES = Path(__file__).parents[2] / "fixtures" / "peloton" / "messages.json"
API = "peloton.api.v1alpha."
SERVICES = {
    "Job": API + "job.stateless.svc.JobService",
    "Pod": API + "pod.svc.PodService",
    "Host": API + "host.svc.HostService",
    "Pool": API + "respool.ResourcePoolService",
    "Volume": API + "volume.svc.VolumeService",
    "Watch": API + "watch.svc.WatchService",
}
OPAQUE = ("mesos.v1.", "google.")


class Failed(Exception):
    """The server refused: `code` as in Rpc-Error-Code."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self.code = response.headers["Rpc-Error-Code"]
        self.text = response.text.removesuffix("\n")
        super().__init__(f"{self.code}: {self.text}")


class Peloton:
    """One mock with a virtual clock, asked in-process."""

    def __init__(
        self, *, seed: int = 7, runs: int = 60, hosts: int = 12, arrivals: float = 0.0, **options: Any
    ) -> None:
        self.clock = SimClock(virtual=True)
        self.cluster = SimCluster(seed=seed, runs=runs, hosts=hosts, arrivals=arrivals, clock=self.clock)
        self.cluster.base_host, self.cluster.base_port = "127.0.0.9", 4711
        app = Starlette(routes=routes(self.cluster, **options))
        app.router.redirect_slashes = False
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://mock")

    async def send(self, procedure: str, body: object = None, **headers: str | None) -> httpx.Response:
        """POST with the usual headers; `Rpc_Caller=None` leaves one out."""
        usual: dict[str, str | None] = {
            "Rpc-Caller": "tests",
            "Rpc-Service": "peloton-apiserver",
            "Rpc-Procedure": procedure,
            "Rpc-Encoding": "json",
            "Context-TTL-MS": "20000",
        }
        usual.update({name.replace("_", "-"): value for name, value in headers.items()})
        content = body if isinstance(body, bytes) else json.dumps(body if body is not None else {}).encode()
        return await self.http.post(
            "/api/v1", content=content, headers={name: value for name, value in usual.items() if value is not None}
        )

    async def call(self, service: str, method: str, /, **body: Any) -> Any:
        """The answer of `Job`, `Pod`, ... Raises Failed. Every answer is held against the field tables."""
        response = await self.send(f"{SERVICES[service]}::{method}", body)
        if response.status_code != 200:
            raise Failed(response)
        answer = response.json()
        check(tables()["services"][SERVICES[service]][method]["response"], answer)
        return answer

    async def jobs(self, limit: int = 100, **spec: Any) -> list[Any]:
        answer = await self.call(
            "Job", "QueryJobs", spec={"pagination": {"limit": limit, "maxLimit": 5000}, **spec}
        )
        records: list[Any] = answer.get("records", [])
        return records

    async def job(self, name: str) -> str:
        """The id of the newest job of that name."""
        answer = await self.call("Job", "GetJobIDFromJobName", jobName=name)
        return str(answer["jobId"][0]["value"])

    async def info(self, job_id: str) -> Any:
        return await self.call("Job", "GetJob", jobId={"value": job_id})

    async def state(self, job_id: str) -> str:
        return str((await self.info(job_id))["jobInfo"]["status"]["state"])

    async def version(self, job_id: str) -> str:
        return str((await self.info(job_id))["jobInfo"]["status"]["version"]["value"])

    async def write(self, method: str, job_id: str, /, **body: Any) -> Any:
        """A write with the version that a re-read gives."""
        version = {"value": await self.version(job_id)}
        return await self.call("Job", method, jobId={"value": job_id}, version=version, **body)

    async def pods(self, job_id: str, **spec: Any) -> list[Any]:
        wanted = {"pagination": {"limit": 1000}, **spec}
        answer = await self.call("Job", "QueryPods", jobId={"value": job_id}, spec=wanted)
        found: list[Any] = answer.get("pods", [])
        return found

    async def pod(self, job_id: str, instance: int, **body: Any) -> Any:
        return await self.call("Pod", "GetPod", podName={"value": f"{job_id}-{instance}"}, **body)

    async def host(self, name: str) -> str:
        answer = await self.call("Host", "QueryHosts")
        return next(str(host["state"]) for host in answer["hostInfos"] if host["hostname"] == name)

    async def workflow(self, job_id: str) -> Any:
        answer = await self.call("Job", "ListJobWorkflows", jobId={"value": job_id})
        return answer["workflowInfos"][0]["status"]

    def on_host(self, name: str) -> list[Any]:
        """The truth, for what the API cannot say: the pods on a host."""
        self.cluster.fleet.catch_up()
        return list(self.cluster.fleet.world.hosts[name].pods.values())


@cache
def tables() -> Any:
    return json.loads(TABLES.read_text())


def check(message: str, value: Any, at: str = "") -> None:
    """Fail on a field, enum name or JSON type that the message does not have."""
    fields = tables()["messages"][message]
    assert isinstance(value, dict), f"{at}: {message} is {value!r}"
    for name, item in value.items():
        where = f"{at}.{name}"
        assert name in fields, f"{where} is not a field of {message}"
        kind = fields[name]
        entries = re.fullmatch(r"map<(\w+),(.+)>", kind)
        if entries:
            for key, each in item.items():
                assert isinstance(key, str)
                _check_value(entries[2], each, f"{where}[{key}]")
        elif kind.startswith("r "):
            assert item, f"{where}: an empty list is left out"
            for at_index, each in enumerate(item):
                _check_value(kind[2:], each, f"{where}[{at_index}]")
        else:
            assert item not in (None, "", 0, False), f"{where}: zero is left out, not {item!r}"
            _check_value(kind, item, where)


def _check_value(kind: str, value: Any, where: str) -> None:
    if kind in tables()["messages"]:
        check(kind, value, where)
    elif kind in tables()["enums"]:
        assert value in tables()["enums"][kind], f"{where}: {value!r} is not in {kind}"
    elif kind == "uint64":
        assert isinstance(value, str), f"{where}: a uint64 is a string"
        assert value.isdigit()
    elif not kind.startswith(OPAQUE):
        types: dict[str, Any] = {"string": str, "bytes": str, "bool": bool, "uint32": int, "double": (int, float)}
        assert isinstance(value, types[kind]), f"{where}: {value!r} is not a {kind}"


def enum(name: str, value: str) -> int:
    """The number of an enum's value, as clients must send it."""
    found: int = tables()["enums"][name].index(value)
    return found
