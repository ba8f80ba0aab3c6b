"""What jobs ask for: the specs of services and of batch work, made from (seed, index)."""

from __future__ import annotations

import sys
import time
import uuid
from functools import cache

from adapters.mock.chance import Draw, mix, scramble, unscramble
from adapters.mock.fleet.model import Fate, Resources, Spec
from adapters.mock.names import Workload, run_name, workload_of

REGISTRY = "registry.atlas.example"
POOL_OF_GROUP = {
    "fraud": "/ml/ranking", "eval": "/research/eval", "speech": "/ml/speech", "etl": "/infra/data",
    "ranking": "/ml/ranking", "ads": "/infra/data", "growth": "/ml/ranking", "vision": "/research/vision",
    "llm": "/research/nlp", "platform": "/infra/data",
}  # fmt: skip

CHECKPOINTS = 51_200
SMALL = Resources(2, 0, 4096, 10_240)
MEDIUM = Resources(4, 0, 16_384, 20_480)
GPU_POD = Resources(8, 1, 65_536, 102_400)
GPU_PAIR = Resources(16, 2, 131_072, 204_800)


def job_id(seed: int, index: int) -> str:
    """A UUID that hides the index, so that a job of 100,000 is found without a table."""
    draw = Draw(seed, "job", index)
    head = scramble(index, mix(seed ^ 0x6A6F62))
    return str(uuid.UUID(int=head << 96 | draw.number("middle") >> 32 << 64 | draw.number("low"), version=4))


def job_index(seed: int, text: str) -> int | None:
    """The index a job id hides; None for an id that is not of this seed."""
    try:
        index = unscramble(uuid.UUID(text).int >> 96, mix(seed ^ 0x6A6F62))
    except ValueError:
        return None
    return index if job_id(seed, index) == text else None


def work_kind(workload: Workload) -> str:
    return "train" if workload.gpus else "data" if "etl" in workload.name or "backfill" in workload.name else "eval"


def batch_name(draw: Draw, workload: Workload, created: float) -> str:
    day = time.strftime("%m%d", time.gmtime(created))
    return run_name(workload, draw.number("number") % 400 + 1, day)


@cache
def _common(workload: Workload) -> tuple[str, tuple[tuple[str, str], ...], tuple[str, ...]]:
    """Description, labels and images: made once, and shared by the thousands of jobs of a pipeline."""
    labels = (("team", workload.group), ("workload", "batch"), ("pipeline", workload.name))
    images = tuple(f"{REGISTRY}/{workload.group}/{workload.name}:2026.{tag}" for tag in range(1, 10))
    return f"{workload.name}: {work_kind(workload)}", labels, images


def batch_spec(draw: Draw, pools: dict[str, str], created: float) -> Spec:
    """One of the pipelines' training, evaluation or data jobs."""
    workload = workload_of(draw)
    gpu, kind = bool(workload.gpus), work_kind(workload)
    module = workload.name.replace("-", "_")
    description, labels, images = _common(workload)
    return Spec(
        name=sys.intern(batch_name(draw, workload, created)),
        pool=pools[POOL_OF_GROUP[workload.group]],
        instances=1 + draw.number("instances") % (4 if gpu else 6),
        owner=draw.pick("owner", workload.owners),
        team=workload.group,
        description=description,
        labels=labels,
        image=draw.pick("tag", images),
        command=f"python -m {module}.{kind} --out s3://atlas-runs/{draw.number('out') >> 40:06x}",
        resources=(GPU_PAIR if draw.unit("pair") < 0.2 else GPU_POD) if gpu else draw.pick("size", (SMALL, MEDIUM)),
        batch=True,
        priority=draw.number("priority") % 4,
        preemptible=True,
        revocable=not gpu and draw.unit("revocable") < 0.3,
        max_failures=2,
        volume_mb=CHECKPOINTS if gpu else 0,
    )


def batch_fate(draw: Draw, kind: str) -> Fate:
    """Most of it ends well after some minutes; some pods stumble once, a few jobs fail for good."""
    seconds = draw.between("seconds", 240, 2400)
    luck = draw.unit("luck")
    after = seconds * draw.between("when", 0.15, 0.8)
    if luck < 0.12:
        return Fate(seconds, "flaky-network", after, (0,), 1, work=kind)
    if luck < 0.22:
        story = draw.pick("story", ("oom", "user-code", "nan-loss", "disk-full"))
        return Fate(seconds, story, after, (0,), work=kind)
    return Fate(seconds, work=kind)


def service_spec(
    name: str, pool: str, owner: str, team: str, instances: int, *, gpu: bool = False, sla: int = 0
) -> Spec:
    return Spec(
        name=name,
        pool=pool,
        instances=instances,
        owner=owner,
        team=team,
        description=f"{name}, owned by {team}",
        labels=(("team", team), ("workload", "service"), ("service", name)),
        image=f"{REGISTRY}/{team}/{name}:2026.8.2",
        command=f"/usr/bin/{name} --port $HTTP_PORT",
        resources=GPU_POD if gpu else SMALL,
        priority=5,
        max_unavailable=sla,
        max_failures=3,
        health_check=True,
        ports=("http", "metrics"),
    )
