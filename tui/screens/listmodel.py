"""What a list shows: the view of the store, with marks, change signs and, for pools, the tree."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import replace

from adapters.model import FAULTY, Kind, Ref, Resource
from tui.core.columns import Cell, Column, cell
from tui.core.store import CellChange, Key, Snapshot
from tui.core.text import cell_len, cut_shared, safe
from tui.core.view import TableView
from tui.screens.pooltree import descendants, leaf_name, tree_order

POD_TAIL = 4
"""Of a pod's name the end is the number that tells it from its siblings."""

_ASCII_TREE = str.maketrans({"├": "|", "└": "`", "│": "|"})


class ListModel:
    """The table's model. `snapshots` is replaced as a whole whenever the store has something new."""

    def __init__(self, kind: Kind, view: TableView, *, ascii: bool = False) -> None:
        self.kind = kind
        self.view = view
        self.ascii = ascii
        self.clock_times = False
        self.faults_only = False
        self.marks: dict[Ref, None] = {}
        self.awaited: Container[Ref] = ()
        self.folded: set[Ref] = set()
        self.hues: Mapping[str, str] = {}
        self.ahead: Callable[[str], float] = lambda context: 0.0
        self.snapshots: Mapping[Key, Snapshot] = {}
        self._by_context: dict[str, Snapshot] = {}
        self._refs: Sequence[Ref] = ()
        self._index: dict[Ref, int] | None = None
        self._plain = True
        self._branch: dict[Ref, str] = {}

    def update(self, snapshots: Mapping[Key, Snapshot]) -> None:
        """Take over the newest snapshots and the order of the view."""
        self.snapshots = snapshots
        self._by_context = {key.context: snapshot for key, snapshot in snapshots.items()}
        self._index = None
        self._plain = self.kind is not Kind.POOL and not self.faults_only
        if self.kind is Kind.POOL and not self.faults_only:
            placed = tree_order(self.view.refs, self.view.row, self.folded)
            self._branch = dict(placed)
            self._refs = [ref for ref, _ in placed]
        elif self.faults_only:
            self._refs = [ref for ref in self.view.refs if self.faulty(ref)]
        else:
            self._refs = self.view.refs

    # the table's side

    @property
    def refs(self) -> Sequence[Ref]:
        return self._refs

    def index(self, ref: Ref) -> int | None:
        if self._plain:
            return self.view.index(ref)
        if self._index is None:
            self._index = {each: number for number, each in enumerate(self._refs)}
        return self._index.get(ref)

    def cells(self, ref: Ref, columns: Sequence[Column]) -> tuple[Cell, ...]:
        resource = self.view.row(ref)
        if resource is None:
            return tuple(Cell((("", "text"),)) for _ in columns)
        snapshot = self._by_context.get(ref.context)
        now = self.now(ref.context)
        seen = snapshot.first_seen.get(ref) if snapshot is not None else None
        change = snapshot.changed.get(ref) if snapshot is not None else None
        return tuple(self._cell(column, resource, now, seen, change) for column in columns)

    def _cell(
        self, column: Column, resource: Resource, now: float, seen: float | None, change: CellChange | None
    ) -> Cell:
        drawn = cell(column, resource, now, ascii=self.ascii, first_seen=seen, clock=self.clock_times)
        if column.id == "context" and resource.ref.context in self.hues:
            drawn = Cell(((drawn.text, self.hues[resource.ref.context]),))
        if column.main and self.kind is Kind.POOL:
            drawn = self._pool_name(resource)
        elif column.main and cell_len(drawn.text) > column.width:
            drawn = Cell(((self._tail_kept(resource.ref, drawn.text, column.width), drawn.token),))
        if change is not None and not column.field.live and change.differs(resource, column.field.get, now):
            drawn = replace(drawn, spans=tuple((text, f"{token} changed") for text, token in drawn.spans))
        return drawn

    def _tail_kept(self, ref: Ref, name: str, width: int) -> str:
        """A long name cut where its neighbours have the same, so that what differs stays readable."""
        index = self.index(ref) or 0
        near = [self.view.row(self._refs[at]) for at in (index - 1, index + 1) if 0 <= at < len(self._refs)]
        names = [name, *(safe(row.name) for row in near if row is not None)]
        own = [names[1], name, *names[2:]] if len(names) > 1 else names
        drawn = cut_shared(own, width, self.ascii)[own.index(name)]
        end = "$" if self.ascii else "…"
        if self.kind is Kind.POD and drawn.endswith(end) and name.isascii():
            return f"{name[: width - 1 - POD_TAIL]}{end}{name[-POD_TAIL:]}"
        return drawn

    def _pool_name(self, resource: Resource) -> Cell:
        branch = self._branch.get(resource.ref, "")
        if self.ascii:
            branch = branch.translate(_ASCII_TREE)
        name = safe(leaf_name(resource.name) if branch else resource.name)
        if resource.ref in self.folded:
            name += f" ({descendants(resource.ref, self.view.refs, self.view.row)})"
        return Cell(((branch, "muted"), (name, "text")) if branch else ((name, "text"),))

    def flag(self, ref: Ref) -> str:
        if ref in self.marks:
            return "*"
        if ref in self.awaited:
            return "b" if self.ascii else "♪"
        snapshot = self._by_context.get(ref.context)
        if snapshot is None:
            return " "
        if snapshot.stale_since is not None:
            return "~"
        change = snapshot.changed.get(ref)
        return " " if change is None else "+" if change.is_new else "'"

    # what else the screen asks

    def now(self, context: str) -> float:
        """Ages count to the time at which the rows were true, by the clock of their server."""
        snapshot = self._by_context.get(context)
        as_of = snapshot.as_of if snapshot is not None else None
        return 0.0 if as_of is None else as_of + self.ahead(context)

    def row(self, ref: Ref | None) -> Resource | None:
        return self.view.row(ref) if ref is not None else None

    def snapshot(self, context: str) -> Snapshot | None:
        return self._by_context.get(context)

    def change(self, ref: Ref) -> CellChange | None:
        snapshot = self._by_context.get(ref.context)
        return snapshot.changed.get(ref) if snapshot is not None else None

    def faulty(self, ref: Ref) -> bool:
        resource = self.view.row(ref)
        return resource is not None and resource.state in FAULTY

    def next_fault(self, start: int, step: int) -> int | None:
        """The row number of the next red row in that direction; past the end it goes on at the other one."""
        count = len(self._refs)
        for offset in range(1, count + 1):
            index = (start + step * offset) % count
            if self.faulty(self._refs[index]):
                return index
        return None

    def marked(self) -> list[Ref]:
        """The marked objects, in display order, then those that the filter hides."""
        shown = [ref for ref in self._refs if ref in self.marks] if len(self.marks) > 50 else None
        if shown is None:
            places = {ref: self.index(ref) for ref in self.marks}
            shown = sorted((r for r, at in places.items() if at is not None), key=lambda r: places[r] or 0)
        visible = set(shown)
        return [*shown, *(ref for ref in self.marks if ref not in visible)]

    def hidden_marks(self) -> int:
        return sum(1 for ref in self.marks if self.index(ref) is None)

    def forget_gone(self, removed: Sequence[Ref]) -> None:
        for ref in removed:
            self.marks.pop(ref, None)
