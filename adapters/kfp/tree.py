"""The tasks of a run as an operator knows them, from the flat and partly mechanical list that KFP reports.

A real server gives one entry per Argo node: `root` and `root-driver`, `<task>-driver` before and `executor`
inside each task. These are folded into their tasks unless they have something of their own to say.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from adapters.kfp import wire
from adapters.kfp.wire import instant

EXECUTOR = re.compile(r"executor(?:\((\d+)\))?")
NODE_ID = re.compile(r"(.+)-(\d+)")
CONTAINER_TEMPLATE = "system-container-impl"


@dataclass(slots=True)
class Step:
    """One task to show. `parts` are the KFP steps folded into it, `attempt` counts its tries from 1."""

    task: wire.Task
    id: str
    name: str
    parent: Step | None = None
    role: str | None = None
    attempt: int | None = None
    parts: list[wire.Task] = field(default_factory=list)
    children: list[Step] = field(default_factory=list)

    @property
    def leaf(self) -> bool:
        """Whether it is work itself; its own tries do not make it a group."""
        return self.role is None and all(child.role for child in self.children)


def arrange(tasks: Sequence[wire.Task]) -> list[Step]:
    """Every step, parents before their children, siblings in order of their start."""
    steps = _named(tasks)
    _link(steps)
    kept = _fold(steps)
    ordered: list[Step] = []

    def walk(siblings: Iterable[Step]) -> None:
        for step in sorted(siblings, key=_by_start):
            ordered.append(step)
            walk(step.children)

    for step in kept:
        if step.parent is not None:
            step.parent.children.append(step)
    walk([step for step in kept if step.parent is None])
    return ordered


def pod_names(step: Step, siblings: Iterable[Step]) -> list[str]:
    """What the pod that ran the step may be called, the most likely first; empty when nothing names it.

    The server seldom gives `pod_name`. Its `child_tasks` hold Argo node ids, and the node `wf-123` of
    template t is the pod `wf-t-123` in current Argo, `wf-123` in older ones.
    """
    found = [task.pod_name for task in (step.task, *step.parts) if task.pod_name]
    if found or not (step.leaf or step.role):
        return found
    known = {other.task.pod_name for other in siblings} | {other.task.task_id for other in siblings}
    nodes = [child.pod_name for child in step.task.child_tasks if child.pod_name and child.pod_name not in known]
    for node in nodes:
        parts = NODE_ID.fullmatch(node)
        found += [f"{parts[1]}-{CONTAINER_TEMPLATE}-{parts[2]}", node] if parts else [node]
    return found


def _named(tasks: Sequence[wire.Task]) -> list[Step]:
    steps: dict[str, Step] = {}
    for task in tasks:
        identity = task.task_id or task.pod_name or task.display_name or "unnamed"
        while identity in steps:
            identity += "~"
        steps[identity] = Step(task, identity, task.display_name or identity)
    return list(steps.values())


def _link(steps: list[Step]) -> None:
    """Parents as the server names them: by parent_task_id, else by a parent's child_tasks."""
    by_key: dict[str, Step] = {}
    for step in steps:
        by_key.setdefault(step.id, step)
        if step.task.pod_name:
            by_key.setdefault(step.task.pod_name, step)
    for step in steps:
        _adopt(step, by_key.get(step.task.parent_task_id or ""))
    for step in steps:
        for child in step.task.child_tasks:
            named = by_key.get(child.task_id or "") or by_key.get(child.pod_name or "")
            if named is not None and named.parent is None:
                _adopt(named, step)


def _adopt(step: Step, parent: Step | None) -> None:
    above = parent
    while above is not None:
        if above is step:  # a cycle, in data that is nobody's tree
            return
        above = above.parent
    step.parent = parent


