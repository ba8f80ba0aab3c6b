"""What the lists of each context were like when somebody last looked: the read marks of the digest, kept on disk.

A JSON file for each context, the owner's alone, replaced as a whole. Losing it loses nothing but the comparison.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import os
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import Any, TypeAlias

from adapters.frozen import dataclass
from adapters.model import ENDED, FAULTY, Capacity, Kind, Pool, Resource, Timestamp
from tui.core.private import make_private
from tui.core.store import Snapshot

KEPT = 12
"""So many looks at a context are kept, those that are close to another leaving first."""

MOST_RUNS = 5000
LARGEST_FILE = 64 * 1024 * 1024

Quota: TypeAlias = tuple[float | None, float | None]
"""Reservation and limit."""

Run: TypeAlias = tuple[str, str]
"""State and name."""


@dataclass(frozen=True, slots=True)
class SeenPool:
    name: str
    quotas: Mapping[str, Quota]


@dataclass(frozen=True, slots=True)
class Look:
    """A context as it was at a time. A part is None when its list was not there to be seen.

    `runs` are those that were active or had failed, of very many the newest; `hosts` the states of all hosts;
    `pools` the names of all pools and their quotas by resource.
    """

    at: Timestamp
    runs: Mapping[str, Run] | None = None
    hosts: Mapping[str, str] | None = None
    pools: Mapping[str, SeenPool] | None = None

    def __bool__(self) -> bool:
        return self.runs is not None or self.hosts is not None or self.pools is not None


def look_at(snapshots: Iterable[Snapshot], at: Timestamp) -> Look:
    """The look at the lists of one context; only those that have answered, and hosts and pools only as a whole."""
    by_kind = {each.key.kind: each for each in snapshots if each.as_of is not None}
    runs, hosts, pools = (by_kind.get(kind) for kind in (Kind.RUN, Kind.HOST, Kind.POOL))
    return Look(
        at,
        _runs(runs.rows.values()) if runs is not None else None,
        {row.ref.id: row.state.value for row in hosts.rows.values()} if hosts and hosts.complete else None,
        {row.ref.id: seen_pool(row) for row in pools.rows.values()} if pools and pools.complete else None,
    )


def _runs(rows: Iterable[Resource]) -> dict[str, Run]:
    found = [row for row in rows if row.state in FAULTY or row.state not in ENDED]
    if len(found) > MOST_RUNS:
        found = sorted(found, key=lambda row: -(row.created or math.inf))[:MOST_RUNS]
    return {row.ref.id: (row.state.value, row.name) for row in found}


def seen_pool(row: Resource) -> SeenPool:
    capacity: Sequence[Capacity] = row.capacity if isinstance(row, Pool) else ()
    return SeenPool(row.name, {each.kind: (each.reservation, each.limit) for each in capacity})


class Looks:
    """The looks at all contexts, oldest first. Without a folder they are forgotten with the session.

    `place` says where a context is: looks at one that has moved to another server are not its own any more.
    """

    def __init__(self, folder: Path | None = None, place: Callable[[str], str] = lambda context: "") -> None:
        self.folder = folder
        self.place = place
        self._known: dict[str, list[Look]] = {}
        self._keeping = Lock()

    def of(self, context: str) -> Sequence[Look]:
        if context not in self._known:
            self._known[context] = self._load(context)
        return self._known[context]

    def last(self, context: str, before: Timestamp = math.inf) -> Look | None:
        return next((look for look in reversed(self.of(context)) if look.at <= before), None)

    def keep(self, context: str, look: Look) -> None:
        """Add a look, over what other consoles have kept meanwhile. Raises OSError when it cannot be written; it
        holds for this session all the same."""
        if not look:
            return
        with self._keeping:  # one may be kept in a thread while the console ends
            found = {each.at: each for each in (*self._load(context), *self.of(context), look)}
            kept = self._known[context] = _spread([found[at] for at in sorted(found)])
            if self.folder is not None:
                _write(self._path(context), {"looks": [_plain(each) for each in kept]})

    def _path(self, context: str) -> Path:
        assert self.folder is not None
        where = hashlib.sha256(self.place(context).encode("utf-8", "replace")).hexdigest()[:8]
        return self.folder / f"{context}-{where}.json"

    def _load(self, context: str) -> list[Look]:
        if self.folder is None:
            return list(self._known.get(context, ()))
        try:
            path = self._path(context)
            if path.stat().st_size > LARGEST_FILE:
                return []
            saved = json.loads(path.read_bytes())
            looks = [_read(each) for each in saved["looks"]]
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return []
        return _spread(sorted((look for look in looks if look), key=lambda look: look.at))


def _spread(looks: list[Look]) -> list[Look]:
    """The newest, the oldest, and between them those that are farthest from each other."""
    while len(looks) > KEPT:
        del looks[min(range(1, len(looks) - 1), key=lambda index: looks[index].at - looks[index - 1].at)]
    return looks


def _plain(look: Look) -> dict[str, Any]:
    pools = look.pools
    seen = None if pools is None else {id: [pool.name, pool.quotas] for id, pool in pools.items()}
    parts = {"at": look.at, "runs": look.runs, "hosts": look.hosts, "pools": seen}
    return {name: value for name, value in parts.items() if value is not None}


def _read(saved: Mapping[str, Any]) -> Look:
    """Raises whatever a damaged file makes it raise."""
    at = float(saved["at"])
    if not math.isfinite(at):
        raise ValueError(at)
    runs, hosts, pools = (saved.get(name) for name in ("runs", "hosts", "pools"))
    return Look(
        at,
        None if runs is None else {str(id): (str(state), str(name)) for id, (state, name) in runs.items()},
        None if hosts is None else {str(id): str(state) for id, state in hosts.items()},
        None
        if pools is None
        else {str(id): SeenPool(str(name), _quotas(kinds)) for id, (name, kinds) in pools.items()},
    )


def _quotas(saved: Mapping[str, Any]) -> dict[str, Quota]:
    return {str(kind): (_number(reservation), _number(limit)) for kind, (reservation, limit) in saved.items()}


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _write(path: Path, value: Mapping[str, Any]) -> None:
    """Replace the file as a whole. Raises OSError."""
    make_private(path.parent)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mode 0600
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            json.dump(value, file, separators=(",", ":"))
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise
