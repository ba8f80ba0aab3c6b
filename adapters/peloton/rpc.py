"""Peloton's procedures as a table: where each one lives, what it does, what it takes. Enums are numbers here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from adapters.endpoint import Effect
from adapters.model import Json

JOB = "peloton.api.v1alpha.job.stateless.svc.JobService"
POD = "peloton.api.v1alpha.pod.svc.PodService"
HOST = "peloton.api.v1alpha.host.svc.HostService"
POOL = "peloton.api.v1alpha.respool.ResourcePoolService"  # this package has no `.svc`

V0: Mapping[str, str] = {HOST: "peloton.api.v0.host.svc.HostService", POOL: "peloton.api.respool.ResourceManager"}
"""What real daemons serve instead of the v1alpha services that have no implementation there."""

V0_NAMES: Mapping[str, str] = {"QueryResourcePools": "Query"}
V0_KEYS: Mapping[str, Mapping[str, str]] = {"GetResourcePool": {"respoolId": "id"}}


@dataclass(frozen=True, slots=True)
class Rpc:
    name: str
    service: str
    effect: Effect
    summary: str
    params: tuple[tuple[str, str], ...] = ()
    seed: bool = True


_ID, _VERSION, _POD = ("jobId", "job id"), ("version", "entity version"), ("podName", "pod name")


def _job(name: str, summary: str, *params: tuple[str, str], seed: bool = True) -> Rpc:
    return Rpc(name, JOB, Effect.READ, summary, params, seed)


def _write(service: str, name: str, summary: str, *params: tuple[str, str]) -> Rpc:
    return Rpc(name, service, Effect.WRITE, summary, params)


def _pod(name: str, summary: str, *params: tuple[str, str]) -> Rpc:
    return Rpc(name, POD, Effect.READ, summary, (_POD, *params))


RPCS: Mapping[str, Rpc] = {
    rpc.name: rpc
    for rpc in (
        _job("QueryJobs", "jobs that match, newest first", ("spec", "QuerySpec")),
        _job("GetJob", "one job: spec, status, update", _ID, _VERSION, ("summaryOnly", "bool")),
        _job("GetJobIDFromJobName", "ids of the jobs of that name, newest first", ("jobName", "text")),
        _job("GetJobCache", "what the job manager holds in memory", _ID),
        _job("QueryPods", "the job's pods", _ID, ("spec", "pod QuerySpec")),
        _job(
            "GetWorkflowEvents",
            "an instance's part in the update",
            _ID,
            ("instanceId", "number"),
            ("limit", "number"),
        ),
        _job(
            "ListJobWorkflows",
            "the job's updates",
            _ID,
            ("updatesLimit", "number"),
            ("instanceEvents", "bool"),
            seed=False,
        ),
        _job("ListJobUpdates", "the job's updates, on older servers", _ID),
        _write(JOB, "StartJob", "sets the job's goal to running", _ID, _VERSION),
        _write(JOB, "StopJob", "sets the job's goal to killed", _ID, _VERSION),
        _write(
            JOB,
            "RestartJob",
            "restarts pods in batches",
            _ID,
            _VERSION,
            ("restartSpec", "RestartSpec"),
            ("batchSize", "number"),
            ("ranges", "instance ranges"),
        ),
        _write(JOB, "DeleteJob", "removes the job", _ID, _VERSION, ("force", "bool")),
        _write(JOB, "PauseJobWorkflow", "pauses the current update", _ID, _VERSION),
        _write(JOB, "ResumeJobWorkflow", "resumes the current update", _ID, _VERSION),
        _write(JOB, "AbortJobWorkflow", "aborts the current update", _ID, _VERSION),
        _write(JOB, "RefreshJob", "reloads the job from storage", _ID),
        _pod("GetPod", "one pod and its earlier runs", ("statusOnly", "bool"), ("limit", "number")),
        _pod("GetPodEvents", "what happened to one run of the pod", ("podId", "pod id")),
        _pod("GetPodCache", "what the job manager holds in memory"),
        _pod("BrowsePodSandbox", "where the files of a run are", ("podId", "pod id")),
        _write(POD, "StartPod", "begins the next run", _POD),
        _write(POD, "StopPod", "stops the pod", _POD),
        _write(POD, "RestartPod", "ends this run, begins the next", _POD, ("checkSla", "bool")),
        _write(POD, "RefreshPod", "reloads the pod from storage", _POD),
        Rpc("QueryHosts", HOST, Effect.READ, "hosts by state", (("hostStates", "host states"),)),
        Rpc("ListHostPools", HOST, Effect.READ, "host pools and their hosts", seed=False),
        _write(HOST, "StartMaintenance", "drains a host", ("hostname", "text"), ("hostnames", "list of texts")),
        _write(
            HOST, "CompleteMaintenance", "takes a host back", ("hostname", "text"), ("hostnames", "list of texts")
        ),
        Rpc("QueryResourcePools", POOL, Effect.READ, "every resource pool"),
        Rpc(
            "GetResourcePool",
            POOL,
            Effect.READ,
            "one pool",
            (("respoolId", "pool id"), ("includeChildPools", "bool")),
        ),
        Rpc("LookupResourcePoolID", POOL, Effect.READ, "the id of a pool by its path", (("path", "pool path"),)),
    )
}

JOB_STATES = [
    "INVALID",
    "INITIALIZED",
    "PENDING",
    "RUNNING",
    "SUCCEEDED",
    "FAILED",
    "KILLED",
    "KILLING",
    "UNINITIALIZED",
    "DELETED",
]
POD_STATES = [
    "INVALID",
    "INITIALIZED",
    "PENDING",
    "READY",
    "PLACING",
    "PLACED",
    "LAUNCHING",
    "LAUNCHED",
    "STARTING",
    "RUNNING",
    "SUCCEEDED",
    "FAILED",
    "LOST",
    "KILLING",
    "KILLED",
    "PREEMPTING",
    "DELETED",
    "RESERVED",
]
HOST_STATES = ["INVALID", "UNKNOWN", "UP", "DRAINING", "DRAINED", "DOWN"]

ENUM_NUMBERS: Mapping[str, int] = {
    **{f"JOB_STATE_{name}": number for number, name in enumerate(JOB_STATES)},
    **{f"POD_STATE_{name}": number for number, name in enumerate(POD_STATES)},
    **{f"HOST_STATE_{name}": number for number, name in enumerate(HOST_STATES)},
    "ORDER_BY_ASC": 1,
    "ORDER_BY_DESC": 2,
}
ENUM_KEYS = frozenset({"jobStates", "podStates", "hostStates", "order", "job_states", "pod_states", "host_states"})
WRAPPED_KEYS = frozenset({"jobId", "version", "podName", "podId", "respoolId", "path", "respool"})


def as_request(value: Json, key: str = "") -> Json:
    """The request as real servers want it: enum names become numbers (names are refused), bare ids are wrapped."""
    if isinstance(value, dict):
        return {inner: as_request(held, inner) for inner, held in value.items()}
    if isinstance(value, list):
        return [as_request(item, key) for item in value]
    if isinstance(value, str):
        if key in ENUM_KEYS:
            return ENUM_NUMBERS.get(value, value)
        if key in WRAPPED_KEYS:
            return {"value": value}
    return value
