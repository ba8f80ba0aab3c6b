"""PodService: one pod, its runs and events, its sandbox, and starting and stopping it."""

from __future__ import annotations

from adapters.mock.fleet import jobs
from adapters.mock.fleet.model import Pod, Run
from adapters.mock.fleet.states import Ending, JobState, PodState
from adapters.peloton import mock_agents, mock_render, mock_spec
from adapters.peloton.mock_wire import (
    Call,
    Message,
    RpcError,
    aborted,
    flag,
    invalid,
    not_found,
    uint,
    value_of,
)

START_MESSAGE = "PodSVC.StartPod request"
MESOS_MASTER = ("10.64.0.2", "5050")


def _split(name: str, complaint: str) -> tuple[str, int]:
    """Job id and instance of a pod name."""
    job_id, _, instance = name.rpartition("-")
    if len(job_id) != 36:
        raise invalid(f"{complaint} {name}")
    if not instance.isascii() or not instance.isdigit():
        raise invalid(f"unable to parse instanceID {instance}" if complaint != "invalid pod name" else complaint)
    return job_id, int(instance)


def find_pod(call: Call, *, write: bool = False, complaint: str = "invalid pelotonTaskID") -> Pod:
    name = value_of(call.body, "podName")
    job_id, instance = _split(name, complaint)
    job = call.fleet.claim(job_id) if write else call.fleet.find(job_id)
    pod = job.pods.get(instance) if job else None
    if pod is None:
        raise not_found(f"task:{name} not found")
    return pod


def find_run(call: Call, pod: Pod) -> Run:
    """The run of `podId`; the latest without one."""
    pod_id = value_of(call.body, "podId")
    if not pod_id:
        return pod.run
    name, _, number = pod_id.rpartition("-")
    if name != pod.name or not number.isascii() or not number.isdigit():
        raise invalid(f"invalid pod id {pod_id}")
    run = pod.find_run(int(number))
    if run is None:
        raise not_found(f"pod run {pod_id} not found")
    return run


def start_pod(call: Call) -> Message:
    pod = find_pod(call, write=True)
    if pod.goal is PodState.DELETED:
        raise invalid("pod has goal state DELETED")
    if pod.goal is PodState.RUNNING:
        return {}
    pod.job.state, pod.job.completed = JobState.PENDING, None
    jobs.start_pod(call.fleet.world, pod, START_MESSAGE)
    return {}


def stop_pod(call: Call) -> Message:
    pod = find_pod(call, write=True)
    if pod.goal is not PodState.KILLED:
        jobs.stop_pod(call.fleet.world, pod)
    return {}


def restart_pod(call: Call) -> Message:
    """A pod whose goal is not RUNNING stays as it is."""
    pod = find_pod(call, write=True, complaint="invalid pod name")
    allowed = pod.job.spec.max_unavailable
    if flag(call.body, "checkSla") and allowed and pod.available and pod.job.unavailable >= allowed:
        raise aborted("pod restart would violate SLA")
    jobs.restart_pod(call.fleet.world, pod, Ending.KILLED_FOR_RESTART, "Task restarted via API")
    return {}


def get_pod(call: Call) -> Message:
    pod = find_pod(call)
    brief = flag(call.body, "statusOnly")
    limit = uint(call.body, "limit")
    previous = list(reversed(pod.runs[:-1]))
    if limit:
        previous = previous[: limit - 1]
    return {
        "current": mock_render.pod_info(call, pod, status_only=brief),
        "previous": [mock_render.pod_info(call, pod, run, status_only=brief) for run in previous],
    }


def get_pod_events(call: Call) -> Message:
    pod = find_pod(call)
    run = find_run(call, pod)
    return {"events": [mock_render.pod_event(call, pod, run, event) for event in reversed(run.events)]}


def delete_pod_events(call: Call) -> Message:
    pod = find_pod(call, write=True)
    if not value_of(call.body, "podId"):
        raise invalid("unable to parse podID: a run is required")
    find_run(call, pod).events.clear()
    return {}


def browse_sandbox(call: Call) -> Message:
    pod = find_pod(call)
    run = find_run(call, pod)
    ran_on = next((event for event in reversed(run.events) if event.state is PodState.RUNNING), None)
    if ran_on is None:
        raise aborted("pod has not been run")
    if mock_agents.unreachable(call.fleet, run):
        ip = call.fleet.world.hosts[run.host].ip
        raise RpcError("internal", f"failed to list files: dial tcp {ip}:5051: connect: no route to host")
    return {
        "hostname": call.cluster.base_host,
        "port": str(call.cluster.base_port),
        "paths": mock_agents.sandbox_of(call.fleet, pod, run).paths(),
        "mesosMasterHostname": MESOS_MASTER[0],
        "mesosMasterPort": MESOS_MASTER[1],
    }


def refresh_pod(call: Call) -> Message:
    find_pod(call)
    return {}


def get_pod_cache(call: Call) -> Message:
    """Like a job, a pod is cached while the job manager has work with it."""
    pod = find_pod(call)
    if pod.job.id not in call.fleet.world.jobs or pod.job.ended:
        raise not_found("pod not found in cache")
    spec = pod.job.specs[pod.run.version]
    return {"status": mock_render.pod_status(call, pod, pod.run), "labels": mock_spec.labels(spec.labels)}


METHODS = {
    "StartPod": start_pod,
    "StopPod": stop_pod,
    "RestartPod": restart_pod,
    "GetPod": get_pod,
    "GetPodEvents": get_pod_events,
    "BrowsePodSandbox": browse_sandbox,
    "RefreshPod": refresh_pod,
    "GetPodCache": get_pod_cache,
    "DeletePodEvents": delete_pod_events,
}
