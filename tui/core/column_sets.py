"""The common columns of every kind, in display order, and the order in which they leave."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from operator import attrgetter
from types import MappingProxyType

from adapters.fields import FieldType
from adapters.frozen import dataclass
from adapters.model import Kind
from tui.core.values import COMMON, Field


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `width` is final; before that `min`, `max` and `want` (readable from there on) decide.

    `also` are other names it goes by, among them those a backend's heads may use. `rest` takes what is
    left; `main` is the name of the row; `own` came from a backend.
    """

    id: str
    title: str
    field: Field
    min: int
    max: int
    right: bool = False
    also: tuple[str, ...] = ()
    from_width: int = 0
    want: int = 0
    rest: bool = False
    main: bool = False
    own: bool = False
    width: int = 0
    resource: str = "gpu"

    @property
    def type(self) -> FieldType:
        return self.field.type

    def head(self, ascii: bool = False) -> str:
        """The title as drawn; that of a pool's bar is its legend."""
        if self.id != "use":
            return self.title
        used, slack, free, reserved = "#=.|" if ascii else "█▒·│"
        wide = f"{self.resource}  {used} used  {slack} slack  {free} free  {reserved} reservation"
        return wide if len(wide) <= self.width else f"{self.resource} {used}used {slack}slack {reserved}resv"


def _column(id: str, title: str, width: int, most: int = 0, **more: object) -> Column:
    return Column(id, title, COMMON[id], width, most or width, **more)  # type: ignore[arg-type]


STATE = _column("state", "STATE", 11)
NATIVE = _column("native_state", "NATIVE", 11, also=("native",))
CONTEXT = _column("context", "CONTEXT", 10)
AGE = _column("age", "AGE", 6, right=True, also=("created",))
DURATION = _column("duration", "DUR", 6, right=True, also=("dur",))
NOTE = _column("message", "NOTE", 12, 1000, rest=True, want=32, also=("note",))
LATE_NOTE = replace(NOTE, min=32, from_width=160)
TRY = _column("attempt", "TRY", 3, right=True, also=("try",))


SETS: Mapping[Kind, tuple[Column, ...]] = MappingProxyType(
    {
        Kind.RUN: (
            STATE,
            NATIVE,
            CONTEXT,
            _column("name", "NAME", 24, 40, want=27, main=True),
            _column("owner", "OWNER", 8),
            _column("pool", "POOL", 12, 20, want=16, also=("group",)),
            _column("progress", "DONE", 7, right=True, also=("done",)),
            _column("gpus", "GPU", 3, right=True, also=("gpu",)),
            AGE,
            DURATION,
            LATE_NOTE,
        ),
        Kind.TASK: (
            STATE,
            NATIVE,
            CONTEXT,
            _column("name", "TASK", 18, 40, main=True),
            _column("parent", "RUN", 24),
            TRY,
            AGE,
            DURATION,
            LATE_NOTE,
        ),
        Kind.POD: (
            STATE,
            NATIVE,
            CONTEXT,
            _column("name", "POD", 17, 40, main=True),
            _column("parent", "RUN", 24),
            _column("host", "HOST", 15),
            TRY,
            _column("health", "HEALTH", 6),
            _column("exit_code", "EXIT", 4, right=True, also=("exit",)),
            AGE,
            DURATION,
            LATE_NOTE,
        ),
        Kind.HOST: (
            replace(STATE, min=10, max=10),
            CONTEXT,
            _column("name", "HOST", 15, 28, main=True),
            _column("ip", "IP", 15),
            _column("group", "HOSTPOOL", 12, also=("hostpool",)),
            _column("pods", "PODS", 4, right=True),
            _column("progress", "MOVED", 14, also=("moved",)),
            _column("since", "SINCE", 6, right=True),
            NOTE,
        ),
        Kind.POOL: (
            CONTEXT,
            _column("name", "POOL", 20, 32, want=28, main=True),
            _column("use", "USE", 22, 60, want=52),
            _column("allocation", "ALLOC", 5, right=True, also=("alloc",)),
            _column("slack", "SLACK", 5, right=True, from_width=160),
            _column("reservation", "RESV", 5, right=True, also=("resv",)),
            _column("limit", "LIMIT", 5, right=True),
            _column("share", "SHARE", 5, right=True, from_width=160),
            _column("running", "RUN", 3, right=True),
            _column("waiting", "WAIT", 5, right=True, also=("wait",)),
            replace(NOTE, min=9, want=9, from_width=160),
        ),
        Kind.UPDATE: (
            STATE,
            CONTEXT,
            _column("type", "TYPE", 8),
            _column("parent", "RUN", 24, 40, main=True, also=("name",)),
            _column("progress", "DONE", 14, also=("done",)),
            AGE,
        ),
        Kind.VOLUME: (
            STATE,
            CONTEXT,
            _column("name", "VOLUME", 24, 40, main=True),
            _column("size", "SIZE", 7, right=True),
            _column("host", "HOST", 15),
            AGE,
        ),
    }
)

LEAVE: Mapping[Kind, tuple[str, ...]] = MappingProxyType(
    {
        Kind.RUN: ("message", "gpus", "native_state", "owner", "pool", "progress", "age", "context"),
        Kind.TASK: ("message", "native_state", "parent", "age", "context", "attempt", "duration"),
        Kind.POD: (
            *("message", "exit_code", "native_state", "parent", "health", "age", "host", "context", "attempt"),
            "duration",
        ),
        Kind.HOST: ("ip", "group", "message", "since", "gpu", "pods", "context", "progress"),
        Kind.POOL: ("message", "share", "slack", "reservation", "running", "allocation", "limit", "context"),
        Kind.UPDATE: ("type", "context", "progress"),
        Kind.VOLUME: ("host", "context", "age"),
    }
)


def _context(id: str, title: str, width: int, type: FieldType = FieldType.TEXT, **more: object) -> Column:
    read = attrgetter(id)
    return Column(id, title, Field(id, type, lambda row, now: read(row)), width, width, **more)  # type: ignore[arg-type]


CONTEXTS: tuple[Column, ...] = (
    _context("state", "STATE", 8),
    _context("context", "CONTEXT", 10, main=True),
    replace(_context("backend", "BACKEND", 11), max=20, want=16),
    _context("latency", "LATENCY", 7, FieldType.DURATION, right=True),
    _context("errors", "ERRORS", 9, right=True),
    _context("auth", "AUTH", 12),
    _context("as_of", "AS OF", 8, FieldType.TIME),
    _context("mode", "MODE", 9),
    _context("every", "EVERY", 5, right=True),
    _context("rate", "REQ/S", 10),
    replace(_context("url", "URL", 12), max=1000, rest=True, want=32),
)
