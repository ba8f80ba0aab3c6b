"""Which columns a table has and how wide they are: the common ones in order, the backends' own after them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import replace
from types import MappingProxyType

from adapters.fields import FieldSpec, FieldType
from adapters.model import Kind, Resource
from adapters.port import KindSpec, Schema, SortKey
from tui.core.cells import Cell, cell, fit
from tui.core.column_sets import CONTEXTS, LEAVE, SETS, Column
from tui.core.format import sign
from tui.core.memory import ColumnChoice
from tui.core.text import cell_len
from tui.core.values import ALIASES, Field, from_spec

__all__ = [
    "DEFAULT_SORT",
    "Cell",
    "Column",
    "cell",
    "columns_for",
    "context_columns",
    "find",
    "fit",
    "head_line",
    "known_columns",
    "laid_out",
]

LEFT, GAP, THUMB = 2, 2, 1
"""Cursor bar and mark; blanks between columns; the scroll thumb."""

SAMPLE = 200
CHOICE_FROM = 60
CONTEXTS_LEAVE = ("url", "rate", "every", "errors", "backend", "mode")
USUAL = ColumnChoice()

DEFAULT_SORT: Mapping[Kind, tuple[SortKey, ...]] = MappingProxyType(
    {
        Kind.RUN: (SortKey("age"),),
        Kind.TASK: (SortKey("started"),),
        Kind.POD: (SortKey("name"),),
        Kind.HOST: (SortKey("state", descending=True), SortKey("name")),
        Kind.POOL: (SortKey("waiting", descending=True),),
        Kind.UPDATE: (SortKey("age"),),
        Kind.VOLUME: (SortKey("name"),),
    }
)
"""Newest first, hosts worst first, pods natural, pools most waiting. Never runs by state: rows must not jump."""


def columns_for(
    kind: Kind,
    schemas: Sequence[Schema],
    *,
    merged: bool,
    width: int,
    wide: bool = False,
    sample: Sequence[Resource] = (),
    resource: str = "gpu",
    choice: ColumnChoice = USUAL,
) -> list[Column]:
    """The columns of a list in display order, with their final widths.

    `merged` shows several contexts; otherwise the heads use the words of the one backend and CONTEXT goes.
    `wide` shows everything there is and may be wider than `width`. `sample` are rows on screen: flexible
    columns grow for what they hold. `resource` is the one that the bar of a pool shows. `choice` is what
    somebody made of the columns; the narrowest terminals have no room for it.
    """
    columns = known_columns(kind, schemas, merged=merged, width=width, wide=wide)
    if choice and width >= CHOICE_FROM:
        every = known_columns(kind, schemas, merged=merged, width=width, wide=True)
        if wide:
            columns = [choice.sized(column) for column in choice.ordered(every)]
        else:
            columns = choice.applied(columns, every)
    columns = [_narrow(column, width) for column in columns]
    if kind is Kind.POOL:
        columns = [replace(column, resource=resource) for column in columns]
    if wide:
        return [replace(column, width=_content(column, sample)) for column in columns]
    columns = _leave(columns, LEAVE[kind], width, choice.show | choice.widths.keys())
    return _spread(columns, width, sample)


def known_columns(
    kind: Kind, schemas: Sequence[Schema], *, merged: bool, width: int, wide: bool = False
) -> list[Column]:
    """The columns of a list before any of them leaves, in their usual order; `wide` are all there could be."""
    specs = [schema.kinds[kind] for schema in schemas if kind in schema.kinds]
    columns = [column for column in SETS[kind] if _shown(column, merged, width, wide)]
    if not merged and specs:
        columns = [_renamed(column, specs[0]) for column in columns if not _hidden(column, specs[0])]
    return _with_own(columns, kind, specs, merged=merged, wide=wide)


def context_columns(width: int) -> list[Column]:
    """The columns of the contexts table, with their final widths."""
    return laid_out(CONTEXTS, CONTEXTS_LEAVE, width)


def laid_out(columns: Sequence[Column], leave: Sequence[str], width: int) -> list[Column]:
    """Columns that are no backend's, with their final widths; those named leave in that order."""
    return _spread(_leave(list(columns), leave, width), width)


def _shown(column: Column, merged: bool, width: int, wide: bool) -> bool:
    if column.id == "context" and not merged:
        return False
    if width < 60 and not wide:
        return column.main or column.id in ("state", "duration", "since", "use")
    return wide or width >= column.from_width


def _head(column: Column, spec: KindSpec) -> str | None:
    return next((spec.heads[name] for name in (column.id, *column.also) if name in spec.heads), None)


def _hidden(column: Column, spec: KindSpec) -> bool:
    """A backend that has nothing to show in a column gives it an empty head."""
    return _head(column, spec) == ""


def _renamed(column: Column, spec: KindSpec) -> Column:
    head = _head(column, spec)
    if column.id == "pool" and "pool" in spec.heads:  # a backend with a word for pools has groups besides
        column = replace(column, field=OWN_POOL)
    return replace(column, title=head.upper()) if head else column


