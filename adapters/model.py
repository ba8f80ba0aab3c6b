"""The domain objects every backend is turned into: small, typed, frozen.

Times are seconds since the epoch, UTC, as floats; sizes are bytes. `None` means that the
server did not say. A row never keeps the payload it came from: `Adapter.detail` re-reads it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum
from types import MappingProxyType
from typing import TypeAlias

from adapters.frozen import dataclass

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
Timestamp: TypeAlias = float


class Instant(float):
    """A time among a backend's own fields: a Timestamp that its type tells apart from other numbers."""

    __slots__ = ()

    @classmethod
    def of(cls, time: Timestamp | None) -> Instant | None:
        return None if time is None else cls(time)


NOTHING: Mapping[str, Json] = MappingProxyType({})
NO_LABELS: Mapping[str, str] = MappingProxyType({})

CONTEXT_NAME = re.compile(r"[A-Za-z0-9_.-]+")
ALL_CONTEXTS = "all"


class Kind(StrEnum):
    """What an object is; the singular is the name used in refs and output."""

    RUN = "run"
    TASK = "task"
    POD = "pod"
    HOST = "host"
    POOL = "pool"
    UPDATE = "update"
    VOLUME = "volume"

    @property
    def plural(self) -> str:
        return f"{self.value}s"


class State(StrEnum):
    """The normalised states; the backend's own word stands beside them as `native_state`."""

    DRAFT = "draft"
    PENDING = "pending"
    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    ABORTING = "aborting"
    ABORTED = "aborted"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    SKIPPED = "skipped"
    LOST = "lost"
    UP = "up"
    DRAINING = "draining"
    DRAINED = "drained"
    DOWN = "down"
    UNKNOWN = "unknown"


WORK_STATES = frozenset(State) - {State.UP, State.DRAINING, State.DRAINED, State.DOWN}
HOST_STATES = frozenset({State.UP, State.DRAINING, State.DRAINED, State.DOWN, State.UNKNOWN})
UPDATE_STATES = frozenset(
    {State.PENDING, State.RUNNING, State.PAUSED, State.ABORTED, State.SUCCEEDED, State.FAILED, State.UNKNOWN}
)
ENDED = frozenset({State.ABORTED, State.SUCCEEDED, State.FAILED, State.SKIPPED, State.LOST})
"""States that work does not leave by itself. `unknown` is not one of them: nobody knows."""

FAULTY = frozenset({State.FAILED, State.LOST, State.DOWN})
"""What the faults-only view keeps and `e` hops to."""

DERIVED = "derived"
"""The `native_state` of a part of which the server says nothing: its state is that of what it belongs to."""

WAITING = frozenset({State.DRAFT, State.PENDING, State.QUEUED, State.PAUSED})


@dataclass(frozen=True, slots=True, order=True)
class Ref:
    """The identity of an object everywhere: context, kind and the backend's own id, verbatim."""

    context: str
    kind: Kind
    id: str

    def __str__(self) -> str:
        return f"{self.context}/{self.kind.value}/{self.id}"

    @classmethod
    def parse(cls, text: str) -> Ref:
        """Read `context/kind/id`; the id is everything after the second slash.

        Raises ValueError with a sentence for the operator.
        """
        parts = text.split("/", 2)
        if len(parts) < 3 or not parts[2]:
            raise ValueError(f"{text!r} is not a reference; write context/kind/id, as in kfp/run/0b3e7a52")
        context, kind, native = parts
        if not CONTEXT_NAME.fullmatch(context):
            raise ValueError(f"{context!r} is not a context name; letters, digits, '_', '.', '-' are allowed")
        return cls(context, parse_kind(kind), native)


KIND_ALIASES: Mapping[str, Kind] = MappingProxyType(
    {
        **{kind.value: kind for kind in Kind},
        **{kind.plural: kind for kind in Kind},
        "r": Kind.RUN,
        "job": Kind.RUN,
        "jobs": Kind.RUN,
        "t": Kind.TASK,
        "po": Kind.POD,
        "p": Kind.POD,
        "replica": Kind.POD,
        "replicas": Kind.POD,
        "h": Kind.HOST,
        "node": Kind.HOST,
        "nodes": Kind.HOST,
        "worker": Kind.HOST,
        "workers": Kind.HOST,
        "respool": Kind.POOL,
        "respools": Kind.POOL,
        "queue": Kind.POOL,
        "queues": Kind.POOL,
        "u": Kind.UPDATE,
        "workflow": Kind.UPDATE,
        "workflows": Kind.UPDATE,
        "v": Kind.VOLUME,
        "vol": Kind.VOLUME,
    }
)


