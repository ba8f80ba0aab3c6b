"""One pod's life: initialized, pending, placed on a host, running, ended, and perhaps tried again."""

from __future__ import annotations

from adapters.mock.fleet.model import KEPT_RUNS, Host, Pod, PodEvent, Resources, Run
from adapters.mock.fleet.states import ON_HOST, Ending, Health, HostState, PodState
from adapters.mock.fleet.world import World
from adapters.mock.stories import STORY, Story

PENDING_SECONDS = (5.0, 8.0)
BACKOFF_FIRST, BACKOFF_MOST = 15.0, 1800.0
THROTTLED = "Task throttled due to failure"
NOT_RUNNING = "Non-running task killed"
POOL_FULL = "waiting for admission: {path} has no room"
STORY_HOST = "gpu-a100-0402"
NO_HOST = "no host has room for this pod"


def enter(world: World, pod: Pod, state: PodState, message: str | None = None, reason: str | None = None) -> None:
    """Put the pod's run into a state and write the event; None keeps the message or reason there is."""
    run = pod.run
    run.state = state
    if message is not None:
        run.message = message
    if reason is not None:
        run.reason = reason
    note(world, pod, run.message)
    world.touch(pod.job)


def note(world: World, pod: Pod, message: str) -> None:
    run = pod.run
    run.events.append(
        PodEvent(
            world.now, run.state, pod.goal, run.version, pod.version, pod.desired_run, run.health, run.host,
            run.agent, message, run.reason,
        )
    )  # fmt: skip


def start_run(world: World, pod: Pod, *, message: str = "", delay: float = 0.0) -> None:
    """A new attempt; it begins to queue after `delay` seconds."""
    pod.epoch += 1
    number = pod.run.number + 1 if pod.runs else 1
    pod.runs.append(Run(number, pod.version, world.now))
    del pod.runs[:-KEPT_RUNS]
    pod.desired_run = max(pod.desired_run, number)
    pod.run.health = Health.UNKNOWN if pod.spec.health_check else Health.DISABLED
    enter(world, pod, PodState.INITIALIZED, message)
    world.after(0.4 + delay, _queue, pod, pod.epoch)


def _queue(world: World, pod: Pod, epoch: int) -> None:
    if pod.epoch != epoch:
        return
    enter(world, pod, PodState.PENDING, "")
    world.after(world.draw(pod).between("pending", *PENDING_SECONDS), _place, pod, epoch)


def _place(world: World, pod: Pod, epoch: int) -> None:
    if pod.epoch == epoch and not _launch_somewhere(world, pod):
        world.waiting[pod.name] = (pod, epoch)


def _launch_somewhere(world: World, pod: Pod) -> bool:
    spec = pod.spec
    if not spec.revocable and not world.pools.has_room(spec.pool, spec.resources):
        return _wait(pod, POOL_FULL.format(path=world.pools.path(spec.pool)))
    host = choose_host(world, spec.resources, pod.wanted_host)
    if host is None:
        return _wait(pod, NO_HOST)
    pod.wanted_host = ""
    run = pod.run
    run.host, run.agent = host.name, host.agent
    draw = world.draw(pod)
    run.ports = tuple(31_000 + draw.number(f"port{port}") % 1000 for port in spec.ports)
    host.pods[pod.name] = pod
    host.used = host.used.plus(spec.resources)
    world.pools.take(spec.pool, spec.resources, spec.revocable)
    enter(world, pod, PodState.LAUNCHED, "", "")
    world.after(1.0, _starting, pod, pod.epoch)
    return True


def _wait(pod: Pod, why: str) -> bool:
    pod.run.message = why
    return False


def choose_host(world: World, need: Resources, wanted: str = "") -> Host | None:
    """The emptiest host that is up and has room; work without GPUs goes to hosts without, while it can."""
    fitting = [host for host in world.hosts.values() if host.state is HostState.UP and need.fits(host.free)]
    if not fitting:
        return None
    for host in fitting:
        if host.name == wanted:
            return host
    plain = [host for host in fitting if not host.capacity.gpu] if not need.gpu else []
    return min(plain or fitting, key=lambda host: (len(host.pods), host.used.cpu / host.capacity.cpu, host.name))


def wake_waiting(world: World) -> None:
    """Room may have appeared: look at the queue again in a second."""
    if world.waiting and not world.wake_planned:
        world.wake_planned = True
        world.after(1.0, _place_waiting)


def _place_waiting(world: World) -> None:
    world.wake_planned = False
    for name, (pod, epoch) in sorted(
        world.waiting.items(), key=lambda item: (-item[1][0].spec.priority, item[1][0].run.created, item[0])
    ):
        if pod.epoch != epoch or _launch_somewhere(world, pod):
            world.waiting.pop(name, None)


def _starting(world: World, pod: Pod, epoch: int) -> None:
    if pod.epoch != epoch:
        return
    enter(world, pod, PodState.STARTING)
    draw = world.draw(pod)
    story = story_ahead(pod)
    if story is not None and not story.started:
        world.after(draw.between("pull", 20, 40), _fail, pod, epoch)
    else:
        world.after(draw.between("pull", 2, 5), _running, pod, epoch)


def story_ahead(pod: Pod) -> Story | None:
    """How this run will fail, if it will."""
    return STORY[pod.fate.story] if pod.fate.fails(pod.instance, pod.run.number) else None


