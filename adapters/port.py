"""The port: the one interface through which the console sees a backend."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import field
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol, TypeAlias

from adapters.actions import ActionResult, ActionSpec, Preview
from adapters.fields import FieldSpec
from adapters.frozen import dataclass
from adapters.model import Event, Health, Json, Kind, LogChunk, LogSource, Ref, Resource
from adapters.permit import Permit

if TYPE_CHECKING:
    from adapters.sections import Detail


class Op(StrEnum):
    """Comparisons of the filter language; EQ with several values is an OR over them."""

    EQ = "="
    NE = "!="
    MATCH = "~"
    NOT_MATCH = "!~"
    GT = ">"
    GE = ">="
    LT = "<"
    LE = "<="


@dataclass(frozen=True, slots=True)
class Term:
    """One AND-ed term of a filter that a server may be able to evaluate. `field` is a FieldSpec id, a common
    field or `label.<key>`; times and durations are numbers in seconds, written as text."""

    field: str
    op: Op
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SortKey:
    field: str
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """What a list is asked for.

    `parent` restricts it to objects under another one: tasks or pods of a run, pods of a host, pools and runs
    of a pool. `active` asks only for what has not ended. `terms` and `sort` are wishes: the page says which
    were honoured. `attempts` lists earlier tries as well, where they are objects.
    """

    parent: Ref | None = None
    active: bool = False
    terms: tuple[Term, ...] = ()
    sort: tuple[SortKey, ...] = ()


ANY = Query()


@dataclass(frozen=True, slots=True)
class Page:
    """Part of a list.

    `cursor` continues it, None ends it (a page may be empty and yet continue). `total` counts all matches
    where the server says so. `applied` are the terms the server has evaluated exactly or as a superset,
    `sorted` says that the order is the one asked for. `note` tells what is missing ("pods of 200 of 940 jobs").
    """

    items: tuple[Resource, ...]
    cursor: str | None = None
    total: int | None = None
    applied: frozenset[Term] = frozenset()
    sorted: bool = False
    note: str | None = None


class ChangeType(StrEnum):
    PUT = "put"
    REMOVE = "remove"
    RELIST = "relist"


@dataclass(frozen=True, slots=True)
class Change:
    """One message of a watch; RELIST, its first one, says that what follows is complete only from here on, so that
    the list must be read now. It comes again when the stream has overflowed."""

    type: ChangeType
    ref: Ref | None = None
    resource: Resource | None = None


@dataclass(frozen=True, slots=True)
class Capability:
    """Whether a call is there, and why not. `wanted`: the config asks for it, so its absence is worth telling."""

    supported: bool
    reason: str = ""
    wanted: bool = False


YES = Capability(True)


class Feature(StrEnum):
    LOGS = "logs"
    LOG_ATTEMPTS = "log-attempts"
    EVENTS = "events"
    WATCH = "watch"
    ARTIFACTS = "artifacts"
    CALL = "call"


class Scope(StrEnum):
    """`parent` kinds can only be listed under another object; a top-level list fans out over live parents."""

    GLOBAL = "global"
    PARENT = "parent"


@dataclass(frozen=True, slots=True)
class KindSpec:
    """One kind as this backend has it.

    `heads` renames common columns in the words of the backend ({"group": "EXPERIMENT", "progress": "TASKS"}).
    `opens` is the kind that enter leads to; `children` are the kinds that `Query(parent=...)` can ask for.
    `server_sort` and `server_filter` are the field ids that the server can sort and filter by.
    """

    kind: Kind
    scope: Scope = Scope.GLOBAL
    fields: tuple[FieldSpec, ...] = ()
    heads: Mapping[str, str] = field(default_factory=dict)
    opens: Kind | None = None
    children: tuple[Kind, ...] = ()
    server_sort: frozenset[str] = frozenset()
    server_filter: frozenset[str] = frozenset()
    active_list: bool = False
    logs: Capability = Capability(False, "no logs here")
    events: Capability = Capability(False, "no events here")


@dataclass(frozen=True, slots=True)
class Link:
    """A page of the backend's own console: `pattern` finds, in its URL, the id (group 1) of an object of `kind`."""

    kind: Kind
    pattern: str