def parse_kind(word: str) -> Kind:
    """The kind a word names, plural and aliases included; ValueError names the nearest one."""
    found = KIND_ALIASES.get(word.lower())
    if found is None:
        from adapters.names import nearest

        raise ValueError(f"no kind {word!r}{nearest(word, [kind.plural for kind in Kind])}")
    return found


@dataclass(frozen=True, slots=True)
class Progress:
    """How many of the object's parts have ended well, of how many."""

    done: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """What all kinds have in common. `extra` holds the backend's own fields, named by its FieldSpecs.

    `version` is whatever the backend uses against lost updates (Peloton's EntityVersion), else None.
    `message` is the server's own cause or note, in its words.
    """

    ref: Ref
    name: str
    state: State
    native_state: str
    owner: str | None = None
    group: str | None = None
    parent: Ref | None = None
    created: Timestamp | None = None
    started: Timestamp | None = None
    finished: Timestamp | None = None
    progress: Progress | None = None
    message: str | None = None
    labels: Mapping[str, str] = field(default_factory=lambda: NO_LABELS)
    host: str | None = None
    pool: str | None = None
    version: str | None = None
    extra: Mapping[str, Json] = field(default_factory=lambda: NOTHING)

    def duration(self, now: Timestamp) -> float | None:
        """Seconds from started to finished, or to `now` while it goes on; never negative."""
        if self.started is None:
            return None
        if self.finished is not None:
            return max(0.0, self.finished - self.started)
        return None if self.state in ENDED else max(0.0, now - self.started)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run(Resource):
    gpus: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Task(Resource):
    """One step of a run. `parent` is the task above it, or the run."""

    attempt: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pod(Resource):
    """`parent` is the run (or task) it belongs to, `attempt` its current try, counted from 1."""

    parent_name: str | None = None
    attempt: int | None = None
    health: str | None = None  # ok, bad, off
    exit_code: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Host(Resource):
    """`group` is the host pool; `pods` is how many are known to be on it now."""

    ip: str | None = None
    pods: int | None = None


@dataclass(frozen=True, slots=True)
class Capacity:
    """One resource of a pool, in the pool's own unit (cores, GPUs, bytes)."""

    kind: str
    reservation: float | None = None
    limit: float | None = None
    share: float | None = None
    allocation: float | None = None
    slack: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool(Resource):
    """A resource pool or a queue. `name` is its full path; `parent` the pool above it."""

    capacity: tuple[Capacity, ...] = ()
    running: int | None = None
    waiting: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Update(Resource):
    """A rollout over the pods of a run. `parent` is the run; `current` says it is the run's latest."""

    type: str | None = None
    parent_name: str | None = None
    current: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume(Resource):
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to an object, as the server reports it. `extra["attempt"]` says in which try."""

    time: Timestamp | None
    ref: Ref
    state: State | None
    native_state: str | None
    text: str
    extra: Mapping[str, Json] = field(default_factory=lambda: NOTHING)


class LogMode(StrEnum):
    """How a source can be read: see `LogSource`."""

    APPEND = "append"
    WINDOW = "window"
    REFETCH = "refetch"


@dataclass(frozen=True, slots=True)
class LogSource:
    """One log of an object.

    `append` sources continue at a cursor, `window` ones give only their last part, `refetch` ones are
    fetched whole each time. `ended` says that the object has ended, so the log will not grow.
    `key` is the adapter's own handle; it is opaque to everyone else.
    """

    ref: Ref
    name: str
    mode: LogMode
    attempt: int | None = None
    ended: bool = False
    key: str = ""


@dataclass(frozen=True, slots=True)
class LogChunk:
    """Part of a log.

    `data` is the bytes as the server has them, not split at lines. `cursor` continues after it; it is
    opaque, except that an `append` source's is a byte offset in decimal. `at_end`: no more right now.
    `size`: bytes the server says the log has. `note`: what the reader must be told (a gap, a rotation),
    drawn as a marker line before `data`.
    """

    data: bytes
    cursor: str
    at_end: bool
    size: int | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Health:
    """What a backend says about itself; `version` in its own words."""

    ok: bool
    version: str | None = None
    note: str | None = None
    extra: Mapping[str, Json] = field(default_factory=dict)
