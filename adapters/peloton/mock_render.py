"""Jobs, pods and workflows of the fleet as the API's messages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from adapters.mock.fleet.model import Job, Pod, PodEvent, Run, Workflow
from adapters.mock.fleet.states import Ending, PodState
from adapters.peloton import mock_spec
from adapters.peloton.mock_wire import Call, Map, Message, rfc3339, wrap


def config_version(number: int) -> Message | None:
    """Versions of pods, and of configurations, have only their first part."""
    return wrap(f"{number}-0-0") if number else None


def revision(call: Call, version: int, created: float, updated: float) -> Message:
    return {"version": str(version), "createdAt": call.nanos(created), "updatedAt": call.nanos(updated)}


def job_status(call: Call, job: Job) -> Message:
    pods = job.pods.values()
    by_version: dict[str, Counter[str]] = {}
    for pod in pods:
        by_version.setdefault(f"{pod.run.version}-0-0", Counter())[f"POD_STATE_{pod.state}"] += 1
    workflow = job.workflow
    return {
        "revision": revision(call, job.config + job.desired + job.workflow_number, job.created, job.updated),
        "state": f"JOB_STATE_{job.state}",
        "creationTime": call.time(job.created),
        "podStats": Map(sorted(Counter(f"POD_STATE_{pod.state}" for pod in pods).items())),
        "desiredState": f"JOB_STATE_{job.goal}",
        "version": wrap(job.version),
        "workflowStatus": workflow_status(call, workflow) if workflow else None,
        "podConfigurationVersionStats": Map(
            sorted((version, sum(n.values())) for version, n in by_version.items())
        ),
        "podStatsByConfigurationVersion": Map(
            (version, {"stateStats": Map(sorted(states.items()))}) for version, states in sorted(by_version.items())
        ),
    }


def job_summary(call: Call, job: Job) -> Message:
    spec = job.spec
    return {
        "jobId": wrap(job.id),
        "name": spec.name,
        "owner": spec.owner,
        "owningTeam": spec.team,
        "labels": mock_spec.labels(spec.labels),
        "instanceCount": spec.instances,
        "respoolId": wrap(spec.pool),
        "status": job_status(call, job),
        "sla": mock_spec.sla(spec),
    }


def job_spec(call: Call, job: Job, config: int | None = None) -> Message:
    number = job.config if config is None else config
    return mock_spec.render(job.specs[number], revision(call, number, job.created, job.updated))


def workflow_status(call: Call, workflow: Workflow) -> Message:
    done, failed = len(workflow.done), len(workflow.failed)
    return {
        "type": f"WORKFLOW_TYPE_{workflow.type}",
        "state": f"WORKFLOW_STATE_{workflow.state}",
        "numInstancesCompleted": done,
        "numInstancesRemaining": workflow.total - done - failed,
        "numInstancesFailed": failed,
        "instancesCurrent": sorted(workflow.current),
        "version": config_version(workflow.to_version),
        "prevVersion": config_version(workflow.from_version),
        "creationTime": call.time(workflow.created),
        "updateTime": call.time(workflow.updated),
        "prevState": f"WORKFLOW_STATE_{workflow.prev_state}" if workflow.prev_state else None,
        "completionTime": call.time(workflow.completed),
    }


def workflow_events(call: Call, workflow: Workflow, instance: int | None = None, limit: int = 0) -> list[Message]:
    """Newest first."""
    events = workflow.events if instance is None else workflow.instance_events.get(instance, [])
    chosen = list(reversed(events))
    return [
        {
            "type": f"WORKFLOW_TYPE_{workflow.type}",
            "timestamp": call.time(event.time),
            "state": f"WORKFLOW_STATE_{event.state}",
        }
        for event in (chosen[:limit] if limit else chosen)
    ]


def workflow_info(call: Call, workflow: Workflow, *, instance_events: bool = False, limit: int = 0) -> Message:
    """With the fields of the seed's shape and of the newer one."""
    info: Message = {
        "status": workflow_status(call, workflow),
        "opaqueData": {"data": workflow.opaque} if workflow.opaque else None,
        "events": workflow_events(call, workflow),
        "instancesAdded": ranges(workflow.added),
        "instancesRemoved": ranges(workflow.removed),
        "instancesUpdated": ranges(workflow.updated_instances),
    }
    if workflow.type == "RESTART":
        asked = [{"from": low, "to": high} for low, high in workflow.ranges]
        info["restartSpec"] = {"batchSize": workflow.batch, "ranges": asked, "inPlace": workflow.in_place}
        info["restartBatchSize"], info["restartRanges"] = workflow.batch, asked
    else:
        info["updateSpec"] = {
            "batchSize": workflow.batch,
            "rollbackOnFailure": workflow.rollback,
            "maxInstanceRetries": workflow.max_retries,
            "maxTolerableInstanceFailures": workflow.tolerable_failures,
            "startPaused": workflow.start_paused,
            "inPlace": workflow.in_place,
            "startPods": workflow.start_pods,
        }
    if instance_events:
        info["instanceEvents"] = [
            {"instanceId": instance, "events": workflow_events(call, workflow, instance, limit)}
            for instance in sorted(workflow.instance_events)
        ]
    return info


