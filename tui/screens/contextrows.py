"""The rows of the contexts table: how each connection answers, how it is asked, and what guards it."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from adapters.model import Kind, Ref, State
from tui.core import format
from tui.core.cells import BLANK, UNSAID, Cell, plain
from tui.core.columns import Column
from tui.core.sync import ContextHealth
from tui.styles.tokens import hued

if TYPE_CHECKING:
    from tui.core.services import Services
    from tui.screens.contexts import ContextsScreen

TOKENS = {"ok": ("ok", State.SUCCEEDED), "slow": ("waiting", State.LOST), "down": ("failed", State.FAILED)}
WINDOW = 10.0
"""Seconds over which requests are counted for the rate."""

LOGIN_ENDS = 300.0
"""A login that ends within so many seconds is told in the colour of what waits."""


@dataclass(frozen=True, slots=True)
class ContextRow:
    """One context as its table shows it; the attributes are named by the columns."""

    context: str
    state: str
    backend: str
    latency: float | None
    errors: str
    auth: str
    as_of: float | None
    mode: str
    every: str
    rate: str
    url: str
    failing: bool = False
    ends_soon: bool = False
    color: str = ""


class Rates:
    """Requests per second of each context, over the last seconds."""

    def __init__(self) -> None:
        self._seen: dict[str, deque[tuple[float, int]]] = {}

    def of(self, context: str, now: float, requests: int) -> float | None:
        """None until there are two looks to compare."""
        seen = self._seen.setdefault(context, deque())
        if not seen or now > seen[-1][0]:
            seen.append((now, requests))
        while len(seen) > 2 and seen[-1][0] - seen[0][0] > WINDOW:
            seen.popleft()
        (first, before), (last, after) = seen[0], seen[-1]
        return max(0, after - before) / (last - first) if last > first else None


def row_of(services: Services, name: str, health: ContextHealth, rates: Rates) -> ContextRow:
    info, now = services.info(name), services.clock()
    schema = services.schemas.get(name)
    version = f" {schema.version}" if schema is not None and schema.version else ""
    guard = info.guard
    mode = (
        "read-only"
        if guard.read_only
        else "protected"
        if guard.protected
        else "typed"
        if guard.confirm_typed
        else ""
    )
    left = None if health.auth_expires is None else max(0.0, health.auth_expires - now)
    rate = rates.of(name, now, health.requests)
    configured = services.config.contexts.get(name)
    most = f" of {configured.settings.requests_per_second:g}" if configured is not None else ""
    return ContextRow(
        name,
        health.state,
        info.backend + version,
        health.latency,
        f"{format.count_cell(health.errors)}/{format.count_cell(health.requests)}" if health.requests else "",
        health.auth if left is None else f"{health.auth} {format.age(left)}",
        health.as_of,
        mode,
        f"{services.sync.interval(name):g}s",
        "" if rate is None else f"{rate:.1f}{most}",
        info.url,
        failing=health.errors > 0,
        ends_soon=left is not None and left < LOGIN_ENDS,
        color=info.color or "",
    )


class ContextsModel:
    """Rows are refs without an id: a context is no object of a backend."""

    def __init__(self, screen: ContextsScreen) -> None:
        self.screen = screen
        self.rows: dict[Ref, ContextRow] = {}
        self.refs: list[Ref] = []

    def take(self, rows: Sequence[ContextRow]) -> None:
        self.rows = {Ref(row.context, Kind.RUN, "-"): row for row in rows}
        self.refs = list(self.rows)

    def index(self, ref: Ref) -> int | None:
        return self.refs.index(ref) if ref in self.rows else None

    def cells(self, ref: Ref, columns: Sequence[Column]) -> tuple[Cell, ...]:
        return tuple(self._cell(column, self.rows[ref]) for column in columns)

    def _cell(self, column: Column, row: ContextRow) -> Cell:
        if column.id == "state":
            token, state = TOKENS.get(row.state, ("stale", State.UNKNOWN))
            mark = format.symbol(state, self.screen.services.ascii)
            word = "muted" if token == "ok" else token
            return Cell(((mark, token), (f" {row.state}", word)))
        if column.id == "latency" and row.latency is not None:
            shown = f"{row.latency * 1000:.0f}ms" if row.latency < 1 else f"{row.latency:.1f}s"
            return Cell(((shown, "text"),))
        value = getattr(row, column.id)
        if column.id == "as_of":
            return Cell(((format.clock(value, self.screen.services.clock()).rstrip("Z"), "text"),))
        if column.id == "mode" and not value:
            return BLANK
        if not value:
            return UNSAID
        tokens = {
            "context": hued(row.color) if row.color else "text",
            "errors": "waiting" if row.failing else "muted",
            "auth": "waiting" if row.ends_soon else "text",
        }
        return plain(str(value), tokens.get(column.id, "text"))

    def flag(self, ref: Ref) -> str:
        return "*" if ref.context in self.screen.chosen else " "
