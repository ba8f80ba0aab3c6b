"""The tree of resource pools: what each reserves and may use, and what its pods use now."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from adapters.mock.fleet.model import KINDS_OF_RESOURCE, NOTHING, Resources

ROOT = "root"
NEVER_FULL = 1e12


@dataclass(frozen=True, slots=True)
class Share:
    """One kind of resource of a pool; `static` keeps its reservation even while it is idle."""

    reservation: float = 0.0
    limit: float = NEVER_FULL
    share: float = 1.0
    static: bool = False


@dataclass(slots=True)
class Pool:
    """`used` is what non-revocable pods of it and its children hold, `slack` what revocable ones do."""

    id: str
    name: str
    parent: str | None
    shares: dict[str, Share] = field(default_factory=dict)
    team: str = ""
    description: str = ""
    groups: tuple[str, ...] = ()
    controller_percent: float = 0.0
    slack_percent: float = 0.0
    children: list[str] = field(default_factory=list)
    used: Resources = NOTHING
    slack: Resources = NOTHING
    version: int = 1
    created: float = 0.0
    updated: float = 0.0

    @property
    def limit(self) -> Resources:
        return Resources(
            *(self.shares[kind].limit if kind in self.shares else NEVER_FULL for kind in KINDS_OF_RESOURCE)
        )


class PoolTree:
    def __init__(self, root: Pool) -> None:
        self.by_id: dict[str, Pool] = {root.id: root}

    def add(self, pool: Pool) -> Pool:
        assert pool.parent is not None
        self.by_id[pool.id] = pool
        self.by_id[pool.parent].children.append(pool.id)
        return pool

    def remove(self, pool: Pool) -> None:
        assert pool.parent is not None
        del self.by_id[pool.id]
        self.by_id[pool.parent].children.remove(pool.id)

    def chain(self, pool_id: str) -> Iterator[Pool]:
        """The pool and those above it, root last; empty for an unknown id."""
        pool = self.by_id.get(pool_id)
        while pool is not None:
            yield pool
            pool = self.by_id.get(pool.parent) if pool.parent else None

    def path(self, pool_id: str) -> str:
        return "/" + "/".join(reversed([pool.name for pool in self.chain(pool_id) if pool.parent]))

    def find(self, path: str) -> Pool | None:
        """By path; a trailing slash does not matter."""
        wanted = "/" + path.strip("/")
        return next((pool for pool in self.by_id.values() if self.path(pool.id) == wanted), None)

    def has_room(self, pool_id: str, need: Resources) -> bool:
        return all(pool.used.plus(need).fits(pool.limit) for pool in self.chain(pool_id))

    def take(self, pool_id: str, amount: Resources, revocable: bool) -> None:
        for pool in self.chain(pool_id):
            if revocable:
                pool.slack = pool.slack.plus(amount)
            else:
                pool.used = pool.used.plus(amount)
