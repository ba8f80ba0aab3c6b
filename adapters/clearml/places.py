"""Queues as pools, with who waits in which place; and the names of projects."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from types import MappingProxyType

from adapters.clearml import wire
from adapters.clearml.api_places import ProjectsApi, QueuesApi
from adapters.errors import AdapterError, Invalid, NotFound, Unsupported
from adapters.http import Reply
from adapters.model import Instant, Json, Kind, Pool, Ref, State
from adapters.names import nearest

WAITING_KNOWN = 2.0
"""Seconds that the places in queues are taken to be true; names of queues that long times thirty."""
NAMES_KNOWN = 60.0
PROJECT_PAGES = 20
PAGE = 500


class Queues:
    """All queues, remembered for a moment: every list of tasks needs their names and places."""

    def __init__(self, context: str, api: QueuesApi, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._context = context
        self._api = api
        self._clock = clock
        self._read_at: float | None = None
        self._with_workers = True
        self.known: Mapping[str, wire.Queue] = {}
        self._places: dict[str, tuple[str, int]] = {}

    async def learn(self, rows: list[wire.TaskRow]) -> None:
        """Make the queues of these tasks known, and the places of those that wait. Does not fail."""
        named = {row.execution.queue.id for row in rows if row.execution.queue}
        if any(row.status == "queued" for row in rows):
            age = WAITING_KNOWN
        elif named:
            age = NAMES_KNOWN if named <= self.known.keys() else WAITING_KNOWN
        else:
            return
        if self._read_at is not None and self._clock() - self._read_at < age:
            return
        try:
            await self.read()
        except AdapterError:
            self._read_at = self._clock()  # names are a service; the list is shown without them

    def forget(self) -> None:
        """After a write: who waits where is to be read again."""
        self._read_at = None

    async def read(self) -> list[tuple[wire.Queue, dict[str, Json]]]:
        """Every queue as it is now, with the server's own JSON. Raises AdapterError."""
        reply = await self._all()
        raw = wire.data_of(reply).get("queues")
        queues = wire.list_of(reply, "queues", wire.Queue)
        self.known = {queue.id: queue for queue in queues}
        self._places = {
            entry.task.id: (queue.id, number)
            for queue in queues
            for number, entry in enumerate(queue.entries, 1)
            if entry.task is not None
        }
        self._read_at = self._clock()
        pairs = zip(queues, raw if isinstance(raw, list) else [], strict=True)
        return [(queue, entry if isinstance(entry, dict) else {}) for queue, entry in pairs]

    async def _all(self) -> Reply:
        if self._with_workers:
            try:
                return await self._api.get_all_ex()
            except Unsupported:
                self._with_workers = False
        return await self._api.get_all()

    def name(self, row: wire.TaskRow) -> str | None:
        queue = row.execution.queue
        if queue is None:
            return None
        known = self.known.get(queue.id)
        return known.shown if known else queue.shown

    def place(self, row: wire.TaskRow) -> int | None:
        """Counted from 1; None unless it waits."""
        found = self._places.get(row.id)
        return found[1] if found and row.status == "queued" else None

    def queue_of(self, row: wire.TaskRow) -> str | None:
        """The id of the queue it waits in; the queue a task names may be one it has left."""
        found = self._places.get(row.id)
        return found[0] if found else None

    def find(self, word: str) -> wire.Queue:
        """By id or name. Raises Invalid: an unknown name would be made a new queue by the server."""
        for queue in self.known.values():
            if word in (queue.id, queue.name, queue.display_name):
                return queue
        known = [queue.shown for queue in self.known.values()]
        raise Invalid(f"{self._context}: no queue {word!r}{nearest(word, known)}", executed=False)

    async def one(self, native: str) -> tuple[wire.Queue, dict[str, Json]]:
        for queue, raw in await self.read():
            if queue.id == native:
                return queue, raw
        raise NotFound(f"{self._context}: no queue {native}", executed=False)


def to_pool(context: str, queue: wire.Queue) -> Pool:
    """A queue has no state of its own. It is taken to have started waiting with its oldest entry."""
    added = [entry.added for entry in queue.entries if entry.added is not None]
    workers = queue.workers
    following = queue.entries[0].task if queue.entries else None
    return Pool(
        ref=Ref(context, Kind.POOL, queue.id),
        name=queue.shown,
        state=State.UP,
        native_state="queue",
        created=queue.created,
        started=min(added, default=None),
        labels=MappingProxyType(dict.fromkeys(queue.tags, "")),
        waiting=len(queue.entries),
        message="no worker listens to it" if workers == [] and queue.entries else None,
        extra=MappingProxyType(
            {
                "workers": None if workers is None else len(workers),
                "busy": None if workers is None else sum(worker.task is not None for worker in workers),
                "next": following.shown if following else None,
                "tags": ", ".join(queue.tags) or None,
                "updated": Instant.of(queue.last_update),
            }
        ),
    )


class Projects:
    """The names of projects, read once they are needed; a new name is looked for again."""

    def __init__(self, context: str, api: ProjectsApi) -> None:
        self._context = context
        self._api = api
        self.known: dict[str, str] = {}

    async def learn(self) -> Mapping[str, str]:
        """Ids and names of all projects. Raises AdapterError."""
        found: dict[str, str] = {}
        for page in range(PROJECT_PAGES):
            reply = await self._api.get_all(
                only_fields=["id", "name"], order_by=["name"], page=page, page_size=PAGE
            )
            rows = wire.list_of(reply, "projects", wire.Named)
            found |= {row.id: row.shown for row in rows}
            if len(rows) < PAGE:
                break
        self.known = found
        return found

    async def below(self, name: str) -> list[str]:
        """The ids of a project and of all below it. Raises NotFound."""
        for known in (self.known, None):
            projects = known if known is not None else await self.learn()
            ids = [native for native, path in projects.items() if path == name or path.startswith(f"{name}/")]
            if ids:
                return ids
        raise NotFound(f"{self._context}: no project {name!r}{nearest(name, self.known.values())}", executed=False)

    async def find(self, word: str) -> str:
        """The id of a project by its name or id. Raises Invalid."""
        projects = await self.learn()
        if word in projects:
            return word
        for native, name in projects.items():
            if name == word:
                return native
        raise Invalid(f"{self._context}: no project {word!r}{nearest(word, projects.values())}", executed=False)