@dataclass(frozen=True, slots=True)
class Schema:
    """What a backend can do: everything the console offers is generated from this.

    `absent` names each kind that the backend lacks, with the reason ("Vertex AI does not expose hosts"). By its
    `links` the console understands a pasted URL.
    """

    backend: str
    title: str
    kinds: Mapping[Kind, KindSpec]
    absent: Mapping[Kind, str]
    actions: tuple[ActionSpec, ...] = ()
    features: Mapping[Feature, Capability] = field(default_factory=dict)
    version: str | None = None
    links: tuple[Link, ...] = ()

    def actions_for(self, kind: Kind) -> tuple[ActionSpec, ...]:
        return tuple(action for action in self.actions if kind in action.kinds)

    def action(self, action_id: str, kind: Kind | None = None) -> ActionSpec | None:
        return next((a for a in self.actions if a.id == action_id and (kind is None or kind in a.kinds)), None)


@dataclass(frozen=True, slots=True)
class MethodSpec:
    """One method of a backend's API, as `runyard api` offers it."""

    name: str
    effect: str  # read or write
    summary: str
    params: tuple[tuple[str, str], ...] = ()  # name, type in words


Params: TypeAlias = Mapping[str, Json]


@dataclass(slots=True)
class Stats:
    """What the client has seen of the backend; shown in the contexts table. Latencies in seconds, `ahead` those
    by which its clock is ahead of ours."""

    latencies: list[float] = field(default_factory=list)
    requests: int = 0
    errors: int = 0
    last_error: str | None = None
    last_error_at: float | None = None
    in_flight: int = 0
    ahead: float = 0.0
    auth: str = "none"
    auth_expires: float | None = None


class Adapter(Protocol):
    """One connection to one backend. All methods raise `AdapterError`s and nothing else.

    Calls that the schema does not declare raise `Unsupported` before any request is made.
    """

    context: str
    stats: Stats

    async def describe(self) -> Schema:
        """The schema, refined by what this very server answers. Cheap after the first call."""

    async def health(self) -> Health:
        """One cheap request that proves reachability and login."""

    async def list(self, kind: Kind, query: Query = ANY, *, cursor: str | None = None, limit: int = 50) -> Page:
        """One page of at most `limit` objects, newest first unless the query sorts."""

    async def get(self, ref: Ref) -> Resource:
        """The object as it is now; `NotFound` when the server does not have it."""

    async def detail(self, ref: Ref) -> Detail:
        """The object with everything the server says about it."""

    async def events(self, ref: Ref) -> Sequence[Event]:
        """What happened to the object, oldest first."""

    async def log_sources(self, ref: Ref, *, attempt: int | None = None) -> Sequence[LogSource]:
        """The object's logs, the most useful first; of its latest attempt unless another is named."""

    async def read_log(self, source: LogSource, cursor: str | None = None, *, tail: int | None = None) -> LogChunk:
        """The log from `cursor`, None from its beginning; with `tail`, only about its last that many bytes."""

    async def preview(self, action: str, ref: Ref, params: Params) -> Preview:
        """What `perform` would do. Reads only."""

    async def perform(self, action: str, ref: Ref, params: Params, permit: Permit) -> ActionResult:
        """Do it: one write request, spent from the permit. Never repeats itself."""

    def watch(self, kind: Kind, query: Query) -> AsyncIterator[Change]:
        """Changes as they happen, where `Feature.WATCH` is declared. Unsupported, at once, for a list without."""

    def methods(self) -> Sequence[MethodSpec]:
        """Every method of the backend's API."""

    async def call(self, method: str, params: Params, permit: Permit | None = None) -> Json:
        """Any method, by its name in `methods()`; a write needs a permit."""

    async def aclose(self) -> None:
        """Release connections. Idempotent."""
