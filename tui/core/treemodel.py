"""What is below what: the lines of the tree screen, and which lists they need. Pure, over snapshots."""

from __future__ import annotations

import heapq
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from adapters.model import FAULTY, Kind, Ref, Resource, State
from adapters.port import KindSpec, Query, Schema, Scope
from tui.core.format import count
from tui.core.store import Key, Snapshot
from tui.core.text import safe
from tui.core.tries import Try, was_tried

MOST_BELOW = 100
"""So many objects of a kind are drawn below one; what is red is among them, the others are counted."""

MOST_LISTS = 40
"""So many lists are unfolded by `*`; each of them is asked for again and again."""

MOST_LINES = 1000
"""From so many lines on nothing unfolds by itself."""

DEEPEST = 16
MOST_GUIDES = 10

Path: TypeAlias = tuple[Ref | int | str, ...]
"""A line over refreshes: the objects from the root down to it; a number is a try, a word a remark."""


class Tries(NamedTuple):
    """What is known of an object's tries: none yet, some, or why not."""

    found: Sequence[Try] | None = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class Node:
    """One line: an object, one of its tries, or a remark about what is below one (`opens`: enter lists them)."""

    path: Path
    guide: str
    resource: Resource | None = None
    tried: Try | None = None
    note: str = ""
    token: str = "muted"
    opens: Kind | None = None
    unfolds: bool = False
    open: bool = False

    @property
    def ref(self) -> Ref | None:
        """The object it is, or the one that its try or remark is about."""
        return next((part for part in reversed(self.path) if isinstance(part, Ref)), None)

    @property
    def state(self) -> State | None:
        if self.tried is not None:
            return self.tried.state
        return self.resource.state if self.resource is not None else None

    @property
    def red(self) -> bool:
        return self.state in FAULTY or self.token == "failed"


@dataclass(frozen=True, slots=True)
class Known:
    """Where the tree reads: nothing here asks a server."""

    schema: Callable[[str], Schema | None]
    snapshot: Callable[[Key], Snapshot]
    tries: Callable[[Ref], Tries]


@dataclass(slots=True)
class Folds:
    """What the user has unfolded and folded; below a `deep` one everything is unfolded as it comes."""

    opened: set[Path] = field(default_factory=set)
    shut: set[Path] = field(default_factory=set)
    deep: set[Path] = field(default_factory=set)

    def unfold(self, path: Path) -> None:
        self.opened.add(path)
        self.shut.discard(path)

    def fold(self, path: Path) -> None:
        self.opened.discard(path)
        self.shut.add(path)
        self.deep.discard(path)

    def is_deep(self, path: Path) -> bool:
        return any(path[: len(each)] == each for each in self.deep)


@dataclass(slots=True)
class Tree:
    """The lines in order, the lists they are made of with the lines that each list is about, and the objects
    whose tries are shown. `full`: `*` has stopped at its bound."""

    nodes: list[Node] = field(default_factory=list)
    lists: dict[Key, tuple[int, int]] = field(default_factory=dict)
    tried: dict[Ref, Resource] = field(default_factory=dict)
    full: bool = False


class _Within(NamedTuple):
    """The lists that an object came from: which of its kinds they hold as well, and what is below what."""

    kinds: frozenset[Kind] = frozenset()
    below: Mapping[Ref, Sequence[Resource]] = {}


def grow(roots: Sequence[Resource], folds: Folds, known: Known) -> Tree:
    """The tree of these objects as far as it is unfolded."""
    tree = Tree()
    for root in roots:
        _place(_Walk(tree, folds, known), root, (root.ref,), "", "", _Within())
    return tree


class _Walk(NamedTuple):
    tree: Tree
    folds: Folds
    known: Known


