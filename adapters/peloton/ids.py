"""Peloton's composite ids, and how instances are spelled."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote, unquote

from adapters.peloton import wire


def split_pod_id(pod_id: str) -> tuple[str, int | None]:
    """Pod name and run of `<job>-<instance>-<run>`."""
    name, _, number = pod_id.rpartition("-")
    return (name, int(number)) if name and number.isdecimal() else (pod_id, None)


def split_pod_name(pod_name: str) -> tuple[str, str]:
    """Job id and instance of `<job>-<instance>`."""
    job, _, instance = pod_name.rpartition("-")
    return (job, instance) if job else (pod_name, "")


def update_id(job: str, status: wire.WorkflowStatus) -> str:
    return f"{job}/{quote(status.creation_time or status.version, safe=':+.,@~')}"


def split_update_id(native: str) -> tuple[str, str]:
    job, _, created = native.partition("/")
    return job, unquote(created)


def spell_ranges(numbers: Sequence[int]) -> str:
    """`0-4,7` for 0 1 2 3 4 7."""
    spelled: list[str] = []
    ordered = sorted(set(numbers))
    begin = 0
    for at in range(1, len(ordered) + 1):
        if at == len(ordered) or ordered[at] != ordered[at - 1] + 1:
            first, last = ordered[begin], ordered[at - 1]
            spelled.append(str(first) if first == last else f"{first}-{last}")
            begin = at
    return ",".join(spelled)


def parse_ranges(text: str) -> list[tuple[int, int]]:
    """`0-4,7` as (from, to) pairs with `to` excluded, the way Peloton counts. ValueError when it is not that."""
    pairs = []
    for part in text.replace(" ", "").split(","):
        if not part:
            continue
        first, dash, last = part.partition("-")
        if not first.isdecimal() or (dash and not last.isdecimal()) or (dash and int(last) < int(first)):
            raise ValueError(f"{part!r} is not an instance or a range such as 0-4")
        pairs.append((int(first), int(last if dash else first) + 1))
    return pairs


def count_in(text: str, instances: int) -> int:
    """How many of a job's instances the ranges name; numbers beyond its last one are ignored by the server."""
    chosen = {number for start, end in parse_ranges(text) for number in range(start, min(end, instances))}
    return len(chosen)
