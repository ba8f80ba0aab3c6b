"""The tree of resource pools: id to path, what lies below a pool, what is full."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field

from adapters.frozen import dataclass
from adapters.peloton import wire


@dataclass(frozen=True, slots=True)
class PoolTree:
    """The pools by id. An empty tree (a server without pools) gives every pool its id as path."""

    pools: Mapping[str, wire.PoolInfo] = field(default_factory=dict)

    @classmethod
    def of(cls, answer: wire.PoolsResponse) -> PoolTree:
        return cls({info.respool_id: info for info in answer.respools})

    def path(self, respool: str) -> str | None:
        """The full path; the id itself when the tree does not know it, None without one."""
        info = self.pools.get(respool)
        if info is None:
            return respool or None
        if info.path:
            return info.path
        names: list[str] = []
        for above in self.upwards(respool):
            if self.pools[above].parent in self.pools:
                names.append(self.pools[above].spec.name)
        return "/" + "/".join(reversed(names))

    def id_of(self, path: str) -> str | None:
        wanted = "/" + path.strip("/")
        return next((respool for respool in self.pools if self.path(respool) == wanted), None)

    def upwards(self, respool: str) -> Iterator[str]:
        """The pool and those above it; a loop in the data ends the walk."""
        seen: set[str] = set()
        while respool in self.pools and respool not in seen:
            seen.add(respool)
            yield respool
            respool = self.pools[respool].parent

    def children(self, respool: str) -> list[wire.PoolInfo]:
        found = [info for info in self.pools.values() if info.parent == respool and info.respool_id != respool]
        return sorted(found, key=lambda info: info.spec.name)

    def below(self, respool: str) -> frozenset[str]:
        """The pool and everything under it."""
        return frozenset(other for other in self.pools if respool in self.upwards(other))

    def ordered(self) -> list[wire.PoolInfo]:
        """Depth first by name, roots and orphans first: the order of a tree on a screen."""
        roots = [info for info in self.pools.values() if info.parent not in self.pools]
        done: dict[str, wire.PoolInfo] = {}

        def walk(info: wire.PoolInfo) -> None:
            if info.respool_id in done:
                return
            done[info.respool_id] = info
            for child in self.children(info.respool_id):
                walk(child)

        for info in [*sorted(roots, key=lambda info: info.spec.name), *self.pools.values()]:
            walk(info)
        return list(done.values())

    def full(self, respool: str) -> str | None:
        """The first resource of which the pool, or one above it, has no more to give."""
        for above in self.upwards(respool):
            info = self.pools[above]
            used = {usage.kind: usage.allocation for usage in info.usages}
            for resource in info.spec.resources:
                if resource.limit > 0 and used.get(resource.kind, 0.0) >= resource.limit:
                    return resource.kind
        return None
