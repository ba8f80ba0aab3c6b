"""Names as a real team gives them: owners, hosts, pools, services, and the pipelines that runs are made of."""

from __future__ import annotations

from dataclasses import dataclass

from adapters.mock.chance import Draw

OWNERS = ("ana", "tomas", "lena", "ci", "serving", "mlops", "infra", "yusuf", "mei")
CLUSTER = "atlas"

# Host pool, first number, share of the hosts.
HOST_POOLS: tuple[tuple[str, int, float], ...] = (
    ("gpu-a100", 402, 0.4),
    ("cpu-std", 101, 0.3),
    ("gpu-h100", 11, 0.2),
    ("cpu-highmem", 31, 0.1),
)

# Full path and the share of the parent's capacity; a parent stands before its children.
POOLS: tuple[tuple[str, float], ...] = (
    ("/ml", 0.6),
    ("/ml/ads", 0.35),
    ("/ml/ranking", 0.3),
    ("/ml/speech", 0.2),
    ("/ml/adhoc", 0.15),
    ("/serving", 0.3),
    ("/serving/online", 0.8),
    ("/serving/canary", 0.2),
    ("/batch", 0.1),
)

# Long-running services: name, owner, pool.
SERVICES: tuple[tuple[str, str, str], ...] = (
    ("rank-serving", "serving", "/serving/online"),
    ("ctr-train", "ana", "/ml/ads"),
    ("ads-ctr-scorer", "serving", "/serving/online"),
    ("asr-gateway", "lena", "/ml/speech"),
    ("embedding-index", "tomas", "/ml/ranking"),
    ("feature-store-api", "infra", "/serving/online"),
    ("fraud-scorer", "serving", "/serving/online"),
    ("llm-router", "mlops", "/serving/canary"),
    ("notebook-hub", "infra", "/ml/adhoc"),
    ("etl-sessions-worker", "ci", "/batch"),
    ("query-rewriter", "tomas", "/ml/ranking"),
    ("churn-refresh", "lena", "/ml/adhoc"),
)


def host_name(pool: str, number: int) -> str:
    return f"{pool}-{number:04d}"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a pipeline. `kind` chooses the log it writes, `minutes` is its median time."""

    name: str
    kind: str  # data, train, eval, publish, gate
    minutes: float
    after: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Workload:
    """A pipeline that somebody runs again and again. `suffix` is filled with {n} (a number) or {day} (mmdd)."""

    name: str
    suffix: str
    group: str
    owners: tuple[str, ...]
    steps: tuple[Step, ...]
    weight: float = 1.0
    gpus: int = 0


def _chain(*steps: tuple[str, str, float]) -> tuple[Step, ...]:
    made: list[Step] = []
    for name, kind, minutes in steps:
        made.append(Step(name, kind, minutes, (made[-1].name,) if made else ()))
    return tuple(made)


WORKLOADS: tuple[Workload, ...] = (
    Workload(
        "fraud-gbdt-nightly", "{day}", "fraud", ("ana", "ci"),
        (
            Step("extract-transactions", "data", 4),
            Step("validate-schema", "data", 1, ("extract-transactions",)),
            Step("build-features", "data", 6, ("validate-schema",)),
            Step("train", "train", 18, ("build-features",)),
            Step("evaluate", "eval", 4, ("train",)),
            Step("register-model", "publish", 1, ("evaluate",)),
        ),
        1.5,
    ),
    Workload(
        "llm-eval-mmlu-sweep", "{n}", "eval", ("lena", "mei"),
        (
            Step("fetch-checkpoint", "data", 3),
            Step("eval-humanities", "eval", 9, ("fetch-checkpoint",)),
            Step("eval-stem", "eval", 11, ("fetch-checkpoint",)),
            Step("eval-social", "eval", 8, ("fetch-checkpoint",)),
            Step("merge-scores", "publish", 1, ("eval-humanities", "eval-stem", "eval-social")),
        ),
        1.0, 4,
    ),
    Workload(
        "asr-conformer-l-ft", "{n}", "speech", ("lena", "tomas"),
        _chain(
            ("stage-audio", "data", 7),
            ("finetune", "train", 42),
            ("decode-test", "eval", 8),
            ("push", "publish", 1),
        ),
        0.8, 8,
    ),
    Workload(
        "etl-sessions-hourly", "{n}", "etl", ("ci",),
        _chain(
            ("pull-events", "data", 3),
            ("sessionise", "data", 5),
            ("quality-gate", "gate", 1),
            ("load", "publish", 2),
        ),
        2.0,
    ),
    Workload(
        "rank-twotower-retrain", "{n}", "ranking", ("tomas", "mlops"),
        (
            Step("sample-negatives", "data", 6),
            Step("export-queries", "data", 4),
            Step("train", "train", 35, ("sample-negatives", "export-queries")),
            Step("build-index", "publish", 6, ("train",)),
            Step("offline-eval", "eval", 7, ("train",)),
            Step("promote", "gate", 1, ("build-index", "offline-eval")),
        ),
        1.0, 8,
    ),
    Workload(
        "ads-ctr-backfill", "{day}", "ads", ("ana", "mlops"),
        (
            Step("plan-days", "gate", 0.5),
            Step("backfill-a", "data", 12, ("plan-days",)),
            Step("backfill-b", "data", 14, ("plan-days",)),
            Step("compact", "publish", 4, ("backfill-a", "backfill-b")),
        ),
        1.2,
    ),
    Workload(
        "churn-xgb-weekly", "{n}", "growth", ("mei", "ci"),
        _chain(("snapshot", "data", 3), ("features", "data", 5), ("train", "train", 9), ("report", "publish", 1)),
        1.0,
    ),
    Workload(
        "resnet50-aug-sweep", "{n}", "vision", ("yusuf", "ana"),
        _chain(("shard-images", "data", 5), ("train", "train", 30), ("evaluate", "eval", 3)),
        1.0, 2,
    ),
    Workload(
        "llama-sft-8xh100", "{day}", "llm", ("mei", "yusuf"),
        _chain(
            ("tokenise", "data", 8), ("sft", "train", 70), ("eval-mt-bench", "eval", 12), ("export", "publish", 3)
        ),
        0.5, 8,
    ),
    Workload(
        "doc-parse-smoke", "{n}", "platform", ("ci", "infra"),
        _chain(("render", "data", 1), ("parse", "eval", 2)),
        1.4,
    ),
)  # fmt: skip

_BY_WEIGHT = tuple((workload, workload.weight) for workload in WORKLOADS)


def workload_of(draw: Draw) -> Workload:
    return draw.weighted("workload", _BY_WEIGHT)


def run_name(workload: Workload, number: int, day: str) -> str:
    """`fraud-gbdt-nightly-0822`, `llm-eval-mmlu-sweep-14`."""
    return f"{workload.name}-{workload.suffix.format(n=f'{number:02d}', day=day)}"