def ranges(instances: Iterable[int]) -> list[Message]:
    """Instance ids as ranges [from, to)."""
    found: list[list[int]] = []
    for instance in sorted(instances):
        if found and found[-1][1] == instance:
            found[-1][1] = instance + 1
        else:
            found.append([instance, instance + 1])
    return [{"from": low, "to": high} for low, high in found]


def pod_id(pod: Pod, number: int) -> str:
    return f"{pod.name}-{number}"


def pod_info(call: Call, pod: Pod, run: Run | None = None, *, status_only: bool = False) -> Message:
    chosen = pod.run if run is None else run
    spec = None if status_only else mock_spec.pod_spec(pod.job.specs[chosen.version], pod.name, pod.instance)
    return {"spec": spec, "status": pod_status(call, pod, chosen)}


def pod_status(call: Call, pod: Pod, run: Run) -> Message:
    current = run is pod.run
    return {
        "state": f"POD_STATE_{run.state}",
        "podId": wrap(pod_id(pod, run.number)),
        "startTime": call.time(run.started),
        "completionTime": call.time(run.ended),
        "host": run.host,
        "containersStatus": [_container_status(call, pod, run)],
        "desiredState": f"POD_STATE_{pod.goal if current else PodState.RUNNING}",
        "message": run.message,
        "reason": run.reason,
        "failureCount": pod.failures if current else 0,
        "volumeId": wrap(f"{pod.name}-volume") if pod.job.specs[run.version].volume_mb else None,
        "version": config_version(run.version),
        "desiredVersion": config_version(pod.version if current else run.version),
        "agentId": wrap(run.agent),
        "revision": revision(
            call, len(run.events), run.created, run.events[-1].time if run.events else run.created
        ),
        "prevPodId": wrap(pod_id(pod, run.number - 1)) if run.number > 1 else None,
        "resourceUsage": _usage(call, pod, run),
        "desiredPodId": wrap(pod_id(pod, pod.desired_run if current else run.number)),
        "desiredHost": pod.wanted_host if current else "",
        "hostId": run.host,
    }


def _container_status(call: Call, pod: Pod, run: Run) -> Message:
    """Of a container the real server tells no name, state or image."""
    names = pod.job.specs[run.version].ports
    return {
        "ports": Map(zip(names, run.ports, strict=False)),
        "message": run.message,
        "reason": run.reason,
        "failureCount": pod.failures if run is pod.run else 0,
        "healthy": {"state": f"HEALTH_STATE_{run.health}"},
        "startTime": call.time(run.started),
        "completionTime": call.time(run.ended),
        "terminationStatus": _termination(run),
    }


def _termination(run: Run) -> Message | None:
    if run.ended is None or run.ending is None:
        return None
    code = run.exit_code if run.ending is Ending.FAILED else 0
    return {"reason": f"TERMINATION_STATUS_REASON_{run.ending}", "exitCode": code, "signal": run.signal}


def _usage(call: Call, pod: Pod, run: Run) -> Map | None:
    if run.started is None:
        return None
    need = pod.job.specs[run.version].resources
    seconds = (run.ended if run.ended is not None else call.fleet.world.now) - run.started
    amounts: Sequence[tuple[str, float]] = (("cpu", need.cpu), ("gpu", need.gpu), ("memory", need.memory))
    return Map((kind, round(amount * seconds, 3)) for kind, amount in amounts)


def pod_event(call: Call, pod: Pod, run: Run, event: PodEvent) -> Message:
    """States and health are strings here, and times have no fraction."""
    return {
        "podId": wrap(pod_id(pod, run.number)),
        "actualState": f"POD_STATE_{event.state}",
        "desiredState": f"POD_STATE_{event.goal}",
        "timestamp": rfc3339(call.cluster.clock.stamp(event.time)),
        "version": config_version(event.version),
        "desiredVersion": config_version(event.desired_version),
        "agentId": event.agent,
        "hostname": event.host,
        "message": event.message,
        "reason": event.reason,
        "prevPodId": wrap(pod_id(pod, run.number - 1)) if run.number > 1 else None,
        "healthy": f"HEALTH_STATE_{event.health}",
        "desiredPodId": wrap(pod_id(pod, event.desired_run)),
    }
