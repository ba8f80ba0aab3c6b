"""The objects of the mock-ups in SCREENS, as a fake backend serves them."""

from __future__ import annotations

import re

from adapters.model import Capacity, Host, Kind, Pod, Pool, Progress, Ref, Run, State
from tests.tui.fake import NOW

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def seconds(age: str) -> float:
    return float(sum(int(number) * _UNITS[unit] for number, unit in re.findall(r"(\d+)([smhd])", age)))


def run(
    context: str,
    state: State,
    name: str,
    group: str = "ads",
    done: str = "1/2",
    age: str = "5m00s",
    dur: str = "4m00s",
    *,
    message: str | None = None,
    **more: object,
) -> Run:
    """A run with the ages of a mock-up at NOW; `dur` "-" has not started."""
    created = NOW - seconds(age)
    live = state in (State.RUNNING, State.ABORTING, State.PAUSED)
    started = None if dur == "-" else (NOW - seconds(dur) if live else created)
    finished = None if live or started is None else started + seconds(dur)
    part, whole = (int(number) for number in done.split("/"))
    return Run(
        ref=Ref(context, Kind.RUN, name),
        name=name,
        state=state,
        native_state=state.value.upper(),
        group=group,
        created=created,
        started=started,
        finished=finished,
        progress=Progress(part, whole),
        message=message,
        **more,  # type: ignore[arg-type]
    )


OOM = "train: OOMKilled, exit 137, used 31.8Gi of 32Gi, attempt 2 of 2"


def runs(context: str = "prod-kfp") -> list[Run]:
    """The table of the first mock-up."""
    s = State
    return [
        run(context, s.RUNNING, "llm-eval-mmlu-sweep-14", "eval", "6/24", "1m04s", "1m04s"),
        run(context, s.PENDING, "churn-xgb-weekly-34", "growth", "0/9", "1m40s", "-"),
        run(context, s.RUNNING, "ads-ctr-backfill-0821", "ads", "3/12", "7m31s", "7m28s"),
        run(context, s.FAILED, "fraud-gbdt-nightly-0822", "fraud", "9/14", "48m19s", "41m18s", message=OOM),
        run(context, s.SUCCEEDED, "etl-sessions-hourly-13", "etl", "8/8", "59m02s", "11m47s"),
        run(context, s.RUNNING, "rank-twotower-retrain-211", "ranking", "14/19", "1h22m", "1h22m"),
        run(context, s.SUCCEEDED, "embeddings-refresh-0822", "search", "6/6", "1h31m", "24m09s"),
        run(context, s.ABORTING, "asr-conformer-l-ft-07", "speech", "5/11", "2h05m", "2h05m"),
        run(context, s.FAILED, "ocr-detector-train-88", "vision", "2/7", "2h41m", "3m16s"),
        run(context, s.ABORTED, "ads-ctr-backfill-0820", "ads", "4/12", "3h44m", "1h02m"),
        run(context, s.PAUSED, "ocr-detector-train-87", "vision", "3/7", "4h30m", "4h30m"),
    ]


def many_runs(count: int, context: str = "prod-kfp") -> list[Run]:
    states = (State.SUCCEEDED, State.RUNNING, State.SUCCEEDED, State.FAILED, State.SUCCEEDED)
    return [
        run(context, states[index % 5], f"job-{index:05d}", age=f"{index + 1}m00s", dur="30s")
        for index in range(count)
    ]


def pods(parent: Ref) -> list[Pod]:
    def pod(number: int, state: State, host: str | None, attempt: int, health: str | None, dur: str) -> Pod:
        name = f"ctr-train-0822-{number}"
        return Pod(
            ref=Ref(parent.context, Kind.POD, name),
            name=name,
            state=state,
            native_state=state.value.upper(),
            parent=parent,
            created=NOW - seconds("1h34m"),
            started=None if dur == "-" else NOW - seconds(dur),
            finished=NOW if state is State.FAILED else None,
            host=host,
            attempt=attempt,
            health=health,
            message="exit 1: NCCL timeout after 120s" if state is State.FAILED else None,
            exit_code=1 if state is State.FAILED else None,
        )

    return [
        pod(5, State.RUNNING, "gpu-a100-0417", 1, "ok", "1h33m"),
        pod(6, State.RUNNING, "gpu-a100-0417", 2, "ok", "12m40s"),
        pod(7, State.FAILED, "gpu-a100-0417", 3, "bad", "31m09s"),
        pod(8, State.PENDING, None, 2, None, "-"),
        pod(10, State.RUNNING, "gpu-a100-0388", 1, "off", "1h33m"),
    ]


def hosts(context: str = "peloton") -> list[Host]:
    def host(
        name: str, state: State, pods: int, moved: Progress | None = None, since: str = "", note: str | None = None
    ) -> Host:
        return Host(
            ref=Ref(context, Kind.HOST, name),
            name=name,
            state=state,
            native_state=f"HOST_STATE_{state.value.upper()}",
            pods=pods,
            progress=moved,
            started=NOW - seconds(since) if since else None,
            message=note,
        )

    return [
        host("gpu-a100-0311", State.DOWN, 0, None, "3d02h", "goal is UP"),
        host("gpu-a100-0417", State.DRAINING, 6, Progress(5, 11), "12m04s", "SLA: rank-serving"),
        host("gpu-a100-0402", State.DRAINING, 1, Progress(7, 8), "4m51s"),
        host("cpu-c6i-0093", State.DRAINED, 0, Progress(14, 14), "20s"),
        host("gpu-a100-0388", State.UP, 8),
        host("gpu-a100-0389", State.UP, 7),
    ]


def pools(context: str = "peloton") -> list[Pool]:
    def pool(
        path: str, parent: str | None, used: float, reserved: float, limit: float, running: int, waiting: int
    ) -> Pool:
        above = Ref(context, Kind.POOL, parent) if parent else None
        gpu = Capacity("gpu", reserved, limit, 1.0, used, 0.0)
        cpu = Capacity("cpu", reserved * 8, limit * 8, 1.0, used * 4, 0.0)
        return Pool(
            ref=Ref(context, Kind.POOL, path),
            name=path,
            state=State.UP,
            native_state="",
            parent=above,
            capacity=(gpu, cpu),
            running=running,
            waiting=waiting,
        )

    return [
        pool("/", None, 1312, 1792, 2048, 66, 31),
        pool("/ml", "/", 1184, 1536, 1792, 58, 27),
        pool("/ml/ads", "/ml", 160, 128, 160, 12, 19),
        pool("/ml/ranking", "/ml", 402, 480, 640, 17, 5),
        pool("/infra", "/", 96, 192, 192, 6, 3),
        pool("/research", "/", 32, 64, 512, 2, 1),
    ]
