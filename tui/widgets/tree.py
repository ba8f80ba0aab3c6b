"""The tree of a run's tasks as rows: children under their parent, sibling shards folded into one row."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

from adapters.model import ENDED, FAULTY, Ref, Resource, State, Task
from tui.core.text import safe
from tui.core.tries import Try

FOLD_FROM = 3
MAX_GUIDES = 8
_SHARD = re.compile(r"^(?P<stem>.*?[^\d\W])[-_.]?[\[(#]?(?P<index>\d+)[\])]?$")
_TRY = re.compile(r"(?:try|attempt|retry)[ _-]?\d+$", re.IGNORECASE)

SEVERITY = (
    State.FAILED,
    State.LOST,
    State.ABORTING,
    State.RUNNING,
    State.UNKNOWN,
    State.PAUSED,
    State.QUEUED,
    State.PENDING,
    State.DRAFT,
    State.ABORTED,
    State.SKIPPED,
    State.SUCCEEDED,
)


@dataclass(frozen=True, slots=True)
class TreeRow:
    """One line of the tree. A fold stands for several siblings: `members` are their states, in order.

    `key` identifies the line over refreshes; `end` is None while anything in it goes on; `tries` are those of one
    that was tried more than once.
    """

    key: str
    label: str
    guide: str
    state: State
    queued: float | None
    start: float | None
    end: float | None
    attempt: int | None = None
    resource: Resource | None = None
    members: tuple[State, ...] = ()
    refs: tuple[Ref, ...] = ()
    has_children: bool = False
    closed: bool = False
    tries: tuple[Try, ...] = ()

    @property
    def is_fold(self) -> bool:
        return self.resource is None

    @property
    def live(self) -> bool:
        return self.start is not None and self.end is None and self.state not in ENDED


class _Item(NamedTuple):
    """A task, or several folded ones under the stem of their names."""

    members: tuple[Resource, ...]
    stem: str = ""


def build(
    tasks: Iterable[Resource],
    *,
    closed: Collection[str] = (),
    unfolded: Collection[str] = (),
    tries: Mapping[Ref, Sequence[Try]] = MappingProxyType({}),
    folds: bool = True,
) -> list[TreeRow]:
    """The lines of the tree, in order. Tasks whose parent is not among them stand at the top.

    `tries` are those that are no tasks themselves; `folds` whether siblings that are numbered alike share a line.
    Parents may form a loop in hostile data: whatever is not reached from the top is appended to it.
    """
    by_ref = {task.ref: task for task in tasks}
    children: dict[Ref | None, list[Resource]] = defaultdict(list)
    for task in by_ref.values():
        known = task.parent in by_ref and task.parent != task.ref
        children[task.parent if known else None].append(task)

    rows: list[TreeRow] = []
    seen: set[Ref] = set()

    def items(siblings: Sequence[Resource], key: str) -> list[_Item]:
        if not folds:
            return [_Item((each,)) for each in sorted(siblings, key=_order)]
        return _items(siblings, key, unfolded)

    def visit(tops: Sequence[Resource]) -> None:
        stack = [(item, "", "", "") for item in reversed(items(tops, ""))]
        while stack:
            item, indent, branch, below = stack.pop()
            members = tuple(member for member in item.members if member.ref not in seen)
            seen.update(member.ref for member in members)
            if len(members) > 1:
                rows.append(_fold_row(_Item(members, item.stem), indent + branch))
                continue
            if not members:
                continue
            task = members[0]
            own = [child for child in children.get(task.ref, ()) if child.ref not in seen]
            key = str(task.ref)
            tried = tuple(tries.get(task.ref, ())) or _tries(own)
            rows.append(_task_row(task, indent + branch, bool(own), key in closed, tried))
            if key in closed:
                _mark_seen(own, children, seen)
                continue
            deeper = (indent + below)[: 2 * MAX_GUIDES]
            inner = items(own, key)
            for place, each in reversed(list(enumerate(inner))):
                last = place == len(inner) - 1
                stack.append((each, deeper, "└ " if last else "├ ", "  " if last else "│ "))

    visit(children[None])
    visit([task for task in by_ref.values() if task.ref not in seen])
    return rows


def _mark_seen(tops: Sequence[Resource], children: dict[Ref | None, list[Resource]], seen: set[Ref]) -> None:
    stack = list(tops)
    while stack:
        task = stack.pop()
        if task.ref not in seen:
            seen.add(task.ref)
            stack.extend(children.get(task.ref, ()))


def _order(task: Resource) -> float:
    times = [time for time in (task.created, task.started) if time is not None]
    return min(times) if times else float("inf")


def _items(siblings: Sequence[Resource], parent_key: str, unfolded: Collection[str]) -> list[_Item]:
    """Siblings by start, those numbered alike folded; what has failed is never hidden in a fold."""
    ordered = sorted(siblings, key=_order)
    stems: dict[str, list[Resource]] = defaultdict(list)
    if not are_tries(ordered):
        for task in ordered:
            found = _SHARD.match(task.name)
            if found and task.state not in FAULTY:
                stems[found["stem"]].append(task)
    items: list[_Item] = []
    done: set[Ref] = set()
    for task in ordered:
        if task.ref in done:
            continue
        found = _SHARD.match(task.name)
        group = stems.get(found["stem"], []) if found and task.state not in FAULTY else []
        if len(group) >= FOLD_FROM and fold_key(parent_key, group, found) not in unfolded:
            done.update(member.ref for member in group)
            items.append(_Item(tuple(group), found["stem"] if found else ""))
        else:
            items.append(_Item((task,)))
    return items


def fold_key(parent_key: str, group: Sequence[Resource], found: re.Match[str] | None) -> str:
    return f"fold:{group[0].parent}:{found['stem'] if found else ''}"


def are_tries(siblings: Sequence[Resource]) -> bool:
    """Whether these are the attempts of one task: each is another try, and named so or numbered so."""
    if len(siblings) < 2:
        return bool(siblings) and _TRY.search(siblings[0].name) is not None
    if all(_TRY.search(each.name) for each in siblings):
        return True
    tries = [each.attempt for each in siblings if isinstance(each, Task) and each.attempt is not None]
    return len(tries) == len(siblings) == len(set(tries))


def _tries(own: Sequence[Resource]) -> tuple[Try, ...]:
    """The tries of a task that are tasks themselves."""
    if len(own) < 2 or not are_tries(own):
        return ()
    ordered = sorted(own, key=_order)
    return tuple(
        Try(n, each.state, each.native_state, each.created, each.started, each.finished)
        for n, each in enumerate(ordered, 1)
    )


def _task_row(task: Resource, guide: str, has_children: bool, closed: bool, tries: tuple[Try, ...] = ()) -> TreeRow:
    return TreeRow(
        key=str(task.ref),
        label=safe(task.name) or "-",
        guide=guide,
        state=task.state,
        queued=task.created,
        start=task.started,
        end=task.finished,
        attempt=getattr(task, "attempt", None),
        resource=task,
        refs=(task.ref,),
        has_children=has_children,
        closed=closed and has_children,
        tries=tries,
    )


def _fold_row(item: _Item, guide: str) -> TreeRow:
    members = item.members
    states = tuple(member.state for member in members)
    starts = [member.started for member in members if member.started is not None]
    queues = [member.created for member in members if member.created is not None]
    ends = [member.finished for member in members if member.finished is not None]
    tries = [member.attempt for member in members if isinstance(member, Task) and member.attempt is not None]
    word = re.split(r"[\W\d_]+", item.stem.strip("-_. "))[-1] or "task"
    return TreeRow(
        key=f"fold:{members[0].parent}:{item.stem}",
        label=safe(f"{len(members)} {word}{'' if word.endswith('s') else 's'}"),
        guide=guide,
        state=worst(states),
        queued=min(queues, default=None),
        start=min(starts, default=None),
        end=max(ends) if len(ends) == len(members) else None,
        attempt=max(tries, default=None),
        members=states,
        refs=tuple(member.ref for member in members),
    )


def worst(states: Iterable[State]) -> State:
    found = set(states)
    return next((state for state in SEVERITY if state in found), State.UNKNOWN)


def first_to_look_at(rows: Sequence[TreeRow]) -> int:
    """Where the cursor starts: the first failed leaf, the last try of it; else the running leaf; else the top."""
    for wanted in (FAULTY, frozenset({State.RUNNING, State.ABORTING})):
        leaves = [i for i, row in enumerate(rows) if not row.has_children and row.state in wanted]
        if leaves:
            return _last_try(rows, min(leaves, key=lambda i: _ended(rows[i])))
    return 0


def _ended(row: TreeRow) -> float:
    return next((time for time in (row.end, row.start, row.queued) if time is not None), float("inf"))


def _last_try(rows: Sequence[TreeRow], index: int) -> int:
    first = rows[index].resource
    if first is None:
        return index
    same = [
        (i, row.resource)
        for i, row in enumerate(rows)
        if row.resource is not None and row.resource.parent == first.parent and row.state in FAULTY
    ]
    tries = [resource for _, resource in same]
    return same[-1][0] if len(same) > 1 and first.parent is not None and are_tries(tries) else index