def _fold(steps: list[Step]) -> list[Step]:
    """Move KFP's own steps into the tasks they belong to; what fails there and nowhere else stays visible."""
    workflow = _workflow_name(steps)
    real = [step for step in steps if _role(step.name, workflow) is None]
    if not real:
        return steps
    by_name: dict[str, list[Step]] = {}
    for step in real:
        by_name.setdefault(step.name, []).append(step)
    kept = list(real)
    tries: dict[str, list[Step]] = {}
    for step in steps:
        role = _role(step.name, workflow)
        if role is None:
            continue
        step.role = role
        owner = _owner(step, role, by_name, real)
        if role == "root" and not (step.task.state == "FAILED" and not _any_failed(real)):
            continue
        if owner is None or (role == "driver" and step.task.state == "FAILED"):
            step.parent = owner or step.parent
            kept.append(step)
        elif role == "executor" and step.name != "executor":
            tries.setdefault(owner.id, []).append(step)
            owner.parts.append(step.task)
        else:
            owner.parts.append(step.task)
    kept += _tries(tries, {step.id: step for step in real})
    shown = {step.id for step in kept}
    for step in kept:
        while step.parent is not None and step.parent.id not in shown:
            step.parent = step.parent.parent
    return kept


def _tries(tries: Mapping[str, list[Step]], owners: Mapping[str, Step]) -> list[Step]:
    """A step for each try of a task that was tried more than once."""
    shown = []
    for owner_id, steps in tries.items():
        owner = owners[owner_id]
        owner.attempt = len(steps)
        if len(steps) < 2:
            continue
        for number, step in enumerate(sorted(steps, key=_by_try), start=1):
            step.name, step.attempt, step.parent = f"try {number}", number, owner
            shown.append(step)
    return shown


def _role(name: str, workflow: str | None) -> str | None:
    if name in ("root", "root-driver") or (workflow is not None and name == workflow):
        return "root"
    if EXECUTOR.fullmatch(name):
        return "executor"
    return "driver" if name.endswith("-driver") else None


def _owner(step: Step, role: str, by_name: Mapping[str, list[Step]], real: list[Step]) -> Step | None:
    if role == "driver":
        same = by_name.get(step.name.removesuffix("-driver"), [])
        beside = [other for other in same if other.parent is step.parent] or same
        began = _start(step)
        after = [other for other in beside if _start(other) >= began]
        return min(after, key=_by_start, default=beside[0] if beside else None)
    if role == "executor":
        above = step.parent
        while above is not None and above not in real:
            above = above.parent
        return above or _around(step, real)
    return None


def _around(step: Step, real: list[Step]) -> Step | None:
    """The tightest task around an executor in time that has none yet: all that a flat list lets one know."""
    began, ended = _start(step), _end(step)
    if began == math.inf:
        return None
    taken = {
        id(other) for other in real if any(part.display_name == step.task.display_name for part in other.parts)
    }
    around = [
        other
        for other in real
        if id(other) not in taken
        and other.task.state == step.task.state
        and _start(other) <= began
        and _end(other) >= ended
    ]
    return max(around, key=_start, default=None)


def _workflow_name(steps: Iterable[Step]) -> str | None:
    """The Argo workflow's name, which its entry node bears: what its node ids have in common."""
    for step in steps:
        for child in step.task.child_tasks:
            parts = NODE_ID.fullmatch(child.pod_name or "")
            if parts:
                return parts[1]
    return None


def _any_failed(steps: Iterable[Step]) -> bool:
    return any(step.task.state == "FAILED" for step in steps)


def _start(step: Step) -> float:
    return instant(step.task.start_time) or math.inf


def _end(step: Step) -> float:
    return instant(step.task.end_time) or math.inf


def _by_start(step: Step) -> tuple[float, str, str]:
    return (_start(step), step.name, step.id)


def _by_try(step: Step) -> tuple[int, str]:
    parts = EXECUTOR.fullmatch(step.task.display_name)
    return (int(parts[1]) if parts and parts[1] else 0, step.id)
