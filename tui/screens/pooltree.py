"""Pools as a tree: display order and the branch signs before each name. Pure functions."""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence

from adapters.model import Ref, Resource


def tree_order(
    refs: Sequence[Ref], row: Callable[[Ref], Resource | None], folded: Container[Ref]
) -> list[tuple[Ref, str]]:
    """Each ref with its branch signs, parents before children; siblings keep the order they came in.

    What has no parent among `refs` is a root; children of a folded pool are left out.
    """
    present = set(refs)
    children: dict[Ref | None, list[Ref]] = {}
    for ref in refs:
        resource = row(ref)
        parent = resource.parent if resource is not None else None
        children.setdefault(parent if parent in present and parent != ref else None, []).append(ref)
    result: list[tuple[Ref, str]] = []
    placed: set[Ref] = set()

    def place(ref: Ref, stem: str, sign: str) -> None:
        if ref in placed:
            return
        placed.add(ref)
        result.append((ref, stem + sign))
        if ref in folded:
            return
        inner = children.get(ref, [])
        below = stem + ({"├ ": "│ ", "└ ": "  "}.get(sign, ""))
        for index, child in enumerate(inner):
            place(child, below, "└ " if index == len(inner) - 1 else "├ ")

    for root in children.get(None, []):
        place(root, "", "")
    for ref in refs:
        # A ring of parents has no root; its pools are shown flat rather than not at all.
        if ref not in placed and not _below_folded(ref, row, folded):
            place(ref, "", "")
    return result


def _below_folded(ref: Ref, row: Callable[[Ref], Resource | None], folded: Container[Ref]) -> bool:
    seen: set[Ref] = set()
    current = row(ref)
    while current is not None and current.parent is not None and current.parent not in seen:
        if current.parent in folded:
            return True
        seen.add(current.parent)
        current = row(current.parent)
    return False


def descendants(ref: Ref, refs: Sequence[Ref], row: Callable[[Ref], Resource | None]) -> int:
    """How many pools are below one."""
    children: dict[Ref, list[Ref]] = {}
    for each in refs:
        resource = row(each)
        if resource is not None and resource.parent is not None:
            children.setdefault(resource.parent, []).append(each)
    found: set[Ref] = set()
    waiting = list(children.get(ref, []))
    while waiting:
        child = waiting.pop()
        if child not in found:
            found.add(child)
            waiting += children.get(child, [])
    return len(found)


def leaf_name(name: str) -> str:
    """The last part of a pool's path; the root keeps its slash."""
    return name.rstrip("/").rsplit("/", 1)[-1] or name
