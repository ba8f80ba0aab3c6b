"""The tasks of a run as an operator knows them, from the flat and partly mechanical list that KFP reports.

A real server gives one entry per Argo node: `root` and `root-driver`, `<task>-driver` before and `executor`
inside each task. These are folded into their tasks unless they have something of their own to say.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from adapters.kfp import wire
from adapters.kfp.argo import DRIVERS, Nodes, pods_of
from adapters.kfp.wire import instant

EXECUTOR = re.compile(r"executor(?:\((\d+)\))?")
LOOSE_FIT = 60.0
"""Seconds by which an executor may stick out of its task; Argo notes the ends of nested nodes one by one."""


@dataclass(slots=True, eq=False)
class Step:
    """One task to show. `parts` are the KFP steps folded into it, `attempt` counts its tries from 1, `path` is
    its place in the Argo workflow, where the ids prove it, and `pods` what its pod may be called."""

    task: wire.Task
    id: str
    name: str
    parent: Step | None = None
    role: str | None = None
    attempt: int | None = None
    path: str | None = None
    pods: list[str] = field(default_factory=list)
    parts: list[wire.Task] = field(default_factory=list)
    children: list[Step] = field(default_factory=list)
    start: float = math.inf
    end: float = math.inf

    @property
    def leaf(self) -> bool:
        """Whether it is work itself; its own tries do not make it a group."""
        return self.role is None and all(child.role for child in self.children)


def arrange(tasks: Sequence[wire.Task]) -> list[Step]:
    """Every step, parents before their children, siblings in order of their start."""
    nodes = _nodes(tasks)
    steps = _named(tasks)
    found = ordered(_outlined(steps, nodes))
    for step in found:
        step.pods = _pods(step, steps, nodes)
    return found


def outline(tasks: Sequence[wire.Task]) -> list[Step]:
    """Every step in no order, and without the names of pods: what counting them takes, for lists are long."""
    return _outlined(_named(tasks), _nodes(tasks))


def ordered(kept: Sequence[Step]) -> list[Step]:
    """The steps of an outline as `arrange` gives them."""
    found: list[Step] = []
    todo = sorted((step for step in kept if step.parent is None), key=_by_start, reverse=True)
    while todo:
        found.append(step := todo.pop())
        todo += sorted(step.children, key=_by_start, reverse=True)
    return found


def _nodes(tasks: Sequence[wire.Task]) -> Nodes:
    return Nodes(child.pod_name for task in tasks for child in task.child_tasks if child.pod_name)


def _outlined(steps: list[Step], nodes: Nodes) -> list[Step]:
    for step in steps:
        step.role = _role(step.name, nodes.workflow)
    _link(steps)
    _locate(steps, nodes)
    kept = _fold(steps, nodes)
    for step in kept:
        if step.parent is not None:
            step.parent.children.append(step)
    return kept


def _named(tasks: Sequence[wire.Task]) -> list[Step]:
    steps: dict[str, Step] = {}
    for task in tasks:
        identity = task.task_id or task.pod_name or task.display_name or "unnamed"
        while identity in steps:
            identity += "~"
        start, end = instant(task.start_time), instant(task.end_time)
        steps[identity] = Step(
            task, identity, task.display_name or identity, start=start or math.inf, end=end or math.inf
        )
    return list(steps.values())


def _role(name: str, workflow: str | None) -> str | None:
    if name in ("root", "root-driver", workflow):
        return "root"
    if EXECUTOR.fullmatch(name):
        return "executor"
    return "driver" if name.endswith("-driver") else None


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


def _locate(steps: list[Step], nodes: Nodes) -> None:
    """Find tasks in the workflow by what Argo would call them, from the root down.

    `child_tasks` itself tells what follows, not what is inside: a task's successors are children of its
    executor there.
    """
    if nodes.workflow is None:
        return
    inside: list[tuple[str, Step | None]] = [(nodes.root, None)]
    todo = [step for step in steps if step.role in (None, "driver")]
    while inside and todo:
        found: list[tuple[str, Step | None]] = []
        left = []
        for step in todo:
            places = [(f"{path}.{step.name}", above) for path, above in inside if above is not step]
            places = [place for place in places if nodes.has(place[0])]
            if not places:
                left.append(step)
                continue
            step.path, above = min(places, key=lambda place: _misfit(step, place[1]))
            if step.parent is None:
                _adopt(step, above)
            if step.role is None:
                found.append((step.path, step))
        inside, todo = found, left


def _misfit(step: Step, around: Step | None) -> float:
    """Seconds by which a step sticks out of another one; nothing sticks out of the run."""
    if around is None:
        return 0.0
    early = max(0.0, around.start - step.start) if around.start != step.start else 0.0
    late = max(0.0, step.end - around.end) if around.end != step.end else 0.0
    return early + late


def _fold(steps: list[Step], nodes: Nodes) -> list[Step]:
    """Move KFP's own steps into the tasks they belong to; what fails there and nowhere else stays visible."""
    real = [step for step in steps if step.role is None]
    if not real:
        return steps
    by_name: dict[str, list[Step]] = {}
    for step in real:
        by_name.setdefault(step.name, []).append(step)
    failed = any(step.task.state == "FAILED" for step in steps if step.role != "root")
    kept = list(real)
    tries: dict[str, list[Step]] = {}
    for step in steps:
        owner: Step | None = None
        if step.role == "root" and (failed or step.task.state != "FAILED"):
            continue
        if step.role == "driver":
            owner = _driven_by(step, by_name)
        elif step.role == "executor":
            owner = _executed_by(step, real, nodes)
        if step.role is not None and (owner is None or (step.role == "driver" and step.task.state == "FAILED")):
            step.parent = owner or step.parent
            kept.append(step)
        elif owner is not None:
            owner.parts.append(step.task)
            if step.role == "executor" and step.name != "executor":
                tries.setdefault(owner.id, []).append(step)
    kept += _tries(tries, {step.id: step for step in real})
    shown = {step.id for step in kept}
    for step in kept:
        while step.parent is not None and step.parent.id not in shown:
            step.parent = step.parent.parent
    return kept