def _place(walk: _Walk, found: Resource, path: Path, guide: str, stem: str, within: _Within) -> None:
    tree, folds = walk.tree, walk.folds
    spec = _spec(walk.known, found.ref)
    own = within.below.get(found.ref, ())
    kinds = [kind for kind in (spec.children if spec else ()) if kind not in within.kinds]
    tried = not own and not kinds and was_tried(found)
    unfolds = bool(kinds or own or tried) and len(path) < DEEPEST and found.ref not in path[:-1]
    is_open = unfolds and path not in folds.shut and (path in folds.opened or _opens_itself(tree, own, kinds))
    if unfolds and not is_open and not tried and path not in folds.shut and folds.is_deep(path):
        is_open = len(tree.lists) + len(kinds) <= MOST_LISTS
        tree.full |= not is_open
    tree.nodes.append(Node(path, guide, found, unfolds=unfolds, open=is_open))
    if not is_open:
        return
    if tried:
        _place_tries(walk, found, path, stem)
        return
    began = len(tree.nodes) - 1
    snapshots = _lists(walk, found.ref, kinds)
    tree.lists |= {each.key: (began, began) for each in snapshots}
    _place_below(walk, path, stem, own, snapshots, within)
    tree.lists |= {each.key: (began, len(tree.nodes) - 1) for each in snapshots}


def _opens_itself(tree: Tree, own: Sequence[Resource], kinds: Sequence[Kind]) -> bool:
    """Parts that came with the list they are in cost no request."""
    return bool(own) and not kinds and len(tree.nodes) < MOST_LINES


def _lists(walk: _Walk, ref: Ref, kinds: Sequence[Kind]) -> list[Snapshot]:
    """The lists under an object. The runs of a pool that has pools below it are shown under those."""
    found = []
    for kind in sorted(kinds, key=lambda kind: kind is not ref.kind):
        snapshot = walk.known.snapshot(Key(ref.context, kind, Query(parent=ref)))
        found.append(snapshot)
        if kind is ref.kind and kind is Kind.POOL and (snapshot.rows or not _answered(snapshot)):
            break
    return found


def _answered(snapshot: Snapshot) -> bool:
    return snapshot.as_of is not None or snapshot.error is not None


def _place_below(
    walk: _Walk,
    path: Path,
    stem: str,
    own: Sequence[Resource],
    snapshots: Sequence[Snapshot],
    within: _Within,
) -> None:
    inner = _within(walk.known, snapshots) if snapshots else within
    items: list[Resource | Node] = list(_chosen(own, Kind.TASK))
    if len(own) > MOST_BELOW:
        items.append(Node((*path, "more"), "", note=f"{count(len(own) - MOST_BELOW)} more"))
    nested = {row.ref for rows in inner.below.values() for row in rows}
    for snapshot in snapshots:
        direct = [row for row in snapshot.rows.values() if row.ref not in nested]
        items += _chosen(direct, snapshot.key.kind)
        items += _remarks(path, snapshot, len(direct))
    items = items or [Node((*path, "none"), "", note=_nothing(snapshots))]
    for index, item in enumerate(items):
        last = index == len(items) - 1
        guide = stem + ("└ " if last else "├ ")
        if isinstance(item, Node):
            walk.tree.nodes.append(_at(item, guide))
        else:
            deeper = (stem + ("  " if last else "│ "))[: 2 * MOST_GUIDES]
            _place(walk, item, (*path, item.ref), guide, deeper, inner)


def _at(node: Node, guide: str) -> Node:
    return Node(node.path, guide, tried=node.tried, note=node.note, token=node.token, opens=node.opens)


def _within(known: Known, snapshots: Sequence[Snapshot]) -> _Within:
    """Kinds that are listed under a parent come with all that is below them: each row says where it belongs."""
    nested: dict[Ref, list[Resource]] = {}
    kinds = set()
    parts = [each for each in snapshots if _is_part(known, each.key)]
    here = {ref for each in parts for ref in each.rows}
    for snapshot in parts:
        kinds.add(snapshot.key.kind)
        for row in snapshot.rows.values():
            if row.parent is not None and row.parent in here and not _rings(row, parts):
                nested.setdefault(row.parent, []).append(row)
    return _Within(frozenset(kinds), nested)


