"""The live jobs, and what can only be learned by asking each of them: all pods, the pods of a host."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeAlias

from adapters.errors import AdapterError, NotFound
from adapters.frozen import dataclass
from adapters.model import Json, Resource
from adapters.peloton import states, wire
from adapters.peloton.api import PelotonApi
from adapters.peloton.jobs import PAGE, Window, job_states, read_window
from adapters.peloton.request import ENUM_NUMBERS
from adapters.port import Page

MOST_LIVE = 5_000
MOST_PODS = 10_000
KEEP = 4.0
SNAPSHOTS = 8
PATIENCE = 3.0


def pod_states(words: Sequence[str]) -> list[Json]:
    return [ENUM_NUMBERS[f"POD_STATE_{word}"] for word in words]


def placed(job: wire.JobSummary) -> bool:
    """Whether any of its pods can be on a host; yes when the server gave no counts."""
    counts = job.status.pod_stats
    return not counts or any(number and states.short(word) in states.ON_HOST for word, number in counts.items())


@dataclass(frozen=True, slots=True)
class Live:
    """The jobs that had not ended at `at` (monotonic seconds), newest first."""

    jobs: tuple[wire.JobSummary, ...]
    complete: bool
    at: float
    serial: int

    def note(self, what: str, asked: int, all_jobs: int) -> str | None:
        """What a bounded scan has to say for itself; None when it left nothing out."""
        if asked >= all_jobs and self.complete:
            return None
        return f"{what} of {asked:,} of {'' if self.complete else 'over '}{all_jobs:,} jobs"


class LiveJobs:
    """Reads the live jobs at most every few seconds, whoever asks."""

    def __init__(self, api: PelotonApi) -> None:
        self._api = api
        self._lock = asyncio.Lock()
        self._kept: list[Live] = []

    async def get(self, *, max_age: float = KEEP) -> Live:
        async with self._lock:
            if self._kept and time.monotonic() - self._kept[-1].at <= max_age:
                return self._kept[-1]
            jobs: list[wire.JobSummary] = []
            wanted: dict[str, Json] = {"jobStates": job_states(states.live(states.JOB))}
            window: Window | None = Window()
            while window is not None and len(jobs) < MOST_LIVE:
                page = await read_window(self._api, wanted, window, PAGE)
                jobs.extend(page.jobs)
                window = page.following
            serial = self._kept[-1].serial + 1 if self._kept else 1
            unique = {job.job_id: job for job in jobs}
            self._kept = [*self._kept, Live(tuple(unique.values()), window is None, time.monotonic(), serial)]
            del self._kept[:-SNAPSHOTS]
            return self._kept[-1]

    def recall(self, serial: int) -> Live | None:
        return next((live for live in self._kept if live.serial == serial), None)


Fetch: TypeAlias = Callable[[wire.JobSummary, int, int], Awaitable[tuple[Sequence[Resource], bool]]]
"""(job, offset, limit) -> what it has from there, and whether it has more."""


@dataclass(slots=True)
class FanOut:
    """Lists what lives under jobs by asking live job after live job, `bound` of them, `parallel` at a time."""

    live: LiveJobs
    bound: int
    parallel: int

    async def page(
        self,
        fetch: Fetch,
        what: str,
        cursor: str | None,
        limit: int,
        *,
        hosted: bool = False,
        per_job: int | None = None,
    ) -> Page:
        """`hosted` skips jobs without a pod on any host; `per_job` is how many one job is expected to give."""
        serial, index, offset = _parse(cursor)
        live = (self.live.recall(serial) if serial else None) or await self.live.get()
        candidates = [job for job in live.jobs if not hosted or placed(job)]
        jobs = candidates[: self.bound]
        items: list[Resource] = []
        while index < len(jobs) and len(items) < limit:
            batch = self._batch(jobs[index:], limit - len(items), per_job)
            asked = [self._ask(fetch, job, 0 if at else offset, limit - len(items)) for at, job in enumerate(batch)]
            for got, more in await asyncio.gather(*asked):
                room = limit - len(items)
                items.extend(got[:room])
                if got and (more or len(got) > room):
                    offset += min(len(got), room)
                    break
                index, offset = index + 1, 0
                if len(items) >= limit:
                    break
        following = f"{live.serial}:{index}:{offset}" if index < len(jobs) else None
        return Page(tuple(items), following, note=live.note(what, len(jobs), len(candidates)))

    def _batch(self, jobs: Sequence[wire.JobSummary], room: int, per_job: int | None) -> Sequence[wire.JobSummary]:
        expected = 0
        for number, job in enumerate(jobs[: self.parallel], start=1):
            expected += job.instance_count if per_job is None else per_job
            if expected >= room:
                return jobs[:number]
        return jobs[: self.parallel]

    async def _ask(
        self, fetch: Fetch, job: wire.JobSummary, offset: int, limit: int
    ) -> tuple[Sequence[Resource], bool]:
        try:
            return await fetch(job, offset, limit)
        except NotFound:
            return (), False  # deleted since the jobs were listed


def _parse(cursor: str | None) -> tuple[int, int, int]:
    try:
        serial, index, offset = (int(part) for part in (cursor or "0:0:0").split(":"))
    except ValueError:
        return 0, 0, 0
    return serial, index, offset


@dataclass(frozen=True, slots=True)
class Scan:
    """The placed pods of the jobs that were asked, by job id."""

    pods: Mapping[str, tuple[wire.PodInfo, ...]]
    jobs: Mapping[str, wire.JobSummary]
    note: str | None


@dataclass(frozen=True, slots=True)
class Load:
    """What is on one host: how many pods, and which of their jobs limit by SLA how many may be moved at a time."""

    pods: int = 0
    sla_jobs: frozenset[str] = frozenset()


@dataclass(slots=True)
class HostIndex:
    """Which pods are on which hosts. v1alpha answers that only job by job, so the scan is bounded and kept."""

    api: PelotonApi
    live: LiveJobs
    bound: int
    parallel: int
    _task: asyncio.Task[None] | None = None
    _loads: dict[str, Load] | None = None
    _counted_at: float = 0.0
    _took: float = 0.0

    async def on_host(self, host: str | None, *, max_age: float = KEEP) -> Scan:
        """Pods on that host, or on any, of up to `bound` live jobs."""
        live = await self.live.get(max_age=max_age)
        jobs = [job for job in live.jobs if placed(job)]
        asked = jobs[: self.bound]
        slots = asyncio.Semaphore(self.parallel)

        async def ask(job: wire.JobSummary) -> tuple[wire.PodInfo, ...]:
            async with slots:
                return await self._placed_pods(job.job_id, host)

        found = await asyncio.gather(*(ask(job) for job in asked))
        return Scan(
            {job.job_id: pods for job, pods in zip(asked, found, strict=True) if pods},
            {job.job_id: job for job in asked},
            live.note("pods", len(asked), len(jobs)),
        )

    async def _placed_pods(self, job: str, host: str | None) -> tuple[wire.PodInfo, ...]:
        spec: dict[str, Json] = {
            "podStates": pod_states(sorted(states.ON_HOST)),
            **({"hosts": [host]} if host else {}),
        }
        pods: list[wire.PodInfo] = []
        while True:
            try:
                answer = await self.api.query_pods(job, {**spec, "pagination": pagination(len(pods), PAGE)})
            except NotFound:
                return ()
            more = has_more(answer, len(pods), PAGE)
            pods.extend(answer.pods)
            if not more:
                return tuple(pods)

    async def loads(self) -> Mapping[str, Load] | None:
        """The load by host. A scan is shared, lasts at most a fifth of the time, and is not waited for long: None
        until the first one has ended."""
        fresh_for = max(KEEP, 4 * self._took)
        if self._loads is not None and time.monotonic() - self._counted_at < fresh_for:
            return self._loads
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._count())
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(self._task), PATIENCE)
        return self._loads

    async def _count(self) -> None:
        began = time.monotonic()
        try:
            scan = await self.on_host(None)
        except AdapterError:
            return  # hosts are shown without their pods, or with the last ones known
        counts: Counter[str] = Counter()
        held: defaultdict[str, set[str]] = defaultdict(set)
        for job, pods in scan.pods.items():
            summary = scan.jobs[job]
            limited = summary.sla is not None and summary.sla.maximum_unavailable_instances > 0
            for pod in pods:
                counts[pod.status.host] += 1
                if limited:
                    held[pod.status.host].add(summary.name or job)
        self._loads = {host: Load(number, frozenset(held[host])) for host, number in counts.items()}
        self._counted_at = time.monotonic()
        self._took = self._counted_at - began

    async def aclose(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None


def pagination(offset: int, limit: int) -> Json:
    """Both caps are named: their defaults are 10 and 100. The server reads all pods of the job anyway, so a high
    cap costs nothing and makes the total true."""
    return {"offset": offset, "limit": limit, "maxLimit": max(MOST_PODS, offset + limit + 1)}


def has_more(answer: wire.QueryPodsResponse, offset: int, limit: int) -> bool:
    """Whether the job has pods beyond this answer; `total` may be absent."""
    got, total = len(answer.pods), answer.pagination.total
    return bool(got) and (total > offset + got if total else got >= limit)
