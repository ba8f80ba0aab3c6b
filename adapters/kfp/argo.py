"""Argo's names: KFP reports one task per Argo node, refers to nodes by id, and wants pod names for logs.

A node's id is the workflow's name and the FNV-1a hash of the node's full name, which is the path of display
names from the workflow down (argo-workflows, `Workflow.NodeID`). So a path that is guessed from display names
is proved right by finding its id among those the server mentions. The pod of node `wf-123` of template t is
`wf-t-123`, in old Argo just `wf-123`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

NODE_ID = re.compile(r"(.+)-(\d{1,10})")
FNV_BASIS, FNV_PRIME = 0x811C9DC5, 0x01000193
CONTAINER = "system-container-impl"
DRIVERS = ("system-container-driver", "system-dag-driver")


def fnv1a(text: str, value: int = FNV_BASIS) -> int:
    """32-bit FNV-1a; `value` continues the hash of what came before."""
    for byte in text.encode("utf-8", "replace"):
        value = (value ^ byte) * FNV_PRIME & 0xFFFFFFFF
    return value


def workflow_of(node_ids: Iterable[str]) -> str | None:
    """The name of the workflow that nodes belong to."""
    for node in node_ids:
        parts = NODE_ID.fullmatch(node)
        if parts:
            return parts[1]
    return None


def pods_of(node_id: str, templates: Iterable[str] = (CONTAINER,)) -> list[str]:
    """What the pod of a node may be called, the current way first."""
    parts = NODE_ID.fullmatch(node_id)
    return [*(f"{parts[1]}-{template}-{parts[2]}" for template in templates), node_id] if parts else [node_id]


class Nodes:
    """The node ids that one run's tasks mention, and the paths that lead to them."""

    def __init__(self, mentioned: Iterable[str]) -> None:
        self.ids = frozenset(mentioned)
        self.workflow = workflow_of(sorted(self.ids))
        self._hashes: dict[str, int] = {}

    @property
    def root(self) -> str:
        return f"{self.workflow}.root"

    def has(self, path: str) -> bool:
        return self.workflow is not None and self.id_of(path) in self.ids

    def id_of(self, path: str) -> str:
        head, dot, tail = path.rpartition(".")
        if head not in self._hashes:
            self._hashes[head] = fnv1a(head)
        return f"{self.workflow}-{fnv1a(dot + tail, self._hashes[head])}"

    def tries(self, path: str) -> list[str]:
        """The ids of a container task's tries, oldest first: several `executor(n)`, or one `executor`."""
        found: list[str] = []
        while self.has(f"{path}.executor({len(found)})"):
            found.append(self.id_of(f"{path}.executor({len(found)})"))
        return found or ([self.id_of(f"{path}.executor")] if self.has(f"{path}.executor") else [])
