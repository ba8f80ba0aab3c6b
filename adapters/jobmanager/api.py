"""Job Manager over HTTP, one method per operation of its definition; each returns the answer as it came."""

from __future__ import annotations

from urllib.parse import quote

from adapters.endpoint import Effect, endpoint
from adapters.errors import Invalid
from adapters.http import HttpClient, Reply
from adapters.model import Json
from adapters.permit import Permit


def segment(text: str) -> str:
    """One path segment, whatever it holds: the ids of dsub have `+`, and a bare `..` would be resolved away."""
    if not text:
        raise Invalid("an id is empty", executed=False)
    return quote(text, safe="") if text.strip(".") else text.replace(".", "%2E")


class JobManagerApi:
    """`base` is the path prefix of the server beyond the context's url."""

    def __init__(self, http: HttpClient, base: str = "/api/v1") -> None:
        self._http = http
        self.base = base

    async def _get(self, path: str, **params: str | None) -> Reply:
        query = {name: value for name, value in params.items() if value is not None}
        return await self._http.request("GET", self.base + path, effect=Effect.READ, params=query or None)

    @endpoint("GetCapabilities", Effect.READ)
    async def get_capabilities(self) -> Reply:
        """What this server shows, lets be edited and can be queried by. Needs no login."""
        return await self._get("/capabilities")

    @endpoint("QueryJobs", Effect.READ)
    async def query_jobs(
        self,
        *,
        start: str | None = None,
        end: str | None = None,
        submission: str | None = None,
        status: Json = None,
        labels: Json = None,
        id: str | None = None,
        name: str | None = None,
        page_size: int | None = None,
        page_token: str | None = None,
        extensions: Json = None,
    ) -> Reply:
        """One page of jobs, newest submission first. Times are ISO 8601 in UTC, status is a list."""
        if isinstance(status, str):
            status = list[Json](status.split(","))
        body: dict[str, Json] = {
            "start": start,
            "end": end,
            "submission": submission,
            "status": status,
            "labels": labels,
            "id": id,
            "name": name,
            "pageSize": page_size,
            "pageToken": page_token,
            "extensions": extensions,
        }
        sent: Json = {key: value for key, value in body.items() if value is not None}
        return await self._http.request("POST", f"{self.base}/jobs/query", effect=Effect.READ, json=sent)

    @endpoint("GetJob", Effect.READ)
    async def get_job(self, *, id: str) -> Reply:
        """One job with its tasks, failures, inputs and outputs."""
        return await self._get(f"/jobs/{segment(id)}")

    @endpoint("AbortJob", Effect.WRITE)
    async def abort_job(self, *, id: str, permit: Permit) -> Reply:
        """Ask for the end of a job; Cromwell takes a while to obey."""
        path = f"{self.base}/jobs/{segment(id)}/abort"
        return await self._http.request("POST", path, effect=Effect.WRITE, permit=permit, json={})

    @endpoint("UpdateJobLabels", Effect.WRITE)
    async def update_job_labels(self, *, id: str, labels: Json, permit: Permit) -> Reply:
        """Merge labels into those of a job; the empty text clears one."""
        path = f"{self.base}/jobs/{segment(id)}/updateLabels"
        return await self._http.request("POST", path, effect=Effect.WRITE, permit=permit, json={"labels": labels})

    @endpoint("GetTaskAttempts", Effect.READ)
    async def get_task_attempts(self, *, id: str, task: str) -> Reply:
        """Every try of a task; of a scattered one those of all its shards, mixed."""
        return await self._get(f"/jobs/{segment(id)}/{segment(task)}/attempts")

    @endpoint("GetShardAttempts", Effect.READ)
    async def get_shard_attempts(self, *, id: str, task: str, index: str) -> Reply:
        """Every try of one shard of a scattered task."""
        return await self._get(f"/jobs/{segment(id)}/{segment(task)}/{segment(index)}/attempts")

    @endpoint("GetOperationDetails", Effect.READ)
    async def get_operation_details(self, *, job: str, operation: str | None = None) -> Reply:
        """What the backend itself says of an operation, as JSON in a text."""
        return await self._get("/jobs/operationDetails", job=job, operation=operation)

    @endpoint("TailFileContents", Effect.READ)
    async def tail_file_contents(self, *, bucket: str, object: str) -> Reply:
        """The last 500,000 bytes of an object in Google Cloud Storage."""
        return await self._get("/jobs/tailFile", bucket=bucket, object=object)

    @endpoint("GetJobAggregations", Effect.READ)
    async def get_job_aggregations(self, *, time_frame: str, project_id: str | None = None) -> Reply:
        """Jobs by status in a time frame: HOURS_1, HOURS_8, HOURS_24, DAYS_7, DAYS_30 or ALL_TIME."""
        return await self._get("/aggregations", timeFrame=time_frame, projectId=project_id)

    @endpoint("Health", Effect.READ)
    async def health(self) -> Reply:
        """Whether the server reaches what it stands in front of. Needs no login."""
        return await self._get("/health")
