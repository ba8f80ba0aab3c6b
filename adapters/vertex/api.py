"""Vertex AI's JobService and operations v1, and Cloud Logging's entries, one method per endpoint."""

from __future__ import annotations

from urllib.parse import quote

from adapters.endpoint import Effect, endpoint
from adapters.errors import Invalid
from adapters.http import HttpClient, Reply
from adapters.model import Json
from adapters.permit import Permit

MAX_PAGE = 100
MAX_ENTRIES = 1000


def segment(text: str) -> str:
    """One path segment, whatever it holds. `.` and `..` would be resolved away on the way, nothing would name
    the collection."""
    if not text:
        raise Invalid("an id is empty", executed=False)
    return quote(text, safe="") if text.strip(".") else text.replace(".", "%2E")


class VertexApi:
    """`parent` is `projects/P/locations/L`, `logging_url` where Cloud Logging answers."""

    def __init__(self, http: HttpClient, parent: str, logging_url: str) -> None:
        self._http = http
        self._parent = parent
        self._logging_url = logging_url

    def job_path(self, job: str, verb: str = "") -> str:
        """The colon before a verb is a separator, and so not encoded."""
        return f"{self.jobs_path()}/{segment(job.rpartition('/customJobs/')[2])}{verb}"

    def jobs_path(self) -> str:
        return f"/v1/{self._parent}/customJobs"

    def _operation_path(self, operation: str, verb: str = "") -> str:
        """An operation goes by its whole name, which has the project's number in it, or by its last part."""
        if operation.startswith("projects/"):
            return f"/v1/{quote(operation, safe='/')}{verb}"
        return f"/v1/{self._parent}/operations/{segment(operation)}{verb}"

    async def _get(self, path: str, **params: str | int | None) -> Reply:
        query = {name: str(value) for name, value in params.items() if value not in (None, "")}
        return await self._http.request("GET", path, effect=Effect.READ, params=query or None)

    async def _write(self, method: str, path: str, permit: Permit, body: Json = None) -> Reply:
        return await self._http.request(method, path, effect=Effect.WRITE, permit=permit, json=body)

    # JobService

    @endpoint("CreateCustomJob", Effect.WRITE)
    async def create_custom_job(self, *, custom_job: Json, permit: Permit) -> Reply:
        """Create a job, which starts at once: displayName, jobSpec, labels, encryptionSpec."""
        return await self._write("POST", self.jobs_path(), permit, custom_job)

    @endpoint("GetCustomJob", Effect.READ)
    async def get_custom_job(self, *, name: str) -> Reply:
        """One job, by its id or whole name."""
        return await self._get(self.job_path(name))

    @endpoint("ListCustomJobs", Effect.READ)
    async def list_custom_jobs(
        self,
        *,
        filter: str | None = None,
        page_size: int | None = None,
        page_token: str | None = None,
        read_mask: str | None = None,
    ) -> Reply:
        """One page of jobs; filter by display_name, state, create_time, labels.KEY. No order can be asked for."""
        return await self._get(
            self.jobs_path(), filter=filter, pageSize=page_size, pageToken=page_token, readMask=read_mask
        )

    @endpoint("DeleteCustomJob", Effect.WRITE)
    async def delete_custom_job(self, *, name: str, permit: Permit) -> Reply:
        """Delete a job; the answer is the operation that does it."""
        return await self._write("DELETE", self.job_path(name), permit)

    @endpoint("CancelCustomJob", Effect.WRITE)
    async def cancel_custom_job(self, *, name: str, permit: Permit) -> Reply:
        """Ask for the end of a job; best effort, and takes effect later."""
        return await self._write("POST", self.job_path(name, ":cancel"), permit, {})

    # Operations

    @endpoint("ListOperations", Effect.READ, seed=False)
    async def list_operations(
        self, *, filter: str | None = None, page_size: int | None = None, page_token: str | None = None
    ) -> Reply:
        """The long-running operations of the region."""
        path = f"/v1/{self._parent}/operations"
        return await self._get(path, filter=filter, pageSize=page_size, pageToken=page_token)

    @endpoint("GetOperation", Effect.READ, seed=False)
    async def get_operation(self, *, name: str) -> Reply:
        """One operation, by its id or whole name."""
        return await self._get(self._operation_path(name))

    @endpoint("WaitOperation", Effect.READ, seed=False)
    async def wait_operation(self, *, name: str, timeout: str | None = None) -> Reply:
        """The operation when it is done, or after `timeout` ("5s")."""
        body: Json = {"timeout": timeout} if timeout else {}
        path = self._operation_path(name, ":wait")
        return await self._http.request("POST", path, effect=Effect.READ, json=body)

    @endpoint("CancelOperation", Effect.WRITE, seed=False)
    async def cancel_operation(self, *, name: str, permit: Permit) -> Reply:
        """Ask for the end of an operation; best effort."""
        return await self._write("POST", self._operation_path(name, ":cancel"), permit, {})

    @endpoint("DeleteOperation", Effect.WRITE, seed=False)
    async def delete_operation(self, *, name: str, permit: Permit) -> Reply:
        """Forget an operation; does not stop it."""
        return await self._write("DELETE", self._operation_path(name), permit)

    # Cloud Logging

    @endpoint("ListLogEntries", Effect.READ, seed=False)
    async def list_log_entries(
        self,
        *,
        filter: str,
        order_by: str = "timestamp asc",
        page_size: int = MAX_ENTRIES,
        page_token: str | None = None,
    ) -> Reply:
        """One page of the project's log entries, 1,000 at most; a page may be empty and yet go on."""
        body: dict[str, Json] = {
            "resourceNames": ["/".join(self._parent.split("/")[:2])],
            "filter": filter,
            "orderBy": order_by,
            "pageSize": page_size,
        }
        if page_token:
            body["pageToken"] = page_token
        url = f"{self._logging_url}/v2/entries:list"
        return await self._http.request("POST", url, effect=Effect.READ, json=body)
