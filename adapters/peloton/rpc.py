"""Peloton's procedures as a table: where each one lives, what it does, what it takes."""

from __future__ import annotations

from collections.abc import Mapping

from adapters.endpoint import Effect
from adapters.frozen import dataclass

JOB = "peloton.api.v1alpha.job.stateless.svc.JobService"
POD = "peloton.api.v1alpha.pod.svc.PodService"
HOST = "peloton.api.v1alpha.host.svc.HostService"
POOL = "peloton.api.v1alpha.respool.ResourcePoolService"  # this package has no `.svc`
VOLUME = "peloton.api.v1alpha.volume.svc.VolumeService"
WATCH = "peloton.api.v1alpha.watch.svc.WatchService"

V0: Mapping[str, str] = {HOST: "peloton.api.v0.host.svc.HostService", POOL: "peloton.api.respool.ResourceManager"}
"""What real daemons serve instead of the v1alpha services that have no implementation there."""

V0_NAMES: Mapping[str, str] = {"QueryResourcePools": "Query"}
V0_KEYS: Mapping[str, Mapping[str, str]] = {
    "GetResourcePool": {"respoolId": "id"},
    "CreateResourcePool": {"respoolId": "id", "spec": "config"},
    "UpdateResourcePool": {"respoolId": "id", "spec": "config"},
}

READ, WRITE = Effect.READ, Effect.WRITE


@dataclass(frozen=True, slots=True)
class Rpc:
    """`params` are the message's fields by their JSON names, each with its type in words. `stream` ones exist
    over gRPC only; `local` are parameters of runyard's own, which are not sent."""

    name: str
    service: str
    effect: Effect
    summary: str
    params: tuple[tuple[str, str], ...] = ()
    seed: bool = True
    stream: bool = False
    local: frozenset[str] = frozenset()

    @property
    def required(self) -> tuple[str, ...]:
        return tuple(name for name, words in self.params if not words.endswith("optional"))


TYPES = {"#": "number", "!": "true or false", "*": "JSON"}


def _params(text: str) -> tuple[tuple[str, str], ...]:
    """`jobId limit#? spec* force!?`: a name, its type (text without a mark), `?` where it may be left out."""
    found = []
    for word in text.split():
        bare = word.removesuffix("?")
        kind = TYPES.get(bare[-1], "text")
        name = bare.rstrip("".join(TYPES))
        found.append((name, f"{kind}, optional" if word.endswith("?") else kind))
    return tuple(found)


def _rpc(service: str, effect: Effect, name: str, params: str, summary: str, *, seed: bool = True) -> Rpc:
    return Rpc(name, service, effect, summary, _params(params), seed)


def _stream(service: str, name: str, params: str, summary: str, local: str = "") -> Rpc:
    given = (*_params(params), *_params(local))
    return Rpc(name, service, READ, summary, given, stream=True, local=frozenset(n for n, _ in _params(local)))


