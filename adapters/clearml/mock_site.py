"""Queues and workers, and what simulated agents do: take entries, run tasks, obey stops, come and go."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from adapters.clearml.mock_auth import queue_id
from adapters.clearml.mock_seeded import QUEUES, RESERVED
from adapters.clearml.mock_task import Task
from adapters.mock.chance import Draw
from adapters.mock.names import HOST_POOLS, host_name

WAIT_LEAST, WAIT_MOST = 5.0, 12.0  # seconds from being queued to being taken by an idle worker
BURST_AFTER = 60.0  # an entry that waits longer gets another worker on one of the machines
SPARE_FOR = 300.0  # such workers leave after being idle this long
POLL = 30.0
TIMEOUT = 600


@dataclass(slots=True)
class Entry:
    task: str
    added: float
    ready: float  # no simulated worker takes it before


@dataclass(slots=True)
class Queue:
    id: str
    name: str
    created: float
    updated: float
    tags: list[str] = field(default_factory=list)
    system_tags: list[str] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    metadata: dict[str, Any] = field(default_factory=dict)
    display_name: str | None = None

    def place(self, task_id: str) -> int | None:
        return next((n for n, entry in enumerate(self.entries) if entry.task == task_id), None)


@dataclass(slots=True)
class Worker:
    """An agent. What a client registered is not `simulated`, and nothing happens to it by itself."""

    name: str
    queues: list[str]
    registered: float
    simulated: bool = True
    spare: bool = False  # leaves when idle
    task: str | None = None
    source: str | None = None
    since: float = 0.0
    seen: float = 0.0
    timeout: int = TIMEOUT
    user: str = ""
    ip: str = "127.0.0.1"
    tags: list[str] = field(default_factory=list)
    system_tags: list[str] = field(default_factory=list)
    reports: list[dict[str, Any]] = field(default_factory=list)

    @property
    def machine(self) -> str:
        return self.name.partition(":")[0]

    def alive(self, now: float) -> bool:
        return self.simulated or now - self.seen < self.timeout


class Site:
    """The queues by id, the workers by name, and the agenda of what happens next."""

    def __init__(self, seed: int, hosts: int, start: float) -> None:
        self.start = start
        self.draw = Draw(seed, "clearml", "site")
        self.queues: dict[str, Queue] = {}
        for name in QUEUES:
            self.add_queue(name, start - 90 * 86400.0)
        next(iter(self.queues.values())).system_tags.append("default")
        self.workers: dict[str, Worker] = {}
        self._agenda: list[tuple[float, int, Callable[[float], None]]] = []
        self._asked = 0
        self.machines = list(_machines(max(1, hosts)))
        self.reserved = [name for name in self.machines if name.startswith("gpu-h100")][:2]
        for number, name in enumerate(self.machines):
            self._hire(f"{name}:0", name in self.reserved, start - 3600.0 * (5 + number))
        served = {queue for worker in self.workers.values() for queue in worker.queues}
        left = [queue.id for queue in self.queues.values() if queue.id not in served and queue.name != RESERVED]
        self.workers[f"{self.machines[-1]}:0"].queues += left  # a small site has machines for all purposes

    # The agenda

    def at(self, moment: float, what: Callable[[float], None]) -> None:
        """Do that then; `what` is given the moment."""
        self._asked += 1
        heapq.heappush(self._agenda, (moment, self._asked, what))

    def run_until(self, now: float) -> None:
        while self._agenda and self._agenda[0][0] <= now:
            moment, _, what = heapq.heappop(self._agenda)
            what(moment)

    # Queues

    def add_queue(self, name: str, created: float) -> Queue:
        queue = Queue(queue_id(name), name, created, created)
        self.queues[queue.id] = queue
        return queue

    def named(self, name: str) -> Queue | None:
        return next((queue for queue in self.queues.values() if queue.name == name), None)

    def queued_in(self, task_id: str) -> Queue | None:
        return next((queue for queue in self.queues.values() if queue.place(task_id) is not None), None)

    def remove(self, task_id: str, moment: float) -> bool:
        """Take it out of every queue that it is in."""
        found = False
        for queue in self.queues.values():
            kept = [entry for entry in queue.entries if entry.task != task_id]
            if len(kept) != len(queue.entries):
                queue.entries, queue.updated, found = kept, moment, True
        return found

    def wait(self, task: Task) -> float:
        return Draw(task.key, task.turn).between("pickup", WAIT_LEAST, WAIT_MOST)

    # Workers

    def _hire(self, name: str, reserved: bool, at: float, *, spare: bool = False) -> Worker:
        names = [RESERVED] if reserved else _queues_of(name)
        queues = [queue.id for queue in self.queues.values() if queue.name in names]
        draw = Draw(self.draw.key, name)
        ip = f"10.{64 + draw.number('net') % 4}.{draw.number('ip') % 200}.{4 + draw.number('ip2') % 240}"
        self.workers[name] = Worker(name, queues, at, spare=spare, ip=ip)
        return self.workers[name]

    def idle(self, queue_id: str) -> Worker | None:
        """A simulated worker that serves that queue and does nothing."""
        return next(
            (w for w in self.workers.values() if w.simulated and w.task is None and queue_id in w.queues), None
        )

    def another(self, queue_id: str, moment: float) -> Worker:
        """One more worker on the least used machine that serves the queue."""
        queue = self.queues[queue_id]
        shared = [name for name in self.machines if name not in self.reserved] or self.machines
        fitting = [name for name in shared if queue.name in _queues_of(name)] or shared[:1]
        slots = dict.fromkeys(fitting, 1)
        for worker in self.workers.values():
            if worker.machine in slots:
                slots[worker.machine] = max(slots[worker.machine], int(worker.name.rpartition(":")[2] or 0) + 1)
        machine = min(fitting, key=lambda name: slots[name])
        worker = self._hire(f"{machine}:{slots[machine]}", False, moment, spare=True)
        if queue_id not in worker.queues:
            worker.queues.append(queue_id)
        return worker

    def assign(self, worker: Worker, task: Task, queue_id: str | None, moment: float) -> None:
        worker.task, worker.source, worker.since = task.id, queue_id, moment

    def free(self, task_id: str, moment: float) -> None:
        """Whoever works on that task is idle again."""
        for worker in list(self.workers.values()):
            if worker.task == task_id:
                worker.task = worker.source = None
                worker.since = moment
                if worker.spare:
                    self.at(moment + SPARE_FOR, lambda now, worker=worker: self._leave(worker, now))  # type: ignore[misc]

    def _leave(self, worker: Worker, now: float) -> None:
        if worker.task is None and now - worker.since >= SPARE_FOR:
            self.workers.pop(worker.name, None)


def _machines(hosts: int) -> Iterator[str]:
    """Two machines for what waits come first where there is room for them."""
    left = hosts
    h100 = 2 if hosts >= 4 else 0
    for number in range(h100):
        yield host_name("gpu-h100", 11 + number)
    left -= h100
    shares = [(pool, first + (h100 if pool == "gpu-h100" else 0), share) for pool, first, share in HOST_POOLS]
    taken = {pool: 0 for pool, _, _ in shares}
    for _ in range(left):
        pool, first, _ = min(shares, key=lambda each: (taken[each[0]] + 1) / each[2])
        yield host_name(pool, first + taken[pool])
        taken[pool] += 1


def _queues_of(worker: str) -> list[str]:
    """What an agent on that machine serves, in order of priority."""
    if worker.startswith("gpu-a100"):
        return ["gpu-a100", "default"]
    if worker.startswith("gpu-h100"):
        return ["gpu-h100", "gpu-a100"]
    return ["services", "cpu", "default"] if worker.startswith("cpu-std") else ["cpu", "services"]