def _running(world: World, pod: Pod, epoch: int) -> None:
    if pod.epoch != epoch:
        return
    run, fate = pod.run, pod.fate
    run.started = world.now
    enter(world, pod, PodState.RUNNING)
    if pod.spec.health_check:
        world.after(fate.settle, _checked, pod, epoch)
    draw = world.draw(pod)
    if story_ahead(pod) is not None:
        world.after(fate.fails_after * draw.between("fails", 0.9, 1.1), _fail, pod, epoch)
    elif fate.seconds:
        world.after(fate.seconds * draw.between("takes", 0.95, 1.05), _succeed, pod, epoch)


def _checked(world: World, pod: Pod, epoch: int) -> None:
    if pod.epoch != epoch or pod.state is not PodState.RUNNING:
        return
    bad = pod.instance in pod.fate.unhealthy
    pod.run.health = Health.UNHEALTHY if bad else Health.HEALTHY
    if not bad:
        pod.failures = 0
    enter(world, pod, PodState.RUNNING, "health check failed: connection refused" if bad else "")


def _succeed(world: World, pod: Pod, epoch: int) -> None:
    if pod.epoch == epoch:
        end(world, pod, PodState.SUCCEEDED, "Command exited with status 0")


def _fail(world: World, pod: Pod, epoch: int) -> None:
    if pod.epoch == epoch:
        fail(world, pod, STORY[pod.fate.story])


def fail(world: World, pod: Pod, story: Story) -> None:
    """End the run as the story says: most fail, a lost host loses, a preemption kills."""
    run = pod.run
    run.story = story.id
    run.exit_code = story.exit_code or 0
    run.signal = {137: "Killed", 143: "Terminated"}.get(run.exit_code, "")
    if story.id == "lost-host":
        end(world, pod, PodState.LOST, story.message.replace(STORY_HOST, run.host), "REASON_AGENT_REMOVED")
    elif story.id == "preempted":
        run.ending = Ending.PREEMPTED_RESOURCES
        end(world, pod, PodState.KILLED, story.message, "REASON_TASK_PREEMPTED")
    else:
        run.ending = Ending.FAILED
        reason = "REASON_CONTAINER_LIMITATION_MEMORY" if story.id == "oom" else "REASON_COMMAND_EXECUTOR_FAILED"
        end(
            world,
            pod,
            PodState.FAILED,
            story.message,
            "REASON_CONTAINER_LAUNCH_FAILED" if not story.started else reason,
        )


def kill(world: World, pod: Pod, ending: Ending, message: str, *, reason: str = "") -> None:
    """Stop the run in hand. A live one goes through KILLING; a run that has ended stays as it is."""
    if pod.ended or pod.state is PodState.KILLING:
        return
    pod.run.ending = ending
    if pod.state not in ON_HOST:
        end(world, pod, PodState.KILLED, NOT_RUNNING, reason or None)
        return
    pod.epoch += 1
    grace = pod.spec.grace or world.draw(pod).between("grace", 1.5, 3.5)
    enter(world, pod, PodState.KILLING, message, reason or None)
    world.after(grace, _killed, pod, pod.epoch)


def _killed(world: World, pod: Pod, epoch: int) -> None:
    if pod.epoch == epoch:
        pod.run.exit_code, pod.run.signal = 143, "Terminated"
        end(world, pod, PodState.KILLED)


def end(world: World, pod: Pod, state: PodState, message: str | None = None, reason: str | None = None) -> None:
    """Leave the host, and decide in a moment whether to try again."""
    pod.epoch += 1
    leave_host(world, pod)
    pod.run.ended = world.now
    if state in (PodState.FAILED, PodState.LOST):
        pod.failures += 1
        pod.update_failures += 1
    enter(world, pod, state, message, reason)
    world.after(1.0, _again, pod, pod.epoch)


def leave_host(world: World, pod: Pod) -> None:
    host = world.hosts.get(pod.run.host)
    if pod.on_host and host is not None and host.pods.pop(pod.name, None) is not None:
        spec = pod.spec
        host.used = host.used.minus(spec.resources)
        world.pools.take(spec.pool, spec.resources.times(-1), spec.revocable)
        wake_waiting(world)
    world.waiting.pop(pod.name, None)


def _again(world: World, pod: Pod, epoch: int) -> None:
    if pod.epoch == epoch:
        follow_goal(world, pod)


def beyond_help(pod: Pod) -> bool:
    """It has failed more often than its policy forgives, and nobody asked for another run."""
    bad = pod.state in (PodState.FAILED, PodState.LOST)
    return bad and pod.failures > pod.spec.max_failures and pod.desired_run <= pod.run.number


def follow_goal(world: World, pod: Pod) -> None:
    """Start a new run of an ended pod, if its goal, its policy and the reason it ended ask for one."""
    if not pod.ended or pod.goal is not PodState.RUNNING:
        return
    spec, run = pod.spec, pod.run
    maintenance = run.ending in (Ending.KILLED_HOST_MAINTENANCE, Ending.PREEMPTED_RESOURCES)
    asked_for = pod.desired_run > run.number or pod.version != run.version
    if not asked_for and maintenance and spec.kill_on_preempt:
        return
    if not asked_for and spec.batch:
        if run.state is PodState.SUCCEEDED:
            return
        if beyond_help(pod):
            return
    if run.state is PodState.FAILED and not asked_for:
        backoff = min(BACKOFF_FIRST * 2 ** min(pod.failures - 1, 12), BACKOFF_MOST)
        start_run(world, pod, message=THROTTLED, delay=backoff)
    else:
        start_run(world, pod)
