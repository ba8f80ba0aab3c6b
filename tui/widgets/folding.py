"""Folding of indented text: what each line holds, and which lines are left when some are closed. Pure functions."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Outline:
    """Of each line: its place, its parent, and the end of what it holds.

    A place is the same when the text is read again. `ends[n]` is the line after the last one below line `n`; it is
    `n + 1` where nothing is below.
    """

    places: tuple[str, ...]
    parents: tuple[int | None, ...]
    ends: tuple[int, ...]

    def holds(self, line: int) -> bool:
        return self.ends[line] > line + 1

    def shown(self, closed: Collection[str]) -> list[int]:
        """The lines that are not below a closed one."""
        found, line = [], 0
        while line < len(self.ends):
            found.append(line)
            line = self.ends[line] if self.places[line] in closed else line + 1
        return found

    def above(self, line: int) -> set[str]:
        """The places of all that this line is below."""
        found = set()
        parent = self.parents[line]
        while parent is not None:
            found.add(self.places[parent])
            parent = self.parents[parent]
        return found


def outline(texts: Sequence[str]) -> Outline:
    """By indentation; the items of a YAML list are below their key, blank lines below what is above them."""
    open_lines: list[tuple[int, int]] = []
    places: list[str] = []
    parents: list[int | None] = []
    ends = [len(texts)] * len(texts)
    seen: dict[tuple[int | None, str], int] = {}
    for line, text in enumerate(texts):
        depth = _depth(text)
        while open_lines and depth is not None and open_lines[-1][0] >= depth:
            ends[open_lines.pop()[1]] = line
        parent = open_lines[-1][1] if open_lines else None
        name = text.strip().partition(": ")[0]
        again = seen[parent, name] = seen.get((parent, name), 0) + 1
        places.append(f"{places[parent] if parent is not None else ''}/{name}#{again}")
        parents.append(parent)
        if depth is None:
            ends[line] = line + 1
        else:
            open_lines.append((depth, line))
    return Outline(tuple(places), tuple(parents), tuple(ends))


def _depth(text: str) -> int | None:
    inner = text.lstrip(" ")
    if not inner:
        return None
    return 2 * (len(text) - len(inner)) + (1 if inner.startswith("- ") or inner == "-" else 0)