def _rings(row: Resource, parts: Sequence[Snapshot]) -> bool:
    """Whether the way up leads round: such rows are shown flat rather than not at all."""
    seen = {row.ref}
    above = row.parent
    while above is not None:
        if above in seen:
            return True
        seen.add(above)
        found = next((each.rows[above] for each in parts if above in each.rows), None)
        above = found.parent if found is not None else None
    return False


def _is_part(known: Known, key: Key) -> bool:
    schema = known.schema(key.context)
    spec = schema.kinds.get(key.kind) if schema is not None else None
    return spec is not None and spec.scope is Scope.PARENT


def _spec(known: Known, ref: Ref) -> KindSpec | None:
    schema = known.schema(ref.context)
    return schema.kinds.get(ref.kind) if schema is not None else None


_DIGITS = re.compile(r"\d+")


def _order(kind: Kind) -> Callable[[Resource], tuple[float, str]]:
    """Runs and updates newest first, tasks as they began, everything else by name."""

    def by_name(row: Resource) -> tuple[float, str]:
        return 0.0, _DIGITS.sub(lambda number: number[0].zfill(12), row.name.casefold())

    def newest(row: Resource) -> tuple[float, str]:
        return -(row.created or 0.0), row.ref.id

    def begun(row: Resource) -> tuple[float, str]:
        times = [time for time in (row.created, row.started) if time is not None]
        return min(times, default=float("inf")), ""

    return {Kind.RUN: newest, Kind.UPDATE: newest, Kind.TASK: begun}.get(kind, by_name)


def _chosen(rows: Sequence[Resource], kind: Kind) -> list[Resource]:
    """In order; of too many the first ones, and what is red wherever it stands."""
    order = _order(kind)
    if len(rows) <= MOST_BELOW:
        return sorted(rows, key=order)
    red = heapq.nsmallest(MOST_BELOW, (row for row in rows if row.state in FAULTY), key=order)
    others = (row for row in rows if row.state not in FAULTY)
    return sorted([*red, *heapq.nsmallest(MOST_BELOW - len(red), others, key=order)], key=order)


def _remarks(path: Path, snapshot: Snapshot, direct: int) -> Iterable[Node]:
    """What the rows of a list do not say themselves: that they are not all, not there yet, not to be had."""
    kind = snapshot.key.kind
    if snapshot.error is not None:
        said = safe(snapshot.error.sentence)
        yield Node((*path, f"error {kind}"), "", note=f"{kind.plural}: {said}", token="failed")
    elif snapshot.as_of is None:
        yield Node((*path, f"reading {kind}"), "", note=f"reading the {kind.plural}")
    more = max(0, direct - MOST_BELOW)
    if not snapshot.complete and snapshot.total is not None:
        more += max(0, snapshot.total - snapshot.loaded)
    if more:
        yield Node((*path, f"more {kind}"), "", note=f"{count(more)} more {kind.plural}", opens=kind)
    if snapshot.note:
        yield Node((*path, f"note {kind}"), "", note=safe(snapshot.note))


def _nothing(snapshots: Sequence[Snapshot]) -> str:
    kinds = [each.key.kind.plural for each in snapshots]
    if not kinds:
        return "nothing below"
    return "nothing below: no " + (f"{', '.join(kinds[:-1])} or {kinds[-1]}" if len(kinds) > 1 else kinds[0])


def _place_tries(walk: _Walk, found: Resource, path: Path, stem: str) -> None:
    walk.tree.tried[found.ref] = found
    known = walk.known.tries(found.ref)
    nodes = [Node((*path, each.number), "", tried=each) for each in reversed(known.found or ())]
    if known.error:
        nodes.append(Node((*path, "error tries"), "", note=f"earlier tries: {safe(known.error)}", token="failed"))
    elif known.found is None:
        nodes.append(Node((*path, "reading tries"), "", note="reading the tries"))
    for index, node in enumerate(nodes):
        walk.tree.nodes.append(_at(node, stem + ("└ " if index == len(nodes) - 1 else "├ ")))
