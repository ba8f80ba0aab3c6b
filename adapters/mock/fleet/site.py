"""The site before any work runs on it: which hosts there are, and the tree of pools over their capacity."""

from __future__ import annotations

import uuid

from adapters.mock.chance import Draw
from adapters.mock.fleet.model import KINDS_OF_RESOURCE, Host, Resources
from adapters.mock.fleet.pools import ROOT, Pool, PoolTree, Share

GPU_SHARE = 2 / 3
# The hosts that the cast needs come first, by the numbers that the failure stories name.
GPU_NUMBERS = (402, 417, 388, 389, 311, 430, 431, 446)
CPU_NUMBERS = (88, 93, 101, 102)
CRASHED, HELD, EASY, DRAINED = "gpu-a100-0402", "gpu-a100-0417", "gpu-a100-0388", "cpu-c6i-0088"

BIG_GPU = Resources(96, 8, 1_126_400, 7_000_000)
SMALL_GPU = Resources(48, 4, 563_200, 3_500_000)
BIG_CPU = Resources(64, 0, 131_072, 1_800_000)
SMALL_CPU = Resources(32, 0, 65_536, 900_000)

SMALL_POOL = "/ml/ads"
# Path, owning team, what it is for, share of the parent's reservation, limit over the reservation, STATIC.
POOLS: tuple[tuple[str, str, str, float, float, bool], ...] = (
    ("/ml", "ml-platform", "training and serving of models", 0.6, 1.25, False),
    ("/ml/ads", "ads", "click-through models", 0.2, 1.0, False),
    ("/ml/ranking", "ranking", "two-tower and re-ranking models", 0.25, 2.0, False),
    ("/ml/speech", "speech", "recognition and synthesis", 0.2, 2.0, False),
    ("/ml/serving", "serving", "models behind the product", 0.35, 1.5, True),
    ("/infra", "infra", "shared services", 0.1, 3.0, False),
    ("/infra/data", "infra", "caches, stores, ingestion", 0.8, 1.2, False),
    ("/research", "research", "experiments", 0.25, 2.0, False),
    ("/research/nlp", "research", "language models", 0.4, 2.0, False),
    ("/research/vision", "research", "images and video", 0.4, 2.0, False),
    ("/research/eval", "research", "benchmarks of checkpoints", 0.2, 3.0, False),
)


def build_hosts(count: int) -> dict[str, Host]:
    gpus = max(1, round(count * GPU_SHARE))
    hosts: dict[str, Host] = {}
    for at in range(count):
        gpu = at < gpus
        nth = at if gpu else at - gpus
        numbers = GPU_NUMBERS if gpu else CPU_NUMBERS
        number = numbers[nth] if nth < len(numbers) else (450 if gpu else 110) + nth
        name = f"{'gpu-a100' if gpu else 'cpu-c6i'}-{number:04d}"
        capacity = (SMALL_GPU if nth % 4 == 3 else BIG_GPU) if gpu else (SMALL_CPU if nth % 2 else BIG_CPU)
        ip = f"10.{64 if gpu else 65}.{at // 250}.{at % 250 + 4}"
        agent = f"{Draw('agent', name).number('id'):016x}-S{at}"
        hosts[name] = Host(name, ip, agent, capacity, pool="gpu" if gpu else "shared")
    return hosts


def pool_id(seed: int, path: str) -> str:
    """Stable, and like the real ones a UUID."""
    draw = Draw(seed, "pool", path)
    return str(uuid.UUID(int=draw.number("high") << 64 | draw.number("low"), version=4))


def build_pools(seed: int, hosts: dict[str, Host], created: float) -> PoolTree:
    """Reservations are shares of what the hosts have; one leaf is kept small, so that it is full."""
    total = Resources()
    for host in hosts.values():
        total = total.plus(host.capacity)
    root = Pool(
        ROOT, "root", None, _shares(total, total, False), description="all hosts", created=created, updated=created
    )
    tree = PoolTree(root)
    known = {"/": (total, total)}
    for path, team, purpose, share, over, static in POOLS:
        above, _, name = path.rpartition("/")
        parent, ceiling = known[above or "/"]
        reservation = Resources(*(float(int(amount * share)) for amount in parent))
        most = Resources(*(min(float(int(a * over)), b) for a, b in zip(reservation, ceiling, strict=True)))
        if path == SMALL_POOL:
            gpus = min(8.0 if total.gpu < 200 else 40.0, ceiling.gpu)
            reservation, most = reservation._replace(gpu=min(reservation.gpu, gpus)), most._replace(gpu=gpus)
        known[path] = (reservation, most)
        parent_id = pool_id(seed, above) if above else ROOT
        pool = Pool(pool_id(seed, path), name, parent_id, _shares(reservation, most, static))
        pool.team, pool.description, pool.groups = team, purpose, (f"{team}-oncall",)
        pool.created = pool.updated = created
        pool.controller_percent, pool.slack_percent = 20.0, 30.0
        tree.add(pool)
    return tree


def _shares(reservation: Resources, limit: Resources, static: bool) -> dict[str, Share]:
    return {
        kind: Share(reserved, most, 2.0 if kind == "gpu" else 1.0, static)
        for kind, reserved, most in zip(KINDS_OF_RESOURCE, reservation, limit, strict=True)
    }
