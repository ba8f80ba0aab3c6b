"""JobService and PodService, one method for each procedure; places and the transport are inherited."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from adapters.endpoint import Effect, endpoint
from adapters.http import Reply
from adapters.model import Json
from adapters.peloton import wire, wire_writes
from adapters.peloton.api_places import PlacesApi
from adapters.permit import Permit

READ, WRITE = Effect.READ, Effect.WRITE

Message = Mapping[str, Json]


class PelotonApi(PlacesApi):
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

    @endpoint("GetReplaceJobDiff", READ)
    async def replace_diff(self, job: str, version: str, spec: Message) -> wire_writes.ReplaceDiff:
        body: dict[str, Json] = {"jobId": job, "version": version, "spec": dict(spec)}
        return await self._read(wire_writes.ReplaceDiff, "GetReplaceJobDiff", body)

    @endpoint("GetJobCache", READ)
    async def job_cache(self, job: str) -> Reply:
        return await self.call("GetJobCache", {"jobId": job})

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

    @endpoint("CreateJob", WRITE)
    async def create_job(self, request: Message, *, permit: Permit) -> wire_writes.CreatedJob:
        """`request` holds spec, and jobId, createSpec, secrets, opaqueData where they are wanted."""
        return (await self.call("CreateJob", request, permit)).model(wire_writes.CreatedJob)

    @endpoint("ReplaceJob", WRITE)
    async def replace_job(self, job: str, version: str, request: Message, *, permit: Permit) -> str:
        """`request` holds spec, and updateSpec, secrets, opaqueData where they are wanted."""
        return await self._write_job("ReplaceJob", job, version, permit, **request)

    @endpoint("PatchJob", WRITE)
    async def patch_job(self, job: str, version: str, request: Message, *, permit: Permit) -> str:
        return await self._write_job("PatchJob", job, version, permit, **request)

    @endpoint("RefreshJob", WRITE)
    async def refresh_job(self, job: str, *, permit: Permit) -> None:
        await self.call("RefreshJob", {"jobId": job}, permit)

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

    @endpoint("RefreshPod", WRITE)
    async def refresh_pod(self, pod: str, *, permit: Permit) -> None:
        await self.call("RefreshPod", {"podName": pod}, permit)

    @endpoint("GetPodCache", READ)
    async def pod_cache(self, pod: str) -> Reply:
        return await self.call("GetPodCache", {"podName": pod})

    @endpoint("DeletePodEvents", WRITE)
    async def delete_pod_events(self, pod: str, pod_id: str, *, permit: Permit) -> None:
        await self.call("DeletePodEvents", {"podName": pod, "podId": pod_id}, permit)
