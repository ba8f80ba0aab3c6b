"""Finite work of one backend: seeded runs as functions of their index, arrivals, and what clients changed.

Only touched runs hold state. Ids are UUIDs that carry the index, so looking one up costs nothing.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from heapq import merge

from adapters.mock.behaviour import ABORTABLE, Course, Outline, Phase, unfold
from adapters.mock.chance import Draw, mix, scramble, unscramble
from adapters.mock.clock import SimClock
from adapters.mock.names import Workload
from adapters.mock.outlines import Past, cast, critical_minutes, ordinary

MADE = 1 << 31
"""Indices from here on are runs that a client created."""


@dataclass(slots=True)
class Touch:
    """What was done to a run: commands with their moments, and what else a backend remembers of it."""

    commands: list[tuple[float, str]] = field(default_factory=list)
    archived: bool | None = None
    deleted: bool = False
    extra: dict[str, object] = field(default_factory=dict)


class Timeline:
    """Runs by index: 0 to `count(now) - 1` in order of creation, then those from MADE on."""

    def __init__(
        self, backend: str, *, seed: int, count: int, arrivals: float, clock: SimClock, started_at: float
    ) -> None:
        self.backend = backend
        self.seed = seed
        self.clock = clock
        self.started_at = started_at
        self.arrivals = arrivals
        self.touched: dict[int, Touch] = {}
        self.revision = 0
        self._past = Past(count, started_at)
        self._root = Draw(seed, backend)
        self._made: list[Outline] = []
        self._outlines: dict[int, Outline] = {}
        self._deleted = 0
        self._plain_course = lru_cache(maxsize=1024)(self._unfold_plain)

    # Identity

    def draw(self, index: int) -> Draw:
        return Draw(self._root.key, index)

    def uuid(self, index: int) -> str:
        """The run's id: a UUID4 whose first eight digits hide the index."""
        head = scramble(index, self._root.key)
        rest = mix(self._root.key ^ head)
        more = mix(rest)
        return (
            f"{head:08x}-{rest & 0xFFFF:04x}-4{rest >> 16 & 0xFFF:03x}-"
            f"{0x8 | rest >> 28 & 0x3:x}{rest >> 32 & 0xFFF:03x}-{more & 0xFFFFFFFFFFFF:012x}"
        )

    def find(self, uuid: str) -> int | None:
        """The index of a run that exists now, None for any other text."""
        try:
            index = unscramble(int(uuid[:8], 16), self._root.key)
        except ValueError:
            return None
        return index if self.exists(index) and self.uuid(index) == uuid else None

    def exists(self, index: int) -> bool:
        touch = self.touched.get(index)
        if touch is not None and touch.deleted:
            return False
        return index - MADE < len(self._made) if index >= MADE else index < self.count()

    # Order

    def count(self) -> int:
        """How many were seeded or have arrived, deleted ones included."""
        if self.arrivals <= 0:
            return self._past.count
        return self._past.count + math.floor((self.clock.now() - self.started_at) / 60 * self.arrivals)

    def __len__(self) -> int:
        return self.count() + len(self._made) - self._deleted

    def created(self, index: int) -> float:
        if index >= MADE:
            return self._made[index - MADE].created
        if index < self._past.count:
            return self._past.created(index, self.draw(index).unit("created"))
        return math.floor(self.started_at + (index - self._past.count + 1) * 60 / self.arrivals)

    def ascending(self, since: float = -math.inf) -> Iterator[int]:
        """Existing runs created at `since` or later, oldest first."""
        first = bisect_left(range(self.count()), since, key=self.created)
        made = bisect_left(self._made, since, key=lambda outline: outline.created)
        both = merge(range(first, self.count()), (MADE + n for n in range(made, len(self._made))), key=self.created)
        return (index for index in both if self.exists(index))

    def descending(self, until: float = math.inf) -> Iterator[int]:
        """Existing runs created at `until` or earlier, newest first."""
        last = bisect_right(range(self.count()), until, key=self.created)
        made = bisect_right(self._made, until, key=lambda outline: outline.created)
        both = merge(
            range(last - 1, -1, -1),
            (MADE + n for n in range(made - 1, -1, -1)),
            key=self.created,
            reverse=True,
        )
        return (index for index in both if self.exists(index))

    # What runs are and do

    def outline(self, index: int) -> Outline:
        if index >= MADE:
            return self._made[index - MADE]
        found = self._outlines.get(index)
        if found is None:
            role = self.role(index)
            created, draw = self.created(index), self.draw(index)
            if role is None:
                found = ordinary(index, created, draw, self.started_at)
            else:
                found = cast(role, index, created, draw, self.started_at)
            self._outlines[index] = found
        return found

    def role(self, index: int) -> str | None:
        """Which member of the fixed cast a run is, None for any other."""
        return self._past.role(index) if index < self._past.count else None

    def course(self, index: int) -> Course:
        touch = self.touched.get(index)
        if touch is None or not touch.commands:
            return self._plain_course(index)
        return unfold(self.outline(index), self.draw(index), touch.commands)

    def _unfold_plain(self, index: int) -> Course:
        return unfold(self.outline(index), self.draw(index))

    def phase(self, index: int, now: float) -> Phase:
        touch = self.touched.get(index)
        if touch is None or not touch.commands:
            return self.outline(index).phase(now)
        return self.course(index).phase(now)

    def finished(self, index: int, now: float) -> float | None:
        touch = self.touched.get(index)
        if touch is None or not touch.commands:
            ended = self.outline(index).ended
            return ended if ended <= now else None
        return self.course(index).finished(now)

    def archived(self, index: int) -> bool:
        touch = self.touched.get(index)
        if touch is not None and touch.archived is not None:
            return touch.archived
        return self.outline(index).archived

    # Interventions

    def touch(self, index: int) -> Touch:
        """The run's own record, to be changed by the caller."""
        self.revision += 1
        return self.touched.setdefault(index, Touch())

    def abort(self, index: int) -> bool:
        """Ask for the end of a run; False where its phase does not allow it."""
        now = self.clock.now()
        if self.phase(index, now) not in ABORTABLE:
            return False
        self.touch(index).commands.append((now, "abort"))
        return True

    def retry(self, index: int) -> bool:
        """Try the failed steps of an ended run again; False where its phase does not allow it."""
        now = self.clock.now()
        if self.phase(index, now) not in (Phase.FAILED, Phase.ABORTED):
            return False
        self.touch(index).commands.append((now, "retry"))
        return True

    def archive(self, index: int, archived: bool = True) -> None:
        self.touch(index).archived = archived

    def delete(self, index: int) -> None:
        self.touch(index).deleted = True
        self._deleted += 1

    def create(self, name: str, workload: Workload, owner: str) -> int:
        """Start a new run now; most of them succeed, and within minutes."""
        index = MADE + len(self._made)
        draw = self.draw(index)
        made = ordinary(index, math.floor(self.clock.now()), draw, self.clock.now())
        fits = made.outcome in (Phase.SUCCEEDED, Phase.FAILED) and made.story is None
        seconds = critical_minutes(workload) * 60 * draw.between("length", 0.7, 1.8)
        made = replace(
            made,
            name=name,
            workload=workload,
            owner=owner,
            ended=made.started + seconds,
            outcome=Phase.SUCCEEDED if fits or made.outcome is not Phase.FAILED else Phase.FAILED,
            aborted_at=None,
        )
        self._made.append(made)
        self.revision += 1
        return index
