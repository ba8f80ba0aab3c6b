"""KFP v2beta1 over HTTP, one method per endpoint; each returns the whole answer as it came."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from urllib.parse import quote

from adapters.endpoint import Effect, endpoint
from adapters.errors import Invalid
from adapters.http import HttpClient, Reply
from adapters.model import Json
from adapters.permit import Permit

BASE = "/apis/v2beta1"
LOG_TIMEOUT = 60.0
Predicate = Mapping[str, Json]


def segment(text: str) -> str:
    """One path segment, whatever it holds. `.` and `..` would be resolved away on the way, nothing would name
    the collection."""
    if not text:
        raise Invalid("an id is empty", executed=False)
    return quote(text, safe="") if text.strip(".") else text.replace(".", "%2E")


def filter_text(predicates: Sequence[Predicate]) -> str:
    """The `filter` parameter. The server decodes it twice, so it is encoded once here and once as a parameter;
    plain JSON would break on a value with `%` or `+`."""
    return quote(json.dumps({"predicates": list(predicates)}, separators=(",", ":")), safe="") if predicates else ""


class KfpApi:
    def __init__(self, http: HttpClient) -> None:
        self._http = http

    async def _get(self, path: str, **params: str | int | None) -> Reply:
        query = {name: str(value) for name, value in params.items() if value not in (None, "")}
        return await self._http.request("GET", path, effect=Effect.READ, params=query or None)

    async def _write(self, method: str, path: str, permit: Permit, body: Json = None) -> Reply:
        return await self._http.request(method, path, effect=Effect.WRITE, permit=permit, json=body)

    # RunService

    @endpoint("CreateRun", Effect.WRITE)
    async def create_run(self, *, run: Json, permit: Permit) -> Reply:
        """Start a run: experiment_id, display_name, a pipeline source and runtime_config."""
        return await self._write("POST", f"{BASE}/runs", permit, run)

    @endpoint("GetRun", Effect.READ)
    async def get_run(self, *, run_id: str) -> Reply:
        """One run with all its tasks."""
        return await self._get(f"{BASE}/runs/{segment(run_id)}")

    @endpoint("ListRuns", Effect.READ)
    async def list_runs(
        self,
        *,
        namespace: str | None = None,
        experiment_id: str | None = None,
        page_token: str | None = None,
        page_size: int | None = None,
        sort_by: str | None = None,
        filter: str | None = None,
    ) -> Reply:
        """One page of runs; without sort_by the oldest first. At most 200 a page, archived ones included."""
        return await self._get(
            f"{BASE}/runs",
            namespace=namespace,
            experiment_id=experiment_id,
            page_token=page_token,
            page_size=page_size,
            sort_by=sort_by,
            filter=filter,
        )

    @endpoint("ArchiveRun", Effect.WRITE)
    async def archive_run(self, *, run_id: str, permit: Permit) -> Reply:
        """Move a run to the archive; it goes on running."""
        return await self._write("POST", f"{BASE}/runs/{segment(run_id)}:archive", permit)

    @endpoint("UnarchiveRun", Effect.WRITE)
    async def unarchive_run(self, *, run_id: str, permit: Permit) -> Reply:
        """Move a run back from the archive."""
        return await self._write("POST", f"{BASE}/runs/{segment(run_id)}:unarchive", permit)

    @endpoint("TerminateRun", Effect.WRITE)
    async def terminate_run(self, *, run_id: str, permit: Permit) -> Reply:
        """End a run that is pending, running or paused."""
        return await self._write("POST", f"{BASE}/runs/{segment(run_id)}:terminate", permit)

    @endpoint("RetryRun", Effect.WRITE)
    async def retry_run(self, *, run_id: str, permit: Permit) -> Reply:
        """Run the failed tasks of a failed run again."""
        return await self._write("POST", f"{BASE}/runs/{segment(run_id)}:retry", permit)

    @endpoint("DeleteRun", Effect.WRITE)
    async def delete_run(self, *, run_id: str, permit: Permit) -> Reply:
        """Delete a run and its workflow, in any state."""
        return await self._write("DELETE", f"{BASE}/runs/{segment(run_id)}", permit)

    @endpoint("ReadArtifact", Effect.READ)
    async def read_artifact(self, *, run_id: str, node_id: str, artifact_name: str) -> Reply:
        """The data, base64, of an artifact that the Argo node recorded; gone from many servers since 2.15."""
        where = f"{segment(run_id)}/nodes/{segment(node_id)}/artifacts/{segment(artifact_name)}"
        return await self._get(f"{BASE}/runs/{where}:read")

    # Beside the RunService

    @endpoint("GetHealthz", Effect.READ, seed=False)
    async def healthz(self) -> Reply:
        """The server's version, and whether it is multi-user."""
        return await self._get(f"{BASE}/healthz")

    @endpoint("ListExperiments", Effect.READ, seed=False)
    async def list_experiments(
        self,
        *,
        namespace: str | None = None,
        page_token: str | None = None,
        page_size: int | None = None,
        sort_by: str | None = None,
        filter: str | None = None,
    ) -> Reply:
        """One page of experiments."""
        return await self._get(
            f"{BASE}/experiments",
            namespace=namespace,
            page_token=page_token,
            page_size=page_size,
            sort_by=sort_by,
            filter=filter,
        )

    @endpoint("GetExperiment", Effect.READ, seed=False)
    async def get_experiment(self, *, experiment_id: str) -> Reply:
        """One experiment: name, namespace, whether it is archived."""
        return await self._get(f"{BASE}/experiments/{segment(experiment_id)}")

    @endpoint("GetPipeline", Effect.READ, seed=False)
    async def get_pipeline(self, *, pipeline_id: str) -> Reply:
        """One pipeline, for its name."""
        return await self._get(f"{BASE}/pipelines/{segment(pipeline_id)}")

    @endpoint("GetPipelineVersion", Effect.READ, seed=False)
    async def get_pipeline_version(self, *, pipeline_id: str, pipeline_version_id: str) -> Reply:
        """One version of a pipeline, with its spec."""
        return await self._get(f"{BASE}/pipelines/{segment(pipeline_id)}/versions/{segment(pipeline_version_id)}")

    @endpoint("ReadRunLog", Effect.READ, seed=False)
    async def read_log(self, *, run_id: str, node_id: str) -> Reply:
        """The whole log of a pod (`node_id` is its name); a failure is JSON at its end, with status 200."""
        return await self._http.request(
            "GET",
            f"/apis/v1alpha1/runs/{segment(run_id)}/nodes/{segment(node_id)}/log",
            effect=Effect.READ,
            headers={"Accept": "*/*"},
            timeout=LOG_TIMEOUT,
        )