def _driven_by(step: Step, by_name: Mapping[str, list[Step]]) -> Step | None:
    """The task that a driver prepares: of its name, beside it, starting after it."""
    same = by_name.get(step.name.removesuffix("-driver"), [])
    beside = [other for other in same if other.parent is step.parent] or same
    after = [other for other in beside if other.start >= step.start]
    return min(after or beside, key=_by_start, default=None)


def _executed_by(step: Step, real: list[Step], nodes: Nodes) -> Step | None:
    """The task that an executor works for: the one above it where the server says so, else the one of the same
    times that has none yet, which is all that a flat list lets one know."""
    above = step.parent
    while above is not None and above.role is not None:
        above = above.parent
    if above is not None:
        return above
    name = step.task.display_name
    free = [other for other in real if not any(part.display_name == name for part in other.parts)]
    if name == "executor":
        free = [other for other in free if other.task.state == step.task.state or _both_open(other, step)]
    else:
        retried = [other for other in free if other.path and nodes.has(f"{other.path}.executor(0)")]
        free = retried or free
    best = min(free, key=lambda other: (_misfit(step, other), -other.start), default=None)
    return best if best is not None and step.start < math.inf and _misfit(step, best) <= LOOSE_FIT else None


def _both_open(step: Step, other: Step) -> bool:
    """Neither has ended: a task is RUNNING for Argo while its executor's pod is still PENDING."""
    return step.end == other.end == math.inf


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
            owner.parts.remove(step.task)
            shown.append(step)
    return shown


def _pods(step: Step, steps: Sequence[Step], nodes: Nodes) -> list[str]:
    """What the pod that ran the step may be called, the most likely first; empty when nothing names it."""
    found = [task.pod_name for task in (step.task, *step.parts) if task.pod_name]
    if found or not (step.leaf or step.role):
        return found
    if step.role == "driver":
        return pods_of(nodes.id_of(step.path), DRIVERS) if step.path else []
    owner = step.parent if step.role == "executor" and step.parent is not None else step
    if owner.path is not None:
        tries = nodes.tries(owner.path)
        place = (step.attempt or len(tries)) - 1
        return pods_of(tries[place]) if 0 <= place < len(tries) else []
    known = {key for other in steps for key in (other.task.pod_name, other.task.task_id) if key}
    unmatched = [child.pod_name for child in step.task.child_tasks if child.pod_name]
    return [pod for node in unmatched if node not in known for pod in pods_of(node)]


def _by_start(step: Step) -> tuple[float, str, str]:
    return (step.start, step.name, step.id)


def _by_try(step: Step) -> tuple[int, str]:
    parts = EXECUTOR.fullmatch(step.task.display_name)
    return (int(parts[1]) if parts and parts[1] else 0, step.id)