_JOBS = (
    _rpc(JOB, READ, "QueryJobs", "spec*?", "jobs that match a QuerySpec, newest first"),
    _rpc(JOB, READ, "GetJob", "jobId version? summaryOnly!?", "one job: spec, status, update"),
    _rpc(JOB, READ, "GetJobIDFromJobName", "jobName", "ids of the jobs of that name, newest first"),
    _rpc(JOB, READ, "GetJobCache", "jobId", "what the job manager holds of it in memory"),
    _rpc(
        JOB,
        READ,
        "QueryPods",
        "jobId spec*? pagination*? summaryOnly!?",
        "the job's pods",
    ),
    _rpc(JOB, READ, "GetWorkflowEvents", "jobId instanceId#? limit#?", "an instance's part in the update"),
    _rpc(
        JOB,
        READ,
        "ListJobWorkflows",
        "jobId updatesLimit#? instanceEvents!? instanceEventsLimit#?",
        "the job's updates",
        seed=False,
    ),
    _rpc(JOB, READ, "ListJobUpdates", "jobId", "the job's updates, on older servers"),
    _rpc(JOB, READ, "GetReplaceJobDiff", "jobId version spec*", "which instances a new spec would touch"),
    _rpc(JOB, WRITE, "CreateJob", "jobId? spec* secrets*? createSpec*? opaqueData*?", "makes a job"),
    _rpc(
        JOB,
        WRITE,
        "ReplaceJob",
        "jobId version spec* secrets*? updateSpec*? opaqueData*?",
        "updates it to a new spec",
    ),
    _rpc(
        JOB,
        WRITE,
        "PatchJob",
        "jobId version spec* secrets*? updateSpec*? opaqueData*?",
        "a stub on real servers: it does nothing",
    ),
    _rpc(JOB, WRITE, "StartJob", "jobId version", "sets the job's goal to running"),
    _rpc(JOB, WRITE, "StopJob", "jobId version", "sets the job's goal to killed"),
    _rpc(
        JOB,
        WRITE,
        "RestartJob",
        "jobId version restartSpec*? batchSize#? ranges*? opaqueData*?",
        "restarts pods in batches",
    ),
    _rpc(JOB, WRITE, "DeleteJob", "jobId version force!?", "removes the job"),
    _rpc(JOB, WRITE, "PauseJobWorkflow", "jobId version opaqueData*?", "pauses the current update"),
    _rpc(JOB, WRITE, "ResumeJobWorkflow", "jobId version opaqueData*?", "resumes the current update"),
    _rpc(JOB, WRITE, "AbortJobWorkflow", "jobId version opaqueData*?", "aborts the current update"),
    _rpc(JOB, WRITE, "RefreshJob", "jobId", "reloads the job from storage"),
)
_PODS = (
    _rpc(POD, READ, "GetPod", "podName statusOnly!? limit#?", "one pod and its earlier runs"),
    _rpc(POD, READ, "GetPodEvents", "podName podId?", "what happened to one run of the pod"),
    _rpc(POD, READ, "GetPodCache", "podName", "what the job manager holds of it in memory"),
    _rpc(POD, READ, "BrowsePodSandbox", "podName podId?", "where the files of a run are"),
    _rpc(POD, WRITE, "StartPod", "podName", "begins the next run"),
    _rpc(POD, WRITE, "StopPod", "podName", "stops the pod"),
    _rpc(POD, WRITE, "RestartPod", "podName checkSla!?", "ends this run, begins the next"),
    _rpc(POD, WRITE, "RefreshPod", "podName", "reloads the pod from storage"),
    _rpc(POD, WRITE, "DeletePodEvents", "podName podId", "forgets the events of one run of the pod"),
)
_PLACES = (
    _rpc(HOST, READ, "QueryHosts", "hostStates*?", "hosts by state"),
    _rpc(HOST, READ, "ListHostPools", "", "host pools and their hosts", seed=False),
    _rpc(HOST, WRITE, "StartMaintenance", "hostname? hostnames*?", "drains a host"),
    _rpc(HOST, WRITE, "CompleteMaintenance", "hostname? hostnames*?", "takes a host back"),
    _rpc(POOL, READ, "QueryResourcePools", "", "every resource pool"),
    _rpc(POOL, READ, "GetResourcePool", "respoolId includeChildPools!?", "one pool"),
    _rpc(POOL, READ, "LookupResourcePoolID", "path", "the id of a pool by its path"),
    _rpc(POOL, WRITE, "CreateResourcePool", "respoolId? spec*", "makes a pool under the spec's parent"),
    _rpc(POOL, WRITE, "UpdateResourcePool", "respoolId spec* Force!?", "gives a pool a new spec, whole"),
    _rpc(POOL, WRITE, "DeleteResourcePool", "respoolId", "removes a leaf pool that is not busy"),
    _rpc(VOLUME, READ, "ListVolumes", "jobId", "the job's persistent volumes"),
    _rpc(VOLUME, READ, "GetVolume", "volumeId", "one persistent volume"),
    _rpc(VOLUME, WRITE, "DeleteVolume", "volumeId", "removes a persistent volume"),
)
_STREAMS = (
    _stream(JOB, "ListJobs", "", "every job, streamed"),
    _stream(JOB, "ListPods", "jobId range*?", "the job's pods, streamed"),
    _stream(
        WATCH,
        "Watch",
        "startRevision#? statelessJobFilter*? podFilter*?",
        "changes of jobs or pods, for so many seconds",
        local="seconds#?",
    ),
    _rpc(WATCH, WRITE, "Cancel", "watchId", "ends a watch, whoever has it"),
)

RPCS: Mapping[str, Rpc] = {rpc.name: rpc for rpc in (*_JOBS, *_PODS, *_PLACES, *_STREAMS)}