def _with_own(
    columns: list[Column], kind: Kind, specs: Sequence[KindSpec], *, merged: bool, wide: bool
) -> list[Column]:
    """The backends' own fields, before the note; in a merged table only in the wide view."""
    taken = {name for column in columns for name in (column.id, *column.also)}
    own: list[Column] = []
    for spec in specs:
        for field in spec.fields:
            name = ALIASES.get(field.id, field.id)
            if name not in taken and (wide or not (field.wide or merged)):
                taken.add(name)
                own.append(_own(field))
    if columns and columns[-1].rest:
        return [*columns[:-1], *own, columns[-1]]
    return [*columns, *own]


OWN_POOL = Field("pool", FieldType.TEXT, lambda resource, now: resource.pool)
"""The pool alone; elsewhere a group stands in for it."""

_RIGHT = frozenset({FieldType.NUMBER, FieldType.DURATION, FieldType.SIZE, FieldType.PROGRESS})


_CLOCK = len("08-21 14:32Z")


def _own(spec: FieldSpec) -> Column:
    width = max(spec.width, cell_len(spec.title), _CLOCK if spec.type is FieldType.TIME else 0)
    right = spec.type in _RIGHT
    most = width if right else max(width, 40)  # numbers far apart are hard to read along a row
    return Column(spec.id, spec.title.upper(), from_spec(spec), width, most, right=right, own=True)


def _narrow(column: Column, width: int) -> Column:
    """Under 80 columns a name may be 16 wide and a state has four letters; under 60 only its symbol."""
    if width < 60 and column.id == "state":
        return replace(column, title="", min=1, max=1)
    if width < 80 and column.id == "state":
        return replace(column, min=6, max=6)
    if width < 60 and column.main:
        return replace(column, min=8)
    return replace(column, min=min(column.min, 16)) if width < 80 and column.main else column


def _needed(columns: Sequence[Column]) -> int:
    return sum(column.min for column in columns) + GAP * (len(columns) - 1)


def _leave(columns: list[Column], order: Sequence[str], width: int, wanted: Set[str] = frozenset()) -> list[Column]:
    """Without what does not fit: the backend's own first, last one first, then in the order given; what was
    asked for last of all."""
    room = width - LEFT - THUMB
    leaving = [*(column.id for column in reversed(columns) if column.own), *order]
    asked = [column.id for column in reversed(columns) if column.id in wanted and not column.main]
    for column_id in [*(id for id in leaving if id not in wanted), *asked]:
        if _needed(columns) <= room:
            break
        columns = [column for column in columns if column.id != column_id]
    return columns


def _spread(columns: list[Column], width: int, sample: Sequence[Resource] = ()) -> list[Column]:
    """Hand out what is left: first until each can be read, the note before the others, then for what the
    sample holds, then evenly; what nobody can take is the note's."""
    widths = [column.min for column in columns]
    spare = max(0, width - LEFT - THUMB - _needed(columns))
    order = sorted(range(len(columns)), key=lambda index: not columns[index].rest)
    for wanted in (lambda column: column.want, lambda column: _content(column, sample) if sample else 0):
        for index in order:
            given = min(spare, max(0, min(columns[index].max, wanted(columns[index])) - widths[index]))
            widths[index] += given
            spare -= given
    flexible = [index for index in order if not columns[index].rest]
    while spare and (flexible := [index for index in flexible if widths[index] < columns[index].max]):
        for index in flexible[:spare]:
            widths[index] += 1
        spare -= len(flexible[:spare])
    if columns and columns[order[0]].rest:
        widths[order[0]] += spare
    return [replace(column, width=given) for column, given in zip(columns, widths, strict=True)]


def _content(column: Column, sample: Sequence[Resource]) -> int:
    """The width that the sample would like, within the column's bounds."""
    longest = max((cell_len(cell(column, row, 0.0).text) for row in sample[:SAMPLE]), default=column.min)
    upper = 80 if column.rest else column.max
    return max(column.min, cell_len(column.title), min(upper, longest))


def find(columns: Sequence[Column], name: str) -> Column | None:
    """The column of that id, head or alias."""
    wanted = name.lower()
    for column in columns:
        names = (column.id, *column.also)
        if wanted in (*names, column.title.lower()) or ALIASES.get(wanted) in names:
            return column
    return None


def head_line(columns: Sequence[Column], sort: Sequence[SortKey] = (), ascii: bool = False) -> str:
    """The heads, the sort arrow directly after the title of the first sort column, also over the gap."""
    line = " " * LEFT
    arrow_at = sort[0].field if sort else None
    for index, column in enumerate(columns):
        title = column.head(ascii)
        arrow = ""
        if column.id == arrow_at or arrow_at in column.also:
            arrow = sign("down" if sort[0].descending else "up", ascii)
        start = LEFT + sum(before.width + GAP for before in columns[:index])
        if column.right:
            start += column.width - cell_len(title)
        line = line[:start].ljust(start) + title + arrow
    return line
