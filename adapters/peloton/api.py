"""Peloton's procedures over YARPC HTTP/JSON, one method each, and the Mesos agents' file endpoints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar
from urllib.parse import quote

from adapters.endpoint import Effect, endpoint
from adapters.errors import Conflict, Invalid, NotFound, Unsupported
from adapters.http import HttpClient, Reply
from adapters.model import Json
from adapters.names import nearest
from adapters.peloton import wire
from adapters.peloton.rpc import HOST, POOL, RPCS, V0, V0_KEYS, V0_NAMES, Rpc, as_request
from adapters.peloton.settings import Daemon, PelotonSettings
from adapters.permit import Permit

M = TypeVar("M", bound=wire.Wire)
READ, WRITE = Effect.READ, Effect.WRITE

AGENT_READ_LIMIT = 65_536
"""The most a Mesos agent gives at once: 16 pages."""


class PelotonApi:
    """Calls go to the daemon that serves them. Where a v1alpha service has no implementation, as on all real
    clusters for hosts and pools, v0's is asked instead, and remembered."""

    def __init__(self, client: HttpClient, settings: PelotonSettings) -> None:
        self._client = client
        self._settings = settings
        self._v0: set[str] = set()

    async def login(self) -> Mapping[str, str]:
        """The application headers that carry the login; both or none."""
        settings = self._settings
        if settings.username is None or settings.password is None:
            return {}
        return {
            "Rpc-Header-Username": settings.username,
            "Rpc-Header-Password": await settings.password.read(),
        }

    # --- transport -----------------------------------------------------------------------------------------

    async def call(self, name: str, body: Mapping[str, Json], permit: Permit | None = None) -> Reply:
        """One procedure by its name. Raises Unsupported for an unknown one, before anything is sent."""
        rpc = RPCS.get(name)
        if rpc is None:
            raise Unsupported(f"Peloton has no method {name!r} here{nearest(name, RPCS)}", executed=False)
        if rpc.service in self._v0:
            return await self._post(rpc, body, permit, v0=True)
        try:
            return await self._post(rpc, body, permit, v0=False)
        except Unsupported as error:
            if rpc.service not in V0 or rpc.effect is WRITE or error.status is None or name == "ListHostPools":
                raise
            reply = await self._post(rpc, body, permit, v0=True)
            self._v0.add(rpc.service)
            return reply

    async def _post(self, rpc: Rpc, body: Mapping[str, Json], permit: Permit | None, *, v0: bool) -> Reply:
        daemon = self._daemon(rpc)
        service, method = rpc.service, rpc.name
        sent = dict(body)
        if v0:
            service, method = V0[service], V0_NAMES.get(method, method)
            sent = {V0_KEYS.get(rpc.name, {}).get(key, key): value for key, value in sent.items()}
        headers = {
            "Rpc-Caller": self._settings.caller,
            "Rpc-Service": daemon.service,
            "Rpc-Procedure": f"{service}::{method}",
            "Rpc-Encoding": "json",
            "Context-TTL-MS": str(max(1, int(self._settings.call_timeout * 1000))),
        }
        reply = await self._client.request(
            "POST",
            f"{daemon.url}/api/v1",
            effect=rpc.effect,
            permit=permit,
            json=as_request(sent),
            headers=headers,
        )
        if v0 and rpc.service == POOL:
            _raise_v0(self._client.context, reply)
        return reply

    def _daemon(self, rpc: Rpc) -> Daemon:
        settings = self._settings
        found = {HOST: settings.hosts, POOL: settings.pools}.get(rpc.service, settings.jobs)
        if found is None:
            what, key = ("hosts", "hostmgr_url") if rpc.service == HOST else ("pools", "resmgr_url")
            raise Unsupported(
                f"{self._client.context}: {what} need {key} in the config", hint=f"add {key}", executed=False
            )
        return found

    async def _read(self, kind: type[M], name: str, body: Mapping[str, Json]) -> M:
        return (await self.call(name, body)).model(kind)

    # --- jobs ----------------------------------------------------------------------------------------------

    @endpoint("QueryJobs", READ)
    async def query_jobs(self, spec: Mapping[str, Json]) -> wire.QueryJobsResponse:
        return await self._read(wire.QueryJobsResponse, "QueryJobs", {"spec": dict(spec)})

    @endpoint("GetJob", READ)
    async def get_job(self, job: str, *, summary: bool = False) -> Reply:
        return await self.call("GetJob", {"jobId": job, "summaryOnly": True} if summary else {"jobId": job})

    @endpoint("GetJobIDFromJobName", READ)
    async def job_ids(self, name: str) -> wire.JobIdsResponse:
        return await self._read(wire.JobIdsResponse, "GetJobIDFromJobName", {"jobName": name})

    @endpoint("QueryPods", READ)
    async def query_pods(self, job: str, spec: Mapping[str, Json]) -> wire.QueryPodsResponse:
        """`spec` holds the pagination: the one beside it is only echoed by the server."""
        return await self._read(wire.QueryPodsResponse, "QueryPods", {"jobId": job, "spec": dict(spec)})

    @endpoint("ListJobWorkflows", READ, seed=False)
    async def list_workflows(self, job: str, limit: int, *, instance_events: bool = False) -> Reply:
        body: dict[str, Json] = {"jobId": job, "updatesLimit": limit, "instanceEvents": instance_events}
        return await self.call("ListJobWorkflows", body)

    @endpoint("ListJobUpdates", READ)
    async def list_updates(self, job: str) -> Reply:
        return await self.call("ListJobUpdates", {"jobId": job})

    @endpoint("GetWorkflowEvents", READ)
    async def workflow_events(self, job: str, instance: int, limit: int = 100) -> wire.WorkflowEventsResponse:
        body: dict[str, Json] = {"jobId": job, "instanceId": instance, "limit": limit}
        return await self._read(wire.WorkflowEventsResponse, "GetWorkflowEvents", body)

    async def _write_job(self, name: str, job: str, version: str, permit: Permit, **more: Json) -> str:
        """The new entity version; empty where the server returns none."""
        reply = await self.call(name, {"jobId": job, "version": version, **more}, permit)
        return reply.model(wire.VersionResponse).version

    @endpoint("StartJob", WRITE)
    async def start_job(self, job: str, version: str, *, permit: Permit) -> str:
        return await self._write_job("StartJob", job, version, permit)

    @endpoint("StopJob", WRITE)
    async def stop_job(self, job: str, version: str, *, permit: Permit) -> str:
        return await self._write_job("StopJob", job, version, permit)

    @endpoint("RestartJob", WRITE)
    async def restart_job(
        self, job: str, version: str, batch_size: int, ranges: Sequence[tuple[int, int]], *, permit: Permit
    ) -> str:
        """`ranges` are (from, to) with `to` excluded. Both shapes are sent; a server ignores the one it lacks."""
        pairs: list[Json] = [{"from": start, "to": end} for start, end in ranges]
        spec: dict[str, Json] = {"batchSize": batch_size, "ranges": pairs}
        return await self._write_job("RestartJob", job, version, permit, restartSpec=dict(spec), **spec)

    @endpoint("DeleteJob", WRITE)
    async def delete_job(self, job: str, version: str, *, force: bool, permit: Permit) -> str:
        return await self._write_job("DeleteJob", job, version, permit, force=force)

    @endpoint("PauseJobWorkflow", WRITE)
    async def pause_workflow(self, job: str, version: str, *, permit: Permit) -> str:
        return await self._write_job("PauseJobWorkflow", job, version, permit)

    @endpoint("ResumeJobWorkflow", WRITE)
    async def resume_workflow(self, job: str, version: str, *, permit: Permit) -> str:
        return await self._write_job("ResumeJobWorkflow", job, version, permit)

    @endpoint("AbortJobWorkflow", WRITE)
    async def abort_workflow(self, job: str, version: str, *, permit: Permit) -> str:
        return await self._write_job("AbortJobWorkflow", job, version, permit)

    # --- pods ----------------------------------------------------------------------------------------------

    @endpoint("GetPod", READ)
    async def get_pod(self, pod: str, *, limit: int = 1) -> Reply:
        """`limit` counts the current run and the earlier ones; 0 is all of them, 1 none of the earlier."""
        return await self.call("GetPod", {"podName": pod, "limit": limit})

    @endpoint("GetPodEvents", READ)
    async def pod_events(self, pod: str, pod_id: str | None = None) -> wire.PodEventsResponse:
        body: dict[str, Json] = {"podName": pod, **({"podId": pod_id} if pod_id else {})}
        return await self._read(wire.PodEventsResponse, "GetPodEvents", body)

    @endpoint("BrowsePodSandbox", READ)
    async def browse_sandbox(self, pod: str, pod_id: str | None = None) -> wire.SandboxResponse:
        body: dict[str, Json] = {"podName": pod, **({"podId": pod_id} if pod_id else {})}
        return await self._read(wire.SandboxResponse, "BrowsePodSandbox", body)

    @endpoint("StartPod", WRITE)
    async def start_pod(self, pod: str, *, permit: Permit) -> None:
        await self.call("StartPod", {"podName": pod}, permit)

    @endpoint("StopPod", WRITE)
    async def stop_pod(self, pod: str, *, permit: Permit) -> None:
        await self.call("StopPod", {"podName": pod}, permit)

    @endpoint("RestartPod", WRITE)
    async def restart_pod(self, pod: str, *, check_sla: bool, permit: Permit) -> None:
        await self.call("RestartPod", {"podName": pod, "checkSla": check_sla}, permit)

    # --- hosts and pools -----------------------------------------------------------------------------------

    @endpoint("QueryHosts", READ)
    async def query_hosts(self, states: Sequence[int] = ()) -> Reply:
        return await self.call("QueryHosts", {"hostStates": list(states)})

    @endpoint("ListHostPools", READ, seed=False)
    async def host_pools(self) -> wire.HostPoolsResponse:
        return await self._read(wire.HostPoolsResponse, "ListHostPools", {})

    @endpoint("StartMaintenance", WRITE)
    async def start_maintenance(self, host: str, *, permit: Permit) -> None:
        """The seed knows `hostnames`, newer servers `hostname` as well; each ignores what it lacks."""
        await self.call("StartMaintenance", {"hostname": host, "hostnames": [host]}, permit)

    @endpoint("CompleteMaintenance", WRITE)
    async def complete_maintenance(self, host: str, *, permit: Permit) -> None:
        await self.call("CompleteMaintenance", {"hostname": host, "hostnames": [host]}, permit)

    @endpoint("QueryResourcePools", READ)
    async def query_pools(self) -> wire.PoolsResponse:
        return await self._read(wire.PoolsResponse, "QueryResourcePools", {})

    @endpoint("GetResourcePool", READ)
    async def get_pool(self, pool: str) -> Reply:
        return await self.call("GetResourcePool", {"respoolId": pool, "includeChildPools": False})

    # --- Mesos agents: plain HTTP, no Rpc headers, and never the context's credentials ---------------------

    async def agent_browse(self, agent: str, path: str) -> Reply:
        return await self._agent(agent, "browse", {"path": path})

    async def agent_read(self, agent: str, path: str, offset: int, length: int) -> Reply:
        """Up to 64 KiB from a byte offset; offset -1 gives no data and the size as `offset`."""
        wanted = {"path": path, "offset": str(offset)}
        if offset >= 0:
            wanted["length"] = str(min(length, AGENT_READ_LIMIT))
        return await self._agent(agent, "read", wanted)

    async def agent_download(self, agent: str, path: str) -> Reply:
        return await self._agent(agent, "download", {"path": path})

    async def _agent(self, agent: str, what: str, params: dict[str, str]) -> Reply:
        return await self._client.request(
            "GET",
            f"http://{quote(agent, safe=':[].-')}/files/{what}",
            effect=READ,
            params=params,
            authenticate=False,
        )


def _raise_v0(context: str, reply: Reply) -> None:
    """v0's pool errors come as 200 with an `error` object."""
    found = reply.json()
    error = found.get("error") if isinstance(found, dict) else None
    if not isinstance(error, dict) or not error:
        return
    code, told = next(iter(error.items()))
    message = told.get("message") if isinstance(told, dict) else told
    kind = {"notFound": NotFound, "invalidPath": NotFound, "alreadyExists": Conflict}.get(code, Invalid)
    raise kind(f"{context}: {message or code}", code=code)
