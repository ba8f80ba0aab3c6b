"""batchq over HTTP, one method per endpoint; each declares whether it reads or writes."""

from __future__ import annotations

from urllib.parse import quote

from adapters.endpoint import Effect, endpoint
from adapters.http import HttpClient, Reply
from adapters.permit import Permit

BASE = "/batchq/v1"


class BatchqApi:
    def __init__(self, http: HttpClient) -> None:
        self._http = http

    async def _get(self, path: str, **params: str | int | None) -> Reply:
        given = {name: str(value) for name, value in params.items() if value is not None}
        return await self._http.request("GET", BASE + path, effect=Effect.READ, params=given or None)

    @endpoint("Ping", Effect.READ)
    async def ping(self) -> Reply:
        """The version of the server."""
        return await self._get("/ping")

    @endpoint("ListJobs", Effect.READ)
    async def list_jobs(
        self, *, state: str | None = None, after: str | None = None, limit: int | None = None
    ) -> Reply:
        """One page of jobs, newest first. `state` takes several words, parted by commas."""
        return await self._get("/jobs", state=state, after=after, limit=limit)

    @endpoint("GetJob", Effect.READ)
    async def get_job(self, *, id: str) -> Reply:
        """One job."""
        return await self._get(f"/jobs/{quote(id, safe='')}")

    @endpoint("GetLog", Effect.READ)
    async def get_log(self, *, id: str, offset: int = 0) -> Reply:
        """The output of a job from a byte offset on."""
        return await self._get(f"/jobs/{quote(id, safe='')}/log", offset=offset)

    @endpoint("CancelJob", Effect.WRITE)
    async def cancel_job(self, *, id: str, permit: Permit) -> Reply:
        """Take a job out of the queue, or end its process."""
        path = f"{BASE}/jobs/{quote(id, safe='')}/cancel"
        return await self._http.request("POST", path, effect=Effect.WRITE, permit=permit)
