"""The fleet as a whole: made from a seed, brought up to the present on each request."""

from __future__ import annotations

from collections.abc import Iterator
from heapq import merge
from typing import TYPE_CHECKING

from adapters.mock.chance import Draw
from adapters.mock.fleet import cast, drain, jobs, work
from adapters.mock.fleet.history import Header, History
from adapters.mock.fleet.logs import Logs
from adapters.mock.fleet.model import Fate, Job, Spec
from adapters.mock.fleet.site import CRASHED, POOLS, build_hosts, build_pools, pool_id
from adapters.mock.fleet.world import World
from adapters.mock.names import workload_of

if TYPE_CHECKING:
    from adapters.mock.cluster import SimCluster

PAST = 22 * cast.DAY
# Besides the cast, so many jobs are alive at the start that the hosts are busy and drained pods still find room.
MOST_LIVE, LIVE_AT_LEAST, LIVE_PER_HOST = 60, 4, 1.2
ENDED_ARRIVALS_KEPT = 2000
ARRIVALS_CAUGHT_UP = 3600.0


class Fleet:
    """`world` holds what is live; `history` what ended before the start and nobody has touched since."""

    def __init__(self, cluster: SimCluster) -> None:
        self.cluster = cluster
        self.seed = cluster.seed
        self.start = cluster.started_at
        begin = self.start - PAST
        hosts = build_hosts(max(1, cluster.hosts))
        self.world = World(self.seed, begin, hosts, build_pools(self.seed, hosts, begin))
        self.world.settle = _settle
        self.pools = {path: pool_id(self.seed, path) for path, *_ in POOLS}
        cast_size = cast.CAST_SIZE if cluster.runs >= cast.CAST_SIZE else 0
        most = min(MOST_LIVE - cast_size, LIVE_AT_LEAST + round(cluster.hosts * LIVE_PER_HOST))
        filling = min(most, round((cluster.runs - cast_size) * (0.3 if cast_size else 0.6)))
        self._next = cluster.runs
        self.logs = Logs(self.seed, cluster.clock.stamp)
        self.host_pools = {"default", "gpu", "shared"}
        self.history = History(
            self.seed, cast_size + filling, cluster.runs - cast_size - filling, self.start, self.pools,
            [(host.name, host.agent) for host in hosts.values() if host.name != CRASHED or len(hosts) == 1],
        )  # fmt: skip
        if cast_size:
            self._enlist_cast()
        for index in range(cast_size, cast_size + filling):
            self._enlist_batch(index)
        self.world.run_until(self.start)
        if cluster.arrivals > 0:
            self._plan_arrival(self.world)

    def _enlist_cast(self) -> None:
        ads = self.world.pools.by_id[self.pools["/ml/ads"]]
        for index, role in enumerate(cast.roles(self.pools, int(ads.shares["gpu"].limit))):
            cast.enlist(self.world, self.start, role, work.job_id(self.seed, index), index)
        cast.trouble(self.world, self.start)

    def _enlist_batch(self, index: int) -> None:
        """A job somewhere in the middle of its life when the show begins."""
        draw = Draw(self.seed, "batch", index)
        fate = self._fate(draw)
        age = max(60.0, fate.seconds * draw.between("age", 0.05, 0.9))
        created = self.start - age
        spec = work.batch_spec(draw, self.pools, created)
        self.world.at(created, self._create, index, spec, fate)

    def _create(self, world: World, index: int, spec: Spec, fate: Fate) -> None:
        jobs.create(world, work.job_id(self.seed, index), index, spec, fate)

    def _fate(self, draw: Draw) -> Fate:
        kind = work.work_kind(workload_of(draw))
        return work.batch_fate(draw, kind)

    def _plan_arrival(self, world: World) -> None:
        gap = 60.0 / self.cluster.arrivals
        world.after(gap * Draw(self.seed, "gap", self._next).between("gap", 0.4, 1.6), self._arrive)

    def _arrive(self, world: World) -> None:
        if world.now >= self.cluster.clock.now() - ARRIVALS_CAUGHT_UP:
            self.new_job(None)
            self._archive(world)
        self._plan_arrival(world)

    def new_index(self) -> int:
        self._next += 1
        return self._next - 1

    def new_job(self, job_id: str | None) -> Job:
        """The next batch job, as `arrivals` brings them."""
        index = self.new_index()
        draw = Draw(self.seed, "batch", index)
        spec = work.batch_spec(draw, self.pools, self.world.now)
        return jobs.create(self.world, job_id or work.job_id(self.seed, index), index, spec, self._fate(draw))

    def _archive(self, world: World) -> None:
        """As Peloton's archiver does: of what arrived and ended, only the newest stay."""
        ended = [job for job in world.jobs.values() if job.ended and job.index >= self.cluster.runs]
        for job in ended[: max(0, len(ended) - ENDED_ARRIVALS_KEPT)]:
            del world.jobs[job.id]

    def catch_up(self) -> None:
        """Bring the world to the clock's present."""
        self.world.run_until(self.cluster.clock.now())

    def find(self, job_id: str) -> Job | None:
        """A job to look at; None when there is none of that id."""
        live = self.world.jobs.get(job_id)
        if live is not None:
            return live
        index = self.history.find(job_id)
        return None if index is None else self.history.job(index)

    def claim(self, job_id: str) -> Job | None:
        """A job to change: from now on it is live, so it is no longer a function of the seed."""
        live = self.world.jobs.get(job_id)
        if live is not None:
            return live
        index = self.history.find(job_id)
        if index is None:
            return None
        job = self.history.job(index)
        self.history.gone.add(index)
        self.world.jobs[job.id] = job
        return job

    def newest_first(
        self, newest: float | None = None, oldest: float | None = None, *, past: bool = True
    ) -> Iterator[Job | Header]:
        """Every job created in [oldest, newest]; those of the history as headers, unless only live ones matter."""
        live = [
            job
            for job in self.world.jobs.values()
            if (newest is None or job.created <= newest) and (oldest is None or job.created >= oldest)
        ]
        live.sort(key=lambda job: (-job.created, job.id))
        ended = (
            header
            for nth in self.history.window(newest, oldest)
            if (header := self.history.header(nth)) is not None
        )
        return merge(live, ended, key=lambda job: -job.created)

    def whole(self, found: Job | Header) -> Job:
        return self.history.job(found.index) if isinstance(found, Header) else found

    def ids_by_name(self, name: str) -> list[str]:
        """Newest first."""
        live = [(job.created, job.id) for job in self.world.jobs.values() if job.spec.name == name]
        past = [self.history.job(index) for index in self.history.by_name(name)]
        return [job_id for _, job_id in sorted([*live, *((job.created, job.id) for job in past)], reverse=True)]


def _settle(world: World, job: Job) -> None:
    jobs.settle(world, job)
    drain.nudge(world, job)
