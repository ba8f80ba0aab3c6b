"""The rows of the journal's screen: one plan each, newest first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from operator import attrgetter

from adapters.fields import FieldType
from adapters.model import Kind, Ref
from tui.core import format
from tui.core.cells import Cell, plain
from tui.core.column_sets import Column
from tui.core.columns import laid_out
from tui.core.journalentry import NOT_STARTED, UNDER_WAY, UNKNOWN, Entry, JournalPlan
from tui.core.journalview import at
from tui.core.services import Services
from tui.core.text import safe
from tui.core.values import Field
from tui.screens.planview import OUTCOME_SIGNS
from tui.styles.tokens import active

TOKENS = {outcome.value: sign for outcome, sign in OUTCOME_SIGNS.items()} | {
    UNDER_WAY: ("▸", "running"),
    NOT_STARTED: ("·", "muted"),
}
RED = ("failed", UNKNOWN)
ASCII = {"✓": "v", "✗": "x", "»": ">", "▸": ">", "·": "."}


def sign(word: str) -> tuple[str, str]:
    """The symbol of an outcome and its token."""
    mark, token = TOKENS.get(word, ("?", "stale"))
    return (ASCII.get(mark, mark) if active().ascii else mark), token


def _column(id: str, title: str, width: int, most: int = 0, **more: object) -> Column:
    read = attrgetter(id)
    field = Field(id, FieldType.TEXT, lambda row, now: read(row))
    return Column(id, title, field, width, most or width, **more)  # type: ignore[arg-type]


COLUMNS = (
    _column("time", "TIME", 12),
    _column("outcome", "OUTCOME", 14, 24, want=18),
    _column("action", "ACTION", 8, 16, want=12),
    _column("what", "TARGET", 20, 44, want=36, main=True),
    _column("context", "CONTEXT", 10, 16),
    _column("user", "USER", 8),
    _column("plan", "PLAN", 12),
    replace(_column("note", "NOTE", 10, want=24), max=1000, rest=True),
)
LEAVE = ("plan", "user", "note", "context", "time")


def columns(width: int) -> list[Column]:
    return laid_out(COLUMNS, LEAVE, width)


def name_of(services: Services, target: str) -> str:
    """What the object is called where that is known, else its kind and id."""
    try:
        ref = Ref.parse(target)
    except ValueError:
        return target
    found = services.store.find(ref)
    return f"{ref.kind.value} {found.name if found is not None and found.name else ref.id}"


def when(entry: Entry, now: float) -> str:
    began = at(entry)
    return format.clock(began, now) if began is not None else entry.time


class JournalModel:
    """What the table shows. A row's ref holds the id of its plan: a plan is no object of a backend."""

    def __init__(self, services: Callable[[], Services]) -> None:
        self._services = services
        self.plans: dict[Ref, JournalPlan] = {}
        self.refs: list[Ref] = []
        self._places: dict[Ref, int] = {}

    def show(self, plans: Sequence[JournalPlan]) -> None:
        self.plans = {Ref("journal", Kind.RUN, plan.id): plan for plan in plans}
        self.refs = list(self.plans)
        self._places = {ref: place for place, ref in enumerate(self.refs)}

    def index(self, ref: Ref) -> int | None:
        return self._places.get(ref)

    def flag(self, ref: Ref) -> str:
        return " "

    def cells(self, ref: Ref, columns: Sequence[Column]) -> tuple[Cell, ...]:
        return tuple(self._cell(column.id, self.plans[ref]) for column in columns)

    def _cell(self, id: str, plan: JournalPlan) -> Cell:
        first, services = plan.first, self._services()
        if id == "time":
            return Cell(((when(first, services.clock()), "muted"),))
        if id == "outcome":
            return outcome_cell(plan)
        if id == "what":
            many = f"{len(plan.targets)} objects, {name_of(services, first.target)}"
            return plain(safe(name_of(services, first.target) if len(plan.targets) == 1 else many, 300))
        if id == "context":
            return plain(safe(",".join(plan.contexts), 100))
        if id == "note":
            return plain(safe(first.reason or next((each.said for each in plan.targets if each.said), ""), 300))
        return plain(safe(str(getattr(first, id)), 100))


def outcome_cell(plan: JournalPlan) -> Cell:
    """`✓ done`, or the worst first with how many: `✗ 1 failed, 8 done`."""
    counts = plan.counts()
    mark, token = sign(next(iter(counts)))
    words = ", ".join(f"{count} {word}" for word, count in counts.items())
    if len(plan.targets) == 1:
        words = next(iter(counts))
    return Cell(((f"{mark} ", token), (words, "text")))


def is_red(plan: JournalPlan) -> bool:
    return any(each.word in RED for each in plan.targets)
