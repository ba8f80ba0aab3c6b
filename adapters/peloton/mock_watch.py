"""What watches of WatchService see: no snapshot, then each change of a job or a pod, until their buffer is full."""

from __future__ import annotations

import uuid
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from adapters.mock.chance import Draw
from adapters.mock.cluster import SimCluster
from adapters.mock.fleet.model import Job, Pod
from adapters.peloton import mock_render
from adapters.peloton.mock_wire import (
    Call,
    Message,
    RpcError,
    invalid,
    not_found,
    part,
    parts,
    text,
    value_of,
    wrap,
)

BUFFER = 100
MOST = 1000
KEY = "peloton-watches"


@dataclass(eq=False, slots=True)
class Watch:
    """One watch. `buffer` holds what was not sent yet; when it is full the watch has overflown and is over."""

    id: str
    call: Call
    pods: bool
    jobs: frozenset[str]
    names: frozenset[str]
    labels: frozenset[tuple[str, str]]
    buffer: deque[Message] = field(default_factory=deque)
    overflown: bool = False
    cancelled: bool = False
    known: dict[str, Any] = field(default_factory=dict)

    def look(self, job: Job, *, quiet: bool = False) -> None:
        """Note what changed in a job since the last look; `quiet` only learns it."""
        if self.jobs and job.id not in self.jobs:
            return
        for key, signature, message in self._pods(job) if self.pods else self._job(job):
            if self.known.get(key) != signature:
                self.known[key] = signature
                if not quiet:
                    self._push(message())

    def _push(self, message: Message) -> None:
        if len(self.buffer) >= BUFFER:
            self.overflown = True
        else:
            self.buffer.append(message)

    def _job(self, job: Job) -> Iterator[tuple[str, Any, Any]]:
        if not self.labels <= set(job.spec.labels):
            return
        gone = job.id not in self.call.fleet.world.jobs
        flow = job.workflow
        steps = (flow.state, len(flow.done), len(flow.failed), len(flow.current)) if flow else None
        counts = sorted(pod.state for pod in job.pods.values())
        signature = (gone, job.state, job.version, job.goal, steps, counts)

        def message() -> Message:
            summary = mock_render.job_summary(self.call, job)
            if gone:
                summary["status"]["state"] = "JOB_STATE_DELETED"
            return {"statelessJobs": [summary]}

        yield job.id, signature, message

    def _pods(self, job: Job) -> Iterator[tuple[str, Any, Any]]:
        here = job.pods if job.id in self.call.fleet.world.jobs else {}
        for pod in here.values():
            if (not self.names or pod.name in self.names) and self.labels <= set(pod.spec.labels):
                run = pod.run
                signature = (run.number, run.state, pod.goal, run.health, run.message, run.host, pod.desired_run)
                yield pod.name, signature, lambda pod=pod: {"pods": [pod_summary(self.call, pod)]}
        prefix = f"{job.id}-"
        present = {pod.name for pod in here.values()}
        for name in [name for name in self.known if name.startswith(prefix) and name not in present]:
            yield name, "deleted", lambda name=name: {"pods": [_deleted(name)]}


def pod_summary(call: Call, pod: Pod) -> Message:
    return {"podName": wrap(pod.name), "status": mock_render.pod_status(call, pod, pod.run)}


def _deleted(name: str) -> Message:
    return {"podName": wrap(name), "status": {"state": "POD_STATE_DELETED", "desiredState": "POD_STATE_DELETED"}}


class Hub:
    """The watches of one life of the cluster."""

    def __init__(self, cluster: SimCluster) -> None:
        self.cluster = cluster
        self.generation = cluster.generation
        self.watches: dict[str, Watch] = {}
        self.closing = False
        self._opened = 0

    @property
    def over(self) -> bool:
        """The cluster was reset, or its server ends: to clients the leader has changed."""
        return self.closing or self.cluster.generation != self.generation

    def open(self, call: Call) -> Watch:
        """A watch for a WatchRequest; the pod filter wins over the job filter. `startRevision` is ignored."""
        pods = call.body.get("podFilter") is not None
        if not pods and call.body.get("statelessJobFilter") is None:
            raise invalid("not supported watch type")
        if len(self.watches) >= MOST:
            raise RpcError("resource-exhausted", "max client reached")
        wanted = part(call.body, "podFilter" if pods else "statelessJobFilter")
        job = value_of(wanted, "jobId") if pods else ""
        watch = Watch(
            self._new_id("task" if pods else "job"),
            call,
            pods,
            frozenset([job] if job else [text(each, "value") for each in parts(wanted, "jobIds")]),
            frozenset(text(each, "value") for each in parts(wanted, "podNames")),
            frozenset((text(each, "key"), text(each, "value")) for each in parts(wanted, "labels")),
        )
        for known in call.fleet.world.jobs.values():
            watch.look(known, quiet=True)
        self.watches[watch.id] = watch
        call.fleet.world.watchers.append(watch.look)
        return watch

    def _new_id(self, kind: str) -> str:
        self._opened += 1
        draw = Draw(self.cluster.seed, "watch", self._opened)
        return f"{kind}_{uuid.UUID(int=draw.number('high') << 64 | draw.number('low'), version=4)}"

    def close(self, watch: Watch) -> None:
        self.watches.pop(watch.id, None)
        watchers = watch.call.fleet.world.watchers
        if watch.look in watchers:
            watchers.remove(watch.look)


def hub_of(cluster: SimCluster) -> Hub:
    if KEY not in cluster.memory:
        cluster.memory[KEY] = Hub(cluster)
    hub: Hub = cluster.memory[KEY]
    return hub


def cancel(call: Call) -> Message:
    """Real servers know only watches of pods here."""
    watch = hub_of(call.cluster).watches.get(text(call.body, "watchId"))
    if watch is None or not watch.pods:
        raise not_found("invalid watch id")
    watch.cancelled = True
    return {}
