"""Why things fail, and what their logs say about it: failure stories, and the lines of work that goes well."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from adapters.mock.chance import Draw


@dataclass(frozen=True, slots=True)
class Story:
    """One way to fail.

    `reason` is the scheduler's word for it, `message` what it says, `lines` the end of the log. `transient`
    failures are gone when tried again. `started` is False where the container never ran, so it has no log.
    `kinds` are the kinds of step it happens to, empty for all.
    """

    id: str
    exit_code: int | None
    reason: str
    message: str
    lines: tuple[str, ...]
    transient: bool = False
    started: bool = True
    kinds: tuple[str, ...] = ()
    weight: float = 1.0


STORIES: tuple[Story, ...] = (
    Story(
        "oom", 137, "OOMKilled", "OOMKilled, exit 137, used 31.8Gi of 32Gi",
        (
            "WARNING memory: rss 29.4Gi of 32Gi limit, page cache reclaimed",
            "WARNING memory: rss 31.1Gi of 32Gi limit",
            "WARNING dataloader: worker 3 restarted after MemoryError, retrying with the same batch",
            "ERROR memory: rss 31.8Gi of 32Gi limit; the next allocation of 1.1Gi cannot be met",
            "Killed",
        ),
        kinds=("train", "data"), weight=2.0,
    ),
    Story(
        "image-pull", None, "ImagePullBackOff",
        'Back-off pulling image "registry.atlas.example/ml/trainer:2026.8-cu125": manifest unknown',
        (), started=False, weight=1.2,
    ),
    Story(
        "bad-argument", 2, "Error", "exit 2: unrecognized arguments: --learning-rat=3e-4",
        (
            "usage: main.py [-h] --data DATA --out OUT [--learning-rate LEARNING_RATE] [--epochs EPOCHS]",
            "main.py: error: unrecognized arguments: --learning-rat=3e-4",
        ),
        weight=1.2,
    ),
    Story(
        "lost-host", None, "NodeLost", "the host gpu-a100-0402 stopped reporting; the pod is gone",
        ("WARNING heartbeat: no answer from the agent on gpu-a100-0402 for 30s",),
        transient=True,
    ),
    Story(
        "nccl-timeout", 1, "Error", "exit 1: NCCL timeout after 120s, rank 6",
        (
            "WARNING nccl: rank 6 has not joined ALLREDUCE seq=18422 for 60s",
            "[rank0]:[E ProcessGroupNCCL.cpp:616] Watchdog caught collective operation timeout: "
            "WorkNCCL(SeqNum=18422, OpType=ALLREDUCE, NumelIn=26214400, Timeout(ms)=120000) ran for 120012 ms",
            "[rank0]:[E ProcessGroupNCCL.cpp:630] To avoid data inconsistency, the entire process is taken down.",
            "RuntimeError: NCCL timeout after 120s: rank 6 on gpu-a100-0417 did not answer",
        ),
        transient=True, kinds=("train",), weight=1.5,
    ),
    Story(
        "preempted", 143, "Preempted", "preempted by a job of higher priority in pool /ml/ads",
        (
            "INFO signal: SIGTERM received, preempted; saving checkpoint",
            "INFO checkpoint: saved step to s3://atlas-ckpt/last.pt in 4.1s",
            "INFO exiting with 143",
        ),
        transient=True, weight=1.2,
    ),
    Story(
        "disk-full", 1, "Error", "exit 1: No space left on device: /mnt/scratch",
        (
            "WARNING disk: /mnt/scratch 97% used, 3.1Gi left",
            "ERROR writer: could not write shard-00417.parquet",
            "OSError: [Errno 28] No space left on device: '/mnt/scratch/shard-00417.parquet'",
        ),
        kinds=("data", "publish", "train"),
    ),
    Story(
        "user-code", 1, "Error", "exit 1: KeyError: 'merchant_category'",
        (
            "Traceback (most recent call last):",
            '  File "/app/main.py", line 212, in <module>',
            "    main(parse_args())",
            '  File "/app/features/build.py", line 88, in build',
            '    column = frame["merchant_category"]',
            "KeyError: 'merchant_category'",
        ),
        weight=2.0,
    ),
    Story(
        "flaky-network", 1, "Error", "exit 1: connection reset by object-store.atlas.example:443 (5 of 5 tries)",
        (
            "WARNING storage: connection reset by object-store.atlas.example:443, try 1 of 5, next in 1s",
            "WARNING storage: connection reset by object-store.atlas.example:443, try 3 of 5, next in 4s",
            "WARNING storage: read timed out after 30s, try 4 of 5, next in 8s",
            "ERROR storage: connection reset by object-store.atlas.example:443 (5 of 5 tries)",
        ),
        transient=True, weight=1.2,
    ),
    Story(
        "quality-gate", 3, "Error", "exit 3: quality gate: 2.7% of rows have no user_id, the limit is 0.5%",
        (
            "INFO gate: null rate of session_id 0.01% (limit 0.5%)",
            "ERROR gate: null rate of user_id 2.7% (limit 0.5%)",
            "ERROR gate: 1 of 14 checks failed; the batch is held back",
        ),
        kinds=("gate", "eval"),
    ),
    Story(
        "nan-loss", 1, "Error", "exit 1: loss is NaN since step 4110",
        (
            "WARNING train: gradient norm 8.1e+04 clipped to 1.0",
            "ERROR train: loss=nan at step 4110, no finite value for 50 steps",
            "FloatingPointError: loss is NaN since step 4110; lower the learning rate or check batch 4109",
        ),
        kinds=("train",),
    ),
)  # fmt: skip

STORY = {story.id: story for story in STORIES}


def story_for(draw: Draw, kind: str) -> Story:
    """A failure that can happen to a step of this kind."""
    fitting = [(story, story.weight) for story in STORIES if not story.kinds or kind in story.kinds]
    return draw.weighted("story", fitting)


# Seconds between two lines, by kind of work.
LINE_EVERY = {"train": 3.0, "eval": 2.0, "data": 2.5, "publish": 1.5, "gate": 1.0, "driver": 0.5, "service": 4.0}

OPENINGS: dict[str, Sequence[str]] = {
    "train": (
        "INFO main: starting, image registry.atlas.example/ml/trainer:2026.8",
        "INFO device: 8 x NVIDIA A100-SXM4-80GB, driver 550.90.07, CUDA 12.4",
        "INFO data: 1,204 shards, 18,422,910 examples",
        "INFO model: 118.2M parameters, bf16, gradient checkpointing on",
    ),
    "data": ("INFO main: starting", "INFO source: listing s3://atlas-lake/", "INFO source: 1,204 objects, 212.4Gi"),
    "eval": ("INFO main: starting", "INFO model: loaded in 21.4s", "INFO data: 14,042 questions"),
    "publish": ("INFO main: starting", "INFO registry: connected to registry.atlas.example"),
    "gate": ("INFO main: starting", "INFO gate: 14 checks"),
    "driver": ("INFO driver: resolving inputs", "INFO driver: cache lookup: miss", "INFO driver: pod spec written"),
    "service": ("INFO main: listening on 0.0.0.0:8080", "INFO model: loaded in 21.4s"),
}


def work_line(kind: str, number: int, key: int) -> str:
    """Line `number` of work that goes well; `key` makes two logs of the same kind differ."""
    opening = OPENINGS.get(kind, OPENINGS["data"])
    if number < len(opening):
        return opening[number]
    step = number - len(opening) + 1
    wobble = ((key ^ step * 2654435761) >> 7) % 1000 / 1000
    if kind == "train":
        if step % 40 == 0:
            return (
                f"INFO checkpoint: step {step * 10} to s3://atlas-ckpt/{key % 0xFFFFFF:06x}.pt in {2 + wobble:.1f}s"
            )
        loss = 0.31 + 2.4 / (1 + step * 0.03) + wobble * 0.04
        return f"INFO train: step {step * 10} loss {loss:.4f} lr 3.0e-04 {810 + wobble * 90:.0f} examples/s"
    if kind == "eval":
        return f"INFO eval: {step * 64} questions, accuracy {0.61 + wobble * 0.03:.4f}"
    if kind == "publish":
        return f"INFO upload: part {step} of model.tar, {40 + wobble * 20:.1f}Mi/s"
    if kind == "gate":
        return f"INFO gate: check {step} passed, {wobble / 100:.4f} (limit 0.0500)"
    if kind == "service":
        return f"INFO http: 200 POST /v1/score {3 + wobble * 40:.1f}ms"
    return f"INFO read: shard-{step:05d} {60_000 + wobble * 9000:.0f} rows, {1.2 + wobble:.2f}s"
