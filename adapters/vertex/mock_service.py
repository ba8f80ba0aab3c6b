"""The JobService as far as custom jobs go: create, get, list, cancel, delete."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adapters.mock.names import WORKLOADS, Step, Workload
from adapters.vertex import mock_operations
from adapters.vertex.mock_jobs import TERMINAL
from adapters.vertex.mock_lists import list_jobs
from adapters.vertex.mock_schema import camel, numbered, read
from adapters.vertex.mock_spec import check
from adapters.vertex.mock_wire import Refused, invalid
from adapters.vertex.mock_world import World

if TYPE_CHECKING:
    from adapters.vertex.mock import Call

LIST_PARAMETERS = frozenset({"filter", "pageSize", "pageToken", "readMask"})
KEPT = ("displayName", "jobSpec", "labels", "encryptionSpec")
"""What a client decides about a new job; everything else in its body is the server's, and ignored."""


class JobService:
    def __init__(self, lenient_cancel: bool) -> None:
        self._lenient_cancel = lenient_cancel

    def list(self, world: World, call: Call) -> dict[str, Any]:
        for name in call.query:
            if camel(name) not in LIST_PARAMETERS:
                raise invalid(
                    f'Invalid JSON payload received. Unknown name "{name}": Cannot bind query parameter. '
                    f"Field '{name}' could not be found in request message."
                )
        page = list_jobs(world, call.query, mine=call.parts["location"] == world.region)
        if call.numbers and "customJobs" in page:
            page["customJobs"] = [numbered("CustomJob", job) for job in page["customJobs"]]
        return page

    def get(self, world: World, call: Call) -> dict[str, Any]:
        return self._told(world, self._find(world, call), call)

    def create(self, world: World, call: Call) -> dict[str, Any]:
        if call.parts["location"] != world.region:
            raise Refused("FAILED_PRECONDITION", f"This endpoint does not serve {call.parts['location']}.")
        job = read("CustomJob", call.body(), "custom_job")
        check(job)
        name = job["displayName"]
        index = world.timeline.create(name, _workload(name), job.get("labels", {}).get("owner", ""))
        for pool in job["jobSpec"]["workerPoolSpecs"]:
            if pool:
                pool.setdefault("replicaCount", "1")
                pool.setdefault("diskSpec", {"bootDiskType": "pd-ssd", "bootDiskSizeGb": 100})
        world.timeline.touch(index).extra["job"] = {key: job[key] for key in KEPT if key in job}
        return self._told(world, index, call)

    def cancel(self, world: World, call: Call) -> dict[str, Any]:
        call.body()
        index = self._find(world, call)
        if not world.cancel(index) and not self._lenient_cancel:
            raise Refused(
                "FAILED_PRECONDITION",
                f"The CustomJob {world.name(index)} is in state {world.state(index)} and cannot be cancelled.",
            )
        return {}

    def delete(self, world: World, call: Call) -> dict[str, Any]:
        index = self._find(world, call)
        state = world.state(index)
        if state not in TERMINAL:
            raise Refused(
                "FAILED_PRECONDITION",
                f"The CustomJob {world.name(index)} is in state {state}. Cancel it before it is deleted.",
            )
        world.timeline.delete(index)
        return mock_operations.start(world).to_json(world)

    def _find(self, world: World, call: Call) -> int:
        index = world.find(call.parts["job"]) if call.parts["location"] == world.region else None
        if index is None:
            name = f"projects/{call.parts['project']}/locations/{call.parts['location']}"
            raise Refused("NOT_FOUND", f"The CustomJob does not exist: {name}/customJobs/{call.parts['job']}")
        return index

    def _told(self, world: World, index: int, call: Call) -> dict[str, Any]:
        job = world.render(index)
        return numbered("CustomJob", job) if call.numbers else job


def _workload(name: str) -> Workload:
    """What a new job does: like the seeded ones of its name, else a short training."""
    for known in WORKLOADS:
        if name.startswith(known.name):
            return known
    return Workload(name, "{n}", "adhoc", ("ana",), (Step("train", "train", 6),))
