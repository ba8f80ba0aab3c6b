"""batchq's server over the simulated cluster. It shares nothing with the adapter but what the API says."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import islice
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from adapters.mock.behaviour import Phase
from adapters.mock.cluster import SimCluster
from adapters.mock.worklog import work_log

WORDS = {
    Phase.PENDING: "queued",
    Phase.RUNNING: "running",
    Phase.PAUSED: "queued",
    Phase.ABORTING: "cancelling",
    Phase.ABORTED: "cancelled",
    Phase.SUCCEEDED: "done",
    Phase.FAILED: "failed",
    Phase.SKIPPED: "cancelled",
}
MOST = 100


def routes(cluster: SimCluster) -> list[Route]:
    cluster.errors["batchq"] = lambda status: _error(status, "injected by a fault")
    server = Server(cluster)
    base = "/batchq/v1"
    return [
        Route(f"{base}/ping", server.ping),
        Route(f"{base}/jobs", server.list),
        Route(base + "/jobs/{id}", server.get),
        Route(base + "/jobs/{id}/log", server.log),
        Route(base + "/jobs/{id}/cancel", server.cancel, methods=["POST"]),
    ]


def _error(status: int, text: str) -> JSONResponse:
    return JSONResponse({"error": text}, status)


class Server:
    def __init__(self, cluster: SimCluster) -> None:
        self._cluster = cluster

    async def ping(self, request: Request) -> JSONResponse:
        return JSONResponse({"version": "3.2"})

    async def list(self, request: Request) -> JSONResponse:
        asked = request.query_params
        words = set(asked["state"].split(",")) if "state" in asked else set(WORDS.values())
        size = min(int(asked.get("limit", MOST)), MOST)
        timeline = self._cluster.timeline("batchq")
        after = timeline.find(asked["after"]) if "after" in asked else None
        until = timeline.created(after) if after is not None else float("inf")
        rows = (
            index
            for index in timeline.descending(until)
            if (after is None or index < after) and self._word(index) in words
        )
        found = [*islice(rows, size + 1)]
        jobs = [self._job(index) for index in found[:size]]
        more = {"next": jobs[-1]["id"]} if len(found) > size else {}
        return JSONResponse({"jobs": jobs, **more})

    async def get(self, request: Request) -> JSONResponse:
        index = self._find(request)
        return _error(404, "no such job") if index is None else JSONResponse(self._job(index))

    async def log(self, request: Request) -> JSONResponse:
        index = self._find(request)
        if index is None:
            return _error(404, "no such job")
        timeline, now = self._cluster.timeline("batchq"), self._cluster.clock.now()
        key, stamp = timeline.draw(index).key, self._cluster.clock.stamp
        steps = timeline.outline(index).workload.steps
        spans = timeline.course(index).spans
        written = "".join(work_log(steps[span.step].kind, span, key, now, stamp) for span in spans).encode()
        offset = int(request.query_params.get("offset", 0))
        return JSONResponse({"text": written[offset:].decode(), "size": len(written)})

    async def cancel(self, request: Request) -> JSONResponse:
        index = self._find(request)
        if index is None:
            return _error(404, "no such job")
        if not self._cluster.timeline("batchq").abort(index):
            return _error(409, f"the job is {self._word(index)}")
        return JSONResponse({})

    def _find(self, request: Request) -> int | None:
        return self._cluster.timeline("batchq").find(request.path_params["id"])

    def _word(self, index: int) -> str:
        return WORDS[self._cluster.timeline("batchq").phase(index, self._cluster.clock.now())]

    def _job(self, index: int) -> dict[str, Any]:
        timeline, now = self._cluster.timeline("batchq"), self._cluster.clock.now()
        outline, ended = timeline.outline(index), timeline.finished(index, now)
        word = self._word(index)
        return {
            "id": timeline.uuid(index),
            "name": outline.name,
            "state": word,
            "user": outline.owner,
            "queue": outline.workload.group,
            "priority": index % 10,
            "submitted": self._time(outline.created),
            "started": self._time(outline.started) if outline.started <= now else None,
            "ended": self._time(ended) if ended is not None else None,
            "exit_code": {"done": 0, "failed": outline.story.exit_code if outline.story else 1}.get(word),
            "reason": outline.story.reason if outline.story and word == "failed" else None,
        }

    def _time(self, moment: float) -> str:
        return datetime.fromtimestamp(self._cluster.clock.stamp(moment), UTC).isoformat()
