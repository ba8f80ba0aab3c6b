"""Maintenance: a host drains pod by pod as far as the jobs' SLAs allow, then goes down; and hosts that are lost."""

from __future__ import annotations

from adapters.mock.fleet import lifecycle
from adapters.mock.fleet.model import Host, Job, Pod
from adapters.mock.fleet.states import Ending, HostState, PodState
from adapters.mock.fleet.world import World
from adapters.mock.stories import STORY

FIRST_SECONDS, EACH_SECONDS, DRAINED_SECONDS = 3.0, 4.0, 3.0
EVICTED = "evicting running task"


def start(world: World, host: Host) -> None:
    """UP -> DRAINING; a host that is already draining or drained goes on as it was."""
    if host.state is not HostState.UP:
        return
    host.state, host.goal, host.since = HostState.DRAINING, HostState.DOWN, world.now
    plan(world, host, FIRST_SECONDS)


def complete(world: World, host: Host) -> None:
    host.state, host.goal, host.crashed, host.since = HostState.UP, HostState.UP, False, world.now
    lifecycle.wake_waiting(world)


def plan(world: World, host: Host, seconds: float = EACH_SECONDS) -> None:
    if host.state is HostState.DRAINING and host.name not in world.drains_planned:
        world.drains_planned.add(host.name)
        world.after(seconds, _step, host)


def nudge(world: World, job: Job) -> None:
    """A pod of this job has changed, so a drain that waited for it may go on."""
    for pod in job.pods.values():
        host = world.hosts.get(pod.run.host)
        if host is not None and host.state is HostState.DRAINING:
            plan(world, host)
    for host in world.hosts.values():
        if host.state is HostState.DRAINING and not host.pods:
            plan(world, host)


def _step(world: World, host: Host) -> None:
    world.drains_planned.discard(host.name)
    if host.state is not HostState.DRAINING:
        return
    if not host.pods:
        host.state, host.since = HostState.DRAINED, world.now
        world.after(DRAINED_SECONDS, _down, host)
        return
    leaving = sum(1 for pod in host.pods.values() if pod.state is PodState.KILLING)
    for pod in sorted(host.pods.values(), key=lambda pod: (pod.job.spec.max_unavailable > 0, pod.name)):
        if pod.state is not PodState.KILLING and may_leave(pod):
            lifecycle.kill(world, pod, Ending.KILLED_HOST_MAINTENANCE, EVICTED, reason="REASON_HOST_MAINTENANCE")
            plan(world, host)
            return
    if leaving:
        plan(world, host)


def may_leave(pod: Pod) -> bool:
    """Whether the SLA of its job lets this pod go now. A pod that is down already costs nothing."""
    allowed = pod.job.spec.max_unavailable
    return not allowed or not pod.available or pod.job.unavailable < allowed


def _down(world: World, host: Host) -> None:
    if host.state is HostState.DRAINED:
        host.state, host.since = HostState.DOWN, world.now


def crash(world: World, host: Host) -> None:
    """The agent is gone without notice: its pods are lost."""
    host.state, host.crashed, host.since = HostState.DOWN, True, world.now
    for pod in list(host.pods.values()):
        lifecycle.fail(world, pod, STORY["lost-host"])
