"""The fixed cast: one job for every state, story and kind of update, and what was done to them before the start."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from adapters.mock.fleet import drain, jobs, lifecycle, rollout
from adapters.mock.fleet.model import Fate, Job, Resources, Spec, Workflow
from adapters.mock.fleet.site import CRASHED, DRAINED, EASY, HELD
from adapters.mock.fleet.states import Health, PodState, WorkflowType
from adapters.mock.fleet.work import CHECKPOINTS, GPU_PAIR, GPU_POD, MEDIUM, REGISTRY, SMALL, service_spec
from adapters.mock.fleet.world import World

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
CAST_SIZE = 20
HOSTS_NEEDED = 6

FOR_EVER = Fate()

Act = Callable[[World, Job], None]


@dataclass(frozen=True, slots=True)
class Role:
    """One member: how long before the start it was created, and what was done to it how long before."""

    age: float
    spec: Spec
    fate: Fate = FOR_EVER
    acts: tuple[tuple[float, Act], ...] = ()
    wait: float = jobs.INITIALIZE_SECONDS
    on: tuple[str, ...] = ()


def update(fate: Fate, *, tag: str, batch: int, retries: int = 0, tolerate: int = 0, rollback: bool = False) -> Act:
    """Bring in another image, whose pods then fare as `fate` says."""

    def act(world: World, job: Job) -> None:
        spec = job.spec
        job.config += 1
        image = spec.image.rpartition(":")[0]
        job.specs[job.config] = replace(spec, image=f"{image}:{tag}")
        job.fates[job.config] = fate
        workflow = Workflow(WorkflowType.UPDATE, world.now, world.now, job.config - 1, job.config, batch=batch)
        workflow.max_retries, workflow.tolerable_failures, workflow.rollback = retries, tolerate, rollback
        workflow.todo = list(range(spec.instances))
        workflow.updated_instances = tuple(workflow.todo)
        rollout.attach(world, job, workflow)

    return act


def restart(batch: int) -> Act:
    def act(world: World, job: Job) -> None:
        job.config += 1
        job.specs[job.config], job.fates[job.config] = job.specs[job.config - 1], job.fates[job.config - 1]
        workflow = Workflow(WorkflowType.RESTART, world.now, world.now, job.config - 1, job.config, batch=batch)
        workflow.todo = list(range(job.spec.instances))
        workflow.updated_instances = tuple(workflow.todo)
        rollout.attach(world, job, workflow)

    return act


def pause(world: World, job: Job) -> None:
    rollout.pause(world, job, job.workflows[-1])


def abort(world: World, job: Job) -> None:
    rollout.abort(world, job, job.workflows[-1])


def stop(world: World, job: Job) -> None:
    jobs.stop(world, job)


def sicken(instance: int) -> Act:
    """From now on this pod runs, and does not pass its health check."""

    def act(world: World, job: Job) -> None:
        for config, fate in job.fates.items():
            job.fates[config] = replace(fate, unhealthy=(instance,))
        pod = job.pods[instance]
        if pod.state is PodState.RUNNING:
            pod.run.health = Health.UNHEALTHY
            lifecycle.enter(world, pod, PodState.RUNNING, "health check failed: HTTP 503")

    return act


def _batch(
    name: str, pool: str, owner: str, team: str, instances: int, size: Resources, *, failures: int = 0,
    grace: int = 0, kill_on_preempt: bool = False, priority: int = 2,
) -> Spec:  # fmt: skip
    return Spec(
        name=name,
        pool=pool,
        instances=instances,
        owner=owner,
        team=team,
        description=f"{name}, started by {owner}",
        labels=(("team", team), ("workload", "batch")),
        image=f"{REGISTRY}/{team}/trainer:2026.8",
        command=f"python -m {name.split('-')[0]}.main --out s3://atlas-runs/{name}",
        resources=size,
        batch=True,
        priority=priority,
        preemptible=True,
        max_failures=failures,
        grace=grace,
        kill_on_preempt=kill_on_preempt,
        volume_mb=CHECKPOINTS if size.gpu else 0,
    )


def _services(pools: dict[str, str]) -> list[Role]:
    serving, data = pools["/ml/serving"], pools["/infra/data"]
    slow = Fate(settle=90)
    return [
        Role(
            19 * DAY, service_spec("rank-serving", serving, "serving", "serving", 6, gpu=True, sla=1),
            acts=((3 * HOUR, sicken(5)),), on=(HELD,) * 6,
        ),
        Role(
            18 * DAY, replace(service_spec("feature-cache", data, "infra", "infra", 4), volume_mb=20_480),
            acts=((26 * HOUR, restart(1)), (26 * HOUR - 25, abort)),
        ),
        Role(
            12 * DAY, service_spec("embedding-api", pools["/ml/ranking"], "tomas", "ranking", 4, gpu=True, sla=1),
            acts=((42 * MINUTE, update(Fate(), tag="2026.8.3", batch=1)), (41.4 * MINUTE, pause)),
        ),
        Role(
            9 * DAY, service_spec("query-rewriter", serving, "tomas", "ranking", 12, sla=4),
            slow, ((8 * MINUTE, restart(1)),),
        ),
        Role(
            6 * DAY, service_spec("spell-corrector", serving, "mei", "search", 6),
            acts=((70 * MINUTE, update(Fate(story="image-pull"), tag="2026.9.0", batch=2, retries=2, tolerate=2)),),
        ),
        Role(
            5 * DAY, service_spec("geo-index", data, "infra", "search", 5, sla=1),
            acts=((3 * HOUR, update(Fate(story="bad-argument", fails_after=4), tag="2026.8.9", batch=2, retries=2,
                                    tolerate=1, rollback=True)),),
        ),
        Role(
            4 * DAY, service_spec("lang-id", serving, "mlops", "search", 10), slow,
            ((7.5 * MINUTE, update(Fate(story="flaky-network", fails_after=15, victims=(4,), settle=45),
                                   tag="2026.8.7", batch=2, retries=2, tolerate=1, rollback=True)),),
        ),
    ]  # fmt: skip


def _batches(pools: dict[str, str], ads_gpus: int) -> list[Role]:
    ads, ranking, speech = pools["/ml/ads"], pools["/ml/ranking"], pools["/ml/speech"]
    nlp, vision, data = pools["/research/nlp"], pools["/research/vision"], pools["/infra/data"]
    return [
        Role(
            94 * MINUTE, _batch("ctr-train-0822", ads, "ana", "ads", ads_gpus + 2, GPU_POD, failures=3),
            Fate(4 * HOUR, "nccl-timeout", 1300, (6,), 1, work="train"),
        ),
        Role(
            50 * MINUTE, _batch("asr-ft-nightly", speech, "tomas", "speech", 2, GPU_PAIR, kill_on_preempt=True),
            Fate(2.5 * HOUR, work="train"), on=(EASY,),
        ),
        Role(
            170 * MINUTE, _batch("llama-sft-8xh100-0822", nlp, "mei", "llm", 2, GPU_PAIR, failures=1),
            Fate(2 * HOUR, "oom", 1500, (1,), work="train"),
        ),
        Role(
            75 * MINUTE, _batch("fraud-gbdt-nightly-0822", ranking, "ana", "fraud", 2, GPU_POD),
            Fate(3 * HOUR, "lost-host", 2700, (0,), work="train"), on=(CRASHED,),
        ),
        Role(
            110 * MINUTE,
            _batch("ads-ctr-backfill-0821", data, "mlops", "ads", 2, MEDIUM, kill_on_preempt=True, priority=0),
            Fate(2 * HOUR, "preempted", 1100, work="data"),
        ),
        Role(
            140 * MINUTE, _batch("etl-sessions-hourly-13", data, "ci", "etl", 3, SMALL, failures=1),
            Fate(20 * MINUTE, "disk-full", 480, (1,), work="data"),
        ),
        Role(
            62 * MINUTE, _batch("churn-xgb-weekly-34", ranking, "mei", "growth", 1, MEDIUM),
            Fate(9 * MINUTE, "user-code", 35, work="data"),
        ),
        Role(
            200 * MINUTE, _batch("asr-conformer-l-ft-07", speech, "lena", "speech", 3, GPU_POD),
            Fate(2 * HOUR, "nan-loss", 1900, (0,), work="train"),
        ),
        Role(
            230 * MINUTE, _batch("rank-twotower-retrain-210", ranking, "tomas", "ranking", 2, GPU_POD, failures=2),
            Fate(42 * MINUTE, "quality-gate", 300, (0,), 1, work="eval"),
        ),
        Role(
            100 * MINUTE, _batch("resnet50-aug-sweep-31", vision, "yusuf", "vision", 3, GPU_POD),
            Fate(3 * HOUR, work="train"), ((64 * MINUTE, stop),),
        ),
        Role(
            33 * MINUTE, _batch("tokenise-crawl-0822", nlp, "lena", "llm", 2, MEDIUM, grace=7200),
            Fate(3 * HOUR, work="data"), ((2 * MINUTE, stop),), on=(HELD, HELD),
        ),
        Role(
            80 * MINUTE, _batch("ads-ctr-sweep-441", ads, "ana", "ads", 2, GPU_PAIR, priority=1),
            Fate(25 * MINUTE, work="train"),
        ),
        Role(0.5, _batch("doc-parse-smoke-88", data, "ci", "platform", 2, SMALL), Fate(150, work="eval"), wait=45),
    ]  # fmt: skip


def roles(pools: dict[str, str], ads_gpus: int) -> list[Role]:
    return _services(pools) + _batches(pools, ads_gpus)


def enlist(world: World, start: float, role: Role, job_id: str, index: int) -> None:
    """Plan one member's creation and what is done to it, relative to the start."""

    def create(world: World) -> None:
        job = jobs.create(world, job_id, index, role.spec, role.fate, wait=role.wait)
        for before, act in role.acts:
            world.at(start - before, lambda world, act=act: act(world, job))
        if role.on:
            world.after(role.wait + 0.1, _ask_for_hosts, job, role.on)

    world.at(start - role.age, create)


def _ask_for_hosts(world: World, job: Job, names: tuple[str, ...]) -> None:
    for pod, name in zip(job.pods.values(), names, strict=False):
        pod.wanted_host = name


def trouble(world: World, start: float) -> None:
    """What befell the hosts: one is lost, one was drained, one is draining and an SLA holds it."""
    if len(world.hosts) < HOSTS_NEEDED:
        return
    world.at(start - 35 * MINUTE, lambda world: drain.crash(world, world.hosts[CRASHED]))
    world.at(start - 2.2 * HOUR, lambda world: drain.start(world, world.hosts[DRAINED]))
    world.at(start - 12 * MINUTE, lambda world: drain.start(world, world.hosts[HELD]))
