"""The Argo workflow behind a run: its nodes, their ids and pod names, and the task_details made of them.

KFP fills a PipelineTaskDetail per Argo node, nested ones included, and names children by Argo node id: the
workflow's name and the FNV-1a hash of the node's full name. The pod of such a node carries its template's
name in between (`wf-123` becomes `wf-system-container-impl-123`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import blake2b

from adapters.kfp.mock_wire import EPOCH_ZERO, NO_TIME, STATE, bearable, quoted, rfc3339
from adapters.mock.behaviour import Course, Outline, Phase, Span
from adapters.mock.chance import Draw
from adapters.mock.clock import SimClock

EXECUTOR, DRIVER, DAG_DRIVER = "system-container-impl", "system-container-driver", "system-dag-driver"
_PRIME, _BASIS = 0x01000193, 0x811C9DC5
_LETTERS = "bcdfghjklmnpqrstvwxz2456789"


def fnv32a(text: str, value: int = _BASIS) -> int:
    prime = _PRIME
    for byte in text.encode():
        value = (value ^ byte) * prime & 0xFFFFFFFF
    return value


def workflow_name(outline: Outline, draw: Draw) -> str:
    number = draw.number("workflow")
    letters = "".join(_LETTERS[(number >> 8 * place) % len(_LETTERS)] for place in range(5))
    return f"{outline.workload.name[:45]}-{letters}"


@dataclass(slots=True)
class Node:
    """One Argo node as it stands now; `state` is None for an Omitted one, `template` empty for what has no pod."""

    id: str
    display: str
    state: Phase | None
    start: float
    end: float | None
    template: str = ""
    span: Span | None = None
    kind: str = ""
    children: list[str] = field(default_factory=list)

    def pod_name(self, workflow: str) -> str:
        return f"{workflow}-{self.template}-{self.id[len(workflow) + 1 :]}" if self.template else ""


class Workflow:
    """The nodes of one run at one time."""

    def __init__(self, outline: Outline, course: Course, draw: Draw, now: float) -> None:
        self.outline = outline
        self.now = now
        self.name = workflow_name(outline, draw)
        self.nodes: list[Node] = []
        self._hash = fnv32a(f"{self.name}.root")
        phase = course.phase(now)
        # A workflow under deletion is still running for Argo.
        self.phase = Phase.RUNNING if phase in (Phase.ABORTING, Phase.PAUSED) else phase
        if self.phase is Phase.ABORTED:
            self.phase = Phase.FAILED
        self.end = course.finished(now)
        self.skipped = outline.outcome is Phase.SKIPPED
        if now >= outline.started:
            self._build(course)

    def _build(self, course: Course) -> None:
        now, begun = self.now, self.outline.started
        submitted = max(self.outline.created, begun - 3)
        spans: dict[int, list[Span]] = {}
        for span in course.current(now):
            spans.setdefault(span.step, []).append(span)
        top = Node(self.name, self.name, self.phase, submitted, self.end)
        driven = Span(-1, 1, 1, submitted, submitted, begun, Phase.SUCCEEDED)
        driver = self._node(
            "-driver", "root-driver", Phase.SUCCEEDED, submitted, begun, DAG_DRIVER, "driver", driven
        )
        root = self._node("", "root", self.phase, begun, self.end)
        top.children.append(driver.id)
        driver.children.append(root.id)
        self.nodes = [top, driver, root]
        leaves: dict[str, Node] = {}
        for number, step in enumerate(self.outline.workload.steps):
            parents = [leaves[name] for name in step.after if name in leaves] or ([] if step.after else [root])
            if number in spans:
                leaves[step.name] = self._step(step.name, step.kind, spans[number], parents)
            elif self.end is not None and parents:
                leaves[step.name] = self._omitted(step.name, parents)

    def _node(
        self,
        suffix: str,
        display: str,
        state: Phase | None,
        start: float,
        end: float | None,
        template: str = "",
        kind: str = "",
        span: Span | None = None,
    ) -> Node:
        return Node(f"{self.name}-{fnv32a(suffix, self._hash)}", display, state, start, end, template, span, kind)

    def _step(self, name: str, kind: str, tries: list[Span], parents: list[Node]) -> Node:
        now, first, last = self.now, tries[0], tries[-1]
        ready = min(first.start, first.end)
        resolved = first.queued + (ready - first.queued) * 0.6 if ready < 1e15 else first.queued + 5
        driven = Phase.SUCCEEDED if now >= resolved else Phase.RUNNING
        driver_end = resolved if now >= resolved else None
        driver = self._node(f".{name}-driver", f"{name}-driver", driven, first.queued, driver_end, DRIVER, "driver")
        driver.span = Span(first.step, first.round, 1, first.queued, first.queued, resolved, Phase.SUCCEEDED)
        for parent in parents:
            parent.children.append(driver.id)
        self.nodes.append(driver)
        if now < resolved:
            return driver
        state = _argo(last.phase(now))
        end = last.end if now >= last.end else None
        step = self._node(f".{name}", name, Phase.RUNNING if state is Phase.PENDING else state, resolved, end)
        driver.children.append(step.id)
        executor = self._node(f".{name}.executor", "executor", state, resolved, end, EXECUTOR, kind, last)
        step.children.append(executor.id)
        self.nodes += [step, executor]
        if len(tries) == 1:
            return executor
        executor.template, executor.span = "", None
        for place, span in enumerate(tries):
            ended = span.end if now >= span.end else None
            child = self._node(
                f".{name}.executor({place})", f"executor({place})", _argo(span.phase(now)), span.queued, ended,
                EXECUTOR, kind, span,
            )  # fmt: skip
            executor.children.append(child.id)
            self.nodes.append(child)
        return child

    def _omitted(self, name: str, parents: list[Node]) -> Node:
        assert self.end is not None
        driver = self._node(f".{name}-driver", f"{name}-driver", None, self.end, self.end)
        step = self._node(f".{name}", name, None, self.end, self.end)
        for parent in parents:
            parent.children.append(driver.id)
        driver.children.append(step.id)
        self.nodes += [driver, step]
        return step

    def find(self, name: str) -> Node | None:
        """The node of that id, or whose pod has that name."""
        return next((node for node in self.nodes if name in (node.id, node.pod_name(self.name))), None)


def _argo(phase: Phase | None) -> Phase | None:
    return Phase.FAILED if phase is Phase.ABORTED else phase


def task_details(workflow: Workflow, run_id: str, key: int, clock: SimClock) -> str:
    """The JSON array, in arbitrary order, with just the fields that a real server fills."""
    created = rfc3339(int(clock.stamp(workflow.outline.created)))
    known = {node.id: quoted(node.id) for node in workflow.nodes}
    stamp, parts = clock.stamp, []
    for node in sorted(workflow.nodes, key=lambda node: node.id[-3:]):
        begun = rfc3339(int(stamp(node.start)))
        ended = NO_TIME if node.end is None else rfc3339(bearable(stamp(node.end)))
        state = ""
        if node.state is not None:
            word = STATE[node.state]
            history = f'{{"update_time":"{begun}","state":"{"RUNNING" if node.end is not None else word}"}}'
            if node.end is not None:
                history += f',{{"update_time":"{ended}","state":"{word}"}}'
            state = f'"state":"{word}","state_history":[{history}],'
        tail = ""
        if node.children:
            children = '},{"pod_name":'.join([known.get(child) or quoted(child) for child in node.children])
            tail = f',"child_tasks":[{{"pod_name":{children}}}]'
        parts.append(
            f'{{"run_id":"{run_id}","task_id":"{task_id(key, node.id)}","display_name":{quoted(node.display)},'
            f'{state}"create_time":"{created}","start_time":"{begun}","end_time":"{ended}"{tail}}}'
        )
    return f"[{','.join(parts)}]"


def task_id(key: int, node_id: str) -> str:
    text = blake2b(f"{key}/{node_id}".encode(), digest_size=16).hexdigest()
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-9{text[17:20]}-{text[20:]}"


__all__ = ["EPOCH_ZERO", "Node", "Workflow", "fnv32a", "task_details", "workflow_name"]
