"""One project's custom jobs in one region: ids, order, states, and how each is rendered."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterator
from itertools import islice
from typing import Any

from adapters.mock.chance import Draw, mix, scramble, unscramble
from adapters.mock.cluster import SimCluster
from adapters.mock.outlines import CAST, Past
from adapters.mock.timeline import MADE
from adapters.vertex.mock_filter import Test
from adapters.vertex.mock_jobs import FAILED, RUNNING, TERMINAL, WITH_END, Life, error_of, life_of
from adapters.vertex.mock_spec import job_spec, labels_of, nodes_of
from adapters.vertex.mock_wire import rfc3339

HEAD = 1 << 62  # ids are 19 digits, as the real ones
KEPT_LIVES = 200_000
OLDEST_LIVE = 12 * 3600.0


class World:
    """Jobs by index of the timeline; only those a client touched hold state."""

    def __init__(self, cluster: SimCluster, *, project: str, number: str, region: str) -> None:
        self.clock = cluster.clock
        self.timeline = cluster.timeline("vertex")
        self.project, self.number, self.region = project, number, region
        self.key = Draw(cluster.seed, "vertex", "ids").key
        self.operations: dict[str, Any] = {}
        self.operations_started = 0
        self._past = Past(cluster.runs, cluster.started_at)
        self._lives: dict[int, Life] = {}
        self._after_the_cast = self._oldest_member()
        self._live: list[int] = []
        self._looked_at = self._first_that_may_live()

    # Identity

    def id(self, index: int) -> str:
        head = scramble(index, self.key)
        return str(HEAD | head << 30 | mix(self.key ^ head) & 0x3FFFFFFF)

    def find(self, job: str) -> int | None:
        """The index of a job that exists, None for any other text."""
        if not job.isdecimal() or len(job) > 19:
            return None
        index = unscramble((int(job) ^ HEAD) >> 30 & 0xFFFFFFFF, self.key)
        return index if self.timeline.exists(index) and self.id(index) == job else None

    def name(self, index: int) -> str:
        """Always with the project's number, whichever name the client used."""
        return f"projects/{self.number}/locations/{self.region}/customJobs/{self.id(index)}"

    # What a job is

    def role(self, index: int) -> str | None:
        """Its part in the cast, and the one state more that the cast has no part for."""
        if index == self._after_the_cast:
            return "updating"
        return self._past.role(index) if index < self._past.count else None

    def _oldest_member(self) -> int:
        """The index that follows the cast at its own distance; -1 where there is no cast."""
        newest = self._past.count - 1
        if self._past.role(newest) is None:
            return -1
        second = next(index for index in range(newest - 1, -1, -1) if self._past.role(index) is not None)
        return newest - len(CAST) * (newest - second)

    def life(self, index: int) -> Life:
        found = self._lives.get(index)
        if found is None:
            found = life_of(self.timeline.outline(index), self.timeline.draw(index), self.role(index))
            cancelled = self.extra(index).get("cancelled")
            if cancelled is not None:
                found = found.cancel(cancelled, self.timeline.draw(index))
            if len(self._lives) >= KEPT_LIVES:
                self._lives.clear()
            self._lives[index] = found
        return found

    def state(self, index: int) -> str:
        return self.life(index).state(self.clock.now())

    def extra(self, index: int) -> dict[str, Any]:
        touch = self.timeline.touched.get(index)
        return touch.extra if touch is not None else {}

    def display_name(self, index: int) -> str:
        return self.timeline.outline(index).name

    def labels(self, index: int) -> dict[str, str]:
        made = self.extra(index).get("job")
        if made is not None:
            return dict(made.get("labels", {}))
        return labels_of(self.timeline.outline(index), self.timeline.draw(index))

    def spec(self, index: int) -> dict[str, Any]:
        made = self.extra(index).get("job")
        if made is not None:
            return dict(made["jobSpec"])
        return job_spec(self.timeline.outline(index), self.timeline.draw(index), self.life(index))

    def victim(self, index: int) -> str:
        """The node that the story of its failure happens to."""
        nodes, life = nodes_of(self.spec(index)), self.life(index)
        if life.story is None or life.story.id in ("image-pull", "bad-argument", "user-code"):
            return nodes[0]
        return self.timeline.draw(index).pick("victim", nodes)

    def told(self, moment: float) -> int:
        """Microseconds, as a client is told them."""
        return int(self.clock.stamp(moment) * 1e6)

    # Interventions

    def cancel(self, index: int) -> bool:
        """Ask for its end; False where it has ended. A second request changes nothing."""
        now = self.clock.now()
        life = self.life(index)
        if life.state(now) in TERMINAL:
            return False
        if now < life.cancelled:
            self.timeline.touch(index).extra["cancelled"] = now
            self._lives.pop(index, None)
        return True

    # Lists

    def select(self, test: Test, states: frozenset[str], after: tuple[int, str] | None, size: int) -> list[int]:
        """At most `size` matching jobs, newest first, from (creation in microseconds, id) on. `states` are those
        that can match; when none of them is final, only live jobs are looked at."""
        candidates = self._newest(after) if states & TERMINAL else self._going()
        rows = (index for index in candidates if after is None or self.order(index) <= after)
        return list(islice((index for index in rows if test(index)), size))

    def order(self, index: int) -> tuple[int, str]:
        return (self.told(self.timeline.created(index)), self.id(index))

    def _newest(self, after: tuple[int, str] | None) -> Iterator[int]:
        """All jobs by creation; those of one second by id, so that pages have an order to continue."""
        group: list[int] = []
        until = math.inf if after is None else self.clock.unstamp(after[0] / 1e6) + 1
        for index in self.timeline.descending(until):
            if group and self.timeline.created(index) != self.timeline.created(group[0]):
                yield from sorted(group, key=self.order, reverse=True)
                group = []
            group.append(index)
        yield from sorted(group, key=self.order, reverse=True)

    def _first_that_may_live(self) -> int:
        """The lowest index of a job that may go on: a young one, or a member of the cast."""
        seeded = range(self._past.count)
        young = bisect_left(seeded, self.clock.now() - OLDEST_LIVE, key=self.timeline.created)
        return young if self._after_the_cast < 0 else min(young, self._after_the_cast)

    def _going(self) -> list[int]:
        """Jobs that have not ended, newest first; each that has ended is looked at once."""
        now, count = self.clock.now(), self.timeline.count()
        fresh = range(self._looked_at, count)
        made = [index for index in self.timeline.touched if index >= MADE]
        self._looked_at = count
        candidates = {*self._live, *fresh, *made}
        self._live = [i for i in candidates if self.timeline.exists(i) and self.life(i).ended > now]
        self._live.sort(key=self.order, reverse=True)
        return self._live

    # Rendering

    def render(self, index: int) -> dict[str, Any]:
        """The CustomJob, enums by name."""
        now, life = self.clock.now(), self.life(index)
        state, made = life.state(now), self.extra(index).get("job")
        job: dict[str, Any] = {
            "name": self.name(index),
            "displayName": self.display_name(index),
            "jobSpec": self.spec(index),
            "state": state,
            "createTime": rfc3339(self.told(life.created)),
        }
        if life.started <= now:
            job["startTime"] = rfc3339(self.told(life.started))
        if state in WITH_END:
            job["endTime"] = rfc3339(self.told(life.ended))
        job["updateTime"] = rfc3339(self.told(life.changed(now)))
        victim = self.victim(index) if state == FAILED else ""
        error = error_of(life.story, state, victim, self.id(index), self.number)
        if error is not None:
            job["error"] = error
        if labels := self.labels(index):
            job["labels"] = labels
        if made is not None and "encryptionSpec" in made:
            job["encryptionSpec"] = made["encryptionSpec"]
        if uris := self._web_access(index, state):
            job["webAccessUris"] = uris
        return job

    def _web_access(self, index: int, state: str) -> dict[str, str]:
        spec = self.spec(index)
        if state != RUNNING or not (spec.get("enableWebAccess") or spec.get("enableDashboardAccess")):
            return {}
        made, key = {}, self.timeline.draw(index).key
        for place, node in enumerate(nodes_of(spec)):
            host = f"{mix(key ^ place):016x}-dot-{self.region}.aiplatform-training.googleusercontent.com"
            if spec.get("enableWebAccess"):
                made[node] = f"https://{host}"
            if spec.get("enableDashboardAccess"):
                made[f"{node}:8888"] = f"https://8888-{host}"
        return made
